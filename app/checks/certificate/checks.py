"""What is asked of certificates, in which order. Gathering is the session's, judging that of the modules named here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

from app.checks.certificate import chain, key, names, pair, revocation, strength, tls, usage, validity
from app.checks.certificate.offers import MOST
from app.checks.certificate.session import CertificateSession
from app.checks.certificate.source import FILE, KEY_ENDING, TLS, TOKEN, server_address, server_name
from app.checks.model import Check, Facts, Undetermined, Verdict
from app.site.model import Certificate, Site

Gather = Callable[[CertificateSession, Certificate], Facts]
Compare = Callable[[Any, Certificate, Site], Verdict]
CLAUSE = "三、部署应用系统（二）3"  # 异地总线和认证软件包（含服务器的设备证书）的配置、安装


def shows(target: Certificate) -> Sequence[str]:
    """What is done to see the certificate."""
    if target.source.startswith(TOKEN):
        module = target.source.removeprefix(TOKEN)
        return (f"加载 PKCS#11 驱动 {module}（子进程；只列出令牌与证书，不登录，不试 PIN）",)
    if not target.source.startswith(TLS):
        return (f"读取 {target.source}",)
    try:
        address, name = server_address(target), server_name(target)
    except Undetermined as error:
        return (f"（不连接：{error.reason}）",)
    return (f"TLS 握手 {address.shown}（SNI {name}），不发送任何应用数据",)


def shows_offers(target: Certificate) -> Sequence[str]:
    """What is done to see what a server offers."""
    (handshake,) = shows(target)
    if handshake.startswith("（"):
        return (handshake,)
    hellos = "SSLv2、SSLv3、TLS 1.0 至 1.3（都不行时国密 TLCP）的 ClientHello 与各类弱套件"
    return (handshake, f"{server_address(target).shown}：{hellos}，逐个连接，至多 {MOST} 次，读到答复即断开")


def shows_key(target: Certificate) -> Sequence[str]:
    """What is done to see the private key: where it is in no container, the file beside the certificate is read."""
    if not target.source.startswith(FILE):
        return shows(target)
    name = PurePath(target.source.removeprefix(FILE)).with_suffix(KEY_ENDING).name
    return (*shows(target), f"读取同一文件夹的 {name}（如有），只在内存中与证书核对")


def shows_pair(target: Certificate) -> Sequence[str]:
    return (*shows(target), *((f"读取 {target.pair}",) if target.pair else ()))


def _check(name: str, title: str, gather: Gather, compare: Compare, definition: str = "1", **more: Any) -> Check:
    return Check(
        **{
            "id": f"certificate.{name}",
            "kind": "certificate",
            "table": "certificate",
            "title": title,
            "clause": CLAUSE,
            "gather": gather,
            "compare": compare,
            "shows": shows,
            "definition": definition,
            **more,
        }
    )


CHECKS: tuple[Check, ...] = (
    _check("source", "证书可读", lambda session, target: session.read(), validity.compare_source, "2"),
    _check("validity", "证书有效期", lambda session, target: session.facts(), validity.compare_validity),
    _check(
        "lifetime",
        "证书有效期长度",
        lambda session, target: session.facts(),
        validity.compare_lifetime,
        concerns=validity.device,
    ),
    _check("chain", "证书链", lambda session, target: session.chain_facts(), chain.compare, "2"),
    _check("name", "证书与主机名", lambda session, target: session.facts(), names.compare, concerns=names.concerns),
    _check("strength", "证书算法强度", lambda session, target: session.chain_facts(), strength.compare),
    _check("usage", "证书用途", lambda session, target: session.facts(), usage.compare),
    _check(
        "pair",
        "双证书",
        lambda session, target: session.pair_facts(),
        pair.compare,
        concerns=pair.concerns,
        shows=shows_pair,
    ),
    _check(
        "revocation",
        "证书吊销情况",
        lambda session, target: session.revocation_facts(),
        revocation.compare,
        "2",
        applies=revocation.applies,
    ),
    _check("key", "私钥与证书配对", lambda session, target: session.key_facts(), key.compare, shows=shows_key),
    _check(
        "tls",
        "TLS 协议与套件",
        lambda session, target: session.offers(),
        tls.compare,
        concerns=tls.concerns,
        shows=shows_offers,
        seconds=75.0,
    ),
)
