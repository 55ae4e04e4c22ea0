"""Servers that behave badly, whatever is asked of them: for checks that must give a verdict and not a traceback."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator

CHUNK = os.urandom(1 << 16)


def silent(connection: socket.socket) -> None:
    """Accepts and says nothing until the client goes."""
    while connection.recv(1 << 16):
        pass


def garbage(connection: socket.socket) -> None:
    """Answers noise at once and hangs up."""
    connection.recv(1 << 16)
    connection.sendall(CHUNK[:5000])


def half(connection: socket.socket) -> None:
    """Promises more than it gives, in the shape that most clients here expect, and hangs up."""
    asked = connection.recv(1 << 16)
    if asked[:4] in (b"GET ", b"POST"):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n<html><title>")
    elif asked.startswith(b"t3 "):
        connection.sendall(b"HELO")
    elif asked.startswith(b"SSH-"):
        connection.sendall(b"SSH-2.0-Ha")
    else:
        connection.sendall(b"\x00\x20\x00\x00\x02\x00")


def flood(connection: socket.socket) -> None:
    """Five hundred megabytes, as an HTTP body or as what comes instead of a greeting."""
    asked = connection.recv(1 << 16)
    if asked[:4] in (b"GET ", b"POST"):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 524288000\r\n\r\n")
    for _ in range(8000):
        connection.sendall(CHUNK)


BEHAVIOURS: dict[str, Callable[[socket.socket], None]] = {
    "silent": silent,
    "garbage": garbage,
    "half": half,
    "flood": flood,
}


@contextlib.contextmanager
def serving(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on loopback at which every connection is treated by ``behave``."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            behave(connection)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()


@contextlib.contextmanager
def refusing() -> Iterator[int]:
    """A port that is ours and at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
