"""What has changed on site between two states of the journal: since the acceptance, an earlier day, or the last run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from app.actions.cases import cases
from app.actions.workspace import Workspace
from app.base import clock
from app.base.errors import InputError
from app.checks.model import OUTCOME_WORDS, SEVERITY, Outcome
from app.evidence.entry import Entry

ACCEPTANCE = "confirm."  # sign-offs of these steps are the acceptance: 四、部署确认
PREVIOUS = "previous"


class Turn(StrEnum):
    """Which way a check has gone. CHANGED: the same outcome, but other facts were seen."""

    WORSE = "worse"
    BETTER = "better"
    CHANGED = "changed"
    NEW = "new"
    GONE = "gone"


TURN_WORDS: Mapping[Turn, str] = {
    Turn.WORSE: "变差",
    Turn.BETTER: "好转",
    Turn.CHANGED: "有变化",
    Turn.NEW: "新增",
    Turn.GONE: "不再检查",
}


@dataclass(frozen=True)
class Change:
    """One check at one target that is not as it was, with its results then and now (None where there is none)."""

    check: str
    target: str
    turn: Turn
    before: Entry | None
    after: Entry | None

    @property
    def title(self) -> str:
        entry = self.after or self.before
        return str(entry.payload["title"]) if entry else ""


@dataclass(frozen=True)
class Difference:
    """``since`` says in words with what was compared; ``same`` counts what is as it was."""

    since: str
    changes: tuple[Change, ...]
    same: int


def difference(workspace: Workspace, since: str = "", scope: str = "") -> Difference:
    """How the results of ``scope`` (a service case's, or the project's) differ from those that stood at ``since``:
    "" for the acceptance, ``previous`` for each check's last result but one, an evidence number (``a3f-17``), or a day
    (its end in +08:00) or moment as RFC 3339.

    Raises InputError when there is no such point.
    """
    if scope and scope not in [case.scope for case in cases(workspace)]:
        raise InputError(f"没有服务事项 {scope}。")
    history = _results(workspace, scope)
    words, before = _standing_at(workspace, history, since)
    after = {subject: entries[-1] for subject, entries in history.items()}
    planned = {f"{pair.check.id}@{pair.target.id}" for pair in workspace.planned()}
    changes = [
        change
        for subject in sorted({*before, *after})
        if (change := _change(subject, before.get(subject), after.get(subject) if subject in planned else None))
    ]
    return Difference(words, tuple(changes), len({*before, *after}) - len(changes))


def _results(workspace: Workspace, scope: str) -> dict[str, list[Entry]]:
    """Every result by subject, oldest first: the project's own, and those of the case where one is asked for."""
    found: dict[str, list[Entry]] = {}
    for entry in workspace.project.entries():
        if entry.kind == "result" and entry.scope in ("", scope):
            found.setdefault(entry.subject, []).append(entry)
    return found


def _standing_at(
    workspace: Workspace, history: Mapping[str, Sequence[Entry]], since: str
) -> tuple[str, dict[str, Entry]]:
    if since == PREVIOUS:
        return "上一次检查", {subject: entries[-2] for subject, entries in history.items() if len(entries) > 1}
    if not since:
        return _up_to(history, _acceptance(workspace), workspace, "部署确认")
    if entry := workspace.project.entry(since):
        return _up_to(history, entry, workspace, "证据")
    moment = _moment(since)
    kept = {
        subject: [entry for entry in entries if datetime.fromisoformat(entry.at) <= moment]
        for subject, entries in history.items()
    }
    return since, {subject: entries[-1] for subject, entries in kept.items() if entries}


def _up_to(
    history: Mapping[str, Sequence[Entry]], point: Entry, workspace: Workspace, what: str
) -> tuple[str, dict[str, Entry]]:
    """The results that stood when ``point`` was written, in the journal's own order."""
    kept = {subject: [one for one in entries if _order(one) <= _order(point)] for subject, entries in history.items()}
    words = f"{what} {workspace.project.number(point)}（{point.at[:10]}）"
    return words, {subject: entries[-1] for subject, entries in kept.items() if entries}


def _order(entry: Entry) -> tuple[int, str, int]:
    return entry.turn, entry.chain, entry.seq


def _acceptance(workspace: Workspace) -> Entry:
    """The newest sign-off of the acceptance."""
    signed = [entry for entry in workspace.project.current("signoff", scope="") if entry.subject.startswith(ACCEPTANCE)]
    if not signed:
        raise InputError(
            "还没有部署确认，没有可比的验收基线。可以用 --since 写日期、证据编号，或 previous（上一次检查）。"
        )
    return max(signed, key=_order)


def _moment(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day, time(), clock.CHINA) + timedelta(days=1)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"“{text}”不是日期、时间或证据编号。例如 2026-01-05，或 a3f-17。") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.CHINA)


def _change(subject: str, before: Entry | None, after: Entry | None) -> Change | None:
    """None where both say the same."""
    check, _, target = subject.partition("@")
    if before is None or after is None:
        return (
            Change(check, target, Turn.NEW if before is None else Turn.GONE, before, after) if before or after else None
        )
    turn = _turn(before.payload, after.payload)
    return Change(check, target, turn, before, after) if turn else None


def _turn(before: Mapping[str, Any], after: Mapping[str, Any]) -> Turn | None:
    """By outcome first; by what was seen (not how long it took) and what was expected where that is the same."""
    was, is_now = (Outcome(payload["outcome"]) for payload in (before, after))
    if was is not is_now:
        if Outcome.NOT_APPLICABLE in (was, is_now):
            return Turn.CHANGED
        return Turn.WORSE if SEVERITY.index(is_now) > SEVERITY.index(was) else Turn.BETTER
    same = all(before.get(key) == after.get(key) for key in ("observed", "expected"))
    return None if same else Turn.CHANGED


def difference_json(workspace: Workspace, found: Difference) -> dict[str, Any]:
    """The document of ``onsite changes --json``."""
    return {
        "since": found.since,
        "same": found.same,
        "changes": [
            {
                "check": change.check,
                "target": change.target,
                "title": change.title,
                "change": str(change.turn),
                "before": _side(workspace, change.before),
                "after": _side(workspace, change.after),
            }
            for change in found.changes
        ],
    }


def _side(workspace: Workspace, entry: Entry | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    kept = {key: entry.payload[key] for key in ("outcome", "expected", "actual", "reason", "started")}
    return {**kept, "evidence": workspace.project.number(entry)}


def lines(workspace: Workspace, found: Difference) -> list[str]:
    """The difference for the terminal, what got worse first."""
    told = [f"与{found.since}相比：{len(found.changes)} 项不同，{found.same} 项相同"]
    for change in sorted(found.changes, key=lambda change: list(Turn).index(change.turn)):
        told.append(f"{TURN_WORDS[change.turn]}\t{change.check}\t{change.target}\t{change.title}")
        told += [f"\t{word}：{_words(workspace, entry)}" for word, entry in _sides(change)]
    return told


def _sides(change: Change) -> Iterable[tuple[str, Entry]]:
    return [(word, entry) for word, entry in (("原", change.before), ("现", change.after)) if entry]


def _words(workspace: Workspace, entry: Entry) -> str:
    outcome = OUTCOME_WORDS[Outcome(entry.payload["outcome"])]
    seen = entry.payload["actual"] or entry.payload["reason"]
    return f"{outcome}　{seen}（{workspace.project.number(entry)}，{entry.at[:10]}）"
