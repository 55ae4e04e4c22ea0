"""certificate.key: the private key at hand is held against the certificate by computing with it, in every dress."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from certificate_making import DAY, DER, NOW, PEM, Issued, issue, rsa_key, run, tls_server, write
from certificate_stores import JCEKS, JKS, jks, openssl, p12, sm2_authority, sm2_leaf
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    NoEncryption,
    PrivateFormat,
)

from app.checks.certificate import sm2
from app.checks.certificate.checks import CHECKS
from app.checks.model import Outcome, Result
from app.site.model import Certificate

PASS, FAIL, UNKNOWN, NONE = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
LONG = NOW + 3000 * DAY
KEYS: dict[str, Any] = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
}


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("根", end=LONG)


def key_of(path: Path, password: str | None = None, role: str = "server-device") -> Result:
    target = Certificate("c", source=f"file:{path}", role=role)
    return run(target, "key", passwords={} if password is None else {"c": password})["key"]


def other_of(kind: str) -> Any:
    return KEYS[kind]()


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_in_the_file_or_beside_it_matches_or_does_not(tmp_path: Path, root: Issued, kind: str) -> None:
    own = root.issue("设备", own=KEYS[kind](), end=LONG)
    stranger = Issued(own.certificate, KEYS[kind]())
    assert key_of(write(tmp_path / "in.pem", own.pem + own.key_pem)).outcome is PASS
    wrong = key_of(write(tmp_path / "wrong.pem", own.pem + stranger.key_pem))
    assert wrong.outcome is FAIL and "不是这张证书的" in wrong.reason
    path = write(tmp_path / "beside.cer", own.der)
    assert key_of(path).outcome is NONE and key_of(path).reason
    write(tmp_path / "beside.key", stranger.key_pem)
    assert key_of(path).outcome is FAIL
    write(tmp_path / "beside.key", own.key_pem)
    assert key_of(path).outcome is PASS


def test_a_key_of_another_kind_does_not_match(tmp_path: Path, root: Issued) -> None:
    own = root.issue("设备", own=KEYS["p256"](), end=LONG)
    for kind in ("rsa", "p384", "ed25519"):
        other = Issued(own.certificate, KEYS[kind]())
        assert key_of(write(tmp_path / f"{kind}.pem", own.pem + other.key_pem)).outcome is FAIL, kind


def test_old_and_encrypted_dresses_are_opened(tmp_path: Path, root: Issued) -> None:
    for own, old in ((root.issue("a", own=rsa_key(2048), end=LONG), "RSA"), (root.issue("b", end=LONG), "EC")):
        write(tmp_path / "plain.key", own.key_pem)
        form = PrivateFormat.TraditionalOpenSSL
        pkcs8 = ("pkcs8", "-topk8", "-in", "plain.key", "-passout", "pass:口令-7")
        dresses = {
            "traditional": own.key.private_bytes(PEM, form, NoEncryption()),
            "dek-info": own.key.private_bytes(PEM, form, BestAvailableEncryption("口令-7".encode())),
            "pkcs8": own.key.private_bytes(PEM, PrivateFormat.PKCS8, BestAvailableEncryption("口令-7".encode())),
            "pbes1": openssl(tmp_path, *pkcs8, "-v1", "PBE-SHA1-3DES"),
            "scheme": openssl(tmp_path, *pkcs8, "-v2", "des3"),
        }
        for dress, content in dresses.items():
            path = write(tmp_path / f"{old}-{dress}.pem", own.pem + content)
            assert key_of(path, "口令-7").outcome is PASS, (old, dress)
            if dress != "traditional":
                missing, wrong = key_of(path), key_of(path, "wrong-9")
                assert missing.outcome is UNKNOWN and "没有口令" in missing.reason, (old, dress)
                assert wrong.outcome is UNKNOWN and "wrong-9" not in repr(wrong), (old, dress)


def test_a_key_file_that_is_nonsense_is_undetermined(tmp_path: Path, root: Issued) -> None:
    own = root.issue("设备", end=LONG)
    path = write(tmp_path / "a.cer", own.der)
    for content in (b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", own.der):
        write(tmp_path / "a.key", content)
        assert key_of(path).outcome is UNKNOWN, content[:20]


def test_a_key_that_only_names_the_right_public_half_does_not_pass(tmp_path: Path, root: Issued) -> None:
    """RSA: modulus and exponent are the certificate's, the private exponent is not."""
    own = root.issue("设备", own=rsa_key(2048), end=LONG)
    encoded = own.key.private_bytes(DER, PrivateFormat.PKCS8, NoEncryption())
    secret = own.key.private_numbers().d.to_bytes(256, "big").lstrip(b"\0")
    changed = encoded.replace(secret, secret[:-1] + bytes([secret[-1] ^ 2]))
    assert changed != encoded
    write(tmp_path / "a.key", changed)
    assert key_of(write(tmp_path / "a.cer", own.der)).outcome is FAIL
    curve = root.issue("设备", end=LONG)
    encoded = curve.key.private_bytes(DER, PrivateFormat.PKCS8, NoEncryption())
    secret = curve.key.private_numbers().private_value.to_bytes(32, "big")
    write(tmp_path / "b.key", encoded.replace(secret, bytes(31) + b"\x05"))  # the point in it is still the right one
    assert key_of(write(tmp_path / "b.cer", curve.der)).outcome is FAIL


P12 = {
    "modern": (),
    "3des": ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"),
    "rc2-40": ("-legacy",),
    "rc2-128": ("-legacy", "-keypbe", "PBE-SHA1-RC2-128", "-certpbe", "PBE-SHA1-RC2-128"),
    "rc4": ("-legacy", "-keypbe", "PBE-SHA1-RC4-128", "-certpbe", "PBE-SHA1-RC4-40"),
    "2des": ("-legacy", "-keypbe", "PBE-SHA1-2DES", "-certpbe", "NONE"),
    "aes-128": ("-keypbe", "aes-128-cbc", "-certpbe", "aes-192-cbc", "-macalg", "sha512"),
    "no-mac": ("-nomac",),
    "plain": ("-keypbe", "NONE", "-certpbe", "NONE"),
    "iterated": ("-iter", "20000"),
}


@pytest.mark.parametrize("form", P12)
def test_a_pkcs12_file_of_any_algorithm_is_read_and_its_key_matched(tmp_path: Path, root: Issued, form: str) -> None:
    for own in (root.issue("设备", own=rsa_key(2048), end=LONG), root.issue("设备", end=LONG)):
        path = p12(tmp_path, own, "a.p12", *P12[form], password="口令-a1", more=(root,))
        target = Certificate("c", source=f"file:{path}")
        results = run(target, "source", "key", passwords={"c": "口令-a1"})
        assert {name: result.outcome for name, result in results.items()} == {"source": PASS, "key": PASS}, results
        wrong = run(target, "source", passwords={"c": "wrong-9"})["source"]
        assert wrong.outcome is FAIL, wrong


def test_the_empty_password_is_tried_without_asking(tmp_path: Path, root: Issued) -> None:
    own = root.issue("设备", end=LONG)
    path = p12(tmp_path, own, "empty.p12", password="")
    assert run(Certificate("c", source=f"file:{path}"), "source", "key")["key"].outcome is PASS


def test_a_pkcs12_file_with_another_s_key_fails(tmp_path: Path, root: Issued) -> None:
    """The mark ties the key to the certificate; the numbers do not."""
    own, other = root.issue("设备", end=LONG), root.issue("别人", end=LONG)
    path = p12(tmp_path, own, "a.p12", "-keypbe", "NONE", "-certpbe", "NONE", "-nomac")
    right = own.key.private_numbers().private_value.to_bytes(32, "big")
    wrong = other.key.private_numbers().private_value.to_bytes(32, "big")
    content = path.read_bytes()
    assert content.count(right) == 1
    result = key_of(write(tmp_path / "b.p12", content.replace(right, wrong)), "abc")
    assert result.outcome is FAIL


@pytest.mark.parametrize("magic", [JKS, JCEKS])
def test_java_s_store_opens_its_keys_by_its_own_password(tmp_path: Path, root: Issued, magic: int) -> None:
    own = root.issue("设备", own=rsa_key(2048), end=LONG)
    trusted = write(tmp_path / "root.cer", root.der)
    path = write(tmp_path / "a.jks", jks(("服务器", own, [root]), magic=magic))
    target = Certificate("c", source=f"file:{path}", trust=(trusted,))
    results = run(target, "source", "chain", "key", passwords={"c": "changeit"})
    assert {result.outcome for result in results.values()} == {PASS}, results
    assert (
        key_of(path).outcome is UNKNOWN and run(target, "source", passwords={"c": "x-wrong"})["source"].outcome is FAIL
    )
    odd = write(tmp_path / "odd.jks", jks(("a", own, [root]), key_password="another", magic=magic))
    result = key_of(odd, "changeit")
    assert result.outcome is UNKNOWN and "条目口令" in result.reason
    stranger = Issued(own.certificate, rsa.generate_private_key(65537, 2048))
    assert key_of(write(tmp_path / "b.jks", jks(("a", stranger, [root]), magic=magic)), "changeit").outcome is FAIL
    only = write(tmp_path / "trust.jks", jks(trusted=[own]))
    assert key_of(only, "changeit").outcome is NONE


def test_sm2_keys_are_matched_in_pem_and_pkcs12(tmp_path: Path) -> None:
    sm2_authority(tmp_path)
    for name in ("one", "two"):
        sm2_leaf(tmp_path, name)
    pem, key = (tmp_path / "one.pem").read_bytes(), (tmp_path / "one.key").read_bytes()
    assert key_of(tmp_path / "one.pem").outcome is PASS  # the key lies beside it
    assert key_of(write(tmp_path / "in.pem", pem + key)).outcome is PASS
    assert key_of(write(tmp_path / "x.pem", pem + (tmp_path / "two.key").read_bytes())).outcome is FAIL
    openssl(
        tmp_path, "pkcs12", "-export", "-in", "one.pem", "-inkey", "one.key", "-out", "one.p12", "-passout", "pass:abc"
    )
    results = run(Certificate("c", source=f"file:{tmp_path / 'one.p12'}"), "source", "key", passwords={"c": "abc"})
    assert {result.outcome for result in results.values()} == {PASS}, results
    hidden = openssl(tmp_path, "pkcs8", "-topk8", "-in", "one.key", "-v2", "sm4-cbc", "-v2prf", "hmacWithSHA256",
                     "-passout", "pass:abc")  # fmt: skip
    assert key_of(write(tmp_path / "sm4.pem", pem + hidden), "abc").outcome is PASS


def test_sm2_numbers_out_of_range_are_no_keys() -> None:
    assert sm2.public_point(1) == sm2.G
    assert sm2.public_point(0) is None and sm2.public_point(sm2.N) is None
    assert sm2.point_of(b"\x04" + bytes(64)) is None and sm2.point_of(b"") is None
    x, y = sm2.G
    assert sm2.point_of(bytes([2 + (y & 1)]) + x.to_bytes(32, "big")) == sm2.G


def test_a_finished_handshake_proves_that_the_server_has_the_key(tmp_path: Path, root: Issued) -> None:
    own = root.issue("设备", hosts=["localhost"], end=LONG)
    with tls_server(tmp_path, own) as server:
        result = run(Certificate("c", source=f"tls://localhost:{server.port}"), "key")["key"]
    assert result.outcome is PASS and "握手" in result.actual


def test_what_is_read_is_what_was_shown() -> None:
    check = next(check for check in CHECKS if check.id == "certificate.key")
    shown = check.shows(Certificate("c", source="file:/p/a.cer"))
    assert shown[0] == "读取 file:/p/a.cer" and "a.key" in shown[1]
    (token,) = check.shows(Certificate("c", source="token:/usr/lib/x.so"))
    assert "不试 PIN" in token
