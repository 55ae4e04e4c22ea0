"""The journal's entries of one scope, put where progress looks for them: fields, evidence, sign-offs, results, 处置."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.workflow.model import Record

KINDS = frozenset({"field", "attachment", "adjustment", "signoff", "result", "decision", "case"})
OF_CHECKS = frozenset({"result", "decision"})


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
    """All scopes, the service cases in the order in which they were opened, and every result at hand by its hash.

    ``older`` holds, by scope and subject, the results that a newer one has followed, as far as they were handed over.
    """

    by_scope: Mapping[str, Shelf]
    cases: tuple[Record, ...]
    results: Mapping[str, Record]
    older: Mapping[tuple[str, str], list[Record]]

    def of(self, scope: str) -> Shelf:
        return self.by_scope.get(scope) or Shelf()

    def case(self, scope: str) -> Record | None:
        """The entry that opened (or last changed) the case of that scope."""
        return next((case for case in self.cases if case.subject == scope), None)


def shelve(records: Iterable[Record], kinds: Container[str] = KINDS) -> Shelves:
    """``records`` of every scope, in any order; of several of one subject the newest by ``order`` counts.

    Only ``kinds`` are looked at: the fewer, the quicker.
    """
    results: dict[str, Record] = {}
    older: dict[tuple[str, str], list[Record]] = defaultdict(list)
    newest: dict[tuple[str, str], dict[str, Record]] = defaultdict(dict)  # by kind and scope, then by subject
    for record in records:
        kind = record.kind
        if kind not in kinds:
            continue
        if kind == "result":
            results[record.hash] = record
        alike, subject = newest[kind, record.scope], record.subject
        before = alike.get(subject)
        if before is None or before.order < record.order:
            alike[subject] = record
        if before is not None and kind == "result":
            older[record.scope, subject].append(min(before, record, key=_order))
    shelves: dict[str, Shelf] = defaultdict(Shelf)
    for (kind, scope), alike in newest.items():
        FILLERS[kind](shelves[scope], alike)
    cases = sorted(newest["case", ""].values(), key=_opened) if ("case", "") in newest else []
    return Shelves(shelves, tuple(cases), results, older)


def _order(record: Record) -> tuple[int, str, int]:
    return record.order


def _opened(case: Record) -> tuple[str, str]:
    return str(case.payload.get("opened", "")), case.subject


def _put_results(shelf: Shelf, records: Mapping[str, Record]) -> None:
    shelf.results.update(records)


def _put_decisions(shelf: Shelf, records: Mapping[str, Record]) -> None:
    shelf.decisions.update(records)
    shelf.touched.update(subject[5:] for subject in records if subject.startswith("step:"))


def _put_fields(shelf: Shelf, records: Mapping[str, Record]) -> None:
    written = {subject: record for subject, record in records.items() if filled(record.payload.get("value"))}
    shelf.fields.update(written)
    shelf.touched.update(subject.partition("/")[0] for subject in written)


def _put_signoffs(shelf: Shelf, records: Mapping[str, Record]) -> None:
    given = {subject: record for subject, record in records.items() if filled(record.payload.get("role"))}
    shelf.signoffs.update(given)
    shelf.touched.update(subject.partition("/")[0] for subject in given)


def _put_evidence(shelf: Shelf, records: Mapping[str, Record]) -> None:
    for subject, record in records.items():
        if not record.payload.get("withdrawn"):
            place = subject.rpartition("/")[0]
            shelf.evidence[record.kind, place].append(record)
            shelf.touched.add(place.partition("/")[0])


FILLERS: Mapping[str, Callable[[Shelf, Mapping[str, Record]], None]] = {
    "result": _put_results,
    "decision": _put_decisions,
    "field": _put_fields,
    "signoff": _put_signoffs,
    "attachment": _put_evidence,
    "adjustment": _put_evidence,
    "case": lambda shelf, records: None,
}


def filled(value: Any) -> bool:
    """Whether anything was written: blanks, empty rows and cleared fields are nothing."""
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Mapping):
        return any(filled(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(filled(part) for part in value)
    return value is not None and bool(str(value).strip())
