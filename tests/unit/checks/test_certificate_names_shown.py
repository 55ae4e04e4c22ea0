"""Names as CAs wrote them and as people see them: Chinese in every string type, and what would deceive the eye."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from certificate_making import DAY, NOW, Issued, facts, issue, run, write
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from app.checks.certificate import der, names
from app.checks.certificate.facts import Facts, Material
from app.checks.certificate.x509 import certificate
from app.checks.model import Outcome
from app.site.model import Certificate, Site

PASS, WARN, FAIL = Outcome.PASS, Outcome.WARN, Outcome.FAIL
SITE = Site("演示", "510000")
LONG = NOW + 3000 * DAY
CHINESE = "四川省就业监测"
PLACE = "X" * 40


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("根", end=LONG)


def renamed(root: Issued, tag: int, content: bytes) -> bytes:
    """A certificate whose common name is that element; its signature no longer fits, which is not the question here."""
    leaf = root.issue(PLACE, end=LONG, hosts=["a.example.cn"])
    old = der.encoded(0x0C, PLACE.encode())
    assert leaf.der.count(old) == 1
    room = len(old) - 2
    assert len(content) <= room
    filler = (
        content + b" " * (room - len(content))
        if tag != 0x1E
        else content + "\u0020".encode("utf-16-be") * ((room - len(content)) // 2)
    )
    return leaf.der.replace(old, der.encoded(tag, filler))


@pytest.mark.parametrize(
    ("tag", "encoding"),
    [(0x0C, "utf-8"), (0x1E, "utf-16-be"), (0x0C, "gb18030"), (0x13, "gb18030"), (0x14, "gb18030"), (0x13, "utf-8")],
)
def test_chinese_is_read_in_and_out_of_standard(tmp_path: Path, root: Issued, tag: int, encoding: str) -> None:
    path = write(tmp_path / "a.cer", renamed(root, tag, CHINESE.encode(encoding)))
    results = run(Certificate("c", source=f"file:{path}"), "source", "validity", "usage", "strength")
    assert {result.outcome for result in results.values()} == {PASS}, results
    assert CHINESE in results["source"].actual and CHINESE in results["validity"].observed["holder"]


def test_a_real_bmp_string_is_read(root: Issued) -> None:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, CHINESE, _ASN1Type.BMPString)])
    assert root.issue("", subject=subject).parsed.subject == f"CN={CHINESE}"


@pytest.mark.parametrize(
    ("tag", "content"),
    [(0x0C, b"\xff\xff"), (0x1E, b"\x4e"), (0x1E, b"\xd8\x00"), (0x13, b"\x81"), (0x1C, b"\x00\x11\x00\x00")],
)
def test_what_nothing_decodes_is_shown_in_hex(tag: int, content: bytes) -> None:
    assert der.text(der.element(der.encoded(tag, content))) == content.hex()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("四川省就业监测 2026", "四川省就业监测 2026"),
        ("阿不都·热依木", "阿不都·热依木"),
        ("a\x1b[31mred\x1b[0m", "a·[31mred·[0m"),
        ("a\r\nb\x00c\x07", "a··b·c·"),
        ("\u202egnp.exe", "·gnp.exe"),
        ("a\u200bb\u2028c\u2029d\ufeff", "a·b·c·d·"),
        ("p\u0430ypal.gov.cn", "p〔U+0430〕ypal.gov.cn"),
        ("\u0441\u043e\u0440\u0430.gov.cn", "〔U+0441〕〔U+043E〕〔U+0440〕〔U+0430〕.gov.cn"),
        ("\u041c\u043e\u0441\u043a\u0432\u0430", "\u041c\u043e\u0441\u043a\u0432\u0430"),
        ("gov\u2044cn", "gov〔U+2044〕cn"),
        ("\ud800", "·"),
        ("x" * 300, "x" * 200 + "…"),
    ],
)
def test_what_would_deceive_is_made_visible(name: str, shown: str) -> None:
    assert der.printable(name) == shown


def test_a_hostile_name_reaches_no_result_as_it_is(tmp_path: Path, root: Issued) -> None:
    hostile = "<b>x</b>\x1b[2J\u202e=cmd|'/c calc'!A1"
    leaf = root.issue(hostile, end=LONG)
    path = write(tmp_path / "a.cer", leaf.der)
    results = run(
        Certificate("c", source=f"file:{path}", hostname="a.cn"), "source", "validity", "name", "chain", "pair"
    )
    for result in results.values():
        said = "".join((result.actual, result.reason, result.advice, result.transcript, str(dict(result.observed))))
        assert "\x1b" not in said and "\u202e" not in said


def named(leaf: Issued, hostname: str) -> Outcome:
    return names.compare(facts(leaf), Certificate("c", source="file:x", hostname=hostname), SITE).outcome


@pytest.mark.parametrize(
    ("hosts", "hostname", "outcome"),
    [
        (["a.example.cn."], "a.example.cn", PASS),
        (["a.example.cn"], "a.example.cn.", PASS),
        (["*.example.cn"], "a.example.cn", PASS),
        (["*.example.cn"], "a.b.example.cn", FAIL),
        (["*"], "a", FAIL),
        (["*.cn"], "example.cn", FAIL),
        (["xn--fiq228c.cn"], "中文.cn", PASS),
        (["a.example.cn\x00.evil.cn"], "a.example.cn", FAIL),
        (["a.example.cn\x00"], "a.example.cn", FAIL),
        ([" a.example.cn"], "a.example.cn", PASS),
        (["b.example.cn", "A.EXAMPLE.CN"], "a.example.cn", PASS),
    ],
)
def test_alternative_names(root: Issued, hosts: Sequence[str], hostname: str, outcome: Outcome) -> None:
    assert named(root.issue("x", hosts=hosts, end=LONG), hostname) is outcome


def test_a_common_name_with_a_zero_in_it_is_not_its_beginning(root: Issued) -> None:
    assert named(root.issue("a.example.cn\x00.evil.cn", end=LONG), "a.example.cn") is FAIL
    assert named(root.issue("a.example.cn", end=LONG), "a.example.cn") is WARN


def test_a_look_alike_is_another_host(root: Issued) -> None:
    leaf = root.issue("x", hosts=["xn--xample-2of.cn"], end=LONG)
    assert named(leaf, "example.cn") is FAIL


def test_names_in_gbk_still_lead_to_their_issuer(tmp_path: Path) -> None:
    """Issuer and subject both in GBK under a tag that does not allow it: found, and the signature verified."""
    place = b"XXXXXXXX"
    gbk = "人社根证".encode("gb18030")
    root = issue(place.decode(), end=LONG)
    leaf = root.issue("设备", end=LONG)
    resigned = [signed_again(one.der.replace(place, gbk), root) for one in (root, leaf)]
    given = Facts(Material(certificate(resigned[1]), (), "DER"), NOW, (certificate(resigned[0]),))
    from app.checks.certificate import chain

    verdict = chain.compare(given, Certificate("c"), SITE)
    assert verdict.outcome is PASS and "人社根证" in verdict.actual


def signed_again(encoded: bytes, by: Issued) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    tbs, algorithm, _ = der.element(encoded).children()
    value = by.key.sign(tbs.raw, ec.ECDSA(hashes.SHA256()))
    return der.encoded(0x30, tbs.raw + algorithm.raw + der.encoded(0x03, b"\0" + value))
