"""Values read back from what Oracle's DUMP function says of them: type, length, character set, bytes in hexadecimal.

Type numbers: Oracle Database SQL Language Reference, built-in data types; the bytes of NUMBER and DATE: Oracle Call
Interface Programmer's Guide, internal data types.
"""

from __future__ import annotations

import math
import struct
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

TEXTS, NUMBER, DATE, COMPUTED_DATE, RAW = (1, 9, 96), 2, 12, 13, 23
FLOAT, DOUBLE, TIMESTAMP = 100, 101, 180
UTF8, GB = "utf-8", "gb18030"
ENCODINGS = {
    "AL32UTF8": UTF8,
    "UTF8": "cesu-8",  # supplementary characters as two surrogates (Globalization Support Guide)
    "ZHS16GBK": GB,
    "ZHS32GB18030": GB,
    "ZHS16CGB231280": GB,
    "US7ASCII": GB,  # seven bits say nothing of what is above; here that is GBK as a rule
    "ZHT16BIG5": "big5",
    "ZHT16MSWIN950": "cp950",
    "ZHT16HKSCS": "big5hkscs",
    "WE8ISO8859P1": "latin-1",
    "WE8ISO8859P15": "iso8859-15",
    "WE8MSWIN1252": "cp1252",
    "JA16SJIS": "cp932",
    "JA16EUC": "euc_jp",
    "KO16MSWIN949": "cp949",
    "KO16KSC5601": "euc_kr",
    "AL16UTF16": "utf-16-be",
}


class Unreadable(Exception):
    """A dump that is none, or a type that is not read here; the text says which, in Chinese."""


def value(kind: int, data: bytes, charset: str) -> Any:
    """A text, int, Decimal, datetime or bytes. ``kind`` is DUMP's ``Typ``. Raises Unreadable."""
    try:
        if kind in TEXTS:
            return text(data, charset)
        match kind:
            case 2:
                return number(data)
            case 12:
                return date(data)
            case 13:
                return computed_date(data)
            case 23:
                return data
            case 100 | 101:
                return binary(data)
            case 180:
                return timestamp(data)
    except (ValueError, IndexError, struct.error, OverflowError) as error:
        raise Unreadable(f"类型 {kind} 的值 {data.hex()[:40]} 无法理解（{error}）") from None
    raise Unreadable(f"类型 {kind} 的列不能经 sqlplus 读取")


def text(data: bytes, charset: str) -> str:
    """Raises Unreadable for a character set that is not known here, unless the text has nothing but ASCII."""
    encoding = ENCODINGS.get(charset, "")
    if encoding == "cesu-8":
        return data.decode(UTF8, "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if not encoding and not data.isascii():
        raise Unreadable(f"字符集 {charset or '（未知）'} 的文字无法解读")
    return data.decode(encoding or "ascii", "replace")


def number(data: bytes) -> int | Decimal:
    """A NUMBER: an exponent of base 100 in excess 64, then at most 20 digits of that base, each plus one; the digits of
    a negative one are taken from 101, and a closing 102 follows where there are fewer than 20.
    """
    if data == b"\x80":
        return 0
    if not 2 <= len(data) <= 21:
        raise ValueError("length")
    negative = data[0] < 0x80
    exponent = (0x3E - data[0]) if negative else (data[0] - 0xC1)
    body = data[1:-1] if negative and data[-1] == 102 else data[1:]
    digits = [101 - one if negative else one - 1 for one in body]
    if not digits or not all(0 <= one <= 99 for one in digits):
        raise ValueError("digits")
    whole = 0
    for one in digits:
        whole = whole * 100 + one
    power = 2 * (exponent - len(digits) + 1)
    if power >= 0:
        return (-whole if negative else whole) * int(10**power)
    while power < 0 and whole % 10 == 0:
        whole, power = whole // 10, power + 1
    if power == 0:
        return -whole if negative else whole
    return Decimal((int(negative), tuple(map(int, str(whole))), power))


def date(data: bytes) -> datetime:
    """Century and year in excess 100, month, day, then hour, minute and second each plus one."""
    century, year, month, day, hour, minute, second = data
    return datetime((century - 100) * 100 + year - 100, month, day, hour - 1, minute - 1, second - 1)


def computed_date(data: bytes) -> datetime:
    """What SYSDATE is before it is stored: the year in two bytes of the server's own order, then plain figures."""
    low, high, month, day, hour, minute, second = data[:7]
    year = low | high << 8
    if not 1 <= year <= 9999:
        year = high | low << 8
    elif 1 <= (high | low << 8) <= 9999:
        raise ValueError("year in either order")
    return datetime(year, month, day, hour, minute, second)


def timestamp(data: bytes) -> datetime:
    """A DATE and nanoseconds in four bytes, which may be left out."""
    if len(data) not in (7, 11):
        raise ValueError("length")
    nanoseconds = int.from_bytes(data[7:], "big")
    return date(data[:7]) + timedelta(microseconds=nanoseconds // 1000)


def binary(data: bytes) -> Decimal:
    """BINARY_FLOAT and BINARY_DOUBLE: IEEE 754, its sign bit turned, all bits turned where negative."""
    turned = bytes([data[0] & 0x7F, *data[1:]]) if data[0] & 0x80 else bytes(one ^ 0xFF for one in data)
    found: float = struct.unpack(">f" if len(data) == 4 else ">d", turned)[0]
    if not math.isfinite(found):
        raise ValueError("not finite")
    return Decimal(repr(found))
