"""Which word, shape and colour each state has: state is never told by colour alone. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.workflow.model import CheckState, PhaseState, State, StepState


@dataclass(frozen=True)
class Look:
    """``shape`` names a drawing of ``marks``; ``tone`` a colour of the palette, which also has a ``…_soft``."""

    word: str
    shape: str
    tone: str


LOOKS: Mapping[State, Look] = {
    State.OPEN: Look("未检查", "ring", "idle"),
    State.STALE: Look("待重测", "clock", "idle"),
    State.PASS: Look("合格", "disc_tick", "passed"),
    State.WARN: Look("需关注", "triangle", "warned"),
    State.FAIL: Look("不合格", "octagon_cross", "failed"),
    State.UNKNOWN: Look("未能判定", "diamond", "unknown"),
    State.NOT_APPLICABLE: Look("不适用", "ring_bar", "idle"),
}

RUNNING = Look("检查中", "arc", "accent")
DONE = Look("已完成", "disc_tick", "passed")
STARTED = Look("进行中", "half", "accent")
UNTOUCHED = Look("未开始", "ring", "idle")
SET_ASIDE = Look("不适用", "ring_bar", "idle")
BLOCKED = Look("有不合格", "octagon_cross", "failed")
SOUND = Look("完好", "disc_tick", "passed")
DAMAGED = Look("有问题", "octagon_cross", "failed")


def of_check(state: CheckState, running: bool = False) -> Look:
    """The look of one planned check."""
    return RUNNING if running else LOOKS[state.state]


def of_step(state: StepState) -> Look:
    """The look of a step: 不适用 by decision, done, with something 不合格, begun, or untouched."""
    if state.decision:
        return SET_ASIDE
    if state.done:
        return DONE
    if any(check.state is State.FAIL and not check.decision for check in state.checks):
        return BLOCKED
    return STARTED if state.started else UNTOUCHED


def of_phase(state: PhaseState) -> Look:
    """The look of a phase: the gravest that one of its steps has."""
    looks = [of_step(step) for step in state.steps]
    if state.done:
        return DONE
    if BLOCKED in looks:
        return BLOCKED
    return UNTOUCHED if all(look == UNTOUCHED for look in looks) else STARTED


def count(state: PhaseState) -> str:
    """``done/all`` of a phase's steps, as it stands beside its title."""
    return f"{sum(step.done for step in state.steps)}/{len(state.steps)}"
