"""One SSH connection over a channel that is open already: keys, one log-in by password, single commands.

Whether the host key is the right one is judged by the caller before ``log_in``. Commands go to the server as they are;
that only allowed ones do is the session's business.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from app.checks.host import algorithms, authentication
from app.checks.host.channels import QUIET, Full, closed, words
from app.checks.host.greeting import Greeted
from app.checks.model import Failed, Undetermined

if TYPE_CHECKING:
    from paramiko import Channel

LOG = "onsite.ssh"
KEYS = 12.0  # seconds for the key exchange
MOST_PACKET = 256 << 10  # bytes; what a peer may send in one is 35000 (RFC 4253, 6.1)


class NoCommonAlgorithm(Undetermined):
    """The two ends share no algorithm of some kind."""


@dataclass(frozen=True)
class HostKey:
    """``fingerprint``: ``SHA256:…`` as OpenSSH prints it. ``legacy``: old algorithms that were agreed on."""

    fingerprint: str
    kind: str
    legacy: tuple[str, ...] = ()


class Connection:
    """``channel`` is a socket or a channel through a jump host; ``read`` are its first bytes, taken already."""

    def __init__(self, channel: Any, read: bytes, legacy: bool, kinds: Sequence[str] = ()) -> None:
        import paramiko

        logger = logging.getLogger(LOG)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())  # what goes wrong is raised; paramiko would print it as well
            logger.propagate = False
        self._channel = channel
        greeted: Any = Greeted(channel, read)  # socket-like is enough
        transport = paramiko.Transport(greeted, disabled_algorithms=algorithms.disabled(legacy))
        self._transport = cast(Any, transport)  # the stubs leave out what is private
        self._opening = threading.Lock()
        self._kex = ""
        self._parting = ""
        self._transport.daemon = True
        self._transport.set_log_channel(LOG)
        self._transport.banner_timeout = KEYS
        self._transport.auth_timeout = authentication.LOG_IN
        if kinds:
            self._transport.get_security_options().key_types = tuple(kinds)
        self._offered: dict[str, list[str]] = {}
        self._remember()
        self._bound()

    def _remember(self) -> None:
        """paramiko forgets the key exchange's name once it is over, what was offered, and what is said at parting."""
        verify, parse = self._transport._verify_key, self._transport._parse_kex_init

        def verify_key(key: bytes, signature: bytes) -> None:
            self._kex = str(getattr(self._transport.kex_engine, "name", ""))
            verify(key, signature)

        def parse_disconnect(message: Any) -> None:
            message.get_int()
            self._parting = message.get_text()[:160]

        def parse_kex_init(message: Any) -> None:
            self._offered = self._transport._really_parse_kex_init(type(message)(message.asbytes()))
            parse(message)

        self._transport._verify_key = verify_key
        self._transport._parse_kex_init = parse_kex_init
        self._transport._parse_disconnect = parse_disconnect

    def _bound(self) -> None:
        """A packet's length is the peer's word, and paramiko would wait and store for gigabytes."""
        import paramiko

        read_all = self._transport.packetizer.read_all

        def read(size: int, check_rekey: bool = False) -> bytes:
            if size > MOST_PACKET:
                raise paramiko.SSHException(f"packet of {size} bytes")
            return bytes(read_all(size, check_rekey))

        self._transport.packetizer.read_all = read

    @property
    def alive(self) -> bool:
        return bool(self._transport.is_active())

    def end(self) -> None:
        """From any thread: every blocked call on this connection comes back."""
        with contextlib.suppress(OSError):
            if isinstance(self._channel, socket.socket):
                self._channel.shutdown(socket.SHUT_RDWR)
            else:
                self._channel.close()
        self._transport.active = False
        self._transport.packetizer.close()

    def close(self) -> None:
        self.end()
        self._transport.close()
        with contextlib.suppress(OSError, EOFError):
            self._channel.close()

    def exchange_keys(self) -> HostKey:
        """Agrees on keys and returns the server's; nothing else is sent. Raises NoCommonAlgorithm, Undetermined."""
        import paramiko

        try:
            self._transport.start_client(timeout=KEYS)
            key = self._transport.get_remote_server_key()
        except paramiko.ssh_exception.IncompatiblePeer:
            raise NoCommonAlgorithm(*algorithms.not_shared(self._transport, self._offered)) from None
        except (paramiko.SSHException, EOFError, OSError, ValueError) as error:
            self._require_time(error)
            raise Undetermined(f"SSH 密钥交换没有完成（{words(error)}）", QUIET) from None
        digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
        legacy = algorithms.agreed_legacy(self._transport, self._kex)
        return HostKey(f"SHA256:{digest}", key.get_name(), legacy)

    def _require_time(self, error: BaseException) -> None:
        """A peer that says nothing more leaves "No existing session" behind; it is told as what it is."""
        if self._transport.is_active():
            raise Undetermined(f"SSH 密钥交换在 {KEYS:g} 秒内没有完成", QUIET) from error

    def log_in(self, user: str, password: str) -> str:
        """One attempt, by the method that the server asks for; which one is returned.

        Raises Failed when it was refused, Undetermined for anything else. After either the attempt is spent.
        """
        return authentication.log_in(self._transport, user, password, lambda: self._parting)

    def start(self, command: str, ends: float) -> Channel:
        """A channel on which ``command`` runs, before ``ends`` (on ``time.monotonic``'s clock).

        Raises Undetermined; Full where the server opens no further session.
        """
        return self._begun(lambda channel: channel.exec_command(command), f"命令 {command}", ends)

    def subsystem(self, name: str, ends: float) -> Channel:
        """A channel to a subsystem (RFC 4254, 6.5), ``sftp`` for one. Raises as ``start``."""
        return self._begun(lambda channel: channel.invoke_subsystem(name), f"子系统 {name}", ends)

    def _begun(self, begin: Callable[[Channel], None], what: str, ends: float) -> Channel:
        import paramiko

        late = threading.Timer(max(0.01, ends - time.monotonic()), lambda: None)
        try:
            channel = self._session(ends)
            late = threading.Timer(max(0.01, ends - time.monotonic()), closed, (channel,))
            late.daemon = True
            late.start()
            begin(channel)
            return cast("Channel", channel)
        except paramiko.ChannelException as error:
            raise Full(f"对方不再开新的会话：{error.text[:160]}") from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            why = words(error) if time.monotonic() < ends else "对方在时限内没有答复"
            raise Undetermined(f"{what} 没有执行（{why}）", QUIET) from None
        finally:
            late.cancel()

    def _session(self, ends: float) -> Any:
        """A new session. One at a time: paramiko keeps the reason of a refusal in one place for all."""
        if not self._opening.acquire(timeout=max(0.01, ends - time.monotonic())):
            raise OSError("前面的命令还没有开始")
        try:
            return self._transport.open_session(timeout=max(0.01, ends - time.monotonic()))
        finally:
            self._opening.release()

    def tunnel(self, host: str, port: int, seconds: float) -> Channel:
        """A channel to another host through this one (direct-tcpip). Raises Undetermined; Failed for a refusal."""
        import paramiko

        try:
            with self._opening:
                where, origin = (host, port), ("127.0.0.1", 0)
                channel: Channel = self._transport.open_channel("direct-tcpip", where, origin, timeout=seconds)
            return channel
        except paramiko.ChannelException as error:
            if "refused" in error.text.lower():
                raise Failed(
                    f"从跳板机连接 {host}:{port} 被拒绝", "请确认 SSH 服务已启动，端口无误。", "接受连接"
                ) from None
            raise Undetermined(
                f"跳板机没有接通 {host}:{port}（{error.text[:160]}）", "请确认跳板机允许转发并能到达该主机。"
            ) from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise Undetermined(f"跳板机没有接通 {host}:{port}（{words(error)}）", QUIET) from None
