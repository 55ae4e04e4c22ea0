"""Versions as people write them, compared by their numeric parts. Reading them from a target is the checks' work."""

from __future__ import annotations

import re

from app.checks.model import Undetermined

NUMBERS = re.compile(r"\d+(?:[._-]\d+)*")
UPDATE = re.compile(r"(\d+)u(\d+)", re.IGNORECASE)  # Java's other way of writing: 8u202 is 1.8.0_202
OPERATORS = (">=", "==")


def parts(version: str) -> tuple[int, ...]:
    """The numeric parts of the first version in ``version``: ``19.3.0.0`` → (19, 3, 0, 0); none: ().

    Java's 1.5 to 1.9 are 5 to 9 (JEP 223): ``1.8.0_202`` and ``8u202`` → (8, 0, 202).
    """
    found = NUMBERS.search(UPDATE.sub(r"\1.0.\2", version))
    numbers = tuple(int(part) for part in re.split(r"[._-]", found.group())) if found else ()
    return numbers[1:] if numbers[:1] == (1,) and 5 <= (numbers[1:] or (0,))[0] <= 9 else numbers


def satisfies(actual: str, wanted: str) -> bool:
    """Whether ``actual`` is what ``wanted`` demands: ``>=11.2``, ``==11.2.0.4``, or a beginning such as ``11.2``.

    Missing parts count as zero for the two operators. Raises Undetermined when either holds no number.
    """
    operator = next((sign for sign in OPERATORS if wanted.strip().startswith(sign)), "")
    have, want = parts(actual), parts(wanted.strip().removeprefix(operator))
    if not want:
        raise Undetermined(f"方案写的版本“{wanted}”里没有数字，无法比较", "请改正现场配置文件里的版本。")
    if not have:
        raise Undetermined(f"读到的版本“{actual}”里没有数字，无法与方案比较")
    if not operator:
        return have[: len(want)] == want
    length = max(len(have), len(want))
    padded_have, padded_want = (numbers + (0,) * (length - len(numbers)) for numbers in (have, want))
    return padded_have >= padded_want if operator == ">=" else padded_have == padded_want
