"""Components, SQL patches and the PGA: what each release shows of them, at its boundaries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from oracle_operation import component, patch
from oracle_small import LEGACY, MIB, NOW, SmallOracle, judged

from app.checks.model import Outcome

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
NOT_APPLICABLE = Outcome.NOT_APPLICABLE
DAY = timedelta(days=1)


def registry(*rows: dict[str, Any]) -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["DBA_REGISTRY"] = [component("CATALOG"), component("CATPROC"), *rows]
    return oracle


@pytest.mark.parametrize(
    ("rows", "planned", "outcome", "said"),
    [
        ((), (), PASS, ""),
        ((component("OLS", "OPTION OFF"), component("SDO", "REMOVED")), (), PASS, ""),
        ((component("XDB", "INVALID"),), (), WARN, "XDB 的状态是 INVALID"),
        ((component("XDB", "UPGRADED"),), (), WARN, "UPGRADED"),
        ((component("XDB", ""),), (), UNKNOWN, "无法理解"),
        ((component("XDB", "有效"),), (), UNKNOWN, "无法理解"),
        ((component("XDB", "INVALID"),), ("XDB",), FAIL, "XDB 的状态是 INVALID"),
        ((component("XDB", "OPTION OFF"),), ("xdb",), FAIL, "OPTION OFF"),
        ((component("XDB", "INVALID", "Oracle XML Database"),), ("Oracle XML Database",), FAIL, "INVALID"),
        ((), ("JAVAVM",), FAIL, "没有组件 JAVAVM"),
        ((component("CATPROC", "INVALID"),), (), FAIL, "CATPROC"),
    ],
)
def test_components_are_valid(
    rows: tuple[dict[str, Any], ...], planned: tuple[str, ...], outcome: Outcome, said: str
) -> None:
    result = judged(registry(*rows), "components", components=planned)
    assert result.outcome is outcome
    assert said in result.reason


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ([component("XDB")], UNKNOWN),
        ([component("CATALOG")], UNKNOWN),
        ([component("CATPROC", "INVALID")], FAIL),
        ([], UNKNOWN),
    ],
)
def test_an_answer_without_what_every_database_has_is_none(rows: list[dict[str, Any]], outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.views["DBA_REGISTRY"] = rows
    assert judged(oracle, "components", components=("JAVAVM",)).outcome is outcome


@pytest.mark.parametrize(
    ("rows", "outcome", "said"),
    [
        ([], PASS, ""),
        ([patch(1, "WITH ERRORS", NOW - DAY)], FAIL, "SQL 补丁 1"),
        ([patch(1, "WITH ERRORS", NOW - DAY), patch(1, "SUCCESS", NOW)], PASS, ""),
        ([patch(1, "SUCCESS", NOW), patch(1, "WITH ERRORS", NOW - DAY)], PASS, ""),
        ([patch(1, "SUCCESS", NOW - DAY), patch(1, "WITH ERRORS", NOW, "ROLLBACK")], FAIL, "ROLLBACK"),
        ([patch(1, "SUCCESS", NOW), patch(2, "WITH ERRORS", NOW - DAY)], FAIL, "SQL 补丁 2"),
        ([patch(1, "SUCCESS", NOW), patch(1, "WITH ERRORS", NOW)], FAIL, ""),
        ([patch(1, "SUCCESS", NOW), patch(1, "WITH ERRORS", None)], FAIL, ""),
        ([patch(1, "BEGIN", NOW)], UNKNOWN, "不知是否完成"),
        ([patch(1, "END", NOW)], PASS, ""),
        ([patch(1, "", NOW)], UNKNOWN, ""),
    ],
)
def test_the_last_action_on_each_patch_went_well(rows: list[dict[str, Any]], outcome: Outcome, said: str) -> None:
    oracle = SmallOracle()
    oracle.views["DBA_REGISTRY_SQLPATCH"] = rows
    result = judged(oracle, "components")
    assert result.outcome is outcome
    assert said in result.reason


@pytest.mark.parametrize(
    ("version", "outcome"),
    [("11.2.0.4.0", PASS), ("9.2.0.8.0", PASS), ("12.1.0.2.0", UNKNOWN), ("19.0.0.0.0", UNKNOWN)],
)
def test_patches_that_cannot_be_seen_matter_where_the_release_records_them(version: str, outcome: Outcome) -> None:
    oracle = SmallOracle(LEGACY)
    oracle.drop_view("DBA_REGISTRY_SQLPATCH")
    oracle.views["V$INSTANCE"][0] |= {"VERSION": version, "VERSION_FULL": None}
    assert judged(oracle, "components").outcome is outcome


def sized(pga: str | None, memory: str | None = "0") -> SmallOracle:
    oracle = SmallOracle()
    oracle.parameter("pga_aggregate_target", pga)
    oracle.parameter("memory_target", memory)
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome"),
    [
        (sized(str(1000 * MIB)), PASS),
        (sized(str(1000 * MIB - 1)), WARN),
        (sized(str(900 * MIB + 1)), WARN),
        (sized(str(900 * MIB)), FAIL),
        (sized("0", str(1000 * MIB)), PASS),
        (sized("0", str(999 * MIB)), WARN),
        (sized("0"), FAIL),
        (sized("0", None), FAIL),
        (sized(None, None), UNKNOWN),
        (sized("很多"), UNKNOWN),
        (sized("-1"), UNKNOWN),
    ],
)
def test_the_pga_is_compared_with_the_plan(oracle: SmallOracle, outcome: Outcome) -> None:
    assert judged(oracle, "pga", pga_min_mb=1000).outcome is outcome


def test_each_instance_counts_for_the_pga() -> None:
    oracle = sized(str(2000 * MIB))
    oracle.parameter("pga_aggregate_target", str(500 * MIB), instance=2)
    result = judged(oracle, "pga", pga_min_mb=1000)
    assert result.outcome is FAIL
    assert "实例 2" in result.reason and "实例 1" not in result.reason
    assert result.observed == {"pga_mb": 500}


def test_without_a_plan_the_pga_is_recorded() -> None:
    result = judged(sized(str(2000 * MIB)), "pga", pga_min_mb=0)
    assert (result.outcome, result.observed) == (NOT_APPLICABLE, {"pga_mb": 2000})


@pytest.mark.parametrize(("container", "outcome"), [("P1", UNKNOWN), ("CDB$ROOT", FAIL)])
def test_a_target_of_nothing_in_a_pluggable_database_may_be_the_roots(container: str, outcome: Outcome) -> None:
    oracle = sized("0")
    oracle.views["V$DATABASE"][0]["CDB"] = "YES"
    oracle.answers["SELECT SYS_CONTEXT('USERENV', 'CON_NAME') FROM DUAL"] = lambda: container
    assert judged(oracle, "pga").outcome is outcome


@pytest.mark.parametrize(("parallel", "outcome"), [("YES", UNKNOWN), ("NO", PASS)])
def test_one_instance_of_a_cluster_does_not_stand_for_the_pga_of_the_others(parallel: str, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.views["V$INSTANCE"][0]["PARALLEL"] = parallel
    oracle.drop_view("GV$PARAMETER")
    assert judged(oracle, "pga").outcome is outcome


@pytest.mark.parametrize(("pools", "outcome"), [((), PASS), ((475, 475), PASS), ((475, 476), WARN), ((1, 2000), WARN)])
def test_processes_hold_the_pools_and_fifty_more(pools: tuple[int, ...], outcome: Outcome) -> None:
    result = judged(SmallOracle(), "limits", pool_maxima=pools)
    assert result.outcome is outcome
    assert outcome is PASS or "各连接池最大值之和" in result.reason
