"""Key stores for the tests: Java's two kinds written byte by byte, PKCS#12 and SM2 by the openssl command."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from certificate_making import DER, Issued
from Crypto.Cipher import DES3
from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

SIGNER = "distid:1234567812345678"


def openssl(folder: Path, *words: str | Path) -> bytes:
    """What the command prints."""
    done = subprocess.run(["openssl", *map(str, words)], cwd=folder, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def p12(folder: Path, own: Issued, name: str, *words: str, password: str = "abc", more: Sequence[Issued] = ()) -> Path:
    """A PKCS#12 file with certificate and key, written as ``words`` say."""
    folder.joinpath("p12.pem").write_bytes(own.pem + own.key_pem + b"".join(one.pem for one in more))
    openssl(folder, "pkcs12", "-export", "-in", "p12.pem", "-out", name, "-passout", f"pass:{password}", *words)
    return folder / name


def _wide(password: str) -> bytes:
    return password.encode("utf-16-be")


def _element(tag: int, content: bytes) -> bytes:
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag]) + (bytes([len(content)]) if len(content) < 128 else bytes([0x80 | len(size)]) + size) + content


def protected(pkcs8: bytes, password: str) -> bytes:
    """A private key under JKS's own protection (sun.security.provider.KeyProtector)."""
    salt = os.urandom(20)
    digest, stream = salt, b""
    while len(stream) < len(pkcs8):
        digest = hashlib.sha1(_wide(password) + digest).digest()
        stream += digest
    hidden = bytes(one ^ other for one, other in zip(pkcs8, stream, strict=False))
    check = hashlib.sha1(_wide(password) + pkcs8).digest()
    algorithm = _element(0x30, _element(0x06, bytes.fromhex("2b060104012a02110101")) + b"\x05\x00")
    return _element(0x30, algorithm + _element(0x04, salt + hidden + check))


def protected_jce(pkcs8: bytes, password: str) -> bytes:
    """The same under JCEKS's (com.sun.crypto.provider.KeyProtector): triple DES, each half of the salt hashed apart."""
    salt, rounds, made = os.urandom(8), 50, b""
    for half in (salt[:4], salt[4:]):
        for _ in range(rounds):
            half = hashlib.md5(half + password.encode("ascii")).digest()
        made += half
    pad = 8 - len(pkcs8) % 8
    hidden = DES3.new(made[:24], DES3.MODE_CBC, made[24:]).encrypt(pkcs8 + bytes([pad]) * pad)
    parameters = _element(0x30, _element(0x04, salt) + _element(0x02, bytes([rounds])))
    algorithm = _element(0x30, _element(0x06, bytes.fromhex("2b060104012a021301")) + parameters)
    return _element(0x30, algorithm + _element(0x04, hidden))


JKS, JCEKS = 0xFEEDFEED, 0xCECECECE


def jks(
    *entries: tuple[str, Issued, Sequence[Issued]],
    trusted: Sequence[Issued] = (),
    password: str = "changeit",
    key_password: str = "",
    magic: int = JKS,
) -> bytes:
    """A JKS store: each entry is an alias, the owner of the private key, and the issuers after it."""
    body = struct.pack(">III", magic, 2, len(entries) + len(trusted))
    for alias, own, issuers in entries:
        pkcs8 = own.key.private_bytes(DER, PrivateFormat.PKCS8, NoEncryption())
        hide = protected if magic == JKS else protected_jce
        hidden = hide(pkcs8, key_password or password)
        body += struct.pack(">I", 1) + _named(alias) + struct.pack(">QI", 0, len(hidden)) + hidden
        body += struct.pack(">I", 1 + len(issuers)) + b"".join(_certificate(one) for one in (own, *issuers))
    for place, one in enumerate(trusted):
        body += struct.pack(">I", 2) + _named(f"ca{place}") + struct.pack(">Q", 0) + _certificate(one)
    return body + sealed(body, password)


def sealed(body: bytes, password: str) -> bytes:
    return hashlib.sha1(_wide(password) + b"Mighty Aphrodite" + body).digest()


def _named(alias: str) -> bytes:
    encoded = alias.encode()
    return struct.pack(">H", len(encoded)) + encoded


def _certificate(one: Issued) -> bytes:
    return _named("X.509") + struct.pack(">I", len(one.der)) + one.der


def sm2_authority(folder: Path, name: str = "ca", signer: str = SIGNER) -> None:
    """A national root: ``name``.key and ``name``.pem."""
    sm2_key(folder, name)
    sign = ("-sm3", *(("-sigopt", signer) if signer else ()))
    rights = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
    ends = ("-days", "3000", "-addext", rights[0], "-addext", rights[1])
    openssl(folder, "req", "-x509", "-new", *sign, "-key", f"{name}.key", "-subj", f"/CN=SM2 {name}", *ends,
            "-out", f"{name}.pem")  # fmt: skip


def sm2_key(folder: Path, name: str) -> None:
    openssl(folder, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", f"{name}.key")


def sm2_leaf(
    folder: Path,
    name: str,
    *extensions: str,
    by: str = "ca",
    signer: str = SIGNER,
    subject: str = "/C=CN/CN=device",
    days: int = 1000,
) -> Path:
    """A certificate by ``by`` with these lines of extensions: ``name``.key and ``name``.pem, whose path is returned."""
    sm2_key(folder, name)
    openssl(folder, "req", "-new", "-sm3", "-sigopt", SIGNER, "-key", f"{name}.key", "-subj", subject,
            "-out", f"{name}.csr")  # fmt: skip
    (folder / f"{name}.ext").write_text("\n".join(extensions) + "\n")
    issuer = ("-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial", "-vfyopt", SIGNER)
    sign = ("-sm3", *(("-sigopt", signer) if signer else ()))
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", *issuer, *sign, "-days", str(days), "-extfile", f"{name}.ext",
            "-out", f"{name}.pem")  # fmt: skip
    return folder / f"{name}.pem"
