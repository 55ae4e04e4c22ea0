"""The help: the Markdown files of ``resources/help`` in reading order, in a window of its own that stays open."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QFrame, QListWidget, QTextBrowser, QWidget

from ui.look import theme
from ui.look.cards import column, row

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "help"
TOPIC = 38  # a topic's height: the style sheet's padding is not in Qt's own reckoning


def topics(folder: Path = FOLDER) -> list[tuple[str, Path]]:
    """(title, file) of every help page; the title is the file's first heading, the order that of the names."""
    found = []
    for path in sorted(folder.glob("*.md")):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        found.append((first.lstrip("# ").strip(), path))
    return found


class HelpViewer(QDialog):
    """Topics on the left, the page on the right; local files only, links to the web are not followed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("使用帮助")
        self.resize(960, 680)
        self.topics = QListWidget()
        self.topics.setFixedWidth(224)
        self.topics.setObjectName("topics")
        self.topics.setAccessibleName("帮助目录")
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.text.setFont(theme.font(11))
        self.text.document().setDocumentMargin(24)
        self._pages = topics()
        for title, _ in self._pages:
            self.topics.addItem(title)
            self.topics.item(self.topics.count() - 1).setSizeHint(QSize(0, TOPIC))
        self.topics.currentRowChanged.connect(self._show)
        side = QFrame()
        side.setObjectName("side")
        side.setLayout(column(self.topics, margin=8))
        parts = row(side, self.text, spacing=0)
        parts.setStretch(1, 1)
        self.setLayout(parts)
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.topics.setCurrentRow(0)

    def _show(self, place: int) -> None:
        if 0 <= place < len(self._pages):
            self.text.setMarkdown(self._pages[place][1].read_text(encoding="utf-8"))
            self._space_out()

    def _space_out(self) -> None:
        from PySide6.QtGui import QTextBlockFormat, QTextCursor

        cursor = QTextCursor(self.text.document())
        cursor.select(QTextCursor.SelectionType.Document)
        spacing = QTextBlockFormat()
        spacing.setLineHeight(138, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.mergeBlockFormat(spacing)
        self.text.moveCursor(QTextCursor.MoveOperation.Start)
