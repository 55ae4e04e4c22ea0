"""The program's log and its reports of bugs: in the platform's folder, through one filter that takes secrets out."""

from __future__ import annotations

import logging
import os
import platform
import sys
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

import platformdirs

from app.base import clock
from app.base.redaction import redact

NAME = "onsite.log"
SIZE, KEPT = 2 << 20, 3  # bytes of one log file, and how many older ones are kept
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Redacting(logging.Formatter):
    """Formats a record, its traceback included, and takes every known secret out of the result."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def folder() -> Path:
    """Where logs and reports lie: beside this installation's own files, outside every project."""
    home = os.environ.get("ONSITE_HOME")
    return Path(home, "log") if home else Path(platformdirs.user_log_dir("onsite-assistant", appauthor=False))


def start_logging() -> None:
    """Writes warnings and worse to the log file; where it cannot be written there is none, and nothing else fails."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(folder() / NAME, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8", delay=True)
    except OSError:
        return
    handler.setFormatter(Redacting("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a full disk must not print tracebacks between the program's own lines


def save_report(error: ExcInfo) -> Path:
    """Keeps a bug's traceback as a file of its own and returns it. Raises OSError where it cannot be written."""
    moment = clock.now()
    place = folder() / f"bug-{moment:%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    lines = [
        f"{clock.stamp(moment)}  Python {platform.python_version()}  {platform.platform()}",
        f"arguments: {len(sys.argv) - 1}",  # how many, not what: they may name people and places
        *traceback.format_exception(*error),
    ]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(redact("\n".join(lines)), encoding="utf-8", errors="backslashreplace")
    return place
