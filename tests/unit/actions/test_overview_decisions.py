"""A 处置 in a real journal: a worse result ends it for good, whatever came after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.actions import checking
from app.actions.overview import overview
from app.actions.recording import decide
from app.actions.workspace import Workspace, create
from app.base import clock
from app.checks.model import Outcome, Result
from app.workflow.model import CheckState

SITE = """\
[site]
name = "试点省节点"
node = "510000"

[[client]]
id = "pc1"
urls = ["http://127.0.0.1:9/jyjc"]
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    profile = tmp_path / "site.toml"
    profile.write_text(SITE, encoding="utf-8")
    made = create(tmp_path / "project", profile)
    yield made
    made.close()


def answer(workspace: Workspace, outcome: Outcome) -> None:
    """Records a result of the check, as a run would."""
    planned = next(pair for pair in workspace.planned() if pair.check.id == "client.urls")
    result = Result(
        check=planned.check.id,
        target=planned.target.id,
        title=planned.check.title,
        outcome=outcome,
        expected="",
        actual="",
        reason="",
        advice="",
        route="",
        vantage="本机",
        started=clock.now(),
        seconds=0.1,
        target_digest=planned.target.digest(),
        check_digest=planned.check.digest(),
    )
    checking.record(workspace, [result])


def standing(workspace: Workspace) -> CheckState:
    return next(state for state in overview(workspace).checks if state.bound.check == "client.urls")


@pytest.mark.parametrize(("between", "holds"), [(Outcome.UNKNOWN, True), (Outcome.FAIL, False)])
def test_only_a_worse_result_in_between_ends_a_decision(workspace: Workspace, between: Outcome, holds: bool) -> None:
    answer(workspace, Outcome.UNKNOWN)
    decide(workspace, "client.urls@pc1", "waive", "项目协调人", "线路月底开通")
    assert standing(workspace).decision
    answer(workspace, between)
    answer(workspace, Outcome.UNKNOWN)
    assert (standing(workspace).decision is not None) is holds


def test_a_new_decision_after_the_worse_result_counts_again(workspace: Workspace) -> None:
    answer(workspace, Outcome.UNKNOWN)
    decide(workspace, "client.urls@pc1", "waive", "项目协调人", "线路月底开通")
    answer(workspace, Outcome.FAIL)
    assert standing(workspace).decision is None
    decide(workspace, "client.urls@pc1", "waive", "项目协调人", "换线路期间先用备用机")
    assert standing(workspace).decision
