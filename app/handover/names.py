"""The names of a package's files: what a USB drive and Windows take, and how a manifest writes them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

from app.base.errors import InputError

# What Windows does not take in a name, on FAT and exFAT too ("Naming Files, Paths, and Namespaces", Microsoft Learn).
FORBIDDEN = frozenset('<>:"\\|?*') | {chr(code) for code in range(32)}
DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{port}{digit}" for port in ("COM", "LPT") for digit in "123456789¹²³")}
)
FULL_WIDTH_PERCENT = "\uff05"
LONGEST_PART = 250  # bytes of one name in UTF-8: Linux takes 255, and ``.part`` is added while it is written
LONGEST = 220  # UTF-16 units of a path in the package: Windows takes 260 with drive and folder


def portable(name: str) -> str:
    """``name`` in NFC and without percent signs, as it stands in the package.

    A manifest must write ``%25`` for a percent sign (RFC 8493, 2.1.3), which bagit.py up to 1.8.1 does not decode: it
    would call the package damaged. The full-width sign says the same to a person. Raises InputError when Windows or a
    drive would not take the name, ValueError for no payload path.
    """
    composed = unicodedata.normalize("NFC", name).replace("%", FULL_WIDTH_PERCENT)
    parts = PurePosixPath(composed).parts
    if parts[:1] != ("data",) or len(parts) < 2 or ".." in parts or composed != "/".join(parts):
        raise ValueError(f"not a payload path: {name!r}")
    for part in parts:
        device = part.split(".")[0].rstrip(" ").upper()
        if FORBIDDEN & set(part) or part[-1] in ". " or device in DEVICES:
            raise InputError(f"文件名“{part}”不能写到U盘（Windows 不允许这样的名字），请改名后重做。")
    longest = max(len(part.encode("utf-8", "surrogatepass")) for part in parts)
    if longest > LONGEST_PART or len(composed.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST:
        raise InputError(f"文件名“{parts[-1]}”太长，不能写到U盘，请改短后重做。")
    return composed


def require_distinct(names: Iterable[str]) -> None:
    """Raises InputError for two files, or a folder in two spellings, that a drive takes for one: FAT knows no case."""
    seen: dict[str, str] = {}
    files: set[str] = set()
    folders: set[str] = set()
    for name in names:
        parents = [*map(str, PurePosixPath(name).parents)]
        for path in (name, *parents):
            other = seen.setdefault(path.casefold(), path)
            if other != path:
                raise InputError(f"“{path}”与“{other}”只有大小写不同，U盘上会变成同一个，请改名后重做。")
        if name in files:
            raise InputError(f"文件名“{name}”重复，请改名后重做。")
        files.add(name)
        folders.update(parents)
    for name in sorted(files & folders):
        raise InputError(f"“{name}”既是文件又是文件夹，请改名后重做。")


def encoded(name: str) -> str:
    """A path as a manifest writes it (RFC 8493, 2.1.3): percent sign and line ends percent-encoded."""
    return name.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def decoded(name: str) -> str:
    """The path that a manifest's line means."""
    return re.sub("%(25|0[AaDd])", lambda match: chr(int(match.group(1), 16)), name)
