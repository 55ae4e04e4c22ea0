"""The permission request says what a run would do, from the checks themselves, and asks for no grant beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.actions import approval
from app.actions.approval import requests
from app.actions.checking import Selection
from app.actions.workspace import Workspace, create
from app.base.errors import InputError
from app.checks import catalogue
from app.checks.database.grants import grants, script
from app.site.model import Database

SITE = """
[site]
name = "某省节点"
node = "510000"

[[database]]
id = "db1"
title = "监测库"
host = "10.0.0.1"
service = "JYJC"
user = "jyjc_check"
via = "db-host"
expect = { users = ["JYJC"], tablespaces = ["JYJC_DATA"], code_tables = { "JYJC.AA10" = 300 } }

[[host]]
id = "db-host"
host = "10.0.0.2"
user = "oracle"

[[bus]]
id = "bus1"
url = "http://10.0.0.3/bus"
probe = "soap-echo"
send = {send}
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    (tmp_path / "site.toml").write_text(SITE.replace("{send}", "false"), encoding="utf-8")
    made = create(tmp_path / "project", tmp_path / "site.toml")
    yield made
    made.close()


def allow_sending(workspace: Workspace) -> None:
    (workspace.folder / "site.toml").write_text(SITE.replace("{send}", "true"), encoding="utf-8")
    workspace.reload_profile()


def test_every_statement_of_every_planned_check_is_asked_for_once(workspace: Workspace) -> None:
    for request in requests(workspace):
        texts = [one.text for one in request.asked]
        assert len(texts) == len(set(texts))
        for pair in request.checks:
            assert {text.translate(approval.VISIBLE) for text in pair.check.shows(request.target)} <= set(texts)
    assert {request.target.id for request in requests(workspace)} == {"db1", "db-host", "bus1"}


def test_a_selection_asks_only_for_what_it_would_run(workspace: Workspace) -> None:
    (request,) = requests(workspace, Selection(ids=("oracle.charset",)))
    assert {one.text for one in request.asked} == set(catalogue.check("oracle.charset").shows(request.target))
    assert "GRANT SELECT ON SYS.DBA_USERS TO JYJC_CHECK;" not in request.grants


def test_what_leaves_data_behind_is_asked_for_only_where_the_site_allows_it(workspace: Workspace) -> None:
    (before,) = requests(workspace, Selection(targets=("bus1",)))
    assert before.sends == () and before.word == approval.READ_ONLY
    assert not [one for one in before.asked if one.text.startswith("POST")]
    allow_sending(workspace)
    (after,) = requests(workspace, Selection(targets=("bus1",)))
    assert after.sends and "会留下数据" in after.word
    assert [one for one in after.asked if one.text.startswith("POST")]


def test_the_way_there_names_the_host_in_between(workspace: Workspace) -> None:
    (database,) = requests(workspace, Selection(targets=("db1",)))
    assert database.reached == ("10.0.0.1:1521", "10.0.0.2:22（经 db-host）")
    (bus,) = requests(workspace, Selection(targets=("bus1",)))
    assert bus.reached == ("10.0.0.3:80",)


def test_nothing_on_paper_holds_a_control_character(workspace: Workspace) -> None:
    allow_sending(workspace)
    rows = approval.tables(requests(workspace))
    texts = [value for row in rows["asked"] for value in row.values()]
    assert texts and not [text for text in texts for letter in text if ord(letter) < 32 and letter != "\n"]


@pytest.mark.parametrize(
    ("statement", "granted"),
    [
        ("SELECT STATUS FROM V$INSTANCE", ["SYS.V_$INSTANCE"]),
        ("select status from gv$instance", ["SYS.GV_$INSTANCE"]),
        ("SELECT 1 FROM DBA_USERS U, V$DATABASE D", ["SYS.DBA_USERS", "SYS.V_$DATABASE"]),
        ("SELECT 1 FROM SYS.DBA_USERS", ["SYS.DBA_USERS"]),
        ('SELECT COUNT(*) FROM "JYJC"."AA10" WHERE ROWNUM <= 300', ['"JYJC"."AA10"']),
        ("SELECT 'FROM DBA_JOBS', 'it''s V$LOG' FROM DUAL", []),
        ("SELECT TABLE_NAME FROM ALL_TABLES, NLS_DATABASE_PARAMETERS", []),
    ],
)
def test_a_grant_is_asked_for_each_object_a_statement_reads_and_no_other(statement: str, granted: list[str]) -> None:
    target = Database("db1", user="jyjc_check")
    wanted = ["GRANT CREATE SESSION TO JYJC_CHECK;", *(f"GRANT SELECT ON {name} TO JYJC_CHECK;" for name in granted)]
    assert list(grants(target, [statement])) == wanted


def test_a_user_that_is_no_plain_name_is_quoted_in_the_script() -> None:
    target = Database("db1", user="检查; DROP", host="h", service="S")
    assert 'TO "检查; DROP";' in script(target, ["SELECT 1 FROM V$INSTANCE"])


def test_a_script_that_the_dba_worked_on_is_not_written_over(workspace: Workspace, tmp_path: Path) -> None:
    found = requests(workspace)
    (written,) = approval.write_grants(found, tmp_path / "out")
    approval.write_grants(found, tmp_path / "out")
    written.write_text("-- 改过", encoding="utf-8")
    with pytest.raises(InputError, match="没有覆盖"):
        approval.write_grants(found, tmp_path / "out")
    assert written.read_text(encoding="utf-8") == "-- 改过"
