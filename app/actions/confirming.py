"""What stands behind each row of 附表1: shown beside 结果确认 to whoever writes it, and never filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from app.actions.overview import STATE_WORDS, Overview
from app.workflow.model import CheckState, State

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
    """Why the checks behind ``row`` do not prove it; empty when they do. Such a row of the form stays open."""
    for state in checks_of(now, row):
        if state.state not in SOUND or waived(state):
            word = "让步放行" if waived(state) else STATE_WORDS[state.state]
            return f"{state.bound.target_title} {state.bound.title} {word}"
    return ""


def standing(now: Overview, row: str) -> str:
    """How the checks behind ``row`` stand, for whoever writes it; empty for a row without any."""
    states = list(checks_of(now, row))
    if not states:
        return ""
    words = [STATE_WORDS[state.state] + ("（让步放行）" if waived(state) else "") for state in states]
    counted = "，".join(f"{word} {words.count(word)}" for word in dict.fromkeys(words))
    reason = unproved(now, row)
    return f"检查：{counted}" + (f"。{reason}，附表1此行暂留空" if reason else "")


def checks_of(now: Overview, row: str) -> Iterator[CheckState]:
    """Each check behind ``row`` once."""
    seen: set[tuple[str, str]] = set()
    for phase in now.progress.phases:
        for step in phase.steps:
            if any(fnmatchcase(step.step.id, pattern) for pattern in CONFIRMED_BY[row]):
                fresh = [state for state in step.checks if (state.bound.check, state.bound.target) not in seen]
                seen |= {(state.bound.check, state.bound.target) for state in fresh}
                yield from fresh


def waived(state: CheckState) -> bool:
    return state.decision is not None and state.decision.payload.get("decision") == "waive"
