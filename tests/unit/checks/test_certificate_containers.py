"""Files of every form, and of none: BER, nesting, bombs, cuts at every byte, ten thousand certificates."""

from __future__ import annotations

import base64
import functools
import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from certificate_making import DAY, DER, NOW, PEM, Issued, issue, run, write
from certificate_stores import jks, openssl, p12, sealed
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs7, pkcs12
from hypothesis import given, settings
from hypothesis import strategies as st

from app.checks.certificate import ber, der, pbe
from app.checks.certificate.containers import Content, unpack
from app.checks.certificate.x509 import Unsupported
from app.checks.model import Failed, Outcome, Result, Undetermined
from app.site.model import Certificate

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
LONG = NOW + 3000 * DAY


@functools.cache
def chain() -> tuple[Issued, Issued, Issued]:
    root = issue("根", end=LONG)
    middle = root.issue("中间", ca=True, end=LONG)
    return middle.issue("设备", end=LONG), middle, root


def source_of(path: Path, password: str | None = None) -> Result:
    target = Certificate("c", source=f"file:{path}")
    return run(target, "source", passwords={} if password is None else {"c": password})["source"]


@functools.cache
def store(form: str) -> bytes:
    """One file of each form, with the password "abc" where it has one."""
    leaf, middle, root = chain()
    several = [one.certificate for one in (leaf, middle, root)]
    closed = BestAvailableEncryption(b"abc")
    makers: dict[str, Callable[[], bytes]] = {
        "der": lambda: leaf.der,
        "pem": lambda: leaf.pem + middle.pem,
        "p7b-der": lambda: pkcs7.serialize_certificates(several, DER),
        "p7b-pem": lambda: pkcs7.serialize_certificates(several, PEM),
        "pfx": lambda: pkcs12.serialize_key_and_certificates(b"x", leaf.key, leaf.certificate, several[1:], closed),
        "jks": lambda: jks(("x", leaf, [middle, root]), trusted=[root], password="abc"),
        "bare": lambda: base64.encodebytes(leaf.der),
    }
    return makers[form]()


FORMS = ("der", "pem", "p7b-der", "p7b-pem", "pfx", "jks", "bare")


def unpacked(data: bytes, password: str | None = "abc") -> Content | None:
    """What is in it; None where it is refused in one of the ways that are told to people."""
    try:
        return unpack(data, lambda: password)
    except (Failed, Undetermined, Unsupported):
        return None


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_read(form: str) -> None:
    content = unpacked(store(form))
    assert content and content.certificates[0].holder in ("设备", "中间", "根") and not content.unsure


@pytest.mark.parametrize("form", FORMS)
def test_no_cut_file_passes(form: str) -> None:
    """Every length; of the slow ones every few. Only a line's end may be missing."""
    whole = store(form)
    step = 23 if form == "pfx" else 1
    for length in range(0, len(whole.rstrip(b"\n")), step):
        content = unpacked(whole[:length])
        if form == "pem" and content:  # cut between two certificates it is a whole file again
            assert whole[:length].rstrip().endswith(b"-----END CERTIFICATE-----") and length > len(chain()[0].pem) - 2
        else:
            assert content is None, length


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FORMS), st.data())
def test_no_changed_byte_breaks_the_reader(form: str, data: st.DataObject) -> None:
    whole = bytearray(store(form))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    unpacked(bytes(whole))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    unpacked(data)
    unpacked(b"\x30\x80" + data)
    unpacked(b"\xfe\xed\xfe\xed\x00\x00\x00\x02" + data)


def test_a_sealed_store_says_so_when_a_byte_was_changed() -> None:
    for form in ("jks", "pfx"):
        whole = bytearray(store(form))
        whole[len(whole) // 2] ^= 1
        assert unpacked(bytes(whole)) is None


def indefinite(data: bytes, strings: bool = True) -> bytes:
    """DER written as BER with indefinite lengths, octets in pieces of 100: as Bouncy Castle writes it."""
    element = der.element(data)
    if element.tag in (0x30, 0x31, 0xA0):
        inside = [indefinite(child.raw, strings) for child in element.children()]
        return bytes([element.tag, 0x80]) + b"".join(inside) + b"\0\0"
    if element.tag == 0x04 and strings and len(element.content) > 100:
        pieces = [element.content[at : at + 100] for at in range(0, len(element.content), 100)]
        return b"\x24\x80" + b"".join(der.encoded(0x04, piece) for piece in pieces) + b"\0\0"
    return data


def test_bouncy_castle_s_ber_is_read(tmp_path: Path) -> None:
    leaf, middle, _ = chain()
    for words in ((), ("-legacy",)):
        whole = p12(tmp_path, leaf, "a.p12", *words, more=(middle,)).read_bytes()
        content = unpack(indefinite(whole), lambda: "abc")
        assert content.heads == (leaf.parsed,) and content.certificates
    outer = der.element(store("p7b-der"))
    kind, wrapped = outer.children()
    content = unpack(b"\x30\x80" + kind.raw + b"\xa0\x80" + wrapped.content + b"\0\0\0\0", lambda: None)
    assert {one.holder for one in content.certificates} == {"设备", "中间", "根"}


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.binary(max_size=150).map(lambda raw: der.encoded(0x04, raw)),
                    lambda inner: st.lists(inner, max_size=4).map(lambda all: der.encoded(0x30, b"".join(all))),
                    max_leaves=20))  # fmt: skip
def test_ber_of_der_is_that_der_again(data: bytes) -> None:
    assert ber.definite(data) == data
    if data[0] == 0x30:
        assert ber.definite(indefinite(data)) == data


@pytest.mark.parametrize("data", [b"\x30\x80" * 3000, b"\x30\x80\x04\x80\0\0", b"\x30\x80\x30\x05\0\0", b"\x30\x80"])
def test_ber_that_does_not_end_is_refused(data: bytes) -> None:
    with pytest.raises(der.NotDer):
        ber.definite(data)


def signed_data(certificates: Sequence[bytes], inside: bytes = b"") -> bytes:
    """A degenerate PKCS#7; ``inside`` is what it carries."""
    data = bytes.fromhex("06092a864886f70d010701")
    content = inside or der.encoded(0x30, data)
    held = der.encoded(0xA0, b"".join(certificates)) if certificates else b""
    body = b"\x02\x01\x01" + b"\x31\x00" + content + held + b"\x31\x00"
    oid = bytes.fromhex("06092a864886f70d010702")
    return der.encoded(0x30, oid + der.encoded(0xA0, der.encoded(0x30, body)))


def test_a_pkcs7_inside_another_is_read_and_not_endlessly() -> None:
    leaf, middle, _ = chain()
    inner = signed_data([leaf.der, middle.der])
    octets = der.encoded(0x30, bytes.fromhex("06092a864886f70d010701") + der.encoded(0xA0, der.encoded(0x04, inner)))
    for nested in (signed_data([], inner), signed_data([], octets)):
        assert [one.holder for one in unpack(nested, lambda: None).certificates] == ["设备", "中间"]
    deep = inner
    for _ in range(50):
        deep = signed_data([], deep)
    assert unpacked(deep) is None and unpacked(signed_data([])) is None


def test_the_national_pkcs7_is_read() -> None:
    plain = signed_data([chain()[0].der])
    national = plain.replace(bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("060a2a811ccf550601040202"), 1)
    grown = b"\x30\x82" + (len(national) - 4).to_bytes(2, "big") + national[4:]
    assert [one.holder for one in unpack(grown, lambda: None).certificates] == ["设备"]


def test_text_before_line_ends_and_marks_do_not_matter() -> None:
    leaf, middle, _ = chain()
    text = b"Certificate:\n    Data: \xd6\xd0\xce\xc4\n" + leaf.pem + b"\nsome text\n" + middle.pem + b"end"
    for data in (text, b"\xef\xbb\xbf" + text, text.replace(b"\n", b"\r\n"), text.replace(b"\n", b"\r")):
        content = unpack(data, lambda: None)
        assert [one.holder for one in content.certificates] == ["设备", "中间"]


def test_a_bundle_whose_last_certificate_is_cut_is_damaged(tmp_path: Path) -> None:
    leaf, middle, _ = chain()
    result = source_of(write(tmp_path / "cut.pem", leaf.pem + middle.pem[:-30]))
    assert result.outcome is FAIL and "不完整" in result.actual


def iterations(data: bytes, rounds: int) -> bytes:
    """A PKCS#12 file of OpenSSL's with its iteration counts (2048) replaced: four bytes take the place of two."""
    return data.replace(b"\x02\x02\x08\x00", der.encoded(0x02, rounds.to_bytes(4, "big")))


@pytest.mark.parametrize("words", [(), ("-legacy",), ("-nomac",), ("-certpbe", "NONE")])
def test_a_file_that_wants_billions_of_iterations_is_left_at_once(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = p12(tmp_path, chain()[0], "a.p12", *words)
    whole = der.element(path.read_bytes())
    bomb = rebuilt(whole, lambda raw: iterations(raw, 0x7FFFFFFF) if b"\x02\x02\x08\x00" in raw else raw)
    began = time.monotonic()
    result = source_of(write(tmp_path / "bomb.p12", bomb), "abc")
    assert time.monotonic() - began < 5 and result.outcome is UNKNOWN and "迭代" in result.reason, result


def rebuilt(element: der.Element, change: Callable[[bytes], bytes]) -> bytes:
    """The element with its integers changed and every length put right, octets that hold elements included."""
    if element.tag & 0x20:
        return der.encoded(element.tag, b"".join(rebuilt(child, change) for child in element.children()))
    if element.tag == 0x04:
        try:
            return der.encoded(0x04, rebuilt(der.element(element.content, 0x30), change))
        except der.NotDer:
            return element.raw
    return change(element.raw)


def test_many_files_worth_of_iterations_in_one_are_not_spent() -> None:
    budget = pbe.Budget()
    number = der.element(der.encoded(0x02, (4_000_000).to_bytes(3, "big")))
    budget.spend(number)
    budget.spend(number)
    with pytest.raises(pbe.Unopenable):
        budget.spend(number)
    for bad in (b"\x02\x01\x00", b"\x02\x01\xff", b"\x04\x01\x01"):
        with pytest.raises(der.NotDer):
            pbe.Budget().spend(der.element(bad))


@pytest.mark.parametrize(
    "body",
    [
        struct.pack(">III", 0xFEEDFEED, 2, 0x7FFFFFFF),
        struct.pack(">III", 0xFEEDFEED, 2, 1) + struct.pack(">IH", 1, 0) + struct.pack(">QI", 0, 0x7FFFFFFF),
        struct.pack(">III", 0xFEEDFEED, 2, 1) + struct.pack(">IHQII", 1, 0, 0, 0, 0x7FFFFFFF),
        struct.pack(">III", 0xFEEDFEED, 3, 0),
        struct.pack(">III", 0xCECECECE, 2, 1) + struct.pack(">IHQ", 3, 0, 0) + b"serialised",
    ],
)
def test_a_java_store_that_claims_too_much_is_left_at_once(body: bytes) -> None:
    assert unpacked(body + sealed(body, "abc")) is None


def test_a_java_store_with_something_behind_its_entries_is_damaged() -> None:
    whole = store("jks")
    for data in (whole[:-20] + b"\0" + whole[-20:], whole + b"\0", whole[:-1]):
        assert unpacked(data, None) is None


def test_several_keys_in_a_java_store_are_not_chosen_between(tmp_path: Path) -> None:
    leaf, middle, root = chain()
    other = middle.issue("另一台", end=LONG)
    path = write(tmp_path / "two.jks", jks(("a", leaf, [middle]), ("b", other, [middle, root]), password="abc"))
    result = source_of(path, "abc")
    assert result.outcome is UNKNOWN and "设备" in result.reason and "另一台" in result.reason


def test_a_pkcs12_file_named_jks_and_a_jks_named_pfx_are_what_they_are(tmp_path: Path) -> None:
    assert "PKCS#12" in source_of(write(tmp_path / "a.jks", store("pfx")), "abc").actual
    assert "JKS" in source_of(write(tmp_path / "a.pfx", store("jks")), "abc").actual


def test_ten_thousand_certificates_are_read_in_bounded_time(tmp_path: Path) -> None:
    """Most are copies with other serial numbers: the signatures are not looked at here, the names and paths are."""
    leaf, middle, root = chain()
    number = bytes.fromhex(leaf.parsed.serial)
    others = (b"\x40" + at.to_bytes(len(number) - 1, "big") for at in range(1, 10_000))
    copies = [middle.der, *(leaf.der.replace(number, other) for other in others)]
    path = write(tmp_path / "many.p7b", signed_data(copies))
    trusted = write(tmp_path / "root.cer", root.der)
    target = Certificate("c", source=f"file:{write(tmp_path / 'leaf.cer', leaf.der)}", trust=(trusted,), chain=(path,))
    began = time.monotonic()
    results = run(target, "source", "chain")
    assert time.monotonic() - began < 20
    assert {result.outcome for result in results.values()} == {PASS}, results
    assert source_of(path).outcome is UNKNOWN  # ten thousand end certificates: which is meant?


def test_openssl_reads_what_these_tests_write(tmp_path: Path) -> None:
    write(tmp_path / "a.p7b", signed_data([chain()[0].der]))
    assert b"BEGIN CERTIFICATE" in openssl(tmp_path, "pkcs7", "-inform", "DER", "-in", "a.p7b", "-print_certs")
