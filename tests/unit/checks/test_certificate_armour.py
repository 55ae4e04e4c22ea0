"""PEM files made to cost their reader hours are read once; every other is read as its lines say."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checks.certificate import armour, containers, crl
from app.checks.model import Failed

AS_WRITTEN = re.compile(rb"-----BEGIN ([A-Z0-9 #]{1,40})-----(.*?)-----END \1-----", re.DOTALL)
PIECES = [b"-----BEGIN A-----", b"-----END A-----", b"-----BEGIN B-----", b"-----END B-----", b"-----", b"x\n", b"END "]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
def test_blocks_are_those_of_the_plain_definition(text: bytes) -> None:
    found = list(armour.blocks(text))
    assert [(block.label, block.body) for block in found] == AS_WRITTEN.findall(text)
    assert armour.outside(text, found) == AS_WRITTEN.sub(b"", text)


@pytest.mark.parametrize(
    "text",
    [
        b"-----BEGIN CERTIFICATE-----\n" * 100_000,
        b"".join(b"-----BEGIN %d-----" % number for number in range(100_000)),
        b"-----BEGIN A-----" * 50_000 + b"-----END B-----" * 50_000,
        b"-----BEGIN PRIVATE KEY-----\n" * 100_000,
        b"-----BEGIN " * 200_000,
        b"-\n" * 1_000_000,
    ],
)
def test_a_file_of_beginnings_without_ends_is_damaged_and_soon_said_to_be(text: bytes) -> None:
    began = time.process_time()
    with pytest.raises(Failed):
        containers.unpack(text, lambda: None)
    assert time.process_time() - began < 3.0


def test_a_revocation_list_of_beginnings_is_damaged_and_soon_said_to_be() -> None:
    began = time.process_time()
    with pytest.raises(Failed):
        crl.crls_of(b"-----BEGIN X509 CRL-----\n" * 200_000, "a.crl")
    assert time.process_time() - began < 3.0
