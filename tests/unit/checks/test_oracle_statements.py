"""What is put to a customer's database: only looking, nothing that wants a licence, and all of it shown beforehand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from oracle_small import LEGACY, PLAN, THIN, SmallOracle, judged, results, serving, target_of

from app.checks import database
from app.checks.database import clock
from app.checks.database.checks import CHECKS
from app.checks.database.routes import SET_MODULE
from app.checks.database.session import READ_ONLY

REFUSING = "refusing.py"  # names it so as to refuse it
SOURCES = sorted(path for path in Path(database.__path__[0]).glob("*.py") if path.name != REFUSING)
LICENSED = re.compile(
    r"DBA_HIST_|ACTIVE_SESSION_HISTORY|DBA_ADDM_|DBA_ADVISOR_|DBMS_WORKLOAD|DBMS_SQLTUNE", re.IGNORECASE
)
WRITING = re.compile(
    r"\b(INSERT INTO|UPDATE \w+ SET|DELETE FROM|MERGE INTO|TRUNCATE|CREATE|DROP|ALTER|GRANT|LOCK TABLE|FOR UPDATE)\b"
)
SETTINGS = (SET_MODULE, READ_ONLY)
TARGETS = (target_of(1521), target_of(1521, role="exchange", heavy=True), target_of(1521, service="", sid="JYJC"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_source_names_what_the_diagnostics_pack_licences(source: Path) -> None:
    assert not LICENSED.search(source.read_text(encoding="utf-8"))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
@pytest.mark.parametrize("target", TARGETS, ids=["monitoring", "exchange", "by sid"])
def test_each_check_shows_only_looking(check: Any, target: Any) -> None:
    shown = list(check.shows(target))
    assert shown
    for sql in shown:
        if check.id in ("oracle.listener", "oracle.login") and not sql.startswith("SELECT"):
            continue
        assert sql.startswith("SELECT ")
        assert not LICENSED.search(sql)
        assert not WRITING.search(re.sub(r"'[^']*'|\"[^\"]*\"", "", sql))
        assert ";" not in sql


def test_what_has_no_plan_shows_nothing_to_run() -> None:
    bare = replace(target_of(1521), expect=replace(PLAN, users=(), exchange_tables=(), code_tables={}))
    shown = {check.id: list(check.shows(bare)) for check in CHECKS}
    assert shown["oracle.exchange_tables"] == shown["oracle.code_tables"] == shown["oracle.invalid_objects"] == []


@pytest.mark.parametrize("version", [THIN, LEGACY])
@pytest.mark.parametrize(
    "check", [check for check in CHECKS if check.id != "oracle.listener"], ids=lambda check: check.id
)
@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
def test_nothing_runs_that_was_not_shown(check: Any, version: int, old: bool) -> None:
    oracle = SmallOracle(version)
    if old:  # the newest views and columns are missing
        for view, column in (
            ("GV$INSTANCE", "DATABASE_TYPE"),
            ("V$DATABASE", "CDB"),
            ("V$INSTANCE", "VERSION_FULL"),
            ("DBA_DATA_FILES", "ONLINE_STATUS"),
            ("DBA_TABLESPACES", "RETENTION"),
            ("GV$UNDOSTAT", "TUNED_UNDORETENTION"),
            ("DBA_ERRORS", "ATTRIBUTE"),
            ("V$LOGFILE", "TYPE"),
            ("V$ARCHIVE_DEST_STATUS", "GAP_STATUS"),
            ("V$ARCHIVE_DEST_STATUS", "APPLIED_THREAD#"),
        ):
            oracle.drop_column(view, column)
        oracle.drop_view("DBA_TEMP_FREE_SPACE", "GV$SGAINFO", "DBA_RECYCLEBIN", "V$ASM_DISKGROUP")
        oracle.drop_view("DBA_REGISTRY_SQLPATCH", "V$RECOVERY_FILE_DEST", "V$DIAG_ALERT_EXT", "GV$INSTANCE")
        oracle.views["V$DATAFILE"] = [{"TS#": 4, "NAME": "/oradata/a.dbf", "STATUS": "ONLINE"}]
        oracle.views["V$TABLESPACE"] = [{"TS#": 4, "NAME": "JYJC_DATA"}]
    with serving(oracle) as port:
        target = target_of(port, role="exchange", expect=replace(PLAN, exchange_tables=("JYJH.DY11", "JYJH.NO")))
        results(target, check.id)
    shown = {*check.shows(target), *SETTINGS, clock.SQL}
    assert set(oracle.statements) <= shown


def test_a_plan_can_smuggle_nothing_into_a_statement() -> None:
    oracle = SmallOracle()
    evil = "X'); DROP TABLE JYJC.AA10; --"
    result = judged(oracle, "users", users=(evil,))
    assert "没有用户" in result.reason
    assert all(sql.count("'") % 2 == 0 for sql in oracle.statements)
    judged(oracle, "exchange_tables", exchange_tables=(evil,))
    assert not [sql for sql in oracle.statements if "DROP TABLE" in re.sub(r"'(?:[^']|'')*'", "", sql)]
