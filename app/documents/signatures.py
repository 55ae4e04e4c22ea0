"""Signatures of a Word document judged strictly: what they cover, whether it is unchanged, whose they are, and trust.

Other verifiers accept a wrong certificate digest, a changed content type or an added unsigned part; this one does not.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.base.errors import InputError
from app.documents.ooxml import (
    RELATIONS_TYPE,
    SIGNATURES,
    Package,
    canonical,
    digest,
    parse,
    signed_relations,
    transformed_relations,
)
from app.documents.sign import C14N, DSIG, RELATIONSHIP_TRANSFORM, SHA256, XADES
from app.documents.signer import ECDSA_SHA256, RSA_SHA256

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

D = f"{{{DSIG}}}"
X = f"{{{XADES}}}"
OBJECTS = ("idPackageObject", "idOfficeObject", "idSignedProperties")
PATH_LIMIT = 8


@dataclass(frozen=True)
class Signature:
    """One signature: ``faults`` (Chinese lines) is empty when it is sound; ``trusted`` is judged apart from that."""

    part: str
    subject: str
    signed_at: str
    faults: tuple[str, ...]
    trusted: bool


def signatures(document: bytes, anchors: Sequence[Certificate] = ()) -> tuple[Signature, ...]:
    """Every signature of ``document``; an empty tuple when it has none. Raises InputError when it is no Word file."""
    package = Package.read(document)
    return tuple(_judge(package, name, anchors) for name in package.signatures())


def _judge(package: Package, name: str, anchors: Sequence[Certificate]) -> Signature:
    try:
        root = parse(package.parts[name])
        chain = _certificates(root)
    except (KeyError, ValueError, InputError):
        return Signature(name, "", "", ("签名部件缺失或不可读",), False)
    leaf = chain[0]
    faults = tuple(_faults(package, root, leaf))
    signed_at = root.findtext(f".//{X}SigningTime") or ""
    return Signature(name, leaf.subject.rfc4514_string(), signed_at, faults, _trusted(chain, anchors))


def _certificates(root: Any) -> list[Certificate]:
    from cryptography.x509 import load_der_x509_certificate

    found = [b64decode(node.text or "") for node in root.iter(f"{D}X509Certificate")]
    if not found:
        raise ValueError("no certificate")
    return [load_der_x509_certificate(der) for der in found]


def _faults(package: Package, root: Any, leaf: Certificate) -> Iterator[str]:
    by_id: dict[str, list[Any]] = {}
    for element in root.iter():
        if isinstance(element.tag, str) and element.get("Id"):
            by_id.setdefault(element.get("Id"), []).append(element)
    if any(len(elements) > 1 for elements in by_id.values()):
        yield "签名里有重复的编号，不能确定签的是哪一个"
        return
    yield from _signed_info_faults(root, {key: elements[0] for key, elements in by_id.items()})
    if not _value_verifies(root, leaf):
        yield "签名值与证书不符"
    yield from _certificate_faults(root, leaf)
    yield from _coverage_faults(package, by_id.get("idPackageObject", [None])[0])


def _signed_info_faults(root: Any, by_id: dict[str, Any]) -> Iterator[str]:
    info = root.find(f"{D}SignedInfo")
    if info is None or _algorithm(info, "CanonicalizationMethod") != C14N:
        yield "签名信息缺失或规范化算法不认识"
        return
    references = {node.get("URI", "").lstrip("#"): node for node in info.findall(f"{D}Reference")}
    if set(references) != set(OBJECTS):
        yield "签名没有覆盖规定的三个对象"
    for key, reference in references.items():
        element = by_id.get(key)
        if element is None or not _digest_is(reference, canonical(element)):
            yield f"签名对象 {key} 已被改动"


def _algorithm(info: Any, name: str) -> str:
    found = info.find(f"{D}{name}")
    return "" if found is None else str(found.get("Algorithm", ""))


def _digest_is(reference: Any, content: bytes) -> bool:
    method = reference.find(f"{D}DigestMethod")
    return (
        method is not None
        and method.get("Algorithm") == SHA256
        and reference.findtext(f"{D}DigestValue") == digest(content)
    )


def _value_verifies(root: Any, leaf: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    info = root.find(f"{D}SignedInfo")
    algorithm = _algorithm(info, "SignatureMethod") if info is not None else ""
    try:
        value, key = b64decode(root.findtext(f"{D}SignatureValue") or ""), leaf.public_key()
        if algorithm == RSA_SHA256 and isinstance(key, rsa.RSAPublicKey):
            key.verify(value, canonical(info), padding.PKCS1v15(), hashes.SHA256())
            return True
        if algorithm == ECDSA_SHA256 and isinstance(key, ec.EllipticCurvePublicKey):
            half = len(value) // 2
            r, s = int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
            key.verify(encode_dss_signature(r, s), canonical(info), ec.ECDSA(hashes.SHA256()))
            return True
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return False


def _certificate_faults(root: Any, leaf: Certificate) -> Iterator[str]:
    from cryptography.hazmat.primitives.serialization import Encoding

    properties = root.find(f".//{X}SigningCertificate/{X}Cert")
    if properties is None or properties.find(f"{X}CertDigest") is None:
        yield "签名属性里没有签名证书的摘要"
    elif not _digest_is(properties.find(f"{X}CertDigest"), leaf.public_bytes(Encoding.DER)):
        yield "签名属性里的证书摘要与所带证书不符"
    elif properties.findtext(f".//{D}X509SerialNumber") != str(leaf.serial_number):
        yield "签名属性里的证书序列号与所带证书不符"


def _coverage_faults(package: Package, signed: Any) -> Iterator[str]:
    if signed is None:
        return
    listed = {}
    for reference in signed.findall(f"{D}Manifest/{D}Reference"):
        name, _, kind = reference.get("URI", "").partition("?ContentType=")
        listed[name.lstrip("/")] = (kind, reference)
    for name in sorted(set(package.covered()) - set(listed)):
        yield f"部件 {name} 没有被签名（签名之后加入）"
    for name, (kind, reference) in listed.items():
        if name.startswith(SIGNATURES) or name not in package.parts:
            yield f"已签名的部件 {name} 不见了"
        elif package.content_type(name) != kind:
            yield f"部件 {name} 的类型已被改动"
        elif not _part_matches(package.parts[name], kind, reference):
            yield f"部件 {name} 已被改动"


def _part_matches(content: bytes, kind: str, reference: Any) -> bool:
    transforms = [node.get("Algorithm") for node in reference.iter(f"{D}Transform")]
    if kind != RELATIONS_TYPE:
        return not transforms and _digest_is(reference, content)
    named = tuple(sorted(node.get("SourceId", "") for node in reference.iter() if node.get("SourceId")))
    if transforms != [RELATIONSHIP_TRANSFORM, C14N] or named != signed_relations(content):
        return False
    return _digest_is(reference, transformed_relations(content, named))


def _trusted(chain: Sequence[Certificate], anchors: Sequence[Certificate]) -> bool:
    """True when the leaf is an anchor or leads to one through CA certificates that came along (bounded)."""
    current = chain[0]
    for _ in range(PATH_LIMIT):
        if current in anchors or any(_issued(current, anchor) for anchor in anchors):
            return True
        above = next((c for c in chain if c != current and _issued(current, c)), None)
        if above is None:
            return False
        current = above
    return False


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    """Whether ``issuer`` is a CA, was valid when ``certificate`` began, and really signed it."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.x509 import BasicConstraints, ExtensionNotFound

    try:
        if not issuer.extensions.get_extension_for_class(BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(issuer)
    except (ExtensionNotFound, InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return issuer.not_valid_before_utc <= certificate.not_valid_before_utc <= issuer.not_valid_after_utc
