"""The application's host over SSH with paramiko's client; each fault both ways."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import paramiko
import pytest
from rehearsal_small_world import SmallWorld

from app.rehearsal.linux_host import JAVA
from app.rehearsal.ssh import SshServer

PASSWORD = "主Host-1"
PS = "env LC_ALL=C ps -eo pid,args"


@pytest.fixture
def server(world: SmallWorld) -> Iterator[SshServer]:
    ssh = SshServer(world, 0)  # type: ignore[arg-type]
    world.ports = {"ssh": ssh.start(), "wls-admin": 17001, "wls-jyjc2": 17004, "oracle": 11521}
    yield ssh
    ssh.stop()


def connected(server: SshServer) -> paramiko.Transport:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    transport = paramiko.Transport(connection)
    transport.start_client(timeout=20)
    return transport


@pytest.fixture
def session(server: SshServer) -> Iterator[paramiko.Transport]:
    transport = connected(server)
    transport.auth_password("weblogic", PASSWORD)
    yield transport
    transport.close()


def run(session: paramiko.Transport, command: str) -> tuple[str, str, int]:
    with session.open_session(timeout=20) as channel:
        channel.settimeout(20)
        channel.exec_command(command)
        output = channel.makefile("rb").read()
        errors = channel.makefile_stderr("rb").read()
        return output.decode(), errors.decode(), channel.recv_exit_status()


def test_both_ways_of_logging_in_and_refusals_are_counted(server: SshServer) -> None:
    first = connected(server)
    with pytest.raises(paramiko.AuthenticationException):
        first.auth_password("weblogic", "wrong", fallback=False)
    other = connected(server)
    with pytest.raises(paramiko.AuthenticationException):
        other.auth_password("root", PASSWORD, fallback=False)
    other.close()
    with pytest.raises(paramiko.AuthenticationException):
        first.auth_interactive("weblogic", lambda title, instructions, prompts: ["wrong"])
    assert (server.logins, server.refused_logins) == (0, 3)
    first.auth_interactive("weblogic", lambda title, instructions, prompts: [PASSWORD for _ in prompts])
    assert first.is_authenticated()
    first.close()
    second = connected(server)
    second.auth_password("weblogic", PASSWORD)
    assert second.is_authenticated()
    second.close()
    assert (server.logins, server.refused_logins) == (2, 3)


def test_the_commands_of_an_inspection_answer_on_the_right_stream(session: paramiko.Transport) -> None:
    assert run(session, "uname -srm") == ("Linux 4.19.90-17.ky10.x86_64 x86_64\n", "", 0)
    assert 'PRETTY_NAME="Kylin Linux Advanced Server V10' in run(session, "cat /etc/os-release")[0]
    assert run(session, "env LC_ALL=C df -iP")[0].startswith("Filesystem")
    assert "MemAvailable:" in run(session, "cat /proc/meminfo")[0]
    output, errors, status = run(session, f"{JAVA} -version")
    assert (output, status) == ("", 0) and errors.startswith('java version "1.8.0_202"')


def test_nothing_else_can_be_run(session: paramiko.Transport) -> None:
    assert run(session, "rm -rf /") == ("", "bash: rm: command not found\n", 127)
    assert run(session, "uname -a")[2] == 127
    assert run(session, "uname -srm; id")[2] == 127
    assert run(session, "/opt/java/bin/java -version") == (
        "",
        "bash: /opt/java/bin/java: No such file or directory\n",
        127,
    )
    assert run(session, "") == ("", "bash: : command not found\n", 127)


def test_there_is_no_shell_and_no_forwarding(session: paramiko.Transport) -> None:
    with session.open_session(timeout=20) as channel, pytest.raises(paramiko.SSHException):
        channel.invoke_shell()
    with pytest.raises(paramiko.ChannelException):
        session.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 0), timeout=20)


def test_sessions_and_channels_side_by_side(server: SshServer) -> None:
    transports = [connected(server) for _ in range(3)]
    for transport in transports:
        transport.auth_password("weblogic", PASSWORD)
    with ThreadPoolExecutor(9) as pool:
        answers = list(pool.map(lambda n: run(transports[n % 3], PS), range(27)))
    assert len(set(answers)) == 1 and answers[0][2] == 0
    for transport in transports:
        transport.close()


def test_the_host_key_is_another_one_only_under_its_fault(server: SshServer, world: SmallWorld) -> None:
    def presented() -> str:
        transport = connected(server)
        key = transport.get_remote_server_key().fingerprint
        transport.close()
        return key

    usual = presented()
    world.switch("host-key-changed")
    assert presented() != usual
    world.switch()
    assert presented() == usual


def free_kib(session: paramiko.Transport, mount: str) -> tuple[int, int]:
    lines = run(session, "env LC_ALL=C df -kP")[0].splitlines()
    fields = next(line.split() for line in lines if line.split()[-1] == mount)
    assert int(fields[1]) == int(fields[2]) + int(fields[3])
    return int(fields[3]), int(fields[4].rstrip("%"))


def test_disk_full(session: paramiko.Transport, world: SmallWorld) -> None:
    assert free_kib(session, "/")[0] > 20 * 1024 * 1024
    world.switch("disk-full")
    free, used = free_kib(session, "/")
    assert free < 2 * 1024 * 1024 and used >= 97
    assert free_kib(session, "/u01")[1] < 50


def test_clock_skewed(session: paramiko.Transport, world: SmallWorld) -> None:
    def ahead() -> float:
        return float(run(session, "date -u +%s.%N")[0]) - time.time()

    assert abs(ahead()) < 30
    world.switch("clock-skewed")
    assert 570 < ahead() < 630


def test_server_down_takes_the_process_and_its_port_away(session: paramiko.Transport, world: SmallWorld) -> None:
    processes, sockets = run(session, PS)[0], run(session, "env LC_ALL=C ss -lnt")[0]
    for name in ("-Dweblogic.Name=AdminServer", "-Dweblogic.Name=jyjc1", "-Dweblogic.Name=jyjc2", "ora_pmon_JYJC"):
        assert name in processes
    assert "127.0.0.1:17004 " in sockets and "127.0.0.1:17001 " in sockets
    world.switch("server-down")
    processes, sockets = run(session, PS)[0], run(session, "env LC_ALL=C ss -lnt")[0]
    assert "-Dweblogic.Name=jyjc2" not in processes and "-Dweblogic.Name=jyjc1" in processes
    assert "127.0.0.1:17004 " not in sockets and "127.0.0.1:17001 " in sockets
    assert ":17001 " in run(session, "env LC_ALL=C netstat -an")[0]


def test_stopping_ends_sessions_at_once(server: SshServer, session: paramiko.Transport) -> None:
    server.stop()
    session.join(20)
    assert not session.is_active()


def test_a_client_that_speaks_nonsense_harms_nobody(server: SshServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n" * 100)
        assert client.recv(4) == b"SSH-"
    transport = connected(server)
    transport.auth_password("weblogic", PASSWORD)
    assert run(transport, "uname -srm")[2] == 0
    transport.close()
