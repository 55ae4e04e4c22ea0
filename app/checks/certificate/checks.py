"""What is asked of certificates."""

from __future__ import annotations

from collections.abc import Sequence

from app.checks.certificate import chain, names, revocation, strength, usage, validity
from app.checks.certificate.session import CertificateSession
from app.checks.certificate.source import TLS, server_address, server_name
from app.checks.model import Check, Undetermined
from app.site.model import Certificate

CLAUSE = "一、4"  # 部署总线与认证软件包，装服务器设备证书


def shows(target: Certificate) -> Sequence[str]:
    """What is done to see the certificate."""
    if not target.source.startswith(TLS):
        return (f"读取 {target.source}",)
    try:
        address, name = server_address(target), server_name(target)
    except Undetermined as error:
        return (f"（不连接：{error.reason}）",)
    return (f"TLS 握手 {address.shown}（SNI {name}），不发送任何应用数据",)


def _material(session: CertificateSession, target: Certificate) -> object:
    return session.read()


def _facts(session: CertificateSession, target: Certificate) -> object:
    return session.facts()


def _chain_facts(session: CertificateSession, target: Certificate) -> object:
    return session.chain_facts()


def _revocation_facts(session: CertificateSession, target: Certificate) -> object:
    return session.revocation_facts()


def _check(name: str, title: str, gather, compare, **more) -> Check:  # type: ignore[no-untyped-def]
    return Check(
        id=f"certificate.{name}",
        kind="certificate",
        table="certificate",
        title=title,
        clause=CLAUSE,
        gather=gather,
        compare=compare,
        shows=shows,
        definition="1",
        **more,
    )


CHECKS: tuple[Check, ...] = (
    _check("source", "证书可读", _material, validity.compare_source),
    _check("validity", "证书有效期", _facts, validity.compare_validity),
    _check("chain", "证书链", _chain_facts, chain.compare),
    _check("name", "证书与主机名", _facts, names.compare, concerns=names.concerns),
    _check("strength", "证书算法强度", _chain_facts, strength.compare),
    _check("usage", "证书用途", _facts, usage.compare),
    _check("revocation", "证书吊销情况", _revocation_facts, revocation.compare, applies=revocation.applies),
)
