"""Private keys found with a certificate: opened, and held against the certificate's public key. None is ever kept.

The numbers themselves are computed with; what a key file says of its own public half is not believed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.checks.certificate import armour, der, pbe, sm2
from app.checks.certificate.x509 import EC, EDWARDS, RSA, RSA_PSS, SM2_CURVE, X509

BEGIN = re.compile(rb"-----BEGIN ((?:RSA |EC |ENCRYPTED )?PRIVATE KEY)-----\s")  # RFC 7468; RFC 1421 before it
ENCRYPTION = re.compile(rb"DEK-Info:\s*([A-Z0-9-]+),([0-9A-Fa-f]+)")
DEK = {  # OpenSSL's names: cipher, bytes of the key
    b"DES-CBC": ("DES", 8),
    b"DES-EDE3-CBC": ("DES3", 24),
    b"AES-128-CBC": ("AES", 16),
    b"AES-192-CBC": ("AES", 24),
    b"AES-256-CBC": ("AES", 32),
}
LARGEST_RSA = 16384  # bits; more would take minutes
SAMPLE = 0x5AC3_1E02_77F0_4D19  # any number will do


class Match(StrEnum):
    """Whether a private key is that of a certificate."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, repr=False)
class StoredKey:
    """A private key in a file: where, the mark that ties it to its certificate, and what opens it (PKCS#8 in DER)."""

    where: str
    opening: Callable[[], bytes]
    mark: bytes = b""


@dataclass(frozen=True)
class HeldKey:
    """A private key at hand: where, the certificate whose key it is said to be, and how it matches that one.

    ``trouble`` is why it could not be told, "" when it could.
    """

    where: str
    match: Match
    trouble: str = ""


class Locked(ValueError):
    """A password is wanted and there is none."""


def matched(stored: StoredKey, certificate: X509) -> HeldKey:
    """The key held against ``certificate``; what goes wrong is said in it."""
    where = stored.where
    try:
        return HeldKey(where, *_judged(stored.opening(), certificate))
    except Locked:
        return HeldKey(where, Match.UNKNOWN, "没有口令，私钥打不开")
    except pbe.WrongPassword:
        return HeldKey(where, Match.UNKNOWN, "口令打不开私钥（条目口令与库口令不同，或私钥已损坏）")
    except pbe.Unopenable as error:
        return HeldKey(where, Match.UNKNOWN, f"私钥的加密算法本机不支持（{error}）")
    except (der.NotDer, ValueError, IndexError, binascii.Error):
        return HeldKey(where, Match.UNKNOWN, "私钥的写法无法识别，或已损坏")


def _judged(encoded: bytes, certificate: X509) -> tuple[Match, str]:
    """Raises der.NotDer, ValueError, IndexError."""
    kind, parameters, secret = _parts(encoded)
    public = certificate.key_info
    algorithm, bits = der.element(public, der.SEQUENCE).children()
    theirs = der.oid(algorithm.children()[0].content)
    families = {RSA: "RSA", RSA_PSS: "RSA", EC: "EC"}
    if families.get(kind, kind) != families.get(theirs, theirs):
        return Match.NO, ""
    if families.get(kind) == "RSA":
        return _rsa(secret, bits.content[1:])
    if kind == EC:
        curve = _curve(algorithm.children()[1:])
        return _elliptic(secret, parameters, curve, bits.content[1:])
    if kind in EDWARDS:
        return _edwards(kind, secret, bits.content[1:])
    return Match.UNKNOWN, f"私钥的算法 {kind} 不在可判定之列"


def _parts(encoded: bytes) -> tuple[str, str, bytes]:
    """Algorithm, the curve's OID ("" without one), the key itself: of PKCS#8 (RFC 5208, 5)."""
    version, algorithm, secret, *_ = der.element(encoded, der.SEQUENCE).children()
    if version.tag != der.INTEGER or secret.tag != der.OCTETS:
        raise der.NotDer("no private key")
    kind, *parameters = algorithm.children()
    return der.oid(kind.content), _curve(tuple(parameters)), secret.content


def _curve(parameters: tuple[der.Element, ...]) -> str:
    return der.oid(parameters[0].content) if parameters and parameters[0].tag == der.OID else ""


def _rsa(secret: bytes, public: bytes) -> tuple[Match, str]:
    """Modulus and exponent are the certificate's, and what the one half does the other undoes (RFC 8017, 3.2)."""
    fields = [_number(one) for one in der.element(secret, der.SEQUENCE).children()]
    n, e, d = fields[1:4]
    modulus, exponent = (_number(one) for one in der.element(public, der.SEQUENCE).children())
    if n != modulus:
        return Match.NO, ""
    if n.bit_length() > LARGEST_RSA or e != exponent or min(n, e, d) < 1 or max(e, d) >= n:
        return Match.UNKNOWN, "私钥的数值不合常规"
    return (Match.YES if pow(pow(SAMPLE, e, n), d, n) == SAMPLE % n else Match.NO), ""


def _number(one: der.Element) -> int:
    if one.tag != der.INTEGER:
        raise der.NotDer("no integer")
    return int.from_bytes(one.content, "big", signed=True)


def _elliptic(secret: bytes, curve: str, wanted: str, public: bytes) -> tuple[Match, str]:
    """The point of the private number is the certificate's (RFC 5915)."""
    fields = der.element(secret, der.SEQUENCE).children()
    number = int.from_bytes(fields[1].content, "big")
    named = next((_curve(field.children()) for field in fields[2:] if field.tag == 0xA0), "")
    curve = curve or named
    if not curve or not wanted:
        return Match.UNKNOWN, "椭圆曲线的参数没有用名称给出，未能比较"
    if curve != wanted:
        return Match.NO, ""
    if curve == SM2_CURVE:
        point = sm2.public_point(number)
        theirs = sm2.point_of(public)
        return (Match.YES if point is not None and point == theirs else Match.NO), ""
    return _named_curve(number, curve, public)


def _named_curve(number: int, curve: str, public: bytes) -> tuple[Match, str]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ObjectIdentifier

    try:
        known: Any = ec.get_curve_for_oid(ObjectIdentifier(curve))()
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(known, public).public_numbers()
        own = ec.derive_private_key(number, known).public_key().public_numbers()
    except (LookupError, UnsupportedAlgorithm):
        return Match.UNKNOWN, f"椭圆曲线 {curve} 本机不支持"
    return (Match.YES if own == theirs else Match.NO), ""


def _edwards(kind: str, secret: bytes, public: bytes) -> tuple[Match, str]:
    from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    loader = Ed25519PrivateKey if EDWARDS[kind] == "Ed25519" else Ed448PrivateKey
    own = loader.from_private_bytes(der.element(secret, der.OCTETS).content).public_key()
    return (Match.YES if own.public_bytes(Encoding.Raw, PublicFormat.Raw) == public else Match.NO), ""


def keys_in(text: bytes) -> list[tuple[bytes, bytes]]:
    """The private keys of a PEM text: label and what stands between the lines."""
    return [(block.label, block.body) for block in armour.blocks(text, BEGIN)]


def pem_key(label: bytes, body: bytes, ask: Callable[[], str | None], budget: pbe.Budget) -> bytes:
    """A PEM private key as PKCS#8. Raises Locked, pbe.WrongPassword, pbe.Unopenable, ValueError."""
    encryption = ENCRYPTION.search(body)
    lines = body.split(b"\n\n", 1)[-1] if encryption else body
    encoded = base64.b64decode(b"".join(lines.replace(b"\r", b"").split()), validate=True)
    if label == b"ENCRYPTED PRIVATE KEY":
        return decrypted(encoded, ask(), budget)
    if encryption:
        encoded = _legacy(encryption, encoded, ask())
    return _wrapped(label, encoded)


def decrypted(encoded: bytes, password: str | None, budget: pbe.Budget) -> bytes:
    """An EncryptedPrivateKeyInfo (RFC 5208, 6) opened. Raises Locked, pbe.WrongPassword, pbe.Unopenable."""
    algorithm, encrypted = der.element(encoded, der.SEQUENCE).children()
    if password is None:
        raise Locked
    return pbe.opened(algorithm, encrypted.content, password, budget)


def _legacy(encryption: re.Match[bytes], encrypted: bytes, password: str | None) -> bytes:
    """OpenSSL's old PEM encryption (EVP_BytesToKey with MD5 and one round)."""
    if encryption[1] not in DEK:
        raise pbe.Unopenable(encryption[1].decode("ascii", "replace"))
    if password is None:
        raise Locked
    cipher, size = DEK[encryption[1]]
    vector = bytes.fromhex(encryption[2].decode("ascii"))
    for one in pbe.passwords(password):
        key = b""
        while len(key) < size:
            key += hashlib.md5(key[-16:] + one + vector[:8], usedforsecurity=False).digest()
        plain = pbe.plain(cipher, key[:size], vector, encrypted)
        if plain is not None:
            return plain
    raise pbe.WrongPassword("no password fits")


def _wrapped(label: bytes, encoded: bytes) -> bytes:
    """PKCS#1 and SEC 1 keys in the dress of PKCS#8."""
    if label == b"PRIVATE KEY":
        return encoded
    if label == b"RSA PRIVATE KEY":
        algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    else:
        algorithm = bytes.fromhex("300906072a8648ce3d0201")
    return _sequence(b"\x02\x01\x00" + algorithm + der.encoded(der.OCTETS, encoded))


def _sequence(content: bytes) -> bytes:
    return der.encoded(der.SEQUENCE, content)
