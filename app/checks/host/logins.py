"""One log-in attempt for a host and run, whoever connects: its own checks, or those of a host behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from app.base.cancellation import Cancellation
from app.checks.model import Failed, Undetermined

POLL = 0.1  # seconds
_RUNS: WeakKeyDictionary[Cancellation, dict[str, LogIn]] = WeakKeyDictionary()
_LOCK = threading.Lock()


@dataclass
class LogIn:
    """``spent``: what the one attempt came to, unless it succeeded."""

    spent: Failed | Undetermined | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def turn(self, check: Callable[[], None]) -> Iterator[None]:
        """Waits for another's attempt to end, then holds the turn. Raises what an earlier attempt came to, and what
        ``check`` raises while waiting.
        """
        while not self.lock.acquire(timeout=POLL):
            check()
        try:
            check()
            if self.spent is not None:
                raise self.spent
            yield
        finally:
            self.lock.release()


def of_run(cancellation: Cancellation, host_id: str) -> LogIn:
    """The log-in of that host in the run that ``cancellation`` belongs to."""
    with _LOCK:
        return _RUNS.setdefault(cancellation, {}).setdefault(host_id, LogIn())
