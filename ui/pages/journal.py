"""The journal as a readable list, newest first, with a filter; read off the window's thread, shown by a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLineEdit, QPlainTextEdit, QSplitter, QTableView

from ui.journal_words import KINDS, Wording, moment
from ui.look.cards import Text
from ui.open_project import OpenProject
from ui.pages.page import Page

TITLES = ("证据号", "时间", "类别", "对象", "内容", "记录人")
Index = QModelIndex | QPersistentModelIndex


class Journal(QAbstractTableModel):
    """Entries as rows; nothing is copied but what is asked for."""

    def __init__(self, wording: Wording) -> None:
        super().__init__()
        self._wording = wording
        self.entries: Sequence[Any] = ()

    def show(self, entries: Sequence[Any]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def columnCount(self, _parent: Index | None = None) -> int:
        return len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or not index.isValid():
            return None
        entry = self.entries[index.row()]
        match index.column():
            case 0:
                return entry.number
            case 1:
                return moment(entry.at)
            case 2:
                return KINDS.get(entry.kind, entry.kind)
            case 3:
                return self._wording.subject(entry)
            case 4:
                return self._wording.content(entry)[:300]
            case _:
                return f"{entry.author}（{entry.role}）" if entry.role else entry.author


class JournalPage(Page):
    """The table with its filter; the marked entry whole below."""

    def __init__(self, project: OpenProject) -> None:
        super().__init__("实施日志", "只增不改的记录；屏幕、表单和移交包上的一切都由它得出。", scrolling=False)
        self._project = project
        self.wording = Wording(project)
        self.model = Journal(self.wording)
        self._filtered = QSortFilterProxyModel()
        self._filtered.setSourceModel(self.model)
        self._filtered.setFilterKeyColumn(-1)
        self._filtered.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.search = QLineEdit()
        self.search.setPlaceholderText("筛选：证据号、对象、内容、记录人…")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(320)
        self.search.textChanged.connect(self._filtered.setFilterFixedString)
        self.head.addWidget(self.search)
        self.count = Text("", "muted", 9.5, wrap=False)
        self.head.insertWidget(0, self.count)
        self.table = self._table()
        self.whole = QPlainTextEdit()
        self.whole.setReadOnly(True)
        self.whole.setPlaceholderText("选中一条，在这里看它的内容")
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.table)
        split.addWidget(self.whole)
        split.setSizes([420, 160])
        self.body.addWidget(split)
        self._load()

    def _table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._filtered)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().setVisible(False)
        table.verticalHeader().setDefaultSectionSize(32)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
        for place, width in enumerate((88, 160, 88, 240, 300, 128)):
            table.setColumnWidth(place, width)
        table.selectionModel().currentRowChanged.connect(self._show_whole)
        return table

    def _load(self) -> None:
        project = self._project.workspace.project

        def work(_cancellation: Any, _report: Any) -> Any:
            return sorted(project.entries(), key=lambda entry: entry.order, reverse=True)

        self._project.tasks.start("journal", "正在读实施日志", work, done=self._show)

    def _show(self, entries: Any) -> None:
        self.model.show(entries)
        self.count.say(f"共 {len(entries)} 条")

    def _show_whole(self, current: QModelIndex, _before: QModelIndex) -> None:
        if not current.isValid():
            return
        entry = self.model.entries[self._filtered.mapToSource(current).row()]
        self.whole.setPlainText(self.wording.whole(entry))
