"""How an answered page is judged where a person's page is expected; shared by the bus and the services."""

from __future__ import annotations

from app.checks.http import HttpAnswer, Reached
from app.checks.model import Outcome, Verdict
from app.checks.pages import NOT_THE_SERVICE, has_password_field, named_status, title, unreadable

EXPECTED = "HTTP 200，页面有标题"
OLD_TLS = ("SSLv3", "TLSv1", "TLSv1.1")


def judge_page(answer: HttpAnswer) -> Verdict:
    """PASS for 200 with a title. What is no answer of the service itself is UNKNOWN, what refuses its service FAIL."""
    found = title(answer)
    actual = f"{named_status(answer)}" + (f"，标题“{found}”" if found else "") + f"，{answer.seconds:.3f} 秒"
    if answer.status in (401, 403) and found and has_password_field(answer):
        reason = f"服务以 {answer.status} 给出登录页，未登录看不到其余页面"
        return Verdict(Outcome.WARN, EXPECTED, actual, reason, "可把 url 换成不需登录的页面再检查。")
    if answer.status != 200:
        return refused_status(answer, EXPECTED, actual)
    if answer.truncated:
        return Verdict(Outcome.UNKNOWN, EXPECTED, actual, "页面太长，没有读完", "请在浏览器中打开核对，或换一个页面。")
    if trouble := unreadable(answer):
        return Verdict(Outcome.UNKNOWN, EXPECTED, actual, trouble, "请在浏览器中打开核对，或换一个页面。")
    if not found:
        reason = "答复是空的" if not answer.body.strip() else "页面没有标题，不能认定是所要的服务"
        return Verdict(Outcome.UNKNOWN, EXPECTED, actual, reason, "请在浏览器中打开核对，或把 url 改为有标题的页面。")
    if NOT_THE_SERVICE.search(found):
        reason = f"标题“{found}”像是出错页或服务器的默认页"
        return Verdict(Outcome.UNKNOWN, EXPECTED, actual, reason, "请在浏览器中打开核对，确认服务已部署。")
    if answer.tls in OLD_TLS:
        reason = f"只支持旧版本 {answer.tls}"
        return Verdict(Outcome.WARN, EXPECTED, f"{actual}，{answer.tls}", reason, "请让服务启用 TLS 1.2 以上。")
    return Verdict(Outcome.PASS, EXPECTED, actual)


def judge_tls(reached: Reached) -> Verdict:
    """A verified handshake; an old version is WARN."""
    expected, actual = "TLS 握手成功，证书通过验证", f"{reached.tls}，{reached.seconds:.3f} 秒"
    if reached.tls in OLD_TLS:
        return Verdict(Outcome.WARN, expected, actual, f"只支持旧版本 {reached.tls}", "请让服务启用 TLS 1.2 以上。")
    return Verdict(Outcome.PASS, expected, actual)


def refused_status(answer: HttpAnswer, expected: str, actual: str = "") -> Verdict:
    """The verdict on a status that is not the one expected: 4xx and 5xx are FAIL; a wanted log-in, a redirect and
    whatever else says nothing of the service are UNKNOWN.
    """
    status, actual = named_status(answer), actual or named_status(answer)
    if answer.status in (401, 407):
        return Verdict(Outcome.UNKNOWN, expected, actual, f"要求先登录（{status}）", "请换一个不需登录的地址。")
    if answer.status == 403:
        advice = "可能是访问控制，也可能是端口或路径不对，请与对方核对。"
        return Verdict(Outcome.UNKNOWN, expected, actual, f"拒绝访问（{status}）", advice)
    if 300 <= answer.status < 400:
        advice = "本程序不跟随转向；转向后的地址属于该服务时，请把它写进 site.toml 的 url。"
        return Verdict(Outcome.UNKNOWN, expected, actual, f"地址已转向（{status}）", advice)
    if answer.status >= 500:
        return Verdict(Outcome.FAIL, expected, actual, f"服务出错（{status}）", "请查看服务的日志。")
    if answer.status >= 400:
        return Verdict(Outcome.FAIL, expected, actual, f"没有所要的页面（{status}）", "请核对地址与部署。")
    return Verdict(Outcome.UNKNOWN, expected, actual, f"答复里没有页面（{status}）", "请核对地址。")
