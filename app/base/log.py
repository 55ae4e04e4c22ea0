"""The program's log and its reports of bugs: in the platform's folder, through one filter that takes secrets out."""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import sys
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from app.base import clock
from app.base.identity import mask
from app.base.redaction import redact, redact_patterns

NAME = "onsite.log"
SIZE, KEPT = 2 << 20, 3  # bytes of one log file, and how many older ones are kept
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def clean(text: str) -> str:
    """``text`` without the secrets that are known, whatever looks like one, and identity numbers."""
    return mask(redact_patterns(redact(text)))


class Redacting(logging.Formatter):
    """Formats a record, its traceback included, and cleans the result: the one way into the log file."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


class LogFile(RotatingFileHandler):
    """The log file. Of two programs only the first may be able to rotate it on Windows; the other goes on writing."""

    def doRollover(self) -> None:
        with contextlib.suppress(OSError):
            super().doRollover()
        if self.stream is None:
            self.stream = self._open()


def folder() -> Path:
    """Where logs and reports lie: beside this installation's own files, outside every project."""
    if home := os.environ.get("ONSITE_HOME"):
        return Path(home, "log")
    import platformdirs

    return Path(platformdirs.user_log_dir("onsite-assistant", appauthor=False))


def start_logging() -> None:
    """Writes warnings and worse to the log file; where it cannot be written there is none, and nothing else fails.

    Called once by each entry of the program; a second call changes nothing.
    """
    root = logging.getLogger()
    if any(isinstance(handler, LogFile) for handler in root.handlers):
        return
    try:
        folder().mkdir(parents=True, exist_ok=True)
        handler = LogFile(folder() / NAME, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8", errors="backslashreplace")
    except OSError:
        root.addHandler(logging.NullHandler())  # without any, Python writes warnings to standard error as they are
        return
    handler.setFormatter(Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a full disk must not print tracebacks between the program's own lines


def save_report(error: ExcInfo) -> Path:
    """Keeps a bug's traceback as a file of its own and returns it. Raises OSError where it cannot be written."""
    moment = clock.now()
    lines = [
        f"{clock.stamp(moment)}  Python {platform.python_version()}  {platform.platform()}",
        f"arguments: {len(sys.argv) - 1}",  # how many, not what: they may name people and places
        *traceback.format_exception(*error),
    ]
    content = clean("\n".join(lines)).encode("utf-8", "backslashreplace")
    folder().mkdir(parents=True, exist_ok=True)
    return _write_new(f"bug-{moment:%Y%m%d-%H%M%S}-{os.getpid()}", content)


def _write_new(stem: str, content: bytes) -> Path:
    """A file that was not there before: two bugs of one second are two reports."""
    for number in range(1, 1000):
        place = folder() / f"{stem}{f'-{number}' if number > 1 else ''}.txt"
        with contextlib.suppress(FileExistsError), place.open("xb") as file:
            file.write(content)
            return place
    raise OSError(f"no free name for {stem}")
