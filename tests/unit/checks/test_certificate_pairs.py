"""certificate.pair: signing and encryption, one subject, both good; apart, in one container, of SM2 too."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from certificate_making import DAY, NOW, Issued, facts, issue, name, run, write
from certificate_stores import jks, sm2_authority, sm2_leaf

from app.checks.certificate import pair
from app.checks.certificate.facts import Facts
from app.checks.model import Outcome, Result, Verdict
from app.site.model import Certificate, Site

PASS, WARN, FAIL, UNKNOWN, NONE = (
    Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE,
)  # fmt: skip
LONG = NOW + 3000 * DAY
SIGNS, ENCRYPTS = ("digital_signature", "content_commitment"), ("key_encipherment", "data_encipherment")
SITE = Site("演示", "510000")


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("根", end=LONG)


def of(by: Issued, flags: tuple[str, ...], common: str = "张三", **more: object) -> Issued:
    return by.issue(common, flags=flags, **{"end": LONG, "purposes": (), **more})


def judged(leaf: Issued, *others: Issued, anchors: tuple[Issued, ...] = (), **more: object) -> Verdict:
    given: Facts = facts(leaf, anchors=anchors, **more)  # type: ignore[arg-type]
    target = Certificate("c", role="personal", pair=Path("/p/pair.cer"))
    return pair.compare(replace(given, others=tuple(one.parsed for one in others)), target, SITE)


def test_signing_and_encryption_of_one_subject_pass_in_either_order(root: Issued) -> None:
    one, other = of(root, SIGNS), of(root, ENCRYPTS)
    for verdict in (judged(one, other), judged(other, one), judged(one, other, anchors=(root,))):
        assert verdict.outcome is PASS and "签名证书" in verdict.actual and "加密证书" in verdict.actual
    assert judged(one, other).observed["pair_serial"] == other.parsed.serial


def test_what_is_no_pair_fails(root: Issued) -> None:
    one = of(root, SIGNS)
    cases = {
        "缺另一张": judged(one),
        "就是这张": judged(one, one),
        "用途相同": judged(one, of(root, SIGNS)),
        "不是同一主体": judged(one, of(root, ENCRYPTS, "李四")),
        "既不能": judged(one, of(root, ("crl_sign",))),
    }
    for reason, verdict in cases.items():
        assert verdict.outcome is FAIL and reason in verdict.reason and verdict.advice, (reason, verdict)
    assert judged(of(root, ENCRYPTS), of(root, ENCRYPTS)).outcome is FAIL


def test_what_is_not_divided_is_pointed_out_and_what_is_not_said_is_undetermined(root: Issued) -> None:
    both = of(root, (*SIGNS, *ENCRYPTS))
    assert judged(both, of(root, ENCRYPTS)).outcome is WARN
    assert judged(of(root, SIGNS), both).outcome is WARN
    assert judged(both, of(root, (*SIGNS, *ENCRYPTS))).outcome is FAIL
    assert judged(of(root, ()), of(root, ENCRYPTS)).outcome is UNKNOWN  # no keyUsage at all
    shared = of(root, SIGNS)
    assert judged(shared, of(root, ENCRYPTS, own=shared.key)).outcome is WARN
    assert judged(of(root, SIGNS), of(root, ENCRYPTS), of(root, ENCRYPTS)).outcome is UNKNOWN


@pytest.mark.parametrize(
    ("start", "end", "outcome"),
    [
        (NOW - DAY, NOW, PASS),
        (NOW - DAY, NOW - timedelta(seconds=1), FAIL),
        (NOW, LONG, PASS),
        (NOW + timedelta(seconds=1), LONG, FAIL),
    ],
)
def test_both_must_be_valid_now(root: Issued, start: object, end: object, outcome: Outcome) -> None:
    bad = of(root, ENCRYPTS, start=start, end=end)
    good = of(root, SIGNS)
    assert judged(good, bad).outcome is outcome and judged(bad, good).outcome is outcome


def test_the_other_one_must_come_from_the_site_s_anchors_too(root: Issued) -> None:
    one, forged = of(root, SIGNS), of(issue("根"), ENCRYPTS)
    assert judged(one, forged, anchors=(root,)).outcome is FAIL
    assert judged(one, of(root, ENCRYPTS), anchors=(root,)).outcome is PASS


def whole(target: Certificate, *ids: str, password: str | None = None) -> dict[str, Result]:
    return run(target, *(ids or ("source", "pair")), passwords={} if password is None else {target.id: password})


def test_two_files_are_read_and_a_missing_one_fails(tmp_path: Path, root: Issued) -> None:
    first = write(tmp_path / "sign.cer", of(root, SIGNS).der)
    second = write(tmp_path / "enc.cer", of(root, ENCRYPTS).pem)
    target = Certificate("c", source=f"file:{first}", role="personal", pair=second)
    assert whole(target)["pair"].outcome is PASS
    result = whole(replace(target, pair=tmp_path / "none.cer"))["pair"]
    assert result.outcome is FAIL and "none.cer" in result.reason
    assert whole(replace(target, pair=write(tmp_path / "bad.cer", b"x")))["pair"].outcome is UNKNOWN
    assert whole(replace(target, source="file:/nowhere.cer"))["pair"].outcome is UNKNOWN
    none = whole(replace(target, pair=None))["pair"]
    assert none.outcome is NONE and "方案未规定" in none.reason


def test_a_container_with_both_is_read_as_a_pair_without_being_told(tmp_path: Path, root: Issued) -> None:
    one, other = of(root, SIGNS), of(root, ENCRYPTS)
    stores = {
        "both.pem": one.pem + other.pem + root.pem,
        "both.jks": jks(("a", other, [root]), ("b", one, [root])),
    }
    for file, content in stores.items():
        target = Certificate("c", source=f"file:{write(tmp_path / file, content)}", role="personal")
        results = whole(target, "source", "pair", "usage", password="changeit")
        assert {result.outcome for result in results.values()} == {PASS}, (file, results)
        assert one.parsed.serial in results["source"].actual, "the signing one is the one meant"


def test_a_pair_planned_in_one_container_must_be_in_it(tmp_path: Path, root: Issued) -> None:
    def outcome(*several: Issued) -> Outcome:
        path = write(tmp_path / "x.pem", b"".join(one.pem for one in several))
        return whole(Certificate("c", source=f"file:{path}", role="personal", pair=path))["pair"].outcome

    one, other = of(root, SIGNS), of(root, ENCRYPTS)
    assert outcome(one, other) is PASS
    assert outcome(one) is FAIL
    assert outcome(one, of(root, SIGNS)) is FAIL
    assert outcome(one, of(root, ENCRYPTS, "李四")) is FAIL
    assert outcome(one, other, of(root, ENCRYPTS)) is UNKNOWN


def test_two_of_a_kind_in_a_container_are_not_chosen_between(tmp_path: Path, root: Issued) -> None:
    path = write(tmp_path / "x.pem", of(root, SIGNS).pem + of(root, SIGNS).pem)
    results = whole(Certificate("c", source=f"file:{path}", role="personal"))
    assert {result.outcome for result in results.values()} == {UNKNOWN}


def test_national_certificates_of_one_person(tmp_path: Path) -> None:
    sm2_authority(tmp_path)
    subject = "/C=CN/O=unit/CN=person"
    signing = sm2_leaf(tmp_path, "sign", "keyUsage=critical,digitalSignature,nonRepudiation", subject=subject)
    encrypting = sm2_leaf(
        tmp_path, "enc", "keyUsage=critical,keyEncipherment,dataEncipherment,keyAgreement", subject=subject
    )
    trust = (tmp_path / "ca.pem",)
    target = Certificate("c", source=f"file:{signing}", role="personal", pair=encrypting, trust=trust)
    results = whole(target, "source", "chain", "strength", "usage", "pair", "key")
    assert {result.outcome for result in results.values()} == {PASS}, results
    other = sm2_leaf(tmp_path, "other", "keyUsage=critical,keyEncipherment", subject="/C=CN/O=unit/CN=else")
    assert whole(replace(target, pair=other))["pair"].outcome is FAIL
    sm2_authority(tmp_path, "rogue")
    forged = sm2_leaf(tmp_path, "forged", "keyUsage=critical,keyEncipherment", by="rogue", subject=subject)
    assert whole(replace(target, pair=forged))["pair"].outcome is FAIL


def test_an_authority_has_no_pair() -> None:
    assert not pair.concerns(Certificate("c", role="ca"), SITE)
    assert pair.concerns(Certificate("c", source="tls://h:1"), SITE)


def test_subjects_are_compared_as_names_are(root: Issued) -> None:
    one = of(root, SIGNS, subject=name("Zhang  San"))
    assert judged(one, of(root, ENCRYPTS, subject=name("zhang san"))).outcome is PASS
