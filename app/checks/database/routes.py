"""The ways to a database by a driver in this process: oracledb thin (12.1+), seerdb (8.1.7 to 11.2, encryption).

A ``Connection`` is logged in and runs one statement at a time under a deadline; who may log in, and when, is the
session's business. ``thick`` and ``sqlplus`` have modules of their own.
"""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from app.checks.database.driver_loop import DriverLoop, Overlong
from app.site.model import Database

MODULE = "onsite-check"
LOGIN_SECONDS = 12.0
STATEMENT_SECONDS = 25.0
GRACE = 3.0  # seconds after the driver's own statement deadline before the connection is cut
CLOSING = 2.0
ARRAY = 500  # rows a round trip
LARGEST_ANSWER = 32 << 20  # characters and bytes of one answer
LARGEST_POWER = 400  # of ten; BINARY_DOUBLE ends at 308

Value = str | int | Decimal | bytes | None
Row = tuple[Any, ...]
TITLES = {"thin": "oracledb thin", "legacy": "seerdb", "thick": "oracledb thick", "sqlplus": "sqlplus"}
SET_MODULE = f"BEGIN DBMS_APPLICATION_INFO.SET_MODULE('{MODULE}', NULL); END;"


@dataclass(frozen=True)
class Account:
    """Who logs in where; the password shows in no text."""

    target: Database
    password: str

    def __repr__(self) -> str:
        return f"Account({self.target.id!r})"


class Cuttable(Protocol):
    """What can be ended at once, from any thread."""

    def cut(self) -> None: ...


class Unspent(Exception):
    """A route that leads nowhere, found out before any password was sent; the text begins with a code, if any."""


@dataclass
class Attempt:
    """One try to log in. ``hold`` is given what another thread may cut, before anything is sent; ``spent``: a password
    may have reached the server, which counts it. ``seconds``: what connecting and logging in took, drivers and hosts
    on the way left out.
    """

    account: Account
    hold: Callable[[Cuttable], None]
    spent: bool = False
    seconds: float = 0.0


class _Watched(str):
    """A password that knows when the driver takes it to make its answer to the server's challenge."""

    attempt: Attempt

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        self.attempt.spent = True
        return str(self).encode(encoding, errors)


def _watched(attempt: Attempt) -> _Watched:
    password = _Watched(attempt.account.password)
    password.attempt = attempt
    return password


class Open(Protocol):
    """One logged-in connection over one route. ``cut`` may come from any thread; all else from one at a time."""

    @property
    def is_cut(self) -> bool: ...

    def run(self, sql: str) -> None:
        """A statement without rows. Raises what the driver raises, TimeoutError, Cut."""

    def select(self, sql: str, most: int) -> list[Row]:
        """At most ``most`` rows, each of str, int, Decimal, bytes, datetime or None. Raises as ``run``."""

    def rollback(self) -> None: ...

    def cut(self) -> None: ...

    def close(self) -> None:
        """Logs off if that can be done soon, and ends the connection in any case."""


class Connection:
    """A driver's connection in this process; see ``Open``."""

    def __init__(self, loop: DriverLoop, driver: Any, options: dict[str, Any]) -> None:
        self._loop, self._driver, self._options = loop, driver, options

    @property
    def is_cut(self) -> bool:
        return self._loop.is_cut

    def run(self, sql: str) -> None:
        self._loop.run(self._execute(sql), STATEMENT_SECONDS + GRACE)

    def select(self, sql: str, most: int) -> list[Row]:
        return self._loop.run(self._fetch(sql, most), STATEMENT_SECONDS + GRACE)

    def rollback(self) -> None:
        self._loop.run(self._driver.rollback(), STATEMENT_SECONDS)

    def cut(self) -> None:
        self._loop.cut()

    def close(self) -> None:
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
            rows: list[Row] = []
            size = 0
            while len(rows) < most and (batch := await cursor.fetchmany(min(ARRAY, most - len(rows)))):
                rows += (tuple(value_of(item) for item in row) for row in batch)
                size += sum(len(item) for row in batch for item in row if isinstance(item, str | bytes))
                if size > LARGEST_ANSWER:
                    raise Overlong(LARGEST_ANSWER)
            return rows
        finally:
            await _ended(cursor)


async def _ended(cursor: Any) -> None:
    """Closes a cursor; the drivers differ in whether that must be awaited."""
    closing = cursor.close()
    if isinstance(closing, Awaitable):
        await closing


def value_of(item: Any) -> Any:
    """The drivers' numbers made one: whole ones int, others Decimal; Oracle's empty text is NULL."""
    if isinstance(item, float):
        item = Decimal(repr(item))
    if isinstance(item, Decimal) and item.is_finite() and abs(item.adjusted()) > LARGEST_POWER:
        return item  # no number of Oracle's; as an int it would fill the memory
    if isinstance(item, Decimal):
        return int(item) if item.is_finite() and item == item.to_integral_value() else item
    return None if item == "" else item


def load(route: str) -> None:
    """Imports the route's driver, which takes up to a second and is no part of a log-in's time."""
    if route in ("thin", "legacy"):
        importlib.import_module("oracledb" if route == "thin" else "seerdb")


def connect(route: str, attempt: Attempt) -> Connection:
    """Logs in over ``route`` (``thin`` or ``legacy``) in at most LOGIN_SECONDS.

    Raises what the driver raises, OSError, TimeoutError, Cut; the socket is closed in each case.
    """
    loop = DriverLoop(guarded=route == "thin")
    attempt.hold(loop)
    opening, options = (_thin, {"fetch_lobs": False, "fetch_decimals": True}) if route == "thin" else (_legacy, {})
    began = time.monotonic()
    try:
        driver = loop.run(opening(attempt), LOGIN_SECONDS)
    except BaseException:
        loop.cut()
        raise
    attempt.seconds = time.monotonic() - began
    return Connection(loop, driver, options)


async def _thin(attempt: Attempt) -> Any:
    import oracledb

    account, target = attempt.account, attempt.account.target
    attempt.spent = True
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


async def _legacy(attempt: Attempt) -> Any:
    import seerdb

    target = attempt.account.target
    connection = await seerdb.connect_async(
        host=target.host,
        port=target.port,
        user=target.user,
        password=_watched(attempt),
        service_name=target.service or None,  # an empty one would be asked for in the SID's place
        sid=target.sid,
        timeout=int(LOGIN_SECONDS * 1000),
        fetch_lobs=False,
        app_name=MODULE,
        program=MODULE,
    )
    connection.call_timeout = int(STATEMENT_SECONDS * 1000)
    return connection
