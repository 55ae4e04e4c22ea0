"""The dossier: every certificate of the site, the one that ends first on top, none left out because it was not read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from certificate_making import DAY, NOW, issue, write

from app.actions import checking
from app.actions.dossier import OWN, PARTNER, DossierRow, dossier, rows
from app.actions.workspace import Workspace, create
from app.workflow.model import Bound, CheckState, State


def state(check: str, target: str, outcome: State, observed: dict[str, Any] | None) -> CheckState:
    bound = Bound(check, target, "", f"{target} 的证书", "certificate", "", "", "", "")
    record = None if observed is None else SimpleNamespace(payload={"observed": observed})
    return CheckState(bound, outcome, record)


def seen(end: datetime, prefix: str = "", **more: str) -> dict[str, str]:
    facts = {
        "serial": "0A",
        "holder": "张三",
        "issuer": "CN=CA",
        "not_before": NOW.isoformat(),
        "not_after": end.isoformat(),
    }
    return {f"{prefix}{key}": value for key, value in {**facts, **more}.items()}


VALIDITY, PAIR = "certificate.validity", "certificate.pair"


def test_the_first_to_end_comes_first_and_the_unread_last() -> None:
    found = rows(
        [
            state(VALIDITY, "far", State.PASS, seen(NOW + 400 * DAY)),
            state(VALIDITY, "open", State.OPEN, None),
            state(VALIDITY, "gone", State.FAIL, seen(NOW - DAY)),
            state(VALIDITY, "odd", State.UNKNOWN, {"not_after": "soon"}),
            state("certificate.chain", "far", State.PASS, {}),
            state(VALIDITY, "near", State.STALE, seen(NOW + timedelta(hours=36))),
        ],
        NOW,
    )
    assert [row.target for row in found] == ["gone", "near", "far", "odd", "open"]
    assert [row.days_left for row in found] == [-1.0, 1.5, 400.0, None, None]
    assert [row.outcome for row in found] == [State.FAIL, State.STALE, State.PASS, State.UNKNOWN, State.OPEN]
    assert found[0].holder == "张三" and found[0].issuer == "CN=CA" and found[0].not_before == NOW
    assert found[-1] == DossierRow("open", "open 的证书", OWN, "", "", "", None, None, None, State.OPEN, None)


def test_the_other_one_of_a_pair_has_a_row_of_its_own() -> None:
    found = rows(
        [
            state(VALIDITY, "a", State.PASS, seen(NOW + 100 * DAY)),
            state(PAIR, "a", State.PASS, seen(NOW + 50 * DAY, "pair_", serial="0B")),
            state(PAIR, "b", State.NOT_APPLICABLE, {}),
        ],
        NOW,
    )
    assert [(row.part, row.serial, row.days_left) for row in found] == [(PARTNER, "0B", 50.0), (OWN, "0A", 100.0)]


def test_days_are_counted_from_the_moment_asked_for() -> None:
    check = [state(VALIDITY, "a", State.PASS, seen(NOW + 90 * DAY))]
    assert rows(check, NOW + 91 * DAY)[0].days_left == -1.0


SITE = """
[site]
name = "演示"
node = "510000"

[[certificate]]
id = "device"
title = "设备证书"
source = "file:sign.cer"
pair = "enc.cer"

[[certificate]]
id = "missing"
source = "file:none.cer"
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    root = issue("根", end=NOW + 9000 * DAY)
    write(tmp_path / "sign.cer", root.issue("设备", flags=("digital_signature",), end=NOW + 3000 * DAY).der)
    write(tmp_path / "enc.cer", root.issue("设备", flags=("key_encipherment",), end=NOW + 2000 * DAY).der)
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    made = create(tmp_path / "project", tmp_path / "site.toml")
    yield made
    made.close()


def test_a_project_s_dossier_follows_its_journal(workspace: Workspace) -> None:
    assert [(row.target, row.outcome) for row in dossier(workspace)] == [
        ("device", State.OPEN),
        ("missing", State.OPEN),
    ]
    checking.check(workspace, checking.Selection(kinds=("certificate",)))
    found = dossier(workspace, NOW)
    assert [(row.target, row.part, row.days_left) for row in found] == [
        ("device", PARTNER, 2000.0),
        ("device", OWN, 3000.0),
        ("missing", OWN, None),
    ]
    assert found[0].title == "设备证书" and found[0].issuer == "CN=根,C=CN" and found[2].outcome is State.UNKNOWN
