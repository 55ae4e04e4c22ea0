"""A step's page against a real project: fields save themselves, checks show, evidence arrives, cancel cancels."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.actions.recording import field_value
from app.actions.workspace import Workspace, open_workspace
from app.workflow.model import FieldType, Record, State, Step
from ui.journey import STEP, Place
from ui.lamps import Lamps
from ui.open_project import OpenProject
from ui.project_view import ProjectView
from ui.step.editors import DateEditor, LineEditor, LongTextEditor
from ui.step.table_editor import TableEditor
from ui.step_page import StepPage

TEXTS = (FieldType.TEXT, FieldType.LONG_TEXT)


def step_with(workspace: Workspace, *types: FieldType) -> Step:
    return next(step for step in workspace.workflow.steps() if any(field.type in types for field in step.fields))


def checked_step(project: OpenProject) -> str:
    """A step whose checks ask the client PC."""
    states = [state for phase in project.overview.progress.phases for state in phase.steps]
    return next(state.step.id for state in states if any(check.bound.check == "client.urls" for check in state.checks))


def shown(qtbot: QtBot, project: OpenProject, step: str) -> StepPage:
    page = StepPage(project, step)
    qtbot.addWidget(page)
    page.resize(1100, 700)
    page.show()
    qtbot.waitExposed(page)
    return page


def test_a_field_saves_itself_after_a_moment_and_survives_reopening(qtbot: QtBot, project: OpenProject) -> None:
    workspace = project.workspace
    step = step_with(workspace, *TEXTS)
    page = shown(qtbot, project, step.id)
    assert page.fields
    row = next(row for row in page.fields.rows if row.field.type in TEXTS)
    assert isinstance(row.editor, LineEditor | LongTextEditor)
    qtbot.keyClicks(row.editor.edit, "3 million")
    qtbot.waitUntil(lambda: row.status.text().startswith("已保存 "), timeout=5000)
    workspace.close()
    again = open_workspace(workspace.folder)
    assert field_value(again, step.id, row.field.id) == "3 million"
    again.close()


def test_leaving_the_page_saves_at_once(qtbot: QtBot, project: OpenProject) -> None:
    step = step_with(project.workspace, *TEXTS)
    view = ProjectView(project)
    qtbot.addWidget(view)
    view.go(Place(STEP, step.id))
    page = view.page
    assert isinstance(page, StepPage) and page.fields
    row = next(row for row in page.fields.rows if row.field.type in TEXTS)
    assert isinstance(row.editor, LineEditor | LongTextEditor)
    qtbot.keyClicks(row.editor.edit, "quick")
    view.go_next()
    assert field_value(project.workspace, step.id, row.field.id) == "quick"


def test_what_cannot_be_saved_stays_and_is_told_and_holds_the_page(qtbot: QtBot, project: OpenProject) -> None:
    step = step_with(project.workspace, FieldType.DATE)
    view = ProjectView(project)
    qtbot.addWidget(view)
    view.go(Place(STEP, step.id))
    page = view.page
    assert isinstance(page, StepPage) and page.fields
    row = next(row for row in page.fields.rows if row.field.type is FieldType.DATE)
    assert isinstance(row.editor, DateEditor)
    row.editor.edit.clear()
    qtbot.keyClicks(row.editor.edit, "tomorrow")
    view.go_next()
    assert view.page is page
    assert row.editor.edit.text() == "tomorrow"
    assert row.status.text().startswith("未保存：")
    assert field_value(project.workspace, step.id, row.field.id) is None


def test_a_range_copied_from_a_spreadsheet_becomes_rows(qtbot: QtBot, project: OpenProject) -> None:
    step = step_with(project.workspace, FieldType.TABLE)
    page = shown(qtbot, project, step.id)
    assert page.fields
    row = next(row for row in page.fields.rows if row.field.type is FieldType.TABLE)
    assert isinstance(row.editor, TableEditor)
    QGuiApplication.clipboard().setText("甲\t乙\n丙\t丁\n")
    row.editor.paste()
    assert row.autosave.flush()
    first, second = (column.id for column in row.field.columns[:2])
    saved = field_value(project.workspace, step.id, row.field.id)
    assert [(line[first], line[second]) for line in saved] == [("甲", "乙"), ("丙", "丁")]


def test_the_check_button_asks_the_site_and_shows_the_answer(qtbot: QtBot, project: OpenProject) -> None:
    step = checked_step(project)
    page = shown(qtbot, project, step)
    assert page.checks
    row = page.checks.rows["client.urls", "pc1"]
    assert row.look.word == "未检查"
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert row.look.word == "检查中"
    qtbot.waitUntil(lambda: row.state.state is State.PASS, timeout=15000)
    qtbot.waitUntil(lambda: not project.checking)
    assert row.look.word == "合格"
    assert row.look.shape == "disc_tick"
    assert row.state.record is not None
    assert "合格" in row.accessibleName()


def test_cancel_ends_a_check_that_gets_no_answer(qtbot: QtBot, project: OpenProject, gate: threading.Event) -> None:
    gate.clear()
    page = shown(qtbot, project, checked_step(project))
    assert page.checks
    page.checks.check_all()
    qtbot.waitUntil(lambda: project.tasks.busy("checks"), timeout=5000)
    assert page.checks.cancel_button.isVisible()
    page.checks.cancel_button.click()
    qtbot.waitUntil(lambda: not project.checking, timeout=8000)
    assert page.checks.all_button.isEnabled()


def test_a_pasted_picture_becomes_evidence_with_a_small_picture(qtbot: QtBot, project: OpenProject) -> None:
    step = next(
        step
        for step in project.workspace.workflow.steps()
        if any(slot.accepts == "attachment" for slot in step.evidence)
    )
    page = shown(qtbot, project, step.id)
    assert page.evidence
    slot = page.evidence.slot_for(None)
    assert slot
    image = QImage(320, 200, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkGreen)
    QGuiApplication.clipboard().setImage(image)
    page.setFocus()
    qtbot.keyClick(page, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(_attachments(project, step.id)), timeout=5000)
    (record,) = _attachments(project, step.id)
    stored = project.workspace.project.attachment(str(record.payload["sha256"]))
    assert QImage(str(stored)).size() == image.size()
    qtbot.waitUntil(lambda: any(not label.pixmap().isNull() for label in slot.findChildren(QLabel)))


def test_a_dropped_file_becomes_evidence_whole(qtbot: QtBot, project: OpenProject, tmp_path: Path) -> None:
    step = next(
        step
        for step in project.workspace.workflow.steps()
        if any(slot.accepts == "attachment" for slot in step.evidence)
    )
    page = shown(qtbot, project, step.id)
    assert page.evidence
    slot = page.evidence.slot_for(None)
    assert slot
    log = tmp_path / "联调日志.txt"
    log.write_bytes(b"x" * 300_000)
    slot.take_files([log])
    qtbot.waitUntil(lambda: bool(_attachments(project, step.id)), timeout=5000)
    (record,) = _attachments(project, step.id)
    assert record.payload["name"] == "联调日志.txt"
    assert project.workspace.project.attachment(str(record.payload["sha256"])).read_bytes() == log.read_bytes()


def test_lamps_tell_their_state_by_word_and_shape(qtbot: QtBot, project: OpenProject) -> None:
    lamps = Lamps(project)
    qtbot.addWidget(lamps)
    assert [lamp.text() for lamp in lamps.lamps] == ["数据库", "WebLogic", "总线", "证书", "主机"]
    for lamp in lamps.lamps:
        assert lamp.look.word in lamp.accessibleName()
        assert lamp.look.shape == "ring_bar"  # the profile has no such targets
        assert not lamp.isEnabled()
        assert not lamp.shortcut().isEmpty()


def test_back_and_next_walk_the_steps_and_the_window_resumes_there(
    qtbot: QtBot, project: OpenProject, tmp_path: Path
) -> None:
    from PySide6.QtCore import QSettings

    settings = QSettings(str(tmp_path / "w.ini"), QSettings.Format.IniFormat)
    view = ProjectView(project, settings)
    qtbot.addWidget(view)
    first = view.journey.here
    assert not view.back_button.isEnabled()
    view.next_button.click()
    second = view.journey.here
    view.next_button.click()
    view.back_button.click()
    assert view.journey.here == second
    assert second != first
    again = ProjectView(project, settings)
    qtbot.addWidget(again)
    assert again.journey.here == second
    assert again.back_button.isEnabled()


def test_markup_in_a_title_is_shown_as_it_is_written(qtbot: QtBot, workspace: Workspace) -> None:
    from ui.look.cards import Text

    label = Text("<b>ORA-00942</b><img src=x>")
    qtbot.addWidget(label)
    assert label.textFormat() is Qt.TextFormat.PlainText
    view = ProjectView(OpenProject(workspace))
    qtbot.addWidget(view)
    for found in view.findChildren(QLabel):
        assert found.textFormat() is Qt.TextFormat.PlainText or not found.text()


def test_a_decision_without_role_or_reason_is_not_recorded(qtbot: QtBot, project: OpenProject) -> None:
    from ui.dialogs.decision import DecisionDialog

    step = project.workspace.workflow.steps()[0]
    dialog = DecisionDialog(None, project, f"step:{step.id}", step.title, "not_applicable")
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.yes.click()
    assert dialog.isVisible()
    assert "身份和理由" in dialog.trouble.text()
    dialog.role.show_value("项目协调人")
    dialog.reason.show_value("本省没有此项")
    dialog.yes.click()
    assert not dialog.isVisible()
    project.refresh()
    assert project.overview.progress.step(step.id).decision is not None


def test_a_read_only_project_can_be_seen_but_not_changed(qtbot: QtBot, workspace: Workspace) -> None:
    second = open_workspace(workspace.folder)
    assert second.read_only
    view = ProjectView(OpenProject(second))
    qtbot.addWidget(view)
    page = view.page
    assert isinstance(page, StepPage) and page.fields
    for row in page.fields.rows:
        if isinstance(row.editor, LineEditor | LongTextEditor):
            assert row.editor.edit.isReadOnly()
    second.close()


def _attachments(project: OpenProject, step: str) -> tuple[Record, ...]:
    from ui import records

    return records.of_step(project.workspace, "attachment", step)


@pytest.fixture(autouse=True)
def _clean_clipboard(qapp: QApplication) -> None:
    QGuiApplication.clipboard().clear()
