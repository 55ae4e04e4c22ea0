"""oracle.archive: under ARCHIVELOG, is there somewhere to archive to, does the archiver work, has the area room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.checks.database.errors import COLUMN_MISSING, VIEW_MISSING, SqlRefused
from app.checks.database.findings import Finding, judged
from app.checks.database.instance import DATABASES
from app.checks.database.reading import at_least, mib, number_or_none, percent, require, text
from app.checks.database.version import RELEASES, release
from app.checks.model import Outcome, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

ARCHIVERS = (
    "SELECT INST_ID, INSTANCE_NAME, ARCHIVER, 'NO' FROM GV$INSTANCE",
    "SELECT INSTANCE_NUMBER, INSTANCE_NAME, ARCHIVER, PARALLEL FROM V$INSTANCE",
)
DESTINATIONS = (
    "SELECT DEST_NAME, STATUS, BINDING, TARGET, DESTINATION, ERROR FROM V$ARCHIVE_DEST",  # 9i+
    "SELECT DEST_ID, STATUS, BINDING, TARGET, DESTINATION, ERROR FROM V$ARCHIVE_DEST",
)
AREA = "SELECT NAME, SPACE_LIMIT, SPACE_USED, SPACE_RECLAIMABLE FROM V$RECOVERY_FILE_DEST"  # 10g+
AREA_SINCE = (10,)
WARN, FULL = 70, 90  # percent
# Oracle Database Reference, V$ARCHIVE_DEST: STATUS and TARGET.
BROKEN = ("ERROR", "DISABLED", "BAD PARAM", "FULL")
IDLE = ("INACTIVE", "ALTERNATE")
REMOTE = ("STANDBY", "REMOTE")
IN_AREA = "USE_DB_RECOVERY_FILE_DEST"


@dataclass(frozen=True)
class Archiver:
    instance: str
    state: str


@dataclass(frozen=True)
class Destination:
    """``remote``: it feeds a standby, which oracle.dataguard judges."""

    name: str
    status: str
    mandatory: bool
    remote: bool
    place: str
    error: str


@dataclass(frozen=True)
class Area:
    """The recovery area, in bytes; None where the database gives no figure."""

    name: str
    limit: int | None
    used: int | None
    reclaimable: int | None


@dataclass(frozen=True)
class Archive:
    """``alone``: only this instance of a cluster could be seen. ``unseen``: why the recovery area could not be."""

    log_mode: str
    archivers: tuple[Archiver, ...] = ()
    destinations: tuple[Destination, ...] = ()
    areas: tuple[Area, ...] = ()
    alone: bool = False
    unseen: str = ""


def gather(session: OracleSession, target: Database) -> Archive:  # noqa: ARG001 - the shape of Check.gather
    rows = session.select(*DATABASES)
    require(rows, "V$DATABASE")
    log_mode = text(rows[0][2]).upper()
    if log_mode == "NOARCHIVELOG":
        return Archive(log_mode)
    archivers = session.select(*ARCHIVERS)
    require(archivers, "V$INSTANCE")
    destinations = session.select(*DESTINATIONS)
    require(destinations, "V$ARCHIVE_DEST")
    areas, unseen = _areas(session)
    return Archive(
        log_mode,
        tuple(Archiver(text(row[1]) or text(row[0]), text(row[2]).upper()) for row in archivers),
        tuple(map(_destination, destinations)),
        areas,
        any(text(row[3]).upper() != "NO" for row in archivers),
        unseen,
    )


def _destination(row: Sequence[object]) -> Destination:
    name, status, binding, target, place, error = map(text, row)
    name = f"LOG_ARCHIVE_DEST_{name}" if name.isdecimal() else name
    return Destination(name, status.upper(), binding.upper() == "MANDATORY", target.upper() in REMOTE, place, error)


def _areas(session: OracleSession) -> tuple[tuple[Area, ...], str]:
    """The recovery areas that are set, or why they could not be read; before 10g there is none."""
    try:
        rows = session.select(AREA)
    except SqlRefused as error:
        if error.code not in (VIEW_MISSING, COLUMN_MISSING):
            raise
        return (), error.reason if release(session) >= AREA_SINCE else ""
    what = "恢复区的大小"
    areas = [Area(text(row[0]), *(number_or_none(size, what) for size in row[1:])) for row in rows]
    return tuple(one for one in areas if one.name or one.limit), ""


def compare(facts: Archive, target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    if facts.log_mode == "NOARCHIVELOG":
        return Verdict(Outcome.NOT_APPLICABLE, "", "NOARCHIVELOG", "数据库没有开启归档，见 oracle.database")
    findings = [finding for one in facts.archivers for finding in _archiver_findings(one)]
    findings += [finding for one in facts.destinations for finding in _destination_findings(one)]
    if not facts.areas and not facts.unseen and any(IN_AREA in one.place.upper() for one in facts.destinations):
        reason = "归档放在恢复区里，但 V$RECOVERY_FILE_DEST 没有给出恢复区"
        findings.append(Finding(Outcome.UNKNOWN, reason, "请 DBA 查询 V$RECOVERY_FILE_DEST 核对。"))
    findings += [*_places(facts), *(finding for one in facts.areas for finding in _area_findings(one))]
    if facts.log_mode not in ("ARCHIVELOG", "MANUAL"):
        findings.append(Finding(Outcome.UNKNOWN, f"归档模式“{facts.log_mode}”无法理解"))
    if facts.alone:
        findings.append(
            Finding(Outcome.UNKNOWN, "集群数据库，只看得到本实例的归档进程", "请 DBA 查询 GV$INSTANCE 核对。")
        )
    if facts.unseen:
        findings.append(
            Finding(Outcome.UNKNOWN, f"看不到恢复区（{facts.unseen}）", "请 DBA 查询 V$RECOVERY_FILE_DEST 核对。")
        )
    expected = f"归档进程运行，归档目的地正常，恢复区占用（扣除可回收）低于 {WARN}%"
    shares = [permille for one in facts.areas if (permille := _permille(one)) is not None]
    observed = {"recovery_area_permille": max(shares, default=None)}
    return judged(expected, _figures(facts), findings, observed)


def _permille(one: Area) -> int | None:
    if not one.limit or one.used is None:
        return None
    return (one.used - (one.reclaimable or 0)) * 1000 // one.limit


def _figures(facts: Archive) -> str:
    told = [f"实例 {one.instance} 归档进程 {one.state or '状态为空'}" for one in facts.archivers]
    told += [f"{one.name} {one.status} {one.place}".rstrip() for one in facts.destinations if one.status not in IDLE]
    return "；".join((*told, *map(_area_figures, facts.areas)))


def _area_figures(one: Area) -> str:
    if not one.limit or one.used is None:
        return f"恢复区 {one.name} 大小未知"
    net = max(0, one.used - (one.reclaimable or 0))
    return f"恢复区 {one.name} 上限 {mib(one.limit)} MB，扣除可回收后占用 {percent(net, one.limit)}"


def _archiver_findings(one: Archiver) -> list[Finding]:
    if one.state == "STARTED":
        return []
    advice = "请 DBA 查看告警日志，腾出归档空间后执行 ALTER SYSTEM ARCHIVE LOG START（10g 起自动恢复）。"
    if one.state in ("STOPPED", "FAILED"):
        return [Finding(Outcome.FAIL, f"实例 {one.instance} 的归档进程是 {one.state}", advice)]
    return [Finding(Outcome.UNKNOWN, f"实例 {one.instance} 的归档进程状态“{one.state}”无法理解")]


def _destination_findings(one: Destination) -> list[Finding]:
    if one.status in ("VALID", *IDLE):
        return []
    why = f"（{one.error[:120]}）" if one.error else ""
    said = f"归档目的地 {one.name} 是 {one.status}{why}"
    state = one.name.replace("DEST_", "DEST_STATE_")
    advice = f"请 DBA 查询 V$ARCHIVE_DEST 的 ERROR，处理后执行 ALTER SYSTEM SET {state}=ENABLE。"
    if one.status in BROKEN and one.mandatory:
        return [Finding(Outcome.FAIL, f"强制的{said}", advice)]
    if one.status in (*BROKEN, "DEFERRED"):
        return [Finding(Outcome.WARN, said, advice)]
    return [Finding(Outcome.UNKNOWN, f"{said}，状态无法理解")]


def _places(facts: Archive) -> list[Finding]:
    """Whatever its binding: without one local destination that works nothing can be archived."""
    local = [one for one in facts.destinations if not one.remote]
    if any(one.status == "VALID" for one in local):
        return []
    advice = "请 DBA 核对 log_archive_dest_n 与 db_recovery_file_dest，修复后执行 ALTER SYSTEM SWITCH LOGFILE 再查。"
    if any(one.status in BROKEN for one in local):
        return [Finding(Outcome.FAIL, "没有一个可用的本地归档目的地", advice)]
    return [Finding(Outcome.UNKNOWN, "没有看到启用的本地归档目的地", advice)]


def _area_findings(one: Area) -> list[Finding]:
    if not one.limit or one.used is None or one.reclaimable is None or one.reclaimable > one.used:
        return [
            Finding(Outcome.UNKNOWN, f"恢复区 {one.name} 的大小为空或不合理", "请 DBA 查询 V$RECOVERY_FILE_DEST 核对。")
        ]
    net = one.used - one.reclaimable
    reason = f"恢复区 {one.name} 扣除可回收后已用 {percent(net, one.limit)}"
    advice = "请 DBA 先备份再删除归档（RMAN DELETE ARCHIVELOG … BACKED UP），或调大 db_recovery_file_dest_size。"
    if at_least(net, one.limit, FULL):
        return [Finding(Outcome.FAIL, reason, advice)]
    return [Finding(Outcome.WARN, reason, advice)] if at_least(net, one.limit, WARN) else []


def shows(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (*DATABASES, *ARCHIVERS, *DESTINATIONS, AREA, *RELEASES)
