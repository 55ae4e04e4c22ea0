"""Certificates that look like an anchor without being one, and lists as long as a country's."""

from __future__ import annotations

import time
from datetime import timedelta

from certificate_making import DAY, DER, NOW, Issued, facts, issue, name
from cryptography import x509

from app.checks.certificate import chain, der, revocation
from app.checks.certificate.crl import Crl
from app.checks.certificate.facts import Facts, Material
from app.checks.certificate.x509 import NotCertificate, Unsupported, certificate
from app.checks.model import Outcome
from app.site.model import Certificate, Site

SITE = Site("演示", "510000")
ROOT = issue("根")


def chain_of(given: Facts, role: str = "ca") -> Outcome:
    return chain.compare(given, Certificate("c", role=role), SITE).outcome


def longer(root: Issued) -> bytes:
    """The root with its end moved by ten years, which its signature no longer covers."""
    old = f"{root.certificate.not_valid_after_utc:%y%m%d}".encode()
    new = f"{root.certificate.not_valid_after_utc + timedelta(days=3650):%y%m%d}".encode()
    assert root.der.count(old) == 1
    return root.der.replace(old, new)


def test_an_anchor_with_other_dates_written_into_it_is_no_anchor() -> None:
    material = Material(certificate(longer(ROOT)), (), "DER")
    assert chain_of(Facts(material, NOW, anchors=(ROOT.parsed,))) is Outcome.FAIL
    assert chain_of(facts(ROOT, anchors=[ROOT])) is Outcome.PASS


def test_a_forged_copy_does_not_stand_in_for_an_anchor_that_has_expired() -> None:
    root = issue("旧根", end=NOW - DAY)
    leaf = root.issue("server")
    material = Material(leaf.parsed, (certificate(longer(root)),), "TLS", over_tls=True)
    assert chain_of(Facts(material, NOW, anchors=(root.parsed,)), "server-device") is Outcome.FAIL


def test_an_anchor_that_its_own_key_has_issued_anew_is_one() -> None:
    root = issue("旧根", end=NOW - DAY)
    renewed = issue("旧根", own=root.key)
    assert chain_of(facts(renewed, anchors=[root])) is Outcome.PASS
    assert chain_of(facts(root.issue("server"), renewed, anchors=[root]), "server-device") is Outcome.PASS


def test_a_constraint_with_a_leading_dot_leaves_out_the_domain_itself() -> None:
    below = x509.NameConstraints([x509.DNSName(".gov.cn")], None)
    ca = ROOT.issue("受限", ca=True, extensions=[(below, True)])
    for host, outcome in (("gov.cn", Outcome.FAIL), ("a.gov.cn", Outcome.PASS), ("agov.cn", Outcome.FAIL)):
        leaf = ca.issue("x", hosts=[host], subject=name("服务器"))
        assert chain_of(facts(leaf, known=[ca], anchors=[ROOT]), "server-device") is outcome, host


def test_a_long_list_is_read_in_time_that_grows_with_its_length() -> None:
    one = b"\x30\x03\x02\x01\x05"

    def seconds(count: int) -> float:
        data = one * count
        began = time.process_time()
        assert sum(1 for _ in der.elements(data)) == count
        return time.process_time() - began

    assert seconds(200_000) < 20 * max(seconds(20_000), 0.01)


def test_a_list_signed_by_an_issuer_whom_nobody_trusts_clears_nothing() -> None:
    def outcome(ca: Issued) -> Outcome:
        lists = (Crl(ca.crl().public_bytes(DER), "ca.crl"),)
        return revocation.compare(facts(ca.issue("x"), ca, anchors=[ROOT], crls=lists), Certificate("c"), SITE).outcome

    assert outcome(issue("伪")) is Outcome.UNKNOWN
    assert outcome(ROOT) is Outcome.PASS


def test_no_flipped_bit_of_a_certificate_leads_to_an_anchor() -> None:
    leaf = ROOT.issue("设备", hosts=["a.cn"]).der
    for place in range(len(leaf)):
        changed = bytearray(leaf)
        changed[place] ^= 1 << place % 8
        try:
            one = certificate(bytes(changed))
        except (NotCertificate, Unsupported):
            continue
        given = Facts(Material(one, (), "DER"), NOW, (ROOT.parsed,))
        assert chain_of(given, "server-device") in (Outcome.FAIL, Outcome.UNKNOWN), place
