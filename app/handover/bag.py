"""Writes a bag (BagIt 1.0, RFC 8493): every file whole and on the disk before the bag says that it is one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from app.base.cancellation import Cancellation
from app.base.errors import DamagedError, InputError, OnsiteError, UnavailableError
from app.base.files import CHUNK, cause, sync_folder
from app.handover.contents import Content, hash_in
from app.handover.names import encoded, portable, require_distinct

Progress = Callable[[int, int], None]

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST, INFO, BAGIT = "manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt", "bagit.txt"


def write_bag(
    folder: Path,
    contents: Mapping[str, Content],
    info: Mapping[str, str],
    on_progress: Progress | None,
    cancellation: Cancellation,
) -> None:
    """Makes ``folder`` (new or empty) a bag of ``contents``, which are named ``data/…``.

    ``info`` are the labels of ``bag-info.txt``; ``on_progress`` hears (bytes done, bytes in all). Raises InputError for
    a folder that is not empty or a name that a drive would not take, UnavailableError when the disk is full or the
    drive gone, DamagedError when a file is not what it is named by, CancelledError. After any of them nothing that was
    written is left, or what could not be removed is seen to be no bag: ``bagit.txt`` is written last.
    """
    sources = {portable(name): content for name, content in contents.items()}
    require_distinct(map(portable, contents))
    require_empty(folder)
    made = Writing(folder, on_progress or (lambda done, total: None), cancellation)
    try:
        made.prepare(sum(map(size_of, sources.values())))
        hashes = {name: made.write(name, content) for name, content in sorted(sources.items())}
        made.finish(hashes, info)
    except OSError as error:
        made.take_back()
        raise UnavailableError(
            f"移交包没有写成：{error.filename or folder}（{cause(error)}）。"
            "请检查U盘连接和剩余空间，换一个空文件夹重做。"
        ) from error
    except BaseException:
        made.take_back()
        raise


class Writing:
    """One bag under way: what was made, so that just that can be taken back, and how far it is."""

    def __init__(self, folder: Path, on_progress: Progress, cancellation: Cancellation) -> None:
        self._folder, self._on_progress, self._cancellation = folder, on_progress, cancellation
        self._files: list[Path] = []
        self._folders: list[Path] = []
        self._octets = self._total = 0

    def prepare(self, total: int) -> None:
        """Makes the folder; refuses at once what the drive has no room for. ``total`` in bytes."""
        self._make(self._folder)
        free = shutil.disk_usage(self._folder).free
        if free < total:
            raise UnavailableError(
                f"空间不够：移交包需要 {total / 2**20:.0f} MiB，{self._folder} 只剩 {free / 2**20:.0f} MiB。"
                "请清理或换一个U盘。"
            )
        self._total = total

    def write(self, name: str, content: Content) -> str:
        """Writes one file and makes it durable; its SHA-256 in hex, taken from the very bytes that were written."""
        place = self._folder / name
        part = place.with_name(place.name + ".part")
        self._make(place.parent)
        self._files += [part, place]
        digest = hashlib.sha256()
        with part.open("xb") as file:
            for chunk in chunks_of(content):
                self._cancellation.check()
                file.write(chunk)
                digest.update(chunk)
                self._advance(len(chunk))
            file.flush()
            os.fsync(file.fileno())
        if hash_in(name) not in ("", digest.hexdigest()):
            raise DamagedError(f"项目已损坏，移交包没有写成：{name} 的内容已被改动或不见了。请先核验项目。")
        part.replace(place)
        return digest.hexdigest()

    def finish(self, hashes: Mapping[str, str], info: Mapping[str, str]) -> None:
        """The tag files, in the order that makes a half-written bag none."""
        labels = {**info, "Payload-Oxum": f"{self._octets}.{len(hashes)}"}
        tags = {
            INFO: "".join(f"{label}: {one_line(value)}\n" for label, value in labels.items()).encode(),
            MANIFEST: manifest(hashes),
        }
        written = {name: self.write(name, body) for name, body in tags.items()}
        self.write(TAG_MANIFEST, manifest({**written, BAGIT: hashlib.sha256(DECLARATION).hexdigest()}))
        for folder in {place for made in self._folders for place in (made, made.parent)}:
            sync_folder(folder)
        self._cancellation.check()
        self.write(BAGIT, DECLARATION)
        sync_folder(self._folder)
        self._on_progress(self._total, self._total)

    def take_back(self) -> None:
        """Removes what was made, as far as the drive lets us; the declaration first."""
        for place in reversed(self._files):
            with contextlib.suppress(OSError):
                place.unlink(missing_ok=True)
        for folder in reversed(self._folders):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _make(self, folder: Path) -> None:
        """Makes a folder and those above it, and remembers which were made."""
        missing = [folder, *folder.parents]
        for place in reversed(missing[: next(i for i, place in enumerate(missing) if place.exists())]):
            self._folders.append(place)
            place.mkdir()

    def _advance(self, size: int) -> None:
        self._octets += size
        self._on_progress(min(self._octets, self._total), self._total)


def require_empty(folder: Path) -> None:
    """Raises InputError unless ``folder`` is new or empty."""
    try:
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise UnavailableError(f"移交包的文件夹 {folder} 打不开：{cause(error)}。") from error
    if taken:
        raise InputError(f"{folder} 里已有内容。移交包要写到一个新的或空的文件夹。")


def size_of(content: Content) -> int:
    """Bytes. Raises DamagedError or UnavailableError when the file to be packed cannot be read."""
    if isinstance(content, bytes):
        return len(content)
    try:
        return content.stat().st_size
    except OSError as error:
        raise unreadable(error, content) from error


def chunks_of(content: Content) -> Iterator[bytes]:
    """The bytes to be packed. Raises DamagedError or UnavailableError when they cannot be read."""
    if isinstance(content, bytes):
        yield content
        return
    try:
        with content.open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise unreadable(error, content) from error


def unreadable(error: OSError, source: Path) -> OnsiteError:
    """A source that fails is no fault of the drive, and the person must look elsewhere."""
    if isinstance(error, FileNotFoundError):
        return DamagedError(f"项目里的文件 {source} 不见了，移交包没有写成。请先核验项目。")
    return UnavailableError(f"文件 {source} 读不了（{cause(error)}），移交包没有写成。请检查本机磁盘。")


def manifest(hashes: Mapping[str, str]) -> bytes:
    """A manifest's bytes: one line a file, sorted by name."""
    return "".join(f"{digest}  {encoded(name)}\n" for name, digest in sorted(hashes.items())).encode()


def one_line(value: str) -> str:
    return " ".join(value.split())
