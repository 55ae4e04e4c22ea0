"""Identity numbers (身份证号, GB 11643—1999) are masked in everything that is recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

CANDIDATE = re.compile(
    r"(?<![0-9A-Za-z])(\d{6})((?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(\d{3}[\dXx])(?![0-9A-Za-z])"
)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"


def mask(text: str) -> str:
    """``text`` with the birthday and order number of every valid identity number replaced by asterisks."""
    return CANDIDATE.sub(_masked, text)


def mask_all(value: Any) -> Any:
    """The same value (strings, lists, mappings, nested) with ``mask`` applied to every string."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: mask_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_all(item) for item in value]
    return value


def _masked(match: re.Match[str]) -> str:
    number = match.group(0).upper()
    weighted = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number, strict=False))
    if CHECK_CHARACTERS[weighted % 11] != number[-1]:
        return match.group(0)
    return f"{number[:6]}{'*' * 11}{number[-1]}"
