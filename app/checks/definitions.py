"""The checks that are data: those shipped, those of the kit, those an engineer laid into the project's folder.

A later folder adds checks, or changes thresholds of what stands in an earlier one. Files that come with another's
journal or package lie elsewhere and are never read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

from app.base import resources
from app.base.errors import InputError, UnavailableError
from app.base.files import cause, read_bounded
from app.base.toml_lines import parse
from app.checks.database.defined import made
from app.checks.definition import Adjustment, Definition, adjusted, read
from app.checks.model import Check

FOLDER = "checks"
WHAT = "检查定义"
LIMIT = 1 << 18
MOST_FILES = 200


def checks(project: Path | None, taken: Collection[str]) -> tuple[Check, ...]:
    """Every check that is data, for ``project`` (its folder) with its own; ``taken`` are the ids that code has.

    Raises InputError naming file, line and key for the first mistake in any of the files.
    """
    return tuple(made(definition) for definition in definitions(project, taken))


def definitions(project: Path | None = None, taken: Collection[str] = ()) -> tuple[Definition, ...]:
    """The definitions behind ``checks``, in the order of folders and file names. Raises as it does."""
    found: dict[str, Definition] = {}
    for folder in folders(project):
        own: dict[str, Path] = {}
        for path in files(folder):
            one = _parsed(path, read_bounded(path, LIMIT, WHAT))
            if one.id in taken:
                raise _at_id(path, f"编号 {one.id} 是程序自带的检查，请换一个编号。")
            if one.id in own:
                raise _at_id(path, f"编号 {one.id} 在 {own[one.id].name} 里已经用过。")
            own[one.id] = path
            found[one.id] = _joined(path, one, found.get(one.id))
    return tuple(found.values())


def _joined(path: Path, one: Definition | Adjustment, earlier: Definition | None) -> Definition:
    if isinstance(one, Adjustment):
        if earlier is None:
            raise _at_id(path, f"没有编号为 {one.id} 的检查定义，无法改它的阈值。")
        return adjusted(earlier, one)
    if earlier is not None:
        raise _at_id(path, f"已有编号为 {one.id} 的检查；只改阈值请写 [thresholds.列名]，另加检查请换一个编号。")
    return one


def folders(project: Path | None) -> Iterator[Path]:
    """Where definitions lie, the shipped ones first. Raises UnavailableError when those are missing."""
    shipped = resources.shipped(FOLDER)
    if not shipped.is_dir():
        raise UnavailableError(f"程序缺少文件夹 {FOLDER}，安装不完整，请重新安装。")
    yield shipped
    kit = resources.kit_folder()
    for folder in (kit and kit / FOLDER, project and project / FOLDER):
        if folder and folder.exists():
            yield folder


def files(folder: Path) -> list[Path]:
    """The definitions in ``folder``, by name; what does not end in .toml is passed over."""
    try:
        found = sorted(
            path for path in folder.iterdir() if path.suffix.lower() == ".toml" and not path.name.startswith(".")
        )
    except OSError as error:
        raise InputError(f"{WHAT}的文件夹读不了：{folder}（{cause(error)}）。") from error
    if len(found) > MOST_FILES:
        raise InputError(f"{folder} 里的{WHAT}超过 {MOST_FILES} 个。")
    return found


@lru_cache(maxsize=2 * MOST_FILES)
def _parsed(path: Path, content: bytes) -> Definition | Adjustment:
    return read(parse(path, content, WHAT), content.decode("utf-8", "replace"))


def _at_id(path: Path, message: str) -> InputError:
    """``message`` said of the file's key ``id``."""
    return parse(path, read_bounded(path, LIMIT, WHAT), WHAT).error(("id",), message)
