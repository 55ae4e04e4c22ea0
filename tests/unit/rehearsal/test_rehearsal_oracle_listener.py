"""The listener before any log-in, packet by packet, and its end."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator

import oracledb
import pytest
from rehearsal_small_world import SmallWorld

from app.rehearsal.oracle.listener import OracleListener

CONNECT, ACCEPT, REFUSE, DATA = 1, 2, 4, 6


@pytest.fixture
def listener(world: SmallWorld) -> Iterator[OracleListener]:
    server = OracleListener(world, 0)  # type: ignore[arg-type]
    server.start()
    yield server
    server.stop()


def connect_packet(descriptor: str, *, apart: bool = False) -> bytes:
    """A CONNECT as SQL*Net 314 sends it; ``apart``: with its descriptor in a DATA packet behind it."""
    text = descriptor.encode()
    body = struct.pack(">HHHHHHHHHHIBB24s", 314, 300, 0, 8192, 32767, 0, 0, 1, len(text), 58, 0, 0, 0, b"")
    whole = body if apart else body + text
    packet = struct.pack(">HHBBH", 8 + len(whole), 0, CONNECT, 0, 0) + whole
    return packet + struct.pack(">HHBBHH", 10 + len(text), 0, DATA, 0, 0, 0) + text if apart else packet


def asked(listener: OracleListener, packet: bytes) -> bytes:
    """All that the listener says until it hangs up or falls silent."""
    with socket.create_connection(("127.0.0.1", listener.port), timeout=20) as client:
        client.sendall(packet)
        with contextlib.suppress(OSError):  # it hung up already
            client.shutdown(socket.SHUT_WR)
        said = b""
        with contextlib.suppress(ConnectionResetError):  # it hung up without having read all
            while part := client.recv(4096):
                said += part
        return said


def test_it_tells_its_version(listener: OracleListener) -> None:
    said = asked(listener, connect_packet("(DESCRIPTION=(CONNECT_DATA=(COMMAND=version)))"))
    assert said[4] == ACCEPT
    assert b"VSNNUM=320208896" in said and b"TNSLSNR for Linux: Version 19.0.0.0.0" in said


def test_it_answers_a_ping(listener: OracleListener) -> None:
    said = asked(listener, connect_packet("(DESCRIPTION=(CONNECT_DATA=(COMMAND=ping)))"))
    assert said[4] == REFUSE and b"(ERR=0)" in said


@pytest.mark.parametrize(
    ("data", "error"), [("(SERVICE_NAME=ELSE)", 12514), ("(SID=ELSE)", 12505), ("(SERVER=DEDICATED)", 12504)]
)
@pytest.mark.parametrize("apart", [False, True])
def test_it_refuses_what_it_does_not_know(listener: OracleListener, data: str, error: int, apart: bool) -> None:
    packet = connect_packet(f"(DESCRIPTION=(CONNECT_DATA={data}(CID=(PROGRAM=a)(HOST=b)(USER=c))))", apart=apart)
    said = asked(listener, packet)
    length, _, kind = struct.unpack_from(">HHB", said)
    assert (length, kind) == (len(said), REFUSE)
    assert f"(ERR={error})".encode() in said


def test_it_accepts_a_known_service_and_counts_no_log_in(listener: OracleListener) -> None:
    said = asked(listener, connect_packet("(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=jyjc)))"))
    assert said[4] == ACCEPT
    listener.stop()
    assert (listener.logins, listener.refused_logins) == (0, 0)


@pytest.mark.parametrize(
    "garbage", [b"", b"\x00", b"GET / HTTP/1.1\r\n\r\n", bytes(200), b"\xff" * 200, b"\x00\x08" * 8]
)
def test_garbage_is_hung_up_on_and_harms_nobody(listener: OracleListener, garbage: bytes) -> None:
    assert asked(listener, garbage) == b""
    assert asked(listener, connect_packet("(CONNECT_DATA=(COMMAND=ping))"))[4] == REFUSE


def test_a_silent_listener_accepts_and_says_nothing(listener: OracleListener, world: SmallWorld) -> None:
    world.switch("db-silent")
    with socket.create_connection(("127.0.0.1", listener.port), timeout=0.2) as client:
        client.sendall(connect_packet("(CONNECT_DATA=(COMMAND=ping))"))
        with pytest.raises(TimeoutError):
            client.recv(1)
        world.switch()
        assert asked(listener, connect_packet("(CONNECT_DATA=(COMMAND=ping))"))[4] == REFUSE


def ended(connection: socket.socket) -> bool:
    """Whether the other side hung up, or dropped what it had not taken yet."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_stopping_ends_sessions_and_silence_at_once_and_leaves_no_thread(world: SmallWorld) -> None:
    before = set(threading.enumerate())
    server = OracleListener(world, 0)  # type: ignore[arg-type]
    port = server.start()
    session = oracledb.connect(
        user="jyjc_check", password="Monitoring1", host="127.0.0.1", port=port, service_name="JYJC"
    )
    world.switch("db-silent")
    silent = socket.create_connection(("127.0.0.1", port), timeout=20)
    server.stop()
    assert ended(silent)
    silent.close()
    with session.cursor() as cursor, pytest.raises(oracledb.Error):
        cursor.execute("SELECT 1 FROM dual")
    assert set(threading.enumerate()) <= before
