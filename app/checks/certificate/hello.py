"""ClientHellos of every version that was ever spoken, and what a server answers to one (SSL 2.0 to TLS 1.3, TLCP).

A probe asks and reads the first answer, no more: no key is agreed, no application data is sent.
"""

from __future__ import annotations

import io
import ipaddress
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from app.checks.certificate.suites import SSL2, SSL2_KINDS, SSL3, TLCP, TLS12, TLS13
from app.checks.wire import Aborted, Unresolved, Wire

LARGEST = 1 << 16  # bytes read for one answer
SIGNALLING = 0x00FF  # TLS_EMPTY_RENEGOTIATION_INFO_SCSV, RFC 5746
GROUPS = (29, 23, 24, 25, 30, 41, 26, 27, 28, 22, 21, 19, 14, 13, 256, 257, 258)  # x25519, NIST, SM2, brainpool, DH
SIGNATURES = (
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, 0x0401, 0x0501, 0x0601,
    0x0708, 0x0303, 0x0301, 0x0402, 0x0502, 0x0602, 0x0302, 0x0203, 0x0201, 0x0202, 0x0101,
)  # fmt: skip
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")  # RFC 8446, 4.1.3
ALERT, HANDSHAKE, SERVER_HELLO, HELLO_REQUEST = 0x15, 0x16, 2, 0
WARNING, CLOSE_NOTIFY = 1, 0
PROTOCOL_VERSION = "告警 protocol_version"  # the one refusal that names its reason
INTERNAL_ERROR = 80  # OpenSSL's word for a version that its security level leaves without signatures
TELLING_NOTHING = {  # alerts that say nothing of what is offered
    49: "access_denied", 90: "user_canceled", 109: "missing_extension",
    110: "unsupported_extension", 112: "unrecognized_name", 115: "unknown_psk_identity", 116: "certificate_required",
}  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """``kind``: hello, refused (an alert), failed (the server's internal error), closed, silent, nonsense, unreachable.
    ``version`` and ``suite`` of a hello; ``detail``: the alert, or what came instead.
    """

    kind: str
    version: int = 0
    suite: int = 0
    detail: str = ""


def client_hello(version: int, suites: Sequence[int], name: str) -> bytes:
    """A ClientHello that speaks ``version`` and no other, offering ``suites``; ``name`` goes into SNI."""
    if version == SSL2:
        return _ssl2_hello()
    offered = (*suites, SIGNALLING) if version not in (TLS13, TLCP) else tuple(suites)
    session = os.urandom(32) if version == TLS13 else b""
    body = struct.pack(">H", min(version, TLS12)) + os.urandom(32) + _short(session)
    body += _long(b"".join(struct.pack(">H", suite) for suite in offered)) + _short(b"\0")
    if version not in (SSL3, TLCP):
        body += _long(b"".join(_extensions(version, name)))
    message = bytes([1]) + len(body).to_bytes(3, "big") + body
    record = version if version in (SSL3, TLCP) else 0x0301
    return bytes([HANDSHAKE]) + struct.pack(">H", record) + _long(message)


def _ssl2_hello() -> bytes:
    kinds = b"".join(kind.to_bytes(3, "big") for kind in SSL2_KINDS)
    body = b"\x01" + struct.pack(">HHHH", SSL2, len(kinds), 0, 16) + kinds + os.urandom(16)
    return struct.pack(">H", 0x8000 | len(body)) + body


def _short(content: bytes) -> bytes:
    return bytes([len(content)]) + content


def _long(content: bytes) -> bytes:
    return struct.pack(">H", len(content)) + content


def _extensions(version: int, name: str) -> list[bytes]:
    """Those without which servers refuse (RFC 6066, 8422, 5246, 7627, 8446)."""
    found = [(0, _long(b"\0" + _long(name.encode("ascii"))))] if name and not _is_address(name) else []
    found += [(10, _long(b"".join(struct.pack(">H", group) for group in GROUPS))), (11, b"\x01\x00")]
    if version >= TLS12:
        found.append((13, _long(b"".join(struct.pack(">H", one) for one in SIGNATURES))))
    if version <= TLS12:  # encrypt-then-MAC, extended master secret: FIPS servers insist on the latter
        found += [(22, b""), (23, b"")]
    if version == TLS13:
        share = struct.pack(">H", 29) + _long(os.urandom(32))
        found += [(43, _short(struct.pack(">H", TLS13))), (45, b"\x01\x01"), (51, _long(share))]
    return [struct.pack(">H", number) + _long(content) for number, content in found]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def ask(wire: Wire, host: str, port: int, version: int, hello: bytes) -> Reply:
    """Sends ``hello`` over ``wire`` (not open yet) and says what came back. Raises Aborted."""
    opened = False
    try:
        wire.open(host, port)
        opened = True
        wire.send(hello)
        reader = wire.reader()
        return _ssl2_reply(reader) if version == SSL2 else _reply(reader)
    except Aborted:
        raise
    except Unresolved:
        return Reply("unreachable", detail="主机名无法解析")
    except TimeoutError:
        return Reply("silent" if opened else "unreachable", detail="超时")
    except EOFError:
        return Reply("closed")
    except OSError as error:
        detail = error.strerror or type(error).__name__
        return Reply("closed" if opened else "unreachable", detail=detail)


def _exactly(reader: io.BufferedReader, count: int) -> bytes:
    """Raises EOFError."""
    found = reader.read(count)
    if len(found) < count:
        raise EOFError
    return found


def _reply(reader: io.BufferedReader, begun: bytes = b"") -> Reply:
    """The first answer in TLS records: warnings before it do not count."""
    message, total = b"", 0
    while True:
        head = begun + _exactly(reader, 5 - len(begun))
        begun = b""
        kind, major, length = head[0], head[1], int.from_bytes(head[3:5], "big")
        if kind not in (ALERT, HANDSHAKE) or major not in (1, 3) or not 0 < length <= 0x4800:
            return Reply("nonsense", detail=head.decode("ascii", "replace"))
        total += 5 + length
        if total > LARGEST:
            return Reply("nonsense", detail="答复过长")
        content = _exactly(reader, length)
        if kind == ALERT:
            if refused := _alert(content):
                return refused
            continue
        message += content
        while len(message) >= 4 and message[0] == HELLO_REQUEST and message[1:4] == b"\0\0\0":
            message = message[4:]
        if len(message) >= 4 and len(message) >= 4 + int.from_bytes(message[1:4], "big"):
            return _hello(message[0], message[4 : 4 + int.from_bytes(message[1:4], "big")])


def _alert(content: bytes) -> Reply | None:
    """None for a mere warning. An alert that says nothing of what is offered is no refusal."""
    if len(content) != 2:
        return Reply("nonsense", detail="无法识别的告警")
    level, number = content
    if level == WARNING and number != CLOSE_NOTIFY:
        return None
    if number == INTERNAL_ERROR:
        return Reply("failed", detail="告警 internal_error")
    if number in TELLING_NOTHING:
        return Reply("nonsense", detail=f"告警 {TELLING_NOTHING[number]}")
    return Reply("refused", detail=PROTOCOL_VERSION if number == 70 else f"告警 {number}")


def _hello(kind: int, body: bytes) -> Reply:
    """A ServerHello; a HelloRetryRequest is one too (RFC 8446, 4.1.4)."""
    if kind != SERVER_HELLO or len(body) < 38:
        return Reply("nonsense", detail=f"握手消息 {kind}")
    version = int.from_bytes(body[:2], "big")
    at = 35 + body[34]
    if len(body) < at + 3:
        return Reply("nonsense", detail="不完整的 ServerHello")
    suite = int.from_bytes(body[at : at + 2], "big")
    try:
        version = _selected(body[at + 5 :]) or version
    except (struct.error, IndexError):
        return Reply("nonsense", detail="无法识别的扩展")
    return Reply("hello", version, suite, "HelloRetryRequest" if body[2:34] == RETRY else "")


def _selected(extensions: bytes) -> int:
    """The version in supported_versions; 0 without one. Raises struct.error."""
    at = 0
    while at < len(extensions):
        number, length = struct.unpack_from(">HH", extensions, at)
        if number == 43:
            (found,) = struct.unpack_from(">H", extensions, at + 4)
            return int(found)
        at += 4 + length
    return 0


def _ssl2_reply(reader: io.BufferedReader) -> Reply:
    """A SERVER-HELLO of SSL 2.0 with at least one kind of cipher; a TLS server's alert is a refusal."""
    head = _exactly(reader, 2)
    if head[0] in (ALERT, HANDSHAKE) and head[1] == 3:
        return _reply(reader, head)
    padded = not head[0] & 0x80
    length = int.from_bytes(head, "big") & (0x3FFF if padded else 0x7FFF)
    if padded:
        _exactly(reader, 1)
    if not 0 < length <= 0x7FFF:
        return Reply("nonsense", detail=head.hex())
    message = _exactly(reader, length)
    if message[0] == 0:  # ERROR
        return Reply("refused", detail="SSLv2 错误")
    if message[0] != 4 or length < 11 or message[3:5] != b"\x00\x02":
        return Reply("nonsense", detail=(head + message[:16]).decode("ascii", "replace"))
    certificate, kinds = struct.unpack_from(">HH", message, 5)
    if kinds < 3:
        return Reply("refused", detail="SSLv2 没有套件")
    offered = int.from_bytes(message[11 + certificate : 14 + certificate], "big")
    return Reply("hello", SSL2, offered)
