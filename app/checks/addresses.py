"""URLs of the site profile, taken apart once and safely: what to connect to, what to ask for, what to show."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from app.checks.model import Undetermined

WEB = ("http", "https")
DEFAULT_PORTS = {"http": 80, "https": 443, "sftp": 22}
KEPT = "%/?:@!$&'()*+,;=~-._"  # RFC 3986 reserved characters that stay as they are; what is not ASCII is UTF-8, quoted


class BadUrl(Undetermined):
    """The URL of the profile cannot be used; nothing was connected to."""


@dataclass(frozen=True)
class Address:
    """``host``: as sockets take it (an IDN in its ASCII form, IPv6 without brackets). ``authority``: the Host header.
    ``request_target``: path and query, quoted. ``shown``: host and port for people.
    """

    scheme: str
    host: str
    port: int
    request_target: str
    shown: str

    @property
    def secure(self) -> bool:
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        host = self.host.partition("%")[0]
        name = f"[{host}]" if ":" in host else host
        return name if DEFAULT_PORTS.get(self.scheme) == self.port else f"{name}:{self.port}"


def address_of(url: str, any_scheme: bool = False) -> Address:
    """The parts of ``url``: http or https, or with ``any_scheme`` whatever names a host and a port.

    Raises BadUrl, saying what is wrong; a password inside is never repeated in the message.
    """
    if not url:
        raise BadUrl("没有填写地址。", "请在 site.toml 中补上 url。")
    if re.search(r"[\x00-\x20\x7f]", url):
        raise BadUrl("地址中有空格或控制字符。", "请在 site.toml 中改正 url。")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrl("地址的主机或端口写法不对。", "请在 site.toml 中改正 url。") from None
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise BadUrl("地址中带有用户名或口令，不能使用。", "请从 site.toml 的 url 中去掉；口令由本程序另行保管。")
    if not any_scheme and parts.scheme not in WEB:
        raise BadUrl(
            f"地址须以 http:// 或 https:// 开头，不能是 {parts.scheme or '空'}。", "请在 site.toml 中改正 url。"
        )
    return _address(parts, port or DEFAULT_PORTS.get(parts.scheme, 0))


def _address(parts: SplitResult, port: int) -> Address:
    if not parts.hostname or not port:
        raise BadUrl("地址中缺少主机名或端口。", "请在 site.toml 中补全 url。")
    host = _host(parts.hostname)
    target = quote(parts.path or "/", safe=KEPT) + (f"?{quote(parts.query, safe=KEPT)}" if parts.query else "")
    shown = f"[{host}]:{port}" if ":" in host else f"{parts.hostname}:{port}"
    return Address(parts.scheme, host, port, target, shown)


def _host(name: str) -> str:
    """``name`` as sockets and certificates take it. Raises BadUrl."""
    if ":" in name:
        address, _, zone = name.replace("%25", "%").partition("%")
        try:
            return str(ipaddress.IPv6Address(address)) + (f"%{zone}" if zone else "")
        except ValueError:
            raise BadUrl(f"“{name}”不是 IPv6 地址。", "请在 site.toml 中改正 url。") from None
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        raise BadUrl(f"“{name}”不是可用的主机名。", "请在 site.toml 中改正 url。") from None
