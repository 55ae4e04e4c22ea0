"""oracle.backup: how old the last good RMAN backup of the database is.

Exports and storage snapshots leave no record there: whoever has only those attaches the record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.checks.database.errors import VIEW_MISSING, SqlRefused
from app.checks.database.instance import CONTAINER, DATABASES, container
from app.checks.database.reading import moment, not_planned, text
from app.checks.database.redo import NOW, now_of
from app.checks.database.version import RELEASES, release
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

JOBS = (
    "SELECT INPUT_TYPE, STATUS, MAX(START_TIME), MAX(END_TIME) FROM V$RMAN_BACKUP_JOB_DETAILS"  # 10.2+
    " GROUP BY INPUT_TYPE, STATUS"
)
SINCE = (10, 2)
# Oracle Database Reference, V$RMAN_BACKUP_JOB_DETAILS. A job of DATAFILE FULL or INCR holds some of the files, nobody
# says which; ARCHIVELOG, CONTROLFILE, SPFILE, BACKUPSET and RECVR AREA hold none.
WHOLE = ("DB FULL", "DB INCR")
GOOD = ("COMPLETED", "COMPLETED WITH WARNINGS")
BAD = ("FAILED", "COMPLETED WITH ERRORS", "RUNNING WITH ERRORS")
RUNNING = ("RUNNING", "RUNNING WITH WARNINGS")
AHEAD = timedelta(minutes=10)  # by which a job may seem to end after now
RECORD = "没有 RMAN 备份记录时，请客户提供备份记录（导出、存储快照或备份软件的日志）作为附件。"


@dataclass(frozen=True)
class Job:
    """The latest of its kind and status; ``at``: when it ended, or began where it has not ended."""

    kind: str
    status: str
    at: datetime | None
    ended: bool


@dataclass(frozen=True)
class Backups:
    """``pdb``: the pluggable database from which only its own jobs can be seen."""

    jobs: tuple[Job, ...]
    now: datetime
    pdb: str = ""


def gather(session: OracleSession, target: Database) -> Backups:  # noqa: ARG001 - the shape of Check.gather
    try:
        rows = session.select(JOBS)
    except SqlRefused as error:
        if error.code == VIEW_MISSING and release(session) < SINCE:
            raise Undetermined("10.2 以前的版本在数据库里没有 RMAN 备份作业的记录", RECORD) from None
        raise
    return Backups(tuple(map(_job, rows)), now_of(session), container(session))


def _job(row: Sequence[object]) -> Job:
    kind, status = text(row[0]).upper(), text(row[1]).upper()
    started, ended = moment(row[2], "RMAN 作业的开始时间"), moment(row[3], "RMAN 作业的结束时间")
    return Job(kind, status, ended or started, ended is not None)


def compare(facts: Backups, target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    days = target.expect.backup_days
    whole = [one for one in facts.jobs if one.kind in WHOLE]
    good = max((one.at for one in whole if one.status in GOOD and one.ended and one.at is not None), default=None)
    actual = _figures(facts, good)
    observed = {"last_backup": good.isoformat(" ", "seconds") if good else ""}
    if not days:
        return not_planned(actual, observed, "backup_days")
    expected = f"最近一次成功的 RMAN 数据库备份（DB FULL、DB INCR）不早于 {days} 天前，其后没有失败的作业"
    outcome, reason, advice = _judged(facts, whole, good, days)
    return Verdict(outcome, expected, actual, reason, advice, observed)


def _figures(facts: Backups, good: datetime | None) -> str:
    kinds = "；".join(f"{one.kind or '类型为空'} {one.status}，{one.at or '时间为空'}" for one in facts.jobs[:8])
    last = f"最近一次成功的数据库备份 {good:%Y-%m-%d %H:%M}" if good else "没有成功的数据库备份记录"
    return f"{last}；{kinds}" if kinds else last


def _judged(facts: Backups, whole: Sequence[Job], good: datetime | None, days: int) -> tuple[Outcome, str, str]:
    where = f"（从 PDB {facts.pdb} 里只看得到本 PDB 的作业，请在 CDB$ROOT 里检查）" if facts.pdb else ""
    if not whole:
        return Outcome.UNKNOWN, f"没有 RMAN 数据库备份的记录{where}", RECORD
    retry = "请 DBA 查看 RMAN 日志（V$RMAN_OUTPUT），排除原因后重新执行一次数据库备份。"
    strange = [one for one in facts.jobs if one.status not in (*GOOD, *BAD, *RUNNING) or _timeless(one)]
    if good is None:
        if strange or not any(one.status in BAD for one in whole):
            return Outcome.UNKNOWN, f"还没有一次成功的 RMAN 数据库备份，也看不出是否失败{where}", RECORD
        return Outcome.FAIL, f"记录里没有一次成功的 RMAN 数据库备份{where}", retry
    if good - facts.now > AHEAD:
        reason = f"最近一次备份的结束时间 {good:%Y-%m-%d %H:%M} 晚于数据库时间 {facts.now:%Y-%m-%d %H:%M}，不合理"
        return Outcome.UNKNOWN, reason, "请 DBA 核对数据库服务器的时间。"
    age = facts.now - good
    if age > timedelta(days=days):
        reason = f"最近一次成功的数据库备份在 {_days(age)} 天前，超过方案的 {days} 天"
        return Outcome.FAIL, reason, retry
    failed = [one for one in facts.jobs if one.status in BAD and one.at is not None and one.at > good]
    if strange:
        return Outcome.UNKNOWN, f"有备份作业的状态或时间无法理解：{strange[0].kind} “{strange[0].status}”", retry
    if failed:
        last = max(failed, key=lambda one: one.at or good)
        reason = f"其后 {last.kind} 作业 {last.status}（{last.at:%Y-%m-%d %H:%M}）"
        return Outcome.WARN, reason, retry
    return Outcome.PASS, "", ""


def _timeless(one: Job) -> bool:
    """A job that is over has an end."""
    return one.at is None or (one.status in (*GOOD, "FAILED", "COMPLETED WITH ERRORS") and not one.ended)


def _days(age: timedelta) -> str:
    """Days to two decimals, rounded up: what is too old never reads as the limit."""
    return f"{-(-age.total_seconds() * 100 // 86400) / 100:g}"


def shows(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (JOBS, *RELEASES, NOW, *DATABASES, CONTAINER)
