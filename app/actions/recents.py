"""The projects that were open on this laptop lately: a convenience of the start page, no evidence."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from app.base.errors import UnavailableError
from app.base.files import write_atomic
from app.base.home import home

PROFILE = "site.toml"  # what shows that a folder still is a project
MOST = 20


@dataclass(frozen=True)
class Recent:
    """A project that was open on this laptop; ``there`` is False when its folder is gone."""

    folder: Path
    title: str
    rehearsal: bool

    @property
    def there(self) -> bool:
        return (self.folder / PROFILE).exists()


def recent() -> tuple[Recent, ...]:
    """The projects opened lately, newest first. A list that cannot be read is an empty one."""
    try:
        rows = json.loads((home() / "recent.json").read_text(encoding="utf-8"))
        return tuple(Recent(_folder(row["folder"]), str(row["title"]), row["rehearsal"] is True) for row in rows)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()


def _folder(name: str) -> Path:
    """Raises ValueError for what no system takes as a path: it would be refused at its first use."""
    if "\0" in name:
        raise ValueError("a path holds no NUL")
    return Path(name)


def remember(folder: Path, title: str, rehearsal: bool) -> None:
    """Puts a project at the head of the list. One that cannot be written costs the work nothing."""
    here = Recent(folder.resolve(), title, rehearsal)
    rows = [here, *(row for row in recent() if row.folder != here.folder)][:MOST]
    listing = [{"folder": str(row.folder), "title": row.title, "rehearsal": row.rehearsal} for row in rows]
    with contextlib.suppress(OSError, UnavailableError):
        home().mkdir(parents=True, exist_ok=True)
        write_atomic(home() / "recent.json", json.dumps(listing).encode())
