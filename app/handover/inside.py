"""The journal inside a package, judged against itself.

A manifest can be made anew by anyone; a chain of hashes that others have seen cannot.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.base.cancellation import Cancellation
from app.base.errors import DamagedError, UnavailableError
from app.evidence.entry import Entry, file_of, parse
from app.evidence.fault import Fault
from app.evidence.inspection import Chains, Spoken
from app.evidence.project import PROJECT
from app.evidence.union import CHAIN_SUFFIX, lines_of
from app.handover.contents import ABOUT, ATTACHMENT_PLACE, FORM_PLACE, JOURNAL_PLACE, PROFILE, TRANSCRIPT_PLACE

ABOUT_LIMIT = 1 << 20


@dataclass(frozen=True)
class File:
    """One file of a package: where it lies, its bytes, its SHA-256 (empty when it could not be read)."""

    place: Path
    size: int
    sha256: str


class Inside:
    """The files of one package read as a project."""

    def __init__(self, files: Mapping[str, File], cancellation: Cancellation) -> None:
        self._files, self._cancellation = files, cancellation
        self._spoken = Spoken()
        self._forms: dict[str, set[str]] = {}
        self._profile: Entry | None = None
        self._first: Entry | None = None

    def faults(self) -> Iterator[Fault]:
        found: list[Fault] = []
        lines = [self._read_chain(name, found) for name in sorted(self._files) if name.startswith(JOURNAL_PLACE)]
        chains: Chains | None = None
        for entry in heapq.merge(*lines, key=lambda entry: (entry.order, entry.hash)):
            self._cancellation.check()
            chains = chains or Chains(entry.project)
            found += chains.faults_of(entry)
            self._hear(entry)
        yield from found
        yield from self._about_faults()
        yield from self._spoken_faults()
        yield from self._copy_faults()

    def _read_chain(self, name: str, found: list[Fault]) -> Iterator[Entry]:
        chain, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
        if suffix != CHAIN_SUFFIX:
            found.append(Fault(name, "不是实施日志的文件"))
            return
        try:
            for number, line in enumerate(lines_of(self._files[name].place), 1):
                entry = _entry(name, number, line, found)
                if entry and entry.chain != chain:
                    found.append(Fault(name, f"第{number}行属于另一条链 {entry.chain[:3]}"))
                if entry:
                    yield entry
        except UnavailableError:
            return  # said already, when it could not be hashed

    def _hear(self, entry: Entry) -> None:
        self._spoken.hear(entry)
        if self._first is None and (entry.kind, entry.subject) == PROJECT:
            self._first = entry
        if entry.kind == "profile":
            self._profile = entry
        if sha256 := file_of(entry):
            self._forms.setdefault(str(entry.payload.get("name", "")), set()).add(sha256)

    def _about_faults(self) -> Iterator[Fault]:
        """What the package says it is must be what its journal began with."""
        if self._first is None:
            yield Fault(JOURNAL_PLACE, "没有实施日志，或缺少项目的第一条记录")
            return
        first = self._first
        wanted = {
            "id": first.project,
            "title": first.payload.get("title"),
            "rehearsal": first.payload.get("rehearsal"),
        }
        if ABOUT not in self._files:
            yield Fault(ABOUT, "文件不见了")
        elif self._about() != wanted:
            yield Fault(ABOUT, f"与记录 {first.number} 不符")

    def _about(self) -> object:
        try:
            with self._files[ABOUT].place.open("rb") as file:
                return json.loads(file.read(ABOUT_LIMIT))
        except (OSError, ValueError, RecursionError):
            return None

    def _spoken_faults(self) -> Iterator[Fault]:
        """The attachments and transcripts that entries speak of: each there, under the name of its own content."""
        spoken = {ATTACHMENT_PLACE + sha256: (sha256, name) for sha256, name in self._spoken.files.items()}
        spoken |= {
            f"{TRANSCRIPT_PLACE}{sha256}.txt": (sha256, number) for sha256, number in self._spoken.transcripts.items()
        }
        for name, (sha256, title) in spoken.items():
            file = self._files.get(name)
            if file is None:
                yield Fault(name, f"文件不见了（实施日志提到它：{title}）")
            elif file.sha256 not in ("", sha256):
                yield Fault(name, f"内容与实施日志不符（{title}）")
        for name in sorted(self._files.keys() - spoken.keys()):
            if name.startswith((ATTACHMENT_PLACE, TRANSCRIPT_PLACE)):
                yield Fault(name, "多出的文件（实施日志没有提到它）")

    def _copy_faults(self) -> Iterator[Fault]:
        """What stands in the package a second time, under its own name: forms, and the site's profile."""
        for name, file in sorted(self._files.items()):
            if not name.startswith(FORM_PLACE) or not file.sha256:
                continue
            issued = self._forms.get(name.removeprefix(FORM_PLACE))
            if issued is None:
                yield Fault(name, "实施日志里没有签发过这个表单")
            elif file.sha256 not in issued:
                yield Fault(name, "与实施日志里签发的表单不符")
        profile = self._files.get(PROFILE)
        if self._profile and not profile:
            yield Fault(PROFILE, f"文件不见了（记录 {self._profile.number} 里有）")
        if self._profile and profile and profile.sha256 not in ("", self._profile.payload.get("sha256")):
            yield Fault(PROFILE, f"与记录 {self._profile.number} 里的现场配置不符")


def _entry(name: str, number: int, line: bytes, found: list[Fault]) -> Entry | None:
    if not line.endswith(b"\n"):
        found.append(Fault(name, f"第{number}行没有结束"))
    try:
        return parse(line.removesuffix(b"\n"))
    except DamagedError as error:
        found.append(Fault(name, f"第{number}行：{error}"))
        return None
