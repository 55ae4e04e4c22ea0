"""What changed since the acceptance, an earlier day or the last run: each way a check can go, and from which point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.actions import checking, recording
from app.actions.cases import open_case
from app.actions.difference import PREVIOUS, Turn, difference, difference_json
from app.actions.workspace import Workspace, create
from app.base import clock
from app.base.errors import InputError
from app.checks.model import Outcome, Result

SITE = """
[site]
name = "某省节点"
node = "510000"

[[service]]
id = "report"
kind = "report"
url = "http://127.0.0.1:9100/"
"""
ANSWER = "service.answer@report"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    made = create(tmp_path / "project", tmp_path / "site.toml")
    yield made
    made.close()


def record(
    workspace: Workspace, outcome: Outcome, seen: int = 1, check: str = "service.answer", **other: Any
) -> Result:
    pair = next(pair for pair in workspace.planned() if pair.check.id == "service.answer")
    result = Result(
        check=check,
        target="report",
        title="应答",
        outcome=outcome,
        expected="答",
        actual=f"看到 {seen}",
        reason="",
        advice="",
        route="",
        vantage="本机",
        started=clock.now(),
        seconds=0.1,
        target_digest=pair.target.digest(),
        check_digest=pair.check.digest(),
        observed={"seen": seen},
    )
    return checking.record(workspace, [replace(result, **other)])[0]


def accept(workspace: Workspace) -> None:
    recording.sign_off(workspace, "confirm.review", "reviewed", "地方实施责任单位", "")


def turns(workspace: Workspace, since: str = "", scope: str = "") -> dict[str, Turn]:
    found = difference(workspace, since, scope)
    return {f"{change.check}@{change.target}": change.turn for change in found.changes}


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [
        (Outcome.PASS, Outcome.WARN, Turn.WORSE),
        (Outcome.PASS, Outcome.UNKNOWN, Turn.WORSE),
        (Outcome.FAIL, Outcome.UNKNOWN, Turn.BETTER),
        (Outcome.UNKNOWN, Outcome.PASS, Turn.BETTER),
        (Outcome.PASS, Outcome.NOT_APPLICABLE, Turn.CHANGED),
    ],
)
def test_a_changed_outcome_is_told_with_its_direction(
    workspace: Workspace, before: Outcome, after: Outcome, turn: Turn
) -> None:
    record(workspace, before)
    accept(workspace)
    record(workspace, after)
    assert turns(workspace) == {ANSWER: turn}


def test_other_facts_under_the_same_outcome_are_a_change_and_a_longer_wait_is_none(workspace: Workspace) -> None:
    record(workspace, Outcome.PASS, seen=1)
    accept(workspace)
    record(workspace, Outcome.PASS, seen=1, seconds=9.0, actual="用时 9 秒")
    assert turns(workspace) == {} and difference(workspace).same == 1
    record(workspace, Outcome.PASS, seen=2)
    assert turns(workspace) == {ANSWER: Turn.CHANGED}


def test_only_what_stood_at_the_acceptance_is_its_baseline(workspace: Workspace) -> None:
    record(workspace, Outcome.FAIL)
    record(workspace, Outcome.PASS)
    accept(workspace)
    record(workspace, Outcome.FAIL)
    record(workspace, Outcome.PASS)
    assert turns(workspace) == {}
    assert turns(workspace, PREVIOUS) == {ANSWER: Turn.BETTER}


def test_a_new_check_and_one_that_is_no_longer_planned_are_named(workspace: Workspace) -> None:
    record(workspace, Outcome.PASS, check="service.gone")
    accept(workspace)
    record(workspace, Outcome.PASS)
    assert turns(workspace) == {"service.gone@report": Turn.GONE, ANSWER: Turn.NEW}


def test_a_visit_is_compared_by_its_own_results_with_what_stood_at_the_acceptance(workspace: Workspace) -> None:
    record(workspace, Outcome.PASS)
    accept(workspace)
    case = open_case(workspace, "巡检", "年度巡检")
    record(workspace, Outcome.WARN, scope=case.scope)
    assert turns(workspace, scope=case.scope) == {ANSWER: Turn.WORSE}
    assert turns(workspace) == {}


def test_an_evidence_number_or_a_day_names_the_point(workspace: Workspace) -> None:
    first = record(workspace, Outcome.PASS)
    record(workspace, Outcome.FAIL)
    assert turns(workspace, first.evidence) == {ANSWER: Turn.WORSE}
    assert turns(workspace, clock.china_date(clock.now()).isoformat()) == {}
    assert turns(workspace, "2001-01-01") == {ANSWER: Turn.NEW}


@pytest.mark.parametrize("since", ["", "昨天", "zzz-9", "2026-13-01"])
def test_a_point_that_does_not_exist_is_one_clear_error(workspace: Workspace, since: str) -> None:
    record(workspace, Outcome.PASS)
    with pytest.raises(InputError, match=r"验收基线|不是日期"):
        difference(workspace, since)


def test_an_unknown_case_is_one_clear_error(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="没有服务事项"):
        difference(workspace, PREVIOUS, "case-none")


def test_the_document_names_both_sides_with_their_evidence(workspace: Workspace) -> None:
    before, after = record(workspace, Outcome.PASS), record(workspace, Outcome.FAIL, seen=2)
    (change,) = difference_json(workspace, difference(workspace, PREVIOUS))["changes"]
    assert (change["before"]["evidence"], change["after"]["evidence"]) == (before.evidence, after.evidence)
    assert (change["change"], change["after"]["actual"]) == ("worse", "看到 2")
