"""What a row of a check offers after a bad answer, whenever that answer is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QPushButton

from app.actions import checking
from app.actions.overview import overview
from app.actions.workspace import open_workspace
from app.checks.offline.marks import PROVIDED
from ui.dialogs.adjustment import AdjustmentDialog
from ui.look.cards import take_turns
from ui.open_project import OpenProject
from ui.step.check_detail import PASSWORD
from ui.step.check_row import CheckRow
from ui.step_page import StepPage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from app.actions.workspace import Workspace
    from app.checks.model import Result

KEY = ("client.urls", "pc1")


@pytest.fixture
def refused(workspace: Workspace, page: str) -> Iterator[OpenProject]:
    """The project with its page at a port where nobody listens."""
    workspace.close()
    profile = workspace.folder / "site.toml"
    profile.write_text(profile.read_text(encoding="utf-8").replace(page, "http://127.0.0.1:1/jyjc"), encoding="utf-8")
    opened = OpenProject(open_workspace(workspace.folder))
    yield opened
    opened.close()


def test_a_bad_answer_opens_its_row_also_when_the_journal_shows_it_before_the_run_does(
    qtbot: QtBot, refused: OpenProject
) -> None:
    states = [state for phase in refused.overview.progress.phases for state in phase.steps]
    step = next(state.step.id for state in states if any(check.bound.check == KEY[0] for check in state.checks))
    shown = StepPage(refused, step)
    qtbot.addWidget(shown)
    assert shown.checks
    refused.running = {KEY}
    checking.check(refused.workspace, checking.Selection(pairs=(KEY,)))
    refused.refresh()
    assert not shown.checks.rows[KEY].is_open
    refused.running = set()
    refused.running_changed.emit()
    assert shown.checks.rows[KEY].is_open


def test_the_keyboard_goes_along_when_buttons_take_turns(qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QHBoxLayout, QWidget

    holder, start, cancel, other = QWidget(), QPushButton("start"), QPushButton("cancel"), QPushButton("other")
    layout = QHBoxLayout(holder)
    for part in (start, cancel, other):
        layout.addWidget(part)
    cancel.hide()
    qtbot.addWidget(holder)
    with qtbot.waitActive(holder):
        holder.show()
        holder.activateWindow()
    start.setFocus()
    take_turns(cancel, start)
    assert holder.focusWidget() is cancel
    take_turns(start, cancel)
    assert holder.focusWidget() is start


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("请核对用户名和密钥环里的口令；本次不再尝试，以免账号被锁定。", True),
        ("只试了这一次，没有重试，以免锁定账户。请核对用户和口令，改正后再检查。", True),
        ("没有口令，PKCS#12 文件打不开", True),
        ("用户 JYJC 的口令已过期（EXPIRED） 请 DBA 重设 JYJC 的口令，并同步修改应用的数据源。", False),
    ],
)
def test_a_password_is_asked_for_where_ours_is_missing_or_refused(told: str, wanted: bool) -> None:
    assert bool(PASSWORD.search(told)) is wanted


def test_an_adjustment_without_who_and_why_is_not_recorded(qtbot: QtBot, project: OpenProject) -> None:
    step = next(step for step in project.workspace.workflow.steps() if step.evidence)
    dialog = AdjustmentDialog(None, project, step.id, None)
    qtbot.addWidget(dialog)
    dialog.parts["what"].show_value("datafile")
    dialog.yes.click()
    assert not dialog.trouble.isHidden() and not project.workspace.project.current("adjustment")
    dialog.parts["by"].show_value("engineer")
    dialog.parts["why"].show_value("full")
    dialog.yes.click()
    assert len(project.workspace.project.current("adjustment")) == 1


def test_a_result_that_the_customer_provided_says_so_in_its_row(qtbot: QtBot, workspace: Workspace) -> None:
    selection = checking.Selection(pairs=(KEY,))
    results: list[Result] = list(checking.check(workspace, selection))
    for route, marked in (("", False), (PROVIDED, True)):
        checking.record(workspace, [replace(result, route=route) for result in results])
        (state,) = [check for check in overview(workspace).checks if (check.bound.check, check.bound.target) == KEY]
        row = CheckRow(state, lambda: None, read_only=True)
        qtbot.addWidget(row)
        assert ("（客户提供）" in row.accessibleName()) is marked
