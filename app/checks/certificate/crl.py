"""Certificate revocation lists: reading them, whom they speak for, whether they list a certificate (RFC 5280, 5)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from app.checks.certificate import armour, der
from app.checks.certificate.x509 import X509
from app.checks.model import Failed, Undetermined

if TYPE_CHECKING:
    from cryptography import x509

LARGEST_CRL = 64 << 20  # bytes
BEGIN = re.compile(rb"-----BEGIN (X509 CRL)-----")
FOREIGN = "2.5.29.29"  # certificateIssuer, an entry's extension
FOREIGN_OID = bytes.fromhex("0603551d1d")
REASON = "2.5.29.21"
DELTA = "2.5.29.27"
UNDERSTOOD = ("2.5.29.28", "2.5.29.20", "2.5.29.35", DELTA, "2.5.29.46", "2.5.29.18", "2.5.29.60", "1.3.6.1.5.5.7.1.1")
REASONS = (
    "未说明",
    "私钥泄露",
    "CA 泄露",
    "归属变更",
    "已被取代",
    "停止使用",
    "暂停（onHold）",
    "",
    "移出 CRL",
    "权限收回",
    "AA 泄露",
)
ON_HOLD, REMOVE = 6, 8


@dataclass(frozen=True)
class Entry:
    """``reason``: RFC 5280, 5.3.1; 0 where none is given."""

    reason: int
    since: str

    @property
    def words(self) -> str:
        return REASONS[self.reason] if self.reason < len(REASONS) else str(self.reason)


@dataclass(frozen=True)
class Crl:
    """``encoded`` is its DER; ``file`` the name of the file it came from."""

    encoded: bytes
    file: str

    @cached_property
    def _fields(self) -> tuple[tuple[int, int, int], ...]:
        """Tag, begin and end of signature, issuer, thisUpdate…; a country's list is too long to be copied about."""
        _, outer, end = der.header(self.encoded, 0)
        if end != len(self.encoded):
            raise der.NotDer("something follows")
        _, at, end = der.header(self.encoded, outer)
        found = []
        while at < end:
            tag, _, after = der.header(self.encoded, at)
            found.append((tag, at, after))
            at = after
        return tuple(found[1:] if found and found[0][0] == der.INTEGER else found)

    @cached_property
    def loaded(self) -> x509.CertificateRevocationList:
        from cryptography import x509

        try:
            return x509.load_der_x509_crl(self.encoded)
        except x509.InvalidVersion as error:  # the one of its errors that is no ValueError
            raise der.NotDer(str(error)) from None

    @cached_property
    def issuer_name(self) -> der.Name:
        _, start, end = self._fields[1]
        return der.name(self.encoded[start:end])

    @property
    def issuer(self) -> str:
        return der.shown(self.issuer_name)

    @property
    def this_update(self) -> datetime:
        return self.loaded.last_update_utc

    @property
    def next_update(self) -> datetime | None:
        return self.loaded.next_update_utc

    @cached_property
    def extensions(self) -> dict[str, tuple[bool, bytes]]:
        """OID → (critical, value in DER). Raises der.NotDer."""
        held = next((field for field in self._fields if field[0] == 0xA0), None)
        return extensions(der.element(self.encoded[held[1] : held[2]]).children()[0]) if held else {}

    def speaks_for(self, certificate: X509) -> bool:
        return der.comparable(self.issuer_name) == certificate.issuer_key

    def entry(self, certificate: X509) -> Entry | None:
        """The entry of ``certificate``; entries of an indirect CRL belong to the issuer last named (5.3.3)."""
        serial = int(certificate.serial, 16).to_bytes(len(certificate.serial) // 2, "big")
        wanted, current = certificate.issuer_key, der.comparable(self.issuer_name)
        found: Entry | None = None
        if not self._may_list(serial):
            return None
        foreign = FOREIGN_OID in self.encoded
        for start, end in self._entries():
            _, begin, after = der.header(self.encoded, start)
            same = _same_number(self.encoded[begin:after], serial)
            if not same and not foreign:
                continue
            fields = tuple(der.elements(self.encoded[start:end]))
            held = extensions(fields[2]) if len(fields) > 2 else {}
            if FOREIGN in held:
                current = _directory_name(held[FOREIGN][1]) or ()
            if current == wanted and same:
                found = Entry(_reason(held), fields[1].content.decode("ascii", "replace"))
        return found

    def _may_list(self, serial: bytes) -> bool:
        """False where the number stands nowhere in the list: a country's has a million entries, slow to take apart."""
        return serial.lstrip(b"\0") in self.encoded

    def _entries(self) -> Iterator[tuple[int, int]]:
        """Where the content of each entry begins and ends. Raises der.NotDer."""
        # Without nextUpdate the list stands one place earlier; dates have other tags, so the first SEQUENCE is it.
        held = next((field for field in self._fields[3:] if field[0] == der.SEQUENCE), None)
        if held is None:
            return
        _, at, end = der.header(self.encoded, held[1])
        while at < end:
            tag, start, at = der.header(self.encoded, at)
            if tag != der.SEQUENCE or at > end:
                raise der.NotDer("no entry")
            yield start, at


def extensions(sequence: der.Element) -> dict[str, tuple[bool, bytes]]:
    """Extensions (RFC 5280, 4.1) by OID: critical or not, and the value. Raises der.NotDer."""
    found = {}
    for one in sequence.children():
        parts = one.children()
        critical = len(parts) == 3 and parts[1].content != b"\x00"
        found[der.oid(parts[0].content)] = (critical, parts[-1].content)
    return found


def crls_of(data: bytes, file: str) -> tuple[Crl, ...]:
    """The CRLs in a file, PEM or DER. Raises Failed."""
    try:
        texts = (block.body.translate(None, b" \t\r\n") for block in armour.blocks(data, BEGIN))
        bodies = [base64.b64decode(text, validate=True) for text in texts]
        found = tuple(Crl(body, file) for body in bodies or [data])
        for one in found:
            _ = one.issuer_name, one.this_update, one.next_update, one.extensions, one._fields[2]
    except (binascii.Error, der.NotDer, IndexError, ValueError) as error:
        reason = f"{file} 不是 CRL，或已损坏（{type(error).__name__}）"
        raise Failed(reason, "请从 CA 重新取得 CRL 文件。", "可读的 CRL") from None
    return found


def coverage(crl: Crl, certificate: X509) -> str:
    """Why ``crl`` does not speak for ``certificate`` in full; "" when it does. Raises Undetermined."""
    if unknown := [kind for kind, (critical, _) in crl.extensions.items() if critical and kind not in UNDERSTOOD]:
        return f"含本程序不认识的关键扩展 {unknown[0]}"
    if DELTA in crl.extensions:
        return "是增量 CRL，须与完整 CRL 合用"
    return _partition(crl, certificate)


def _partition(crl: Crl, certificate: X509) -> str:
    """What the issuing distribution point (5.2.5) leaves out."""
    from cryptography import x509

    try:
        point = crl.loaded.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return ""
    except Exception as error:  # noqa: BLE001 - an extension that cannot be read bounds the list in a way not known
        raise Undetermined(f"{crl.file} 的扩展无法解析（{type(error).__name__}），不知道它管哪些证书") from None
    authority = certificate.is_authority
    if point.indirect_crl:
        return "是间接 CRL"
    if point.only_contains_attribute_certs or (point.only_contains_ca_certs and not authority):
        return "不含这类证书"
    if point.only_contains_user_certs and authority:
        return "只含终端证书"
    if point.only_some_reasons:
        return "只含部分吊销原因"
    if point.full_name or point.relative_name:
        return "" if _same_point(point, certificate) else "是分段 CRL，只管一部分证书"
    return ""


def _same_point(point: x509.IssuingDistributionPoint, certificate: X509) -> bool:
    """The certificate names this very distribution point (6.3.3 b 2 i)."""
    from cryptography import x509

    named = certificate.extension(x509.CRLDistributionPoints) or ()
    mine = set(point.full_name or ())
    return any(mine & set(one.full_name or ()) for one in named if not one.reasons and not one.crl_issuer)


def _reason(held: dict[str, tuple[bool, bytes]]) -> int:
    if REASON not in held:
        return 0
    return int.from_bytes(der.element(held[REASON][1]).content, "big")


def _directory_name(value: bytes) -> der.Name | None:
    """The first directory name of GeneralNames."""
    names = der.element(value, der.SEQUENCE).children()
    found = next((one for one in names if one.tag == 0xA4), None)
    return der.comparable(der.name(found.content)) if found else None


def _same_number(one: bytes, other: bytes) -> bool:
    """By their digits: some lists leave out the zero in front that makes a number positive."""
    return one.lstrip(b"\0") == other.lstrip(b"\0")
