"""An open project as the window sees it: its worked-out state, what is being checked, and the signals of both.

It holds nothing that the journal does not hold; pages ask it and tell it, and never append by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.base.errors import OnsiteError
from ui.tasks import Tasks, Trouble

if TYPE_CHECKING:
    from app.actions.overview import Overview
    from app.actions.rehearsing import Running
    from app.actions.workspace import Workspace
    from app.checks.model import Result
    from app.site.model import Target

Pair = tuple[str, str]
CHECKS, SECRETS = "checks", "secrets"
COALESCE_MS = 150


class OpenProject(QObject):
    """``changed``: worked out anew. ``running_changed``: other checks run. ``said``: (sentence, is bad)."""

    changed = Signal()
    running_changed = Signal()
    said = Signal(str, bool)
    saved = Signal(str)

    def __init__(self, workspace: Workspace, rehearsal: Running | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.rehearsal = rehearsal
        self.scope = ""
        self.tasks = Tasks(self)
        self.running: set[Pair] = set()
        self.ask_password: Callable[[Target], bool] | None = None  # set by the window: True when one was typed
        self._skipped: set[str] = set()
        self.overview: Overview = self._work_out()
        self._soon = QTimer(self, singleShot=True, interval=COALESCE_MS)
        self._soon.timeout.connect(self.refresh)

    @property
    def title(self) -> str:
        return self.workspace.site.name

    def show_scope(self, scope: str) -> None:
        """Turns to the records of a service case, or to the project's own with ""."""
        self.scope = scope
        self.refresh()

    def scope_of(self, step: str) -> str:
        """Where a step's records belong: to the chosen service case, but for what is the whole project's."""
        from app.workflow.cases import PERIOD

        return "" if step == PERIOD else self.scope

    def refresh(self) -> None:
        """Works the state out of the journal and tells the pages."""
        self._soon.stop()
        self.overview = self._work_out()
        self.changed.emit()

    def refresh_soon(self) -> None:
        """The same, once for many entries that arrive together."""
        if not self._soon.isActive():
            self._soon.start()

    def record(self, act: Callable[[], Any]) -> str:
        """Carries out one recording action; returns "" when it is on the disk, else why not, which is also said."""
        try:
            act()
        except OnsiteError as error:
            self.said.emit(str(error), True)
            return str(error)
        self.refresh_soon()
        return ""

    def start(
        self,
        key: str,
        title: str,
        work: Callable[..., Any],
        done: Callable[[Any], None] | None = None,
        reported: Callable[[Any], None] | None = None,
        troubled: Callable[[Trouble], None] | None = None,
        owner: QObject | None = None,
    ) -> bool:
        """Runs ``work(cancellation, report)`` on a thread, tells troubles and refreshes. False when it runs already.

        Nobody is called back once ``owner`` (default: whose methods they are) is gone from the screen.
        """
        task = self.tasks.start(key, title, work, done=done, reported=reported, troubled=troubled, owner=owner)
        if task:
            task.troubled.connect(self._trouble)
            task.ended.connect(self.refresh)
        return task is not None

    def check(self, pairs: Sequence[Pair]) -> bool:
        """Puts these checks to the site, after asking for passwords that nobody has typed yet.

        False when checks are running already or there is nothing to check.
        """
        if not pairs or self.workspace.read_only or self.checking:
            return False
        chosen = tuple(pairs)

        def work(_cancellation: Any, _report: Any) -> Any:
            return without_password(self.workspace, {target for _, target in chosen})

        started = self.start(
            SECRETS,
            "正在查找口令",
            work,
            lambda targets: self._ask_then_run(chosen, targets),
            None,
            self._stopped,
            self,
        )
        self._now_running(set(chosen) if started else set())
        return started

    def _ask_then_run(self, pairs: tuple[Pair, ...], targets: Sequence[Target]) -> None:
        for target in targets:
            if target.id not in self._skipped and self.ask_password and not self.ask_password(target):
                self._skipped.add(target.id)
        QTimer.singleShot(0, lambda: self._run(pairs))

    def _run(self, pairs: tuple[Pair, ...]) -> None:
        from app.actions import checking

        chosen, scope = checking.Selection(pairs=pairs), self.scope

        def work(cancellation: Any, report: Any) -> Any:
            return checking.check(self.workspace, chosen, on_result=report, cancellation=cancellation, scope=scope)

        title = f"正在检查（{len(pairs)} 项）"
        if not self.start(CHECKS, title, work, self._checked, self._result, self._stopped):
            self._now_running(set())

    @property
    def checking(self) -> bool:
        return self.tasks.busy(CHECKS) or self.tasks.busy(SECRETS) or bool(self.running)

    def cancel_checks(self) -> None:
        """Ends the run; what came until now is kept."""
        self.tasks.cancel(CHECKS)

    def close(self) -> None:
        """Ends all work, then the project and its rehearsal site."""
        self._soon.stop()
        self.tasks.finish(10)
        if self.rehearsal:
            self.rehearsal.stop()
        else:
            self.workspace.close()

    def _work_out(self) -> Overview:
        from app.actions.overview import overview

        return overview(self.workspace, self.scope)

    def _result(self, result: Result) -> None:
        self._now_running(self.running - {(result.check, result.target)})
        self.refresh_soon()

    def _checked(self, results: Sequence[Result]) -> None:
        self._now_running(set())
        from app.checks.model import Outcome

        bad = any(result.outcome in (Outcome.FAIL, Outcome.UNKNOWN) for result in results)
        self.said.emit(f"检查结束：{summary(results)}。", bad)

    def _stopped(self, _trouble: Trouble) -> None:
        self._now_running(set())

    def _trouble(self, trouble: Trouble) -> None:
        self.said.emit(trouble.sentence, not trouble.cancelled)

    def _now_running(self, pairs: set[Pair]) -> None:
        self.running = pairs
        self.running_changed.emit()


def summary(results: Sequence[Result]) -> str:
    """How many results say what: ``合格 12，不合格 1``."""
    from app.checks.model import OUTCOME_WORDS

    counted = ((word, sum(result.outcome is outcome for result in results)) for outcome, word in OUTCOME_WORDS.items())
    return "，".join(f"{word} {number}" for word, number in counted if number) or "没有结果"


def without_password(workspace: Workspace, targets: set[str]) -> tuple[Target, ...]:
    """Those of the targets that log in as a user and have no password yet. Asks the keyring, so it may take a while."""
    from app.actions.approval import account_of

    wanted = [target for target in workspace.site.targets if target.id in targets and account_of(target)]
    return tuple(target for target in wanted if workspace.secrets.get(target.id) is None)
