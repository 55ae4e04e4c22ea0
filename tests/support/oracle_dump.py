"""Oracle's DUMP as a server computes it, the internal bytes of texts, numbers and dates; statements that ask for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

CODECS = {
    "ZHS16GBK": "gbk", "AL32UTF8": "utf-8", "US7ASCII": "gbk", "WE8ISO8859P1": "latin-1", "AL16UTF16": "utf-16-be",
}  # fmt: skip
OUTER = re.compile(
    r"SELECT (.+?) FROM \(SELECT (NULL C1(?:, NULL C\d+)*) FROM DUAL WHERE 1 = 0 UNION ALL (.+)\) WHERE ROWNUM <= (\d+)"
)
ITEM = re.compile(
    r"(?:CASE WHEN LENGTHB\(C(?P<tested>\d+)\) >= (?P<least>\d+) THEN )?"
    r"'(?P<head>[^']*)'\|\|DUMP\(C(?P<column>\d+), (?P<form>\d+), (?P<start>\d+), (?P<length>\d+)\)"
    r"\|\|'(?P<tail>[^']*)'"
    r"(?: END)?(?:, |$)"
)


@dataclass(frozen=True)
class Asked:
    """A query over a union whose first part has only NULLs and no rows, which gives the columns of the second names."""

    items: tuple[re.Match[str], ...]
    columns: int
    inner: str
    most: int

    def rows(self, found: Sequence[Sequence[Any]], charset: str) -> list[tuple[str | None, ...]]:
        return [tuple(_item(item, row, charset) for item in self.items) for row in found[: self.most]]


def asked(sql: str) -> Asked | None:
    """The statement taken apart; None for any other."""
    found = OUTER.fullmatch(sql)
    if found is None:
        return None
    items = tuple(ITEM.finditer(found.group(1)))
    assert "".join(item.group() for item in items) == found.group(1), found.group(1)
    inner = found.group(3)
    if inner.startswith("SELECT * FROM (") and inner.endswith(")"):
        inner = inner.removeprefix("SELECT * FROM (")[:-1]
    return Asked(items, found.group(2).count("NULL"), inner, int(found.group(4)))


def _item(item: re.Match[str], row: Sequence[Any], charset: str) -> str | None:
    value = row[int(item["column"]) - 1]
    if item["least"] and (value is None or len(internal(value, charset)[1]) < int(item["least"])):
        return None
    start, length = int(item["start"]) - 1, int(item["length"])
    return f"{item['head']}{dump(value, charset, start, length)}{item['tail']}"


def dump(value: Any, charset: str, start: int = 0, length: int = 4000) -> str:
    """``DUMP(value, 1016, …)``; of NULL the word."""
    if value is None or value == "":
        return "NULL"
    kind, data = internal(value, charset)
    named = f" CharacterSet={charset}" if kind in (1, 96) else ""
    return f"Typ={kind} Len={len(data)}{named}: {','.join(f'{one:x}' for one in data[start : start + length])}"


def internal(value: Any, charset: str) -> tuple[int, bytes]:
    """The type's number and the bytes in which the server keeps a value."""
    match value:
        case str():
            return 1, value.encode(CODECS[charset], "replace")
        case bytes():
            return 23, value
        case datetime():
            year = divmod(value.year, 100)
            rest = (value.month, value.day, value.hour + 1, value.minute + 1, value.second + 1)
            return 12, bytes((year[0] + 100, year[1] + 100, *rest))
        case int() | Decimal():
            return 2, _number(Decimal(value))
    raise TypeError(type(value))


def _number(value: Decimal) -> bytes:
    """Pairs of figures around the decimal point, those of a negative number complemented."""
    sign, figures, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, figures)).lstrip("0")
    if not text:
        return b"\x80"
    if exponent % 2:
        text, exponent = text + "0", exponent - 1
    text = text if len(text) % 2 == 0 else f"0{text}"
    while text.endswith("00"):
        text, exponent = text[:-2], exponent + 2
    pairs = [int(text[at : at + 2]) for at in range(0, len(text), 2)]
    power = exponent // 2 + len(pairs) - 1
    if not sign:
        return bytes((193 + power, *(pair + 1 for pair in pairs)))
    closing = (102,) if len(pairs) < 20 else ()
    return bytes((62 - power, *(101 - pair for pair in pairs), *closing))
