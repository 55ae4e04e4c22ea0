"""What this program trusts in TLS: the site's own anchors and nothing else; what a refusal of OpenSSL means."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

from app.checks.model import Undetermined

LARGEST_ANCHOR = 1 << 20  # bytes of a file of anchors
REASONS = {  # X509_V_ERR_*, openssl/x509_vfy.h
    7: "证书的签名与信任锚的公钥不符（同名的另一个 CA）",
    9: "证书尚未生效（请先核对本机时钟）",
    10: "证书已过期（请先核对本机时钟）",
    18: "证书是自签名的，不在现场的信任锚之中",
    19: "证书链的根不在现场的信任锚之中",
    20: "颁发者不在现场的信任锚之中，或对方没有发送中间证书",
    21: "颁发者不在现场的信任锚之中，或对方没有发送中间证书",
    23: "证书已被吊销",
    62: "证书不是发给这个主机名的",
    64: "证书不是发给这个 IP 地址的",
}


def trust_context(paths: Sequence[Path]) -> ssl.SSLContext:
    """A client's context that verifies peer and name against the anchors in ``paths`` (PEM, also several, or DER).

    Old servers of the field are let in (TLS 1.0, SHA-1, RSA 1024; OpenSSL security level 0): that they are weak is what
    the certificate checks and HttpAnswer.tls say. Raises Undetermined naming the file that cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED  # SSLv3 stays off: PROTOCOL_TLS_CLIENT forbids it
    context.set_ciphers("DEFAULT:!aNULL:!eNULL:@SECLEVEL=0")
    # An anchor may be an intermediate CA: the site says whom it trusts, not which of them signed itself.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    for path in paths:
        _load(context, path)
    return context


def _load(context: ssl.SSLContext, path: Path) -> None:
    advice = "请在 site.toml 的 trust 中换成正确的 CA 证书文件（PEM 或 DER）。"
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_ANCHOR + 1)
    except OSError as error:
        raise Undetermined(f"信任锚文件 {path} 无法读取：{error.strerror}。", advice) from None
    try:
        pem = b"-----BEGIN" in content
        context.load_verify_locations(cadata=content.decode("ascii", "ignore") if pem else content)
    except (ssl.SSLError, ValueError):
        raise Undetermined(f"信任锚文件 {path} 不是证书，或已损坏。", advice) from None
    if len(content) > LARGEST_ANCHOR:
        raise Undetermined(f"信任锚文件 {path} 不是证书，或已损坏。", advice)


def untrusted_reason(error: ssl.SSLCertVerificationError) -> str:
    """What OpenSSL objected to, in Chinese; its own words where we know none."""
    return REASONS.get(error.verify_code, f"{error.verify_message or error.reason}（代码 {error.verify_code}）")
