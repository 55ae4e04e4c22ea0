"""Full disks, folders that cannot be written, lost files, a locked project: told as what they are, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.actions import forms, packaging, recents, recording, rehearsing, workspace
from app.actions.index_page import index_page
from app.actions.workspace import Workspace, create, open_workspace
from app.base.errors import DamagedError, InputError, UnavailableError
from app.evidence.project import Project

SITE = """\
[site]
name = "试点省节点"
node = "510000"
trust = ["../outside.cer"]

[[client]]
id = "pc1"
urls = ["http://127.0.0.1:9/jyjc"]
"""
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
FINGERPRINT = "SHA256:" + "A" * 43


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    (tmp_path / "source").mkdir()
    (tmp_path / "outside.cer").write_bytes(CERTIFICATE)
    path = tmp_path / "source" / "site.toml"
    path.write_text(SITE, encoding="utf-8")
    return path


@pytest.fixture
def here(profile: Path, tmp_path: Path) -> Iterator[Workspace]:
    made = create(tmp_path / "project", profile)
    yield made
    made.close()


def test_a_project_that_did_not_come_about_leaves_its_folder_free(
    profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Project, *_: object) -> None:
        raise UnavailableError("磁盘已满")

    with monkeypatch.context() as patch:
        patch.setattr(Project, "append", full)
        with pytest.raises(UnavailableError):
            create(tmp_path / "project", profile)
    create(tmp_path / "project", profile).close()


def test_a_locked_project_could_not_be_written_which_is_no_mistake_of_the_call(here: Workspace) -> None:
    second = open_workspace(here.folder)
    try:
        with pytest.raises(UnavailableError):
            recording.trust(second, "pc1", FINGERPRINT)
    finally:
        second.close()


@pytest.mark.parametrize("lost", [True, False])
def test_a_kept_form_that_is_lost_or_changed_is_not_handed_out(here: Workspace, tmp_path: Path, lost: bool) -> None:
    (first,) = forms.issue(here, tmp_path / "out", ["附表2"])
    (kept,) = (here.folder / "attachments").iterdir()
    if lost:
        kept.unlink()
    else:
        kept.write_bytes(kept.read_bytes() + b"x")
    with pytest.raises(DamagedError, match="附表2"):
        forms.issue(here, tmp_path / "again", ["附表2"])
    assert not list((tmp_path / "again").glob("*"))
    assert first.path.is_file()


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_forms_and_a_rehearsal_need_a_folder_to_go_to(here: Workspace, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError):
        forms.issue(here, tmp_path / place, ["附表2"])
    with pytest.raises(InputError):
        rehearsing.fresh_folder(tmp_path / place)


def test_a_journal_that_cannot_be_read_is_a_fault_of_the_project(here: Workspace) -> None:
    here.close()
    (here.folder / "journal.sqlite").write_bytes(b"rubbish" * 1000)
    report = packaging.verify(here.folder)
    assert (report.exit_status, [fault.where for fault in report.faults]) == (1, ["journal.sqlite"])


def test_an_identity_number_of_the_profile_is_masked_on_paper_and_in_the_index(profile: Path, tmp_path: Path) -> None:
    number = "11010519491231002X"
    text = SITE.replace("node =", f'unit = "张三 {number}"\nnode =').replace("试点省节点", f"试点省节点 {number}")
    profile.write_text(text, encoding="utf-8")
    made = create(tmp_path / "project", profile)
    draughtsman = forms.Draughtsman(made)
    values = [draughtsman.values(form, scope).values for form, scope in draughtsman.due()]
    index = index_page(made, (), ()).decode()
    made.close()
    assert number not in str(values) + index
    assert "张三 110105***********X" in str(values) and "张三 110105***********X" in index


@pytest.mark.parametrize(("started", "paper"), [("2026-01-05", "2026年1月5日"), ("一月五日", "一月五日")])
def test_a_day_that_is_no_date_stays_as_it_was_entered(here: Workspace, started: str, paper: str) -> None:
    for field, value in (("started", started), ("finished", "2026-02-01")):
        recording.set_field(here, "confirm.review", field, value)
    draughtsman = forms.Draughtsman(here)
    form = next(form for form in draughtsman.forms if form.id == "附表1")
    assert draughtsman.values(form, "").values["period"] == f"{paper}至2026年2月1日"


RUBBISH = ["{", "[[1]]", '{"a": 1}', "[" * 100_000, '[{"folder": "a\\u0000b", "title": "", "rehearsal": true}]',
           '[{"folder": "a", "title": "\\ud800", "rehearsal": 1}]']  # fmt: skip


@pytest.mark.parametrize("rubbish", RUBBISH, ids=range(len(RUBBISH)))
def test_a_spoiled_list_of_recent_projects_costs_nothing(here: Workspace, tmp_path: Path, rubbish: str) -> None:
    (tmp_path / "home" / "recent.json").write_text(rubbish, encoding="utf-8")
    recents.remember(here.folder, "试点省节点", rehearsal=False)
    assert (recents.recent()[0].title, recents.recent()[0].there) == ("试点省节点", True)


def test_a_list_of_recent_projects_that_cannot_be_written_costs_nothing(here: Workspace, tmp_path: Path) -> None:
    (tmp_path / "home" / "recent.json").unlink()
    (tmp_path / "home" / "recent.json").mkdir()
    workspace.open_workspace(here.folder).close()
    assert recents.recent() == ()


def test_a_rehearsal_whose_package_is_not_sound_has_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from app import cli

    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(cli, "start_logging", lambda: None)  # it would stay on for the other tests of this process
    report = rehearsing.RehearsalReport((), tmp_path, tmp_path, tmp_path, sound=False)
    monkeypatch.setattr(rehearsing, "rehearse", lambda *_, **__: report)
    assert cli.main(["rehearse", "--json", "--out", str(tmp_path / "out")]) == 1
    assert json.loads(capsys.readouterr().out)["sound"] is False
