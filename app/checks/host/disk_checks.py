"""host.disk: what the planned directories have free, and which file systems fill up."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.checks.host import commands, file_systems
from app.checks.host.channels import Printed
from app.checks.host.commands import Commands
from app.checks.host.file_systems import FileSystem, Table
from app.checks.host.session import HostSession
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Host, Site

GIB = 1 << 30
WARN_PERCENT = 90
ALL, LOCAL, ONE = 12.0, 8.0, 4.0  # seconds for all file systems, the local ones, that of one path
BUDGET = 40.0  # seconds for all of it; the check has 45
SLOW = "可能有失去响应的网络文件系统（NFS），请在该主机上用 mount 与 df 逐个核对。"
NOT_THERE = re.compile(r"(?i)no such file|does not exist|not found|没有那个文件|0653-341")
NONE = Table((), whole=False)


@dataclass(frozen=True)
class Space:
    """``held``: for each planned directory that is no mount point the file system that it lies on; None where it does
    not exist, text where that could not be told. ``troubles``: what was not seen, and why.
    """

    bytes: Table
    inodes: Table
    held: Mapping[str, FileSystem | str | None] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()


def gather_disk(session: HostSession, target: Host) -> Space:
    session.begin()
    ends = time.monotonic() + BUDGET
    name, own = session.commands()
    space, inodes, troubles = _all(session, own)
    if own.inodes and not troubles:
        inodes, troubles = _inodes(session, own, name, space)
    missing = [
        mount for mount in target.expect.free_gb if space.at(mount) is None and _clean(mount) not in space.unread
    ]
    held = {mount: _held(session, own, _clean(mount), ends) for mount in missing}
    if not space.rows and not held:
        raise Undetermined("；".join(troubles), SLOW)
    return Space(space, inodes or NONE, held, troubles)


def _all(session: HostSession, own: Commands) -> tuple[Table, Table | None, tuple[str, ...]]:
    """Space, inodes where the same command tells of them, and what went wrong. One file system that hangs holds up a
    df of all; then the local ones alone are asked for.
    """
    troubles: list[str] = []
    for command, seconds in zip(own.space, (ALL, LOCAL), strict=False):
        try:
            return (*_read(command, session.run(command, seconds=seconds)), tuple(troubles))
        except Undetermined as error:
            session.going_on()
            troubles.append(error.reason)
    return NONE, None, tuple(troubles)


def _read(command: str, printed: Printed) -> tuple[Table, Table | None]:
    if printed.status and not printed.stdout.strip():
        raise Undetermined(f"{command} 没有成功：{' '.join(printed.stderr.split())[:160]}")
    return file_systems.tables(printed.stdout, file_systems.df_whole(printed.status, printed.stderr))


def _inodes(session: HostSession, own: Commands, name: str, space: Table) -> tuple[Table | None, tuple[str, ...]]:
    try:
        inodes = _read(own.inodes, session.run(own.inodes, seconds=LOCAL))[0]
    except Undetermined as error:
        session.going_on()
        if name != "SunOS":
            return None, (error.reason,)
        inodes = Table(())  # no UFS there; ZFS and VxFS make inodes as they need them
    if name != "SunOS":
        return inodes, ()
    fixed = [row.mount for row in space.rows if row.device.startswith("/dev/") and not _makes_inodes(row)]
    unseen = [mount for mount in fixed if inodes.at(mount) is None]
    return inodes, ((f"没有读到 {'、'.join(unseen)} 的 inode",) if unseen else ())


def _makes_inodes(row: FileSystem) -> bool:
    return row.pseudo or row.device.startswith(("/dev/vx/", "/dev/odm"))


def _held(session: HostSession, own: Commands, path: str, ends: float) -> FileSystem | str | None:
    """The file system that ``path`` lies on; df follows symbolic links."""
    command = commands.holder(own, path)
    if not command:
        return f"{path} 不能放进命令里查它所在的文件系统"
    if time.monotonic() + ONE > ends:
        return f"没有来得及查 {path} 所在的文件系统"
    try:
        printed = session.run(command, seconds=ONE)
        if printed.status and printed.status != 127 and NOT_THERE.search(printed.stderr + printed.stdout):
            return None
        rows = _read(command, printed)[0].rows
    except Undetermined as error:
        session.going_on()
        return error.reason
    return rows[0] if len(rows) == 1 else f"{command} 的输出无法理解"


def _clean(mount: str) -> str:
    return mount.rstrip("/") or "/"


def compare_disk(space: Space, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    """FAIL only where a planned mount is missing or has less free than planned (GiB); else WARN at nine tenths."""
    plan = target.expect.free_gb
    planned = "、".join(f"{mount} 可用不少于 {free:g} GiB" for mount, free in plan.items())
    expected = "；".join([*([planned] if planned else []), f"各文件系统与 inode 使用率低于 {WARN_PERCENT}%"])
    actual = _shown(space, tuple(plan))
    said = [one for mount in plan for one in _planned(space, mount, plan)]
    failed = [text for outcome, text in said if outcome is Outcome.FAIL]
    unsure = [*(text for outcome, text in said if outcome is Outcome.UNKNOWN), *_unseen(space)]
    if failed:
        return Verdict(Outcome.FAIL, expected, actual, "；".join(failed), "请扩容或清理，再检查。")
    if unsure:
        return Verdict(Outcome.UNKNOWN, expected, actual, "；".join(unsure), SLOW)
    warned = [text for outcome, text in said if outcome is Outcome.WARN]
    if warned or (full := [*_full(space.bytes, "空间"), *_full(space.inodes, "inode")]):
        return Verdict(Outcome.WARN, expected, actual, "；".join(warned or full), "请核对挂载；快满的请清理或扩容。")
    return Verdict(Outcome.PASS, expected, actual)


def _planned(space: Space, mount: str, plan: Mapping[str, float]) -> Iterator[tuple[Outcome, str]]:
    row = _place(space, mount)
    if _clean(mount) in space.bytes.unread:
        yield Outcome.UNKNOWN, f"df 没有报出 {mount} 的大小"
    elif isinstance(row, str):
        yield Outcome.UNKNOWN, row
    elif row is None and (mount in space.held or space.bytes.whole):
        yield Outcome.FAIL, f"没有 {mount}"
    elif row is None:
        yield Outcome.UNKNOWN, f"没有看到 {mount}，而 df 的输出不全"
    else:
        yield from _measured(space, mount, row, plan)


def _measured(space: Space, mount: str, row: FileSystem, plan: Mapping[str, float]) -> Iterator[tuple[Outcome, str]]:
    """What is free is there once, however many planned directories lie on it."""
    sharing = [one for one in plan if isinstance(there := _place(space, one), FileSystem) and there.mount == row.mount]
    needed = sum(plan[one] for one in sharing)
    where = mount if row.mount == _clean(mount) else f"{mount}（在 {row.mount} 上）"
    if row.available < plan[mount] * GIB:
        yield Outcome.FAIL, f"{where} 可用 {row.available / GIB:.1f} GiB，方案要求 {plan[mount]:g} GiB"
    elif row.available < needed * GIB:
        text = f"{'、'.join(sharing)} 同在 {row.mount} 上，共可用 {row.available / GIB:.1f} GiB"
        yield Outcome.WARN, f"{text}，方案合计要求 {needed:g} GiB"
    elif row.mount == "/" != _clean(mount):
        yield Outcome.WARN, f"{mount} 没有单独挂载，在根文件系统上"


def _place(space: Space, mount: str) -> FileSystem | str | None:
    return space.bytes.at(mount) or space.held.get(mount)


def _unseen(space: Space) -> list[str]:
    """Why what was seen says nothing of the rest."""
    if space.troubles:
        return [*space.troubles]
    if not (space.bytes.whole and space.inodes.whole):
        return ["df 的输出不全（有的行看不懂，或 df 报了错），没有看到的文件系统无从判断"]
    return [] if any(not row.pseudo for row in space.bytes.rows) else ["df 没有列出任何磁盘上的文件系统"]


def _full(table: Table, what: str) -> list[str]:
    covered = {row.mount: row for row in table.rows if not row.pseudo}
    return [f"{row.mount} 的{what}已用 {row.percent}%" for row in covered.values() if row.full]


def _shown(space: Space, mounts: tuple[str, ...]) -> str:
    placed = [(mount, _place(space, mount)) for mount in mounts]
    rows = [(mount, row) for mount, row in placed if isinstance(row, FileSystem)]
    rows = rows or [(row.mount, row) for row in space.bytes.rows if not row.pseudo]
    shown = (f"{mount if row.mount == _clean(mount) else f'{mount}（在 {row.mount} 上）'} 可用 "
             f"{row.available / GIB:.1f} GiB，已用 {row.percent}%" for mount, row in rows[:8])  # fmt: skip
    return "；".join(shown)
