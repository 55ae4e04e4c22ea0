"""What is asked of a WebLogic domain, each with the requests it makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.checks.model import Check, Facts, Outcome, Verdict
from app.checks.versions import satisfies
from app.checks.weblogic import gathering, judging, modern, monitoring, t3
from app.checks.weblogic.judging import unplanned
from app.checks.weblogic.session import base_of
from app.site.model import Site, WebLogic

INSTALLED = "三、部署应用系统（二）1"
DEPLOYED = "三、部署应用系统（二）2"
DEBUGGED = "三、部署应用系统（三）"
NOT_INTEGRATED = "现场配置写明不是集成部署（integrated = false）"


def compare_port(greeting: t3.Greeting, target: WebLogic, site: Site) -> Verdict:  # noqa: ARG001
    return t3.judge(greeting, base_of(target.url).partition("//")[2])


def compare_version(found: str, target: WebLogic, site: Site) -> Verdict:  # noqa: ARG001
    observed, wanted = {"version": found}, target.expect.version
    if not wanted:
        return unplanned("版本", f"WebLogic {found}", observed)
    if satisfies(found, wanted):
        return Verdict(Outcome.PASS, wanted, f"WebLogic {found}", observed=observed)
    advice = "请核对安装介质与方案；方案有变时改正现场配置文件里的版本。"
    return Verdict(Outcome.FAIL, wanted, f"WebLogic {found}", "版本与方案不符", advice, observed)


def on_target(judge: Callable[[Any, WebLogic], Verdict]) -> Callable[[Facts, WebLogic, Site], Verdict]:
    """``judge`` in the shape of Check.compare."""
    return lambda facts, target, site: judge(facts, target)


def only_integrated(target: WebLogic, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "" if site.integrated else NOT_INTEGRATED


def has_pages(target: WebLogic, site: Site) -> bool:  # noqa: ARG001 - the shape of Check.concerns
    return bool(target.application_urls)


def shows_t3(target: WebLogic) -> Sequence[str]:
    greetings = (t3.GREETING.format(version=version).strip().replace("\n", " / ") for version in t3.OURS)
    return tuple(f"T3 问候 {base_of(target.url)}：{greeting}（不登录）" for greeting in greetings)


def shows_rest(*resources: str) -> Callable[[WebLogic], Sequence[str]]:
    """The requests over REST: those of the first of the interfaces that the domain has."""

    def shown(target: WebLogic) -> Sequence[str]:
        base = base_of(target.url)
        first = [f"GET {base}{modern.ROOT}/{resource}" for resource in ("domainConfig", *resources)]
        older = [f"GET {base}{paths.root}/…（没有前者时）" for paths in (monitoring.TENANT, monitoring.WLS)]
        return (*first, *older)

    return shown


def shows_pages(target: WebLogic) -> Sequence[str]:
    return tuple(f"GET {url}（不登录）" for url in target.application_urls)


RUNTIME = "domainRuntime/serverRuntimes/{server}"
STATES = "domainRuntime/serverLifeCycleRuntimes"


def check(name: str, title: str, clause: str, **parts: Any) -> Check:
    return Check(id=f"weblogic.{name}", kind="weblogic", table="weblogic", title=title, clause=clause, **parts)


CHECKS: tuple[Check, ...] = (
    check(
        "port", "管理端口（T3）", INSTALLED, gather=gathering.port, compare=compare_port, shows=shows_t3, definition="1"
    ),
    check(
        "version",
        "WebLogic 版本",
        INSTALLED,
        gather=gathering.version,
        compare=compare_version,
        shows=shows_t3,
        definition="1",
    ),
    check(
        "topology",
        "集成部署结构",
        INSTALLED,
        gather=gathering.topology,
        compare=on_target(judging.judge_topology),
        applies=only_integrated,
        shows=shows_rest("domainConfig/servers"),
        definition="1",
    ),
    check(
        "servers",
        "各 Server 运行",
        INSTALLED,
        gather=gathering.states,
        compare=on_target(judging.judge_servers),
        shows=shows_rest(STATES, "domainConfig/servers"),
        definition="1",
    ),
    check(
        "health",
        "健康状态",
        INSTALLED,
        gather=gathering.health,
        compare=on_target(judging.judge_health),
        shows=shows_rest(STATES, RUNTIME, f"{RUNTIME}/JVMRuntime"),
        definition="1",
    ),
    check(
        "heap",
        "堆内存",
        INSTALLED,
        gather=gathering.heap,
        compare=on_target(judging.judge_heap),
        shows=shows_rest(STATES, RUNTIME, f"{RUNTIME}/JVMRuntime"),
        definition="1",
    ),
    check(
        "threads",
        "线程",
        INSTALLED,
        gather=gathering.threads,
        compare=on_target(judging.judge_threads),
        shows=shows_rest(STATES, f"{RUNTIME}/threadPoolRuntime"),
        definition="1",
    ),
    check(
        "datasources",
        "数据源",
        DEPLOYED,
        gather=gathering.datasources,
        compare=on_target(judging.judge_datasources),
        shows=shows_rest(
            STATES,
            "domainConfig/servers",
            "domainConfig/JDBCSystemResources",
            "domainConfig/JDBCSystemResources/{name}/JDBCResource/JDBCConnectionPoolParams",
            f"{RUNTIME}/JDBCServiceRuntime/JDBCDataSourceRuntimeMBeans",
        ),
        definition="1",
    ),
    check(
        "applications",
        "应用部署",
        DEPLOYED,
        gather=gathering.applications,
        compare=on_target(judging.judge_applications),
        shows=shows_rest(
            STATES, "domainConfig/servers", "domainConfig/appDeployments", f"{RUNTIME}/applicationRuntimes"
        ),
        definition="1",
    ),
    check(
        "application_url",
        "应用登录页",
        DEBUGGED,
        gather=gathering.pages,
        compare=judging.judge_pages,
        concerns=has_pages,
        shows=shows_pages,
        seconds=70.0,
        definition="1",
    ),
)
