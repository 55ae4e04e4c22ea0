"""The way to a host's port over TCP, in words for a person where it does not come about."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from app.checks.host.greeting import read_greeting
from app.checks.host.stages import Refused
from app.checks.model import Undetermined
from app.checks.wire import Aborted, Unresolved, Wire

REACH = 10.0  # seconds for the connection and the greeting
FIREWALL = "请核对地址与端口；中间可能有防火墙，请网络管理员确认放行。"


def greeted(host: str, port: int, ending: Callable[[Callable[[], None]], object]) -> tuple[str, Any, bytes]:
    """The version line of the SSH server there, its socket, and what was read from it. ``ending`` is given what ends
    it. Raises Refused, Undetermined, and as ``read_greeting``.
    """
    wire = Wire(time.monotonic() + REACH)
    ending(wire.abort)
    try:
        _open(wire, host, port, REACH)
        greeting, read = read_greeting(lambda size: _received(wire, size))
        return greeting, wire.detach(), read
    except Aborted:
        raise Undetermined("连接被中止") from None
    finally:
        wire.close()


def touched(host: str, port: int, seconds: float, ending: Callable[[Callable[[], None]], Callable[[], None]]) -> None:
    """Connects and closes at once; ``ending`` is given what ends it, and gives what forgets that. Raises Refused,
    Undetermined.
    """
    wire = Wire(time.monotonic() + seconds)
    forget = ending(wire.abort)
    try:
        _open(wire, host, port, seconds)
    except Aborted:
        raise Undetermined("连接被中止") from None
    finally:
        forget()
        wire.close()


def _open(wire: Wire, host: str, port: int, seconds: float) -> None:
    try:
        wire.open(_ascii(host), port)
    except TimeoutError:
        raise Undetermined(f"{host}:{port} 在 {seconds:g} 秒内未能连接", FIREWALL) from None
    except ConnectionRefusedError:
        raise Refused(f"{host}:{port} 拒绝连接", "请确认服务已启动，端口与配置一致。", "接受连接") from None
    except OSError as error:
        raise Undetermined(f"{host}:{port} 无法连接（{error.strerror or error}）", FIREWALL) from None
    except Unresolved:
        raise Undetermined(
            f"主机名 {host} 在本机无法解析为地址", "请核对主机名，或在 hosts 文件、DNS 中补上。"
        ) from None


def _ascii(host: str) -> str:
    try:
        return host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise Undetermined(f"“{host}”不是可用的主机名", "请改正现场配置文件里的 host。") from None


def _received(wire: Wire, size: int) -> bytes:
    room = bytearray(size)
    return bytes(room[: wire.receive_into(memoryview(room))])
