"""What is typed into a table is the field's at once, as in every other field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from app.workflow.model import Column
from ui.step.table_editor import TableEditor

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

COLUMNS = (Column("name", "设备", 1), Column("model", "型号", 1))


def test_what_stands_in_a_cell_still_being_typed_is_saved(qtbot: QtBot) -> None:
    editor = TableEditor(COLUMNS)
    qtbot.addWidget(editor)
    editor.show()
    editor.add_row()
    cell = editor.table.findChild(QLineEdit)
    assert cell is not None
    with qtbot.waitSignal(editor.touched):
        qtbot.keyClicks(cell, "server")
    assert editor.value() == [{"name": "server", "model": ""}]


def test_typing_in_the_middle_of_a_cell_goes_on_there(qtbot: QtBot) -> None:
    editor = TableEditor(COLUMNS)
    qtbot.addWidget(editor)
    editor.show()
    editor.add_row()
    cell = editor.table.findChild(QLineEdit)
    assert cell is not None
    qtbot.keyClicks(cell, "sver")
    cell.setCursorPosition(1)
    qtbot.keyClicks(cell, "er")
    assert editor.value()[0]["name"] == "server"
    qtbot.keyClick(cell, Qt.Key.Key_Return)
    assert editor.value()[0]["name"] == "server"


def test_columns_share_the_width_that_the_table_really_has(qtbot: QtBot) -> None:
    editor = TableEditor(COLUMNS)
    qtbot.addWidget(editor)
    for width in (900, 400):
        editor.resize(width, 200)
        editor.show()
        assert editor.table.horizontalHeader().length() == editor.table.viewport().width()
