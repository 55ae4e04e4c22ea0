"""离场阻断项 of a project: unfinished steps, papers, checks without a decision, certificates about to end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from progress_records import (
    NOW,
    Note,
    adjusted,
    attached,
    bound,
    case,
    decision,
    result,
    rule,
    set_aside,
    signed,
    step,
    workflow,
    written,
)

from app.base import clock, resources
from app.workflow.load import load
from app.workflow.model import Blocker, Bound, Selector, Workflow
from app.workflow.progress import of

SHIPPED = load(resources.find("workflow.toml"))
CHECKED = workflow(step(rule("all", "checks"), [Selector("oracle.*"), Selector("certificate.*")]))
VALIDITY = bound("certificate.validity", "app-device")


def blockers(
    records: Sequence[Note],
    planned: Sequence[Bound] = (),
    moment: datetime = NOW,
    of_what: Workflow = CHECKED,
    scope: str = "",
) -> dict[str, Blocker]:
    found = of(of_what, records, planned, moment, scope).blockers
    assert len({blocker.id for blocker in found}) == len(found)
    assert all(blocker.title and blocker.clears and "\n" not in blocker.title for blocker in found)
    return {blocker.id: blocker for blocker in found}


def test_an_untouched_project_is_told_in_few_lines_that_each_say_who_clears_them() -> None:
    found = blockers([], of_what=SHIPPED)
    assert 7 <= len(found) <= 20
    assert {blocker.clears for blocker in found.values()} == {"实施商", "地方实施责任单位"}
    phases = {name.split(".")[1] for name in found if name.startswith("steps.")}
    assert phases == {phase.id for phase in SHIPPED.phases} - {"maintenance"}
    known = {one.id for one in SHIPPED.steps()}
    assert all(blocker.step in known for blocker in found.values())


def test_the_steps_of_a_phase_are_told_together_by_who_is_responsible() -> None:
    three = workflow(
        step(rule("all", "field:note"), name="deploy.one", title="甲"),
        step(rule("all", "field:note"), name="deploy.two", title="乙"),
        step(rule("all", "field:note"), name="deploy.three", title="丙", responsible="地方实施责任单位"),
    )
    found = blockers([written("deploy.one/note")], of_what=three)
    assert [(blocker.clears, blocker.step) for blocker in found.values()] == [
        ("实施商", "deploy.two"),
        ("地方实施责任单位", "deploy.three"),
    ]
    assert "乙" in found["steps.deploy.implementer"].title
    assert "甲" not in found["steps.deploy.implementer"].title


def test_a_finished_or_set_aside_step_blocks_nobody() -> None:
    assert blockers([result("pass")], [bound()]) == {}
    assert blockers([set_aside("deploy.one")]) == {}


@pytest.mark.parametrize("missing", ["confirm.form", "confirm.fax"])
def test_the_scan_and_the_fax_of_form_1_are_told_by_themselves(missing: str) -> None:
    found = blockers([], of_what=SHIPPED)
    assert (found[missing].step, found[missing].clears) == (missing, "地方实施责任单位")
    assert "附表1" in found[missing].title
    assert missing not in [blocker.step for name, blocker in found.items() if name.startswith("steps.")]


def test_the_scan_of_form_1_alone_does_not_lift_its_blocker_but_scan_and_confirmation_do() -> None:
    scan = attached("confirm.form/scan")
    assert "confirm.form" in blockers([scan], of_what=SHIPPED)
    form = SHIPPED.step("confirm.form")
    names = {f"confirm.form/{signoff.id}" for signoff in form.signoffs}
    fields = [written(f"confirm.form/{field.id}") for field in form.fields]
    assert "confirm.form" not in blockers([scan, *map(signed, sorted(names)), *fields], of_what=SHIPPED)


@pytest.mark.parametrize(("outcome", "blocks"), [("fail", True), ("unknown", True), ("warn", False), ("pass", False)])
def test_a_bad_or_unknown_check_blocks_until_it_is_decided(outcome: str, blocks: bool) -> None:
    found = result(outcome)
    name = f"checks.db1.{outcome}"
    assert (name in blockers([found], [bound()])) is blocks
    decided = decision(found, expires=NOW.isoformat())
    assert name not in blockers([found, decided], [bound()])
    assert (name in blockers([found, decided], [bound()], NOW + timedelta(seconds=1))) is blocks


def test_a_stale_check_blocks_and_one_that_never_ran_is_left_to_its_step() -> None:
    stale = result("pass", target_digest="other")
    assert "checks.db1.stale" in blockers([stale], [bound()])
    assert list(blockers([], [bound()])) == ["steps.deploy.implementer"]


def test_a_dead_target_is_one_line_not_one_for_each_of_its_checks() -> None:
    planned = [bound(f"oracle.{name}") for name in ("login", "version", "undo", "temp", "sga", "users")]
    records = [result("unknown", one.check) for one in planned]
    found = blockers(records, planned)
    assert list(found) == ["steps.deploy.implementer", "checks.db1.unknown"]
    assert "对象db1（db1）6 项未能判定" in found["checks.db1.unknown"].title
    assert found["checks.db1.unknown"].step == "deploy.one"


def test_a_check_that_no_step_asks_for_still_blocks() -> None:
    found = blockers([result("fail", "client.urls", "pc1")], [bound("client.urls", "pc1")])
    assert found["checks.pc1.fail"].step == ""


def ends_in(**left: float) -> Note:
    ends = clock.stamp(NOW + timedelta(**left))
    return result("warn", "certificate.validity", "app-device", observed={"not_after": ends})


@pytest.mark.parametrize(
    ("record", "blocks"),
    [
        (ends_in(days=30), True),
        (ends_in(days=30, seconds=1), False),
        (ends_in(seconds=1), True),
        (ends_in(days=-1), True),
        (ends_in(days=3000), False),
        (result("warn", "certificate.validity", "app-device"), False),
        (result("warn", "certificate.validity", "app-device", observed={"not_after": "soon"}), False),
    ],
)
def test_a_certificate_with_at_most_thirty_days_left_needs_an_arrangement(record: Note, blocks: bool) -> None:
    found = blockers([record], [VALIDITY])
    assert ("renewal.app-device" in found) is blocks
    if blocks:
        assert "续期安排" in found["renewal.app-device"].title


def test_the_days_left_are_counted_now_not_when_the_certificate_was_checked() -> None:
    record = ends_in(days=60)
    assert "renewal.app-device" not in blockers([record], [VALIDITY])
    later = blockers([record], [VALIDITY], NOW + timedelta(days=30))["renewal.app-device"]
    assert "还有 30 天到期（2026年3月21日）" in later.title


def test_an_arrangement_is_a_decision_or_an_adjustment_of_that_check() -> None:
    record = ends_in(days=20)
    assert "renewal.app-device" not in blockers([record, decision(record)], [VALIDITY])
    arranged = adjusted("deploy.one/adjust", check="certificate.validity@app-device")
    assert "renewal.app-device" not in blockers([record, arranged], [VALIDITY])
    other = adjusted("deploy.one/adjust", check="certificate.validity@personal")
    assert "renewal.app-device" in blockers([record, other], [VALIDITY])
    years_ago = adjusted("deploy.one/adjust", check="certificate.validity@app-device", at="2024-01-20T10:00:00+08:00")
    assert "renewal.app-device" in blockers([record, years_ago], [VALIDITY])


def test_a_replaced_certificate_is_to_be_checked_again_and_its_old_end_says_nothing() -> None:
    record = result("warn", "certificate.validity", "app-device", target_digest="old", observed={})
    found = blockers([record], [VALIDITY])
    assert "renewal.app-device" not in found
    assert "checks.app-device.stale" in found


@pytest.mark.parametrize("kind", ["咨询", "故障"])
def test_a_case_that_was_dealt_with_from_afar_blocks_nobody(kind: str) -> None:
    opened = case("case-1", kind)
    undecided = blockers([opened], of_what=SHIPPED)
    assert undecided["case-1.maintenance.remote"].clears == "实施商"
    by_mail = written("maintenance.remote/handling", "邮件", "case-1")
    assert not [name for name in blockers([opened, by_mail], of_what=SHIPPED) if name.startswith("case-1")]
