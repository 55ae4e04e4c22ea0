"""The process that speaks to a database in a mode of its own: the same values, killed at once, its password unseen.

There is no Instant Client here: the worker is run in thin mode, and what a missing or broken library says for real.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from copy import copy
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback_lines import Server, silent
from oracle_small import NOW, PASSWORD, SmallOracle, results, serving, surroundings_of, target_of

from app.checks.database import errors, frames, thick, ways
from app.checks.database.driver_loop import Cut
from app.checks.database.routes import Account, Attempt, Unspent
from app.checks.database.session import OracleSession, open_session
from app.checks.database.thick import WorkerConnection, WorkerTrouble
from app.checks.model import Outcome, Undetermined

ROOT = Path(__file__).parents[3]
VALUES = st.one_of(
    st.none(), st.text(min_size=1), st.integers(-(10**38), 10**38).map(Decimal), st.binary(min_size=1),
    st.decimals(allow_nan=False, allow_infinity=False), st.datetimes(),
)  # fmt: skip


@pytest.fixture
def thin_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thick, "MODE", "thin")


@pytest.fixture
def oracle() -> SmallOracle:
    return SmallOracle()


@pytest.fixture
def port(oracle: SmallOracle) -> Iterator[int]:
    with serving(oracle) as served:
        yield served


def attempt_at(port: int, password: str = PASSWORD) -> Attempt:
    return Attempt(Account(target_of(port), password), lambda opening: None)


@given(st.lists(st.lists(VALUES, max_size=5), max_size=5))
def test_values_come_through_a_frame_as_they_went_in(rows: list[list[Any]]) -> None:
    stream = io.BytesIO()
    frames.write(stream, {"rows": [frames.packed(row) for row in rows]})
    stream.seek(0)
    told = frames.read(stream)
    assert told is not None and [list(frames.unpacked(row)) for row in told["rows"]] == rows
    assert frames.read(stream) is None


@given(st.binary(max_size=40))
def test_what_is_no_frame_is_none(data: bytes) -> None:
    try:
        told = frames.read(io.BytesIO(data))
    except frames.BadFrame:
        return
    assert told is None or isinstance(told, dict)


def test_a_frame_that_announces_too_much_is_not_waited_for() -> None:
    with pytest.raises(frames.BadFrame):
        frames.read(io.BytesIO(frames.HEAD.pack(frames.LARGEST + 1)))
    with pytest.raises(frames.BadFrame):
        frames.write(io.BytesIO(), {"x": "x" * frames.LARGEST})


@pytest.mark.parametrize("value", [{}, {"number": "x"}, {"moment": "yesterday"}, {"bytes": "0g"}, 7, True, ["x"]])
def test_a_value_of_no_kind_is_refused(value: Any) -> None:
    with pytest.raises(frames.BadFrame):
        frames.unpacked([value])


def test_rows_have_the_types_of_the_thin_route(oracle: SmallOracle, port: int) -> None:
    big = 12345678901234567890123456789012345678
    for name, value in (("A", Decimal(big)), ("B", Decimal("-0.5")), ("C", "张三 '\"\n"), ("D", NOW), ("E", None)):
        oracle.answers[f"SELECT {name} FROM DUAL"] = partial(copy, value)
    worker = WorkerConnection("thin")
    worker.start()
    worker.log_in(attempt_at(port))
    found = [worker.select(f"SELECT {name} FROM DUAL", 5)[0][0] for name in "ABCDE"]
    assert found == [big, Decimal("-0.5"), "张三 '\"\n", NOW, None]
    assert [type(item) for item in found] == [int, Decimal, str, datetime, type(None)]
    worker.close()


@pytest.mark.usefixtures("thin_worker")
def test_a_whole_run_by_the_worker_logs_in_once(oracle: SmallOracle, port: int) -> None:
    found = results(target_of(port, route="thick"), "oracle.login", "oracle.charset", "oracle.undo", "oracle.clock")
    assert {result.outcome for result in found.values()} == {Outcome.PASS}
    assert found["oracle.login"].route == "oracledb thick" and oracle.attempts == 1
    assert "SET TRANSACTION READ ONLY" in oracle.statements


@pytest.mark.usefixtures("thin_worker")
def test_a_wrong_password_by_the_worker_fails_once(oracle: SmallOracle, port: int) -> None:
    found = results(target_of(port, route="thick"), "oracle.login", "oracle.sga", password="Wrong-2026#x")
    assert (found["oracle.login"].outcome, found["oracle.sga"].outcome) == (Outcome.FAIL, Outcome.UNKNOWN)
    assert "ORA-01017" in found["oracle.login"].reason and oracle.attempts == 1
    assert "Wrong-2026#x" not in repr(found)


def broken(folder: Path) -> Path:
    (folder / "libclntsh.so").write_bytes(b"no library at all")
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="the library has another name elsewhere")
@pytest.mark.parametrize("place", ["nowhere", "empty", "broken"])
def test_a_missing_or_broken_client_is_unknown_and_spends_no_log_in(
    oracle: SmallOracle, port: int, tmp_path: Path, place: str
) -> None:
    folder = {"nowhere": tmp_path / "没有", "empty": tmp_path, "broken": broken(tmp_path) if place == "broken" else ""}
    found = results(target_of(port, route="thick", client=str(folder[place])), "oracle.login", "oracle.sga")
    login = found["oracle.login"]
    assert (login.outcome, found["oracle.sga"].outcome) == (Outcome.UNKNOWN, Outcome.UNKNOWN)
    assert "DPI-1047" in login.reason and "Instant Client" in login.reason
    assert "ONSITE_INSTANT_CLIENT" in login.advice and oracle.attempts == 0


@pytest.mark.parametrize("code", ["DPI-1047", "DPI-1050", "DPI-1072"])
def test_what_a_client_library_lacks_is_known_with_its_advice(code: str) -> None:
    trouble = errors.trouble_of(Unspent(f"{code}: Oracle Client library is at version 11.1 but version 11.2 is needed"))
    assert trouble.code == code and errors.known(trouble).outcome is Outcome.UNKNOWN
    assert "client =" in errors.known(trouble).advice


def test_the_client_s_folder_is_the_target_s_own_or_the_computer_s(monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = target_of(1, client="/opt/ic"), target_of(1)
    beside = target_of(1, client="ic_19")
    monkeypatch.delenv("ONSITE_INSTANT_CLIENT", raising=False)
    around = surroundings_of(own)
    assert ways.client(other, around) == "" and ways.client(own, around) == "/opt/ic"
    assert ways.client(beside, around) == str(Path.cwd() / "ic_19")
    assert ways.order(other, around) == ("thin", "legacy")
    monkeypatch.setenv("ONSITE_INSTANT_CLIENT", "/opt/ic_here")
    assert ways.client(other, around) == "/opt/ic_here" and ways.client(own, around) == "/opt/ic"
    assert ways.order(other, around) == ("thin", "legacy", "thick")
    assert own.digest() == other.digest()  # where the library lies says nothing of the database


def test_the_password_is_in_neither_arguments_nor_environment(
    oracle: SmallOracle, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONSITE_SECRET_DB1", PASSWORD)
    worker = WorkerConnection("thin", "/opt/ic")
    worker.start()
    worker.log_in(attempt_at(port))
    process = psutil.Process(worker.pid)
    assert PASSWORD not in " ".join(process.cmdline()) and PASSWORD not in repr(process.environ())
    assert process.environ()["LD_LIBRARY_PATH"].split(":")[0] == "/opt/ic"
    worker.close()
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.usefixtures("thin_worker")
def test_abort_kills_the_worker_in_the_midst_of_a_log_in() -> None:
    server = Server(silent)
    target = target_of(server.port, route="thick")
    session = open_session(target, surroundings_of(target))
    caught: list[Exception] = []

    def go() -> None:
        try:
            session.log_in()
        except Undetermined as error:
            caught.append(error)

    running = threading.Thread(target=go)
    running.start()
    assert server.accepted.acquire(timeout=20)
    worker: Any = session._opening
    began = time.monotonic()
    session.abort()
    running.join(10)
    assert time.monotonic() - began < 2 and caught
    assert psutil.pid_exists(worker.pid) is False or psutil.Process(worker.pid).wait(5) is None
    with pytest.raises(Undetermined):
        session.log_in()
    assert not server.accepted.acquire(timeout=0.05)
    server.close()


def _aborting(oracle: SmallOracle, session: OracleSession) -> None:
    """Aborts once a statement hangs."""
    if oracle.asked.wait(10):
        session.abort()


@pytest.mark.usefixtures("thin_worker")
def test_abort_ends_a_statement_and_the_next_check_logs_in_by_the_same_route(oracle: SmallOracle, port: int) -> None:
    from app.checks.model import Transcript

    target = target_of(port, route="thick")
    session = open_session(target, surroundings_of(target))
    session.log_in()
    oracle.errors["V$DATABASE"] = (600, "hang")
    threading.Thread(target=_aborting, args=(oracle, session), daemon=True).start()
    began = time.monotonic()
    with pytest.raises(Undetermined, match="中止"):
        session.select("SELECT NAME FROM V$DATABASE")
    assert time.monotonic() - began < 5
    oracle.errors.clear()
    session.transcript = Transcript()
    assert session.select("SELECT NAME FROM V$DATABASE") == [("JYJC",)]
    assert oracle.attempts == 2
    session.close()


def test_a_worker_that_dies_is_told_and_never_waited_for(port: int) -> None:
    worker = WorkerConnection("thin")
    worker.start()
    worker.log_in(attempt_at(port))
    psutil.Process(worker.pid).kill()
    with pytest.raises(WorkerTrouble, match="意外结束"):
        worker.select("SELECT NAME FROM V$DATABASE", 5)
    assert worker.is_cut
    with pytest.raises(Cut):
        worker.rollback()


@pytest.mark.parametrize("said", [b"\0\0\0\x02{}\0\0\0", b"hello, world", b"\xff\xff\xff\xff", b"\0\0\0\x02[]"])
def test_a_worker_that_talks_nonsense_is_ended(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    code = f"import sys, time; sys.stdout.buffer.write({said!r}); sys.stdout.flush(); time.sleep(60)"

    def launch(client: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    monkeypatch.setattr(thick, "launch", launch)
    monkeypatch.setattr(thick, "START_SECONDS", 1.0)
    monkeypatch.setattr(thick, "CLOSING", 0.2)
    worker = WorkerConnection("thin")
    with pytest.raises(Unspent):
        worker.start()
    assert worker.is_cut


def test_a_worker_ends_with_the_program_that_started_it(oracle: SmallOracle, port: int) -> None:
    """The program is killed while the worker sits in the driver."""
    code = (
        "import os, sys; sys.path[:0] = [sys.argv[1], sys.argv[1] + '/tests/support']\n"
        "from oracle_small import target_of, PASSWORD\n"
        "from app.checks.database.routes import Account, Attempt\n"
        "from app.checks.database.thick import WorkerConnection\n"
        "worker = WorkerConnection('thin'); worker.start()\n"
        "print(worker.pid, flush=True)\n"
        "worker.log_in(Attempt(Account(target_of(int(sys.argv[2])), PASSWORD), lambda one: None))\n"
    )
    server = Server(silent)
    words = [sys.executable, "-c", code, str(ROOT), str(server.port)]
    program = subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ})
    assert program.stdout is not None
    worker = psutil.Process(int(program.stdout.readline()))
    assert server.accepted.acquire(timeout=20)
    program.kill()
    program.wait()
    worker.wait(10)
    server.close()


def test_the_frozen_program_becomes_the_worker_when_it_is_told_to() -> None:
    words = [sys.executable, "-m", "ui", thick.CHILD]
    program = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert program.stdin is not None and program.stdout is not None
    frames.write(program.stdin, {"do": "start", "mode": "thin", "client": ""})
    assert frames.read(program.stdout) == {"version": "thin"}
    assert frames.read(program.stdout) == {"done": True}
    program.stdin.close()
    assert program.wait(10) == 0
    program.stdout.close()
