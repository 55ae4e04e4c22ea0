"""What the program and its database worker say to each other: JSON behind a length, and a row's values in it.

A frame is four bytes of length (big-endian) and so many bytes of UTF-8 JSON. Every size is bounded at both ends.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

HEAD = struct.Struct(">I")
LARGEST = 16 << 20  # bytes of one frame
BATCH = 200  # rows in one frame
LARGEST_VALUE = 1 << 20  # characters or bytes of one value


class BadFrame(Exception):
    """What came is no frame, or too long for one."""


def write(stream: IO[bytes], message: Mapping[str, Any]) -> None:
    """Raises OSError; BadFrame for more than LARGEST bytes, of which nothing is sent."""
    body = json.dumps(message, ensure_ascii=True).encode()
    if len(body) > LARGEST:
        raise BadFrame(f"{len(body)} bytes")
    stream.write(HEAD.pack(len(body)) + body)
    stream.flush()


def read(stream: IO[bytes]) -> dict[str, Any] | None:
    """The next message; None at the end of the stream. Raises BadFrame, OSError."""
    head = stream.read(HEAD.size)
    if not head:
        return None
    if len(head) < HEAD.size:
        raise BadFrame("half a length")
    (size,) = HEAD.unpack(head)
    if size > LARGEST:
        raise BadFrame(f"{size} bytes announced")
    body = stream.read(size)
    if len(body) < size:
        raise BadFrame("half a message")
    try:
        message = json.loads(body)
    except ValueError as error:
        raise BadFrame("no JSON") from error
    if not isinstance(message, dict):
        raise BadFrame("no message")
    return message


def packed(row: Sequence[Any]) -> list[Any]:
    """A row as JSON values. Raises BadFrame for a value of a kind that no check reads."""
    return [_packed(item) for item in row]


def _packed(item: Any) -> Any:
    if item is None:
        return None
    if isinstance(item, str | bytes) and len(item) > LARGEST_VALUE:
        raise BadFrame(f"a value of {len(item)}")
    match item:
        case str():
            return item
        case bool():
            raise BadFrame("a value of type bool")
        case int() | Decimal() | float():
            return {"number": str(item) if not isinstance(item, float) else repr(item)}
        case datetime():
            return {"moment": item.isoformat()}
        case bytes():
            return {"bytes": item.hex()}
    raise BadFrame(f"a value of type {type(item).__name__}")


def unpacked(values: Any) -> tuple[Any, ...]:
    """The row again: str, Decimal, datetime, bytes or None. Raises BadFrame."""
    if not isinstance(values, list):
        raise BadFrame("a row that is none")
    return tuple(_unpacked(value) for value in values)


def _unpacked(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    try:
        match value:
            case {"number": str(text)}:
                return Decimal(text)
            case {"moment": str(text)}:
                return datetime.fromisoformat(text)
            case {"bytes": str(text)}:
                return bytes.fromhex(text)
    except (ArithmeticError, ValueError) as error:
        raise BadFrame(f"a value that is none: {value!r:.60}") from error
    raise BadFrame(f"a value that is none: {value!r:.60}")
