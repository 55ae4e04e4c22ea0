"""Times: taken with their offset, stored as RFC 3339, printed on paper in China's fixed +08:00."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


def now() -> datetime:
    """The current time with this machine's offset, to the millisecond (what RFC 3339 stamps keep)."""
    moment = datetime.now(UTC).astimezone()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def stamp(moment: datetime) -> str:
    """``moment`` (aware) as RFC 3339 with offset and milliseconds, e.g. ``2026-11-23T20:27:25.123+08:00``."""
    if moment.tzinfo is None:
        raise ValueError("a stamp needs an offset")
    return moment.isoformat(timespec="milliseconds")


def parse(text: str) -> datetime:
    """The aware time that ``stamp`` wrote. Raises ValueError for anything without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no offset in {text!r}")
    return moment


def china_date(moment: datetime) -> date:
    """The day on paper: the calendar day of ``moment`` in +08:00."""
    return moment.astimezone(CHINA).date()


def paper_date(day: date) -> str:
    """A date as official paper writes it (GB/T 9704—2012): ``2026年1月5日``, no leading zeros."""
    return f"{day.year}年{day.month}月{day.day}日"


def days_between(start: datetime, end: datetime) -> float:
    """Days from ``start`` to ``end``; a day is 86400 seconds whatever the calendar says."""
    return (end - start).total_seconds() / 86400
