"""Attachments: files named by their SHA-256, whole and on the disk before any entry speaks of them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import unicodedata
import uuid
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.base.cancellation import Cancellation
from app.base.errors import InputError, UnavailableError
from app.base.files import CHUNK, cause, sha256_of, sync_folder

FOLDER = "attachments"
PART = ".part"


@dataclass(frozen=True)
class Attachment:
    """``name`` is what the person called it (no folder), ``size`` its bytes."""

    sha256: str
    name: str
    size: int


@dataclass(frozen=True)
class Staged:
    """A copy that is on the disk under a name of its own: ``settle`` makes it the project's, ``drop`` forgets it."""

    attachment: Attachment
    part: Path

    def settle(self) -> bool:
        """Gives the copy its name; False when the same content was there already. Raises OSError."""
        place = self.part.with_name(self.attachment.sha256)
        if not fault(place.parent.parent, place.name):
            self.drop()
            return False
        self.part.replace(place)
        sync_folder(place.parent)
        return True

    def drop(self) -> None:
        _remove(self.part)


def keep(folder: Path, source: Path | bytes, name: str, cancellation: Cancellation | None = None) -> Attachment:
    """Copies ``source`` into the project in ``folder``; the same content is kept once.

    Raises InputError when the source cannot be read, UnavailableError when the disk will not take it.
    """
    staged = stage(folder, source, name, cancellation)
    try:
        staged.settle()
    except OSError as error:
        staged.drop()
        raise _not_kept(name, error) from error
    return staged.attachment


def stage(folder: Path, source: Path | bytes, name: str, cancellation: Cancellation | None = None) -> Staged:
    """Copies ``source`` beside the project's attachments, whole and on the disk, but not among them yet."""
    place = folder / FOLDER
    part = place / f"{uuid.uuid4().hex}{PART}"
    try:
        if not place.exists():
            place.mkdir()
            sync_folder(folder)
        sha256, size = _copy(source, part, cancellation or Cancellation())
    except OSError as error:
        _remove(part)
        raise _not_kept(name, error) from error
    except BaseException:
        _remove(part)
        raise
    return Staged(Attachment(sha256, unicodedata.normalize("NFC", Path(name).name), size), part)


def _copy(source: Path | bytes, part: Path, cancellation: Cancellation) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with part.open("xb") as file, closing(_chunks(source)) as chunks:
        for chunk in chunks:
            cancellation.check()
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def _not_kept(name: str, error: OSError) -> UnavailableError:
    return UnavailableError(f"附件 {name} 存不下来：{cause(error)}。请检查磁盘空间后重试。")


def sweep(folder: Path) -> None:
    """Removes what a killed program left half copied; only for the one who holds the project's lock."""
    for part in (folder / FOLDER).glob(f"*{PART}"):
        _remove(part)


def _remove(part: Path) -> None:
    """As far as the disk lets us: one that is gone must not hide why the copy failed."""
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)


def _chunks(source: Path | bytes) -> Generator[bytes, None, None]:
    if isinstance(source, bytes):
        yield source
        return
    try:
        file = source.open("rb")
    except OSError as error:
        raise InputError(f"附件读不了：{source}（{cause(error)}）。") from error
    with file:
        while chunk := _read(file.fileno(), source):
            yield chunk


def _read(handle: int, source: Path) -> bytes:
    try:
        return os.read(handle, CHUNK)
    except OSError as error:
        raise InputError(f"附件读不了：{source}（{cause(error)}）。") from error


def fault(folder: Path, sha256: str, cancellation: Cancellation | None = None) -> str:
    """What is wrong with a kept file, in Chinese; empty when it is whole."""
    try:
        return "" if sha256_of(folder / FOLDER / sha256, cancellation) == sha256 else "内容已被改动"
    except FileNotFoundError:
        return "文件不见了"
    except OSError as error:
        return f"读不了（{cause(error)}）"
