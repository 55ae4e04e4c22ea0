"""The certificates of the site on one time line: whose, by whom, until when, and how many days are left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.actions.overview import overview
from app.actions.workspace import Workspace
from app.base import clock
from app.workflow.model import CheckState, Record, State

VALIDITY, PAIR = "certificate.validity", "certificate.pair"
OWN, PARTNER = "证书", "成对的另一张"


@dataclass(frozen=True)
class DossierRow:
    """One certificate of a target: ``part`` says which of a 双证书 it is. Dates are None, names "" where none was read.

    ``days_left`` counts from the dossier's moment, below zero once it has ended; ``outcome`` is how the check stands,
    also OPEN (never looked at) and STALE; ``record`` the entry that it was read from.
    """

    target: str
    title: str
    part: str
    holder: str
    serial: str
    issuer: str
    not_before: datetime | None
    not_after: datetime | None
    days_left: float | None
    outcome: State
    record: Record | None = None


def dossier(workspace: Workspace, moment: datetime | None = None, scope: str = "") -> tuple[DossierRow, ...]:
    """The rows of the project's site as its journal knows them; quick enough to call after every entry."""
    return rows(overview(workspace, scope).checks, moment or clock.now())


def rows(checks: Iterable[CheckState], moment: datetime) -> tuple[DossierRow, ...]:
    """One row for each certificate target, and one for the other certificate of a pair that was seen; the one that ends
    first comes first, those of which no end is known last. ``moment`` is aware.
    """
    found = [row for check in checks for row in _of_check(check, moment)]
    return tuple(sorted(found, key=_order))


def _order(row: DossierRow) -> tuple[bool, float, str, str]:
    ends = row.not_after.timestamp() if row.not_after else 0.0
    return row.not_after is None, ends, row.target, row.part


def _of_check(check: CheckState, moment: datetime) -> Iterator[DossierRow]:
    observed: Mapping[str, Any] = (check.record.payload.get("observed") if check.record else None) or {}
    if check.bound.check == VALIDITY:
        yield _row(check, OWN, observed, "", moment)
    elif check.bound.check == PAIR and observed.get("pair_serial"):
        yield _row(check, PARTNER, observed, "pair_", moment)


def _row(check: CheckState, part: str, observed: Mapping[str, Any], prefix: str, moment: datetime) -> DossierRow:
    start, end = (_moment(observed.get(f"{prefix}{key}")) for key in ("not_before", "not_after"))
    return DossierRow(
        target=check.bound.target,
        title=check.bound.target_title,
        part=part,
        holder=str(observed.get(f"{prefix}holder") or observed.get(f"{prefix}subject") or ""),
        serial=str(observed.get(f"{prefix}serial") or ""),
        issuer=str(observed.get(f"{prefix}issuer") or ""),
        not_before=start,
        not_after=end,
        days_left=clock.days_between(moment, end) if end else None,
        outcome=check.state,
        record=check.record,
    )


def _moment(text: object) -> datetime | None:
    """A date as the check wrote it; None for what is none."""
    try:
        return clock.parse(str(text))
    except ValueError:
        return None
