"""Puts planned checks to their targets: targets side by side, the checks of one in order, each under its deadline.

What is asked and how it is judged stands in the checks; nothing here is written down or shown.
"""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

from app.base import clock
from app.base.errors import CancelledError, OnsiteError
from app.checks.model import (
    Facts,
    Failed,
    Outcome,
    Planned,
    Result,
    Session,
    Surroundings,
    Transcript,
    Undetermined,
    Verdict,
)
from app.site.model import Target

GRACE = 3.0  # seconds that an aborted gathering has to come back before its target is given up
CLOSING = 2.0  # seconds that all sessions together have to close at the end of a run
LARGEST = 2**53 - 1  # what RFC 8785 can write
POLL = 0.2  # Windows lets a Ctrl-C through only between waits

OpenSession = Callable[[Target, Surroundings], Session]
log = logging.getLogger(__name__)


def open_session(target: Target, surroundings: Surroundings) -> Session:
    """The session of the target's kind; it connects nothing yet."""
    module = importlib.import_module(f"app.checks.{target.kind}.session")
    session: Session = module.open_session(target, surroundings)
    return session


@dataclass(frozen=True)
class Answer:
    """What one gathering brought: ``facts``, or the ``verdict`` when there are none. ``seconds``: how long it took."""

    pair: Planned
    started: datetime
    seconds: float
    facts: Facts = None
    verdict: Verdict | None = None
    route: str = ""
    offset_seconds: float | None = None
    transcript: str = ""


def run(
    planned: Sequence[Planned],
    surroundings: Surroundings,
    on_result: Callable[[Result], None],
    open_session: OpenSession = open_session,
) -> None:
    """Runs ``planned``; ``on_result`` gets each result as it comes, one at a time, on the calling thread.

    Raises CancelledError at once when cancelled; every session is then aborted, and nothing more is delivered. What
    ``on_result`` raises ends the run in the same way.
    """
    surroundings.cancellation.check()
    answers: SimpleQueue[Answer | None] = SimpleQueue()
    lanes = [Lane(pairs, surroundings, answers.put, open_session) for pairs in _by_target(planned)]
    forget = surroundings.cancellation.on_cancel(lambda: answers.put(None))
    try:
        for lane in lanes:
            lane.start()
        _deliver(planned, surroundings, answers, on_result)
    except BaseException:
        for lane in lanes:
            lane.stop()
        raise
    finally:
        forget()
        _join([lane.thread for lane in lanes], 0.0 if surroundings.cancellation.cancelled else CLOSING)


def _by_target(planned: Sequence[Planned]) -> list[list[Planned]]:
    lanes: dict[str, list[Planned]] = {}
    for pair in planned:
        lanes.setdefault(pair.target.id, []).append(pair)
    return list(lanes.values())


def _join(threads: Iterable[threading.Thread], seconds: float) -> None:
    ends = time.monotonic() + seconds
    for thread in threads:
        if thread.is_alive():
            thread.join(max(0.0, ends - time.monotonic()))


def _deliver(
    planned: Sequence[Planned],
    surroundings: Surroundings,
    answers: SimpleQueue[Answer | None],
    on_result: Callable[[Result], None],
) -> None:
    """Hands over one result for each planned pair; collective ones once all of their group were gathered."""
    groups = {group: Collective(pairs) for group, pairs in _collectives(planned).items()}
    for _ in planned:
        answer = _next(answers, surroundings)
        group = groups.get(_group(answer.pair))
        for ready in group.take(answer) if group else [answer]:
            verdict = ready.verdict or judge(ready, surroundings, group)
            on_result(_result(ready, verdict, surroundings))


def _next(answers: SimpleQueue[Answer | None], surroundings: Surroundings) -> Answer:
    while True:
        surroundings.cancellation.check()
        try:
            answer = answers.get(timeout=POLL)
        except Empty:
            continue
        surroundings.cancellation.check()
        if answer is not None:
            return answer


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
    """``verdict`` as it is, once it is sure that the journal can hold it. Raises ValueError."""
    if not isinstance(verdict.outcome, Outcome):
        raise ValueError(f"no outcome: {verdict.outcome!r}")
    _require_plain(verdict.observed)
    return verdict


def _require_plain(value: Any) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise ValueError(f"observed key {key!r}")
            _require_plain(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _require_plain(item)
    elif isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError("observed integer beyond 2^53-1")
    elif not (value is None or isinstance(value, str | int)):
        raise ValueError(f"observed value {value!r}")


def trouble(error: BaseException, pair: Planned) -> Verdict:
    """What an exception of gathering or comparing means: FAIL only where it says so, else UNKNOWN with the reason."""
    match error:
        case Failed():
            return Verdict(Outcome.FAIL, error.expected, error.actual, error.actual, error.advice)
        case Undetermined():
            return Verdict(Outcome.UNKNOWN, "", "", error.reason, error.advice)
        case OnsiteError():
            return Verdict(Outcome.UNKNOWN, "", "", str(error))
    log.error("%s at %s broke", pair.check.id, pair.target.id, exc_info=error)
    advice = "请把检查记录交给技术支持；其余检查不受影响。"
    return Verdict(Outcome.UNKNOWN, "", "", f"答复无法理解（{type(error).__name__}）", advice)


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
        route=answer.route,
        vantage=surroundings.vantage,
        started=answer.started,
        seconds=answer.seconds,
        target_digest=target.digest(),
        check_digest=check.digest(),
        offset_seconds=answer.offset_seconds,
        transcript=_text(answer.transcript),
        clause=check.clause,
        kind=check.kind,
        observed=verdict.observed,
    )


def _text(text: str) -> str:
    """Text that UTF-8 can hold: a target's broken bytes, decoded as lone surrogates, become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


class Lane:
    """The checks of one target, one after the other, on a thread of their own.

    Each gathering has its own thread, never two at once, so that one which even ``abort`` does not end costs its
    target's remaining checks and nothing else.
    """

    def __init__(
        self,
        pairs: Sequence[Planned],
        surroundings: Surroundings,
        emit: Callable[[Answer], None],
        open_session: OpenSession,
    ) -> None:
        self._pairs, self._surroundings, self._emit = pairs, surroundings, emit
        self._open_session = open_session
        self._session: Session | None = None
        self._stopped = threading.Event()
        self._box: SimpleQueue[tuple[bool, Any]] = SimpleQueue()
        self._lost = ""  # why this target is given up
        self.thread = threading.Thread(target=self._run, name=f"checks of {pairs[0].target.id}", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Ends the lane from another thread, without waiting for it."""
        self._stopped.set()
        self._box.put((False, CancelledError()))
        if session := self._session:
            _apart(session.abort, "abort")

    def _run(self) -> None:
        try:
            for pair in self._pairs:
                if self._stopped.is_set():
                    return
                self._emit(self._answer(pair))
        finally:
            if self._session:
                _apart(self._session.close, "close").join(CLOSING)

    def _answer(self, pair: Planned) -> Answer:
        """One check; never raises."""
        started, began = clock.now(), time.monotonic()
        facts, verdict = None, None
        gathered = False
        try:
            verdict = self._spared(pair)
            if verdict is None:
                gathered = True
                facts = self._gather(pair)
                if not pair.check.compare_all:
                    verdict = judge(Answer(pair, started, 0.0, facts), self._surroundings)
        except BaseException as error:  # noqa: BLE001 - a driver's panic too may cost only this check
            verdict = trouble(error, pair)
        session = self._session if gathered else None
        return Answer(
            pair=pair,
            started=started,
            seconds=time.monotonic() - began,
            facts=facts,
            verdict=verdict,
            route=str(session.route) if session else "",
            offset_seconds=session.offset_seconds if session else None,
            transcript=session.transcript.text() if session else "",
        )

    def _spared(self, pair: Planned) -> Verdict | None:
        """The verdict of a check that need not, or may not, connect."""
        if reason := pair.check.applies(pair.target, self._surroundings.site):
            return Verdict(Outcome.NOT_APPLICABLE, "", "", reason)
        if pair.check.sends and not getattr(pair.target, "send", False):
            advice = "客户同意后，在现场配置文件里给该对象写 send = true，再检查。"
            return Verdict(Outcome.UNKNOWN, "", "", "未获准发送：这项检查会在对方留下数据", advice)
        return None

    def _gather(self, pair: Planned) -> Facts:
        """The facts, or the exception of gathering them; at the deadline the session is aborted."""
        if self._lost:
            raise Undetermined(self._lost)
        if self._session is None:
            self._session = self._open_session(pair.target, self._surroundings)
        session, self._box = self._session, SimpleQueue()
        session.transcript = Transcript()
        if self._stopped.is_set():
            raise CancelledError()
        threading.Thread(target=_attempt, args=(pair, session, self._box), name=pair.check.id, daemon=True).start()
        try:
            done, value = self._box.get(timeout=pair.check.seconds)
        except Empty:
            self._cut(pair, session)
            raise Undetermined(
                f"{pair.check.seconds:g} 秒内没有完成，已中止", "请核对网络与对方是否繁忙，再检查一次。"
            ) from None
        if done:
            return value
        raise value

    def _cut(self, pair: Planned, session: Session) -> None:
        """Aborts a gathering that is over its deadline; one that does not come back costs the target's other checks."""
        ends = time.monotonic() + GRACE
        aborting = _apart(session.abort, "abort")
        aborting.join(GRACE)
        came_back = True
        try:
            self._box.get(timeout=max(0.0, ends - time.monotonic()))
        except Empty:
            came_back = False
        if not came_back or aborting.is_alive():
            self._lost = f"前面的检查 {pair.check.id} 超时后没有停下，本次不再连接该对象"


def _attempt(pair: Planned, session: Session, box: SimpleQueue[tuple[bool, Any]]) -> None:
    try:
        box.put((True, pair.check.gather(session, pair.target)))
    except BaseException as error:  # noqa: BLE001 - raised again in the lane
        box.put((False, error))


def _apart(call: Callable[[], None], what: str) -> threading.Thread:
    """Calls something of a session that may hang or break, on a thread of its own."""

    def called() -> None:
        try:
            call()
        except Exception:
            log.exception("%s of a session broke", what)

    thread = threading.Thread(target=called, name=what, daemon=True)
    thread.start()
    return thread
