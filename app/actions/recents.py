"""The projects that were open on this laptop lately: a convenience of the start page, no evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

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
        return tuple(Recent(Path(row["folder"]), row["title"], row["rehearsal"]) for row in rows)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def remember(folder: Path, title: str, rehearsal: bool) -> None:
    """Puts a project at the head of the list. Raises UnavailableError when it cannot be written."""
    here = Recent(folder.resolve(), title, rehearsal)
    rows = [here, *(row for row in recent() if row.folder != here.folder)][:MOST]
    listing = [{"folder": str(row.folder), "title": row.title, "rehearsal": row.rehearsal} for row in rows]
    home().mkdir(parents=True, exist_ok=True)
    write_atomic(home() / "recent.json", json.dumps(listing, ensure_ascii=False).encode())
