"""A signed document: sound by us and by an independent verifier, and no change whatever goes unnoticed."""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

from app.base.errors import InputError
from app.documents.sign import sign
from app.documents.signatures import signatures
from app.documents.signer import KeySigner, from_pkcs12

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DOCUMENT = (Path(__file__).parents[3] / "forms" / "附表2.docx").read_bytes()


Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def certificate(
    key: Key, subject: str, issuer_key: Key | None = None, issuer: x509.Name | None = None, ca: bool = False
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
    )
    return builder.sign(issuer_key or key, hashes.SHA256())


CA_KEY = ec.generate_private_key(ec.SECP256R1())
CA = certificate(CA_KEY, "演练根证书", ca=True)


def signer(key: Key) -> KeySigner:
    return KeySigner(key, certificate(key, "实施人员", CA_KEY, CA.subject), ())


RSA = signer(rsa.generate_private_key(65537, 2048))
EC = signer(ec.generate_private_key(ec.SECP384R1()))
SIGNED = sign(DOCUMENT, RSA, NOW)


def edited(document: bytes, edit: Callable[[dict[str, bytes]], None]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    edit(parts)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return content.getvalue()


@pytest.mark.parametrize("who", [RSA, EC], ids=["rsa", "ec"])
def test_a_signed_document_is_sound_and_trusted_by_its_anchor(who: KeySigner) -> None:
    (signature,) = signatures(sign(DOCUMENT, who, NOW), [CA])
    assert (signature.faults, signature.trusted, signature.signed_at) == ((), True, "2026-11-23T12:00:00Z")


def test_without_the_anchor_it_is_sound_but_not_trusted() -> None:
    (signature,) = signatures(SIGNED, [])
    assert (signature.faults, signature.trusted) == ((), False)


def test_an_anchor_of_the_same_name_is_not_trusted() -> None:
    other = certificate(ec.generate_private_key(ec.SECP256R1()), "演练根证书", ca=True)
    assert not signatures(SIGNED, [other])[0].trusted


def test_a_second_signature_leaves_the_first_valid() -> None:
    both = signatures(sign(SIGNED, EC, NOW), [CA])
    assert [signature.faults for signature in both] == [(), ()]


def test_an_unsigned_document_has_no_signature() -> None:
    assert signatures(DOCUMENT) == ()


def test_every_part_changed_is_noticed() -> None:
    with zipfile.ZipFile(io.BytesIO(SIGNED)) as archive:
        names = [n for n in archive.namelist() if not n.startswith(("docProps/", "_xmlsignatures/", "[Content"))]
    for name in names:
        if name.endswith(".rels"):
            continue

        def change(parts: dict[str, bytes], name: str = name) -> None:
            parts[name] += b" "

        assert any(name in fault for fault in signatures(edited(SIGNED, change))[0].faults), name


def test_every_part_removed_is_noticed() -> None:
    with zipfile.ZipFile(io.BytesIO(SIGNED)) as archive:
        names = [n for n in archive.namelist() if not n.startswith(("docProps/", "_xmlsignatures/", "[Content"))]
    for name in set(names) - {"word/document.xml"}:
        assert signatures(edited(SIGNED, partial(without, name)))[0].faults, name


def without(name: str, parts: dict[str, bytes]) -> None:
    del parts[name]


def test_an_added_part_is_noticed() -> None:
    added = edited(SIGNED, lambda parts: parts.update({"word/added.xml": b"<a/>"}))
    assert "word/added.xml" in signatures(added)[0].faults[0]


def test_a_changed_content_type_is_noticed() -> None:
    def change(parts: dict[str, bytes]) -> None:
        parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"document.main+xml", b"document.other+xml")

    assert signatures(edited(SIGNED, change))[0].faults


def test_a_redirected_relationship_is_noticed() -> None:
    def change(parts: dict[str, bytes]) -> None:
        name = "word/_rels/document.xml.rels"
        parts[name] = parts[name].replace(b"styles.xml", b"settings.xml")

    assert signatures(edited(SIGNED, change))[0].faults


def test_an_added_relationship_is_noticed() -> None:
    def change(parts: dict[str, bytes]) -> None:
        name = "word/_rels/document.xml.rels"
        extra = b'<Relationship Id="rId99" Type="http://x/attachedTemplate" Target="http://x/" TargetMode="External"/>'
        parts[name] = parts[name].replace(b"</Relationships>", extra + b"</Relationships>")

    assert signatures(edited(SIGNED, change))[0].faults


def test_a_signature_moved_to_another_document_is_noticed() -> None:
    def move(parts: dict[str, bytes]) -> None:
        with zipfile.ZipFile(io.BytesIO((Path(__file__).parents[3] / "forms" / "附表4.docx").read_bytes())) as other:
            parts["word/document.xml"] = other.read("word/document.xml")

    assert signatures(edited(SIGNED, move))[0].faults


@pytest.mark.parametrize("old", [b"2026-11-23T12:00:00Z</xd", b"<X509SerialNumber>", b"<SignatureComments/>"])
def test_a_changed_signature_property_is_noticed(old: bytes) -> None:
    def change(parts: dict[str, bytes]) -> None:
        body = parts["_xmlsignatures/sig1.xml"]
        assert old in body
        new = {b"2": b"1", b"<": b"<"}[old[:1]] + old[1:]
        parts["_xmlsignatures/sig1.xml"] = body.replace(old, new if new != old else old + b"1")

    assert signatures(edited(SIGNED, change))[0].faults


def test_another_certificate_in_its_place_is_noticed() -> None:
    mine, other = (who.certificate for who in (RSA, EC))
    from app.documents.sign import _der

    def change(parts: dict[str, bytes]) -> None:
        name = "_xmlsignatures/sig1.xml"
        parts[name] = parts[name].replace(_der(mine).encode(), _der(other).encode())

    assert len(signatures(edited(SIGNED, change))[0].faults) >= 2


@pytest.mark.parametrize("name", ["CanonicalizationMethod", "SignatureMethod", "SignatureValue", "SignedInfo"])
def test_a_signature_that_lacks_a_part_of_itself_is_not_sound(name: str) -> None:
    def change(parts: dict[str, bytes]) -> None:
        place = "_xmlsignatures/sig1.xml"
        parts[place] = parts[place].replace(name.encode(), b"Other")

    assert signatures(edited(SIGNED, change))[0].faults


def test_a_wrong_password_is_one_clear_sentence(tmp_path: Path) -> None:
    store = tmp_path / "signer.p12"
    store.write_bytes(
        pkcs12.serialize_key_and_certificates(b"s", RSA.key, RSA.certificate, [CA], BestAvailableEncryption(b"right"))
    )
    assert from_pkcs12(store, "right").certificate == RSA.certificate
    with pytest.raises(InputError, match=r"signer\.p12：口令不对"):
        from_pkcs12(store, "wrong")
