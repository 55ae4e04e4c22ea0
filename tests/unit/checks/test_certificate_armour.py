"""Certificate files made to cost their reader hours or gigabytes; PEM is read once, and as its lines say."""

from __future__ import annotations

import hashlib
import re
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checks.certificate import armour, containers, crl, der, java_store, private_keys
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


def test_an_element_of_millions_is_not_taken_apart() -> None:
    wide = der.encoded(der.SEQUENCE, b"\x05\x00" * (der.MOST_CHILDREN + 1))
    with pytest.raises(Failed):
        containers.unpack(wide, lambda: None)
    assert len(der.first(der.encoded(der.SEQUENCE, b"\x05\x00" * der.MOST_CHILDREN)).children()) == der.MOST_CHILDREN


def test_a_private_key_of_megabytes_in_a_key_store_is_not_computed_with() -> None:
    protector = der.encoded(der.OID, bytes.fromhex("2b060104012a02110101"))
    algorithm = der.encoded(der.SEQUENCE, protector + b"\x05\x00")
    protected = der.encoded(der.SEQUENCE, algorithm + der.encoded(der.OCTETS, bytes(8 << 20)))
    entry = struct.pack(">IHQI", 1, 0, 0, len(protected)) + protected + struct.pack(">I", 0)
    content = struct.pack(">III", 0xFEEDFEED, 2, 1) + entry
    began = time.process_time()
    (key,) = java_store.unpacked(content + bytes(20), None).keys
    with pytest.raises(private_keys.Locked):
        key.opening()
    seal = hashlib.sha1("a".encode("utf-16-be") + b"Mighty Aphrodite" + content).digest()
    (key,) = java_store.unpacked(content + seal, "a").keys
    with pytest.raises(der.NotDer):
        key.opening()
    assert time.process_time() - began < 3.0
