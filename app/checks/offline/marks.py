"""The form of a script's output: marked lines between which each answer stands with its own count or checksum.

A marked line is ``@@onsite NONCE WORD …``; the nonce is the script's, so no answer can be taken for a mark. The words:
``head`` what the script is and for whom · ``fact name=value`` of where it ran · ``ask n`` … ``done n`` around one
answer, in which ``sql``, ``rows``, ``out``, ``err`` and ``reg`` begin a text and ``is`` closes it with its check ·
``last n`` the end, with the number of answers.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

PROVIDED = "客户提供"  # the route of every result that came this way
FORMAT = "1"
MARK = "@@onsite"
NONCE = re.compile(r"[0-9a-f]{16}")
TEXTS = ("sql", "rows", "out", "err", "reg")  # words that begin a text
CHECKED = "is"
ESCAPE = re.compile(r"\\([0-9A-Fa-f]{4})")
PLAIN = re.compile(r"[A-Za-z0-9_.:/+=@,-]")
TURNED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))
MODULUS, FACTOR = 1_000_000_007, 31


def line(nonce: str, word: str, *rest: object) -> str:
    """One marked line, without its end."""
    return " ".join([MARK, nonce, word, *map(str, rest)])


def head(values: Mapping[str, str]) -> str:
    """What follows the word ``head``."""
    return " ".join(f"{name}={escaped(value)}" for name, value in {"format": FORMAT, **values}.items())


def escaped(text: str) -> str:
    r"""``text`` in signs that no shell reads anything into, other UTF-16 units as ``\4EFF`` (as Oracle's ASCIISTR)."""
    return "".join(sign if PLAIN.fullmatch(sign) else _units(sign) for sign in text)


def ascii_text(text: str) -> str:
    """The same with blanks left as they are."""
    return "".join(sign if " " <= sign <= "~" and sign != "\\" else _units(sign) for sign in text)


def _units(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2))


def unescaped(text: str) -> str:
    """The text that ``escaped``, ``ascii_text`` or ASCIISTR wrote."""
    units = ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def cksum(data: bytes) -> int:
    """The CRC of POSIX ``cksum`` (IEEE Std 1003.1, cksum), over the octets and then their number.

    It is zlib's CRC-32 with every octet and the result turned round, and begun at 0.
    """
    length = len(data)
    tail = length.to_bytes((length.bit_length() + 7) // 8, "little")
    register = zlib.crc32((data + tail).translate(TURNED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{register:032b}"[::-1], 2) ^ 0xFFFFFFFF


def unit_sum(text: str) -> int:
    """The checksum that the PowerShell script makes of a text's UTF-16 units."""
    units = text.encode("utf-16-le", "surrogatepass")
    total = 7
    for at in range(0, len(units), 2):
        total = (total * FACTOR + units[at] + 256 * units[at + 1]) % MODULUS
    return total


def unit_count(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
