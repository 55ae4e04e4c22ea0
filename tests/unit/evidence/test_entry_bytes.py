"""The bytes of an entry: RFC 8785's, read back as they were, and nothing else accepted."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from app.base.errors import DamagedError
from app.evidence.entry import ENTRY_LIMIT, FIELDS, GENESIS, LARGEST, canonical, compose, is_canonical, parse

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(max_codepoint=127))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
PLAIN: dict[str, Any] = {
    "project": "1" * 32, "chain": "a" * 32, "seq": 1, "prev": GENESIS, "seen": {}, "turn": 1,
    "at": "2026-11-24T08:00:00.000+08:00", "author": "", "role": "", "kind": "field", "subject": "s", "scope": "",
    "payload": {},
}  # fmt: skip


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_the_bytes_are_those_of_rfc_8785(value: dict[str, Any]) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(st.dictionaries(KEYS.filter(lambda key: key not in ("transcript", "sha256")), VALUES, max_size=4), TEXT)
def test_an_entry_reads_back_as_it_was_composed(payload: dict[str, Any], subject: str) -> None:
    entry = compose({**PLAIN, "payload": payload, "subject": subject})
    assert entry.payload == payload
    assert parse(entry.raw) == entry
    assert entry.hash == hashlib.sha256(entry.raw).hexdigest()
    assert is_canonical(entry)


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), 2**53, -(2**53), {"键": 1}, {1: 1}, "\ud800", b"x", frozenset({1}), 1j],
    ids=repr,
)
def test_what_rfc_8785_would_write_differently_or_not_at_all_is_refused(value: Any) -> None:
    for payload in ({"x": value}, {"x": [{"y": value}]}):
        with pytest.raises(ValueError):
            canonical(payload)


def test_what_is_nested_too_deep_or_too_long_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError):
        canonical({"x": deep})
    with pytest.raises(ValueError):
        canonical({"x": "y" * ENTRY_LIMIT})


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2}, {"v": True}, {"v": 1.0}, {"seq": True}, {"seq": 0}, {"seq": -1}, {"seq": 2**63}, {"seq": "1"},
        {"turn": 0}, {"turn": 1.5}, {"seen": []}, {"seen": {"b" * 32: ["x"]}}, {"seen": {"../x": "y"}}, {"payload": []},
        {"chain": "../../etc/passwd"}, {"chain": ""}, {"prev": "x"}, {"subject": None}, {"extra": 1},
        {"payload": {"transcript": "../x"}}, {"payload": {"transcript": 3}},
        {"kind": "attachment", "payload": {"sha256": "../../x"}}, {"kind": "scan", "payload": {"sha256": ["a"]}},
    ],
    ids=str,
)  # fmt: skip
def test_a_hostile_entry_is_no_entry(changes: dict[str, Any]) -> None:
    with pytest.raises(DamagedError):
        parse(json.dumps({"v": 1, **PLAIN, **changes}).encode())


@pytest.mark.parametrize("name", [*FIELDS, "v"])
def test_an_entry_that_lacks_a_field_is_no_entry(name: str) -> None:
    content = {"v": 1, **PLAIN}
    del content[name]
    with pytest.raises(DamagedError):
        parse(json.dumps(content).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"1", b'"x"', b"null", b"{", b"\xff\xfe{}", b"[" * 100_000, b"{" + b" " * ENTRY_LIMIT + b"}",
        b"1" * 5000, compose(PLAIN).raw.replace(b'"payload":{}', b'"payload":{"x":"\\ud800"}'),
    ],
    ids=lambda raw: repr(raw[:8]),
)  # fmt: skip
def test_nonsense_is_no_entry(raw: bytes) -> None:
    with pytest.raises(DamagedError):
        parse(raw)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b'"v":1', b'"v": 1'),
        lambda raw: raw.replace(b'"payload":{}', b'"payload":{"x":1.5}'),
        lambda raw: raw.replace(b'"payload":{}', b'"payload":{"x":NaN}'),
        lambda raw: raw.replace(b'"payload":{}', '"payload":{"键":1}'.encode()),
        lambda raw: raw.replace(b'"payload":{}', b'"payload":{"x":"\\u00e9"}'),
        lambda raw: raw.replace(b'"payload":{}', b'"payload":{"x":1,"x":1}'),
        lambda raw: raw.replace(b'"seq":1,', b"") [:-1] + b',"seq":1}',
        lambda raw: raw + b" ",
    ],
)  # fmt: skip
def test_another_way_of_writing_the_same_is_not_canonical(change: Any) -> None:
    raw = change(compose(PLAIN).raw)
    assert not is_canonical(parse(raw))
