"""One editor a field type: shows a value, gives it back as the journal holds it, tells when touched and when left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from PySide6.QtCore import QDate, QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QCalendarWidget, QLineEdit, QMenu, QPlainTextEdit, QWidget, QWidgetAction

from app.workflow.model import Field, FieldType
from ui.look.cards import Text, button, column, row
from ui.look.inputs import Choice
from ui.step import values

SHORT, LONG = 420, 880  # widest that a line of text or a block of text is worth reading


class Editor(QWidget):
    """``touched``: the value changed by hand. ``left``: the focus went elsewhere, save now."""

    touched = Signal()
    left = Signal()

    def value(self) -> Any:
        """The value for the journal. Raises ValueError with a Chinese sentence for what cannot be read."""
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Shows a recorded value; None is empty."""
        raise NotImplementedError

    def set_read_only(self) -> None:
        """Shows without letting change."""
        self.setEnabled(False)

    def watch(self, *parts: QWidget) -> None:
        """Tells ``left`` when one of these parts loses the focus; the first takes it for the whole."""
        for part in parts:
            part.installEventFilter(self)
        self.setFocusProxy(parts[0])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.FocusOut:
            self.left.emit()
        return super().eventFilter(watched, event)


class LineEditor(Editor):
    """A line of text."""

    def __init__(self, hint: str = "") -> None:
        super().__init__()
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(hint)
        self.edit.textEdited.connect(self.touched)
        self.edit.setMinimumWidth(160)
        self.setMaximumWidth(SHORT)
        self._line = row(self.edit, spacing=6)
        self.setLayout(self._line)
        self.watch(self.edit)

    def beside(self, *parts: QWidget) -> None:
        """Puts parts right of a short edit, close to it."""
        for part in parts:
            self._line.addWidget(part)
        self._line.addStretch(1)

    def value(self) -> Any:
        return self.edit.text().strip()

    def show_value(self, value: Any) -> None:
        self.edit.setText("" if value is None else str(value))

    def set_read_only(self) -> None:
        self.edit.setReadOnly(True)


class NumberEditor(LineEditor):
    """A number with its unit beside it; kept as text, since a journal holds no floats."""

    def __init__(self, unit: str, hint: str = "") -> None:
        super().__init__(hint)
        self.edit.setMaximumWidth(160)
        self.edit.setInputMethodHints(Qt.InputMethodHint.ImhFormattedNumbersOnly)
        self.beside(*([Text(unit, "muted", wrap=False)] if unit else []))

    def value(self) -> Any:
        return values.number(self.edit.text())


class DateEditor(LineEditor):
    """A day, typed in any usual way or chosen from a calendar."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(hint or "2026-01-05")
        self.edit.setMaximumWidth(160)
        self.choose = button("选择…", self._open, "quiet", tip="打开日历")
        self.beside(self.choose)
        self.watch(self.edit, self.choose)
        self.left.connect(self._tidy)

    def value(self) -> Any:
        return values.day(self.edit.text())

    def set_read_only(self) -> None:
        super().set_read_only()
        self.choose.setEnabled(False)

    def _open(self) -> None:
        menu, calendar = QMenu(self), QCalendarWidget()
        calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        try:
            calendar.setSelectedDate(QDate.fromString(self.value(), Qt.DateFormat.ISODate) or QDate.currentDate())
        except ValueError:
            calendar.setSelectedDate(QDate.currentDate())
        calendar.activated.connect(self._chosen)
        calendar.clicked.connect(self._chosen)
        calendar.activated.connect(menu.close)
        calendar.clicked.connect(menu.close)
        action = QWidgetAction(menu)
        action.setDefaultWidget(calendar)
        menu.addAction(action)
        menu.popup(self.edit.mapToGlobal(QPoint(0, self.edit.height() + 2)))

    def _chosen(self, chosen: QDate) -> None:
        self.edit.setText(date(chosen.year(), chosen.month(), chosen.day()).isoformat())
        self.touched.emit()
        self.left.emit()

    def _tidy(self) -> None:
        try:
            self.edit.setText(self.value())
        except ValueError:
            return  # what was typed stays, and the row says why it is not saved


class LongTextEditor(Editor):
    """Several lines of text; grows with them up to twelve. Tab leaves it: the keyboard walks through the form."""

    def __init__(self, hint: str = "", least: int = 3) -> None:
        super().__init__()
        self.edit = QPlainTextEdit()
        self.edit.setPlaceholderText(hint)
        self.edit.setTabChangesFocus(True)
        self._least = least
        self.setMaximumWidth(LONG)
        self.setLayout(row(self.edit))
        self.edit.textChanged.connect(self._grow)
        self.watch(self.edit)
        self._grow()
        self._loud = True
        self.edit.textChanged.connect(self._touch)

    def value(self) -> Any:
        return self.edit.toPlainText().strip()

    def show_value(self, value: Any) -> None:
        self._loud = False
        self.edit.setPlainText("" if value is None else str(value))
        self._loud = True

    def set_read_only(self) -> None:
        self.edit.setReadOnly(True)

    def _touch(self) -> None:
        if self._loud:
            self.touched.emit()

    def _grow(self) -> None:
        lines = min(max(self.edit.document().lineCount(), self._least), 12)
        self.edit.setFixedHeight(lines * QFontMetrics(self.edit.font()).lineSpacing() + 20)


class ChoiceEditor(Editor):
    """One of the offered choices; a recorded value that is no longer offered stays visible."""

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__()
        self.box = Choice()
        self.box.addItem("（请选择）", "")
        for choice in choices:
            self.box.addItem(choice, choice)
        self.box.activated.connect(self.touched)
        self.box.setMinimumWidth(200)
        self.setLayout(row(self.box, None))
        self.watch(self.box)

    def value(self) -> Any:
        return self.box.currentData()

    def show_value(self, value: Any) -> None:
        text = "" if value is None else str(value)
        if self.box.findData(text) < 0:
            self.box.addItem(f"{text}（旧选项）", text)
        self.box.setCurrentIndex(self.box.findData(text))

    def set_read_only(self) -> None:
        self.box.setEnabled(False)


class PartyEditor(Editor):
    """An organisation, a role and a telephone number."""

    PARTS = (("organisation", "单位"), ("role", "身份"), ("phone", "电话"))

    def __init__(self) -> None:
        super().__init__()
        self.edits: dict[str, QLineEdit] = {}
        cells = []
        for name, title in self.PARTS:
            edit = QLineEdit()
            edit.setAccessibleName(title)
            edit.textEdited.connect(self.touched)
            self.edits[name] = edit
            cells.append(column(Text(title, "muted", 9, wrap=False), edit, spacing=2))
        self.setMaximumWidth(LONG)
        self.setLayout(row(*cells))
        self.watch(*self.edits.values())

    def value(self) -> Any:
        written = {name: edit.text().strip() for name, edit in self.edits.items()}
        return written if values.filled(written) else {}

    def show_value(self, value: Any) -> None:
        recorded = value if isinstance(value, Mapping) else {}
        for name, edit in self.edits.items():
            edit.setText(str(recorded.get(name, "")))

    def set_read_only(self) -> None:
        for edit in self.edits.values():
            edit.setReadOnly(True)


def editor_for(field: Field) -> Editor:
    """The editor of a field's type (tables and files have their own modules)."""
    from ui.step.table_editor import TableEditor

    match field.type:
        case FieldType.LONG_TEXT:
            return LongTextEditor()
        case FieldType.NUMBER:
            return NumberEditor(field.unit)
        case FieldType.DATE:
            return DateEditor()
        case FieldType.CHOICE:
            return ChoiceEditor(field.choices)
        case FieldType.PARTY:
            return PartyEditor()
        case FieldType.TABLE:
            return TableEditor(field.columns)
        case _:
            return LineEditor()
