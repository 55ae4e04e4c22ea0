"""What the checks will do, before they do it: one card a target, and the papers with which the customer is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QFontDatabase
from PySide6.QtWidgets import QFileDialog, QGridLayout, QPlainTextEdit, QWidget

from ui.look import theme
from ui.look.cards import Card, StateWord, Text, button, clear, empty, row
from ui.look.states import Look
from ui.open_project import OpenProject
from ui.pages.page import Page

if TYPE_CHECKING:
    from app.actions.approval import Request
    from app.site.model import Target

EXPLAINED = (
    "检查之前，先让客户看到将连接哪里、用哪个账号、逐字执行什么、需要哪些授权。"
    "实际执行的就是这里列出的；导出的《权限申请单》打印后由客户签字。"
    "不允许连接的，按“写脚本…”请客户的管理员去运行，再把输出导入；那样的结果处处标明“客户提供”。"
)
LOOKS_ONLY = Look("只读", "disc_tick", "passed")
LEAVES_DATA = Look("会留下数据", "triangle", "warned")
SCRIPTS = {"database": ".sql", "host": ".sh", "client": ".ps1", "weblogic": ".sh"}  # kinds that have one, its ending
LINES = 7  # of the list that show at once


class ApprovalPage(Page):
    """Everything planned, target by target; worked out off the window's thread."""

    def __init__(self, project: OpenProject) -> None:
        super().__init__("权限申请", EXPLAINED)
        self._project = project
        self._folder: Path | None = None
        self.open = button("打开文件夹", self._open_folder)
        self.open.hide()
        tip = "导出权限申请单（Word）和每个数据库的授权脚本"
        self.export = button("导出到文件夹…", self._choose, "primary", "Ctrl+E", tip)
        self.export.setEnabled(not project.workspace.read_only)
        self.take = button("导入输出…", self._choose_output, "", "Ctrl+I", "导入客户运行脚本的输出，或对方的联调记录")
        self.take.setEnabled(not project.workspace.read_only)
        self.head.addWidget(self.take)
        self.head.addWidget(self.open)
        self.head.addWidget(self.export)
        self.body.addWidget(Text("正在汇总…", "muted"))
        self._look()

    def export_into(self, folder: Path) -> bool:
        """Writes the papers into ``folder`` in the background; False when that is under way already."""
        workspace = self._project.workspace

        def work(cancellation: Any, _report: Any) -> Any:
            from app.actions import approval, forms

            scripts = approval.write_grants(approval.requests(workspace), folder)
            forms.issue(workspace, folder, only=(approval.FORM,), cancellation=cancellation)
            return scripts

        def done(scripts: Any) -> None:
            self._folder = folder
            self.open.show()
            self._project.said.emit(f"已导出权限申请单和 {len(scripts)} 个授权脚本到 {folder}。", False)

        return self._project.start("approval", "正在导出权限申请单", work, done, owner=self)

    def write_script(self, target: Target, path: Path) -> bool:
        """Writes the script for the customer's administrator in the background."""
        workspace = self._project.workspace

        def work(_cancellation: Any, _report: Any) -> Any:
            from app.actions import no_access

            return no_access.write_script(workspace, target.kind, path, target.id)

        def done(made: Any) -> None:
            self._project.said.emit(
                f"脚本已写到 {made.path}，能回答 {len(made.covered)} 项检查。请客户运行后按“导入输出…”。", False
            )

        return self._project.start("script", "正在写脚本", work, done, owner=self)

    def take_in(self, path: Path) -> bool:
        """Takes a customer's output or the other end's record in, in the background."""
        workspace, scope = self._project.workspace, self._project.scope

        def work(cancellation: Any, _report: Any) -> Any:
            from app.actions import importing

            return importing.take(workspace, path, cancellation=cancellation, scope=scope)

        def done(taken: Any) -> None:
            told = [
                f"已导入 {path.name}",
                f"{len(taken.results)} 项结果，标为客户提供" if taken.results else "",
                *taken.notes,
            ]
            self._project.said.emit("；".join(part for part in told if part) + "。", False)

        return self._project.start("import", "正在导入", work, done, owner=self)

    def _look(self) -> None:
        workspace = self._project.workspace

        def work(_cancellation: Any, _report: Any) -> Any:
            from app.actions import approval

            return approval.requests(workspace)

        self._project.tasks.start(
            "approval list", "正在汇总将执行的内容", work, done=self._show, troubled=lambda trouble: self._say(trouble)
        )

    def _say(self, trouble: Any) -> None:
        clear(self.body)
        self.body.addWidget(empty("没有可以申请的检查", trouble.sentence))

    def _show(self, found: Sequence[Request]) -> None:
        clear(self.body)
        for request in found:
            self.body.addWidget(self._card(request))

    def _card(self, request: Request) -> QWidget:
        from app.actions.approval import KIND_WORDS

        word = KIND_WORDS[request.target.kind]
        card = Card(request.target.name, f"{word} · {len(request.checks)} 项检查 · {len(request.asked)} 条内容")
        card.body.addWidget(StateWord(LEAVES_DATA if request.sends else LOOKS_ONLY, request.word))
        facts = QGridLayout()
        facts.setHorizontalSpacing(2 * theme.GRID)
        facts.setColumnStretch(1, 1)
        told = (
            ("连接", "、".join(request.reached)),
            ("账号", request.account),
            ("检查", "、".join(pair.check.title for pair in request.checks)),
        )
        for title, text in told:
            if text:
                line = facts.rowCount()
                facts.addWidget(Text(title, "muted", 9.5, wrap=False), line, 0)
                facts.addWidget(Text(text, points=9.5).selectable(), line, 1)
        card.body.addLayout(facts)
        if request.target.kind in SCRIPTS and not self._project.workspace.read_only:
            card.body.addLayout(row(self._script_button(request.target), None))
        lines = [*(one.text for one in request.asked), *request.grants]
        card.body.addWidget(_listing("\n".join(lines), f"{request.target.name}：将执行的内容与授权", len(lines)))
        return card

    def _script_button(self, target: Target) -> QWidget:
        made = button("写脚本…", lambda: self._choose_script(target), "quiet", tip="不允许连接时，请客户的管理员运行")
        made.setAccessibleName(f"写脚本：{target.name}")
        return made

    def _choose_script(self, target: Target) -> None:
        start = self._project.workspace.folder.parent / f"{target.id}{SCRIPTS[target.kind]}"
        chosen, _ = QFileDialog.getSaveFileName(self, "把脚本写到哪里", str(start), f"脚本 (*{SCRIPTS[target.kind]})")
        if chosen:
            self.write_script(target, Path(chosen))

    def _choose_output(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "选择客户交回的输出或联调记录", str(self._project.workspace.folder.parent)
        )
        if chosen:
            self.take_in(Path(chosen))

    def _choose(self) -> None:
        start = str(self._folder or self._project.workspace.folder.parent)
        chosen = QFileDialog.getExistingDirectory(self, "把权限申请单导出到哪个文件夹", start)
        if chosen:
            self.export_into(Path(chosen))

    def _open_folder(self) -> None:
        if self._folder:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))


def _listing(text: str, name: str, count: int) -> QPlainTextEdit:
    """Statements as they are run, in letters of one width; a few lines high, the rest by scrolling."""
    shown = QPlainTextEdit(text)
    shown.setReadOnly(True)
    shown.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    shown.setTabChangesFocus(True)
    shown.setAccessibleName(name)
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(9)
    shown.setFont(font)
    line = shown.fontMetrics().lineSpacing()
    shown.setFixedHeight(min(count, LINES) * line + 4 * theme.GRID)
    return shown
