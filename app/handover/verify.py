"""Whether a package is what was written: every file against its hash, and the journal inside against itself.

All faults are listed at once. A fault of a tag file names the manifest too, since either of the two may be the one
that was changed.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from app.base.cancellation import Cancellation
from app.base.errors import DamagedError
from app.base.files import cause, sha256_of
from app.evidence.entry import Entry, parse
from app.evidence.fault import Fault
from app.evidence.inspection import HOLDS_FILE, chain_faults
from app.handover.bag import BAGIT, DECLARATION, INFO, MANIFEST, TAG_MANIFEST, decoded

TAG_LIMIT = 64 << 20  # bytes of one tag file that are read
LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")
OXUM = re.compile(r"^Payload-Oxum: (\d+)\.(\d+)$", re.MULTILINE)
JOURNAL, ATTACHMENTS, TRANSCRIPTS = "data/journal/", "data/attachments/", "data/transcripts/"
ABOUT, PROFILE = "data/project.json", "data/site.toml"


def verify_bag(path: Path, cancellation: Cancellation | None = None) -> tuple[Fault, ...]:
    """Every fault of the package in the folder ``path``; none means it is what was written."""
    return tuple(Bag(path, cancellation or Cancellation()).faults())


class Bag:
    """One package being verified; ``found`` are its files and their SHA-256, hashed once."""

    def __init__(self, path: Path, cancellation: Cancellation) -> None:
        self._path, self._cancellation = path, cancellation
        self.found: dict[str, str] = {}
        self._places: dict[str, Path] = {}

    def faults(self) -> Iterator[Fault]:
        yield from self._hash_files()
        tags: dict[str, str] = {}
        payload: dict[str, str] = {}
        for name, kept in ((TAG_MANIFEST, tags), (MANIFEST, payload)):
            yield from self._read_manifest(name, kept)
        yield from self._declaration_faults()
        yield from self._listed_faults(payload, {name for name in self.found if name.startswith("data/")}, MANIFEST)
        expected_tags = {name for name in self.found if not name.startswith("data/")} - {TAG_MANIFEST}
        yield from self._listed_faults(tags, expected_tags, TAG_MANIFEST)
        yield from self._oxum_faults()
        yield from self._journal_faults()

    def _hash_files(self) -> Iterator[Fault]:
        for place in sorted(self._walk()):
            name = unicodedata.normalize("NFC", place.relative_to(self._path).as_posix())
            self._cancellation.check()
            if place.is_symlink():
                yield Fault(name, "是一个链接，移交包里不允许")
                continue
            self._places[name] = place
            try:
                self.found[name] = sha256_of(place, self._cancellation)
            except OSError as error:
                self.found[name] = ""
                yield Fault(name, f"读不了（{cause(error)}）")

    def _walk(self) -> Iterator[Path]:
        for folder, folders, files in os.walk(self._path, followlinks=False):
            here = Path(folder)
            yield from (here / name for name in files)
            yield from (here / name for name in folders if (here / name).is_symlink())

    def _read_manifest(self, name: str, kept: dict[str, str]) -> Iterator[Fault]:
        """Reads a manifest's lines into ``kept``; what is wrong with it as such."""
        if name not in self.found:
            yield Fault(name, "文件不见了")
            return
        content = self._read(name)
        try:
            lines = content.decode("utf-8").split("\n")
        except UnicodeDecodeError:
            yield Fault(name, "已被改动（不是 UTF-8）")
            return
        if lines.pop():
            yield Fault(name, "已被改动（最后一行没有结束）")
        for number, line in enumerate(lines, 1):
            match = LINE.fullmatch(line)
            listed = unicodedata.normalize("NFC", decoded(match.group(2))) if match else ""
            if not match or not _is_inside(listed, name):
                yield Fault(name, f"第{number}行写法不对：{line[:80]!r}")
            elif listed in kept:
                yield Fault(name, f"第{number}行重复：{listed}")
            else:
                kept[listed] = match.group(1)

    def _declaration_faults(self) -> Iterator[Fault]:
        if BAGIT not in self.found:
            yield Fault(BAGIT, "文件不见了（移交包没有写完，或被删除）")
        elif self._read(BAGIT) != DECLARATION:
            yield Fault(BAGIT, "内容不是 BagIt 1.0 的声明")

    def _listed_faults(self, listed: Mapping[str, str], there: set[str], manifest: str) -> Iterator[Fault]:
        is_tags = manifest == TAG_MANIFEST
        for name, wanted in sorted(listed.items()):
            where = f"{name}（或 {manifest}）" if is_tags else name
            if name not in there:
                yield Fault(where, f"文件不见了（{manifest} 里有）")
            elif self.found[name] and self.found[name] != wanted:
                yield Fault(where, f"内容已被改动（与 {manifest} 不符）")
        for name in sorted(there - set(listed)):
            yield Fault(f"{name}（或 {manifest}）" if is_tags else name, f"多出的文件（{manifest} 里没有）")

    def _oxum_faults(self) -> Iterator[Fault]:
        if INFO not in self.found:
            return
        match = OXUM.search(self._read(INFO).decode("utf-8", "replace"))
        payload = [name for name in self.found if name.startswith("data/")]
        octets = sum(self._places[name].stat().st_size for name in payload)
        if match is None:
            yield Fault(INFO, "没有 Payload-Oxum")
        elif (int(match.group(1)[:18]), int(match.group(2)[:18])) != (octets, len(payload)):
            yield Fault(
                INFO, f"Payload-Oxum 与内容不符：写着 {match.group(1)}.{match.group(2)}，实为 {octets}.{len(payload)}"
            )

    def _journal_faults(self) -> Iterator[Fault]:
        """The chains inside: a manifest can be made anew by anyone, a chain of hashes cannot."""
        project = self._project()
        if not project:
            yield Fault(ABOUT, "缺少项目编号，不能核对实施日志")
            return
        entries: list[Entry] = []
        for name in sorted(name for name in self.found if name.startswith(JOURNAL)):
            yield from self._read_chain(name, entries)
        if not entries:
            yield Fault(JOURNAL, "没有实施日志")
        yield from chain_faults(project, entries)
        yield from self._spoken_of_faults(entries)
        yield from self._profile_faults(entries)

    def _project(self) -> str:
        try:
            return str(json.loads(self._read(ABOUT))["project"]) if ABOUT in self.found else ""
        except (ValueError, KeyError, TypeError):
            return ""

    def _read_chain(self, name: str, entries: list[Entry]) -> Iterator[Fault]:
        chain = PurePosixPath(name).stem
        lines = self._places[name].read_bytes().split(b"\n") if self.found[name] else []
        for number, raw in enumerate(lines[:-1] if lines and not lines[-1] else lines, 1):
            self._cancellation.check()
            try:
                entry = parse(raw)
            except DamagedError as error:
                yield Fault(name, f"第{number}行：{error}")
                continue
            if entry.chain != chain:
                yield Fault(name, f"第{number}行属于另一条链 {entry.chain[:3]}")
            entries.append(entry)

    def _spoken_of_faults(self, entries: list[Entry]) -> Iterator[Fault]:
        """The attachments and transcripts that entries speak of: each there, under the name of its own content."""
        judged: set[str] = set()
        for entry in entries:
            for name, sha256 in _spoken_of(entry):
                if name in judged:
                    continue
                judged.add(name)
                if name not in self.found:
                    yield Fault(name, f"文件不见了（记录 {entry.number} 提到它）")
                elif self.found[name] and self.found[name] != sha256:
                    yield Fault(name, f"内容与记录 {entry.number} 不符")

    def _profile_faults(self, entries: list[Entry]) -> Iterator[Fault]:
        profiles = [entry for entry in entries if entry.kind == "profile"]
        if not profiles or not self.found.get(PROFILE):
            return
        newest = max(profiles, key=lambda entry: (entry.order, entry.hash))
        if self.found[PROFILE] != newest.payload.get("sha256"):
            yield Fault(PROFILE, f"与记录 {newest.number} 里的现场配置不符")

    def _read(self, name: str) -> bytes:
        with self._places[name].open("rb") as file:
            return file.read(TAG_LIMIT)


def _is_inside(name: str, manifest: str) -> bool:
    """Whether a manifest may list ``name``: a plain path inside the bag, of the payload or not as it should be."""
    path = PurePosixPath(name)
    plain = not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name
    return plain and name == path.as_posix() and name.startswith("data/") == (manifest == MANIFEST)


def _spoken_of(entry: Entry) -> Iterator[tuple[str, str]]:
    sha256, transcript = entry.payload.get("sha256", ""), entry.payload.get("transcript", "")
    if entry.kind in HOLDS_FILE and isinstance(sha256, str) and sha256:
        yield ATTACHMENTS + sha256, sha256
    if isinstance(transcript, str) and transcript:
        yield f"{TRANSCRIPTS}{transcript}.txt", transcript
