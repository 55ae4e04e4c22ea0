"""The checks of a step: one row each, a button for one, for all and for those that did not pass, and their cancel."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.workflow.model import CheckState, Record, State
from ui.look import palette, theme
from ui.look.cards import Card, Text, button, line, take_turns
from ui.look.states import LOOKS
from ui.open_project import OpenProject, Pair
from ui.step.check_detail import CheckDetail
from ui.step.check_row import CheckRow, columns

NOT_GOOD = (State.FAIL, State.UNKNOWN, State.WARN)
NO_TARGET = (
    "现场配置（site.toml）中没有与本步骤对应的检查对象。请补充配置后重开项目；"
    "确实没有的，在“结论”中选择“本步骤不适用”并写明理由。"
)


class Header(QWidget):
    """The titles above the columns."""

    TITLES = ("结论", "检查项与对象", "应为", "实为", "时间", "证据号")

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(24)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(9))
        painter.setPen(QColor(palette.current().muted))
        for title, (x, width) in zip(self.TITLES, columns(self.width()), strict=True):
            painter.drawText(int(x), 0, int(width), 24, Qt.AlignmentFlag.AlignVCenter, title)


def pair(state: CheckState) -> Pair:
    return state.bound.check, state.bound.target


def project_check(project: OpenProject, key: Pair) -> bool:
    return project.check((key,))


class ChecksSection(Card):
    """Shows ``StepState.checks`` and keeps up with runs."""

    def __init__(self, project: OpenProject, step: str) -> None:
        super().__init__("检查")
        self._project, self._step = project, step
        self.rows: dict[Pair, CheckRow] = {}
        self._details: dict[Pair, CheckDetail] = {}
        self._states: dict[Pair, CheckState] = {}
        self._unfolded: dict[Pair, Record | None] = {}  # the result for which a row was last opened or closed
        self.all_button = button("全部检查", self.check_all, "primary", "F5", "检查本步骤的全部检查项", show_keys=True)
        self.rest_button = button("只测未合格的", self.check_rest, "", "Shift+F5", "只测还不是合格的检查项")
        self.cancel_button = button(
            "取消检查", project.cancel_checks, "", "Esc", "停止检查，已得到的结果保留", show_keys=True
        )
        for part in (self.rest_button, self.all_button, self.cancel_button):
            self.head.addWidget(part)
            part.hide()
        self._fill(project.overview.progress.step(step).checks)

    def _fill(self, checks: Iterable[CheckState]) -> None:
        states = {pair(state): state for state in checks}
        self.body.setSpacing(0)
        if not states:
            self.body.addWidget(Text(NO_TARGET, "muted"))
        else:
            self.body.addWidget(Header())
        for key, state in states.items():
            row = CheckRow(state, partial(project_check, self._project, key), self._project.workspace.read_only)
            self.rows[key], self._unfolded[key] = row, state.record
            row.opened.connect(partial(self._open, key))
            row.step_focus.connect(partial(self._walk, key))
            self.body.addWidget(line())
            self.body.addWidget(row)
        self.show_states(states.values())
        for key, state in states.items():
            if state.state in NOT_GOOD and not state.decision:
                self.rows[key].toggle()

    def show_states(self, checks: Iterable[CheckState]) -> None:
        """Shows newer states of the same checks."""
        newer = {pair(state): state for state in checks}
        busy = self._project.checking
        for key, row in self.rows.items():
            if key not in newer:
                continue
            running = key in self._project.running
            row.show_state(newer[key], running, busy)
            if self._unfolded[key] != newer[key].record and not running:
                self._unfolded[key] = newer[key].record
                self._unfold(row, newer[key])
            if key in self._details:
                self._details[key].show_state(newer[key])
        self._states = newer
        self._head(busy)

    def show_running(self) -> None:
        """Shows which checks run now."""
        self.show_states(self._states.values())

    def check_all(self) -> None:
        self._project.check(tuple(self._states))

    def check_rest(self) -> None:
        rest = tuple(key for key, state in self._states.items() if state.state is not State.PASS)
        if rest:
            self._project.check(rest)
        else:
            self._project.said.emit("本步骤的检查项都已合格。", False)

    def _head(self, busy: bool) -> None:
        ours = busy and bool(set(self.rows) & self._project.running)
        writable = not self._project.workspace.read_only
        if ours:
            take_turns(self.cancel_button, self.all_button)
            take_turns(self.cancel_button, self.rest_button)
        elif self.rows and writable:
            self.rest_button.show()
            take_turns(self.all_button, self.cancel_button)
        for part in (self.all_button, self.rest_button):
            part.setEnabled(not busy)
        found = [state.state for state in self._states.values()]
        told = [f"{look.word} {found.count(state)}" for state, look in LOOKS.items() if state in found]
        self.note.say(" · ".join(told))

    @staticmethod
    def _unfold(row: CheckRow, state: CheckState) -> None:
        wants = state.state in NOT_GOOD
        if row.is_open is not wants:
            row.toggle()

    def _open(self, key: Pair, is_open: bool) -> None:
        if is_open and key not in self._details:
            detail = CheckDetail(self._project, self._step)
            self._details[key] = detail
            self.body.insertWidget(self.body.indexOf(self.rows[key]) + 1, detail)
        if key in self._details:
            self._details[key].show_state(self._states[key])
            self._details[key].setVisible(is_open)

    def _walk(self, key: Pair, way: int) -> None:
        keys = list(self.rows)
        place = keys.index(key) + way
        if 0 <= place < len(keys):
            self.rows[keys[place]].setFocus(Qt.FocusReason.TabFocusReason)
