"""Where this program cannot connect: the script that the customer's administrator runs there instead."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.actions.workspace import Workspace, require_writable
from app.base import clock
from app.base.errors import InputError
from app.base.files import make_folder, write_atomic
from app.checks import catalogue
from app.checks.model import Planned
from app.checks.offline import writing
from app.evidence.project import Draft
from app.site.model import Target, WebLogic

VERSION = "1"  # of what the scripts ask; raised when their questions change
SUBJECT = "no-access"  # of the attachments: scripts, and what came back
KINDS = writing.KINDS


@dataclass(frozen=True)
class Script:
    """A script that was written, and the checks that its output will answer; ``not_covered`` want a connection."""

    path: Path
    target: Target
    covered: tuple[Planned, ...]
    not_covered: tuple[Planned, ...]
    number: str


def write_script(workspace: Workspace, kind: str, out: Path, target_id: str = "") -> Script:
    """Writes the script for one target of ``kind`` to ``out``, and keeps it as an attachment.

    Raises InputError for an unknown kind or target, several targets to choose from, or a file that is there already;
    UnavailableError where it cannot be written.
    """
    require_writable(workspace)
    target = _chosen(workspace, kind, target_id)
    covered, not_covered = split(workspace, target)
    if isinstance(target, WebLogic) and not target.via:
        raise InputError(f"请先在 [[weblogic]] {target.id} 里写 via（应用主机），脚本要在那台主机上运行。")
    if not covered:
        raise InputError(f"{target.id} 没有脚本可以回答的检查项。请核对现场配置文件里它的方案值。")
    if out.exists():
        raise InputError(f"{out} 已经存在，没有覆盖。请换一个文件名。")
    head = {
        "kind": kind,
        "target": target.id,
        "project": workspace.project.id,
        "node": workspace.site.node,
        "digest": target.digest(),
        "script": VERSION,
        "written": clock.stamp(clock.now()),
    }
    body = writing.script(target, covered, head, secrets.token_hex(8), out.suffix.lower())
    make_folder(out.parent)
    write_atomic(out, body)
    kept = workspace.project.attach(body, out.name)
    content = {"sha256": kept.sha256, "name": kept.name, "size": kept.size, "note": f"请客户运行的脚本：{target.name}"}
    (entry,) = workspace.append(Draft("attachment", f"{SUBJECT}/{target.id}/{kept.sha256}", content))
    return Script(out, target, covered, not_covered, workspace.project.number(entry))


def _chosen(workspace: Workspace, kind: str, target_id: str) -> Target:
    if kind not in KINDS:
        raise InputError(f"没有用于 {kind} 的脚本，只有 {'、'.join(KINDS)}。")
    there = workspace.site.of_kind(kind)
    if target_id:
        chosen = [one for one in there if one.id == target_id]
        if not chosen:
            raise InputError(f"现场配置文件里没有 [[{kind}]] {target_id}。有：{_ids(there)}。")
        return chosen[0]
    if len(there) != 1:
        raise InputError(f"请用 --target 写明是哪一个 [[{kind}]]：{_ids(there)}。")
    return there[0]


def _ids(targets: Sequence[Target]) -> str:
    return "、".join(target.id for target in targets) or "（一个也没有）"


def split(workspace: Workspace, target: Target) -> tuple[tuple[Planned, ...], tuple[Planned, ...]]:
    """The target's planned checks: those that a script can answer, and those that want a connection from here."""
    planned = catalogue.plan_of(workspace.checks, workspace.site, targets=[target.id])
    planned = tuple(pair for pair in planned if not pair.check.applies(target, workspace.site))
    covered = tuple(pair for pair in planned if writing.covers(pair.check, target))
    return covered, tuple(pair for pair in planned if pair not in covered)
