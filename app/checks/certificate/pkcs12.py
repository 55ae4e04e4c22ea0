"""PKCS#12 files (pfx, p12; Java's newer key stores): certificates and private keys, SM2 among them (RFC 7292).

cryptography reads neither SM2 keys nor several keys in one file, and computes as long as a hostile file asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from app.checks.certificate import ber, der, pbe
from app.checks.certificate.private_keys import StoredKey, decrypted
from app.checks.certificate.x509 import X509, certificate

DATA, SIGNED, ENVELOPED, ENCRYPTED = (f"1.2.840.113549.1.7.{one}" for one in (1, 2, 3, 6))
BAGS = "1.2.840.113549.1.12.10.1."
KEY, SHROUDED, CERTIFICATE, NESTED = (f"{BAGS}{one}" for one in (1, 2, 3, 6))
X509_CERTIFICATE = "1.2.840.113549.1.9.22.1"
LOCAL_KEY_ID = "1.2.840.113549.1.9.21"
DEEPEST = 4  # bags inside bags
MOST = 2000  # bags


@dataclass(frozen=True, repr=False)
class Store:
    """``certificates`` with the marks that tie them to ``keys``. ``sealed``: a MAC was there, and is right."""

    certificates: tuple[tuple[X509, bytes], ...]
    keys: tuple[StoredKey, ...]
    sealed: bool


@dataclass(frozen=True)
class _Bag:
    kind: str
    value: der.Element
    mark: bytes


def unpacked(whole: der.Element, password: str) -> Store:
    """What is in a PFX. Raises pbe.WrongPassword, pbe.Unopenable, der.NotDer, NotCertificate, Unsupported."""
    budget = pbe.Budget()
    _, content, *seal = whole.children()
    kind, wrapped = content.children()
    name = der.oid(kind.content)
    if name != DATA:
        raise pbe.Unopenable(f"以公钥保护的 PKCS#12（{name}）")
    inner = der.element(wrapped.content, der.OCTETS).content
    if seal and not _sealed(seal[0], inner, password, budget):
        raise pbe.WrongPassword("the seal does not fit")
    certificates: list[tuple[X509, bytes]] = []
    keys: list[StoredKey] = []
    for bag in _bags(inner, password, budget):
        if bag.kind == CERTIFICATE:
            certificates += ((one, bag.mark) for one in _certificate(bag.value))
        elif bag.kind == KEY:
            keys.append(StoredKey("PKCS#12 文件内", partial(_as_it_is, bag.value.raw), bag.mark))
        elif bag.kind == SHROUDED:
            opening = partial(decrypted, bag.value.raw, password, budget)
            keys.append(StoredKey("PKCS#12 文件内", opening, bag.mark))
    for key in () if seal else keys:
        key.opening()  # without a seal nothing else says that the password is right
    return Store(tuple(certificates), tuple(keys), bool(seal))


def _as_it_is(encoded: bytes) -> bytes:
    return encoded


def _sealed(mac: der.Element, content: bytes, password: str, budget: pbe.Budget) -> bool:
    digest_info, salt, *rounds = mac.children()
    algorithm, expected = digest_info.children()
    kind, *parameters = algorithm.children()
    name = der.oid(kind.content)
    if name == pbe.PBMAC1:
        return pbe.pbmac_fits(parameters[0], expected.content, content, password, budget)
    once = der.element(der.encoded(der.INTEGER, b"\x01"))
    seal = pbe.Seal(name, expected.content, salt.content, rounds[0] if rounds else once)
    return pbe.mac_fits(seal, content, password, budget)


def _bags(inner: bytes, password: str, budget: pbe.Budget) -> Iterator[_Bag]:
    seen = 0
    for safe in der.element(ber.definite(inner), der.SEQUENCE).children():
        kind, wrapped = safe.children()
        name = der.oid(kind.content)
        if name == DATA:
            contents = der.element(wrapped.content, der.OCTETS).content
        elif name == ENCRYPTED:
            contents = _decrypted(wrapped.children()[0], password, budget)
        else:
            raise pbe.Unopenable(f"以公钥加密的内容（{name}）")
        for bag in _safe_bags(ber.definite(contents), 0):
            seen += 1
            if seen > MOST:
                raise pbe.Unopenable(f"条目超过 {MOST} 个")
            yield bag


def _decrypted(encrypted_data: der.Element, password: str, budget: pbe.Budget) -> bytes:
    """The content of an EncryptedData (RFC 2315, 13); its octets may come in pieces."""
    _, info = encrypted_data.children()[:2]
    _, algorithm, encrypted = info.children()
    pieces = [one.content for one in encrypted.children()] if encrypted.tag & 0x20 else [encrypted.content]
    return pbe.opened(algorithm, b"".join(pieces), password, budget)


def _safe_bags(contents: bytes, depth: int) -> Iterator[_Bag]:
    if depth > DEEPEST:
        raise der.NotDer("bags too deep")
    for bag in der.element(contents, der.SEQUENCE).children():
        kind, wrapped, *attributes = bag.children()
        name = der.oid(kind.content)
        value = der.element(wrapped.content)
        if name == NESTED:
            yield from _safe_bags(value.raw, depth + 1)
        else:
            yield _Bag(name, value, _mark(attributes))


def _mark(attributes: list[der.Element]) -> bytes:
    """The localKeyId; b"" without one."""
    for attribute in attributes[0].children() if attributes else ():
        kind, values = attribute.children()
        if der.oid(kind.content) == LOCAL_KEY_ID and values.content:
            return der.first(values.content).content
    return b""


def _certificate(value: der.Element) -> Iterator[X509]:
    kind, wrapped = value.children()
    if der.oid(kind.content) == X509_CERTIFICATE:
        yield certificate(der.element(wrapped.content, der.OCTETS).content)
