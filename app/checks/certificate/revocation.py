"""certificate.revocation: not listed on a CRL that its issuer signed, current, and speaking for it in full."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.checks.certificate import der
from app.checks.certificate.chain import TO_THE_MINUTE, Path, best_path
from app.checks.certificate.crl import ON_HOLD, REMOVE, Crl, Entry, coverage
from app.checks.certificate.facts import Facts
from app.checks.certificate.signatures import Signature, crl_signed
from app.checks.certificate.x509 import X509, Unsupported, shown
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Certificate, Site

EXPECTED = "颁发者签名的、当期的 CRL 中没有列出该证书"
FETCH = "请从 CA 取得最新的完整 CRL，写进现场配置文件的 crl，再检查。"


def applies(target: Certificate, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    """Why there is nothing to check: the site has no CRL."""
    return "未核验吊销：现场没有 CRL（配置为 none）" if target.crl == "none" else ""


@dataclass(frozen=True)
class Heard:
    """What one CRL says of one certificate: ``entry`` where it is listed, ``doubt`` why that is not the full truth."""

    crl: Crl
    entry: Entry | None = None
    doubt: str = ""


def compare(facts: Facts, target: Certificate, site: Site) -> Verdict:  # noqa: ARG001
    """The certificate must be cleared by one CRL; a listed issuer, where a CRL shows one, fails it too."""
    leaf = facts.material.leaf
    if any(leaf.same_anchor(anchor) for anchor in facts.anchors):
        return Verdict(Outcome.NOT_APPLICABLE, "", "", "证书本身是信任锚，不由 CRL 吊销")
    if not facts.crls:
        raise Undetermined("没有给出 CRL，吊销情况无从核验", FETCH)
    path = best_path(facts, target.role)
    heard = _standing(list(_heard(leaf, path.certificates[1:2], facts)))
    if listed := _revoked(heard):
        return _verdict(Outcome.FAIL, listed, f"证书已被吊销：{listed.entry.words if listed.entry else ''}")
    for place, issuer in enumerate(path.certificates[1:-1], 1):
        above = _standing(list(_heard(issuer, path.certificates[place + 1 : place + 2], facts)))
        if listed := _revoked(above):
            return _verdict(Outcome.FAIL, listed, f"颁发者“{issuer.subject}”已被吊销")
    clear = next((one for one in heard if not one.doubt and one.entry is None), None)
    if clear and not path.anchored:
        reason = f"颁发者“{leaf.issuer}”到不了现场的信任锚，它签的 {clear.crl.file} 不足为凭"
        return Verdict(Outcome.UNKNOWN, EXPECTED, "", reason, "请先解决证书链，见 certificate.chain。")
    if clear and not any(one.entry for one in heard):
        return _verdict(Outcome.PASS, clear, "")
    return Verdict(Outcome.UNKNOWN, EXPECTED, "", _doubts(leaf, path, heard), FETCH)


def _verdict(outcome: Outcome, one: Heard, reason: str) -> Verdict:
    until = f"，下次更新 {_shown(one.crl.next_update)}" if one.crl.next_update else ""
    listed = f"列出了该证书（{one.entry.words}）" if one.entry else "未列出该证书"
    actual = f"{one.crl.file}（{_shown(one.crl.this_update)} 发布{until}）{listed}"
    advice = "请停用该证书，向签发机构申请新证书。" if outcome is Outcome.FAIL else ""
    return Verdict(outcome, EXPECTED, actual, reason, advice)


def _revoked(heard: list[Heard]) -> Heard | None:
    """A CRL that lists it. Revocation is for good, so that a list out of date suffices; a hold may have been lifted."""
    for one in heard:
        if one.entry is None or one.entry.reason == REMOVE:
            continue
        if one.entry.reason != ON_HOLD or not one.doubt:
            return one
    return None


def _standing(heard: list[Heard]) -> list[Heard]:
    """Without the holds that a later list, beyond doubt, no longer has: they were lifted (RFC 5280, 5.3.1)."""
    cleared = [one.crl.this_update for one in heard if one.entry is None and not one.doubt]
    if not cleared:
        return heard
    lifted = (ON_HOLD, REMOVE)
    return [
        one
        for one in heard
        if one.entry is None or one.entry.reason not in lifted or one.crl.this_update >= max(cleared)
    ]


def _doubts(leaf: X509, path: Path, heard: list[Heard]) -> str:
    if len(path.certificates) < 2:
        return f"没有颁发者“{leaf.issuer}”的证书，CRL 的签名不能验证"
    reasons = [f"{one.crl.file} {one.doubt}" for one in heard if one.doubt]
    reasons += [f"{one.crl.file} 把该证书列为{one.entry.words}" for one in heard if one.entry and not one.doubt]
    return "；".join(dict.fromkeys(reasons)) or f"给出的 CRL 都不是颁发者“{leaf.issuer}”的"


def _heard(certificate: X509, issuers: tuple[X509, ...], facts: Facts) -> Iterator[Heard]:
    """What the CRLs in the issuer's name and with its signature say; a list signed by another key says nothing."""
    for issuer in issuers:
        for crl in facts.crls:
            if not crl.speaks_for(certificate):
                continue
            signature = crl_signed(crl.loaded, issuer, certificate)
            if signature is Signature.INVALID:
                yield Heard(crl, None, "不是颁发者签的（签名验证不通过）")
            elif signature is Signature.UNKNOWN:
                yield Heard(crl, None, "的签名在本机不能验证")
            else:
                yield _judged(crl, certificate, issuer, facts.now)


def _judged(crl: Crl, certificate: X509, issuer: X509, now: datetime) -> Heard:
    try:
        entry = crl.entry(certificate)
        return Heard(crl, entry, _doubt(crl, certificate, issuer, now))
    except Undetermined as error:
        return Heard(crl, None, error.reason)
    except (der.NotDer, Unsupported, IndexError, ValueError):
        return Heard(crl, None, "的内容不能读全")


def _doubt(crl: Crl, certificate: X509, issuer: X509, now: datetime) -> str:
    from cryptography import x509

    usage = issuer.extension(x509.KeyUsage)
    if usage and not usage.crl_sign:
        return "的颁发者无权签 CRL（密钥用途不含 cRLSign）"
    if crl.this_update > now:
        return f"要到 {_shown(crl.this_update)} 才生效"
    if crl.next_update is None:
        return "没有写下次更新时间，不知道是否当期"
    if crl.next_update < now:
        return f"已过期（应于 {_shown(crl.next_update)} 更新）"
    return coverage(crl, certificate)


def _shown(moment: datetime | None) -> str:
    return shown(moment, TO_THE_MINUTE) if moment else ""
