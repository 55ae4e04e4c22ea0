"""Name constraints of a CA against the names of a certificate below it (RFC 5280, 4.2.1.10)."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from app.checks.certificate import der
from app.checks.certificate.hostnames import looks_like_host
from app.checks.certificate.x509 import X509, Unsupported

if TYPE_CHECKING:
    from cryptography import x509


def broken(limits: Any, certificate: X509) -> str:
    """The name of ``certificate`` that ``limits`` (x509.NameConstraints) forbid, and how; "" when none does.

    Raises Unsupported for a constraint on names of a kind that is not compared here and that the certificate has.
    """
    allowed, forbidden = list(limits.permitted_subtrees or ()), list(limits.excluded_subtrees or ())
    kinds = {type(base) for base in (*allowed, *forbidden)}
    for name in _names(certificate, kinds):
        permitted = [base for base in allowed if type(base) is type(name)]
        if any(_within(name, base) for base in forbidden if type(base) is type(name)):
            return f"{_shown(name)} 在禁止的范围内"
        if permitted and not any(_within(name, base) for base in permitted):
            return f"{_shown(name)} 不在允许的范围内"
    return ""


def _names(certificate: X509, kinds: Collection[type[Any]]) -> Iterator[Any]:
    """The names of those kinds."""
    from cryptography import x509

    alternative = list(certificate.extension(x509.SubjectAlternativeName) or ())
    yield from (name for name in alternative if type(name) in kinds)
    if x509.DirectoryName in kinds and certificate.subject_name:
        try:
            subject = certificate.loaded.subject if certificate.standard else None
        except ValueError:
            subject = None
        if subject is None:
            raise Unsupported("主体名称的编码不合规范")
        yield x509.DirectoryName(subject)
    if x509.DNSName in kinds and not any(isinstance(name, x509.DNSName) for name in alternative):
        # Clients that fall back on the common name hold it against the constraints too.
        for common in der.common_names(certificate.subject_name):
            if looks_like_host(common):
                yield x509.DNSName(common)
    if x509.RFC822Name in kinds and not any(isinstance(name, x509.RFC822Name) for name in alternative):
        for attribute in certificate.subject_name:
            for kind, value in attribute:
                if kind == "1.2.840.113549.1.9.1" and value.isascii() and "@" in value:
                    yield x509.RFC822Name(value)


def _within(name: Any, base: Any) -> bool:
    from cryptography import x509

    match name:
        case x509.DNSName():
            return _domain(name.value.lower(), base.value.lower())
        case x509.IPAddress():
            return _address(name.value, base.value)
        case x509.DirectoryName():
            return _directory(name.value, base.value)
        case x509.RFC822Name():
            return _mail(name.value.lower(), base.value.lower())
        case x509.UniformResourceIdentifier():
            host = (urlsplit(name.value).hostname or "").lower()
            return host == base.value.lower() if not base.value.startswith(".") else host.endswith(base.value.lower())
    raise Unsupported("名称约束含本程序不比较的名称类型")


def _domain(name: str, base: str) -> bool:
    """With a dot in front only what lies below ``base``, as OpenSSL and Java take it; RFC 5280 knows no such dot."""
    if base.startswith("."):
        return name.endswith(base)
    return not base or name == base or name.endswith(f".{base}")


def _mail(name: str, base: str) -> bool:
    host = name.rpartition("@")[2]
    if "@" in base:
        return name == base
    return host.endswith(base) if base.startswith(".") else host == base


def _address(name: Any, base: Any) -> bool:
    if isinstance(base, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return name.version == base.version and name in base
    return bool(name == base)


def _directory(name: x509.Name, base: x509.Name) -> bool:
    """``base`` is a beginning of ``name``."""
    whole = der.comparable(der.name(name.public_bytes()))
    start = der.comparable(der.name(base.public_bytes()))
    return whole[: len(start)] == start


def _shown(name: Any) -> str:
    from cryptography import x509

    return der.shown(der.name(name.value.public_bytes())) if isinstance(name, x509.DirectoryName) else str(name.value)
