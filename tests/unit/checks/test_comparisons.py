"""Comparisons of data files: exact, both ways of each boundary; what is no comparison is refused in one sentence."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checks.comparisons import ORDERED, comparison, versions
from app.site.model import DatabaseExpect

OPEN = DatabaseExpect()
NUMBERS = st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=6)


@given(NUMBERS, NUMBERS, st.sampled_from(sorted(ORDERED)))
def test_a_number_is_compared_exactly(value: Decimal, limit: Decimal, sign: str) -> None:
    assert comparison(f"{sign} {limit:f}", True, OPEN).holds(value, OPEN) is ORDERED[sign](value, limit)


@given(NUMBERS)
def test_each_boundary_belongs_where_the_sign_says(limit: Decimal) -> None:
    step = Decimal("0.000001")
    for sign, below, at, above in (
        (">=", False, True, True),
        (">", False, False, True),
        ("<=", True, True, False),
        ("<", True, False, False),
        ("==", False, True, False),
        ("!=", True, False, True),
    ):
        made = comparison(f"{sign}{limit:f}", True, OPEN)
        assert [made.holds(value, OPEN) for value in (limit - step, limit, limit + step)] == [below, at, above]


def test_97_is_at_least_97_and_what_rounds_to_it_is_not() -> None:
    made = comparison(">= 97", True, OPEN)
    assert made.holds(Decimal(97), OPEN) and made.holds(Decimal("97.0"), OPEN)
    assert not made.holds(Decimal("96.9999999999999999999"), OPEN)


@given(st.lists(NUMBERS, min_size=1, max_size=5), NUMBERS)
def test_a_list_holds_its_members_and_no_others(limits: list[Decimal], value: Decimal) -> None:
    written = ", ".join(f"{limit:f}" for limit in limits)
    assert comparison(f"in {written}", True, OPEN).holds(value, OPEN) is (value in limits)
    assert comparison(f"not in {written}", True, OPEN).holds(value, OPEN) is (value not in limits)


@pytest.mark.parametrize(
    ("written", "value", "holds"),
    [
        ("== BROKEN", "BROKEN", True), ("== BROKEN", "broken", True), ("== BROKEN", "BROKEN X", False),
        ("!= VALID", "UNUSABLE", True), ("!= VALID", "VALID", False), ("in A, B C", "B C", True),
        ("in A, B C", "B", False), ("not in A, B", "C", True), ("== 已停用", "已停用", True),
        ("== EXPIRED & LOCKED", "EXPIRED & LOCKED", True),
    ],
)  # fmt: skip
def test_texts_are_compared_whole_and_without_regard_to_case(written: str, value: str, holds: bool) -> None:
    assert comparison(written, False, OPEN).holds(value, OPEN) is holds


def test_a_plans_value_is_compared_with_and_an_open_one_is_not_judged() -> None:
    made = comparison("> expect.backup_days", True, OPEN)
    assert made.holds(Decimal(8), OPEN) is None
    planned = DatabaseExpect(backup_days=7, charset="ZHS16GBK", users=("JYJC", "就业"))
    assert [made.holds(Decimal(value), planned) for value in (6, 7, 8)] == [False, False, True]
    assert comparison("!= expect.charset", False, OPEN).holds("zhs16gbk", planned) is False
    assert comparison("in expect.users", False, OPEN).holds("jyjc", planned) is True
    assert comparison("not in expect.users", False, OPEN).holds("X", planned) is True
    assert comparison("not in expect.users", False, OPEN).holds("X", OPEN) is None


@pytest.mark.parametrize(
    "written",
    [
        "", "60", "=> 60", "= 60", ">= ", ">= 6O", ">= 60 秒", ">= 1e3", ">= ６０", ">= NaN", ">= 60 and < 90",
        ">= 60, 70", "in", "in 1,,2", "== expect.nothing", "== expect.charset", ">= expect.users", "in expect.users",
        ">= expect.code_tables", "between 1 and 2", ">= expect.__class__", "in1",
    ],
)  # fmt: skip
def test_what_is_no_comparison_of_numbers_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"[\u4e00-\u9fff]"):
        comparison(written, True, OPEN)


@pytest.mark.parametrize(
    "written",
    [">= A", "A", "== 'A'", '== "A"', "in A，B", "==", "in A,", "== expect.backup_days", "== expect.users",
     "in expect.charset", "not A"],
)  # fmt: skip
def test_what_is_no_comparison_of_texts_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"[\u4e00-\u9fff]"):
        comparison(written, False, OPEN)


@given(st.text(max_size=40), st.booleans())
def test_any_text_is_a_comparison_or_refused_in_words(written: str, numeric: bool) -> None:
    try:
        made = comparison(written, numeric, OPEN)
    except ValueError as error:
        assert str(error)
    else:
        assert made.words()


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        (">=10.2,<12", [(10, 2), (11, 2, 0, 4, 0), (11,)], [(10, 1, 0, 5), (12,), (12, 1, 0, 2), (9, 2)]),
        (">=10.2", [(10, 2, 0, 1, 0), (19, 0, 0, 0, 0)], [(10, 1, 0, 5, 0)]),
        ("<=11.2", [(11, 2, 0, 4, 0), (9, 2, 0, 8, 0)], [(11, 3), (12, 1)]),
        (">11", [(12, 1)], [(11, 2, 0, 4)]),
        ("==11.2", [(11, 2, 0, 4), (11, 2)], [(11, 1), (12, 2)]),
    ],
)
def test_a_range_of_versions_has_both_ends(
    written: str, inside: list[tuple[int, ...]], outside: list[tuple[int, ...]]
) -> None:
    made = versions(written)
    assert all(map(made.include, inside)) and not any(map(made.include, outside))


@pytest.mark.parametrize("written", ["", "10.2", ">=", ">=10.2,", "!=9", ">=10.x", "19c", "≥10", ">=1.2.3.4.5.6"])
def test_what_is_no_range_of_versions_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="版本范围"):
        versions(written)
