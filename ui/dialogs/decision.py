"""让步放行, 不适用 and their withdrawal: who decides, why, until when. The outcome itself never changes."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtWidgets import QWidget

from app.base import clock
from ui.dialogs.frame import Asking
from ui.open_project import OpenProject
from ui.step.editors import DateEditor, LineEditor, LongTextEditor

WORDS = {
    "waive": ("让步放行", "检查结论不变，表单上两者都写明，并列入遗留问题整改清单；到期或出现新的更差结果时自动失效。"),
    "not_applicable": ("不适用", "用于本地确实没有的对象或工作。必须写明由谁决定和理由，表单与移交包会照实列出。"),
    "withdraw": ("撤销处置", "撤销后恢复原来的状态；原处置和这次撤销都留在实施日志中。"),
}
DEFAULT_DAYS = 90


class DecisionDialog(Asking):
    """Asks for role, reason and expiry, and records them."""

    def __init__(self, parent: QWidget | None, project: OpenProject, subject: str, title: str, decision: str) -> None:
        word, explained = WORDS[decision]
        super().__init__(parent, f"{word}：{title}", explained, word, self._record)
        self._project, self._subject, self._decision = project, subject, decision
        self.role, self.reason, self.expires = (
            LineEditor("例如：地方实施责任单位项目协调人"),
            LongTextEditor(),
            DateEditor(),
        )
        self.ask("决定人身份", self.role)
        self.ask("理由", self.reason)
        if decision != "withdraw":
            ends = clock.china_date(clock.now()) + timedelta(days=DEFAULT_DAYS)
            self.expires.show_value(ends.isoformat() if decision == "waive" else "")
            ending = "到这一天结束（北京时间）"
            self.ask("到期日", self.expires, ending if decision == "waive" else f"{ending}；留空表示不设期限")
        self.role.setFocus()

    def _record(self) -> str:
        from app.actions.recording import decide

        try:
            expires = self._expiry()
        except ValueError as error:
            return str(error)
        if not self.role.value() or not self.reason.value():
            return "请写明决定人身份和理由。"
        return self._project.record(
            lambda: decide(
                self._project.workspace, self._subject, self._decision, self.role.value(), self.reason.value(), expires,
                self._project.scope,
            )
        )  # fmt: skip

    def _expiry(self) -> date | None:
        if self._decision == "withdraw":
            return None
        text = self.expires.value()
        if not text:
            if self._decision == "waive":
                raise ValueError("让步放行必须写明到期日。")
            return None
        chosen = date.fromisoformat(text)
        if chosen < clock.china_date(clock.now()):
            raise ValueError("到期日已经过去，请写今天或以后的日期。")
        return chosen


def ask_decision(parent: QWidget, project: OpenProject, subject: str, title: str, decision: str) -> bool:
    """Asks and records; True when recorded."""
    return bool(DecisionDialog(parent, project, subject, title, decision).exec())
