"""Checks put to the site: what is selected, the run, and each result written to the journal as it comes."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.actions.overview import overview
from app.actions.record_files import RecordedExchanges
from app.actions.workspace import Workspace, require_writable
from app.base import clock
from app.base.cancellation import Cancellation
from app.base.errors import InputError
from app.checks import catalogue, runner
from app.checks.model import Outcome, Planned, Result, Surroundings
from app.evidence.project import Draft
from app.workflow.model import State


@dataclass(frozen=True)
class Selection:
    """Which planned checks: by kind, target and id (each empty means all), by (check, target) pair, or what failed."""

    kinds: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    failed: bool = False


def plan(workspace: Workspace, selection: Selection, scope: str = "") -> tuple[Planned, ...]:
    """The planned pairs of ``selection``, by the check definitions as they are now.

    Raises InputError when it names something unknown, selects nothing (``failed`` may) or a definition has a mistake.
    """
    workspace.reload_checks()
    planned = catalogue.plan_of(workspace.checks, workspace.site, selection.kinds, selection.targets, selection.ids)
    if selection.pairs:
        planned = tuple(pair for pair in planned if (pair.check.id, pair.target.id) in selection.pairs)
    if not planned:
        raise InputError("没有选中任何检查项。请核对 --only、--target、--id 与现场配置文件中的检查对象。")
    return _failed(workspace, planned, scope) if selection.failed else planned


def _failed(workspace: Workspace, planned: Sequence[Planned], scope: str) -> tuple[Planned, ...]:
    again = {
        (state.bound.check, state.bound.target)
        for state in overview(workspace, scope).checks
        if state.state in (State.FAIL, State.UNKNOWN)
    }
    return tuple(pair for pair in planned if (pair.check.id, pair.target.id) in again)


def check(
    workspace: Workspace,
    selection: Selection,
    *,
    on_result: Callable[[Result], None] = lambda result: None,
    cancellation: Cancellation | None = None,
    scope: str = "",
) -> tuple[Result, ...]:
    """Runs the selected checks. Each result is in the journal before ``on_result`` hears of it (from a worker thread).

    Raises InputError (nothing selected, read-only project) and CancelledError; results until then are kept.
    """
    require_writable(workspace)
    planned = plan(workspace, selection, scope)
    results: list[Result] = []

    def keep(come: Sequence[Result]) -> None:
        kept = record(workspace, [replace(result, scope=scope) for result in come])
        results.extend(kept)
        for result in kept:
            on_result(result)

    runner.run_in_groups(planned, surroundings(workspace, cancellation or Cancellation(), scope), keep)
    return tuple(results)


def surroundings(workspace: Workspace, cancellation: Cancellation, scope: str = "") -> Surroundings:
    """What the sessions of one run may lean on; ``scope``: the service case that it is for."""
    return Surroundings(
        site=workspace.site,
        secrets=workspace.secrets,
        host_keys=RecordedHostKeys(workspace),
        cancellation=cancellation,
        vantage=f"本机 {platform.node()}".strip(),
        project=workspace.folder,
        records=RecordedExchanges(workspace, scope),
        adjusted=adjusted(workspace),
    )


def adjusted(workspace: Workspace) -> Mapping[str, datetime]:
    """When the last 调整 because of a result was recorded, by ``check@target``; one of the future is left out."""
    found: dict[str, datetime] = {}
    for entry in workspace.project.current("adjustment"):
        check, at = str(entry.payload.get("check", "")), clock.parse(entry.at)
        if check and at <= clock.now():
            found[check] = max(at, found.get(check, at))
    return found


class RecordedHostKeys:
    """The host keys that a person has confirmed, from the journal."""

    def __init__(self, workspace: Workspace) -> None:
        self._project = workspace.project

    def known(self, target_id: str) -> str:
        recorded = self._project.current("host_key", target_id)
        return str(recorded[-1].payload["fingerprint"]) if recorded else ""


def record(workspace: Workspace, results: Sequence[Result]) -> list[Result]:
    """Writes ``results`` to the journal in one transaction and returns them with their evidence numbers."""
    drafts = [
        Draft("result", f"{result.check}@{result.target}", payload(result), result.scope, transcript=result.transcript)
        for result in results
    ]
    entries = workspace.append(*drafts)
    number = workspace.project.number
    return [replace(result, evidence=number(entry)) for result, entry in zip(results, entries, strict=True)]


def payload(result: Result) -> dict[str, Any]:
    """A result as an entry holds it: times as RFC 3339, durations as whole milliseconds (a journal has no floats)."""
    offset = result.offset_seconds
    return {
        "title": result.title,
        "kind": result.kind,
        "clause": result.clause,
        "outcome": str(result.outcome),
        "expected": result.expected,
        "actual": result.actual,
        "reason": result.reason,
        "advice": result.advice,
        "route": result.route,
        "vantage": result.vantage,
        "started": clock.stamp(result.started),
        "milliseconds": round(result.seconds * 1000),
        "offset_milliseconds": None if offset is None else round(offset * 1000),
        "target_digest": result.target_digest,
        "check_digest": result.check_digest,
        "observed": dict(result.observed),
    }


def result_json(result: Result) -> dict[str, Any]:
    """A result as ``onsite check --json`` prints it (contract)."""
    return {
        "check": result.check,
        "target": result.target,
        "title": result.title,
        "outcome": str(result.outcome),
        "expected": result.expected,
        "actual": result.actual,
        "reason": result.reason,
        "advice": result.advice,
        "route": result.route,
        "vantage": result.vantage,
        "started": clock.stamp(result.started),
        "seconds": round(result.seconds, 3),
        "evidence": result.evidence,
    }


def report_json(results: Sequence[Result]) -> dict[str, Any]:
    """The whole document of ``onsite check --json``: results in the catalogue's order are the caller's to sort."""
    return {"results": [result_json(result) for result in results], "counts": counts(results)}


def counts(results: Sequence[Result]) -> dict[str, int]:
    return {str(outcome): sum(result.outcome is outcome for result in results) for outcome in Outcome}


def exit_status(results: Sequence[Result]) -> int:
    """1 when something FAILED, 3 when something is UNKNOWN, else 0 (WARN and 不适用 included)."""
    outcomes = {result.outcome for result in results}
    if Outcome.FAIL in outcomes:
        return 1
    return 3 if Outcome.UNKNOWN in outcomes else 0
