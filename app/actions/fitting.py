"""Long text kept within a form's page: what does not fit goes on in numbered annex pages (附页)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

SHORTEST = 2  # lines of its text that a cut cell keeps, the one that points to the annex included


@dataclass(frozen=True)
class Annex:
    """One 附页: ``title`` is the cell's, ``text`` the rest of what it says."""

    number: int
    title: str
    text: str


def fitted(cells: Mapping[str, tuple[str, str, int]], lines: int, least: int) -> tuple[dict[str, str], list[Annex]]:
    """The text shown in each of ``cells`` (title, text, full-width characters a line) and the annexes with the rest.

    All cells together take at most ``lines`` lines; one takes at least ``least``, however little it says. The longest
    are cut first, evenly.
    """
    wrapped = {cell: wrap(text, width) for cell, (_, text, width) in cells.items()}
    level = _level([len(found) for found in wrapped.values()], lines, least)
    shown: dict[str, str] = {}
    annexes: list[Annex] = []
    for cell, (title, text, _) in cells.items():
        if len(wrapped[cell]) <= level:
            shown[cell] = text
            continue
        annexes.append(Annex(len(annexes) + 1, title, "\n".join(_joined(wrapped[cell][level - 1 :]))))
        shown[cell] = "\n".join([*_joined(wrapped[cell][: level - 1]), f"（下接附页{len(annexes)}）"])
    return shown, annexes


def _level(counts: list[int], lines: int, least: int) -> int:
    """The most lines that any one cell may take so that all together fit; never under SHORTEST."""
    level = max(counts, default=SHORTEST)
    while level > SHORTEST and sum(max(least, min(count, level)) for count in counts) > lines:
        level -= 1
    return level


def wrap(text: str, width: int) -> list[tuple[str, bool]]:
    """``text`` in lines of at most ``width`` full-width characters, each with whether its paragraph ends there."""
    found: list[tuple[str, bool]] = []
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for character in paragraph:
            size = 1.0 if unicodedata.east_asian_width(character) in "WFA" else 0.5
            if used + size > width:
                found.append((line, False))
                line, used = "", 0.0
            line, used = line + character, used + size
        found.append((line, True))
    return found


def _joined(lines: list[tuple[str, bool]]) -> list[str]:
    """Wrapped lines as paragraphs again, so that Word wraps them itself."""
    paragraphs, open_ = [""], False
    for text, ends in lines:
        if not open_:
            paragraphs.append("")
        paragraphs[-1] += text
        open_ = not ends
    return paragraphs[1:]
