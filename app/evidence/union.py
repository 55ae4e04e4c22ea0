"""Another laptop's work taken in: the plain union of both journals, byte for byte. No entry is written by it.

The other may be a project folder or a package; how a package lays out a project is written in ``app.handover``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.base.errors import DamagedError, InputError
from app.base.files import read_bounded
from app.evidence import attachments
from app.evidence.chain import Conflict, Fork
from app.evidence.entry import Entry, parse
from app.evidence.inspection import HOLDS_FILE, chain_faults
from app.evidence.project import JOURNAL, TRANSCRIPT_LIMIT, Project

DATA = "data"
ABOUT_LIMIT = 1 << 20
CHAIN_LIMIT = 4 << 30


@dataclass(frozen=True)
class Union:
    """``added``: how many entries were new; ``conflicts`` and ``forks`` are all that the project has now."""

    added: int
    conflicts: tuple[Conflict, ...]
    forks: tuple[Fork, ...]


@dataclass(frozen=True)
class Other:
    """What is taken in: ``files`` is the folder of its attachments; transcripts are by their SHA-256."""

    project: str
    rehearsal: bool
    entries: tuple[Entry, ...]
    transcripts: Mapping[str, bytes]
    files: Path


def merge(project: Project, other: Path) -> Union:
    """Takes the entries, transcripts and attachments of ``other`` into ``project``.

    Raises InputError for what is no project or package, for another project's or a rehearsal's beside a real one;
    DamagedError when ``other`` is not what was written, UnavailableError when the disk will not take it. In all of
    these the project's journal is unchanged.
    """
    source = read(other)
    if source.project != project.id:
        raise InputError(f"{other} 属于另一个项目（编号 {source.project[:8]}…），不能并入。")
    if source.rehearsal != project.rehearsal:
        raise InputError(f"{other} 与本项目一个是演练、一个是真实实施，不能合并。")
    _require_sound(other, source)
    _keep_files(project, source)
    added = project.take_in(iter(source.entries), source.transcripts)
    return Union(added, project.conflicts(), project.forks())


def read(other: Path) -> Other:
    """Reads a project folder or a package without writing to it. Raises InputError, DamagedError."""
    if (other / JOURNAL).is_file():
        return _read_project(other)
    if (other / DATA / "journal").is_dir():
        return _read_package(other / DATA)
    raise InputError(f"{other} 不是项目文件夹，也不是移交包。")


def _read_project(folder: Path) -> Other:
    opened = Project.open(folder, write=False)
    try:
        entries = tuple(opened.entries())
        transcripts = {name: opened.transcript_bytes(name) for name in _transcripts_of(entries)}
        return Other(opened.id, opened.rehearsal, entries, transcripts, folder / attachments.FOLDER)
    finally:
        opened.close()


def _read_package(data: Path) -> Other:
    try:
        about = json.loads(read_bounded(data / "project.json", ABOUT_LIMIT, "移交包的项目说明"))
        project, rehearsal = str(about["project"]), bool(about["rehearsal"])
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedError(f"移交包的项目说明 {data / 'project.json'} 读不懂，可能已损坏。") from error
    entries = tuple(entry for path in sorted((data / "journal").glob("*.jsonl")) for entry in _read_chain(path))
    transcripts = {
        name: read_bounded(data / "transcripts" / f"{name}.txt", TRANSCRIPT_LIMIT, "过程记录")
        for name in _transcripts_of(entries)
    }
    return Other(project, rehearsal, entries, transcripts, data / attachments.FOLDER)


def _read_chain(path: Path) -> Iterator[Entry]:
    for number, raw in enumerate(read_bounded(path, CHAIN_LIMIT, "实施日志").splitlines(), 1):
        try:
            yield parse(raw)
        except DamagedError as error:
            raise DamagedError(f"{path.name} 第{number}行：{error}") from error


def _transcripts_of(entries: tuple[Entry, ...]) -> set[str]:
    named = (str(entry.payload.get("transcript", "")) for entry in entries)
    return {name for name in named if len(name) == 64 and set(name) <= set("0123456789abcdef")}


def _require_sound(other: Path, source: Other) -> None:
    """Raises DamagedError with the first fault of what is to be taken in: chains, transcripts, attachments."""
    for fault in chain_faults(source.project, source.entries):
        raise DamagedError(f"{other} 的实施日志有问题，没有并入。{fault}。")
    for name, body in source.transcripts.items():
        if hashlib.sha256(body).hexdigest() != name:
            raise DamagedError(f"{other} 的过程记录 {name[:12]} 内容已被改动，没有并入。")
    for name, label in _files_of(source.entries).items():
        if trouble := attachments.fault(source.files.parent, name):
            raise DamagedError(f"{other} 的附件 {label}：{trouble}，没有并入。")


def _files_of(entries: tuple[Entry, ...]) -> dict[str, str]:
    """The attachments that entries speak of: SHA-256 → what a person called it."""
    holding = (entry.payload for entry in entries if entry.kind in HOLDS_FILE)
    return {str(payload["sha256"]): str(payload.get("name", "")) for payload in holding if payload.get("sha256")}


def _keep_files(project: Project, source: Other) -> None:
    """Copies what is not there yet; a file is in place before any entry speaks of it."""
    for name, label in _files_of(source.entries).items():
        if attachments.fault(project.folder, name):
            kept = project.attach(source.files / name, label)
            if kept.sha256 != name:
                raise DamagedError(f"附件 {label} 在并入时变了，没有并入；请重新插好U盘再试。")
