"""What of a project goes into a package: the journal byte for byte, what its entries speak of, and what project it is.

The layout is judged by ``app.handover.verify`` and read by ``app.evidence.union`` when another laptop takes it in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from app.evidence.attachments import FOLDER
from app.evidence.entry import file_of, transcript_of
from app.evidence.project import Project
from app.evidence.union import CHAIN_SUFFIX, CHAINS, DATA, TRANSCRIPTS

Content = Path | bytes

ABOUT, PROFILE = f"{DATA}/project.json", f"{DATA}/site.toml"
JOURNAL_PLACE, ATTACHMENT_PLACE = f"{DATA}/{CHAINS}/", f"{DATA}/{FOLDER}/"
TRANSCRIPT_PLACE, FORM_PLACE = f"{DATA}/{TRANSCRIPTS}/", f"{DATA}/forms/"


def project_files(project: Project) -> Mapping[str, Content]:
    """The payload files (named ``data/…``) of a project: one JSON Lines file a chain, attachments, transcripts."""
    about = {"id": project.id, "title": project.title, "rehearsal": project.rehearsal}
    files: dict[str, Content] = {ABOUT: json.dumps(about, ensure_ascii=False, indent=1).encode() + b"\n"}
    chains: dict[str, list[bytes]] = {}
    for entry in project.entries():
        chains.setdefault(entry.chain, []).append(entry.raw + b"\n")
        if sha256 := file_of(entry):
            files[ATTACHMENT_PLACE + sha256] = project.attachment(sha256)
        if sha256 := transcript_of(entry):
            files[f"{TRANSCRIPT_PLACE}{sha256}.txt"] = project.transcript_bytes(sha256)
    return files | {f"{JOURNAL_PLACE}{chain}{CHAIN_SUFFIX}": b"".join(lines) for chain, lines in chains.items()}


def hash_in(name: str) -> str:
    """The SHA-256 that a payload file is named by; empty for a file with a name of its own."""
    if name.startswith(ATTACHMENT_PLACE):
        return name.removeprefix(ATTACHMENT_PLACE)
    if name.startswith(TRANSCRIPT_PLACE):
        return name.removeprefix(TRANSCRIPT_PLACE).removesuffix(".txt")
    return ""
