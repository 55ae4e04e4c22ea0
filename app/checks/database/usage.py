"""oracle.tablespace_usage: how full the permanent tablespaces are, of what they have and of what they may grow to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.checks.database.errors import SqlRefused
from app.checks.database.findings import Finding, judged
from app.checks.database.reading import at_least, found_name, listed, mib, number, percent, require, text
from app.checks.database.space import DATA_FILES, DISK_GROUPS, File, Room, Space, disk_groups, file_of, space
from app.checks.database.tablespaces import TABLESPACES, listed_tablespaces
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

FREE = "SELECT TABLESPACE_NAME, SUM(BYTES) FROM DBA_FREE_SPACE GROUP BY TABLESPACE_NAME"
MOST_RECYCLED = 5000  # with more in the recycle bin DBA_FREE_SPACE takes minutes
RECYCLED = f"SELECT COUNT(*) FROM DBA_RECYCLEBIN WHERE ROWNUM <= {MOST_RECYCLED + 1}"  # 10g+
OTHER_CONTENTS = ("TEMPORARY", "UNDO", "LOST WRITE PROTECTION")  # all but PERMANENT
WARN, FULL = 85, 97  # percent
RESIZE = "请 DBA 增加数据文件或调大 MAXSIZE（ALTER TABLESPACE {name} ADD DATAFILE …），并核对磁盘剩余空间。"


@dataclass(frozen=True)
class Usage:
    """A PERMANENT tablespace that can be written to; ``used`` in bytes."""

    name: str
    used: int
    space: Space


@dataclass(frozen=True)
class Usages:
    """``offline`` could not be measured; ``read_only`` need not be."""

    usages: tuple[Usage, ...]
    offline: tuple[str, ...]
    read_only: tuple[str, ...]
    unclear: tuple[str, ...] = ()  # why one could not be measured


def gather(session: OracleSession, target: Database) -> Usages:
    rows = listed_tablespaces(session)
    permanent = {name: status for name, status, contents in rows if contents not in OTHER_CONTENTS}
    require(list(permanent), "DBA_TABLESPACES（PERMANENT）")
    if not target.heavy:
        _require_small_recycle_bin(session)
    files = [file_of(row) for row in session.select(DATA_FILES)]
    groups = disk_groups(session, files)
    rest = session.select(FREE)
    require(rest, "DBA_FREE_SPACE")  # one may be full, not all of them
    free = {text(row[0]): number(row[1], f"表空间 {text(row[0])} 的空闲空间") for row in rest}
    measured = [name for name, status in permanent.items() if status not in ("OFFLINE", "READ ONLY")]
    usages, unclear = [], []
    for name in measured:
        try:
            usages.append(_usage(name, [one for one in files if one.tablespace == name], free, groups))
        except Undetermined as error:
            unclear.append(error.reason)
    offline = tuple(name for name, status in permanent.items() if status == "OFFLINE")
    read_only = tuple(name for name, status in permanent.items() if status == "READ ONLY")
    return Usages(tuple(usages), offline, read_only, tuple(unclear))


def _require_small_recycle_bin(session: OracleSession) -> None:
    """DBA_FREE_SPACE joins the recycle bin: over a full one it would weigh on the server."""
    try:
        count = number(session.select(RECYCLED)[0][0], "DBA_RECYCLEBIN 的行数")
    except SqlRefused:
        return  # no recycle bin before 10g
    if count > MOST_RECYCLED:
        advice = "请 DBA 执行 PURGE DBA_RECYCLEBIN；或经同意在 site.toml 给该对象写 heavy = true 再检查。"
        raise Undetermined(f"回收站里超过 {MOST_RECYCLED} 个对象，查询空闲空间会很慢", advice)


def _usage(name: str, files: Sequence[File], free: Mapping[str, int], groups: Mapping[str, Room]) -> Usage:
    """A tablespace without a row in DBA_FREE_SPACE is full."""
    if not files:
        raise Undetermined(f"读不到表空间 {name} 的数据文件，无法计算使用率")
    found = space(files, groups)
    used = found.size - free.get(name, 0)
    if used < 0 or not found.size:
        raise Undetermined(f"表空间 {name} 的空闲空间大于数据文件，答复不合理")
    return Usage(name, used, found)


def compare(facts: Usages, target: Database, site: Site) -> Verdict:  # noqa: ARG001
    expected = f"使用率低于 {WARN}%（按可扩展上限），{FULL}% 为满"
    findings = [finding for one in facts.usages for finding in _fullness(one)]
    planned = {found_name(name, dict.fromkeys(facts.offline, 0)) for name in target.expect.tablespaces}
    findings += [
        Finding(Outcome.UNKNOWN, f"表空间 {name} 是 OFFLINE，无法计算使用率")
        for name in facts.offline
        if name in planned
    ]
    shown = sorted(facts.usages, key=lambda one: -one.used * 10000 // one.space.limit)
    actual = "；".join(map(_figures, shown[:12])) + (f"；另有 {len(shown) - 12} 个" if len(shown) > 12 else "")
    if facts.offline:
        actual += f"；OFFLINE 未计 {listed(facts.offline)}"
    if facts.read_only:
        actual += f"；只读未计 {listed(facts.read_only)}"
    findings += [Finding(Outcome.UNKNOWN, reason) for reason in facts.unclear]
    if not facts.usages and not findings:
        findings.append(Finding(Outcome.UNKNOWN, "没有可计算使用率的表空间"))
    observed = {
        "tablespaces": [
            {
                "name": one.name,
                "size_mb": mib(one.space.size),
                "limit_mb": mib(one.space.limit),
                "used_permille": one.used * 1000 // one.space.limit,
            }
            for one in facts.usages
        ]
    }
    return judged(expected, actual, findings, observed)


def _figures(one: Usage) -> str:
    """Both figures: of what is allocated, and of what it may grow to."""
    return (
        f"{one.name} 已用 {mib(one.used)} MB，"
        f"占已分配 {mib(one.space.size)} MB 的 {percent(one.used, one.space.size)}，"
        f"占上限 {mib(one.space.limit)} MB 的 {percent(one.used, one.space.limit)}"
    )


def _fullness(one: Usage) -> list[Finding]:
    name, used, found = one.name, one.used, one.space
    share = percent(used, found.limit)
    if at_least(used, found.limit, FULL) and not at_least(used, found.reach, FULL):
        reason = (
            f"表空间 {name} 已用到 {share}，要再扩展只能占用 ASM 磁盘组留作恢复冗余的空间（USABLE_FILE_MB 不足，"
            f"最多还能扩到 {mib(found.reach)} MB）"
        )
        return [Finding(Outcome.WARN, reason, "请 DBA 给 ASM 磁盘组加盘或清理空间（asmcmd lsdg）。")]
    if at_least(used, found.limit, FULL):
        return [Finding(Outcome.FAIL, f"表空间 {name} 已用到上限的 {share}", RESIZE.format(name=name))]
    if not found.certain and at_least(used, found.size, FULL):
        reason = (
            f"表空间 {name} 已分配部分用到 {percent(used, found.size)}，还能否扩展取决于磁盘，从数据库里看不到剩余空间"
        )
        return [Finding(Outcome.UNKNOWN, reason, "请在数据库主机上核对数据文件所在文件系统的剩余空间（host.disk）。")]
    if at_least(used, found.limit, WARN):
        return [Finding(Outcome.WARN, f"表空间 {name} 已用到上限的 {share}", RESIZE.format(name=name))]
    return []


def shows(target: Database) -> Sequence[str]:
    recycled = () if target.heavy else (RECYCLED,)
    return (TABLESPACES, *recycled, DATA_FILES, DISK_GROUPS, FREE)
