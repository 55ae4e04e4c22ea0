"""The frozen types of the workflow and of what is worked out from it; ``load`` reads it, ``progress`` judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class FieldType(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    PARTY = "party"  # an organisation, a role, a contact: {"organisation", "role", "phone"}
    TABLE = "table"  # a list of rows, each a mapping of column id to text
    FILE = "file"  # the SHA-256 of an attachment and its name


@dataclass(frozen=True)
class Column:
    id: str
    title: str
    width: int = 1  # a share of the table's width


@dataclass(frozen=True)
class Field:
    """One thing the engineer writes down; ``unit`` and ``hint`` are shown, ``choices`` only with CHOICE."""

    id: str
    title: str
    type: FieldType
    required: bool = False
    unit: str = ""
    hint: str = ""
    choices: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True)
class Selector:
    """Which planned checks belong to a step: ``check`` is an id or a pattern (``oracle.*``); empty matches all."""

    check: str
    kind: str = ""
    role: str = ""
    peer: str = ""


@dataclass(frozen=True)
class Slot:
    """A place for evidence: ``accepts`` is attachment (photo, log), adjustment (调整记录) or form (a scan of it)."""

    id: str
    title: str
    accepts: str = "attachment"
    form: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Signoff:
    """A confirmation that only a person of ``role`` can give; it names the role and leaves a note or an attachment."""

    id: str
    title: str
    role: str


@dataclass(frozen=True)
class Rule:
    """When a step is done: all or any over terms ``field:ID``, ``evidence:ID``, ``signoff:ID``, ``checks`` or rules."""

    mode: str  # all | any
    terms: tuple[str | Rule, ...]


@dataclass(frozen=True)
class Step:
    """``responsible``: 实施商 or 地方实施责任单位. ``serves``: the ids of the clauses whose demands it meets."""

    id: str
    title: str
    responsible: str
    serves: tuple[str, ...]
    guidance: str
    done: Rule
    fields: tuple[Field, ...] = ()
    checks: tuple[Selector, ...] = ()
    evidence: tuple[Slot, ...] = ()
    signoffs: tuple[Signoff, ...] = ()
    ours: bool = False


@dataclass(frozen=True)
class Phase:
    """``number`` 1–8 is ours; ``chapter`` is how the reference numbers it (it has two chapters 四)."""

    id: str
    number: int
    chapter: str
    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Workflow:
    """``clauses``: the reference's demands in its own words, by the ids that steps serve (``3.1.1``, ``f1.2``)."""

    phases: tuple[Phase, ...]
    clauses: Mapping[str, str] = field(default_factory=dict)

    def step(self, step_id: str) -> Step:
        """The step of that id."""
        return next(step for phase in self.phases for step in phase.steps if step.id == step_id)

    def steps(self) -> tuple[Step, ...]:
        return tuple(step for phase in self.phases for step in phase.steps)

    def phase_of(self, step_id: str) -> Phase:
        """The phase that the step of that id belongs to."""
        return next(phase for phase in self.phases if any(step.id == step_id for step in phase.steps))

    def source_of(self, clause: str) -> str:
        """Where the reference has a clause, as a person cites it: ``三、部署应用系统``, ``附表1``."""
        number, _, _ = clause.partition(".")
        if number.startswith("f"):
            return f"附表{number[1:]}"
        phase = next(phase for phase in self.phases if str(phase.number) == number)
        return f"{phase.chapter}、{phase.title}"


class Record(Protocol):
    """What progress reads of a journal entry."""

    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def at(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...
    @property
    def number(self) -> str: ...
    @property
    def hash(self) -> str: ...
    @property
    def order(self) -> tuple[int, str, int]: ...


@dataclass(frozen=True)
class Bound:
    """One planned (check, target) pair and the digests that a result must carry to prove anything about it."""

    check: str
    target: str
    title: str
    target_title: str
    kind: str
    role: str
    peer: str
    target_digest: str
    check_digest: str


class State(StrEnum):
    """How a planned check stands: the newest result's outcome, or none, or one that no longer proves anything."""

    OPEN = "open"  # 未检查
    STALE = "stale"  # 待重测
    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


STATE_WORDS = {
    State.OPEN: "未检查",
    State.STALE: "待重测",
    State.PASS: "合格",
    State.WARN: "需关注",
    State.FAIL: "不合格",
    State.UNKNOWN: "未能判定",
    State.NOT_APPLICABLE: "不适用",
}


@dataclass(frozen=True)
class CheckState:
    """``decision`` is 'waive' or 'not_applicable' while one is in force; ``record`` the newest result."""

    bound: Bound
    state: State
    record: Record | None = None
    decision: Record | None = None


@dataclass(frozen=True)
class StepState:
    """``missing``: one Chinese line for each thing that keeps the step open. ``decision``: the step's 不适用."""

    step: Step
    done: bool
    started: bool
    line: str
    missing: tuple[str, ...]
    checks: tuple[CheckState, ...]
    decision: Record | None = None


@dataclass(frozen=True)
class PhaseState:
    phase: Phase
    steps: tuple[StepState, ...]

    @property
    def done(self) -> bool:
        return all(step.done for step in self.steps)


@dataclass(frozen=True)
class Blocker:
    """离场阻断项: without it the engineer may not leave; ``clears`` says who can clear it."""

    id: str
    title: str
    clears: str
    step: str = ""


@dataclass(frozen=True)
class Progress:
    phases: tuple[PhaseState, ...]
    blockers: tuple[Blocker, ...]

    def step(self, step_id: str) -> StepState:
        """The state of the step of that id."""
        return next(state for phase in self.phases for state in phase.steps if state.step.id == step_id)
