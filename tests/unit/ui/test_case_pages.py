"""Service cases in the window: nothing is written without one, and each has its own papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings

from app.actions.cases import open_case
from app.actions.recording import set_field, sign_off
from ui.journal_words import Wording
from ui.pages.forms import FormsPage
from ui.project_view import ProjectView
from ui.step_page import StepPage

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from ui.open_project import OpenProject

CASE = "maintenance.case"


def test_a_step_of_a_case_takes_nothing_before_a_case_is_chosen(qtbot: QtBot, project: OpenProject) -> None:
    page = StepPage(project, CASE)
    qtbot.addWidget(page)
    assert (page.fields, page.checks, page.evidence, page.conclusion) == (None, None, None, None)
    project.show_scope(open_case(project.workspace, "巡检", "spring").scope)
    page = StepPage(project, CASE)
    qtbot.addWidget(page)
    assert page.fields and page.conclusion


def test_the_window_resumes_in_the_case_that_was_chosen(qtbot: QtBot, project: OpenProject, tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    scope = open_case(project.workspace, "巡检", "spring").scope
    first = ProjectView(project, settings)
    qtbot.addWidget(first)
    assert first.choose_case(scope)
    project.show_scope("")
    again = ProjectView(project, settings)
    qtbot.addWidget(again)
    assert project.scope == scope


def test_the_form_of_one_case_is_exported_alone(qtbot: QtBot, project: OpenProject, tmp_path: Path) -> None:
    first = open_case(project.workspace, "巡检", "spring").scope
    open_case(project.workspace, "故障", "login")
    page = FormsPage(project)
    qtbot.addWidget(page)
    qtbot.waitUntil(lambda: bool(page.boxes), timeout=20_000)
    page.boxes[f"附表3 {first}"].setChecked(True)
    assert page.issue_into(tmp_path / "out")
    qtbot.waitUntil(lambda: not project.tasks.running(), timeout=60_000)
    assert [path.stem.endswith(first) for path in (tmp_path / "out").iterdir()] == [True]


def test_the_journal_names_steps_and_parts_by_their_titles(project: OpenProject) -> None:
    workspace = project.workspace
    step = next(step for step in workspace.workflow.steps() if step.signoffs and step.fields)
    scope = open_case(workspace, "巡检", "spring").scope
    set_field(workspace, step.id, step.fields[0].id, "written", scope)
    sign_off(workspace, step.id, step.signoffs[0].id, "coordinator", "somebody")
    wording, entries = Wording(project), workspace.project.entries()
    said = {entry.kind: (wording.subject(entry), wording.content(entry), wording.whole(entry)) for entry in entries}
    assert said["field"][0] == f"{step.title} · {step.fields[0].title}（巡检“spring”）"
    assert said["signoff"][0] == f"{step.title} · {step.signoffs[0].title}"
    assert "somebody" in said["signoff"][1]
    assert said["case"][:2] == ("巡检“spring”", "巡检 spring")
    assert not any(step.id in line for told in said.values() for line in told)
