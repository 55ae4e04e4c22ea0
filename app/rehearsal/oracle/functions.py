"""Oracle's SQL functions, registered in SQLite under their names."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

from app.rehearsal.oracle import formats
from app.rehearsal.oracle.aggregates import AGGREGATES
from app.rehearsal.oracle.values import (
    DATABASE_ZONE,
    OraError,
    Stored,
    aware,
    divided,
    is_moment,
    minus,
    moment,
    now,
    number,
    plus,
    stored,
    sysdate,
    text,
    times,
)

DATE_FORMAT = "YYYY-MM-DD HH24:MI:SS"
TIMESTAMP_FORMAT = "YYYY-MM-DD HH24:MI:SS.FF6"


def strict(function: Callable[..., Stored]) -> Callable[..., Stored]:
    """NULL when an argument is NULL, as most functions have it."""

    def called(*arguments: Stored) -> Stored:
        return None if any(argument is None for argument in arguments) else function(*arguments)

    return called


def register(connection: sqlite3.Connection, context: Mapping[str, str], failed: Callable[[OraError], None]) -> None:
    """Makes every function known; ``context`` answers SYS_CONTEXT, ``failed`` hears of errors that SQLite swallows."""
    given: dict[str, Callable[..., Stored]] = {
        **LENIENT,
        **{name: strict(function) for name, function in STRICT.items()},
        "SYS_CONTEXT": lambda space, name, length=256: context.get(f"{space}.{name}".upper()),
        "USERENV": lambda name: context.get(f"USERENV.{name}".upper()),
        "ORA_USER": lambda: context.get("USERENV.SESSION_USER"),
    }
    for name, function in given.items():
        connection.create_function(name, -1, partial(guarded, function, failed))
    for name, aggregate in AGGREGATES.items():
        connection.create_aggregate(name, -1, aggregate)  # type: ignore[arg-type]  # the stubs want fixed arguments


def guarded(function: Callable[..., Stored], failed: Callable[[OraError], None], *arguments: Stored) -> Stored:
    try:
        return function(*arguments)
    except OraError as error:
        failed(error)
        raise
    except TypeError:
        wrong = OraError(909, "invalid number of arguments")
        failed(wrong)
        raise wrong from None


def to_char(value: Stored, model: Stored = None, nls: Stored = None) -> Stored:  # noqa: ARG001 - Oracle takes it
    if value is None:
        return None
    if model is None:
        return text(value)
    if is_moment(value):
        return formats.date_text(moment(value), str(model))
    return formats.number_text(number(value), str(model))


def to_date(value: Stored, model: str | None = None, nls: Stored = None) -> Stored:  # noqa: ARG001 - Oracle takes it
    if is_moment(value):
        return stored(moment(value).replace(tzinfo=None, microsecond=0))
    return stored(formats.date_value(str(value), model or DATE_FORMAT))


def to_timestamp(value: Stored, model: str | None = None, nls: Stored = None) -> Stored:  # noqa: ARG001 - Oracle takes it
    if is_moment(value):
        return value
    written = model or (TIMESTAMP_FORMAT if "." in str(value) else DATE_FORMAT)
    return stored(formats.date_value(str(value), written))


def alike(value: Stored, other: Stored) -> Stored:
    """``value`` as it is compared with ``other``: text beside a number is read as one, a number beside text written."""
    if isinstance(other, (int, float)) and isinstance(value, str) and not is_moment(value):
        return number(value)
    return text(value) if isinstance(other, str) and isinstance(value, (int, float)) else value


def cast(value: Stored, kind: str) -> Stored:
    """CAST; ``kind`` is the type's name without its sizes."""
    if value is None:
        return None
    if kind == "DATE":
        return to_date(value)
    if kind.startswith("TIMESTAMP"):
        return to_timestamp(value)
    if kind in ("NUMBER", "INT", "INTEGER", "FLOAT", "DECIMAL", "BINARY_DOUBLE"):
        return rounded(number(value)) if kind in ("INT", "INTEGER") else number(value)
    return text(value)


def truncated(value: Stored, places: Stored = None) -> Stored:
    """TRUNC of a date (to a unit) or of a number (to decimals)."""
    if is_moment(value):
        return stored(day_part(moment(value).replace(tzinfo=None, microsecond=0), str(places or "DD").upper()))
    exact, digits = Decimal(str(number(value))), int(places or 0)
    step = Decimal(1).scaleb(-digits)
    return stored((exact / step).__trunc__() * step)


def day_part(value: datetime, unit: str) -> datetime:
    if unit in ("HH", "HH24"):
        return value.replace(minute=0, second=0)
    if unit == "MI":
        return value.replace(second=0)
    value = value.replace(hour=0, minute=0, second=0)
    if unit in ("MM", "MON", "MONTH"):
        return value.replace(day=1)
    return value.replace(month=1, day=1) if unit in ("YYYY", "YEAR", "YY") else value


def rounded(value: Stored, places: Stored = None) -> Stored:
    if is_moment(value):
        return truncated(plus(value, 0.5))
    return stored(Decimal(str(number(value))).quantize(Decimal(1).scaleb(-int(places or 0)), ROUND_HALF_UP))


def substring(value: Stored, start: Stored, length: Stored = None) -> Stored:
    """SUBSTR: positions from 1 (0 counts as 1), from the end when negative."""
    if value is None or start is None:
        return None
    whole, first = text(value), int(number(start))
    begin = first - 1 if first > 0 else len(whole) + first if first < 0 else 0
    if begin < 0 or (length is not None and number(length) < 1):
        return None
    return whole[begin : None if length is None else begin + int(number(length))] or None


def position(value: str, wanted: str, start: int = 1, occurrence: int = 1) -> Stored:
    """INSTR forwards; 0 when it is not there."""
    found = start - 2
    for _ in range(occurrence):
        found = text(value).find(text(wanted), found + 1)
        if found < 0:
            return 0
    return found + 1


def padded(left: bool, value: Stored, length: Stored, filling: str = " ") -> Stored:
    whole, size = text(value), int(number(length))
    fill = (filling * size)[: max(size - len(whole), 0)]
    return (fill + whole if left else whole + fill)[:size]


def greatest(*values: Stored) -> Stored:
    return max(values, key=comparable(values[0]))


def least(*values: Stored) -> Stored:
    return min(values, key=comparable(values[0]))


def comparable(first: Stored) -> Callable[[Stored], Any]:
    """Everything is compared as the first value's type."""
    return number if isinstance(first, (int, float)) else text if not is_moment(first) else str


def decode(value: Stored, *pairs: Stored) -> Stored:
    """DECODE; NULL equals NULL here."""
    for wanted, result in zip(pairs[::2], pairs[1::2], strict=False):
        if value == wanted or (value is not None and wanted is not None and text(value) == text(wanted)):
            return result
    return pairs[-1] if len(pairs) % 2 else None


def extract_utc(value: Stored) -> Stored:
    utc = aware(moment(value)).astimezone(UTC)
    return stored(utc.replace(tzinfo=None, microsecond=utc.microsecond or 1))


def extracted(unit: str, value: Stored) -> Stored:
    """EXTRACT of a date, a timestamp, or of days between two of them."""
    if is_moment(value):
        found = moment(value)
        return found.second + found.microsecond / 1e6 if unit == "SECOND" else int(getattr(found, unit.lower()))
    between = timedelta(days=number(value))
    sizes = {"DAY": 86_400, "HOUR": 3600, "MINUTE": 60, "SECOND": 1}
    seconds = between.total_seconds()
    whole = int(seconds // sizes[unit]) if unit != "SECOND" else seconds % 60
    return whole if unit in ("DAY", "SECOND") else whole % (24 if unit == "HOUR" else 60)


def months_between(later: Stored, earlier: Stored) -> Stored:
    a, b = moment(later), moment(earlier)
    return (a.year - b.year) * 12 + a.month - b.month + (a.day - b.day) / 31


def add_months(value: Stored, months: Stored) -> Stored:
    start = moment(value)
    count = start.year * 12 + start.month - 1 + int(number(months))
    first = start.replace(year=count // 12, month=count % 12 + 1, day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return stored(first.replace(day=min(start.day, (following - timedelta(days=1)).day)))


def flags(given: str) -> re.RegexFlag:
    return re.IGNORECASE if "i" in given else re.NOFLAG


def regexp_substring(value: str, pattern: str, start: int = 1, occurrence: int = 1, how: str = "c") -> Stored:
    found = [match.group() for match in re.finditer(pattern, text(value)[start - 1 :], flags(how))]
    return found[occurrence - 1] or None if len(found) >= occurrence else None


def trimmed(value: Stored, characters: Stored = " ", side: str = "BOTH") -> Stored:
    whole, cut = text(value), str(characters)
    whole = whole.lstrip(cut) if side in ("BOTH", "LEADING") else whole
    return (whole.rstrip(cut) if side in ("BOTH", "TRAILING") else whole) or None


def local(value: datetime) -> Stored:
    return stored(value.replace(tzinfo=None))


STRICT: dict[str, Callable[..., Stored]] = {
    "TO_DATE": to_date, "TO_TIMESTAMP": to_timestamp, "TO_NUMBER": lambda v, *model: number(v), "TRUNC": truncated,
    "TO_TIMESTAMP_TZ": to_timestamp, "ROUND": rounded, "CEIL": lambda v: -int(-number(v) // 1),
    "FLOOR": lambda v: int(number(v) // 1),
    "ABS": lambda v: abs(number(v)), "SIGN": lambda v: (number(v) > 0) - (number(v) < 0),
    "MOD": lambda a, b: number(a) % number(b) if number(b) else a, "POWER": lambda a, b: number(a) ** number(b),
    "GREATEST": greatest, "LEAST": least, "INSTR": position, "LPAD": partial(padded, True), "RPAD": partial(padded,
    False),
    "UPPER": lambda v: text(v).upper(), "LOWER": lambda v: text(v).lower(), "INITCAP": lambda v: text(v).title(),
    "LENGTH": lambda v: len(text(v)), "LENGTHB": lambda v: len(text(v).encode()), "CHR": lambda v: chr(int(v)),
    "ASCII": lambda v: ord(text(v)[0]), "ORA_TRIM": trimmed, "LTRIM": lambda v, c=" ": trimmed(v, c, "LEADING"),
    "RTRIM": lambda v, c=" ": trimmed(v, c, "TRAILING"), "SYS_EXTRACT_UTC": extract_utc, "ORA_EXTRACT": extracted,
    "MONTHS_BETWEEN": months_between, "ADD_MONTHS": add_months,
    "LAST_DAY": lambda v: minus(add_months(plus(truncated(v, "MM"), 0), 1), 1),
    "REGEXP_LIKE": lambda v, p, how="c": int(re.search(p, text(v), flags(how)) is not None),
    "REGEXP_SUBSTR": regexp_substring, "RAWTOHEX": text, "ORA_NUMBER": number,
    "REGEXP_COUNT": lambda v, p: len(re.findall(p, text(v))), "TRANSLATE": lambda v, a, b: text(v).translate(
        str.maketrans(a[: len(b)], b[: len(a)], a[len(b) :])),
    "FROM_TZ": lambda v,
    zone: stored(moment(v).replace(tzinfo=datetime.fromisoformat(f"2000-01-01T00:00{zone}").tzinfo)),
}  # fmt: skip
LENIENT: dict[str, Callable[..., Stored]] = {
    "NVL": lambda value, other: other if value is None else value,
    "NVL2": lambda value, there, missing: missing if value is None else there,
    "DECODE": decode, "TO_CHAR": to_char, "SUBSTR": substring, "SUBSTRB": substring, "ORA_CAST": cast,
    "ORA_ALIKE": alike,
    "REPLACE": lambda v, old, new=None: v if v is None or old is None else text(v).replace(old, new or "") or None,
    "REGEXP_REPLACE": lambda v, p, new=None: v if v is None or p is None else re.sub(p, new or "", text(v)) or None,
    "ORA_CONCAT": lambda a, b: (("" if a is None else text(a)) + ("" if b is None else text(b))) or None,
    "CONCAT": lambda a, b: (("" if a is None else text(a)) + ("" if b is None else text(b))) or None,
    "ORA_PLUS": plus, "ORA_MINUS": minus, "ORA_DIVIDED": divided, "ORA_TIMES": times,
    "SYSDATE": lambda: stored(sysdate()), "SYSTIMESTAMP": lambda: stored(now()),
    "CURRENT_DATE_": lambda: stored(sysdate()),
    "LOCALTIMESTAMP_": lambda: local(now()), "SESSIONTIMEZONE": lambda: "+08:00", "DBTIMEZONE": lambda: "+00:00",
    "TZ_OFFSET": lambda zone: f"{datetime.now(DATABASE_ZONE):%z}"[:3] + ":00", "UID": lambda: 107,
    "LNNVL": lambda truth: int(not truth),
}  # fmt: skip
