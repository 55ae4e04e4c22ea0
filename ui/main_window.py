"""The window: the start page, then one project at a time; opening, rehearsing and verifying run beside its thread."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow, QStackedWidget, QWidget

from ui.look import theme
from ui.look.cards import Text, column
from ui.notices import NoticeBar, WorkBar
from ui.pages.start import StartPage
from ui.tasks import Tasks, Trouble

if TYPE_CHECKING:
    from ui.help_viewer import HelpViewer
    from ui.open_project import OpenProject
    from ui.project_view import ProjectView

TITLE = "现场实施助手"
SMALLEST = (1120, 640)
USUAL = (1366, 720)


class MainWindow(QMainWindow):
    """``shown_once`` is emitted after the first paint."""

    shown_once = Signal()

    def __init__(self, settings: QSettings | None = None) -> None:
        super().__init__()
        self._settings = settings
        self._painted = False
        self._new_before = ("", "")
        self.tasks = Tasks(self)
        self.project: OpenProject | None = None
        self.view: ProjectView | None = None
        self._help: HelpViewer | None = None
        self.start = StartPage()
        self.notices = NoticeBar()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.start)
        holder = QWidget()
        holder.setLayout(column(self.notices, self._stack, spacing=0))
        self.setCentralWidget(holder)
        self._status()
        self._connect()
        self.setWindowTitle(TITLE)
        self.setMinimumSize(*SMALLEST)
        self._restore()

    def open_folder(self, folder: Path) -> None:
        """Opens the project in ``folder``; one that belongs to the rehearsal site gets that site started."""
        from app.actions import workspace

        def work(_cancellation: Any, _report: Any) -> Any:
            opened = workspace.open_workspace(folder)
            if not opened.rehearsal or opened.read_only:
                return opened, None
            opened.close()
            return _rehearse(folder)

        self._begin("open", f"正在打开 {folder}", work)

    def create_project(self, folder: Path, profile: Path) -> None:
        """Makes a new project and opens it."""
        from app.actions import workspace

        self._begin("open", "正在建立项目", lambda cancellation, report: (workspace.create(folder, profile), None))

    def rehearse(self, folder: Path | None = None) -> None:
        """Starts the rehearsal site, resuming the project that lies in ``folder`` (default: this laptop's own)."""
        from app.base.home import home

        place = folder or home() / "rehearsal"
        self._begin("open", "正在启动演练现场", lambda cancellation, report: _rehearse(place))

    def verify(self, path: Path) -> None:
        """Verifies a project, a package or a signed document, and shows what was found."""
        from app.actions import packaging

        self._begin(
            "verify",
            f"正在校验 {path.name}",
            lambda cancellation, report: packaging.verify(path, cancellation),
            self._verified,
        )

    def show_help(self) -> None:
        """Opens the help, or brings it to the front."""
        from ui.help_viewer import HelpViewer

        if self._help is None:
            self._help = HelpViewer(self)
        self._help.show()
        self._help.raise_()
        self._help.activateWindow()

    def go_home(self) -> bool:
        """Closes the project and shows the start page; False when something could not be saved."""
        if self.view and not self.view.leave():
            return False
        if self.project and self.view:
            self._stack.setCurrentWidget(self.start)
            self._stack.removeWidget(self.view)
            self.view.deleteLater()
            self.project.close()
            self.project.deleteLater()
            self.project, self.view = None, None
        self.setWindowTitle(TITLE)
        self.saved.say("")
        self._list_recent()
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self._after_first_paint)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.go_home():
            event.ignore()
            return
        self.tasks.finish(10)
        if self._settings:
            self._settings.setValue("geometry", self.saveGeometry())
        event.accept()

    def _after_first_paint(self) -> None:
        self.shown_once.emit()
        if os.environ.get("ONSITE_EXIT_WHEN_SHOWN") == "1":
            QApplication.exit(0)
            return
        self._list_recent()

    def _status(self) -> None:
        self.saved = Text("", "muted", 9.5, wrap=False)
        self.work = WorkBar()
        self.work.watch(self.tasks)
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.setContentsMargins(theme.GRID, 0, theme.GRID, 0)
        bar.addWidget(self.saved)
        bar.addPermanentWidget(self.work)

    def _connect(self) -> None:
        self.start.new_wanted.connect(self._ask_new)
        self.start.open_wanted.connect(self._ask_open)
        self.start.folder_wanted.connect(self.open_folder)
        self.start.rehearsal_wanted.connect(lambda: self.rehearse())
        self.start.verify_wanted.connect(self._ask_verify)
        self.start.help_wanted.connect(self.show_help)

    def _begin(self, key: str, title: str, work: Any, done: Any = None) -> None:
        self.notices.hide()
        self.tasks.start(key, title, work, done=done or self._opened, troubled=self._trouble)

    def _opened(self, pair: tuple[Any, Any]) -> None:
        from ui.dialogs.asking import ask_password
        from ui.open_project import OpenProject
        from ui.project_view import ProjectView

        self.go_home()
        workspace, running = pair
        project = OpenProject(workspace, running, self)
        project.ask_password = lambda target: ask_password(self, project, target)
        self.work.watch(project.tasks)
        project.saved.connect(self._saved)
        project.changed.connect(self._journal_state)
        self.project, self.view = project, ProjectView(project, self._settings)
        self._new_before = ("", "")
        self.view.home_wanted.connect(self.go_home)
        self.view.help_wanted.connect(self.show_help)
        self._stack.addWidget(self.view)
        self._stack.setCurrentWidget(self.view)
        mark = "［演练］" if workspace.rehearsal else ""
        self.setWindowTitle(f"{mark}{project.title} — {TITLE}")
        self._journal_state()

    def _saved(self, title: str) -> None:
        from datetime import datetime

        self.saved.say(f"已保存 {datetime.now():%H:%M:%S}　{title}")

    def _journal_state(self) -> None:
        if self.project and not self.saved.text().startswith("已保存"):
            folder = self.project.workspace.folder
            self.saved.say(f"只读　{folder}" if self.project.workspace.read_only else f"项目文件夹　{folder}")

    def _verified(self, report: Any) -> None:
        from ui.dialogs.verification import VerificationDialog

        VerificationDialog(self, report).exec()

    def _trouble(self, trouble: Trouble) -> None:
        self.notices.say(trouble.sentence, not trouble.cancelled)

    def _list_recent(self) -> None:
        from app.actions.recents import recent

        self.start.show_recent(recent())

    def _ask_new(self) -> None:
        from ui.dialogs.new_project import ask_new_project

        self._new_before = ask_new_project(self, self.create_project, self._new_before)

    def _ask_open(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "打开项目文件夹")
        if chosen:
            self.open_folder(Path(chosen))

    def _ask_verify(self, folder: bool) -> None:
        if folder:
            chosen = QFileDialog.getExistingDirectory(self, "校验哪个移交包或项目文件夹")
        else:
            chosen, _ = QFileDialog.getOpenFileName(self, "校验哪个文件", "", "Word 文件 (*.docx)")
        if chosen:
            self.verify(Path(chosen))

    def _restore(self) -> None:
        kept = self._settings.value("geometry") if self._settings else None
        if kept is None or not self.restoreGeometry(kept):
            self.resize(*USUAL)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)


def _rehearse(folder: Path) -> tuple[Any, Any]:
    from app.actions.rehearsing import start_rehearsal

    folder.parent.mkdir(parents=True, exist_ok=True)
    running = start_rehearsal(folder)
    return running.workspace, running
