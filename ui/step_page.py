"""The page of one step: its sections, in one column on a narrow window and in two on a wide one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from app.workflow.progress import NO_CASE
from ui.look import states, theme
from ui.look.cards import Card, StateWord, Text, column, empty, row, scrolled
from ui.open_project import OpenProject
from ui.step.checks import ChecksSection
from ui.step.conclusion import ConclusionSection
from ui.step.evidence import EvidenceSection
from ui.step.fields import FieldsSection

TWO_COLUMNS = 1360  # from this width of the page on, evidence and conclusion stand beside the rest
SIDE = 464
MARGIN = 3 * theme.GRID
CASE_FIRST = "在上面的“服务事项”里选择一件或新建一件，这里才能填写和检查：每一件事各记一份。"


class StepPage(QWidget):
    """Everything of one step. ``leave`` saves what is not saved; it is called before another page is shown."""

    def __init__(self, project: OpenProject, step_id: str) -> None:
        super().__init__()
        self.project = project
        self.step = project.workspace.workflow.step(step_id)
        self.setAcceptDrops(True)
        ready = NO_CASE not in project.overview.progress.step(step_id).missing
        self.fields = FieldsSection(project, self.step) if ready and self.step.fields else None
        self.checks = ChecksSection(project, step_id) if ready and self.step.checks else None
        self.evidence = EvidenceSection(project, self.step) if ready and self.step.evidence else None
        self.conclusion = ConclusionSection(project, step_id) if ready else None
        self._lay_out()
        project.changed.connect(self.refresh)
        project.running_changed.connect(self.show_running)

    def leave(self) -> bool:
        """Saves what is not saved yet; False when something could not be, and says so."""
        return self.fields.flush() if self.fields else True

    def refresh(self) -> None:
        """Shows the state that was worked out anew."""
        state = self.project.overview.progress.step(self.step.id)
        self.word.show_look(states.of_step(state))
        if self.fields:
            self.fields.show_behind()
        if self.checks:
            self.checks.show_states(state.checks)
        if self.evidence:
            self.evidence.show_records()
        if self.conclusion:
            self.conclusion.show_state(state)

    def show_running(self) -> None:
        if self.checks:
            self.checks.show_running()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        slot = self.evidence.slot_for(self.focusWidget()) if self.evidence else None
        if event.matches(QKeySequence.StandardKey.Paste) and slot:
            slot.paste_picture()
            return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and self.evidence and self.evidence.slot_for(None):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        slot = self.evidence.slot_for(self.childAt(event.position().toPoint())) if self.evidence else None
        if slot and files:
            slot.take_files([path for path in files if path.is_file()])
            event.acceptProposedAction()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(event.size().width())

    def _lay_out(self) -> None:
        state = self.project.overview.progress.step(self.step.id)
        self.word = StateWord(states.of_step(state), points=theme.POINTS)
        left = [part for part in (self._guidance(), self.fields, self.checks) if part]
        right = [part for part in (self.evidence, self.conclusion) if part]
        left += [] if right else [without_case()]
        self._main, self._side = QWidget(), QWidget()
        for holder, parts in ((self._main, left), (self._side, right)):
            layout = column(*parts, spacing=2 * theme.GRID)
            layout.setAlignment(Qt.AlignmentFlag.AlignTop)
            holder.setLayout(layout)
        self._columns = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._columns.setSpacing(2 * theme.GRID)
        self._columns.addWidget(self._main, 1)
        self._columns.addWidget(self._side, 0)
        content = QWidget()
        inner = QVBoxLayout(content)
        inner.setContentsMargins(MARGIN, 2 * theme.GRID, MARGIN, MARGIN)
        inner.setSpacing(2 * theme.GRID)
        inner.addLayout(self._head())
        inner.addLayout(self._columns)
        inner.addStretch(1)
        self.setLayout(column(scrolled(content)))

    def _arrange(self, width: int) -> None:
        wide = width >= TWO_COLUMNS
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._columns.direction() is not way:
            self._columns.setDirection(way)
        self._side.setMinimumWidth(SIDE if wide else 0)
        self._side.setMaximumWidth(SIDE if wide else 16_777_215)

    def _head(self) -> Any:
        phase = self.project.workspace.workflow.phase_of(self.step.id)
        place = Text(f"阶段 {phase.number}　{phase.title}", "muted", 9.5, wrap=False)
        title = Text(self.step.title, points=16, bold=True)
        parts = row(title, self.word, spacing=2 * theme.GRID)
        parts.setStretch(0, 1)
        return column(place, parts, spacing=2)

    def _guidance(self) -> Card:
        card = Card()
        workflow = self.project.workspace.workflow
        sources = "；".join(dict.fromkeys(workflow.source_of(clause) for clause in self.step.serves))
        served = f"依据：{sources}" if sources else "本软件补充的步骤，不在原流程条文中"
        card.body.addWidget(Text(self.step.guidance.strip()).selectable())
        line = Text(f"责任方：{self.step.responsible}　·　{served}", "muted", 9.5)
        line.setToolTip("\n".join(workflow.clauses[clause] for clause in self.step.serves))
        card.body.addWidget(line)
        return card


def without_case() -> Card:
    """What stands on a step of the maintenance phase while no service case is chosen."""
    card = Card()
    card.body.addWidget(empty(NO_CASE, CASE_FIRST))
    return card
