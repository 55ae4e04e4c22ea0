"""Which installation writes: its id is kept outside every project, so that a copied folder goes on in a new chain."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Collection
from pathlib import Path

from app.base.errors import UnavailableError
from app.base.files import cause
from app.base.home import home

SHORT = 3  # characters of a chain's name that stand in an evidence number


def installation_id() -> str:
    """This installation's id (32 hex characters), made on first use. Raises UnavailableError when it cannot be kept."""
    place = home() / "installation"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            _make(place)
        kept = place.read_text(encoding="ascii").strip()
    except OSError as error:
        raise UnavailableError(f"本机的程序文件夹 {place.parent} 不可用：{cause(error)}。") from error
    if not re.fullmatch(r"[0-9a-f]{32}", kept):
        raise UnavailableError(f"{place} 已损坏；删除它后会新生成一个，原有证据不受影响。")
    return kept


def _make(place: Path) -> None:
    """Of two programs that start at once, one makes it and both read that one."""
    part = place.with_name(uuid.uuid4().hex)
    try:
        with part.open("wb") as file:
            file.write(uuid.uuid4().hex.encode())
            file.flush()
            os.fsync(file.fileno())
        _name(part, place)
    finally:
        part.unlink(missing_ok=True)


def _name(part: Path, place: Path) -> None:
    try:
        os.link(part, place)
    except FileExistsError:
        return
    except OSError:
        part.replace(place)  # a disk without hard links


def chain_for(installation: str, project: str, known: Collection[str]) -> str:
    """The chain of ``installation`` in ``project``; a new one's short name is unlike those of the ``known`` chains."""
    candidates = (hashlib.sha256(f"{installation}:{project}:{n}".encode()).hexdigest()[:32] for n in range(4096))
    taken = {chain[:SHORT] for chain in known}
    return next(chain for chain in candidates if chain in known or chain[:SHORT] not in taken)
