"""The listener's probe against sockets that answer as listeners do, badly, or not at all; it never hangs."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from loopback_lines import Server, dripping, silent
from oracle_small import results, surroundings_of, target_of

from app.checks.database import listener, tns
from app.checks.database.session import OracleSession
from app.checks.model import Failed, Outcome, Result, Undetermined

VSNNUM_11 = 186647552  # 11.2.0.4.0
VSNNUM_19 = 19 << 24 | 22 << 16
Speak = Callable[[socket.socket, threading.Event], None]
Start = Callable[[Speak], int]


def packet(kind: int, body: bytes) -> bytes:
    return struct.pack(">HHBBH", len(body) + 8, 0, kind, 0, 0) + body


def accept(text: bytes = b"") -> bytes:
    return packet(2, struct.pack(">HHHHHHH", 314, 0, 8192, 32767, 1, len(text), 32) + bytes(10) + text)


def refuse(code: int, version: int = VSNNUM_19) -> bytes:
    text = f"(DESCRIPTION=(TMP=)(VSNNUM={version})(ERR={code})(ERROR_STACK=(ERROR=(CODE={code})(EMFI=4))))".encode()
    return packet(4, struct.pack(">BBH", 4, 0, len(text)) + text)


def redirect(text: str, apart: bool = False) -> bytes:
    """A REDIRECT; its text in the same packet, or in a DATA packet after it as old listeners send it."""
    data = text.encode()
    length = struct.pack(">H", len(data))
    return packet(5, length) + packet(6, b"\0\0" + data) if apart else packet(5, length + data)


def request(connection: socket.socket) -> str:
    """Reads a CONNECT packet (with the DATA packet that a long descriptor takes); returns its descriptor."""
    head = connection.recv(8, socket.MSG_WAITALL)
    if len(head) < 8:
        raise ConnectionResetError
    body = connection.recv(struct.unpack(">H", head[:2])[0] - 8, socket.MSG_WAITALL)
    length, offset = struct.unpack_from(">HH", body, 16)
    text = body[offset - 8 :]
    if not text:
        head = connection.recv(8, socket.MSG_WAITALL)
        text = connection.recv(struct.unpack(">H", head[:2])[0] - 8, socket.MSG_WAITALL)[2:]
    assert head[4] in (1, 6) and len(text) == length
    return text.decode()


def answering(*answers: bytes, version: bytes = b"") -> Speak:
    """Answers a CONNECT with ``answers``; one that asks for the version with ``version``."""

    def speak(connection: socket.socket, over: threading.Event) -> None:
        asked = request(connection)
        connection.sendall(version if "COMMAND=version" in asked else b"".join(answers))
        over.wait()

    return speak


@pytest.fixture
def start() -> Iterator[Start]:
    servers: list[Server] = []

    def started(speak: Speak) -> int:
        servers.append(Server(speak))
        return servers[-1].port

    yield started
    for server in servers:
        server.close()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "SECONDS", 0.5)
    monkeypatch.setattr(listener, "VERSION_SECONDS", 0.3)


def probed(port: int, **more: Any) -> Result:
    return results(target_of(port, **more), "oracle.listener")["oracle.listener"]


def test_an_accepted_service_with_a_readable_version_passes_without_a_log_in(start: Start) -> None:
    told = refuse(0, VSNNUM_19)
    result = probed(start(answering(accept(), version=told)))
    assert (result.outcome, result.route) == (Outcome.PASS, "TNS 探测")
    assert "版本 19.22.0.0.0" in result.actual and "JYJC" in result.actual


@pytest.mark.parametrize(
    "version",
    [
        accept(b"(DESCRIPTION=(TMP=)(VSNNUM=153092352)(ERR=0))"),
        accept() + packet(6, b"\0\0TNSLSNR for Linux: Version 9.2.0.1.0 - Production"),
        refuse(1189, 153092352),
    ],
    ids=["in the ACCEPT", "in the data after it", "in a refusal"],
)
def test_the_version_of_an_old_listener_is_read_wherever_it_stands(start: Start, version: bytes) -> None:
    result = probed(start(answering(accept(), version=version)), service="", sid="JYJC")
    assert result.outcome is Outcome.PASS
    assert "版本 9.2.0.1.0" in result.actual


@pytest.mark.parametrize("version", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", accept(), refuse(0, 0)])
def test_a_version_that_cannot_be_read_is_a_warning(start: Start, version: bytes) -> None:
    result = probed(start(answering(accept(), version=version)))
    assert (result.outcome, result.reason) == (Outcome.WARN, "监听没有告诉版本")


@pytest.mark.parametrize(
    ("code", "outcome", "said"),
    [
        (12514, Outcome.FAIL, "60 秒"),
        (12505, Outcome.FAIL, "60 秒"),
        (12528, Outcome.FAIL, "OPEN"),
        (12519, Outcome.FAIL, "processes"),
        (99999, Outcome.FAIL, "错误号"),
        (12537, Outcome.UNKNOWN, "validnode"),
        (12547, Outcome.UNKNOWN, "validnode"),
        (12535, Outcome.UNKNOWN, "防火墙"),
        (0, Outcome.UNKNOWN, "监听日志"),
    ],
)
def test_a_refusal_is_judged_by_its_code(start: Start, code: int, outcome: Outcome, said: str) -> None:
    result = probed(start(answering(refuse(code, VSNNUM_11))))
    assert result.outcome is outcome
    assert said in result.advice
    assert not code or f"ORA-{code:05d}" in result.reason


def test_nobody_listening_fails_and_the_other_checks_are_unknown_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    found = results(target_of(port))
    assert found.pop("oracle.listener").outcome is Outcome.FAIL
    assert len(found) > 15
    assert {result.outcome for result in found.values()} == {Outcome.UNKNOWN}
    assert all("见 oracle.listener" in result.reason for result in found.values())


def test_a_service_that_is_not_known_keeps_the_run_from_logging_in(start: Start) -> None:
    found = results(target_of(start(answering(refuse(12514)))), "oracle.listener", "oracle.login")
    assert found["oracle.listener"].outcome is Outcome.FAIL
    assert found["oracle.login"].outcome is Outcome.UNKNOWN
    assert "ORA-12514" in found["oracle.login"].reason


def resending(connection: socket.socket, over: threading.Event) -> None:
    while request(connection):
        connection.sendall(packet(11, b""))


def endless(connection: socket.socket, over: threading.Event) -> None:
    while not over.is_set():
        connection.sendall(packet(6, bytes(8000)))


def hanging_up(connection: socket.socket, over: threading.Event) -> None:
    request(connection)
    connection.close()


def resetting(connection: socket.socket, over: threading.Event) -> None:
    request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


BAD: dict[str, tuple[Speak, str]] = {
    "silent": (silent, "0.5 秒内没有答复"),
    "dripping": (dripping, "127.0.0.1"),
    "hanging up": (hanging_up, "TNS-12537"),
    "resetting": (resetting, "TNS-12547"),
    "asking again for ever": (resending, "要求重发"),
    "endless": (endless, "不是监听的答复"),
    "garbage": (answering(b"\x15\x03\x01\x00\x02\x02\x50" + bytes(40)), "不是监听的答复"),
    "a web server": (answering(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), "不是监听的答复"),
    "zero bytes": (answering(bytes(64)), "不是监听的答复"),
    "half an ACCEPT": (answering(accept()[:11]), "没有答复"),
    "an ACCEPT without a body": (answering(packet(2, b"\1")), "ACCEPT"),
    "an ACCEPT of no version": (answering(packet(2, bytes(24))), "ACCEPT"),
    "a REFUSE without a length": (answering(packet(4, b"")), "不完整"),
    "an unknown packet": (answering(packet(9, b"?")), "包类型 9"),
}


@pytest.mark.parametrize("name", BAD)
def test_whatever_is_no_answer_is_unknown_within_the_time(start: Start, name: str) -> None:
    speak, said = BAD[name]
    began = time.monotonic()
    result = probed(start(speak))
    assert time.monotonic() - began < 5
    assert result.outcome is Outcome.UNKNOWN
    assert said in result.reason
    assert result.advice


@pytest.mark.parametrize("alert", ["15030100020228", "15030300020246" + "15030300020100"])
def test_a_port_that_speaks_tls_is_unknown_and_named(start: Start, alert: str) -> None:
    def speak(connection: socket.socket, over: threading.Event) -> None:
        request(connection)
        connection.sendall(bytes.fromhex(alert))
        connection.shutdown(socket.SHUT_WR)
        over.wait()

    result = probed(start(speak))
    assert result.outcome is Outcome.UNKNOWN
    assert "TCPS" in result.reason


def test_a_silent_listener_is_not_asked_a_second_time(start: Start) -> None:
    server_port = start(silent)
    began = time.monotonic()
    found = results(target_of(server_port))
    assert time.monotonic() - began < 5
    assert {result.outcome for result in found.values()} == {Outcome.UNKNOWN}


@pytest.mark.parametrize("apart", [False, True])
def test_a_redirect_is_followed_and_its_way_told(start: Start, apart: bool) -> None:
    behind: list[str] = []

    def node(connection: socket.socket, over: threading.Event) -> None:
        behind.append(request(connection))
        connection.sendall(accept())
        over.wait()

    port = start(node)
    way = f"(ADDRESS=(PROTOCOL=tcp)(HOST=127.0.0.1)(PORT={port}))\0(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=JYJC)))"
    result = probed(start(answering(redirect(way, apart), version=refuse(0))))
    assert result.outcome is Outcome.PASS
    assert f"经 127.0.0.1:{port}" in result.actual
    assert behind == ["(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=JYJC)))"]


def test_a_redirect_to_a_name_that_cannot_be_reached_is_unknown_and_named(start: Start) -> None:
    way = "(ADDRESS=(PROTOCOL=tcp)(HOST=rac-scan.invalid)(PORT=1521))"
    found = results(target_of(start(answering(redirect(way)))), "oracle.listener", "oracle.login")
    result = found["oracle.listener"]
    assert result.outcome is Outcome.UNKNOWN
    assert "rac-scan.invalid:1521" in result.reason and "无法解析" in result.reason
    assert found["oracle.login"].outcome is Outcome.UNKNOWN


def test_a_redirect_to_a_closed_port_is_unknown_and_named(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    result = probed(start(answering(redirect(f"(ADDRESS=(PROTOCOL=tcp)(HOST=127.0.0.1)(PORT={port}))"))))
    assert result.outcome is Outcome.UNKNOWN
    assert f"127.0.0.1:{port}" in result.reason and "连接被拒绝" in result.reason


def test_redirects_in_a_circle_end(start: Start) -> None:
    port: list[int] = []

    def circling(connection: socket.socket, over: threading.Event) -> None:
        request(connection)
        connection.sendall(redirect(f"(ADDRESS=(PROTOCOL=tcp)(HOST=127.0.0.1)(PORT={port[0]}))"))
        over.wait()

    port.append(start(circling))
    result = probed(port[0])
    assert result.outcome is Outcome.UNKNOWN
    assert "一再转向" in result.reason


@pytest.mark.parametrize("way", ["", "(ADDRESS=(HOST=h))", "(ADDRESS=(HOST=h)(PORT=99999))"])
def test_a_redirect_that_names_no_address_is_unknown(start: Start, way: str) -> None:
    result = probed(start(answering(redirect(way))))
    assert result.outcome is Outcome.UNKNOWN
    assert result.reason


def test_abort_ends_a_silent_probe_at_once(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "SECONDS", 60.0)
    server = Server(silent)
    target = target_of(server.port)
    session = OracleSession(target, surroundings_of(target))
    caught: list[BaseException] = []

    def go() -> None:
        try:
            listener.gather(session, target)
        except (Undetermined, Failed) as error:
            caught.append(error)

    running = threading.Thread(target=go)
    running.start()
    assert server.accepted.acquire(timeout=10)
    began = time.monotonic()
    session.abort()
    running.join(10)
    assert time.monotonic() - began < 2
    assert isinstance(caught[0], Undetermined)
    server.close()


def test_a_long_descriptor_follows_in_a_packet_of_its_own(start: Start) -> None:
    seen: list[str] = []

    def speak(connection: socket.socket, over: threading.Event) -> None:
        seen.append(request(connection))
        connection.sendall(accept() if "COMMAND" not in seen[-1] else refuse(0))
        over.wait()

    service = "jyjc" * 60
    assert probed(start(speak), service=service).outcome is Outcome.PASS
    assert service in seen[0]


@pytest.mark.parametrize(
    ("packed", "release"),
    [(186647552, "11.2.0.4.0"), (153092352, "9.2.0.1.0"), (135294976, "8.1.7.0.0"), (318767104, "19.0.0.0.0"),
     (202375680, "12.1.0.2.0"), (387055616, "23.18.0.0.0")],
)  # fmt: skip
def test_the_packed_release_is_read_by_its_major(packed: int, release: str) -> None:
    assert tns.release(packed) == release
