"""The application's log-in page: asked without credentials, judged by status, title and time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

from app.checks.http import ConnectionRefused, HttpAnswer
from app.checks.model import Outcome, Undetermined, Verdict
from app.checks.pages import NOT_THE_SERVICE, has_password_field, named_status, text_of, title, unreadable
from app.checks.weblogic.facts import Page
from app.checks.weblogic.judging import Finding, names, verdict
from app.checks.weblogic.session import WebLogicSession
from app.site.model import Site, WebLogic

PAGE_SECONDS, ALL_SECONDS = 20.0, 70.0
REDIRECTS = 3
SLOW_SECONDS = 3.0
# A log-in page need not have a password field: with a certificate or a token it asks for none.
LOG_IN = re.compile(r"登录|登陆|登入|口令|log[ -]?in\b|sign[ -]?in\b|j_security_check", re.IGNORECASE)

CONSOLE = re.compile(r"weblogic.*(?:console|控制台)", re.IGNORECASE)  # it has a log-in page of its own


def gather(session: WebLogicSession, target: WebLogic) -> tuple[Page, ...]:
    """The page of each application address."""
    session.begin()
    session.route = "HTTP"
    return tuple(_page(session, url) for url in target.application_urls)


def _page(session: WebLogicSession, url: str) -> Page:
    """One address; redirects are followed as far as they stay on the same server, as a browser's would."""
    seconds = 0.0
    at = url
    for _ in range(REDIRECTS + 1):
        try:
            answer = session.ask("GET", at, seconds=PAGE_SECONDS)
        except ConnectionRefused:
            return Page(url, trouble="拒绝连接", failed=True)
        except Undetermined as error:
            return Page(url, trouble=error.reason)
        seconds += answer.seconds
        onward = urljoin(at, answer.headers.get("location", "")) if 300 <= answer.status < 400 else ""
        if not onward or urlsplit(onward)[:2] != urlsplit(at)[:2]:
            break
        at = onward
    return _read(url, answer, seconds)


def _read(url: str, answer: HttpAnswer, seconds: float) -> Page:
    found = title(answer)
    if answer.status != 200:
        failed = answer.status == 404 or answer.status >= 500
        return Page(url, answer.status, found, seconds, trouble=f"应答 {named_status(answer)}", failed=failed)
    if answer.truncated:
        return Page(url, answer.status, found, seconds, trouble="的页面太长，没有读完")
    if trouble := unreadable(answer):
        return Page(url, answer.status, found, seconds, trouble=f"：{trouble}")
    field = has_password_field(answer)
    if found and NOT_THE_SERVICE.search(found) and not field:
        return Page(url, answer.status, found, seconds, trouble=f"标题“{found}”像是出错页或默认页")
    if CONSOLE.search(found):
        return Page(url, answer.status, found, seconds, trouble=f"给出的是 WebLogic 控制台（“{found}”），不是应用")
    return Page(url, answer.status, found, seconds, field or bool(LOG_IN.search(text_of(answer))))


def compare(pages: Sequence[Page], target: WebLogic, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    """Every application address answers its log-in page, with a title and quickly."""
    findings = [finding for page in pages for finding in _findings(page)]
    told = names(_words(page) for page in pages)
    advice = "请用浏览器打开该地址核对；打不开时查看应用部署、服务器状态和网络。"
    return verdict("登录页应答 200，有标题，3 秒内", told, findings, advice)


def _words(page: Page) -> str:
    if page.trouble:
        return f"{page.url} {page.trouble}"
    return f"{page.url} HTTP {page.status}“{page.title}”{page.seconds:.3f} 秒"


def _findings(page: Page) -> list[Finding]:
    if page.trouble:
        return [Finding(Outcome.FAIL if page.failed else Outcome.UNKNOWN, f"{page.url} {page.trouble}")]
    if page.status != 200:
        return [Finding(Outcome.FAIL, f"{page.url} 应答 HTTP {page.status}")]
    if not page.title:
        return [Finding(Outcome.FAIL, f"{page.url} 的页面没有标题")]
    if not page.log_in:
        return [Finding(Outcome.UNKNOWN, f"{page.url} 的页面“{page.title}”里看不到登录，不能认定是登录页")]
    if page.seconds >= SLOW_SECONDS:
        return [Finding(Outcome.WARN, f"{page.url} 用了 {page.seconds:.3f} 秒")]
    return []
