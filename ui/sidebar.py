"""The eight phases down the left with state and count, the steps of the phase that is open, and the other pages."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QGridLayout,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from ui import journey
from ui.journey import Place
from ui.look import marks, palette, states, theme
from ui.look.cards import button, column, retitle
from ui.look.states import Look
from ui.open_project import OpenProject

WIDTH = 256
LOOK, COUNT, STEP_ID = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
Index = QModelIndex | QPersistentModelIndex


class PhaseDelegate(QStyledItemDelegate):
    """Draws a phase (number, title, count) or a step (title) with its shape; the chosen one has a bar and a tint."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(WIDTH, 38 if not index.parent().isValid() else 32)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        c, phase = palette.current(), not index.parent().isValid()
        box = QRectF(option.rect).adjusted(6, 1, -6, -1)  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(painter, box, c, state)
        look: Look = index.data(LOOK)
        x = box.left() + (10 if phase else 28)
        marks.draw(painter, QRectF(x, box.center().y() - 7.5, 15, 15), look)
        painter.setFont(theme.font(10.5 if phase else 10, bold=phase))
        painter.setPen(QColor(c.text))
        count = str(index.data(COUNT) or "")
        room = int(box.right() - x - 24 - (44 if count else 8))
        words = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(x + 24, box.top(), room, box.height()), middle, words)
        painter.setFont(theme.font(9))
        painter.setPen(QColor(c.muted))
        painter.drawText(box.adjusted(0, 0, -10, 0), middle | Qt.AlignmentFlag.AlignRight, count)
        painter.restore()

    @staticmethod
    def _ground(painter: QPainter, box: QRectF, c: palette.Colours, state: QStyle.StateFlag) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(c.accent_soft))
            painter.drawRoundedRect(box, 6, 6)
            painter.setBrush(QColor(c.accent))
            painter.drawRoundedRect(QRectF(box.left(), box.top() + 6, 3, box.height() - 12), 1.5, 1.5)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(c.sunken))
            painter.drawRoundedRect(box, 6, 6)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(c.accent), 2))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)


class PhaseTree(QTreeWidget):
    """Phases and their steps; choosing a phase opens it and goes to its first open step."""

    chosen = Signal(str)

    def __init__(self, project: OpenProject) -> None:
        super().__init__()
        self._project = project
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setMouseTracking(True)
        self.setItemDelegate(PhaseDelegate(self))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setExpandsOnDoubleClick(False)
        self.setAccessibleName("阶段与步骤")
        for phase in project.workspace.workflow.phases:
            item = QTreeWidgetItem(self, [f"{phase.number}  {phase.title}"])
            for step in phase.steps:
                child = QTreeWidgetItem(item, [step.title])
                child.setData(0, STEP_ID, step.id)
        self.refresh()
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)

    def refresh(self) -> None:
        """Shows the newest states."""
        for number, phase in enumerate(self._project.overview.progress.phases):
            item = self._phase(number)
            self._dress(item, states.of_phase(phase), states.count(phase), phase.phase.title)
            for place, step in enumerate(phase.steps):
                self._dress(item.child(place), states.of_step(step), "", step.step.title)
        self.viewport().update()

    def show_step(self, step: str) -> None:
        """Opens the step's phase, closes the others, and marks the step."""
        for number in range(self.topLevelItemCount()):
            item = self._phase(number)
            children = [item.child(place) for place in range(item.childCount())]
            here = next((child for child in children if child.data(0, STEP_ID) == step), None)
            item.setExpanded(here is not None)
            if here:
                self.setCurrentItem(here)
                self.scrollToItem(here)
        if not step:
            self.clearSelection()

    def _phase(self, number: int) -> QTreeWidgetItem:
        item = self.topLevelItem(number)
        if item is None:
            raise IndexError(number)
        return item

    @staticmethod
    def _dress(item: QTreeWidgetItem, look: Look, count: str, title: str) -> None:
        item.setData(0, LOOK, look)
        item.setData(0, COUNT, count)
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{title}，{look.word} {count}".strip())
        item.setToolTip(0, f"{title}：{look.word} {count}".strip())

    def _choose(self, item: QTreeWidgetItem) -> None:
        step = item.data(0, STEP_ID)
        if not step:
            phase = self._project.overview.progress.phases[self.indexOfTopLevelItem(item)]
            step = next((state.step.id for state in phase.steps if not state.done), phase.steps[0].step.id)
        self.chosen.emit(step)


class Sidebar(QFrame):
    """The tree and, below it, the pages beside the steps."""

    wanted = Signal(object)  # a Place
    help_wanted = Signal()
    home_wanted = Signal()

    PAGES = (
        (journey.BLOCKERS, "离场阻断项", "Ctrl+1"),
        (journey.FORMS, "表单", "Ctrl+2"),
        (journey.PACKAGE, "移交包", "Ctrl+3"),
        (journey.JOURNAL, "实施日志", "Ctrl+4"),
        (journey.APPROVAL, "权限申请", "Ctrl+5"),
        (journey.CERTIFICATES, "证书", "Ctrl+6"),
        (journey.CHANGES, "变化", "Ctrl+7"),
    )

    def __init__(self, project: OpenProject) -> None:
        super().__init__()
        self._project = project
        self.setObjectName("side")
        self.setFixedWidth(WIDTH)
        self.tree = PhaseTree(project)
        self.tree.chosen.connect(lambda step: self.wanted.emit(Place(journey.STEP, step)))
        self.pages: dict[str, QPushButton] = {}
        grid = QGridLayout()
        grid.setContentsMargins(8, 8, 8, 8)
        grid.setSpacing(4)
        for number, (page, title, keys) in enumerate(self.PAGES):
            made = button(title, partial(self.wanted.emit, Place(page)), "nav", keys)
            made.setCheckable(True)
            self.pages[page] = made
            grid.addWidget(made, number // 2, number % 2)
        grid.addWidget(button("首页", self.home_wanted.emit, "nav", "Ctrl+H", "关闭项目，回到首页"), 3, 1)
        grid.addWidget(button("帮助", self.help_wanted.emit, "nav", "F1", "使用帮助", show_keys=True), 4, 0, 1, 2)
        rule = QFrame()
        rule.setObjectName("line")
        holder = QWidget()
        holder.setLayout(grid)
        outer = column(self.tree, rule, holder, spacing=0)
        outer.setContentsMargins(0, 8, 1, 0)
        outer.setStretch(0, 1)
        self.setLayout(outer)
        project.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        self.tree.refresh()
        count = len(self._project.overview.progress.blockers)
        retitle(self.pages[journey.BLOCKERS], f"离场阻断项 {count}")

    def show_place(self, place: Place) -> None:
        """Marks where the person is."""
        self.tree.show_step(place.step)
        for page, made in self.pages.items():
            made.setChecked(page == place.page)
