"""Online logs and archiving: switches, members, archivers, destinations and the recovery area, at their boundaries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from oracle_operation import SEQUENCE, destination, log, member, switches
from oracle_small import LEGACY, NOW, SmallOracle, judged

from app.checks.model import Outcome

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
HOUR = timedelta(hours=1)


def switching(every: timedelta, hours: int = 24) -> SmallOracle:
    """``every`` so often; the logs that are online are those of the last hour already counted."""
    oracle = SmallOracle()
    oracle.views["V$LOG"] = [log(group, 10 + group, None) for group in (1, 2, 3)]
    oracle.views["V$LOG_HISTORY"] = switches(NOW, every, hours)
    oracle.columns["V$LOG_HISTORY"] = ("THREAD#", "SEQUENCE#", "FIRST_TIME")
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome"),
    [
        (switching(HOUR / 5), PASS),
        (switching(HOUR / 6), PASS),
        (switching(HOUR / 7), WARN),
        (switching(HOUR / 60), WARN),
        (switching(HOUR / 7, hours=2), WARN),
        (switching(HOUR / 60, hours=1), WARN),
        (switching(HOUR * 100), UNKNOWN),
    ],
)
def test_a_thread_switches_six_times_an_hour_at_most(oracle: SmallOracle, outcome: Outcome) -> None:
    result = judged(oracle, "redo")
    assert result.outcome is outcome
    assert outcome is PASS or "切换" in result.reason


def test_one_busy_hour_is_no_rule() -> None:
    oracle = switching(HOUR / 2)
    oracle.views["V$LOG_HISTORY"] += [
        {"THREAD#": 1, "SEQUENCE#": 900 + n, "FIRST_TIME": NOW - 5 * HOUR - n * timedelta(seconds=30)}
        for n in range(60)
    ]
    assert judged(oracle, "redo").outcome is PASS


def test_a_thread_that_has_not_switched_for_days_is_a_quiet_one() -> None:
    oracle = switching(HOUR)
    for row in oracle.views["V$LOG_HISTORY"]:
        row["FIRST_TIME"] -= timedelta(days=9)
    result = judged(oracle, "redo")
    assert result.outcome is PASS
    assert "中位数 0" in result.actual


def test_each_thread_of_a_cluster_is_counted_by_itself() -> None:
    oracle = switching(HOUR)
    oracle.views["V$LOG"] += [log(group, 1, None, thread=2) for group in (4, 5, 6)]
    oracle.views["V$LOGFILE"] += [member(group, n) for group in (4, 5, 6) for n in (1, 2)]
    oracle.views["V$LOG_HISTORY"] += switches(NOW, HOUR / 8, thread=2)
    oracle.views["V$THREAD"].append({"THREAD#": 2, "STATUS": "OPEN", "ENABLED": "PUBLIC", "INSTANCE": "jyjc2"})
    result = judged(oracle, "redo")
    assert result.outcome is WARN
    assert "线程 2 每小时" in result.reason and "线程 1" not in result.reason


@pytest.mark.parametrize(("status", "outcome"), [("CLOSED", PASS), ("OPEN", UNKNOWN)])
def test_only_a_running_thread_must_have_switched(status: str, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.views["V$LOG"] += [log(group, 0, None, thread=2, status="UNUSED") for group in (4, 5, 6)]
    oracle.views["V$LOGFILE"] += [member(group, n) for group in (4, 5, 6) for n in (1, 2)]
    oracle.views["V$THREAD"].append({"THREAD#": 2, "STATUS": status, "ENABLED": "PUBLIC", "INSTANCE": "jyjc2"})
    assert judged(oracle, "redo").outcome is outcome


def grouped(groups: int = 3, members: int = 2, **states: str | None) -> SmallOracle:
    """``states``: of members, called ``m`` with the numbers of group and member."""
    oracle = SmallOracle()
    oracle.views["V$LOG"] = [log(n, SEQUENCE - n, NOW - n * HOUR) for n in range(1, groups + 1)]
    oracle.views["V$LOGFILE"] = [
        member(group, n, states.get(f"m{group}{n}")) for group in range(1, groups + 1) for n in range(1, members + 1)
    ]
    oracle.columns["V$LOGFILE"] = ("GROUP#", "STATUS", "TYPE", "MEMBER")
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome", "said"),
    [
        (grouped(), PASS, ""),
        (grouped(groups=2), WARN, "只有 2 组"),
        (grouped(groups=1), UNKNOWN, "只看到 1 组"),
        (grouped(members=1), WARN, "只有一个成员的日志组：1、2、3"),
        (grouped(m21="INVALID"), WARN, "INVALID"),
        (grouped(m21="STALE", m22="STALE"), WARN, "STALE"),
        (grouped(m21="INVALID", m22="INVALID"), FAIL, "日志组 2 的全部成员"),
        (grouped(m21="INVALID", m22="DELETED"), FAIL, "日志组 2 的全部成员"),
        (grouped(members=1, m11="INVALID"), FAIL, "日志组 1 的全部成员"),
        (grouped(m11="坏"), UNKNOWN, "无法理解"),
        (grouped(members=0), UNKNOWN, "成员"),
        (grouped(groups=0), UNKNOWN, "V$LOG"),
    ],
)
def test_every_group_has_its_members(oracle: SmallOracle, outcome: Outcome, said: str) -> None:
    result = judged(oracle, "redo")
    assert result.outcome is outcome
    assert said in result.reason


def test_standby_logs_are_no_online_logs_and_8i_knows_no_types() -> None:
    oracle = SmallOracle(LEGACY)
    oracle.views["V$LOGFILE"].append(member(9, 1, "INVALID", "STANDBY"))
    assert judged(oracle, "redo").outcome is PASS
    oracle.views["V$LOGFILE"].pop()
    oracle.drop_column("V$LOGFILE", "TYPE")
    assert judged(oracle, "redo").outcome is PASS


def archiving(
    *destinations: dict[str, Any], archiver: str | None = "STARTED", area: tuple[Any, ...] | None = None
) -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["GV$INSTANCE"][0]["ARCHIVER"] = archiver
    oracle.views["V$ARCHIVE_DEST"] = list(destinations) or [destination(1)]
    if area is not None:
        columns = ("NAME", "SPACE_LIMIT", "SPACE_USED", "SPACE_RECLAIMABLE")
        oracle.views["V$RECOVERY_FILE_DEST"] = [dict(zip(columns, area, strict=True))] if area else []
    return oracle


BROKEN = {"STATUS": "ERROR", "ERROR": "ORA-19809: limit exceeded for recovery files"}


@pytest.mark.parametrize(
    ("oracle", "outcome", "said"),
    [
        (archiving(), PASS, ""),
        (archiving(archiver="STOPPED"), FAIL, "STOPPED"),
        (archiving(archiver="FAILED"), FAIL, "FAILED"),
        (archiving(archiver=None), UNKNOWN, "无法理解"),
        (archiving(destination(1), destination(2, BINDING="MANDATORY", **BROKEN)), FAIL, "强制的归档目的地"),
        (archiving(destination(1), destination(2, **BROKEN)), WARN, "ORA-19809"),
        (archiving(destination(1, **BROKEN)), FAIL, "没有一个可用的本地归档目的地"),
        (archiving(destination(1, "FULL"), destination(2, TARGET="STANDBY")), FAIL, "没有一个可用的本地归档目的地"),
        (archiving(destination(1), destination(2, "DEFERRED")), WARN, "DEFERRED"),
        (archiving(destination(1), destination(2, "DISABLED", BINDING="MANDATORY")), FAIL, "DISABLED"),
        (archiving(destination(1), destination(2, "怪")), UNKNOWN, "无法理解"),
        (archiving(destination(1, "INACTIVE")), UNKNOWN, "没有看到启用的"),
        (archiving(destination(1), destination(2, "ALTERNATE")), PASS, ""),
        (archiving(area=("/fra", 1000, 700, 1)), PASS, ""),
        (archiving(area=("/fra", 1000, 700, 0)), WARN, "70.00%"),
        (archiving(area=("/fra", 1000, 899, 0)), WARN, "89.90%"),
        (archiving(area=("/fra", 1000, 950, 50)), FAIL, "90.00%"),
        (archiving(area=("/fra", 1000, 1200, 0)), FAIL, "120.00%"),
        (archiving(area=("/fra", 1000, 100, 200)), UNKNOWN, "不合理"),
        (archiving(area=("/fra", 0, 0, 0)), UNKNOWN, "恢复区"),
        (archiving(area=("/fra", 1000, None, 0)), UNKNOWN, "恢复区"),
        (archiving(area=("/fra", 1000, "满", 0)), UNKNOWN, "不是数字"),
        (archiving(area=(None, 0, 0, 0)), PASS, ""),
        (archiving(area=()), PASS, ""),
        (archiving(destination(1, DESTINATION="USE_DB_RECOVERY_FILE_DEST"), area=()), UNKNOWN, "没有给出恢复区"),
    ],
)
def test_archiving_works_and_has_room(oracle: SmallOracle, outcome: Outcome, said: str) -> None:
    result = judged(oracle, "archive")
    assert result.outcome is outcome
    assert said in result.reason


@pytest.mark.parametrize(
    ("mode", "outcome"), [("NOARCHIVELOG", Outcome.NOT_APPLICABLE), (None, UNKNOWN), ("MANUAL", PASS)]
)
def test_what_is_not_archived_is_not_judged(mode: str | None, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.views["V$DATABASE"][0]["LOG_MODE"] = mode
    assert judged(oracle, "archive").outcome is outcome


def test_a_second_instance_with_a_stopped_archiver_is_named() -> None:
    oracle = SmallOracle()
    oracle.views["GV$INSTANCE"].append(
        {**oracle.views["GV$INSTANCE"][0], "INST_ID": 2, "INSTANCE_NAME": "jyjc2", "ARCHIVER": "STOPPED"}
    )
    result = judged(oracle, "archive")
    assert result.outcome is FAIL
    assert "实例 jyjc2" in result.reason


@pytest.mark.parametrize(("parallel", "outcome"), [("YES", UNKNOWN), ("NO", PASS)])
def test_one_archiver_does_not_stand_for_those_of_a_cluster(parallel: str, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.drop_view("GV$INSTANCE")
    oracle.views["V$INSTANCE"][0]["PARALLEL"] = parallel
    assert judged(oracle, "archive").outcome is outcome


@pytest.mark.parametrize(("version", "outcome"), [("9.2.0.8.0", PASS), ("10.2.0.5.0", UNKNOWN)])
def test_a_recovery_area_that_cannot_be_seen_matters_from_10g_on(version: str, outcome: Outcome) -> None:
    oracle = SmallOracle(LEGACY)
    oracle.views["V$INSTANCE"][0] |= {"VERSION": version, "VERSION_FULL": None}
    oracle.drop_view("V$RECOVERY_FILE_DEST")
    assert judged(oracle, "archive").outcome is outcome
