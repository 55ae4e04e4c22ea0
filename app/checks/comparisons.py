"""Comparisons as a data file writes them: ``>= 60``, ``in BROKEN, FAILED``, ``< expect.backup_days``, and no more.

Numbers are compared exactly, texts without regard to case. Ranges of versions (``>=10.2,<12``) are read here too.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

SIGNS = ("<=", ">=", "==", "!=", "<", ">")
LISTS = ("not in", "in")
WRITTEN = re.compile(r"(<=|>=|==|!=|<|>|not in\b|in\b)\s*(.*)", re.DOTALL)
NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
PLANNED = re.compile(r"expect\.(\w+)", re.ASCII)
RELEASE = re.compile(r"(<=|>=|==|<|>)\s*(\d{1,3}(?:\.\d{1,3}){0,4})", re.ASCII)
SHOWN = {"<=": "≤", ">=": "≥", "==": "=", "!=": "≠", "in": "属于", "not in": "不属于"}
ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
Value = Decimal | str


@dataclass(frozen=True)
class Comparison:
    """One comparison. ``key`` names the plan's value it is made with; else ``values`` (one, or those of a list)."""

    sign: str
    values: tuple[Value, ...]
    key: str = ""

    def holds(self, value: Value, expect: Any) -> bool | None:
        """Whether it is true of ``value``; None where it is made with a plan's value that the plan leaves open."""
        against = self._against(expect)
        if against is None:
            return None
        have = _folded(value)
        if self.sign in LISTS:
            return (have in against) is (self.sign == "in")
        return ORDERED[self.sign](have, against[0])

    def words(self, unit: str = "") -> str:
        """For people: ``≥ 60 秒``."""
        listed = "、".join(f"{value:f}" if isinstance(value, Decimal) else value for value in self.values)
        against = f"方案的 {self.key}" if self.key else listed
        return f"{SHOWN.get(self.sign, self.sign)} {against} {unit}".rstrip()

    def _against(self, expect: Any) -> tuple[Value, ...] | None:
        if not self.key:
            return tuple(map(_folded, self.values))
        planned = getattr(expect, self.key, None)
        if not planned:
            return None
        found = planned if isinstance(planned, tuple) else (planned,)
        return tuple(Decimal(one) if isinstance(one, int) else _folded(str(one)) for one in found)


def _folded(value: Value) -> Value:
    return value.strip().casefold() if isinstance(value, str) else value


def comparison(text: str, numeric: bool, expect: Any) -> Comparison:
    """``text`` read for a column of numbers or of text; ``expect`` has every key that the plan may have, empty.

    Raises ValueError with what is wrong, in Chinese.
    """
    found = WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError('要写成比较，如 ">= 60"、"== OFF" 或 "in BROKEN, FAILED"')
    sign, rest = found.group(1), found.group(2).strip()
    if not numeric and sign not in ("==", "!=", *LISTS):
        raise ValueError("文字列只能用 ==、!=、in、not in 比较")
    if planned := PLANNED.fullmatch(rest):
        return Comparison(sign, (), _key(planned.group(1), sign, numeric, expect))
    written = rest.split(",") if sign in LISTS else [rest]
    return Comparison(sign, tuple(_value(one.strip(), numeric) for one in written))


def _value(text: str, numeric: bool) -> Value:
    if not text:
        raise ValueError("比较符号后面缺少值")
    if numeric:
        if not NUMBER.fullmatch(text):
            raise ValueError(f"“{text}”不是数字")
        return Decimal(text)
    if set(text) & set("'\"，"):
        raise ValueError("值不要加引号，多个值用半角逗号分开")
    return text


def _key(key: str, sign: str, numeric: bool, expect: Any) -> str:
    """A key of the plan whose value can stand there."""
    planned = getattr(expect, key, None)
    kind = tuple if sign in LISTS else int if numeric else str
    if not isinstance(planned, kind) or (numeric and sign in LISTS):
        raise ValueError(f"方案（expect）里没有可以这样比较的键 {key}")
    return key


@dataclass(frozen=True)
class Versions:
    """A range of releases; without bounds it is all of them."""

    bounds: tuple[tuple[str, tuple[int, ...]], ...] = ()
    text: str = ""

    def include(self, release: tuple[int, ...]) -> bool:
        """Whether ``release`` is in it; only as many parts count as a bound names: 11.2.0.4 is ``<=11.2``."""
        return all(ORDERED[sign]((release + (0,) * len(bound))[: len(bound)], bound) for sign, bound in self.bounds)


def versions(text: str) -> Versions:
    """``>=10.2,<12`` as a range. Raises ValueError with what is wrong, in Chinese."""
    bounds = []
    for part in text.split(","):
        found = RELEASE.fullmatch(part.strip())
        if found is None:
            raise ValueError(f'“{part.strip()}”不是版本范围，要写成 ">=10.2,<12" 这样')
        bounds.append((found.group(1), tuple(map(int, found.group(2).split(".")))))
    return Versions(tuple(bounds), text)
