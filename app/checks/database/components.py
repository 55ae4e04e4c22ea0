"""oracle.components: what DBA_REGISTRY says of the database's components, and how the last SQL patches went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from app.checks.database.errors import COLUMN_MISSING, VIEW_MISSING, SqlRefused
from app.checks.database.findings import Finding, judged
from app.checks.database.reading import listed, moment, require, text
from app.checks.database.version import RELEASES, release
from app.checks.model import Outcome, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

COMPONENTS = "SELECT COMP_ID, COMP_NAME, STATUS, VERSION FROM DBA_REGISTRY"  # 9.2+
PATCHES = "SELECT PATCH_ID, ACTION, STATUS, ACTION_TIME FROM DBA_REGISTRY_SQLPATCH"  # 12.1+
SQL_PATCHED = (12, 1)
ALWAYS = ("CATALOG", "CATPROC")  # every database from 9.2 on has them
# Oracle Database Reference, DBA_REGISTRY: STATUS. OPTION OFF: installed, its option is not linked in.
FINE = ("VALID", "OPTION OFF", "REMOVED")
UNFINISHED = (
    "LOADING", "LOADED", "UPGRADING", "UPGRADED", "DOWNGRADING", "DOWNGRADED", "REMOVING", "NO SCRIPT",
)  # fmt: skip
# Oracle Database Reference, DBA_REGISTRY_SQLPATCH: STATUS; END stood for success in 12.1.
APPLIED = ("SUCCESS", "END")
BROKEN = "WITH ERRORS"
REPAIR = "请 DBA 以 SYSDBA 执行 utlrp.sql 重新编译，再查 DBA_REGISTRY；仍不是 VALID 时按其日志处理。"
DATAPATCH = "请 DBA 在服务器上执行 datapatch -verbose，按它给出的日志处理后再检查。"


@dataclass(frozen=True)
class Component:
    id: str
    name: str
    status: str
    version: str


@dataclass(frozen=True)
class Patch:
    """The latest action on one patch; ``statuses``: those of all rows at that time, one as a rule."""

    id: str
    action: str
    statuses: tuple[str, ...]


@dataclass(frozen=True)
class Registry:
    """``unseen``: why the SQL patches could not be read although the release records them."""

    components: tuple[Component, ...]
    patches: tuple[Patch, ...]
    unseen: str = ""


def gather(session: OracleSession, target: Database) -> Registry:  # noqa: ARG001 - the shape of Check.gather
    rows = session.select(COMPONENTS)
    require(rows, "DBA_REGISTRY")
    components = tuple(
        Component(text(row[0]).upper(), text(row[1]), text(row[2]).upper(), text(row[3])) for row in rows
    )
    try:
        return Registry(components, _latest(session.select(PATCHES)))
    except SqlRefused as error:
        if error.code not in (VIEW_MISSING, COLUMN_MISSING):
            raise
        return Registry(components, (), error.reason if release(session) >= SQL_PATCHED else "")


def _latest(rows: Sequence[Sequence[object]]) -> tuple[Patch, ...]:
    """The last action of each patch by ACTION_TIME; several at one time all count, and so does one without a time."""
    actions: dict[str, list[tuple[datetime | None, str, str]]] = {}
    for row in rows:
        when = moment(row[3], f"补丁 {text(row[0])} 的时间")
        actions.setdefault(text(row[0]), []).append((when, text(row[1]), text(row[2]).upper()))
    found = []
    for patch, done in actions.items():
        last = max((when for when, _, _ in done if when is not None), default=None)
        final = [one for one in done if one[0] in (last, None)]
        found.append(Patch(patch, final[-1][1], tuple(dict.fromkeys(status for _, _, status in final))))
    return tuple(found)


def compare(facts: Registry, target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    planned = target.expect.components
    must = tuple(dict.fromkeys((*ALWAYS, *planned)))
    findings = [finding for name in must for finding in _required(name, facts.components, name in planned)]
    required = {one.id for name in must for one in _named(name, facts.components)}
    findings += [finding for one in facts.components if one.id not in required for finding in _other(one)]
    findings += [finding for one in facts.patches for finding in _patch_findings(one)]
    if facts.unseen:
        reason = f"看不到 SQL 补丁的记录（{facts.unseen}）"
        findings.append(Finding(Outcome.UNKNOWN, reason, "请 DBA 查询 DBA_REGISTRY_SQLPATCH，或授予查询权限后再检查。"))
    actual = "；".join(
        f"{one.id} {one.version} {one.status or '状态为空'}".replace("  ", " ") for one in facts.components
    )
    actual += f"；SQL 补丁 {len(facts.patches)} 个" if facts.patches else ""
    observed = {
        "components": [{"id": one.id, "status": one.status, "version": one.version} for one in facts.components]
    }
    return judged(f"{listed(must)} 为 VALID，其他组件没有 INVALID，SQL 补丁没有出错", actual, findings, observed)


def _named(name: str, components: Sequence[Component]) -> list[Component]:
    """A plan may write the id or the full name."""
    wanted = name.strip().upper()
    return [one for one in components if wanted in (one.id, one.name.upper())]


def _required(name: str, components: Sequence[Component], planned: bool) -> list[Finding]:
    """An answer without what every database has says nothing of what it lacks."""
    found = _named(name, components)
    if not found and planned and all(_named(one, components) for one in ALWAYS):
        return [Finding(Outcome.FAIL, f"没有组件 {name}", f"请 DBA 核对方案；确需 {name} 时用 DBCA 安装该组件。")]
    if not found:
        return [Finding(Outcome.UNKNOWN, f"DBA_REGISTRY 里没有 {name}，答复不完整", "请 DBA 查询 DBA_REGISTRY 核对。")]
    unfit = [one for one in found if one.status != "VALID"]
    return [_unfit(one) for one in unfit]


def _unfit(one: Component) -> Finding:
    if not one.status:
        return Finding(Outcome.UNKNOWN, f"组件 {one.id} 的状态为空", "请 DBA 查询 DBA_REGISTRY 核对。")
    return Finding(Outcome.FAIL, f"组件 {one.id} 的状态是 {one.status}", REPAIR)


def _other(one: Component) -> list[Finding]:
    if one.status in FINE:
        return []
    if one.status == "INVALID" or one.status in UNFINISHED:
        return [Finding(Outcome.WARN, f"组件 {one.id} 的状态是 {one.status}", REPAIR)]
    return [Finding(Outcome.UNKNOWN, f"组件 {one.id} 的状态“{one.status}”无法理解", "请 DBA 查询 DBA_REGISTRY 核对。")]


def _patch_findings(one: Patch) -> list[Finding]:
    if any(status.startswith(BROKEN) for status in one.statuses):
        return [
            Finding(
                Outcome.FAIL, f"SQL 补丁 {one.id} 最近一次 {one.action} 出错（{'、'.join(one.statuses)}）", DATAPATCH
            )
        ]
    strange = [status for status in one.statuses if status not in APPLIED]
    if not strange:
        return []
    reason = f"SQL 补丁 {one.id} 最近一次 {one.action} 的状态是“{strange[0]}”，不知是否完成"
    return [Finding(Outcome.UNKNOWN, reason, DATAPATCH)]


def shows(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (COMPONENTS, PATCHES, *RELEASES)
