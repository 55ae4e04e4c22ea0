"""The frame that all asking dialogs share: a form, one line for what is wrong, and two buttons with plain words."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QLayout, QWidget

from ui.look import theme
from ui.look.cards import Text, button, column, row

WIDTH, UNBOUND = 528, 16_777_215


class Asking(QDialog):
    """``accept_with`` returns "" when all is recorded, else the sentence that is shown; the dialog then stays open."""

    def __init__(
        self, parent: QWidget | None, title: str, words: str, accept: str, accept_with: Callable[[], str]
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._accept_with = accept_with
        self.form = QGridLayout()
        self.form.setHorizontalSpacing(2 * theme.GRID)
        self.form.setVerticalSpacing(theme.GRID + 4)
        self.form.setColumnStretch(1, 1)
        self.trouble = Text("", "failed")
        self.trouble.hide()
        self.yes = button(accept, self._try, "primary", tip="Ctrl+Enter")
        self.yes.setDefault(True)
        self.no = button("取消", self.reject, tip="Esc")
        buttons = row(None, self.no, self.yes)
        told = Text(words)
        told.setMinimumWidth(WIDTH)
        parts = column(told, self.form, self.trouble, buttons, spacing=2 * theme.GRID, margin=3 * theme.GRID)
        parts.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)
        self.setLayout(parts)

    def ask(self, title: str, editor: QWidget, hint: str = "") -> None:
        """Adds one line to the form."""
        line = self.form.rowCount()
        label = Text(title, wrap=False)
        label.setContentsMargins(0, 7, 0, 0)
        label.setBuddy(editor)
        if isinstance(editor, Text):
            editor.setContentsMargins(0, 7, 0, 0)
        editor.setMaximumWidth(UNBOUND)  # in a dialog all editors end at the same edge
        editor.setAccessibleName(title)
        self.form.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
        if hint:
            holder = QWidget()
            holder.setLayout(column(editor, Text(hint, "muted", 9), spacing=2))
            holder.setFocusProxy(editor)
            editor = holder
        self.form.addWidget(editor, line, 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and event.key() in (
            Qt.Key.Key_Return,
            Qt.Key.Key_Enter,
        ):
            self._try()
        else:
            super().keyPressEvent(event)

    def _try(self) -> None:
        trouble = self._accept_with()
        self.trouble.setVisible(bool(trouble))
        self.trouble.say(trouble)
        if not trouble:
            self.accept()
        elif parts := self.layout():  # the sentence may be longer than the room that was left
            parts.activate()
            self.resize(self.width(), max(self.height(), parts.totalHeightForWidth(self.width())))
