"""The 19c database with python-oracledb's thin driver; each fault both ways."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import oracledb
import pytest
from rehearsal_small_world import SmallWorld

from app.rehearsal.oracle.listener import OracleListener


@pytest.fixture
def listener(world: SmallWorld) -> Iterator[OracleListener]:
    server = OracleListener(world, 0)  # type: ignore[arg-type]
    server.start()
    yield server
    server.stop()


def connected(listener: OracleListener, **changed: Any) -> oracledb.Connection:
    usual = {"user": "jyjc_check", "password": "Monitoring1", "service_name": "JYJC"}
    return oracledb.connect(host="127.0.0.1", port=listener.port, tcp_connect_timeout=20, **{**usual, **changed})


@pytest.fixture
def session(listener: OracleListener) -> Iterator[oracledb.Connection]:
    connection = connected(listener)
    yield connection
    connection.close()


def rows(session: oracledb.Connection, sql: str, *binds: object) -> list[Any]:
    with session.cursor() as cursor:
        cursor.execute(sql, binds)
        found: list[Any] = cursor.fetchall()
    return found


def code(session: oracledb.Connection, sql: str) -> str:
    """The error with which a statement is refused."""
    with session.cursor() as cursor, pytest.raises(oracledb.Error) as caught:
        cursor.execute(sql)
    return str(caught.value.args[0].full_code)


def test_a_session_knows_its_instance_and_release(session: oracledb.Connection) -> None:
    assert session.version == "19.22.0.0.0"
    assert (session.instance_name, session.service_name) == ("JYJC", "JYJC")
    assert rows(session, "SELECT status, logins, version, version_full FROM v$instance") == [
        ("OPEN", "ALLOWED", "19.0.0.0.0", "19.22.0.0.0")
    ]


def test_two_services_are_two_databases_with_their_own_passwords(listener: OracleListener) -> None:
    with connected(listener, service_name="jyjh", password="Exchange1") as exchange:
        assert rows(exchange, "SELECT name, cdb FROM v$database") == [("JYJH", "NO")]
    with pytest.raises(oracledb.DatabaseError, match="ORA-01017"):
        connected(listener, service_name="JYJH")


def test_an_unknown_service_or_sid_is_refused_by_the_listener(listener: OracleListener) -> None:
    with pytest.raises(oracledb.OperationalError, match="ORA-12514"):
        connected(listener, service_name="ELSE")
    with pytest.raises(oracledb.OperationalError, match="ORA-12505"):
        connected(listener, service_name=None, sid="ELSE")
    connected(listener, service_name=None, sid="JYJC").close()


def test_log_ins_and_refusals_are_counted(listener: OracleListener) -> None:
    for wrong in ({"password": "wrong"}, {"user": "nobody"}):
        with pytest.raises(oracledb.DatabaseError, match="ORA-01017"):
            connected(listener, **wrong)
    assert (listener.logins, listener.refused_logins) == (0, 2)
    connected(listener).close()
    assert (listener.logins, listener.refused_logins) == (1, 2)


def test_values_keep_their_types(session: oracledb.Connection) -> None:
    sql = "SELECT startup_time, 1.5 a, 2 b, NULL c, '中文' d, SYSDATE - startup_time e FROM v$instance"
    started, half, two, nothing, text, days = rows(session, sql)[0]
    assert isinstance(started, datetime)
    assert (half, two, nothing, text) == (1.5, 2, None, "中文")
    assert 36 < days < 39


def test_the_clock_is_this_machines(session: oracledb.Connection) -> None:
    seen = rows(session, "SELECT CAST(SYS_EXTRACT_UTC(SYSTIMESTAMP) AS DATE) FROM dual")[0][0]
    assert abs((seen - datetime(1970, 1, 1)).total_seconds() - time.time()) < 30


def test_binds_go_by_position_and_by_name(session: oracledb.Connection) -> None:
    sql = "SELECT username FROM dba_users WHERE username IN (:1, :2) ORDER BY 1"
    assert rows(session, sql, "SYS", "JYJC") == [("JYJC",), ("SYS",)]
    with session.cursor() as cursor:
        cursor.execute("SELECT :a || :b || :a FROM dual", {"a": "x", "b": None})
        assert cursor.fetchall() == [("xx",)]


def test_many_rows_come_in_several_fetches(session: oracledb.Connection) -> None:
    with session.cursor() as cursor:
        cursor.arraysize = cursor.prefetchrows = 50
        cursor.execute("SELECT * FROM jyjc.aa10 ORDER BY aaa100, aaa102")
        found = cursor.fetchall()
    assert len(found) == len(set(found)) > 300


def test_what_is_not_there_has_oracles_errors(session: oracledb.Connection) -> None:
    assert code(session, "SELECT * FROM v$nothing") == "ORA-00942"
    assert code(session, "SELECT * FROM jyjc.nothing") == "ORA-00942"
    assert code(session, "SELECT * FROM aa10") == "ORA-00942"
    assert code(session, "SELECT * FROM dba_hist_snapshot") == "ORA-00942"
    assert code(session, "SELECT nothing FROM v$instance") == "ORA-00904"
    assert code(session, 'SELECT i."NOTHING" FROM v$instance i') == "ORA-00904"
    assert rows(session, "SELECT 1 FROM dual") == [(1,)]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO jyjc.aa10 (aaa100) VALUES ('x')",
        "UPDATE jyjc.aa10 SET aaa100 = 'x'",
        "/* a */ DELETE FROM jyjc.aa10",
        "TRUNCATE TABLE jyjc.aa10",
        "CREATE TABLE x (a NUMBER)",
        "ALTER SYSTEM SET undo_retention = 900",
        "ALTER TABLESPACE users OFFLINE",
        "GRANT dba TO jyjc_check",
        "LOCK TABLE jyjc.aa10 IN EXCLUSIVE MODE",
        "SELECT * FROM jyjc.aa10 FOR UPDATE",
    ],
)
def test_nothing_can_be_written(session: oracledb.Connection, sql: str) -> None:
    assert code(session, sql) == "ORA-01031"


def test_a_block_may_name_the_session_and_nothing_else(session: oracledb.Connection) -> None:
    with session.cursor() as cursor:
        cursor.execute("BEGIN dbms_application_info.set_module(:1, :2); END;", ["a", "b"])
        cursor.execute("ALTER SESSION SET nls_date_format = 'YYYY'")
        cursor.execute("SET TRANSACTION READ ONLY")
    session.rollback()
    session.module = "a"
    assert code(session, "BEGIN jyjc.delete_all; END;") == "ORA-06550"
    assert code(session, "BEGIN EXECUTE IMMEDIATE 'DROP TABLE x'; END;") == "ORA-06550"
    assert code(session, "DECLARE PRAGMA x; BEGIN DBMS_OUTPUT.PUT_LINE('a'); END;") == "ORA-06550"


def test_the_accounts_rights_are_to_look_only(session: oracledb.Connection) -> None:
    assert {name for (name,) in rows(session, "SELECT privilege FROM session_privs")} == {
        "CREATE SESSION",
        "SELECT ANY DICTIONARY",
    }
    assert rows(session, "SELECT DISTINCT privilege FROM user_tab_privs") == [("SELECT",)]
    assert rows(session, "SELECT role FROM session_roles") == []


def test_current_schema_finds_its_tables(session: oracledb.Connection) -> None:
    with session.cursor() as cursor:
        cursor.execute("ALTER SESSION SET CURRENT_SCHEMA = jyjc")
    assert rows(session, "SELECT COUNT(*) FROM aa10")[0][0] > 300
    assert rows(session, "SELECT COUNT(*) FROM dual") == [(1,)]


def test_many_sessions_at_once(listener: OracleListener) -> None:
    def ask(number: int) -> Any:
        with connected(listener) as session:
            return rows(session, "SELECT :1 + COUNT(*) FROM dual", number)[0][0]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ask, range(12))) == [number + 1 for number in range(12)]


def test_db_down(listener: OracleListener, world: SmallWorld, session: oracledb.Connection) -> None:
    world.switch("db-down")
    with pytest.raises(oracledb.OperationalError, match="DPY-6005"):
        connected(listener)
    with session.cursor() as cursor, pytest.raises(oracledb.Error):
        cursor.execute("SELECT 1 FROM dual")
    world.switch()
    connected(listener).close()


def test_db_silent(listener: OracleListener, world: SmallWorld, session: oracledb.Connection) -> None:
    world.switch("db-silent")
    session.call_timeout = 300
    with session.cursor() as cursor, pytest.raises(oracledb.Error, match=r"DPY-4024|DPY-4011"):
        cursor.execute("SELECT 1 FROM dual")
    world.switch()
    connected(listener).close()


def test_db_wrong_password(listener: OracleListener, world: SmallWorld) -> None:
    world.switch("db-wrong-password")
    with pytest.raises(oracledb.DatabaseError, match="ORA-01017"):
        connected(listener)
    world.switch()
    connected(listener).close()


def test_account_locked(listener: OracleListener, world: SmallWorld) -> None:
    world.switch("account-locked")
    with pytest.raises(oracledb.DatabaseError, match="ORA-28000"):
        connected(listener)
    listener.hang_up()
    world.switch()
    connected(listener).close()


def test_slow(listener: OracleListener, world: SmallWorld) -> None:
    def seconds() -> float:
        started = time.monotonic()
        connected(listener).close()
        return time.monotonic() - started

    assert seconds() < 1
    world.switch("slow")
    assert 1 < seconds() < 4


USAGE = """
SELECT d.bytes, NVL(f.bytes, 0), d.most FROM
 (SELECT tablespace_name, SUM(bytes) bytes, SUM(GREATEST(bytes, DECODE(autoextensible, 'YES', maxbytes, 0))) most
    FROM dba_data_files GROUP BY tablespace_name) d,
 (SELECT tablespace_name, SUM(bytes) bytes FROM dba_free_space GROUP BY tablespace_name) f
WHERE d.tablespace_name = f.tablespace_name(+) AND d.tablespace_name = 'JYJC_DATA'"""


def test_tablespace_full_is_seen_by_an_open_session(session: oracledb.Connection, world: SmallWorld) -> None:
    def used() -> tuple[float, bool]:
        size, free, most = rows(session, USAGE)[0]
        return (size - free) / most, most > size

    assert used()[0] < 0.85 and used()[1]
    world.switch("tablespace-full")
    assert used()[0] >= 0.97 and not used()[1]
    world.switch()
    assert used()[0] < 0.85


def test_undo_manual(session: oracledb.Connection, world: SmallWorld) -> None:
    parameter = "SELECT value FROM v$parameter WHERE name = 'undo_management'"
    online = "SELECT COUNT(*) FROM dba_rollback_segs WHERE segment_name <> 'SYSTEM' AND status = 'ONLINE'"
    assert rows(session, parameter) == [("AUTO",)]
    world.switch("undo-manual")
    assert rows(session, parameter) == [("MANUAL",)]
    assert rows(session, online + " AND tablespace_name = 'RBS'")[0][0] == 4
    assert rows(session, "SELECT COUNT(*) FROM v$rollname")[0][0] == 5
    assert rows(session, "SELECT COUNT(*) FROM v$undostat")[0][0] == 0


def test_invalid_objects(session: oracledb.Connection, world: SmallWorld) -> None:
    invalid = "SELECT owner, object_name FROM dba_objects WHERE status = 'INVALID'"
    errors = "SELECT COUNT(*) FROM dba_errors WHERE owner = 'JYJC' AND attribute = 'ERROR'"
    assert rows(session, invalid) == [] and rows(session, errors) == [(0,)]
    world.switch("invalid-objects")
    assert rows(session, invalid) == [("JYJC", "PKG_JYJC_REPORT")] and rows(session, errors)[0][0] > 0


def test_exchange_table_missing(listener: OracleListener, world: SmallWorld) -> None:
    with connected(listener, service_name="JYJH", password="Exchange1") as session:
        listed = "SELECT COUNT(*) FROM all_tables WHERE owner = 'JYJH' AND table_name LIKE 'DY%'"
        assert rows(session, listed) == [(7,)]
        assert rows(session, "SELECT COUNT(*) FROM jyjh.dy17 WHERE ROWNUM <= 10") == [(10,)]
        world.switch("exchange-table-missing")
        assert rows(session, listed) == [(6,)]
        assert code(session, "SELECT COUNT(*) FROM jyjh.dy17") == "ORA-00942"
