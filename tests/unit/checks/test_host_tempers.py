"""Hosts that are silent, rude, half-dead, foreign or endless: a readable verdict at once, and never a second log-in."""

from __future__ import annotations

import dataclasses
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from certificate_making import listening
from host_paramiko import Answer, Seen, Temper, printed, ssh_server
from host_world import host, run, surroundings

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError
from app.checks.host import commands, lent, reaching
from app.checks.host.session import HostSession
from app.checks.model import Outcome, Result, Undetermined
from app.site.model import Host

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
LINUX = {commands.KERNEL: printed("Linux 4.19 x86_64\n")}
AFTER_LOGIN = (
    "os", "disk", "memory", "swap", "load", "java", "limits", "network", "processes", "clock", "boot_properties",
)  # fmt: skip


def asked(folder: Path, temper: Temper, *ids: str) -> tuple[dict[str, Result], Seen]:
    with ssh_server(folder, temper) as server:
        return run(surroundings(host(server.port, host_key=server.key)), *ids), server


# Before SSH


def test_a_refused_port_fails_once_and_the_others_are_undetermined() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        results = run(surroundings(host(held.getsockname()[1])))
    assert results.pop("port").outcome is FAIL
    assert {result.outcome for result in results.values()} == {UNKNOWN}
    assert all("host.port" in result.reason for result in results.values())


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "不是 SSH"),
        (b"\xff\xfd\x18\x00login: ", "不是 SSH"),
        (b"", "没有问候"),
        (b"SSH-2.0-Half", "没有问候"),
        (b"x" * 100000, "不是 SSH"),
        (b"SSH-2.0-" + b"x" * 300 + b"\r\n", "不是 SSH"),
    ],
)
def test_what_does_not_greet_as_ssh_is_undetermined_and_connected_to_once(said: bytes, words: str) -> None:
    connections: list[socket.socket] = []

    def serve(client: socket.socket) -> None:
        connections.append(client)
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        client.recv(65536)

    with listening(serve) as port:
        results = run(surroundings(host(port)))
    assert {result.outcome for result in results.values()} == {UNKNOWN}
    assert words in results["port"].reason and len(connections) == 1


def test_lines_before_the_greeting_are_passed_over() -> None:
    def serve(client: socket.socket) -> None:
        client.sendall("欢迎\r\nnotice\r\nSSH-2.0-Old\r\n".encode())
        client.recv(65536)

    with listening(serve) as port:
        assert run(surroundings(host(port)), "port")["port"].outcome is PASS


@pytest.mark.parametrize(("greeting", "outcome"), [("SSH-1.99-x", PASS), ("SSH-1.5-x", UNKNOWN)])
def test_only_ssh_2_counts(greeting: str, outcome: Outcome) -> None:
    def serve(client: socket.socket) -> None:
        client.sendall(f"{greeting}\r\n".encode())
        client.recv(65536)

    with listening(serve) as port:
        assert run(surroundings(host(port)), "port")["port"].outcome is outcome


def test_a_server_that_dies_in_the_key_exchange_is_undetermined() -> None:
    def serve(client: socket.socket) -> None:
        client.sendall(b"SSH-2.0-Dying\r\n")
        client.recv(65536)
        client.sendall(b"\x00\x00\x00\x0c garbage")

    with listening(serve) as port:
        results = run(surroundings(host(port)), "port", "key", "login", "os")
    assert results.pop("port").outcome is PASS
    assert {result.outcome for result in results.values()} == {UNKNOWN}


def silent(reached: threading.Event, first: bytes = b"") -> Callable[[socket.socket], None]:
    def serve(client: socket.socket) -> None:
        client.sendall(first)
        reached.set()
        while client.recv(65536):
            pass

    return serve


@pytest.mark.parametrize("first", [b"", b"SSH-2.0-Silent\r\n"], ids=["no greeting", "no keys"])
def test_a_silent_server_holds_nobody_once_the_check_is_over_its_time(first: bytes) -> None:
    reached = threading.Event()
    with listening(silent(reached, first)) as port:
        session = HostSession(host(port), surroundings())

        def abort() -> None:
            reached.wait(20)
            session.abort()

        threading.Thread(target=abort, daemon=True).start()
        began = time.monotonic()
        for _ in range(3):
            session.begin()
            with pytest.raises(Undetermined):
                session.host_key()
        assert time.monotonic() - began < 5
        session.close()


def test_cancelling_ends_a_silent_connection_at_once() -> None:
    reached, cancellation = threading.Event(), Cancellation()
    with listening(silent(reached)) as port:

        def cancel() -> None:
            reached.wait(20)
            cancellation.cancel()

        threading.Thread(target=cancel, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(CancelledError):
            run(surroundings(host(port), cancellation=cancellation))
        assert time.monotonic() - began < 5


# Logging in


def test_keyboard_interactive_is_used_where_the_server_asks_for_it(tmp_path: Path) -> None:
    results, server = asked(tmp_path, Temper(LINUX, methods="keyboard-interactive"), "login")
    assert results["login"].outcome is PASS and server.tries == ["interactive 1"]


def test_an_empty_round_after_the_password_is_answered_with_nothing(tmp_path: Path) -> None:
    prompts = ((("Password: ", False),), ())
    results, server = asked(tmp_path, Temper(LINUX, "keyboard-interactive", prompts), "login")
    assert results["login"].outcome is PASS and server.tries == ["interactive 1", "interactive 0"]


@pytest.mark.parametrize(
    ("prompts", "words"),
    [
        (((("Password: ", False), ("OTP: ", False)),), "OTP"),
        (((("Your name: ", True),),), "Your name"),
        (((("Password: ", False),), (("Password again: ", False),)), "again"),
        (((("Verification code: ", False),),), "Verification code"),
        (((("Enter PASSCODE: ", False),),), "PASSCODE"),
        (((("(current) UNIX password: ", False),),), "current"),
        (((("New password: ", False),),), "New password"),
        (((("动态口令：", False),),), "动态口令"),
        (((("", False),),), "要求口令以外"),
        (((("Password: ", True),),), "Password"),
        (((("Your password has expired. Password: ", False),),), "expired"),
        (((("\x1b[2J验证码\x07: ", False),),), "验证码"),
    ],
)
def test_whoever_asks_for_more_than_a_password_gets_no_more_answers(
    tmp_path: Path, prompts: tuple[tuple[tuple[str, bool], ...], ...], words: str
) -> None:
    results, server = asked(tmp_path, Temper(LINUX, "keyboard-interactive", prompts), "login", "os")
    assert {result.outcome for result in results.values()} == {UNKNOWN}
    assert words in results["login"].reason and "\x1b" not in results["login"].reason
    assert len(server.tries) == len(prompts) - 1 and server.connections == 1


@pytest.mark.parametrize(
    "prompt", ["Password: ", "weblogic@10.1.1.5's password:", "Password for weblogic:", "口令：", "密码: "]
)
def test_a_single_hidden_prompt_for_the_password_is_answered(tmp_path: Path, prompt: str) -> None:
    results, server = asked(tmp_path, Temper(LINUX, "keyboard-interactive", (((prompt, False),),)), "login")
    assert results["login"].outcome is PASS and server.tries == ["interactive 1"]


def test_a_refused_password_is_never_tried_again_by_keyboard_interactive(tmp_path: Path) -> None:
    with ssh_server(tmp_path, Temper(LINUX, "keyboard-interactive")) as server:
        around = surroundings(host(server.port, host_key=server.key), passwords={"app-host": "wrong-9"})
        results = run(around, "login", "os")
    assert results["login"].outcome is FAIL and results["os"].outcome is UNKNOWN
    assert server.tries == ["interactive 1"]


def test_a_peer_cannot_have_prompts_or_bytes_counted_without_end() -> None:
    from app.checks.host import authentication
    from app.checks.host.connection import MOST_PACKET, Connection

    near, far = socket.socketpair()
    with near, far:
        connection = Connection(near, b"", legacy=False)
        with pytest.raises(paramiko.SSHException, match="packet of"):
            connection._transport.packetizer.read_all(MOST_PACKET + 1)
        connection.end()

        class Silent(paramiko.Transport):
            def _send_message(self, data: paramiko.Message) -> None:
                pass

        transport: Any = Silent(far)
        seen: list[object] = []

        def asked_for_many() -> None:
            message = paramiko.Message()
            for word in ("", "", ""):
                message.add_string(word)
            message.add_int(2**32 - 1)
            handler = transport.auth_handler
            try:
                handler._parse_userauth_info_request(paramiko.Message(message.asbytes()))
            except paramiko.SSHException as error:
                seen.append(str(error))
                transport.saved_exception = error
            transport.active = False
            handler.auth_event.set()

        transport.active = True
        threading.Timer(0.1, asked_for_many).start()
        with pytest.raises(paramiko.SSHException):
            authentication._interactive(transport, "u", authentication.Answers("p"))
        assert seen == ["too many prompts"]


def test_password_is_never_followed_by_keyboard_interactive(tmp_path: Path) -> None:
    with ssh_server(tmp_path, Temper(LINUX, "password,keyboard-interactive")) as server:
        around = surroundings(host(server.port, host_key=server.key), passwords={"app-host": "wrong-9"})
        results = run(around)
    assert results["login"].outcome is FAIL and server.tries == ["password"]
    assert {results[name].outcome for name in AFTER_LOGIN} == {UNKNOWN}


def test_a_second_factor_is_undetermined(tmp_path: Path) -> None:
    results, server = asked(tmp_path, Temper(LINUX, "password", partial=True), "login", "os")
    assert {result.outcome for result in results.values()} == {UNKNOWN} and server.tries == ["password"]


def test_a_host_that_lets_anyone_in_is_pointed_out(tmp_path: Path) -> None:
    results, server = asked(tmp_path, Temper(LINUX, open_to_all=True), "login")
    assert results["login"].outcome is WARN and server.tries == []


def test_an_abort_in_the_middle_of_the_log_in_is_the_end_of_it(tmp_path: Path) -> None:
    with ssh_server(tmp_path, Temper(LINUX, hold=threading.Event())) as server:
        session = HostSession(host(server.port, host_key=server.key), surroundings())

        def abort() -> None:
            server.trying.wait(20)
            session.abort()

        threading.Thread(target=abort, daemon=True).start()
        for _ in range(3):
            session.begin()
            with pytest.raises(Undetermined):
                session.log_in()
        session.close()
        assert server.tries == ["password"] and server.connections == 1


# Commands


def until_closed(running: threading.Event) -> Answer:
    def answer(channel: paramiko.Channel) -> None:
        while not channel.closed and not running.wait(0.05):
            pass

    return answer


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_command_that_hangs_costs_its_check_alone(tmp_path: Path, release: threading.Event) -> None:
    """A hung NFS mount: df does not come back; the other checks go on over the same log-in."""
    answers = {
        **LINUX,
        commands.SPACE: until_closed(release),
        commands.MEMORY: printed("MemTotal: 1000 kB\nMemAvailable: 900 kB\n"),
    }
    with ssh_server(tmp_path, Temper(answers)) as server:
        session = HostSession(host(server.port, host_key=server.key), surroundings())
        session.begin()
        began = time.monotonic()
        with pytest.raises(Undetermined, match="没有结束"):
            session.run(commands.SPACE, seconds=0.3)
        assert time.monotonic() - began < 5
        assert "MemTotal" in session.run(commands.MEMORY).stdout
        session.close()
    assert server.tries == ["password"]


def test_an_abort_ends_the_command_and_the_log_in_stays(tmp_path: Path, release: threading.Event) -> None:
    answers = {**LINUX, commands.SPACE: until_closed(release), commands.DATE: printed("1795540000.5\n")}
    with ssh_server(tmp_path, Temper(answers)) as server:
        session = HostSession(host(server.port, host_key=server.key), surroundings())
        session.begin()
        session.system()
        server.running.clear()

        def abort() -> None:
            server.running.wait(20)
            session.abort()

        threading.Thread(target=abort, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(Undetermined):
            session.run(commands.SPACE)
        with pytest.raises(Undetermined):  # given up: it does not go on with its next command
            session.run(commands.DATE)
        assert time.monotonic() - began < 5
        session.begin()
        assert session.run(commands.DATE).stdout == "1795540000.5\n"
        session.close()
        assert server.tries == ["password"] and server.connections == 1


def test_a_connection_that_breaks_is_made_again_only_because_it_had_been_let_in(tmp_path: Path) -> None:
    def breaking(channel: paramiko.Channel) -> None:
        channel.get_transport().close()

    answers = {**LINUX, commands.SPACE: breaking, commands.DATE: printed("1795540000.5\n")}
    with ssh_server(tmp_path, Temper(answers)) as server:
        session = HostSession(host(server.port, host_key=server.key), surroundings())
        session.begin()
        with pytest.raises(Undetermined, match=r"没有(正常结束|执行完)"):
            session.run(commands.SPACE)
        assert session.run(commands.DATE).stdout == "1795540000.5\n"
        for _ in range(9):  # and not for ever
            with pytest.raises(Undetermined):
                session.run(commands.SPACE)
        assert server.tries == ["password"] * 6 and server.connections == 6


def test_output_in_gb18030_is_read(tmp_path: Path) -> None:
    text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/a 1000 1 999 1% /数据\n"
    inodes = printed("Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/a 9 1 8 1% /\n")
    answers = {**LINUX, commands.SPACE: printed(text.encode("gb18030")), commands.INODES: inodes}
    target = Host("app-host", host="127.0.0.1", user="weblogic")
    with ssh_server(tmp_path, Temper(answers)) as server:
        target = dataclasses.replace(target, port=server.port, host_key=server.key)
        result = run(surroundings(target), "disk")["disk"]
    assert result.outcome is PASS and "/数据" in result.actual


def test_both_streams_are_drained_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Much on standard error before anything on standard output: who reads one after the other waits for ever."""
    from app.checks.host import lent

    answers = {commands.KERNEL: printed("x" * 50000 + "\n", errors=b"e" * 60000), commands.DATE: printed("y" * 200000)}

    def errors_first(channel: paramiko.Channel) -> None:
        channel.sendall_stderr(b"e" * (3 << 20))
        channel.sendall(b"done")
        channel.send_exit_status(0)

    monkeypatch.setattr(lent, "MOST_OUTPUT", 100000)
    with ssh_server(tmp_path, Temper({**answers, commands.MEMORY: errors_first})) as server:
        session = HostSession(host(server.port, host_key=server.key), surroundings())
        session.begin()
        printed_now = session.run(commands.KERNEL)
        assert (len(printed_now.stdout), len(printed_now.stderr)) == (50001, 60000)
        with pytest.raises(Undetermined, match="没有读完"):
            session.run(commands.DATE)
        assert session.run(commands.MEMORY).stdout == "done"
        session.close()


def test_half_an_answer_is_no_answer(tmp_path: Path) -> None:
    """A connection that is cut in the middle of df: what came looks whole, but has no exit status."""
    text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/a 1000 1 999 1% /\n"
    answers = {**LINUX, commands.SPACE: printed(text, status=None)}
    results, _ = asked(tmp_path, Temper(answers), "disk")
    assert results["disk"].outcome is UNKNOWN and "没有正常结束" in results["disk"].reason


def test_a_host_that_runs_nothing_is_undetermined(tmp_path: Path) -> None:
    results, server = asked(tmp_path, Temper({}))
    assert {results[name].outcome for name in AFTER_LOGIN} == {UNKNOWN}
    assert {results[name].outcome for name in ("port", "key", "login")} == {PASS}
    assert set(server.commands) == {commands.KERNEL} and server.tries == ["password"]


@pytest.mark.parametrize("system", ["FreeBSD 13.2-RELEASE amd64", "Darwin 22.6.0 arm64"])
def test_another_system_is_named_and_asked_nothing_that_is_not_its_own(tmp_path: Path, system: str) -> None:
    results, server = asked(tmp_path, Temper({commands.KERNEL: printed(f"{system}\n")}))
    assert {results[name].outcome for name in AFTER_LOGIN} == {UNKNOWN}
    assert all(system in results[name].reason for name in AFTER_LOGIN)
    assert server.commands == [commands.KERNEL]


@pytest.mark.parametrize("said", ["", "bash: uname: command not found\n", "1) 查询 2) 退出\n"])
def test_a_shell_that_answers_nonsense_is_undetermined(tmp_path: Path, said: str) -> None:
    results, _ = asked(tmp_path, Temper({commands.KERNEL: printed(said, status=0)}), "os", "disk")
    assert {result.outcome for result in results.values()} == {UNKNOWN}


def test_a_java_at_a_dubious_path_is_never_run(tmp_path: Path) -> None:
    listed = "  PID COMMAND\n    9 /tmp/x/bin/java -Dweblogic.Name=a\n   10 /opt/$(id)/bin/java -Dweblogic.Name=b\n"
    results, server = asked(tmp_path, Temper({**LINUX, commands.PROCESSES: printed(listed)}), "java")
    assert results["java"].outcome is UNKNOWN and "安全" in results["java"].reason
    assert server.commands == [commands.KERNEL, commands.PROCESSES]


def test_a_password_in_a_process_s_arguments_is_not_recorded(tmp_path: Path) -> None:
    listed = "  PID COMMAND\n    9 /j/bin/java -Dweblogic.Name=jyjc1 -Dweblogic.management.password=hunter2\n"
    results, _ = asked(tmp_path, Temper({**LINUX, commands.PROCESSES: printed(listed)}), "processes")
    assert "-Dweblogic.Name=jyjc1" in results["processes"].transcript
    assert "hunter2" not in repr(results)


def test_the_session_s_patience_is_shorter_than_its_checks() -> None:
    from app.checks.host import authentication, checks, connection

    least = min(check.seconds for check in checks.CHECKS)
    assert max(reaching.REACH, connection.KEYS, authentication.LOG_IN, lent.PATIENCE) < least
