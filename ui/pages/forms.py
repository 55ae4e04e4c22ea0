"""The forms: which there are, whether what was issued still says what is true, and their export into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QGridLayout, QProgressBar

from ui.look import theme
from ui.look.cards import Card, StateWord, Text, button, clear, empty, line, take_turns
from ui.look.inputs import Tick
from ui.look.states import Look
from ui.open_project import OpenProject
from ui.pages.page import Page

EXPLAINED = "表单由实施日志中的证据填写。签字、盖章、日期和“结果确认”一律留空，由责任单位填写。"
NEVER = Look("尚未导出", "ring", "idle")
CHANGED = Look("已有变化", "clock", "warned")
CURRENT = Look("与现状一致", "disc_tick", "passed")


def look_of(form: Any) -> Look:
    """The look of one form's state."""
    if not form.version:
        return NEVER
    return CURRENT if form.current else CHANGED


class FormsPage(Page):
    """The list of forms, each with a tick; export of the ticked ones, or of all when none is ticked."""

    def __init__(self, project: OpenProject) -> None:
        super().__init__("表单", EXPLAINED)
        self._project = project
        self.folder: Path | None = None
        self.boxes: dict[str, Tick] = {}
        self._card = Card("全部表单")
        self._list = QGridLayout()
        self._list.setHorizontalSpacing(2 * theme.GRID)
        self._list.setColumnStretch(1, 1)
        self._card.body.addLayout(self._list)
        self.pdf = Tick("同时生成 PDF")
        self.pdf.setToolTip("需要本机装有 LibreOffice")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.hide()
        self.export = button(
            "导出到文件夹…", self._choose, "primary", "Ctrl+E", "导出勾选的表单；一个都不勾选即全部导出"
        )
        self.cancel = button("取消", lambda: project.tasks.cancel("forms"), "", "Esc")
        self.cancel.hide()
        self.open = button("打开文件夹", self._open_folder)
        self.open.hide()
        for part in (self.pdf, self.open, self.cancel, self.export):
            self.head.addWidget(part)
        self.export.setEnabled(not project.workspace.read_only)
        self.body.addWidget(self.bar)
        self.body.addWidget(self._card)
        self._list.addWidget(Text("正在核对表单…", "muted"), 0, 0, 1, 4)
        self._look()

    def issue_into(self, folder: Path) -> bool:
        """Exports into ``folder``; False when an export is under way."""
        from app.actions import forms

        only = tuple(name for name, box in self.boxes.items() if box.isChecked())
        pdf, workspace = self.pdf.isChecked(), self._project.workspace

        def work(cancellation: Any, report: Any) -> Any:
            return forms.issue(
                workspace, folder, only, pdf=pdf, on_progress=lambda *at: report(at), cancellation=cancellation
            )

        def done(issued: Any) -> None:
            self.folder = folder
            self._project.said.emit(f"已导出 {len(issued)} 份表单到 {folder}。", False)

        started = self._project.start("forms", "正在导出表单", work, done, self._progress, owner=self)
        if started:
            self._busy(True)
            self._project.tasks.changed.connect(self._ended)
        return started

    def _look(self) -> None:
        from app.actions import forms

        workspace = self._project.workspace
        self._project.tasks.start(
            "form list", "正在核对表单", lambda cancellation, report: forms.form_list(workspace),
            done=self._show, troubled=lambda trouble: self._say(trouble.sentence),
        )  # fmt: skip

    def _show(self, found: Any) -> None:
        clear(self._list)
        from app.actions.cases import cases
        from app.actions.forms import one_of

        ticked = {name for name, box in self.boxes.items() if box.isChecked()}
        self.boxes = {}
        about = {case.scope: f"{case.kind}“{case.title}”" for case in cases(self._project.workspace)}
        for number, form in enumerate(found):
            if number:
                self._list.addWidget(line(), 2 * number, 0, 1, 4)
            name = one_of(form.id, form.scope)
            title = f"{form.title}　{about.get(form.scope, form.scope)}".strip()
            self.boxes[name] = self._line(2 * number + 1, form, title)
            self.boxes[name].setChecked(name in ticked)
        if not found:
            self._list.addWidget(empty("没有表单", "本项目的表单目录是空的。"), 0, 0, 1, 4)

    def _line(self, number: int, form: Any, title: str) -> Tick:
        box = Tick()
        box.setAccessibleName(f"勾选 {title}")
        told = (f"第 {form.version} 版" if form.version else "", "须盖章" if form.stamped else "")
        self._list.addWidget(box, number, 0)
        self._list.addWidget(Text(title), number, 1)
        self._list.addWidget(Text(" · ".join(part for part in told if part), "muted", 9.5, wrap=False), number, 2)
        state = StateWord(look_of(form))
        state.setToolTip(form.line)
        self._list.addWidget(state, number, 3)
        return box

    def _say(self, sentence: str) -> None:
        clear(self._list)
        self._list.addWidget(Text(sentence, "failed"), 0, 0, 1, 4)

    def _choose(self) -> None:
        start = str(self.folder or self._project.workspace.folder.parent)
        chosen = QFileDialog.getExistingDirectory(self, "把表单导出到哪个文件夹", start)
        if chosen:
            self.issue_into(Path(chosen))

    def _progress(self, at: tuple[int, int]) -> None:
        self.bar.setRange(0, at[1])
        self.bar.setValue(at[0])

    def _ended(self) -> None:
        if not self._project.tasks.busy("forms"):
            self._project.tasks.changed.disconnect(self._ended)
            self._busy(False)
            self._look()

    def _busy(self, busy: bool) -> None:
        self.bar.setRange(0, 0)
        self.bar.setVisible(busy)
        take_turns(*((self.cancel, self.export) if busy else (self.export, self.cancel)))
        self.open.setVisible(not busy and self.folder is not None)

    def _open_folder(self) -> None:
        if self.folder:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.folder)))
