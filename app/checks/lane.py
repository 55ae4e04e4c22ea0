"""The checks of one target put to it in order, each gathering under its deadline. Judging the facts is the runner's."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
    Session,
    Surroundings,
    Transcript,
    Undetermined,
    Verdict,
)
from app.site.model import Target

GRACE = 3.0  # seconds that an aborted gathering has to come back before its target is given up
CLOSING = 2.0  # seconds that a session has to close

OpenSession = Callable[[Target, Surroundings], Session]
Box = SimpleQueue[tuple[bool, Any]]
log = logging.getLogger(__name__)


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


class Lane:
    """The checks of one target, on a thread of their own; ``emit`` gets one answer for each, from that thread.

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
        self._box: Box = SimpleQueue()
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
        asked: list[Session] = []
        try:
            verdict = spared(pair, self._surroundings)
            if verdict is None:
                facts = self._gather(pair, asked.append)
        except BaseException as error:  # noqa: BLE001 - a driver's panic too may cost only this check
            verdict = trouble(error, pair)
        seconds = time.monotonic() - began
        answer = Answer(pair, started, seconds, facts, verdict)
        return replace(answer, **_seen(asked[0])) if asked else answer

    def _gather(self, pair: Planned, asking: Callable[[Session], None]) -> Facts:
        """The facts, or the exception of gathering them; at the deadline the session is aborted.

        ``asking`` is called with the session once the check is about to be put to it.
        """
        if self._lost:
            raise Undetermined(self._lost)
        if self._session is None:
            self._session = self._open_session(pair.target, self._surroundings)
        session, self._box = self._session, SimpleQueue()
        if self._stopped.is_set():
            raise CancelledError()
        session.transcript = Transcript()
        asking(session)
        threading.Thread(target=_attempt, args=(pair, session, self._box), name=pair.check.id, daemon=True).start()
        try:
            done, value = self._box.get(timeout=pair.check.seconds)
        except Empty:
            self._cut(pair, session)
            reason = f"{pair.check.seconds:g} 秒内没有完成，已中止"
            raise Undetermined(reason, "请核对网络与对方是否繁忙，再检查一次。") from None
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


def spared(pair: Planned, surroundings: Surroundings) -> Verdict | None:
    """The verdict of a check that need not, or may not, connect; None for one that is to be asked."""
    if reason := pair.check.applies(pair.target, surroundings.site):
        return Verdict(Outcome.NOT_APPLICABLE, "", "", reason)
    if pair.check.sends and not pair.check.minds_sending and not getattr(pair.target, "send", False):
        advice = "客户同意后，在现场配置文件里给该对象写 send = true，再检查。"
        return Verdict(Outcome.UNKNOWN, "", "", "未获准发送：这项检查会在对方留下数据", advice)
    return None


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


def _seen(session: Session) -> dict[str, Any]:
    """What the session knows besides the facts; a session without it costs nothing."""
    offset = getattr(session, "offset_seconds", None)
    return {
        "route": getattr(session, "route", ""),
        "offset_seconds": offset if offset is not None and math.isfinite(offset) else None,
        "transcript": session.transcript.text(),
    }


def _attempt(pair: Planned, session: Session, box: Box) -> None:
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
