"""Exchange and code tables: there, readable, with rows; a name never becomes SQL of its own."""

from __future__ import annotations

from typing import Any

import pytest
from oracle_small import SmallOracle, judged, target_of

from app.checks.database import tables
from app.checks.database.tables import parse
from app.checks.model import Outcome, Undetermined

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
EXCHANGE = {"role": "exchange"}


def exchange(oracle: SmallOracle, *names: str) -> Any:
    return judged(oracle, "exchange_tables", EXCHANGE, exchange_tables=names)


@pytest.mark.parametrize("name", ["JYJH.DY11", "jyjh.dy11", "JYJH.就业登记", '"JYJH"."就业登记"'])
def test_a_planned_table_with_rows_passes(name: str) -> None:
    result = exchange(SmallOracle(), name)
    assert result.outcome is PASS
    assert [row["name"] for row in result.observed["tables"]] == [name]


def test_rows_are_counted_up_to_a_cap_and_recorded() -> None:
    oracle = SmallOracle()
    oracle.views["JYJH.DY11"] = [{"AAC003": n} for n in range(tables.MOST_COUNTED + 5)]
    result = exchange(oracle, "JYJH.DY11", "JYJH.就业登记")
    assert result.observed == {
        "tables": [{"name": "JYJH.DY11", "rows": tables.MOST_COUNTED}, {"name": "JYJH.就业登记", "rows": 1}]
    }
    assert f"{tables.MOST_COUNTED} 行以上" in result.actual


def test_an_empty_exchange_table_is_a_warning() -> None:
    oracle = SmallOracle()
    oracle.views["JYJH.DY11"] = []
    result = exchange(oracle, "JYJH.DY11", "JYJH.就业登记")
    assert result.outcome is WARN
    assert "JYJH.DY11" in result.reason and "就业登记" not in result.reason


def test_a_missing_table_fails_and_names_it() -> None:
    result = exchange(SmallOracle(), "JYJH.DY99", "JYJH.DY11")
    assert result.outcome is FAIL
    assert "没有表 JYJH.DY99" in result.reason
    assert result.observed == {"tables": [{"name": "JYJH.DY11", "rows": 3}]}


def test_a_table_of_another_owner_is_not_the_planned_one() -> None:
    oracle = SmallOracle()
    oracle.views["DBA_OBJECTS"].append(
        {"OWNER": "OTHER", "OBJECT_NAME": "DY99", "OBJECT_TYPE": "TABLE", "STATUS": "VALID"}
    )
    assert exchange(oracle, "JYJH.DY99").outcome is FAIL


@pytest.mark.parametrize("code", [942, 1031])
def test_a_table_that_we_may_not_read_is_unknown_and_says_which_grant(code: int) -> None:
    oracle = SmallOracle()
    oracle.errors['FROM "JYJH"."DY11"'] = (code, "no")
    result = exchange(oracle, "JYJH.DY11")
    assert result.outcome is UNKNOWN
    assert "没有查询权限" in result.reason and 'GRANT SELECT ON "JYJH"."DY11"' in result.advice


@pytest.mark.parametrize("change", ["hidden", "empty"])
def test_without_the_dictionary_missing_and_not_granted_cannot_be_told_apart(change: str) -> None:
    oracle = SmallOracle()
    if change == "hidden":
        oracle.drop_view("DBA_OBJECTS")
    else:
        oracle.views["DBA_OBJECTS"] = []
    result = exchange(oracle, "JYJH.DY99")
    assert result.outcome is UNKNOWN
    assert "无法区分" in result.reason


@pytest.mark.parametrize(
    ("code", "outcome"), [(376, FAIL), (1578, FAIL), (4063, FAIL), (1555, UNKNOWN), (4031, UNKNOWN)]
)
def test_a_table_that_cannot_be_read_is_judged_by_the_error(code: int, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.errors['FROM "JYJH"."DY11"'] = (code, "unreadable")
    result = exchange(oracle, "JYJH.DY11")
    assert result.outcome is outcome
    assert f"ORA-{code:05d}" in result.reason


@pytest.mark.parametrize(
    ("target", "planned", "outcome"),
    [(EXCHANGE, (), Outcome.NOT_APPLICABLE), ({}, ("JYJH.DY11",), PASS)],
)
def test_exchange_tables_are_asked_where_they_are_planned(
    target: dict[str, Any], planned: tuple[str, ...], outcome: Outcome
) -> None:
    assert judged(SmallOracle(), "exchange_tables", target, exchange_tables=planned).outcome is outcome


def test_a_monitoring_database_without_planned_ones_is_not_asked_at_all() -> None:
    from dataclasses import replace

    target = target_of(1521)
    monitoring = replace(target, expect=replace(target.expect, exchange_tables=()))
    assert not tables.is_exchange(monitoring, None)  # type: ignore[arg-type]
    assert tables.is_exchange(replace(monitoring, role="exchange"), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("planned", "outcome"),
    [
        ({"JYJC.AA10": 20}, PASS), ({"JYJC.AA10": 19}, PASS), ({"JYJC.AA10": 21}, FAIL), ({"JYJC.AA11": 1}, FAIL),
        ({"JYJC.AA10": 0}, PASS), ({}, Outcome.NOT_APPLICABLE), ({"JYJC.AA10": 20, "JYJC.AA11": 1}, FAIL),
    ],
)  # fmt: skip
def test_code_tables_hold_at_least_the_planned_rows(planned: dict[str, int], outcome: Outcome) -> None:
    assert judged(SmallOracle(), "code_tables", code_tables=planned).outcome is outcome


@pytest.mark.parametrize(
    ("planned", "quoted"),
    [
        ("JYJH.DY11", '"JYJH"."DY11"'), ("jyjh.dy11", '"JYJH"."DY11"'), ("dy$1#", '"DY$1#"'),
        ("用户.就业登记", '"用户"."就业登记"'),
        ('jyjh."Dy 11"', '"JYJH"."Dy 11"'), (" JYJH.DY11 ", '"JYJH"."DY11"'),
    ],
)  # fmt: skip
def test_names_are_quoted_as_the_dictionary_has_them(planned: str, quoted: str) -> None:
    assert parse(planned).quoted == quoted


@pytest.mark.parametrize(
    "planned",
    [
        "", ".", "A.", ".A", "A.B.C", "A B", "A;DROP TABLE B", "A' OR '1'='1", 'A"B', '"A"B', '"A', '""', "A--", "1A",
        'A."B" WHERE 1=1', "A.B@LINK", "A\n.B", '"A\0"',
    ],
)  # fmt: skip
def test_what_is_no_name_never_reaches_a_statement(planned: str) -> None:
    with pytest.raises(Undetermined, match="无法理解"):
        parse(planned)
