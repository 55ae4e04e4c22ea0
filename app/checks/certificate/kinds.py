"""What a certificate's key may be used for, as 双证书 divide it: signing or encryption (GM/T 0015, 5.2.4.2.3)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from app.checks.certificate.x509 import X509, Unsupported

SIGNING = ("digital_signature", "content_commitment")
ENCRYPTING = ("key_encipherment", "data_encipherment", "key_agreement")


class Kind(StrEnum):
    SIGNING = "签名"
    ENCRYPTION = "加密"
    BOTH = "签名与加密兼用"
    NEITHER = "既不签名也不加密"
    OPEN = "未限定用途"


def kind_of(one: X509) -> Kind:
    """By keyUsage alone. Raises Unsupported."""
    from cryptography import x509

    usage = one.extension(x509.KeyUsage)
    if usage is None:
        return Kind.OPEN
    signs = any(getattr(usage, flag) for flag in SIGNING)
    encrypts = any(getattr(usage, flag) for flag in ENCRYPTING)
    if signs and encrypts:
        return Kind.BOTH
    return Kind.SIGNING if signs else Kind.ENCRYPTION if encrypts else Kind.NEITHER


def signing_and_encryption(ends: Sequence[X509]) -> tuple[X509, X509] | None:
    """Two certificates of one subject as (signing, encryption); None where they are not such a pair."""
    if len(ends) != 2 or ends[0].subject_key != ends[1].subject_key:
        return None
    try:
        kinds = {kind_of(one): one for one in ends}
    except Unsupported:
        return None
    if set(kinds) != {Kind.SIGNING, Kind.ENCRYPTION}:
        return None
    return kinds[Kind.SIGNING], kinds[Kind.ENCRYPTION]
