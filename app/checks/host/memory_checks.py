"""host.memory, host.swap and host.load: WARN at most, the plan has no values for them."""

from __future__ import annotations

from app.checks.host import commands, memory_reports
from app.checks.host.memory_reports import Load, Memory, Swap
from app.checks.host.session import HostSession, succeeded
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Host, Site

KIB_PER_GIB = 1 << 20
MEMORY_PERCENT = 90
SWAP_PERCENT = 70  # of the paging space: what IBM advises to stay below
RESERVED_PERCENT = 90  # of all virtual memory
LOAD_PER_PROCESSOR = 150  # hundredths, over five minutes: what Zabbix' templates of Unix systems warn at
LOW = 100 - MEMORY_PERCENT


def gather_memory(session: HostSession, target: Host) -> Memory:  # noqa: ARG001 - the shape of Check.gather
    session.begin()
    name, own = session.commands()
    if name == "Linux":
        return session.asked(own.memory, memory_reports.linux_memory)
    if name == "AIX":
        return session.asked(own.memory, memory_reports.aix_memory)
    total, free, *further = own.memory
    first, second = (succeeded(command, session.run(command)) for command in (total, free))
    if name == "HP-UX":
        return memory_reports.hp_ux_memory(first, second)
    memory = memory_reports.solaris_memory(first, second)
    return (
        memory if not _scarce(memory) else memory_reports.solaris_memory(first, second, session.run(further[0]).stdout)
    )


def _scarce(memory: Memory) -> bool:
    return memory.available * 100 <= memory.total * LOW


def compare_memory(memory: Memory, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    expected = f"内存使用率低于 {MEMORY_PERCENT}%"
    actual = f"共 {memory.total / KIB_PER_GIB:.1f} GiB，可用 {memory.available / KIB_PER_GIB:.1f} GiB"
    if not _scarce(memory):
        return Verdict(Outcome.PASS, expected, actual)
    used = 100 - memory.available * 100 / memory.total
    if not memory.whole:
        reason = f"空闲内存不到一成（已用 {used:.0f}%），但其中有多少是可以收回的文件缓存看不出来"
        return Verdict(Outcome.UNKNOWN, expected, actual, reason, "请用 glance、top 或 mdb 的 ::memstat 人工核对。")
    return Verdict(Outcome.WARN, expected, actual, f"内存已用 {used:.0f}%", "请查看占用内存的进程，或增加内存。")


def gather_swap(session: HostSession, target: Host) -> Swap:  # noqa: ARG001
    session.begin()
    name, own = session.commands()
    if name == "SunOS":
        listed, summary = (session.run(command) for command in own.swap)
        said = listed.stdout or listed.stderr  # without devices it says so by its status too
        return memory_reports.solaris_swap(said, succeeded(own.swap[1], summary))
    readers = {
        "Linux": memory_reports.linux_swap,
        "AIX": memory_reports.aix_swap,
        "HP-UX": memory_reports.hp_ux_swap,
    }
    return session.asked(own.swap, readers[name])


def compare_swap(swap: Swap, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    expected = f"有交换空间，使用率低于 {SWAP_PERCENT}%"
    if not swap.total:
        advice = "请按 Oracle、WebLogic 的安装要求配置交换空间。"
        return Verdict(Outcome.WARN, expected, "没有交换空间", "该主机没有交换空间", advice)
    used = swap.used * 100 // swap.total
    actual = f"共 {swap.total / KIB_PER_GIB:.1f} GiB，已用 {used}%"
    actual += "" if swap.reserved is None else f"；虚拟内存已分配与预留 {swap.reserved}%"
    if swap.used * 100 >= swap.total * SWAP_PERCENT:
        return Verdict(
            Outcome.WARN, expected, actual, f"交换空间已用 {used}%", "内存可能不足，请查看占用内存的进程，或增加内存。"
        )
    if swap.reserved is not None and swap.reserved >= RESERVED_PERCENT:
        reason = f"虚拟内存已分配与预留 {swap.reserved}%"
        return Verdict(Outcome.WARN, expected, actual, reason, "请增加交换空间，否则新进程可能起不来。")
    return Verdict(Outcome.PASS, expected, actual)


def gather_load(session: HostSession, target: Host) -> Load:  # noqa: ARG001
    session.begin()
    name, own = session.commands()
    averages = memory_reports.averages(succeeded(commands.LOAD, session.run(commands.LOAD)))
    try:
        processors = memory_reports.processors(name, succeeded(own.processors, session.run(own.processors)))
    except Undetermined:
        session.going_on()
        processors = 0
    return Load(averages, processors)


def compare_load(load: Load, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    """One processor there is at least, so little load passes whatever their number is."""
    expected = f"5 分钟平均负载低于每个处理器 {LOAD_PER_PROCESSOR / 100:g}"
    shown = "、".join(f"{value / 100:.2f}" for value in load.averages)
    actual = f"1、5、15 分钟平均负载 {shown}；处理器 {load.processors or '（未知）'} 个"
    five = load.averages[1]
    if five < LOAD_PER_PROCESSOR * max(1, load.processors):
        return Verdict(Outcome.PASS, expected, actual)
    if not load.processors:
        return Verdict(Outcome.UNKNOWN, expected, actual, "没有读到处理器个数，无从判断负载高低", "请人工核对。")
    reason = f"5 分钟平均负载 {five / 100:.2f}，处理器 {load.processors} 个"
    return Verdict(Outcome.WARN, expected, actual, reason, "请查看占用处理器的进程，避开业务高峰再检查一次。")
