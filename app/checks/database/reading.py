"""What came back from a query, read strictly: a number is a number, a text a text; nonsense makes the check UNKNOWN."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.checks.model import Outcome, Undetermined, Verdict

MIB = 1024 * 1024
LARGEST = 10**24  # more than any size or count there is; a text such as 1e999999 would fill the memory
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")  # Decimal reads ０１２ and 1_0 too
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_$#]*")


def text(value: Any) -> str:
    """A column as text, without the blanks that CHAR columns carry; NULL is empty."""
    return "" if value is None else str(value).strip().strip("\0")


def number(value: Any, what: str) -> int:
    """A column as a whole number, 0 or more. Raises Undetermined when it is NULL or nonsense; ``what`` names it."""
    found = number_or_none(value, what)
    if found is None:
        raise Undetermined(f"{what} 是空值，无法判断")
    return found


def number_or_none(value: Any, what: str) -> int | None:
    """As ``number``, with None for NULL."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str) and not NUMBER.fullmatch(value.strip()):
        raise Undetermined(f"{what} 不是数字：“{value[:60]}”")
    try:
        found = Decimal(str(value).strip())
    except ArithmeticError:
        raise Undetermined(f"{what} 不是数字：“{str(value)[:60]}”") from None
    if not found.is_finite() or not 0 <= found <= LARGEST:
        raise Undetermined(f"{what} 不合理：“{str(value)[:60]}”")
    return int(found)


def moment(value: Any, what: str) -> datetime | None:
    """A DATE column as a naive datetime (the server's own time); None for NULL."""
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise Undetermined(f"{what} 不是日期：“{str(value)[:60]}”")
    return value.replace(tzinfo=None)


def require(rows: Sequence[Any], view: str) -> None:
    """Raises Undetermined for an empty answer: it is not a good one."""
    if not rows:
        raise Undetermined(f"{view} 没有返回任何行，无法判断", "请 DBA 用检查账号查询该视图，核对权限后再检查。")


def literal(name: str) -> str:
    """A name as an Oracle text literal."""
    return "'" + name.replace("'", "''") + "'"


def found_name(name: str, known: Mapping[str, Any]) -> str:
    """The name in ``known`` that a plan means: as written, else in capitals (Oracle's unquoted names); "" for none."""
    bare = name.strip().strip('"')
    return next((one for one in (bare, bare.upper()) if one in known), "")


def not_planned(actual: str, observed: Mapping[str, Any], key: str) -> Verdict:
    """方案未规定: the value is recorded and not judged."""
    reason = "方案未规定，只记录实际值"
    return Verdict(
        Outcome.NOT_APPLICABLE, "方案未规定", actual, reason, f"如需判定，请在 site.toml 写 {key}。", observed
    )


def mib(size: int) -> int:
    """Bytes as whole MiB, rounded down."""
    return size // MIB


def percent(part: int, whole: int) -> str:
    """``part`` of ``whole`` as ``84.99%``, rounded down: no figure shown reaches a limit before the value does."""
    return f"{part * 10000 // whole / 100:.2f}%" if whole else "—"


def at_least(part: int, whole: int, limit: int) -> bool:
    """Whether ``part`` is ``limit`` percent of ``whole`` or more, exactly."""
    return part * 100 >= whole * limit


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names for a sentence; of many the first ones and their number."""
    shown = "、".join(names[:most])
    return shown if len(names) <= most else f"{shown} 等 {len(names)} 个"
