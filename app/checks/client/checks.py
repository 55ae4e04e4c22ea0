"""What is asked of a client PC, in which order; first that the addresses it must reach answer, seen from here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Semaphore
from typing import Any
from urllib.parse import urljoin, urlsplit

from app.checks.addresses import address_of
from app.checks.client import browser, clock, driver, fonts, printer
from app.checks.http import ConnectionRefused, HttpAnswer
from app.checks.model import Check, Outcome, Undetermined, Verdict, worst
from app.checks.pages import NOT_THE_SERVICE, has_password_field, named_status, title
from app.checks.web import WebSession
from app.site.model import Client, Site

AT_ONCE, AT_ONE_SERVER = 8, 2  # addresses asked at a time, in all and of one server
PAGE_LIMIT = 4 << 20  # bytes: no page is longer; what is has no end
EXPECTED = "每个地址都返回 2xx 或 3xx"


@dataclass(frozen=True)
class Visit:
    """One address: its ``status`` (0: none) in ``words``, the seconds it took; ``advice`` where there was no answer;
    ``doubtful`` where what came hardly is the page.
    """

    url: str
    status: int
    words: str
    seconds: float = 0.0
    refused: bool = False
    advice: str = ""
    doubtful: bool = False

    @property
    def outcome(self) -> Outcome:
        if self.refused:
            return Outcome.FAIL
        if not self.status or self.doubtful:
            return Outcome.UNKNOWN
        return Outcome.PASS if 200 <= self.status < 400 else Outcome.FAIL


def gather_urls(session: WebSession, target: Client) -> tuple[Visit, ...]:
    """Every address of the target, several at a time, in the profile's order."""
    session.begin()
    turns: Mapping[str, Semaphore] = defaultdict(lambda: Semaphore(AT_ONE_SERVER))
    servers = [turns[_server(url)] for url in target.urls]

    def one(url: str, turn: Semaphore) -> Visit:
        with turn:
            return visit(session, url)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        visits = tuple(pool.map(one, target.urls, servers))
    session.offset_seconds = None  # the clocks of several servers are none of the PC's
    return visits


def _server(url: str) -> str:
    """Host and port; the whole of what is no address."""
    try:
        address = address_of(url)
    except Undetermined:
        return url
    return f"{address.host}:{address.port}"


def visit(session: WebSession, url: str) -> Visit:
    try:
        answer = session.ask("GET", url, limit=PAGE_LIMIT, kept=0)
    except ConnectionRefused as error:
        return Visit(url, 0, error.actual, refused=True, advice=error.advice)
    except Undetermined as error:
        return Visit(url, 0, error.reason, advice=error.advice)
    if answer.truncated:
        return Visit(url, 0, f"{named_status(answer)}，但内容超过 {PAGE_LIMIT >> 20} MiB，没有读完")
    if trouble := led_astray(url, answer):
        return Visit(url, answer.status, f"{named_status(answer)}，{trouble}", answer.seconds, doubtful=True)
    words, found = named_status(answer), title(answer)
    if answer.status == 200 and NOT_THE_SERVICE.search(found) and not has_password_field(answer):
        return Visit(url, 200, f"{words}，标题“{found}”像是出错页或服务器的默认页", answer.seconds, doubtful=True)
    return Visit(url, answer.status, words, answer.seconds)


def led_astray(url: str, answer: HttpAnswer) -> str:
    """Why where a redirect leads is not the address's own service; "" where it may be, and for what is none."""
    told = answer.headers.get("location", "")
    if not 300 <= answer.status < 400 or not told:
        return ""
    try:
        here, there = urlsplit(url), urlsplit(urljoin(url, told))
    except ValueError:
        return "转向的地址无法理解"
    if there.scheme not in ("http", "https") or not there.hostname:
        return "转向的不是网页地址"
    if here.scheme == "https" and there.scheme == "http":
        return "从 https 转向了 http，口令和数据将不加密"
    if there.hostname != here.hostname:
        return "转向了另一台主机，可能是上网认证或安全设备的页面；那里属于该服务时，请把它写进 urls"
    itself = there._replace(fragment="") == here._replace(fragment="") and "set-cookie" not in answer.headers
    return "转向了它自己，浏览器打不开" if itself else ""


def compare_urls(visits: Sequence[Visit], target: Client, site: Site) -> Verdict:  # noqa: ARG001
    actual = "；".join(f"{one.url} {one.words}" + (f" {one.seconds:.3f} 秒" if one.status else "") for one in visits)
    observed = {"urls": [{"url": one.url, "status": one.status} for one in visits]}
    outcome = worst([one.outcome for one in visits])
    if outcome is Outcome.PASS:
        return Verdict(outcome, EXPECTED, actual, observed=observed)
    bad = [one for one in visits if one.outcome is not Outcome.PASS]
    reason = "；".join(f"{one.url}：{one.words}" for one in bad)
    advice = next((one.advice for one in bad if one.advice), "请核对地址，并查看该服务的日志。")
    return Verdict(outcome, EXPECTED, actual, reason, advice, observed)


def nothing_listed(target: Client, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "" if target.urls else "方案未规定：没有登记要访问的地址"


CLAUSE = "三、部署应用系统（二）4"


def _check(name: str, title: str, gather: Any, compare: Any, shows: Any, definition: str = "1", **more: Any) -> Check:
    return Check(
        id=f"client.{name}",
        kind="client",
        table="client",
        title=title,
        clause=CLAUSE,
        gather=gather,
        compare=compare,
        shows=shows,
        definition=definition,
        **more,
    )


CHECKS: tuple[Check, ...] = (
    _check(
        "urls",
        "客户端访问地址",
        gather_urls,
        compare_urls,
        lambda target: tuple(f"GET {url}" for url in target.urls),
        applies=nothing_listed,
        seconds=60.0,
        definition="2",
    ),
    _check("browser", "浏览器设置", browser.gather, browser.compare, browser.shows, applies=browser.applies),
    _check("driver", "证书令牌驱动", driver.gather, driver.compare, driver.shows, applies=driver.applies),
    _check("clock", "终端时钟", clock.gather, clock.compare, clock.shows, compare_all=clock.compare_all),
    _check("printer", "打印机", printer.gather, printer.compare, printer.shows, applies=printer.applies, seconds=45.0),
    _check("fonts", "公文字体", fonts.gather, fonts.compare, fonts.shows, applies=fonts.applies),
)
