"""The ways to a database: oracledb thin (12.1 and later) and seerdb (8.1.7 to 11.2, native encryption).

A ``Connection`` is logged in and runs one statement at a time under a deadline; who may log in, and when, is the
session's business.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.checks.database.driver_loop import Cut, DriverLoop
from app.site.model import Database

MODULE = "onsite-check"
LOGIN_SECONDS = 12.0
STATEMENT_SECONDS = 25.0
GRACE = 3.0  # seconds after the driver's own statement deadline before the connection is cut
CLOSING = 2.0
ARRAY = 500  # rows a round trip

Value = str | int | Decimal | bytes | None
Row = tuple[Any, ...]
TITLES = {"thin": "oracledb thin", "legacy": "seerdb"}
SET_MODULE = f"BEGIN DBMS_APPLICATION_INFO.SET_MODULE('{MODULE}', NULL); END;"


@dataclass(frozen=True)
class Account:
    """Who logs in where; the password shows in no text."""

    target: Database
    password: str

    def __repr__(self) -> str:
        return f"Account({self.target.id!r})"


class Connection:
    """One logged-in connection over one route. ``cut`` may come from any thread; all else from one at a time."""

    def __init__(self, loop: DriverLoop, driver: Any, options: dict[str, Any]) -> None:
        self._loop, self._driver, self._options = loop, driver, options

    @property
    def is_cut(self) -> bool:
        return self._loop.is_cut

    def run(self, sql: str) -> None:
        """A statement without rows. Raises what the driver raises, TimeoutError, Cut."""
        self._loop.run(self._execute(sql), STATEMENT_SECONDS + GRACE)

    def select(self, sql: str, most: int) -> list[Row]:
        """At most ``most`` rows, each of str, int, Decimal, bytes, datetime or None. Raises as ``run``."""
        return self._loop.run(self._fetch(sql, most), STATEMENT_SECONDS + GRACE)

    def rollback(self) -> None:
        self._loop.run(self._driver.rollback(), STATEMENT_SECONDS)

    def cut(self) -> None:
        self._loop.cut()

    def close(self) -> None:
        """Logs off if that can be done soon, and closes the socket in any case."""
        with contextlib.suppress(Exception):
            self._loop.run(self._driver.close(), CLOSING)
        self._loop.cut()

    async def _execute(self, sql: str) -> None:
        cursor = self._driver.cursor()
        try:
            await cursor.execute(sql)
        finally:
            await _ended(cursor)

    async def _fetch(self, sql: str, most: int) -> list[Row]:
        cursor = self._driver.cursor()
        try:
            cursor.arraysize = min(ARRAY, most)
            await cursor.execute(sql, **self._options)
            rows = await cursor.fetchmany(most)
            return [tuple(_value(item) for item in row) for row in rows]
        finally:
            await _ended(cursor)


async def _ended(cursor: Any) -> None:
    """Closes a cursor; the drivers differ in whether that must be awaited."""
    closing = cursor.close()
    if isinstance(closing, Awaitable):
        await closing


def _value(item: Any) -> Any:
    """The two drivers' numbers made one: whole ones int, others Decimal; Oracle's empty text is NULL."""
    if isinstance(item, float):
        item = Decimal(repr(item))
    if isinstance(item, Decimal):
        return int(item) if item.is_finite() and item == item.to_integral_value() else item
    return None if item == "" else item


def load(route: str) -> None:
    """Imports the route's driver, which takes up to a second and is no part of a log-in's time."""
    importlib.import_module("oracledb" if route == "thin" else "seerdb")


def connect(route: str, account: Account, hold: Callable[[DriverLoop], None]) -> Connection:
    """Logs in over ``route`` (``thin`` or ``legacy``) in at most LOGIN_SECONDS.

    ``hold`` is given the loop before anything is sent, so that another thread can cut it. Raises what the driver
    raises, OSError, TimeoutError, Cut; the socket is closed in each case.
    """
    loop = DriverLoop()
    hold(loop)
    opening, options = (_thin, {"fetch_lobs": False, "fetch_decimals": True}) if route == "thin" else (_legacy, {})
    try:
        driver = loop.run(opening(account), LOGIN_SECONDS)
    except BaseException:
        loop.cut()
        raise
    return Connection(loop, driver, options)


async def _thin(account: Account) -> Any:
    import oracledb

    target = account.target
    connection = await oracledb.connect_async(
        user=target.user,
        password=account.password,
        host=target.host,
        port=target.port,
        service_name=target.service or None,
        sid=target.sid or None,
        tcp_connect_timeout=LOGIN_SECONDS,
        retry_count=0,
        program=MODULE,
        disable_oob=True,
    )
    connection.call_timeout = int(STATEMENT_SECONDS * 1000)
    connection.module = MODULE
    return connection


async def _legacy(account: Account) -> Any:
    import seerdb

    target = account.target
    connection = await seerdb.connect_async(
        host=target.host,
        port=target.port,
        user=target.user,
        password=account.password,
        service_name=target.service,
        sid=target.sid,
        timeout=int(LOGIN_SECONDS * 1000),
        fetch_lobs=False,
        app_name=MODULE,
        program=MODULE,
    )
    connection.call_timeout = int(STATEMENT_SECONDS * 1000)
    return connection


__all__ = ["LOGIN_SECONDS", "MODULE", "SET_MODULE", "TITLES", "Account", "Connection", "Cut", "Row", "connect"]
