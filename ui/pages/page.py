"""The frame that the pages beside the steps share: a heading, a line under it, cards below."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.look import theme
from ui.look.cards import Text, column, row, scrolled

WIDEST = 1200


class Page(QWidget):
    """``body`` takes the content; ``head`` the buttons right of the heading. Lines stay short enough to read."""

    def __init__(self, title: str, words: str, scrolling: bool = True) -> None:
        super().__init__()
        self.body = column(spacing=2 * theme.GRID)
        self.head = row(spacing=theme.GRID)
        self.words = Text(words, "muted")
        heading = row(Text(title, points=16, bold=True, wrap=False), None, self.head)
        content = QWidget()
        content.setObjectName("page")
        inner = QVBoxLayout()
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(theme.GRID)
        inner.addLayout(heading)
        inner.addWidget(self.words)
        inner.addSpacing(theme.GRID)
        inner.addLayout(self.body, 0 if scrolling else 1)
        if scrolling:
            inner.addStretch(1)
        held = QWidget()
        held.setMaximumWidth(WIDEST if scrolling else 16_777_215)
        held.setLayout(inner)
        outer = row(held)
        outer.setAlignment(Qt.AlignmentFlag.AlignLeft if scrolling else Qt.AlignmentFlag(0))
        outer.setContentsMargins(3 * theme.GRID, 3 * theme.GRID, 3 * theme.GRID, 3 * theme.GRID)
        if scrolling:
            outer.setStretch(0, 1)
            outer.setAlignment(Qt.AlignmentFlag(0))
        content.setLayout(outer)
        self.setLayout(column(scrolled(content) if scrolling else content))
