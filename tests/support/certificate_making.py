"""Certificates, CRLs and TLS servers for the tests, made with cryptography and the standard library."""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.base.cancellation import Cancellation
from app.checks import catalogue, runner
from app.checks.certificate.facts import Facts, Material
from app.checks.certificate.x509 import X509, certificate
from app.checks.model import Result, Surroundings
from app.site.model import Certificate, Site

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def usage(*flags: str) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{flag: flag in flags for flag in names})


@dataclass
class Issued:
    """A certificate with its private key; an authority where ``ca``."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(PEM)

    @property
    def key_pem(self) -> bytes:
        form = serialization.PrivateFormat.PKCS8
        return bytes(self.key.private_bytes(PEM, form, serialization.NoEncryption()))

    @property
    def parsed(self) -> X509:
        return certificate(self.der)

    def issue(self, common: str, **more: Any) -> Issued:
        return issue(common, self, **more)

    def crl(
        self,
        serials: Mapping[int, Sequence[x509.ExtensionType]] | None = None,
        *,
        this: datetime = NOW - DAY,
        following: datetime = NOW + 7 * DAY,
        extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
        signer: Any = None,
    ) -> x509.CertificateRevocationList:
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(this).next_update(following)
        for serial, about in (serials or {}).items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - DAY)
            for extension in about:
                entry = entry.add_extension(extension, critical=isinstance(extension, x509.CertificateIssuer))
            builder = builder.add_revoked_certificate(entry.build())
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(signer or self.key, hashes.SHA256())


def issue(
    common: str,
    by: Issued | None = None,
    *,
    ca: bool | None = None,
    length: int | None = None,
    start: datetime = NOW - 100 * DAY,
    end: datetime = NOW + 1000 * DAY,
    own: Any = None,
    hosts: Sequence[str] = (),
    addresses: Sequence[Any] = (),
    flags: Sequence[str] | None = None,
    purposes: Sequence[x509.ObjectIdentifier] | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    digest: Any = None,
    signer: Any = None,
    subject: x509.Name | None = None,
) -> Issued:
    """``by`` None: self-signed, and an authority unless said otherwise."""
    own = own or key()
    ca = by is None if ca is None else ca
    issuer = by.certificate.subject if by else (subject or name(common))
    builder = x509.CertificateBuilder().subject_name(subject or name(common)).issuer_name(issuer)
    builder = builder.public_key(own.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(end)
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=length), critical=True)
    if flags is None:
        flags = ("key_cert_sign", "crl_sign") if ca else ("digital_signature", "key_encipherment")
    if flags:
        builder = builder.add_extension(usage(*flags), critical=True)
    purposes = (() if ca else SERVER) if purposes is None else purposes
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if hosts or addresses:
        names = [*(x509.DNSName(one) for one in hosts), *(x509.IPAddress(one) for one in addresses)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    private = signer or (by.key if by else own)
    return Issued(builder.sign(private, digest or hashes.SHA256()), own)


def facts(
    leaf: Issued, *sent: Issued, anchors: Sequence[Issued] = (), known: Sequence[Issued] = (), **more: Any
) -> Facts:
    """What the comparisons are given."""
    material = Material(leaf.parsed, tuple(one.parsed for one in sent), "DER", over_tls=more.pop("tls", False))
    return Facts(material, more.pop("now", NOW), _all(anchors), _all(known), **more)


def _all(several: Sequence[Issued]) -> tuple[X509, ...]:
    return tuple(one.parsed for one in several)


@dataclass
class Passwords:
    held: dict[str, str] = field(default_factory=dict)

    def get(self, target_id: str) -> str | None:
        return self.held.get(target_id)


class NoKeys:
    def known(self, target_id: str) -> str:
        return ""


def run(
    target: Certificate,
    *ids: str,
    trust: Sequence[Path] = (),
    passwords: Mapping[str, str] | None = None,
    folder: Path = Path(),
    cancellation: Cancellation | None = None,
) -> dict[str, Result]:
    """The whole way: catalogue, runner, session, comparison; the results by check id without its table."""
    site = Site("演示", "510000", trust=tuple(trust), targets=(target,), path=folder / "site.toml")
    surroundings = Surroundings(site, Passwords(dict(passwords or {})), NoKeys(), cancellation or Cancellation())
    results: dict[str, Result] = {}
    planned = catalogue.plan(site, ids=tuple(f"certificate.{one}" for one in ids))
    runner.run(planned, surroundings, lambda result: results.update({result.check.split(".")[1]: result}))
    return results


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@contextlib.contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on loopback; ``serve`` speaks with each client on a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    clients: list[socket.socket] = []

    def speak(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            serve(client)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                clients.append(client)
                threading.Thread(target=speak, args=(client,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for client in clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        thread.join(10)


@dataclass
class TlsServer:
    """What the server saw: SNI names, and bytes of application data."""

    port: int = 0
    names: list[str | None] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def tls_server(
    folder: Path, own: Issued, *chain: Issued, configure: Callable[[ssl.SSLContext], None] = lambda context: None
) -> Iterator[TlsServer]:
    """A TLS server that presents ``own`` and ``chain`` in that order."""
    files = (
        write(folder / "server.pem", own.pem + b"".join(one.pem for one in chain)),
        write(folder / "k.pem", own.key_pem),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    server = TlsServer()

    def named(connection: Any, asked: str | None, held: ssl.SSLContext) -> None:
        server.names.append(asked)

    context.sni_callback = named
    configure(context)

    def serve(client: socket.socket) -> None:
        try:
            with context.wrap_socket(client, server_side=True) as encrypted:
                server.data.append(encrypted.recv(4096))
        finally:
            server.ended.set()

    with listening(serve) as port:
        server.port = port
        yield server
