"""oracle.temp: temporary tablespaces have files, and room in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.checks.database.errors import COLUMN_MISSING, VIEW_MISSING, SqlRefused
from app.checks.database.findings import Finding, judged
from app.checks.database.parameters import CLUSTER
from app.checks.database.reading import at_least, listed, mib, number, percent, text
from app.checks.database.space import DATA_FILES, DISK_GROUPS, File, Room, Space, disk_groups, file_of, space
from app.checks.database.tablespaces import TABLESPACES, listed_tablespaces
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

TEMP_TABLESPACES = (
    "SELECT TABLESPACE_NAME, STATUS, BLOCK_SIZE FROM DBA_TABLESPACES WHERE CONTENTS = 'TEMPORARY'",  # 9i+
    "SELECT T.TABLESPACE_NAME, T.STATUS, P.VALUE FROM DBA_TABLESPACES T, V$PARAMETER P"
    " WHERE T.CONTENTS = 'TEMPORARY' AND P.NAME = 'db_block_size'",
)
TEMP_FILES = "SELECT TABLESPACE_NAME, FILE_NAME, BYTES, AUTOEXTENSIBLE, MAXBYTES, STATUS FROM DBA_TEMP_FILES"
TEMP_FREE = "SELECT TABLESPACE_NAME, TABLESPACE_SIZE, FREE_SPACE FROM DBA_TEMP_FREE_SPACE"  # 11g+
SORT_SEGMENTS = (
    "SELECT TABLESPACE_NAME, SUM(USED_BLOCKS) FROM GV$SORT_SEGMENT GROUP BY TABLESPACE_NAME",
    "SELECT TABLESPACE_NAME, SUM(USED_BLOCKS) FROM V$SORT_SEGMENT GROUP BY TABLESPACE_NAME",
)
UNUSABLE = ("OFFLINE", "INVALID")  # states of a temporary file
WARN, FULL = 80, 97  # percent


@dataclass(frozen=True)
class Temporary:
    """A temporary tablespace; ``space`` None without a usable file, ``used`` in bytes, None where it is not known.

    ``offline``: its files that cannot be used.
    """

    name: str
    space: Space | None
    used: int | None
    offline: tuple[str, ...] = ()


def gather(session: OracleSession, target: Database) -> tuple[Temporary, ...]:  # noqa: ARG001
    listed_tablespaces(session)
    tablespaces = [(text(row[0]), text(row[1]).upper(), row[2]) for row in session.select(*TEMP_TABLESPACES)]
    rows = session.select(TEMP_FILES)
    files = [file_of(row) for row in rows if text(row[5]).upper() not in UNUSABLE]
    offline = [(text(row[0]), text(row[1])) for row in rows if text(row[5]).upper() in UNUSABLE]
    if any(not [one for one in files if one.tablespace == name] for name, _, _ in tablespaces):
        files += [file_of(row) for row in session.select(DATA_FILES)]  # up to 9i temporary ones may have data files
    groups = disk_groups(session, files)
    used = _used(session, {name: size for name, _, size in tablespaces})
    return tuple(
        Temporary(
            name,
            _space(name, status, files, groups),
            used.get(name),
            tuple(file for tablespace, file in offline if tablespace == name),
        )
        for name, status, _ in tablespaces
    )


def _space(name: str, status: str, files: Sequence[File], groups: Mapping[str, Room]) -> Space | None:
    own = [one for one in files if one.tablespace == name]
    return space(own, groups) if own and status != "OFFLINE" else None


def _used(session: OracleSession, block_sizes: Mapping[str, Any]) -> dict[str, int]:
    """Used bytes: what is allocated counts as free once no sort needs it."""
    used: dict[str, int] = {}
    try:
        for name, size, free in session.select(TEMP_FREE):
            what = f"临时表空间 {text(name)} 的空间"
            used[text(name)] = used.get(text(name), 0) + number(size, what) - number(free, what)
        return {name: size for name, size in used.items() if size >= 0}  # more free than there is: nonsense
    except SqlRefused as error:
        if error.code not in (VIEW_MISSING, COLUMN_MISSING):
            raise
    segments = {text(row[0]): number(row[1], "V$SORT_SEGMENT 的 USED_BLOCKS") for row in _sort_segments(session)}
    # A sort segment is made at its first use (Oracle Database Reference, V$SORT_SEGMENT): without one nothing is used.
    return {name: segments.get(name, 0) * number(size, f"{name} 的块大小") for name, size in block_sizes.items()}


def _sort_segments(session: OracleSession) -> Sequence[Sequence[Any]]:
    """Of all instances. Raises Undetermined where only one of a cluster can be seen."""
    everywhere, here = SORT_SEGMENTS
    try:
        return session.select(everywhere)
    except SqlRefused as error:
        if error.code not in (VIEW_MISSING, COLUMN_MISSING):
            raise
        if any(text(row[0]).upper() != "NO" for row in session.select(CLUSTER)):
            raise Undetermined(f"集群数据库，只看得到本实例的临时段（{error.reason}）", error.advice) from None
    return session.select(here)


def compare(facts: Sequence[Temporary], target: Database, site: Site) -> Verdict:  # noqa: ARG001
    expected = f"有可用的临时文件，已用低于 {WARN}%"
    if not facts:
        advice = "请 DBA 创建临时表空间（CREATE TEMPORARY TABLESPACE …）并设为默认。"
        return Verdict(Outcome.FAIL, expected, "没有临时表空间", "没有临时表空间", advice)
    findings = [finding for one in facts for finding in (*_findings(one), *_offline(one))]
    return judged(expected, "；".join(map(_figures, facts)), findings)


def _figures(one: Temporary) -> str:
    if one.space is None:
        return f"{one.name} 没有可用的临时文件"
    used = "未知" if one.used is None else f"{mib(one.used)} MB，占上限的 {percent(one.used, one.space.limit)}"
    return f"{one.name} {mib(one.space.size)} MB，上限 {mib(one.space.limit)} MB，已用 {used}"


def _findings(one: Temporary) -> list[Finding]:
    resize = f"请 DBA 查明占用的会话（V$TEMPSEG_USAGE），必要时执行 ALTER TABLESPACE {one.name} ADD TEMPFILE …。"
    if one.space is None:
        advice = f"请 DBA 执行 ALTER TABLESPACE {one.name} ADD TEMPFILE …。"
        return [Finding(Outcome.FAIL, f"临时表空间 {one.name} 没有可用的临时文件", advice)]
    if one.used is None or one.used > one.space.limit:
        return [Finding(Outcome.UNKNOWN, f"读不到临时表空间 {one.name} 已用多少，或答复不合理")]
    if at_least(one.used, one.space.limit, WARN):
        return [Finding(Outcome.WARN, f"临时表空间 {one.name} 已用 {percent(one.used, one.space.limit)}", resize)]
    if not one.space.certain and at_least(one.used, one.space.size, FULL):
        reason = (
            f"临时表空间 {one.name} 已分配部分用到 {percent(one.used, one.space.size)}，磁盘剩余空间从数据库里看不到"
        )
        return [Finding(Outcome.WARN, reason, "请核对临时文件所在文件系统的剩余空间（host.disk）。")]
    return []


def _offline(one: Temporary) -> list[Finding]:
    if not one.offline or one.space is None:
        return []
    advice = "请 DBA 查明原因后执行 ALTER DATABASE TEMPFILE … ONLINE，或删除后重建。"
    return [Finding(Outcome.WARN, f"临时表空间 {one.name} 的文件不可用：{listed(one.offline)}", advice)]


def shows(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (TABLESPACES, *TEMP_TABLESPACES, TEMP_FILES, DATA_FILES, DISK_GROUPS, TEMP_FREE, *SORT_SEGMENTS, CLUSTER)
