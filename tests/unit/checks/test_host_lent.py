"""One connection to a host for all who need it: one log-in, a refusal for all, an abort that is nobody else's."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko
import pytest
from host_paramiko import Answer, Temper, printed, ssh_server
from host_sshd import CAN_MOUNT, Account, sshd
from host_world import PASSWORD, USER, host, run, surroundings

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError
from app.checks import run_end
from app.checks.host import commands
from app.checks.host.lent import lend
from app.checks.host.session import HostSession
from app.checks.model import Outcome, Undetermined

LINUX = {commands.KERNEL: printed("Linux 4.19 x86_64\n"), commands.RELEASE: printed('VERSION_ID="10"\n')}


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def hanging(release: threading.Event) -> Answer:
    def answer(channel: paramiko.Channel) -> None:
        while not channel.closed and not release.wait(0.05):
            pass

    return answer


def test_its_own_checks_and_all_borrowers_share_one_connection_and_one_log_in(tmp_path: Path) -> None:
    with ssh_server(tmp_path, Temper(LINUX)) as server:
        around = surroundings(host(server.port, host_key=server.key))
        own, borrowers = HostSession(around.site.targets[0], around), [lend(around, "app-host") for _ in range(5)]  # type: ignore[arg-type]
        said: list[str] = []
        threads = [threading.Thread(target=lambda one=one: said.append(one.system())) for one in (own, *borrowers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert said == ["Linux 4.19 x86_64"] * 6
        assert (server.tries, server.connections) == (["password"], 1)
        run_end.end(around.cancellation)
        assert server.ended.wait(10)


def test_a_run_closes_what_it_lent(tmp_path: Path) -> None:
    with ssh_server(tmp_path, Temper(LINUX)) as server:
        around = surroundings(host(server.port, host_key=server.key))
        borrower = lend(around, "app-host")
        assert borrower.system().startswith("Linux")
        assert run(around, "os")["os"].outcome is Outcome.PASS
        assert server.ended.wait(10) and server.connections == 1
        with pytest.raises(Undetermined):
            borrower.run(commands.RELEASE)
        assert server.connections == 1


def test_a_refusal_is_the_same_for_all_and_never_repeated(tmp_path: Path) -> None:
    with ssh_server(tmp_path, Temper(LINUX)) as server:
        around = surroundings(host(server.port, host_key=server.key), passwords={"app-host": "wrong-9"})
        for _ in range(3):
            with pytest.raises(Undetermined, match="登录被拒绝"):
                lend(around, "app-host").run(commands.RELEASE)
        login = run(around, "login")["login"]
    assert login.outcome is Outcome.FAIL
    assert server.tries == ["password"]


def test_an_unknown_host_key_gets_no_log_in(tmp_path: Path) -> None:
    with ssh_server(tmp_path, Temper(LINUX)) as server:
        with pytest.raises(Undetermined, match=r"host\.key"):
            lend(surroundings(host(server.port)), "app-host").run(commands.RELEASE)
        assert server.tries == []


def test_a_host_that_the_site_does_not_have_is_the_caller_s_mistake() -> None:
    with pytest.raises(ValueError, match="db-host"):
        lend(surroundings(host(1)), "db-host")


def test_only_commands_of_the_list_are_run(tmp_path: Path) -> None:
    with ssh_server(tmp_path, Temper(LINUX)) as server:
        borrower = lend(surroundings(host(server.port, host_key=server.key)), "app-host")
        for call in (borrower.run, borrower.open):
            with pytest.raises(ValueError, match="not an allowed command"):
                call("rm -rf /")
        assert server.commands == []


def test_an_abort_ends_this_borrower_s_calls_alone(tmp_path: Path, release: threading.Event) -> None:
    answers = {**LINUX, commands.SPACE: hanging(release)}
    with ssh_server(tmp_path, Temper(answers)) as server:
        around = surroundings(host(server.port, host_key=server.key))
        stopped, other = lend(around, "app-host"), lend(around, "app-host")
        ended: list[str] = []

        def held() -> None:
            with pytest.raises(Undetermined, match="中止"):
                stopped.run(commands.SPACE)
            ended.append("stopped")

        other.system()
        server.running.clear()
        thread = threading.Thread(target=held)
        thread.start()
        assert server.running.wait(20)
        stopped.abort()
        thread.join(5)
        assert ended == ["stopped"]
        assert other.run(commands.RELEASE).status == 0
        with pytest.raises(Undetermined, match="中止"):
            stopped.run(commands.RELEASE)
        stopped.begin()
        assert stopped.run(commands.RELEASE).status == 0
        assert server.connections == 1


def test_cancelling_ends_every_borrower_s_command_at_once(tmp_path: Path, release: threading.Event) -> None:
    cancellation = Cancellation()
    with ssh_server(tmp_path, Temper({**LINUX, commands.SPACE: hanging(release)})) as server:
        around = surroundings(host(server.port, host_key=server.key), cancellation=cancellation)
        ended: list[float] = []

        def held() -> None:
            with pytest.raises(CancelledError):
                lend(around, "app-host").run(commands.SPACE)
            ended.append(time.monotonic())

        threads = [threading.Thread(target=held) for _ in range(3)]
        for thread in threads:
            thread.start()
        assert server.running.wait(20)
        began = time.monotonic()
        cancellation.cancel()
        for thread in threads:
            thread.join(10)
        assert len(ended) == 3 and max(ended) - began < 1
        assert server.ended.wait(10)


def test_who_gives_up_during_the_log_in_does_not_end_it_for_the_others(tmp_path: Path) -> None:
    hold = threading.Event()
    with ssh_server(tmp_path, Temper(LINUX, hold=hold)) as server:
        around = surroundings(host(server.port, host_key=server.key))
        hasty, patient = lend(around, "app-host"), lend(around, "app-host")
        said: list[str] = []
        waiting = threading.Thread(target=lambda: said.append(patient.system()))
        waiting.start()
        assert server.trying.wait(20)
        threading.Timer(0.2, hasty.abort).start()
        with pytest.raises(Undetermined):
            hasty.system()
        hasty.begin()
        with pytest.raises(Undetermined, match="不再连接"):
            hasty.system()
        hold.set()
        waiting.join(20)
        assert said == ["Linux 4.19 x86_64"] and server.tries == ["password"]
        hasty.begin()
        assert hasty.run(commands.RELEASE).status == 0


def test_a_command_that_the_server_never_starts_is_over_in_time(tmp_path: Path, release: threading.Event) -> None:
    with ssh_server(tmp_path, Temper(LINUX, deaf=release)) as server:
        borrower = lend(surroundings(host(server.port, host_key=server.key)), "app-host")
        began = time.monotonic()
        with pytest.raises(Undetermined, match="没有答复"):
            borrower.run(commands.RELEASE, seconds=0.5)
        assert time.monotonic() - began < 5
        release.set()


def test_more_output_than_wanted_is_undetermined(tmp_path: Path) -> None:
    with ssh_server(tmp_path, Temper({commands.RELEASE: printed("x" * 2000)})) as server:
        borrower = lend(surroundings(host(server.port, host_key=server.key)), "app-host")
        assert len(borrower.run(commands.RELEASE, most=2000).output) == 2000
        with pytest.raises(Undetermined, match="没有读完"):
            borrower.run(commands.RELEASE, most=1999)


real = pytest.mark.skipif(not CAN_MOUNT, reason="needs OpenSSH's server, root and mount namespaces")
ACCOUNT = Account(USER, PASSWORD)


@real
def test_a_real_server_is_asked_over_one_connection_however_many_ask(tmp_path: Path) -> None:
    with sshd(tmp_path, "MaxSessions 2", account=ACCOUNT) as server:
        around = surroundings(host(server.port, host_key=server.fingerprint("ed25519")))
        said: list[str] = []
        threads = [
            threading.Thread(target=lambda: said.append(lend(around, "app-host").run(commands.DATE).stdout))
            for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(said) == 12 and all(said)
        assert server.log.count("Accepted password") == 1
        run_end.end(around.cancellation)


@real
def test_standard_input_reaches_the_command_and_stands_in_no_transcript(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "ALLOWED", (*commands.ALLOWED, "cat"))
    with sshd(tmp_path, account=ACCOUNT) as server:
        around = surroundings(host(server.port, host_key=server.fingerprint("ed25519")))
        borrower = lend(around, "app-host")
        said = borrower.run("cat", stdin="口令-7\n".encode() * 100000, kept=lambda text: "")
        assert said.stdout == "口令-7\n" * 100000
        assert "口令-7" not in borrower.transcript.text() and "$ cat" in borrower.transcript.text()
        duplex = borrower.open("cat")
        for word in (b"one\n", b"two\n"):
            duplex.send(word, 5)
            assert duplex.receive(100, 5) == word
        with pytest.raises(Undetermined, match="没有答复"):
            duplex.receive(100, 0.2)
        duplex.no_more()
        assert duplex.receive(100, 5) == b"" and duplex.status(5) == 0
        duplex.close()
        other = borrower.open("cat")
        borrower.abort()
        assert other.receive(100, 5) == b""
        run_end.end(around.cancellation)


@real
def test_short_commands_of_several_borrowers_never_cost_the_connection(tmp_path: Path) -> None:
    """What a command that has ended is still told must not come behind our CLOSE: OpenSSH would hang up."""
    switching = sys.getswitchinterval()
    with sshd(tmp_path, kinds=("ed25519",), account=ACCOUNT) as server:
        around = surroundings(host(server.port, host_key=server.fingerprint("ed25519")))

        def many() -> list[int]:
            borrower = lend(around, "app-host")
            return [borrower.run(commands.KERNEL, stdin=b"unread").status for _ in range(100)]

        sys.setswitchinterval(1e-6)
        try:
            with ThreadPoolExecutor(4) as pool:
                several = [pool.submit(many) for _ in range(4)]
            assert [one.result() for one in several] == [[0] * 100] * 4
        finally:
            sys.setswitchinterval(switching)
            run_end.end(around.cancellation)
        assert "nonexistent channel" not in server.log and server.log.count("Accepted password") == 1
