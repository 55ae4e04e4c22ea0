"""A confirmation by a person: the role and the name are asked for, never filled in beforehand."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.workflow.model import Signoff
from ui.dialogs.frame import Asking
from ui.open_project import OpenProject
from ui.step.editors import LineEditor, LongTextEditor


class SignoffDialog(Asking):
    """Asks who confirms, and records it."""

    def __init__(self, parent: QWidget | None, project: OpenProject, step: str, signoff: Signoff) -> None:
        words = f"{signoff.title}\n由{signoff.role}确认。这里只记录是谁确认的，不代替纸上的签字和盖章。"
        super().__init__(parent, "记录确认", words, "记录确认", self._record)
        self._project, self._step, self._signoff = project, step, signoff
        self.role, self.name, self.note = (
            LineEditor(f"例如：{signoff.role}项目协调人"),
            LineEditor(),
            LongTextEditor("", 2),
        )
        self.ask("确认人身份", self.role)
        self.ask("姓名", self.name)
        self.ask("说明", self.note)
        self.role.setFocus()

    def _record(self) -> str:
        from app.actions.recording import sign_off

        if not self.role.value() or not self.name.value():
            return "请写明确认人的身份和姓名。"
        return self._project.record(
            lambda: sign_off(
                self._project.workspace, self._step, self._signoff.id, self.role.value(), self.name.value(),
                self.note.value(), self._project.scope_of(self._step),
            )
        )  # fmt: skip


def ask_signoff(parent: QWidget, project: OpenProject, step: str, signoff: Signoff) -> bool:
    """Asks and records; True when recorded."""
    return bool(SignoffDialog(parent, project, step, signoff).exec())
