"""certificate.strength: keys and signatures of the certificate and its issuers are still good enough."""

from __future__ import annotations

from collections.abc import Iterator

from app.checks.certificate.chain import Fault, best_path
from app.checks.certificate.facts import Facts
from app.checks.certificate.x509 import SM2_SIGNATURE, X509, Key, Unsupported
from app.checks.model import SEVERITY, Outcome, Verdict
from app.site.model import Certificate, Site

EXPECTED = "RSA 不少于 2048 位，EC 不少于 224 位，或 SM2；签名摘要为 SHA-256 以上或 SM3"
ADVICE = "请向签发机构申请用现行算法重新签发。"
WEAK_HASHES = {"sha1": Outcome.WARN, "sha224": Outcome.WARN}
GOOD_HASHES = ("sha256", "sha384", "sha512", "sha512-256", "sha3-256", "sha3-384", "sha3-512", "sm3")
EDWARDS = ("1.3.101.112", "1.3.101.113")  # the hash is part of the algorithm (RFC 8032)
BROKEN = {  # RFC 3279; RFC 8017; signatures with hashes for which collisions can be had
    "1.2.840.113549.1.1.2": "MD2",
    "1.2.840.113549.1.1.3": "MD4",
    "1.2.840.113549.1.1.4": "MD5",
    "1.3.14.3.2.3": "MD5",
}


def compare(facts: Facts, target: Certificate, site: Site) -> Verdict:  # noqa: ARG001
    """The worst of the certificate and every issuer of its best path; a trust anchor's own signature is not judged."""
    path = best_path(facts, target.role)
    faults = [
        fault
        for place, one in enumerate(path.certificates)
        for fault in _faults(one, place, path.anchored and place == len(path.certificates) - 1)
    ]
    leaf = facts.material.leaf
    actual = f"{_key_shown(leaf)}，签名 {_signature_shown(leaf)}"
    if not faults:
        return Verdict(Outcome.PASS, EXPECTED, actual)
    outcome = max((fault.outcome for fault in faults), key=SEVERITY.index)
    reason = "；".join(fault.text for fault in faults if fault.outcome is outcome)
    return Verdict(outcome, EXPECTED, actual, reason, ADVICE if outcome is not Outcome.UNKNOWN else "")


def _faults(one: X509, place: int, anchor: bool) -> Iterator[Fault]:
    who = "证书" if place == 0 else f"颁发者“{one.subject}”"
    try:
        yield from _key_faults(one.key, who)
    except Unsupported as error:
        yield Fault(Outcome.UNKNOWN, f"{who}的{error}")
    if not anchor:
        yield from _signature_faults(one, who)


def _key_faults(key: Key, who: str) -> Iterator[Fault]:
    """EC below 224 bits is as strong as RSA below 2048, below 160 as RSA below 1024 (NIST SP 800-57-1, table 2)."""
    if key.algorithm == "RSA":
        if key.exponent <= 1 or key.exponent % 2 == 0:
            yield Fault(Outcome.FAIL, f"{who}的 RSA 公钥指数为 {key.exponent}，形同没有签名")
        least, good = 1024, 2048
    elif key.algorithm == "EC" and key.bits:
        least, good = 160, 224
    elif key.algorithm in ("SM2", "Ed25519", "Ed448"):
        return
    else:
        yield Fault(Outcome.UNKNOWN, f"{who}的公钥算法 {key} 不在可判定之列")
        return
    if key.bits < least:
        yield Fault(Outcome.FAIL, f"{who}的密钥是 {key}（{key.bits} 位），太短")
    elif key.bits < good:
        yield Fault(Outcome.WARN, f"{who}的密钥是 {key}（{key.bits} 位），按现行要求偏短")


def _signature_faults(one: X509, who: str) -> Iterator[Fault]:
    kind = one.signature_oid
    if kind == SM2_SIGNATURE or kind in EDWARDS:
        return
    if kind in BROKEN:
        yield Fault(Outcome.FAIL, f"{who}的签名用 {BROKEN[kind]}，可以伪造")
        return
    digest = _digest(one)
    if digest == "md5":
        yield Fault(Outcome.FAIL, f"{who}的签名用 MD5，可以伪造")
    elif digest in WEAK_HASHES:
        yield Fault(WEAK_HASHES[digest], f"{who}的签名用 {digest.upper().replace('SHA', 'SHA-')}，按现行要求偏弱")
    elif digest not in GOOD_HASHES:
        yield Fault(Outcome.UNKNOWN, f"{who}的签名算法 {kind} 不在可判定之列")


def _digest(one: X509) -> str:
    """The signature's hash as cryptography names it; "" where it does not know it."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        found = one.loaded.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return ""
    return found.name if found else ""


def _key_shown(one: X509) -> str:
    try:
        return str(one.key)
    except Unsupported:
        return "（公钥无法识别）"


def _signature_shown(one: X509) -> str:
    if one.signature_oid == SM2_SIGNATURE:
        return "SM2-SM3"
    if one.signature_oid in EDWARDS:
        return "EdDSA"
    return BROKEN.get(one.signature_oid) or _digest(one).upper() or one.signature_oid
