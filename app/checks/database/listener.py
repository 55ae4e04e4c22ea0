"""oracle.listener: asked before any log-in whether it answers, which release it is, whether it knows the service."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.checks.database import tns
from app.checks.database.errors import FIREWALL, KNOWN
from app.checks.database.tns import Closed, NotTns, Reply
from app.checks.model import Failed, Outcome, Undetermined, Verdict
from app.checks.wire import Aborted, Unresolved
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

SECONDS = 10.0  # for the question, redirects included
VERSION_SECONDS = 4.0
MOST_REDIRECTS = 3
CID = "(CID=(PROGRAM=onsite-check)(HOST=)(USER=))"
VERSION = f"(DESCRIPTION=(CONNECT_DATA={CID}(COMMAND=version)(ARGUMENTS=64)(SERVICE=LISTENER)(VERSION=318767104)))"
EXPECTED = "监听应答，认识该服务"
ROUTE = "TNS 探测"
HERE = "（只说从本机所见；登录由 via 主机上的 sqlplus 进行，不经过这里）"
# After one of these the driver would fare no better; after others (garbage, a hang-up) it may still get through.
FINAL = ("ORA-12505", "ORA-12514")


@dataclass(frozen=True)
class Listening:
    """A listener that accepted the service. ``release`` may be empty; ``redirects`` are ``host:port``."""

    release: str
    seconds: float
    redirects: tuple[str, ...] = ()


def descriptor(target: Database, host: str = "", port: int = 0) -> str:
    """The connect descriptor that asks for the target's service or SID."""
    address = f"(ADDRESS=(PROTOCOL=TCP)(HOST={host or target.host})(PORT={port or target.port}))"
    name = f"(SERVICE_NAME={target.service})" if target.service else f"(SID={target.sid})"
    return f"(DESCRIPTION={address}(CONNECT_DATA={CID}{name}))"


def gather(session: OracleSession, target: Database) -> Listening:
    """Raises Failed on a refusal, Undetermined on silence, a hang-up, nonsense or a redirect to nowhere."""
    session.route = session.route or ROUTE
    began = time.monotonic()
    redirects = _accepted(session, target)
    seconds = time.monotonic() - began
    return Listening(_release(session, target), seconds, redirects)


def _accepted(session: OracleSession, target: Database) -> tuple[str, ...]:
    """The redirects on the way to the ACCEPT."""
    ends = time.monotonic() + SECONDS
    host, port, question = target.host, target.port, descriptor(target)
    redirects: list[str] = []
    while True:
        reply = _asked(session, host, port, question, ends, redirects)
        if reply.kind == tns.ACCEPT:
            return tuple(redirects)
        if reply.kind == tns.REFUSE:
            raise _refused(session, reply, redirects)
        if reply.kind != tns.REDIRECT:
            raise Undetermined(f"{host}:{port} 的答复不是监听的答复（包类型 {reply.kind}）", FIREWALL)
        address = reply.address
        if address is None:
            raise Undetermined(
                f"监听转向的地址无法理解：{reply.text[:120]}", "请 DBA 核对 local_listener 与 remote_listener。"
            )
        if len(redirects) == MOST_REDIRECTS:
            raise Undetermined(
                f"监听一再转向：{'、'.join(redirects)}", "请 DBA 核对 local_listener 与 remote_listener。"
            )
        host, port = address
        redirects.append(f"{host}:{port}")
        question = reply.connect_data or descriptor(target, host, port)


def _asked(session: OracleSession, host: str, port: int, question: str, ends: float, redirects: Sequence[str]) -> Reply:
    where = f"{host}:{port}"
    session.transcript.note(f"TNS CONNECT {where} {question}")
    try:
        with session.wire(max(0.0, ends - time.monotonic())) as wire:
            wire.open(host, port)
            reply = tns.ask(wire, question)
    except NotTns as error:
        raise _nonsense(error, where) from None
    except (ConnectionResetError, ConnectionAbortedError, BrokenPipeError):
        raise _nonsense(Closed("连接被对方切断（TNS-12547）"), where) from None
    except Aborted:
        raise Undetermined("已中止") from None
    except (OSError, Unresolved) as error:
        raise _unreached(session, error, where, redirects) from None
    session.transcript.note(f"  {_NAMES.get(reply.kind, reply.kind)} {reply.text[:400]}")
    return reply


_NAMES = {tns.ACCEPT: "ACCEPT", tns.REFUSE: "REFUSE", tns.REDIRECT: "REDIRECT", tns.DATA: "DATA"}


def _nonsense(error: NotTns, where: str) -> Undetermined:
    if isinstance(error, Closed):
        return Undetermined(f"{where}：{error}", KNOWN["ORA-12537"].advice)
    return Undetermined(f"{where}：{error}", "请核对端口是不是数据库监听的端口（不是 TCPS、HTTP 或 EM 的端口）。")


def _unreached(
    session: OracleSession, error: OSError | Unresolved, where: str, redirects: Sequence[str]
) -> Failed | Undetermined:
    """Why no answer came; the run does not try this target again."""
    if redirects:
        said = f"监听转向 {where}，从本机{_why(error)}"
        return _final(
            session, Outcome.UNKNOWN, said, "请让本机能解析并到达该地址（SCAN、VIP 名写进 hosts，放行端口）。"
        )
    if isinstance(error, ConnectionRefusedError):
        advice = "请 DBA 在服务器上执行 lsnrctl status，核对监听已启动、端口无误。"
        return _final(session, Outcome.FAIL, f"{where} 连接被拒绝，没有监听", advice)
    return _final(session, Outcome.UNKNOWN, f"{where} {_why(error)}", FIREWALL)


def _why(error: OSError | Unresolved) -> str:
    if isinstance(error, Unresolved):
        return "主机名无法解析"
    if isinstance(error, TimeoutError):
        return f"{SECONDS:g} 秒内没有答复"
    return "连接被拒绝" if isinstance(error, ConnectionRefusedError) else f"无法连接（{error.strerror or error}）"


def _refused(session: OracleSession, reply: Reply, redirects: Sequence[str]) -> Failed | Undetermined:
    if not reply.code:
        return Undetermined(
            f"监听拒绝了连接，没有给出错误码：{reply.text[:120]}", "请 DBA 查看监听日志（listener.log）。"
        )
    code = f"ORA-{reply.code:05d}"
    meaning = KNOWN.get(code)
    outcome = meaning.outcome if meaning else Outcome.FAIL
    said = f"监听拒绝：{code} {meaning.cause if meaning else '见错误号'}" + (
        f"（经 {redirects[-1]}）" if redirects else ""
    )
    advice = meaning.advice if meaning else "请 DBA 按错误号查看监听日志（listener.log）。"
    if code in FINAL:
        return _final(session, outcome, said, advice)
    return Failed(said, advice, EXPECTED) if outcome is Outcome.FAIL else Undetermined(said, advice)


def _final(session: OracleSession, outcome: Outcome, said: str, advice: str) -> Failed | Undetermined:
    """The run does not try this target again; but sqlplus, which runs on another host, has its own road there."""
    if session.target.route == "sqlplus":
        said += HERE
    else:
        session.block(outcome, said, advice)
    return Failed(said, advice, EXPECTED) if outcome is Outcome.FAIL else Undetermined(said, advice)


def _release(session: OracleSession, target: Database) -> str:
    """The listener's release; empty when it does not tell, or not in time."""
    session.transcript.note(f"TNS CONNECT {target.host}:{target.port} {VERSION}")
    try:
        with session.wire(VERSION_SECONDS) as wire:
            wire.open(target.host, target.port)
            wire.send(tns.connect_packets(VERSION))
            return _told(session, wire.reader())
    except (NotTns, OSError, Unresolved, Aborted) as error:
        session.transcript.note(f"  没有读到版本（{error}）")
        return ""


def _told(session: OracleSession, reader: io.BufferedReader) -> str:
    """The release in the first few packets of the answer; the text may follow the ACCEPT."""
    for _ in range(4):
        reply = tns.read(reader)
        session.transcript.note(f"  {_NAMES.get(reply.kind, reply.kind)} {reply.text[:400]}")
        if reply.release or reply.kind == tns.REFUSE:
            return reply.release
    return ""


def compare(facts: Listening, target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    name = target.service or target.sid
    way = f"，经 {'、'.join(facts.redirects)}" if facts.redirects else ""
    actual = f"监听应答，认识 {name}{way}，{facts.seconds:.3f} 秒"
    if not facts.release:
        advice = "不影响连接；可在服务器上执行 lsnrctl version 核对。"
        return Verdict(Outcome.WARN, EXPECTED, actual, "监听没有告诉版本", advice)
    return Verdict(Outcome.PASS, EXPECTED, f"{actual}，版本 {facts.release}")


def shows(target: Database) -> Sequence[str]:
    return (
        f"TCP 连接 {target.host}:{target.port}，发送 TNS CONNECT，不登录：{descriptor(target)}",
        f"TCP 连接 {target.host}:{target.port}，发送 TNS CONNECT，只问版本：{VERSION}",
    )
