"""What a check saw, word for word, in fixed-width letters, to be read and copied."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QWidget

from app.workflow.model import Record
from ui.look import theme
from ui.look.cards import Text, button, column, row
from ui.open_project import OpenProject


class TranscriptDialog(QDialog):
    """A read-only view of one transcript."""

    def __init__(self, parent: QWidget | None, title: str, number: str, text: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"检查过程：{title}")
        self.resize(920, 600)
        self.view = QPlainTextEdit(text or "（这次检查没有留下过程记录）")
        self.view.setReadOnly(True)
        self.view.setFont(theme.font(10, mono=True))
        self.view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        head = Text(f"{title}　证据号 {number}", bold=True)
        copy = button("复制全部", lambda: QGuiApplication.clipboard().setText(text))
        close = button("关闭", self.accept, "primary", tip="Esc")
        close.setDefault(True)
        self.setLayout(column(head, self.view, row(None, copy, close), margin=2 * theme.GRID))
        self.view.setFocus()


def show_transcript(parent: QWidget, project: OpenProject, title: str, record: Record) -> None:
    """Reads the transcript of a result and shows it."""
    from app.actions.recording import transcript

    texts: list[str] = []
    if not project.record(lambda: texts.append(transcript(project.workspace, record))):
        TranscriptDialog(parent, title, record.number, texts[0]).exec()
