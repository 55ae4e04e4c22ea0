"""The end of a server's log: memory that ran out, threads that were stuck, the life cycle's last word. Pure.

A record begins with ``####<``; from 9.0 on it carries its time in milliseconds since 1970, before that only as the
server's locale writes it. Message numbers are those of WebLogic's catalogue: BEA-000337 stuck (8.1 repeats it while it
lasts), BEA-000339 no longer, BEA-000360 and BEA-000365 the life cycle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from app.checks.weblogic.facts import LogTail

DAY = 86400.0
BEGINS = re.compile(r"^####<", re.MULTILINE)
MILLISECONDS = re.compile(r"<([0-9]{12,14})>")
CODE = re.compile(r"<BEA-([0-9]{6})>")
STATE = re.compile(r"Server (?:state changed to|started in) ([A-Z_]+)")
THREAD = re.compile(r"ExecuteThread: '([^']{1,40})' for queue: '([^']{1,80})'")
ENGLISH = re.compile(r"([A-Z][a-z]{2}) (\d{1,2}), (\d{4}),? (\d{1,2}):(\d\d):(\d\d)(?:,\d+)? ?([AP]M)? ?(\w+)?")
CHINESE = re.compile(
    r"(\d{4})[-年](\d{1,2})[-月](\d{1,2})日? ?(上午|下午|[AP]M)? ?(\d{1,2})[时:](\d\d)[分:](\d\d)秒?(?: ?(\w+))?"
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HERE = timezone(timedelta(hours=8))  # CST in the logs of these sites
AHEAD = 3600.0  # seconds that a record may lie in the future, for clocks that differ


@dataclass(frozen=True)
class Record:
    """``at``: seconds since 1970, None where unreadable."""

    at: float | None
    code: str
    text: str


def read(text: str, now: float) -> LogTail:
    """``now``: seconds since 1970."""
    found = tuple(_records(text))
    dated = [record.at for record in found if record.at is not None]
    recent = [one for one in found if one.at is not None and -AHEAD < now - one.at < DAY]
    counting = [record for record in found if "OutOfMemoryError" in record.text or record.code == "000337"]
    told = [STATE.search(record.text) for record in found if record.code in ("000360", "000365")]
    states = [state[1] for state in told if state]
    return LogTail(
        covers=max(0.0, now - min(dated)) if dated else 0.0,
        out_of_memory=sum("OutOfMemoryError" in record.text for record in recent),
        stuck=_stuck(recent, now),
        undated=sum(record.at is None or record.at - now >= AHEAD for record in counting),
        state=states[-1] if states else "",
    )


def _stuck(records: list[Record], now: float) -> dict[str, float]:
    """Each thread that was last said to be stuck; a restart of the server ends them all."""
    last: dict[str, float] = {}
    for record in records:
        thread = THREAD.search(record.text)
        if record.code == "000337" and record.at is not None:
            last[thread[0] if thread else record.text[:200]] = max(0.0, now - record.at)
        elif record.code == "000339" and thread:
            last.pop(thread[0], None)
        elif record.code == "000365" and "STARTING" in record.text:
            last.clear()
    return last


def _records(text: str) -> Iterator[Record]:
    """What stands before the first beginning is the end of a record that was cut off: it has no time."""
    starts = [match.start() for match in BEGINS.finditer(text)]
    before = text[: starts[0]] if starts else text
    if before.strip():
        yield Record(None, "", before)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=False):
        record = text[start:end]
        head = record.partition("\n")[0][:2000]
        code = CODE.search(head)
        yield Record(_time(head[: code.start()] if code else head), code[1] if code else "", record)


def _time(head: str) -> float | None:
    stamps = MILLISECONDS.findall(head)
    if stamps:
        return int(stamps[-1]) / 1000
    shown = head.removeprefix("####<").partition(">")[0]
    try:
        return _english(shown) or _chinese(shown)
    except ValueError:
        return None


def _english(shown: str) -> float | None:
    found = ENGLISH.match(shown)
    if not found or found[1] not in MONTHS:
        return None
    day = (int(found[3]), MONTHS.index(found[1]) + 1, int(found[2]))
    return _moment(day, (int(found[4]), int(found[5]), int(found[6])), found[7] or "", found[8] or "")


def _chinese(shown: str) -> float | None:
    found = CHINESE.match(shown)
    if not found:
        return None
    day = (int(found[1]), int(found[2]), int(found[3]))
    return _moment(day, (int(found[5]), int(found[6]), int(found[7])), found[4] or "", found[8] or "")


def _moment(day: tuple[int, int, int], clock: tuple[int, int, int], half: str, zone: str) -> float:
    """Raises ValueError for a time there is not."""
    hour = clock[0]
    if half in ("PM", "下午") and hour < 12:
        hour += 12
    if half in ("AM", "上午") and hour == 12:
        hour = 0
    where = UTC if zone in ("GMT", "UTC") else HERE
    return datetime(*day, hour, clock[1], clock[2], tzinfo=where).timestamp()
