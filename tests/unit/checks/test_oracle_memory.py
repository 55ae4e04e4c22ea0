"""SGA, shared pool and resource limits at their boundaries, per instance, in every way of memory management."""

from __future__ import annotations

from typing import Any

import pytest
from oracle_small import MIB, SmallOracle, judged, limit_row

from app.checks.model import Outcome

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
NOT_APPLICABLE = Outcome.NOT_APPLICABLE


def sized(sga: int | None, memory: int | None = 0, total: int = 0, free: int = 0) -> SmallOracle:
    """Targets and V$SGA in bytes; None: the version has no such parameter."""
    oracle = SmallOracle()
    oracle.parameter("sga_target", None if sga is None else str(sga))
    oracle.parameter("memory_target", None if memory is None else str(memory))
    oracle.views["GV$SGA"] = [{"INST_ID": 1, "NAME": "Variable Size", "VALUE": total}] if total else []
    oracle.views["GV$SGAINFO"][1]["BYTES"] = free
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome"),
    [
        (sized(1000 * MIB), PASS),
        (sized(1000 * MIB - 1), WARN),
        (sized(900 * MIB + 1), WARN),
        (sized(900 * MIB), FAIL),
        (sized(100 * MIB, 1000 * MIB), PASS),
        (sized(0, 899 * MIB), FAIL),
        (sized(0, 0, 1000 * MIB), PASS),
        (sized(0, 0, 1000 * MIB, free=50 * MIB), WARN),
        (sized(None, None, 1000 * MIB), PASS),
        (sized(0, 0, 0), UNKNOWN),
    ],
)
def test_the_sga_is_compared_with_the_plan(oracle: SmallOracle, outcome: Outcome) -> None:
    assert judged(oracle, "sga", sga_min_mb=1000).outcome is outcome


def test_each_instance_counts_for_the_sga() -> None:
    oracle = sized(2000 * MIB)
    oracle.parameter("sga_target", str(500 * MIB), instance=2)
    result = judged(oracle, "sga", sga_min_mb=1000)
    assert result.outcome is FAIL
    assert "实例 2" in result.reason and "实例 1" not in result.reason
    assert result.observed == {"sga_mb": 500}


def test_without_a_plan_the_sga_is_recorded() -> None:
    result = judged(sized(2000 * MIB), "sga", sga_min_mb=0)
    assert (result.outcome, result.observed) == (NOT_APPLICABLE, {"sga_mb": 2000})


def test_without_gv_views_the_own_instance_is_judged() -> None:
    oracle = sized(1000 * MIB)
    oracle.drop_view("GV$PARAMETER", "GV$SGA", "GV$SGAINFO")
    oracle.views["V$PARAMETER"] = [{"NAME": "sga_target", "VALUE": str(1000 * MIB)}]
    assert judged(oracle, "sga", sga_min_mb=1000).outcome is PASS


@pytest.mark.parametrize("value", ["4G", "-1", "胡说", "NaN"])
def test_a_target_that_is_no_number_is_unknown(value: str) -> None:
    oracle = SmallOracle()
    oracle.parameter("sga_target", value)
    assert judged(oracle, "sga").outcome is UNKNOWN


def pooled(size: int | None, parameter: int, automatic: bool, since: str = "10g") -> SmallOracle:
    oracle = SmallOracle()
    oracle.parameter("sga_target", str(4096 * MIB) if automatic else "0")
    oracle.parameter("shared_pool_size", str(parameter))
    oracle.views["GV$SGAINFO"][0]["BYTES"] = size
    if since == "9i":
        oracle.drop_view("GV$SGAINFO", "V$SGAINFO")
        oracle.views["GV$SGASTAT"] = [] if size is None else [{"INST_ID": 1, "POOL": "shared pool", "BYTES": size}]
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome"),
    [
        (pooled(1000 * MIB, 0, True), PASS),
        (pooled(100 * MIB, 1000 * MIB, True), PASS),
        (pooled(999 * MIB, 0, True), WARN),
        (pooled(100 * MIB, 0, True), WARN),
        (pooled(1000 * MIB, 1000 * MIB, False), PASS),
        (pooled(901 * MIB, 901 * MIB, False), WARN),
        (pooled(900 * MIB, 900 * MIB, False), FAIL),
        (pooled(1000 * MIB, 0, False, "9i"), PASS),
        (pooled(None, 1000 * MIB, False, "9i"), PASS),
        (pooled(None, 0, False, "9i"), UNKNOWN),
    ],
)
def test_the_shared_pool_parameter_is_a_minimum_under_automatic_management(
    oracle: SmallOracle, outcome: Outcome
) -> None:
    assert judged(oracle, "shared_pool", shared_pool_min_mb=1000).outcome is outcome


def test_without_a_plan_the_shared_pool_is_recorded() -> None:
    assert judged(SmallOracle(), "shared_pool", shared_pool_min_mb=0).outcome is NOT_APPLICABLE


def limited(*rows: Any) -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["GV$RESOURCE_LIMIT"] = list(rows)
    return oracle


SESSIONS = limit_row("sessions", 1, 1, " UNLIMITED")


@pytest.mark.parametrize(
    ("oracle", "outcome", "said"),
    [
        (limited(limit_row("processes", 899, 899, "      1000"), SESSIONS), PASS, ""),
        (limited(limit_row("processes", 100, 900, "      1000"), SESSIONS), WARN, "最高 900"),
        (limited(limit_row("processes", 900, 900, "      1000"), SESSIONS), FAIL, "当前 900"),
        (limited(limit_row("processes", 5000, 5000, " UNLIMITED "), SESSIONS), PASS, ""),
        (limited(limit_row("processes", 1, 1, "0"), SESSIONS), UNKNOWN, "上限是 0"),
        (limited(limit_row("processes", 1, 1, "很多"), SESSIONS), UNKNOWN, "不是数字"),
        (limited(SESSIONS), UNKNOWN, "没有实例 1 的 processes"),
        (limited(), UNKNOWN, "V$RESOURCE_LIMIT"),
        (limited(limit_row("processes", 0, 0, "9"), limit_row("sessions", 0, 0, "9")), UNKNOWN, "V$RESOURCE_LIMIT"),
        (limited(limit_row("processes", 950, 950, "1000"), limit_row("sessions", 1, 1, "0")), FAIL, "processes"),
    ],
)  # fmt: skip
def test_processes_and_sessions_stay_below_their_limits(oracle: SmallOracle, outcome: Outcome, said: str) -> None:
    result = judged(oracle, "limits")
    assert result.outcome is outcome
    assert said in result.reason


@pytest.mark.parametrize(
    ("name", "value", "outcome"),
    [
        ("processes", "300", PASS), ("processes", "299", WARN), ("open_cursors", "299", WARN),
        ("open_cursors", None, UNKNOWN),
        ("open_cursors", "许多", UNKNOWN),
    ],
)  # fmt: skip
def test_processes_and_open_cursors_are_at_least_300(name: str, value: str | None, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.parameter(name, value)
    assert judged(oracle, "limits").outcome is outcome


def test_limits_that_a_pdb_cannot_see_are_unknown_and_say_why() -> None:
    oracle = limited()
    oracle.views["V$DATABASE"][0]["CDB"] = "YES"
    oracle.answers["SELECT SYS_CONTEXT('USERENV', 'CON_NAME') FROM DUAL"] = lambda: "就业PDB"
    result = judged(oracle, "limits")
    assert result.outcome is UNKNOWN
    assert "从 PDB 就业PDB 里看不到" in result.reason and "CDB$ROOT" in result.advice
