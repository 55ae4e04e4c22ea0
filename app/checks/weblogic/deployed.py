"""The verdicts on what is deployed on a domain's servers, data sources and applications: pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.checks.model import Outcome, Verdict
from app.checks.weblogic.facts import Deployed, Module, Pool
from app.checks.weblogic.judging import ADMIN, Finding, names, unplanned, verdict
from app.checks.weblogic.monitoring import BY_OTHER_WAYS
from app.site.model import WebLogic

Judge = Callable[[str, Any], list[Finding]]


def judge_datasources(deployed: Deployed, target: WebLogic) -> Verdict:
    """The planned data sources Running on each server they are meant for."""
    planned = target.expect.datasources
    shown = [name for name in deployed.found if not planned or name in planned]
    actual = names(_pool_words(name, deployed.found[name]) for name in shown)
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
    if pool.waiting is None or not _below_maximum(pool):
        return [Finding(Outcome.UNKNOWN, f"{where} 没有报告等待数或最大连接数，不能判断连接是否够用")]
    return []


def _below_maximum(pool: Pool) -> bool:
    """Whether fewer connections than the maximum were ever in use; the most ever open may stand for the maximum."""
    bound = pool.maximum or pool.opened
    return bound is not None and pool.high is not None and pool.high < bound


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


def _planned_findings(name: str, deployed: Deployed, target: WebLogic, judge: Judge) -> list[Finding]:
    """What is wrong with one planned thing on every server it is meant for."""
    parts = _by_server(deployed.found.get(name, ()))
    if deployed.targets is None:
        return _untargeted_findings(name, parts, deployed, target, judge)
    wanted = deployed.targets.get(name)
    if wanted is None:
        return [Finding(Outcome.FAIL, f"没有 {name}")]
    if not wanted:
        return [Finding(Outcome.FAIL, f"{name} 没有部署到任何 Server")]
    return [finding for server in wanted for finding in _on_target(name, server, parts, deployed, judge)]


def _on_target(name: str, server: str, parts: Mapping[str, Any], deployed: Deployed, judge: Judge) -> list[Finding]:
    running = {state.name: state.running for state in deployed.states}
    if server not in running:
        return [Finding(Outcome.UNKNOWN, f"{name} 的目标 {server} 不是 Server，无从核对")]
    if not running[server]:
        return [Finding(Outcome.FAIL, f"{name} 的目标 {server} 没有运行")]
    if server in parts:
        return judge(name, parts[server])
    if "" in parts:
        return [Finding(Outcome.UNKNOWN, f"{name} 有一处没有说明在哪个 Server 上，{server} 上是否存在不能确定")]
    return [Finding(Outcome.FAIL, f"{name} 在 {server} 上不存在")]


def _by_server(parts: Sequence[Any]) -> dict[str, Any]:
    """The part of each server. Of two versions of an application (production redeployment) the active one counts, of
    two pools of a data source the one that does not run.
    """
    found: dict[str, Any] = {}
    for part in parts:
        counts = part.state != "RUNNING" if isinstance(part, Pool) else part.active
        if part.server not in found or counts:
            found[part.server] = part
    return found


def _untargeted_findings(
    name: str, parts: Mapping[str, Any], deployed: Deployed, target: WebLogic, judge: Judge
) -> list[Finding]:
    """As above where the interface does not tell the targets: a planned server without it may be one of them."""
    if name not in deployed.found:
        return [Finding(Outcome.FAIL, f"没有 {name}")]
    if not parts:
        return [Finding(Outcome.UNKNOWN, f"{deployed.telling} 没有给出 {name} 在各 Server 上的状态；{BY_OTHER_WAYS}")]
    running = {state.name for state in deployed.states if state.running}
    missed = [Finding(Outcome.UNKNOWN, f"{name} 有一处没有说明在哪个 Server 上")] if "" in parts else []
    for server in target.expect.servers:
        if server not in running:
            missed.append(Finding(Outcome.UNKNOWN, f"{server} 没有运行，{name} 是否应在其上不能确定"))
        elif server not in parts and server != ADMIN:
            words = f"{server} 上没有 {name}，而 {deployed.telling} 不提供部署目标，是否应在其上不能确定"
            missed.append(Finding(Outcome.UNKNOWN, words))
    return [*missed, *(finding for part in parts.values() for finding in judge(name, part))]
