"""Servers for TLS probes: openssl's own on a free port, and scripted ones that answer a hello byte by byte."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from certificate_making import Issued, listening, write

HELLO_DONE = b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00"


@contextlib.contextmanager
def s_server(folder: Path, own: Issued, *words: str) -> Iterator[int]:
    """``openssl s_server`` with that certificate and these options; its port once it listens."""
    files = ("-cert", write(folder / "s.pem", own.pem), "-key", write(folder / "s.key", own.key_pem))
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", *map(str, files), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        try:
            for line in server.stdout:
                if found := re.search(rb"ACCEPT .*:(\d+)", line):
                    yield int(found[1])
                    break
        finally:
            server.kill()


@dataclass(frozen=True)
class Hello:
    """A client's hello as a scripted server sees it; ``version`` is 0x0304 where that is offered."""

    version: int
    suites: tuple[int, ...]
    extensions: dict[int, bytes]


def hello_of(client: socket.socket) -> Hello:
    """Reads one ClientHello. Raises EOFError."""
    reader = client.makefile("rb")
    head = reader.read(2)
    if len(head) < 2:
        raise EOFError
    if head[0] & 0x80:
        body = reader.read(int.from_bytes(head, "big") & 0x7FFF)
        size = int.from_bytes(body[3:5], "big")
        kinds = tuple(int.from_bytes(body[9 + at : 12 + at], "big") for at in range(0, size, 3))
        return Hello(int.from_bytes(body[1:3], "big"), kinds, {})
    head += reader.read(3)
    body = reader.read(int.from_bytes(head[3:5], "big"))[4:]
    at = 35 + body[34]
    (size,) = struct.unpack_from(">H", body, at)
    suites = struct.unpack_from(f">{size // 2}H", body, at + 2)
    extensions = _extensions(body[at + 2 + size + 1 + body[at + 2 + size] :])
    version = 0x0304 if b"\x03\x04" in extensions.get(43, b"") else int.from_bytes(body[:2], "big")
    return Hello(version, suites, extensions)


def _extensions(data: bytes) -> dict[int, bytes]:
    found, at = {}, 2
    while at + 4 <= len(data):
        number, length = struct.unpack_from(">HH", data, at)
        found[number] = data[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def record(kind: int, content: bytes, version: int = 0x0303) -> bytes:
    return bytes([kind]) + struct.pack(">HH", version, len(content)) + content


def alert(number: int, level: int = 2) -> bytes:
    return record(0x15, bytes([level, number]))


def server_hello(version: int, suite: int, random: bytes = bytes(32)) -> bytes:
    """A ServerHello in a record of its own."""
    old = 0x0303 if version == 0x0304 else version
    body = struct.pack(">H", old) + random + b"\x00" + struct.pack(">H", suite) + b"\x00"
    if version == 0x0304:
        body += b"\x00\x06\x00\x2b\x00\x02\x03\x04"
    return record(0x16, b"\x02" + len(body).to_bytes(3, "big") + body, old)


def ssl2_hello(*kinds: int) -> bytes:
    """An SSL 2.0 SERVER-HELLO that offers these kinds of cipher."""
    listed = b"".join(kind.to_bytes(3, "big") for kind in kinds)
    body = b"\x04\x00\x01\x00\x02" + struct.pack(">HHH", 3, len(listed), 4) + b"crt" + listed + b"conn"
    return struct.pack(">H", 0x8000 | len(body)) + body


@contextlib.contextmanager
def scripted(answer: Callable[[Hello, int], bytes | None]) -> Iterator[tuple[int, list[Hello]]]:
    """A server that answers each hello with ``answer(hello, number)`` and closes; None leaves the client waiting.

    Gives its port and the hellos seen.
    """
    seen: list[Hello] = []

    def serve(client: socket.socket) -> None:
        with contextlib.suppress(EOFError):
            hello = hello_of(client)
            seen.append(hello)
            said = answer(hello, len(seen))
            if said is None:
                client.recv(1)
            else:
                client.sendall(said)

    with listening(serve) as port:
        yield port, seen


def speaking(
    versions: dict[int, tuple[int, ...]], refuse: bytes = alert(70), national: tuple[int, ...] = ()
) -> Callable[[Hello, int], bytes | None]:
    """A server that speaks these versions with these suites, takes its own first choice, and refuses the rest so."""

    def answer(hello: Hello, number: int) -> bytes | None:
        if hello.version == 0x0101:
            own = [suite for suite in national if suite in hello.suites]
            return server_hello(0x0101, own[0]) if own else refuse
        fit = [suite for suite in versions.get(hello.version, ()) if suite in hello.suites]
        if hello.version == 0x0002:
            return ssl2_hello(*fit) if fit else refuse
        return server_hello(hello.version, fit[0]) if fit else refuse

    return answer
