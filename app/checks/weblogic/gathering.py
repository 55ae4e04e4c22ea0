"""Gathers the facts of a domain over its session. What they mean is judged in ``judging``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from app.checks.http import ConnectionRefused, HttpAnswer
from app.checks.model import Failed, Undetermined
from app.checks.pages import NOT_THE_SERVICE, has_password_field, named_status, title
from app.checks.web import seen_elsewhere
from app.checks.weblogic import t3
from app.checks.weblogic.facts import Deployed, Page, Reading, Servers, ServerState, Topology
from app.checks.weblogic.judging import DOWN, GOING_UP, HEAP_WARN, free_permille
from app.checks.weblogic.session import PORT, WebLogicSession
from app.site.model import WebLogic

SAMPLES = 3
BETWEEN = 0.4  # seconds between two samples
STARTING_PAUSE, STARTING_ROUNDS = 1.0, 15
PORT_SECONDS = 3.0
PAGE_SECONDS, REDIRECTS = 20.0, 3


def port(session: WebLogicSession, target: WebLogic) -> t3.Greeting:
    session.begin()
    session.route = "T3"
    return t3.greet(session, target)


def version(session: WebLogicSession, target: WebLogic) -> str:
    """The version that T3 greets with, which needs no log-in; else the one that REST names."""
    session.begin()
    session.route = "T3"
    try:
        greeting = t3.greet(session, target)
    except ConnectionRefused as error:
        raise seen_elsewhere(error, PORT) from None
    if greeting.version:
        return greeting.version
    interface = session.interface()
    running = [state for state in interface.states() if state.running]
    found = next((reading.version for state in running if (reading := interface.reading(state.name)).version), None)
    if not found:
        raise Undetermined("T3 应答和 REST 管理接口都没有给出版本")
    return found


def topology(session: WebLogicSession, target: WebLogic) -> Topology:  # noqa: ARG001 - Check.gather's shape
    session.begin()
    return session.interface().topology()


def states(session: WebLogicSession, target: WebLogic) -> Servers:
    """The life-cycle view; servers that are going up are given some time, and the ports of those down are tried."""
    session.begin()
    interface = session.interface()
    found = interface.states()
    for _ in range(STARTING_ROUNDS):
        if not any(state.state in GOING_UP for state in found):
            break
        session.pause(STARTING_PAUSE)
        found = interface.states()
    if any(state.state in DOWN for state in found):
        found = _with_ports(session, target, found)
    return Servers(found)


def _with_ports(session: WebLogicSession, target: WebLogic, found: Sequence[ServerState]) -> tuple[ServerState, ...]:
    configured = {server.name: server for server in session.interface().topology().servers}
    tried = []
    for state in found:
        server = configured.get(state.name)
        if state.state in DOWN and server and server.port:
            host = server.address or urlsplit(target.url).hostname or ""
            state = replace(state, port_answers=_answers(session, host, server.port))
        tried.append(state)
    return tuple(tried)


def _answers(session: WebLogicSession, host: str, number: int) -> bool | None:
    """Whether the port takes a connection; None when that could not be told."""
    shown = f"[{host}]" if ":" in host else host
    try:
        session.reach(f"tcp://{shown}:{number}", seconds=PORT_SECONDS)
    except ConnectionRefused:
        return False
    except (Failed, Undetermined):
        return None
    return True


def health(session: WebLogicSession, target: WebLogic) -> Servers:  # noqa: ARG001
    """Health of each running server; one that is overloaded is asked a second time."""
    return _sampled(session, lambda reading: reading.health != "OVERLOADED", 2)


def heap(session: WebLogicSession, target: WebLogic) -> Servers:  # noqa: ARG001
    """Heap of each running server; one with little free is sampled again, since a collection may come in between."""
    return _sampled(session, lambda reading: (free_permille(reading) or 0) >= HEAP_WARN, SAMPLES)


def threads(session: WebLogicSession, target: WebLogic) -> Servers:  # noqa: ARG001
    """Thread pool of each running server; one with a queue is sampled twice, to see whether it grows."""
    session.begin()
    interface = session.interface()
    return _readings(session, interface.threads, lambda reading: not reading.queue, 2)


def _sampled(session: WebLogicSession, enough: Callable[[Reading], bool], most: int) -> Servers:
    session.begin()
    return _readings(session, session.interface().reading, enough, most)


def _readings(
    session: WebLogicSession, read: Callable[[str], Reading], enough: Callable[[Reading], bool], most: int
) -> Servers:
    found = session.interface().states()
    readings: dict[str, tuple[Reading, ...]] = {}
    for state in found:
        if state.running:
            readings[state.name] = (read(state.name),)
    for _ in range(most - 1):
        again = [name for name, taken in readings.items() if not enough(taken[-1])]
        if not again:
            break
        session.pause(BETWEEN)
        readings |= {name: (*readings[name], read(name)) for name in again}
    if not readings:
        raise Undetermined("没有一个 Server 在运行，无从判断")
    return Servers(found, readings)


def datasources(session: WebLogicSession, target: WebLogic) -> Deployed:  # noqa: ARG001
    session.begin()
    return session.interface().datasources()


def applications(session: WebLogicSession, target: WebLogic) -> Deployed:  # noqa: ARG001
    session.begin()
    return session.interface().applications()


def pages(session: WebLogicSession, target: WebLogic) -> tuple[Page, ...]:
    """The log-in page of each application address, asked without credentials."""
    session.begin()
    session.route = "HTTP"
    return tuple(_page(session, url) for url in target.application_urls)


def _page(session: WebLogicSession, url: str) -> Page:
    """One address; redirects are followed as far as they stay on the same server, as a browser's would."""
    seconds = 0.0
    for _ in range(REDIRECTS + 1):
        try:
            answer = session.ask("GET", url, seconds=PAGE_SECONDS)
        except ConnectionRefused:
            return Page(url, trouble="拒绝连接", failed=True)
        except Undetermined as error:
            return Page(url, trouble=error.reason)
        seconds += answer.seconds
        onward = urljoin(url, answer.headers.get("location", "")) if 300 <= answer.status < 400 else ""
        if not onward or urlsplit(onward)[:2] != urlsplit(url)[:2]:
            break
        url = onward
    return _read_page(url, answer, seconds)


def _read_page(url: str, answer: HttpAnswer, seconds: float) -> Page:
    found = title(answer)
    if answer.status != 200:
        failed = answer.status == 404 or answer.status >= 500
        return Page(url, answer.status, found, seconds, trouble=f"应答 {named_status(answer)}", failed=failed)
    log_in = has_password_field(answer)
    if found and NOT_THE_SERVICE.search(found) and not log_in:
        return Page(url, answer.status, found, seconds, trouble=f"标题“{found}”像是出错页或默认页")
    return Page(url, answer.status, found, seconds, log_in)
