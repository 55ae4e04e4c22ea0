"""What is not as it was: the results now beside those of the acceptance, an earlier day or the run before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QGridLayout, QWidget

from app.base import clock
from ui.journal_words import moment
from ui.look import states, theme
from ui.look.cards import Card, StateWord, Text, button, clear, empty, line
from ui.look.inputs import Choice
from ui.look.states import Look
from ui.open_project import OpenProject
from ui.pages.page import Page
from ui.step.editors import DateEditor

if TYPE_CHECKING:
    from app.actions.difference import Change, Difference
    from app.evidence.entry import Entry

EXPLAINED = "维护时先看这里：与验收时或更早一次检查相比，哪些变差、哪些好转、哪些内容变了。没有列出的与当时相同。"
DAY = "day"
SINCE = (("验收（部署确认）时", ""), ("上一次检查", "previous"), ("某一天结束时", DAY))
TURNS: Mapping[str, Look] = {
    "worse": Look("变差", "octagon_cross", "failed"),
    "better": Look("好转", "disc_tick", "passed"),
    "changed": Look("有变化", "triangle", "warned"),
    "new": Look("新增", "ring", "accent"),
    "gone": Look("不再检查", "ring_bar", "idle"),
}
DIFFERENCE = "difference"


class ChangesPage(Page):
    """The choice of the point in time, and one row a change, what got worse first."""

    def __init__(self, project: OpenProject) -> None:
        super().__init__("变化", EXPLAINED)
        self._project = project
        self._wanted = ""
        self.since = Choice()
        self.since.setAccessibleName("与什么时候相比")
        for title, value in SINCE:
            self.since.addItem(title, value)
        self.day = DateEditor()
        self.day.edit.setAccessibleName("日期")
        self.day.show_value(clock.china_date(clock.now()).isoformat())
        self.day.hide()
        self.again = button("重新比较", self.compare, "", "F5")
        for part in (self.since, self.day, self.again):
            self.head.addWidget(part)
        self.since.currentIndexChanged.connect(self.compare)
        self.day.left.connect(self._compare_another)
        self.compare()

    def compare(self) -> None:
        """Compares anew, off the window's thread."""
        self.day.setVisible(self.since.currentData() == DAY)
        self._wanted = wanted = self._chosen()
        if wanted == DAY:
            self._say("请写一个日期，例如 2026-01-05。")
            return
        workspace, scope = self._project.workspace, self._project.scope

        def work(_cancellation: Any, _report: Any) -> Any:
            from app.actions import difference

            return difference.difference(workspace, wanted, scope)

        def current(show: Callable[[Any], None]) -> Callable[[Any], None]:
            return lambda item: show(item) if self._wanted == wanted else None  # another point was chosen meanwhile

        self._project.tasks.start(
            f"{DIFFERENCE} {wanted}", "正在比较", work,
            done=current(self._show), troubled=current(lambda trouble: self._say(trouble.sentence)), owner=self,
        )  # fmt: skip

    def _chosen(self) -> str:
        """The point in time as ``difference`` takes it; DAY where none can be read from the date."""
        value = str(self.since.currentData())
        if value != DAY:
            return value
        try:
            return str(self.day.value()) or DAY
        except ValueError:
            return DAY

    def _compare_another(self) -> None:
        if self._chosen() != self._wanted:
            self.compare()

    def _say(self, sentence: str) -> None:
        clear(self.body)
        card = Card()
        card.body.addWidget(empty("还不能比较", sentence))
        self.body.addWidget(card)

    def _show(self, found: Difference) -> None:
        clear(self.body)
        card = Card(f"与{found.since}相比", f"{len(found.changes)} 项不同，{found.same} 项相同")
        if not found.changes:
            unchanged = ("没有变化", f"{found.same} 项检查都与当时相同。")
            card.body.addWidget(empty(*(unchanged if found.same else ("没有可比的结果", "那时和现在都没有检查结果。"))))
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.GRID)
        grid.setVerticalSpacing(theme.GRID)
        grid.setColumnStretch(2, 1)
        order = list(TURNS)
        for number, change in enumerate(sorted(found.changes, key=lambda change: order.index(change.turn))):
            if number:
                grid.addWidget(line(), 2 * number, 0, 1, 3)
            self._line(grid, 2 * number + 1, change)
        card.body.addLayout(grid)
        self.body.addWidget(card)

    def _line(self, grid: QGridLayout, row: int, change: Change) -> None:
        target = self._project.workspace.site.target(change.target)
        name = target.name if target else change.target
        grid.addWidget(StateWord(TURNS[change.turn]), row, 0)
        grid.addWidget(Text(f"{change.title} · {name}"), row, 1)
        grid.addWidget(self._sides(change), row, 2)

    def _sides(self, change: Change) -> QWidget:
        holder = QWidget()
        sides = QGridLayout()
        sides.setContentsMargins(0, 0, 0, 0)
        sides.setColumnStretch(2, 1)
        for number, (word, entry) in enumerate((("原", change.before), ("现", change.after))):
            if entry:
                sides.addWidget(Text(word, "muted", 9.5, wrap=False), number, 0)
                sides.addWidget(StateWord(_look(entry), size=13, points=9.5), number, 1)
                sides.addWidget(Text(self._seen(entry), points=9.5).selectable(), number, 2)
        holder.setLayout(sides)
        return holder

    def _seen(self, entry: Entry) -> str:
        seen = entry.payload["actual"] or entry.payload["reason"]
        return f"{seen}（{self._project.workspace.project.number(entry)}，{moment(entry.at)}）"


def _look(entry: Entry) -> Look:
    from app.workflow.model import State

    return states.LOOKS[State(str(entry.payload["outcome"]))]
