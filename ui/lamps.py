"""The five lamps on top: each shows a kind of target by shape, word and colour, and checks it when pressed."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from ui.look import marks, palette, states, theme
from ui.look.cards import keys_words, retitle, row
from ui.open_project import OpenProject

SIZE = QSize(152, 48)


class LampButton(QAbstractButton):
    """One lamp, drawn whole: shape, title, word and how many checks stand how."""

    def __init__(self, project: OpenProject, kind: str, place: int) -> None:
        super().__init__()
        self._project, self.kind = project, kind
        self._keys = f"Alt+{place}"
        self.setShortcut(QKeySequence(self._keys))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(SIZE)
        self.clicked.connect(self._check)
        self.refresh()

    def refresh(self) -> None:
        """Shows the lamp's newest state."""
        lamp = next(lamp for lamp in self._project.overview.lamps if lamp.kind == self.kind)
        running = any(pair in self._project.running for pair in self.pairs())
        self.look = states.RUNNING if running else states.LOOKS[lamp.state]
        retitle(self, lamp.title)
        self.line = lamp.line
        self.setEnabled(bool(self.pairs()) and not self._project.workspace.read_only)
        self.setAccessibleName(f"{lamp.title}：{self.look.word}，{lamp.line}")
        self.setToolTip(
            f"{lamp.title}：{self.look.word}\n{lamp.line}\n按下检查全部{lamp.title}检查项（{keys_words(self._keys)}）"
        )
        self.update()

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The checks behind this lamp."""
        found = [state.bound for state in self._project.overview.checks if state.bound.kind == self.kind]
        return tuple((bound.check, bound.target) for bound in found)

    def sizeHint(self) -> QSize:
        return SIZE

    def enterEvent(self, _event: QEnterEvent) -> None:
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, c = QPainter(self), palette.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        focus = self.hasFocus()
        edge = QColor(c.accent) if focus or self.underMouse() else marks.tone(c, self.look.tone)
        painter.setPen(QPen(edge, 2 if focus else 1))
        painter.setBrush(QColor(c.border if self.isDown() else str(getattr(c, f"{self.look.tone}_soft"))))
        painter.drawRoundedRect(box, 8, 8)
        marks.draw(painter, QRectF(12, 14, 20, 20), self.look)
        room = int(box.width()) - 44
        painter.setFont(theme.font(10.5, bold=True))
        painter.setPen(QColor(c.text))
        painter.drawText(40, 4, room, 22, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.setFont(theme.font(9))
        painter.setPen(marks.tone(c, self.look.tone))
        words = painter.fontMetrics().elidedText(self._words(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(40, 24, room, 19, Qt.AlignmentFlag.AlignVCenter, words)

    def _words(self) -> str:
        if not self.pairs():
            return "无此类对象"
        total = len(self.pairs())
        same = sum(
            states.LOOKS[state.state] == self.look
            for state in self._project.overview.checks
            if state.bound.kind == self.kind
        )
        return self.look.word if self.look == states.RUNNING else f"{self.look.word} {same}/{total}"

    def _check(self) -> None:
        if self._project.checking:
            self._project.said.emit("正在检查，请等它结束，或先取消。", False)
        else:
            self._project.check(self.pairs())


class Lamps(QWidget):
    """The row of lamps."""

    def __init__(self, project: OpenProject) -> None:
        super().__init__()
        self.lamps = [LampButton(project, lamp.kind, i + 1) for i, lamp in enumerate(project.overview.lamps)]
        self.setLayout(row(*self.lamps))
        project.changed.connect(self.refresh)
        project.running_changed.connect(self.refresh)

    def refresh(self) -> None:
        for lamp in self.lamps:
            lamp.refresh()
