"""The conclusion of a step: done or what is missing, who must confirm, and 本步骤不适用."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.base import clock
from app.workflow.model import Signoff, StepState
from ui import records
from ui.look import states, theme
from ui.look.cards import Card, StateWord, Text, button, clear, column, focus_kept, line, row
from ui.open_project import OpenProject

MOST_LINES = 8


class ConclusionSection(Card):
    """Says in words what the journal makes of the step."""

    def __init__(self, project: OpenProject, step: str) -> None:
        super().__init__("结论")
        self._project, self._step = project, step
        state = project.overview.progress.step(step)
        self.word = StateWord(states.of_step(state))
        self.head.addWidget(self.word)
        self.line = Text("")
        self._missing = column(spacing=4)
        self._signoffs = column(spacing=4)
        self.set_aside = button("本步骤不适用…", lambda: self._decide("not_applicable"), "quiet")
        self.resume = button("撤销“不适用”…", lambda: self._decide("withdraw"), "quiet")
        for part in (self.line, *(() if not state.step.signoffs else (line(),))):
            self.body.addWidget(part)
        self.body.insertLayout(1, self._missing)
        self.body.addLayout(self._signoffs)
        self.body.addLayout(row(None, self.set_aside, self.resume))
        self._key: object = None
        self.show_state(state)

    def show_state(self, state: StepState) -> None:
        """Shows a newer state of the step."""
        self.word.show_look(states.of_step(state))
        self.line.say(summary(state))
        writable = not self._project.workspace.read_only
        self.set_aside.setVisible(writable and not state.decision and not state.done)
        self.resume.setVisible(writable and state.decision is not None)
        scope = self._project.scope_of(self._step)
        signed = records.of_step(self._project.workspace, "signoff", self._step, scope=scope)
        if (state.missing, signed) == self._key:
            return
        self._key = (state.missing, signed)
        with focus_kept(self):
            self._rebuild(state)

    def _rebuild(self, state: StepState) -> None:
        clear(self._missing)
        for text in shortened(() if state.decision else state.missing):
            bullet = Text("·", "muted", wrap=False)
            bullet.setFixedWidth(12)
            holder = row(bullet, Text(text))
            holder.setStretch(1, 1)
            self._missing.addLayout(holder)
        clear(self._signoffs)
        for signoff in state.step.signoffs:
            self._signoffs.addWidget(self._signoff(signoff))

    def _signoff(self, signoff: Signoff) -> QWidget:
        holder = QWidget()
        scope = self._project.scope_of(self._step)
        given = records.of_step(self._project.workspace, "signoff", self._step, signoff.id, scope)
        look = states.DONE if given else states.UNTOUCHED
        mark = StateWord(look, "已确认" if given else "待确认")
        told = f"由{signoff.role}确认"
        if given:
            content = given[-1].payload
            at = clock.parse(given[-1].at).astimezone()
            told = f"{content.get('role', '')} {content.get('name', '')}　{at:%Y-%m-%d %H:%M}　{given[-1].number}"
            told += f"\n{content['note']}" if content.get("note") else ""
        act = button("记录确认…" if not given else "重新确认…", lambda: self._sign(signoff), "quiet")
        act.setVisible(not self._project.workspace.read_only)
        text = column(Text(signoff.title), Text(told, "muted", 9.5), spacing=0)
        parts = row(mark, text, act, spacing=2 * theme.GRID)
        parts.setStretch(1, 1)
        holder.setLayout(parts)
        return holder

    def _sign(self, signoff: Signoff) -> None:
        from ui.dialogs.signoff import ask_signoff

        ask_signoff(self, self._project, self._step, signoff)

    def _decide(self, decision: str) -> None:
        from ui.dialogs.decision import ask_decision

        title = self._project.workspace.workflow.step(self._step).title
        ask_decision(self, self._project, f"step:{self._step}", title, decision)


def summary(state: StepState) -> str:
    """The one line over what is missing."""
    if state.decision:
        content = state.decision.payload
        until = f"，有效至 {str(content['expires'])[:10]}" if content.get("expires") else ""
        return f"本步骤不适用：{content.get('reason', '')}（{content.get('role', '')}{until}）"
    if state.done:
        return state.line or "本步骤所需的都已齐全。"
    return "还缺下面这些，齐了自动变为“已完成”：" if state.missing else state.line


def shortened(missing: tuple[str, ...]) -> tuple[str, ...]:
    """At most eight lines, the rest counted: the sections above show each of them in its place."""
    if len(missing) <= MOST_LINES:
        return missing
    return (*missing[: MOST_LINES - 1], f"……另有 {len(missing) - MOST_LINES + 1} 项，见上面各节")
