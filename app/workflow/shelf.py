"""The journal's entries of one scope, put where progress looks for them: fields, evidence, sign-offs, results, 处置."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.workflow.model import Record

HAND_MADE = ("field", "attachment", "adjustment", "signoff")


@dataclass
class Shelf:
    """One scope. ``fields`` and ``signoffs`` are by ``step/part``, ``results`` and ``decisions`` by their subject.

    ``evidence`` holds the attachments and 调整记录 that were not withdrawn, by (kind, ``step/slot``). ``touched`` are
    the steps of which a person wrote anything, a 处置 of the step included.
    """

    fields: dict[str, Record] = field(default_factory=dict)
    signoffs: dict[str, Record] = field(default_factory=dict)
    results: dict[str, Record] = field(default_factory=dict)
    decisions: dict[str, Record] = field(default_factory=dict)
    evidence: dict[tuple[str, str], list[Record]] = field(default_factory=lambda: defaultdict(list))
    touched: set[str] = field(default_factory=set)

    def value(self, name: str) -> Any:
        """The value of the field ``step/field``; None when nothing is written there."""
        record = self.fields.get(name)
        return record.payload.get("value") if record else None

    def adjustments(self) -> Iterable[Record]:
        """Every 调整记录."""
        return (record for (kind, _), found in self.evidence.items() if kind == "adjustment" for record in found)


@dataclass(frozen=True)
class Shelves:
    """All scopes, the service cases in the order in which they were opened, and every result at hand by its hash."""

    by_scope: Mapping[str, Shelf]
    cases: tuple[Record, ...]
    results: Mapping[str, Record]

    def of(self, scope: str) -> Shelf:
        return self.by_scope.get(scope) or Shelf()

    def case(self, scope: str) -> Record | None:
        """The entry that opened (or last changed) the case of that scope."""
        return next((case for case in self.cases if case.subject == scope), None)


def shelve(records: Iterable[Record]) -> Shelves:
    """``records`` of every scope, in any order; of several of one subject the newest by ``order`` counts."""
    results: dict[str, Record] = {}
    newest: dict[tuple[str, str, str], Record] = {}
    for record in records:
        key = (record.kind, record.subject, record.scope)
        if record.kind == "result":
            results[record.hash] = record
        before = newest.get(key)
        if before is None or before.order < record.order:
            newest[key] = record
    shelves: dict[str, Shelf] = defaultdict(Shelf)
    for (kind, subject, scope), record in newest.items():
        _put(shelves[scope], kind, subject, record)
    cases = sorted((record for (kind, _, _), record in newest.items() if kind == "case"), key=_opened)
    return Shelves(shelves, tuple(cases), results)


def _opened(case: Record) -> tuple[str, str]:
    return str(case.payload.get("opened", "")), case.subject


def _put(shelf: Shelf, kind: str, subject: str, record: Record) -> None:
    if kind == "result":
        shelf.results[subject] = record
    elif kind == "decision":
        shelf.decisions[subject] = record
        if subject.startswith("step:"):
            shelf.touched.add(subject.removeprefix("step:"))
    elif kind in HAND_MADE:
        _put_hand_made(shelf, kind, subject, record)


def _put_hand_made(shelf: Shelf, kind: str, subject: str, record: Record) -> None:
    step, _, part = subject.partition("/")
    if kind == "field":
        if not filled(record.payload.get("value")):
            return
        shelf.fields[subject] = record
    elif kind == "signoff":
        if not filled(record.payload.get("role")):
            return
        shelf.signoffs[subject] = record
    elif record.payload.get("withdrawn"):
        return
    else:
        shelf.evidence[kind, f"{step}/{part.partition('/')[0]}"].append(record)
    shelf.touched.add(step)


def filled(value: Any) -> bool:
    """Whether anything was written: blanks, empty rows and cleared fields are nothing."""
    if isinstance(value, Mapping):
        return any(filled(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(filled(part) for part in value)
    return value is not None and bool(str(value).strip())
