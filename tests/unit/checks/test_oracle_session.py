"""One log-in a run over the right route, never a second try, nothing that hangs and no password in any text."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from loopback_lines import Server, silent
from oracle_small import LEGACY, PASSWORD, THIN, SmallOracle, results, serving, surroundings_of, target_of

from app.checks.database import errors, routes
from app.checks.database.checks import CHECKS
from app.checks.database.session import OracleSession, open_session
from app.checks.model import Failed, Outcome, Transcript, Undetermined


@pytest.fixture
def oracle(request: pytest.FixtureRequest) -> SmallOracle:
    return SmallOracle(getattr(request, "param", THIN))


@pytest.fixture
def port(oracle: SmallOracle) -> Iterator[int]:
    with serving(oracle) as served:
        yield served


def session_at(port: int, password: str | None = PASSWORD, **more: Any) -> OracleSession:
    target = target_of(port, **more)
    return open_session(target, surroundings_of(target, password=password))


AFTER_LISTENER = tuple(check.id for check in CHECKS if check.id != "oracle.listener")


def both(test: Any) -> Any:
    return pytest.mark.parametrize("oracle", [THIN, LEGACY], indirect=True, ids=["thin", "legacy"])(test)


@pytest.mark.parametrize(
    ("oracle", "route", "named"),
    [
        (THIN, "auto", "oracledb thin"), (LEGACY, "auto", "seerdb"), (THIN, "thin", "oracledb thin"),
        (THIN, "legacy", "seerdb"), (LEGACY, "legacy", "seerdb"),
    ],
    indirect=["oracle"],
)  # fmt: skip
def test_the_route_that_leads_there_is_taken_and_named(oracle: SmallOracle, port: int, route: str, named: str) -> None:
    result = results(target_of(port, route=route), "oracle.login")["oracle.login"]
    assert (result.outcome, result.route) == (Outcome.PASS, named)
    assert named in result.actual
    assert oracle.attempts == 1


@pytest.mark.parametrize("oracle", [LEGACY], indirect=True)
def test_an_old_server_over_the_thin_route_is_unknown_and_says_which_route_to_take(
    oracle: SmallOracle, port: int
) -> None:
    result = results(target_of(port, route="thin"), "oracle.login")["oracle.login"]
    assert result.outcome is Outcome.UNKNOWN
    assert "DPY-3010" in result.reason and "legacy" in result.advice
    assert oracle.attempts == 0


def demanding(connection: socket.socket, over: threading.Event) -> None:
    """Accepts, and says in the flags of its ACCEPT that native encryption is required."""
    connection.recv(8192)
    body = struct.pack(">HHHHHHH", 319, 0, 8192, 32767, 1, 0, 45) + b"\x10" * 2 + bytes(29)
    connection.sendall(struct.pack(">HHBBH", len(body) + 8, 0, 2, 0, 0) + body)
    over.wait()


@pytest.mark.parametrize(("route", "connections"), [("auto", 2), ("thin", 1)])
def test_what_thin_cannot_encrypt_is_tried_once_more_over_the_legacy_route(
    monkeypatch: pytest.MonkeyPatch, route: str, connections: int
) -> None:
    monkeypatch.setattr(routes, "LOGIN_SECONDS", 1.0)
    server = Server(demanding)
    result = results(target_of(server.port, route=route), "oracle.login")["oracle.login"]
    assert result.outcome is Outcome.UNKNOWN
    assert "DPY-3001" in result.transcript
    assert result.route == ("seerdb" if route == "auto" else "oracledb thin")
    for _ in range(connections):
        assert server.accepted.acquire(timeout=1)
    assert not server.accepted.acquire(timeout=0.05)
    server.close()


@pytest.mark.parametrize("version", [5, LEGACY])
def test_a_server_with_native_encryption_is_spoken_to_over_the_legacy_route(version: int) -> None:
    oracle = SmallOracle(version, encryption="required")
    with serving(oracle) as port:
        result = results(target_of(port), "oracle.login", "oracle.charset")
    assert result["oracle.charset"].outcome is Outcome.PASS
    assert result["oracle.login"].route == "seerdb"
    assert "oracledb thin：DPY-" in result["oracle.login"].transcript
    assert oracle.attempts == 1


@both
def test_a_wrong_password_is_sent_once_for_the_whole_set_of_checks(oracle: SmallOracle, port: int) -> None:
    found = results(target_of(port, role="exchange"), *AFTER_LISTENER, password="Wrong-2026#x")
    assert len(found) == len(CHECKS) - 1
    assert oracle.attempts == 1
    assert found["oracle.login"].outcome is Outcome.FAIL
    assert "ORA-01017" in found["oracle.login"].reason and "不再尝试" in found["oracle.login"].advice
    others = {name: result for name, result in found.items() if name != "oracle.login"}
    assert {result.outcome for result in others.values()} == {Outcome.UNKNOWN}
    assert all("见 oracle.login" in result.reason for result in others.values())


@both
@pytest.mark.parametrize("code", [28000, 28001])
def test_a_locked_or_expired_account_fails_once(oracle: SmallOracle, port: int, code: int) -> None:
    oracle.refusal = code
    found = results(target_of(port), "oracle.login", "oracle.sga", "oracle.clock")
    assert [found[f"oracle.{name}"].outcome for name in ("login", "sga", "clock")] == [
        Outcome.FAIL, Outcome.UNKNOWN, Outcome.UNKNOWN,
    ]  # fmt: skip
    assert f"ORA-{code}" in found["oracle.login"].reason
    assert oracle.attempts == 1


@pytest.mark.parametrize("version", [5, 7, 16, 24])
def test_every_version_of_the_protocol_is_spoken(version: int) -> None:
    """10.2, 12.1, 21c and 23ai."""
    oracle = SmallOracle(version)
    with serving(oracle) as port:
        found = results(target_of(port), "oracle.login", "oracle.instance", "oracle.undo")
    assert {result.outcome for result in found.values()} == {Outcome.PASS}
    assert found["oracle.login"].route == ("seerdb" if version < 7 else "oracledb thin")
    assert oracle.attempts == 1


@both
def test_all_checks_together_log_in_once(oracle: SmallOracle, port: int) -> None:
    found = results(target_of(port, role="exchange"), *AFTER_LISTENER)
    assert {name for name, result in found.items() if result.outcome is not Outcome.PASS} == set()
    assert oracle.attempts == 1


@both
def test_every_result_after_the_log_in_carries_the_offset_of_the_clock(oracle: SmallOracle, port: int) -> None:
    found = results(target_of(port), "oracle.login", "oracle.charset")
    for result in found.values():
        assert result.offset_seconds is not None and abs(result.offset_seconds) < 5


@pytest.mark.parametrize("password", [None, ""])
def test_without_a_password_nothing_is_connected_to(oracle: SmallOracle, port: int, password: str | None) -> None:
    result = results(target_of(port), "oracle.login", password=password)["oracle.login"]
    assert result.outcome is Outcome.UNKNOWN
    assert result.reason.startswith("没有口令")
    assert oracle.attempts == 0 and not oracle.statements


@both
def test_the_password_stands_in_no_text(oracle: SmallOracle, port: int) -> None:
    oracle.errors["GV$PARAMETER"] = (600, f"internal error near {PASSWORD}")
    oracle.errors["V$PARAMETER"] = (600, f"internal error near {PASSWORD}")
    wrong = results(target_of(port), *AFTER_LISTENER, password="Wrong-2026#x")
    for result in (*results(target_of(port), *AFTER_LISTENER).values(), *wrong.values()):
        assert PASSWORD not in repr(result) and "Wrong-2026#x" not in repr(result)
    assert PASSWORD not in repr(routes.Account(target_of(port), PASSWORD))


@both
def test_statements_run_in_a_read_only_transaction_anew_for_each_check(oracle: SmallOracle, port: int) -> None:
    results(target_of(port), "oracle.login", "oracle.charset", "oracle.database")
    assert oracle.statements.count("SET TRANSACTION READ ONLY") == 2
    first = oracle.statements.index("SET TRANSACTION READ ONLY")
    assert not [sql for sql in oracle.statements[:first] if " FROM " in sql and "SYSTIMESTAMP" not in sql]


@both
def test_a_server_without_read_only_transactions_is_asked_all_the_same(oracle: SmallOracle, port: int) -> None:
    oracle.errors["SET TRANSACTION"] = (900, "invalid SQL statement")
    result = results(target_of(port), "oracle.charset")["oracle.charset"]
    assert result.outcome is Outcome.PASS
    assert "没有只读事务" in result.transcript


def test_the_legacy_route_gives_the_session_its_module_name(oracle: SmallOracle, port: int) -> None:
    results(target_of(port, route="legacy"), "oracle.login")
    assert routes.SET_MODULE in oracle.statements


@pytest.mark.parametrize("route", ["thin", "legacy", "auto"])
def test_a_listener_that_stays_silent_at_log_in_is_given_up(monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    monkeypatch.setattr(routes, "LOGIN_SECONDS", 0.4)
    server = Server(silent)
    began = time.monotonic()
    found = results(target_of(server.port, route=route), "oracle.login", "oracle.sga")
    assert time.monotonic() - began < 8
    assert {result.outcome for result in found.values()} == {Outcome.UNKNOWN}
    assert "0.4 秒内没有完成登录" in found["oracle.login"].reason
    assert "见 oracle.login" in found["oracle.sga"].reason
    server.close()


@pytest.mark.parametrize("route", ["thin", "legacy"])
def test_abort_ends_a_silent_connect_at_once_and_for_the_run(route: str) -> None:
    server = Server(silent)
    session = session_at(server.port, route=route)
    caught: list[Exception] = []

    def go() -> None:
        try:
            session.log_in()
        except (Undetermined, Failed) as error:
            caught.append(error)

    routes.load(route)
    running = threading.Thread(target=go)
    running.start()
    assert server.accepted.acquire(timeout=10)
    began = time.monotonic()
    session.abort()
    running.join(10)
    assert time.monotonic() - began < 2
    assert isinstance(caught[0], Undetermined)
    session.transcript = Transcript()
    with pytest.raises(Undetermined):
        session.log_in()
    assert not server.accepted.acquire(timeout=0.05)
    server.close()


def test_an_abort_before_the_connect_keeps_it_from_connecting(oracle: SmallOracle, port: int) -> None:
    session = session_at(port)
    session.abort()
    with pytest.raises(Undetermined):
        session.log_in()
    assert oracle.attempts == 0


@both
def test_abort_ends_a_statement_at_once_and_the_next_check_connects_again(oracle: SmallOracle, port: int) -> None:
    session = session_at(port)
    session.log_in()
    oracle.errors["V$DATABASE"] = (600, "hang")
    caught: list[Exception] = []

    def go() -> None:
        try:
            session.select("SELECT NAME FROM V$DATABASE")
        except Undetermined as error:
            caught.append(error)

    running = threading.Thread(target=go)
    running.start()
    assert oracle.asked.wait(10)
    began = time.monotonic()
    session.abort()
    running.join(10)
    assert time.monotonic() - began < 2
    assert caught and not running.is_alive()
    with pytest.raises(Undetermined):  # the same check may not go on
        session.select("SELECT NAME FROM V$DATABASE")
    oracle.released.set()
    oracle.errors.clear()
    session.transcript = Transcript()
    assert session.select("SELECT NAME FROM V$DATABASE") == [("JYJC",)]
    assert oracle.attempts == 2
    session.close()


@both
def test_a_statement_that_takes_too_long_is_given_up(
    oracle: SmallOracle, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "STATEMENT_SECONDS", 0.3)
    monkeypatch.setattr(routes, "GRACE", 0.3)
    oracle.errors["V$VERSION"] = (600, "hang")
    session = session_at(port)
    began = time.monotonic()
    with pytest.raises(Undetermined) as caught:
        session.select("SELECT BANNER FROM V$VERSION")
    assert time.monotonic() - began < 5
    assert caught.value.reason
    session.close()


@both
def test_more_rows_than_can_be_judged_are_not_judged(oracle: SmallOracle, port: int) -> None:
    session = session_at(port)
    assert len(session.select("SELECT AAA100 FROM JYJC.AA10".replace("JYJC.AA10", '"JYJC"."AA10"'), most=20)) == 20
    with pytest.raises(Undetermined, match="超过 19 行"):
        session.select('SELECT AAA100 FROM "JYJC"."AA10"', most=19)
    session.close()


@both
def test_a_lost_connection_is_told_and_the_next_check_connects_again(oracle: SmallOracle, port: int) -> None:
    oracle.errors["NLS_DATABASE"] = (3113, "end-of-file on communication channel")
    found = results(target_of(port), "oracle.login", "oracle.database", "oracle.charset", "oracle.clock")
    assert found["oracle.charset"].outcome is Outcome.UNKNOWN and "ORA-03113" in found["oracle.charset"].reason
    assert found["oracle.clock"].outcome is Outcome.PASS


@both
def test_a_connection_that_is_lost_again_and_again_is_not_made_for_ever(oracle: SmallOracle, port: int) -> None:
    oracle.errors["SELECT NAME"] = (3113, "end-of-file on communication channel")
    session = session_at(port)
    for _ in range(9):
        session.transcript = Transcript()
        with pytest.raises(Undetermined):
            session.select("SELECT NAME FROM V$DATABASE")
    assert oracle.attempts == 1 + 5
    with pytest.raises(Undetermined, match="屡次断开"):
        session.connect()


def test_a_name_that_does_not_resolve_is_unknown() -> None:
    result = results(target_of(1521, host="db.invalid"), "oracle.login")["oracle.login"]
    assert result.outcome is Outcome.UNKNOWN
    assert "无法解析" in result.reason and "db.invalid" in result.reason


@pytest.mark.parametrize("route", ["auto", "legacy"])
def test_a_closed_port_is_unknown_for_the_log_in_and_points_to_the_listener(route: str) -> None:
    server = Server(silent)
    server.close()
    result = results(target_of(server.port, route=route), "oracle.login")["oracle.login"]
    assert result.outcome is Outcome.UNKNOWN
    assert "连接被拒绝" in result.reason and "见 oracle.listener" in result.reason


@both
def test_identity_numbers_in_answers_do_not_reach_the_transcript(oracle: SmallOracle, port: int) -> None:
    oracle.views["V$VERSION"] = [{"BANNER": "Oracle 11010519491231002X Enterprise Edition"}]
    result = results(target_of(port), "oracle.version")["oracle.version"]
    assert "19491231" not in result.transcript


def test_thin_and_legacy_say_the_same_of_the_same_facts() -> None:
    said = []
    for version in (THIN, LEGACY):
        for change in CHANGES:
            oracle = SmallOracle(version)
            change(oracle)
            with serving(oracle) as port:
                found = results(target_of(port, role="exchange"), *AFTER_LISTENER)
            said.append(
                {
                    name: (result.outcome, result.actual, result.reason, result.advice, result.observed)
                    for name, result in found.items()
                    if name not in ("oracle.login", "oracle.clock")
                }
            )
    half = len(CHANGES)
    assert said[:half] == said[half:]
    assert len({repr(one) for one in said[:half]}) == half


def _healthy(oracle: SmallOracle) -> None: ...


def _empty(oracle: SmallOracle) -> None:
    oracle.columns = {name: oracle.columns.get(name, ("DUMMY",)) for name in oracle.views}
    oracle.views = {name: [] for name in oracle.views}


def _nulls(oracle: SmallOracle) -> None:
    oracle.views = {name: [dict.fromkeys(row) for row in rows] for name, rows in oracle.views.items()}


def _nonsense(oracle: SmallOracle) -> None:
    oracle.views = {name: [dict.fromkeys(row, "？胡说") for row in rows] for name, rows in oracle.views.items()}


def _hidden(oracle: SmallOracle) -> None:
    oracle.views, oracle.columns = {}, {}


CHANGES = (_healthy, _empty, _nulls, _nonsense, _hidden)


# What can be judged all the same: a count is a count, and a view that cannot be seen is what privileges asks about.
COUNTED = {"oracle.exchange_tables": Outcome.PASS, "oracle.code_tables": Outcome.PASS}
JUDGED = {
    _empty: {"oracle.exchange_tables": Outcome.WARN, "oracle.code_tables": Outcome.FAIL},
    _nulls: COUNTED,
    _nonsense: COUNTED,
    _hidden: {"oracle.privileges": Outcome.FAIL},
}


@both
@pytest.mark.parametrize("change", JUDGED)
def test_empty_null_nonsense_and_invisible_views_are_unknown(oracle: SmallOracle, port: int, change: Any) -> None:
    change(oracle)
    found = results(target_of(port, role="exchange"), *AFTER_LISTENER)
    known = {name: result.outcome for name, result in found.items() if result.outcome is not Outcome.UNKNOWN}
    assert known == {"oracle.login": Outcome.PASS, "oracle.clock": Outcome.PASS, **JUDGED[change]}
    broken = {name: result.reason for name, result in found.items() if "无法理解（" in result.reason}
    assert broken == {}


@pytest.mark.parametrize("code", errors.KNOWN)
def test_every_known_error_says_cause_and_advice(code: str) -> None:
    meaning = errors.KNOWN[code]
    assert meaning.cause and meaning.advice.endswith("。")
    assert meaning.outcome in (Outcome.FAIL, Outcome.UNKNOWN)
    assert errors.known(errors.Trouble(code, "")) is meaning


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DPY-6005: cannot connect to database\nDPY-3010: connections to this version are not supported", "DPY-3010"),
        ("DPY-6005: cannot connect to database\nORA-12514: TNS:listener does not currently know", "ORA-12514"),
        ("DPY-6005: cannot connect\nDPY-6000: Listener refused connection. (Similar to ORA-12505)", "ORA-12505"),
        ("TNS-12541: TNS:no listener", "ORA-12541"),
        ("DPY-4011: the database or network closed the connection", "DPY-4011"),
        ("DPY-6005: cannot connect to database\n[Errno 110] Connection timed out", "DPY-6005"),
        ("something else", ""),
    ],
)
def test_the_code_that_says_why_is_read_out_of_a_wrapped_error(text: str, code: str) -> None:
    assert errors.trouble_of(ValueError(text)).code == code
