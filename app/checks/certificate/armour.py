"""The armour of PEM (RFC 7468): the blocks of a text, found in one pass whatever else it holds."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 #]{1,40})-----")
END = re.compile(rb"(?=-----END ([A-Z0-9 #]{1,40})-----)")  # also where one begins inside another


@dataclass(frozen=True)
class Block:
    """``body``: what stands between the two lines; ``start`` and ``end``: where both together lie in the text."""

    label: bytes
    body: bytes
    start: int
    end: int


def blocks(text: bytes, begin: re.Pattern[bytes] = BEGIN) -> Iterator[Block]:
    """Each beginning, whose group 1 is the label, with the next end of that label; one without is passed over.

    The ends are looked for once: a text of a million beginnings would else be read a million times.
    """
    ends: dict[bytes, list[int]] = defaultdict(list)
    for found in END.finditer(text):
        ends[found[1]].append(found.start())
    at = 0
    while begun := begin.search(text, at):
        label, start = begun[1], begun.end()
        index = bisect_left(ends[label], start) if label in ends else 0
        if index < len(ends.get(label, ())):
            stop = ends[label][index]
            at = stop + len(b"-----END -----") + len(label)
            yield Block(label, text[start:stop], begun.start(), at)
        else:
            at = begun.start() + 1


def outside(text: bytes, found: list[Block]) -> bytes:
    """``text`` without ``found``, its blocks in order."""
    edges = [0, *(edge for block in found for edge in (block.start, block.end)), len(text)]
    return b"".join(text[edges[at] : edges[at + 1]] for at in range(0, len(edges), 2))
