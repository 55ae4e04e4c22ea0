"""Where a certificate comes from: a TLS server, a file, a token; and which of several certificates is the one meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote

from app.checks.addresses import Address, address_of
from app.checks.certificate.containers import DAMAGED, Content, pem_keys, unpack
from app.checks.certificate.facts import Material
from app.checks.certificate.handshake import NoHandshake, Presented, fetch
from app.checks.certificate.kinds import signing_and_encryption
from app.checks.certificate.private_keys import HeldKey, Match, StoredKey, matched
from app.checks.certificate.x509 import X509, NotCertificate, Unsupported, certificate
from app.checks.model import Failed, Undetermined
from app.checks.wire import Wire
from app.site.model import Certificate

LARGEST = 16 << 20  # bytes of a certificate file
TLS, FILE, TOKEN = "tls://", "file:", "token:"
KEY_ENDING = ".key"
NEWEST = ("TLSv1_3", "TLSv1_2", "TLSv1")  # offered one after the other: old servers choke on what they do not know
FIREWALL = "请核对地址与端口；中间可能有防火墙，请网络管理员确认放行，或从应用服务器上复测。"


class Unreached(Undetermined):
    """There is no TLS server to ask further."""


class Ambiguous(Undetermined):
    """Several certificates (``ends``), and nothing says which is meant."""

    def __init__(self, reason: str, advice: str, ends: tuple[X509, ...]) -> None:
        super().__init__(reason, advice)
        self.ends = ends


class Refused(Failed):
    """The port refused the connection."""


def server_address(target: Certificate) -> Address:
    """Host and port of a ``tls://`` source. Raises BadUrl."""
    return address_of(target.source, any_scheme=True)


def server_name(target: Certificate) -> str:
    """What the certificate must be issued to: ``hostname``, else the host of the source; ASCII. Raises Undetermined."""
    if not target.hostname:
        return server_address(target).host if target.source.startswith(TLS) else ""
    try:
        return target.hostname.strip().rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        raise Undetermined(f"“{target.hostname}”不是可用的主机名", "请改正现场配置文件里的 hostname。") from None


def from_server(target: Certificate, open_wire: Callable[[], Wire], note: Callable[[str], None]) -> Material:
    """What the server presents. Raises Refused, Failed, Undetermined."""
    address, name = server_address(target), server_name(target)
    trouble = NoHandshake("failed")
    attempts = list(NEWEST)
    while attempts:
        newest = attempts.pop(0)
        note(f"→ TLS 握手 {address.shown}，SNI {name}，最高 {newest.replace('_', '.')}")
        try:
            presented = fetch(open_wire(), address.host, address.port, name, newest)
        except NoHandshake as error:
            note(f"← {error.kind} {error.detail}".rstrip())
            trouble = error
            attempts = _further(attempts, error)
        else:
            note(f"← {presented.version or '握手未完成'}，{len(presented.chain)} 张证书")
            return _material(presented, address)
    raise _untold(trouble, address)


def _further(attempts: list[str], error: NoHandshake) -> list[str]:
    """What is still worth trying: each older version, after silence (which costs time) only the oldest."""
    if error.kind == "silent":
        return attempts[-1:]
    return attempts if error.kind in ("failed", "closed") else []


def _material(presented: Presented, address: Address) -> Material:
    if not presented.chain:
        raise Undetermined(f"{address.shown} 没有出示证书", "请核对该端口的 TLS 配置。")
    try:
        leaf, *sent = (certificate(encoded) for encoded in presented.chain)
    except (NotCertificate, Unsupported) as error:
        raise Undetermined(f"{address.shown} 出示的证书不能读全：{error}", DAMAGED) from None
    return Material(leaf, tuple(sent), presented.version or "TLS", over_tls=True, keys=(_possession(presented),))


def _possession(presented: Presented) -> HeldKey:
    """A server that ends the handshake has signed with the key or decrypted by it (RFC 8446, 4.4.3; RFC 5246, 7.4)."""
    if presented.complete:
        return HeldKey("TLS 握手（对方已用私钥完成握手）", Match.YES)
    return HeldKey("TLS 握手", Match.UNKNOWN, "握手没有完成，未能证实对方持有私钥")


def _untold(error: NoHandshake, address: Address) -> Failed | Undetermined:
    where = address.shown
    match error.kind:
        case "refused":
            return Refused(f"{where} 拒绝连接", "请确认服务已启动，端口与配置一致。", "出示证书")
        case "unreachable":
            return Unreached(f"{where} 在时限内未能连接（{error.detail or '超时'}）", FIREWALL)
        case "unresolved":
            advice = "请核对主机名，或在 hosts 文件、DNS 中补上。"
            return Unreached(f"主机名 {address.host} 在本机无法解析为地址", advice)
        case "silent":
            return Unreached(f"{where} 已连接，但在时限内没有完成 TLS 握手", "请查看对方服务的状态与日志。")
        case "http":
            return Unreached(f"{where} 答复的是明文 HTTP，不是 TLS", "请核对端口：这里应写 HTTPS（SSL）端口。")
        case "not-tls":
            return Unreached(f"{where} 的答复不是 TLS", "请核对端口：这里应写 HTTPS（SSL）端口。")
        case "closed":
            return Undetermined(
                f"{where} 在 TLS 握手中断开了连接", "请查看对方服务的日志；只支持国密 TLCP 的端口本机不能握手。"
            )
        case "aborted":
            return Undetermined(f"对 {where} 的 TLS 握手被中止：检查项的时限已到或已取消")
    advice = "只支持 SSLv3 以下或国密 TLCP 的端口本机不能握手；请把证书导出成文件再检查。"
    return Undetermined(f"与 {where} 的 TLS 握手失败（{error.detail or '没有共同的协议或套件'}）", advice)


def file_path(source: str, folder: Path) -> Path:
    """The file of a ``file:`` source; ``folder`` is what a relative one starts from."""
    name = source.removeprefix(FILE)
    if name.startswith("//"):  # file:///srv/a.cer, file:///C:/a.cer
        name = unquote(name.removeprefix("//"))
        name = name[1:] if re.match(r"/[A-Za-z]:", name) else name
    return folder / name


def from_file(path: Path, role: str, password: Callable[[], str | None]) -> Material:
    """The certificate that the file is about, and its private key where it lies there. Raises Failed, Undetermined."""
    content = read(path, password)
    leaf, partner = meant(content, role, path.name)
    sent = tuple(one for one in content.certificates if one != leaf)
    return Material(leaf, sent, content.form, unsure=content.unsure, partner=partner, stored=content.keys)


def key_file(path: Path) -> Path:
    """Where a certificate file's private key lies by custom: the same name with the ending ``.key``."""
    return path.with_suffix(KEY_ENDING)


def beside(path: Path, password: Callable[[], str | None]) -> tuple[StoredKey, ...]:
    """The private key beside a certificate file; none where there is no such file."""
    file = key_file(path)
    if file == path or not file.is_file():
        return ()
    try:
        data = read_bytes(file, "可读的私钥文件")
    except (Failed, Undetermined):
        return (StoredKey(file.name, lambda: b""),)
    return pem_keys(data, file.name, password) or (StoredKey(file.name, lambda: data),)


def read(path: Path, password: Callable[[], str | None] = lambda: None) -> Content:
    """All certificates of a file. Raises Failed, Undetermined, each naming the file."""
    data = read_bytes(path, "可读的证书文件")
    try:
        return unpack(data, password)
    except Unsupported as error:
        raise Undetermined(f"{path.name}：{error}", DAMAGED) from None
    except Failed as error:
        raise Failed(f"{path.name}：{error.actual}", error.advice, error.expected) from None
    except Undetermined as error:
        raise Undetermined(f"{path.name}：{error.reason}", error.advice) from None


def read_bytes(path: Path, expected: str, limit: int = LARGEST) -> bytes:
    """The bytes of a file of bounded size. Raises Failed when it cannot be read, Undetermined when it is too long."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = "文件不存在" if isinstance(error, FileNotFoundError) else getattr(error, "strerror", "") or str(error)
        raise Failed(f"{path} 无法读取：{reason}", "请核对现场配置文件里的路径。", expected) from None
    if len(data) > limit:
        raise Undetermined(f"{path.name} 超过 {limit >> 20} MiB，不像证书文件，没有读取", "请核对路径。")
    return data


def meant(content: Content, role: str, name: str) -> tuple[X509, X509 | None]:
    """The certificate meant: the one whose key is there, else the one that the rest are issuers of. Of a pair it is the
    signing one, with its partner. Raises Ambiguous.
    """
    ends = list(content.heads) or ends_of(content.certificates, role)
    if len(ends) > 1 and content.keys and not content.heads:
        ends = [one for one in ends if any(matched(key, one).match is Match.YES for key in content.keys)] or ends
    if len(ends) == 1:
        return ends[0], None
    if pair := signing_and_encryption(ends):
        return pair
    different = list(dict.fromkeys(content.certificates))
    names = "、".join(one.subject for one in (ends or different)[:4])
    advice = "请把要查的一张单独导出成文件；双证书分成签名、加密两个文件。"
    reason = f"{name} 里有 {len(ends or different)} 张终端证书，不能确定查哪一张：{names}"
    raise Ambiguous(reason, advice, tuple(ends or different))


def ends_of(certificates: Sequence[X509], role: str) -> list[X509]:
    """Those that issue none of the others; for anything but a CA also no authorities, where others are left."""
    different = list(dict.fromkeys(certificates))
    issuers = {one.issuer_key for one in different if not one.self_issued}
    ends = [one for one in different if one.subject_key not in issuers]
    if len(ends) > 1 and role != "ca":
        ends = [one for one in ends if not _is_authority(one)] or ends
    return ends


def _is_authority(one: X509) -> bool:
    try:
        return one.is_authority
    except Unsupported:
        return False
