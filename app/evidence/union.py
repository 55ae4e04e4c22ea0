"""Another laptop's work taken in: the plain union of both journals, byte for byte. No entry is written by it.

The other may be a project folder or a package; ``app.handover.contents`` lays a package out as it is read here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.base.errors import DamagedError, InputError, UnavailableError
from app.base.files import cause, read_bounded
from app.evidence import attachments
from app.evidence.attachments import Staged
from app.evidence.chain import Conflict, Fork
from app.evidence.entry import ENTRY_LIMIT, Entry, parse
from app.evidence.fault import Fault
from app.evidence.inspection import Spoken, chain_faults
from app.evidence.project import JOURNAL, PROJECT, TRANSCRIPT_LIMIT, Project

# How a package lays out a project.
DATA, CHAINS, TRANSCRIPTS, CHAIN_SUFFIX = "data", "journal", "transcripts", ".jsonl"


@dataclass(frozen=True)
class Union:
    """``added``: how many entries were new; ``conflicts`` and ``forks`` are all that the project has now."""

    added: int
    conflicts: tuple[Conflict, ...]
    forks: tuple[Fork, ...]


@dataclass(frozen=True)
class Other:
    """What is taken in. ``first`` is the project's first entry, ``transcripts`` are by their SHA-256, ``spoken`` is
    what the entries speak of, ``folder`` holds the attachments.
    """

    first: Entry
    entries: tuple[Entry, ...]
    transcripts: Mapping[str, bytes]
    spoken: Spoken
    folder: Path


def merge(project: Project, other: Path) -> Union:
    """Takes the entries, transcripts and attachments of ``other`` into ``project``.

    Raises InputError for what is no project or package, for another project's or a rehearsal's beside a real one;
    DamagedError when ``other`` is not what was written, UnavailableError when it cannot be read or the disk will not
    take it. In all of these the project is unchanged.
    """
    source = read(other)
    _require_same(project, other, source.first)
    _require_sound(other, source)
    added = _take_in(project, other, source)
    return Union(added, project.conflicts(), project.forks())


def read(other: Path) -> Other:
    """Reads a project folder or a package without changing it. Raises InputError, DamagedError, UnavailableError."""
    if (other / JOURNAL).is_file():
        return _read_project(other)
    if (other / DATA / CHAINS).is_dir():
        return _read_package(other)
    raise InputError(f"{other} 不是项目文件夹，也不是移交包，没有并入。")


def _read_project(folder: Path) -> Other:
    opened = Project.open(folder, write=False)
    try:
        entries = tuple(opened.entries())
        spoken = _spoken(entries)
        transcripts = {name: opened.transcript_bytes(name) for name in spoken.transcripts}
        return Other(_first(folder, entries), entries, transcripts, spoken, folder)
    finally:
        opened.close()


def _read_package(bag: Path) -> Other:
    data = bag / DATA
    files = sorted((data / CHAINS).glob(f"*{CHAIN_SUFFIX}"))
    entries = tuple(entry for path in files for entry in read_chain(path))
    spoken = _spoken(entries)
    transcripts = {
        name: _read_transcript(data / TRANSCRIPTS / f"{name}.txt", number)
        for name, number in spoken.transcripts.items()
    }
    return Other(_first(bag, entries), entries, transcripts, spoken, data)


def read_chain(path: Path) -> Iterator[Entry]:
    """The entries of one JSON Lines file. Raises DamagedError naming file and line, UnavailableError."""
    for number, line in enumerate(lines_of(path), 1):
        try:
            yield parse(line.removesuffix(b"\n"))
        except DamagedError as error:
            raise DamagedError(f"{path} 第{number}行：{error}") from error


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a file with their line ends; one that is longer than an entry may be comes in pieces.

    Raises UnavailableError when the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            while line := file.readline(ENTRY_LIMIT + 2):
                yield line
    except OSError as error:
        raise UnavailableError(f"{path} 读不了（{cause(error)}）。请检查U盘连接后重试。") from error


def _read_transcript(path: Path, number: str) -> bytes:
    try:
        return read_bounded(path, TRANSCRIPT_LIMIT, "过程记录")
    except InputError as error:
        raise DamagedError(f"记录 {number} 的过程记录不完好：{error}") from error


def _first(other: Path, entries: tuple[Entry, ...]) -> Entry:
    firsts = [entry for entry in entries if (entry.kind, entry.subject) == PROJECT]
    if not firsts:
        raise DamagedError(f"{other} 的实施日志缺少项目的第一条记录，没有并入。")
    return min(firsts, key=lambda entry: entry.order)


def _spoken(entries: tuple[Entry, ...]) -> Spoken:
    spoken = Spoken()
    for entry in entries:
        spoken.hear(entry)
    return spoken


def _require_same(project: Project, other: Path, first: Entry) -> None:
    """Raises InputError unless ``first`` is the entry that this project began with."""
    if (first.payload.get("rehearsal") is True) != project.rehearsal:
        raise InputError(f"{other} 与本项目一个是演练、一个是真实实施，不能合并。")
    if first.hash != project.first.hash:
        raise InputError(f"{other} 属于另一个项目“{first.payload.get('title', '')}”，不能并入。")


def _require_sound(other: Path, source: Other) -> None:
    """Raises DamagedError with the first fault of the chains and transcripts that are to be taken in."""
    for fault in chain_faults(source.first.project, source.entries):
        raise _damaged(other, fault)
    for name, body in source.transcripts.items():
        if hashlib.sha256(body).hexdigest() != name:
            raise _damaged(other, Fault(f"记录 {source.spoken.transcripts[name]} 的过程记录", "不见了或已被改动"))


def _take_in(project: Project, other: Path, source: Other) -> int:
    """Every file is whole and in its place before an entry speaks of it; after any failure none of them is left."""
    staged: list[Staged] = []
    settled: list[Staged] = []
    try:
        for sha256, name in source.spoken.files.items():
            if attachments.fault(project.folder, sha256):
                staged.append(_staged(project, other, source, sha256, name))
        for copy in staged:
            if copy.settle():
                settled.append(copy)
        return project.take_in(source.entries, source.transcripts)
    except BaseException as error:
        for copy in staged:
            copy.drop()
        for copy in settled:
            project.attachment(copy.attachment.sha256).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise UnavailableError(f"附件存不下来：{cause(error)}，没有并入。请检查磁盘空间后重试。") from error
        raise


def _staged(project: Project, other: Path, source: Other, sha256: str, name: str) -> Staged:
    place = source.folder / attachments.FOLDER / sha256
    if not place.is_file():
        raise _damaged(other, Fault(f"附件 {name}（{sha256[:12]}）", "文件不见了"))
    copy = project.stage(place, name)
    if copy.attachment.sha256 != sha256:
        copy.drop()
        raise _damaged(other, Fault(f"附件 {name}（{sha256[:12]}）", "内容已被改动"))
    return copy


def _damaged(other: Path, fault: Fault) -> DamagedError:
    return DamagedError(f"{other} 已损坏，没有并入。{fault}。")
