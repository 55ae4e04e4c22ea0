"""What the certificate checks judge: the certificate with what came along, and what it is judged by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from app.checks.certificate.crl import Crl
from app.checks.certificate.private_keys import HeldKey, StoredKey
from app.checks.certificate.x509 import X509


@dataclass(frozen=True)
class Material:
    """The certificate meant, what came with it in its order, the format or protocol, and what is unsure about it.

    ``partner``: the encryption certificate where one source holds both of a person's; ``stored``: private keys
    that lie there; ``keys``: those that were held against ``leaf``.
    """

    leaf: X509
    sent: tuple[X509, ...]
    form: str
    over_tls: bool = False
    unsure: str = ""
    partner: X509 | None = None
    stored: tuple[StoredKey, ...] = field(default=(), repr=False)
    keys: tuple[HeldKey, ...] = ()


@dataclass(frozen=True)
class Facts:
    """``anchors``, ``known`` (intermediates the source does not carry), ``crls``: as the profile names
    them. ``now``: this laptop's time.
    """

    material: Material
    now: datetime
    anchors: tuple[X509, ...] = ()
    known: tuple[X509, ...] = ()
    crls: tuple[Crl, ...] = ()
    others: tuple[X509, ...] = ()  # what the plan's ``pair`` names
