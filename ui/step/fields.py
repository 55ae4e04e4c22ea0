"""The fields of a step: each saves itself after a moment's quiet, when left, and when the page goes; and says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QGridLayout, QWidget

from app.workflow.model import Field, FieldType, Step
from ui.look import theme
from ui.look.cards import Card, Text, button, column, row
from ui.open_project import OpenProject
from ui.step.editors import SHORT, Editor, LineEditor, editor_for
from ui.tasks import Trouble

QUIET_MS = 600
LABEL = 176


class Autosave(QObject):
    """Saves one value. ``save`` returns "" once the entry is on the disk, else why not; the text is kept meanwhile."""

    said = Signal(str, str)  # words, tone

    def __init__(self, value: Callable[[], Any], save: Callable[[Any], str], parent: QObject) -> None:
        super().__init__(parent)
        self._value, self._save = value, save
        self.dirty = False
        self._timer = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._timer.timeout.connect(self.flush)

    def touch(self) -> None:
        """The value changed; it is saved after 600 ms without another change."""
        self.dirty = True
        self.said.emit("编辑中…", "muted")
        self._timer.start()

    def flush(self) -> bool:
        """Saves now if anything changed. True when nothing is left unsaved."""
        self._timer.stop()
        if not self.dirty:
            return True
        try:
            trouble = self._save(self._value())
        except ValueError as error:
            trouble = str(error)
        if trouble:
            self.said.emit(f"未保存：{trouble}", "failed")
            return False
        self.dirty = False
        self.said.emit(f"已保存 {datetime.now():%H:%M:%S}", "passed")
        return True


class FieldRow(QObject):
    """One field: its label, its editor and the line that says whether it is saved."""

    def __init__(self, project: OpenProject, step: str, field: Field, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = field
        self._project, self._step, self._scope = project, step, project.scope_of(step)
        self.label = Text(field.title, bold=False)
        self.label.setFixedWidth(LABEL)
        self.label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.label.setContentsMargins(0, 7, 0, 0)
        self.editor = FileEditor(self._attach) if field.type is FieldType.FILE else editor_for(field)
        self.editor.setAccessibleName(field.title)
        self.label.setBuddy(self.editor)
        self.status = Text("", "muted", 9, wrap=False)
        self.autosave = Autosave(self.editor.value, self._store, self)
        self.autosave.said.connect(self._say)
        self.editor.touched.connect(self.autosave.touch)
        self.editor.left.connect(self.autosave.flush)
        self._load()

    def place(self, grid: QGridLayout, line: int) -> None:
        """Puts the row into the form's grid."""
        grid.addWidget(self.label, line, 0, Qt.AlignmentFlag.AlignTop)
        hint = "　".join(part for part in ("必填" if self.field.required else "", self.field.hint) if part)
        under = row(Text(hint, "muted", 9, wrap=False), None, self.status)
        self.behind = Text("", "muted", 9)
        self.behind.hide()
        holder = QWidget()
        holder.setLayout(column(self.editor, under, self.behind, spacing=2))
        grid.addWidget(holder, line, 1)

    def show_behind(self, words: str) -> None:
        """Says what stands behind the field, for whoever fills it in; "" says nothing."""
        self.behind.say(words)
        self.behind.setVisible(bool(words))

    def _load(self) -> None:
        from app.actions.recording import field_value

        value = field_value(self._project.workspace, self._step, self.field.id, self._scope)
        self.editor.show_value(value)
        if self._project.workspace.read_only:
            self.editor.set_read_only()

    def _store(self, value: Any) -> str:
        from app.actions.recording import set_field

        trouble = self._project.record(
            lambda: set_field(self._project.workspace, self._step, self.field.id, value, self._scope)
        )
        if not trouble:
            self._project.saved.emit(self.field.title)
        return trouble

    def _attach(self, path: Path) -> None:
        from app.actions.recording import attach, set_field

        workspace, step, field, scope = self._project.workspace, self._step, self.field.id, self._scope

        def work(cancellation: Any, _report: Any) -> Any:
            entry = attach(workspace, step, field, path, path.name, scope=scope, cancellation=cancellation)
            value = {"sha256": entry.payload["sha256"], "name": entry.payload["name"]}
            set_field(workspace, step, field, value, scope)
            return value

        title = f"正在存入 {path.name}"
        if self._project.start(f"file {step}/{field}", title, work, self._attached, None, self._not_attached):
            self._say("正在存入…", "muted")
        else:
            self._say("上一个文件还在存入，请稍候", "warned")

    def _attached(self, value: Any) -> None:
        self.editor.show_value(value)
        self._say(f"已保存 {datetime.now():%H:%M:%S}", "passed")

    def _not_attached(self, trouble: Trouble) -> None:
        self._say(f"未保存：{trouble.sentence}", "failed")

    def _say(self, words: str, tone: str) -> None:
        self.status.say(words, tone)
        self.status.setToolTip(words)


class FileEditor(Editor):
    """A file that is copied into the project; shows its name."""

    def __init__(self, attach: Callable[[Path], None]) -> None:
        super().__init__()
        self._value: Any = {}
        self._attach = attach
        self.name = LineEditor()
        self.name.edit.setPlaceholderText("未选择文件")
        self.name.set_read_only()
        self.name.setFixedWidth(SHORT - 120)
        self.choose = button("选择文件…", self._choose)
        self.setLayout(row(self.name, self.choose, None))
        self.watch(self.choose)

    def value(self) -> Any:
        return self._value

    def show_value(self, value: Any) -> None:
        self._value = value if isinstance(value, dict) else {}
        self.name.edit.setText(str(self._value.get("name", "")))

    def set_read_only(self) -> None:
        self.choose.setEnabled(False)

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "选择文件")
        if path:
            self._attach(Path(path))


class FieldsSection(Card):
    """All fields of a step in one aligned form."""

    def __init__(self, project: OpenProject, step: Step) -> None:
        super().__init__("填写", "自动保存")
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GRID * 2)
        grid.setVerticalSpacing(theme.GRID)
        grid.setColumnStretch(1, 1)
        self.rows = [FieldRow(project, step.id, field, self) for field in step.fields]
        for index, field_row in enumerate(self.rows):
            field_row.place(grid, index)
        self.body.addLayout(grid)
        self._project, self._step = project, step.id
        self.show_behind()

    def show_behind(self) -> None:
        """Shows what the checks say of the rows that the responsible unit confirms."""
        from app.actions import confirming

        if self._step != confirming.STEP:
            return
        for field_row in self.rows:
            if field_row.field.id in confirming.CONFIRMED_BY:
                field_row.show_behind(confirming.standing(self._project.overview, field_row.field.id))

    def flush(self) -> bool:
        """Saves what is not saved yet; False when something could not be."""
        saved = [field_row.autosave.flush() for field_row in self.rows]
        return all(saved)
