"""What stands behind each row of 附表1: shown beside 结果确认 to whoever writes it, and never filled in."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from app.actions.overview import Overview, provided_words
from app.workflow.model import STATE_WORDS, CheckState, State, StepState

STEP = "confirm.review"
SOUND = (State.PASS, State.WARN, State.NOT_APPLICABLE)

# The steps whose checks stand behind each row (field of STEP, and cell of the form).
CONFIRMED_BY: Mapping[str, tuple[str, ...]] = {
    "confirm_1": ("deploy.oracle", "deploy.schema", "deploy.weblogic", "deploy.app", "deploy.init", "deploy.debug"),
    "confirm_2": ("env.bus", "deploy.bus", "joint.horizontal.bus"),
    "confirm_3": ("joint.*",),
    "confirm_4": ("deploy.bus", "joint.horizontal.auth"),
    "confirm_5": ("deploy.report",),
    "confirm_6": (),
}


def unproved(now: Overview, row: str) -> str:
    """Why the work behind ``row`` is not proved; empty when it is. Such a row of the form stays open.

    A step that is done by other evidence proves what its checks could not. What failed is never proved, nor what a
    处置 set aside: 不适用 and 让步放行 are somebody's word, not something seen.
    """
    for step in steps_of(now, row):
        for state in step.checks:
            set_aside = state.state is State.FAIL or state.decision is not None or not step.done
            if waived(state) or (state.state not in SOUND and set_aside):
                word = "让步放行" if waived(state) else STATE_WORDS[state.state]
                return f"{state.bound.target_title} {state.bound.title} {word}"
    return ""


def standing(now: Overview, row: str) -> str:
    """How the checks behind ``row`` stand, for whoever writes it; empty for a row without any."""
    found = {(state.bound.check, state.bound.target): state for step in steps_of(now, row) for state in step.checks}
    if not found:
        return ""
    words = [STATE_WORDS[state.state] + ("（让步放行）" if waived(state) else "") for state in found.values()]
    counted = "，".join(f"{word} {words.count(word)}" for word in dict.fromkeys(words)) + provided_words(found.values())
    reason = unproved(now, row)
    return f"检查：{counted}" + (f"。{reason}，附表1此行暂留空" if reason else "")


def steps_of(now: Overview, row: str) -> tuple[StepState, ...]:
    """The steps whose work ``row`` confirms."""
    steps = (step for phase in now.progress.phases for step in phase.steps)
    return tuple(step for step in steps if any(fnmatchcase(step.step.id, name) for name in CONFIRMED_BY[row]))


def waived(state: CheckState) -> bool:
    return state.decision is not None and state.decision.payload.get("decision") == "waive"
