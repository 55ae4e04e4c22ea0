"""certificate.validity, name, strength, usage and revocation: each both ways and at its boundary."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from certificate_making import DAY, DER, NOW, Issued, facts, issue, key, name, rsa_key
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from app.checks.certificate import checks, der, names, revocation, strength, usage, validity
from app.checks.certificate.crl import Crl
from app.checks.certificate.facts import Facts, Material
from app.checks.certificate.hostnames import matches
from app.checks.certificate.x509 import certificate
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Certificate, Site

SITE = Site("演示", "510000")
PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("根 CA")


class TestValidity:
    @pytest.mark.parametrize(
        ("end", "outcome"),
        [
            (NOW + 90 * DAY + SECOND, PASS),
            (NOW + 90 * DAY, WARN),
            (NOW + 30 * DAY + SECOND, WARN),
            (NOW + SECOND, WARN),
            (NOW, WARN),
            (NOW - SECOND, FAIL),
        ],
    )
    def test_days_are_counted_to_the_second(self, root: Issued, end: datetime, outcome: Outcome) -> None:
        verdict = validity.compare_validity(facts(root.issue("设备", end=end)), Certificate("c"), SITE)
        assert verdict.outcome is outcome and (not verdict.reason) == (outcome is PASS)

    @pytest.mark.parametrize(("end", "outcome"), [(NOW + 200 * DAY, PASS), (NOW + 200 * DAY - SECOND, FAIL)])
    def test_the_plan_may_demand_more(self, root: Issued, end: datetime, outcome: Outcome) -> None:
        target = Certificate("c", min_days=200)
        assert validity.compare_validity(facts(root.issue("设备", end=end)), target, SITE).outcome is outcome

    @pytest.mark.parametrize(("start", "outcome"), [(NOW, PASS), (NOW + SECOND, FAIL)])
    def test_not_yet_valid_fails(self, root: Issued, start: datetime, outcome: Outcome) -> None:
        verdict = validity.compare_validity(facts(root.issue("设备", start=start)), Certificate("c"), SITE)
        assert verdict.outcome is outcome

    def test_thirty_days_call_for_a_renewal_before_leaving(self, root: Issued) -> None:
        near = validity.compare_validity(facts(root.issue("设备", end=NOW + 30 * DAY)), Certificate("c"), SITE)
        far = validity.compare_validity(facts(root.issue("设备", end=NOW + 31 * DAY)), Certificate("c"), SITE)
        assert "续期安排" in near.advice and "续期安排" not in far.advice

    def test_what_forms_need_is_observed(self, root: Issued) -> None:
        leaf = root.issue("就业监测设备")
        observed = validity.compare_validity(facts(leaf), Certificate("c"), SITE).observed
        assert int(observed["serial"], 16) == leaf.certificate.serial_number
        assert observed["holder"] == "就业监测设备" and observed["subject"] == "CN=就业监测设备,C=CN"
        assert datetime.fromisoformat(observed["not_after"]) == leaf.certificate.not_valid_after_utc
        assert datetime.fromisoformat(observed["not_before"]) == leaf.certificate.not_valid_before_utc


class TestName:
    def judged(self, leaf: Issued, hostname: str) -> Verdict:
        return names.compare(facts(leaf), Certificate("c", source="file:x", hostname=hostname), SITE)

    @pytest.mark.parametrize(
        ("pattern", "host", "same"),
        [
            ("a.example.cn", "A.Example.CN.", True),
            ("a.example.cn", "b.example.cn", False),
            ("*.example.cn", "a.example.cn", True),
            ("*.example.cn", "example.cn", False),
            ("*.example.cn", "a.b.example.cn", False),
            ("*.cn", "example.cn", False),
            ("*", "example", False),
            ("a*.example.cn", "ab.example.cn", False),
            ("a.*.cn", "a.example.cn", False),
            ("*.*.cn", "a.b.cn", False),
            ("xn--fiqs8s.example.cn", "中国.example.cn", True),
            ("*.example.cn", "中国.example.cn", True),
            ("", "a.example.cn", False),
            ("a..cn", "a..cn", False),
        ],
    )
    def test_names_match_as_rfc_6125_says(self, pattern: str, host: str, same: bool) -> None:
        assert matches(pattern, host) is same

    def test_an_alternative_name_passes(self, root: Issued) -> None:
        leaf = root.issue("别的名字", hosts=["jyjc.example.cn", "*.other.cn"])
        assert self.judged(leaf, "jyjc.example.cn").outcome is PASS
        assert self.judged(leaf, "a.other.cn").outcome is PASS
        assert self.judged(leaf, "x.example.cn").outcome is FAIL

    def test_only_a_common_name_is_a_warning_and_counts_only_without_alternative_names(self, root: Issued) -> None:
        assert self.judged(root.issue("jyjc.example.cn"), "jyjc.example.cn").outcome is WARN
        both = root.issue("jyjc.example.cn", hosts=["other.example.cn"])
        assert self.judged(both, "jyjc.example.cn").outcome is FAIL

    def test_addresses_are_compared_as_addresses(self, root: Issued) -> None:
        leaf = root.issue("设备", addresses=[ipaddress.ip_address("10.1.2.3"), ipaddress.ip_address("fd00::1")])
        assert self.judged(leaf, "10.1.2.3").outcome is PASS
        assert self.judged(leaf, "fd00:0:0::0001").outcome is PASS
        assert self.judged(leaf, "10.1.2.30").outcome is FAIL
        assert self.judged(root.issue("10.1.2.3"), "10.1.2.3").outcome is WARN
        assert self.judged(root.issue("设备", hosts=["10.1.2.3"]), "10.1.2.3").outcome is FAIL  # a name is no address

    def test_it_is_planned_only_where_there_is_a_host(self) -> None:
        assert names.concerns(Certificate("c", source="tls://h:443"), SITE)
        assert names.concerns(Certificate("c", source="file:a.cer", hostname="h"), SITE)
        assert not names.concerns(Certificate("c", source="file:a.cer"), SITE)


class TestStrength:
    def judged(self, about: Facts) -> Verdict:
        return strength.compare(about, Certificate("c"), SITE)

    @pytest.mark.parametrize(
        ("own", "outcome"),
        [
            (rsa_key(2048), PASS),
            (rsa_key(1024), WARN),
            (ec.generate_private_key(ec.SECP256R1()), PASS),
            (ec.generate_private_key(ec.SECP224R1()), PASS),
            (ed25519.Ed25519PrivateKey.generate(), PASS),
        ],
        ids=["rsa-2048", "rsa-1024", "p-256", "p-224", "ed25519"],
    )
    def test_keys(self, root: Issued, own: Any, outcome: Outcome) -> None:
        assert self.judged(facts(root.issue("设备", own=own), anchors=[root])).outcome is outcome

    @pytest.mark.parametrize(
        ("bits", "exponent", "outcome"),
        [(2048, 65537, PASS), (2047, 65537, WARN), (1024, 3, WARN), (1023, 65537, FAIL), (2048, 1, FAIL)],
    )
    def test_rsa_at_its_boundaries(self, root: Issued, bits: int, exponent: int, outcome: Outcome) -> None:
        """The key is put into the certificate by hand: no library makes these; its signature is then wrong, which is
        the chain's finding.
        """
        leaf = root.issue("设备", own=rsa_key(2048))
        numbers = rsa_key(2048).public_key().public_numbers()
        encoded = with_key(leaf, (numbers.n >> (2048 - bits)) | 1, exponent)
        assert self.judged(Facts(Material(certificate(encoded), (), "DER"), NOW)).outcome is outcome

    def test_a_sha_1_signature_is_a_warning(self, tmp_path: Path) -> None:
        assert self.judged(facts(self.made(tmp_path, "sha1"))).outcome is WARN

    def test_an_md5_signature_fails(self, tmp_path: Path) -> None:
        verdict = self.judged(facts(self.made(tmp_path, "md5")))
        assert verdict.outcome is FAIL and "MD5" in verdict.reason

    def test_an_anchor_s_own_signature_is_not_judged_but_its_key_is(self, tmp_path: Path) -> None:
        old = self.made(tmp_path, "md5")
        assert self.judged(facts(old, anchors=[old])).outcome is PASS
        short = issue("短根", own=rsa_key(1024))
        verdict = self.judged(facts(short.issue("设备"), anchors=[short]))
        assert verdict.outcome is WARN and "短根" in verdict.reason

    def test_a_weak_intermediate_is_named(self, root: Issued) -> None:
        weak = root.issue("弱 CA", ca=True, own=rsa_key(1024))
        verdict = self.judged(facts(weak.issue("设备"), weak, anchors=[root]))
        assert verdict.outcome is WARN and "弱 CA" in verdict.reason

    def made(self, folder: Path, digest: str) -> Issued:
        import subprocess

        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", f"-{digest}", "-nodes", "-keyout", "k", "-out", "c"]
        subprocess.run([*words, "-subj", "/CN=old"], cwd=folder, check=True, capture_output=True)
        return Issued(x509.load_pem_x509_certificate((folder / "c").read_bytes()), rsa_key(2048))


def der_integer(value: int) -> bytes:
    return wrapped(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def with_key(leaf: Issued, modulus: int, exponent: int) -> bytes:
    """The certificate in DER with another RSA key in it."""
    whole = der.element(leaf.der)
    body, algorithm, signature = whole.children()
    fields = list(body.children())
    algorithm_of_key = fields[6].children()[0].raw
    key_bits = wrapped(0x03, b"\x00" + wrapped(0x30, der_integer(modulus) + der_integer(exponent)))
    raw = [field.raw for field in fields]
    raw[6] = wrapped(0x30, algorithm_of_key + key_bits)
    return wrapped(0x30, wrapped(0x30, b"".join(raw)) + algorithm.raw + signature.raw)


SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
CODE, ANY, MAIL = (
    ExtendedKeyUsageOID.CODE_SIGNING,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    ExtendedKeyUsageOID.EMAIL_PROTECTION,
)
STRANGE = ObjectIdentifier("1.2.3.4")
SIGN, ENCRYPT = ("digital_signature",), ("key_encipherment", "data_encipherment")


class TestUsage:
    @pytest.mark.parametrize(
        ("role", "flags", "purposes", "outcome"),
        [
            ("server-device", SIGN, (SERVER,), PASS),
            ("server-device", ENCRYPT, (SERVER,), PASS),
            ("server-device", ("data_encipherment",), (SERVER,), PASS),
            ("server-device", (), (SERVER,), PASS),
            ("server-device", ("content_commitment",), (SERVER,), FAIL),
            ("server-device", ("crl_sign",), (SERVER,), FAIL),
            ("server-device", SIGN, (ANY,), PASS),
            ("server-device", SIGN, (SERVER, CLIENT), PASS),
            ("server-device", SIGN, (), WARN),
            ("server-device", SIGN, (CLIENT,), WARN),
            ("server-device", SIGN, (CODE,), FAIL),
            ("server-device", SIGN, (STRANGE,), UNKNOWN),
            ("personal", SIGN, (), PASS),
            ("personal", ("content_commitment",), (), PASS),
            ("personal", ENCRYPT, (CLIENT,), PASS),
            ("personal", SIGN, (MAIL,), PASS),
            ("personal", SIGN, (CODE,), FAIL),
            ("personal", ("crl_sign",), (CLIENT,), FAIL),
        ],
    )
    def test_key_usage_and_extended_key_usage(
        self, root: Issued, role: str, flags: Sequence[str], purposes: Sequence[Any], outcome: Outcome
    ) -> None:
        leaf = root.issue("设备", flags=flags, purposes=purposes)
        verdict = usage.compare(facts(leaf), Certificate("c", role=role), SITE)
        assert verdict.outcome is outcome, verdict

    def test_an_authority_is_no_device_and_a_device_no_authority(self, root: Issued) -> None:
        assert usage.compare(facts(root), Certificate("c", role="server-device"), SITE).outcome is FAIL
        assert usage.compare(facts(root), Certificate("c", role="personal"), SITE).outcome is FAIL
        assert usage.compare(facts(root), Certificate("c", role="ca"), SITE).outcome is PASS
        assert usage.compare(facts(root.issue("设备")), Certificate("c", role="ca"), SITE).outcome is FAIL
        silent = root.issue("CA", ca=True, flags=["crl_sign"])
        assert usage.compare(facts(silent), Certificate("c", role="ca"), SITE).outcome is FAIL


HOLD, REMOVE = x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl


def point(**more: Any) -> tuple[x509.ExtensionType, bool]:
    values: dict[str, Any] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(values | more)), True


WHERE = [x509.UniformResourceIdentifier("http://ca.example.cn/1.crl")]


class TestRevocation:
    def judged(self, leaf: Issued, root: Issued, *lists: x509.CertificateRevocationList, **more: Any) -> Verdict:
        crls = tuple(Crl(one.public_bytes(DER), f"{place}.crl") for place, one in enumerate(lists))
        more.setdefault("anchors", [root])
        try:
            return revocation.compare(facts(leaf, crls=crls, **more), Certificate("c", crl=(Path("x"),)), SITE)
        except Undetermined as error:
            return Verdict(UNKNOWN, "", "", error.reason)

    def test_not_listed_on_a_current_list_of_the_issuer_passes(self, root: Issued) -> None:
        verdict = self.judged(root.issue("设备"), root, root.crl({12345: []}))
        assert verdict.outcome is PASS and "未列出" in verdict.actual

    @pytest.mark.parametrize("reason", [None, x509.ReasonFlags.key_compromise, x509.ReasonFlags.superseded, HOLD])
    def test_listed_fails_whatever_the_reason(self, root: Issued, reason: x509.ReasonFlags | None) -> None:
        leaf = root.issue("设备")
        about = [x509.CRLReason(reason)] if reason else []
        verdict = self.judged(leaf, root, root.crl({leaf.certificate.serial_number: about}))
        assert verdict.outcome is FAIL and "吊销" in verdict.reason
        if reason is HOLD:
            assert "onHold" in verdict.reason

    def test_no_list_is_undetermined_and_none_by_the_profile_is_not_applicable(self, root: Issued) -> None:
        assert self.judged(root.issue("设备"), root).outcome is UNKNOWN
        (check,) = (one for one in checks.CHECKS if one.id == "certificate.revocation")
        assert "未核验吊销" in check.applies(Certificate("c", crl="none"), SITE)
        assert check.applies(Certificate("c", crl=()), SITE) == ""

    @pytest.mark.parametrize(("following", "outcome"), [(NOW, PASS), (NOW - SECOND, UNKNOWN)])
    def test_a_stale_list_clears_nobody(self, root: Issued, following: datetime, outcome: Outcome) -> None:
        old = root.crl(following=following)
        assert self.judged(root.issue("设备"), root, old).outcome is outcome
        assert self.judged(root.issue("设备"), root, old, root.crl()).outcome is PASS

    def test_a_list_of_tomorrow_clears_nobody(self, root: Issued) -> None:
        assert self.judged(root.issue("设备"), root, root.crl(this=NOW + SECOND)).outcome is UNKNOWN

    def test_revocation_is_for_good_but_a_hold_may_have_been_lifted(self, root: Issued) -> None:
        leaf = root.issue("设备")
        serial, old = leaf.certificate.serial_number, NOW - timedelta(hours=1)
        assert self.judged(leaf, root, root.crl({serial: []}, following=old)).outcome is FAIL
        held = root.crl({serial: [x509.CRLReason(HOLD)]}, following=old)
        assert self.judged(leaf, root, held).outcome is UNKNOWN

    def test_a_hold_that_a_later_list_no_longer_has_was_lifted(self, root: Issued) -> None:
        leaf = root.issue("设备")
        held = {leaf.certificate.serial_number: [x509.CRLReason(HOLD)]}
        earlier = NOW - timedelta(days=5)
        for following in (NOW - timedelta(hours=1), NOW + timedelta(days=5)):
            old = root.crl(held, this=earlier, following=following)
            assert self.judged(leaf, root, old, root.crl()).outcome is PASS
            assert self.judged(leaf, root, root.crl(), old).outcome is PASS
        clean_before = root.crl(this=earlier)
        assert self.judged(leaf, root, clean_before, root.crl(held)).outcome is FAIL
        assert self.judged(leaf, root, root.crl(), root.crl(held)).outcome is FAIL, "of the same second"
        stale_clean = root.crl(this=earlier, following=NOW - timedelta(hours=1))
        assert self.judged(leaf, root, stale_clean, root.crl(held, this=earlier - timedelta(days=1))).outcome is FAIL
        revoked = root.crl({leaf.certificate.serial_number: []}, this=earlier)
        assert self.judged(leaf, root, revoked, root.crl()).outcome is FAIL, "revocation is for good"

    def test_a_list_that_another_key_signed_is_worth_nothing(self, root: Issued) -> None:
        leaf = root.issue("设备")
        both: tuple[dict[int, list[Any]], ...] = ({}, {leaf.certificate.serial_number: []})
        for serials in both:
            verdict = self.judged(leaf, root, root.crl(serials, signer=key()))
            assert verdict.outcome is UNKNOWN and "签名" in verdict.reason

    def test_a_list_of_another_issuer_says_nothing(self, root: Issued) -> None:
        leaf, other = root.issue("设备"), issue("别的 CA")
        verdict = self.judged(leaf, root, other.crl({leaf.certificate.serial_number: []}))
        assert verdict.outcome is UNKNOWN and "都不是颁发者" in verdict.reason

    def test_without_the_issuer_s_certificate_a_list_cannot_be_verified(self, root: Issued) -> None:
        leaf = root.issue("设备")
        assert self.judged(leaf, root, root.crl(), anchors=[issue("别的 CA")]).outcome is UNKNOWN

    def test_an_issuer_without_crl_sign_may_not_sign_lists(self) -> None:
        root = issue("根", flags=["key_cert_sign"])
        verdict = self.judged(root.issue("设备"), root, root.crl())
        assert verdict.outcome is UNKNOWN and "cRLSign" in verdict.reason

    @pytest.mark.parametrize(
        ("extension", "outcome"),
        [
            ((x509.DeltaCRLIndicator(1), True), UNKNOWN),
            (point(indirect_crl=True), UNKNOWN),
            (point(full_name=WHERE), UNKNOWN),
            (point(only_contains_ca_certs=True), UNKNOWN),
            (point(only_contains_user_certs=True), PASS),
            (point(only_contains_attribute_certs=True), UNKNOWN),
            (point(only_some_reasons=frozenset([x509.ReasonFlags.key_compromise])), UNKNOWN),
            ((x509.UnrecognizedExtension(STRANGE, b"\x05\x00"), True), UNKNOWN),
            ((x509.UnrecognizedExtension(STRANGE, b"\x05\x00"), False), PASS),
            ((x509.CRLNumber(7), False), PASS),
        ],
    )
    def test_a_list_that_does_not_speak_for_all_clears_nobody(
        self, root: Issued, extension: tuple[x509.ExtensionType, bool], outcome: Outcome
    ) -> None:
        assert self.judged(root.issue("设备"), root, root.crl(extensions=[extension])).outcome is outcome

    def test_a_segment_speaks_for_certificates_that_name_it(self, root: Issued) -> None:
        named = x509.CRLDistributionPoints([x509.DistributionPoint(WHERE, None, None, None)])
        leaf = root.issue("设备", extensions=[(named, False)])
        assert self.judged(leaf, root, root.crl(extensions=[point(full_name=WHERE)])).outcome is PASS

    def test_an_entry_of_another_issuer_s_certificate_is_not_ours(self, root: Issued) -> None:
        leaf = root.issue("设备")
        foreign = x509.CertificateIssuer([x509.DirectoryName(name("别的 CA"))])
        entries = {leaf.certificate.serial_number: [foreign]}
        indirect = root.crl(entries, extensions=[point(indirect_crl=True)])
        assert self.judged(leaf, root, indirect).outcome is UNKNOWN
        assert self.judged(leaf, root, indirect, root.crl()).outcome is PASS
        after = root.crl({999: [foreign], leaf.certificate.serial_number: []}, extensions=[point(indirect_crl=True)])
        assert self.judged(leaf, root, after, root.crl()).outcome is PASS  # it still belongs to the issuer named before

    def test_removed_from_a_list_is_neither_revoked_nor_cleared(self, root: Issued) -> None:
        leaf = root.issue("设备")
        removed = root.crl({leaf.certificate.serial_number: [x509.CRLReason(REMOVE)]})
        assert self.judged(leaf, root, removed).outcome is UNKNOWN

    def test_a_revoked_issuer_fails_its_certificates(self, root: Issued) -> None:
        middle = root.issue("中间 CA", ca=True)
        leaf = middle.issue("设备")
        revoked = root.crl({middle.certificate.serial_number: []})
        verdict = self.judged(leaf, root, middle.crl(), revoked, known=[middle])
        assert verdict.outcome is FAIL and "中间 CA" in verdict.reason
        assert self.judged(leaf, root, middle.crl(), known=[middle]).outcome is PASS

    def test_an_anchor_is_revoked_by_nobody(self, root: Issued) -> None:
        assert self.judged(root, root, root.crl()).outcome is Outcome.NOT_APPLICABLE

    def test_a_list_without_next_update_is_read_to_the_end(self, root: Issued) -> None:
        """nextUpdate is taken out by hand; the signature is made again over what is left."""
        leaf = root.issue("设备")
        full = root.crl({leaf.certificate.serial_number: []})
        body = full.tbs_certlist_bytes
        assert full.next_update_utc
        following = b"\x17\x0d" + full.next_update_utc.strftime("%y%m%d%H%M%SZ").encode()
        header = 4 if body[1] == 0x82 else 3 if body[1] == 0x81 else 2
        content = body[header:].replace(following, b"")
        body = wrapped(0x30, content)
        algorithm = bytes.fromhex("300a06082a8648ce3d040302")
        signature = root.key.sign(body, ec.ECDSA(hashes.SHA256()))
        encoded = wrapped(0x30, body + algorithm + wrapped(0x03, b"\x00" + signature))
        one = Crl(encoded, "x.crl")
        assert one.next_update is None and one.entry(leaf.parsed) is not None
        about = facts(leaf, anchors=[root], crls=(one,))
        assert revocation.compare(about, Certificate("c"), SITE).outcome is FAIL
        about = facts(root.issue("设备"), anchors=[root], crls=(one,))
        assert revocation.compare(about, Certificate("c"), SITE).outcome is UNKNOWN


def wrapped(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = (
        bytes([size]) if size < 128 else b"\x81" + bytes([size]) if size < 256 else b"\x82" + size.to_bytes(2, "big")
    )
    return bytes([tag]) + length + content
