"""The editor of table fields: rows added and removed by key or button, and ranges pasted from a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from app.workflow.model import Column
from ui.look.cards import Text, button, column, row
from ui.step import values
from ui.step.editors import Editor

ROW = 34
TALLEST = 12
Index = QModelIndex | QPersistentModelIndex


class CellDelegate(QStyledItemDelegate):
    """Hands every keystroke to the table: what is typed must not wait for the cell to be left."""

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index) -> QWidget:
        edit = QLineEdit(parent)
        edit.textEdited.connect(lambda: self.commitData.emit(edit))
        return edit

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QLineEdit) and editor.text() != str(index.data() or ""):  # else the cursor would jump
            editor.setText(str(index.data() or ""))


class TableEditor(Editor):
    """Rows of text. Ctrl+V pastes a copied range, Insert adds a row, Ctrl+Delete removes the marked ones."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self._columns = tuple(columns)
        self.table = QTableWidget(0, len(columns))
        self.table.setHorizontalHeaderLabels([item.title for item in columns])
        self.table.setItemDelegate(CellDelegate(self.table))
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.viewport().installEventFilter(self)
        self.table.verticalHeader().setDefaultSectionSize(ROW)
        self.table.verticalHeader().setVisible(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.AnyKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.SelectedClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.itemChanged.connect(lambda item: self.touched.emit())
        self.add = button("添加一行", self.add_row, "quiet", tip="添加一行（Insert）")
        self.remove = button("删除所选行", self.remove_rows, "quiet", tip="删除所选行（Ctrl+Delete）")
        self.paste_button = button("粘贴表格", self.paste, "quiet", tip="粘贴从 Excel、WPS 复制的区域（Ctrl+V）")
        tip = Text("可直接粘贴从 Excel、WPS 表格复制的区域", "muted", 9, wrap=False)
        self.setLayout(column(self.table, row(self.add, self.remove, self.paste_button, None, tip), spacing=4))
        self.watch(self.table)
        self._fit()

    def value(self) -> Any:
        cells = [[self._cell(r, c) for c in range(len(self._columns))] for r in range(self.table.rowCount())]
        return values.rows(cells, [item.id for item in self._columns])

    def show_value(self, value: Any) -> None:
        self.table.blockSignals(True)
        self.table.setRowCount(0)
        for line in value or ():
            recorded = line if isinstance(line, Mapping) else {}
            self._append([str(recorded.get(item.id, "")) for item in self._columns])
        self.table.blockSignals(False)
        self._fit()

    def set_read_only(self) -> None:
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        for part in (self.add, self.remove, self.paste_button):
            part.setEnabled(False)

    def add_row(self) -> None:
        """Adds an empty row and begins to edit it."""
        self._append([""] * len(self._columns))
        self._fit()
        self.table.setCurrentCell(self.table.rowCount() - 1, 0)
        first = self.table.item(self.table.rowCount() - 1, 0)
        if first:
            self.table.editItem(first)

    def remove_rows(self) -> None:
        """Removes the rows that hold a marked cell."""
        chosen = {index.row() for index in self.table.selectedIndexes()}
        for index in sorted(chosen, reverse=True):
            self.table.removeRow(index)
        self._fit()
        if chosen:
            self.touched.emit()

    def paste(self) -> None:
        """Writes the copied range from the current cell on, adding rows as needed; extra columns are left out."""
        cells = values.pasted(QGuiApplication.clipboard().text())
        top, left = max(self.table.currentRow(), 0), max(self.table.currentColumn(), 0)
        if self.table.currentRow() < 0:
            top = self.table.rowCount()
        self.table.blockSignals(True)
        for r, line in enumerate(cells):
            if top + r >= self.table.rowCount():
                self._append([""] * len(self._columns))
            for c, text in enumerate(line[: len(self._columns) - left]):
                self.table.setItem(top + r, left + c, QTableWidgetItem(text))
        self.table.blockSignals(False)
        self._fit()
        if cells:
            self.touched.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.table.viewport():
            if event.type() is QEvent.Type.Resize:
                self._share_width()
            return False
        if (
            event.type() is QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and self.paste_button.isEnabled()
            and self._key(event)
        ):
            return True
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        elif event.key() == Qt.Key.Key_Insert:
            self.add_row()
        elif event.key() == Qt.Key.Key_Delete and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.remove_rows()
        elif event.key() == Qt.Key.Key_Delete:
            self._empty_cells()
        else:
            return False
        return True

    def _empty_cells(self) -> None:
        for item in self.table.selectedItems():
            item.setText("")

    def _append(self, cells: Sequence[str]) -> None:
        place = self.table.rowCount()
        self.table.insertRow(place)
        for index, text in enumerate(cells):
            self.table.setItem(place, index, QTableWidgetItem(text))

    def _cell(self, line: int, place: int) -> str:
        item = self.table.item(line, place)
        return item.text() if item else ""

    def _fit(self) -> None:
        shown = min(max(self.table.rowCount(), 2), TALLEST)
        self.table.setFixedHeight(shown * ROW + self.table.horizontalHeader().sizeHint().height() + 4)
        self._share_width()

    def _share_width(self) -> None:
        total, room = sum(item.width for item in self._columns) or 1, self.table.viewport().width()
        least = min(72, room // max(len(self._columns), 1))
        for index, item in enumerate(self._columns[:-1]):
            self.table.setColumnWidth(index, max(least, room * item.width // total))
