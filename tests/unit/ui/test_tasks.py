"""Work runs beside the window's thread; its news arrive on that thread; cancel cancels."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.base.errors import UnavailableError
from ui.tasks import Tasks, Trouble


def test_work_runs_elsewhere_and_its_news_arrive_here(qtbot: QtBot) -> None:
    tasks, heard = Tasks(), list[tuple[str, Any, bool]]()

    def note(kind: str, item: Any) -> None:
        heard.append((kind, item, threading.current_thread() is threading.main_thread()))

    def work(cancellation: Any, report: Any) -> bool:
        report(1)
        return threading.current_thread() is threading.main_thread()

    task = tasks.start("a", "事", work, reported=lambda x: note("r", x), done=lambda x: note("d", x))
    assert task
    with qtbot.waitSignal(task.ended):
        pass
    assert heard == [("r", 1, True), ("d", False, True)]
    assert not tasks.running()


def test_a_second_start_of_the_same_work_is_refused_while_it_runs(qtbot: QtBot) -> None:
    tasks, gate = Tasks(), threading.Event()
    first = tasks.start("export", "导出", lambda c, r: gate.wait(10))
    assert first
    assert tasks.start("export", "导出", lambda c, r: None) is None
    with qtbot.waitSignal(first.ended):
        gate.set()
    assert tasks.start("export", "导出", lambda c, r: None)
    tasks.finish(5)


def test_cancel_ends_work_that_waits_and_is_no_fault(qtbot: QtBot) -> None:
    tasks, troubles = Tasks(), list[Trouble]()

    def work(cancellation: Any, report: Any) -> None:
        cancellation.wait(30)
        cancellation.check()

    task = tasks.start("c", "检查", work, troubled=troubles.append)
    assert task
    with qtbot.waitSignal(task.ended, timeout=5000):
        tasks.cancel("c")
    assert [(trouble.cancelled, trouble.bug) for trouble in troubles] == [(True, False)]


def test_a_known_error_is_its_sentence_and_a_bug_names_its_report(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path))
    tasks, troubles = Tasks(), list[Trouble]()

    def known(cancellation: Any, report: Any) -> None:
        raise UnavailableError("U盘已拔出。")

    def bug(cancellation: Any, report: Any) -> None:
        raise KeyError("unforeseen")

    for name, work in (("k", known), ("b", bug)):
        task = tasks.start(name, name, work, troubled=troubles.append)
        assert task
        with qtbot.waitSignal(task.ended):
            pass
    assert troubles[0] == Trouble("U盘已拔出。")
    (report,) = (tmp_path / "log").glob("bug-*.txt")
    assert troubles[1].bug
    assert str(report) in troubles[1].sentence
    assert "unforeseen" in report.read_text(encoding="utf-8")


def test_nobody_who_has_gone_is_called(qtbot: QtBot) -> None:
    tasks, gate, owner, heard = Tasks(), threading.Event(), QObject(), list[Any]()
    task = tasks.start("g", "事", lambda c, r: gate.wait(10), done=heard.append, owner=owner)
    assert task
    owner.deleteLater()
    qtbot.waitUntil(lambda: not _there(owner))
    with qtbot.waitSignal(task.ended):
        gate.set()
    assert heard == []


def _there(thing: QObject) -> bool:
    from shiboken6 import isValid

    return bool(isValid(thing))
