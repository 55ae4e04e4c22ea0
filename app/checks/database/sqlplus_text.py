"""A SELECT as sqlplus is given it, and the rows read back from what it prints: no value is ever printed as it is.

Each column is asked as DUMP shows it, within a mark of its own: type, length and bytes in hexadecimal. So neither
quotes, separators, line breaks, blanks, NULL, character sets nor an error's text in the data can be misread; 9i on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.checks.database import dumped
from app.checks.model import Undetermined

SLICE = 1200  # bytes of a value in one dump: its text stays below the 4000 bytes that a column may have
SLICES = 4  # for the longest VARCHAR2 of the dictionary, 4000 bytes
MOST_LINE = 1000  # characters; sqlplus refuses lines of 2500 and more
# Quoted pieces and comments are passed over whole; words and parentheses are looked at.
PIECE = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|/\*.*?\*/|--|[A-Za-z_][\w$#]*|\s+|.", re.DOTALL)
MARKED = re.compile(
    r"\{(\d+)\.(\d+) (?:NULL|Typ=(\d+) Len=(\d+)(?: CharacterSet=([A-Z0-9_]+))?: ?([0-9a-f,]*))?\}", re.ASCII
)
ERROR = re.compile(r"^((?:ORA|TNS|SP2)-\d{4,5}): ?(.*)$", re.MULTILINE)
COUNTED = re.compile(r"^(?:(\d+) rows? selected\.|(no) rows selected)\s*$", re.MULTILINE)
ROUTE = "sqlplus 路线"


class SqlplusTrouble(Exception):
    """An error that sqlplus printed; the text begins with its code."""


class TooLong(Exception):
    """A value that one dump does not show whole."""


@dataclass(frozen=True)
class Select:
    """A SELECT taken apart: how many columns it has, and whether it can stand in a union as it is."""

    sql: str
    columns: int
    bare: bool

    def wrapped(self, most: int, slices: int = 1) -> str:
        """The statement that asks for at most ``most`` rows of it, dumped; one line."""
        asked = [_dump(f"C{place}", place, slices) for place in range(1, self.columns + 1)]
        names = ", ".join(f"NULL C{place}" for place in range(1, self.columns + 1))
        inner = self.sql if self.bare else f"SELECT * FROM ({self.sql})"
        return (
            f"SELECT {', '.join(part for parts in asked for part in parts)}"
            f" FROM (SELECT {names} FROM DUAL WHERE 1 = 0 UNION ALL {inner}) WHERE ROWNUM <= {most}"
        )


def _dump(name: str, place: int, slices: int) -> Iterator[str]:
    """Each slice of a value under a mark with its place and number; a later one only where the value goes that far."""
    yield f"'{{{place}.1 '||DUMP({name}, 1016, 1, {SLICE})||'}}'"
    for part in range(2, slices + 1):
        start = SLICE * (part - 1) + 1
        shown = f"'{{{place}.{part} '||DUMP({name}, 1016, {start}, {SLICE})||'}}'"
        yield f"CASE WHEN LENGTHB({name}) >= {start} THEN {shown} END"


def taken_apart(sql: str) -> Select:
    """Raises Undetermined for what this route cannot ask, or must not."""
    pieces = [" " if piece.isspace() else piece for piece in PIECE.findall(sql.strip())]
    words = [piece.upper() for piece in pieces]
    if words[:1] not in (["SELECT"], ["WITH"]) or ";" in words or "--" in words:
        raise Undetermined(f"{ROUTE}只能执行单条、不带注释的 SELECT：{sql[:60]}")
    if any("\n" in piece or "\r" in piece for piece in pieces):
        raise Undetermined(f"{ROUTE}不能执行文字里有换行的语句：{sql[:60]}")
    columns = _columns(words)
    return Select("".join(pieces), columns, words[0] == "SELECT" and "ORDER" not in _outside(words))


def _outside(words: list[str]) -> list[str]:
    """What stands in no parentheses."""
    depth, found = 0, []
    for word in words:
        depth += (word == "(") - (word == ")")
        if depth == 0:
            found.append(word)
    return found


def _columns(words: list[str]) -> int:
    outside = _outside(words)
    begun = outside.index("SELECT") if "SELECT" in outside else -1
    if begun < 0 or "FROM" not in outside[begun:]:
        raise Undetermined(f"{ROUTE}看不懂语句的列：{''.join(words)[:60]}")
    listed = outside[begun + 1 : outside.index("FROM", begun)]
    signs = [word for word in listed if word != " "]
    before = zip(["", *signs], signs, strict=False)
    if any(sign == "*" and last in ("", ",", ".", "DISTINCT", "ALL") for last, sign in before):
        raise Undetermined(f"{ROUTE}需要逐个写出列名，不能用 *：{''.join(words)[:60]}")
    return signs.count(",") + 1


def typed(statement: str) -> str:
    """A one-line statement on lines that sqlplus takes, none of which it reads as a command or as continued."""
    lines, line = [], ""
    for piece in PIECE.findall(statement):
        if len(line) > MOST_LINE and line.endswith(" ") and piece[0].isalpha() and line.rstrip()[-1] != "-":
            lines.append(line.rstrip())
            line = ""
        line += piece
    return "\n".join([*lines, line])


def trouble(printed: str) -> SqlplusTrouble | None:
    """The first error that sqlplus printed; values are dumped and cannot look like one."""
    found = ERROR.search(printed)
    return SqlplusTrouble(f"{found.group(1)}: {found.group(2)}".strip()) if found else None


def rows(printed: str, columns: int) -> list[tuple[Any, ...]]:
    """The rows of an answer that has come whole.

    Raises SqlplusTrouble for an error, TooLong where a value needs more slices, Undetermined for what does not fit.
    """
    if (error := trouble(printed)) is not None:
        raise error
    counted = COUNTED.findall(printed)
    if len(counted) != 1:
        raise Undetermined("sqlplus 的答复没有行数，可能不完整")
    found = list(_rows(printed, columns))
    if len(found) != int(counted[0][0] or 0):
        raise Undetermined(f"sqlplus 说有 {counted[0][0] or 0} 行，读到 {len(found)} 行，答复不完整")
    return found


def _rows(printed: str, columns: int) -> Iterator[tuple[Any, ...]]:
    row: list[list[re.Match[str]]] = []  # the slices of each value so far
    for mark in MARKED.finditer(printed.replace("\r", "").replace("\n", "")):
        place, part = int(mark.group(1)), int(mark.group(2))
        if (place, part) == (1, 1) and len(row) == columns:
            yield tuple(map(_value, row))
            row = []
        if part == 1 and place == len(row) + 1:
            row.append([mark])
        elif row and place == len(row) and part == len(row[-1]) + 1:
            row[-1].append(mark)
        else:
            raise Undetermined(f"sqlplus 的答复里第 {len(row) + 1} 列不在其位，答复不完整")
    if row and len(row) != columns:
        raise Undetermined("sqlplus 的答复断在一行中间")
    if row:
        yield tuple(map(_value, row))


def _value(slices: list[re.Match[str]]) -> Any:
    """Raises TooLong, Undetermined."""
    first = slices[0]
    if first.group(3) is None:
        return None
    length = int(first.group(4))
    if length > SLICE * len(slices):
        raise TooLong
    data = b"".join(
        _bytes(mark, min(SLICE, length - SLICE * part)) for part, mark in enumerate(slices) if length > SLICE * part
    )
    try:
        return dumped.value(int(first.group(3)), data, first.group(5) or "")
    except dumped.Unreadable as error:
        raise Undetermined(f"sqlplus 的答复：{error}", "该列请在语句里用 TO_CHAR 转成文字。") from None


def _bytes(mark: re.Match[str], length: int) -> bytes:
    """The bytes of one slice. Raises Undetermined unless there are ``length``."""
    figures = mark.group(6).split(",") if mark.group(6) else []
    if len(figures) != length or not all(1 <= len(figure) <= 2 for figure in figures):
        raise Undetermined(f"sqlplus 的答复里一个值应有 {length} 字节，只有 {len(figures)} 字节")
    return bytes(int(figure, 16) for figure in figures)
