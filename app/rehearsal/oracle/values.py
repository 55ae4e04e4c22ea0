"""Oracle's values in SQLite: dates and timestamps are marked text, so that they compare, sort and come back as such.

Here too are the ORA errors by which everything in this folder fails, and Oracle's implicit conversions.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

MARK = "\x01"  # before every date and timestamp; no text of the dictionary begins with it
DATABASE_ZONE = timezone(timedelta(hours=8))
SECONDS_PER_DAY = 86_400

Stored = str | int | float | bytes | None


class OraError(Exception):
    """An error of the database: ``code`` without the prefix, ``text`` as Oracle words it."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"ORA-{code:05d}: {text}")
        self.code = code
        self.text = text


def stored(value: object) -> Stored:
    """A Python value as it is kept; a naive datetime is a DATE (or a TIMESTAMP when it has microseconds)."""
    if isinstance(value, datetime):
        seconds = "microseconds" if value.tzinfo or value.microsecond else "seconds"
        return MARK + value.isoformat(" ", seconds)
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if value == "":
        return None
    if value is None or isinstance(value, (str, int, float, bytes)):
        return value
    raise OraError(932, f"inconsistent datatypes: {type(value).__name__}")


def shown(value: Stored) -> datetime | str | int | Decimal | bytes | None:
    """A kept value as a driver is handed it."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else Decimal(f"{value:.15g}")
    return moment(value) if is_moment(value) else value


def is_moment(value: object) -> bool:
    return isinstance(value, str) and value.startswith(MARK)


def moment(value: Stored) -> datetime:
    """The datetime of a DATE or TIMESTAMP; ORA-01858 of anything else."""
    if not isinstance(value, str) or not value.startswith(MARK):
        raise OraError(1858, "a non-numeric character was found where a numeric was expected")
    return datetime.fromisoformat(value[len(MARK) :])


def number(value: Stored) -> int | float:
    """Text as a number, as Oracle converts it silently; ORA-01722 when it is none."""
    if isinstance(value, (int, float)):
        return value
    text = str(value).strip()
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise OraError(1722, "invalid number") from None


def text(value: Stored) -> str:
    """Any value as text; dates by the default NLS_DATE_FORMAT of this database."""
    if is_moment(value):
        return moment(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bytes):
        return value.hex().upper()
    return str(shown(value))


def now() -> datetime:
    """The server's clock, in its zone."""
    return datetime.now(DATABASE_ZONE)


def sysdate() -> datetime:
    """SYSDATE: whole seconds of the server's clock without a zone."""
    return now().replace(tzinfo=None, microsecond=0)


def plus(left: Stored, right: Stored) -> Stored:
    """``left + right``; days where one side is a date."""
    if left is None or right is None:
        return None
    if is_moment(left):
        return stored(moment(left) + timedelta(days=number(right)))
    if is_moment(right):
        return plus(right, left)
    return number(left) + number(right)


def minus(left: Stored, right: Stored) -> Stored:
    """``left - right``; days between two dates."""
    if left is None or right is None:
        return None
    if not is_moment(left):
        return number(left) - number(right)
    if not is_moment(right):
        return stored(moment(left) - timedelta(days=number(right)))
    between = aware(moment(left)) - aware(moment(right))
    return between.total_seconds() / SECONDS_PER_DAY


def aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=DATABASE_ZONE)


def divided(left: Stored, right: Stored) -> Stored:
    if left is None or right is None:
        return None
    if number(right) == 0:
        raise OraError(1476, "divisor is equal to zero")
    return number(left) / number(right)


def times(left: Stored, right: Stored) -> Stored:
    return None if left is None or right is None else number(left) * number(right)
