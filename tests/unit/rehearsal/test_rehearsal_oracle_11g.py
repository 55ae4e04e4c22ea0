"""The 11.2 database: too old for python-oracledb's thin mode, reached by seerdb's client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import oracledb
import pytest
import seerdb
from rehearsal_small_world import SmallWorld

from app.rehearsal.oracle.listener import OracleListener


@pytest.fixture
def listener(world: SmallWorld) -> Iterator[OracleListener]:
    server = OracleListener(world, 0, "11.2")  # type: ignore[arg-type]
    server.start()
    yield server
    server.stop()


def connected(listener: OracleListener, **changed: Any) -> Any:
    usual = {"user": "jyjc_check", "password": "Monitoring1", "service_name": "JYJC"}
    return seerdb.connect(host="127.0.0.1", port=listener.port, **{**usual, **changed})


@pytest.fixture
def session(listener: OracleListener) -> Iterator[Any]:
    connection = connected(listener)
    yield connection
    connection.close()


def rows(session: Any, sql: str, *binds: object) -> list[Any]:
    cursor = session.cursor()
    cursor.execute(sql, list(binds))
    return [tuple(row) for row in cursor.fetchall()]


def refused(session: Any, sql: str) -> str:
    with pytest.raises(seerdb.Error) as caught:
        session.cursor().execute(sql)
    return str(caught.value)


def test_the_thin_driver_says_that_the_server_is_too_old(listener: OracleListener) -> None:
    with pytest.raises(oracledb.OperationalError, match="DPY-3010"):
        oracledb.connect(user="a", password="a", host="127.0.0.1", port=listener.port, service_name="JYJC")


def test_it_is_an_11_2(session: Any) -> None:
    assert session.version == "11.2.0.4.0"
    assert rows(session, "SELECT version, status FROM v$instance") == [("11.2.0.4.0", "OPEN")]
    banners = [banner for (banner,) in rows(session, "SELECT banner FROM v$version")]
    assert len(banners) == 5 and "11.2.0.4.0" in banners[0]


def test_values_arrive(session: Any) -> None:
    sql = "SELECT SYSDATE, 1.5 a, NULL b, '中文' c FROM dual"
    moment, half, nothing, text = rows(session, sql)[0]
    assert isinstance(moment, datetime) and (float(half), nothing, text) == (1.5, None, "中文")
    assert rows(session, "SELECT COUNT(*) FROM jyjc.aa10 WHERE ROWNUM <= :1", 301) == [(301,)]


def test_columns_and_views_that_came_later_are_not_there(session: Any) -> None:
    assert "ORA-00904" in refused(session, "SELECT con_id FROM v$parameter")
    assert "ORA-00904" in refused(session, "SELECT cdb FROM v$database")
    assert "ORA-00904" in refused(session, "SELECT version_full FROM v$instance")
    assert "ORA-00904" in refused(session, "SELECT last_login FROM dba_users")
    assert "ORA-00942" in refused(session, "SELECT name FROM v$pdbs")
    assert "ORA-00942" in refused(session, "SELECT * FROM dba_registry_sqlpatch")
    assert "ORA-00933" in refused(session, "SELECT * FROM dual FETCH FIRST 1 ROWS ONLY")


def test_refusals_are_the_same(listener: OracleListener, world: SmallWorld) -> None:
    with pytest.raises(seerdb.Error, match="ORA-01017"):
        connected(listener, password="wrong")
    with pytest.raises(seerdb.Error, match="ORA-12514"):
        connected(listener, service_name="ELSE")
    world.switch("account-locked")
    with pytest.raises(seerdb.Error, match="ORA-28000"):
        connected(listener)
    world.switch()
    connected(listener).close()
