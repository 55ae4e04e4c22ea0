"""How each planned check stands: the newest result of a scope, whether it still proves anything, and its 处置."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from app.workflow.model import Bound, CheckState, Record, Selector, State, Step
from app.workflow.shelf import Shelf, Shelves

# From mild to grave: what "worse" means when a newer result meets a 处置 (as in the checks' own order).
SEVERITY = (State.NOT_APPLICABLE, State.PASS, State.WARN, State.UNKNOWN, State.FAIL)
OUTCOMES: Mapping[Any, State] = {str(state): state for state in SEVERITY}
DECISIONS = ("waive", "not_applicable")
PROVING = (State.PASS, State.WARN)
NEUTRAL = (*PROVING, State.NOT_APPLICABLE)


def state_of(bound: Bound, record: Record | None) -> State:
    """The newest result's outcome; STALE when the target's entry or the check's definition has changed since."""
    if record is None:
        return State.OPEN
    seen = record.payload
    alike = seen.get("target_digest") == bound.target_digest and seen.get("check_digest") == bound.check_digest
    return outcome_of(record) if alike else State.STALE


def outcome_of(record: Record) -> State:
    """A result's outcome; one that is not known here counts as 未能判定."""
    return OUTCOMES.get(record.payload.get("outcome"), State.UNKNOWN)


def in_force(decision: Record, newest: Record | None, shelves: Shelves, moment: datetime) -> Record | None:
    """``decision`` while it holds, else None: withdrawn, expired, or ended by a newer result worse than the named one.

    It holds through the moment ``expires``. Where it cannot be known how grave the named result was, any newer one
    that is worse than 合格 ends it. A worse result ends it for good, whatever followed.
    """
    if decision.payload.get("decision") not in DECISIONS or expired(decision, moment):
        return None
    named = str(decision.payload.get("result", ""))
    if newest is None or newest.hash == named:
        return decision
    since = _since(decision, named, shelves)
    newer = [newest, *(old for old in shelves.older.get((decision.scope, decision.subject), ()) if old.order > since)]
    return decision if max(map(_severity, newer)) <= _named_severity(decision, named, shelves) else None


def _since(decision: Record, named: str, shelves: Shelves) -> tuple[int, str, int]:
    """From where on results are newer than the named one; the decision itself followed it."""
    result = shelves.results.get(named)
    return result.order if result else decision.order


def expired(decision: Record, moment: datetime) -> bool:
    """Whether the decision's last moment is past; one that cannot be read is."""
    ends = str(decision.payload.get("expires") or "")
    if not ends:
        return False
    try:
        return moment > datetime.fromisoformat(ends)
    except (ValueError, TypeError):
        return True


def _severity(result: Record) -> int:
    return SEVERITY.index(outcome_of(result))


def _named_severity(decision: Record, named: str, shelves: Shelves) -> int:
    known = decision.payload.get("outcome")
    if known in SEVERITY:
        return SEVERITY.index(State(known))
    result = shelves.results.get(named)
    return _severity(result) if result else SEVERITY.index(State.PASS)


@dataclass
class Standing:
    """The planned checks as one scope has them; each is worked out once. ``base`` answers where the scope is silent."""

    planned: Sequence[Bound]
    shelves: Shelves
    shelf: Shelf
    moment: datetime
    base: Standing | None = None
    _known: dict[int, CheckState] = field(default_factory=dict)

    def state(self, place: int) -> CheckState:
        """The state of the planned check at ``place``."""
        if place not in self._known:
            self._known[place] = self._work_out(place)
        return self._known[place]

    def all(self) -> tuple[CheckState, ...]:
        return tuple(self.state(place) for place in range(len(self.planned)))

    def _work_out(self, place: int) -> CheckState:
        bound = self.planned[place]
        subject = f"{bound.check}@{bound.target}"
        newest = self.shelf.results.get(subject)
        if newest is None and self.base:
            return self.base.state(place)
        decision = self.shelf.decisions.get(subject)
        if decision:
            decision = in_force(decision, newest, self.shelves, self.moment)
        return CheckState(bound, state_of(bound, newest), newest, decision)


class Selection:
    """Which planned checks a step's selectors choose, by their places in the plan."""

    def __init__(self, planned: Sequence[Bound]) -> None:
        self._planned = planned
        self._places: dict[str, list[int]] = {}
        for place, bound in enumerate(planned):
            self._places.setdefault(bound.check, []).append(place)

    def of(self, step: Step) -> list[int]:
        """In the plan's order, each once."""
        chosen: set[int] = set()
        for selector in step.checks:
            chosen.update(place for place in self._candidates(selector.check) if self._fits(selector, place))
        return sorted(chosen)

    def _candidates(self, check: str) -> Iterable[int]:
        if not check:
            return range(len(self._planned))
        if "*" not in check and "?" not in check:
            return self._places.get(check, ())
        return (place for name, places in self._places.items() if fnmatchcase(name, check) for place in places)

    def _fits(self, selector: Selector, place: int) -> bool:
        bound = self._planned[place]
        return (
            (not selector.kind or selector.kind == bound.kind)
            and (not selector.role or selector.role == bound.role)
            and (not selector.peer or selector.peer == bound.peer)
        )


def unproved(states: Iterable[CheckState]) -> list[CheckState]:
    """Those that keep a step open: neither 合格, 需关注 nor 不适用, and without a 处置 in force."""
    return [state for state in states if state.state not in NEUTRAL and not state.decision]


def proves(states: Sequence[CheckState]) -> bool:
    """Whether the checks say something for the step at all: at least one 合格, 需关注 or decided, and none against."""
    said = any(state.state in PROVING or state.decision for state in states)
    return said and not unproved(states)
