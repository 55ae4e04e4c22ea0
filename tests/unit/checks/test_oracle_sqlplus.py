"""sqlplus on a host behind a real sshd: found, logged in once, read without misreading, and never hung on a prompt."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from host_sshd import CAN_MOUNT
from loopback_lines import Server, silent
from oracle_small import PASSWORD, SmallOracle, results, serving, target_of
from sqlplus_host import Home, results_by, sqlplus_on_host, surroundings_with, target_by

from app.checks.database import routes, sqlplus, sqlplus_input, sqlplus_text, ways
from app.checks.database.checks import CHECKS
from app.checks.database.routes import SET_MODULE, Account, Unspent
from app.checks.database.session import READ_ONLY, OracleSession, open_session
from app.checks.database.sqlplus_home import homes
from app.checks.host import commands, sqlplus_commands
from app.checks.model import Outcome, Transcript, Undetermined

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
pytestmark = pytest.mark.skipif(not CAN_MOUNT, reason="needs OpenSSH's server, and root that may mount")
FEW = ("oracle.login", "oracle.charset", "oracle.undo")


@pytest.fixture
def oracle() -> SmallOracle:
    return SmallOracle()


@pytest.fixture
def port(oracle: SmallOracle) -> Iterator[int]:
    with serving(oracle) as served:
        yield served


@pytest.fixture
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Home]:
    with sqlplus_on_host(tmp_path, **getattr(request, "param", {})) as made:
        yield made


def told(**values: Any) -> pytest.MarkDecorator:
    """A host whose sqlplus does so."""
    return pytest.mark.parametrize("home", [values], indirect=True)


LISTENER = "PID COMMAND\n 1 /sbin/init\n 71 HOME/bin/tnslsnr LISTENER -inherit\n"


@pytest.mark.parametrize(
    "home",
    [
        {},
        {"in_path": False, "oratab": "# oratab\n\n*:/nowhere:N\nOTHER:/u01/no:N\nJYJC:HOME:Y\n"},
        {"in_path": False, "processes": LISTENER},
    ],
    indirect=True,
    ids=["in the path", "in oratab", "beside the listener"],
)
def test_sqlplus_is_found_where_it_is_and_every_statement_runs_in_one_session(
    oracle: SmallOracle, port: int, home: Home
) -> None:
    found = results_by(home, target_by(port), *FEW)
    assert {name: (result.outcome, result.reason) for name, result in found.items()} == dict.fromkeys(FEW, (PASS, ""))
    assert found["oracle.login"].route == "sqlplus 经 db-host"
    assert oracle.attempts == 1
    assert [call["arguments"] for call in home.calls] == [["-V"], ["-S", "-L", "-R", "3", "/nolog"]]
    assert home.calls[-1]["language"] == "AMERICAN_AMERICA.AL32UTF8"
    assert oracle.statements.count(READ_ONLY) == 2 and SET_MODULE in oracle.statements


@told(in_path=False)
def test_a_host_without_sqlplus_is_unknown_and_gets_no_log_in(oracle: SmallOracle, port: int, home: Home) -> None:
    found = results_by(home, target_by(port), *FEW)
    assert {result.outcome for result in found.values()} == {UNKNOWN}
    assert "没有可用的 sqlplus" in found["oracle.login"].reason and "oratab" in found["oracle.login"].advice
    assert oracle.attempts == 0


def test_without_a_host_to_go_through_nothing_is_sent(oracle: SmallOracle, port: int) -> None:
    login = results_by(None, target_by(port, via=""), "oracle.login")["oracle.login"]
    assert login.outcome is UNKNOWN and "没有写 via" in login.reason
    assert oracle.attempts == 0


def test_a_host_that_refuses_us_leaves_the_database_unasked(oracle: SmallOracle, port: int, home: Home) -> None:
    home.password = "wrong-9"
    found = results_by(home, target_by(port), *FEW)
    assert {result.outcome for result in found.values()} == {UNKNOWN}
    assert "host.login" in found["oracle.login"].reason
    assert home.server.log.count("Failed password") == 1 and oracle.attempts == 0


@pytest.mark.parametrize(
    "password", ["p@ss/w0rd&x", "a b'c;--", "口令 2026#x", "-ends-with-", "$HOME`id`\\n", "x" * 64]
)
def test_any_password_that_oracle_takes_is_told_whole_and_seen_nowhere(
    oracle: SmallOracle, port: int, home: Home, password: str
) -> None:
    oracle.password = password
    found = results_by(home, target_by(port), "oracle.login", password=password)
    assert found["oracle.login"].outcome is PASS, found["oracle.login"].reason
    assert password not in repr(found) and password not in home.texts() and password not in home.server.log


@pytest.mark.parametrize("password", ['a"b', "a\nb", "a\rEXIT", "a\0b", "y" * 1025, "a\udc80"])
def test_a_password_that_could_be_misread_is_refused_before_anything_runs(
    oracle: SmallOracle, port: int, home: Home, password: str
) -> None:
    login = results_by(home, target_by(port), "oracle.login", password=password)["oracle.login"]
    assert login.outcome is UNKNOWN and login.reason.startswith("口令里有")
    assert oracle.attempts == 0 and home.calls == []


@pytest.mark.parametrize(
    "given",
    [
        {"user": "a/b"}, {"user": "a b"}, {"user": 'a"b'}, {"user": "x@y"}, {"user": ""}, {"service": "a)(b"},
        {"service": "a b"}, {"host": "a)("},
    ],
)  # fmt: skip
def test_nothing_of_the_plan_can_bend_the_connect_command(given: dict[str, str]) -> None:
    with pytest.raises(Unspent):
        sqlplus_input.require_sendable(Account(target_of(1521, **given), PASSWORD))


@pytest.mark.parametrize("user", ["jyjc_check", "C##检查", '"Mixed Case"'])
def test_names_that_oracle_has_may_log_in(user: str) -> None:
    sqlplus_input.require_sendable(Account(target_of(1521, user=user), PASSWORD))


def test_a_wrong_password_fails_once(oracle: SmallOracle, port: int, home: Home) -> None:
    found = results_by(home, target_by(port), password="Wrong-2026#x", without=("oracle.listener",))
    assert found["oracle.login"].outcome is FAIL and "ORA-01017" in found["oracle.login"].reason
    others = [result for name, result in found.items() if name != "oracle.login"]
    assert {result.outcome for result in others} <= {UNKNOWN, Outcome.NOT_APPLICABLE}
    assert oracle.attempts == 1
    assert "Wrong-2026#x" not in repr(found)


@pytest.mark.parametrize("code", [28000, 28001])
def test_a_locked_or_expired_account_fails_once_and_no_password_is_changed(
    oracle: SmallOracle, port: int, home: Home, code: int
) -> None:
    oracle.refusal = code
    began = time.monotonic()
    found = results_by(home, target_by(port), "oracle.login", "oracle.sga")
    assert time.monotonic() - began < routes.LOGIN_SECONDS
    assert (found["oracle.login"].outcome, found["oracle.sga"].outcome) == (FAIL, UNKNOWN)
    assert f"ORA-{code}" in found["oracle.login"].reason
    assert oracle.attempts == 1 and not (home.folder / "changed").exists()


def test_what_is_sent_into_a_long_silence_can_become_no_password(
    oracle: SmallOracle, port: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CONNECT is at work when we ask for our mark; the prompt then takes those lines for the new password."""
    monkeypatch.setattr(sqlplus, "NUDGE_SECONDS", 0.0)
    oracle.refusal = 28001
    login = results_by(home, target_by(port), "oracle.login")["oracle.login"]
    assert login.outcome is FAIL and "ORA-28001" in login.reason
    assert not (home.folder / "changed").exists()


@told(grace=5)
def test_a_password_that_will_expire_is_logged_in_with(port: int, home: Home) -> None:
    found = results_by(home, target_by(port), *FEW)
    assert {result.outcome for result in found.values()} == {PASS}


@told(behaviour="says-nothing-of-connecting")
@pytest.mark.parametrize("password", [PASSWORD, "Wrong-2026#x"])
def test_a_sqlplus_that_does_not_say_connected_is_understood(
    oracle: SmallOracle, port: int, home: Home, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setattr(sqlplus, "NUDGE_SECONDS", 0.2)
    found = results_by(home, target_by(port), *FEW, password=password)
    assert found["oracle.login"].outcome is (PASS if password == PASSWORD else FAIL)
    assert oracle.attempts == 1


@pytest.mark.parametrize(
    ("home", "said"),
    [
        ({"behaviour": "has-no-library"}, "没有可用的 sqlplus"),
        ({"behaviour": "does-not-start"}, "没有启动"),
        ({"behaviour": "stays-silent"}, "没有启动"),
    ],
    indirect=["home"],
)
def test_a_sqlplus_that_does_not_start_spends_no_log_in(
    oracle: SmallOracle, port: int, home: Home, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlplus, "START_SECONDS", 2.0)
    found = results_by(home, target_by(port), *FEW)
    assert {result.outcome for result in found.values()} == {UNKNOWN}
    assert said in found["oracle.login"].reason
    assert oracle.attempts == 0


@told(behaviour="hangs-connecting")
def test_a_connect_that_hangs_is_given_up_and_not_repeated(
    oracle: SmallOracle, port: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "LOGIN_SECONDS", 1.0)
    monkeypatch.setattr(sqlplus, "NUDGE_SECONDS", 0.2)
    found = results_by(home, target_by(port), *FEW)
    assert {result.outcome for result in found.values()} == {UNKNOWN}
    assert "1 秒内没有完成登录" in found["oracle.login"].reason
    assert len(home.calls) == 2


@pytest.mark.parametrize(
    "home",
    [{"behaviour": name, "after": 1} for name in ("dies", "loses-the-end", "miscounts", "never-ends")],
    indirect=True,
    ids=lambda home: home["behaviour"],
)
def test_an_answer_that_is_not_whole_proves_nothing(
    oracle: SmallOracle, port: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "STATEMENT_SECONDS", 2.0)
    monkeypatch.setattr(sqlplus, "MOST_BYTES", 4 << 20)
    target = target_by(port)
    session = open_session(target, surroundings_with(home, target))
    session.log_in()
    with pytest.raises(Undetermined):
        session.select("SELECT NAME, LOG_MODE FROM V$DATABASE")
    session.close()
    assert oracle.attempts == 1


NASTY = (
    "SET FEEDBACK OFF", "SET PAGESIZE 24", "SET HEADING ON", "SET LINESIZE 40", "SET NULL '(null)'", "SET COLSEP '|'",
    "SET NUMWIDTH 4", "SET DEFINE ~", "PROMPT 欢迎使用 ORA-00600", "HOST id", "SET NO_SUCH ON",
    "SELECT USERNAME FROM V$NOWHERE;",
)  # fmt: skip


@told(glogin=NASTY)
def test_what_a_site_sets_for_its_own_people_changes_no_verdict(port: int, home: Home) -> None:
    target = target_by(port, role="exchange", heavy=True)
    found = results_by(home, target, without=("oracle.listener",))
    thin = results(target_of(port, role="exchange", heavy=True))
    differing = {
        name for name, one in found.items()
        if name not in ("oracle.login", "oracle.clock")
        and (one.outcome, one.actual, one.observed) != (thin[name].outcome, thin[name].actual, thin[name].observed)
    }  # fmt: skip
    assert differing == set()


@pytest.mark.parametrize(
    "home",
    [
        {"glogin": NASTY, "glogin_first": True},
        {"glogin": NASTY, "behaviour": "says-nothing-of-connecting"},
    ],
    indirect=True,
    ids=["before", "silent"],
)
def test_what_goes_wrong_in_a_site_s_own_settings_is_no_refusal(
    oracle: SmallOracle, port: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlplus, "NUDGE_SECONDS", 0.3)
    found = results_by(home, target_by(port), *FEW)
    assert {result.outcome for result in found.values()} == {PASS}
    assert oracle.attempts == 1


def test_an_error_of_one_statement_ends_neither_the_session_nor_the_others(
    oracle: SmallOracle, port: int, home: Home
) -> None:
    oracle.drop_view("NLS_DATABASE_PARAMETERS")
    oracle.errors["UNDO"] = (1555, "ORA-01555: snapshot too old")
    found = results_by(home, target_by(port), *FEW, "oracle.database")
    assert found["oracle.charset"].outcome is UNKNOWN and "ORA-00942" in found["oracle.charset"].reason
    assert found["oracle.undo"].outcome is UNKNOWN and "ORA-01555" in found["oracle.undo"].reason
    assert found["oracle.database"].outcome is PASS
    assert oracle.attempts == 1


def test_a_lost_session_is_told_and_the_next_check_logs_in_again(oracle: SmallOracle, port: int, home: Home) -> None:
    oracle.errors["NLS_DATABASE"] = (3113, "ORA-03113: end-of-file on communication channel")
    found = results_by(home, target_by(port), "oracle.login", "oracle.charset", "oracle.clock")
    assert found["oracle.charset"].outcome is UNKNOWN and "ORA-03113" in found["oracle.charset"].reason
    assert found["oracle.clock"].outcome is PASS


def _aborting(oracle: SmallOracle, session: OracleSession) -> None:
    """Aborts once a statement hangs."""
    if oracle.asked.wait(10):
        session.abort()


def test_abort_ends_a_statement_at_once_and_the_next_check_goes_on(oracle: SmallOracle, port: int, home: Home) -> None:
    target = target_by(port)
    session = open_session(target, surroundings_with(home, target))
    session.log_in()
    oracle.errors["V$DATABASE"] = (600, "hang")
    threading.Thread(target=_aborting, args=(oracle, session), daemon=True).start()
    began = time.monotonic()
    with pytest.raises(Undetermined, match="中止"):
        session.select("SELECT NAME FROM V$DATABASE")
    assert time.monotonic() - began < 5
    oracle.errors.clear()
    oracle.released.set()
    session.transcript = Transcript()
    assert session.select("SELECT NAME FROM V$DATABASE") == [("JYJC",)]
    session.close()


@told(behaviour="hangs-connecting")
def test_abort_ends_a_connect_at_once_and_for_the_run(oracle: SmallOracle, port: int, home: Home) -> None:
    target = target_by(port)
    session = open_session(target, surroundings_with(home, target))
    ended: list[Exception] = []

    def go() -> None:
        try:
            session.log_in()
        except Undetermined as error:
            ended.append(error)

    running = threading.Thread(target=go)
    running.start()
    for _ in range(600):  # half a minute at most
        if len(home.calls) == 2 or not running.is_alive():
            break
        running.join(0.05)
    assert len(home.calls) == 2
    began = time.monotonic()
    session.abort()
    running.join(10)
    assert time.monotonic() - began < 3 and ended
    session.transcript = Transcript()
    with pytest.raises(Undetermined):
        session.log_in()
    assert len(home.calls) == 2


def test_a_listener_that_this_computer_cannot_reach_keeps_sqlplus_from_nothing(
    oracle: SmallOracle, port: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from here the port is silent; from the host the database is at hand."""
    monkeypatch.setattr("app.checks.database.listener.SECONDS", 0.3)
    server = Server(silent)
    home.told["port"] = port
    home.write()
    found = results_by(home, target_by(server.port), "oracle.listener", *FEW)
    assert found["oracle.listener"].outcome is UNKNOWN
    assert "只说从本机所见" in found["oracle.listener"].reason
    assert {found[name].outcome for name in FEW} == {PASS}
    server.close()
    found = results_by(home, target_by(server.port), "oracle.listener", *FEW)
    assert found["oracle.listener"].outcome is FAIL
    assert {found[name].outcome for name in FEW} == {PASS}


@told(in_path=False, processes=LISTENER)
def test_nothing_runs_that_was_not_shown(oracle: SmallOracle, port: int, home: Home) -> None:
    target = target_by(port, role="exchange", heavy=True)
    found = results_by(home, target, without=("oracle.listener",))
    shown = {line for check in CHECKS for line in check.shows(target)}
    parts = [sqlplus_text.taken_apart(sql) for sql in shown if sql.startswith(("SELECT ", "WITH "))]
    allowed = {one.wrapped(most, slices) for one in parts for most in (1, 2, 20001) for slices in (1, 4)}
    assert set(oracle.statements) - {SET_MODULE, READ_ONLY} <= allowed
    transcripts = [result.transcript for result in found.values()]
    ran = {line[2:] for text in transcripts for line in text.splitlines() if line.startswith("$ ")}
    assert {command.replace(str(home.oracle_home), "<ORACLE_HOME>") for command in ran} <= shown
    assert f"sqlplus> {chr(10).join(sqlplus_input.SETTINGS)}" in ways.shows(target)


def test_every_command_on_the_host_is_of_the_list_and_none_holds_an_argument_of_ours() -> None:
    path = "/u01/app/oracle/product/11.2.0/db_1/bin/sqlplus"
    for command in (*sqlplus_commands.FIXED, sqlplus_commands.version(path), sqlplus_commands.session(path)):
        assert command and commands.is_allowed(command) and commands.is_allowed(commands.marked(command))
    for bad in (
        "/tmp/x/bin/sqlplus", "/u01/a b/bin/sqlplus", "/u01/$(id)/bin/sqlplus", "/u01/../tmp/bin/sqlplus", "sqlplus",
        "/u01/bin/sqlplus2", "/u01/bin/sh", "/u01/;id;/sqlplus", "/u01\n/bin/sqlplus",
    ):  # fmt: skip
        assert sqlplus_commands.session(bad) == sqlplus_commands.version(bad) == ""
    assert not commands.is_allowed("env NLS_LANG=AMERICAN_AMERICA.AL32UTF8 /u01/bin/sqlplus -S scott/tiger")
    assert not commands.is_allowed(sqlplus_commands.session(path).replace("-R 3 ", ""))


def test_oratab_gives_the_home_of_our_database_first() -> None:
    oratab = (
        "# comment:/x:Y\n+ASM:/u01/grid:N\nOTHER:/u01/db_1:Y\njyjc:/u01/db_2:N # x\n*:/u01/db_3:N\nbad\nX:$HOME:Y\n"
    )
    assert homes(oratab, "JYJC.example") == ["/u01/db_2", "/u01/grid", "/u01/db_1", "/u01/db_3"]
    assert homes("", "JYJC") == []


def test_a_value_longer_than_one_slice_is_asked_again_whole(oracle: SmallOracle, port: int, home: Home) -> None:
    target = target_by(port)
    session = open_session(target, surroundings_with(home, target))
    for size in (1200, 1201, 4000):
        oracle.views["V$VERSION"] = [{"BANNER": "长" * (size // 2) + "x" * (size % 2)}, {"BANNER": "ORA-00942: 短"}]
        session.connect()
        session.close()
        session = open_session(target, surroundings_with(home, target))
        rows = session.select("SELECT BANNER FROM V$VERSION")
        assert [row[0] for row in rows] == [row["BANNER"] for row in oracle.views["V$VERSION"]]
    session.close()


def test_more_rows_than_can_be_judged_are_not_judged(port: int, home: Home) -> None:
    target = target_by(port)
    session = open_session(target, surroundings_with(home, target))
    assert len(session.select('SELECT AAA100 FROM "JYJC"."AA10"', most=20)) == 20
    with pytest.raises(Undetermined, match="超过 19 行"):
        session.select('SELECT AAA100 FROM "JYJC"."AA10"', most=19)
    session.close()
