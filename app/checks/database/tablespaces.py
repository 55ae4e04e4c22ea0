"""oracle.tablespaces: the planned ones exist and are online, with every data file of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.checks.database.findings import Finding, judged
from app.checks.database.reading import found_name, listed, not_planned, require, text
from app.checks.model import Outcome, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

ALWAYS = "SYSTEM"
TABLESPACES = "SELECT TABLESPACE_NAME, STATUS, CONTENTS FROM DBA_TABLESPACES"
FILE_STATES = (
    "SELECT TABLESPACE_NAME, FILE_NAME, STATUS, ONLINE_STATUS FROM DBA_DATA_FILES",  # 10g+
    "SELECT T.NAME, F.NAME, 'AVAILABLE', F.STATUS FROM V$DATAFILE F, V$TABLESPACE T WHERE F.TS# = T.TS#",
)


@dataclass(frozen=True)
class Tablespace:
    """``files``: each file's name with its STATUS and ONLINE_STATUS."""

    name: str
    status: str
    contents: str
    files: tuple[tuple[str, str, str], ...] = ()


def listed_tablespaces(session: OracleSession) -> list[tuple[str, str, str]]:
    """Name, STATUS and CONTENTS of every tablespace. An answer without SYSTEM, which each database has, is none."""
    rows = [(text(row[0]), text(row[1]).upper(), text(row[2]).upper()) for row in session.select(TABLESPACES)]
    require([row for row in rows if row[0] == ALWAYS], "DBA_TABLESPACES")
    return rows


def gather(session: OracleSession, target: Database) -> tuple[Tablespace, ...]:  # noqa: ARG001
    rows = listed_tablespaces(session)
    files: dict[str, list[tuple[str, str, str]]] = {}
    for tablespace, *file in session.select(*FILE_STATES):
        name, status, online = map(text, file)
        files.setdefault(text(tablespace), []).append((name, status.upper(), online.upper()))
    return tuple(Tablespace(name, status, contents, tuple(files.get(name, ()))) for name, status, contents in rows)


def compare(facts: Sequence[Tablespace], target: Database, site: Site) -> Verdict:  # noqa: ARG001
    known = {one.name: one for one in facts}
    planned = target.expect.tablespaces
    if not planned:
        actual = "；".join(f"{one.name} {one.status}" for one in facts[:20])
        return not_planned(actual, _observed(facts), "tablespaces")
    found = {name: found_name(name, known) for name in planned}
    present = [known[name] for name in dict.fromkeys(found.values()) if name]
    findings = [
        Finding(Outcome.FAIL, f"没有表空间 {name}", f"请 DBA 按方案创建（CREATE TABLESPACE {name} …）。")
        for name, real in found.items()
        if not real
    ]
    findings += [finding for one in present for finding in _state(one)]
    actual = "；".join(f"{one.name} {one.status}" for one in present) or "方案中的表空间都没有"
    return judged(f"{listed(planned)} 存在且 ONLINE，数据文件在线", actual, findings, _observed(present))


def _observed(tablespaces: Sequence[Tablespace]) -> dict[str, Any]:
    return {"tablespaces": [{"name": one.name, "status": one.status} for one in tablespaces]}


def _state(one: Tablespace) -> list[Finding]:
    recover = f"请 DBA 恢复后上线（RECOVER DATAFILE、ALTER TABLESPACE {one.name} ONLINE）。"
    if one.status == "OFFLINE":
        return [Finding(Outcome.FAIL, f"表空间 {one.name} 是 OFFLINE", recover)]
    findings = []
    if one.status == "READ ONLY":
        advice = f"请 DBA 核对原因，需要写入时执行 ALTER TABLESPACE {one.name} READ WRITE。"
        findings.append(Finding(Outcome.WARN, f"表空间 {one.name} 是只读的", advice))
    elif one.status != "ONLINE":
        findings.append(Finding(Outcome.UNKNOWN, f"表空间 {one.name} 的状态“{one.status}”无法理解"))
    if not one.files and one.contents != "TEMPORARY":
        findings.append(Finding(Outcome.UNKNOWN, f"读不到表空间 {one.name} 的数据文件"))
    for name, status, online in one.files:
        if online in ("OFFLINE", "SYSOFF", "RECOVER"):
            findings.append(Finding(Outcome.FAIL, f"数据文件 {name} 是 {online}", recover))
        elif status == "INVALID":
            findings.append(Finding(Outcome.FAIL, f"数据文件 {name} 的状态是 INVALID", recover))
        elif online not in ("ONLINE", "SYSTEM") or status != "AVAILABLE":
            findings.append(Finding(Outcome.UNKNOWN, f"数据文件 {name} 的状态“{status} {online}”无法理解"))
    return findings


def shows(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (TABLESPACES, *FILE_STATES)
