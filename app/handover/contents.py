"""What of a project goes into a package: the journal byte for byte, what its entries speak of, and what project it is.

The layout is read again by ``verify`` and, when another laptop takes the package in, by ``app.evidence.union``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from app.evidence.inspection import HOLDS_FILE
from app.evidence.project import Project

Content = Path | bytes


def project_files(project: Project) -> Mapping[str, Content]:
    """The payload files (names below ``data/``) of a project: one JSON Lines file a chain, attachments, transcripts."""
    about = {"project": project.id, "title": project.title, "rehearsal": project.rehearsal, "format": 1}
    files: dict[str, Content] = {"data/project.json": json.dumps(about, ensure_ascii=False, indent=1).encode() + b"\n"}
    chains: dict[str, list[bytes]] = {}
    for entry in project.entries():
        chains.setdefault(entry.chain, []).append(entry.raw)
        if entry.kind in HOLDS_FILE and (sha256 := str(entry.payload.get("sha256", ""))):
            files[f"data/attachments/{sha256}"] = project.attachment(sha256)
        if sha256 := str(entry.payload.get("transcript", "")):
            files[f"data/transcripts/{sha256}.txt"] = project.transcript_bytes(sha256)
    return files | {
        f"data/journal/{chain}.jsonl": b"".join(raw + b"\n" for raw in raws) for chain, raws in chains.items()
    }
