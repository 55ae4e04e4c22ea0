"""How the journal's file is reached: durable for the one writer, never changed by a reader, copied before a migration.

What is in it belongs to ``app.evidence.store``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

from app.base.errors import DamagedError, OnsiteError, UnavailableError
from app.base.files import cause, sync_folder

WAL = "-wal"  # what SQLite appends to the file's name for entries that are not yet moved into it
# Result codes of SQLite (sqlite.org/rescode.html) that speak of the disk, not of the file's content.
OF_THE_DISK = {
    sqlite3.SQLITE_FULL: "磁盘已满",
    sqlite3.SQLITE_READONLY: "只读",
    sqlite3.SQLITE_IOERR: "读写出错，磁盘可能已满或已拔出",
    sqlite3.SQLITE_BUSY: "另一个程序正在写",
    sqlite3.SQLITE_LOCKED: "另一个程序正在写",
    sqlite3.SQLITE_CANTOPEN: "文件打不开",
    sqlite3.SQLITE_PERM: "没有权限",
    sqlite3.SQLITE_NOMEM: "内存不足",
    sqlite3.SQLITE_INTERRUPT: "被中断",
}
# Why SQLite cannot read beside a journal on a medium that takes no file.
WRITE_PROTECTED = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM)


def as_known_error(path: Path, error: sqlite3.Error, attempt: str) -> OnsiteError:
    """What to tell the person of ``error``; ``attempt`` is 写不进 or 读不了."""
    if isinstance(error, sqlite3.ProgrammingError):
        return UnavailableError(f"实施日志 {path} 已关闭，请重新打开项目。")
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in OF_THE_DISK:
        return UnavailableError(f"实施日志 {path} {attempt}（{OF_THE_DISK[code]}）。请检查磁盘空间与连接后重试。")
    return DamagedError(f"实施日志 {path} 已损坏，{attempt}（{error}）。没有改动它；请用移交包或备份恢复。")


def connect_writer(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """A connection in autocommit, durable at every commit (WAL, FULL). Raises UnavailableError, DamagedError."""
    connection = _connect(path, "rwc" if create else "rw")
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise as_known_error(path, error, "写不进") from error
    return connection


def connect_reader(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """A connection that never changes the file, and the copy's folder if it reads from a copy.

    On a write-protected medium SQLite cannot read entries that still stand in the file beside the journal: there both
    are copied and read from the copy. Raises UnavailableError, DamagedError.
    """
    connection = _connect(path, "ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        return connection, None
    except sqlite3.DatabaseError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in WRITE_PROTECTED:
            tidy(path)
            raise as_known_error(path, error, "读不了") from error
    wal = path.with_name(path.name + WAL)
    if wal.exists() and wal.stat().st_size:
        copy = copy_whole(path)
        return _connect(copy, "rw"), copy.parent
    return _connect(path, "ro&immutable=1"), None


def tidy(path: Path) -> None:
    """Takes away the empty files that a reader leaves beside the journal. SQLite itself does it when a connection that
    may write is the last to close, and knows whether it is.
    """
    wal = path.with_name(path.name + WAL)
    with contextlib.suppress(OSError, sqlite3.Error, OnsiteError):
        if wal.stat().st_size == 0:
            with contextlib.closing(_connect(path, "rw")) as connection:
                connection.execute("SELECT 1 FROM sqlite_master").fetchone()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?mode={mode}"
    try:
        return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=10)
    except sqlite3.DatabaseError as error:
        raise as_known_error(path, error, "读不了") from error


def copy_whole(path: Path) -> Path:
    """The journal with what stands beside it, copied into a new temporary folder. Raises UnavailableError."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="onsite-"))
        for place in (path, path.with_name(path.name + WAL)):
            if place.exists():
                shutil.copyfile(place, folder / place.name)
    except OSError as error:
        raise UnavailableError(f"实施日志 {path} 不能复制到本机来读（{cause(error)}）。请检查磁盘空间。") from error
    return folder / path.name


def keep_older(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """A whole copy of an older journal beside it, under a name that is free. Raises UnavailableError."""
    names = (f"{path.name}.{version}{f'-{number}' if number else ''}" for number in range(1000))
    place = next(path.with_name(name) for name in names if not path.with_name(name).exists())
    part = place.with_name(place.name + ".part")
    try:
        part.unlink(missing_ok=True)
        connection.execute("VACUUM INTO ?", (str(part),))
        handle = os.open(part, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        part.replace(place)
        sync_folder(place.parent)
    except sqlite3.DatabaseError as error:
        part.unlink(missing_ok=True)
        raise as_known_error(path, error, "复制不了") from error
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UnavailableError(f"升级前备份不了实施日志 {path}（{cause(error)}）。请检查磁盘空间后重试。") from error
    return place
