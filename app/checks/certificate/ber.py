"""BER made DER enough for ``der``: indefinite lengths and strings in pieces become plain ones (X.690, 8.1.3, 8.7).

Bouncy Castle and old browsers write key stores and PKCS#7 so. What is DER already comes back as it was.
"""

from __future__ import annotations

from app.checks.certificate.der import NotDer, encoded

DEEPEST = 40  # elements inside one another
MOST = 200_000  # elements of one file
PRIMITIVE_IN_PIECES = {0x24: 0x04}  # OCTET STRING; the rest is never written in pieces where we look


def definite(data: bytes) -> bytes:
    """``data``, one element, with definite lengths throughout; DER as it is. Raises NotDer."""
    if data[1:2] != b"\x80":
        return data
    reader = _Reader(data)
    whole, end = reader.element(0, 0)
    return whole + data[end:]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._seen = 0

    def element(self, at: int, depth: int) -> tuple[bytes, int]:
        """The element at ``at`` in definite form, and where it ends."""
        self._seen += 1
        data = self._data
        if depth > DEEPEST or self._seen > MOST or len(data) < at + 2 or data[at] & 0x1F == 0x1F:
            raise NotDer("no element")
        tag, length, start = data[at], data[at + 1], at + 2
        if length == 0x80:
            if not tag & 0x20:
                raise NotDer("an indefinite primitive")
            return self._indefinite(tag, start, depth)
        if length & 0x80:
            count = length & 0x7F
            if count > 4 or len(data) < start + count:
                raise NotDer("no length")
            length, start = int.from_bytes(data[start : start + count], "big"), start + count
        end = start + length
        if len(data) < end:
            raise NotDer("cut off")
        if not tag & 0x20:
            return data[at:end], end
        inside = []
        here = start
        while here < end:
            piece, here = self.element(here, depth + 1)
            inside.append(piece)
        if here != end:
            raise NotDer("an element reaches beyond the one around it")
        if tag not in PRIMITIVE_IN_PIECES and b"".join(inside) == data[start:end]:
            return data[at:end], end  # byte for byte: signatures stand on it
        return _joined(tag, inside), end

    def _indefinite(self, tag: int, start: int, depth: int) -> tuple[bytes, int]:
        inside, here = [], start
        while self._data[here : here + 2] != b"\x00\x00":
            piece, here = self.element(here, depth + 1)
            inside.append(piece)
        return _joined(tag, inside), here + 2


def _joined(tag: int, inside: list[bytes]) -> bytes:
    if tag in PRIMITIVE_IN_PIECES:
        tag, inside = PRIMITIVE_IN_PIECES[tag], [_content(piece) for piece in inside]
    return encoded(tag, b"".join(inside))


def _content(piece: bytes) -> bytes:
    """The content of an element that is definite already."""
    count = piece[1] & 0x7F if piece[1] & 0x80 else 0
    return piece[2 + count :]
