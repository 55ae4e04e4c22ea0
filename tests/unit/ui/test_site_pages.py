"""The pages beside the steps that look at the whole site: what will be run, what changed, when certificates end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from app.actions.dossier import DossierRow
from app.actions.workspace import create
from app.workflow.model import State
from ui.look import states
from ui.look.cards import Text
from ui.open_project import OpenProject
from ui.pages.approval import ApprovalPage
from ui.pages.certificates import ENDED, GOOD, NEAR, NEARLY, NOT_SEEN, NOT_YET, Scale, left, look_of
from ui.pages.changes import ChangesPage

SITE = """
[site]
name = "某省节点"
node = "510000"

[[service]]
id = "report"
kind = "report"
url = "http://127.0.0.1:9100/"
"""
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> OpenProject:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    return OpenProject(create(tmp_path / "project", tmp_path / "site.toml"))


def row(days: float | None, begun: bool = True, outcome: State = State.PASS) -> DossierRow:
    end = None if days is None else NOW + timedelta(days=days)
    start = None if days is None else NOW + timedelta(days=-10 if begun else 1)
    return DossierRow("c", "证书", "证书", "", "", "", start, end, days, outcome)


@pytest.mark.parametrize(
    ("days", "look", "words"),
    [
        (None, NOT_SEEN, "—"),
        (-0.5, ENDED, "今天已过期"),
        (-3.0, ENDED, "已过期 3 天"),
        (0.5, NEARLY, "不到 1 天"),
        (30.0, NEARLY, "还有 30 天"),
        (30.001, NEAR, "还有 30 天"),
        (90.0, NEAR, "还有 90 天"),
        (90.001, GOOD, "还有 90 天"),
    ],
)
def test_a_certificate_s_end_is_told_by_word_and_shape_at_its_limits(days: float, look: object, words: str) -> None:
    assert look_of(row(days), NOW) == look
    assert left(days) == words


def test_a_certificate_that_has_not_begun_is_not_called_valid() -> None:
    assert look_of(row(300, begun=False), NOW) == NOT_YET


@pytest.mark.parametrize("outcome", [State.STALE, State.OPEN, State.FAIL, State.UNKNOWN, State.NOT_APPLICABLE])
def test_a_certificate_whose_check_does_not_pass_today_is_not_called_valid(outcome: State) -> None:
    assert look_of(row(300, outcome=outcome), NOW) == states.LOOKS[outcome]


def test_every_moment_has_its_place_on_the_line_and_none_falls_off_it() -> None:
    scale = Scale.of([row(300), row(90_000)], NOW)
    assert 0 < scale.place(NOW, 100) < scale.place(NOW + timedelta(days=300), 100) < 100
    assert scale.place(NOW + timedelta(days=90_000), 100) == 100
    assert scale.place(NOW - timedelta(days=90_000), 100) == 0
    assert len(scale.years()) <= 9


def test_the_request_page_lists_what_will_be_run_word_for_word(project: OpenProject, qtbot: QtBot) -> None:
    page = ApprovalPage(project)
    qtbot.addWidget(page)
    qtbot.waitUntil(lambda: bool(page.findChildren(QPlainTextEdit)))
    shown = "\n".join(one.toPlainText() for one in page.findChildren(QPlainTextEdit))
    for pair in project.workspace.planned():
        for text in pair.check.shows(pair.target):
            assert text in shown
    project.close()


def test_without_an_acceptance_the_page_of_changes_says_what_to_compare_with(
    project: OpenProject, qtbot: QtBot
) -> None:
    page = ChangesPage(project)
    qtbot.addWidget(page)
    qtbot.waitUntil(lambda: any("验收基线" in text.text() for text in page.findChildren(Text)))
    project.close()


def test_changes_since_a_day_want_a_day(project: OpenProject, qtbot: QtBot) -> None:
    page = ChangesPage(project)
    qtbot.addWidget(page)
    page.since.setCurrentIndex(page.since.findData("day"))
    qtbot.waitUntil(lambda: any("没有可比的结果" in text.text() for text in page.findChildren(Text)))
    page.day.show_value("哪天")
    page.compare()
    assert any("请写一个日期" in text.text() for text in page.findChildren(Text))
    project.close()
