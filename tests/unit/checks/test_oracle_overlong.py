"""An answer of gigabytes from a database is cut off, told, and costs its own check alone."""

from __future__ import annotations

import pytest
from oracle_small import LEGACY, THIN, SmallOracle, results, serving, target_of

from app.checks.database import routes
from app.checks.database.packet_guard import Meter
from app.checks.model import Outcome


@pytest.mark.parametrize(("route", "version"), [("thin", THIN), ("legacy", LEGACY)])
def test_an_answer_larger_than_any_check_asks_for_is_undetermined(
    monkeypatch: pytest.MonkeyPatch, route: str, version: int
) -> None:
    oracle = SmallOracle()
    oracle.field_version = version
    oracle.views["DBA_OBJECTS"] += [
        {"OWNER": "JYJC", "OBJECT_NAME": f"{at}" + "x" * 3000, "OBJECT_TYPE": "VIEW", "STATUS": "INVALID"}
        for at in range(700)
    ]
    monkeypatch.setattr(routes, "LARGEST_ANSWER", 1 << 20)
    with serving(oracle) as port:
        found = results(target_of(port, route=route), "oracle.invalid_objects", "oracle.instance", "oracle.version")
    assert found["oracle.invalid_objects"].outcome is Outcome.UNKNOWN
    assert "1 MiB" in found["oracle.invalid_objects"].reason
    assert found["oracle.instance"].outcome is found["oracle.version"].outcome is Outcome.PASS
    assert oracle.attempts <= 2


@pytest.mark.parametrize(("route", "version"), [("thin", THIN), ("legacy", LEGACY)])
def test_rows_without_end_are_cut_off_before_a_driver_has_taken_all_of_them(
    monkeypatch: pytest.MonkeyPatch, route: str, version: int
) -> None:
    monkeypatch.setattr(Meter.__init__, "__defaults__", (2 << 20,))
    oracle = SmallOracle()
    oracle.field_version = version
    oracle.views["V$VERSION"] = [{"BANNER": "x" * 2000} for _ in range(4000)]
    with serving(oracle) as port:
        found = results(target_of(port, route=route), "oracle.version", "oracle.instance")
    assert found["oracle.version"].outcome is Outcome.UNKNOWN
    assert "2 MiB" in found["oracle.version"].reason
    assert found["oracle.instance"].outcome is Outcome.PASS
