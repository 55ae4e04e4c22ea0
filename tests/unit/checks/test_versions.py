"""Versions compare by their numeric parts; what holds no number can be compared with nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checks.model import Undetermined
from app.checks.versions import parts, satisfies
from app.site.formats import VERSION

NUMBERS = st.lists(st.integers(0, 99), min_size=1, max_size=5).map(lambda numbers: ".".join(map(str, numbers)))
WANTED = st.builds(str.__add__, st.sampled_from(("", ">=", "==", ">= ", "== ")), NUMBERS)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("19.3.0.0", (19, 3, 0, 0)), ("11g", (11,)), ("Oracle 10.2", (10, 2)), ("1.8.0_202", (8, 0, 202)),
        ("8u202", (8, 0, 202)), ("1.6", (6,)), ("1.4.2", (1, 4, 2)), ("11.0.2+9", (11, 0, 2)), ("V10 (Lance)", (10,)),
        ("3.10.0-1160.el7", (3, 10, 0, 1160)), ("", ()), ("unknown", ()), ("1", (1,)), ("1.10", (1, 10)),
    ],
)  # fmt: skip
def test_the_first_version_in_a_text_is_read(version: str, expected: tuple[int, ...]) -> None:
    assert parts(version) == expected


@pytest.mark.parametrize(
    ("actual", "wanted"),
    [
        ("19.3.0.0", ">=11.2"), ("11.2", ">=11.2"), ("11.2.0.4", ">=11.2"), ("11.2", ">=11.2.0.0"),
        ("1.8.0_202", ">=1.6"),
        ("11.0.2", ">=1.8"), ("1.8", "8"), ("8", "1.8"), ("1.8.0_202", "8u202"), ("10.3.6.0", "10.3"),
        ("12.1", "==12.1.0.0"),
        ("11.2.0.4", "11.2"), ("10.2.0.5", ">=9.2"), ("10", ">= 9"), (" 12.2.1.4 ", "12.2.1"),
    ],
)  # fmt: skip
def test_a_version_that_is_wanted_satisfies(actual: str, wanted: str) -> None:
    assert satisfies(actual, wanted)


@pytest.mark.parametrize(
    ("actual", "wanted"),
    [
        ("10.2.0.5", ">=11.2"), ("9.2", ">=10.1"), ("1.4.2", ">=1.6"), ("11.2.0.4", "==11.2"), ("11.20", "11.2"),
        ("1.7.0_80", "8"), ("19.3", "12"), ("11", "11.2"),
    ],
)  # fmt: skip
def test_another_version_does_not(actual: str, wanted: str) -> None:
    assert not satisfies(actual, wanted)


@pytest.mark.parametrize(("actual", "wanted"), [("", ">=11.2"), ("unknown", "11"), ("11.2", ">="), ("11.2", "")])
def test_without_a_number_nothing_can_be_told(actual: str, wanted: str) -> None:
    with pytest.raises(Undetermined):
        satisfies(actual, wanted)


@given(NUMBERS)
def test_every_version_satisfies_itself(version: str) -> None:
    assert satisfies(version, version) and satisfies(version, f">={version}") and satisfies(version, f"=={version}")


@given(NUMBERS, NUMBERS)
def test_of_two_versions_one_is_at_least_the_other(one: str, other: str) -> None:
    assert satisfies(one, f">={other}") or satisfies(other, f">={one}")


@given(WANTED, NUMBERS)
def test_whatever_a_site_profile_may_write_can_be_compared(wanted: str, actual: str) -> None:
    assert VERSION.fullmatch(wanted)
    assert satisfies(actual, wanted) in (True, False)
