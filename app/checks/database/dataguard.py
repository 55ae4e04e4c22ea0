"""oracle.dataguard: how far the standby is behind, asked at the standby, or worked out at the primary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.checks.database.findings import Finding, judged
from app.checks.database.instance import DATABASES
from app.checks.database.reading import number_or_none, require, text
from app.checks.database.redo import HISTORY, LOGS, NOW, Log, begun, history, now_of
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

STATISTICS = (
    "SELECT NAME, VALUE, TIME_COMPUTED, DATUM_TIME FROM GV$DATAGUARD_STATS",  # 11g+
    "SELECT NAME, VALUE, TIME_COMPUTED, DATUM_TIME FROM V$DATAGUARD_STATS",
    "SELECT NAME, VALUE, TIME_COMPUTED, TIME_COMPUTED FROM V$DATAGUARD_STATS",  # 10.2
)
DESTINATIONS = "SELECT DEST_ID, DEST_NAME, STATUS, TARGET, ERROR FROM V$ARCHIVE_DEST"
_STATES = "SELECT DEST_ID, STATUS, TYPE, RECOVERY_MODE, {} FROM V$ARCHIVE_DEST_STATUS"
STATES = (
    _STATES.format("APPLIED_THREAD#, APPLIED_SEQ#, GAP_STATUS"),  # 11.2+
    _STATES.format("APPLIED_THREAD#, APPLIED_SEQ#, NULL"),  # 9i+
    _STATES.format("NULL, APPLIED_SEQ#, NULL"),
)
APPLY_LAG = "APPLY LAG"
# Oracle Database Reference, V$DATAGUARD_STATS: an interval of days, hours, minutes and seconds.
INTERVAL = re.compile(r"\+?(\d{1,9}) +(\d{1,2}):(\d\d):(\d\d)(?:\.\d*)?")
STAMPS = ("%m/%d/%Y %H:%M:%S", "%d-%b-%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S")  # 11g+, 10.2, and by NLS_DATE_FORMAT
FRESH = timedelta(minutes=10)  # age of what a lag was computed from
LATE, TOO_LATE = timedelta(minutes=60), timedelta(minutes=120)
STANDBY_TYPES = ("PHYSICAL", "LOGICAL", "SNAPSHOT")
UNFED = ("ERROR", "DISABLED", "BAD PARAM", "FULL", "DEFERRED")
STANDBY_ROLES = ("PHYSICAL STANDBY", "LOGICAL STANDBY", "SNAPSHOT STANDBY")


@dataclass(frozen=True)
class Statistic:
    """A row of V$DATAGUARD_STATS as text; NULL is empty."""

    value: str
    computed: str
    datum: str


@dataclass(frozen=True)
class Standby:
    """A destination that feeds a standby, seen at the primary. ``applied``: thread and sequence, None if not known."""

    name: str
    status: str
    recovery: str
    thread: str
    applied: int | None
    gap: str
    error: str


@dataclass(frozen=True)
class Guard:
    """At a standby its statistics, at a primary its ``standbys`` and the logs that say when each sequence began."""

    role: str
    now: datetime
    statistics: tuple[Statistic, ...] = ()
    standbys: tuple[Standby, ...] = ()
    logs: tuple[Log, ...] = ()


def gather(session: OracleSession, target: Database) -> Guard:  # noqa: ARG001 - the shape of Check.gather
    rows = session.select(*DATABASES)
    require(rows, "V$DATABASE")
    role = text(rows[0][3]).upper()
    if role in STANDBY_ROLES:
        return _at_standby(session, role)
    if role != "PRIMARY":
        raise Undetermined(f"数据库角色“{role}”无法理解，不知在主库还是备库", "请 DBA 查询 V$DATABASE 核对。")
    standbys = _standbys(session)
    now = now_of(session)
    if not standbys:
        return Guard(role, now)
    logs = [*begun(session.select(LOGS)), *history(session)]
    return Guard(role, now, (), standbys, tuple(logs))


def _at_standby(session: OracleSession, role: str) -> Guard:
    rows = session.select(*STATISTICS)
    require(rows, "V$DATAGUARD_STATS")
    own = [Statistic(*map(text, row[1:])) for row in rows if text(row[0]).upper() == APPLY_LAG]
    if not own:
        raise Undetermined("V$DATAGUARD_STATS 里没有 apply lag", "请 DBA 在备库上执行该查询核对。")
    return Guard(role, now_of(session), tuple(one for one in own if one.value) or tuple(own[:1]))


def _standbys(session: OracleSession) -> tuple[Standby, ...]:
    destinations = session.select(DESTINATIONS)
    require([row for row in destinations if text(row[2]) and text(row[3])], "V$ARCHIVE_DEST")
    states = {text(row[0]): row for row in session.select(*STATES)}
    found = []
    for number, name, status, target, error in (tuple(map(text, row)) for row in destinations):
        state = states.get(number, (number, *[None] * 6))
        kind = text(state[2]).upper()
        if status.upper() == "INACTIVE" or (target.upper() != "STANDBY" and kind not in STANDBY_TYPES):
            continue
        applied = number_or_none(state[5], f"{name} 的 APPLIED_SEQ#")
        found.append(
            Standby(
                name, status.upper(), text(state[3]).upper(), text(state[4]), applied, text(state[6]).upper(), error
            )
        )
    return tuple(found)


def compare(facts: Guard, target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    if facts.role == "PRIMARY" and not facts.standbys:
        return Verdict(
            Outcome.NOT_APPLICABLE, "", "没有配置备库", "没有配置备库（V$ARCHIVE_DEST 里没有 STANDBY 目的地）"
        )
    expected = "备库落后主库少于 60 分钟"
    if facts.role == "PRIMARY":
        told = [_at_primary(one, facts) for one in facts.standbys]
    else:
        told = [_lagging(one, facts.now) for one in facts.statistics]
    findings = [finding for _, some in told for finding in some]
    return judged(expected, f"{facts.role}：" + "；".join(said for said, _ in told), findings)


def _lagging(one: Statistic, now: datetime) -> tuple[str, list[Finding]]:
    """What is said of a standby's own lag, and what is wrong with it."""
    look = "请 DBA 在备库上查 V$MANAGED_STANDBY 与 V$DATAGUARD_STATS，确认重做传输和应用在进行。"
    if not one.value:
        return "apply lag 为空", [Finding(Outcome.UNKNOWN, "备库没有给出 apply lag（应用可能没有进行）", look)]
    lag = interval(one.value)
    if lag is None:
        return f"apply lag “{one.value}”", [Finding(Outcome.UNKNOWN, f"apply lag“{one.value[:40]}”无法理解", look)]
    seen = stamp(one.datum)
    if seen is None:
        reason = f"apply lag 的依据时间（DATUM_TIME）“{one.datum[:40]}”为空或无法理解"
        return f"apply lag {one.value}", [Finding(Outcome.UNKNOWN, reason, look)]
    said = f"apply lag {one.value}（依据 {seen:%Y-%m-%d %H:%M:%S} 收到的数据）"
    if abs(now - seen) > FRESH:
        reason = (
            f"apply lag 依据的是 {seen:%Y-%m-%d %H:%M:%S} 的数据（备库现在 {now:%H:%M:%S}），备库可能收不到主库的重做"
        )
        return said, [Finding(Outcome.UNKNOWN, reason, look)]
    return said, _judged("备库", lag)


def interval(written: str) -> timedelta | None:
    """``+00 00:59:59`` as a time; None for anything else, a negative one included."""
    found = INTERVAL.fullmatch(written.strip())
    if found is None:
        return None
    days, hours, minutes, seconds = map(int, found.groups())
    with suppress(OverflowError):
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return None


def stamp(written: str) -> datetime | None:
    """TIME_COMPUTED and DATUM_TIME, which are texts in the standby's own time; None for anything else."""
    for form in STAMPS:
        with suppress(ValueError):
            return datetime.strptime(written.strip(), form)
    return None


def _judged(who: str, lag: timedelta, least: bool = False) -> list[Finding]:
    """``least``: the lag may be longer than that."""
    minutes = f"{'至少 ' if least else ''}{lag // timedelta(minutes=1)} 分钟"
    advice = "请 DBA 核对到备库的网络与日志传输（V$ARCHIVE_DEST 的 ERROR、V$ARCHIVE_GAP），并确认备库在应用日志。"
    if lag >= TOO_LATE:
        return [Finding(Outcome.FAIL, f"{who}落后 {minutes}", advice)]
    if least:
        return [Finding(Outcome.UNKNOWN, f"{who}落后 {minutes}，不知道有没有超过 120 分钟", advice)]
    return [Finding(Outcome.WARN, f"{who}落后 {minutes}", advice)] if lag >= LATE else []


def _at_primary(one: Standby, facts: Guard) -> tuple[str, list[Finding]]:
    applied = "未知" if one.applied is None else f"线程 {one.thread or '?'} 序号 {one.applied}"
    said = f"{one.name} {one.status}，已应用 {applied}"
    who = f"{one.name} 的备库"
    findings = []
    if one.status in UNFED:
        why = f"（{one.error[:120]}）" if one.error else ""
        advice = f"请 DBA 处理后执行 ALTER SYSTEM SET {one.name.replace('DEST_', 'DEST_STATE_')}=ENABLE。"
        findings.append(Finding(Outcome.WARN, f"{one.name} 是 {one.status}{why}，没有向备库传送重做", advice))
    elif one.status != "VALID":
        findings.append(Finding(Outcome.UNKNOWN, f"{one.name} 的状态“{one.status}”无法理解"))
    if one.gap not in ("", "NO GAP"):
        advice = "请 DBA 查询 V$ARCHIVE_GAP，补传缺少的归档日志。"
        findings.append(Finding(Outcome.WARN, f"{one.name} 有日志缺口（{one.gap}）", advice))
    findings += _behind(one, who, facts)
    return said, findings


def _behind(one: Standby, who: str, facts: Guard) -> list[Finding]:
    """From when the first log began that is not applied yet; with real-time apply the current one is."""
    advice = "请在 site.toml 加上备库，在备库上检查；或请 DBA 在备库上查询 V$DATAGUARD_STATS。"
    waiting = sorted(
        (log.sequence, log.first)
        for log in facts.logs
        if log.thread == (one.thread or log.thread) and log.sequence > (one.applied or 0)
    )
    threads = {log.thread for log in facts.logs}
    if not one.applied or not facts.logs or (not one.thread and len(threads) > 1):
        return [Finding(Outcome.UNKNOWN, f"{who}应用到哪里，从主库看不出来", advice)]
    if one.thread and one.thread not in threads:
        return [Finding(Outcome.UNKNOWN, f"看不到线程 {one.thread} 的日志，不知{who}落后多少", advice)]
    if not waiting:
        return [Finding(Outcome.UNKNOWN, f"{who}已应用的序号 {one.applied} 不比主库的日志早，答复不合理", advice)]
    first, since = waiting[0]
    if since > facts.now + FRESH:
        return [Finding(Outcome.UNKNOWN, f"主库日志的开始时间晚于数据库时间，不知{who}落后多少")]
    live = first == one.applied + 1 and "REAL TIME" in one.recovery and one.status == "VALID"
    if live and len(waiting) == 1:
        return []
    if live and len(waiting) == 2 and facts.now - since >= LATE:  # APPLIED_SEQ# follows only after a log's end
        return [Finding(Outcome.UNKNOWN, f"{who}实时应用，已应用的序号晚一个日志才更新，不知落后多少", advice)]
    return _judged(who, max(timedelta(0), facts.now - since), least=first != one.applied + 1)


def shows(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (*DATABASES, *STATISTICS, DESTINATIONS, *STATES, NOW, LOGS, HISTORY)
