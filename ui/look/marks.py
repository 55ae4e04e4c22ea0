"""The shapes that stand for states, drawn in a 16-unit square so that they stay sharp at every scale."""

from __future__ import annotations

from math import cos, pi, sin

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QWidget

from ui.look import palette
from ui.look.palette import Colours
from ui.look.states import Look

UNITS = 16.0


def tone(colours: Colours, name: str) -> QColor:
    """The palette's colour of that purpose."""
    return QColor(str(getattr(colours, name)))


def draw(painter: QPainter, box: QRectF, look: Look, colours: Colours | None = None) -> None:
    """Draws the shape of ``look`` into ``box`` (square, logical pixels)."""
    used = colours or palette.current()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.topLeft())
    painter.scale(box.width() / UNITS, box.height() / UNITS)
    _SHAPES[look.shape](painter, tone(used, look.tone), QColor(used.on_state))
    painter.restore()


def icon(look: Look, size: int = 16, ratio: float = 2.0) -> QIcon:
    """The shape as an icon for buttons and lists, drawn at twice the size for dense screens."""
    pixmap = QPixmap(QSize(int(size * ratio), int(size * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw(painter, QRectF(0, 0, size, size), look)
    painter.end()
    return QIcon(pixmap)


class Mark(QWidget):
    """One shape as a widget; its word is told to screen readers and as a tool tip."""

    def __init__(self, look: Look, size: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(size, size)
        self.show_look(look)

    def show_look(self, look: Look) -> None:
        """Draws another state."""
        self.look = look
        self.setAccessibleName(look.word)
        self.setToolTip(look.word)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        draw(painter, QRectF(self.rect()), self.look)


def _pen(colour: QColor, width: float = 1.8) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _fill(painter: QPainter, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)


def _stroke(painter: QPainter, colour: QColor, width: float = 1.8) -> None:
    painter.setPen(_pen(colour, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _disc_tick(painter: QPainter, colour: QColor, on: QColor) -> None:
    _fill(painter, colour)
    painter.drawEllipse(QRectF(1, 1, 14, 14))
    _stroke(painter, on, 2)
    painter.drawPolyline(QPolygonF([QPointF(4.8, 8.3), QPointF(7.1, 10.6), QPointF(11.3, 5.8)]))


def _triangle(painter: QPainter, colour: QColor, on: QColor) -> None:
    path = QPainterPath(QPointF(8, 1.8))
    path.lineTo(15, 14.2)
    path.lineTo(1, 14.2)
    path.closeSubpath()
    painter.setPen(_pen(colour, 1.4))
    painter.setBrush(colour)
    painter.drawPath(path)
    _stroke(painter, on, 1.9)
    painter.drawLine(QPointF(8, 6), QPointF(8, 9.6))
    painter.drawPoint(QPointF(8, 12.2))


def _octagon_cross(painter: QPainter, colour: QColor, on: QColor) -> None:
    _fill(painter, colour)
    corners = [QPointF(8 + 7.5 * cos(pi / 8 + i * pi / 4), 8 + 7.5 * sin(pi / 8 + i * pi / 4)) for i in range(8)]
    painter.drawPolygon(QPolygonF(corners))
    _stroke(painter, on, 2)
    painter.drawLine(QPointF(5.5, 5.5), QPointF(10.5, 10.5))
    painter.drawLine(QPointF(10.5, 5.5), QPointF(5.5, 10.5))


def _diamond(painter: QPainter, colour: QColor, on: QColor) -> None:
    painter.setPen(_pen(colour, 1))
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([QPointF(8, 0.8), QPointF(15.2, 8), QPointF(8, 15.2), QPointF(0.8, 8)]))
    _stroke(painter, on, 1.7)
    hook = QPainterPath(QPointF(5.9, 6.3))
    hook.cubicTo(5.9, 3.3, 10.2, 3.3, 10.2, 6.2)
    hook.cubicTo(10.2, 7.9, 8, 7.7, 8, 9.6)
    painter.drawPath(hook)
    painter.drawPoint(QPointF(8, 12))


def _ring(painter: QPainter, colour: QColor, _on: QColor) -> None:
    _stroke(painter, colour, 1.6)
    painter.drawEllipse(QRectF(2, 2, 12, 12))


def _ring_bar(painter: QPainter, colour: QColor, on: QColor) -> None:
    _ring(painter, colour, on)
    painter.drawLine(QPointF(5.2, 8), QPointF(10.8, 8))


def _clock(painter: QPainter, colour: QColor, on: QColor) -> None:
    _ring(painter, colour, on)
    painter.drawPolyline(QPolygonF([QPointF(8, 4.8), QPointF(8, 8.2), QPointF(10.4, 9.8)]))


def _half(painter: QPainter, colour: QColor, on: QColor) -> None:
    _ring(painter, colour, on)
    _fill(painter, colour)
    painter.drawPie(QRectF(4, 4, 8, 8), 90 * 16, -180 * 16)


def _arc(painter: QPainter, colour: QColor, _on: QColor) -> None:
    _stroke(painter, colour, 2.2)
    painter.drawArc(QRectF(2, 2, 12, 12), 90 * 16, -270 * 16)
    _fill(painter, colour)
    for x in (5.2, 8, 10.8):
        painter.drawEllipse(QPointF(x, 8), 0.9, 0.9)


_SHAPES = {
    "disc_tick": _disc_tick,
    "triangle": _triangle,
    "octagon_cross": _octagon_cross,
    "diamond": _diamond,
    "ring": _ring,
    "ring_bar": _ring_bar,
    "clock": _clock,
    "half": _half,
    "arc": _arc,
}
