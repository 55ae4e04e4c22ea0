"""What the forms say: only what the journal holds, nothing for what was not proved, and where each cell comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.actions import checking, forms, recording
from app.actions.cases import open_case
from app.actions.form_values import Source, values_of
from app.actions.submission import ITEMS
from app.actions.workspace import Workspace, create
from app.base import clock
from app.checks.model import Outcome, Planned, Result

SITE = """
[site]
name = "某省节点"
node = "510000"
unit = "某省就业局"
unit_phone = "028-1"

[[database]]
id = "db1"
role = "monitoring"
host = "10.0.0.1"
service = "JYJC"
user = "jyjc_check"
expect = { users = ["JYJC"], tablespaces = ["JYJC_DATA"] }

[[service]]
id = "report"
kind = "report"
url = "http://127.0.0.1:9100/"
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    made = create(tmp_path / "project", tmp_path / "site.toml")
    yield made
    made.close()


def result_of(planned: Planned, outcome: Outcome, observed: dict[str, Any] | None = None) -> Result:
    check, target = planned.check, planned.target
    return Result(
        check=check.id,
        target=target.id,
        title=check.title,
        outcome=outcome,
        expected="",
        actual="看到了",
        reason="",
        advice="",
        route="",
        vantage="本机",
        started=clock.now(),
        seconds=0.1,
        target_digest=target.digest(),
        check_digest=check.digest(),
        kind=check.kind,
        observed=observed or {},
    )


def record(
    workspace: Workspace, outcome: Outcome, only: str = "", observed: dict[str, Any] | None = None, but: str = "-"
) -> None:
    """Records ``outcome`` for every planned check whose id begins with ``only`` and does not begin with ``but``."""
    for planned in workspace.planned():
        if planned.check.id.startswith(only) and not planned.check.id.startswith(but):
            checking.record(workspace, [result_of(planned, outcome, observed)])


def filled(workspace: Workspace, name: str, scope: str = "") -> dict[str, Any]:
    return dict(values_of(name, Source.of(workspace, scope)).values)


def test_nothing_that_a_person_must_write_is_filled_beforehand(workspace: Workspace) -> None:
    record(workspace, Outcome.PASS)
    values = filled(workspace, "confirmation")
    assert {cell: values[cell] for cell in values if cell.startswith("confirm_")} == {
        f"confirm_{number}": "" for number in range(1, 7)
    }
    assert (values["period"], values["conclusion"]) == ("", "")


def test_the_period_needs_both_days_and_is_written_as_paper_writes_it(workspace: Workspace) -> None:
    recording.set_field(workspace, "confirm.review", "started", "2026-01-05")
    assert filled(workspace, "confirmation")["period"] == ""
    recording.set_field(workspace, "confirm.review", "finished", "2026-11-20")
    assert filled(workspace, "confirmation")["period"] == "2026年1月5日至2026年11月20日"


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.UNKNOWN])
def test_a_row_without_proof_stays_open_and_says_why(workspace: Workspace, outcome: Outcome) -> None:
    recording.set_field(workspace, "confirm.review", "confirm_5", "已完成，合格")
    assert filled(workspace, "confirmation")["confirm_5"] == ""  # nothing was checked yet
    record(workspace, Outcome.PASS, "service.")
    assert filled(workspace, "confirmation")["confirm_5"] == "已完成，合格"
    record(workspace, outcome, "service.answer")
    told = values_of("confirmation", Source.of(workspace))
    assert told.values["confirm_5"] == ""
    assert any("第5行留空" in note for note in told.notes)
    state = next(state for state in forms.form_list(workspace) if state.id == "附表1")
    assert "第5行留空" in state.line


def test_a_waived_check_proves_nothing_on_paper(workspace: Workspace) -> None:
    record(workspace, Outcome.PASS, "service.port")
    record(workspace, Outcome.FAIL, "service.answer")
    recording.set_field(workspace, "confirm.review", "confirm_5", "合格")
    recording.decide(workspace, "service.answer@report", "waive", "信息中心负责人", "下周整改")
    assert filled(workspace, "confirmation")["confirm_5"] == ""


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.UNKNOWN])
def test_what_was_called_not_applicable_proves_nothing_on_paper(workspace: Workspace, outcome: Outcome) -> None:
    record(workspace, Outcome.PASS, "service.port")
    record(workspace, outcome, "service.answer")
    recording.set_field(workspace, "confirm.review", "confirm_5", "合格")
    recording.decide(workspace, "service.answer@report", "not_applicable", "信息中心负责人", "本省不用")
    assert filled(workspace, "confirmation")["confirm_5"] == ""


def test_facts_of_a_changed_target_are_not_written(workspace: Workspace) -> None:
    seen = {"version": "19.3.0.0.0", "edition": "Enterprise Edition"}
    record(workspace, Outcome.PASS, "oracle.version", seen)
    assert filled(workspace, "filing")["db_version"] == "Enterprise Edition 19.3.0.0.0"
    profile = workspace.folder / "site.toml"
    profile.write_text(profile.read_text(encoding="utf-8").replace("10.0.0.1", "10.0.0.9"), encoding="utf-8")
    workspace.reload_profile()
    assert filled(workspace, "filing")["db_version"] == ""
    assert filled(workspace, "filing")["db_server"] == "10.0.0.9"


def test_what_could_not_be_determined_is_not_written(workspace: Workspace) -> None:
    record(workspace, Outcome.UNKNOWN, "oracle.version", {"version": "19"})
    assert filled(workspace, "filing")["db_version"] == ""


def test_every_filled_cell_names_its_entries(workspace: Workspace) -> None:
    record(workspace, Outcome.WARN, "oracle.instance", {"cluster": True, "instances": [{"name": "a"}, {"name": "b"}]})
    told = values_of("filing", Source.of(workspace))
    assert told.values["db_cluster"] == "是（2个实例）"
    (entry,) = workspace.project.current("result", "oracle.instance@db1")
    assert told.sources["db_cluster"] == [entry.hash]
    assert all(workspace.project.entry(name) for names in told.sources.values() for name in names)


def test_the_receipt_lists_every_item_and_says_what_is_not_recorded(workspace: Workspace) -> None:
    row = {"title": "数据库安装手册", "form": "光盘", "count": "1", "state": "", "receiver": "资料室"}
    recording.set_field(workspace, "handover.manuals", "items", [row])
    values = filled(workspace, "receipt")
    assert [line["title"] for line in values["items"]] == [item.title for item in ITEMS]
    states = {line["title"]: line["state"] for line in values["items"]}
    assert states.pop("数据库安装手册") == "已移交"
    assert set(states.values()) == {"未登记"}
    assert values["remark"] == f"尚未登记移交的资料{len(ITEMS) - 1}项。"


def test_a_record_card_belongs_to_its_case(workspace: Workspace) -> None:
    one, other = (open_case(workspace, "故障", title).scope for title in ("登录缓慢", "报表为空"))
    recording.set_field(workspace, "maintenance.visit", "problem", "登录要一分钟", one)
    assert filled(workspace, "maintenance_record", one)["problem"] == "登录要一分钟"
    assert filled(workspace, "maintenance_record", other)["problem"] == ""


def test_a_big_change_gets_its_own_filing_with_what_its_checks_saw(workspace: Workspace) -> None:
    record(workspace, Outcome.PASS, "oracle.version", {"version": "11.2.0.4.0", "edition": "Enterprise Edition"})
    recording.set_field(workspace, "deploy.app", "domain_name", "old.example.gov.cn")
    small, big = (open_case(workspace, kind, "数据库升级").scope for kind in ("咨询", "升级"))
    (planned,) = (one for one in workspace.planned() if one.check.id == "oracle.version")
    seen = result_of(planned, Outcome.PASS, {"version": "19.3.0.0.0", "edition": "Enterprise Edition"})
    checking.record(workspace, [replace(seen, scope=big)])
    assert filled(workspace, "filing")["db_version"] == "Enterprise Edition 11.2.0.4.0"
    assert filled(workspace, "filing", big)["db_version"] == "Enterprise Edition 19.3.0.0.0"
    assert "old.example.gov.cn" in filled(workspace, "filing", big)["app_address"]
    scopes = {scope for form, scope in forms.Draughtsman(workspace).due() if form.id == "附表4"}
    assert scopes == {"", big}
    recording.set_field(workspace, "maintenance.visit", "big_change", "是", small)
    assert {scope for form, scope in forms.Draughtsman(workspace).due() if form.id == "附表4"} == {"", small, big}


def test_the_departure_list_is_the_blockers(workspace: Workspace) -> None:
    blockers = Source.of(workspace).now.progress.blockers
    assert [line["title"] for line in filled(workspace, "departure")["items"]] == [one.title for one in blockers]


def test_the_same_content_is_the_same_version_and_other_content_a_new_one(workspace: Workspace, tmp_path: Path) -> None:
    (first,) = forms.issue(workspace, tmp_path / "one", ["附表1"])
    (again,) = forms.issue(workspace, tmp_path / "two", ["附表1"])
    assert (first.version, first.code) == (again.version, again.code) == (1, first.code)
    assert first.path.read_bytes() == again.path.read_bytes()
    recording.set_field(workspace, "confirm.review", "conclusion", "同意")
    (changed,) = forms.issue(workspace, tmp_path / "three", ["附表1"])
    assert (changed.version, changed.code == first.code) == (2, False)
    recording.set_field(workspace, "confirm.review", "conclusion", "")
    (back,) = forms.issue(workspace, tmp_path / "four", ["附表1"])
    assert (back.version, back.path.read_bytes()) == (1, first.path.read_bytes())


def test_a_file_that_a_person_corrected_is_never_overwritten(workspace: Workspace, tmp_path: Path) -> None:
    from app.base.errors import InputError

    (issued,) = forms.issue(workspace, tmp_path / "out", ["附表1"])
    issued.path.write_bytes(issued.path.read_bytes() + b" ")
    with pytest.raises(InputError, match="改动过"):
        forms.issue(workspace, tmp_path / "out", ["附表1"])
