"""How the project stands: progress, the lamps on top of the window, and the same as JSON for ``onsite status``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.actions.workspace import Workspace, bound
from app.base import clock
from app.checks.offline.marks import PROVIDED
from app.workflow import progress
from app.workflow.model import STATE_WORDS, CheckState, Progress, Record, State

LAMPS = (("database", "数据库"), ("weblogic", "WebLogic"), ("bus", "总线"), ("certificate", "证书"), ("host", "主机"))

# The gravest first: what a lamp shows is the first of these that any of its checks has.
GRAVITY = (State.FAIL, State.UNKNOWN, State.STALE, State.OPEN, State.WARN, State.PASS, State.NOT_APPLICABLE)


@dataclass(frozen=True)
class Lamp:
    """One kind of target in one sign. ``line`` says how many checks stand how."""

    kind: str
    title: str
    state: State
    line: str


@dataclass(frozen=True)
class Overview:
    progress: Progress
    lamps: tuple[Lamp, ...]
    checks: tuple[CheckState, ...]  # every planned pair, once


def overview(workspace: Workspace, scope: str = "") -> Overview:
    """Works the project's state out of its journal; quick enough to call after every entry."""
    planned = [bound(pair) for pair in workspace.planned()]
    records = _records(workspace)
    moment = clock.now()
    judged = progress.of(workspace.workflow, records, planned, moment, scope)
    checks = progress.check_states(records, planned, moment, scope)
    return Overview(judged, tuple(_lamp(kind, title, checks) for kind, title in LAMPS), checks)


def _records(workspace: Workspace) -> tuple[Record, ...]:
    """The newest entry of each subject, and every result of those that a 处置 is about: one that was worse ends it."""
    current = workspace.project.current()
    decided = [entry for entry in current if entry.kind == "decision" and not entry.subject.startswith("step:")]
    earlier = [workspace.project.history("result", entry.subject, entry.scope) for entry in decided]
    return (*current, *(result for results in earlier for result in results))


def _lamp(kind: str, title: str, checks: tuple[CheckState, ...]) -> Lamp:
    states = [check.state for check in checks if check.bound.kind == kind]
    if not states:
        return Lamp(kind, title, State.NOT_APPLICABLE, "现场配置中没有此类对象")
    counted = [(state, states.count(state)) for state in GRAVITY if state in states]
    line = "，".join(f"{STATE_WORDS[state]} {count}" for state, count in counted)
    line += provided_words(check for check in checks if check.bound.kind == kind)
    return Lamp(kind, title, counted[0][0], line)


def is_provided(record: Record | None) -> bool:
    """Whether a result comes from what the customer brought, not from a check of ours."""
    return record is not None and record.payload.get("route") == PROVIDED


def provided_words(checks: Iterable[CheckState]) -> str:
    """How many of them stand on what the customer brought; empty for none."""
    count = sum(is_provided(check.record) for check in checks)
    return f"（其中{PROVIDED} {count}）" if count else ""


def status_json(workspace: Workspace, scope: str = "") -> dict[str, Any]:
    """The document that ``onsite status --json`` prints."""
    now = overview(workspace, scope)
    return {
        "project": str(workspace.folder),
        "id": workspace.project.id,
        "title": workspace.site.name,
        "rehearsal": workspace.rehearsal,
        "phases": [
            {
                "id": phase.phase.id,
                "number": phase.phase.number,
                "chapter": phase.phase.chapter,
                "title": phase.phase.title,
                "done": phase.done,
                "steps": [
                    {
                        "id": step.step.id,
                        "title": step.step.title,
                        "responsible": step.step.responsible,
                        "done": step.done,
                        "line": step.line,
                        "missing": list(step.missing),
                    }
                    for step in phase.steps
                ],
            }
            for phase in now.progress.phases
        ],
        "lamps": [
            {"kind": lamp.kind, "title": lamp.title, "state": lamp.state, "line": lamp.line} for lamp in now.lamps
        ],
        "blockers": [
            {"id": blocker.id, "title": blocker.title, "clears": blocker.clears, "step": blocker.step}
            for blocker in now.progress.blockers
        ],
        "conflicts": [str(conflict) for conflict in workspace.project.conflicts()],
    }
