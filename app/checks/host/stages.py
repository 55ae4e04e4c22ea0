"""The stages of the way into a host, each on a thread of its own and waited for by whoever needs what it brings."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from app.base.identity import mask
from app.checks.model import Failed

if TYPE_CHECKING:
    from app.checks.host.connection import HostKey

POLL = 0.1  # seconds between looks at whether the asker still waits


@dataclass(frozen=True)
class Presented:
    """The key that the server showed, and what is known of it: ``expected`` is "" when nothing is."""

    key: HostKey
    expected: str
    target: str

    @property
    def right(self) -> bool:
        return bool(self.expected) and self.key.fingerprint == self.expected


@dataclass(frozen=True)
class LoggedIn:
    """``seconds``: from asking for the methods to being let in."""

    user: str
    method: str
    seconds: float


class Refused(Failed):
    """The port refused the connection."""


class Asker(Protocol):
    """Who waits for a stage."""

    def going_on(self) -> None:
        """Raises once it need not be waited any longer."""

    def heard(self, job: Job) -> None:
        """Is told of a stage once it has waited for it."""


class Job:
    """A stage on its thread; ``notes`` are for the transcripts of all who wait for it."""

    def __init__(self, step: Callable[[Job], Any]) -> None:
        self.notes: list[str] = []
        self.error: BaseException | None = None
        self._value: Any = None
        self._done = threading.Event()
        threading.Thread(target=self._run, args=(step,), name="stage", daemon=True).start()

    def _run(self, step: Callable[[Job], Any]) -> None:
        try:
            self._value = step(self)
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self.error = error
            self.note(f"← {error}")
        self._done.set()

    def note(self, text: str) -> None:
        self.notes.append(mask(text))

    @property
    def done(self) -> bool:
        return self._done.is_set()

    @property
    def succeeded(self) -> bool:
        return self.done and self.error is None

    def result(self, asker: Asker) -> Any:
        """Waits; raises what the stage raised, or what the asker says of going on."""
        try:
            while not self._done.wait(POLL):
                asker.going_on()
            asker.going_on()
        finally:
            asker.heard(self)
        if self.error is not None:
            raise self.error.with_traceback(None)
        return self._value
