"""oracle.clock: the server's clock in UTC against the middle of the round trip. Comparing clocks is the core's."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from app.checks.clock import EXPECTED, compare_clock
from app.checks.database.errors import COLUMN_MISSING, SqlRefused
from app.checks.database.reading import text
from app.checks.model import Failed, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

# SYSTIMESTAMP (9i) carries the offset of the server's own zone; SYSDATE has none.
SQL = "SELECT TO_CHAR(SYSTIMESTAMP, 'YYYY-MM-DD HH24:MI:SS.FF3 TZH:TZM') FROM DUAL"
FIXED = "SELECT VALUE FROM V$PARAMETER WHERE NAME = 'fixed_date'"  # 8i+; SYSDATE then stands still, SYSTIMESTAMP not
STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:[.,](\d{1,9}))? *([+-])(\d\d):(\d\d)")


def offset(rows: Sequence[Sequence[Any]], before: float, after: float) -> float:
    """The server's clock minus ours in seconds; ``before`` and ``after`` are ours (epoch) around the question.

    Raises Undetermined when the answer is not a time with its zone.
    """
    answer = str(rows[0][0]).strip() if rows and rows[0] else ""
    found = STAMP.fullmatch(answer)
    if found is None:
        raise Undetermined(f"数据库时间的答复不带时区或无法理解：“{answer[:60]}”", "请人工核对数据库服务器的时间。")
    day, fraction, sign, hours, minutes = found.groups()
    zone = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        moment = datetime.strptime(day, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone(zone))
    except ValueError:
        raise Undetermined(f"数据库时间的答复无法理解：“{answer[:60]}”") from None
    seen = moment.astimezone(UTC).timestamp() + float(f"0.{fraction or 0}")
    return seen - (before + after) / 2


def gather(session: OracleSession, target: Database) -> float:  # noqa: ARG001 - the shape of Check.gather
    """Seconds that the server's clock is ahead of ours. Raises Failed where SYSDATE is fixed."""
    session.connect()
    before = time.time()
    try:
        rows = session.select(SQL, most=1)
    except SqlRefused as error:
        if error.code != COLUMN_MISSING:
            raise
        advice = "请人工核对数据库服务器的时间与时区。"
        raise Undetermined("该版本没有 SYSTIMESTAMP（9i 起才有），读不到带时区的时间", advice) from None
    session.offset_seconds = offset(rows, before, time.time())
    _require_running(session)
    return session.offset_seconds


def _require_running(session: OracleSession) -> None:
    """Raises Failed where FIXED_DATE holds SYSDATE; where the parameter cannot be seen nothing is said of it."""
    with suppress(SqlRefused):
        fixed = next((text(row[0]) for row in session.select(FIXED)), "")
        if fixed and fixed.upper() != "NONE":
            advice = "请 DBA 执行 ALTER SYSTEM SET FIXED_DATE=NONE，并核对期间写入的时间。"
            raise Failed(f"参数 FIXED_DATE 是 {fixed}，SYSDATE 停在该时刻", advice, EXPECTED)


def compare(facts: float, target: Database, site: Site) -> Verdict:
    return compare_clock({target.id: facts}, target, site)


def shows(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (SQL, FIXED)
