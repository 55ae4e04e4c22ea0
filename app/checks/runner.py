"""Puts planned checks to their targets, these side by side, and hands over each result as it comes.

What is asked and how it is judged stands in the checks; nothing here is written down or shown.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any

from app.base.redaction import redact
from app.base.visible import on_one_line, visible
from app.checks import run_end
from app.checks.lane import CLOSING, Answer, Lane, OpenSession, trouble
from app.checks.model import Facts, Outcome, Planned, Result, Session, Surroundings, Verdict
from app.site.model import Target

LARGEST = 2**53 - 1  # what RFC 8785 can write
LONGEST = 4000  # characters of what a verdict says
LONGEST_FACT, MOST_FACTS = 500, 20_000  # characters of one observed text; how many values are observed at most
MOST_AT_ONCE = 32  # results that are handed over together
POLL = 0.2  # seconds; Windows lets a Ctrl-C through only between waits


def open_session(target: Target, surroundings: Surroundings) -> Session:
    """The session of the target's kind; it connects nothing yet."""
    module = importlib.import_module(f"app.checks.{target.kind}.session")
    session: Session = module.open_session(target, surroundings)
    return session


def run(
    planned: Sequence[Planned],
    surroundings: Surroundings,
    on_result: Callable[[Result], None],
    open_session: OpenSession = open_session,
) -> None:
    """As ``run_in_groups``, with ``on_result`` called for each result."""

    def each(results: Sequence[Result]) -> None:
        for result in results:
            surroundings.cancellation.check()
            on_result(result)

    run_in_groups(planned, surroundings, each, open_session)


def run_in_groups(
    planned: Sequence[Planned],
    surroundings: Surroundings,
    on_results: Callable[[Sequence[Result]], None],
    open_session: OpenSession = open_session,
) -> None:
    """Runs ``planned``; ``on_results`` gets the results as they come, on the calling thread: at least one, and with it
    those that came while it was at work before.

    Raises CancelledError at once when cancelled; every session is then aborted, and nothing more is delivered. What
    ``on_results`` raises ends the run in the same way.
    """
    surroundings.cancellation.check()
    answers: SimpleQueue[Answer | None] = SimpleQueue()
    lanes = [Lane(pairs, surroundings, answers.put, open_session) for pairs in _by_target(planned)]
    forget = surroundings.cancellation.on_cancel(lambda: answers.put(None))
    try:
        for lane in lanes:
            lane.start()
        _deliver(planned, surroundings, answers, on_results)
    except BaseException:
        for lane in lanes:
            lane.stop()
        raise
    finally:
        forget()
        _join(lanes, 0.0 if surroundings.cancellation.cancelled else CLOSING)
        run_end.end(surroundings.cancellation)


def _by_target(planned: Sequence[Planned]) -> list[list[Planned]]:
    lanes: dict[str, list[Planned]] = {}
    for pair in planned:
        lanes.setdefault(pair.target.id, []).append(pair)
    return list(lanes.values())


def _join(lanes: Sequence[Lane], seconds: float) -> None:
    """Waits until the lanes have closed their sessions, all together at most ``seconds``."""
    ends = time.monotonic() + seconds
    for lane in lanes:
        if lane.thread.is_alive():
            lane.thread.join(max(0.0, ends - time.monotonic()))


def _deliver(
    planned: Sequence[Planned],
    surroundings: Surroundings,
    answers: SimpleQueue[Answer | None],
    on_results: Callable[[Sequence[Result]], None],
) -> None:
    """Hands over one result for each planned pair; collective ones once all of their group were gathered."""
    collectives = {group: Collective(pairs) for group, pairs in _collectives(planned).items()}
    missing = len(planned)
    while missing:
        came = _next(answers, surroundings)
        missing -= len(came)
        results = [result for answer in came for result in _results(answer, surroundings, collectives)]
        if results:
            on_results(results)


def _results(answer: Answer, surroundings: Surroundings, collectives: Mapping[str, Collective]) -> list[Result]:
    """What can be delivered now that ``answer`` is there."""
    group = collectives.get(_group(answer.pair))
    ready = group.take(answer) if group else [answer]
    return [_result(one, one.verdict or judge(one, surroundings, group), surroundings) for one in ready]


def _next(answers: SimpleQueue[Answer | None], surroundings: Surroundings) -> list[Answer]:
    """The next answer, waited for, and those that lie behind it already."""
    came: list[Answer] = []
    while not came:
        surroundings.cancellation.check()
        with suppress(Empty):
            came += [answer for answer in [answers.get(timeout=POLL)] if answer]
    with suppress(Empty):
        while len(came) < MOST_AT_ONCE:
            came += [answer for answer in [answers.get_nowait()] if answer]
    surroundings.cancellation.check()
    return came


def _group(pair: Planned) -> str:
    """The collective that a pair belongs to: ``oracle.clock`` and ``host.clock`` are one. Empty: it stands alone."""
    return pair.check.id.rpartition(".")[2] if pair.check.compare_all else ""


def _collectives(planned: Sequence[Planned]) -> Mapping[str, list[Planned]]:
    groups: dict[str, list[Planned]] = {}
    for pair in planned:
        if _group(pair):
            groups.setdefault(_group(pair), []).append(pair)
    return groups


class Collective:
    """The answers of one collective, held back until each of its pairs has one."""

    def __init__(self, pairs: Sequence[Planned]) -> None:
        self._missing = len(pairs)
        self._held: list[Answer] = []
        self.facts: dict[str, Facts] = {pair.target.id: None for pair in pairs}  # by target id; None: not to be had

    def take(self, answer: Answer) -> list[Answer]:
        """Takes one in; returns those that can be delivered now. One without facts need not wait for the others."""
        self._missing -= 1
        if answer.verdict is None:
            self._held.append(answer)
            self.facts[answer.pair.target.id] = answer.facts
        ready = [] if answer.verdict is None else [answer]
        if self._missing:
            return ready
        return [*ready, *self._held]


def judge(answer: Answer, surroundings: Surroundings, group: Collective | None = None) -> Verdict:
    """The verdict on gathered facts; never raises: a comparison that breaks on them is UNKNOWN."""
    check, target = answer.pair.check, answer.pair.target
    try:
        if group and check.compare_all:
            verdict = check.compare_all(group.facts, target, surroundings.site)
        else:
            verdict = check.compare(answer.facts, target, surroundings.site)
        return _sound(verdict)
    except Exception as error:  # noqa: BLE001 - told to the person, and logged where it is no known one
        return trouble(error, answer.pair)


def _sound(verdict: Verdict) -> Verdict:
    """``verdict`` in the form that the journal can hold. Raises ValueError when it has none."""
    if not isinstance(verdict.outcome, Outcome):
        raise ValueError(f"no outcome: {verdict.outcome!r}")
    if not all(isinstance(said, str) for said in (verdict.expected, verdict.actual, verdict.reason, verdict.advice)):
        raise ValueError("a verdict says what it says in text")
    return replace(verdict, observed=_plain(verdict.observed, count(1)))


def _plain(value: Any, counted: Iterator[int]) -> Any:
    if next(counted) > MOST_FACTS:
        raise ValueError(f"more than {MOST_FACTS} observed values")
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) and key.isascii() for key in value):
            raise ValueError(f"observed keys {list(value)!r:.200}")
        return {key: _plain(item, counted) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, counted) for item in value]
    if isinstance(value, str):
        return _text(value, LONGEST_FACT)
    if value is None or (isinstance(value, int) and abs(value) <= LARGEST):
        return value
    raise ValueError(f"observed value of type {type(value).__name__}")


def _result(answer: Answer, verdict: Verdict, surroundings: Surroundings) -> Result:
    check, target = answer.pair.check, answer.pair.target
    return Result(
        check=check.id,
        target=target.id,
        title=check.title,
        outcome=verdict.outcome,
        expected=_text(verdict.expected),
        actual=_text(verdict.actual),
        reason=_text(verdict.reason),
        advice=_text(verdict.advice),
        route=_text(answer.route),
        vantage=surroundings.vantage,
        started=answer.started,
        seconds=answer.seconds,
        target_digest=target.digest(),
        check_digest=check.digest(),
        offset_seconds=answer.offset_seconds,
        transcript=visible(redact(answer.transcript)),
        clause=check.clause,
        kind=check.kind,
        observed=verdict.observed,
    )


def _text(text: str, most: int = LONGEST) -> str:
    """One line without secrets, harmless wherever it is shown: what a target says may stand in it."""
    return on_one_line(redact(text), most)
