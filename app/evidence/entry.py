"""One entry of the journal and the bytes that are hashed for it (RFC 8785's form: sorted ASCII keys, no floats).

Those bytes are what is stored, what is hashed and what travels in a package; they cannot be changed later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.base.errors import DamagedError

VERSION = 1
FIELDS: Mapping[str, type] = {
    "project": str,
    "chain": str,
    "seq": int,
    "prev": str,
    "seen": dict,
    "turn": int,
    "at": str,
    "author": str,
    "role": str,
    "kind": str,
    "subject": str,
    "scope": str,
    "payload": dict,
}
GENESIS = "0" * 64


@dataclass(frozen=True)
class Entry:
    """``hash`` is the SHA-256 (hex) of ``raw``; ``prev`` the hash of the chain's entry before, GENESIS for the first.

    ``seen`` maps every other chain known when this was written to its head's hash; ``turn`` is a Lamport clock;
    order is (turn, chain, seq), never ``at`` (RFC 3339 with offset).
    """

    project: str
    chain: str
    seq: int
    prev: str
    seen: Mapping[str, str]
    turn: int
    at: str
    author: str
    role: str
    kind: str
    subject: str
    scope: str
    payload: Mapping[str, Any]
    raw: bytes
    hash: str

    @property
    def number(self) -> str:
        """The evidence number that stands on paper: the chain's short name and seq, e.g. ``a3f-17``."""
        return f"{self.chain[:3]}-{self.seq}"

    @property
    def order(self) -> tuple[int, str, int]:
        return (self.turn, self.chain, self.seq)


def canonical(value: Mapping[str, Any]) -> bytes:
    """The entry's bytes. Raises ValueError on floats and on keys that are not ASCII (they would not be RFC 8785's)."""
    _refuse_foreign(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _refuse_foreign(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError("a journal entry holds no floats")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53 - 1:
        raise ValueError("a journal entry holds no integer beyond 2^53-1")
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"a journal entry's keys are ASCII, not {key!r}")
            _refuse_foreign(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_foreign(item)
    elif isinstance(value, str):
        value.encode()  # a lone surrogate has no UTF-8 bytes
    elif value is not None and not isinstance(value, int):
        raise ValueError(f"a journal entry cannot hold {type(value).__name__}")


def digest(raw: bytes) -> str:
    """The hash that names an entry: SHA-256 (hex) of its stored bytes."""
    return hashlib.sha256(raw).hexdigest()


def compose(fields: Mapping[str, Any]) -> Entry:
    """An entry from its named fields (all of FIELDS but ``v``)."""
    raw = canonical({"v": VERSION, **fields})
    return Entry(**fields, raw=raw, hash=digest(raw))


def parse(raw: bytes, expected: str = "") -> Entry:
    """The entry whose stored bytes are ``raw``; ``expected`` is its hash where that is known already.

    Raises DamagedError when the bytes are no entry of a version this program reads.
    """
    try:
        content = json.loads(raw)
        if content.pop("v") != VERSION or set(content) != set(FIELDS):
            raise ValueError("not an entry of this version")
        types_are_right = all(isinstance(content[name], kind) for name, kind in FIELDS.items())
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise DamagedError(f"实施日志里有一条记录不可读（{error}）。") from error
    if not types_are_right:
        raise DamagedError("实施日志里有一条记录的内容类型不对。")
    return Entry(**content, raw=raw, hash=expected or digest(raw))
