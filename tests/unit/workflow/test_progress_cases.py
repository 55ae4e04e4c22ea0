"""服务事项: their steps in their own scope, the steps they reopen, and what a visit must have before anyone leaves."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from progress_records import NOW, Note, attached, bound, case, result, set_aside, signed, written

from app.base import resources
from app.workflow.load import load
from app.workflow.model import Bound, Progress, State, Step
from app.workflow.progress import of

SHIPPED = load(resources.find("workflow.toml"))
SCOPE = "case-1"
UNIT, MINISTRY = "地方实施责任单位", "部端工作人员"
JOINT = (bound("joint.report", "bus2", peer="ministry"), bound("joint.dispatch", "bus2", peer="ministry"))


def seen(records: Sequence[Note], scope: str = SCOPE, planned: Sequence[Bound] = ()) -> Progress:
    return of(SHIPPED, records, planned, NOW, scope)


def filled_in(name: str, scope: str = SCOPE, without: str = "") -> list[Note]:
    """Everything a step asks a person for, but the part ``without``; tables get one row of no step."""
    step: Step = SHIPPED.step(name)
    values = {"big_change": "否", "touched": [{"step": "无"}], "handling": "现场服务"}
    records = [written(f"{name}/{field.id}", values.get(field.id, "已写"), scope) for field in step.fields]
    records += [attached(f"{name}/{slot.id}", scope) for slot in step.evidence if slot.accepts != "adjustment"]
    records += [signed(f"{name}/{signoff.id}", signoff.role, scope) for signoff in step.signoffs]
    return [record for record in records if not record.subject.startswith(f"{name}/{without}") or not without]


PAPERS = ("maintenance.visit", "maintenance.form3", "maintenance.joint")
VISIT = [record for name in PAPERS for record in filled_in(name)]


def gates(records: Sequence[Note], scope: str = SCOPE, planned: Sequence[Bound] = ()) -> dict[str, str]:
    found = {blocker.id: blocker.clears for blocker in seen(records, scope, planned).blockers}
    return {name.removeprefix(f"{SCOPE}."): clears for name, clears in found.items() if name.startswith(SCOPE)}


def test_a_visit_whose_papers_are_all_there_may_be_left() -> None:
    assert gates([case(SCOPE, "故障"), *VISIT]) == {}


@pytest.mark.parametrize(
    ("step", "part", "clears"),
    [
        ("maintenance.form3", "scan", UNIT),
        ("maintenance.form3", "fax", UNIT),
        ("maintenance.form3", "stamped", UNIT),
        ("maintenance.joint", "ministry", MINISTRY),
        ("maintenance.visit", "outcome", "实施商"),
        ("maintenance.visit", "engineer", "实施商"),
        ("maintenance.visit", "big_change", "实施商"),
    ],
)
def test_each_paper_of_a_visit_that_is_missing_keeps_the_engineer_there(step: str, part: str, clears: str) -> None:
    others = [record for name in PAPERS if name != step for record in filled_in(name)]
    assert gates([case(SCOPE, "故障"), *others, *filled_in(step, without=part)]) == {step: clears}


@pytest.mark.parametrize("step", ["maintenance.form3", "maintenance.joint"])
def test_no_decision_lifts_the_papers_of_a_visit(step: str) -> None:
    others = [record for name in PAPERS if name != step for record in filled_in(name)]
    assert step in gates([case(SCOPE, "故障"), *others, set_aside(step, SCOPE)])


def test_closing_a_case_clears_nothing_of_its_visit() -> None:
    records = [case(SCOPE, "故障"), *filled_in("maintenance.visit"), case(SCOPE, "故障", closed=True)]
    assert set(gates(records)) == {"maintenance.form3", "maintenance.joint"}


@pytest.mark.parametrize("kind", ["迁移", "升级", "部署调整"])
def test_a_big_kind_of_case_always_needs_form_4(kind: str) -> None:
    records = [case(SCOPE, kind), *VISIT]
    assert gates(records) == {"maintenance.form4": UNIT}
    assert "maintenance.form4" in gates([*records, set_aside("maintenance.form4", SCOPE)])
    assert gates([*records, *filled_in("maintenance.form4")]) == {}


@pytest.mark.parametrize("kind", ["咨询", "巡检", "调优", "培训", "故障"])
def test_another_kind_needs_form_4_when_the_visit_says_that_it_was_a_big_change(kind: str) -> None:
    records = [case(SCOPE, kind), *VISIT]
    assert gates(records) == {}
    assert seen(records).step("maintenance.form4").missing == ()
    assert gates([*records, written("maintenance.visit/big_change", "是", SCOPE)]) == {"maintenance.form4": UNIT}


def test_the_kind_written_in_the_case_counts_as_much_as_that_of_its_opening() -> None:
    assert "maintenance.form4" in gates([case(SCOPE, "故障"), *VISIT, written("maintenance.case/kind", "升级", SCOPE)])


def test_saying_that_somebody_comes_is_enough_to_ask_for_the_papers() -> None:
    records = [case(SCOPE, "故障"), written("maintenance.remote/handling", "现场服务", SCOPE)]
    assert set(gates(records)) == set(PAPERS)


def test_the_visits_of_every_case_block_the_project_too() -> None:
    records = [case(SCOPE, "故障"), case("case-2", "巡检"), *filled_in("maintenance.visit")]
    found = [blocker.id for blocker in seen(records, "").blockers if blocker.id.startswith("case-")]
    assert found == ["case-1.maintenance.form3", "case-1.maintenance.joint", "case-2.maintenance.remote"]
    assert set(gates(records, "case-2")) == set()


def test_a_case_does_not_answer_for_what_the_project_still_lacks() -> None:
    assert not [blocker for blocker in seen([case(SCOPE, "故障"), *VISIT]).blockers if blocker.id.startswith("steps.")]


def test_the_steps_of_a_case_are_judged_by_its_own_records() -> None:
    elsewhere = filled_in("maintenance.selfcheck", "case-2")
    assert not seen(elsewhere).step("maintenance.selfcheck").done
    assert seen(filled_in("maintenance.selfcheck")).step("maintenance.selfcheck").done
    nowhere = seen(filled_in("maintenance.selfcheck", ""), "").step("maintenance.selfcheck")
    assert not nowhere.done
    assert "服务事项" in nowhere.line


def test_the_service_period_is_the_projects_not_a_cases() -> None:
    records = filled_in("maintenance.period", "")
    assert seen(records, "").step("maintenance.period").done
    assert seen(records).step("maintenance.period").done


def test_steps_for_visits_ask_for_nothing_as_long_as_nobody_goes_there() -> None:
    found = seen([case(SCOPE, "咨询")])
    for name in PAPERS:
        assert not found.step(name).done
        assert found.step(name).missing == ()
        assert "现场服务" in found.step(name).line


DONE_BEFORE = filled_in("env.ready", "")
HOST = (bound("host.port", "app-host"),)


def test_a_step_that_the_visit_does_not_touch_stands_as_the_project_has_it() -> None:
    records = [*DONE_BEFORE, result("pass", "host.port", "app-host"), *VISIT]
    found = seen(records, planned=HOST).step("env.ready")
    assert found.done
    assert found.checks[0].state is State.PASS


def test_a_newer_answer_in_the_case_shows_in_a_step_that_it_does_not_touch() -> None:
    records = [*DONE_BEFORE, result("pass", "host.port", "app-host"), result("fail", "host.port", "app-host", SCOPE)]
    assert seen(records, planned=HOST).step("env.ready").checks[0].state is State.FAIL
    assert not seen(records, planned=HOST).step("env.ready").done
    assert seen(records, "", HOST).step("env.ready").done


@pytest.mark.parametrize("name", ["env.ready", SHIPPED.step("env.ready").title])
def test_a_step_that_the_visit_names_is_to_be_done_again_in_the_case(name: str) -> None:
    touched = written("maintenance.visit/touched", [{"step": name, "work": "换交换机"}], SCOPE)
    records = [case(SCOPE, "故障"), *DONE_BEFORE, result("pass", "host.port", "app-host"), *VISIT, touched]
    found = seen(records, planned=HOST)
    assert not found.step("env.ready").done
    assert found.step("env.ready").checks[0].state is State.OPEN
    assert gates(records, planned=HOST)["steps.environment.unit"] == UNIT
    again = [*records, *filled_in("env.ready"), result("pass", "host.port", "app-host", SCOPE)]
    assert seen(again, planned=HOST).step("env.ready").done
    assert gates(again, planned=HOST) == {}


def test_writing_anything_of_a_step_in_the_case_reopens_it() -> None:
    records = [*DONE_BEFORE, result("pass", "host.port", "app-host"), attached("env.ready/ready", SCOPE)]
    assert not seen(records, planned=HOST).step("env.ready").done
    assert seen(records, "", HOST).step("env.ready").done


def test_a_visit_that_names_no_known_step_stays_open() -> None:
    unknown = written("maintenance.visit/touched", [{"step": "数据库"}, {"step": "无"}], SCOPE)
    found = seen([case(SCOPE, "故障"), *VISIT, unknown]).step("maintenance.visit")
    assert not found.done
    assert [line for line in found.missing if "“数据库”" in line]


def test_what_the_case_found_bad_blocks_its_visit_and_what_the_project_has_does_not() -> None:
    records = [case(SCOPE, "故障"), *VISIT, result("fail", "host.port", "app-host")]
    assert gates(records, planned=HOST) == {}
    bad = [*records, result("fail", "host.port", "app-host", SCOPE)]
    assert "checks.app-host.fail" in gates(bad, planned=HOST)


def test_the_joint_test_needs_the_ministrys_word_even_where_the_checks_pass() -> None:
    passed = [result("pass", one.check, one.target, SCOPE) for one in JOINT]
    parts = [record for record in filled_in("maintenance.joint", without="ministry") if record.kind == "field"]
    parts += [record for record in filled_in("maintenance.joint") if record.subject.endswith("ministry_contact")]
    others = [record for name in PAPERS[:2] for record in filled_in(name)]
    records = [case(SCOPE, "故障"), *others, *parts, *passed]
    assert gates(records, planned=JOINT) == {"maintenance.joint": MINISTRY}
    confirmed = signed("maintenance.joint/ministry", MINISTRY, SCOPE)
    assert gates([*records, confirmed], planned=JOINT) == {}
