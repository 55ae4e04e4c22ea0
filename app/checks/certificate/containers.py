"""What a certificate file holds: cer/crt (PEM, DER, bare Base64), p7b, pfx/p12, jks. It opens no file."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from app.checks.certificate import der
from app.checks.certificate.x509 import X509, NotCertificate, certificate
from app.checks.model import Failed, Undetermined

SIGNED_DATA = ("1.2.840.113549.1.7.2", "1.2.156.10197.6.1.4.2.2")  # RFC 2315, 9; GM/T 0010
DATA = ("1.2.840.113549.1.7.1", *SIGNED_DATA)  # what a PFX wraps (RFC 7292, 4)
ARMOUR = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----(.*?)-----END \1-----", re.DOTALL)
CONTENTS = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PKCS7", "CMS", "PKCS #7 SIGNED DATA")
BARE = re.compile(rb"[A-Za-z0-9+/=\s]{64,}\Z")
JAVA_MAGIC = {0xFEEDFEED: "JKS", 0xCECECECE: "JCEKS"}
MOST = 500  # certificates of one file
KEY_ENTRY, CERTIFICATE_ENTRY = 1, 2
DAMAGED = "请重新导出证书文件；传输时用二进制方式，不要改动内容。"
WRONG_PASSWORD = "请核对口令后重新输入；若口令无误，请重新导出该文件。"


@dataclass(frozen=True)
class Content:
    """The certificates of a file. ``own``: the one whose private key is in it. ``form`` names the format; ``unsure`` is
    what could not be confirmed of it, "" when nothing.
    """

    certificates: tuple[X509, ...]
    form: str
    own: X509 | None = None
    unsure: str = ""


Password = Callable[[], str | None]  # None: there is none


def unpack(data: bytes, ask: Password) -> Content:
    """The certificates in ``data``; ``ask`` is called only where the file has a password.

    Raises Failed (damaged, no certificate, wrong password), Undetermined (no password, an algorithm that cannot be had
    here), and Unsupported for a certificate that cannot be read to the end.
    """
    data = _bytes_of_text(data)
    try:
        if b"-----BEGIN " in data:
            return _from_pem(data)
        if BARE.match(data):
            content = _from_der(_decoded(data), ask)
            return Content(content.certificates, f"Base64 {content.form}", content.own, content.unsure)
        if len(data) > 4 and int.from_bytes(data[:4], "big") in JAVA_MAGIC:
            return _from_java(data, ask())
        return _from_der(data, ask)
    except NotCertificate as error:
        raise Failed(str(error), DAMAGED, "可读的证书") from None


def _bytes_of_text(data: bytes) -> bytes:
    """Text saved by Windows' Notepad as UTF-16 or with a byte order mark, as plain bytes; anything else as it is."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data.removeprefix(b"\xef\xbb\xbf")


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        raise NotCertificate("Base64 内容已损坏") from None


def _from_pem(data: bytes) -> Content:
    found: list[X509] = []
    for label, body in ARMOUR.findall(data):
        if label.decode() in CONTENTS and len(found) < MOST:
            found += _from_der(_body(label, body), lambda: None).certificates
    if not found:
        complete = ARMOUR.search(data)
        raise NotCertificate("PEM 文件里没有证书" if complete else "PEM 文件不完整，没有结束行")
    return Content(tuple(found), "PEM")


def _body(label: bytes, text: bytes) -> bytes:
    """The DER inside an armour; OpenSSL's trusted form has settings of its own behind the certificate."""
    body = _decoded(text)
    if label != b"TRUSTED CERTIFICATE":
        return body
    try:
        return der.first(body).raw
    except der.NotDer:
        raise NotCertificate("PEM 内容已损坏") from None


def _from_der(data: bytes, ask: Password) -> Content:
    try:
        whole = der.first(data)
        children = whole.children()
    except der.NotDer:
        raise NotCertificate("不是证书文件，或已损坏") from None
    if len(whole.raw) != len(data) and data[len(whole.raw) :].strip(b"\x00\r\n\x1a"):
        raise NotCertificate("证书之后还有别的内容，文件已损坏")
    if children and children[0].tag == der.OID:
        return Content(_from_pkcs7(whole), "PKCS#7")
    if len(children) > 1 and children[0].tag == der.INTEGER and _is_pfx(children[1]):
        return _from_pfx(whole.raw, ask())
    if len(children) == 3 and children[0].tag == der.SEQUENCE:
        return Content((certificate(whole.raw),), "DER")
    raise NotCertificate("不是证书文件")


def _is_pfx(second: der.Element) -> bool:
    try:
        return der.oid(second.children()[0].content) in DATA
    except (der.NotDer, IndexError):
        return False


def _from_pkcs7(whole: der.Element) -> tuple[X509, ...]:
    """The certificates of a SignedData, in its order (RFC 2315, 9.1); of the national form too."""
    try:
        kind, wrapped = whole.children()[:2]
        if der.oid(kind.content) not in SIGNED_DATA:
            raise NotCertificate("PKCS#7 文件里没有证书")
        fields = wrapped.children()[0].children()
        held = next((field for field in fields if field.tag == 0xA0), None)
        inside = held.children()[:MOST] if held else ()
    except (der.NotDer, ValueError, IndexError) as error:
        raise error if isinstance(error, NotCertificate) else NotCertificate("PKCS#7 文件已损坏") from None
    found = tuple(certificate(one.raw) for one in inside if one.tag == der.SEQUENCE)
    if not found:
        raise NotCertificate("PKCS#7 文件里没有证书")
    return found


def _from_pfx(data: bytes, password: str | None) -> Content:
    """A PKCS#12 file; without a password the empty one is tried, which harms nothing: a file locks nobody out."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        held = pkcs12.load_pkcs12(data, (password or "").encode() or None)
    except ValueError:
        if password is None:
            raise Undetermined("没有口令，PKCS#12 文件打不开", "请在“口令”处填写该文件的口令，再检查。") from None
        raise Failed("口令不对，或文件已损坏", WRONG_PASSWORD, "口令正确，文件可读") from None
    except (UnsupportedAlgorithm, TypeError) as error:
        reason = f"PKCS#12 文件用了本机不支持的算法（{str(error)[:80]}），未能读取"
        raise Undetermined(reason, "请另外导出一份 cer 证书文件供检查。") from None
    own = _encoded(held.cert.certificate) if held.cert else None
    others = [_encoded(other.certificate) for other in held.additional_certs]
    found = ([own] if own else []) + others
    if not found:
        raise NotCertificate("PKCS#12 文件里没有证书")
    return Content(tuple(found), "PKCS#12", own if held.key is not None else None)


def _encoded(loaded: object) -> X509:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate(loaded.public_bytes(Encoding.DER))  # type: ignore[attr-defined]


def _from_java(data: bytes, password: str | None) -> Content:
    """A key store of Java (sun.security.provider.JavaKeyStore); its certificates are not encrypted, only sealed."""
    form = JAVA_MAGIC[int.from_bytes(data[:4], "big")]
    try:
        chains, trusted = _java_entries(data)
    except (struct.error, UnicodeDecodeError, EOFError):
        raise NotCertificate(f"{form} 密钥库已损坏") from None
    seal = None if password is None else hashlib.sha1(_java_salt(password) + data[:-20], usedforsecurity=False)
    if seal is not None and seal.digest() != data[-20:]:
        raise Failed("密钥库口令不对，或文件已损坏", WRONG_PASSWORD, "口令正确，文件可读")
    unsure = "" if seal else "没有口令，密钥库的完整性与口令未核对"
    if len(chains) > 1:
        raise Undetermined(f"{form} 密钥库里有 {len(chains)} 个私钥条目，不能确定查哪一个", "请把要查的证书单独导出。")
    found = (*(chains[0] if chains else ()), *trusted)
    if not found:
        raise NotCertificate(f"{form} 密钥库里没有证书")
    return Content(found, form, chains[0][0] if chains and chains[0] else None, unsure)


def _java_salt(password: str) -> bytes:
    return password.encode("utf-16-be") + b"Mighty Aphrodite"


def _java_entries(data: bytes) -> tuple[list[tuple[X509, ...]], list[X509]]:
    """Chains of the private keys, and trusted certificates. Raises EOFError, struct.error."""
    reader = _Reader(data)
    _, version, count = reader.take(">III")
    chains: list[tuple[X509, ...]] = []
    trusted: list[X509] = []
    for _ in range(min(count, MOST)):
        (tag,) = reader.take(">I")
        reader.block(">H")  # the alias
        reader.take(">Q")  # the date
        if tag == KEY_ENTRY:
            reader.block(">I")  # the encrypted private key
            (length,) = reader.take(">I")
            chains.append(tuple(reader.certificate(version) for _ in range(min(length, MOST))))
        elif tag == CERTIFICATE_ENTRY:
            trusted.append(reader.certificate(version))
        else:
            raise Undetermined("密钥库里有本程序不能读的条目（对称密钥）", "请把要查的证书单独导出。")
    return chains, trusted


class _Reader:
    """Java's DataInputStream over bytes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(layout, self._data, self._at)
        self._at += struct.calcsize(layout)
        return values

    def block(self, layout: str) -> bytes:
        (length,) = self.take(layout)
        if self._at + length > len(self._data):
            raise EOFError
        self._at += length
        return self._data[self._at - length : self._at]

    def certificate(self, version: int) -> X509:
        if version == 2:
            self.block(">H")  # the type, X.509
        return certificate(self.block(">I"))
