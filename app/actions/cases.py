"""服务事项 of the technical service period: each is a scope of its own, with its fields, checks and papers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.actions.workspace import Workspace, require_writable
from app.base import clock
from app.base.errors import InputError
from app.evidence.entry import Entry
from app.evidence.project import Draft
from app.workflow.cases import BIG_KINDS, VISIT

KINDS = ("咨询", "迁移", "升级", "巡检", "调优", "部署调整", "培训", "故障")


@dataclass(frozen=True)
class Case:
    """One 服务事项; ``scope`` (``case-<id>``) is what its entries carry. ``opened`` is RFC 3339."""

    scope: str
    kind: str
    title: str
    opened: str
    closed: bool


def cases(workspace: Workspace) -> tuple[Case, ...]:
    """Every case of the project, in the order in which they were opened."""
    return tuple(_case(entry) for entry in workspace.project.current("case"))


def big_cases(workspace: Workspace) -> tuple[Case, ...]:
    """The cases that are 大的调整: always 迁移, 升级 and 部署调整, else by the visit's own answer. They need 附表4."""
    said = {
        entry.scope
        for entry in workspace.project.current("field", f"{VISIT}/big_change")
        if entry.payload["value"] == "是"
    }
    return tuple(case for case in cases(workspace) if case.kind in BIG_KINDS or case.scope in said)


def _case(entry: Entry) -> Case:
    content = entry.payload
    return Case(entry.subject, content["kind"], content["title"], content["opened"], bool(content["closed"]))


def open_case(workspace: Workspace, kind: str, title: str) -> Case:
    """Opens a case. Raises InputError for an unknown kind or an empty title."""
    require_writable(workspace)
    if kind not in KINDS:
        raise InputError(f"服务事项的类型只能是{'、'.join(KINDS)}，不能是“{kind}”。")
    if not title.strip():
        raise InputError("服务事项没有写明是什么事，请填写“事项”。")
    moment = clock.now()
    content = {"kind": kind, "title": title.strip(), "opened": clock.stamp(moment), "closed": False}
    (entry,) = workspace.append(Draft("case", _fresh_scope(workspace, f"{clock.china_date(moment):%Y%m%d}"), content))
    return _case(entry)


def _fresh_scope(workspace: Workspace, day: str) -> str:
    """``case-<day>-<chain>-<number>``: two laptops that open one on the same day never name theirs alike."""
    stem = f"case-{day}-{workspace.project.chain[:3]}"
    taken = {case.scope for case in cases(workspace)}
    return next(scope for scope in (f"{stem}-{number}" for number in range(1, len(taken) + 2)) if scope not in taken)


def close_case(workspace: Workspace, scope: str, closed: bool = True) -> Case:
    """Closes (or reopens) a case. Raises InputError when there is none of that scope."""
    require_writable(workspace)
    known = workspace.project.current("case", scope)
    if not known:
        raise InputError(f"没有服务事项 {scope}。")
    content: dict[str, Any] = {**known[-1].payload, "closed": closed}
    (entry,) = workspace.append(Draft("case", scope, content))
    return _case(entry)
