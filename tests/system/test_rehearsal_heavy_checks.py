"""The rehearsal's databases of both releases pass every check of databases, the heavy ones asked by id included."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.actions import checking, rehearsing
from app.actions.rehearsing import Releases
from app.checks.database.checks import CHECKS
from app.checks.model import Outcome


@pytest.mark.parametrize("release", ["19c", "11.2"])
def test_every_check_of_databases_passes_heavy_ones_included(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: str
) -> None:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    site = rehearsing.start_rehearsal(tmp_path / "project", releases=Releases(oracle=release))
    try:
        selection = checking.Selection(targets=("db1", "db2"), ids=tuple(check.id for check in CHECKS))
        results = checking.check(site.workspace, selection)
    finally:
        site.stop()
    heavy = {(check.id, target) for check in CHECKS if check.heavy for target in ("db1", "db2")}
    assert {(result.check, result.target) for result in results} >= heavy
    assert {
        (one.check, one.target): (one.outcome, one.reason) for one in results if one.outcome is not Outcome.PASS
    } == {}
