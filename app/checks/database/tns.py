"""A small client of the listener: one CONNECT packet, one answer, bounded in bytes and rounds. It never logs in.

Packet layout: length (2), checksum (2), type (1), flags (1), header checksum (2), then the body; the connect packet's
fields as Oracle Net sends them since version 8 (the layout that Wireshark's TNS dissector documents).
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass

from app.checks.wire import Wire

CONNECT, ACCEPT, REFUSE, REDIRECT, DATA, RESEND = 1, 2, 4, 5, 6, 11
OURS, OLDEST = 314, 300  # protocol versions offered: before 315 every length has two bytes
INLINE = 230  # bytes of connect data that fit into the CONNECT packet; more follow in a DATA packet
TLS_ALERT = b"\x15\x03"  # content type and major version of a TLS record (RFC 8446, 5.1)
MOST_RESENDS = 3
MOST_BYTES = 16_384
FIELDS = struct.Struct(">HHHHHHHHHHIBB24s")  # of the connect packet, after the header: 50 bytes
ERROR = re.compile(r"\((?:ERR|CODE)\s*=\s*(\d{1,5})\s*\)")
RELEASE = re.compile(r"VSNNUM\s*=\s*(\d{1,10})")
BANNER = re.compile(r"Version (\d+(?:\.\d+){2,4})")
HOST = re.compile(r"\(\s*HOST\s*=\s*([^()\s]+)\s*\)", re.IGNORECASE)
PORT = re.compile(r"\(\s*PORT\s*=\s*(\d{1,5})\s*\)", re.IGNORECASE)


class NotTns(Exception):
    """What came back is no answer of a listener; the text says what it was, in Chinese."""


class Closed(NotTns):
    """The peer closed the connection before a whole answer (TNS-12537, TNS-12547)."""


@dataclass(frozen=True)
class Reply:
    """An answer: its packet ``kind`` and its ``text`` (decoded leniently)."""

    kind: int
    text: str

    @property
    def code(self) -> int:
        """The first error number other than 0; 0 when there is none."""
        return next((int(found) for found in ERROR.findall(self.text) if int(found)), 0)

    @property
    def release(self) -> str:
        """The listener's release, such as ``19.0.0.0.0``; empty when it does not say."""
        if found := BANNER.search(self.text):
            return found.group(1)
        numbers = [int(found) for found in RELEASE.findall(self.text) if int(found)]
        return release(numbers[0]) if numbers else ""

    @property
    def address(self) -> tuple[str, int] | None:
        """Where a REDIRECT points; None when it cannot be read."""
        host, port = HOST.search(self.text), PORT.search(self.text)
        if host is None or port is None or not 0 < int(port.group(1)) < 65536:
            return None
        return host.group(1), int(port.group(1))

    @property
    def connect_data(self) -> str:
        """What a REDIRECT says is to be asked there, after its address and a NUL; empty when it says nothing."""
        return self.text.partition("\0")[2].strip("\0")


def release(packed: int) -> str:
    """VSNNUM as people write it: 186647552 is 11.2.0.4.0; from 18 on the fields have other widths."""
    major = packed >> 24 & 0xFF
    if major >= 18:
        parts = (major, packed >> 16 & 0xFF, packed >> 12 & 0xF, packed >> 4 & 0xFF, packed & 0xF)
    else:
        parts = (major, packed >> 20 & 0xF, packed >> 12 & 0xFF, packed >> 8 & 0xF, packed & 0xFF)
    return ".".join(map(str, parts))


def packet(kind: int, body: bytes) -> bytes:
    return struct.pack(">HHBBH", len(body) + 8, 0, kind, 0, 0) + body


def connect_packets(descriptor: str) -> bytes:
    """The CONNECT packet for ``descriptor``; what does not fit into it follows in a DATA packet."""
    text = descriptor.encode("utf-8")
    fields = FIELDS.pack(OURS, OLDEST, 0, 8192, 32767, 0x7F08, 0, 1, len(text), 8 + FIELDS.size, 0, 0, 0, bytes(24))
    if len(text) <= INLINE:
        return packet(CONNECT, fields + text)
    return packet(CONNECT, fields) + packet(DATA, b"\0\0" + text)


def ask(wire: Wire, descriptor: str) -> Reply:
    """Sends ``descriptor`` over an open wire and returns the answer, RESEND seen to.

    Raises NotTns (Closed where the peer hung up), and what the wire raises.
    """
    reader = wire.reader()
    for _ in range(MOST_RESENDS + 1):
        wire.send(connect_packets(descriptor))
        reply = read(reader)
        if reply.kind != RESEND:
            return reply
    raise NotTns(f"监听连续 {MOST_RESENDS + 1} 次要求重发")


def read(reader: io.BufferedReader) -> Reply:
    """One answer. A REFUSE or REDIRECT whose text follows in a DATA packet is read with it."""
    kind, body = _packet(reader)
    match kind:
        case 2:
            return _accepted(body)
        case 4:
            return Reply(kind, _counted(reader, body, 2))
        case 5:
            return Reply(kind, _counted(reader, body, 0))
        case 6:
            return Reply(kind, _decoded(body[2:]))
        case 11:
            return Reply(kind, "")
    raise NotTns(f"答复不是监听的答复（包类型 {kind}）")


def _accepted(body: bytes) -> Reply:
    """An ACCEPT: version, options, SDU, TDU, byte order, length and offset of its data."""
    if len(body) < 16:
        raise NotTns("答复是不完整的 ACCEPT")
    version, _, _, _, _, length, offset = struct.unpack(">HHHHHHH", body[:14])
    if not OLDEST <= version <= 400:
        raise NotTns(f"答复是无法理解的 ACCEPT（协议版本 {version}）")
    return Reply(ACCEPT, _decoded(body[offset - 8 : offset - 8 + length]) if offset > 8 else "")


def _counted(reader: io.BufferedReader, body: bytes, start: int) -> str:
    """The text of a REFUSE or REDIRECT, after its two-byte length at ``start``."""
    if len(body) < start + 2:
        raise NotTns("答复不完整，没有长度")
    length = int.from_bytes(body[start : start + 2], "big")
    text = body[start + 2 :]
    if not text and length:
        kind, more = _packet(reader)
        if kind != DATA:
            raise NotTns(f"答复的后半不是数据（包类型 {kind}）")
        text = more[2:]
    return _decoded(text[:length])


def _packet(reader: io.BufferedReader) -> tuple[int, bytes]:
    head = _exactly(reader, 5)
    if head.startswith(TLS_ALERT):
        raise NotTns("答复不是监听的答复，是 TLS 的警报：多半是 TCPS 端口")
    head += _exactly(reader, 3)
    length, kind = int.from_bytes(head[:2], "big"), head[4]
    if not 8 <= length <= MOST_BYTES or head[2:4] != b"\0\0":  # nobody computes the checksum
        raise NotTns(f"答复不是监听的答复：开头是 {head!r}")
    return kind, _exactly(reader, length - 8)


def _exactly(reader: io.BufferedReader, size: int) -> bytes:
    try:
        found = reader.read(size)
    except ConnectionError:
        raise Closed("连接被对方切断（TNS-12547）") from None
    if len(found) < size:
        raise Closed("对方关闭了连接，没有给出完整答复（TNS-12537）")
    return found


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")
