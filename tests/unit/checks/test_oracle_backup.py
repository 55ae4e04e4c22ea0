"""RMAN backups and the standby's lag, asked at both ends, at their boundaries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_operation import SEQUENCE, destination, destination_state, fed, job, log, switches
from oracle_small import LEGACY, NOW, SmallOracle, judged

from app.checks.database.dataguard import interval, stamp
from app.checks.model import Outcome

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
NOT_APPLICABLE = Outcome.NOT_APPLICABLE
DAY, HOUR, MINUTE, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


def backed_up(*jobs: tuple[str, str, datetime | None]) -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["V$RMAN_BACKUP_JOB_DETAILS"] = [
        job(kind, status, (ended or NOW) - HOUR, ended) for kind, status, ended in jobs
    ]
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome", "said"),
    [
        (backed_up(("DB FULL", "COMPLETED", NOW - 7 * DAY)), PASS, ""),
        (backed_up(("DB FULL", "COMPLETED", NOW - 7 * DAY - SECOND)), FAIL, "7.01 天前"),
        (backed_up(("DB INCR", "COMPLETED WITH WARNINGS", NOW - DAY)), PASS, ""),
        (backed_up(("DB INCR", "COMPLETED WITH ERRORS", NOW - DAY)), FAIL, "没有一次成功"),
        (backed_up(("DB FULL", "FAILED", NOW - DAY)), FAIL, "没有一次成功"),
        (backed_up(("DB FULL", "RUNNING", None)), UNKNOWN, "还没有一次成功"),
        (backed_up(("ARCHIVELOG", "COMPLETED", NOW)), UNKNOWN, "没有 RMAN 数据库备份的记录"),
        (backed_up(("DATAFILE FULL", "COMPLETED", NOW), ("CONTROLFILE", "COMPLETED", NOW)), UNKNOWN, "没有 RMAN"),
        (backed_up(), UNKNOWN, "没有 RMAN"),
        (backed_up(("DB FULL", "COMPLETED", NOW - DAY), ("DB FULL", "FAILED", NOW)), WARN, "其后 DB FULL 作业 FAILED"),
        (backed_up(("DB FULL", "COMPLETED", NOW - DAY), ("ARCHIVELOG", "FAILED", NOW)), WARN, "其后 ARCHIVELOG"),
        (backed_up(("DB FULL", "COMPLETED", NOW - DAY), ("DB FULL", "FAILED", NOW - 2 * DAY)), PASS, ""),
        (backed_up(("DB FULL", "COMPLETED", NOW - 9 * DAY), ("DB FULL", "FAILED", NOW)), FAIL, "超过方案的 7 天"),
        (backed_up(("DB FULL", "COMPLETED", NOW - DAY), ("DB FULL", "RUNNING", None)), PASS, ""),
        (backed_up(("DB FULL", "COMPLETED", None)), UNKNOWN, ""),
        (backed_up(("DB FULL", "COMPLETED", NOW - DAY), ("DB FULL", "怪", NOW)), UNKNOWN, "无法理解"),
        (backed_up(("DB FULL", "COMPLETED", NOW + DAY)), UNKNOWN, "晚于数据库时间"),
    ],
)
def test_the_database_was_backed_up_within_the_planned_days(oracle: SmallOracle, outcome: Outcome, said: str) -> None:
    oracle.columns["V$RMAN_BACKUP_JOB_DETAILS"] = ("INPUT_TYPE", "STATUS", "START_TIME", "END_TIME")
    result = judged(oracle, "backup", backup_days=7)
    assert result.outcome is outcome
    assert said in result.reason


def test_fifty_thousand_backup_jobs_are_summed_up_by_the_database() -> None:
    oracle = backed_up(*(("ARCHIVELOG", "COMPLETED", NOW - n * MINUTE) for n in range(50_000)))
    oracle.views["V$RMAN_BACKUP_JOB_DETAILS"].append(job("DB FULL", "COMPLETED", NOW - DAY, NOW - DAY))
    assert judged(oracle, "backup").outcome is PASS


def test_without_planned_days_the_last_backup_is_recorded() -> None:
    result = judged(SmallOracle(), "backup", backup_days=0)
    assert (result.outcome, result.observed) == (NOT_APPLICABLE, {"last_backup": "2026-11-23 19:30:00"})


@pytest.mark.parametrize(("version", "said"), [("10.1.0.5.0", "10.2 以前"), ("10.2.0.5.0", "ORA-00942")])
def test_a_release_without_the_view_is_told_from_one_that_hides_it(version: str, said: str) -> None:
    oracle = SmallOracle(LEGACY)
    oracle.drop_view("V$RMAN_BACKUP_JOB_DETAILS")
    oracle.views["V$INSTANCE"][0] |= {"VERSION": version, "VERSION_FULL": None}
    result = judged(oracle, "backup")
    assert result.outcome is UNKNOWN
    assert said in result.reason


def test_a_pluggable_database_says_that_it_sees_only_its_own_jobs() -> None:
    oracle = backed_up()
    oracle.columns["V$RMAN_BACKUP_JOB_DETAILS"] = ("INPUT_TYPE", "STATUS", "START_TIME", "END_TIME")
    oracle.views["V$DATABASE"][0]["CDB"] = "YES"
    oracle.answers["SELECT SYS_CONTEXT('USERENV', 'CON_NAME') FROM DUAL"] = lambda: "P1"
    result = judged(oracle, "backup")
    assert result.outcome is UNKNOWN
    assert "PDB P1" in result.reason


def written(when: datetime) -> str:
    return when.strftime("%m/%d/%Y %H:%M:%S")


def statistic(value: str | None, datum: str | None = written(NOW), name: str = "apply lag") -> dict[str, Any]:
    return {"NAME": name, "VALUE": value, "TIME_COMPUTED": written(NOW), "DATUM_TIME": datum}


def standby(*rows: dict[str, Any], role: str = "PHYSICAL STANDBY", mode: str = "READ ONLY WITH APPLY") -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["V$DATABASE"][0] |= {"DATABASE_ROLE": role, "OPEN_MODE": mode}
    oracle.views["V$DATAGUARD_STATS"] = [statistic("+00 00:00:00", name="transport lag"), *rows]
    return oracle


@pytest.mark.parametrize("mode", ["MOUNTED", "READ ONLY WITH APPLY"])
@pytest.mark.parametrize(
    ("row", "outcome", "said"),
    [
        (statistic("+00 00:00:00"), PASS, ""),
        (statistic("+00 00:59:59"), PASS, ""),
        (statistic("+00 01:00:00"), WARN, "60 分钟"),
        (statistic("+00 01:59:59.999"), WARN, "119 分钟"),
        (statistic("+00 02:00:00"), FAIL, "120 分钟"),
        (statistic("+07 00:00:00"), FAIL, "10080 分钟"),
        (statistic(None), UNKNOWN, "没有给出 apply lag"),
        (statistic("-00 00:00:01"), UNKNOWN, "无法理解"),
        (statistic("无"), UNKNOWN, "无法理解"),
        (statistic("+00 00:00:00", None), UNKNOWN, "DATUM_TIME"),
        (statistic("+00 00:00:00", "昨天"), UNKNOWN, "DATUM_TIME"),
        (statistic("+00 00:00:00", written(NOW - 10 * MINUTE)), PASS, ""),
        (statistic("+00 00:00:00", written(NOW - 10 * MINUTE - SECOND)), UNKNOWN, "收不到主库的重做"),
        (statistic("+00 05:00:00", written(NOW - DAY)), UNKNOWN, "收不到主库的重做"),
        (statistic("+00 00:00:00", name="apply finish time"), UNKNOWN, "没有 apply lag"),
    ],
)
def test_a_standby_is_less_than_an_hour_behind(mode: str, row: dict[str, Any], outcome: Outcome, said: str) -> None:
    result = judged(standby(row, mode=mode), "dataguard")
    assert result.outcome is outcome
    assert said in result.reason


def test_an_empty_answer_at_a_standby_is_unknown_and_so_is_a_strange_role() -> None:
    oracle = standby()
    oracle.views["V$DATAGUARD_STATS"] = []
    oracle.columns["V$DATAGUARD_STATS"] = tuple(statistic(""))
    assert judged(oracle, "dataguard").outcome is UNKNOWN
    assert judged(standby(statistic("+00 00:00:00"), role="?"), "dataguard").outcome is UNKNOWN


def test_the_standby_of_10g_has_the_time_of_computing_only() -> None:
    oracle = standby(statistic("+00 00:00:05") | {"TIME_COMPUTED": NOW.strftime("%d-%b-%Y %H:%M:%S").upper()})
    oracle.columns["V$DATAGUARD_STATS"] = ("NAME", "VALUE", "TIME_COMPUTED")
    assert judged(oracle, "dataguard").outcome is PASS


def test_of_a_cluster_the_instance_that_applies_is_asked() -> None:
    oracle = standby()
    oracle.views["GV$DATAGUARD_STATS"] = [statistic(None), statistic("+00 03:00:00")]
    assert judged(oracle, "dataguard").outcome is FAIL


def feeding(
    dest: dict[str, Any] | None = None,
    behind: int = 1,
    every: timedelta = HOUR / 2,
    state: dict[str, Any] | None = None,
) -> SmallOracle:
    """A primary whose standby has applied all but ``behind`` logs, each ``every`` long, the current one just begun."""
    oracle = SmallOracle()
    oracle.views["V$LOG"] = [log(1, SEQUENCE, NOW, status="CURRENT")]
    oracle.views["V$LOG_HISTORY"] = switches(NOW + every / 2, every)
    oracle.views["V$ARCHIVE_DEST"][1] |= dest or {}
    oracle.views["V$ARCHIVE_DEST_STATUS"] = [
        destination_state(1), fed(**{"APPLIED_SEQ#": SEQUENCE - behind, **(state or {})})
    ]  # fmt: skip
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome", "said"),
    [
        (feeding(), PASS, ""),
        (feeding(behind=2), PASS, ""),
        (feeding(behind=2, every=HOUR * 3), UNKNOWN, "晚一个日志"),
        (feeding(behind=2, every=HOUR * 3, state={"RECOVERY_MODE": "MANAGED"}), FAIL, "180 分钟"),
        (feeding(behind=3), WARN, "60 分钟"),
        (feeding(behind=4), WARN, "90 分钟"),
        (feeding(behind=5), FAIL, "120 分钟"),
        (feeding(behind=900), FAIL, "至少"),
        (feeding(behind=900, every=HOUR * 30), UNKNOWN, "至少"),
        (feeding(behind=1, every=HOUR, state={"RECOVERY_MODE": "MANAGED"}), PASS, ""),
        (feeding(behind=0), UNKNOWN, "答复不合理"),
        (feeding(state={"APPLIED_SEQ#": 0}), UNKNOWN, "看不出来"),
        (feeding(state={"APPLIED_SEQ#": None}), UNKNOWN, "看不出来"),
        (feeding(state={"APPLIED_THREAD#": 7}), UNKNOWN, "线程 7"),
        (feeding(state={"GAP_STATUS": "RESOLVABLE GAP"}), WARN, "日志缺口"),
        (feeding({"STATUS": "ERROR", "ERROR": "ORA-12541: TNS:no listener"}), WARN, "ORA-12541"),
        (feeding({"STATUS": "ERROR"}, behind=6), FAIL, "150 分钟"),
        (feeding({"STATUS": "DEFERRED"}), WARN, "DEFERRED"),
        (feeding({"STATUS": "怪"}), UNKNOWN, "无法理解"),
    ],
)
def test_a_primary_tells_how_far_its_standby_is_behind(oracle: SmallOracle, outcome: Outcome, said: str) -> None:
    result = judged(oracle, "dataguard")
    assert result.outcome is outcome
    assert said in result.reason


def test_a_current_log_that_is_not_applied_as_it_is_written_counts_from_its_beginning() -> None:
    oracle = feeding(state={"RECOVERY_MODE": "MANAGED"})
    oracle.views["V$LOG"] = [log(1, SEQUENCE, NOW - 2 * HOUR, status="CURRENT")]
    oracle.views["V$LOG_HISTORY"] = switches(NOW - 2 * HOUR, HOUR)
    assert judged(oracle, "dataguard").outcome is FAIL
    oracle.views["V$ARCHIVE_DEST_STATUS"][1]["RECOVERY_MODE"] = "MANAGED REAL TIME APPLY"
    assert judged(oracle, "dataguard").outcome is PASS


def test_without_a_standby_there_is_nothing_to_judge() -> None:
    oracle = SmallOracle()
    oracle.views["V$ARCHIVE_DEST"] = [destination(1), destination(2, "INACTIVE", TARGET="STANDBY")]
    assert judged(oracle, "dataguard").outcome is NOT_APPLICABLE
    oracle.views["V$ARCHIVE_DEST"] = []
    assert judged(oracle, "dataguard").outcome is UNKNOWN


def test_older_primaries_have_fewer_columns() -> None:
    oracle = feeding()
    oracle.drop_column("V$ARCHIVE_DEST_STATUS", "GAP_STATUS")
    assert judged(oracle, "dataguard").outcome is PASS
    oracle.drop_column("V$ARCHIVE_DEST_STATUS", "APPLIED_THREAD#")
    assert judged(oracle, "dataguard").outcome is PASS


@given(st.integers(0, 10**6), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_an_interval_is_read_to_the_second(days: int, hours: int, minutes: int, seconds: int) -> None:
    expected = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    assert interval(f"+{days:02d} {hours:02d}:{minutes:02d}:{seconds:02d}") == expected
    assert interval(f"-{days:02d} {hours:02d}:{minutes:02d}:{seconds:02d}") is None


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_intervals_and_times(text: str) -> None:
    interval(text)
    stamp(text)
