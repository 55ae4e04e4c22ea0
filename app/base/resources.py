"""Where the program's data lies: a project's own, then the kit's, then what is shipped; the first that is there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from app.base.errors import UnavailableError

KIT_VARIABLE = "ONSITE_KIT"
TEMPLATES = "forms"  # a top-level folder beside resources/, since people edit it in Word


def find(name: str, project: Path | None = None) -> Path:
    """The file (or folder) called ``name``, such as ``workflow.toml`` or ``forms/附表1.docx``.

    Looked for in ``project``/resources, in the kit (``ONSITE_KIT``, else the folder ``kit`` beside the built program)
    and in what is shipped. Raises ValueError for a name that leads elsewhere, UnavailableError when it is nowhere.
    """
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
        raise ValueError(f"not a resource's name: {name!r}")
    for place in places(name, project):
        if place.exists():
            return place
    raise UnavailableError(f"程序缺少文件 {name}，安装不完整，请重新安装。")


def places(name: str, project: Path | None = None) -> Iterator[Path]:
    """Where ``name`` is looked for, the first place first."""
    if project:
        yield project / "resources" / name
    if kit := kit_folder():
        yield kit / name
    yield shipped(name)


def kit_folder() -> Path | None:
    """The folder of what a province brings along; None where there is none."""
    if named := os.environ.get(KIT_VARIABLE):
        return Path(named)
    return Path(sys.executable).parent / "kit" if getattr(sys, "frozen", False) else None


def shipped(name: str) -> Path:
    """Where ``name`` lies in the source tree or in the built program."""
    root = Path(getattr(sys, "_MEIPASS", Path(__file__).parents[2]))
    return root / name if PurePosixPath(name).parts[0] == TEMPLATES else root / "resources" / name
