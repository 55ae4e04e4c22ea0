"""A project's own check definitions run, are shown and go stale like the rest; another's never come along."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from defined_small import FILE, folder_of

from app import cli
from app.actions import approval, checking, packaging
from app.actions.checking import Selection
from app.actions.overview import overview
from app.actions.workspace import Workspace, create, open_workspace
from app.base.errors import InputError
from app.checks.model import Outcome, Result
from app.workflow.model import State

SITE = """
[site]
name = "某省节点"
node = "510000"

[[database]]
id = "db1"
host = "127.0.0.1"
port = 1
service = "JYJC"
user = "jyjc_check"
route = "sqlplus"
via = "db-host"

[[host]]
id = "db-host"
host = "127.0.0.1"
port = 1
user = "oracle"
"""
OWN = Selection(ids=("oracle.sample",))


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("app.site.secrets.KeyringSecrets.get", lambda self, target_id: None)
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    made = create(tmp_path / "project", tmp_path / "site.toml")
    yield made
    made.close()


def state(workspace: Workspace, check: str = "oracle.sample") -> State:
    (found,) = [one.state for one in overview(workspace).checks if one.bound.check == check]
    return found


def test_a_definition_laid_into_the_project_is_planned_shown_run_and_recorded(workspace: Workspace) -> None:
    folder_of(workspace.folder, sample=FILE)
    (request,) = approval.requests(workspace, OWN)
    assert "SELECT NAME, VALUE FROM V$SAMPLE" in [one.text for one in request.asked]
    assert state(workspace) is State.OPEN
    (result,) = checking.check(workspace, OWN)
    assert (result.check, result.outcome, result.title) == ("oracle.sample", Outcome.UNKNOWN, "示例")
    assert workspace.project.current("result", "oracle.sample@db1")
    assert state(workspace) is State.UNKNOWN


def test_it_runs_with_all_others_of_its_kind(workspace: Workspace) -> None:
    folder_of(workspace.folder, sample=FILE)
    ran = {result.check for result in checking.check(workspace, Selection(kinds=("database",)))}
    assert ran >= {"oracle.sample", "oracle.blocking", "oracle.jobs", "oracle.login"}


def test_a_changed_definition_makes_its_results_stale_and_no_others(workspace: Workspace) -> None:
    folder_of(workspace.folder, sample=FILE)
    checking.check(workspace, Selection(ids=("oracle.sample", "oracle.blocking", "oracle.charset")))
    folder_of(workspace.folder, sample=FILE.replace(">= 85", ">= 80"))
    workspace.reload_checks()
    assert state(workspace) is State.STALE
    assert state(workspace, "oracle.blocking") is state(workspace, "oracle.charset") is State.UNKNOWN
    folder_of(workspace.folder, b='id = "oracle.blocking"\n[thresholds.seconds]\nfail = ">= 600"\n')
    workspace.reload_checks()
    assert state(workspace, "oracle.blocking") is State.STALE
    (workspace.folder / "checks" / "b.toml").unlink()
    workspace.reload_checks()
    assert state(workspace, "oracle.blocking") is State.UNKNOWN


def test_a_mistake_in_one_file_is_said_once_and_nothing_runs(workspace: Workspace) -> None:
    folder_of(workspace.folder, sample=FILE, bad=FILE.replace("oracle.sample", "oracle.bad").replace(">= 85", "85"))
    before = len(list(workspace.project.entries()))
    heard: list[Result] = []
    with pytest.raises(InputError, match=r"^bad\.toml 第27行：.*warn") as error:
        checking.check(workspace, Selection(ids=("host.port",)), on_result=heard.append)
    assert "\n" not in str(error.value)
    assert heard == [] and len(list(workspace.project.entries())) == before
    assert overview(workspace).checks, "what stood before is still shown"


def test_a_project_with_a_mistake_is_told_when_it_is_opened(workspace: Workspace) -> None:
    folder_of(workspace.folder, bad=FILE.replace("FROM V$SAMPLE", "FROM DBA_HIST_SNAPSHOT"))
    workspace.close()
    with pytest.raises(InputError, match=r"bad\.toml 第16行：.*许可"):
        open_workspace(workspace.folder)


def test_the_command_line_knows_the_projects_own_checks(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    folder_of(workspace.folder, sample=FILE)
    workspace.close()
    assert cli.main(["check", str(workspace.folder), "--id", "oracle.sample"]) == 3
    assert "oracle.sample" in capsys.readouterr().out
    assert cli.main(["check", str(workspace.folder), "--id", "oracle.sampl"]) == 2
    assert "oracle.sample" in capsys.readouterr().err
    folder_of(workspace.folder, sample=FILE + "x")
    assert cli.main(["check", str(workspace.folder)]) == 2
    told = capsys.readouterr().err.strip()
    assert "sample.toml 第" in told and len(told.splitlines()) == 1


def test_another_laptops_definitions_do_not_come_with_its_journal(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.close()
    shutil.copytree(workspace.folder, tmp_path / "other")
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "another laptop"))
    other = open_workspace(folder_of(tmp_path / "other", sample=FILE))
    checking.check(other, OWN)
    packaging.package(other, tmp_path / "package")
    other.close()
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    here = open_workspace(workspace.folder)
    for source in (other.folder, tmp_path / "package"):
        packaging.merge(here, source)
    here.reload_checks()
    assert here.project.current("result", "oracle.sample@db1"), "the result came"
    assert not (here.folder / "checks").exists(), "its definition did not"
    assert "oracle.sample" not in {pair.check.id for pair in here.planned()}
    with pytest.raises(InputError, match=r"没有叫 oracle\.sample 的检查项"):
        checking.plan(here, OWN)
    here.close()


def test_a_new_project_takes_no_definitions_from_beside_the_profile(tmp_path: Path, workspace: Workspace) -> None:
    folder_of(tmp_path, sample=FILE)
    made = create(tmp_path / "project2", tmp_path / "site.toml")
    made.close()
    assert not (made.folder / "checks").exists()
