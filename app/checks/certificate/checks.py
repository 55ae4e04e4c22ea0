"""What is asked of certificates, in which order. Gathering is the session's, judging that of the modules named here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.checks.certificate import chain, names, revocation, strength, usage, validity
from app.checks.certificate.session import CertificateSession
from app.checks.certificate.source import TLS, server_address, server_name
from app.checks.model import Check, Facts, Undetermined, Verdict
from app.site.model import Certificate, Site

Gather = Callable[[CertificateSession, Certificate], Facts]
Compare = Callable[[Any, Certificate, Site], Verdict]
CLAUSE = "三、部署应用系统（二）3"  # 异地总线和认证软件包（含服务器的设备证书）的配置、安装


def shows(target: Certificate) -> Sequence[str]:
    """What is done to see the certificate."""
    if not target.source.startswith(TLS):
        return (f"读取 {target.source}",)
    try:
        address, name = server_address(target), server_name(target)
    except Undetermined as error:
        return (f"（不连接：{error.reason}）",)
    return (f"TLS 握手 {address.shown}（SNI {name}），不发送任何应用数据",)


def _check(name: str, title: str, gather: Gather, compare: Compare, **more: Any) -> Check:
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
    _check("source", "证书可读", lambda session, target: session.read(), validity.compare_source),
    _check("validity", "证书有效期", lambda session, target: session.facts(), validity.compare_validity),
    _check("chain", "证书链", lambda session, target: session.chain_facts(), chain.compare),
    _check("name", "证书与主机名", lambda session, target: session.facts(), names.compare, concerns=names.concerns),
    _check("strength", "证书算法强度", lambda session, target: session.chain_facts(), strength.compare),
    _check("usage", "证书用途", lambda session, target: session.facts(), usage.compare),
    _check(
        "revocation",
        "证书吊销情况",
        lambda session, target: session.revocation_facts(),
        revocation.compare,
        applies=revocation.applies,
    ),
)
