"""The view of the 离场阻断项: what is in the way of leaving, who can clear it, and the way to its step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QGridLayout, QWidget

from app.workflow.model import Blocker
from ui import journey
from ui.journey import Place
from ui.look import states, theme
from ui.look.cards import Card, StateWord, Text, button, clear, empty, line
from ui.look.states import Look
from ui.open_project import OpenProject
from ui.pages.page import Page

BLOCKING = Look("阻断", "octagon_cross", "failed")
NOTHING = "离场所需的都已具备。离开前请再核对一次《离场核对单》。"


class BlockersPage(Page):
    """One card with a row for each blocker, grouped by who can clear it."""

    def __init__(self, project: OpenProject, go: Callable[[Place], None]) -> None:
        super().__init__("离场阻断项", "没有清除以下各项，实施人员不能离场。每项写明谁能清除；按“前往”到对应步骤处理。")
        self._project, self._go = project, go
        self._shown: tuple[Blocker, ...] | None = None
        project.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the newest list."""
        blockers = self._project.overview.progress.blockers
        if blockers == self._shown:
            return
        self._shown = blockers
        clear(self.body)
        if not blockers:
            card = Card()
            card.body.addWidget(StateWord(states.DONE, "可以离场"))
            card.body.addWidget(empty("没有离场阻断项", NOTHING))
            self.body.addWidget(card)
        for clears in dict.fromkeys(blocker.clears for blocker in blockers):
            self.body.addWidget(self._card(clears, [blocker for blocker in blockers if blocker.clears == clears]))

    def _card(self, clears: str, blockers: list[Blocker]) -> QWidget:
        card = Card(f"由{clears}清除", f"{len(blockers)} 项")
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.GRID)
        grid.setVerticalSpacing(theme.GRID)
        grid.setColumnStretch(1, 1)
        for number, blocker in enumerate(blockers):
            if number:
                grid.addWidget(line(), 2 * number, 0, 1, 3)
            grid.addWidget(StateWord(BLOCKING), 2 * number + 1, 0)
            grid.addWidget(Text(blocker.title), 2 * number + 1, 1)
            if blocker.step:
                step = blocker.step
                jump = button("前往", partial(self._go, Place(journey.STEP, step)), "quiet", tip=self._title(step))
                jump.setAccessibleName(f"前往：{blocker.title}")
                grid.addWidget(jump, 2 * number + 1, 2)
        card.body.addLayout(grid)
        return card

    def _title(self, step: str) -> str:
        titles = {known.id: known.title for known in self._project.workspace.workflow.steps()}
        return f"前往步骤“{titles.get(step, step)}”"
