"""The program's entry: no arguments → the window, else the command line. What is heavy is imported when needed."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
from pathlib import Path

REHEARSAL_CHILD = "--rehearsal-child"
TOKEN_CHILD = "--token-child"
DATABASE_WORKER = "--database-worker"
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
NO_SCREEN = 4  # could not be carried out


def main() -> int:
    """Runs the program with this process's arguments and returns its exit status."""
    arguments = sys.argv[1:]
    if arguments[:1] == [REHEARSAL_CHILD]:
        from app.rehearsal.__main__ import child_main

        return child_main(arguments[1:])
    if arguments[:1] == [TOKEN_CHILD]:
        from app.checks.certificate.token_child import child_main as read_tokens

        return read_tokens(arguments[1:])
    if arguments[:1] == [DATABASE_WORKER]:
        from app.checks.database.worker import child_main as speak_to_database

        return speak_to_database(arguments[1:])
    if not arguments or arguments == ["--rehearse"]:
        return show_window(None, rehearse=bool(arguments))
    if len(arguments) == 1 and holds_profile(arguments[0]):
        return show_window(Path(arguments[0]), rehearse=False)
    status = command_line(arguments)
    end_at_once(status)
    return status


def holds_profile(folder: str) -> bool:
    try:
        return Path(folder, "site.toml").is_file()
    except OSError:  # no path at all, too long for one
        return False


def show_window(folder: Path | None, *, rehearse: bool) -> int:
    """The window; where there is no screen one line that says so, instead of Qt's abort."""
    if sys.platform.startswith("linux") and not any(map(os.environ.get, SCREENS)):
        sys.stderr.write("错误：这里没有图形界面，打不开窗口。请在桌面上运行，或用命令行（onsite --help）。\n")
        return NO_SCREEN
    from ui.application import run_window

    return run_window(folder, rehearse)


def command_line(arguments: list[str]) -> int:
    """One command of the command line; Ctrl-C and a termination request end it with its status from the first."""
    from app.base.cancellation import interrupt
    from app.base.errors import CancelledError

    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, interrupt)
        from app.cli import main as run

        return run(arguments)
    except KeyboardInterrupt:
        cancelled = CancelledError()
        sys.stderr.write(f"{cancelled}\n")
        return cancelled.exit_status


def end_at_once(status: int) -> None:
    """Ends the process here when threads are left: with a driver's thread still in its native code (a run was
    cancelled) Python's own way out could crash in it, and the status with it.
    """
    if threading.active_count() == 1:
        return
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
