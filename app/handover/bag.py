"""Writes a bag (BagIt 1.0, RFC 8493): every file whole and on the disk before the bag says that it is one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from app.base.cancellation import Cancellation
from app.base.errors import InputError, UnavailableError
from app.base.files import CHUNK, cause, sync_folder

Content = Path | bytes
Progress = Callable[[int, int], None]

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAG_MANIFEST, INFO, BAGIT = "manifest-sha256.txt", "tagmanifest-sha256.txt", "bag-info.txt", "bagit.txt"

# What Windows does not take in a name, on FAT and exFAT too ("Naming Files, Paths, and Namespaces", Microsoft Learn).
FORBIDDEN = frozenset('<>:"\\|?*') | {chr(code) for code in range(32)}
DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{port}{digit}" for port in ("COM", "LPT") for digit in "123456789")}
)
LONGEST_NAME = 240  # UTF-16 units of one name; 255 is the limit, ``.part`` is added while it is written


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
    drive gone, CancelledError. After any of them nothing that was written is left, or what could not be removed is
    seen to be no bag: ``bagit.txt`` is written last.
    """
    names = {name: portable(name) for name in contents}
    require_distinct(names.values())
    require_empty(folder)
    made = Writing(folder, on_progress or (lambda done, total: None), cancellation)
    try:
        made.prepare(sum(size_of(content) for content in contents.values()))
        hashes = {name: made.write(name, contents[original]) for original, name in sorted(names.items())}
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
    """One bag under way: what was written, so that it can be taken back, and how far it is."""

    def __init__(self, folder: Path, on_progress: Progress, cancellation: Cancellation) -> None:
        self._folder, self._on_progress, self._cancellation = folder, on_progress, cancellation
        self._is_new = not folder.exists()
        self._done = self._total = 0

    def prepare(self, total: int) -> None:
        """Makes the folder; refuses at once what the drive has no room for. ``total`` in bytes."""
        self._folder.mkdir(parents=True, exist_ok=True)
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
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(place.name + ".part")
        digest = hashlib.sha256()
        with part.open("wb") as file:
            for chunk in chunks_of(content):
                self._cancellation.check()
                file.write(chunk)
                digest.update(chunk)
                self._advance(len(chunk))
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
        return digest.hexdigest()

    def finish(self, hashes: Mapping[str, str], info: Mapping[str, str]) -> None:
        """The tag files, in the order that makes a half-written bag none."""
        for folder in sorted({self._folder / name for name in hashes}, reverse=True):
            sync_folder(folder.parent)
        octets = sum((self._folder / name).stat().st_size for name in hashes)
        labels = {**info, "Payload-Oxum": f"{octets}.{len(hashes)}"}
        tags = {
            INFO: "".join(f"{label}: {one_line(value)}\n" for label, value in labels.items()).encode(),
            MANIFEST: manifest(hashes),
        }
        written = {name: self.write(name, body) for name, body in tags.items()}
        self.write(TAG_MANIFEST, manifest({**written, BAGIT: hashlib.sha256(DECLARATION).hexdigest()}))
        sync_folder(self._folder)
        self.write(BAGIT, DECLARATION)
        sync_folder(self._folder)
        self._on_progress(self._total, self._total)

    def take_back(self) -> None:
        """Removes what was written, as far as the drive lets us; the declaration first."""
        with contextlib.suppress(OSError):
            (self._folder / BAGIT).unlink(missing_ok=True)
        if self._folder.is_dir():
            for item in self._folder.iterdir():
                with contextlib.suppress(OSError):
                    shutil.rmtree(item) if item.is_dir() else item.unlink()
        if self._is_new:
            with contextlib.suppress(OSError):
                self._folder.rmdir()

    def _advance(self, size: int) -> None:
        self._done += size
        self._on_progress(min(self._done, self._total), self._total)


def require_empty(folder: Path) -> None:
    """Raises InputError unless ``folder`` is new or empty."""
    try:
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise UnavailableError(f"移交包的文件夹 {folder} 打不开：{cause(error)}。") from error
    if taken:
        raise InputError(f"{folder} 里已有内容。移交包要写到一个新的或空的文件夹。")


def portable(name: str) -> str:
    """``name`` in NFC. Raises InputError when it is no payload path, or Windows or a drive would not take it."""
    composed = unicodedata.normalize("NFC", name)
    parts = PurePosixPath(composed).parts
    if parts[:1] != ("data",) or len(parts) < 2 or ".." in parts or composed != "/".join(parts):
        raise ValueError(f"not a payload path: {name!r}")
    for part in parts:
        too_long = len(part.encode("utf-16-le")) // 2 > LONGEST_NAME
        if FORBIDDEN & set(part) or part[-1] in ". " or part.split(".")[0].upper() in DEVICES or too_long:
            raise InputError(f"文件名“{part}”不能写到U盘（含有 Windows 不允许的字符或太长），请改名后重做。")
    return composed


def require_distinct(names: Iterable[str]) -> None:
    """Raises InputError for two names that a drive takes for one: FAT and exFAT know no case."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise InputError(f"文件名“{name}”与“{other}”只有大小写不同，U盘上会变成同一个文件，请改名后重做。")


def size_of(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def chunks_of(content: Content) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def manifest(hashes: Mapping[str, str]) -> bytes:
    """A manifest's bytes: one line a file, sorted by name."""
    return "".join(f"{digest}  {encoded(name)}\n" for name, digest in sorted(hashes.items())).encode()


def encoded(name: str) -> str:
    """A path as a manifest writes it (RFC 8493, 2.1.3): percent sign and line ends percent-encoded."""
    return name.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def decoded(name: str) -> str:
    return name.replace("%0A", "\n").replace("%0D", "\r").replace("%0a", "\n").replace("%0d", "\r").replace("%25", "%")


def one_line(value: str) -> str:
    return " ".join(value.split())
