"""When a step is done: its rule over fields, evidence, sign-offs and checks, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from progress_records import (
    NOW,
    Note,
    adjusted,
    attached,
    bound,
    decision,
    judged,
    result,
    rule,
    set_aside,
    signed,
    step,
    written,
)

from app.workflow.model import Bound, Rule, Selector

LOGIN = Selector("oracle.login", "database")
CHECKED = step(rule("all", "checks"), [Selector("oracle.*", "database")])
TWO = (bound("oracle.login"), bound("oracle.version"))


@pytest.mark.parametrize(
    ("term", "record"),
    [
        ("field:note", written("deploy.one/note")),
        ("field:rows", written("deploy.one/rows", [{"a": "1"}])),
        ("evidence:photo", attached("deploy.one/photo")),
        ("evidence:scan", attached("deploy.one/scan")),
        ("evidence:adjust", adjusted("deploy.one/adjust")),
        ("signoff:unit", signed("deploy.one/unit")),
    ],
)
def test_a_term_is_met_by_its_own_record_in_its_own_scope(term: str, record: Note) -> None:
    one = step(rule("all", term))
    empty = judged(one, [])
    assert not empty.done
    assert not empty.started
    assert len(empty.missing) == 1
    full = judged(one, [record])
    assert full.done
    assert full.started
    assert full.missing == ()
    elsewhere = Note(record.kind, record.subject, record.payload, "case-1")
    assert not judged(one, [elsewhere]).done
    other_step = Note(record.kind, record.subject.replace("deploy.one", "deploy.oneself"), record.payload)
    assert not judged(one, [other_step]).done


@pytest.mark.parametrize("value", ["", "  ", None, [], [{"a": " "}], {}, {"organisation": "", "role": " "}])
def test_a_cleared_field_is_not_filled_and_starts_nothing(value: Any) -> None:
    found = judged(step(rule("all", "field:note")), [written("deploy.one/note"), written("deploy.one/note", value)])
    assert not found.done
    assert not found.started


@pytest.mark.parametrize("value", ["0", 0, [{"a": ""}, {"a": "x"}], {"role": "协调人"}])
def test_a_field_with_anything_in_it_is_filled(value: Any) -> None:
    assert judged(step(rule("all", "field:note")), [written("deploy.one/note", value)]).done


def test_a_withdrawn_attachment_proves_nothing() -> None:
    records = [attached("deploy.one/photo"), attached("deploy.one/photo", withdrawn=True)]
    found = judged(step(rule("all", "evidence:photo")), records)
    assert not found.done
    assert not found.started


def test_an_attachment_is_no_adjustment_and_an_adjustment_no_attachment() -> None:
    assert not judged(step(rule("all", "evidence:adjust")), [attached("deploy.one/adjust")]).done
    assert not judged(step(rule("all", "evidence:photo")), [adjusted("deploy.one/photo")]).done


def test_a_confirmation_without_a_role_is_none() -> None:
    assert not judged(step(rule("all", "signoff:unit")), [signed("deploy.one/unit", role=" ")]).done


@pytest.mark.parametrize(
    ("outcome", "done"),
    [("pass", True), ("warn", True), ("fail", False), ("unknown", False), ("not_applicable", False)],
)
def test_checks_are_met_by_good_or_passable_results_only(outcome: str, done: bool) -> None:
    found = judged(step(rule("all", "checks"), [LOGIN]), [result(outcome)], [bound()])
    assert found.done is done
    assert found.started
    assert bool(found.missing) is not done


@pytest.mark.parametrize(
    ("other", "done"), [("pass", True), ("not_applicable", True), ("fail", False), ("unknown", False), ("", False)]
)
def test_every_selected_check_counts_and_one_that_has_no_object_does_not(other: str, done: bool) -> None:
    records = [result("pass"), *([result(other, "oracle.version")] if other else [])]
    assert judged(CHECKED, records, TWO).done is done


@pytest.mark.parametrize("changed", ["target_digest", "check_digest"])
def test_a_stale_result_keeps_the_step_open(changed: str) -> None:
    found = judged(CHECKED, [result("pass", **{changed: "other"})], TWO[:1])
    assert not found.done
    assert "待重测" in found.missing[0]


@pytest.mark.parametrize("word", ["waive", "not_applicable"])
@pytest.mark.parametrize("outcome", ["fail", "unknown"])
def test_a_decision_in_force_lets_the_checks_pass_and_its_end_does_not(outcome: str, word: str) -> None:
    bad = result(outcome)
    decided = decision(bad, word, expires=NOW.isoformat())
    assert judged(CHECKED, [bad, decided], TWO[:1]).done
    assert not judged(CHECKED, [bad, decided], TWO[:1], moment=NOW + timedelta(seconds=1)).done


def test_a_step_whose_checks_select_nothing_stays_open_until_it_is_set_aside() -> None:
    found = judged(CHECKED, [], [bound("weblogic.port", "wls1")])
    assert not found.done
    assert found.checks == ()
    assert "不适用" in found.missing[0]
    aside = judged(CHECKED, [set_aside("deploy.one")], [])
    assert aside.done
    assert aside.decision is not None
    assert aside.missing == ()
    assert "本省没有" in aside.line


@pytest.mark.parametrize("word", ["withdraw", "waive", ""])
def test_a_step_is_set_aside_by_not_applicable_alone(word: str) -> None:
    found = judged(CHECKED, [set_aside("deploy.one"), set_aside("deploy.one", word=word)], TWO)
    assert not found.done
    assert found.decision is None


def test_a_step_that_was_set_aside_until_a_day_opens_again_after_it() -> None:
    aside = set_aside("deploy.one", expires=NOW.isoformat())
    assert judged(CHECKED, [aside], TWO).done
    assert not judged(CHECKED, [aside], TWO, moment=NOW + timedelta(seconds=1)).done


INSTEAD = step(rule("any", "checks", rule("all", "field:note", "evidence:photo")), [LOGIN])
BY_HAND = [written("deploy.one/note"), attached("deploy.one/photo")]


@pytest.mark.parametrize(
    ("records", "done"),
    [
        ([], False),
        ([result("pass")], True),
        (BY_HAND, True),
        (BY_HAND[:1], False),
        ([result("unknown"), *BY_HAND], True),
        ([result("unknown")], False),
    ],
)
def test_any_takes_one_of_its_ways(records: list[Note], done: bool) -> None:
    found = judged(INSTEAD, records, [bound()])
    assert found.done is done
    assert len(found.missing) == (0 if done else 1)


def test_evidence_by_hand_never_covers_what_a_check_found_bad() -> None:
    bad = result("fail")
    found = judged(INSTEAD, [bad, *BY_HAND], [bound()])
    assert not found.done
    assert "不合格" in found.missing[0]
    assert judged(INSTEAD, [bad, decision(bad), *BY_HAND], [bound()]).done


def test_missing_names_each_thing_on_a_line_of_its_own() -> None:
    one = step(rule("all", "checks", "field:note", "evidence:photo", "evidence:adjust", "signoff:unit"), [LOGIN])
    found = judged(one, [result("unknown")], [bound()])
    assert found.missing == (
        "对象db1 oracle.login 的题目：未能判定",
        "填写“说明”",
        "存入证据“照片”",
        "写调整记录“调整”",
        "由地方实施责任单位确认“核对无误”",
    )
    assert found.line == "还缺 5 项：对象db1 oracle.login 的题目：未能判定等"
    assert all("\n" not in line for line in (*found.missing, found.line))


PLAN = (
    bound("oracle.login", "db1", role="monitoring"),
    bound("oracle.login", "db2", role="exchange"),
    bound("oracle.undo", "db1", role="monitoring"),
    bound("bus.port", "bus1", peer="local"),
    bound("bus.port", "bus2", peer="ministry"),
    bound("joint.report", "bus2", peer="ministry"),
    bound("host.os", "app-host"),
)


@pytest.mark.parametrize(
    ("selectors", "chosen"),
    [
        ([Selector("oracle.login")], [0, 1]),
        ([Selector("oracle.login", "database", "exchange")], [1]),
        ([Selector("oracle.*", role="monitoring")], [0, 2]),
        ([Selector("bus.port", "bus", peer="ministry")], [4]),
        ([Selector("joint.*", "bus")], [5]),
        ([Selector("", "bus", peer="ministry")], [4, 5]),
        ([Selector("")], [0, 1, 2, 3, 4, 5, 6]),
        ([Selector("oracle.undo"), Selector("oracle.*", role="monitoring")], [0, 2]),
        ([Selector("oracle.login", "host")], []),
        ([Selector("oracle.log")], []),
    ],
)
def test_selectors_choose_by_check_kind_role_and_peer(selectors: list[Selector], chosen: list[int]) -> None:
    found = judged(step(rule("all", "checks"), selectors), [], PLAN)
    assert [state.bound for state in found.checks] == [PLAN[place] for place in chosen]


TERMS: dict[str, Callable[[], list[Note]]] = {
    "field:note": lambda: [written("deploy.one/note")],
    "evidence:photo": lambda: [attached("deploy.one/photo")],
    "evidence:adjust": lambda: [adjusted("deploy.one/adjust")],
    "signoff:unit": lambda: [signed("deploy.one/unit")],
    "checks": lambda: [result("pass")],
}
RULES = st.recursive(
    st.sampled_from(sorted(TERMS)),
    lambda inner: st.builds(Rule, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3).map(tuple)),
    max_leaves=8,
)


def holds(term: str | Rule, met: set[str]) -> bool:
    if isinstance(term, str):
        return term in met
    return (all if term.mode == "all" else any)(holds(part, met) for part in term.terms)


@given(RULES, st.sets(st.sampled_from(sorted(TERMS))))
def test_a_step_is_done_exactly_when_its_rule_holds(drawn: str | Rule, met: set[str]) -> None:
    done = drawn if isinstance(drawn, Rule) else rule("all", drawn)
    planned: tuple[Bound, ...] = (bound(),)
    found = judged(step(done, [LOGIN]), [note for term in met for note in TERMS[term]()], planned)
    assert found.done is holds(done, met)
    assert bool(found.missing) is not found.done
