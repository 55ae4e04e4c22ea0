"""TO_CHAR, TO_DATE and the like: Oracle's format models for dates and numbers, as far as an inspection uses them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from app.rehearsal.oracle.values import OraError, aware, sysdate

ELEMENT = re.compile(
    r'"[^"]*"|FM|SYYYY|YYYY|RRRR|YY|RR|MONTH|MON|MM|DDD|DD|DY|DAY|HH24|HH12|HH|MI|SSSSS|SS|FF\d?|TZH|TZM|TZR|AM|PM|D|Q'
    r"|IW|WW|J|[-/,.;: TX]",
    re.IGNORECASE,
)
ORDER = ("year", "month", "day", "hour", "minute", "second")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WRITERS: dict[str, Callable[[datetime], str]] = {
    "YYYY": lambda m: f"{m:%Y}", "SYYYY": lambda m: f" {m:%Y}", "RRRR": lambda m: f"{m:%Y}", "YY": lambda m: f"{m:%y}",
    "RR": lambda m: f"{m:%y}", "MM": lambda m: f"{m:%m}", "MON": lambda m: MONTHS[m.month - 1],
    "MONTH": lambda m: f"{m:%B}".upper().ljust(9), "DD": lambda m: f"{m:%d}", "DDD": lambda m: f"{m:%j}",
    "D": lambda m: str(m.isoweekday() % 7 + 1), "DY": lambda m: f"{m:%a}".upper(),
    "Q": lambda m: str((m.month + 2) // 3),
    "DAY": lambda m: f"{m:%A}".upper().ljust(9), "HH24": lambda m: f"{m:%H}", "HH": lambda m: f"{m:%I}",
    "HH12": lambda m: f"{m:%I}", "MI": lambda m: f"{m:%M}", "SS": lambda m: f"{m:%S}", "AM": lambda m: f"{m:%p}",
    "PM": lambda m: f"{m:%p}", "SSSSS": lambda m: f"{m.hour * 3600 + m.minute * 60 + m.second:05d}",
    "TZH": lambda m: f"{aware(m):%z}"[:3], "TZM": lambda m: f"{aware(m):%z}"[3:5], "IW": lambda m: f"{m:%V}",
    "TZR": lambda m: f"{f'{aware(m):%z}'[:3]}:{f'{aware(m):%z}'[3:5]}",
    "WW": lambda m: f"{(m.timetuple().tm_yday + 6) // 7:02d}",
    "J": lambda m: str(m.toordinal() + 1_721_425),
}  # fmt: skip
READERS = {
    "YYYY": r"(?P<year>\d{4})", "RRRR": r"(?P<year>\d{4})", "MM": r"(?P<month>\d{1,2})", "DD": r"(?P<day>\d{1,2})",
    "HH24": r"(?P<hour>\d{1,2})", "MI": r"(?P<minute>\d{1,2})", "SS": r"(?P<second>\d{1,2})",
    "FF": r"(?P<micro>\d{1,9})",
}  # fmt: skip


def elements(model: str) -> list[str]:
    """The format model in its elements; ORA-01821 when one is unknown."""
    found, position = [], 0
    while position < len(model):
        element = ELEMENT.match(model, position)
        if element is None:
            raise OraError(1821, "date format not recognized")
        found.append(element.group())
        position = element.end()
    return found


def date_text(value: datetime, model: str) -> str:
    """TO_CHAR of a date or timestamp."""
    return "".join(element_text(value, element) for element in elements(model))


def element_text(value: datetime, element: str) -> str:
    name = element.upper()
    if name.startswith("FF"):
        return f"{value.microsecond:06d}000"[: int(name[2:] or 6)]
    if name in WRITERS:
        return WRITERS[name](value)
    return "" if name == "FM" else element.strip('"')


def date_value(text: str, model: str) -> datetime:
    """TO_DATE, TO_TIMESTAMP: a naive datetime; ORA-01861 when the text does not follow the model."""
    pattern = "".join(element_pattern(element) for element in elements(model))
    found = re.fullmatch(pattern, text.strip())
    if found is None:
        raise OraError(1861, "literal does not match format string")
    parts = {name: digits for name, digits in found.groupdict().items() if digits}
    micro = int(parts.pop("micro", "0").ljust(6, "0")[:6])
    numbers = {name: int(digits) for name, digits in parts.items()}
    today = sysdate()
    fields = {"year": today.year, "month": today.month, "day": 1, "hour": 0, "minute": 0, "second": 0, **numbers}
    year, month, day, hour, minute, second = (fields[name] for name in ORDER)
    try:
        return datetime(year, month, day, hour, minute, second, micro)
    except ValueError:
        raise OraError(1847, "day of month must be between 1 and last day of month") from None


def element_pattern(element: str) -> str:
    name = element.upper()
    key = "FF" if name.startswith("FF") else name
    return READERS.get(key) or re.escape(element.strip('"'))


def number_text(value: int | float, model: str) -> str:
    """TO_CHAR of a number with 9, 0, comma, point (or D, G) and FM; # signs when it does not fit."""
    upper = model.upper()
    trimmed, mask = "FM" in upper, upper.replace("FM", "").replace("D", ".").replace("G", ",")
    whole, _, fraction = mask.partition(".")
    digits = whole.replace(",", "")
    if not re.fullmatch(r"[09,]*", whole) or not re.fullmatch(r"[09]*", fraction):
        raise OraError(1481, "invalid number format model")
    rounded = f"{abs(value):.{len(fraction)}f}"
    integer, _, decimals = rounded.partition(".")
    least = len(digits) - digits.find("0") if "0" in digits else 0
    integer = integer.lstrip("0").rjust(least, "0") if integer == "0" or least else integer
    if len(integer) > len(digits):
        return "#" * (len(mask) + 1)
    if "," in whole and integer:
        integer = f"{int(integer):,}"
    sign = "-" if value < 0 and float(rounded) else ""
    shown = sign + integer + (f".{decimals}" if fraction else "")
    if trimmed:
        kept = fraction.rfind("0") + 1  # FM drops trailing zeros where the model has 9
        tail = decimals[:kept] + decimals[kept:].rstrip("0")
        return sign + integer + (f".{tail}" if fraction else "")
    return shown.rjust(len(mask) + 1)
