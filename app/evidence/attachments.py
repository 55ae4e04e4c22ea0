"""Attachments: files named by their SHA-256, whole and on the disk before any entry speaks of them."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Attachment:
    """``name`` is what the person called it (no folder), ``size`` its bytes."""

    sha256: str
    name: str
    size: int


def keep(folder: Path, source: Path | bytes, name: str, cancellation: Cancellation | None = None) -> Attachment:
    """Copies ``source`` into the project in ``folder``; the same content is kept once.

    Raises InputError when the source cannot be read, UnavailableError when the disk will not take it.
    """
    place = folder / FOLDER
    part = place / f"{uuid.uuid4().hex}.part"
    digest, size = hashlib.sha256(), 0
    try:
        place.mkdir(exist_ok=True)
        with part.open("wb") as file, closing(_chunks(source)) as chunks:
            for chunk in chunks:
                if cancellation:
                    cancellation.check()
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        part.replace(place / digest.hexdigest())
        sync_folder(place)
    except OSError as error:
        raise UnavailableError(f"附件 {name} 存不下来：{cause(error)}。请检查磁盘空间后重试。") from error
    finally:
        part.unlink(missing_ok=True)
    return Attachment(digest.hexdigest(), unicodedata.normalize("NFC", Path(name).name), size)


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
