"""Clocks are judged against the median of all targets and this laptop, both ways, at the second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checks.clock import compare_clock, judged, reference, whole_hours
from app.checks.model import Outcome
from app.site.model import Host, Site

SITE = Site("示例省节点", "510000")
SECONDS = st.floats(-1e7, 1e7)


def outcome(offsets: dict[str, float | None], target_id: str = "a") -> Outcome:
    return compare_clock(offsets, Host(target_id), SITE).outcome


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, Outcome.PASS), (59.999, Outcome.PASS), (60.0, Outcome.WARN), (299.999, Outcome.WARN),
        (300.0, Outcome.FAIL), (1e6, Outcome.FAIL),
    ],
)  # fmt: skip
def test_sixty_seconds_off_is_a_warning_and_three_hundred_a_failure(
    seconds: float, expected: Outcome, sign: int
) -> None:
    assert outcome({"a": sign * seconds}) is expected
    assert outcome({"a": sign * seconds, "b": 0.0, "c": 0.0}) is expected


@pytest.mark.parametrize(
    ("offsets", "middle"),
    [
        ([], 0.0), ([400.0], 0.0), ([-400.0], 0.0), ([400.0, 401.0], 400.0), ([-5.0, 5.0], 0.0),
        ([10.0, 20.0, 30.0], 10.0), ([-10.0, -20.0, -30.0], -10.0), ([10.0, 20.0, 30.0, 40.0], 20.0),
    ],
)  # fmt: skip
def test_the_reference_is_the_median_and_of_two_middle_values_the_one_nearer_this_laptop(
    offsets: list[float], middle: float
) -> None:
    assert reference(offsets) == middle


@given(st.lists(SECONDS, max_size=7))
def test_the_reference_is_a_clock_that_was_seen_and_as_many_are_before_it_as_behind(offsets: list[float]) -> None:
    values = [0.0, *offsets]
    middle = reference(offsets)
    assert middle in values
    assert sum(value < middle for value in values) <= len(values) / 2
    assert sum(value > middle for value in values) <= len(values) / 2


@given(st.lists(SECONDS, min_size=1, max_size=7))
def test_fast_and_slow_are_judged_alike(offsets: list[float]) -> None:
    ahead = {str(nth): offset for nth, offset in enumerate(offsets)}
    behind = {name: -offset for name, offset in ahead.items()}
    assert outcome(dict(ahead), "0") is outcome(dict(behind), "0")


def test_a_target_whose_clock_was_not_seen_is_unknown_and_sways_no_other() -> None:
    offsets = {"a": None, "b": 10.0, "c": float("nan"), "d": float("inf")}
    assert outcome(offsets, "a") is outcome(offsets, "c") is outcome(offsets, "d") is Outcome.UNKNOWN
    assert outcome({}, "a") is Outcome.UNKNOWN
    assert outcome(offsets, "b") is Outcome.PASS


@pytest.mark.parametrize(
    ("seconds", "hours"),
    [
        (28800.0, 8), (-28800.0, -8), (28860.0, 8), (28860.001, 0), (28739.999, 0), (3600.0, 1), (3660.0, 1),
        (3540.0, 1), (1800.0, 0), (60.0, 0), (0.0, 0), (-3539.0, 0),
    ],
)  # fmt: skip
def test_whole_hours_within_a_minute_are_a_time_zone(seconds: float, hours: int) -> None:
    assert whole_hours(seconds) == hours


def test_a_wrong_time_zone_is_named_and_still_fails() -> None:
    verdict = compare_clock({"a": -28790.0}, Host("a"), SITE)
    assert verdict.outcome is Outcome.FAIL and "慢约 8 小时整" in verdict.reason and "时区" in verdict.reason


def test_a_drifted_clock_is_told_in_seconds_with_what_to_do() -> None:
    verdict = compare_clock({"a": 75.04}, Host("a"), SITE)
    assert verdict.reason == "时钟快 75.0 秒" and "NTP" in verdict.advice
    assert verdict.observed == {"offset_ms": 75040, "reference_ms": 0}


def test_a_wrong_laptop_is_seen_in_what_a_right_target_says() -> None:
    verdict = compare_clock({"a": 400.0, "b": 401.0}, Host("a"), SITE)
    assert (verdict.outcome, verdict.actual) == (Outcome.PASS, "比本机快 400.0 秒，比中间值快 0.0 秒")


def test_judging_never_leaves_a_gap() -> None:
    assert [judged(value / 1000) for value in (59999, 60000, 299999, 300000)] == [
        Outcome.PASS, Outcome.WARN, Outcome.WARN, Outcome.FAIL,
    ]  # fmt: skip
