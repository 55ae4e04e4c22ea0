"""certificate.usage: what the certificate may be used for fits what it is used for here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.checks.certificate.chain import Fault
from app.checks.certificate.facts import Facts
from app.checks.certificate.x509 import X509, Unsupported
from app.checks.model import SEVERITY, Outcome, Undetermined, Verdict
from app.site.model import Certificate, Site

EXPECTED = {
    "server-device": "终端证书；可签名或可加密；扩展用途含服务器认证",
    "personal": "终端证书；可签名或可加密；扩展用途（如有）适于个人",
    "ca": "CA 证书，可签发证书",
}
ADVICE = "请按用途重新签发证书。"
SERVER, CLIENT, ANY, MAIL = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "2.5.29.37.0", "1.3.6.1.5.5.7.3.4"
SMART_CARD = "1.3.6.1.4.1.311.20.2.2"
NAMED = {
    SERVER: "服务器认证",
    CLIENT: "客户端认证",
    ANY: "任何用途",
    MAIL: "电子邮件保护",
    SMART_CARD: "智能卡登录",
    "1.3.6.1.5.5.7.3.3": "代码签名",
    "1.3.6.1.5.5.7.3.8": "时间戳",
    "1.3.6.1.5.5.7.3.9": "OCSP 签名",
}
FLAGS = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}
ENCRYPTING = ("key_encipherment", "data_encipherment", "key_agreement")


def compare(facts: Facts, target: Certificate, site: Site) -> Verdict:  # noqa: ARG001
    """keyUsage, basicConstraints and extended key usage against the role. An absent keyUsage limits nothing (RFC 5280,
    4.2.1.3).
    """
    from cryptography import x509

    leaf = facts.material.leaf
    expected = EXPECTED.get(target.role, EXPECTED["server-device"])
    try:
        usage, purposes = leaf.extension(x509.KeyUsage), leaf.extension(x509.ExtendedKeyUsage)
        authority = leaf.is_authority
    except Unsupported as error:
        raise Undetermined(str(error)) from None
    flags = tuple(flag for flag in FLAGS if usage and getattr(usage, flag))
    oids = tuple(one.dotted_string for one in purposes or ())
    faults = list(_faults(target.role, leaf, authority, flags if usage else None, oids, facts.material.over_tls))
    actual = _shown(authority, usage, flags, oids)
    if not faults:
        return Verdict(Outcome.PASS, expected, actual)
    outcome = max((fault.outcome for fault in faults), key=SEVERITY.index)
    reason = "；".join(fault.text for fault in faults if fault.outcome is outcome)
    return Verdict(outcome, expected, actual, reason, ADVICE)


Flags = tuple[str, ...] | None


def _faults(role: str, leaf: X509, authority: bool, flags: Flags, oids: tuple[str, ...], tls: bool) -> Iterator[Fault]:
    if role == "ca":
        yield from _authority_faults(leaf, authority, flags)
        return
    if authority:
        yield Fault(Outcome.FAIL, "这是 CA 证书，不能当终端证书用")
    signing = flags is None or "digital_signature" in flags or (role == "personal" and "content_commitment" in flags)
    if flags is not None and not signing and not set(ENCRYPTING) & set(flags):
        yield Fault(
            Outcome.FAIL, "密钥用途里既没有签名（digitalSignature）也没有加密（keyEncipherment、dataEncipherment）"
        )
    elif tls and not signing:
        yield Fault(Outcome.WARN, "密钥用途里没有签名（digitalSignature），只有少数旧套件能用它做服务器证书")
    yield from _personal_purposes(oids) if role == "personal" else _server_purposes(oids)


def _authority_faults(leaf: X509, authority: bool, flags: Flags) -> Iterator[Fault]:
    if not authority and leaf.version < 3 and leaf.self_issued:
        yield Fault(Outcome.WARN, "是旧式（v1）根证书，没有写明是 CA")
    elif not authority:
        yield Fault(Outcome.FAIL, "不是 CA 证书（basicConstraints）")
    if flags is not None and "key_cert_sign" not in flags:
        yield Fault(Outcome.FAIL, "密钥用途不含证书签名（keyCertSign）")


def _server_purposes(oids: tuple[str, ...]) -> Iterator[Fault]:
    if not oids:
        yield Fault(Outcome.WARN, "没有扩展用途（EKU），部分客户端会拒绝")
    elif SERVER in oids or ANY in oids:
        return
    elif CLIENT in oids:
        yield Fault(Outcome.WARN, "扩展用途只有客户端认证，没有服务器认证")
    elif unknown := [one for one in oids if one not in NAMED]:
        yield Fault(Outcome.UNKNOWN, f"扩展用途 {'、'.join(unknown)} 本程序不认识")
    else:
        yield Fault(Outcome.FAIL, "扩展用途不含服务器认证")


def _personal_purposes(oids: tuple[str, ...]) -> Iterator[Fault]:
    if not oids or {CLIENT, ANY, MAIL, SMART_CARD} & set(oids):
        return
    if unknown := [one for one in oids if one not in NAMED]:
        yield Fault(Outcome.UNKNOWN, f"扩展用途 {'、'.join(unknown)} 本程序不认识")
    else:
        yield Fault(Outcome.FAIL, "扩展用途不适于个人证书（没有客户端认证）")


def _shown(authority: bool, usage: Any, flags: tuple[str, ...], oids: tuple[str, ...]) -> str:
    parts = ["CA 证书" if authority else "终端证书"]
    parts.append("密钥用途 " + ("、".join(FLAGS[flag] for flag in flags) or "（空）") if usage else "未限定密钥用途")
    parts.append("扩展用途 " + "、".join(NAMED.get(one, one) for one in oids) if oids else "无扩展用途")
    return "；".join(parts)
