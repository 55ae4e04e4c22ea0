"""Back always leads somewhere sensible and is only refused where there is nothing before."""

from __future__ import annotations

from ui import journey
from ui.journey import BLOCKERS, FORMS, STEP, Journey, Place

STEPS = ("plan.survey", "plan.proposal", "env.os")


def at(step: str) -> Place:
    return Place(STEP, step)


def test_back_returns_to_where_the_person_was_not_to_the_step_before() -> None:
    way = Journey(STEPS)
    way.go(at("env.os"))
    way.go(Place(FORMS))
    assert way.back() == at("env.os")
    assert way.back() == at("plan.survey")


def test_without_a_past_back_leads_to_the_step_before() -> None:
    way = Journey(STEPS, at("env.os"))
    assert way.can_go_back
    assert way.back() == at("plan.proposal")
    assert way.back() == at("plan.survey")
    assert not way.can_go_back
    assert way.back() is None
    assert way.here == at("plan.survey")


def test_next_walks_the_workflow_and_ends_at_its_end() -> None:
    way = Journey(STEPS)
    assert way.next() == at("plan.proposal")
    assert way.next() == at("env.os")
    assert not way.can_go_next
    assert way.next() is None
    assert way.back() == at("plan.proposal")


def test_from_another_page_next_returns_to_the_steps() -> None:
    way = Journey(STEPS, at("plan.proposal"))
    way.go(Place(BLOCKERS))
    assert way.can_go_next
    assert way.next() == at("plan.proposal")


def test_going_where_we_are_or_to_an_unknown_step_leaves_no_trace() -> None:
    way = Journey(STEPS)
    assert not way.go(at("plan.survey"))
    assert not way.go(at("gone.step"))
    assert not way.can_go_back


def test_a_remembered_place_survives_writing_and_a_lost_one_starts_anew() -> None:
    assert journey.from_text(journey.to_text(at("env.os"))) == at("env.os")
    assert journey.from_text("nonsense") is None
    assert Journey(STEPS, at("no.longer")).here == at("plan.survey")
