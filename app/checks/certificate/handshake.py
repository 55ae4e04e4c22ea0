"""The certificates that a TLS server sends, fetched with a handshake and nothing more. Judging them is elsewhere.

Whatever the server presents is taken, valid or not; no byte of application data is sent. Old versions (TLS 1.0 on,
security level 0) are allowed because looking is all that is done.
"""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.checks.wire import Aborted, Unresolved, Wire

if TYPE_CHECKING:
    from OpenSSL.SSL import Connection

LEGACY_SERVER_CONNECT = 0x4  # SSL_OP_LEGACY_SERVER_CONNECT: servers without RFC 5746
CIPHERS = b"ALL:!aNULL:!eNULL:@SECLEVEL=0"
LARGEST = 1 << 20  # bytes read during one handshake
PIECE = 16384
HTTP_BEGINNINGS = (b"HTTP/", b"<htm", b"<HTM", b"<!DO", b"<!do")


class NoHandshake(Exception):
    """No certificate was seen. ``kind``: refused, unreachable, unresolved, silent, closed, not-tls, http, failed or
    aborted; ``detail`` is OpenSSL's or the system's word.
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(kind, detail)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True)
class Presented:
    """``chain``: DER, as sent, the server's own first. ``version``: the protocol agreed, "" without one. ``complete``:
    the handshake came to its end, which proves that the server has the private key.
    """

    chain: tuple[bytes, ...]
    version: str
    complete: bool = False


def fetch(wire: Wire, host: str, port: int, name: str, newest: str) -> Presented:
    """One handshake over ``wire`` (not open yet) with ``host``; ``name`` goes into SNI unless it is an address.

    ``newest``: the newest version offered, a member name of ssl.TLSVersion. Raises NoHandshake.
    """
    stage = "unreachable"
    try:
        wire.open(host, port)
        stage = "silent"
        return _shaken(wire, _connection(name, newest))
    except Aborted:
        raise NoHandshake("aborted") from None
    except Unresolved:
        raise NoHandshake("unresolved") from None
    except ConnectionRefusedError:
        raise NoHandshake("refused") from None
    except TimeoutError:
        raise NoHandshake(stage) from None
    except OSError as error:
        raise NoHandshake("closed" if stage == "silent" else stage, error.strerror or type(error).__name__) from None


def _connection(name: str, newest: str) -> Connection:
    from OpenSSL import SSL

    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(ssl.TLSVersion.TLSv1)
    context.set_max_proto_version(ssl.TLSVersion[newest])
    context.set_options(LEGACY_SERVER_CONNECT)
    context.set_cipher_list(CIPHERS)
    context.set_verify(SSL.VERIFY_NONE)
    connection = SSL.Connection(context, None)
    if not _is_address(name):
        connection.set_tlsext_host_name(name.encode("ascii"))
    connection.set_connect_state()
    return connection


def _is_address(name: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(name.partition("%")[0]))
    return False


def _shaken(wire: Wire, connection: Connection) -> Presented:
    from OpenSSL import SSL

    received = b""
    total = 0
    reader = wire.reader()
    while True:
        try:
            connection.do_handshake()
            presented = _presented(connection)
            _part(wire, connection)
            return replace(presented, complete=True)
        except SSL.WantReadError:
            _flush(wire, connection)
        except SSL.Error as error:
            with contextlib.suppress(OSError):
                _flush(wire, connection)
            return _despite(connection, error, received)
        piece = reader.read1(PIECE)
        received, total = (received + piece)[:16], total + len(piece)
        if not piece or total > LARGEST:
            return _despite(connection, None if piece else EOFError(), received)
        connection.bio_write(piece)


def _flush(wire: Wire, connection: Connection) -> None:
    from OpenSSL import SSL

    while True:
        try:
            wire.send(connection.bio_read(PIECE))
        except SSL.WantReadError:
            return


def _part(wire: Wire, connection: Connection) -> None:
    """Ends properly, so that the server logs no broken handshake."""
    from OpenSSL import SSL

    with contextlib.suppress(SSL.Error, OSError):
        connection.shutdown()
        _flush(wire, connection)


def _presented(connection: Connection) -> Presented:
    from OpenSSL import crypto

    chain = connection.get_peer_cert_chain() or ()
    encoded = tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, one) for one in chain)
    return Presented(encoded, connection.get_protocol_version_name())


def _despite(connection: Connection, error: Exception | None, received: bytes) -> Presented:
    """The certificates seen although the handshake broke off later (a client certificate is demanded, for one)."""
    presented = _presented(connection)
    if presented.chain:
        return presented
    if received.startswith(HTTP_BEGINNINGS):
        raise NoHandshake("http")
    if received and not _is_record(received):
        raise NoHandshake("not-tls", received.decode("ascii", "replace"))
    if isinstance(error, EOFError):
        raise NoHandshake("closed")
    raise NoHandshake("failed", _words(error))


def _is_record(received: bytes) -> bool:
    """A TLS record: alert or handshake, version 3.x."""
    return received[0] in (0x15, 0x16) and (len(received) < 2 or received[1] == 3)


def _words(error: Exception | None) -> str:
    """The reason in OpenSSL's error stack, e.g. ``wrong version number``."""
    stack = error.args[0] if error is not None and error.args else ()
    reasons = [str(entry[-1]) for entry in stack if isinstance(entry, tuple) and entry] if stack else []
    return "、".join(dict.fromkeys(reason for reason in reasons if reason)) or "答复过长"
