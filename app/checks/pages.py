"""What a person would see of an answered page: its title, whether it is a log-in form, what its status means."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator

from app.checks.http import HttpAnswer

CHARSET = re.compile(rb"""charset\s*=\s*["']?([A-Za-z0-9_-]{1,20})""", re.IGNORECASE)
OPENING = {name: re.compile(rf"<{name}\b", re.IGNORECASE) for name in ("title", "input")}
CLOSING = re.compile(r"</title\b", re.IGNORECASE)
PASSWORD_TYPE = re.compile(r"""\btype\s*=\s*["']?password""", re.IGNORECASE)
# Titles under which servers hand out an error, or their own welcome page, with status 200.
NOT_THE_SERVICE = re.compile(
    r"\berror\b|\b[45][0-9]{2}\b|not found|forbidden|unavailable|exception|index of /|welcome to nginx|apache tomcat"
    r"|iis windows|test page|it works|出错|错误|系统异常|服务异常|无法访问|找不到|未找到|不存在|拒绝访问|服务不可用"
    r"|bad gateway|gateway time-?out|timed out|access denied|weblogic bridge message|under maintenance"
    r"|^iis ?[0-9.]*$|internet information services|welcome to (?:openresty|tengine|jboss|wildfly|centos|oracle|iis)"
    r"|glassfish server|default page|directory listing|访问被拒|被拦截|已拦截|被阻断|访问受限|网关超时|请求超时"
    r"|系统维护|维护中|正在维护|停机|暂停服务|上网认证|认证门户",
    re.IGNORECASE,
)
HIDING = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # what no title of a person's has
SEARCHED = 256 * 1024  # characters of a page in which a title or a form is looked for
READ = 1 << 20  # bytes of a page that are read as text
LONGEST_TITLE = 200
# The charsets that pages name (WHATWG Encoding, 4.2, those of this country and the common ones); Python knows others,
# and among them some that take hours over a megabyte.
CHARSETS = {
    **dict.fromkeys(("gbk", "gb2312", "gb_2312-80", "gb18030", "x-gbk", "cp936", "windows-936"), "gb18030"),
    **{name: name for name in ("utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "big5", "big5-hkscs", "shift_jis")},
    **{name: name for name in ("euc-jp", "euc-kr", "us-ascii", "iso-8859-1", "windows-1252")},
}


def text_of(answer: HttpAnswer) -> str:
    """The page's text, by the charset it names (header, then its own meta), else UTF-8, else GB 18030. Of a long page
    its beginning.
    """
    beginning, whole = answer.body[:READ], len(answer.body) <= READ and not answer.truncated
    named = CHARSET.search(answer.headers.get("content-type", "").encode()) or CHARSET.search(beginning[:2048])
    known = CHARSETS.get(named[1].decode("ascii").lower(), "") if named else ""
    for charset in filter(None, (known, "utf-8", "gb18030")):
        try:
            # GBK and GB 2312 are parts of GB 18030, and pages that name them use more than they hold.
            return codecs.getincrementaldecoder(charset)("strict").decode(beginning, whole)
        except (UnicodeError, LookupError):
            continue
    return beginning.decode("utf-8", "replace")


def title(answer: HttpAnswer) -> str:
    """The page's title on one line; empty where it has none."""
    page = text_of(answer)[:SEARCHED]
    opened = next(_tags(page, "title"), None)
    closed = CLOSING.search(page, opened[1]) if opened else None
    if opened is None or closed is None:
        return ""
    words = page[opened[1] : closed.start()].lstrip()[: LONGEST_TITLE * 4]  # Python reads no number of 4,301 digits
    return " ".join(html.unescape(words).split())[:LONGEST_TITLE]


def unreadable(answer: HttpAnswer) -> str:
    """Why what came cannot be read as a page; "" where it can."""
    packed = answer.headers.get("content-encoding", "").strip().lower()
    if packed not in ("", "identity"):
        return f"答复是压缩的（{packed[:40]}），没有要求这样答复，未作解读"
    return "页面标题里有控制字符，不能认定是所要的服务" if HIDING.search(title(answer)) else ""


def has_password_field(answer: HttpAnswer) -> bool:
    page = text_of(answer)[:SEARCHED]
    return any(PASSWORD_TYPE.search(page, start, end) for start, end in _tags(page, "input"))


def _tags(page: str, name: str) -> Iterator[tuple[int, int]]:
    """Where each opening tag of that name begins and ends. Each sign is looked at once: a page that opens tags and
    closes none would otherwise be read as often as it opens one.
    """
    end = 0
    while found := OPENING[name].search(page, end):
        end = page.find(">", found.end()) + 1
        if not end:
            return
        yield found.end(), end


def named_status(answer: HttpAnswer) -> str:
    """``HTTP 302 Found，转向 http://…``: the status, its words, and where a redirect leads."""
    words = f"HTTP {answer.status} {answer.reason}"[:200].strip()
    location = answer.headers.get("location", "")
    return f"{words}，转向 {location[:500]}" if 300 <= answer.status < 400 and location else words
