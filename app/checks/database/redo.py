"""oracle.redo: how often each thread switches its log, and whether every group of logs has its members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from app.checks.database.errors import SqlRefused
from app.checks.database.findings import Finding, judged
from app.checks.database.instance import THREADS
from app.checks.database.reading import listed, moment, number, number_or_none, require, text
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

LOGS = "SELECT GROUP#, THREAD#, SEQUENCE#, STATUS, FIRST_TIME FROM V$LOG"
MEMBERS = (
    "SELECT GROUP#, STATUS, TYPE, MEMBER FROM V$LOGFILE",  # 9i+
    "SELECT GROUP#, STATUS, NULL, MEMBER FROM V$LOGFILE",
)
HISTORY = "SELECT THREAD#, SEQUENCE#, FIRST_TIME FROM V$LOG_HISTORY WHERE FIRST_TIME >= SYSDATE - 1"
OLDEST = "SELECT THREAD#, MIN(FIRST_TIME) FROM V$LOG_HISTORY GROUP BY THREAD#"
NOW = "SELECT SYSDATE FROM DUAL"
HOUR = timedelta(hours=1)
HOURS = 24
MOST = 6  # switches in an hour
FEWEST = 2  # groups of a thread (Oracle needs two), members of a group
# Oracle Database Reference, V$LOGFILE: STATUS is NULL for a file in use.
LOST, STALE = ("INVALID", "DELETED"), "STALE"


@dataclass(frozen=True)
class Log:
    """A log of a thread by its sequence number, and when it was begun."""

    thread: str
    sequence: int
    first: datetime


@dataclass(frozen=True)
class Group:
    """A group of online logs; ``members``: name and STATUS, empty for one in use."""

    number: str
    thread: str
    status: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Thread:
    """``switches`` in each whole hour of the last day that is on record, the latest first. ``open``: it is running."""

    number: str
    open: bool
    switches: tuple[int, ...]


@dataclass(frozen=True)
class Redo:
    groups: tuple[Group, ...]
    threads: tuple[Thread, ...]


def gather(session: OracleSession, target: Database) -> Redo:  # noqa: ARG001 - the shape of Check.gather
    logs = session.select(LOGS)
    require(logs, "V$LOG")
    members: dict[str, list[tuple[str, str]]] = {}
    for group, status, kind, name in session.select(*MEMBERS):
        if text(kind).upper() in ("", "ONLINE"):
            members.setdefault(text(group), []).append((text(name), text(status).upper()))
    groups = tuple(
        Group(text(row[0]), text(row[1]), text(row[3]).upper(), tuple(members.get(text(row[0]), ()))) for row in logs
    )
    return Redo(groups, _threads(session, {text(row[1]) for row in logs} - {"0"}, begun(logs)))


def begun(rows: Sequence[Sequence[object]]) -> list[Log]:
    """The logs in ``rows`` of LOGS that have been written to."""
    found = [(text(row[1]), number_or_none(row[2], "V$LOG 的 SEQUENCE#"), row[4]) for row in rows]
    return [Log(thread, sequence or 0, when) for thread, sequence, first in found if (when := _first(first))]


def history(session: OracleSession) -> list[Log]:
    """The logs begun within the last day, but those that are still online."""
    rows = [(text(row[0]), number(row[1], "V$LOG_HISTORY 的 SEQUENCE#"), row[2]) for row in session.select(HISTORY)]
    return [Log(thread, sequence, when) for thread, sequence, first in rows if (when := _first(first))]


def _first(value: object) -> datetime | None:
    return moment(value, "日志的 FIRST_TIME")


def _threads(session: OracleSession, numbers: set[str], online: Sequence[Log]) -> tuple[Thread, ...]:
    now = now_of(session)
    logs = {*history(session), *online}
    oldest = {text(row[0]): _first(row[1]) for row in session.select(OLDEST)}
    running = _open_threads(session)
    found = []
    for thread in sorted(numbers | running):
        own = [log.first for log in logs if log.thread == thread]
        first = min((when for when in (oldest.get(thread), *own) if when is not None), default=None)
        found.append(Thread(thread, not running or thread in running, _per_hour(own, first, now)))
    return tuple(found)


def _open_threads(session: OracleSession) -> set[str]:
    """The numbers of the threads that are open; none where that cannot be seen, and at a standby."""
    try:
        return {text(row[0]) for row in session.select(THREADS) if text(row[1]).upper() == "OPEN"}
    except SqlRefused:
        return set()


def _per_hour(switches: Sequence[datetime], first: datetime | None, now: datetime) -> tuple[int, ...]:
    """Switches in each whole hour back from ``now`` for which there is a record, a day at most."""
    known = min(HOURS, (now - first) // HOUR) if first is not None else 0
    ages = [max(timedelta(0), now - when) for when in switches]
    return tuple(sum(hour * HOUR <= age < (hour + 1) * HOUR for age in ages) for hour in range(max(0, known)))


def now_of(session: OracleSession) -> datetime:
    """The server's SYSDATE. Raises Undetermined."""
    rows = session.select(NOW)
    now = moment(rows[0][0] if rows else None, "SYSDATE")
    if now is None:
        raise Undetermined("读不到数据库时间（SYSDATE）")
    return now


def compare(facts: Redo, target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    findings = [finding for one in facts.groups for finding in _group_findings(one)]
    for thread in facts.threads:
        own = [one for one in facts.groups if one.thread == thread.number]
        findings += [*_number_findings(thread, len(own)), *_switch_findings(thread)]
    single = [one.number for one in facts.groups if len(one.members) == 1]
    if single:
        advice = "请 DBA 给每组增加一个放在另一块磁盘的成员（ALTER DATABASE ADD LOGFILE MEMBER … TO GROUP n）。"
        findings.append(Finding(Outcome.WARN, f"只有一个成员的日志组：{listed(single)}", advice))
    expected = f"每个线程每小时切换的中位数不超过 {MOST} 次；不少于 {FEWEST + 1} 组，每组至少 {FEWEST} 个正常成员"
    return judged(expected, _figures(facts), findings)


def _figures(facts: Redo) -> str:
    told = []
    for thread in facts.threads:
        own = [one for one in facts.groups if one.thread == thread.number]
        members = "、".join(str(len(one.members)) for one in own)
        rate = f"近 {len(thread.switches)} 小时每小时切换中位数 {median(thread.switches):g}" if thread.switches else ""
        told.append("，".join(filter(None, (f"线程 {thread.number} 有 {len(own)} 组（成员 {members or '0'}）", rate))))
    return "；".join(told)


def _number_findings(thread: Thread, groups: int) -> list[Finding]:
    if groups > FEWEST:
        return []
    if groups < FEWEST:
        reason = f"线程 {thread.number} 只看到 {groups} 组日志，答复不合理"
        return [Finding(Outcome.UNKNOWN, reason, "请 DBA 查询 V$LOG 核对。")]
    advice = f"请 DBA 增加日志组（ALTER DATABASE ADD LOGFILE THREAD {thread.number} …）。"
    return [Finding(Outcome.WARN, f"线程 {thread.number} 只有 {groups} 组日志", advice)]


def _switch_findings(thread: Thread) -> list[Finding]:
    if not thread.open:
        return []
    if not thread.switches:
        reason = f"线程 {thread.number} 没有满一小时的日志切换记录，无法判断切换频率"
        return [Finding(Outcome.UNKNOWN, reason, "请在数据库运行一小时以后再检查。")]
    rate = median(thread.switches)
    if rate <= MOST:
        return []
    reason = f"线程 {thread.number} 每小时切换日志的中位数是 {rate:g} 次，超过 {MOST} 次"
    return [Finding(Outcome.WARN, reason, "请与 DBA 商定加大联机日志（新建更大的组，再删除旧组）。")]


def _group_findings(one: Group) -> list[Finding]:
    if not one.members:
        return [Finding(Outcome.UNKNOWN, f"读不到日志组 {one.number} 的成员", "请 DBA 查询 V$LOGFILE 核对。")]
    states = [status for _, status in one.members]
    repair = f"请 DBA 核对日志组 {one.number} 的文件，必要时删除后重建成员，并切换日志后再检查。"
    if all(status in LOST for status in states):
        return [Finding(Outcome.FAIL, f"日志组 {one.number} 的全部成员都是 {'、'.join(dict.fromkeys(states))}", repair)]
    findings = [
        Finding(Outcome.WARN, f"日志组 {one.number} 的成员 {name} 是 {status}", repair)
        for name, status in one.members
        if status in (*LOST, STALE)
    ]
    strange = [status for status in states if status not in ("", *LOST, STALE)]
    if strange:
        findings.append(Finding(Outcome.UNKNOWN, f"日志组 {one.number} 的成员状态“{strange[0]}”无法理解"))
    return findings


def shows(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (LOGS, *MEMBERS, NOW, HISTORY, OLDEST, THREADS)
