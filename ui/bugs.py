"""Errors that nobody foresaw: saved as a report in the program's own folder and named to the person in one sentence."""

from __future__ import annotations

import logging
import platform
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

LOG = logging.getLogger(__name__)


def sentence(error: BaseException) -> str:
    """Saves a report of ``error`` and says where it is. Tracebacks hold no values of variables, so no secret."""
    try:
        return (
            f"程序内部出错（{type(error).__name__}），此操作没有完成。错误报告已保存在 {_save(error)}，请交给实施商。"
        )
    except OSError:
        LOG.exception("no bug report could be written")
        return f"程序内部出错（{type(error).__name__}），此操作没有完成，错误报告也未能写入磁盘。"


def hear_all() -> None:
    """Sends errors that reach the event loop to the same reports instead of a lost standard error."""
    sys.excepthook = _unforeseen


def folder() -> Path:
    """Where the reports are."""
    from app.actions.workspace import home

    return home() / "reports"


def _save(error: BaseException) -> Path:
    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / f"bug-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.txt"
    text = "".join(traceback.format_exception(error))
    path.write_text(f"{platform.platform()}\nPython {platform.python_version()}\n\n{text}", encoding="utf-8")
    LOG.error("unforeseen error, report %s", path)
    return path


def _unforeseen(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.__excepthook__(kind, error, trace)
    if not issubclass(kind, KeyboardInterrupt):
        sys.stderr.write(sentence(error) + "\n")
