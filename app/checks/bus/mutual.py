"""One TLS connection in which we are asked for a certificate: whether the server asked, and what it then did with ours.

The key stays in memory; nothing of it is noted. What the server presents is given, and judged by the caller.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from app.checks.addresses import Address
from app.checks.wire import Wire

if TYPE_CHECKING:
    from OpenSSL.SSL import Connection

Take = Callable[[int], bytes]
PIECE = 16384
MOMENT = 2.0  # seconds in which a server says something after a handshake, if it does at all
LARGEST = 1 << 20  # bytes taken of a handshake and an answer
SIGNED = b"write certificate verify"  # OpenSSL's state in which the challenge is signed (RFC 8446, 4.4.3)
STATUS = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9]{2})[ \r\n]")
REFUSALS = (  # alerts that speak of our certificate (RFC 8446, 6.2; RFC 5246, 7.2.2)
    "bad certificate", "certificate required", "certificate revoked", "certificate expired", "certificate unknown",
    "unknown ca", "access denied",
)  # fmt: skip


class Came(StrEnum):
    """What came of it."""

    ACCEPTED = "accepted"  # the challenge was signed, and the server went on to answer
    REFUSED = "refused"  # it said no to the certificate
    NOT_ASKED = "not asked"  # it wanted none
    UNCLEAR = "unclear"


@dataclass(frozen=True, repr=False)
class Credentials:
    """A certificate with its issuers (DER, its own first) and its private key (PKCS#8 in DER)."""

    chain: tuple[bytes, ...]
    key: bytes


@dataclass
class Attempt:
    """``words`` say what the server said; ``leaf`` is its certificate in DER, empty when none was seen."""

    came: Came = Came.UNCLEAR
    words: str = ""
    leaf: bytes = b""
    states: set[bytes] = field(default_factory=set, repr=False)

    @property
    def signed(self) -> bool:
        return any(SIGNED in state for state in self.states)


def attempt(wire: Wire, address: Address, name: str, credentials: Credentials, leaf: bytes) -> Attempt:
    """Shakes hands, asks for the page and sees what comes. Where the server's certificate is not ``leaf`` nothing is
    asked. Raises as Wire does.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from OpenSSL import SSL

    found = Attempt()
    try:
        connection = _connection(credentials, name, found)
    except (SSL.Error, UnsupportedAlgorithm, ValueError, TypeError):
        return Attempt(words="本机不能用这张证书和私钥签名")
    wire.open(address.host, address.port)
    reader = wire.reader()
    try:
        _shaken(wire, connection, reader.read1, found, leaf)
        if found.leaf == leaf:
            _heard(wire, connection, reader.read1)
            _judge(_answer(wire, connection, reader.read1, address), found)
    except _Alert as alert:
        found.words = str(alert)
        refused = any(word in found.words for word in REFUSALS)
        found.came = Came.REFUSED if refused else Came.UNCLEAR
    return found


class _Alert(Exception):
    """OpenSSL gave up; the text is its reason."""


def _connection(credentials: Credentials, name: str, found: Attempt) -> Connection:
    from cryptography.hazmat.primitives.serialization import load_der_private_key
    from cryptography.x509 import load_der_x509_certificate
    from OpenSSL import SSL

    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(ssl.TLSVersion.TLSv1)
    context.set_cipher_list(b"ALL:!aNULL:!eNULL:@SECLEVEL=0")
    context.set_verify(SSL.VERIFY_NONE)
    certificates = [load_der_x509_certificate(one) for one in credentials.chain]
    context.use_certificate(certificates[0])
    context.use_privatekey(load_der_private_key(credentials.key, None))  # type: ignore[arg-type]
    for one in certificates[1:]:
        context.add_extra_chain_cert(one)
    context.set_info_callback(lambda connection, where, code: found.states.add(connection.get_state_string()))
    connection = SSL.Connection(context, None)
    if not re.fullmatch(r"[0-9.]+|.*:.*", name):
        connection.set_tlsext_host_name(name.encode("ascii"))
    connection.set_connect_state()
    return connection


def _shaken(wire: Wire, connection: Connection, take: Take, found: Attempt, leaf: bytes) -> None:
    """The handshake, until the server has shown its certificate at least. Raises _Alert."""
    from OpenSSL import SSL, crypto

    taken = 0
    while True:
        try:
            connection.do_handshake()
            break
        except SSL.WantReadError:
            _flush(wire, connection)
        except SSL.Error as error:
            _parting(wire, connection)
            raise _Alert(_words(error)) from None
        piece = take(PIECE)
        taken += len(piece)
        if not piece or taken > LARGEST:
            raise _Alert("对方在握手中断开了连接" if not piece else "握手没有尽头")
        connection.bio_write(piece)
    _flush(wire, connection)
    shown = connection.get_peer_certificate()
    found.leaf = crypto.dump_certificate(crypto.FILETYPE_ASN1, shown) if shown else b""
    if found.leaf != leaf:
        found.words = "两次连接出示的服务器证书不同，没有发送请求"


def _heard(wire: Wire, connection: Connection, take: Take) -> None:
    """In TLS 1.3 our handshake is over before the server has seen our certificate: it then sends a ticket, or its
    refusal, which a request sent into its closing would lose.
    """
    if connection.get_protocol_version_name() != "TLSv1.3":
        return
    ends = wire.deadline
    wire.deadline = min(ends, time.monotonic() + MOMENT)
    try:
        piece = take(PIECE)
    except TimeoutError:
        return
    finally:
        wire.deadline = ends
    if piece:
        connection.bio_write(piece)


def _answer(wire: Wire, connection: Connection, take: Take, address: Address) -> bytes:
    """The beginning of what comes for the page: at most its status line. Raises _Alert."""
    from OpenSSL import SSL

    request = f"GET {address.request_target} HTTP/1.1\r\nHost: {address.authority}\r\nConnection: close\r\n\r\n"
    connection.send(request.encode("latin-1"))
    answer, taken = b"", 0
    while b"\n" not in answer and len(answer) < PIECE:
        _parting(wire, connection)
        try:
            answer += connection.recv(PIECE)
            continue
        except SSL.WantReadError:
            pass
        except (SSL.ZeroReturnError, SSL.SysCallError):
            return answer
        except SSL.Error as error:
            _parting(wire, connection)
            raise _Alert(_words(error)) from None
        piece = take(PIECE)
        taken += len(piece)
        if not piece or taken > LARGEST:
            return answer
        connection.bio_write(piece)
    return answer


def _judge(answer: bytes, found: Attempt) -> None:
    status = STATUS.match(answer)
    code = int(status[1]) if status else 0
    found.words = f"HTTP {code}" if status else "没有 HTTP 答复就断开了连接" if not answer else "答复不是 HTTP"
    if not found.signed:
        found.came = Came.NOT_ASKED
    elif code in (401, 403):
        found.came = Came.REFUSED
    else:
        found.came = Came.ACCEPTED if 200 <= code < 300 else Came.UNCLEAR


def _flush(wire: Wire, connection: Connection) -> None:
    from OpenSSL import SSL

    while True:
        try:
            wire.send(connection.bio_read(PIECE))
        except SSL.WantReadError:
            return


def _parting(wire: Wire, connection: Connection) -> None:
    """What we still have to say, as far as the peer takes it: it may have said its last word already."""
    with contextlib.suppress(OSError):
        _flush(wire, connection)


def _words(error: Exception) -> str:
    stack = error.args[0] if error.args else ()
    return "、".join(str(entry[-1]) for entry in stack if isinstance(entry, tuple) and entry) or type(error).__name__
