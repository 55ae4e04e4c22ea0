"""What a person writes down: fields, attachments, 调整记录, sign-offs, decisions, known host keys, passwords."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from app.actions.workspace import Workspace, require_writable
from app.base import clock
from app.base.cancellation import Cancellation
from app.base.errors import InputError
from app.evidence.entry import Entry
from app.evidence.project import Draft
from app.site.model import Bus, Host
from app.workflow.model import Record

DECISIONS = ("waive", "not_applicable", "withdraw")


@dataclass(frozen=True)
class Adjustment:
    """调整记录: what was changed on site, before and after, by whom, why, and the way back; ``check`` is why it was."""

    what: str
    before: str = ""
    after: str = ""
    by: str = ""
    why: str = ""
    way_back: str = ""
    check: str = ""


def field_value(workspace: Workspace, step: str, field: str, scope: str = "") -> Any:
    """The field's newest value, or None when nothing was ever written."""
    recorded = workspace.project.current("field", f"{step}/{field}", scope)
    return recorded[-1].payload["value"] if recorded else None


def set_field(workspace: Workspace, step: str, field: str, value: Any, scope: str = "") -> Entry | None:
    """Records a field's value (text, or rows of text); None when it is what already stands there."""
    require_writable(workspace)
    if field_value(workspace, step, field, scope) == value:
        return None
    (entry,) = workspace.append(Draft("field", f"{step}/{field}", {"value": value}, scope))
    return entry


def attach(
    workspace: Workspace,
    step: str,
    slot: str,
    source: Path | bytes,
    name: str,
    note: str = "",
    scope: str = "",
    cancellation: Cancellation | None = None,
) -> Entry:
    """Copies a file (or a pasted picture's bytes) into the project and records it as evidence of a step's slot."""
    require_writable(workspace)
    attachment = workspace.project.attach(source, name, cancellation)
    content = {"sha256": attachment.sha256, "name": attachment.name, "size": attachment.size, "note": note}
    (entry,) = workspace.append(Draft("attachment", f"{step}/{slot}/{attachment.sha256}", content, scope))
    return entry


def withdraw_attachment(workspace: Workspace, record: Record) -> Entry:
    """Takes an attachment out of a step; the file and its history stay."""
    require_writable(workspace)
    draft = Draft("attachment", record.subject, {**record.payload, "withdrawn": True}, record.scope)
    (entry,) = workspace.append(draft)
    return entry


def adjust(workspace: Workspace, step: str, adjustment: Adjustment, slot: str = "adjust", scope: str = "") -> Entry:
    """Records a 调整记录. Raises InputError when it does not say what was changed."""
    require_writable(workspace)
    if not adjustment.what.strip():
        raise InputError("调整记录没有写明调整内容，请填写“调整了什么”。")
    (entry,) = workspace.append(Draft("adjustment", f"{step}/{slot}/{uuid.uuid4().hex}", asdict(adjustment), scope))
    return entry


def sign_off(
    workspace: Workspace, step: str, signoff: str, role: str, name: str, note: str = "", scope: str = ""
) -> Entry:
    """Records that a person of ``role`` has confirmed. Raises InputError without a role."""
    require_writable(workspace)
    if not role.strip():
        raise InputError("确认人没有填写身份（如“地方实施责任单位项目协调人”）。")
    content = {"role": role, "name": name, "note": note}
    (entry,) = workspace.append(Draft("signoff", f"{step}/{signoff}", content, scope, role=role))
    return entry


def decide(
    workspace: Workspace,
    subject: str,
    decision: str,
    role: str,
    reason: str,
    expires: date | None = None,
    scope: str = "",
) -> Entry:
    """Records a 处置 on ``check@target`` or ``step:ID``. It names the result it is about; it changes no outcome.

    A decision expires at the end of ``expires`` in +08:00. Raises InputError without role or reason, or without a
    result to name.
    """
    require_writable(workspace)
    if decision not in DECISIONS:
        raise InputError(f"没有这种处置：{decision}。")
    if not role.strip() or not reason.strip():
        raise InputError("处置必须写明由谁（身份）决定和理由。")
    newest = workspace.project.current("result", subject, scope)
    if not newest and not subject.startswith("step:"):
        raise InputError(f"{subject} 还没有检查结果，不能处置；请先检查。")
    ends = clock.stamp(datetime.combine(expires, time(23, 59, 59), clock.CHINA)) if expires else ""
    content = {
        "decision": decision,
        "role": role,
        "reason": reason,
        "expires": ends,
        "result": newest[-1].hash if newest else "",
        "outcome": newest[-1].payload["outcome"] if newest else "",  # what a newer result must not be worse than
    }
    (entry,) = workspace.append(Draft("decision", subject, content, scope, role=role))
    return entry


def trust(workspace: Workspace, target_id: str, fingerprint: str) -> Entry:
    """Records the key of a host, or of an SFTP bus, as known. Raises InputError for another target or a malformed
    fingerprint.
    """
    require_writable(workspace)
    target = workspace.site.target(target_id)
    if not (isinstance(target, Host) or (isinstance(target, Bus) and target.probe == "sftp-roundtrip")):
        raise InputError(f"现场配置文件中没有主机 {target_id}。")
    if not _is_fingerprint(fingerprint):
        raise InputError(f"主机公钥指纹应为 SHA256: 加 43 个字符，不是 {fingerprint!r}。")
    (entry,) = workspace.append(Draft("host_key", target_id, {"fingerprint": fingerprint}))
    return entry


def _is_fingerprint(text: str) -> bool:
    kind, _, digest = text.partition(":")
    alphabet = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    return kind == "SHA256" and len(digest) == 43 and set(digest) <= alphabet


def transcript(workspace: Workspace, record: Record) -> str:
    """What the check saw, as it was stored with its result."""
    entry = workspace.project.entry(record.hash)
    return workspace.project.transcript(entry) if entry else ""


def set_password(workspace: Workspace, target_id: str, password: str) -> str:
    """Stores a target's password in the system's keyring. Returns "" or, when only this session keeps it, why."""
    return workspace.secrets.set(target_id, password)
