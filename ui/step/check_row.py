"""One planned check as a row: state, question, target, expected against actual, time, evidence; its details below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QTextLayout, QTextOption
from PySide6.QtWidgets import QPushButton, QWidget

from app.base import clock
from app.checks.offline.marks import PROVIDED
from app.workflow.model import CheckState, State
from ui.look import marks, palette, states, theme
from ui.look.cards import button

HEIGHT = 54
STATE, TIME, EVIDENCE, BUTTON, PAD = 104, 84, 72, 84, 8


def columns(width: float) -> tuple[tuple[float, float], ...]:
    """(x, width) of state, question, expected, actual, time, evidence within a row of that width (pixels)."""
    room = max(width - STATE - TIME - EVIDENCE - BUTTON - 2 * PAD, 240)
    shares = (room * 0.36, room * 0.32, room * 0.32)
    widths = (STATE, *shares, TIME, EVIDENCE)
    starts = [PAD + sum(widths[:i]) for i in range(len(widths))]
    return tuple((x, w - 10) for x, w in zip(starts, widths, strict=True))


def when(text: str, now: datetime) -> str:
    """A stamp as the row shows it: the time today, else the day; "" for none."""
    if not text:
        return ""
    moment = clock.parse(text).astimezone()
    return f"{moment:%H:%M:%S}" if moment.date() == now.date() else f"{moment:%m-%d %H:%M}"


def payload(state: CheckState) -> Mapping[str, Any]:
    """The newest result's content, empty when there is none."""
    return state.record.payload if state.record else {}


class CheckRow(QWidget):
    """Draws one check. ``opened`` tells that its details are wanted or not; Up and Down walk from row to row."""

    opened = Signal(bool)
    step_focus = Signal(int)

    def __init__(self, state: CheckState, check: Callable[[], object], read_only: bool) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.is_open = False
        self.running = False
        self.button: QPushButton = button("检查", check, tip="只做这一项检查")
        self.button.setParent(self)
        self.button.setVisible(not read_only)
        self.show_state(state, False, False)

    def show_state(self, state: CheckState, running: bool, busy: bool) -> None:
        """Shows a newer state; ``busy`` greys the button while any check runs."""
        self.state, self.running = state, running
        self.look = states.of_check(state, running)
        if busy and self.button.hasFocus():
            self.setFocus()  # a greyed button would send the keyboard to the next row, and the page after it
        self.button.setEnabled(not busy)
        self.button.setText("检查" if not state.record else "重测")
        content = payload(state)
        told = "，".join(str(content[key]) for key in ("actual", "reason") if content.get(key))
        provided = f"（{PROVIDED}）" if content.get("route") == PROVIDED else ""
        name = f"{state.bound.title}，{state.bound.target_title}：{self.look.word}{provided}"
        self.setAccessibleName(f"{name}，{told}" if told else name)
        self.button.setAccessibleName(f"检查：{state.bound.title}，{state.bound.target_title}")
        self.update()

    def toggle(self) -> None:
        """Opens or closes the details."""
        self.is_open = not self.is_open
        self.opened.emit(self.is_open)
        self.update()

    def resizeEvent(self, _event: object) -> None:
        size = self.button.sizeHint()
        self.button.setGeometry(self.width() - PAD - 72, (HEIGHT - size.height()) // 2, 72, size.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.toggle()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.toggle()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.step_focus.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def enterEvent(self, _event: object) -> None:
        self.update()

    def leaveEvent(self, _event: object) -> None:
        self.update()

    def focusInEvent(self, event: Any) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: Any) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, c = QPainter(self), palette.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._background(painter, c)
        content, cells = payload(self.state), columns(self.width())
        self._state(painter, c, cells[0])
        stale = self.state.state is State.STALE
        quiet = QColor(c.muted)
        two_lines(
            painter, cells[1], self.state.bound.title, QColor(c.text), theme.font(), below=self._target(), soft=quiet
        )
        ink = quiet if stale else QColor(c.text)
        two_lines(painter, cells[2], str(content.get("expected", "")), quiet, theme.font(9.5))
        two_lines(painter, cells[3], str(content.get("actual", "")), ink, theme.font(9.5))
        started = when(str(content.get("started", "")), datetime.now())
        two_lines(painter, cells[4], started, quiet, theme.font(9))
        two_lines(painter, cells[5], self.state.record.number if self.state.record else "", quiet, theme.font(9))

    def _target(self) -> str:
        return f"{self.state.bound.target_title} · {self.state.bound.target}"

    def _background(self, painter: QPainter, c: palette.Colours) -> None:
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.underMouse() or self.is_open:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(c.sunken))
            painter.drawRoundedRect(box, 6, 6)
        if self.hasFocus():
            painter.setPen(QPen(QColor(c.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 6, 6)

    def _state(self, painter: QPainter, c: palette.Colours, cell: tuple[float, float]) -> None:
        x, width = cell
        marks.draw(painter, QRectF(x, HEIGHT / 2 - 8, 16, 16), self.look)
        decided = {"waive": "已让步放行", "not_applicable": "已定不适用"}.get(self._decision(), "")
        provided = PROVIDED if payload(self.state).get("route") == PROVIDED else ""
        below = " ".join(part for part in (decided, provided) if part)
        colour = marks.tone(c, self.look.tone)
        two_lines(
            painter, (x + 24, width - 18), self.look.word, colour, theme.font(), below=below, soft=QColor(c.muted)
        )

    def _decision(self) -> str:
        return str(self.state.decision.payload.get("decision", "")) if self.state.decision else ""


def two_lines(
    painter: QPainter,
    cell: tuple[float, float],
    text: str,
    colour: QColor,
    font: QFont,
    below: str = "",
    soft: QColor | None = None,
) -> None:
    """Draws ``text`` on at most two lines (one with something below), cut with an ellipsis, centred in height."""
    x, width = cell
    lines = _lines(text, font, width, painter, 1 if below else 2)
    drawn = [(line, colour, font) for line in lines]
    if below:
        small = theme.font(9)
        drawn += [(line, soft or colour, small) for line in _lines(below, small, width, painter, 1)]
    painter.setFont(font)
    height = painter.fontMetrics().height()
    y = (HEIGHT - height * len(drawn)) / 2 + painter.fontMetrics().ascent()
    for line, ink, used in drawn:
        painter.setFont(used)
        painter.setPen(ink)
        painter.drawText(QPointF(x, y), line)
        y += height


def _lines(text: str, font: QFont, width: float, painter: QPainter, most: int) -> list[str]:
    plain = " ".join(text[:400].split())
    if not plain:
        return []
    layout = QTextLayout(plain, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    painter.setFont(font)
    found: list[str] = []
    layout.beginLayout()
    while len(found) < most and (part := layout.createLine()).isValid():
        part.setLineWidth(width)
        start = part.textStart()
        if len(found) < most - 1:
            found.append(plain[start : start + part.textLength()].strip())
        else:
            rest = plain[start:].strip()
            found.append(painter.fontMetrics().elidedText(rest, Qt.TextElideMode.ElideRight, int(width)))
    layout.endLayout()
    return found
