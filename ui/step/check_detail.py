"""What stands below an opened check: the whole answer, why, what to do, the decision in force, and what can be done."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from app.checks.offline.marks import PROVIDED
from app.workflow.model import CheckState, State
from ui.look import theme
from ui.look.cards import Text, button, clear, column, focus_kept, row
from ui.open_project import OpenProject
from ui.step.check_row import PAD, STATE, payload

FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}(?![A-Za-z0-9+/=])")
CHECK_ID = re.compile(r" ?\b([a-z]+\.[a-z_]+)\b ?")
PASSWORD = re.compile("没有口令|口令为空|口令不对|核对.{0,6}口令|密钥环")
SHOWS_KEY = ("host.key", "bus.service")  # the latter of a bus over SFTP
SHOWN_ABOVE, SHORT = ("应为", "实为"), 20  # what the row itself shows whole is not said twice
PARTS = (("expected", "应为"), ("actual", "实为"), ("reason", "原因"), ("advice", "建议"))


class CheckDetail(QWidget):
    """The details of one check, built when first opened and again when its state changes."""

    def __init__(self, project: OpenProject, step: str) -> None:
        super().__init__()
        self._project, self._step = project, step
        self._shown: CheckState | None = None
        self._outer = column(spacing=theme.GRID)
        self._outer.setContentsMargins(PAD + STATE, 0, PAD, theme.GRID + 4)
        self.setLayout(self._outer)

    def show_state(self, state: CheckState) -> None:
        """Shows the details of ``state``; nothing is rebuilt when they are on screen already."""
        if state == self._shown:
            return
        self._shown = state
        with focus_kept(self):
            clear(self._outer)
            facts = self._facts(state)
            if facts.count():
                self._outer.addLayout(facts)
            self._outer.addLayout(self._buttons(state))

    def _facts(self, state: CheckState) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.GRID)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        content = payload(state)
        told = [(title, str(content.get(key, ""))) for key, title in PARTS]
        told = [(title, self._named(text)) for title, text in told if title not in SHOWN_ABOVE or len(text) > SHORT]
        told.append(("处置", decision_line(state)))
        told.append(("怎样得到", how(content)))
        if state.state is State.STALE:
            told.insert(0, ("待重测", "现场配置或检查项的定义在这次检查之后变了，这个结果不再作数，请重测。"))
        if not state.record:
            told = [("", "还没有检查过。")]
        for title, text in told:
            if text:
                line = grid.rowCount()
                label = Text(title, "muted", 9.5, wrap=False)
                grid.addWidget(label, line, 0, Qt.AlignmentFlag.AlignTop)
                grid.addWidget(Text(text, points=9.5, bold=title == "建议").selectable(), line, 1)
        return grid

    def _named(self, text: str) -> str:
        """Other checks by their titles: ``见 host.key`` becomes ``见“主机密钥”``."""
        titles = {state.bound.check: state.bound.title for state in self._project.overview.checks}
        return CHECK_ID.sub(lambda found: f"“{titles[found[1]]}”" if found[1] in titles else found[0], text)

    def _buttons(self, state: CheckState) -> Any:
        made = []
        if state.record:
            made.append(button("检查过程…", lambda: self._transcript(state), "quiet"))
        if self._project.workspace.read_only:
            return row(*made, None)
        if fingerprint_of(state):
            made.append(button("记录此主机密钥…", lambda: self._trust(state), "quiet"))
        if wants_password(state):
            made.append(button("输入口令…", lambda: self._password(state), "quiet", tip="重新输入口令，再检查这一项"))
        if state.state in (State.FAIL, State.WARN, State.UNKNOWN):
            made.append(button("写调整记录…", lambda: self._adjust(state), "quiet"))
        if state.decision:
            made.append(button("撤销处置…", lambda: self._decide(state, "withdraw"), "quiet"))
        elif state.state in (State.FAIL, State.WARN, State.UNKNOWN):
            made.append(button("让步放行…", lambda: self._decide(state, "waive"), "quiet"))
        if not state.decision and state.record and state.state is not State.PASS:
            made.append(button("不适用…", lambda: self._decide(state, "not_applicable"), "quiet"))
        return row(*made, None, spacing=0)

    def _transcript(self, state: CheckState) -> None:
        from ui.dialogs.transcript import show_transcript

        if state.record:
            show_transcript(self, self._project, f"{state.bound.title} · {state.bound.target_title}", state.record)

    def _trust(self, state: CheckState) -> None:
        from ui.dialogs.asking import ask_trust

        ask_trust(self, self._project, state.bound.target, state.bound.target_title, fingerprint_of(state))

    def _password(self, state: CheckState) -> None:
        from ui.dialogs.asking import ask_password

        target = next(one for one in self._project.workspace.site.targets if one.id == state.bound.target)
        if ask_password(self, self._project, target):
            self._project.check(((state.bound.check, state.bound.target),))

    def _adjust(self, state: CheckState) -> None:
        from ui.dialogs.adjustment import ask_adjustment

        ask_adjustment(self, self._project, self._step, state)

    def _decide(self, state: CheckState, decision: str) -> None:
        from ui.dialogs.decision import ask_decision

        subject = f"{state.bound.check}@{state.bound.target}"
        ask_decision(self, self._project, subject, f"{state.bound.title} · {state.bound.target_title}", decision)


def wants_password(state: CheckState) -> bool:
    """Whether a password that is missing or refused is why the check could not be passed."""
    content = payload(state)
    told = " ".join(str(content.get(key, "")) for key in ("actual", "reason", "advice"))
    return state.state in (State.FAIL, State.UNKNOWN) and bool(PASSWORD.search(told))


def fingerprint_of(state: CheckState) -> str:
    """The host key's fingerprint that a check of a host could not judge, "" when there is none to ask about."""
    if state.bound.check not in SHOWS_KEY or state.state is not State.UNKNOWN:
        return ""
    content = payload(state)
    found = FINGERPRINT.search(" ".join(str(content.get(key, "")) for key in ("actual", "reason", "advice")))
    return found.group(0) if found else ""


def decision_line(state: CheckState) -> str:
    """The decision in force in one line, "" when there is none."""
    if not state.decision:
        return ""
    content = state.decision.payload
    words = {"waive": "让步放行", "not_applicable": "不适用"}.get(str(content.get("decision")), "")
    until = f"，有效至 {str(content['expires'])[:10]}" if content.get("expires") else "，未定到期日"
    return f"{words}：{content.get('reason', '')}（{content.get('role', '')}{until}）"


def how(content: Any) -> str:
    """From where, by which route and in how long an answer was had."""
    if not content:
        return ""
    if content.get("route") == PROVIDED:
        return str(content.get("vantage", ""))
    parts = [str(content.get("vantage", "")), str(content.get("route", ""))]
    parts.append(f"用时 {int(content.get('milliseconds', 0)) / 1000:.2f} 秒")
    offset = content.get("offset_milliseconds")
    parts.append("" if offset is None else f"对方时钟比本机 {offset / 1000:+.1f} 秒")
    return " · ".join(part for part in parts if part)
