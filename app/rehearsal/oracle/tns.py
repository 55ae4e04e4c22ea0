"""The listener's own packets, before a session exists: CONNECT read, REFUSE and what it says of its version.

Packets have an eight-byte header (length, checksum, type, flags, checksum of the header), big endian.
"""

from __future__ import annotations

import re
import socket
import struct
from dataclasses import dataclass

CONNECT, ACCEPT, REFUSE, DATA = 1, 2, 4, 6
HEADER = 8
LAST_DATA = 0x0040  # of a DATA packet's flags: end of file
MOST = 8192  # bytes of a connect descriptor


@dataclass(frozen=True)
class Request:
    """A client's CONNECT: ``raw`` is every byte it sent, ``descriptor`` its connect data."""

    raw: bytes
    version: int
    descriptor: str

    def field(self, name: str) -> str:
        """The value of the descriptor's innermost field of that name, else nothing."""
        found = re.search(rf"\(\s*{name}\s*=\s*([^()\s]*)", self.descriptor, re.IGNORECASE)
        return found.group(1) if found else ""


def read_request(connection: socket.socket) -> Request | None:
    """Reads one CONNECT with its descriptor, which may follow in a packet of its own; None when it is none."""
    first = read_packet(connection)
    if len(first) < 28 or first[4] != CONNECT:
        return None
    length, offset = struct.unpack_from(">HH", first, 24)
    if not length or length > MOST:
        return None
    raw, data = first, first[offset : offset + length]
    if not data:
        following = read_packet(connection)
        raw, data = raw + following, following[HEADER + 2 :]
    (version,) = struct.unpack_from(">H", first, 8)
    return Request(raw, version, data.decode("ascii", "replace"))


def read_packet(connection: socket.socket) -> bytes:
    """One packet with its header; less, or nothing, when the client hangs up or sends none."""
    head = read_exactly(connection, HEADER)
    if len(head) < HEADER:
        return head
    (length,) = struct.unpack_from(">H", head)
    return head + read_exactly(connection, length - HEADER) if HEADER <= length <= MOST else head


def read_exactly(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        part = connection.recv(count - len(received))
        if not part:
            break
        received += part
    return received


def packet(kind: int, body: bytes) -> bytes:
    return struct.pack(">HHBBH", HEADER + len(body), 0, kind, 0, 0) + body


def refusal(error: int, listener_version: int) -> bytes:
    """REFUSE as a listener words it; EMFI 4 is the message file of TNS."""
    text = (
        f"(DESCRIPTION=(TMP=)(VSNNUM={listener_version})(ERR={error})(ERROR_STACK=(ERROR=(CODE={error})(EMFI=4))))"
    ).encode()
    return packet(REFUSE, struct.pack(">BBH", 0x22, 0, len(text)) + text)


def ping_answer(listener_version: int) -> bytes:
    """What ``tnsping`` is answered: a REFUSE without an error."""
    text = f"(DESCRIPTION=(TMP=)(VSNNUM={listener_version})(ERR=0)(ALIAS=LISTENER))".encode()
    return packet(REFUSE, struct.pack(">BBH", 0, 0, len(text)) + text)


def version_answer(request: Request, listener_version: int, release: str) -> bytes:
    """What ``lsnrctl version`` is answered: ACCEPT with the listener's number, then its name in DATA."""
    accepted = f"(DESCRIPTION=(TMP=)(VSNNUM={listener_version})(ERR=0))".encode()
    body = struct.pack(">HHHHHHHH", min(request.version, 314), 0, 8192, 65535, 0x0100, len(accepted), 32, 0x4141)
    text = (
        f"TNSLSNR for Linux: Version {release} - Production\n"
        f"\tTNS for Linux: Version {release} - Production\n"
        f"\tTCP/IP NT Protocol Adapter for Linux: Version {release} - Production,,"
    ).encode()
    data = packet(DATA, struct.pack(">H", 0) + text) + packet(DATA, struct.pack(">H", LAST_DATA))
    return packet(ACCEPT, body + bytes(8) + accepted) + data


class Replayed:
    """A connection whose first bytes have been read already: they are read once more, then what follows them."""

    def __init__(self, connection: socket.socket, first: bytes) -> None:
        self._connection = connection
        self._first = first

    def recv(self, count: int) -> bytes:
        if self._first:
            given, self._first = self._first[:count], self._first[count:]
            return given
        return self._connection.recv(count)

    def sendall(self, data: bytes) -> None:
        self._connection.sendall(data)

    def settimeout(self, seconds: float | None) -> None:
        self._connection.settimeout(seconds)

    def gettimeout(self) -> float | None:
        return self._connection.gettimeout()
