"""Files and what they may grow to: the sizes behind oracle.tablespace_usage, oracle.temp and oracle.undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.checks.database.errors import SqlRefused
from app.checks.database.reading import MIB, number, number_or_none, text

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

DATA_FILES = "SELECT TABLESPACE_NAME, FILE_NAME, BYTES, AUTOEXTENSIBLE, MAXBYTES FROM DBA_DATA_FILES"
DISK_GROUPS = "SELECT NAME, USABLE_FILE_MB, FREE_MB, TYPE FROM V$ASM_DISKGROUP"  # 10.2+
COPIES: Mapping[str, int] = {"EXTERN": 1, "NORMAL": 2}  # of each extent; at most three elsewhere (HIGH, FLEX, EXTEND)


@dataclass(frozen=True)
class File:
    """``size`` and ``most`` in bytes; ``size`` is None while the file is offline."""

    tablespace: str
    name: str
    size: int | None
    most: int

    @property
    def growth(self) -> int:
        return max(0, self.most - (self.size or 0))

    @property
    def disk_group(self) -> str:
        """The ASM disk group that the file lies in; empty for a file system."""
        return self.name[1:].partition("/")[0].upper() if self.name.startswith("+") else ""


@dataclass(frozen=True)
class Room:
    """Free bytes of an ASM disk group: ``safe`` leaves what restoring redundancy needs, ``most`` can be had at all."""

    safe: int
    most: int


@dataclass(frozen=True)
class Space:
    """What a tablespace has and may have, in bytes. ``certain``: the room behind all of its growth is known.

    ``reach`` is more than ``limit`` where only the room that ASM wants for restoring redundancy is left.
    """

    size: int
    limit: int
    certain: bool
    reach: int


def file_of(row: Sequence[Any]) -> File:
    """A row of DATA_FILES or of its like for temporary files."""
    name = text(row[1])
    size = number_or_none(row[2], f"文件 {name} 的大小")
    most = number_or_none(row[4], f"文件 {name} 的最大值") or 0
    return File(text(row[0]), name, size, max(size or 0, most if text(row[3]).upper() == "YES" else 0))


def disk_groups(session: OracleSession, files: Sequence[File]) -> Mapping[str, Room]:
    """The room in each ASM disk group that growing files lie in; nothing where that cannot be seen."""
    if not any(file.disk_group and file.growth for file in files):
        return {}
    try:
        rows = session.select(DISK_GROUPS)
    except SqlRefused:
        return {}
    return {text(row[0]).upper(): _room(*row[1:]) for row in rows if isinstance(row[1], int)}


def _room(usable: int, free: Any, kind: Any) -> Room:
    """USABLE_FILE_MB is negative where redundancy could not be restored (Oracle, Managing Capacity in Disk Groups)."""
    most = free // COPIES.get(text(kind).upper(), 3) if isinstance(free, int) else 0
    return Room(max(0, usable) * MIB, max(0, usable, most) * MIB)


def space(files: Sequence[File], groups: Mapping[str, Room]) -> Space:
    """Σ GREATEST(BYTES, MAXBYTES if AUTOEXTENSIBLE), growth in ASM capped by what the disk group has free."""
    size = sum(number(file.size, f"文件 {file.name} 的大小") for file in files)
    growth: dict[str, int] = {}
    for file in files:
        growth[file.disk_group] = growth.get(file.disk_group, 0) + file.growth
    certain = all(group in groups for group, most in growth.items() if most)
    rooms = [(most, groups.get(group, Room(most, most))) for group, most in growth.items()]
    grown = sum(min(most, room.safe) for most, room in rooms)
    reached = sum(min(most, room.most) for most, room in rooms)
    return Space(size, size + grown, certain, size + reached)
