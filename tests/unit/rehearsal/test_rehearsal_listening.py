"""The ports themselves: several clients at once, an immediate end, and refusing without losing the port."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from app.rehearsal.listening import Listening, hold


class Echo(Listening):
    def serve(self, connection: socket.socket) -> None:
        while data := connection.recv(4096):
            connection.sendall(data)


class Silent(Listening):
    def __init__(self) -> None:
        super().__init__(0)
        self.holding = threading.Event()

    def serve(self, connection: socket.socket) -> None:
        self.holding.set()
        hold(connection)


class Slow(Listening):
    def __init__(self) -> None:
        super().__init__(0)
        self.waiting = threading.Event()

    def serve(self, connection: socket.socket) -> None:
        self.waiting.set()
        self.pause(3600)
        connection.sendall(b"late")


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo(0)
    server.start()
    yield server
    server.stop()


def connect(server: Listening) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


def test_serves_clients_side_by_side(echo: Echo) -> None:
    clients = [connect(echo) for _ in range(20)]
    for number, client in enumerate(clients):
        client.sendall(b"%d" % number)
    assert [client.recv(100) for client in reversed(clients)] == [b"%d" % number for number in reversed(range(20))]
    for client in clients:
        client.close()


def test_is_bound_to_loopback_only(echo: Echo) -> None:
    assert echo._listener is not None
    assert echo._listener.getsockname()[0] == "127.0.0.1"


def test_stopping_ends_connections_and_threads_and_frees_the_port() -> None:
    before = set(threading.enumerate())
    server = Echo(0)
    port = server.start()
    client = connect(server)
    client.sendall(b"hello")
    assert client.recv(100) == b"hello"
    server.stop()
    assert client.recv(100) == b""
    assert set(threading.enumerate()) <= before
    again = Echo(port)
    assert again.start() == port
    again.stop()


def test_stopping_ends_a_connection_that_is_held_in_silence() -> None:
    server = Silent()
    server.start()
    with connect(server):
        assert server.holding.wait(20)
        server.stop()


def test_stopping_does_not_wait_for_a_pause() -> None:
    server = Slow()
    server.start()
    with connect(server):
        assert server.waiting.wait(20)
        server.stop()


def test_a_port_that_is_taken_is_an_error(echo: Echo) -> None:
    with pytest.raises(OSError):
        Echo(echo.port).start()


def test_refusing_refuses_cuts_and_comes_back_on_the_same_port(echo: Echo) -> None:
    port = echo.port
    client = connect(echo)
    client.sendall(b"a")
    assert client.recv(1) == b"a"
    echo.refuse(True)
    assert client.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        connect(echo)
    echo.refuse(False)
    with connect(echo) as client:
        client.sendall(b"b")
        assert client.recv(1) == b"b"
    assert echo.port == port


def test_while_refusing_the_port_goes_to_nobody_else(echo: Echo) -> None:
    echo.refuse(True)
    with socket.socket() as other, pytest.raises(OSError):
        other.bind(("127.0.0.1", echo.port))


def test_a_port_can_start_refusing() -> None:
    server = Echo(0)
    server.refuse(True)
    server.start()
    with pytest.raises(ConnectionRefusedError):
        connect(server)
    server.stop()
