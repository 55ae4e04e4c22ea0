"""The first page: projects of late, a new one, one from its folder, the rehearsal site, verification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from ui.look import marks, palette, theme
from ui.look.cards import Card, Text, button, column, empty, keys_words, row
from ui.look.states import Look

REAL = Look("现场项目", "half", "accent")
REHEARSAL = Look("演练", "triangle", "warned")
GONE = Look("文件夹不在", "ring_bar", "idle")
RECENT = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex


def look_of(recent: Any) -> Look:
    """The sign of a project of late."""
    if not recent.there:
        return GONE
    return REHEARSAL if recent.rehearsal else REAL


class RecentDelegate(QStyledItemDelegate):
    """Draws a project: its sign and word, its title, its folder."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(320, 60)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        c, recent = palette.current(), index.data(RECENT)
        look = look_of(recent)
        box = QRectF(option.rect).adjusted(2, 2, -2, -2)  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & (QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_Selected):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(c.accent_soft))
            painter.drawRoundedRect(box, 6, 6)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(c.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 6, 6)
        marks.draw(painter, QRectF(box.left() + 14, box.center().y() - 9, 18, 18), look)
        words = QRectF(box.left() + 46, box.top() + 7, box.width() - 46 - 108, 22)
        self._line(painter, words, recent.title, theme.font(11, bold=True), c.text)
        self._line(painter, words.translated(0, 22), str(recent.folder), theme.font(9), c.muted)
        painter.setFont(theme.font(9.5))
        painter.setPen(marks.tone(c, look.tone))
        side = box.adjusted(0, 0, -14, 0)
        painter.drawText(side, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, look.word)
        painter.restore()

    @staticmethod
    def _line(painter: QPainter, box: QRectF, text: str, font: Any, colour: str) -> None:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)


class StartPage(QWidget):
    """Tells by signals what is wanted; it opens nothing itself."""

    new_wanted = Signal()
    open_wanted = Signal()
    folder_wanted = Signal(object)  # Path
    rehearsal_wanted = Signal()
    verify_wanted = Signal(bool)  # True: a folder, False: a file
    help_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.recent = QListWidget()
        self.recent.setItemDelegate(RecentDelegate(self.recent))
        self.recent.setMouseTracking(True)
        self.recent.setAccessibleName("最近的项目")
        self.recent.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.recent.itemActivated.connect(self._activated)
        self.recent.itemClicked.connect(self._activated)
        self.rehearse_button = button("进入演练现场", self.rehearsal_wanted.emit, "", "Ctrl+R")
        self._lay_out()

    def show_recent(self, projects: tuple[Any, ...]) -> None:
        """Lists the projects opened lately, newest first."""
        self.recent.clear()
        for project in projects:
            item = QListWidgetItem(project.title, self.recent)
            item.setData(RECENT, project)
            item.setData(
                Qt.ItemDataRole.AccessibleTextRole, f"{project.title}，{look_of(project).word}，{project.folder}"
            )
            item.setToolTip(str(project.folder))
        self.recent.setVisible(bool(projects))
        self._nothing.setVisible(not projects)
        if projects:
            self.recent.setCurrentRow(0)

    def _lay_out(self) -> None:
        title = Text("现场实施助手", points=22, bold=True, wrap=False)
        words = Text("就业监测管理信息系统现场实施：逐步完成、真实检查、留下证据、出具表单、移交与校验。", "muted", 11)
        recent = Card("最近的项目")
        recent.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._nothing = empty(
            "还没有项目", "用现场配置文件（site.toml）新建一个，打开已有的项目文件夹，\n或者先到演练现场走一遍全流程。"
        )
        recent.body.addWidget(self.recent)
        recent.body.addWidget(self._nothing)
        sides = row(self._actions(), recent, spacing=3 * theme.GRID)
        sides.setStretch(1, 1)
        held = QWidget()
        held.setMaximumWidth(1120)
        inner = column(title, words, spacing=theme.GRID)
        inner.addSpacing(3 * theme.GRID)
        inner.addLayout(sides)
        held.setLayout(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(48, 48, 48, 48)
        line = row(None, held, None)
        line.setStretch(1, 100)
        outer.addStretch(1)
        outer.addLayout(line)
        outer.addStretch(2)
        self.recent.hide()

    def _actions(self) -> QWidget:
        holder = QWidget()
        holder.setFixedWidth(320)
        verify_folder = button("校验移交包或项目", lambda: self.verify_wanted.emit(True), "", "Ctrl+T")
        entries = (
            (button("新建项目…", self.new_wanted.emit, "primary", "Ctrl+N"), "选择现场配置文件和一个新文件夹"),
            (button("打开项目…", self.open_wanted.emit, "", "Ctrl+O"), "选择已有的项目文件夹"),
            (self.rehearse_button, "本机上的仿真现场，可随意检查、打开故障"),
            (verify_folder, "逐个文件核对是否与写入时一致"),
            (
                button("校验签名文件…", lambda: self.verify_wanted.emit(False), "", "Ctrl+Shift+T"),
                "核对一份签过名的 Word 文件",
            ),
            (button("使用帮助", self.help_wanted.emit, "", "F1"), "流程、检查结果怎样处理、键盘"),
        )
        layout = column(spacing=2 * theme.GRID)
        for made, words in entries:
            made.setMinimumHeight(36)
            keys = keys_words(made.shortcut().toString())
            layout.addLayout(
                column(
                    made, row(Text(words, "muted", 9, wrap=False), None, Text(keys, "muted", 9, wrap=False)), spacing=2
                )
            )
        layout.addStretch(1)
        holder.setLayout(layout)
        return holder

    def _activated(self, item: QListWidgetItem) -> None:
        recent = item.data(RECENT)
        self.folder_wanted.emit(Path(recent.folder))
