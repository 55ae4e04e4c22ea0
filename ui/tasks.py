"""The one way from the window to a worker thread and back: a callable runs there, its news arrive here by signal.

Nothing that connects, hashes, exports or writes much runs on the window's thread; nothing here knows what it runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QObject, Qt, QTimer, Signal
from shiboken6 import isValid

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError, OnsiteError
from ui import bugs

Report = Callable[[Any], None]
Work = Callable[[Cancellation, Report], Any]


@dataclass(frozen=True)
class Trouble:
    """Why work ended early: one sentence for the person. ``cancelled`` is no fault, ``bug`` has a saved report."""

    sentence: str
    cancelled: bool = False
    bug: bool = False


class Task(QObject):
    """One run of a callable on a thread of its own. All its signals arrive on the window's thread, ``ended`` last."""

    reported = Signal(object)
    done = Signal(object)
    troubled = Signal(object)
    ended = Signal()
    _news = Signal(str, object)

    def __init__(self, title: str, work: Work, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.cancellation = Cancellation()
        self._work = work
        self._news.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name=f"task {title}", daemon=True)

    def start(self) -> None:
        """Begins; signals follow once the event loop runs."""
        self._thread.start()

    def cancel(self) -> None:
        """Asks the work to end at once. Closing sockets may block, so it is done beside the window's thread."""
        threading.Thread(target=self.cancellation.cancel, name="cancel", daemon=True).start()

    def _run(self) -> None:
        try:
            result = self._work(self.cancellation, lambda item: self._news.emit("report", item))
        except CancelledError as error:
            self._news.emit("trouble", Trouble(str(error), cancelled=True))
        except OnsiteError as error:
            self._news.emit("trouble", Trouble(str(error)))
        except BaseException as error:  # noqa: BLE001 - the boundary where known errors and bugs are told apart
            self._news.emit("trouble", Trouble(bugs.sentence(error), bug=True))
        else:
            self._news.emit("done", result)

    def _hear(self, kind: str, item: object) -> None:
        if kind == "report":
            self.reported.emit(item)
            return
        self._thread.join()  # it has nothing left to do, and must have left the signal before this object may go
        (self.done if kind == "done" else self.troubled).emit(item)
        self.ended.emit()


class Tasks(QObject):
    """The work under way in one window. A second start under the same key is refused while the first runs."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: dict[str, Task] = {}
        self._ended: list[Task] = []  # let go at the next start, when nobody is inside one of their signals

    def start(
        self,
        key: str,
        title: str,
        work: Work,
        *,
        reported: Callable[[Any], None] | None = None,
        done: Callable[[Any], None] | None = None,
        troubled: Callable[[Trouble], None] | None = None,
        owner: QObject | None = None,
    ) -> Task | None:
        """Runs ``work`` and calls back on the window's thread; None when the same is running already.

        Nobody is called back once ``owner`` (default: whose methods they are) is gone from the screen.
        """
        if key in self._running:
            return None
        while self._ended:
            self._ended.pop().deleteLater()
        task = Task(title, work, self)
        for signal, hear in ((task.reported, reported), (task.done, done), (task.troubled, troubled)):
            if hear:
                signal.connect(_while_there(hear, owner))
        task.ended.connect(lambda: self._forget(key))
        self._running[key] = task
        self.changed.emit()
        task.start()
        return task

    def running(self) -> tuple[Task, ...]:
        """What is under way, oldest first."""
        return tuple(self._running.values())

    def busy(self, key: str) -> bool:
        return key in self._running

    def cancel(self, key: str = "") -> None:
        """Cancels the work of that key, or all of it."""
        for name, task in list(self._running.items()):
            if not key or name == key:
                task.cancel()

    def finish(self, seconds: float) -> bool:
        """Cancels everything and waits at most ``seconds`` for it to end; False when something still runs."""
        self.cancel()
        limit = QDeadlineTimer(int(seconds * 1000))
        waiting = QEventLoop()
        self.changed.connect(waiting.quit)
        while self._running and not limit.hasExpired():
            QTimer.singleShot(limit.remainingTime(), waiting.quit)
            waiting.exec()
        return not self._running

    def _forget(self, key: str) -> None:
        task = self._running.pop(key, None)
        self.changed.emit()
        if task:
            self._ended.append(task)


def _while_there(hear: Callable[[Any], None], owner: QObject | None) -> Callable[[Any], None]:
    holder = owner or getattr(hear, "__self__", None)

    def hear_if_there(item: object) -> None:
        if not isinstance(holder, QObject) or isValid(holder):
            hear(item)

    return hear_if_there
