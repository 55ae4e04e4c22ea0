"""What the rehearsal site's databases leave on their host, which is the application's: their alert logs."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from app.rehearsal.linux_host import Printed
from app.rehearsal.oracle.values import sysdate

DATABASES = ("JYJC", "JYJH")
ALERT_LOG = re.compile(r"tail -c (\d+) /u02/app/oracle/diag/rdbms/(\w+)/(\w+)/trace/alert_(\w+)\.log")
SEQUENCE = 9_114
SWITCHES = 108  # in three days
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def run(command: str) -> Printed | None:
    """What one of the commands about a database prints; None for any other."""
    found = ALERT_LOG.fullmatch(command)
    if found is None or found[3] not in DATABASES or (found[2], found[4]) != (found[3].lower(), found[3]):
        return None
    return Printed(alert_log(found[3])[-int(found[1]) :])


def alert_log(name: str) -> str:
    """As 11.2 writes it: a line with the server's time before each entry."""
    now = sysdate()
    entries = ((now - timedelta(minutes=40 * number), SEQUENCE - number) for number in reversed(range(SWITCHES)))
    return "".join(
        f"{stamp(at)}\nThread 1 advanced to log sequence {sequence} (LGWR switch)\n"
        f"  Current log# {sequence % 3 + 1} seq# {sequence} mem# 0: {file(name, sequence % 3 + 1)}\n"
        for at, sequence in entries
    )


def file(name: str, group: int) -> str:
    return f"/u02/oradata/{name}/redo{group:02d}.log"


def stamp(at: datetime) -> str:
    """``Tue Nov 24 10:00:00 2026``, in whatever language this machine speaks."""
    return f"{DAYS[at.weekday()]} {MONTHS[at.month - 1]} {at.day:02d} {at:%H:%M:%S} {at.year}"
