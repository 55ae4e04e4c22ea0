"""Gathers the facts of a domain over its session. What they mean is judged elsewhere; its pages are ``pages``."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from app.checks.http import ConnectionRefused, Unreachable
from app.checks.model import Failed, Undetermined
from app.checks.web import seen_elsewhere
from app.checks.weblogic import t3
from app.checks.weblogic.config_xml import Meant
from app.checks.weblogic.facts import (
    ConfiguredServer,
    Deployed,
    LogTail,
    Reading,
    Servers,
    ServerState,
    Topology,
)
from app.checks.weblogic.interface import Interface
from app.checks.weblogic.judging import DOWN, GOING_UP, HEAP_FAIL, HEAP_WARN, best_free, free_permille, named
from app.checks.weblogic.session import PORT, WebLogicSession
from app.site.model import WebLogic

SAMPLES = 3
BETWEEN = 0.4  # seconds between two samples
STARTING_PAUSE, STARTING_SECONDS = 1.0, 15.0  # how often, and how long, those that are going up are asked again
PORT_SECONDS, PORTS_SECONDS = 3.0, 9.0  # for one port, and for all of those that are down
RELEASE = re.compile(r"WebLogic Server\s+([0-9]+(?:\.[0-9]+)+)", re.IGNORECASE)


def port(session: WebLogicSession, target: WebLogic) -> t3.Greeting:
    session.begin()
    session.route = "T3"
    return t3.greet(session, target.url)


def version(session: WebLogicSession, target: WebLogic) -> str:
    """The version that T3 greets with, which needs no log-in; else the one that REST or the host names."""
    session.begin()
    session.route = "T3"
    try:
        greeting = t3.greet(session, target.url)
    except ConnectionRefused as error:
        raise seen_elsewhere(error, PORT) from None
    except Unreachable:
        raise
    except Undetermined as error:
        session.note(f"T3 没有给出版本：{error.reason}")
        greeting = t3.Greeting("empty", "", "")
    return greeting.version or _version_without_t3(session)


def _version_without_t3(session: WebLogicSession) -> str:
    """By REST, else by the release that the domain's own weblogic.jar names."""
    try:
        return _version_of_servers(session.interface())
    except Undetermined as error:
        if session.interrupted or not session.target.via:
            raise
        session.note(f"管理接口没有给出版本：{error.reason}")
        session.route = "SSH"
        return session.remote().release()


def _version_of_servers(interface: Interface) -> str:
    for state in interface.states():
        told = interface.reading(state.name).version if state.running else None
        # Patches stand before the release: "WebLogic Server Temporary Patch for … WebLogic Server 10.3.6.0 …".
        if found := RELEASE.search(told or ""):
            return found[1]
    raise Undetermined("T3 应答和 REST 管理接口都没有给出版本", "请在控制台核对版本，并上传截图。")


def telling(session: WebLogicSession, what: str) -> Interface:
    """What tells ``what`` of the domain: its interface, or its host where that never tells it."""
    interface = session.interface()
    if what in interface.lacks and session.target.via:
        interface = session.remote()
        session.route = interface.name
    return interface


def topology(session: WebLogicSession, target: WebLogic) -> Topology:  # noqa: ARG001 - Check.gather's shape
    session.begin()
    try:
        return telling(session, "topology").topology()
    except Undetermined as error:
        interface = session.interface()
        if session.interrupted or "topology" not in interface.lacks:
            raise
        session.note(f"主机上没有核对到：{error.reason}")
        return interface.topology()


def states(session: WebLogicSession, target: WebLogic) -> Servers:
    """The life-cycle view; servers that are going up are given some time, and the ports of those down are tried."""
    session.begin()
    interface = session.interface()
    found = interface.states()
    ends = time.monotonic() + (0.0 if "again" in interface.lacks else STARTING_SECONDS)
    planned = target.expect.servers
    while any(state.state in GOING_UP and named(state.name, planned) for state in found) and time.monotonic() < ends:
        session.pause(STARTING_PAUSE)
        found = interface.states()
    running = interface.running()
    if any(state.state in DOWN and named(state.name, planned) for state in found):
        found = _with_ports(session, target, found)
    return Servers(found, running=running, configured=_configured_names(session))


def _configured_names(session: WebLogicSession) -> tuple[str, ...] | None:
    """The servers that the configuration names; None where it may not be read. An empty list is one."""
    configured = _configured(session)
    return None if configured is None else tuple(server.name for server in configured)


def _configured(session: WebLogicSession) -> tuple[ConfiguredServer, ...] | None:
    """The configured servers beside what is asked first, whose route stands."""
    route = session.route
    try:
        return telling(session, "topology").topology().servers
    except Undetermined:
        if session.interrupted:
            raise
        return None
    finally:
        session.route = route


def _with_ports(session: WebLogicSession, target: WebLogic, found: Sequence[ServerState]) -> tuple[ServerState, ...]:
    """The same, with whether the ports of the planned ones that are down answer; as far as addresses and time go."""
    configured = {server.name: server for server in _configured(session) or ()}
    ends = time.monotonic() + PORTS_SECONDS
    tried = []
    for state in found:
        server = configured.get(state.name)
        planned = named(state.name, target.expect.servers)
        down = state.state in DOWN and state.port_answers is None and planned and time.monotonic() < ends
        tried.append(replace(state, port_answers=_answers(session, target, server)) if down and server else state)
    return tuple(tried)


def _answers(session: WebLogicSession, target: WebLogic, server: ConfiguredServer) -> bool | None:
    """Whether the server's port takes a connection; None when that could not be told.

    A server without an address listens on its machine, which need not be the administration server's: a refusal there
    says nothing.
    """
    host = server.address or urlsplit(target.url).hostname or ""
    shown = f"[{host}]" if ":" in host else host
    if not server.port or not server.listens:
        return None
    try:
        session.reach(f"tcp://{shown}:{server.port}", seconds=PORT_SECONDS)
    except ConnectionRefused:
        return False if server.address else None
    except (Failed, Undetermined):
        return None
    return True


def health(session: WebLogicSession, target: WebLogic) -> Servers:  # noqa: ARG001
    """Health of each running server; one that is overloaded is asked a second time."""
    return _sampled(session, lambda reading: reading.health != "OVERLOADED", 2)


def heap(session: WebLogicSession, target: WebLogic) -> Servers:
    """Heap of each running server; one with little free is sampled again, since a collection may come in between, and
    the end of its log read where that is to be had.
    """
    found = _sampled(session, lambda reading: (free_permille(reading) or 0) >= HEAP_WARN, SAMPLES)
    if not target.via:
        return found
    low = [name for name, readings in found.readings.items() if (best_free(readings) or HEAP_FAIL) < HEAP_FAIL]
    return replace(found, logs={name: _log(session, name) for name in low})


def _log(session: WebLogicSession, server: str) -> LogTail | str:
    try:
        return session.remote().log(server)
    except Undetermined as error:
        if session.interrupted:
            raise
        return error.reason


def threads(session: WebLogicSession, target: WebLogic) -> Servers:  # noqa: ARG001
    """Thread pool of each running server; one with a queue is sampled twice, to see whether it grows."""
    session.begin()
    interface = telling(session, "threads")
    return _readings(session, interface.states, interface.threads, lambda reading: not reading.queue, 2)


def _sampled(session: WebLogicSession, enough: Callable[[Reading], bool], most: int) -> Servers:
    session.begin()
    interface = session.interface()
    return _readings(session, interface.states, interface.reading, enough, most)


def _readings(
    session: WebLogicSession,
    states: Callable[[], tuple[ServerState, ...]],
    read: Callable[[str], Reading],
    enough: Callable[[Reading], bool],
    most: int,
) -> Servers:
    """A reading of each running server; those of which one is not enough are read up to ``most`` times.

    What one server does not answer hides no other's reading. Raises Undetermined where none gave one.
    """
    found = states()
    readings: dict[str, tuple[Reading, ...]] = {}
    troubles: dict[str, Undetermined] = {}
    again = [state.name for state in found if state.running]
    for turn in range(most):
        if turn and again:
            session.pause(BETWEEN)
        for name in again:
            try:
                readings[name] = (*readings.get(name, ()), read(name))
            except Undetermined as error:
                if session.interrupted:
                    raise
                troubles[name] = error
        again = [name for name in again if name not in troubles and not enough(readings[name][-1])]
    if not readings:
        raise next(iter(troubles.values()), Undetermined("没有一个 Server 在运行，无从判断", "请先启动，再检查。"))
    return Servers(found, readings, {name: error.reason for name, error in troubles.items() if name not in readings})


def datasources(session: WebLogicSession, target: WebLogic) -> Deployed:
    session.begin()
    interface = session.interface()
    found = interface.datasources(target.expect.datasources)
    return _targeted(session, interface, found, lambda: session.remote().sources())


def applications(session: WebLogicSession, target: WebLogic) -> Deployed:
    session.begin()
    interface = session.interface()
    found = interface.applications(target.expect.applications)
    return _targeted(session, interface, found, lambda: session.remote().deployments())


def _targeted(
    session: WebLogicSession, interface: Interface, found: Deployed, meant: Callable[[], Mapping[str, Meant]]
) -> Deployed:
    """The same, with the targets of the domain's own configuration where the interface never tells them."""
    if found.targets is not None or "targets" not in interface.lacks or not session.target.via:
        return found
    try:
        return replace(found, targets={name: one.targets for name, one in meant().items()})
    except Undetermined as error:
        if session.interrupted:
            raise
        session.note(f"主机上没有核对到部署目标：{error.reason}")
        return found
