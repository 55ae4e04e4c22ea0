"""What a person types, read into what the journal holds: days, numbers, rows pasted from a spreadsheet. No Qt here."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

DAY = re.compile(r"\s*(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?\s*")
SHORT_DAY = re.compile(r"\s*(\d{4})(\d{2})(\d{2})\s*")
FULL_WIDTH = str.maketrans("０１２３４５６７８９．－＋，", "0123456789.-+,")


def day(text: str) -> str:
    """A day as ISO 8601 (``2026-01-05``) from the ways people write one; "" stays "". Raises ValueError (Chinese)."""
    plain = text.translate(FULL_WIDTH)
    if not plain.strip():
        return ""
    match = DAY.fullmatch(plain) or SHORT_DAY.fullmatch(plain)
    if match:
        try:
            return date(*(int(part) for part in match.groups())).isoformat()
        except ValueError:
            pass
    raise ValueError(f"“{text.strip()}”不是日期，请写成 2026-01-05 的样子")


def number(text: str) -> str:
    """A decimal number as plain text, without thousands commas; "" stays "". Raises ValueError (Chinese)."""
    plain = text.translate(FULL_WIDTH).replace(",", "").strip()
    if not plain:
        return ""
    try:
        read = Decimal(plain)
    except InvalidOperation:
        read = Decimal("NaN")
    if not read.is_finite():
        raise ValueError(f"“{text.strip()}”不是数字")
    return format(read, "f")


def pasted(text: str) -> list[list[str]]:
    """The cells of a range copied from Excel or WPS: tabs between cells, quoted where a cell holds line breaks."""
    lines = csv.reader(io.StringIO(text.replace("\r\n", "\n")), delimiter="\t")
    return [[cell.strip() for cell in line] for line in lines if any(cell.strip() for cell in line)]


def rows(cells: Sequence[Sequence[str]], columns: Sequence[str]) -> list[dict[str, str]]:
    """Cells as the journal's rows, by column id; rows with nothing in them are left out."""
    named = [{name: cell.strip() for name, cell in zip(columns, line, strict=False)} for line in cells]
    return [line for line in named if any(line.values())]


def filled(value: object) -> bool:
    """Whether anything was written."""
    if isinstance(value, Mapping):
        return any(filled(part) for part in value.values())
    return bool(str(value).strip()) if value is not None else False
