"""Gathers how a domain is set: its servers' Java, its security, its clock. Judging that is ``settings``'s work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.checks.http import ConnectionRefused
from app.checks.model import Undetermined
from app.checks.web import seen_elsewhere
from app.checks.weblogic.facts import Javas, Security
from app.checks.weblogic.gathering import telling
from app.checks.weblogic.session import PORT, WebLogicSession, base_of
from app.site.model import WebLogic


def jdk(session: WebLogicSession, target: WebLogic) -> Javas:
    """The version of the JVM of each running server: as REST tells it, else as the process' own java does."""
    session.begin()
    interface = session.interface()
    states = interface.states()
    running = [state.name for state in states if state.running]
    if not running:
        raise Undetermined("没有一个 Server 在运行，无从得知它用的 Java", "请先启动，再检查。")
    found = interface.javas(running)
    missing = [name for name in running if isinstance(found[name], Undetermined)]
    if missing and target.via and interface is not session.remote():
        found = {**found, **_javas_of_host(session, missing)}
    return Javas(
        states,
        {name: told for name, told in found.items() if isinstance(told, str)},
        {name: told.reason for name, told in found.items() if isinstance(told, Undetermined)},
    )


def _javas_of_host(session: WebLogicSession, servers: Sequence[str]) -> dict[str, str | Undetermined]:
    try:
        return session.remote().javas(servers)
    except Undetermined as error:
        if session.interrupted:
            raise
        return dict.fromkeys(servers, error)


def security(session: WebLogicSession, target: WebLogic) -> Security:
    """What the interface tells; what it does not, as the domain's configuration on its host has it."""
    session.begin()
    interface = telling(session, "security")
    found = interface.security()
    whole = found.production is not None and found.stores and found.lockout.enabled is not None and not found.troubles
    if whole or not target.via or interface is session.remote():
        return found
    try:
        other = session.remote().security()
    except Undetermined as error:
        if session.interrupted:
            raise
        return replace(found, troubles=(*found.troubles, error.reason))
    return _completed(found, other)


def _completed(found: Security, other: Security) -> Security:
    """``found`` with what it lacks taken from ``other``."""
    return Security(
        other.production if found.production is None else found.production,
        found.stores if found.stores and all(store.kind for store in found.stores) else other.stores,
        other.lockout if found.lockout.enabled is None else found.lockout,
        f"{found.telling}、{other.telling}",
        other.troubles if found.production is None else (),
    )


def clock(session: WebLogicSession, target: WebLogic) -> float:
    """The server's clock minus ours, in seconds: the Date header of a page asked without logging in."""
    session.begin()
    session.route = "HTTP"
    try:
        answer = session.ask("GET", f"{base_of(target.url)}/")
    except ConnectionRefused as error:
        raise seen_elsewhere(error, PORT) from None
    server = answer.headers.get("server", "")
    between = "via" in answer.headers or "age" in answer.headers or "x-cache" in answer.headers
    if between or (server and "weblogic" not in server.lower()):
        words = f"应答带着中间设备的标头（{server[:60] or '缓存或代理'}），时刻不是 WebLogic 自己的"
        raise Undetermined(words, "请把 url 改为管理服务器自己的地址，或看该主机的时钟检查。")
    if session.offset_seconds is None or answer.headers.get("date", "").count(":") != 2:
        raise Undetermined("HTTP 应答没有可读的时刻（Date 标头）", "请看该主机的时钟检查。")
    return session.offset_seconds
