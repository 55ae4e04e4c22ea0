"""Errors that nobody foresaw: saved as a report beside the log and named to the person in one sentence."""

from __future__ import annotations

import logging
import sys
from types import TracebackType

LOG = logging.getLogger(__name__)


def sentence(error: BaseException) -> str:
    """Saves a report of ``error`` and says where it is."""
    from app.base.log import save_report

    begun = f"程序内部出错（{type(error).__name__}），此操作没有完成"
    try:
        report = save_report((type(error), error, error.__traceback__))
    except OSError:
        LOG.exception("no bug report could be written")
        return f"{begun}，错误报告也未能写入磁盘。"
    return f"{begun}。错误报告已保存在 {report}，请交给实施商。"


def hear_all() -> None:
    """Sends errors that reach the event loop to the same reports instead of a lost standard error."""
    sys.excepthook = _unforeseen


def _unforeseen(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.__excepthook__(kind, error, trace)
    if not issubclass(kind, KeyboardInterrupt):
        sys.stderr.write(sentence(error) + "\n")
