"""The rehearsal's certificate authority: a root and an issuing CA, a CRL, a person's and a server's certificates, each
with a second one for encryption (双证书).

The CRL always lists one server certificate, which is presented under the fault cert-revoked only. The public files lie
beside site.toml, the private keys under ``private/``; both are taken up again as long as they are good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

from app.rehearsal.state import write_private
from app.rehearsal.world import PRIVATE

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

HOST_NAME = "jyjc.example.gov.cn"
OTHER_HOST_NAME = "other.example.gov.cn"
ROOT, ISSUING, PERSONAL, CRL = "ca.cer", "intermediate.cer", "personal.cer", "ca.crl"
DEVICE_ENCRYPTION, PERSONAL_ENCRYPTION = "device-encryption.cer", "personal-encryption.cer"
KEY = "device.key"
PERSONAL_WITH_KEY = f"{PRIVATE}/personal.pem"
DEVICE_WITH_KEY = f"{PRIVATE}/device-with-key.pem"
LEAST_DAYS = 120  # that a certificate or the CRL must still have when a site is taken up again


@dataclass(frozen=True)
class Variant:
    """A server certificate as it is under a fault: days from now of its validity, and whom it names."""

    name: str
    since: int
    until: int
    host: str = HOST_NAME

    def file(self, folder: Path) -> Path:
        """Leaf and intermediate, as a TLS server presents them."""
        return folder / PRIVATE / f"{self.name}.pem"

    def fits(self, certificate: x509.Certificate, now: datetime) -> bool:
        """Whether a certificate made earlier still shows what the variant stands for."""
        left = (certificate.not_valid_after_utc - now) / timedelta(days=1)
        if self.until < 0:
            return left < 0
        return self.until - 2 < left <= self.until + 1 if self.until < LEAST_DAYS else left > LEAST_DAYS


GOOD = Variant("device", -30, 1065)
VARIANTS = {  # fault -> what is presented
    "cert-expired": Variant("device-expired", -400, -3),
    "cert-expiring": Variant("device-expiring", -345, 20),
    "cert-revoked": Variant("device-revoked", -30, 1065),
    "cert-wrong-host": Variant("device-wrong-host", -30, 1065, OTHER_HOST_NAME),
}


def presented(faults: Iterable[str]) -> Variant:
    """The server certificate under these faults; the first of several."""
    return next((variant for fault, variant in VARIANTS.items() if fault in set(faults)), GOOD)


@dataclass(frozen=True)
class Authority:
    """A CA with its key."""

    certificate: x509.Certificate
    key: RSAPrivateKey


def prepare(folder: Path) -> None:
    """Makes what is missing or has run out: the whole authority, or a certificate or the CRL of it."""
    now = datetime.now(UTC).replace(microsecond=0)
    issuing = kept_authority(folder, now) or new_authority(folder, now)
    key = kept_key(folder / PRIVATE / KEY) or new_key(folder / PRIVATE / KEY)
    for variant in (GOOD, *VARIANTS.values()):
        leaf = kept_leaf(variant.file(folder))
        if leaf is None or not variant.fits(leaf, now) or not issued_by(leaf, issuing.certificate, key):
            write_private(variant.file(folder), pem(device(variant, issuing, key, now), issuing.certificate))
    write_private(folder / DEVICE_WITH_KEY, GOOD.file(folder).read_bytes() + pem_of_key(key))
    prepare_person(folder, issuing, now)
    prepare_encryption(folder, issuing, now)
    renew_crl(folder, issuing, now)


def prepare_person(folder: Path, issuing: Authority, now: datetime) -> None:
    """The person's signing certificate: alone, and with its key as a software certificate has it."""
    key = kept_key(folder / PERSONAL_WITH_KEY)
    person = kept_certificate(folder / PERSONAL)
    if person is None or key is None or not lasts(person, now) or not issued_by(person, issuing.certificate, key):
        key = new_key(None)
        signing = personal(issuing, key, ("digital_signature", "content_commitment"), now)
        (folder / PERSONAL).write_bytes(pem(signing))
        write_private(folder / PERSONAL_WITH_KEY, pem(signing) + pem_of_key(key))


def prepare_encryption(folder: Path, issuing: Authority, now: datetime) -> None:
    """The second certificates of server and person; their keys are kept nowhere."""
    uses = ("key_encipherment", "data_encipherment")
    makers: dict[str, Callable[[], x509.Certificate]] = {
        PERSONAL_ENCRYPTION: lambda: personal(issuing, new_key(None), uses, now),
        DEVICE_ENCRYPTION: lambda: device(GOOD, issuing, new_key(None), now, uses),
    }
    for name, make in makers.items():
        kept = kept_certificate(folder / name)
        if kept is None or not lasts(kept, now) or not issued_by(kept, issuing.certificate):
            (folder / name).write_bytes(pem(make()))


def kept_authority(folder: Path, now: datetime) -> Authority | None:
    """The issuing CA of the folder; None when it or its root is missing, damaged or about to run out."""
    root, issuing = kept_certificate(folder / ROOT), kept_certificate(folder / ISSUING)
    key = kept_key(folder / PRIVATE / "issuing.key")
    if root is None or issuing is None or key is None or not lasts(root, now) or not lasts(issuing, now):
        return None
    kept = Authority(issuing, key)
    return kept if issuing.public_key() == key.public_key() and issued_by(issuing, root) else None


def new_authority(folder: Path, now: datetime) -> Authority:
    """A new root and a new issuing CA; the root's key is used once and kept nowhere."""
    root_key, key = new_key(None), new_key(folder / PRIVATE / "issuing.key")
    root_name, name = subject("演练根证书", "rehearsal root"), subject("演练签发机构", "rehearsal issuing")
    root = signed(authority(root_name, root_key, 1, now, -1100, 4000), root_name, root_key, root_key)
    issuing = signed(authority(name, key, 0, now, -1090, 3300), root_name, root_key, root_key)
    (folder / ROOT).write_bytes(pem(root))
    (folder / ISSUING).write_bytes(pem(issuing))
    return Authority(issuing, key)


def kept_certificate(path: Path) -> x509.Certificate | None:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


kept_leaf = kept_certificate  # the first of a chain file is the leaf


def kept_key(path: Path) -> RSAPrivateKey | None:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError):
        return None
    return key if isinstance(key, RSAPrivateKey) else None


def new_key(path: Path | None) -> RSAPrivateKey:
    """RSA 2048, written to ``path`` where there is one."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65_537, 2048)
    if path is not None:
        write_private(path, pem_of_key(key))
    return key


def pem_of_key(key: RSAPrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form)


def lasts(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_after_utc - now > timedelta(days=LEAST_DAYS)


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate, key: RSAPrivateKey | None = None) -> bool:
    """Whether the issuer signed it, for that key where one is given."""
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return key is None or certificate.public_key() == key.public_key()


def subject(name: str, unit: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    parts = ((NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, "演练现场"), (NameOID.COMMON_NAME, name))
    unit_part = (NameOID.ORGANIZATIONAL_UNIT_NAME, unit)
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in (*parts[:2], unit_part, parts[2])])


def builder(name: x509.Name, key: RSAPrivateKey, now: datetime, since: int, until: int) -> x509.CertificateBuilder:
    """Subject, key, serial number and validity; ``since`` and ``until`` are days from now."""
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=since))
        .not_valid_after(now + timedelta(days=until, hours=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def usage(*names: str) -> x509.KeyUsage:
    from cryptography import x509

    known = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in names for name in known})


def authority(
    name: x509.Name, key: RSAPrivateKey, below: int, now: datetime, since: int, until: int
) -> x509.CertificateBuilder:
    """A CA's certificate; ``below`` is how many CAs may stand under it."""
    from cryptography import x509

    return (
        builder(name, key, now, since, until)
        .add_extension(x509.BasicConstraints(True, below), critical=True)
        .add_extension(usage("key_cert_sign", "crl_sign"), critical=True)
    )


def signed(
    builder: x509.CertificateBuilder, issuer: x509.Name, issuer_key: RSAPrivateKey, key: RSAPrivateKey
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    named = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return builder.issuer_name(issuer).add_extension(named, critical=False).sign(key, SHA256())


def leaf(
    issuer: Authority, name: x509.Name, key: RSAPrivateKey, now: datetime, since: int, until: int,
    uses: Sequence[str], extended: Sequence[x509.ObjectIdentifier], host: str = "",
) -> x509.Certificate:  # fmt: skip
    """A certificate of a server (``host`` and loopback in its SAN) or of a person."""
    from cryptography import x509

    made = (
        builder(name, key, now, since, until)
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(usage(*uses), critical=True)
        .add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    )
    if host:
        names: list[x509.GeneralName] = [x509.DNSName(host)]
        names += [x509.IPAddress(IPv4Address("127.0.0.1"))] if host == HOST_NAME else []
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return signed(made, issuer.certificate.subject, issuer.key, issuer.key)


def device(
    variant: Variant, issuer: Authority, key: RSAPrivateKey, now: datetime, uses: Sequence[str] = ("digital_signature",)
) -> x509.Certificate:
    from cryptography.x509.oid import ExtendedKeyUsageOID

    extended = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
    name = subject(variant.host, "server device")
    return leaf(issuer, name, key, now, variant.since, variant.until, uses, extended, variant.host)


def personal(issuer: Authority, key: RSAPrivateKey, uses: Sequence[str], now: datetime) -> x509.Certificate:
    """A person's certificate."""
    from cryptography.x509.oid import ExtendedKeyUsageOID

    name = subject("演练用户", "personal")
    return leaf(issuer, name, key, now, -30, 1065, uses, (ExtendedKeyUsageOID.CLIENT_AUTH,))


def pem(*certificates: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def renew_crl(folder: Path, issuer: Authority, now: datetime) -> None:
    """Writes the CRL anew unless it lists the revoked certificate, is the issuer's and has long enough to run."""
    revoked = kept_leaf(VARIANTS["cert-revoked"].file(folder))
    if revoked is None:
        raise ValueError("the revoked certificate could not be read back")
    if not crl_holds(folder / CRL, revoked.serial_number, issuer, now):
        (folder / CRL).write_bytes(new_crl(revoked.serial_number, issuer, now))


def crl_holds(path: Path, serial: int, issuer: Authority, now: datetime) -> bool:
    from cryptography import x509

    try:
        crl = x509.load_pem_x509_crl(path.read_bytes())
    except (OSError, ValueError):
        return False
    ends = crl.next_update_utc
    lasting = ends is not None and ends - now > timedelta(days=LEAST_DAYS)
    listed = crl.get_revoked_certificate_by_serial_number(serial) is not None
    return lasting and listed and crl.is_signature_valid(issuer.key.public_key())


def new_crl(serial: int, issuer: Authority, now: datetime) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(serial)
        .revocation_date(now - timedelta(days=7))
        .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
        .build()
    )
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now - timedelta(hours=1))
        .next_update(now + timedelta(days=365))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        .add_revoked_certificate(entry)
    )
    return crl.sign(issuer.key, SHA256()).public_bytes(Encoding.PEM)
