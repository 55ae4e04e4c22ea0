"""bus.authentication: a challenge signed by the device certificate is accepted, a wrong certificate's is not.

The one public protocol of that kind is TLS with client authentication (RFC 8446, 4.4.3; RFC 5246, 7.4.8). A bus that
has another one of its own is a step with evidence.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.checks.addresses import address_of
from app.checks.bus import encryption, mutual
from app.checks.bus.mutual import Attempt, Came, Credentials
from app.checks.bus.session import BusSession
from app.checks.certificate.private_keys import Match, matched
from app.checks.certificate.x509 import X509, Unsupported
from app.checks.model import Outcome, Undetermined, Verdict
from app.checks.wire import Aborted, Unresolved
from app.site.model import Bus, Site

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SECONDS = 12.0  # for one attempt
EXPECTED = "设备证书签名的挑战被接受，错误的证书被拒绝"
EVIDENCE = (
    "请在总线和认证软件包的日志里找到设备证书认证通过、错误证书被拒绝的记录，把截图或日志附在步骤“与安全认证软件包连通测试”，"
    "由总线管理员确认（写明身份）；总线以双向 TLS 认证的，可在 site.toml 的 [[bus]] 写 authentication。"
)


@dataclass(frozen=True)
class Tried:
    """What came of the device certificate, and of a wrong one (None: not tried, nobody agreed to it in writing)."""

    holder: str
    device: Attempt
    wrong: Attempt | None = None


def concerns(target: Bus, site: Site) -> bool:  # noqa: ARG001 - the shape of Check.concerns
    return target.peer == "local" or bool(target.authentication.url)


def gather(session: BusSession, target: Bus) -> Tried:
    plan = target.authentication
    if not plan.url:
        raise Undetermined("设备证书认证的协议没有公开，本程序不能代为认证，等待证据", EVIDENCE)
    if not target.send:
        advice = "客户同意后，在现场配置文件里给该对象写 send = true，再检查。"
        raise Undetermined("未获准发送：认证会在对方留下登录记录", advice)
    session.begin()
    leaf, credentials = _device(session, plan.certificate)
    server = encryption.seen(session, plan.url)
    if reason := encryption.trusted(server, session.site):
        raise Undetermined(f"对方的服务器证书未通过验证，没有出示设备证书（{reason}）", "请先做 bus.tls 与证书检查。")
    shown = server.facts.material.leaf.encoded
    device = _attempt(session, target, credentials, shown, f"出示设备证书 {leaf.holder}")
    wrong = None
    if plan.wrong and device.came is Came.ACCEPTED:
        wrong = _attempt(session, target, throwaway(leaf), shown, "出示临时自签的同名证书")
    return Tried(leaf.holder or leaf.subject, device, wrong)


def _device(session: BusSession, certificate_id: str) -> tuple[X509, Credentials]:
    """The device's certificate and its key. Raises Undetermined where they are not both at hand."""
    opened, _ = session.own_certificate(certificate_id)
    material = opened.key_facts().material
    fitting = next((key for key in material.stored if matched(key, material.leaf).match is Match.YES), None)
    if fitting is None:
        reason = f"证书 {certificate_id} 没有配对的私钥在手边（或打不开），不能签名"
        raise Undetermined(reason, "请核对该 [[certificate]] 的文件与口令；私钥在令牌或服务器上的，按日志取证。")
    chain = (material.leaf.encoded, *(one.encoded for one in material.sent))
    return material.leaf, Credentials(chain, fitting.opening())


def _attempt(session: BusSession, target: Bus, credentials: Credentials, shown: bytes, what: str) -> Attempt:
    address = address_of(target.authentication.url)
    session.note(f"→ TLS {address.shown}，{what}，GET {address.request_target}")
    with session.wire(time.monotonic() + SECONDS) as wire:
        try:
            found = mutual.attempt(wire, address, address.host, credentials, shown)
        except Aborted:
            raise Undetermined("检查被中止：时限已到或已取消") from None
        except (OSError, Unresolved) as error:  # TimeoutError is an OSError
            found = Attempt(words=f"没有完成（{getattr(error, 'strerror', '') or type(error).__name__}）")
    session.note(f"← {found.came}：{found.words}")
    return found


def throwaway(leaf: X509) -> Credentials:
    """A certificate like the device's in name, kind of key and purposes, which nobody issued: a refusal of it is for
    that alone. Valid for a day, kept nowhere. Raises Undetermined for a kind of key that cannot be made here.
    """
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    try:
        name, key = leaf.loaded.subject, _alike(leaf)
        more = [leaf.extension(kind) for kind in (x509.KeyUsage, x509.ExtendedKeyUsage)]
    except (ValueError, Unsupported):
        raise Undetermined("本机做不出与设备证书同类的错误证书", EVIDENCE) from None
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=12)).not_valid_after(now + timedelta(hours=12))
    for extension in filter(None, more):
        made = made.add_extension(extension, critical=False)
    form = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    signed = made.sign(key, hashes.SHA256())
    return Credentials((signed.public_bytes(serialization.Encoding.DER),), key.private_bytes(*form))


def _alike(leaf: X509) -> RSAPrivateKey | EllipticCurvePrivateKey:
    """A new key of the same kind as the certificate's. Raises ValueError for a kind that is none of these."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    try:
        own = leaf.loaded.public_key()
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error
    if isinstance(own, rsa.RSAPublicKey):
        return rsa.generate_private_key(65537, 2048)
    if isinstance(own, ec.EllipticCurvePublicKey):
        return ec.generate_private_key(own.curve)
    raise ValueError("another kind of key")


def compare(tried: Tried, target: Bus, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    """PASS only where the right one was accepted and a wrong one refused."""
    device, wrong = tried.device, tried.wrong
    actual = f"设备证书 {tried.holder}：{WORDS[device.came]}（{device.words}）"
    match device.came:
        case Came.REFUSED:
            advice = "请核对设备证书是否已在总线登记、是否有效，并查看总线与认证软件包的日志。"
            return Verdict(Outcome.FAIL, EXPECTED, actual, f"设备证书没有被接受：{device.words}", advice)
        case Came.NOT_ASKED:
            return Verdict(Outcome.UNKNOWN, EXPECTED, actual, "对方没有要求出示证书，谈不上认证", EVIDENCE)
        case Came.UNCLEAR:
            return Verdict(Outcome.UNKNOWN, EXPECTED, actual, f"看不出设备证书是否被接受：{device.words}", EVIDENCE)
    if wrong is None:
        reason = "错误的证书是否会被拒绝没有试：没有客户的书面同意"
        advice = "客户书面同意后，在 authentication 中写 wrong = true，再检查；否则按日志取证。"
        return Verdict(Outcome.WARN, EXPECTED, actual, reason, advice)
    actual += f"；错误的证书：{WORDS[wrong.came]}（{wrong.words}）"
    if wrong.came is Came.REFUSED:
        return Verdict(Outcome.PASS, EXPECTED, actual)
    if wrong.came is Came.ACCEPTED:
        advice = "请让总线维护人员只信任指定的签发机构，再检查。"
        return Verdict(Outcome.FAIL, EXPECTED, actual, "错误的证书（临时自签、同名）也被接受", advice)
    return Verdict(Outcome.UNKNOWN, EXPECTED, actual, f"看不出错误的证书是否被拒绝：{wrong.words}", EVIDENCE)


WORDS = {
    Came.ACCEPTED: "被接受",
    Came.REFUSED: "被拒绝",
    Came.NOT_ASKED: "没有被要求",
    Came.UNCLEAR: "结果不明",
}
