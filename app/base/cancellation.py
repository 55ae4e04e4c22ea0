"""One token that a person's Cancel sets and long work asks; blocking work registers what must be closed at once."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from types import FrameType

from app.base.errors import CancelledError


class Cancellation:
    """Set once, from any thread, never cleared.

    Work that loops calls ``check()``; work that blocks on a socket registers a closing function with ``on_cancel``.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._next = 0

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raises CancelledError once cancelled."""
        if self.cancelled:
            raise CancelledError()

    def wait(self, seconds: float) -> bool:
        """Waits at most ``seconds``; True when cancelled meanwhile."""
        return self._event.wait(seconds)

    def on_cancel(self, close: Callable[[], None]) -> Callable[[], None]:
        """Calls ``close`` on cancel (immediately when already cancelled). Returns a function that forgets it."""
        with self._lock:
            if not self.cancelled:
                key = self._next
                self._next += 1
                self._callbacks[key] = close
                return lambda: self._forget(key)
        close()
        return lambda: None

    def cancel(self) -> None:
        """Sets the token and runs every registered closing function once."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = list(self._callbacks.values()), {}
        for close in callbacks:
            close()

    def _forget(self, key: int) -> None:
        with self._lock:
            self._callbacks.pop(key, None)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or a termination request. Not KeyboardInterrupt itself: Python ends by the signal, whatever status was
    asked for, when that once passed through generated code (a dataclass being made, say).
    """


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """A signal handler: ends what the main thread is doing."""
    raise Interrupted()


@contextlib.contextmanager
def cancelled_by_signals() -> Iterator[Cancellation]:
    """A token that Ctrl-C (and a termination request) sets; a second Ctrl-C interrupts.

    The handler only leaves word: it runs in the main thread, which may hold the very locks that cancelling takes.
    """
    cancellation = Cancellation()
    asked: SimpleQueue[bool] = SimpleQueue()

    def watch() -> None:
        if asked.get():
            cancellation.cancel()

    def leave_word(*_: object) -> None:
        signal.signal(signal.SIGINT, interrupt)
        asked.put(True)

    threading.Thread(target=watch, name="cancel", daemon=True).start()
    before = {number: signal.signal(number, leave_word) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancellation
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        asked.put(False)
