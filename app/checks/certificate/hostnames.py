"""Whether a certificate is issued to a host: names (RFC 6125, 6.4) and addresses (RFC 2818, 3.1)."""

from __future__ import annotations

import ipaddress
import re

HOST = re.compile(r"(\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)+", re.IGNORECASE)


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """``text`` as an IP address, without brackets and zone; None when it is none."""
    try:
        return ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None


def matches(pattern: str, host: str) -> bool:
    """Whether a certificate's DNS name is that of ``host``. A ``*`` stands for exactly the whole leftmost label, and
    never for a domain directly below the root.
    """
    own, wanted = _labels(pattern), _labels(host)
    if not own or not wanted or len(own) != len(wanted):
        return False
    if own[0] != "*":
        return own == wanted
    return len(own) > 2 and own[1:] == wanted[1:] and "*" not in "".join(own[1:])


def looks_like_host(text: str) -> bool:
    """Whether a common name is meant as a host name."""
    return bool(HOST.fullmatch(text)) and address(text) is None


def _labels(name: str) -> list[str]:
    """Lower-case ASCII labels; [] for a name that cannot be one."""
    name = name.strip().removesuffix(".")
    star, name = ("*.", name[2:]) if name.startswith("*.") else ("", name)
    try:
        return (star + name.encode("idna").decode("ascii").lower()).split(".") if name else []
    except UnicodeError:
        return []
