"""All SQL that any check of databases may run, and every data file's: read-only, one query each, and no licence."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_small import PLAN, target_of

from app.checks import catalogue, definitions
from app.checks.database.refusing import LICENSED, WORDS, refused_sql
from app.checks.model import Check
from app.site.model import DatabaseExpect

IN_OTHER_WORDS = ("oracle.listener", "oracle.login", "oracle.alerts")
EVERYTHING = replace(
    PLAN,
    pga_min_mb=1024,
    backup_days=7,
    components=("JAVAVM",),
    pool_maxima=(50, 50),
    invalid_baseline={"JYJC": 1},
    users=("JYJC", "就业", 'o"x', "O'Neil"),
    tablespaces=("JYJC_DATA", "数据"),
)
TARGETS = (
    target_of(1521, expect=EVERYTHING, heavy=True, via="db-host"),
    target_of(1521, expect=EVERYTHING, heavy=True, role="exchange"),
    target_of(1521, expect=DatabaseExpect(), heavy=True),
    target_of(1521, expect=EVERYTHING, service="", sid="JYJC", route="sqlplus", via="db-host"),
)
CHECKS = [check for check in catalogue.all_checks() if check.table == "database"]
FILES = [path for folder in definitions.folders(None) for path in definitions.files(folder)]


def statements(check: Check, target: Any) -> list[str]:
    """What ``check`` shows that is put to the database; at the listener and the host it is told in other words."""
    shown = check.shows(target)
    if check.id not in IN_OTHER_WORDS:
        return list(shown)
    return [text for text in shown if text.startswith(("SELECT", "WITH", "("))]


def test_the_plan_is_full() -> None:
    assert [one.name for one in fields(EVERYTHING) if not getattr(EVERYTHING, one.name)] == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_statement_of_every_check_only_reads_and_needs_no_licence(check: Check) -> None:
    for target in TARGETS:
        for sql in statements(check, target):
            assert refused_sql(sql) == "", sql
        assert not [text for text in check.shows(target) if LICENSED.search(text)]


def test_the_checks_do_show_their_sql() -> None:
    silent = {check.id for check in CHECKS if not any(statements(check, target) for target in TARGETS)}
    assert silent <= {"oracle.listener", "oracle.login"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_query_of_every_data_file_only_reads(path: Path) -> None:
    (found,) = [one for one in definitions.definitions() if one.source == path.read_bytes().decode("utf-8")]
    queries = [sql for question in found.questions for query in question.queries for sql in query.variants]
    assert queries and all(refused_sql(sql.replace("{", "'").replace("}", "'")) == "" for sql in queries)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM DUAL",
        "  select count(*) from V$SESSION where USERNAME in ('A;B', 'C--D', 'UPDATE', '@')",
        "WITH X AS (SELECT 1 N FROM DUAL) SELECT N FROM X",
        'SELECT "UPDATE", "a@b" FROM JYJC."基础代码"',
        "(SELECT 1 FROM DUAL) UNION ALL (SELECT 2 FROM DUAL)",
        "SELECT A.X FROM A, B WHERE A.X = B.X(+) AND B.Y ( + ) = 1",
        "SELECT INSERTS + UPDATES + DELETES, LAST_CALL_ET FROM DBA_TAB_MODIFICATIONS",
        "SELECT TO_CHAR(SYSDATE, 'YYYY') FROM DUAL WHERE EXISTS (SELECT 1 FROM DUAL)",
    ],
)
def test_a_query_that_only_reads_is_not_refused(sql: str) -> None:
    assert refused_sql(sql) == ""


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("", "只能以 SELECT 或 WITH 开头"),
        ("UPDATE T SET A = 1", "只能以 SELECT 或 WITH 开头"),
        ("BEGIN NULL; END;", "分号"),
        ("SELECT 1 FROM DUAL;", "分号"),
        ("SELECT 1 FROM DUAL; DROP TABLE T", "分号"),
        ("SELECT 1 FROM DUAL -- x", "注释"),
        ("SELECT /*+ PARALLEL */ 1 FROM DUAL", "注释"),
        ("SELECT 1 FROM T@OTHER", "数据库链接"),
        ("SELECT 1 FROM T FOR UPDATE", "UPDATE"),
        ("select 1 from t for\n  update nowait", "UPDATE"),
        ("SELECT A INTO B FROM T", "INTO"),
        ("SELECT S.NEXTVAL FROM DUAL", "NEXTVAL"),
        ("WITH FUNCTION F RETURN NUMBER IS BEGIN RETURN 1", "FUNCTION"),
        ("SELECT JYJC.P_HZ() FROM DUAL", "不能调用 JYJC.P_HZ"),
        ("SELECT P_HZ (1) FROM DUAL", "不能调用 P_HZ"),
        ('SELECT "P_HZ"(1) FROM DUAL', "不能调用"),
        ("SELECT DBMS_LOCK.SLEEP(9) FROM DUAL", "不能调用 DBMS_LOCK.SLEEP"),
        ("SELECT UTL_HTTP.REQUEST('http://x') FROM DUAL", "不能调用"),
        ("SELECT HTTPURITYPE('http://x') FROM DUAL", "不能调用"),
        ("SELECT 1 FROM DBA_HIST_SNAPSHOT", "DBA_HIST_SNAPSHOT 需要 Diagnostics Pack"),
        ("SELECT 1 FROM cdb_hist_snapshot", "许可"),
        ('SELECT 1 FROM "DBA_HIST_SNAPSHOT"', "许可"),
        ("SELECT 1 FROM GV$ACTIVE_SESSION_HISTORY", "许可"),
        ("SELECT 1 FROM SYS.V_$ACTIVE_SESSION_HISTORY", "许可"),
        ("SELECT 1 FROM DBA_ADDM_TASKS", "许可"),
        ("SELECT 1 FROM DBA_ADVISOR_FINDINGS", "许可"),
        ("SELECT 1 FROM V$SQL_MONITOR", "许可"),
        ("SELECT 1 FROM SYS.WRH$_SQLSTAT", "许可"),
        ("SELECT 'a FROM DUAL", "引号没有成对"),
        ('SELECT "a FROM DUAL', "引号没有成对"),
        ("SELECT q'[']' FROM DUAL", "q'"),
    ],
)
def test_what_does_more_than_read_is_refused_with_its_reason(sql: str, said: str) -> None:
    assert said in refused_sql(sql)


@pytest.mark.parametrize("word", WORDS)
def test_no_writing_word_passes_outside_of_quotes(word: str) -> None:
    assert refused_sql(f"SELECT 1 FROM T {word.lower()} X")
    assert refused_sql(f"SELECT '{word}', \"{word}\" FROM {word}_S") == ""


@given(st.text(max_size=60))
def test_a_literal_never_changes_what_is_refused(text: str) -> None:
    quoted = text.replace("'", "''")
    if not any(name in text.upper() for name in ("HIST", "ADDM", "ADVISOR", "MONITOR", "WR", "DBMS")):
        assert refused_sql(f"SELECT '{quoted}' FROM DUAL") == ""
