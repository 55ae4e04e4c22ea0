"""The verdicts on a domain's facts: pure, by the thresholds of the checks' design."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.checks.model import Outcome, Verdict, worst
from app.checks.weblogic.facts import Deployed, Module, Page, Pool, Reading, Servers, ServerState, Topology
from app.site.model import Site, WebLogic

STUCK_FAIL = 10  # more stuck threads than this fail
HEAP_WARN, HEAP_FAIL = 150, 50  # permille of the maximum heap that is free
SLOW_SECONDS = 3.0
GOING_UP = ("STARTING", "RESUMING")
DOWN = ("SHUTDOWN", "UNKNOWN")


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


def judge_topology(topology: Topology, target: WebLogic) -> Verdict:
    """集成部署: one Domain, many Servers, none of them twice at the same machine, address and port."""
    planned = target.expect.servers
    configured = [server.name for server in topology.servers]
    admin = topology.admin or "AdminServer"
    managed = [name for name in configured if name != admin]
    expected = "一个 Domain、多个 Server" + (f"：{names(planned)}" if planned else "")
    actual = f"Domain {topology.domain or '（未报名称）'}，Server {len(configured)} 个：{names(configured)}"
    servers = [
        {"name": s.name, "address": s.address, "port": s.port, "machine": s.machine or ""} for s in topology.servers
    ]
    findings = []
    if not managed:
        findings.append(Finding(Outcome.FAIL, "没有受管服务器，不是一个 Domain 多个 Server"))
    lacking = [name for name in planned if name not in configured]
    if lacking:
        findings.append(Finding(Outcome.FAIL, f"这个 Domain 里没有方案中的 {names(lacking)}"))
    extra = [name for name in managed if planned and name not in planned]
    if extra:
        findings.append(Finding(Outcome.FAIL, f"多出方案里没有的 {names(extra)}"))
    findings += _places(topology)
    advice = "请在控制台“环境－服务器”核对配置；集成部署应把各 Server 建在同一个 Domain 里。"
    return verdict(expected, actual, findings, advice, {"domain": topology.domain, "servers": servers})


def _places(topology: Topology) -> list[Finding]:
    """What is wrong with where the servers are."""
    if not topology.complete or any(server.port is None for server in topology.servers):
        return [Finding(Outcome.UNKNOWN, "管理接口没有给出各 Server 的地址和端口，不能核对是否重复")]
    places = [(server.machine or "", server.address, server.port) for server in topology.servers]
    findings = [
        Finding(
            Outcome.FAIL, f"{server.name} 与别的 Server 的机器、地址、端口相同（{server.address or '*'}:{server.port}）"
        )
        for server, place in zip(topology.servers, places, strict=True)
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
    findings = [finding for name in planned if (finding := _state_finding(name, states.get(name)))]
    advice = "请在控制台“环境－服务器－控制”中启动，或查看该服务器的日志；启动完后重新检查。"
    return verdict(f"{names(planned)} 均为 RUNNING", actual, findings, advice, observed)


def _state_finding(name: str, state: ServerState | None) -> Finding | None:
    if state is None:
        return Finding(Outcome.FAIL, f"没有 {name}")
    if state.running:
        return None
    if not state.state:
        return Finding(Outcome.UNKNOWN, f"{name} 的状态为空")
    if state.state in GOING_UP:
        return Finding(Outcome.UNKNOWN, f"{name} 还在启动（{state.state}），请稍后重新检查")
    if state.state in DOWN and state.port_answers:
        return Finding(Outcome.UNKNOWN, f"{name} 报为 {state.state}，但它的端口有应答（管理服务器可能与它失去联系）")
    if state.state == "UNKNOWN" and state.port_answers is None:
        return Finding(Outcome.UNKNOWN, f"{name} 报为 UNKNOWN，它的端口无从核对")
    return Finding(Outcome.FAIL, f"{name} 为 {state.state}")


def not_judged(states: Sequence[ServerState], target: WebLogic, what: str) -> list[Finding]:
    """A planned server (without a plan, any configured one) that does not run has no ``what`` to judge."""
    wanted = target.expect.servers or tuple(state.name for state in states)
    running = {state.name for state in states if state.running}
    return [Finding(Outcome.UNKNOWN, f"{name} 没有运行，无从判断{what}") for name in wanted if name not in running]


def judge_health(servers: Servers, target: WebLogic) -> Verdict:
    """OVERLOADED in one sample is WARN, in two FAIL; CRITICAL and FAILED are FAIL."""
    findings = not_judged(servers.states, target, "健康状态")
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
    if current is not None and free is not None and most and free <= current <= most:
        return (free + most - current) * 1000 // most
    percent = reading.heap_free_percent
    return percent * 10 if percent is not None and percent <= 100 else None


def judge_heap(servers: Servers, target: WebLogic) -> Verdict:
    """The best of the samples of each server: before a collection little is free on every healthy server."""
    findings = not_judged(servers.states, target, "堆内存")
    told = []
    for name, readings in servers.readings.items():
        free = max((value for reading in readings if (value := free_permille(reading)) is not None), default=None)
        told.append(f"{name} 空闲 {free / 10:.1f}%" if free is not None else f"{name} 未报")
        if free is None:
            findings.append(Finding(Outcome.UNKNOWN, f"{name} 没有给出可用的堆内存数值"))
        elif free < HEAP_FAIL:
            words = f"{name} 堆内存空闲不足 5%；日志里是否有 OutOfMemoryError 未能查看"
            findings.append(Finding(Outcome.WARN, words))
        elif free < HEAP_WARN:
            findings.append(Finding(Outcome.WARN, f"{name} 堆内存空闲不足 15%"))
    advice = "请在业务低峰再看一次；仍低时查看日志有无 OutOfMemoryError，并按方案加大 -Xmx。"
    return verdict("各 Server 空闲堆内存不少于最大值的 15%", names(told), findings, advice)


def judge_threads(servers: Servers, target: WebLogic) -> Verdict:
    """Stuck threads, and a queue that grew between two samples."""
    findings = not_judged(servers.states, target, "线程")
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
        if len(readings) > 1 and (newest.queue or 0) > (readings[0].queue or 0):
            findings.append(Finding(Outcome.WARN, f"{name} 的请求队列在增长"))
    advice = "请在控制台“监视－线程”转储线程堆栈，多半在等数据库或外部系统；查明后再重启该服务器。"
    return verdict("没有卡住的线程，队列不增长", names(told), findings, advice)


def _number(value: int | None) -> str:
    return "—" if value is None else str(value)


def judge_datasources(deployed: Deployed, target: WebLogic) -> Verdict:
    """The planned data sources Running on each server they are meant for."""
    planned = target.expect.datasources
    actual = names(_pool_words(name, pools) for name, pools in deployed.found.items())
    if not planned:
        return unplanned("数据源", actual)
    findings = [finding for name in planned for finding in _planned_findings(name, deployed, target, _pool_findings)]
    advice = "请在控制台“服务－数据源－监视/控制”中查看并恢复；测试连接失败时先做数据库检查。"
    return verdict(f"{names(planned)} 在每个目标上为 Running", actual, findings, advice)


def _pool_words(name: str, pools: Sequence[Any]) -> str:
    return f"{name}（{'、'.join(f'{pool.server} {pool.state}' for pool in pools) or '无实例'}）"


def _pool_findings(name: str, pool: Pool) -> list[Finding]:
    where = f"{name} 在 {pool.server}"
    if not pool.state:
        return [Finding(Outcome.UNKNOWN, f"{where} 的状态为空")]
    if pool.state != "RUNNING":
        return [Finding(Outcome.FAIL, f"{where} 为 {pool.state}")]
    if pool.waiting:
        return [Finding(Outcome.WARN, f"{where} 有 {pool.waiting} 个请求在等连接")]
    if pool.maximum and pool.high is not None and pool.high >= pool.maximum:
        return [Finding(Outcome.WARN, f"{where} 的连接曾用到上限 {pool.maximum}")]
    if not pool.made:
        words = "从未建立过连接" if pool.made == 0 else "是否建立过连接没有报告"
        return [Finding(Outcome.UNKNOWN, f"{where} {words}，不能证明可用")]
    return []


def judge_applications(deployed: Deployed, target: WebLogic) -> Verdict:
    """The planned applications active on each server they are meant for."""
    planned = target.expect.applications
    actual = names(_module_words(name, modules) for name, modules in deployed.found.items() if name in planned)
    if not planned:
        return unplanned("应用清单", names(deployed.found))
    findings = [finding for name in planned for finding in _planned_findings(name, deployed, target, _module_findings)]
    advice = "请在控制台“部署”中查看该应用的状态和服务器日志，重新启动后再检查。"
    return verdict(f"{names(planned)} 在每个目标上为活动状态", actual, findings, advice)


def _module_words(name: str, modules: Sequence[Any]) -> str:
    words = {True: "活动", False: "未活动", None: "未报"}
    return f"{name}（{'、'.join(f'{module.server} {words[module.active]}' for module in modules) or '无实例'}）"


def _module_findings(name: str, module: Module) -> list[Finding]:
    where = f"{name} 在 {module.server}"
    if module.active is None:
        return [Finding(Outcome.UNKNOWN, f"{where} 没有报告是否活动")]
    if not module.active:
        return [Finding(Outcome.FAIL, f"{where} 没有处于活动状态")]
    if module.health in ("FAILED", "CRITICAL"):
        return [Finding(Outcome.FAIL, f"{where} 的健康状态为 {module.health}")]
    return []


def _planned_findings(name: str, deployed: Deployed, target: WebLogic, judge: Any) -> list[Finding]:
    """What is wrong with one planned thing on every server it is meant for."""
    parts = {part.server: part for part in deployed.found.get(name, ())}
    running = {state.name for state in deployed.states if state.running}
    if deployed.targets is None:
        return _untargeted_findings(name, parts, running, target, deployed, judge)
    wanted = deployed.targets.get(name)
    if wanted is None:
        return [Finding(Outcome.FAIL, f"没有 {name}")]
    if not wanted:
        return [Finding(Outcome.FAIL, f"{name} 没有部署到任何 Server")]
    findings: list[Finding] = []
    for server in wanted:
        if server not in running:
            findings.append(Finding(Outcome.FAIL, f"{name} 的目标 {server} 没有运行"))
        elif server not in parts:
            findings.append(Finding(Outcome.FAIL, f"{name} 在 {server} 上不存在"))
        else:
            findings += judge(name, parts[server])
    return findings


def _untargeted_findings(
    name: str, parts: Mapping[str, Any], running: set[str], target: WebLogic, deployed: Deployed, judge: Any
) -> list[Finding]:
    """As above where the interface does not tell the targets: a server that is down may be one of them."""
    if name not in deployed.found:
        return [Finding(Outcome.FAIL, f"没有 {name}")]
    if not parts:
        return [Finding(Outcome.UNKNOWN, f"{name} 没有运行中的实例可看")]
    down = [server for server in target.expect.servers if server not in running]
    missed = [Finding(Outcome.UNKNOWN, f"{server} 没有运行，{name} 是否应在其上不能确定") for server in down]
    return [*missed, *(finding for part in parts.values() for finding in judge(name, part))]


def judge_pages(pages: Sequence[Page], target: WebLogic, site: Site) -> Verdict:  # noqa: ARG001 - Check.compare's shape
    """Every application address answers its log-in page, with a title and quickly."""
    findings = [finding for page in pages for finding in _page_findings(page)]
    told = names(_page_words(page) for page in pages)
    advice = "请用浏览器打开该地址核对；打不开时查看应用部署、服务器状态和网络。"
    return verdict("登录页应答 200，有标题，3 秒内", told, findings, advice)


def _page_words(page: Page) -> str:
    if page.trouble:
        return f"{page.url} {page.trouble}"
    return f"{page.url} HTTP {page.status}“{page.title}”{page.seconds:.2f} 秒"


def _page_findings(page: Page) -> list[Finding]:
    if page.trouble:
        return [Finding(Outcome.FAIL if page.failed else Outcome.UNKNOWN, f"{page.url} {page.trouble}")]
    if page.status != 200:
        return [Finding(Outcome.FAIL, f"{page.url} 应答 HTTP {page.status}")]
    if not page.title:
        return [Finding(Outcome.FAIL, f"{page.url} 的页面没有标题")]
    if page.seconds >= SLOW_SECONDS:
        return [Finding(Outcome.WARN, f"{page.url} 用了 {page.seconds:.1f} 秒")]
    return []
