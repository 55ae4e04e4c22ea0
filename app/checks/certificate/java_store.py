"""Java's own key stores, JKS and JCEKS (sun.security.provider.JavaKeyStore, com.sun.crypto.provider.JceKeyStore)."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import partial

from app.checks.certificate import der, pbe
from app.checks.certificate.private_keys import Locked, StoredKey
from app.checks.certificate.x509 import X509, NotCertificate, certificate
from app.checks.model import Failed, Undetermined

MAGIC = {0xFEEDFEED: "JKS", 0xCECECECE: "JCEKS"}
MOST = 20_000  # entries of one store
LARGEST_KEY = 64 << 10  # bytes of one private key with its protection; RSA of 16,384 bits has ten thousand
SEAL = 20  # bytes of the SHA-1 at the end
KEY_ENTRY, CERTIFICATE_ENTRY = 1, 2
SUN_PROTECTOR = "1.3.6.1.4.1.42.2.17.1.1"  # of JKS: a stream of SHA-1
JCE_PROTECTOR = "1.3.6.1.4.1.42.2.19.1"  # of JCEKS: PBEWithMD5AndTripleDES of Sun's own kind
WRONG_PASSWORD = "请核对口令后重新输入；若口令无误，请重新导出该文件。"


@dataclass(frozen=True, repr=False)
class JavaStore:
    """``chains`` of the private-key entries, each with its key; ``trusted`` certificates; ``form`` JKS or JCEKS."""

    form: str
    chains: tuple[tuple[X509, ...], ...]
    keys: tuple[StoredKey, ...]
    trusted: tuple[X509, ...]
    sealed: bool


def is_java(data: bytes) -> bool:
    return len(data) > 4 and int.from_bytes(data[:4], "big") in MAGIC


def unpacked(data: bytes, password: str | None) -> JavaStore:
    """The entries; without a password too: certificates lie open and are only sealed.

    Raises Failed (password or damage), Undetermined, NotCertificate, Unsupported.
    """
    form = MAGIC[int.from_bytes(data[:4], "big")]
    try:
        entries = _Entries(data, password)
    except (struct.error, EOFError):
        raise NotCertificate(f"{form} 密钥库已损坏（不完整）") from None
    if password is not None and _seal(password, data[:-SEAL]) != data[-SEAL:]:
        raise Failed("密钥库口令不对，或文件已损坏", WRONG_PASSWORD, "口令正确，文件可读")
    return JavaStore(form, tuple(entries.chains), tuple(entries.keys), tuple(entries.trusted), password is not None)


def _seal(password: str, content: bytes) -> bytes:
    seal = hashlib.sha1(_wide(password) + b"Mighty Aphrodite", usedforsecurity=False)
    seal.update(content)
    return seal.digest()


def _wide(password: str) -> bytes:
    return password.encode("utf-16-be", "surrogatepass")


class _Entries:
    """What a store holds, read to its end."""

    def __init__(self, data: bytes, password: str | None) -> None:
        self.chains: list[tuple[X509, ...]] = []
        self.keys: list[StoredKey] = []
        self.trusted: list[X509] = []
        self._password, self._budget = password, pbe.Budget()
        reader = _Reader(data[:-SEAL])
        _, self._version, count = reader.take(">III")
        if self._version not in (1, 2):
            raise EOFError
        if count > MOST:
            raise Undetermined(f"密钥库声称有 {count} 个条目，太多，没有读取", "请把要查的证书单独导出。")
        for _ in range(count):
            self._entry(reader)
        if not reader.ended:
            raise EOFError

    def _entry(self, reader: _Reader) -> None:
        (tag,) = reader.take(">I")
        alias = reader.block(">H").decode("utf-8", "replace")
        reader.take(">Q")  # the date
        if tag == CERTIFICATE_ENTRY:
            self.trusted.append(reader.certificate(self._version))
        elif tag == KEY_ENTRY:
            protected = reader.block(">I")
            (length,) = reader.take(">I")
            if length > MOST:
                raise EOFError
            self.chains.append(tuple(reader.certificate(self._version) for _ in range(length)))
            opening = partial(_opened, protected, self._password, self._budget)
            self.keys.append(StoredKey(f"密钥库条目 {der.printable(alias)}", opening))
        else:
            raise Undetermined("密钥库里有本程序不能读的条目（对称密钥）", "请把要查的证书单独导出。")


def _opened(protected: bytes, password: str | None, budget: pbe.Budget) -> bytes:
    """The PKCS#8 of an entry. Raises Locked, pbe.WrongPassword, pbe.Unopenable, der.NotDer."""
    algorithm, encrypted = der.element(protected, der.SEQUENCE).children()
    if password is None:
        raise Locked
    kind, *parameters = algorithm.children()
    name = der.oid(kind.content)
    if name == SUN_PROTECTOR:
        return _from_sun(encrypted.content, password)
    if name == JCE_PROTECTOR and parameters:
        return _from_jce(parameters[0], encrypted.content, password, budget)
    raise pbe.Unopenable(name)


def _from_sun(protected: bytes, password: str) -> bytes:
    """sun.security.provider.KeyProtector: a salt, the key under a stream of SHA-1, and its check."""
    if len(protected) > LARGEST_KEY:
        raise der.NotDer("no private key is as long")
    wide = _wide(password)
    salt, encrypted, check = protected[:SEAL], protected[SEAL:-SEAL], protected[-SEAL:]
    digest, stream = salt, bytearray()
    while len(stream) < len(encrypted):
        digest = hashlib.sha1(wide + digest, usedforsecurity=False).digest()
        stream += digest
    found = bytes(one ^ other for one, other in zip(encrypted, stream, strict=False))
    if hashlib.sha1(wide + found, usedforsecurity=False).digest() != check:
        raise pbe.WrongPassword("the check does not fit")
    return found


def _from_jce(parameters: der.Element, encrypted: bytes, password: str, budget: pbe.Budget) -> bytes:
    """com.sun.crypto.provider.PBES1Core: each half of the salt, hashed with the password, makes half of the key."""
    salt, rounds = parameters.children()
    if len(salt.content) != 8 or salt.content[:4] == salt.content[4:]:
        raise pbe.Unopenable(JCE_PROTECTOR)
    count = budget.spend(rounds, 2 * pbe.IN_PYTHON)
    narrow = bytes(ord(sign) & 0x7F for sign in password)
    made = b""
    for half in (salt.content[:4], salt.content[4:]):
        for _ in range(count):
            half = hashlib.md5(half + narrow, usedforsecurity=False).digest()
        made += half
    found = pbe.plain("DES3", made[:24], made[24:], encrypted)
    if found is None:
        raise pbe.WrongPassword("the padding does not fit")
    return found


class _Reader:
    """Java's DataInputStream over bytes."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def ended(self) -> bool:
        return self._at == len(self._data)

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
