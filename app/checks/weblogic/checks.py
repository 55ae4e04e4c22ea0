"""What is asked of a WebLogic domain, in which order. Gathering and judging is that of the modules named here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.checks.clock import compare_clock
from app.checks.model import Check, Facts, Outcome, Verdict
from app.checks.versions import parts, satisfies
from app.checks.weblogic import (
    console,
    deployed,
    gathering,
    judging,
    pages,
    remote_access,
    setting_facts,
    settings,
    shows,
    t3,
)
from app.checks.weblogic.judging import unplanned
from app.checks.weblogic.session import base_of
from app.site.model import Site, WebLogic

INSTALLED = "三、部署应用系统（二）1"
DEPLOYED = "三、部署应用系统（二）2"
DEBUGGED = "三、部署应用系统（三）"
SECONDS = 120.0  # where there is no REST, the domain's own tool has to start first
NOT_INTEGRATED = "现场配置写明不是集成部署（integrated = false）"


def compare_port(greeting: t3.Greeting, target: WebLogic, site: Site) -> Verdict:  # noqa: ARG001
    return t3.judge(greeting, base_of(target.url).partition("//")[2])


def compare_version(found: str, target: WebLogic, site: Site) -> Verdict:  # noqa: ARG001
    observed, wanted = {"version": found}, target.expect.version
    if not wanted:
        return unplanned("版本", f"WebLogic {found}", observed)
    if satisfies(padded(found, wanted), wanted):
        return Verdict(Outcome.PASS, wanted, f"WebLogic {found}", observed=observed)
    advice = "请核对安装介质与方案；方案有变时改正现场配置文件里的版本。"
    return Verdict(Outcome.FAIL, wanted, f"WebLogic {found}", "版本与方案不符", advice, observed)


def padded(found: str, wanted: str) -> str:
    """``found`` with zeros up to the length of ``wanted``: before 12.2.1 T3 greets with four parts, or with five."""
    return found + ".0" * max(0, len(parts(wanted)) - len(parts(found)))


def on_target(judge: Callable[[Any, WebLogic], Verdict]) -> Callable[[Facts, WebLogic, Site], Verdict]:
    """``judge`` in the shape of Check.compare."""
    return lambda facts, target, site: judge(facts, target)


def compare_one_clock(offset: float, target: WebLogic, site: Site) -> Verdict:
    return compare_clock({target.id: offset}, target, site)


def only_integrated(target: WebLogic, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "" if site.integrated else NOT_INTEGRATED


def without_pages(target: WebLogic, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "" if target.application_urls else "方案未规定：没有登记应用地址（application_urls）"


def check(name: str, title: str, clause: str, **parts: Any) -> Check:
    return Check(id=f"weblogic.{name}", kind="weblogic", table="weblogic", title=title, clause=clause, **parts)


CHECKS: tuple[Check, ...] = (
    check(
        "port",
        "管理端口（T3）",
        INSTALLED,
        gather=gathering.port,
        compare=compare_port,
        shows=shows.port,
        definition="2",
    ),
    check(
        "version",
        "WebLogic 版本",
        INSTALLED,
        gather=gathering.version,
        compare=compare_version,
        shows=shows.version,
        seconds=SECONDS,
        definition="3",
    ),
    check(
        "clock",
        "时钟",
        INSTALLED,
        gather=setting_facts.clock,
        compare=compare_one_clock,
        compare_all=compare_clock,
        shows=shows.clock,
        definition="1",
    ),
    check(
        "console",
        "管理控制台",
        INSTALLED,
        gather=console.gather,
        compare=console.compare,
        shows=shows.console,
        seconds=pages.ALL_SECONDS,
        definition="1",
    ),
    check(
        "topology",
        "集成部署结构",
        INSTALLED,
        gather=gathering.topology,
        compare=on_target(judging.judge_topology),
        applies=only_integrated,
        shows=shows.topology,
        seconds=SECONDS,
        definition="3",
    ),
    check(
        "servers",
        "各 Server 运行",
        INSTALLED,
        gather=gathering.states,
        compare=on_target(judging.judge_servers),
        shows=shows.states,
        seconds=SECONDS,
        definition="3",
    ),
    check(
        "jdk",
        "JDK 版本",
        INSTALLED,
        gather=setting_facts.jdk,
        compare=on_target(settings.judge_jdk),
        shows=shows.jdk,
        seconds=SECONDS,
        definition="1",
    ),
    check(
        "security",
        "安全设置",
        INSTALLED,
        gather=setting_facts.security,
        compare=on_target(settings.judge_security),
        shows=shows.security,
        seconds=SECONDS,
        definition="1",
    ),
    check(
        "health",
        "健康状态",
        INSTALLED,
        gather=gathering.health,
        compare=on_target(judging.judge_health),
        shows=shows.readings,
        seconds=SECONDS,
        definition="3",
    ),
    check(
        "heap",
        "堆内存",
        INSTALLED,
        gather=gathering.heap,
        compare=on_target(judging.judge_heap),
        shows=shows.heap,
        seconds=SECONDS,
        definition="3",
    ),
    check(
        "threads",
        "线程",
        INSTALLED,
        gather=gathering.threads,
        compare=on_target(judging.judge_threads),
        shows=shows.threads,
        seconds=SECONDS,
        definition="3",
    ),
    check(
        "datasources",
        "数据源",
        DEPLOYED,
        gather=gathering.datasources,
        compare=on_target(deployed.judge_datasources),
        shows=shows.datasources,
        seconds=SECONDS,
        definition="3",
    ),
    check(
        "applications",
        "应用部署",
        DEPLOYED,
        gather=gathering.applications,
        compare=on_target(deployed.judge_applications),
        shows=shows.applications,
        seconds=SECONDS,
        definition="3",
    ),
    check(
        "application_url",
        "应用登录页",
        DEBUGGED,
        gather=pages.gather,
        compare=pages.compare,
        applies=without_pages,
        shows=shows.pages,
        seconds=pages.ALL_SECONDS,
        definition="2",
    ),
    Check(
        id="joint.remote_access",
        kind="joint",
        table="weblogic",
        title="省本级用户远程访问",
        clause="四、系统联调测试（一）",
        gather=remote_access.gather,
        compare=remote_access.compare,
        shows=remote_access.shows,
        applies=without_pages,
        seconds=80.0,
        definition="1",
    ),
)
