"""One X.509 certificate as the checks see it: names, dates, key and extensions, readable also where a library refuses.

Names and key come from the bytes themselves (``der``): cryptography raises on names in GBK and on SM2 keys.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from app.base.clock import CHINA
from app.checks.certificate import der

if TYPE_CHECKING:
    from cryptography import x509

SM2_CURVE = "1.2.156.10197.1.301"
SM2_SIGNATURE = "1.2.156.10197.1.501"
RSA, RSA_PSS, EC = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10", "1.2.840.10045.2.1"
EDWARDS = {"1.3.101.112": "Ed25519", "1.3.101.113": "Ed448"}  # RFC 8410
CURVES = {  # RFC 5480; SEC 2; RFC 5639; GM/T 0006
    "1.2.840.10045.3.1.1": ("P-192", 192),
    "1.3.132.0.33": ("P-224", 224),
    "1.2.840.10045.3.1.7": ("P-256", 256),
    "1.3.132.0.34": ("P-384", 384),
    "1.3.132.0.35": ("P-521", 521),
    "1.3.132.0.8": ("secp160r1", 160),
    "1.3.132.0.10": ("secp256k1", 256),
    "1.3.36.3.3.2.8.1.1.7": ("brainpoolP256r1", 256),
    "1.3.36.3.3.2.8.1.1.11": ("brainpoolP384r1", 384),
    "1.3.36.3.3.2.8.1.1.13": ("brainpoolP512r1", 512),
    SM2_CURVE: ("SM2", 256),
}


class NotCertificate(ValueError):
    """The bytes are no certificate, or a damaged one."""


class Unsupported(ValueError):
    """A certificate, but written in a way that this program cannot read to the end."""


@dataclass(frozen=True)
class Key:
    """``algorithm``: RSA, EC, SM2, Ed25519, Ed448 or an OID; ``bits`` 0 where not known; ``exponent`` of RSA only."""

    algorithm: str
    bits: int = 0
    exponent: int = 0
    curve: str = ""

    def __str__(self) -> str:
        if self.algorithm == "EC":
            return f"EC {self.curve}"
        return f"{self.algorithm} {self.bits}" if self.algorithm == "RSA" else self.algorithm


@dataclass(frozen=True)
class X509:
    """``encoded`` is its DER. Make one with ``certificate``; then everything but ``extensions`` can be read."""

    encoded: bytes

    @cached_property
    def _parts(self) -> tuple[der.Element, ...]:
        return der.element(self.encoded, der.SEQUENCE).children()

    @cached_property
    def _fields(self) -> tuple[der.Element, ...]:
        """serial, signature, issuer, validity, subject, key, extensions…; the optional version is left out."""
        fields = self._parts[0].children()
        return fields[1:] if fields[0].tag == 0xA0 else fields

    @property
    def serial(self) -> str:
        """Hexadecimal, upper case, in whole bytes."""
        return self._fields[0].content.hex().upper()

    @property
    def serial_number(self) -> int:
        return int.from_bytes(self._fields[0].content, "big", signed=True)

    @cached_property
    def issuer_name(self) -> der.Name:
        return der.name(self._fields[2].raw)

    @cached_property
    def subject_name(self) -> der.Name:
        return der.name(self._fields[4].raw)

    @cached_property
    def issuer_key(self) -> der.Name:
        """The issuer's name as names are compared."""
        return der.comparable(self.issuer_name)

    @cached_property
    def subject_key(self) -> der.Name:
        return der.comparable(self.subject_name)

    @property
    def subject(self) -> str:
        """For people: ``CN=…,O=…``."""
        return der.shown(self.subject_name)

    @property
    def issuer(self) -> str:
        return der.shown(self.issuer_name)

    @property
    def holder(self) -> str:
        """The (last) common name; "" without one."""
        return der.printable((der.common_names(self.subject_name) or ("",))[-1])

    @property
    def key_info(self) -> bytes:
        """The SubjectPublicKeyInfo."""
        return self._fields[5].raw

    @property
    def signature_oid(self) -> str:
        return der.oid(self._parts[1].children()[0].content)

    @property
    def signature_consistent(self) -> bool:
        """The signed and the outer algorithm are the same (RFC 5280, 4.1.1.2)."""
        return self._fields[1].raw == self._parts[1].raw

    @property
    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        return self._parts[0].raw

    @cached_property
    def standard(self) -> bool:
        """cryptography reads it as it stands."""
        from cryptography import x509

        try:
            x509.load_der_x509_certificate(self.encoded)
        except (ValueError, x509.InvalidVersion):
            return False
        return True

    @cached_property
    def loaded(self) -> x509.Certificate:
        """As cryptography reads it; where it refuses names out of standard, with these names' types put right, so that
        dates and extensions can be had: signatures and names are never taken from here.
        """
        from cryptography import x509

        fixed = self.encoded
        for name in () if self.standard else (self._fields[2].raw, self._fields[4].raw):
            fixed = fixed.replace(name, der.utf8_throughout(name))
        return x509.load_der_x509_certificate(fixed)

    @property
    def not_before(self) -> datetime:
        return self.loaded.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        return self.loaded.not_valid_after_utc

    @property
    def version(self) -> int:
        """1, 2 or 3 (RFC 5280, 4.1.2.1)."""
        first = self._parts[0].children()[0]
        return first.content[-1] + 1 if first.tag == 0xA0 and first.content else 1

    @cached_property
    def key(self) -> Key:
        """Raises Unsupported for one that is written strangely."""
        try:
            return _key(self._fields[5])
        except (der.NotDer, IndexError):
            raise Unsupported("公钥的写法无法识别") from None

    @cached_property
    def extensions(self) -> x509.Extensions:
        """Raises Unsupported when one of them cannot be read."""
        try:
            return self.loaded.extensions
        except Exception as error:  # noqa: BLE001 - ValueError, DuplicateExtension, UnsupportedGeneralNameType and others
            raise Unsupported(f"证书扩展无法解析（{type(error).__name__}）") from None

    def extension(self, kind: type[Any]) -> Any:
        """The value of the extension of that class, None without one. Raises Unsupported."""
        return next((one.value for one in self.extensions if isinstance(one.value, kind)), None)

    @property
    def is_authority(self) -> bool:
        """basicConstraints says CA."""
        from cryptography import x509

        constraints = self.extension(x509.BasicConstraints)
        return bool(constraints and constraints.ca)

    @property
    def self_issued(self) -> bool:
        return self.subject_key == self.issuer_key

    @property
    def fingerprint(self) -> str:
        """SHA-256, hexadecimal."""
        return hashlib.sha256(self.encoded).hexdigest()

    def issued_by_name_of(self, other: X509) -> bool:
        return self.issuer_key == other.subject_key

    def same_anchor(self, other: X509) -> bool:
        """Same name and key: what makes a trust anchor (RFC 5280, 6.1.1 d)."""
        if self.encoded == other.encoded:
            return True
        return self.key_info == other.key_info and self.subject_key == other.subject_key


def shown(moment: datetime, layout: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A moment in China's time; the end of all time, which means "never" (RFC 5280, 4.1.2.5), as it is."""
    try:
        return moment.astimezone(CHINA).strftime(layout)
    except OverflowError:
        return moment.strftime(layout)


def certificate(encoded: bytes) -> X509:
    """The certificate that ``encoded`` (DER) is. Raises NotCertificate, Unsupported."""
    found = X509(encoded)
    try:
        shape = [part.tag for part in found._parts]
        names = (found.issuer_name, found.subject_name, found.signature_oid, found._fields[5])
    except (der.NotDer, IndexError):
        raise NotCertificate("不是 X.509 证书，或已损坏") from None
    if shape != [der.SEQUENCE, der.SEQUENCE, der.BITS] or not names or found._parts[2].content[:1] != b"\0":
        raise NotCertificate("不是 X.509 证书，或已损坏")
    try:
        _ = found.not_before, found.not_after
    except Exception as error:  # noqa: BLE001 - ValueError, InvalidVersion and whatever else a library thinks of
        raise _refused(encoded, error) from None
    return found


def _refused(encoded: bytes, error: Exception) -> ValueError:
    """cryptography is strict; what OpenSSL still reads is not called damaged."""
    from OpenSSL import crypto

    try:
        crypto.load_certificate(crypto.FILETYPE_ASN1, encoded)
    except crypto.Error:
        return NotCertificate("不是 X.509 证书，或已损坏")
    except ValueError:
        pass
    return Unsupported(f"证书的编码不合规范，本程序不能读全（{str(error)[:80]}）")


def _key(info: der.Element) -> Key:
    algorithm, bits = info.children()
    parts = algorithm.children()
    kind = der.oid(parts[0].content)
    if kind in (RSA, RSA_PSS):
        modulus, exponent = der.element(bits.content[1:], der.SEQUENCE).children()
        return Key("RSA", _number(modulus).bit_length(), _number(exponent))
    if kind == EC and len(parts) > 1 and parts[1].tag == der.OID:
        curve = der.oid(parts[1].content)
        name, size = CURVES.get(curve, (curve, 0))
        return Key("SM2" if curve == SM2_CURVE else "EC", size, curve=name)
    if kind == EC:
        return Key("EC", 0, curve="（参数显式给出）")
    return Key(EDWARDS.get(kind, kind))


def _number(integer: der.Element) -> int:
    if integer.tag != der.INTEGER:
        raise der.NotDer("no integer")
    return int.from_bytes(integer.content, "big", signed=True)
