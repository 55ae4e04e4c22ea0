"""oracle.undo: 回滚段 — under automatic management the undo tablespace of each instance, else its rollback segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.checks.database import parameters
from app.checks.database.findings import Finding, judged
from app.checks.database.instance import CONTAINER, DATABASES, container
from app.checks.database.reading import (
    at_least,
    found_name,
    listed,
    mib,
    moment,
    number,
    number_or_none,
    percent,
    require,
    text,
)
from app.checks.database.space import DATA_FILES, DISK_GROUPS, Space, disk_groups, file_of, space
from app.checks.database.tablespaces import ALWAYS
from app.checks.database.version import RELEASES, release
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

NAMES = ("undo_management", "undo_tablespace", "undo_retention")  # 9i+
AUTOMATIC_SINCE = (9,)
ASKED = (*NAMES, "processes")  # the last one every release has: an answer without it is none
TABLESPACES = (
    "SELECT TABLESPACE_NAME, STATUS, CONTENTS, RETENTION FROM DBA_TABLESPACES",  # 10g+
    "SELECT TABLESPACE_NAME, STATUS, CONTENTS, NULL FROM DBA_TABLESPACES",
)
LOCAL_UNDO = "SELECT PROPERTY_VALUE FROM DATABASE_PROPERTIES WHERE PROPERTY_NAME = 'LOCAL_UNDO_ENABLED'"  # 12.2+
EXTENTS = "SELECT TABLESPACE_NAME, STATUS, SUM(BYTES) FROM DBA_UNDO_EXTENTS GROUP BY TABLESPACE_NAME, STATUS"
RECENT = "WHERE END_TIME >= SYSDATE - 1"  # the view holds four days; what is in WINDOW is told apart below
STATISTICS = (
    "SELECT INST_ID, END_TIME, MAXQUERYLEN, TUNED_UNDORETENTION, SSOLDERRCNT, NOSPACEERRCNT FROM GV$UNDOSTAT"  # 10g+
    f" {RECENT}",
    f"SELECT INST_ID, END_TIME, MAXQUERYLEN, NULL, SSOLDERRCNT, NOSPACEERRCNT FROM GV$UNDOSTAT {RECENT}",
    f"SELECT 1, END_TIME, MAXQUERYLEN, NULL, SSOLDERRCNT, NOSPACEERRCNT FROM V$UNDOSTAT {RECENT}",
)
NOW = "SELECT SYSDATE FROM DUAL"
SEGMENTS = "SELECT SEGMENT_NAME, TABLESPACE_NAME, STATUS FROM DBA_ROLLBACK_SEGS"
WARN, FULL = 85, 97  # percent
SHORTEST = 900  # seconds of undo_retention
WINDOW = timedelta(hours=24)
LENGTH = timedelta(minutes=10)  # of a period of V$UNDOSTAT


@dataclass(frozen=True)
class Period:
    """Ten minutes of V$UNDOSTAT; ``tuned`` None before 10g."""

    ended: datetime
    longest: int
    tuned: int | None
    too_old: int
    no_space: int


@dataclass(frozen=True)
class Automatic:
    """Of one instance. ``space`` None: there is no such undo tablespace. ``used`` in bytes, None without any extent."""

    instance: str
    tablespace: str
    status: str
    guarantee: bool
    space: Space | None
    used: int | None
    retention: int
    periods: tuple[Period, ...]


@dataclass(frozen=True)
class Undo:
    """``shared``: the pluggable database whose undo is the root's. ``online``: manual segments but SYSTEM.

    ``now``, ``adjusted``: the server's time, and that of the last 调整 because of this check, by its clock.
    """

    automatic: tuple[Automatic, ...] = ()
    manual: tuple[str, ...] = ()  # instances under manual management
    online: tuple[str, ...] = ()
    now: datetime | None = None
    shared: str = ""
    adjusted: datetime | None = None


def gather(session: OracleSession, target: Database) -> Undo:  # noqa: ARG001 - the shape of Check.gather
    tablespaces = {text(row[0]): tuple(map(text, row[1:])) for row in session.select(*TABLESPACES)}
    require([name for name in tablespaces if name == ALWAYS], "DBA_TABLESPACES")
    pdb = container(session)
    if pdb and not _is_local(session, [contents.upper() for _, contents, _ in tablespaces.values()]):
        return Undo(shared=pdb)
    found = parameters.read(session, ASKED)
    if any(NAMES[0] not in values for values in found.values()) and release(session) >= AUTOMATIC_SINCE:
        raise Undetermined("参数 undo_management 没有读到", "请 DBA 执行 SHOW PARAMETER undo 核对。")
    manual = tuple(number_ for number_ in sorted(found) if found[number_].get(NAMES[0], "MANUAL").upper() == "MANUAL")
    online = _online(session) if manual else ()
    if len(manual) == len(found):
        return Undo((), manual, online)
    strange = [
        values.get(NAMES[0], "")
        for values in found.values()
        if values.get(NAMES[0], "").upper() not in ("AUTO", "MANUAL")
    ]
    if strange:
        raise Undetermined(f"参数 undo_management 的值“{strange[0]}”无法理解")
    return _automatic(session, found, tablespaces, manual, online)


def _is_local(session: OracleSession, contents: Sequence[str]) -> bool:
    """Whether a pluggable database has undo of its own; 12.1 knows only shared undo and no such property."""
    rows = session.select(LOCAL_UNDO)
    if rows:
        return text(rows[0][0]).upper() == "TRUE"
    return "UNDO" in contents


def _online(session: OracleSession) -> tuple[str, ...]:
    rows = session.select(SEGMENTS)
    require(rows, "DBA_ROLLBACK_SEGS")
    return tuple(
        text(row[0]) for row in rows if text(row[0]) != "SYSTEM" and text(row[2]).upper() in ("ONLINE", "IN USE")
    )


def _automatic(
    session: OracleSession,
    found: parameters.Parameters,
    tablespaces: Mapping[str, tuple[str, ...]],
    manual: tuple[str, ...],
    online: tuple[str, ...],
) -> Undo:
    files = [file_of(row) for row in session.select(DATA_FILES)]
    groups = disk_groups(session, files)
    extents = session.select(EXTENTS)
    periods = _periods(session)
    rows = session.select(NOW)
    now = moment(rows[0][0] if rows else None, "SYSDATE")
    instances = []
    for instance in (one for one in sorted(found) if one not in manual):
        name = found_name(found[instance].get("undo_tablespace", ""), tablespaces)
        status, contents, retention = tablespaces.get(name, ("", "", ""))
        own = [one for one in files if one.tablespace == name]
        guarantee = retention.upper() == "GUARANTEE"
        instances.append(
            Automatic(
                instance,
                name,
                status.upper(),
                guarantee,
                space(own, groups) if own and contents.upper() == "UNDO" else None,
                _used(name, guarantee, extents),
                number(found[instance].get("undo_retention"), "参数 undo_retention"),
                tuple(period for number_, period in periods if number_ == instance),
            )
        )
    since = session.since_adjusted("oracle.undo")
    adjusted = now - since if now is not None and since is not None else None
    return Undo(tuple(instances), manual, online, now, adjusted=adjusted)


def _used(name: str, guarantee: bool, extents: Sequence[Sequence[object]]) -> int | None:
    """ACTIVE extents (any that are not known to be free); under GUARANTEE unexpired ones cannot be given up either."""
    free = ("EXPIRED",) if guarantee else ("EXPIRED", "UNEXPIRED")
    own = {text(row[1]).upper(): number(row[2], "撤销区的大小") for row in extents if text(row[0]) == name}
    return sum(size for status, size in own.items() if status not in free) if own else None


def _periods(session: OracleSession) -> list[tuple[str, Period]]:
    found = []
    for row in session.select(*STATISTICS):
        ended = moment(row[1], "V$UNDOSTAT 的 END_TIME")
        if ended is not None:
            counts = [number(row[n], "V$UNDOSTAT 的计数") for n in (2, 4, 5)]
            tuned = number_or_none(row[3], "TUNED_UNDORETENTION")
            found.append((text(row[0]), Period(ended, counts[0], tuned, counts[1], counts[2])))
    return found


def compare(facts: Undo, target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    if facts.shared:
        reason = f"PDB {facts.shared} 使用 CDB 的共享撤销表空间，应在 CDB$ROOT 里检查"
        return Verdict(Outcome.NOT_APPLICABLE, "", "", reason)
    expected = f"自动管理，撤销表空间占用低于 {WARN}%，undo_retention 不小于 {SHORTEST} 秒，24 小时内没有撤销空间报错"
    findings = _manual_findings(facts)
    for one in facts.automatic:
        findings += [*_space_findings(one), *_statistics_findings(one, facts.now, facts.adjusted)]
    actual = "；".join([*map(_figures, facts.automatic), *([_manual_figures(facts)] if facts.manual else [])])
    return judged(expected, actual, findings)


def _manual_figures(facts: Undo) -> str:
    return f"手工管理（实例 {listed(facts.manual)}），在线回滚段 {listed(facts.online) or '只有 SYSTEM'}"


def _manual_findings(facts: Undo) -> list[Finding]:
    if not facts.manual:
        return []
    if not facts.online:
        advice = "请 DBA 创建并上线回滚段，或改用自动撤销管理（undo_management=AUTO，重启生效）。"
        return [Finding(Outcome.FAIL, "手工管理，除 SYSTEM 外没有在线的回滚段", advice)]
    advice = "请与 DBA 商定改用自动撤销管理（undo_management=AUTO，重启生效）。"
    return [Finding(Outcome.WARN, "回滚段是手工管理", advice)]


def _figures(one: Automatic) -> str:
    if one.space is None:
        return f"实例 {one.instance} 没有撤销表空间"
    held = "ACTIVE+UNEXPIRED（GUARANTEE）" if one.guarantee else "ACTIVE"
    share = "未知" if one.used is None else percent(one.used, one.space.limit)
    return (
        f"实例 {one.instance} {one.tablespace} {mib(one.space.size)} MB，上限 {mib(one.space.limit)} MB，"
        f"{held} 占 {share}，undo_retention {one.retention} 秒"
    )


def _space_findings(one: Automatic) -> list[Finding]:
    grow = f"请 DBA 查明长事务（V$TRANSACTION），或给 {one.tablespace} 增加数据文件。"
    if one.space is None:
        name = f" {one.tablespace}" if one.tablespace else ""
        advice = "请 DBA 创建撤销表空间（CREATE UNDO TABLESPACE …）并设 undo_tablespace。"
        return [Finding(Outcome.FAIL, f"实例 {one.instance} 没有可用的撤销表空间{name}", advice)]
    findings = []
    if one.status not in ("ONLINE", "OFFLINE", "READ ONLY"):
        findings.append(Finding(Outcome.UNKNOWN, f"撤销表空间 {one.tablespace} 的状态“{one.status}”无法理解"))
    elif one.status != "ONLINE":
        advice = f"请 DBA 执行 ALTER TABLESPACE {one.tablespace} ONLINE。"
        findings.append(Finding(Outcome.FAIL, f"撤销表空间 {one.tablespace} 的状态是 {one.status}", advice))
    if one.used is None or one.used > one.space.limit:
        return [*findings, Finding(Outcome.UNKNOWN, f"读不到撤销表空间 {one.tablespace} 的占用，或答复不合理")]
    full = not one.space.certain and at_least(one.used, one.space.size, FULL)
    if at_least(one.used, one.space.limit, WARN) or full:
        share = percent(one.used, one.space.size if full else one.space.limit)
        findings.append(Finding(Outcome.WARN, f"撤销表空间 {one.tablespace} 已占用 {share}", grow))
    if one.retention < SHORTEST:
        reason = f"实例 {one.instance} 的 undo_retention 是 {one.retention} 秒，小于 {SHORTEST} 秒"
        findings.append(Finding(Outcome.WARN, reason, f"请 DBA 执行 ALTER SYSTEM SET undo_retention={SHORTEST}。"))
    return findings


def _statistics_findings(one: Automatic, now: datetime | None, adjusted: datetime | None) -> list[Finding]:
    recent = [period for period in one.periods if now is not None and now - period.ended <= WINDOW]
    if not recent:
        reason = f"实例 {one.instance} 的 V$UNDOSTAT 没有 24 小时内的数据"
        return [Finding(Outcome.UNKNOWN, reason, "请 DBA 查询 V$UNDOSTAT 核对。")]
    findings = _no_space_findings(one, recent, adjusted)
    if too_old := sum(period.too_old for period in recent):
        reason = f"实例 {one.instance} 24 小时内有 {too_old} 次 ORA-01555（SSOLDERRCNT）"
        findings.append(Finding(Outcome.WARN, reason, "请 DBA 调大 undo_retention 或撤销表空间。"))
    short = [period for period in recent if period.tuned is not None and period.tuned < period.longest]
    if short:
        worst = max(short, key=lambda period: period.longest - (period.tuned or 0))
        reason = f"实例 {one.instance} 的保留时间（{worst.tuned} 秒）短于最长查询（{worst.longest} 秒）"
        findings.append(Finding(Outcome.WARN, reason, "请 DBA 调大 undo_retention 或撤销表空间。"))
    return findings


def _no_space_findings(one: Automatic, recent: Sequence[Period], adjusted: datetime | None) -> list[Finding]:
    """Errors of the last day and since the last 调整; what falls into its ten minutes may be from before it."""
    after = [period for period in recent if adjusted is None or period.ended - LENGTH >= adjusted]
    during = [period for period in recent if period not in after and adjusted is not None and period.ended > adjusted]
    since = "" if adjusted is None else f"、{adjusted:%m-%d %H:%M} 调整后"
    if failed := sum(period.no_space for period in after):
        reason = f"实例 {one.instance} 24 小时内{since}因撤销空间不足报错 {failed} 次（NOSPACEERRCNT）"
        return [Finding(Outcome.FAIL, reason, f"请 DBA 给撤销表空间 {one.tablespace} 增加数据文件。")]
    if unclear := sum(period.no_space for period in during):
        reason = f"实例 {one.instance} 在调整的前后十分钟里因撤销空间不足报错 {unclear} 次，分不清先后"
        return [Finding(Outcome.UNKNOWN, reason, "请在调整满十分钟后再检查。")]
    return []


def shows(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (
        *TABLESPACES, *DATABASES, CONTAINER, LOCAL_UNDO, *parameters.statements(ASKED), *RELEASES, DATA_FILES,
        DISK_GROUPS, EXTENTS, *STATISTICS, NOW, SEGMENTS,
    )  # fmt: skip
