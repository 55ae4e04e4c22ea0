"""Planned users in every state that ACCOUNT_STATUS knows, and invalid objects of their schemas."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from oracle_small import LEGACY, MIB, NOW, SmallOracle, judged, user_row

from app.checks.model import Outcome

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN


def user(**more: Any) -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["DBA_USERS"] = [user_row("SYS"), user_row("JYJC", **more)]
    return oracle


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("OPEN", PASS),
        ("OPEN & IN ROLLOVER", PASS),
        ("EXPIRED", FAIL),
        ("EXPIRED(GRACE)", WARN),
        ("LOCKED", FAIL),
        ("LOCKED(TIMED)", FAIL),
        ("EXPIRED & LOCKED", FAIL),
        ("EXPIRED(GRACE) & LOCKED", FAIL),
        ("EXPIRED & LOCKED(TIMED)", FAIL),
        ("EXPIRED(GRACE) & LOCKED(TIMED)", FAIL),
        ("EXPIRED & IN ROLLOVER", FAIL),
        ("expired(grace)", WARN),
        (None, UNKNOWN),
        ("？", UNKNOWN),
        ("OPEN & ？", UNKNOWN),
    ],
)
def test_every_account_status_is_judged(status: str | None, outcome: Outcome) -> None:
    result = judged(user(ACCOUNT_STATUS=status), "users")
    assert result.outcome is outcome
    assert outcome is PASS or "JYJC" in result.reason


@pytest.mark.parametrize(
    ("left", "outcome"),
    [
        (timedelta(days=30, seconds=1), PASS),
        (timedelta(days=30), WARN),
        (timedelta(seconds=1), WARN),
        (timedelta(days=-5), WARN),
    ],
)
def test_a_password_that_expires_within_thirty_days_is_a_warning(left: timedelta, outcome: Outcome) -> None:
    assert judged(user(EXPIRY_DATE=NOW + left), "users").outcome is outcome


@pytest.mark.parametrize(
    ("profile", "limits", "outcome"),
    [
        ("DEFAULT", {"DEFAULT": "UNLIMITED"}, PASS),
        ("DEFAULT", {"DEFAULT": "180"}, WARN),
        ("APP", {"DEFAULT": "180", "APP": "UNLIMITED"}, PASS),
        ("APP", {"DEFAULT": "180", "APP": "DEFAULT"}, WARN),
        ("APP", {"DEFAULT": "UNLIMITED", "APP": "DEFAULT"}, PASS),
        ("APP", {"DEFAULT": "UNLIMITED"}, UNKNOWN),
        ("APP", {"DEFAULT": None, "APP": "DEFAULT"}, UNKNOWN),
    ],
)
def test_a_finite_password_life_time_is_a_warning(
    profile: str, limits: dict[str, str | None], outcome: Outcome
) -> None:
    oracle = user(PROFILE=profile)
    oracle.views["DBA_PROFILES"] = [
        {"PROFILE": name, "RESOURCE_NAME": "PASSWORD_LIFE_TIME", "LIMIT": limit} for name, limit in limits.items()
    ]
    assert judged(oracle, "users").outcome is outcome


def quota(used: int, most: int | str | None, unlimited: bool = False, tablespace: str = "JYJC_DATA") -> SmallOracle:
    oracle = SmallOracle()
    row = {"USERNAME": "JYJC", "TABLESPACE_NAME": tablespace, "BYTES": used, "MAX_BYTES": most}
    oracle.views["DBA_TS_QUOTAS"] = [row]
    if unlimited:
        oracle.views["DBA_SYS_PRIVS"].append({"GRANTEE": "JYJC", "PRIVILEGE": "UNLIMITED TABLESPACE"})
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome"),
    [
        (quota(500 * MIB, -1), PASS),
        (quota(969 * MIB, 1000 * MIB), PASS),
        (quota(970 * MIB, 1000 * MIB), WARN),
        (quota(0, 0), WARN),
        (quota(0, -1, tablespace="OTHER"), WARN),
        (quota(0, -1, unlimited=True, tablespace="OTHER"), PASS),
        (quota(0, 0, unlimited=True), PASS),
        (quota(0, None), UNKNOWN),
        (quota(0, "许多"), UNKNOWN),
    ],
)
def test_the_default_tablespace_needs_a_quota(oracle: SmallOracle, outcome: Outcome) -> None:
    assert judged(oracle, "users").outcome is outcome


@pytest.mark.parametrize("tablespace", ["SYSTEM", "SYSAUX"])
def test_a_system_tablespace_is_no_default_for_a_user(tablespace: str) -> None:
    oracle = user(DEFAULT_TABLESPACE=tablespace)
    oracle.views["DBA_SYS_PRIVS"].append({"GRANTEE": "JYJC", "PRIVILEGE": "UNLIMITED TABLESPACE"})
    result = judged(oracle, "users")
    assert result.outcome is WARN
    assert tablespace in result.reason


@pytest.mark.parametrize(
    ("planned", "outcome"),
    [(("JYJC",), PASS), (("jyjc",), PASS), (("JYJC", "JYJH"), FAIL), (("就业",), FAIL), (("O'X",), FAIL)],
)
def test_planned_users_are_found_by_their_dictionary_names(planned: tuple[str, ...], outcome: Outcome) -> None:
    result = judged(SmallOracle(), "users", users=planned)
    assert result.outcome is outcome
    assert outcome is PASS or f"没有用户 {planned[-1]}" in result.reason


def test_users_are_recorded_and_without_a_plan_not_judged() -> None:
    oracle = user(ACCOUNT_STATUS="LOCKED")
    expected = {"users": [{"name": "JYJC", "status": "LOCKED", "tablespace": "JYJC_DATA"}]}
    assert judged(oracle, "users").observed == expected
    result = judged(oracle, "users", {"user": "jyjc"}, users=())
    assert (result.outcome, result.observed) == (Outcome.NOT_APPLICABLE, expected)


def objects(*rows: tuple[str, str, str], errors: tuple[tuple[str, str, str, str], ...] = ()) -> SmallOracle:
    """Invalid objects (owner, name, type) and rows of DBA_ERRORS (with ATTRIBUTE)."""
    oracle = SmallOracle()
    oracle.views["DBA_OBJECTS"] += [
        {"OWNER": owner, "OBJECT_NAME": name, "OBJECT_TYPE": kind, "STATUS": "INVALID"} for owner, name, kind in rows
    ]
    oracle.views["DBA_ERRORS"] += [
        {"OWNER": owner, "NAME": name, "TYPE": kind, "ATTRIBUTE": attribute} for owner, name, kind, attribute in errors
    ]
    return oracle


BROKEN = ("JYJC", "P_汇总", "PROCEDURE")


@pytest.mark.parametrize(
    ("oracle", "outcome", "said"),
    [
        (objects(), PASS, ""),
        (objects(BROKEN, errors=((*BROKEN, "ERROR"),)), FAIL, "PROCEDURE JYJC.P_汇总"),
        (objects(BROKEN), WARN, "没有编译错误"),
        (objects(BROKEN, errors=((*BROKEN, "WARNING"),)), WARN, "没有编译错误"),
        (objects(BROKEN, errors=(("JYJH", *BROKEN[1:], "ERROR"),)), WARN, "没有编译错误"),
        (
            objects(("OTHER", "V", "VIEW"), errors=(("OTHER", "V", "VIEW", "ERROR"),)),
            WARN,
            "OTHER 1 个；没有验收时的数量",
        ),
        (objects(*[("JYJC", f"P{n}", "PROCEDURE") for n in range(5000)]), UNKNOWN, "等 5000 个"),
    ],
)
def test_invalid_objects_with_errors_fail_and_others_heal(oracle: SmallOracle, outcome: Outcome, said: str) -> None:
    result = judged(oracle, "invalid_objects")
    assert result.outcome is outcome
    assert said in result.reason


@pytest.mark.parametrize(
    ("baseline", "outcome"), [({}, WARN), ({"OTHER": 1}, PASS), ({"other": 2}, PASS), ({"SYS": 9}, WARN)]
)
def test_elsewhere_only_more_invalid_objects_than_at_acceptance_are_told(
    baseline: dict[str, int], outcome: Outcome
) -> None:
    oracle = objects(("OTHER", "V", "VIEW"), ("OTHER", "BIN$x==$0", "TRIGGER"))
    result = judged(oracle, "invalid_objects", invalid_baseline=baseline)
    assert result.outcome is outcome
    assert outcome is PASS or "OTHER 1 个" in result.reason


def test_a_schema_without_objects_proves_nothing() -> None:
    result = judged(SmallOracle(), "invalid_objects", users=("JYJC", "空"))
    assert result.outcome is UNKNOWN
    assert "用户 空 下没有任何对象" in result.reason


def test_before_10g_errors_and_warnings_are_not_told_apart() -> None:
    oracle = objects(BROKEN, errors=((*BROKEN, "WARNING"),))
    oracle.field_version = LEGACY
    oracle.drop_column("DBA_ERRORS", "ATTRIBUTE")
    assert judged(oracle, "invalid_objects").outcome is FAIL


def test_without_planned_schemas_there_is_nothing_to_ask() -> None:
    oracle = SmallOracle()
    assert judged(oracle, "invalid_objects", users=()).outcome is Outcome.NOT_APPLICABLE
    assert oracle.attempts == 0
