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
DISK_GROUPS = "SELECT NAME, USABLE_FILE_MB FROM V$ASM_DISKGROUP"  # 10.2+


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
class Space:
    """What a tablespace has and may have, in bytes. ``certain``: the room behind all of its growth is known."""

    size: int
    limit: int
    certain: bool


def file_of(row: Sequence[Any]) -> File:
    """A row of DATA_FILES or of its like for temporary files."""
    name = text(row[1])
    size = number_or_none(row[2], f"文件 {name} 的大小")
    most = number_or_none(row[4], f"文件 {name} 的最大值") or 0
    return File(text(row[0]), name, size, max(size or 0, most if text(row[3]).upper() == "YES" else 0))


def disk_groups(session: OracleSession, files: Sequence[File]) -> Mapping[str, int]:
    """Free bytes of each ASM disk group that growing files lie in; nothing where that cannot be seen."""
    if not any(file.disk_group and file.growth for file in files):
        return {}
    try:
        rows = session.select(DISK_GROUPS)
    except SqlRefused:
        return {}
    # USABLE_FILE_MB is negative where redundancy could not be restored: no room at all.
    return {text(row[0]).upper(): max(0, int(row[1])) * MIB for row in rows if isinstance(row[1], int)}


def space(files: Sequence[File], groups: Mapping[str, int]) -> Space:
    """Σ GREATEST(BYTES, MAXBYTES if AUTOEXTENSIBLE), growth in ASM capped by what the disk group has free."""
    size = sum(number(file.size, f"文件 {file.name} 的大小") for file in files)
    growth: dict[str, int] = {}
    for file in files:
        growth[file.disk_group] = growth.get(file.disk_group, 0) + file.growth
    certain = all(group in groups for group, most in growth.items() if most)
    grown = sum(min(most, groups.get(group, most)) for group, most in growth.items())
    return Space(size, size + grown, certain)
