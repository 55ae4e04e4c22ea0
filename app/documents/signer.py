"""Who signs: a PKCS#12 file's key and certificates, held in memory for as long as the signing takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.base.errors import InputError
from app.base.files import read_bounded

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

PKCS12_LIMIT = 1 << 20


class Signer(Protocol):
    """``sign`` gives the value over ``content`` (SHA-256) as XML signatures hold it; ``chain`` are the issuers."""

    @property
    def certificate(self) -> Certificate: ...
    @property
    def chain(self) -> tuple[Certificate, ...]: ...
    @property
    def algorithm(self) -> str: ...
    def sign(self, content: bytes) -> bytes: ...


RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"


@dataclass(frozen=True)
class KeySigner:
    """An RSA or EC private key with its certificate."""

    key: Any
    certificate: Certificate
    chain: tuple[Certificate, ...]

    @property
    def algorithm(self) -> str:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        return RSA_SHA256 if isinstance(self.key, RSAPrivateKey) else ECDSA_SHA256

    def sign(self, content: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, padding
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        if self.algorithm == RSA_SHA256:
            return bytes(self.key.sign(content, padding.PKCS1v15(), hashes.SHA256()))
        r, s = decode_dss_signature(self.key.sign(content, ec.ECDSA(hashes.SHA256())))
        size = (self.key.curve.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def from_pkcs12(path: Path, password: str) -> KeySigner:
    """The signer in a PKCS#12 file. Raises InputError for a wrong password, a damaged file or an unusable key."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import pkcs12

    content = read_bounded(path, PKCS12_LIMIT, "签名证书文件")
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(content, password.encode())
    except ValueError as error:
        raise InputError(f"打不开签名证书 {path.name}：口令不对，或文件不是 PKCS#12（.p12/.pfx）。") from error
    if certificate is None or not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise InputError(f"签名证书 {path.name} 里没有可用于签名的 RSA 或 EC 私钥和证书。")
    return KeySigner(key, certificate, tuple(chain))
