"""What the certificate checks judge: the certificate with what came along, and what it is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.checks.certificate.crl import Crl
from app.checks.certificate.x509 import X509


@dataclass(frozen=True)
class Material:
    """The certificate meant, what came with it in its order, the format or protocol, and what is unsure about it."""

    leaf: X509
    sent: tuple[X509, ...]
    form: str
    over_tls: bool = False
    unsure: str = ""


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
