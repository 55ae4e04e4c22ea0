"""One entry of the journal and the bytes that are hashed for it (RFC 8785's form: sorted ASCII keys, no floats).

Those bytes are what is stored, what is hashed and what travels in a package; they cannot be changed later.
"""

from __future__ import annotations

import hashlib
import json
import re
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
HOLDS_FILE = frozenset({"attachment", "form_file", "form_signed", "scan"})  # kinds whose payload names a kept file
GENESIS = "0" * 64
LARGEST = 2**53 - 1  # the greatest integer that every JSON reader keeps (RFC 8785, 3.2.2.3)
ENTRY_LIMIT = 16 << 20  # bytes of one entry; more is no entry, so that a hostile package cannot fill memory
ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=dict)
HASH = re.compile(r"[0-9a-f]{64}")
CHAIN = re.compile(r"[0-9a-f]{32}")
TIP = re.compile(r"([0-9a-f]{32})(?::[0-9a-f]{12})?")


@dataclass(frozen=True)
class Entry:
    """``hash`` is the SHA-256 (hex) of ``raw``; ``prev`` the hash of the chain's entry before, GENESIS for the first.

    ``seen`` maps every other chain known when this was written to its head's hash, and each further tip of a forked
    chain (its own too) under ``<chain>:<12 digits of the tip's hash>``. ``turn`` is a Lamport clock: one more than the
    highest of ``prev`` and ``seen``. Order is (turn, chain, seq), never ``at`` (RFC 3339 with offset).
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
    """The entry's bytes. Raises ValueError for what would not be RFC 8785's or cannot be kept: floats, integers beyond
    2^53-1, keys that are not ASCII, lone surrogates, other types, more than ENTRY_LIMIT bytes.
    """
    try:
        _refuse_foreign(value)
        text = ENCODER.encode(value)
    except RecursionError as error:
        raise ValueError("a journal entry is not nested that deep") from error
    raw = text.encode()  # a lone surrogate has no UTF-8 bytes: UnicodeEncodeError is a ValueError
    if len(raw) > ENTRY_LIMIT:
        raise ValueError(f"a journal entry holds at most {ENTRY_LIMIT} bytes, not {len(raw)}")
    return raw


def _refuse_foreign(value: Any) -> None:
    if isinstance(value, str) or value is None:
        return
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise ValueError("a journal entry holds no integer beyond 2^53-1")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"a journal entry's keys are ASCII, not {key!r}")
            _refuse_foreign(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_foreign(item)
    else:
        raise ValueError(f"a journal entry cannot hold {type(value).__name__}")


def digest(raw: bytes) -> str:
    """The hash that names an entry: SHA-256 (hex) of its stored bytes."""
    return hashlib.sha256(raw).hexdigest()


def compose(fields: Mapping[str, Any]) -> Entry:
    """An entry from its named fields (all of FIELDS but ``v``). Raises ValueError for what ``canonical`` refuses."""
    return parse(canonical({"v": VERSION, **fields}))


def parse(raw: bytes, expected: str = "") -> Entry:
    """The entry whose stored bytes are ``raw``; ``expected`` is its hash where that is known already.

    Raises DamagedError when the bytes are no entry of a version this program reads. Whether they are written in the
    canonical way is ``is_canonical``'s question: it costs more, and reading a journal need not ask it each time.
    """
    try:
        if len(raw) > ENTRY_LIMIT:
            raise ValueError("too long")
        content = json.loads(raw.decode())
        if ESCAPED_SURROGATE.search(raw):
            ENCODER.encode(content).encode()  # a lone one is no text and can neither be printed nor stored
        version = content.pop("v")
        if type(version) is not int or version != VERSION or set(content) != set(FIELDS):
            raise ValueError("not an entry of this version")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise DamagedError(f"实施日志里有一条记录不可读（{error}）。") from error
    if trouble := _trouble(content):
        raise DamagedError(f"实施日志里有一条记录的内容不对（{trouble}）。")
    return Entry(**content, raw=raw, hash=expected or digest(raw))


def _trouble(content: Mapping[str, Any]) -> str:
    """The field that cannot be what was written, empty when none: a hostile package must not lead any reader astray."""
    for name, kind in FIELDS.items():
        if type(content[name]) is not kind:
            return name
    if not CHAIN.fullmatch(content["chain"]) or not HASH.fullmatch(content["prev"]):
        return "chain"
    if not (0 < content["seq"] <= LARGEST and 0 < content["turn"] <= LARGEST):
        return "seq"
    if not all(TIP.fullmatch(tip) and isinstance(head, str) for tip, head in content["seen"].items()):
        return "seen"
    return _trouble_of_payload(content["kind"], content["payload"])


def _trouble_of_payload(kind: str, payload: Mapping[str, Any]) -> str:
    """What names a kept file is a hash and nothing else: it becomes a path."""
    for key in ("transcript", "sha256") if kind in HOLDS_FILE else ("transcript",):
        value = payload.get(key, "")
        if value != "" and not (isinstance(value, str) and HASH.fullmatch(value)):
            return key
    return ""


def is_canonical(entry: Entry) -> bool:
    """Whether the stored bytes are the one way of writing this entry."""
    try:
        return canonical({"v": VERSION, **{name: getattr(entry, name) for name in FIELDS}}) == entry.raw
    except ValueError:
        return False


def file_of(entry: Entry) -> str:
    """The SHA-256 of the attachment that ``entry`` speaks of; empty when it speaks of none."""
    return str(entry.payload.get("sha256", "")) if entry.kind in HOLDS_FILE else ""


def transcript_of(entry: Entry) -> str:
    """The SHA-256 of the transcript kept beside ``entry``; empty when it has none."""
    return str(entry.payload.get("transcript", ""))
