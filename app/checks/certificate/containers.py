"""What a certificate file holds: cer/crt (PEM, DER, bare Base64), p7b, pfx/p12, jks. It opens no file."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from app.checks.certificate import armour, ber, der, java_store, pbe, pkcs12
from app.checks.certificate.java_store import WRONG_PASSWORD
from app.checks.certificate.private_keys import Match, StoredKey, keys_in, matched, pem_key
from app.checks.certificate.x509 import X509, NotCertificate, Unsupported, certificate
from app.checks.model import Failed, Undetermined

SIGNED_DATA = ("1.2.840.113549.1.7.2", "1.2.156.10197.6.1.4.2.2")  # RFC 2315, 9; GM/T 0010
DATA = ("1.2.840.113549.1.7.1", *SIGNED_DATA)  # what a PFX wraps (RFC 7292, 4)
CUT = re.compile(rb"-----BEGIN |^-+(?:B(?:E(?:G(?:IN?)?)?)?)?\s*\Z", re.MULTILINE)  # a block without its end
CONTENTS = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PKCS7", "CMS", "PKCS #7 SIGNED DATA")
BARE = re.compile(rb"[A-Za-z0-9+/=\s]{64,}\Z")
MOST = 20_000  # certificates of one file
DEEPEST = 3  # PKCS#7 inside PKCS#7
DAMAGED = "请重新导出证书文件；传输时用二进制方式，不要改动内容。"


@dataclass(frozen=True)
class Content:
    """The certificates of a file. ``heads``: those whose private keys are in it; ``keys``: these. ``form`` names the
    format; ``unsure`` is what could not be confirmed of it, "" when nothing.
    """

    certificates: tuple[X509, ...]
    form: str
    heads: tuple[X509, ...] = ()
    keys: tuple[StoredKey, ...] = ()
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
            return _from_pem(data, ask)
        if BARE.match(data):
            content = _from_der(_decoded(data), ask)
            return replace(content, form=f"Base64 {content.form}")
        if java_store.is_java(data):
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
        return base64.b64decode(text.translate(None, b" \t\r\n\v\f"), validate=True)
    except binascii.Error:
        raise NotCertificate("Base64 内容已损坏") from None


def _from_pem(data: bytes, ask: Password) -> Content:
    """Every certificate of a PEM text and the keys beside them; a block without its end means that some is missing."""
    blocks = list(armour.blocks(data))
    if CUT.search(armour.outside(data, blocks)):
        raise NotCertificate("PEM 文件不完整，有一段没有结束行")
    found: list[X509] = []
    for block in blocks:
        if block.label.decode() in CONTENTS:
            found += _from_der(_body(block.label, block.body), lambda: None).certificates
            _bounded(len(found))
    if not found:
        raise NotCertificate("PEM 文件里没有证书")
    return Content(tuple(found), "PEM", keys=pem_keys(data, "证书文件内", ask))


def pem_keys(data: bytes, where: str, ask: Password) -> tuple[StoredKey, ...]:
    """The private keys of a PEM text; a password is asked for only once one of them is opened and wants it."""
    budget = pbe.Budget()
    return tuple(StoredKey(where, partial(pem_key, label, body, ask, budget)) for label, body in keys_in(data))


def _bounded(count: int) -> None:
    if count > MOST:
        raise Undetermined(f"文件里的证书超过 {MOST} 张，没有读取", "请只保留需要的证书。")


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
        data = ber.definite(data)
        whole = der.first(data)
        children = whole.children()
    except der.NotDer:
        raise NotCertificate("不是证书文件，或已损坏") from None
    if len(whole.raw) != len(data) and data[len(whole.raw) :].strip(b"\x00\r\n\x1a"):
        raise NotCertificate("证书之后还有别的内容，文件已损坏")
    if children and children[0].tag == der.OID:
        return Content(_from_pkcs7(whole, 0), "PKCS#7")
    if len(children) > 1 and children[0].tag == der.INTEGER and _is_pfx(children[1]):
        return _from_pfx(whole, ask())
    if len(children) == 3 and children[0].tag == der.SEQUENCE:
        return Content((certificate(whole.raw),), "DER")
    raise NotCertificate("不是证书文件")


def _is_pfx(second: der.Element) -> bool:
    try:
        return der.oid(second.children()[0].content) in DATA
    except (der.NotDer, IndexError):
        return False


def _from_pkcs7(whole: der.Element, depth: int) -> tuple[X509, ...]:
    """The certificates of a SignedData, in its order (RFC 2315, 9.1), the national form too; where it has none of its
    own, those of one that it carries.
    """
    try:
        kind, wrapped = whole.children()[:2]
        if der.oid(kind.content) not in SIGNED_DATA or depth > DEEPEST:
            raise NotCertificate("PKCS#7 文件里没有证书")
        fields = wrapped.children()[0].children()
        held = next((field for field in fields if field.tag == 0xA0), None)
        inside = held.children() if held else ()
        _bounded(len(inside))
        found = tuple(certificate(one.raw) for one in inside if one.tag == der.SEQUENCE)
        return found or _from_pkcs7(_carried(fields[2]), depth + 1)
    except (der.NotDer, ValueError, IndexError) as error:
        raise error if isinstance(error, NotCertificate) else _damaged(error) from None


def _damaged(error: Exception) -> Exception:
    return error if isinstance(error, Unsupported) else NotCertificate("PKCS#7 文件已损坏，或里面没有证书")


def _carried(content_info: der.Element) -> der.Element:
    """The PKCS#7 that is the content of another, as it is or inside octets. Raises der.NotDer, IndexError."""
    kind, wrapped = content_info.children()
    if der.oid(kind.content) in SIGNED_DATA:
        return content_info
    return der.element(ber.definite(der.element(wrapped.content, der.OCTETS).content), der.SEQUENCE)


def _from_pfx(whole: der.Element, password: str | None) -> Content:
    """A PKCS#12 file; without a password the empty one is tried, which harms nothing: a file locks nobody out."""
    try:
        store = pkcs12.unpacked(whole, password or "")
    except pbe.WrongPassword:
        if password is None:
            raise Undetermined("没有口令，PKCS#12 文件打不开", "请在“口令”处填写该文件的口令，再检查。") from None
        raise Failed("口令不对，或文件已损坏", WRONG_PASSWORD, "口令正确，文件可读") from None
    except pbe.Unopenable as error:
        reason = f"PKCS#12 文件用了本机不支持的算法（{error}），未能读取"
        raise Undetermined(reason, "请另外导出一份 cer 证书文件供检查。") from None
    except (NotCertificate, Unsupported):
        raise
    except (der.NotDer, ValueError, IndexError):
        raise NotCertificate("PKCS#12 文件已损坏") from None
    if not store.certificates:
        raise NotCertificate("PKCS#12 文件里没有证书")
    found = tuple(one for one, _ in store.certificates)
    heads = tuple(dict.fromkeys(head for key in store.keys for head in _head(key, store)))
    return Content(found, "PKCS#12", heads, store.keys)


def _head(key: StoredKey, store: pkcs12.Store) -> tuple[X509, ...]:
    """The certificate that a key is said to be of: by its mark, else by its numbers."""
    marked = tuple(one for one, mark in store.certificates if mark and mark == key.mark)
    if len(marked) == 1:
        return marked
    fitting = tuple(one for one, _ in store.certificates if matched(key, one).match is Match.YES)
    return tuple(one for one in fitting if one in marked) or marked or fitting[:1]


def _from_java(data: bytes, password: str | None) -> Content:
    """A key store of Java; its certificates are not encrypted, only sealed."""
    store = java_store.unpacked(data, password)
    chains = [chain for chain in store.chains if chain]
    found = (*(one for chain in chains for one in chain), *store.trusted)
    if not found:
        raise NotCertificate(f"{store.form} 密钥库里没有证书")
    _bounded(len(found))
    unsure = "" if store.sealed else "没有口令，密钥库的完整性与口令未核对"
    return Content(found, store.form, tuple(chain[0] for chain in chains), store.keys, unsure)
