"""Paths where several lead up and some are broken; keys that are pointed to; SM2 under other names; long lists."""

from __future__ import annotations

import functools
import random
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from certificate_making import DAY, DER, NOW, Issued, facts, issue, key, name, run, usage, write
from certificate_stores import openssl, sm2_authority, sm2_leaf
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from app.checks.certificate import chain, der, revocation, sm2
from app.checks.certificate.crl import Crl, crls_of
from app.checks.certificate.facts import Facts, Material
from app.checks.certificate.signatures import Signature, signed
from app.checks.certificate.x509 import certificate
from app.checks.model import Failed, Outcome, Verdict
from app.site.model import Certificate, Site

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
SITE = Site("演示", "510000")
LONG = NOW + 3000 * DAY
EXPIRED = {"start": NOW - 900 * DAY, "end": NOW - DAY}


def judged(given: Facts) -> Verdict:
    return chain.compare(given, Certificate("c"), SITE)


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("根", end=LONG)


def crossed(own: Issued, by: Issued, **more: Any) -> Issued:
    """The same authority, name and key, certified by another."""
    return by.issue("", ca=True, own=own.key, subject=own.certificate.subject, **more)


def test_of_several_ways_up_a_good_one_counts(root: Issued) -> None:
    other = issue("别的根", end=LONG)
    middle = root.issue("中间", ca=True, end=LONG)
    leaf = middle.issue("设备")
    bad_ways = (
        crossed(middle, other),  # leads to a root that nobody trusts
        crossed(middle, root, **EXPIRED),
        crossed(middle, root, flags=("digital_signature",)),
        replace(
            crossed(middle, root),
            certificate=middle.issue("", ca=False, subject=middle.certificate.subject).certificate,
        ),
    )
    for seed in range(6):
        several = [middle, *bad_ways, middle, *bad_ways]  # twice each
        random.Random(seed).shuffle(several)
        assert judged(facts(leaf, *several, anchors=[root])).outcome is PASS, seed
    for bad in bad_ways[:3]:
        assert judged(facts(leaf, bad, anchors=[root])).outcome is FAIL


def test_an_expired_intermediate_alone_fails_and_with_its_renewal_passes(root: Issued) -> None:
    old = root.issue("中间", ca=True, **EXPIRED)
    leaf = old.issue("设备")
    assert judged(facts(leaf, old, anchors=[root])).outcome is FAIL
    assert judged(facts(leaf, old, crossed(old, root, end=LONG), anchors=[root])).outcome is PASS


def test_an_old_root_certified_by_the_new_one_is_a_way_up(root: Issued) -> None:
    old = issue("旧根", end=LONG)
    leaf = old.issue("设备")
    assert judged(facts(leaf, old, crossed(old, root, end=LONG), anchors=[root])).outcome is PASS
    assert judged(facts(leaf, old, anchors=[root])).outcome is FAIL


@pytest.mark.parametrize(("length", "below", "outcome"), [(0, 0, PASS), (0, 1, FAIL), (1, 1, PASS), (1, 2, FAIL)])
def test_path_length_at_its_boundary(root: Issued, length: int, below: int, outcome: Outcome) -> None:
    top = root.issue("限长", ca=True, length=length, end=LONG)
    sent, last = [top], top
    for depth in range(below):
        last = last.issue(f"下级 {depth}", ca=True, end=LONG)
        sent.append(last)
    assert judged(facts(last.issue("设备"), *sent, anchors=[root])).outcome is outcome


def test_the_longest_path_is_bounded(root: Issued) -> None:
    sent, last = [], root
    for depth in range(chain.LONGEST + 2):
        last = last.issue(f"第 {depth}", ca=True, end=LONG)
        sent.append(last)
    assert judged(facts(sent[chain.LONGEST - 3].issue("x"), *sent, anchors=[root])).outcome is PASS
    assert judged(facts(last.issue("x"), *sent, anchors=[root])).outcome is UNKNOWN


def without_extensions(one: Issued, signer: Issued) -> bytes:
    """The certificate as of version 1, signed anew."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    tbs, algorithm, _ = der.element(one.der).children()
    fields = [field.raw for field in tbs.children() if field.tag not in (0xA0, 0xA3)]
    body = der.encoded(0x30, b"".join(fields))
    value = signer.key.sign(body, ec.ECDSA(hashes.SHA256()))
    return der.encoded(0x30, body + algorithm.raw + der.encoded(0x03, b"\0" + value))


def test_a_version_1_authority_counts_as_an_anchor_only(root: Issued) -> None:
    middle = root.issue("中间", ca=True, end=LONG)
    leaf = middle.issue("设备").parsed
    old = certificate(without_extensions(middle, root))
    assert old.version == 1
    given = Facts(Material(leaf, (old,), "DER"), NOW, (root.parsed,))
    verdict = judged(given)
    assert verdict.outcome is FAIL and "basicConstraints" in verdict.reason
    assert judged(replace(given, anchors=(old,))).outcome is PASS


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({"ca": False}, FAIL),
        ({"ca": True, "flags": ("crl_sign",)}, FAIL),
        ({"ca": True, "flags": ("key_cert_sign",)}, PASS),
        ({"ca": True, "flags": ()}, PASS),
    ],
)
def test_who_may_issue(root: Issued, more: dict[str, Any], outcome: Outcome) -> None:
    middle = root.issue("中间", end=LONG, **more)
    assert judged(facts(middle.issue("设备"), middle, anchors=[root])).outcome is outcome


def test_authorities_that_certify_each_other_do_not_turn_for_ever(root: Issued) -> None:
    one, other = issue("甲"), issue("乙")
    ring = [one, other, crossed(one, other), crossed(other, one)]
    began = time.monotonic()
    assert judged(facts(one.issue("设备"), *ring, anchors=[root])).outcome is FAIL
    assert judged(facts(one.issue("设备"), *ring, crossed(other, root), anchors=[root])).outcome is PASS
    assert time.monotonic() - began < 5


def test_many_authorities_of_one_name_are_tried_within_bounds(root: Issued) -> None:
    """The right one is found by the key that the leaf points to; without that, giving up is no verdict."""
    right = root.issue("CA", ca=True, end=LONG, extensions=[(ski(key_of := key()), False)], own=key_of)
    crowd = [issue("CA", own=key(), extensions=[(ski(key()), False)]) for _ in range(400)]
    pointed = right.issue("设备", extensions=[(aki(right), False)])
    assert judged(facts(pointed, *crowd, right, anchors=[root])).outcome is PASS
    assert judged(facts(right.issue("设备"), *crowd, right, anchors=[root])).outcome in (PASS, UNKNOWN, FAIL)


def ski(of: Any) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(of.public_key())


def aki(of: Issued) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(of.key.public_key())


def test_a_certificate_that_points_to_another_key_is_pointed_out(root: Issued) -> None:
    own = key()
    middle = root.issue("中间", ca=True, end=LONG, own=own, extensions=[(ski(own), False)])
    assert (
        judged(facts(middle.issue("设备", extensions=[(aki(middle), False)]), middle, anchors=[root])).outcome is PASS
    )
    verdict = judged(facts(middle.issue("设备", extensions=[(aki(root), False)]), middle, anchors=[root]))
    assert verdict.outcome is WARN and "AKI" in verdict.reason
    wrong = x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(name("根"))], 12345)
    assert judged(facts(middle.issue("设备", extensions=[(wrong, False)]), middle, anchors=[root])).outcome is WARN


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A national authority, and certificates by it."""
    folder = tmp_path_factory.mktemp("sm2")
    sm2_authority(folder)
    sm2_authority(folder, "other")
    sm2_leaf(folder, "good")
    sm2_leaf(folder, "named", signer="distid:another-name")
    sm2_leaf(folder, "nameless", signer="")
    return folder


class TestSm2:
    def chained(self, folder: Path, leaf: str, trust: str = "ca", *known: str) -> Verdict:
        def read(file: str) -> Any:
            return certificate(x509.load_pem_x509_certificate((folder / f"{file}.pem").read_bytes()).public_bytes(DER))

        given = Facts(Material(read(leaf), (), "PEM"), datetime.now(UTC), (read(trust),), tuple(map(read, known)))
        return judged(given)

    def test_the_standard_s_name_passes_and_any_other_is_undetermined(self, folder: Path) -> None:
        assert self.chained(folder, "good").outcome is PASS
        for leaf, said in (("named", "标识"), ("nameless", "空标识")):
            verdict = self.chained(folder, leaf)
            assert verdict.outcome is UNKNOWN and said in verdict.reason, leaf

    def test_another_authority_fails_by_name_and_by_the_key_it_points_to(self, folder: Path) -> None:
        assert self.chained(folder, "good", "other").outcome is FAIL
        sm2_leaf(folder, "pointed", "authorityKeyIdentifier=keyid")
        assert self.chained(folder, "pointed").outcome is PASS
        sm2_authority_of = folder / "twin"
        sm2_authority_of.mkdir(exist_ok=True)
        sm2_authority(sm2_authority_of)  # the same name, another key
        twin = (sm2_authority_of / "ca.pem").read_bytes()
        write(folder / "twin.pem", twin)
        assert self.chained(folder, "pointed", "twin").outcome is FAIL
        assert self.chained(folder, "good", "twin").outcome is UNKNOWN  # changed, or signed under another name?

    def test_an_intermediate_of_sm2_is_verified_too(self, folder: Path) -> None:
        sm2_leaf(folder, "middle", "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign",
                 subject="/CN=SM2 middle")  # fmt: skip
        sm2_leaf(folder, "below", by="middle")
        assert self.chained(folder, "below", "ca", "middle").outcome is PASS
        assert self.chained(folder, "below", "ca").outcome is FAIL

    def test_ours_and_openssl_s_word_agree(self, folder: Path) -> None:
        encoded = x509.load_pem_x509_certificate((folder / "good.pem").read_bytes()).public_bytes(DER)
        issuer = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()).public_bytes(DER)
        child, parent = certificate(encoded), certificate(issuer)
        assert signed(child, parent) is Signature.VALID
        tbs, _, value = der.element(encoded).children()
        point = sm2.point_of(der.element(parent.key_info).children()[1].content[1:])
        assert point and sm2.verified(point, tbs.raw, value.content[1:])
        assert not sm2.verified(point, tbs.raw + b"x", value.content[1:])
        assert not sm2.verified(point, tbs.raw, b"\x30\x06\x02\x01\x01\x02\x01\x00")

    def test_a_crl_of_sm2_clears_and_revokes(self, folder: Path) -> None:
        write(folder / "index.txt", b"")
        (folder / "crlnumber").write_text("01\n")
        (folder / "ca.cnf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\n")
        base = ("ca", "-config", "ca.cnf", "-keyfile", "ca.key", "-cert", "ca.pem", "-md", "sm3")
        make = (*base, "-gencrl", "-crldays", "9", "-sigopt", "distid:1234567812345678")
        openssl(folder, *make, "-out", "clear.crl")
        target = Certificate("c", source=f"file:{folder / 'good.pem'}", trust=(folder / "ca.pem",))
        clear = run(replace(target, crl=(folder / "clear.crl",)), "revocation")["revocation"]
        assert clear.outcome is PASS, clear
        openssl(
            folder,
            "ca",
            "-config",
            "ca.cnf",
            "-keyfile",
            "ca.key",
            "-cert",
            "ca.pem",
            "-md",
            "sm3",
            "-revoke",
            "good.pem",
        )
        openssl(folder, *make, "-out", "revoked.crl")
        assert run(replace(target, crl=(folder / "revoked.crl",)), "revocation")["revocation"].outcome is FAIL
        broken = bytearray((folder / "clear.crl").read_bytes())
        listed = x509.load_pem_x509_crl(bytes(broken)).public_bytes(DER)
        write(folder / "broken.crl", listed[:-2] + bytes([listed[-2] ^ 1, listed[-1]]))
        assert run(replace(target, crl=(folder / "broken.crl",)), "revocation")["revocation"].outcome is UNKNOWN


def listed(given: Facts, *lists: x509.CertificateRevocationList) -> Verdict:
    crls = tuple(Crl(one.public_bytes(DER), "a.crl") for one in lists)
    return revocation.compare(replace(given, crls=crls), Certificate("c"), SITE)


def test_each_list_that_is_no_full_word_of_the_issuer_clears_nothing(root: Issued) -> None:
    leaf = root.issue("设备")
    given = facts(leaf, anchors=[root])
    second = timedelta(seconds=1)
    delta = [(x509.DeltaCRLIndicator(1), True)]
    point = x509.IssuingDistributionPoint(None, None, False, False, None, True, False)
    unsigned = issue("根", end=LONG)  # the same name, another key
    assert listed(given, root.crl()).outcome is PASS
    assert listed(given, root.crl(following=NOW)).outcome is PASS
    assert listed(given, root.crl(this=NOW)).outcome is PASS
    for bad in (
        root.crl(following=NOW - second),
        root.crl(this=NOW + second),
        root.crl(extensions=delta),
        root.crl(extensions=[(point, True)]),
        root.crl(signer=unsigned.key),
        issue("别人").crl(),
    ):
        verdict = listed(given, bad)
        assert verdict.outcome is UNKNOWN and verdict.reason and verdict.advice
    assert listed(given, root.crl(following=NOW - second), root.crl()).outcome is PASS, "one good list is enough"


def test_a_signer_without_the_right_clears_nothing(root: Issued) -> None:
    middle = root.issue("中间", ca=True, flags=("key_cert_sign",), end=LONG)
    assert listed(facts(middle.issue("设备"), middle, anchors=[root]), middle.crl()).outcome is UNKNOWN


def test_hold_and_revocation_fail_and_a_lifted_hold_does_not(root: Issued) -> None:
    leaf = root.issue("设备")
    given = facts(leaf, anchors=[root])
    number = leaf.certificate.serial_number
    for flag, outcome in (
        (x509.ReasonFlags.certificate_hold, FAIL),
        (x509.ReasonFlags.key_compromise, FAIL),
        (x509.ReasonFlags.unspecified, FAIL),
    ):
        assert listed(given, root.crl({number: [x509.CRLReason(flag)]})).outcome is outcome
    assert listed(given, root.crl({number: []})).outcome is FAIL
    assert listed(given, root.crl({number + 1: []})).outcome is PASS


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_changed_list_clears(data: st.DataObject) -> None:
    """Whatever byte of a list is changed: it lists the certificate still, or is worth nothing."""
    authority, leaf, encoded = revoked_one()
    whole = bytearray(encoded)
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        lists = crls_of(bytes(whole), "a.crl")
    except Failed:
        return
    verdict = revocation.compare(replace(facts(leaf, anchors=[authority]), crls=lists), Certificate("c"), SITE)
    assert verdict.outcome in (FAIL, UNKNOWN)


@functools.cache
def revoked_one() -> tuple[Issued, Issued, bytes]:
    """An authority, a certificate, the list that revokes it."""
    authority = issue("根")
    leaf = authority.issue("设备")
    return authority, leaf, authority.crl({leaf.certificate.serial_number: []}).public_bytes(DER)


def test_a_number_written_without_its_leading_zero_is_the_same_number(root: Issued) -> None:
    number = int("9A" * 16, 16)
    one = certificate(reissued(root.issue("设备"), root, number).public_bytes(DER))
    assert one.serial.startswith("009A")
    for written, found in ((b"\x00" + b"\x9a" * 16, True), (b"\x9a" * 16, True), (b"\x9a" * 15, False)):
        assert (Crl(long_list(root, [written], 3), "a").entry(one) is not None) is found


def long_list(authority: Issued, serials: Sequence[bytes], count: int) -> bytes:
    """A CRL of that many entries, and of serials as they are written; signed by hand: no library makes one in time."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    template = der.element(authority.crl({1: []}).public_bytes(DER))
    tbs, algorithm, _ = template.children()
    date = b"\x17\x0d" + b"251101000000Z"
    one = [der.encoded(0x30, b"\x02\x08" + (at + (1 << 62)).to_bytes(8, "big") + date) for at in range(count)]
    special = [der.encoded(0x30, der.encoded(0x02, number) + date) for number in serials]
    entries = der.encoded(0x30, b"".join([*one, *special]))
    fields = [entries if place == 5 else field.raw for place, field in enumerate(tbs.children())]
    body = der.encoded(0x30, b"".join(fields))
    value = authority.key.sign(body, ec.ECDSA(hashes.SHA256()))
    return der.encoded(0x30, body + algorithm.raw + der.encoded(0x03, b"\0" + value))


def test_a_list_of_a_million_entries_is_read_in_bounded_time_and_memory(tmp_path: Path, root: Issued) -> None:
    leaf, other = root.issue("设备", end=LONG), root.issue("另一台", end=LONG)
    number = leaf.certificate.serial_number | 1 << 158  # twenty bytes as they are written above
    leaf = replace(leaf, certificate=reissued(leaf, root, number))
    path = write(tmp_path / "big.crl", long_list(root, [number.to_bytes(20, "big")], 1_000_000))
    assert path.stat().st_size > 24_000_000
    trusted = write(tmp_path / "root.cer", root.der)
    for one, outcome in ((leaf, FAIL), (other, PASS)):
        target = Certificate("c", source=f"file:{write(tmp_path / 'a.cer', one.der)}", trust=(trusted,), crl=(path,))
        began = time.monotonic()
        result = run(target, "revocation")["revocation"]
        assert result.outcome is outcome, result
        assert time.monotonic() - began < 20


def test_looking_through_a_long_list_takes_no_memory(root: Issued) -> None:
    leaf = root.issue("设备")
    number = leaf.certificate.serial_number | 1 << 158
    one = certificate(reissued(leaf, root, number).public_bytes(DER))
    crl = Crl(long_list(root, [number.to_bytes(20, "big")], 50_000), "a.crl")
    tracemalloc.start()
    assert crl.entry(one) is not None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def reissued(one: Issued, by: Issued, number: int) -> x509.Certificate:
    from cryptography.hazmat.primitives import hashes

    builder = x509.CertificateBuilder().subject_name(one.certificate.subject).issuer_name(by.certificate.subject)
    builder = builder.public_key(one.key.public_key()).serial_number(number)
    builder = builder.not_valid_before(NOW - DAY).not_valid_after(LONG)
    builder = builder.add_extension(usage("digital_signature"), critical=True)
    return builder.sign(by.key, hashes.SHA256())
