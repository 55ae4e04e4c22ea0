"""host.os, host.disk and host.memory: the system and its space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.checks import versions
from app.checks.host import commands, parsers
from app.checks.host.parsers import FileSystem, Table
from app.checks.host.session import HostSession
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Host, Site

GIB = 1 << 30
KIB_PER_GIB = 1 << 20
WARN_PERCENT = 90
SLOW = "可能有失去响应的网络文件系统（NFS），请在该主机上用 mount 与 df 逐个核对。"


@dataclass(frozen=True)
class System:
    """``release``: os-release(5); empty where the host has none."""

    kernel: str
    name: str
    version: str


def gather_os(session: HostSession, target: Host) -> System:  # noqa: ARG001 - the shape of Check.gather
    session.begin()
    kernel = session.linux()
    printed = session.run(commands.RELEASE)
    release = parsers.os_release(printed.stdout) if printed.status == 0 else {}
    return System(kernel, release.get("PRETTY_NAME", "") or release.get("NAME", ""), release.get("VERSION_ID", ""))


def compare_os(system: System, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    actual = f"{system.name or '（没有 /etc/os-release）'}，内核 {system.kernel}"
    observed = {"os": system.name, "kernel": system.kernel}
    wanted = target.expect.os
    if not wanted:
        return Verdict(
            Outcome.NOT_APPLICABLE, "方案未规定", actual, "方案未规定操作系统版本，仅作记录", observed=observed
        )
    expected = f"操作系统版本 {wanted}"
    if not versions.parts(system.version):
        reason = f"没有读到可以比较的版本号（VERSION_ID 为“{system.version}”）"
        return Verdict(Outcome.UNKNOWN, expected, actual, reason, "请人工核对操作系统版本。", observed)
    if _too_short(system.version, wanted):
        reason = f"系统只报出 {system.version}，不到方案 {wanted} 的那一位"
        return Verdict(Outcome.UNKNOWN, expected, actual, reason, "请人工核对操作系统的小版本。", observed)
    if versions.satisfies(system.version, wanted):
        return Verdict(Outcome.PASS, expected, actual, observed=observed)
    reason = f"操作系统版本是 {system.version}，方案要求 {wanted}"
    return Verdict(Outcome.FAIL, expected, actual, reason, "请按方案升级，或由客户确认后调整方案。", observed)


def _too_short(version: str, wanted: str) -> bool:
    """VERSION_ID of CentOS 7.9 is a mere ``7``: neither below 7.6 nor known to be at it."""
    have, want = versions.parts(version), versions.parts(wanted)
    exact = not wanted.strip().startswith(">=")
    return have == want[: len(have)] and (exact or any(want[len(have) :])) and len(have) < len(want)


@dataclass(frozen=True)
class Space:
    bytes: Table
    inodes: Table


def gather_disk(session: HostSession, target: Host) -> Space:  # noqa: ARG001
    session.begin()
    session.linux()
    return Space(_table(session, commands.SPACE), _table(session, commands.INODES))


def _table(session: HostSession, command: str) -> Table:
    try:
        printed = session.run(command)
    except Undetermined as error:
        raise Undetermined(error.reason, error.advice or SLOW) from None
    if printed.status and not printed.stdout.strip():
        raise Undetermined(f"{command} 没有成功：{printed.stderr.strip()[:160]}")
    return parsers.file_systems(printed.stdout, whole=parsers.df_whole(printed.status, printed.stderr))


def compare_disk(space: Space, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    """FAIL only where a planned mount is missing or has less free than planned (GiB); else WARN at nine tenths."""
    plan = target.expect.free_gb
    planned = "、".join(f"{mount} 可用不少于 {free:g} GiB" for mount, free in plan.items())
    expected = "；".join([*([planned] if planned else []), f"各文件系统与 inode 使用率低于 {WARN_PERCENT}%"])
    actual = _shown(space.bytes, tuple(plan))
    below = [one for mount, free in plan.items() for one in _below(space.bytes, mount, free)]
    failed = [text for outcome, text in below if outcome is Outcome.FAIL]
    unsure = [text for outcome, text in below if outcome is Outcome.UNKNOWN] or _unseen(space)
    if failed:
        return Verdict(Outcome.FAIL, expected, actual, "；".join(failed), "请扩容或清理，再检查。")
    if unsure:
        return Verdict(Outcome.UNKNOWN, expected, actual, "；".join(unsure), SLOW)
    if full := [*_full(space.bytes, "空间"), *_full(space.inodes, "inode")]:
        return Verdict(Outcome.WARN, expected, actual, "；".join(full), "请清理或扩容。")
    return Verdict(Outcome.PASS, expected, actual)


def _below(table: Table, mount: str, free: float) -> Iterator[tuple[Outcome, str]]:
    row = table.at(mount)
    if row is None and (mount.rstrip("/") or "/") in table.unread:
        yield Outcome.UNKNOWN, f"df 没有报出 {mount} 的大小"
    elif row is None and table.whole:
        yield Outcome.FAIL, f"没有挂载 {mount}"
    elif row is None:
        yield Outcome.UNKNOWN, f"没有看到 {mount}，而 df 的输出不全"
    elif row.available < free * GIB:
        yield Outcome.FAIL, f"{mount} 可用 {row.available / GIB:.1f} GiB，方案要求 {free:g} GiB"


def _unseen(space: Space) -> list[str]:
    """Why what was seen says nothing of the rest."""
    if not (space.bytes.whole and space.inodes.whole):
        return ["df 的输出不全（有的行看不懂，或 df 报了错），没有看到的文件系统无从判断"]
    return [] if any(not row.pseudo for row in space.bytes.rows) else ["df 没有列出任何磁盘上的文件系统"]


def _full(table: Table, what: str) -> list[str]:
    covered = {row.mount: row for row in table.rows if not row.pseudo}
    return [f"{row.mount} 的{what}已用 {row.percent}%" for row in covered.values() if row.full]


def _shown(table: Table, mounts: tuple[str, ...]) -> str:
    rows: list[FileSystem] = [row for row in (table.at(mount) for mount in mounts) if row]
    rows = rows or [row for row in table.rows if not row.pseudo]
    return "；".join(f"{row.mount} 可用 {row.available / GIB:.1f} GiB，已用 {row.percent}%" for row in rows[:8])


def gather_memory(session: HostSession, target: Host) -> tuple[int, int]:  # noqa: ARG001
    session.begin()
    session.linux()
    return parsers.memory(session.run(commands.MEMORY).stdout)


def compare_memory(facts: tuple[int, int], target: Host, site: Site) -> Verdict:  # noqa: ARG001
    """WARN at most: the plan has no value for it, and caches come and go."""
    total, available = facts
    expected = f"内存使用率低于 {WARN_PERCENT}%"
    actual = f"共 {total / KIB_PER_GIB:.1f} GiB，可用 {available / KIB_PER_GIB:.1f} GiB"
    if (total - available) * 100 >= total * WARN_PERCENT:
        used = 100 - available * 100 / total
        return Verdict(Outcome.WARN, expected, actual, f"内存已用 {used:.0f}%", "请查看占用内存的进程，或增加内存。")
    return Verdict(Outcome.PASS, expected, actual)
