"""A site profile taken into a project folder: public files copied, paths that would no longer lead there put right.

Everything else in the file stays as the person wrote it, comments and line ends included.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.base.errors import InputError, UnavailableError
from app.base.files import cause, read_bounded, write_atomic
from app.base.toml_lines import LIMIT, Document, KeyPath, Scanner
from app.site import files
from app.site.model import Certificate

NAME = "site.toml"
OUTSIDE = "certificates"  # the project's folder for public files from outside the profile's
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Move:
    """What becomes of one file named at ``key``: ``content`` goes to ``copy``, ``was`` becomes ``text``."""

    key: KeyPath
    was: str
    text: str
    copy: Path | None = None
    content: bytes = b""


def copy(document: Document, folder: Path, copied: list[Path]) -> None:
    """Copies a valid profile, as read into ``document``, into ``folder``; ``copied`` names every file that was not
    there before, after a failure too. Raises UnavailableError.
    """
    moves = [_move(key, text, document.path.parent, folder) for key, text in _named(document)]
    content = read_bounded(document.path, LIMIT, "现场配置文件")
    rewritten = rewrite(content, {move.key: move.text for move in moves if move.text != move.was})
    for move in moves:
        if move.copy:
            _write(move.copy, move.content, copied)
    _write(folder / NAME, rewritten, copied)


def _named(document: Document) -> Iterator[tuple[KeyPath, str]]:
    """Every text of the profile that names a file, and where it stands."""
    yield from _texts(("site", "trust"), document.values["site"].get("trust", []))
    for place, entry in enumerate(document.values.get("certificate", [])):
        for key in Certificate.FILES:
            if entry.get(key) not in (None, "", "none") and not str(entry[key]).startswith(files.TLS):
                yield from _texts(("certificate", place, key), entry[key])


def _texts(key: KeyPath, value: str | list[str]) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield key, value
    else:
        yield from (((*key, place), item) for place, item in enumerate(value))


def _move(key: KeyPath, text: str, base: Path, folder: Path) -> Move:
    """Where the file that ``text`` names goes, and how the copied profile must name it."""
    scheme = next(
        (scheme for scheme in (files.FILE, files.TOKEN) if key[-1] == "source" and text.startswith(scheme)), ""
    )
    named = text.removeprefix(scheme).strip()
    if scheme == files.TOKEN and files.is_bare(named):
        return Move(key, text, text)
    path = files.absolute(named, base)
    content = None if scheme == files.TOKEN else files.read(path)
    relative = path.relative_to(base) if path.is_relative_to(base) else None
    if content is not None and files.is_public(path, content):
        place = relative or Path(OUTSIDE, f"{path.stem}-{hashlib.sha256(content).hexdigest()[:8]}{path.suffix}")
        kept = text if relative and not Path(named).is_absolute() else f"{scheme}{place.as_posix()}"
        return Move(key, text, kept, folder / place, content)
    return Move(key, text, _staying(text, scheme, named, path, base, folder))


def _staying(text: str, scheme: str, named: str, path: Path, base: Path, folder: Path) -> str:
    """How the copied profile names a file that is not copied: a key store, a token driver, a file not there yet."""
    if base == folder:
        return text
    if path.is_relative_to(folder):
        return f"{scheme}{path.relative_to(folder).as_posix()}"
    awaited = not path.exists() and path.suffix.lower() in files.PUBLIC and path.is_relative_to(base)
    if Path(named).is_absolute() or awaited:  # what is not there yet may come beside the copied profile as well
        return text
    return f"{scheme}{path}"


def rewrite(content: bytes, texts: dict[KeyPath, str]) -> bytes:
    """A TOML file's bytes with the strings at the given keys replaced, and not a byte else."""
    if not texts:
        return content
    raw = content.removeprefix(BOM).decode("utf-8")
    scanner = Spans(raw.replace("\r\n", "\n"))
    scanner.lines()
    breaks = [place - nth for nth, place in enumerate(_crlf(raw))]  # where each \r was, counted without those before
    for key in sorted(texts, key=lambda key: scanner.spans[key], reverse=True):
        start, end = (place + bisect_left(breaks, place) for place in scanner.spans[key])
        raw = raw[:start] + json.dumps(texts[key], ensure_ascii=False) + raw[end:]  # JSON's escapes are TOML's too
    return (BOM if content.startswith(BOM) else b"") + _encoded(raw)


def _crlf(raw: str) -> Iterator[int]:
    place = raw.find("\r\n")
    while place >= 0:
        yield place
        place = raw.find("\r\n", place + 2)


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError("证书文件的路径里有不是 UTF-8 的字符，请改名或移动文件后重试。") from error


class Spans(Scanner):
    """Where each value stands: ``spans`` gives (start, end) of every key path, once ``lines`` was called."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.spans: dict[KeyPath, tuple[int, int]] = {}

    def _value(self, path: KeyPath) -> None:
        start = self._at
        super()._value(path)
        self.spans[path] = (start, self._at)


def _write(path: Path, content: bytes, copied: list[Path]) -> None:
    """Writes ``content`` unless it stands there already."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.read_bytes() == content:
            return
        new = not path.exists()
    except OSError as error:
        raise UnavailableError(f"写不进项目文件夹 {path.parent}：{cause(error)}。") from error
    write_atomic(path, content)
    if new:
        copied.append(path)
