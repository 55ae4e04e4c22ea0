"""The rehearsal's certificates as ssl and openssl judge them; each fault both ways; taken up again while they last."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from rehearsal_small_world import SmallWorld

from app.rehearsal import certificates
from app.rehearsal.tls import TlsPort

FILES = ("ca.cer", "intermediate.cer", "personal.cer", "ca.crl")
HOST = "jyjc.example.gov.cn"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    certificates.prepare(folder)
    return folder


@pytest.fixture
def port(made: Path) -> Iterator[TlsPort]:
    world = SmallWorld(made)
    server = TlsPort(world, 0)  # type: ignore[arg-type]
    server.start()
    yield server
    server.stop()


def presented(port: TlsPort) -> x509.Certificate:
    """The leaf, whatever it is worth."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port.port), timeout=20) as client, context.wrap_socket(client) as tls:
        der = tls.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


def verified(port: TlsPort, name: str) -> None:
    """A handshake that trusts the root only: the port must send its intermediate."""
    context = ssl.create_default_context(cafile=str(port.world.folder / "ca.cer"))
    with (
        socket.create_connection(("127.0.0.1", port.port), timeout=20) as client,
        context.wrap_socket(client, server_hostname=name),
    ):
        pass


def switch(port: TlsPort, *faults: str) -> None:
    world = port.world
    assert isinstance(world, SmallWorld)
    world.switch(*faults)


def days_left(certificate: x509.Certificate) -> float:
    return (certificate.not_valid_after_utc - datetime.now(UTC)) / timedelta(days=1)


def listed(folder: Path, certificate: x509.Certificate) -> bool:
    crl = x509.load_pem_x509_crl((folder / "ca.crl").read_bytes())
    return crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_the_port_sends_a_chain_that_verifies_for_name_and_address(port: TlsPort) -> None:
    verified(port, HOST)
    verified(port, "127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        verified(port, "else.example.gov.cn")


def test_openssl_accepts_chain_and_crl(made: Path) -> None:
    trust = ("-CAfile", made / "ca.cer", "-untrusted", made / "intermediate.cer")
    revocation = ("-crl_check", "-CRLfile", made / "ca.crl")
    for leaf, purpose in ((made / "private" / "device.pem", "sslserver"), (made / "personal.cer", "sslclient")):
        done = openssl("verify", "-x509_strict", *trust, *revocation, "-purpose", purpose, leaf)
        assert done.returncode == 0, done.stderr
    revoked = openssl("verify", *trust, *revocation, made / "private" / "device-revoked.pem")
    assert revoked.returncode != 0 and "revoked" in revoked.stderr
    crl = openssl("crl", "-in", made / "ca.crl", "-CAfile", made / "intermediate.cer", "-noout")
    assert "verify OK" in crl.stderr + crl.stdout


def test_the_device_certificate_is_what_a_plan_wants(port: TlsPort, made: Path) -> None:
    leaf = presented(port)
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    extended = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert usage.digital_signature and not usage.key_encipherment and not usage.key_cert_sign
    assert set(extended) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert isinstance(leaf.signature_hash_algorithm, SHA256)
    assert leaf.public_key().key_size == 2048  # type: ignore[union-attr]
    assert 365 < days_left(leaf) < 3650
    assert not listed(made, leaf)


def test_authorities_and_crl_outlast_the_leaves(made: Path) -> None:
    root, issuing, personal = (
        x509.load_pem_x509_certificate((made / name).read_bytes())
        for name in ("ca.cer", "intermediate.cer", "personal.cer")
    )
    issuing.verify_directly_issued_by(root)
    personal.verify_directly_issued_by(issuing)
    assert days_left(root) > days_left(issuing) > days_left(personal) > 365
    crl = x509.load_pem_x509_crl((made / "ca.crl").read_bytes())
    assert crl.next_update_utc is not None and crl.next_update_utc - datetime.now(UTC) > timedelta(days=120)


def test_cert_expired(port: TlsPort) -> None:
    switch(port, "cert-expired")
    assert days_left(presented(port)) < 0
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        verified(port, HOST)
    switch(port)
    verified(port, HOST)


def test_cert_expiring(port: TlsPort) -> None:
    switch(port, "cert-expiring")
    assert 19 < days_left(presented(port)) < 21
    verified(port, HOST)
    switch(port)
    assert days_left(presented(port)) > 365


def test_cert_revoked_presents_the_certificate_that_the_crl_lists(port: TlsPort, made: Path) -> None:
    switch(port, "cert-revoked")
    assert listed(made, presented(port))
    verified(port, HOST)
    switch(port)
    assert not listed(made, presented(port))


def test_cert_wrong_host(port: TlsPort) -> None:
    switch(port, "cert-wrong-host")
    name = presented(port).subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert name == "other.example.gov.cn"
    verified(port, "other.example.gov.cn")
    for wrong in (HOST, "127.0.0.1"):
        with pytest.raises(ssl.SSLCertVerificationError):
            verified(port, wrong)
    switch(port)
    verified(port, HOST)


def ended(connection: socket.socket) -> bool:
    """Whether the other side hung up, or dropped what it had not taken yet."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_a_handshake_that_is_no_handshake_harms_nobody_and_stopping_ends_all(made: Path) -> None:
    server = TlsPort(SmallWorld(made), 0)  # type: ignore[arg-type]
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            client.recv(100)
    context = ssl.create_default_context(cafile=str(made / "ca.cer"))
    open_one = context.wrap_socket(
        socket.create_connection(("127.0.0.1", server.port), timeout=20), server_hostname=HOST
    )
    waiting = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    server.stop()
    assert ended(waiting)
    waiting.close()
    open_one.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in [*(folder / "private").iterdir(), *(folder / n for n in FILES)]}


def test_what_is_good_is_taken_up_again(tmp_path: Path) -> None:
    certificates.prepare(tmp_path)
    first = contents(tmp_path)
    certificates.prepare(tmp_path)
    assert contents(tmp_path) == first


def changed(folder: Path, first: dict[str, bytes]) -> set[str]:
    return {name for name, content in contents(folder).items() if first[name] != content}


def test_what_has_run_out_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificates.prepare(tmp_path)
    first = contents(tmp_path)
    at(monkeypatch, 10)
    certificates.prepare(tmp_path)
    assert changed(tmp_path, first) == {"device-expiring.pem"}
    at(monkeypatch, 300)
    certificates.prepare(tmp_path)
    assert changed(tmp_path, first) == {"device-expiring.pem", "ca.crl"}
    at(monkeypatch, 3250)
    certificates.prepare(tmp_path)
    assert changed(tmp_path, first) >= set(FILES) | {"device.pem", "issuing.key"}


def at(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """Lets the certificates be prepared that many days from now."""
    later = datetime.now(UTC) + timedelta(days=days)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return later

    monkeypatch.setattr(certificates, "datetime", Later)


def test_what_is_damaged_is_made_anew(tmp_path: Path) -> None:
    certificates.prepare(tmp_path)
    (tmp_path / "private" / "device.pem").write_bytes(b"nonsense")
    (tmp_path / "ca.crl").unlink()
    certificates.prepare(tmp_path)
    done = openssl(
        "verify", "-crl_check", "-CAfile", tmp_path / "ca.cer", "-untrusted", tmp_path / "intermediate.cer",
        "-CRLfile", tmp_path / "ca.crl", tmp_path / "private" / "device.pem",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_another_root_in_its_place_has_all_made_anew(tmp_path: Path, made: Path) -> None:
    certificates.prepare(tmp_path)
    (tmp_path / "ca.cer").write_bytes((made / "ca.cer").read_bytes())
    certificates.prepare(tmp_path)
    done = openssl("verify", "-CAfile", tmp_path / "ca.cer", tmp_path / "intermediate.cer")
    assert done.returncode == 0, done.stderr
