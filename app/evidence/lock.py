"""One writer a project: an operating-system lock that ends with its process, and a note of who has it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import sys
from pathlib import Path
from typing import BinaryIO

from app.base import clock
from app.base.files import cause

NAME = "journal.lock"
TAKEN = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK})  # EACCES, EDEADLK: Windows


class Lock:
    """``holder`` is empty when the lock is ours, else who has it, in Chinese."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._note = folder / f"{NAME}.txt"
        self._file: BinaryIO | None = None
        self.holder = ""

    def take(self) -> bool:
        """True when the project may be written now; False when another program has it, or the folder is read-only."""
        try:
            file = self._path.open("a+b")
        except OSError:
            self.holder = "文件夹不可写"
            return False
        try:
            _lock(file)
        except OSError as error:
            file.close()
            self.holder = self._who() if error.errno in TAKEN else f"所在磁盘不支持加锁（{cause(error)}）"
            return False
        self._file = file
        self.holder = ""
        self._leave_note()
        return True

    def _leave_note(self) -> None:
        """Who has it, for others to read; a disk too full for the note does not keep the project from opening."""
        note = {"host": platform.node(), "pid": os.getpid(), "since": clock.stamp(clock.now())}
        with contextlib.suppress(OSError):
            self._note.write_text(json.dumps(note, ensure_ascii=False), encoding="utf-8")

    def release(self) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def _who(self) -> str:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            return f"{note['host']} 上的程序（进程 {note['pid']}，自 {_moment(note['since'])}）正在使用"
        except (OSError, ValueError, KeyError, TypeError):
            return "另一个程序正在使用"


def _moment(stamp: str) -> str:
    return f"{clock.parse(stamp).astimezone():%m-%d %H:%M}"


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
