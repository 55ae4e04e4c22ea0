"""Pictures of every page of the wizard, drawn without a screen: for the showcase and for looking at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, QEventLoop, QTimer
from PySide6.QtWidgets import QWidget

from ui import journey
from ui.application import make_application
from ui.journey import Place
from ui.main_window import MainWindow
from ui.open_project import OpenProject
from ui.project_view import ProjectView

if TYPE_CHECKING:
    from app.actions.rehearsing import Running
    from app.actions.workspace import Workspace

SIZES = ((1366, 768), (1920, 1080))
LONGEST_MS = 20_000


def pictures(
    workspace: Workspace,
    folder: Path,
    sizes: Sequence[tuple[int, int]] = SIZES,
    running: Running | None = None,
    steps: Sequence[str] = (),
) -> list[Path]:
    """Draws the start page and every page of the project (all steps, or ``steps``) at each size into ``folder``.

    Returns the PNG files in the order of the wizard. The workspace stays open.
    """
    make_application()
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    for width, height in sizes:
        made += _at_size(workspace, running, folder, (width, height), steps)
    return made


def _at_size(
    workspace: Workspace, running: Running | None, folder: Path, size: tuple[int, int], steps: Sequence[str]
) -> Iterator[Path]:
    from app.actions.recents import recent

    ending = f"{size[0]}x{size[1]}"
    window = MainWindow()
    window.resize(*size)
    window.start.show_recent(recent())
    yield _save(window, folder / f"00-start-{ending}.png")
    project = OpenProject(workspace, running)
    view = ProjectView(project)
    window.setCentralWidget(view)
    for number, (name, place) in enumerate(_places(workspace, steps), 1):
        view.go(place)
        _settle(project)
        yield _save(window, folder / f"{number:02d}-{name}-{ending}.png")
    view.setParent(None)
    view.deleteLater()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _places(workspace: Workspace, steps: Sequence[str]) -> Iterator[tuple[str, Place]]:
    for step in workspace.workflow.steps():
        if not steps or step.id in steps:
            yield step.id, Place(journey.STEP, step.id)
    for page in journey.PAGES[1:]:
        yield page, Place(page)


def _settle(project: OpenProject) -> None:
    """Waits for what a page reads beside the window's thread."""
    limit, waiting = QDeadlineTimer(LONGEST_MS), QEventLoop()
    project.tasks.changed.connect(waiting.quit)
    while project.tasks.running() and not limit.hasExpired():
        QTimer.singleShot(limit.remainingTime(), waiting.quit)
        waiting.exec()


def _save(window: QWidget, path: Path) -> Path:
    window.ensurePolished()
    QCoreApplication.sendPostedEvents()
    QCoreApplication.processEvents()
    window.grab().save(str(path))
    return path
