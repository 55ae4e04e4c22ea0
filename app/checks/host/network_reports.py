"""Addresses, routes, names and listening ports as each system prints them."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from app.checks.host.text import beginning
from app.checks.model import Undetermined

INET = re.compile(r"\binet6?\s+(?:addr:\s*)?([0-9A-Fa-f.:]+)(?:/\d+)?(?=[\s%]|$)", re.MULTILINE)
LAN = re.compile(r"^[a-z]+\d+(?::\d+)?\*?\s+\d+\s+\S+\s+([0-9A-Fa-f.:]+)\s+\d+\s", re.MULTILINE)
DEFAULT = re.compile(r"^(?:default|0\.0\.0\.0)\s+(?:via\s+)?(\d+\.\d+\.\d+\.\d+)\s", re.MULTILINE)
ROUTES = re.compile(r"(?m)^(?:default|(?=\d+\.\d)[\d.]+(?:/\d+)?)\s")
ANYWHERE = ("*", "0.0.0.0", "::", "")  # how a listener on all addresses is shown
WORD = re.compile(r"[\s,]+")
LOCAL = re.compile(r"(.*)[.:](\d{1,5})")


def addresses(text: str) -> tuple[str, ...]:
    """Of ``ip addr``, ``ifconfig -a`` or HP-UX' ``netstat -in``. Raises Undetermined where there is none at all."""
    found = [*INET.findall(text), *LAN.findall(text)]
    valid = tuple(dict.fromkeys(one for one in map(address, found) if one))
    if not valid:
        raise Undetermined(f"没有读到任何网络地址：{beginning(text)}")
    return valid


def address(text: str) -> str:
    """``text`` as an address is usually written; "" for none."""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return ""


def is_own(text: str) -> bool:
    """Whether an address leads out of the host: neither loopback nor one of the link alone."""
    parsed = ipaddress.ip_address(text)
    return not (parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified)


def default_routes(text: str) -> tuple[str, ...]:
    """The gateways; Raises Undetermined for what lists no route at all."""
    if not ROUTES.search(text):
        raise Undetermined(f"没有读到任何路由：{beginning(text)}")
    return tuple(dict.fromkeys(DEFAULT.findall(text)))


def looked_up(status: int, stdout: str, stderr: str) -> tuple[str, ...]:
    """The addresses in an answer of getent, host or nsquery; () where it says that there are none.

    Raises Undetermined for a tool that is missing or did not get an answer.
    """
    if status in (126, 127):
        raise Undetermined("该主机没有解析名称的命令")
    found = tuple(dict.fromkeys(one for one in map(address, WORD.split(_answer(stdout))) if one))
    if found:
        return found
    said = " ".join(f"{stdout} {stderr}".split())
    absent = re.search(r"(?i)does not exist|not found|notfound|no such host|nxdomain|unknown host|0827-80[13]", said)
    if absent or (status == 2 and not said):  # getent's own status for what it does not find
        return ()
    raise Undetermined(f"解析名称的命令没有说清（状态 {status}）：{said[:120] or '没有输出'}")


def _answer(stdout: str) -> str:
    """Without the lines in which nsquery tells where it looks."""
    lines = [line for line in stdout.splitlines() if not re.match(r"\s*(?:Using|Searching|Switch|Server)\b", line)]
    return "\n".join(lines)


@dataclass(frozen=True)
class Listener:
    """``address``: "" for all of the host's."""

    address: str
    port: int

    @property
    def loopback(self) -> bool:
        return self.address.startswith("127.") or self.address == "::1"


def listeners(text: str) -> tuple[Listener, ...]:
    """Of ``ss -lnt``, or of ``netstat -an`` on any system. Raises Undetermined for what is neither."""
    if not re.search(r"Local Address|\(state\)|Recv-Q", text):
        raise Undetermined(f"ss、netstat 的输出无法理解：{beginning(text)}")
    found = [_listener(line.split()) for line in text.splitlines() if "LISTEN" in line]
    listed = tuple(dict.fromkeys(one for one in found if one))
    if not listed:
        raise Undetermined("ss、netstat 没有列出任何监听的 TCP 端口")
    return listed


def _listener(words: list[str]) -> Listener | None:
    """Solaris' netstat begins with the local address; the others have protocol (or state) and two queues before it."""
    if words[-1] == "LISTEN" and not words[0].startswith("tcp"):
        local = words[0]
    elif len(words) > 4 and (words[0] == "LISTEN" or words[0].startswith("tcp")):
        local = words[3]
    else:
        return None
    found = LOCAL.fullmatch(local)
    if not found or not 0 < int(found[2]) <= 65535:
        return None
    where = found[1].strip("[]").partition("%")[0].removeprefix("::ffff:")
    return Listener("" if where in ANYWHERE else where, int(found[2]))
