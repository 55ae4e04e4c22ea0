"""What a password has encrypted, in PKCS#12 and PKCS#8: its keys derived, its bytes opened, in bounded time.

Algorithms: PBES2 and PBES1 (RFC 8018), those of PKCS#12 (RFC 7292, B and C), the national ones (GM/T 0091).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from app.checks.certificate import der

MOST_ROUNDS = 10_000_000  # iterations for all that is opened of one file; a hostile one asks for 2^31
IN_PYTHON = 3  # times as slow are those that no library computes
PBES2, PBKDF2 = "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.12"
PRF = {  # RFC 8018, B.1; GM/T 0006
    "1.2.840.113549.2.7": "sha1",
    "1.2.840.113549.2.8": "sha224",
    "1.2.840.113549.2.9": "sha256",
    "1.2.840.113549.2.10": "sha384",
    "1.2.840.113549.2.11": "sha512",
    "1.2.156.10197.1.401.2": "sm3",
    "1.2.156.10197.1.401.3.1": "sm3",
}
HASHES = {
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "1.2.156.10197.1.401": "sm3",
}
CIPHERS = {  # PBES2 encryption schemes: cipher, bytes of the key
    "2.16.840.1.101.3.4.1.2": ("AES", 16),
    "2.16.840.1.101.3.4.1.22": ("AES", 24),
    "2.16.840.1.101.3.4.1.42": ("AES", 32),
    "1.2.840.113549.3.7": ("DES3", 24),
    "1.3.14.3.2.7": ("DES", 8),
    "1.2.156.10197.1.104.2": ("SM4", 16),
}
RC2_CBC = "1.2.840.113549.3.2"
RC2_VERSIONS = {160: 40, 120: 64, 58: 128}  # RFC 8018, B.2.3: what stands for how many effective bits
PKCS12 = {  # RFC 7292, C: cipher, bytes of the key
    "1.2.840.113549.1.12.1.1": ("RC4", 16),
    "1.2.840.113549.1.12.1.2": ("RC4", 5),
    "1.2.840.113549.1.12.1.3": ("DES3", 24),
    "1.2.840.113549.1.12.1.4": ("DES3-2", 16),
    "1.2.840.113549.1.12.1.5": ("RC2", 16),
    "1.2.840.113549.1.12.1.6": ("RC2", 5),
}
PBES1 = {  # RFC 8018, A.3: hash, cipher
    "1.2.840.113549.1.5.3": ("md5", "DES"),
    "1.2.840.113549.1.5.6": ("md5", "RC2"),
    "1.2.840.113549.1.5.10": ("sha1", "DES"),
    "1.2.840.113549.1.5.11": ("sha1", "RC2"),
}
BLOCKS = {"md5": 64, "sha1": 64, "sha224": 64, "sha256": 64, "sha384": 128, "sha512": 128, "sm3": 64}


class Unopenable(ValueError):
    """The algorithm, or its number of iterations, cannot be had here."""


class WrongPassword(ValueError):
    """The bytes do not open with this password, or are damaged."""


@dataclass
class Budget:
    """How many iterations may still be spent on one file."""

    left: int = MOST_ROUNDS

    def spend(self, number: der.Element, times: int = 1) -> int:
        """The iteration count that ``number`` is, once it is paid for. Raises Unopenable, der.NotDer."""
        rounds = int.from_bytes(number.content, "big", signed=True)
        if number.tag != der.INTEGER or rounds < 1:
            raise der.NotDer("no iteration count")
        if rounds * times > self.left:
            raise Unopenable(f"口令派生要迭代 {rounds} 次，过多")
        self.left -= rounds * times
        return rounds


def passwords(password: str) -> tuple[bytes, ...]:
    """The bytes that programs make of a password for PBES: UTF-8; the empty one."""
    return tuple(dict.fromkeys((password.encode("utf-8", "surrogatepass"), _gbk(password))))


def wide_passwords(password: str) -> tuple[bytes, ...]:
    """The same for PKCS#12's own derivation (RFC 7292, B.1): UTF-16 with an end; of "" also no bytes at all; old
    OpenSSL made a character of each byte.
    """
    if not password:
        return b"\0\0", b""
    plain = f"{password}\0".encode("utf-16-be", "surrogatepass")
    byte_by_byte = [f"{one.decode('latin-1')}\0".encode("utf-16-be") for one in passwords(password)]
    return tuple(dict.fromkeys((plain, *byte_by_byte)))


def _gbk(password: str) -> bytes:
    try:
        return password.encode("gb18030")
    except UnicodeEncodeError:
        return password.encode("utf-8", "surrogatepass")


def opened(algorithm: der.Element, encrypted: bytes, password: str, budget: Budget) -> bytes:
    """What was encrypted. Raises WrongPassword, Unopenable, der.NotDer."""
    for key in _attempts(algorithm, password, budget):
        found = key(encrypted)
        if found is not None and _is_sequence(found):
            return found
    raise WrongPassword("no password fits")


def _is_sequence(found: bytes) -> bool:
    """What PKCS#12 and PKCS#8 encrypt is always one SEQUENCE."""
    try:
        der.element(found, der.SEQUENCE)
    except der.NotDer:
        return found[:2] == b"\x30\x80"
    return True


Opening = Callable[[bytes], bytes | None]


def _attempts(algorithm: der.Element, password: str, budget: Budget) -> Iterator[Opening]:
    kind, *rest = algorithm.children()
    name = der.oid(kind.content)
    if not rest:
        raise Unopenable(name)
    if name == PBES2:
        yield from (_pbes2(rest[0], one, budget) for one in passwords(password))
    elif name in PKCS12:
        cipher, size = PKCS12[name]
        salt, rounds = _salt_and_rounds(rest[0], budget)
        yield from (_pkcs12(cipher, size, one, salt, rounds) for one in wide_passwords(password))
    elif name in PBES1:
        salt, rounds = _salt_and_rounds(rest[0], budget)
        yield from (_pbes1(*PBES1[name], one, salt, rounds) for one in passwords(password))
    else:
        raise Unopenable(name)


def _salt_and_rounds(parameters: der.Element, budget: Budget) -> tuple[bytes, int]:
    salt, rounds = parameters.children()[:2]
    return salt.content, budget.spend(rounds, 2 * IN_PYTHON)


def _pbes2(parameters: der.Element, password: bytes, budget: Budget) -> Opening:
    derivation, scheme = parameters.children()
    cipher, size, vector = _scheme(scheme)
    kind, derived = derivation.children()
    if der.oid(kind.content) != PBKDF2:
        raise Unopenable(der.oid(kind.content))
    salt, rounds, *more = derived.children()
    digest = "sha1"
    for one in more:
        if one.tag == der.SEQUENCE:
            digest = PRF.get(oid := der.oid(one.children()[0].content), "")
            if not digest:
                raise Unopenable(oid)
    key = _pbkdf2(digest, password, salt.content, budget.spend(rounds), size)
    return lambda encrypted: plain(cipher, key, vector, encrypted)


def _scheme(scheme: der.Element) -> tuple[str, int, bytes]:
    """Cipher, bytes of its key, its vector."""
    kind, parameters = scheme.children()
    name = der.oid(kind.content)
    if name == RC2_CBC:
        version, vector = parameters.children()
        bits = RC2_VERSIONS.get(int.from_bytes(version.content, "big"), 0)
        if not bits:
            raise Unopenable(name)
        return "RC2", bits // 8, vector.content
    if name not in CIPHERS:
        raise Unopenable(name)
    return (*CIPHERS[name], parameters.content)


def _pbkdf2(digest: str, password: bytes, salt: bytes, rounds: int, size: int) -> bytes:
    if digest != "sm3":
        return hashlib.pbkdf2_hmac(digest, password, salt, rounds, size)
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

    return PBKDF2HMAC(hashes.SM3(), size, salt, rounds).derive(password)


def _pkcs12(cipher: str, size: int, password: bytes, salt: bytes, rounds: int) -> Opening:
    key = derived("sha1", 1, password, salt, rounds, size)
    vector = derived("sha1", 2, password, salt, rounds, 8)
    return lambda encrypted: plain(cipher, key, vector, encrypted)


def derived(digest: str, purpose: int, password: bytes, salt: bytes, rounds: int, size: int) -> bytes:
    """RFC 7292, B.2. ``purpose``: 1 key, 2 vector, 3 MAC. Raises Unopenable."""
    block = BLOCKS[digest]
    diversifier = bytes([purpose]) * block
    inner = bytearray(_filled(salt, block) + _filled(password, block))
    found = b""
    while len(found) < size:
        piece = _hash(digest, diversifier + bytes(inner))
        for _ in range(rounds - 1):
            piece = _hash(digest, piece)
        found += piece
        step = int.from_bytes(_filled(piece, block)[:block], "big") + 1
        for at in range(0, len(inner), block):
            number = (int.from_bytes(inner[at : at + block], "big") + step) % (1 << 8 * block)
            inner[at : at + block] = number.to_bytes(block, "big")
    return found[:size]


def _filled(data: bytes, block: int) -> bytes:
    """``data`` repeated to whole blocks."""
    size = -(-len(data) // block) * block
    return (data * (size // len(data) + 1))[:size] if data else b""


def _hash(digest: str, data: bytes) -> bytes:
    if digest != "sm3":
        return hashlib.new(digest, data, usedforsecurity=False).digest()
    from cryptography.hazmat.primitives import hashes

    found = hashes.Hash(hashes.SM3())
    found.update(data)
    return found.finalize()


def _pbes1(digest: str, cipher: str, password: bytes, salt: bytes, rounds: int) -> Opening:
    found = password + salt
    for _ in range(rounds):
        found = hashlib.new(digest, found, usedforsecurity=False).digest()
    return lambda encrypted: plain(cipher, found[:8], found[8:16], encrypted)


@dataclass(frozen=True)
class Seal:
    """The MacData of a PKCS#12 file (RFC 7292, 4)."""

    algorithm: str
    expected: bytes
    salt: bytes
    rounds: der.Element


def mac_fits(seal: Seal, content: bytes, password: str, budget: Budget) -> bool:
    """Whether a PKCS#12 file's seal is by this password (RFC 7292, 4). Raises Unopenable, der.NotDer."""
    digest = HASHES.get(seal.algorithm, "")
    if not digest:
        raise Unopenable(seal.algorithm)
    for one in wide_passwords(password):
        count = budget.spend(seal.rounds, IN_PYTHON)
        key = derived(digest, 3, one, seal.salt, count, len(_hash(digest, b"")))
        if hmac.compare_digest(_hmac(digest, key, content), seal.expected):
            return True
    return False


PBMAC1 = "1.2.840.113549.1.5.14"  # RFC 9579


def pbmac_fits(parameters: der.Element, expected: bytes, content: bytes, password: str, budget: Budget) -> bool:
    """The same for the newer seal, PBMAC1. Raises Unopenable, der.NotDer."""
    derivation, scheme = parameters.children()
    kind, inside = derivation.children()
    digest = PRF.get(der.oid(scheme.children()[0].content), "")
    if der.oid(kind.content) != PBKDF2 or not digest:
        raise Unopenable(PBMAC1)
    salt, rounds, *more = inside.children()
    sizes = [int.from_bytes(one.content, "big") for one in more if one.tag == der.INTEGER]
    functions = [PRF.get(der.oid(one.children()[0].content), "") for one in more if one.tag == der.SEQUENCE] or ["sha1"]
    if not sizes or not functions[0] or sizes[0] > 64:
        raise Unopenable(PBMAC1)
    for one in passwords(password):
        key = _pbkdf2(functions[0], one, salt.content, budget.spend(rounds), sizes[0])
        if hmac.compare_digest(_hmac(digest, key, content), expected):
            return True
    return False


def _hmac(digest: str, key: bytes, content: bytes) -> bytes:
    if digest != "sm3":
        return hmac.new(key, content, digest).digest()
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.hmac import HMAC

    found = HMAC(key, hashes.SM3())
    found.update(content)
    return found.finalize()


def plain(cipher: str, key: bytes, vector: bytes, encrypted: bytes) -> bytes | None:
    """What was encrypted, without its padding (RFC 8018, 6.1.1); None where they do not come out so."""
    if cipher == "RC4":
        from Crypto.Cipher import ARC4

        return ARC4.new(key).decrypt(encrypted)
    opening, block = _opening(cipher, key, vector)
    if not encrypted or len(encrypted) % block or len(vector) != block:
        return None
    found: bytes = opening(encrypted)
    count = found[-1]
    return found[:-count] if 1 <= count <= block and found.endswith(bytes([count]) * count) else None


def _opening(cipher: str, key: bytes, vector: bytes) -> tuple[Any, int]:
    """CBC with this key, and the bytes of a block."""
    from Crypto.Cipher import AES, ARC2, DES, DES3

    if cipher == "SM4":
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        return Cipher(algorithms.SM4(key), modes.CBC(vector)).decryptor().update, 16
    if cipher == "AES":
        return AES.new(key, AES.MODE_CBC, vector).decrypt, 16
    if cipher == "DES":
        return DES.new(key, DES.MODE_CBC, vector).decrypt, 8
    if cipher == "RC2":
        return ARC2.new(key, ARC2.MODE_CBC, vector, effective_keylen=len(key) * 8).decrypt, 8
    if cipher == "DES3-2":
        key += key[:8]
    if key[:8] == key[8:16] or key[8:16] == key[16:24]:
        return DES.new(key[16:24] if key[:8] == key[8:16] else key[:8], DES.MODE_CBC, vector).decrypt, 8
    return DES3.new(key, DES3.MODE_CBC, vector).decrypt, 8
