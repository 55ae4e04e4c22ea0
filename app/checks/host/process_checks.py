"""host.java, host.processes and host.clock: what runs there, and by which time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.checks import versions
from app.checks.clock import compare_clock
from app.checks.host import commands, parsers
from app.checks.host.parsers import Process
from app.checks.host.session import HostSession, succeeded
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Host, Site

LINUX = "Linux"
WEBLOGIC = "-Dweblogic.Name="
MOST_JAVAS = 4
MOST_KEPT = 60  # lines of ps that the transcript keeps


def _kept(planned: tuple[str, ...]) -> Callable[[str], str]:
    """What of ps goes into the transcript: the lines that matter, without passwords."""

    def kept(text: str) -> str:
        lines = [line for line in text.splitlines() if any(word in line for word in (*planned, WEBLOGIC, "PID "))]
        total = len(text.splitlines())
        return "\n".join([*(parsers.without_secrets(line) for line in lines[:MOST_KEPT]), f"（共 {total} 行）"])

    return kept


@dataclass(frozen=True)
class Listed:
    """``narrow``: the system's ps may cut arguments off at any length."""

    processes: tuple[Process, ...]
    narrow: bool = False


def listed(session: HostSession, planned: tuple[str, ...] = ()) -> Listed:
    """The host's processes; ``planned`` are kept in the transcript beside WebLogic's. Raises Undetermined."""
    name, own = session.commands()
    return Listed(session.asked(own.processes, parsers.processes, _kept(planned)), narrow=name != LINUX)


@dataclass(frozen=True)
class Java:
    """``version``: "" where it could not be had, and then ``trouble`` says why."""

    path: str
    version: str
    trouble: str = ""


def gather_java(session: HostSession, target: Host) -> tuple[Java, ...]:  # noqa: ARG001 - the shape of Check.gather
    """The Java that each running WebLogic process runs on, by the process's own path."""
    session.begin()
    seen = listed(session)
    found = [one for one in seen.processes if WEBLOGIC in one.arguments and _is_java(one)]
    paths = tuple(dict.fromkeys(one.program for one in found))
    if not paths:
        raise Undetermined("没有看到正在运行的 WebLogic 进程，无从得知它用的 Java", "请启动 WebLogic 后再检查。")
    left_out = tuple(Java(path, "", f"{path} 没有查：进程用了 {len(paths)} 种 Java") for path in paths[MOST_JAVAS:])
    return (*(_java(session, path) for path in paths[:MOST_JAVAS]), *left_out, *_unseen(seen))


def _unseen(seen: Listed) -> tuple[Java, ...]:
    """Java processes that may be WebLogic's: what would tell may have been cut off."""
    others = [one for one in seen.processes if _is_java(one) and WEBLOGIC not in one.arguments]
    if not seen.narrow or not parsers.may_hide(WEBLOGIC, seen.processes):
        return ()
    reason = "参数被 ps 截短，看不出是不是 WebLogic"
    return tuple(
        Java(one.program, "", f"进程 {one.pid} 的{reason}") for one in others if parsers.is_cut(one, seen.processes)
    )


def _is_java(process: Process) -> bool:
    return process.program.rpartition("/")[2] == "java"


def _java(session: HostSession, path: str) -> Java:
    command = commands.java_version(path)
    if not command:
        return Java(path, "", f"进程的 java 写作“{path[:80]}”，不是可以安全执行的绝对路径")
    printed = session.run(command)
    version = parsers.java(printed.stderr) or parsers.java(printed.stdout)
    return Java(path, version, "" if version else f"{path} -version 的输出无法理解")


def compare_java(javas: tuple[Java, ...], target: Host, site: Site) -> Verdict:  # noqa: ARG001
    wanted = target.expect.java
    actual = "；".join(f"{one.path} {one.version or '（未知）'}" for one in javas)
    observed = {"java": "、".join(dict.fromkeys(one.version for one in javas if one.version))}
    trouble = [one.trouble for one in javas if one.trouble]
    if not wanted and not trouble:
        return Verdict(
            Outcome.NOT_APPLICABLE, "方案未规定", actual, "方案未规定 Java 版本，仅作记录", observed=observed
        )
    expected = f"Java {wanted}" if wanted else "方案未规定"
    wrong = [one for one in javas if wanted and one.version and not versions.satisfies(one.version, wanted)]
    if wrong:
        reason = "；".join(f"{one.path} 是 {one.version}，方案要求 {wanted}" for one in wrong)
        return Verdict(Outcome.FAIL, expected, actual, reason, "请按方案更换 WebLogic 使用的 JDK。", observed)
    if trouble:
        return Verdict(Outcome.UNKNOWN, expected, actual, "；".join(trouble), "请人工核对该进程的 Java。", observed)
    return Verdict(Outcome.PASS, expected, actual, observed=observed)


def gather_processes(session: HostSession, target: Host) -> Listed:
    session.begin()
    return listed(session, target.expect.processes)


def compare_processes(seen: Listed, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    """Each planned text stands in the arguments of some process; arguments that may be cut off prove no absence."""
    planned, found = target.expect.processes, seen.processes
    if not planned:
        return Verdict(Outcome.NOT_APPLICABLE, "方案未规定", f"共 {len(found)} 个进程", "方案未规定进程，仅作记录")
    expected = f"正在运行：{'、'.join(planned)}"
    missing = [text for text in planned if not parsers.running(text, found)]
    there = [f"{text}（进程 {parsers.running(text, found)[0].pid}）" for text in planned if text not in missing]
    actual = f"看到 {'、'.join(there) or '（无）'}"
    if not missing:
        return Verdict(Outcome.PASS, expected, actual)
    reason = f"没有看到 {'、'.join(missing)}"
    if _cut(seen, missing):
        advice = "请在该主机上用 ps -ef 或 /proc/<进程>/cmdline 人工核对。"
        return Verdict(Outcome.UNKNOWN, expected, actual, f"{reason}；但 ps 截短了参数，不能断定没有运行", advice)
    if parsers.only_own(found):
        advice = "请用能看到全部进程的用户检查，或在该主机上人工核对。"
        return Verdict(Outcome.UNKNOWN, expected, actual, f"{reason}；但该用户看不到别人的进程（hidepid）", advice)
    return Verdict(Outcome.FAIL, expected, actual, reason, "请启动缺少的进程，再检查。")


def _cut(seen: Listed, missing: Sequence[str]) -> bool:
    """Whether what is missing may stand in arguments that were cut off."""
    if parsers.cut_short(seen.processes):
        return True
    return seen.narrow and any(parsers.may_hide(text, seen.processes) for text in missing)


def gather_clock(session: HostSession, target: Host) -> float:  # noqa: ARG001
    """The host's clock minus ours, in seconds: its answer against the middle of the round trip."""
    session.begin()
    _, own = session.commands()
    trouble: Undetermined | None = None
    for command in own.date:
        asked = time.time()
        printed = session.run(command)
        try:
            offset = parsers.seconds(succeeded(command, printed)) - (asked + printed.seconds / 2)
        except Undetermined as error:
            trouble = trouble or error
            continue
        session.offset_seconds = offset
        return offset
    raise trouble or Undetermined("没有读到时钟")


def compare_one_clock(offset: float, target: Host, site: Site) -> Verdict:
    return compare_clock({target.id: offset}, target, site)
