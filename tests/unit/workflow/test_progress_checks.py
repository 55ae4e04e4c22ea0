"""How a planned check stands: newest result, staleness by each digest, decisions and everything that ends them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from progress_records import CHINA, NOW, Note, bound, decision, result

from app.workflow.model import CheckState, State
from app.workflow.progress import check_states

MILD_TO_GRAVE = ("not_applicable", "pass", "warn", "unknown", "fail")
LAST = datetime(2026, 1, 20, 23, 59, 59, tzinfo=CHINA)


def stands(*records: Note, moment: datetime = NOW, scope: str = "") -> CheckState:
    (state,) = check_states(records, [bound()], moment, scope)
    return state


def test_a_check_without_a_result_is_open() -> None:
    assert stands() == CheckState(bound(), State.OPEN)


@pytest.mark.parametrize("outcome", MILD_TO_GRAVE)
def test_the_newest_result_is_how_a_check_stands(outcome: str) -> None:
    older, newer = result("fail"), result(outcome)
    assert stands(newer, older).state == outcome
    assert stands(newer, older).record is newer


@pytest.mark.parametrize("outcome", ["", "合格", "open", "stale", None])
def test_an_outcome_that_is_none_is_not_taken_for_one(outcome: str) -> None:
    assert stands(result(outcome)).state is State.UNKNOWN


@pytest.mark.parametrize("changed", ["target_digest", "check_digest"])
def test_a_result_is_stale_once_either_digest_changed(changed: str) -> None:
    found = stands(result("pass", **{changed: "other"}))
    assert found.state is State.STALE
    assert found.record is not None


def test_a_result_that_carries_no_digests_is_stale() -> None:
    bare = Note("result", "oracle.login@db1", {"outcome": "pass"})
    assert stands(bare).state is State.STALE


def test_a_result_counts_in_its_own_scope_only() -> None:
    here, there = result("pass"), result("fail", scope="case-1")
    assert stands(here, there).state is State.PASS
    assert stands(here, there, scope="case-1").state is State.FAIL
    assert stands(here, scope="case-1").state is State.OPEN
    assert stands(there).state is State.OPEN


def test_a_result_counts_for_its_own_target_only() -> None:
    states = check_states([result("pass")], [bound(), bound(target="db2")], NOW)
    assert [state.state for state in states] == [State.PASS, State.OPEN]


@pytest.mark.parametrize("word", ["waive", "not_applicable"])
def test_a_decision_is_in_force_and_leaves_the_outcome_alone(word: str) -> None:
    failed = result("fail")
    decided = decision(failed, word)
    found = stands(failed, decided)
    assert (found.state, found.decision) == (State.FAIL, decided)


@pytest.mark.parametrize("word", ["withdraw", "", "approve"])
def test_a_withdrawn_or_unknown_decision_is_not_in_force(word: str) -> None:
    failed = result("fail")
    assert stands(failed, decision(failed), decision(failed, word)).decision is None


def test_a_decision_of_another_scope_does_not_count() -> None:
    failed = result("fail")
    other = decision(result("fail", scope="case-1"))
    assert stands(failed, other).decision is None


@pytest.mark.parametrize(
    ("moment", "holds"),
    [(LAST - timedelta(seconds=1), True), (LAST, True), (LAST + timedelta(milliseconds=1), False)],
)
def test_a_decision_holds_through_its_last_moment_and_no_longer(moment: datetime, holds: bool) -> None:
    failed = result("fail")
    decided = decision(failed, expires=LAST.isoformat())
    assert bool(stands(failed, decided, moment=moment).decision) is holds


def test_an_expiry_is_a_moment_whatever_the_time_zone_of_the_laptop() -> None:
    failed = result("fail")
    decided = decision(failed, expires="2026-01-20T15:59:59+00:00")
    assert stands(failed, decided, moment=LAST).decision
    assert not stands(failed, decided, moment=LAST + timedelta(seconds=1)).decision


@pytest.mark.parametrize("expires", ["soon", "2026-01-20T23:59:59", "2026-13-01"])
def test_an_expiry_that_cannot_be_read_is_past(expires: str) -> None:
    failed = result("fail")
    assert stands(failed, decision(failed, expires=expires)).decision is None


@given(st.sampled_from(MILD_TO_GRAVE), st.sampled_from(MILD_TO_GRAVE), st.booleans())
def test_only_a_newer_worse_result_ends_a_decision(before: str, after: str, history: bool) -> None:
    named = result(before)
    decided, newer = decision(named), result(after)
    records = (named, decided, newer) if history else (decided, newer)  # the journal's newest alone must be enough
    worse = MILD_TO_GRAVE.index(after) > MILD_TO_GRAVE.index(before)
    assert (stands(*records).decision is None) is worse


@pytest.mark.parametrize(("between", "holds"), [("unknown", True), ("warn", True), ("fail", False)])
def test_a_worse_result_ends_a_decision_for_good_whatever_followed(between: str, holds: bool) -> None:
    named = result("unknown")
    decided = decision(named)
    found = stands(named, decided, result(between), result("unknown"))
    assert (found.decision is not None) is holds
    assert stands(named, decided, result(between), result("unknown", scope="case-1")).state is State(between)


def test_a_worse_result_before_the_named_one_is_forgiven() -> None:
    earlier, named = result("fail"), result("unknown")
    assert stands(earlier, named, decision(named), result("unknown")).decision


def test_a_decision_that_does_not_say_how_grave_its_result_was_ends_with_anything_newer_that_is_not_good() -> None:
    decided = decision(result("fail"), outcome="")
    assert stands(decided, result("pass")).decision
    for outcome in ("warn", "unknown", "fail"):
        assert stands(decided, result(outcome)).decision is None


def test_a_decision_on_a_stale_result_stays_with_it() -> None:
    old = result("fail", target_digest="T0")
    found = stands(old, decision(old))
    assert found.state is State.STALE
    assert found.decision


@given(st.permutations([result("fail"), result("pass"), result("warn")]))
def test_the_order_in_which_entries_are_handed_over_means_nothing(records: list[Note]) -> None:
    newest = max(records, key=lambda record: record.order)
    assert stands(*records).record is newest
