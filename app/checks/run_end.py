"""What must be closed when a run is over, whoever of its targets opened it: connections that several of them share."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from weakref import WeakKeyDictionary

from app.base.cancellation import Cancellation

log = logging.getLogger(__name__)
_CLOSING: WeakKeyDictionary[Cancellation, list[Callable[[], None]]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def at_end(cancellation: Cancellation, close: Callable[[], None]) -> None:
    """Calls ``close`` once when the run of ``cancellation`` is over; it must not block."""
    with _LOCK:
        _CLOSING.setdefault(cancellation, []).append(close)


def end(cancellation: Cancellation) -> None:
    """The run is over: what was registered is closed, last come first. Never raises."""
    with _LOCK:
        closing = _CLOSING.pop(cancellation, [])
    for close in reversed(closing):
        try:
            close()
        except Exception:
            log.exception("closing at the end of a run broke")
