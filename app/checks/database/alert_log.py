"""The text of an alert log: its entries by their times, in both forms that Oracle writes, and the ORA- errors. Pure.

Up to 12.1 a line such as ``Tue Nov 24 10:00:00 2026`` (the server's own time) stands before its entries, from 12.2 on
one such as ``2026-11-24T10:00:00.123456+08:00``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
WORDS = re.compile(
    rf"{WEEKDAY} ({'|'.join(MONTHS)}) +(\d{{1,2}}) (\d\d):(\d\d):(\d\d)(?: [A-Z]{{2,5}})? (\d{{4}})", re.ASCII
)
ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
ERROR = re.compile(r"(?<![A-Za-z])ORA-(\d{1,5})(?!\d)", re.ASCII)
OURS = (3136, 609)  # what a probe of the listener leaves, such as our own
NONE = 0  # ORA-00000: normal, successful completion
SERIOUS = (600, 7445, 4031)
LONGEST = 200  # characters of a line that are shown


@dataclass(frozen=True)
class Clock:
    """The server's time now: its own without a zone, and in UTC."""

    local: datetime
    utc: datetime

    def age(self, at: datetime) -> timedelta:
        """How long ago ``at`` was, which has a zone or is in the server's own."""
        return self.utc - at if at.tzinfo else self.local - at


@dataclass(frozen=True)
class Errors:
    """How often each ORA- code was seen, the last line with it, and how many were those that probes leave."""

    counts: tuple[tuple[int, int], ...] = ()
    samples: tuple[tuple[int, str], ...] = ()
    ours: int = 0

    @property
    def serious(self) -> tuple[int, ...]:
        return tuple(code for code, _ in self.counts if code in SERIOUS)


@dataclass(frozen=True)
class Tail:
    """``covers``: how far back its entries go, ``latest``: how old the last is; None when no entry has a time."""

    errors: Errors
    covers: timedelta | None
    latest: timedelta | None


def stamp(line: str) -> datetime | None:
    """The time that a line is, with a zone where it has one; None for any other line."""
    line = line.strip()
    try:
        if found := ISO.fullmatch(line):
            zone = {"": "", "Z": "+00:00"}.get(found[2] or "", found[2] or "")
            return datetime.fromisoformat(f"{found[1]}{zone}")
        if found := WORDS.fullmatch(line):
            month, *numbers = found.groups()
            day, hour, minute, second, year = map(int, numbers)
            return datetime(year, MONTHS.index(month) + 1, day, hour, minute, second)
    except ValueError:  # the 31st of February
        return None
    return None


def codes(line: str) -> list[int]:
    return [code for code in map(int, ERROR.findall(line)) if code != NONE]


def errors(lines: Iterable[str]) -> Errors:
    """The ORA- errors in ``lines``."""
    counts: Counter[int] = Counter()
    samples: dict[int, str] = {}
    for line in lines:
        for code in codes(line):
            counts[code] += 1
            samples[code] = line.strip()[:LONGEST]
    ours = sum(counts.pop(code, 0) for code in OURS)
    ordered = sorted(counts.items(), key=lambda item: (item[0] not in SERIOUS, -item[1], item[0]))
    return Errors(tuple(ordered), tuple((code, samples[code]) for code, _ in ordered), ours)


def read(text: str, clock: Clock, whole: bool) -> Tail:
    """The errors of the last day.

    ``whole``: ``text`` begins where the log does; else its first lines belong to an entry that is cut off, and are
    left out.
    """
    entries = list(_entries(text))
    times = [at for at, _ in entries if at is not None]
    first = times[0] if times else None
    recent = [
        line
        for at, line in entries
        if (at is not None or whole) and (at or first) is not None and clock.age(at or first or clock.local) <= DAY
    ]
    ages = [clock.age(at) for at in times]
    return Tail(errors(recent), max(ages, default=None), min(ages, default=None))


def _entries(text: str) -> Iterator[tuple[datetime | None, str]]:
    """Each line with the time above it."""
    at: datetime | None = None
    for line in text.splitlines():
        seen = stamp(line)
        at = seen or at
        yield at, "" if seen else line


def noted(text: str) -> str:
    """What of a log goes into the transcript: the lines with errors, each with the time above it."""
    kept: list[str] = []
    told: datetime | None = None
    for at, line in _entries(text):
        if codes(line):
            kept += [f"{at:%Y-%m-%d %H:%M:%S}"] if at is not None and at != told else []
            told = at
            kept.append(line[:LONGEST])
    return "\n".join(kept[-400:]) or "（没有 ORA- 行）"


def in_utc(seconds: float) -> datetime:
    """A moment in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)
