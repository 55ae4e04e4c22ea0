"""The faults of a rehearsal site, switched on and off while it runs: for training, with what each is for."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QLineEdit, QSizePolicy, QWidget

from ui.look import theme
from ui.look.cards import Text, button, column, row, scrolled
from ui.look.inputs import Tick
from ui.open_project import OpenProject

WIDTH = 304


class FaultPanel(QFrame):
    """A panel on the right of a rehearsal window; hidden until asked for (F9)."""

    def __init__(self, project: OpenProject) -> None:
        super().__init__()
        from app.actions.rehearsing import faults

        self._project = project
        self.setObjectName("side")
        self.setFixedWidth(WIDTH)
        self.boxes: dict[str, Tick] = {}
        self._sent: tuple[str, ...] = ()
        self._entries: list[tuple[str, QWidget]] = []
        content, layout = QWidget(), column(spacing=theme.GRID)
        layout.setContentsMargins(16, 8, 16, 16)
        for name, fault in faults().items():
            layout.addWidget(self._entry(name, fault))
        layout.addStretch(1)
        content.setLayout(layout)
        self.search = QLineEdit()
        self.search.setPlaceholderText("查找故障")
        self.search.textChanged.connect(self._filter)
        clear = button("全部恢复正常", self._clear)
        self.status = Text("打开故障后，重做检查看看会怎样。", "muted", 9.5)
        head = column(Text("演练故障", points=11.5, bold=True), self.status, self.search, row(clear, None), margin=16)
        outer = column(head, scrolled(content, "panel"), spacing=0)
        outer.setStretch(1, 1)
        self.setLayout(outer)
        self.hide()

    def switched_on(self) -> tuple[str, ...]:
        return tuple(name for name, box in self.boxes.items() if box.isChecked())

    def _entry(self, name: str, fault: Any) -> QWidget:
        box = Tick(fault.title)
        box.setToolTip(name)
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        box.clicked.connect(lambda: self._apply())
        self.boxes[name] = box
        holder = QWidget()
        about = Text(fault.description, "muted", 9)
        about.setContentsMargins(24, 0, 0, 0)
        holder.setLayout(column(box, about, spacing=0))
        self._entries.append((f"{name} {fault.title} {fault.description}", holder))
        return holder

    def _filter(self, text: str) -> None:
        for words, holder in self._entries:
            holder.setVisible(text.strip().lower() in words.lower())

    def _clear(self) -> None:
        for box in self.boxes.values():
            box.setChecked(False)
        self._apply()

    def _apply(self) -> None:
        names, site = self.switched_on(), self._project.rehearsal
        if site is None:
            return
        self.status.say("正在切换…")
        if self._project.tasks.busy("faults"):
            return
        self._sent = names
        self._project.start(
            "faults", "正在切换演练故障", lambda cancellation, report: site.set_faults(names), self._applied
        )

    def _applied(self, _nothing: object) -> None:
        if self.switched_on() != self._sent:  # clicked on while the last switch was under way
            QTimer.singleShot(0, self._apply)
            return
        count = len(self._sent)
        self.status.say(f"已打开 {count} 个故障，请重做检查。" if count else "全部正常。")
