"""certificate.chain: every signature, constraint and issuer's date on the way to the site's anchors."""

from __future__ import annotations

import ipaddress
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from certificate_making import DAY, DER, NOW, Issued, facts, issue, key, name
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from app.checks.certificate import chain
from app.checks.certificate.facts import Facts, Material
from app.checks.certificate.x509 import certificate
from app.checks.model import Outcome, Verdict
from app.site.model import Certificate, Site

SITE = Site("演示", "510000")
PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN


def judged(about: Facts, role: str = "server-device") -> Verdict:
    return chain.compare(about, Certificate("c", role=role), SITE)


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("根 CA")


@pytest.fixture(scope="module")
def middle(root: Issued) -> Issued:
    return root.issue("中间 CA", ca=True)


def test_a_chain_to_an_anchor_passes_and_names_its_way(root: Issued, middle: Issued) -> None:
    leaf = middle.issue("设备")
    verdict = judged(facts(leaf, middle, anchors=[root]))
    assert verdict.outcome is PASS and "设备 ← 中间 CA ← 根 CA" in verdict.actual


def test_an_anchor_itself_passes_though_it_is_expired_or_signs_nobody(root: Issued) -> None:
    assert judged(facts(root, anchors=[root])).outcome is PASS
    device = issue("自签设备", ca=False)
    assert judged(facts(device, anchors=[device])).outcome is PASS


def test_without_an_anchor_nothing_is_said_of_the_chain(root: Issued, middle: Issued) -> None:
    for leaf in (middle.issue("设备"), issue("自签", ca=False)):
        verdict = judged(facts(leaf, middle, root))
        assert verdict.outcome is UNKNOWN and "没有给出信任锚" in verdict.reason


def test_a_self_signed_one_that_is_no_anchor_fails(root: Issued) -> None:
    verdict = judged(facts(issue("自签", ca=False), anchors=[root]))
    assert verdict.outcome is FAIL and "自签名" in verdict.reason


def test_a_root_sent_along_is_no_anchor(root: Issued) -> None:
    other = issue("别的根")
    verdict = judged(facts(other.issue("设备"), other, anchors=[root]))
    assert verdict.outcome is FAIL and "别的根" in verdict.reason


def test_a_missing_issuer_is_named(root: Issued, middle: Issued) -> None:
    verdict = judged(facts(middle.issue("设备"), anchors=[root]))
    assert verdict.outcome is FAIL and "中间 CA" in verdict.reason
    assert judged(facts(middle.issue("设备"), anchors=[middle])).outcome is PASS  # an intermediate may be the anchor


def test_an_authority_of_the_same_name_but_another_key_has_not_signed(root: Issued) -> None:
    verdict = judged(facts(issue("根 CA").issue("设备"), anchors=[root]))
    assert verdict.outcome is FAIL and "签名" in verdict.reason


def test_every_signature_counts_not_only_the_first(root: Issued) -> None:
    forged = root.issue("中间 CA", ca=True, signer=key())
    verdict = judged(facts(forged.issue("设备"), forged, anchors=[root]))
    assert verdict.outcome is FAIL and "“CN=中间 CA,C=CN”的签名不是由" in verdict.reason


@pytest.mark.parametrize("place", [-1, -30, 200])
def test_one_flipped_bit_anywhere_breaks_it(root: Issued, place: int) -> None:
    encoded = bytearray(root.issue("设备", hosts=["a.example.cn"] * 20).der)
    encoded[place] ^= 1
    material = Material(certificate(bytes(encoded)), (), "DER")
    assert judged(Facts(material, NOW, (root.parsed,))).outcome is FAIL


def test_the_leaf_s_own_validity_is_not_this_check_s_business(root: Issued) -> None:
    old = root.issue("设备", end=NOW - DAY)
    assert judged(facts(old, anchors=[root])).outcome is PASS


@pytest.mark.parametrize(("end", "outcome"), [(NOW, PASS), (NOW - timedelta(seconds=1), FAIL)])
def test_an_issuer_out_of_date_fails_to_the_second(root: Issued, end: datetime, outcome: Outcome) -> None:
    issuer = root.issue("中间 CA", ca=True, end=end)
    assert judged(facts(issuer.issue("设备"), issuer, anchors=[root])).outcome is outcome
    old_root = issue("旧根", end=end)
    assert judged(facts(old_root.issue("设备"), anchors=[old_root])).outcome is outcome


def test_an_issuer_not_yet_valid_fails(root: Issued) -> None:
    issuer = root.issue("中间 CA", ca=True, start=NOW + DAY)
    assert judged(facts(issuer.issue("设备"), issuer, anchors=[root])).outcome is FAIL


def test_only_an_authority_may_issue(root: Issued) -> None:
    device = root.issue("设备一")
    verdict = judged(facts(device.issue("设备二"), device, anchors=[root]))
    assert verdict.outcome is FAIL and "不是 CA" in verdict.reason


def test_an_authority_without_key_cert_sign_may_not_issue(root: Issued) -> None:
    issuer = root.issue("中间 CA", ca=True, flags=["crl_sign"])
    verdict = judged(facts(issuer.issue("设备"), issuer, anchors=[root]))
    assert verdict.outcome is FAIL and "keyCertSign" in verdict.reason


@pytest.mark.parametrize(("length", "outcome"), [(None, PASS), (2, PASS), (1, PASS), (0, FAIL)])
def test_the_path_length_counts_the_authorities_below(length: int | None, outcome: Outcome) -> None:
    root = issue("根", length=length)
    issuer = root.issue("中间", ca=True)
    assert judged(facts(issuer.issue("设备"), issuer, anchors=[root])).outcome is outcome
    short = root.issue("直接")
    assert judged(facts(short, anchors=[root])).outcome is PASS


def test_cross_signed_issuers_of_one_name_are_all_tried() -> None:
    shared = key()
    good, bad = issue("可信根"), issue("陌生根")
    by_bad = bad.issue("交叉 CA", ca=True, own=shared)
    by_good = good.issue("交叉 CA", ca=True, own=shared)
    expired = good.issue("交叉 CA", ca=True, own=shared, end=NOW - DAY)
    leaf = by_good.issue("设备")
    namesake = issue("交叉 CA")
    everything = (namesake, by_bad, expired, by_good, bad)
    assert judged(facts(leaf, *everything, anchors=[good])).outcome is PASS
    assert judged(facts(leaf, namesake, by_bad, expired, bad, anchors=[good])).outcome is FAIL


def test_authorities_that_certify_each_other_do_not_keep_us(root: Issued) -> None:
    keys = [key() for _ in range(9)]
    ring = [
        issue("环", Issued(issue("环", own=signer).certificate, signer), ca=True, own=own)
        for own in keys
        for signer in keys
        if own is not signer
    ]
    leaf = Issued(ring[0].certificate, ring[0].key).issue("设备")
    assert judged(facts(leaf, *ring, anchors=[root])).outcome in (FAIL, UNKNOWN)


def constraints(permitted: list[Any] | None = None, excluded: list[Any] | None = None) -> x509.NameConstraints:
    return x509.NameConstraints(permitted, excluded)


LAN = x509.IPAddress(ipaddress.ip_network("10.1.0.0/16"))


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        (constraints([x509.DNSName("example.cn")]), PASS),
        (constraints([x509.DNSName("jyjc.example.cn")]), PASS),
        (constraints([x509.DNSName("ample.cn")]), FAIL),
        (constraints([x509.DNSName("example.com"), x509.DNSName("example.cn")]), PASS),
        (constraints(None, [x509.DNSName("example.cn")]), FAIL),
        (constraints([x509.DNSName("example.cn")], [x509.DNSName("jyjc.example.cn")]), FAIL),
        (constraints([LAN]), PASS),
        (constraints(None, [LAN]), FAIL),
        (constraints([x509.IPAddress(ipaddress.ip_network("10.2.0.0/16"))]), FAIL),
        (constraints([x509.RFC822Name("example.cn")]), PASS),
        (constraints([x509.DirectoryName(x509.Name([*name("x")][:1]))]), PASS),
        (constraints([x509.DirectoryName(name("别人"))]), FAIL),
    ],
)
def test_name_constraints_bind_what_is_below(limits: x509.NameConstraints, outcome: Outcome) -> None:
    root = issue("根", extensions=[(limits, True)])
    leaf = root.issue("设备", hosts=["jyjc.example.cn"], addresses=[ipaddress.ip_address("10.1.2.3")])
    assert judged(facts(leaf, anchors=[root])).outcome is outcome


def test_a_host_in_the_common_name_does_not_slip_past_the_constraints() -> None:
    root = issue("根", extensions=[(constraints([x509.DNSName("example.cn")]), True)])
    assert judged(facts(root.issue("evil.example.com"), anchors=[root])).outcome is FAIL
    assert judged(facts(root.issue("a.example.cn"), anchors=[root])).outcome is PASS


def test_a_critical_extension_that_nobody_knows_is_undetermined(root: Issued) -> None:
    strange = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    leaf = root.issue("设备", extensions=[(strange, True)])
    verdict = judged(facts(leaf, anchors=[root]))
    assert verdict.outcome is UNKNOWN and "1.2.3.4" in verdict.reason
    assert judged(facts(root.issue("设备", extensions=[(strange, False)]), anchors=[root])).outcome is PASS


def test_a_server_must_send_its_intermediates(root: Issued, middle: Issued) -> None:
    leaf = middle.issue("设备")
    verdict = judged(facts(leaf, anchors=[root], known=[middle], tls=True))
    assert verdict.outcome is WARN and "没有发送中间证书" in verdict.reason and "中间 CA" in verdict.reason
    assert judged(facts(leaf, middle, anchors=[root], tls=True)).outcome is PASS
    assert judged(facts(leaf, middle, root, anchors=[root], tls=True)).outcome is PASS
    assert judged(facts(leaf, anchors=[root], known=[middle])).outcome is PASS  # a file need not carry them


def test_a_server_s_order_counts(root: Issued, middle: Issued) -> None:
    lower = middle.issue("下级 CA", ca=True)
    leaf = lower.issue("设备")
    assert judged(facts(leaf, lower, middle, anchors=[root], tls=True)).outcome is PASS
    verdict = judged(facts(leaf, middle, lower, anchors=[root], tls=True))
    assert verdict.outcome is WARN and "顺序" in verdict.reason
    assert judged(facts(leaf, middle, lower, anchors=[root])).outcome is PASS  # the order in a file says nothing


def test_an_issuer_for_other_purposes_is_pointed_out(root: Issued) -> None:
    mail = root.issue("邮件 CA", ca=True, purposes=[ExtendedKeyUsageOID.EMAIL_PROTECTION])
    assert judged(facts(mail.issue("设备"), mail, anchors=[root])).outcome is WARN


def test_names_are_compared_without_case_and_blanks(root: Issued) -> None:
    shared = key()
    upper, lower = issue("Root  CA", own=shared), issue("root ca", own=shared)
    assert judged(facts(upper.issue("设备"), anchors=[lower])).outcome is PASS


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def sm2(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """A national root and a certificate by it, in DER."""
    folder = tmp_path_factory.mktemp("sm2")
    sign = ("-sm3", "-sigopt", "distid:1234567812345678")
    for who in ("ca", "leaf"):
        openssl(folder, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", f"{who}.key")
    ends = ("-days", "100", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl(folder, "req", "-x509", "-new", *sign, "-key", "ca.key", "-subj", "/CN=SM2 CA", *ends, "-out", "ca.pem")
    openssl(folder, "req", "-new", *sign, "-key", "leaf.key", "-subj", "/CN=device", "-out", "leaf.csr")
    by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-vfyopt", "distid:1234567812345678")
    openssl(folder, "x509", "-req", "-in", "leaf.csr", *by, *sign, "-days", "50", "-out", "leaf.pem")
    loaded = [x509.load_pem_x509_certificate((folder / f"{who}.pem").read_bytes()) for who in ("ca", "leaf")]
    return loaded[0].public_bytes(DER), loaded[1].public_bytes(DER)


def test_sm2_signatures_are_verified_both_ways(sm2: tuple[bytes, bytes]) -> None:
    root, leaf = certificate(sm2[0]), certificate(sm2[1])
    now = datetime.now(UTC)
    assert judged(Facts(Material(leaf, (), "DER"), now, (root,))).outcome is PASS
    broken = bytearray(sm2[1])
    broken[-3] ^= 1
    verdict = judged(Facts(Material(certificate(bytes(broken)), (), "DER"), now, (root,)))
    assert verdict.outcome is UNKNOWN and "标识" in verdict.reason  # changed, or signed under another name: who knows
    assert str(leaf.key) == "SM2"


def test_a_signature_that_cannot_be_verified_is_never_a_pass(root: Issued) -> None:
    """The signature's algorithm is made an unknown one, inside and outside alike."""
    encoded = root.issue("设备").der.replace(
        bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06082a8648ce3d040377")
    )
    verdict = judged(Facts(Material(certificate(encoded), (), "DER"), NOW, (root.parsed,)))
    assert verdict.outcome is UNKNOWN and "不能验证" in verdict.reason


def test_an_inner_algorithm_other_than_the_outer_is_a_forgery(root: Issued) -> None:
    encoded = root.issue("设备").der
    head, _, tail = encoded.rpartition(bytes.fromhex("06082a8648ce3d040302"))
    material = Material(certificate(head + bytes.fromhex("06082a8648ce3d040303") + tail), (), "DER")
    assert judged(Facts(material, NOW, (root.parsed,))).outcome is FAIL
