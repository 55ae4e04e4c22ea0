"""Files that are whole or not there: written beside, flushed to the disk, then renamed into place."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sys
from pathlib import Path

from app.base.cancellation import Cancellation
from app.base.errors import InputError, UnavailableError

CHUNK = 1 << 20
NO_SUCH_CALL = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})


def write_atomic(path: Path, content: bytes) -> None:
    """Writes ``content`` so that after a crash ``path`` holds the old or the new bytes, never a part.

    Raises UnavailableError naming the file when the disk is full, the drive is gone or the folder is read-only.
    """
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):  # a drive that is gone or write-protected lets nothing be removed either
            part.unlink(missing_ok=True)
        raise UnavailableError(f"写不进文件 {path}：{cause(error)}。请检查磁盘空间与U盘连接后重试。") from error


def sync_folder(folder: Path) -> None:
    """Makes a rename in ``folder`` durable; Windows and some drives have no such call and need none."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_SUCH_CALL:
            raise
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Makes ``folder`` and those above it. Raises InputError when a file stands in the way, UnavailableError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{folder} 不是文件夹，请另给一个。") from error
    except OSError as error:
        raise UnavailableError(f"建不了文件夹 {folder}：{cause(error)}。请检查磁盘空间与U盘连接后重试。") from error


def read_bounded(path: Path, limit: int, what: str) -> bytes:
    """The bytes of ``path``, at most ``limit``. Raises InputError naming ``what`` and the file otherwise."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise InputError(f"{what}读不了：{path}（{cause(error)}）。") from error
    if len(content) > limit:
        raise InputError(f"{what}太大：{path} 超过 {limit >> 20} MiB。")
    return content


def sha256_of(path: Path, cancellation: Cancellation | None = None) -> str:
    """The SHA-256 of a file in hex, read in chunks so that it can be cancelled. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if cancellation:
                cancellation.check()
            digest.update(chunk)
    return digest.hexdigest()


CAUSES = {
    "ENOSPC": "磁盘已满", "EROFS": "只读", "EACCES": "没有权限", "EPERM": "没有权限", "ENOENT": "不存在",
    "EISDIR": "是一个文件夹", "ENOTDIR": "路径中有一段不是文件夹", "EIO": "读写出错，介质可能损坏", "EEXIST": "已存在",
    "ENAMETOOLONG": "名字太长", "EDQUOT": "磁盘配额已满", "ENODEV": "设备已拔出", "ENXIO": "设备已拔出",
    "EFBIG": "文件超过这个磁盘允许的大小（FAT32 不到 4 GB）",
}  # fmt: skip


def cause(error: OSError) -> str:
    """An operating-system error in a few Chinese words."""
    name = errno.errorcode.get(error.errno or 0, "")
    return CAUSES.get(name, error.strerror or str(error))
