"""certificate.name: the certificate is issued to the host it serves."""

from __future__ import annotations

from dataclasses import dataclass

from app.checks.certificate import der
from app.checks.certificate.facts import Facts
from app.checks.certificate.hostnames import address, matches
from app.checks.certificate.source import TLS, server_name
from app.checks.certificate.x509 import X509, Unsupported
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Certificate, Site

MOST_SHOWN = 8


def concerns(target: Certificate, site: Site) -> bool:  # noqa: ARG001 - the shape of Check.concerns
    return target.source.startswith(TLS) or bool(target.hostname)


@dataclass(frozen=True)
class _Names:
    """Host names and addresses in subjectAltName, and common names."""

    hosts: tuple[str, ...]
    addresses: tuple[str, ...]
    common: tuple[str, ...]

    def __str__(self) -> str:
        alternative = [*self.hosts, *self.addresses]
        more = " 等" if len(alternative) > MOST_SHOWN else ""
        shown = der.printable("、".join(alternative[:MOST_SHOWN])) + more or "（无）"
        return f"SAN：{shown}；CN：{der.printable('、'.join(self.common)) or '（无）'}"


def compare(facts: Facts, target: Certificate, site: Site) -> Verdict:  # noqa: ARG001
    """PASS by SAN. A CN counts only where SAN names no host at all (RFC 6125, 6.4.4), and then as WARN."""
    name = server_name(target)
    expected = f"证书是发给 {target.hostname or name} 的（SAN）"
    try:
        names = _names(facts.material.leaf)
    except Unsupported as error:
        raise Undetermined(str(error)) from None
    wanted = address(name)
    if wanted is not None:
        named = any(address(one) == wanted for one in names.addresses)
        common = not names.addresses and any(address(one) == wanted for one in names.common)
    else:
        named = any(matches(one, name) for one in names.hosts)
        common = not names.hosts and any(matches(one, name) for one in names.common)
    return _verdict(expected, names, target.hostname or name, named, common)


def _verdict(expected: str, names: _Names, host: str, named: bool, common: bool) -> Verdict:
    advice = "请重新签发证书，把主机名或地址写进 SAN（使用者备用名称）。"
    if named:
        return Verdict(Outcome.PASS, expected, str(names))
    if common:
        return Verdict(Outcome.WARN, expected, str(names), f"{host} 只在 CN 里，新的浏览器与 Java 不认", advice)
    return Verdict(Outcome.FAIL, expected, str(names), f"证书不是发给 {host} 的", advice)


def _names(leaf: X509) -> _Names:
    from cryptography import x509

    alternative = leaf.extension(x509.SubjectAlternativeName)
    hosts = tuple(alternative.get_values_for_type(x509.DNSName)) if alternative else ()
    found = tuple(str(one) for one in alternative.get_values_for_type(x509.IPAddress)) if alternative else ()
    return _Names(hosts, found, der.common_names(leaf.subject_name))
