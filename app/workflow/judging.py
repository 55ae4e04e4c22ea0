"""Whether a step is done and what it lacks, by its own rule over fields, evidence, sign-offs and checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.workflow.model import STATE_WORDS, CheckState, Record, Rule, Slot, State, Step, StepState
from app.workflow.shelf import Shelf
from app.workflow.standing import expired, proves, unproved

NO_TARGET = "现场配置中没有与本步骤对应的检查对象：请补充配置，确实没有的由有权的人定为“本步骤不适用”并写明理由"
ALL_ASIDE = "检查结果全部是“不适用”，证明不了本步骤：确实不适用的，由有权的人定为“本步骤不适用”并写明理由"


@dataclass(frozen=True)
class Judge:
    """Judges steps by what one scope holds."""

    shelf: Shelf
    moment: datetime

    def state(self, step: Step, checks: Sequence[CheckState], decided: bool = True) -> StepState:
        """How ``step`` stands; ``decided`` False leaves its 不适用 out of account."""
        decision = self.set_aside(step) if decided else None
        missing = () if decision else self._missing(step, checks)
        done = not missing
        started = step.id in self.shelf.touched or any(check.record for check in checks)
        line = aside(decision) if decision else done_line(checks) if done else lacking_line(missing)
        return StepState(step, done, started, line, missing, tuple(checks), decision)

    def set_aside(self, step: Step) -> Record | None:
        """The decision that the step does not apply, while it is in force."""
        decision = self.shelf.decisions.get(f"step:{step.id}")
        if decision is None or decision.payload.get("decision") != "not_applicable":
            return None
        return None if expired(decision, self.moment) else decision

    def _missing(self, step: Step, checks: Sequence[CheckState]) -> tuple[str, ...]:
        """What keeps the step open. Something 不合格 without a 处置 always does, whatever else stands in for checks."""
        lines = self._lacking(step, step.done, checks)
        failed = [check_line(check) for check in unproved(checks) if check.state is State.FAIL]
        return tuple(dict.fromkeys((*lines, *failed)))

    def _lacking(self, step: Step, rule: Rule, checks: Sequence[CheckState]) -> list[str]:
        parts = [
            self._lacking(step, term, checks) if isinstance(term, Rule) else self._term(step, term, checks)
            for term in rule.terms
        ]
        if rule.mode == "all":
            return [line for part in parts for line in part]
        if not parts or any(not part for part in parts):
            return []
        return ["以下至少一项：" + "；或者".join(_shortly(part) for part in parts)]

    def _term(self, step: Step, term: str, checks: Sequence[CheckState]) -> list[str]:
        """What the term still lacks; nothing when it is met."""
        kind, _, name = term.partition(":")
        if kind == "checks":
            return checks_lack(checks)
        if kind == "field":
            field = next(field for field in step.fields if field.id == name)
            return [] if f"{step.id}/{name}" in self.shelf.fields else [f"填写“{field.title}”"]
        if kind == "signoff":
            signoff = next(signoff for signoff in step.signoffs if signoff.id == name)
            given = f"{step.id}/{name}" in self.shelf.signoffs
            return [] if given else [f"由{signoff.role}确认“{signoff.title}”"]
        slot = next(slot for slot in step.evidence if slot.id == name)
        held = "adjustment" if slot.accepts == "adjustment" else "attachment"
        return [] if self.shelf.evidence.get((held, f"{step.id}/{name}")) else [_wanted(slot)]


def _wanted(slot: Slot) -> str:
    if slot.accepts == "adjustment":
        return f"写调整记录“{slot.title}”"
    return f"存入扫描件“{slot.title}”" if slot.accepts == "form" else f"存入证据“{slot.title}”"


def _shortly(lines: Sequence[str]) -> str:
    return lines[0] if len(lines) == 1 else f"{lines[0]}等 {len(lines)} 项"


def checks_lack(checks: Sequence[CheckState]) -> list[str]:
    """What keeps the checks of a step from proving it; nothing when they do."""
    if not checks:
        return [NO_TARGET]
    if proves(checks):
        return []
    return [check_line(check) for check in unproved(checks)] or [ALL_ASIDE]


def check_line(check: CheckState) -> str:
    return f"{check.bound.target_title} {check.bound.title}：{STATE_WORDS[check.state]}"


def aside(decision: Record) -> str:
    """A step's 不适用 in one line."""
    return f"不适用：{decision.payload.get('reason', '')}（{decision.payload.get('role', '')}）"


def done_line(checks: Sequence[CheckState]) -> str:
    """A done step in one line: how its checks came out, if it has any."""
    counted = ((STATE_WORDS[state], sum(check.state is state for check in checks)) for state in State)
    told = [f"{word} {count} 项" for word, count in counted if count]
    decided = sum(bool(check.decision) for check in checks)
    told += [f"其中有处置 {decided} 项"] if decided else []
    return f"检查{'，'.join(told)}；所需的都已齐全。" if told else "本步骤所需的都已齐全。"


def lacking_line(missing: Sequence[str]) -> str:
    """An open step in one line."""
    return f"还缺：{missing[0]}" if len(missing) == 1 else f"还缺 {len(missing)} 项：{missing[0]}等"
