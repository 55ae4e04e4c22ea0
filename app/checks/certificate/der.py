"""A small reader of DER: enough to take certificates, names and CRLs apart where the libraries refuse to.

Bounded by what it is given: every length is checked against the bytes that are there. Source: ITU-T X.690.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

SEQUENCE, SET, OID, INTEGER, OCTETS, BITS = 0x30, 0x31, 0x06, 0x02, 0x04, 0x03
UTF8, NUMERIC, PRINTABLE, TELETEX, IA5, VISIBLE, UNIVERSAL, BMP = 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A, 0x1C, 0x1E
LONGEST_OID = 64  # bytes
MOST_CHILDREN = 50_000  # of one element; millions of empty ones would become hundreds of megabytes

ATTRIBUTES = {  # X.520; RFC 4519
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.42": "GN",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}


LOOK_ALIKES = (("\u0370", "\u03ff"), ("\u0400", "\u052f"), ("\u0530", "\u058f"), ("\u13a0", "\u13ff"))  # Greek…Cherokee
LOOK_ALIKE = "\u0131\u0237\u0251\u0261\u01c0\u2024\u2044\u2215\u29f8"


class NotDer(ValueError):
    """The bytes are not DER, or not of the shape that was expected."""


@dataclass(frozen=True)
class Element:
    """One element: its tag, its content, and ``raw``: all of its bytes."""

    tag: int
    content: bytes
    raw: bytes

    def children(self) -> tuple[Element, ...]:
        """What is inside, for a constructed element. Raises NotDer."""
        if not self.tag & 0x20:
            raise NotDer("not constructed")
        found = tuple(islice(elements(self.content), MOST_CHILDREN + 1))
        if len(found) > MOST_CHILDREN:
            raise NotDer("too many elements")
        return found


def element(data: bytes, tag: int | None = None) -> Element:
    """The one element that ``data`` is, of ``tag`` where given. Raises NotDer, also for bytes that follow it."""
    found = first(data)
    if len(found.raw) != len(data) or tag not in (None, found.tag):
        raise NotDer("another element was expected")
    return found


def elements(data: bytes) -> Iterator[Element]:
    """The elements that ``data`` is made of, one after the other. Raises NotDer."""
    at = 0
    while at < len(data):
        found = first(data, at)
        yield found
        at += len(found.raw)


def first(data: bytes, at: int = 0) -> Element:
    """The element that begins at ``at``; what lies around it is not copied. Raises NotDer."""
    tag, start, end = header(data, at)
    return Element(tag, data[start:end], data[at:end])


def header(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, where the content begins and where it ends, of the element at ``at``; nothing is copied. Raises NotDer."""
    if len(data) < at + 2 or data[at] & 0x1F == 0x1F:
        raise NotDer("no element")
    length, start = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or len(data) < start + count:
            raise NotDer("no length")
        length, start = int.from_bytes(data[start : start + count], "big"), start + count
    if len(data) < start + length:
        raise NotDer("cut off")
    return data[at], start, start + length


def encoded(tag: int, content: bytes) -> bytes:
    """The element of that tag and content (X.690, 8.1)."""
    length = len(content)
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, length] if length < 0x80 else [tag, 0x80 | len(digits), *digits]) + content


def oid(content: bytes) -> str:
    """The dotted form of an OBJECT IDENTIFIER's content (X.690, 8.19). Raises NotDer."""
    if not content or content[-1] & 0x80 or len(content) > LONGEST_OID:
        raise NotDer("no object identifier")
    numbers, value = [], 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    head = min(numbers[0] // 40, 2)
    return ".".join(map(str, [head, numbers[0] - 40 * head, *numbers[1:]]))


Name = tuple[tuple[tuple[str, str], ...], ...]


def name(raw: bytes) -> Name:
    """A Name (RFC 5280, 4.1.2.4) as RDNs of (attribute's OID, text). Raises NotDer."""
    rdns = []
    for rdn in element(raw, SEQUENCE).children():
        pairs = [attribute.children() for attribute in rdn.children()]
        if any(len(pair) != 2 for pair in pairs):
            raise NotDer("no attribute")
        rdns.append(tuple((oid(kind.content), text(value)) for kind, value in pairs))
    return tuple(rdns)


def text(value: Element) -> str:
    """A directory string. Old CAs wrote GBK under tags that do not allow it; what nothing decodes is shown in hex."""
    encodings = {BMP: ("utf-16-be",), UNIVERSAL: ("utf-32-be",)}.get(value.tag, ("utf-8", "gb18030"))
    for encoding in encodings:
        try:
            return value.content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return value.content.hex()


def utf8_throughout(raw: bytes) -> bytes:
    """A Name of the same length in which every text is said to be UTF-8, for readers that refuse others.

    Raises NotDer.
    """
    fixed = b""
    for rdn in element(raw, SEQUENCE).children():
        inside = b""
        for attribute in rdn.children():
            kind, value = attribute.children()
            text_types = (PRINTABLE, TELETEX, IA5, UNIVERSAL, BMP, NUMERIC, VISIBLE)
            tag = UTF8 if value.tag in text_types else value.tag
            inside += encoded(SEQUENCE, kind.raw + bytes([tag]) + value.raw[1:])
        fixed += encoded(SET, inside)
    return encoded(SEQUENCE, fixed)


def shown(names: Name) -> str:
    """A name for people: ``CN=…,O=…,C=…``, the most particular part first; control characters made visible."""
    parts = [
        "+".join(f"{ATTRIBUTES.get(kind, kind)}={printable(value)}" for kind, value in rdn) for rdn in reversed(names)
    ]
    return ",".join(parts) or "（空）"


def printable(value: str) -> str:
    """``value`` without what would confuse a screen or a reader: 200 signs at most; control, direction and line signs
    become ``·``; letters that only look like Latin ones beside real ones stand with their number.
    """
    mixed = any("a" <= sign.lower() <= "z" for sign in value)
    clean = "".join(_visible(sign, mixed) for sign in value[:200])
    return clean + ("…" if len(value) > 200 else "")


def _visible(sign: str, mixed: bool) -> str:
    if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return "·"
    alike = mixed and (sign in LOOK_ALIKE or any(first <= sign <= last for first, last in LOOK_ALIKES))
    return f"〔U+{ord(sign):04X}〕" if alike else sign


def comparable(names: Name) -> Name:
    """A name by which names are compared (RFC 5280, 7.1): without case and without superfluous blanks."""
    return tuple(tuple(sorted((kind, _folded(value)) for kind, value in rdn)) for rdn in names)


def common_names(names: Name) -> tuple[str, ...]:
    return tuple(value for rdn in names for kind, value in rdn if kind == "2.5.4.3")


def _folded(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())
