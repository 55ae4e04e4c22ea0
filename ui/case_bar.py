"""服务事项: which one the records belong to, opening another and closing it. Shown in the maintenance phase."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QFrame, QWidget

from ui.dialogs.frame import Asking
from ui.look import theme
from ui.look.cards import Text, button, row
from ui.look.inputs import Choice
from ui.open_project import OpenProject
from ui.step.editors import LineEditor

NONE = "未选择（不归于任何事项）"
EXPLAINED = "服务期内的每一件事各记一份：填写、检查和表单都归于这件事。选择类型并写明是什么事。"


class CaseBar(QFrame):
    """``choose(scope)`` switches to a case once the page has saved; it is given by the view."""

    def __init__(self, project: OpenProject, choose: Callable[[str], bool]) -> None:
        super().__init__()
        self._project, self._choose_scope = project, choose
        self.setObjectName("bar")
        self.choice = Choice()
        self.choice.setAccessibleName("服务事项")
        self.choice.activated.connect(self._chosen)
        self.new = button("新建服务事项…", self._new, "", "Ctrl+N")
        self.end = button("结束此事项", lambda: self._close(True))
        self.again = button("重新打开此事项", lambda: self._close(False))
        label = Text("服务事项", bold=True, wrap=False)
        label.setBuddy(self.choice)
        parts = row(label, self.choice, self.new, self.end, self.again, None, spacing=2 * theme.GRID)
        parts.setContentsMargins(3 * theme.GRID, theme.GRID, 3 * theme.GRID, theme.GRID)
        self.setLayout(parts)
        self.refresh()

    def refresh(self) -> None:
        """Lists the cases as the journal has them."""
        from app.actions.cases import cases

        found = cases(self._project.workspace)
        self.choice.clear()
        self.choice.addItem(NONE, "")
        for case in found:
            ended = "（已结束）" if case.closed else ""
            self.choice.addItem(f"{case.kind}　{case.title}{ended}", case.scope)
        self.choice.setCurrentIndex(max(self.choice.findData(self._project.scope), 0))
        here = next((case for case in found if case.scope == self._project.scope), None)
        writable = not self._project.workspace.read_only
        self.new.setVisible(writable)
        self.end.setVisible(writable and here is not None and not here.closed)
        self.again.setVisible(writable and here is not None and here.closed)

    def _chosen(self) -> None:
        if not self._choose_scope(str(self.choice.currentData())):
            self.refresh()

    def _new(self) -> None:
        dialog = NewCaseDialog(self, self._project)
        if dialog.exec() and dialog.scope:
            self._choose_scope(dialog.scope)
        self.refresh()

    def _close(self, closed: bool) -> None:
        from app.actions.cases import close_case

        scope = self._project.scope
        self._project.record(lambda: close_case(self._project.workspace, scope, closed))
        self.refresh()


class NewCaseDialog(Asking):
    """Asks for a case's kind and what it is about; ``scope`` names it once it is recorded."""

    def __init__(self, parent: QWidget | None, project: OpenProject) -> None:
        from app.actions.cases import KINDS

        super().__init__(parent, "新建服务事项", EXPLAINED, "建立", self._record)
        self._project = project
        self.scope = ""
        self.kind = Choice()
        self.kind.addItems(list(KINDS))
        self.title = LineEditor("例如：6月巡检、登录缓慢")
        self.ask("类型", self.kind)
        self.ask("事项", self.title)
        self.title.setFocus()

    def _record(self) -> str:
        from app.actions.cases import open_case

        if not self.title.value():
            return "请写明是什么事。"

        def act() -> Any:
            self.scope = open_case(self._project.workspace, self.kind.currentText(), str(self.title.value())).scope

        return self._project.record(act)
