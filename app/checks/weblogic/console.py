"""The administration console's page: asked without logging in, where the plan wants one and the version has one."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from app.checks.http import ConnectionRefused, HttpAnswer
from app.checks.model import Failed, Outcome, Undetermined, Verdict
from app.checks.pages import has_password_field, named_status, title
from app.checks.versions import parts
from app.checks.weblogic import t3
from app.checks.weblogic.facts import Console
from app.checks.weblogic.judging import unplanned
from app.checks.weblogic.pages import CONSOLE, REDIRECTS
from app.checks.weblogic.session import CHANNEL_ADVICE, PORT, WebLogicSession, base_of
from app.site.model import Site, WebLogic

GONE = (14, 1, 2)  # from this version on there is no console on the server
PATH = "/console/login/LoginForm.jsp"
EXPECTED = "控制台应答登录页"
NONE = "14.1.2 起服务器上没有控制台（改用远程控制台）"


def address(target: WebLogic) -> str:
    """Where the console is looked for."""
    planned = target.expect.console
    return planned if "://" in planned else base_of(target.url) + PATH


def gather(session: WebLogicSession, target: WebLogic) -> Console:
    session.begin()
    session.route = "HTTP"
    version = _version(session, target)
    url = address(target)
    if version and parts(version) >= GONE:
        return Console(url, version, asked=False)
    return _page(session, target, url, version)


def _version(session: WebLogicSession, target: WebLogic) -> str:
    """As T3 greets; empty where it does not say."""
    try:
        return t3.greet(session, target.url).version
    except (Failed, Undetermined) as error:
        session.note(f"T3 没有给出版本：{error}")
        return ""


def _page(session: WebLogicSession, target: WebLogic, url: str, version: str) -> Console:
    """The page; redirects are followed as far as they stay on the same server."""
    at = url
    for _ in range(REDIRECTS + 1):
        try:
            answer = session.ask("GET", at)
        except ConnectionRefused as error:
            own = urlsplit(at).netloc == urlsplit(target.url).netloc
            trouble = f"连接被拒绝，见 {PORT}：{error.actual}" if own else error.actual
            return Console(url, version, trouble=trouble, failed=not own)
        except Undetermined as error:
            return Console(url, version, trouble=error.reason)
        onward = urljoin(at, answer.headers.get("location", "")) if 300 <= answer.status < 400 else ""
        if not onward or urlsplit(onward)[:2] != urlsplit(at)[:2]:
            break
        at = onward
    return _read(url, version, answer)


def _read(url: str, version: str, answer: HttpAnswer) -> Console:
    found = title(answer)
    if answer.status == 200 and not answer.truncated and CONSOLE.search(found) and _is_log_in(answer):
        return Console(url, version, True, answer.status, found)
    if answer.status == 404:
        words = "没有控制台（HTTP 404）"
        trouble = words if version else f"{words}；版本未知，14.1.2 起本来没有控制台"
        return Console(url, version, True, answer.status, found, trouble, failed=bool(version))
    if answer.status == 403 and b"administration channel" in answer.body.lower():
        trouble = "端口不对：控制台只能经管理通道访问"
        return Console(url, version, True, answer.status, found, trouble)
    trouble = f"应答 {named_status(answer)}“{found}”，不是控制台的登录页"
    return Console(url, version, True, answer.status, found, trouble, failed=answer.status >= 500)


def _is_log_in(answer: HttpAnswer) -> bool:
    return has_password_field(answer) or b"j_security_check" in answer.body


def compare(console: Console, target: WebLogic, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    """PASS where the planned console answers; what nobody planned is only recorded."""
    actual = f"{console.url} {console.trouble or console.title or NONE}"
    observed = {"url": console.url, "status": console.status}
    if not console.asked:
        return Verdict(Outcome.NOT_APPLICABLE, "", f"WebLogic {console.version}", NONE, observed=observed)
    if target.expect.console in ("", "no"):
        return unplanned("控制台", actual, observed)
    if not console.trouble:
        return Verdict(Outcome.PASS, EXPECTED, actual, observed=observed)
    advice = CHANNEL_ADVICE if "管理通道" in console.trouble else "请核对控制台是否启用（域－常规－控制台）及其地址。"
    outcome = Outcome.FAIL if console.failed else Outcome.UNKNOWN
    return Verdict(outcome, EXPECTED, actual, f"{console.url} {console.trouble}", advice, observed)
