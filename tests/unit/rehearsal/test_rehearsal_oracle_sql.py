"""Oracle's SQL over SQLite: what differs in meaning means what it means in Oracle; figures agree across the views."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from app.rehearsal.oracle.database import Database, rows_of
from app.rehearsal.oracle.instance import RELEASES
from app.rehearsal.oracle.values import OraError

NO_FAULTS: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def database() -> Database:
    return Database("JYJC", RELEASES["19c"], NO_FAULTS)


def asked(database: Database, sql: str, *binds: object) -> list[Any]:
    return database.query(sql, binds, "JYJC_CHECK").rows


def refused(database: Database, sql: str) -> int:
    with pytest.raises(OraError) as caught:
        asked(database, sql)
    return caught.value.code


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 / 4", Decimal("0.25")),
        ("(1 + 2) * 3 / 4 - 1", Decimal("1.25")),
        ("'1' + 2", 3),
        ("''", None),
        ("'a' || NULL || 'b'", "ab"),
        ("NVL('', 'x')", "x"),
        ("NVL2(NULL, 1, 2)", 2),
        ("COALESCE(NULL, 3)", 3),
        ("DECODE(NULL, NULL, 'same', 'other')", "same"),
        ("DECODE(3, 1, 'a', 2, 'b', 'c')", "c"),
        ("GREATEST(1, NULL)", None),
        ("LEAST(3, 2)", 2),
        ("SUBSTR('abcdef', -2)", "ef"),
        ("SUBSTR('abcdef', 0, 2)", "ab"),
        ("INSTR('a.b.c', '.', 1, 2)", 4),
        ("LENGTH('中文')", 2),
        ("LENGTHB('中文')", 6),
        ("LPAD('7', 3, '0')", "007"),
        ("TRIM('  a ')", "a"),
        ("TRIM(LEADING 'x' FROM 'xxa')", "a"),
        ("UPPER('é')", "É"),
        ("TO_CHAR(12.5, 'FM990.00')", "12.50"),
        ("TO_CHAR(1234567, 'FM9,999,999')", "1,234,567"),
        ("TO_CHAR(5)", "5"),
        ("TO_CHAR(DATE '2026-01-05', 'YYYY-MM-DD HH24:MI:SS')", "2026-01-05 00:00:00"),
        ("TO_CHAR(DATE '2026-01-05', 'YYYY\"年\"MM\"月\"')", "2026年01月"),
        ("TO_NUMBER(' 12.5 ')", Decimal("12.5")),
        ("ROUND(99.415, 2)", Decimal("99.42")),
        ("ROUND(-2.5)", -3),
        ("TRUNC(2.79, 1)", Decimal("2.7")),
        ("MOD(7, 3)", 1),
        ("CEIL(1.2)", 2),
        ("CAST('12' AS NUMBER)", 12),
        ("CAST(12 AS VARCHAR2(10))", "12"),
        ("DATE '2026-03-01' - DATE '2026-02-01'", 28),
        ("DATE '2026-03-01' + 1/24", datetime(2026, 3, 1, 1)),
        ("DATE '2026-03-01' - INTERVAL '1' DAY", datetime(2026, 2, 28)),
        ("TRUNC(TO_DATE('2026-03-05 10:11', 'YYYY-MM-DD HH24:MI'), 'MM')", datetime(2026, 3, 1)),
        ("ADD_MONTHS(DATE '2026-01-31', 1)", datetime(2026, 2, 28)),
        ("LAST_DAY(DATE '2026-02-03')", datetime(2026, 2, 28)),
        ("EXTRACT(YEAR FROM DATE '2026-02-03')", 2026),
        ("REGEXP_SUBSTR('a12b', '[0-9]+')", "12"),
        ("CASE WHEN 'A' LIKE 'a' THEN 1 ELSE 0 END", 0),
        ("USER", "JYJC_CHECK"),
        ("SYS_CONTEXT('USERENV', 'DB_NAME')", "JYJC"),
    ],
)
def test_expressions_mean_what_they_mean_in_oracle(database: Database, expression: str, value: object) -> None:
    assert asked(database, f"SELECT {expression} FROM dual") == [(value,)]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT 1", 923),
        ("SELECT * FROM dual;", 933),
        ("SELECT * FROM dual AS d", 933),
        ("SELECT * FROM dual LIMIT 1", 933),
        ("SELECT TRUE FROM dual", 904),
        ("SELECT no_such_thing(1) FROM dual", 904),
        ("SELECT tablespace_name, SUM(bytes) FROM dba_data_files", 937),
        ("SELECT file_name, SUM(bytes) FROM dba_data_files GROUP BY tablespace_name", 979),
        ("SELECT tablespace_name FROM dba_data_files, dba_free_space", 918),
        ("SELECT 1/0 FROM dual", 1476),
        ("SELECT TO_NUMBER('x') FROM dual", 1722),
        ("SELECT TO_CHAR(SYSDATE, 'nonsense') FROM dual", 1821),
        ("SELECT :a FROM dual", 1008),
        ("SELECT FROM WHERE", 900),
        ("SELECT 1 FROM dual UNION SELECT 1, 2 FROM dual", 1789),
        ("SELECT LEVEL FROM dual CONNECT BY LEVEL < 3", 3001),
    ],
)
def test_what_oracle_refuses_is_refused(database: Database, sql: str, code: int) -> None:
    assert refused(database, sql) == code


def test_rownum_counts_before_grouping_and_ordering(database: Database) -> None:
    assert asked(database, "SELECT COUNT(*) FROM jyjc.aa10 WHERE ROWNUM <= 7") == [(7,)]
    assert asked(database, "SELECT COUNT(*) FROM jyjc.aa10 a WHERE a.aaa100 = 'AAC004' AND ROWNUM < 3") == [(2,)]
    ordered = "SELECT bytes FROM dba_data_files ORDER BY bytes DESC"
    assert asked(database, f"SELECT * FROM ({ordered}) WHERE ROWNUM = 1") == asked(database, ordered)[:1]
    assert asked(database, "SELECT ROWNUM FROM v$sga") == [(1,), (2,), (3,), (4,)]


def test_outer_joins_keep_what_has_no_partner(database: Database) -> None:
    sql = "SELECT t.name, f.name FROM v$tablespace t, v$datafile f WHERE t.ts# = f.ts#(+) AND t.name = 'TEMP'"
    assert asked(database, sql) == [("TEMP", None)]


def test_text_beside_a_number_is_compared_as_a_number(database: Database) -> None:
    for right in ("900", ":1"):
        sql = f"SELECT name FROM v$parameter WHERE name = 'processes' AND value > {right}"
        assert asked(database, sql, *([900] if right == ":1" else [])) == [("processes",)]
    assert asked(database, "SELECT COUNT(*) FROM v$database WHERE con_id = '0'") == [(1,)]


def test_grouping_analytics_and_lists(database: Database) -> None:
    sql = "SELECT LISTAGG(name, ',') WITHIN GROUP (ORDER BY ts# DESC) FROM v$tablespace WHERE ts# < 3"
    assert asked(database, sql) == [("UNDOTBS1,SYSAUX,SYSTEM",)]
    assert asked(database, "SELECT MAX(n) FROM (SELECT ROW_NUMBER() OVER (ORDER BY name) n FROM v$sga)") == [(4,)]
    assert asked(database, "WITH a AS (SELECT 1 x FROM dual UNION ALL SELECT 1 FROM dual) SELECT SUM(x) FROM a") == [
        (2,)
    ]
    names = "SELECT name FROM v$sga MINUS SELECT 'Fixed Size' FROM dual ORDER BY 1"
    assert len(asked(database, names)) == 3


def test_names_are_found_as_oracle_finds_them(database: Database) -> None:
    for name in ("v$sga", "V$SGA", "sys.v_$sga", "v_$sga", '"V$SGA"', "gv$sga"):
        assert len(asked(database, f"SELECT name FROM {name}")) == 4
    assert refused(database, 'SELECT name FROM "v$sga"') == 942
    assert refused(database, "SELECT * FROM other.v$sga") == 942
    assert refused(database, "SELECT * FROM sys.user$") == 942
    assert asked(database, "SELECT DISTINCT inst_id FROM gv$parameter") == [(1,)]


def test_headings_are_oracles(database: Database) -> None:
    sql = 'SELECT status, i.logins, host_name "Host", COUNT(*) OVER () n, UPPER(status) FROM v$instance i'
    assert database.query(sql, (), "").columns == ("STATUS", "LOGINS", "Host", "N", "UPPER(STATUS)")
    assert database.query("SELECT d.* FROM dual d", (), "").columns == ("DUMMY",)


def test_a_column_without_rows_keeps_its_type(database: Database) -> None:
    sql = "SELECT bytes, startup_time, status FROM v$instance, dba_data_files f WHERE 1 = 0"
    assert refused(database, sql) == 918
    sql = "SELECT f.bytes, i.startup_time, i.status FROM v$instance i, dba_data_files f WHERE 1 = 0"
    assert database.query(sql, (), "").types == ("NUMBER", "DATE", "VARCHAR")


@pytest.mark.parametrize("faults", [(), ("tablespace-full",), ("undo-manual",)])
@pytest.mark.parametrize("name", ["JYJC", "JYJH"])
def test_files_free_space_and_segments_agree(name: str, faults: tuple[str, ...]) -> None:
    database = Database(name, RELEASES["19c"], frozenset(faults))
    sql = """
        SELECT f.tablespace_name, f.bytes - NVL(s.bytes, 0) - NVL(e.bytes, 0) FROM
          (SELECT tablespace_name, SUM(user_bytes) bytes FROM dba_data_files GROUP BY tablespace_name) f
          LEFT JOIN (SELECT tablespace_name, SUM(bytes) bytes FROM dba_segments GROUP BY tablespace_name) s
            ON s.tablespace_name = f.tablespace_name
          LEFT JOIN (SELECT tablespace_name, SUM(bytes) bytes FROM dba_free_space GROUP BY tablespace_name) e
            ON e.tablespace_name = f.tablespace_name"""
    assert {difference for _, difference in asked(database, sql)} == {0}
    usage = "SELECT tablespace_name FROM dba_tablespace_usage_metrics WHERE used_percent >= 85"
    assert asked(database, usage) == ([("JYJC_DATA",)] if name == "JYJC" and "tablespace-full" in faults else [])


def test_the_sga_has_one_size_wherever_it_is_read(database: Database) -> None:
    sizes = [
        asked(database, "SELECT SUM(value) FROM v$sga"),
        asked(database, "SELECT SUM(bytes) FROM v$sgastat"),
        asked(database, "SELECT bytes FROM v$sgainfo WHERE name = 'Maximum SGA Size'"),
        asked(database, "SELECT TO_NUMBER(value) FROM v$parameter WHERE name = 'sga_max_size'"),
    ]
    assert sizes == [[(4096 * 1024 * 1024,)]] * 4


def test_every_field_of_every_row_is_some_views_column() -> None:
    database = Database("JYJC", RELEASES["19c"], frozenset(("undo-manual", "invalid-objects")))
    known = {column for columns in database.views.values() for column in columns}
    filled = rows_of(database.instance)
    assert set(filled) <= set(database.views)
    assert {field for rows in filled.values() for row in rows for field in row} <= known


WANTED = [
    "V$INSTANCE",
    "GV$INSTANCE",
    "V$DATABASE",
    "V$VERSION",
    "PRODUCT_COMPONENT_VERSION",
    "V$PARAMETER",
    "GV$PARAMETER",
    "V$SYSTEM_PARAMETER",
    "V$SGA",
    "V$SGAINFO",
    "V$SGASTAT",
    "V$PGASTAT",
    "GV$SGAINFO",
    "GV$PGASTAT",
    "V$RESOURCE_LIMIT",
    "GV$RESOURCE_LIMIT",
    "NLS_DATABASE_PARAMETERS",
    "NLS_SESSION_PARAMETERS",
    "DBA_TABLESPACES",
    "DBA_DATA_FILES",
    "V$DATAFILE",
    "DBA_FREE_SPACE",
    "DBA_TEMP_FILES",
    "V$TEMPFILE",
    "DBA_TEMP_FREE_SPACE",
    "V$SORT_SEGMENT",
    "GV$SORT_SEGMENT",
    "DBA_UNDO_EXTENTS",
    "V$UNDOSTAT",
    "GV$UNDOSTAT",
    "V$ROLLSTAT",
    "V$ROLLNAME",
    "DBA_ROLLBACK_SEGS",
    "DBA_SEGMENTS",
    "DBA_USERS",
    "DBA_TS_QUOTAS",
    "DBA_SYS_PRIVS",
    "DBA_ROLE_PRIVS",
    "DBA_TAB_PRIVS",
    "SESSION_PRIVS",
    "DBA_PROFILES",
    "DBA_OBJECTS",
    "ALL_OBJECTS",
    "DBA_TABLES",
    "ALL_TABLES",
    "DBA_TAB_COLUMNS",
    "DBA_REGISTRY",
    "V$SESSION",
    "DUAL",
]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", ["JYJC", "JYJH"])
def test_an_inspections_views_all_have_rows(release: str, name: str) -> None:
    database = Database(name, RELEASES[release], NO_FAULTS)
    assert [view for view in WANTED if not asked(database, f"SELECT * FROM {view}")] == []


def test_a_database_that_is_no_container_says_so(database: Database) -> None:
    assert asked(database, "SELECT con_id, name, open_mode FROM v$containers") == [(0, "JYJC", "READ WRITE")]
    assert asked(database, "SELECT * FROM v$pdbs") == []
    assert asked(database, "SELECT SYS_CONTEXT('USERENV', 'CON_ID') FROM dual") == [("0",)]
