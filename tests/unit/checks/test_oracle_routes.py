"""Every route tells the same: one suite over thin, legacy, the worker and sqlplus; each logs in once, whatever comes.

There is no Instant Client here: the worker, which thick mode runs in, is in thin mode.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from host_sshd import CAN_MOUNT
from loopback_lines import Server, silent
from oracle_small import LEGACY, MIB, NOW, PASSWORD, PLAN, THIN, SmallOracle, file_row, serving, user_row
from oracle_worlds import chinese, cluster, in_asm, pluggable, release_9, release_10, release_11, release_23, standby
from sqlplus_host import Home, results_by, sqlplus_on_host, surroundings_with, target_by

from app.checks.database import errors, routes, sqlplus, thick, ways
from app.checks.database.driver_loop import Cut
from app.checks.database.routes import Account, Attempt, Unspent
from app.checks.database.session import open_session
from app.checks.model import Outcome, Result

ROUTES = ("thin", "legacy", "thick", "sqlplus")
PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
OWN = ("oracle.login", "oracle.clock")  # they tell of seconds, which no two runs have in common
LISTENER = ("oracle.listener",)
pytestmark = pytest.mark.skipif(not CAN_MOUNT, reason="needs OpenSSH's server, and root that may mount")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with sqlplus_on_host(tmp_path_factory.mktemp("sshd")) as made:
        yield made


@pytest.fixture(autouse=True)
def thin_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thick, "MODE", "thin")
    monkeypatch.delenv("ONSITE_INSTANT_CLIENT", raising=False)


# One suite over all routes


def full() -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["DBA_FREE_SPACE"] = [{"TABLESPACE_NAME": "JYJC_DATA", "BYTES": 30 * MIB}]
    return oracle


def manual_undo() -> SmallOracle:
    oracle = SmallOracle()
    oracle.parameter("undo_management", "MANUAL")
    oracle.views["DBA_ROLLBACK_SEGS"] = oracle.views["DBA_ROLLBACK_SEGS"][:1]
    return oracle


def nothing_there() -> SmallOracle:
    oracle = SmallOracle()
    oracle.drop_view("JYJH.DY11", "JYJC.AA10")
    oracle.views["DBA_USERS"] = [user_row("SYS"), user_row("JYJH", ACCOUNT_STATUS="EXPIRED & LOCKED")]
    oracle.views["DBA_OBJECTS"] = oracle.views["DBA_OBJECTS"][:2]
    return oracle


def nulls() -> SmallOracle:
    oracle = SmallOracle()
    oracle.views = {name: [dict.fromkeys(row) for row in rows] for name, rows in oracle.views.items()}
    return oracle


def empty() -> SmallOracle:
    oracle = SmallOracle()
    oracle.columns = {name: oracle.columns.get(name, ("DUMMY",)) for name in oracle.views}
    oracle.views = {name: [] for name in oracle.views}
    return oracle


def nonsense() -> SmallOracle:
    """Whatever a query brings looks like an error, a mark, a count of rows, a prompt."""
    oracle = SmallOracle()
    evil = "ORA-00942: {1.1 NULL}\n5 rows selected.\n\nSP2-0640: Not connected\tNew password: '\"&x;  "
    oracle.views = {name: [dict.fromkeys(row, evil) for row in rows] for name, rows in oracle.views.items()}
    return oracle


def invisible() -> SmallOracle:
    oracle = SmallOracle()
    oracle.views, oracle.columns = {}, {}
    return oracle


def large() -> SmallOracle:
    """Figures of petabytes, and of more than a float holds."""
    oracle = SmallOracle()
    oracle.views["DBA_DATA_FILES"].append(file_row("JYJC_DATA", 2**40 + 1, 2**41 + 1, "/u02/oradata/large.dbf"))
    oracle.views["DBA_FREE_SPACE"].append({"TABLESPACE_NAME": "JYJC_DATA", "BYTES": 2**59 + 1})
    oracle.parameter("shared_pool_size", str(9007199254740993))
    return oracle


def expiring() -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["DBA_USERS"] = [user_row("SYS"), user_row("JYJC", EXPIRY_DATE=datetime(2026, 12, 1, 8, 30, 1))]
    oracle.views["DBA_PROFILES"][0]["LIMIT"] = "180"
    return oracle


def many_rows() -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["DBA_OBJECTS"] += [
        {"OWNER": "JYJC", "OBJECT_NAME": f"视图 '{n}'", "OBJECT_TYPE": "VIEW", "STATUS": "INVALID"} for n in range(3000)
    ]
    return oracle


def in_unicode() -> SmallOracle:
    oracle = chinese(SmallOracle())
    oracle.views["NLS_DATABASE_PARAMETERS"][0]["VALUE"] = "AL32UTF8"
    oracle.views["DBA_USERS"].append(user_row("𠮷野家😀"))
    return oracle


CHINESE: Mapping[str, Any] = {
    "users": ("就业监测",), "tablespaces": ("就业数据",), "code_tables": {'"就业监测"."代码表"': 20},
}  # fmt: skip
WORLDS: Mapping[str, tuple[Callable[[], SmallOracle], Mapping[str, Any]]] = {
    "healthy": (SmallOracle, {}), "full": (full, {}), "manual undo": (manual_undo, {}),
    "nothing there": (nothing_there, {}), "GBK": (lambda: chinese(SmallOracle()), CHINESE),
    "AL32UTF8": (in_unicode, CHINESE), "nulls": (nulls, {}), "empty": (empty, {}), "nonsense": (nonsense, {}),
    "invisible": (invisible, {}), "large": (large, {}), "expiring": (expiring, {}), "many rows": (many_rows, {}),
    "9i": (release_9, {"version": "9.2"}), "10g": (release_10, {}), "11g": (release_11, {"version": "11.2.0.4"}),
    "23ai": (release_23, {"version": "23"}), "cluster": (lambda: cluster(SmallOracle()), {}),
    "pluggable": (lambda: pluggable(SmallOracle(), "JYJCPDB"), {}), "standby": (standby, {}),
    "ASM": (lambda: in_asm(SmallOracle()), {}),
}  # fmt: skip


def verdicts(found: Mapping[str, Result]) -> dict[str, Any]:
    return {
        name: (str(one.outcome), one.expected, one.actual, one.reason, one.advice, one.observed)
        for name, one in found.items()
        if name not in OWN
    }


@pytest.mark.parametrize("world", WORLDS)
def test_the_same_database_gets_the_same_verdicts_by_every_route(world: str, home: Home) -> None:
    make, expect = WORLDS[world]
    tables = {}
    for route in ROUTES:
        oracle = make()
        oracle.field_version = THIN  # which all of them speak; its views stay those of the world
        with serving(oracle) as port:
            plan = replace(PLAN, **expect)
            target = target_by(port, route=route, role="exchange", heavy=True, expect=plan)
            found = results_by(home, target, without=LISTENER)
        assert found["oracle.login"].outcome in (PASS, Outcome.WARN), found["oracle.login"].reason
        assert found["oracle.login"].route == ways.title(route, target)
        assert oracle.attempts == 1, route
        tables[route] = verdicts(found)
    for route in ROUTES[1:]:
        differing = {name: (tables["thin"][name], said) for name, said in tables[route].items()
                     if said != tables["thin"][name]}  # fmt: skip
        assert differing == {}, route


def test_the_worlds_differ_from_each_other(home: Home) -> None:
    """Else their agreement would prove little."""
    said = set()
    for make, expect in WORLDS.values():
        oracle = make()
        oracle.field_version = THIN
        with serving(oracle) as port:
            target = target_by(port, route="thin", role="exchange", expect=replace(PLAN, **expect))
            said.add(repr(verdicts(results_by(home, target, without=LISTENER))))
    assert len(said) == len(WORLDS)


VALUES: tuple[Any, ...] = (
    None, "NULL", "null", " ", "  leading and trailing  ", "a\tb", "a\nb\r\n", "'\"|,;&\\{}[]", "ORA-01017: invalid",
    "3 rows selected.", "{1.1 Typ=2 Len=1: 80}", "张三（省）", "\x02\x7f", "x" * 1201, "长" * 1999, 0, 1, -1, 99, 100,
    -100, 10**37, 12345678901234567890123456789012345678, -12345678901234567890123456789012345678,
    Decimal("0.1"), Decimal("-0.001"), Decimal("1234567890.0123456789"), Decimal("1E-30"), Decimal("99.99"),
    NOW, datetime(1, 1, 1), datetime(1999, 12, 31, 23, 59, 59), datetime(4712, 2, 28, 12), datetime(9999, 12, 31),
)  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_every_value_arrives_as_it_is_and_of_the_same_type(route: str, home: Home) -> None:
    oracle = SmallOracle()
    for at, value in enumerate(VALUES):
        oracle.answers[f"SELECT V{at} FROM DUAL"] = partial(copy, value)
    with serving(oracle) as port:
        target = target_by(port, route=route)
        session = open_session(target, surroundings_with(home, target))
        found = [session.select(f"SELECT V{at} FROM DUAL")[0][0] for at in range(len(VALUES))]
        session.close()
    assert found == list(VALUES)
    assert [type(item) for item in found] == [type(value) for value in VALUES]


# One log-in


class Relay:
    """In front of a database: counts the passwords that pass, and cuts each connection at the first of them."""

    def __init__(self, port: int, answered: bytes | None) -> None:
        self.passwords = 0
        self._port, self._answered = port, answered
        self.server = Server(self._speak)
        self.port = self.server.port

    def _speak(self, client: socket.socket, over: threading.Event) -> None:
        with socket.create_connection(("127.0.0.1", self._port)) as database:
            threading.Thread(target=_pumped, args=(database, client), daemon=True).start()
            while data := client.recv(65536):
                if b"AUTH_PASSWORD" in data:
                    self.passwords += 1
                    if self._answered is not None:
                        client.sendall(self._answered)
                    break
                database.sendall(data)
            client.shutdown(socket.SHUT_RDWR)


def _pumped(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)


@pytest.mark.parametrize("route", [*ROUTES, "auto"])
@pytest.mark.parametrize(
    "answered", [None, b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(64)], ids=["cut", "words", "zeros"]
)
def test_a_log_in_that_breaks_off_after_the_password_is_spent(
    route: str, answered: bytes | None, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "LOGIN_SECONDS", 3.0)
    monkeypatch.setattr(sqlplus, "NUDGE_SECONDS", 1.0)
    version = LEGACY if route in ("legacy", "sqlplus", "auto") else THIN
    with serving(SmallOracle(version)) as port:
        relay = Relay(port, answered)
        found = results_by(home, target_by(relay.port, route=route, client="/opt/ic"), without=LISTENER)
        relay.server.close()
    assert found["oracle.login"].outcome is UNKNOWN
    assert {one.outcome for one in found.values()} <= {UNKNOWN, Outcome.NOT_APPLICABLE}
    assert relay.passwords == 1


@pytest.mark.parametrize("route", [*ROUTES, "auto"])
@pytest.mark.parametrize("version", [THIN, LEGACY], ids=["12c", "11g"])
@pytest.mark.parametrize(
    ("password", "refusal", "code"),
    [("Wrong-2026#x", 0, "ORA-01017"), (PASSWORD, 28000, "ORA-28000"), (PASSWORD, 28001, "ORA-28001"),
     (PASSWORD, 1045, "ORA-01045")],
    ids=["wrong", "locked", "expired", "no session"],
)  # fmt: skip
def test_a_refusal_is_the_end_of_every_route(
    route: str, version: int, password: str, refusal: int, code: str, home: Home
) -> None:
    if version == LEGACY and route in ("thin", "thick"):
        pytest.skip("these routes do not speak to it")
    oracle = SmallOracle(version, refusal=refusal)
    with serving(oracle) as port:
        target = target_by(port, route=route, client="/opt/ic", role="exchange", heavy=True)
        found = results_by(home, target, password=password, without=LISTENER)
    assert found["oracle.login"].outcome is FAIL and code in found["oracle.login"].reason
    assert {one.outcome for name, one in found.items() if name != "oracle.login"} <= {UNKNOWN, Outcome.NOT_APPLICABLE}
    assert oracle.attempts == 1


@pytest.mark.parametrize("route", [*ROUTES, "auto"])
def test_a_new_run_is_a_new_log_in_and_an_account_that_locks_after_three_is_never_locked_by_one(
    route: str, home: Home
) -> None:
    """Two runs with a wrong password, then one with the right one: a single try more would have locked it."""
    oracle = SmallOracle()
    with serving(oracle) as port:
        target = target_by(port, route=route)
        for run in (1, 2):
            found = results_by(home, target, "oracle.login", "oracle.sga", "oracle.undo", password="Wrong-2026#x")
            assert found["oracle.login"].outcome is FAIL and oracle.attempts == run
        oracle.refusal = 28000 if oracle.attempts >= 3 else 0
        found = results_by(home, target, "oracle.login", "oracle.charset")
    assert {one.outcome for one in found.values()} == {PASS}


@pytest.mark.parametrize("route", [*ROUTES, "auto"])
def test_garbage_for_an_answer_is_unknown_and_gets_no_password(
    route: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "LOGIN_SECONDS", 3.0)
    heard: list[bytes] = []

    def babbling(connection: socket.socket, over: threading.Event) -> None:
        heard.append(connection.recv(8192))
        connection.sendall(b"220 mail.example ESMTP\r\n" * 40)

    server = Server(babbling)
    found = results_by(home, target_by(server.port, route=route, client="/opt/ic"), without=LISTENER)
    server.close()
    assert {one.outcome for one in found.values()} <= {UNKNOWN, Outcome.NOT_APPLICABLE}
    assert not any(b"AUTH_PASSWORD" in data for data in heard)


# From one route to the next


def demanding(connection: socket.socket, over: threading.Event) -> None:
    """Wants native encryption (flags of its ACCEPT), and then breaks off."""
    connection.recv(8192)
    body = struct.pack(">HHHHHHH", 319, 0, 8192, 32767, 1, 0, 45) + b"\x10" * 2 + bytes(29)
    connection.sendall(struct.pack(">HHBBH", len(body) + 8, 0, 2, 0, 0) + body)
    connection.recv(8192)
    connection.shutdown(socket.SHUT_RDWR)


def test_auto_goes_on_to_sqlplus_while_no_password_has_been_sent(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thin cannot encrypt, legacy gets no further, no client library is there; the host's own sqlplus can."""
    monkeypatch.setattr(thick, "MODE", "thick")
    oracle, server = SmallOracle(), Server(demanding)
    with serving(oracle) as port:
        home.told["port"] = port
        home.write()
        try:
            target = target_by(server.port, route="auto", client="/nowhere/ic")
            found = results_by(home, target, "oracle.login", "oracle.charset")
        finally:
            del home.told["port"]
            home.write()
            server.close()
    assert {one.outcome for one in found.values()} == {PASS}
    assert found["oracle.login"].route == "sqlplus 经 db-host" and oracle.attempts == 1
    said = found["oracle.login"].transcript
    assert [said.index(part) for part in ("oracledb thin：DPY-", "seerdb：", "oracledb thick：DPI-1047")] == sorted(
        said.index(part) for part in ("oracledb thin：DPY-", "seerdb：", "oracledb thick：DPI-1047")
    )


def test_auto_stays_with_thin_for_anything_that_thin_itself_can_do(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "LOGIN_SECONDS", 0.5)
    server = Server(silent)
    found = results_by(home, target_by(server.port, route="auto", client="/opt/ic"), "oracle.login")
    assert found["oracle.login"].outcome is UNKNOWN and found["oracle.login"].route == "oracledb thin"
    assert server.accepted.acquire(timeout=1) and not server.accepted.acquire(timeout=0.05)
    server.close()


@pytest.mark.parametrize(
    ("route", "error", "spent", "expected"),
    [
        ("thin", ValueError("DPY-6005: x\nDPY-3010: x"), True, True),
        ("thin", ValueError("DPY-6005: x\nDPY-3015: x"), True, True),
        ("thin", ValueError("DPY-6005: x\nDPY-3001: x"), True, True),
        ("thin", ValueError("DPY-6005: x\nORA-28040: x"), True, False),
        ("thin", ValueError("ORA-01017: x"), True, False),
        ("thin", TimeoutError(), True, False),
        ("legacy", ValueError("no such verifier"), False, True),
        ("legacy", ValueError("no such verifier"), True, False),
        ("legacy", ValueError("ORA-28040: x"), False, True),
        ("legacy", ValueError("ORA-12514: x"), False, False),
        ("legacy", ValueError("ORA-01017: x"), True, False),
        ("legacy", ValueError("ORA-28000: x"), False, False),
        ("legacy", Cut(), False, False),
        ("thick", Unspent("DPI-1047: x"), False, True),
        ("thick", Unspent("DPI-1072: x"), False, True),
        ("thick", ValueError("ORA-28040: x"), True, True),
        ("thick", ValueError("ORA-01017: x"), True, False),
        ("thick", ValueError("the process ended"), True, False),
    ],
)
def test_the_next_route_is_taken_only_where_no_password_can_have_been_counted(
    route: str, error: Exception, spent: bool, expected: bool
) -> None:
    attempt = Attempt(Account(target_by(1), PASSWORD), lambda opening: None, spent)
    assert ways.goes_on(route, error, errors.trouble_of(error), attempt) is expected


def test_legacy_knows_whether_the_password_has_gone_out() -> None:
    """The moment is the driver's own: it takes the password when it makes its answer to the server's challenge."""
    for refusal, wanted in ((0, True), (28000, True)):
        with serving(SmallOracle(LEGACY, refusal=refusal)) as port:
            attempt = Attempt(Account(target_by(port), PASSWORD), lambda opening: None)
            with contextlib.suppress(Exception):
                routes.connect("legacy", attempt).close()
            assert attempt.spent is wanted
    server = Server(demanding)
    attempt = Attempt(Account(target_by(server.port), PASSWORD), lambda opening: None)
    with pytest.raises(Exception):  # noqa: B017 - the driver's own, whichever
        routes.connect("legacy", attempt)
    assert attempt.spent is False
    server.close()
