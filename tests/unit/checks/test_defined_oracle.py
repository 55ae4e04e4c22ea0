"""oracle.blocking, default_passwords, indexes and jobs as they are shipped: what each says of which database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from defined_small import (
    blocked_row,
    index_row,
    job_row,
    kept_up,
    old_job_row,
    put,
    run_row,
    session_row,
    shipped,
    table_row,
)
from oracle_small import NOW, SmallOracle, user_row

from app.checks.model import Outcome, Result

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
NOT_APPLICABLE = Outcome.NOT_APPLICABLE
IDS = ("blocking", "default_passwords", "indexes", "jobs")


def told(oracle: SmallOracle, name: str, **expect: Any) -> Result:
    return put(oracle, shipped(name), **expect)


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("release", ["19.0.0.0.0", "11.2.0.4.0"])
def test_a_healthy_database_passes(name: str, release: str) -> None:
    result = told(kept_up(release), name)
    assert (result.outcome, result.reason) == (PASS, "")
    assert result.expected and result.actual and result.clause and "SQL> SELECT" in result.transcript


@pytest.mark.parametrize("name", ["blocking", "indexes", "jobs"])
def test_a_healthy_10g_9i_and_8i_pass(name: str) -> None:
    for release in ("10.2.0.5.0", "10.1.0.2.0", "9.2.0.8.0", "8.1.7.4.0"):
        oracle = kept_up(release)
        if release.startswith("8"):
            oracle.drop_view("DBA_EXTERNAL_TABLES")
            oracle.drop_column("V$DATABASE", "DATABASE_ROLE")
        if release.startswith(("8", "9")):
            oracle.drop_view("DBA_SCHEDULER_JOBS", "DBA_SCHEDULER_JOB_RUN_DETAILS", "DBA_TAB_STATISTICS")
            oracle.drop_column("GV$SESSION", "BLOCKING_SESSION", "BLOCKING_INSTANCE", "SECONDS_IN_WAIT", "WAIT_CLASS")
        if release.startswith("10.1"):
            oracle.drop_column("GV$SESSION", "BLOCKING_INSTANCE")
        assert (told(oracle, name).outcome, told(oracle, name).reason) == (PASS, ""), release


@pytest.mark.parametrize("name", IDS)
def test_every_view_that_cannot_be_seen_leaves_the_check_undetermined(name: str) -> None:
    asked = {"blocking": ["GV$SESSION"], "default_passwords": ["DBA_USERS", "DBA_USERS_WITH_DEFPWD"],
             "indexes": ["DBA_TABLES", "DBA_INDEXES", "DBA_IND_PARTITIONS", "DBA_IND_SUBPARTITIONS",
                         "DBA_TAB_STATISTICS", "GV$PARAMETER"],
             "jobs": ["DBA_SCHEDULER_JOBS", "DBA_SCHEDULER_JOB_RUN_DETAILS", "DBA_JOBS"]}  # fmt: skip
    for view in asked[name]:
        oracle = kept_up()
        oracle.drop_view(view)
        result = told(oracle, name)
        assert result.outcome is UNKNOWN, view
        assert "ORA-00942" in result.reason and view in result.reason and result.advice


@pytest.mark.parametrize(
    ("name", "view"),
    [("blocking", "GV$SESSION"), ("default_passwords", "DBA_USERS"), ("indexes", "DBA_TABLES"),
     ("indexes", "DBA_INDEXES"), ("jobs", "DBA_SCHEDULER_JOBS")],
)  # fmt: skip
def test_an_answer_without_what_every_database_has_is_no_good_one(name: str, view: str) -> None:
    oracle = kept_up()
    oracle.views[view] = []
    assert told(oracle, name).outcome is UNKNOWN


# Sessions


@pytest.mark.parametrize(
    ("seconds", "outcome"), [(0, PASS), (59, PASS), (60, WARN), (119, WARN), (120, FAIL), (86_400, FAIL)]
)
@pytest.mark.parametrize("release", ["19.0.0.0.0", "10.1.0.2.0"])
def test_a_blocked_session_is_judged_by_its_seconds(seconds: int, outcome: Outcome, release: str) -> None:
    oracle = kept_up(release)
    oracle.views["GV$SESSION"].append(blocked_row(seconds))
    result = told(oracle, "blocking")
    assert result.outcome is outcome
    if outcome is not PASS:
        assert f"已阻塞 {seconds} 秒" in result.reason and "阻塞者会话 77" in result.reason and result.advice


@pytest.mark.parametrize(
    "row",
    [
        session_row(40, SECONDS_IN_WAIT=9000),
        blocked_row(900, STATE="WAITED KNOWN TIME") | {"SID": 41},
        blocked_row(900) | {"WAIT_CLASS": "Idle"},
    ],
)
def test_what_is_idle_or_waits_no_more_is_not_blocked(row: dict[str, Any]) -> None:
    oracle = kept_up()
    oracle.views["GV$SESSION"].append(row)
    assert told(oracle, "blocking").outcome is PASS


def test_a_session_blocked_from_another_instance_counts_though_its_blocker_is_not_named() -> None:
    oracle = kept_up("10.2.0.5.0")
    row = blocked_row(300) | {"BLOCKING_SESSION": None, "BLOCKING_INSTANCE": None, "BLOCKING_SESSION_STATUS": "GLOBAL"}
    oracle.views["GV$SESSION"].append(row)
    assert told(oracle, "blocking").outcome is FAIL


@pytest.mark.parametrize("seconds", [None, "abc", -5, "NaN"])
def test_seconds_that_are_none_leave_blocking_undetermined(seconds: Any) -> None:
    oracle = kept_up()
    oracle.views["GV$SESSION"].append(blocked_row(seconds))
    result = told(oracle, "blocking")
    assert result.outcome is UNKNOWN and "已阻塞" in result.reason


@pytest.mark.parametrize(("seconds", "outcome"), [(59, PASS), (60, WARN), (119, WARN), (120, FAIL)])
def test_9i_is_judged_by_the_locks_that_are_waited_for(seconds: int, outcome: Outcome) -> None:
    oracle = kept_up("9.2.0.8.0")
    oracle.views["GV$LOCK"] = [
        {"INST_ID": 1, "SID": 12, "TYPE": "TX", "CTIME": seconds, "REQUEST": 6},
        {"INST_ID": 1, "SID": 11, "TYPE": "TX", "CTIME": 9000, "REQUEST": 0},
    ]
    assert told(oracle, "blocking").outcome is outcome


def test_an_open_instance_that_cannot_be_seen_leaves_blocking_undetermined_but_not_on_a_standby() -> None:
    oracle = kept_up()
    oracle.views["V$THREAD"].append({**oracle.views["V$THREAD"][0], "THREAD#": 2, "INSTANCE": "jyjc2"})
    result = told(oracle, "blocking")
    assert result.outcome is UNKNOWN and "看不到的实例" in result.reason
    oracle.views["GV$SESSION"].append(blocked_row(120))
    assert told(oracle, "blocking").outcome is FAIL
    oracle = kept_up()
    oracle.views["V$THREAD"].append({**oracle.views["V$THREAD"][0], "THREAD#": 2})
    oracle.views["V$DATABASE"][0]["DATABASE_ROLE"] = "PHYSICAL STANDBY"
    assert told(oracle, "blocking").outcome is PASS


# Passwords


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("OPEN", FAIL), ("EXPIRED", FAIL), ("EXPIRED(GRACE)", FAIL), ("LOCKED(TIMED)", FAIL),
        ("EXPIRED & LOCKED(TIMED)", FAIL), ("OPEN & IN ROLLOVER", FAIL), ("LOCKED", PASS), ("EXPIRED & LOCKED", PASS),
        ("LOCKED & IN ROLLOVER", PASS), ("EXPIRED(GRACE) & LOCKED", PASS),
    ],
)  # fmt: skip
def test_a_default_password_fails_unless_its_account_is_locked(status: str, outcome: Outcome) -> None:
    oracle = kept_up()
    oracle.views["DBA_USERS"].append(user_row("SCOTT", ACCOUNT_STATUS=status))
    oracle.views["DBA_USERS_WITH_DEFPWD"].append({"USERNAME": "SCOTT"})
    result = told(oracle, "default_passwords")
    assert result.outcome is outcome
    assert ("SCOTT" in result.reason) is (outcome is FAIL)


def test_before_11g_default_passwords_cannot_be_told() -> None:
    result = told(kept_up("10.2.0.5.0"), "default_passwords")
    assert result.outcome is UNKNOWN and "10.2.0.5.0 版没有可用的查询" in result.reason and result.advice


# Indexes and statistics


def test_an_unusable_index_of_a_planned_user_fails_and_one_of_others_does_not() -> None:
    oracle = kept_up()
    oracle.views["DBA_INDEXES"].append(index_row("JYJC", "IX_AA10", STATUS="UNUSABLE"))
    result = told(oracle, "indexes")
    assert result.outcome is FAIL and "IX_AA10" in result.reason and "I_T" not in result.reason
    assert "REBUILD" in result.advice


def test_an_unusable_index_that_another_user_made_on_a_planned_users_table_fails() -> None:
    oracle = kept_up()
    oracle.views["DBA_INDEXES"].append(index_row("DBA1", "IX_X", STATUS="UNUSABLE", TABLE_OWNER="JYJC"))
    assert told(oracle, "indexes").outcome is FAIL


@pytest.mark.parametrize("status", ["INPROGRS", None])
def test_an_index_in_no_clear_state_is_undetermined(status: str | None) -> None:
    oracle = kept_up()
    oracle.views["DBA_INDEXES"].append(index_row("JYJC", "IX_AA10", STATUS=status))
    assert told(oracle, "indexes").outcome is UNKNOWN


@pytest.mark.parametrize("column", [{"FUNCIDX_STATUS": "DISABLED"}, {"DOMIDX_OPSTATUS": "FAILED"}])
def test_an_index_whose_function_or_domain_fails_is_unusable(column: dict[str, str]) -> None:
    oracle = kept_up()
    oracle.views["DBA_INDEXES"].append(index_row("JYJC", "IX_F", **column))
    assert told(oracle, "indexes").outcome is FAIL


def test_what_lies_in_the_recycle_bin_is_no_index() -> None:
    oracle = kept_up()
    oracle.views["DBA_INDEXES"].append(index_row("JYJC", "BIN$a+b==$0", STATUS="UNUSABLE"))
    assert told(oracle, "indexes").outcome is PASS


@pytest.mark.parametrize("view", ["DBA_IND_PARTITIONS", "DBA_IND_SUBPARTITIONS"])
@pytest.mark.parametrize(("status", "outcome"), [("USABLE", PASS), ("UNUSABLE", FAIL), (None, UNKNOWN)])
def test_a_part_of_an_index_counts_as_the_index(view: str, status: str | None, outcome: Outcome) -> None:
    oracle = kept_up()
    oracle.views[view].append({**oracle.views[view][0], "STATUS": status})
    assert told(oracle, "indexes").outcome is outcome


@pytest.mark.parametrize(
    ("more", "outcome"),
    [({"LAST_ANALYZED": None}, WARN), ({"LAST_ANALYZED": None, "TEMPORARY": "Y"}, PASS),
     ({"LAST_ANALYZED": None, "IOT_NAME": "X"}, PASS), ({}, PASS)],
)  # fmt: skip
def test_a_table_without_statistics_warns(more: dict[str, Any], outcome: Outcome) -> None:
    oracle = kept_up()
    oracle.views["DBA_TABLES"].append(table_row("JYJC", "AA26", **more))
    result = told(oracle, "indexes")
    assert result.outcome is outcome and ("AA26" in result.reason) is (outcome is WARN)


def test_an_external_table_needs_no_statistics() -> None:
    oracle = kept_up()
    oracle.views["DBA_TABLES"].append(table_row("JYJC", "EXT", LAST_ANALYZED=None))
    oracle.views["DBA_EXTERNAL_TABLES"] = [{"OWNER": "JYJC", "TABLE_NAME": "EXT"}]
    assert told(oracle, "indexes").outcome is PASS
    oracle.drop_view("DBA_EXTERNAL_TABLES")
    assert told(oracle, "indexes").outcome is WARN


def test_stale_statistics_warn() -> None:
    oracle = kept_up()
    oracle.views["DBA_TAB_STATISTICS"][0]["STALE_STATS"] = "YES"
    assert told(oracle, "indexes").outcome is WARN


def test_a_database_that_does_not_follow_changes_cannot_tell_stale_statistics() -> None:
    oracle = kept_up()
    oracle.parameter("statistics_level", "basic")
    assert told(oracle, "indexes").outcome is UNKNOWN


@pytest.mark.parametrize(("changes", "outcome"), [(10, PASS), (11, WARN)])
def test_9i_statistics_are_stale_once_more_than_a_tenth_has_changed(changes: int, outcome: Outcome) -> None:
    oracle = kept_up("9.2.0.8.0")
    oracle.views["DBA_TAB_MODIFICATIONS"] = [
        {"TABLE_OWNER": "JYJC", "TABLE_NAME": "AA10", "PARTITION_NAME": None, "INSERTS": changes, "UPDATES": 0,
         "DELETES": 0}]  # fmt: skip
    assert told(oracle, "indexes").outcome is outcome


def test_9i_tables_whose_changes_are_not_followed_are_undetermined() -> None:
    oracle = kept_up("9.2.0.8.0")
    oracle.views["DBA_TABLES"][0]["MONITORING"] = "NO"
    result = told(oracle, "indexes")
    assert result.outcome is UNKNOWN and "ALTER_SCHEMA_TAB_MONITORING" in result.advice


def test_each_planned_user_must_have_tables() -> None:
    result = told(kept_up(), "indexes", users=("JYJC", "jyjh"))
    assert result.outcome is UNKNOWN and "jyjh 下没有任何表" in result.reason
    assert told(kept_up(), "indexes", users=("jyjc",)).outcome is PASS


# Jobs


@pytest.mark.parametrize(("owner", "outcome"), [("JYJC", FAIL), ("SYS", WARN), ("OTHER", PASS)])
def test_a_job_is_judged_by_whose_it_is(owner: str, outcome: Outcome) -> None:
    for view, row in (
        ("DBA_SCHEDULER_JOBS", job_row(owner, "J", STATE="BROKEN")),
        ("DBA_SCHEDULER_JOB_RUN_DETAILS", run_row(owner, "J", "FAILED", **{"ERROR#": 6550})),
        ("DBA_JOBS", old_job_row(owner, BROKEN="Y")),
        ("DBA_JOBS", old_job_row(owner, FAILURES=1)),
        ("DBA_JOBS", old_job_row("OTHER", PRIV_USER=owner, FAILURES=1)),
    ):
        oracle = kept_up()
        oracle.views[view].append(row)
        assert told(oracle, "jobs").outcome is outcome, (view, row)


def test_a_run_that_failed_before_the_last_day_is_past() -> None:
    oracle = kept_up()
    old = run_row("JYJC", "TJ", "FAILED", LOG_DATE=NOW - timedelta(days=1, seconds=1))
    oracle.views["DBA_SCHEDULER_JOB_RUN_DETAILS"].append(old)
    assert told(oracle, "jobs").outcome is PASS
    oracle.views["DBA_SCHEDULER_JOB_RUN_DETAILS"][-1]["LOG_DATE"] = NOW - timedelta(days=1)
    assert told(oracle, "jobs").outcome is FAIL


def test_a_planned_job_that_fails_unlogged_is_undetermined() -> None:
    oracle = kept_up()
    oracle.views["DBA_SCHEDULER_JOBS"].append(job_row("JYJC", "J", LOGGING_LEVEL="OFF", FAILURE_COUNT=2))
    assert told(oracle, "jobs").outcome is UNKNOWN


def test_a_9i_database_without_jobs_has_nothing_to_judge() -> None:
    oracle = kept_up("9.2.0.8.0")
    oracle.views["DBA_JOBS"] = []
    assert told(oracle, "jobs").outcome is NOT_APPLICABLE


# Without a plan


def test_without_planned_users_indexes_are_not_planned_and_jobs_only_seen_of_sys() -> None:
    result = told(kept_up(), "indexes", users=())
    assert result.outcome is NOT_APPLICABLE and "方案未规定" in result.reason
    result = told(kept_up(), "jobs", users=())
    assert result.outcome is NOT_APPLICABLE and "方案未规定" in result.reason and "调度作业数 2" in result.actual
    oracle = kept_up()
    oracle.views["DBA_SCHEDULER_JOBS"].append(job_row("SYS", "J", STATE="BROKEN"))
    assert told(oracle, "jobs", users=()).outcome is WARN


@pytest.mark.parametrize("name", ["blocking", "default_passwords"])
def test_what_needs_no_plan_is_judged_without_one(name: str) -> None:
    assert told(kept_up(), name, users=(), tablespaces=()).outcome is PASS
