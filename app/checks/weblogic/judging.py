"""The verdicts on a domain and its servers: pure, by the thresholds of the checks' design.

What is deployed on them is judged in ``deployed``, the application's page in ``pages``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.checks.model import Outcome, Verdict, worst
from app.checks.weblogic.facts import LogTail, Reading, Servers, ServerState, Topology
from app.checks.weblogic.monitoring import BY_OTHER_WAYS
from app.site.model import WebLogic

STUCK_FAIL = 10  # more stuck threads than this fail
HEAP_WARN, HEAP_FAIL = 150, 50  # permille of the maximum heap that is free
GOING_UP = ("STARTING", "RESUMING")
DOWN = ("SHUTDOWN", "UNKNOWN")
ADMIN = "AdminServer"  # what an administration server is called where the interface does not say


@dataclass(frozen=True)
class Finding:
    """One thing found: its outcome and a few Chinese words."""

    outcome: Outcome
    words: str


def verdict(
    expected: str, actual: str, findings: Iterable[Finding], advice: str, observed: Mapping[str, Any] | None = None
) -> Verdict:
    """The worst of ``findings`` with all of that rank named; PASS when there are none."""
    found = list(findings)
    outcome = worst([finding.outcome for finding in found]) if found else Outcome.PASS
    reasons = [finding.words for finding in found if finding.outcome is not Outcome.PASS]
    return Verdict(outcome, expected, actual, "；".join(reasons), advice if reasons else "", observed or {})


def unplanned(what: str, actual: str, observed: Mapping[str, Any] | None = None) -> Verdict:
    """方案未规定: what was seen is only recorded."""
    return Verdict(Outcome.NOT_APPLICABLE, "", actual, f"方案未规定{what}，只作记录", "", observed or {})


def names(values: Iterable[str]) -> str:
    return "、".join(values) or "（无）"


def named(name: str, among: Iterable[str]) -> str:
    """That of ``among`` which is the server ``name``: written the same, else the only one that differs by case."""
    found = list(among)
    if name in found:
        return name
    alike = [one for one in found if one.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else ""


def judge_topology(topology: Topology, target: WebLogic) -> Verdict:
    """集成部署: one Domain, many Servers, none of them twice at the same machine, address and port."""
    planned = target.expect.servers
    configured = [server.name for server in topology.servers]
    admin = topology.admin or ADMIN
    managed = [name for name in configured if name != admin]
    expected = "一个 Domain、多个 Server" + (f"：{names(planned)}" if planned else "")
    actual = f"Domain {topology.domain or '（未报名称）'}，Server {len(configured)} 个：{names(configured)}"
    servers = [
        {"name": s.name, "address": s.address, "port": s.port, "machine": s.machine or ""} for s in topology.servers
    ]
    findings = []
    if not topology.servers:
        return Verdict(Outcome.UNKNOWN, expected, actual, "管理接口给出的服务器清单是空的", "请核对该用户的权限。")
    if not managed or len(configured) == 1:
        findings.append(Finding(Outcome.FAIL, "没有受管服务器，不是一个 Domain 多个 Server"))
    if topology.admin and not named(topology.admin, configured):
        findings.append(Finding(Outcome.UNKNOWN, f"Server 清单里没有管理服务器 {topology.admin}，清单可能不全"))
    if len({name.lower() for name in configured}) < len(configured):
        findings.append(Finding(Outcome.UNKNOWN, "Server 清单里有同名的"))
    lacking = [name for name in planned if not named(name, configured)]
    if lacking:
        findings.append(Finding(Outcome.FAIL, f"这个 Domain 里没有方案中的 {names(lacking)}"))
    extra = [name for name in managed if planned and not named(name, planned)]
    if extra:
        findings.append(Finding(Outcome.FAIL, f"多出方案里没有的 {names(extra)}"))
    findings += _places(topology)
    advice = "请在控制台“环境－服务器”核对配置；集成部署应把各 Server 建在同一个 Domain 里。"
    return verdict(expected, actual, findings, advice, {"domain": topology.domain, "servers": servers})


def _places(topology: Topology) -> list[Finding]:
    """What is wrong with where the servers are."""
    listening = [server for server in topology.servers if server.listens]
    if not topology.complete or not topology.domain or not all(server.port for server in listening):
        words = f"{topology.telling or '管理接口'} 没有给出 Domain 名称或各 Server 的地址和端口，不能核对是否重复"
        return [Finding(Outcome.UNKNOWN, f"{words}；{BY_OTHER_WAYS.rstrip('。')}")]
    places = [(server.machine or "", server.address, server.port) for server in listening]
    findings = [
        Finding(
            Outcome.FAIL, f"{server.name} 与别的 Server 的机器、地址、端口相同（{server.address or '*'}:{server.port}）"
        )
        for server, place in zip(listening, places, strict=True)
        if places.count(place) > 1
    ]
    unset = [server.name for server in topology.servers if not server.machine and server.name != topology.admin]
    return findings + ([Finding(Outcome.WARN, f"{names(unset)} 没有指定机器")] if unset else [])


def judge_servers(servers: Servers, target: WebLogic) -> Verdict:
    """Every planned server RUNNING by the life-cycle view."""
    states = {state.name: state for state in servers.states}
    actual = names(f"{state.name} {state.state or '（空）'}" for state in servers.states)
    observed = {"servers": [{"name": state.name, "state": state.state} for state in servers.states]}
    planned = target.expect.servers
    if not planned:
        return unplanned("服务器清单", actual, observed)
    known = [(name, states.get(named(name, states))) for name in planned]
    findings = [
        finding for name, state in known if (finding := _contradiction(state, servers) or _state_finding(name, state))
    ]
    advice = "请在控制台“环境－服务器－控制”中启动，或查看该服务器的日志；启动完后重新检查。"
    return verdict(f"{names(planned)} 均为 RUNNING", actual, findings, advice, observed)


def _state_finding(name: str, state: ServerState | None) -> Finding | None:
    if state is None:
        return Finding(Outcome.FAIL, f"没有 {name}")
    if state.running:
        return None
    if not state.state:
        return Finding(
            Outcome.UNKNOWN, f"{name} 的状态不能确定：{state.words}" if state.words else f"{name} 的状态为空"
        )
    if state.state in GOING_UP:
        return Finding(Outcome.UNKNOWN, f"{name} 还在启动（{state.state}），请稍后重新检查")
    if state.state in DOWN and state.port_answers:
        return Finding(Outcome.UNKNOWN, f"{name} 报为 {state.state}，但它的端口有应答（管理服务器可能与它失去联系）")
    if state.state == "UNKNOWN" and state.port_answers is None:
        return Finding(Outcome.UNKNOWN, f"{name} 报为 UNKNOWN，它的端口无从核对")
    return Finding(Outcome.FAIL, f"{name} 为 {state.state}")


def _contradiction(state: ServerState | None, servers: Servers) -> Finding | None:
    """A server said to run that the other views do not have; one said to be down that another has as running, unless
    its port has refused.
    """
    if state is None or not (state.running or state.state in DOWN):
        return None
    if state.running and servers.configured is not None and not named(state.name, servers.configured):
        return Finding(Outcome.UNKNOWN, f"{state.name} 报为 RUNNING，但域的配置里没有它")
    if servers.running is None:
        return None
    seen = servers.running.get(named(state.name, servers.running), "（没有）")
    agreed = seen in ("", "RUNNING") if state.running else seen != "RUNNING" or state.port_answers is False
    if agreed:
        return None
    words = f"{state.name} 报为 {state.state}，但运行中的服务器清单里为 {seen}，两种说法矛盾"
    return Finding(Outcome.UNKNOWN, words)


def not_judged(servers: Servers, target: WebLogic, what: str) -> list[Finding]:
    """A planned server (without a plan: a configured one) that does not run, or did not tell, has no ``what``."""
    troubles = [Finding(Outcome.UNKNOWN, f"{name}：{words}") for name, words in servers.troubles.items()]
    return [*not_running(servers.states, target, what), *troubles]


def not_running(states: Sequence[ServerState], target: WebLogic, what: str) -> list[Finding]:
    """As above, by the states alone."""
    wanted = target.expect.servers or [state.name for state in states]
    running = [state.name for state in states if state.running]
    return [Finding(Outcome.UNKNOWN, f"{name} 没有运行，无从判断{what}") for name in wanted if not named(name, running)]


def judge_health(servers: Servers, target: WebLogic) -> Verdict:
    """OVERLOADED in one sample is WARN, in two FAIL; CRITICAL and FAILED are FAIL."""
    findings = not_judged(servers, target, "健康状态")
    for name, readings in servers.readings.items():
        findings += _health_findings(name, readings)
    actual = names(f"{name} {readings[-1].health or '（空）'}" for name, readings in servers.readings.items())
    return verdict("各 Server 健康状态为 OK", actual, findings, "请查看该服务器的日志和控制台“监视－健康状况”。")


def _health_findings(name: str, readings: Sequence[Reading]) -> list[Finding]:
    health = readings[-1].health
    if health is None:
        return [Finding(Outcome.UNKNOWN, f"{name} 的健康状态为空")]
    if health == "OVERLOADED":
        twice = sum(reading.health == "OVERLOADED" for reading in readings) > 1
        return [Finding(Outcome.FAIL if twice else Outcome.WARN, f"{name} 过载（{'两次' if twice else '一次'}）")]
    if any(reading.health == "OVERLOADED" for reading in readings):
        return [Finding(Outcome.WARN, f"{name} 过载（一次）")]
    outcome = {"OK": None, "WARN": Outcome.WARN}.get(health, Outcome.FAIL)
    return [Finding(outcome, f"{name} 为 {health}")] if outcome else []


def free_permille(reading: Reading) -> int | None:
    """Free of the **maximum** heap, in permille: what is free now and what it may still grow by."""
    current, free, most = reading.heap_current, reading.heap_free, reading.heap_max
    if current is not None and free is not None and most is not None:
        sound = free <= current <= most and current > 0  # what contradicts itself tells nothing
        return (free + most - current) * 1000 // most if sound else None
    percent = reading.heap_free_percent
    return percent * 10 if percent is not None and percent <= 100 else None


def best_free(readings: Sequence[Reading]) -> int | None:
    """The most that was free in any sample, in permille of the maximum."""
    return max((value for reading in readings if (value := free_permille(reading)) is not None), default=None)


def _nearly_full(name: str, log: LogTail | str) -> Finding:
    """A heap with less than 5 % free: what the server's log says of it in the last day decides."""
    words = f"{name} 堆内存空闲不足 5%"
    if isinstance(log, str):
        return Finding(Outcome.WARN, f"{words}；日志里是否有 OutOfMemoryError 未能查看（{log}）")
    if log.out_of_memory:
        return Finding(Outcome.FAIL, f"{words}，日志里最近一天有 OutOfMemoryError")
    if log.undated:
        return Finding(Outcome.UNKNOWN, f"{words}，日志里有 OutOfMemoryError 或线程卡住，但时间读不出")
    return Finding(Outcome.WARN, f"{words}，日志末尾没有最近一天的 OutOfMemoryError")


def judge_heap(servers: Servers, target: WebLogic) -> Verdict:
    """The best of the samples of each server: before a collection little is free on every healthy server."""
    findings = not_judged(servers, target, "堆内存")
    told = []
    for name, readings in servers.readings.items():
        free = best_free(readings)
        told.append(f"{name} 空闲 {free / 10:.1f}%" if free is not None else f"{name} 未报")
        if free is None:
            findings.append(Finding(Outcome.UNKNOWN, f"{name} 没有给出可用的堆内存数值"))
        elif free < HEAP_FAIL:
            findings.append(_nearly_full(name, servers.logs.get(name, "没有写 via")))
        elif free < HEAP_WARN:
            findings.append(Finding(Outcome.WARN, f"{name} 堆内存空闲不足 15%"))
    advice = "请在业务低峰再看一次；仍低时查看日志有无 OutOfMemoryError，并按方案加大 -Xmx。"
    return verdict("各 Server 空闲堆内存不少于最大值的 15%", names(told), findings, advice)


def judge_threads(servers: Servers, target: WebLogic) -> Verdict:
    """Stuck threads, and a queue that grew between two samples."""
    findings = not_judged(servers, target, "线程")
    told = []
    for name, readings in servers.readings.items():
        newest = readings[-1]
        told.append(
            f"{name} 卡住 {_number(newest.stuck)}、独占 {_number(newest.hogging)}、排队 {_number(newest.queue)}"
        )
        if newest.stuck is None:
            findings.append(Finding(Outcome.UNKNOWN, f"{name} 没有给出卡住的线程数"))
        elif newest.stuck:
            outcome = Outcome.FAIL if newest.stuck > STUCK_FAIL else Outcome.WARN
            findings.append(Finding(outcome, f"{name} 有 {newest.stuck} 个线程卡住"))
        elif newest.stuck_today:
            findings.append(Finding(Outcome.WARN, f"{name} 最近一天有 {newest.stuck_today} 个线程卡住过（BEA-000337）"))
        queues = [reading.queue for reading in readings if reading.queue is not None]
        if len(queues) < len(readings):
            findings.append(Finding(Outcome.UNKNOWN, f"{name} 没有给出排队的请求数"))
        elif queues[-1] > queues[0]:
            findings.append(Finding(Outcome.WARN, f"{name} 的请求队列在增长（{queues[0]} → {queues[-1]}）"))
    advice = "请在控制台“监视－线程”转储线程堆栈，多半在等数据库或外部系统；查明后再重启该服务器。"
    return verdict("没有卡住的线程，队列不增长", names(told), findings, advice)


def _number(value: int | None) -> str:
    return "—" if value is None else str(value)
