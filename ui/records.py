"""What the journal holds of one step: attachments, 调整记录, sign-offs. Reading only, no Qt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.workflow.model import Record

if TYPE_CHECKING:
    from app.actions.workspace import Workspace

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


def of_step(workspace: Workspace, kind: str, step: str, part: str = "", scope: str = "") -> tuple[Record, ...]:
    """The newest records of ``kind`` whose subject is ``step/part`` or lies below it, withdrawn ones left out."""
    subject = f"{step}/{part}" if part else step
    found = [
        record
        for record in workspace.project.current(kind)
        if record.scope == scope
        and (record.subject == subject or record.subject.startswith(f"{subject}/"))
        and not record.payload.get("withdrawn")
    ]
    return tuple(sorted(found, key=lambda record: record.order))


def picture_of(workspace: Workspace, record: Record) -> Path | None:
    """The file of an attachment that can be shown as a picture."""
    if not str(record.payload.get("name", "")).lower().endswith(PICTURES):
        return None
    path = workspace.project.attachment(str(record.payload.get("sha256", "")))
    return path if path.is_file() else None


def size_words(size: int) -> str:
    """A file's size in words."""
    if size < 1 << 10:
        return f"{size} 字节"
    return f"{size / (1 << 10):.0f} KiB" if size < 1 << 20 else f"{size / (1 << 20):.1f} MiB"
