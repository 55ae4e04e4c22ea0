"""调整记录: what was changed on site, before and after, by whom, why and the way back."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.workflow.model import CheckState
from ui.dialogs.frame import Asking
from ui.open_project import OpenProject
from ui.step.check_row import payload
from ui.step.editors import LineEditor, LongTextEditor

EXPLAINED = "在现场改动了什么，都写一条。写完请重测对应的检查项，用新结果证明改动有效。"


class AdjustmentDialog(Asking):
    """Asks for one 调整记录 and records it."""

    def __init__(
        self, parent: QWidget | None, project: OpenProject, step: str, check: CheckState | None, slot: str = "adjust"
    ) -> None:
        super().__init__(parent, "调整记录", EXPLAINED, "记录", self._record)
        self._project, self._step, self._slot = project, step, slot
        self._check = f"{check.bound.check}@{check.bound.target}" if check else ""
        self.parts = {
            "what": LongTextEditor("例如：把表空间 JYJC_DATA 的数据文件扩到 20 GB", 2),
            "before": LongTextEditor("调整前的值", 2),
            "after": LongTextEditor("调整后的值", 2),
            "by": LineEditor("身份与姓名"),
            "why": LongTextEditor("", 2),
            "way_back": LongTextEditor("需要恢复时怎样做", 2),
        }
        titles = ("调整了什么", "调整前", "调整后", "调整人", "原因", "回退办法")
        for title, part in zip(titles, self.parts.values(), strict=True):
            self.ask(title, part)
        if check:
            content = payload(check)
            self.parts["before"].show_value(content.get("actual", ""))
            self.parts["why"].show_value(f"{check.bound.title}：{content.get('reason') or content.get('actual', '')}")
        self.parts["what"].setFocus()

    def _record(self) -> str:
        from app.actions.recording import Adjustment, adjust

        written = {name: str(part.value()) for name, part in self.parts.items()}
        if not (written["what"] and written["by"] and written["why"]):
            return "请写明调整了什么、由谁调整和原因。"
        adjustment, scope = Adjustment(**written, check=self._check), self._project.scope_of(self._step)
        return self._project.record(lambda: adjust(self._project.workspace, self._step, adjustment, self._slot, scope))


def slot_of(project: OpenProject, step: str) -> str:
    """The step's own slot for 调整记录, or the general one."""
    slots = project.workspace.workflow.step(step).evidence
    return next((slot.id for slot in slots if slot.accepts == "adjustment"), "adjust")


def ask_adjustment(parent: QWidget, project: OpenProject, step: str, check: CheckState | None, slot: str = "") -> bool:
    """Asks and records; True when recorded."""
    return bool(AdjustmentDialog(parent, project, step, check, slot or slot_of(project, step)).exec())
