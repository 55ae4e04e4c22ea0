"""Whether a package is what was written: every file against its hash, and the journal inside against itself.

All faults are listed at once. A fault of a tag file names the manifest too, since either of the two may be the one
that was changed.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from app.base.cancellation import Cancellation
from app.base.files import cause, sha256_of
from app.evidence.fault import Fault
from app.handover.bag import BAGIT, DECLARATION, INFO, MANIFEST, TAG_MANIFEST
from app.handover.inside import File, Inside
from app.handover.names import decoded

TAG_LIMIT = 64 << 20  # bytes of one tag file that are read
LINE = re.compile(r"([0-9a-f]{64})  (\S.*)", re.DOTALL)
OXUM = re.compile(r"(\d{1,18})\.(\d{1,18})")
OXUM_LABEL = "Payload-Oxum:"
OTHER_MANIFEST = re.compile(r"(tag)?manifest-.*\.txt|fetch\.txt")


def verify_bag(path: Path, cancellation: Cancellation | None = None) -> tuple[Fault, ...]:
    """Every fault of the package in the folder ``path``; none means it is what was written."""
    return tuple(Bag(path, cancellation or Cancellation()).faults())


class Bag:
    """One package being verified; each of its files is hashed once."""

    def __init__(self, path: Path, cancellation: Cancellation) -> None:
        self._path, self._cancellation = path, cancellation
        self._files: dict[str, File] = {}
        self._unreadable: list[Fault] = []

    def faults(self) -> Iterator[Fault]:
        yield from self._read_files()
        listed: dict[str, dict[str, str]] = {TAG_MANIFEST: {}, MANIFEST: {}}
        for manifest, kept in listed.items():
            yield from self._read_manifest(manifest, kept)
        yield from self._declaration_faults()
        yield from self._listed_faults(listed[MANIFEST], MANIFEST)
        yield from self._listed_faults(listed[TAG_MANIFEST], TAG_MANIFEST)
        yield from self._oxum_faults()
        yield from Inside(self._payload(), self._cancellation).faults()

    def _payload(self) -> Mapping[str, File]:
        return {name: file for name, file in self._files.items() if name.startswith("data/")}

    def _read_files(self) -> Iterator[Fault]:
        """Hashes every file. A link, a device or a pipe is a fault and is not touched."""
        for place in sorted(self._walk()):
            self._cancellation.check()
            name = _printable(place.relative_to(self._path).as_posix())
            if name in self._files:
                yield Fault(name, "有两个文件的名字只是写法不同")
                continue
            try:
                status = place.lstat()
                if not stat.S_ISREG(status.st_mode):
                    yield Fault(name, "是一个链接或设备，移交包里不允许")
                    continue
                self._files[name] = File(place, status.st_size, sha256_of(place, self._cancellation))
            except OSError as error:
                self._files[name] = File(place, 0, "")
                yield Fault(name, f"读不了（{cause(error)}）")
        yield from self._unreadable

    def _walk(self) -> Iterator[Path]:
        for folder, folders, files in os.walk(self._path, onerror=self._say_unreadable):
            here = Path(folder)
            yield from (here / name for name in files)
            yield from (here / name for name in folders if (here / name).is_symlink())

    def _say_unreadable(self, error: OSError) -> None:
        self._unreadable.append(Fault(_printable(str(error.filename)), f"文件夹读不了（{cause(error)}）"))

    def _read_manifest(self, manifest: str, kept: dict[str, str]) -> Iterator[Fault]:
        """Reads a manifest's lines into ``kept``; what is wrong with it as such."""
        if manifest not in self._files:
            yield Fault(manifest, "文件不见了")
            return
        try:
            lines = self._text(manifest).split("\n")
        except UnicodeDecodeError:
            yield Fault(manifest, "已被改动（不是 UTF-8）")
            return
        if lines.pop():
            yield Fault(manifest, "已被改动（最后一行没有结束）")
        for number, line in enumerate(lines, 1):
            match = LINE.fullmatch(line)
            name = unicodedata.normalize("NFC", decoded(match.group(2))) if match else ""
            if not match or not _may_list(manifest, name):
                yield Fault(manifest, f"第{number}行写法不对：{line[:80]!r}")
            elif name in kept:
                yield Fault(manifest, f"第{number}行重复：{name}")
            else:
                kept[name] = match.group(1)

    def _declaration_faults(self) -> Iterator[Fault]:
        if BAGIT not in self._files:
            yield Fault(BAGIT, "文件不见了（移交包没有写完，或被删除）")
        elif self._bytes(BAGIT) != DECLARATION:
            yield Fault(BAGIT, "内容不是 BagIt 1.0 的声明")
        for name in sorted(self._files):
            if OTHER_MANIFEST.fullmatch(name) and name not in (MANIFEST, TAG_MANIFEST):
                yield Fault(name, "本程序的移交包里没有这种清单，无从核对")

    def _listed_faults(self, listed: Mapping[str, str], manifest: str) -> Iterator[Fault]:
        """What a manifest lists against what is there."""
        is_payload = manifest == MANIFEST
        there = {name for name in self._files if name.startswith("data/") == is_payload} - {TAG_MANIFEST}
        for name in sorted(listed.keys() | there):
            where = name if is_payload else f"{name}（或 {manifest}）"
            if name not in there:
                yield Fault(where, f"文件不见了（{manifest} 里有）")
            elif name not in listed:
                yield Fault(where, f"多出的文件（{manifest} 里没有）")
            elif self._files[name].sha256 not in ("", listed[name]):
                yield Fault(where, f"内容已被改动（与 {manifest} 不符）")

    def _oxum_faults(self) -> Iterator[Fault]:
        if INFO not in self._files:
            yield Fault(INFO, "文件不见了")
            return
        lines = self._bytes(INFO).decode("utf-8", "replace").split("\n")
        values = [line.removeprefix(OXUM_LABEL).strip() for line in lines if line.startswith(OXUM_LABEL)]
        payload = self._payload().values()
        octets, count = sum(file.size for file in payload), len(payload)
        match = OXUM.fullmatch(values[0]) if len(values) == 1 else None
        if match is None:
            yield Fault(INFO, "没有 Payload-Oxum，或写法不对")
        elif (int(match.group(1)), int(match.group(2))) != (octets, count):
            yield Fault(INFO, f"Payload-Oxum 与内容不符：写着 {values[0]}，实为 {octets}.{count}")

    def _text(self, name: str) -> str:
        return self._bytes(name).decode("utf-8")

    def _bytes(self, name: str) -> bytes:
        """The content of a tag file, at most TAG_LIMIT; nothing where it cannot be read, which was said already."""
        try:
            with self._files[name].place.open("rb") as file:
                return file.read(TAG_LIMIT)
        except OSError:
            return b""


def _printable(name: str) -> str:
    """A file's name in NFC; bytes of it that are no UTF-8 as ``\\xff``, so that a fault can be told."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "backslashreplace"))


def _may_list(manifest: str, name: str) -> bool:
    """Whether a manifest may list ``name``: a plain path inside the bag, of the payload or not as it should be."""
    path = PurePosixPath(name)
    is_plain = not path.is_absolute() and ".." not in path.parts and not set("\\:\0") & set(name)
    return is_plain and name == path.as_posix() and name.startswith("data/") == (manifest == MANIFEST)
