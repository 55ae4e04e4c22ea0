"""What a person would see of an answered page: its title, whether it is a log-in form, what its status means."""

from __future__ import annotations

import html
import re

from app.checks.http import HttpAnswer

CHARSET = re.compile(rb"""charset\s*=\s*["']?([A-Za-z0-9_-]{1,20})""", re.IGNORECASE)
TITLE = re.compile(r"<title\b[^>]*>(.*?)</title\s*>", re.IGNORECASE | re.DOTALL)
PASSWORD_FIELD = re.compile(r"""<input\b[^>]*\btype\s*=\s*["']?password""", re.IGNORECASE)
# Titles under which servers hand out an error, or their own welcome page, with status 200.
NOT_THE_SERVICE = re.compile(
    r"\berror\b|\b[45][0-9]{2}\b|not found|forbidden|unavailable|exception|index of /|welcome to nginx|apache tomcat"
    r"|iis windows|test page|it works|出错|错误|系统异常|服务异常|无法访问|找不到|未找到|不存在|拒绝访问|服务不可用",
    re.IGNORECASE,
)
SEARCHED = 256 * 1024  # characters of a page in which a title or a form is looked for


def text_of(answer: HttpAnswer) -> str:
    """The page's text, by the charset it names (header, then its own meta), else UTF-8, else GB 18030."""
    named = CHARSET.search(answer.headers.get("content-type", "").encode()) or CHARSET.search(answer.body[:2048])
    charsets = [named[1].decode("ascii").lower()] if named else []
    for charset in (*charsets, "utf-8", "gb18030"):
        try:
            # GBK and GB 2312 are parts of GB 18030, and pages that name them use more than they hold.
            return answer.body.decode("gb18030" if charset in ("gbk", "gb2312", "gb_2312-80") else charset)
        except (UnicodeError, LookupError):
            continue
    return answer.body.decode("utf-8", "replace")


def title(answer: HttpAnswer) -> str:
    """The page's title on one line; empty where it has none."""
    found = TITLE.search(text_of(answer)[:SEARCHED])
    return " ".join(html.unescape(found[1]).split())[:200] if found else ""


def has_password_field(answer: HttpAnswer) -> bool:
    return bool(PASSWORD_FIELD.search(text_of(answer)[:SEARCHED]))


def named_status(answer: HttpAnswer) -> str:
    """``HTTP 302 Found，转向 http://…``: the status, its words, and where a redirect leads."""
    words = f"HTTP {answer.status} {answer.reason}"[:200].strip()
    location = answer.headers.get("location", "")
    return f"{words}，转向 {location[:500]}" if 300 <= answer.status < 400 and location else words
