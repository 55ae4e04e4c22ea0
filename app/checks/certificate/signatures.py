"""Whether a signature over a certificate or a CRL is by a given issuer's key; what cannot be computed is UNKNOWN.

cryptography verifies RSA, EC, DSA and Edwards curves; OpenSSL (pyOpenSSL) the rest, SM2 among it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from app.checks.certificate import der, sm2
from app.checks.certificate.x509 import SM2_SIGNATURE, X509, Unsupported

if TYPE_CHECKING:
    from cryptography.x509 import CertificateRevocationList

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, openssl/x509_vfy.h
CERTIFICATE_SIGNATURE, CRL_SIGNATURE, REVOKED = 7, 8, 23  # X509_V_ERR_*


class Signature(StrEnum):
    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"


def signed(child: X509, issuer: X509) -> Signature:
    """Whether ``child``'s signature is by the key of ``issuer``; names and rights are not looked at."""
    if not child.signature_consistent:
        return Signature.INVALID
    if child.signature_oid != SM2_SIGNATURE:
        judged = _verified(child.loaded, child.signed_bytes, issuer)
        if judged is not Signature.UNKNOWN:
            return judged
    return _agreed(_by_openssl(child, issuer), child.signed_bytes, child.loaded.signature, issuer)


def crl_signed(crl: CertificateRevocationList, issuer: X509, subject: X509) -> Signature:
    """Whether ``crl`` is signed by ``issuer``'s key; ``subject`` is a certificate of that issuer."""
    if crl.signature_algorithm_oid.dotted_string != SM2_SIGNATURE:
        judged = _verified(crl, crl.tbs_certlist_bytes, issuer)
        if judged is not Signature.UNKNOWN:
            return judged
    return _agreed(_by_openssl(subject, issuer, crl), crl.tbs_certlist_bytes, crl.signature, issuer)


def _agreed(found: Signature, signed_bytes: bytes, value: bytes, issuer: X509) -> Signature:
    """OpenSSL's VALID of an SM2 key, computed once more: the store asks it about much else than this one signature."""
    try:
        if found is not Signature.VALID or issuer.key.algorithm != "SM2":
            return found
    except Unsupported:
        return Signature.UNKNOWN
    point = _point(issuer)
    return found if point and sm2.verified(point, signed_bytes, value) else Signature.UNKNOWN


def _point(issuer: X509) -> sm2.Point | None:
    try:
        return sm2.point_of(der.element(issuer.key_info, der.SEQUENCE).children()[1].content[1:])
    except (der.NotDer, IndexError):
        return None


def _verified(document: Any, signed_bytes: bytes, issuer: X509) -> Signature:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        key = issuer.loaded.public_key()
        return _with_key(key, document, signed_bytes)
    except InvalidSignature:
        return Signature.INVALID
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return Signature.UNKNOWN


def _with_key(key: Any, document: Any, signed_bytes: bytes) -> Signature:
    """Raises InvalidSignature, UnsupportedAlgorithm."""
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

    parameters, digest = document.signature_algorithm_parameters, document.signature_hash_algorithm
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        key.verify(document.signature, signed_bytes)
    elif isinstance(key, rsa.RSAPublicKey) and isinstance(parameters, padding.PKCS1v15 | padding.PSS):
        key.verify(document.signature, signed_bytes, parameters, digest)
    elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(parameters, ec.ECDSA):
        key.verify(document.signature, signed_bytes, parameters)
    elif isinstance(key, dsa.DSAPublicKey) and digest is not None:
        key.verify(document.signature, signed_bytes, digest)
    else:
        # A known algorithm that this kind of key cannot have signed with; of an unknown one nothing can be said.
        return Signature.UNKNOWN if parameters is None else Signature.INVALID
    return Signature.VALID


def _by_openssl(child: X509, issuer: X509, crl: CertificateRevocationList | None = None) -> Signature:
    """OpenSSL's word, with ``issuer`` as the only anchor; every other objection than the signature is UNKNOWN here."""
    from cryptography.hazmat.primitives.serialization import Encoding
    from OpenSSL import crypto

    flags = crypto.X509StoreFlags.PARTIAL_CHAIN | NO_CHECK_TIME
    if crl is not None:  # an empty list counts as False
        flags |= crypto.X509StoreFlags.CRL_CHECK
    try:
        store = crypto.X509Store()
        store.add_cert(crypto.load_certificate(crypto.FILETYPE_ASN1, issuer.encoded))
        if crl is not None:
            store.add_crl(crl)
        store.set_flags(flags)
        subject = crypto.load_certificate(crypto.FILETYPE_ASN1, child.encoded)
        crypto.X509StoreContext(store, subject).verify_certificate()
    except crypto.X509StoreContextError as error:
        if error.errors[0] == (CERTIFICATE_SIGNATURE if crl is None else CRL_SIGNATURE):
            if crl is not None:
                return _refused(crl.signature_algorithm_oid.dotted_string, crl.public_bytes(Encoding.DER), issuer)
            return _refused(child.signature_oid, child.encoded, issuer)
        return Signature.VALID if crl is not None and error.errors[0] == REVOKED else Signature.UNKNOWN
    except (crypto.Error, ValueError, TypeError):
        return Signature.UNKNOWN
    # An anchor that is the certificate itself is accepted without its signature being looked at.
    return Signature.UNKNOWN if child.encoded == issuer.encoded and crl is None else Signature.VALID


def _refused(algorithm: str, encoded: bytes, issuer: X509) -> Signature:
    """OpenSSL says "signature failure" also of algorithms it does not know, and of SM2 with another signer's name than
    the standard's (GM/T 0009, 10), which nobody can tell from a forgery: only what is no SM2 signature is INVALID.
    """
    try:
        known = algorithm == SM2_SIGNATURE and issuer.key.algorithm == "SM2"
        value = der.element(encoded, der.SEQUENCE).children()[2].content[1:]
    except (Unsupported, der.NotDer, IndexError):
        return Signature.UNKNOWN
    return Signature.INVALID if known and sm2.numbers(value) is None else Signature.UNKNOWN


def other_signer(child: X509, issuer: X509) -> str:
    """Which signer's name other than the standard's fits an SM2 signature: that of OpenSSL 3, none; "" for no fit."""
    point = _point(issuer)
    try:
        whole = der.element(child.encoded, der.SEQUENCE).children()
    except der.NotDer:
        return ""
    nameless = point is not None and sm2.verified(point, whole[0].raw, whole[2].content[1:], b"")
    return "空标识" if nameless else ""
