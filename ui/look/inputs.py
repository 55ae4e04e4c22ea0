"""Tick boxes and choices drawn by us: a style sheet takes their tick and arrow, Fusion draws them faint."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from ui.look import palette

BOX = 18


class Tick(QCheckBox):
    """A box to tick, with its words."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(BOX + 6 + (words + 10 if words else 0), max(BOX + 8, self.fontMetrics().height() + 6))

    def hitButton(self, place: object) -> bool:
        return self.rect().contains(place)  # type: ignore[call-overload,no-any-return]

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, c = QPainter(self), palette.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(3, (self.height() - BOX) / 2, BOX, BOX).adjusted(1, 1, -1, -1)
        on = self.isChecked()
        edge = c.border if not self.isEnabled() else c.accent if on or self.underMouse() else c.outline
        painter.setPen(QPen(QColor(edge), 1.4))
        painter.setBrush(QColor(c.accent if on and self.isEnabled() else c.surface))
        painter.drawRoundedRect(box, 4, 4)
        if on:
            ink = QColor(c.on_accent if self.isEnabled() else c.outline)
            painter.setPen(QPen(ink, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            x, y = box.left(), box.top()
            painter.drawPolyline(
                QPolygonF([QPointF(x + 4, y + 8.4), QPointF(x + 6.8, y + 11.2), QPointF(x + 12, y + 5)])
            )
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(c.accent), 2))
            painter.drawRoundedRect(box.adjusted(-3, -3, 3, 3), 6, 6)
        painter.setPen(QColor(c.text if self.isEnabled() else c.outline))
        words = QRectF(BOX + 10, 0, self.width() - BOX - 10, self.height())
        painter.drawText(
            words,
            Qt.AlignmentFlag.AlignVCenter,
            self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, int(words.width())),
        )


class Choice(QComboBox):
    """A choice from a list; scrolling the page over it does not change it by accident."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(QSize(200, 32))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter, c = QPainter(self), palette.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(c.muted if self.isEnabled() else c.outline), 1.8))
        x, y = self.width() - 20, self.height() / 2
        painter.drawPolyline(QPolygonF([QPointF(x, y - 2.5), QPointF(x + 4.5, y + 2), QPointF(x + 9, y - 2.5)]))
