"""The window's process: the Qt application, its fonts and language, the window, and its exit status."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QSettings, QTimer, QTranslator
from PySide6.QtWidgets import QApplication

from ui import bugs
from ui.look import theme
from ui.main_window import TITLE, MainWindow


def run_window(folder: Path | None = None, rehearse: bool = False) -> int:
    """Shows the window until it is closed; opens ``folder``, or the rehearsal site (in ``folder``). Returns the status.

    With ``ONSITE_EXIT_WHEN_SHOWN=1`` it ends, status 0, after its first paint.
    """
    application = make_application()
    window = MainWindow(settings())
    window.show()
    start_logging()
    if rehearse:
        QTimer.singleShot(0, lambda: window.rehearse(folder))
    elif folder:
        QTimer.singleShot(0, lambda: window.open_folder(folder))
    return application.exec()


def start_logging() -> None:
    """Once the window is on its way: the log must not make it wait."""
    from app.base import log

    log.start_logging()


def make_application() -> QApplication:
    """The application object, dressed; the existing one when there is one."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("onsite")
    application.setApplicationDisplayName(TITLE)
    QLocale.setDefault(QLocale(QLocale.Language.Chinese, QLocale.Country.China))
    if not application.property("dressed"):
        application.setProperty("dressed", True)
        speak_chinese(application)
        theme.follow_desktop(application)
        bugs.hear_all()
    return application


def speak_chinese(application: QApplication) -> None:
    """Qt's own words (choosing files, calendars, what a right click offers) in the interface's language."""
    translator = QTranslator(application)
    if translator.load("qtbase_zh_CN", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        application.installTranslator(translator)


def settings() -> QSettings:
    """Where the window was and which page it showed: conveniences, no evidence."""
    from app.base.home import home

    return QSettings(str(home() / "window.ini"), QSettings.Format.IniFormat)
