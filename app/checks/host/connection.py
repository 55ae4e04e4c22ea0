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

from app.checks.host import algorithms
from app.checks.host.channels import QUIET, Full, words
from app.checks.host.greeting import Greeted
from app.checks.model import Failed, Undetermined

if TYPE_CHECKING:
    from paramiko import Channel

LOG = "onsite.ssh"
KEYS = 12.0  # seconds for the key exchange
LOG_IN = 12.0  # seconds for each step of the log-in
PASSWORD, INTERACTIVE, NONE = "password", "keyboard-interactive", "none"
LEGACY_ADVICE = "该主机只有旧算法时，经客户同意，在现场配置文件里给它写 legacy_algorithms = true，再检查。"


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
        self._transport.auth_timeout = LOG_IN
        if kinds:
            self._transport.get_security_options().key_types = tuple(kinds)
        self._remember()

    def _remember(self) -> None:
        """paramiko forgets the key exchange's name once it is over, and what a server says at parting."""
        verify = self._transport._verify_key

        def verify_key(key: bytes, signature: bytes) -> None:
            self._kex = str(getattr(self._transport.kex_engine, "name", ""))
            verify(key, signature)

        def parse_disconnect(message: Any) -> None:
            message.get_int()
            self._parting = message.get_text()[:160]

        self._transport._verify_key = verify_key
        self._transport._parse_disconnect = parse_disconnect

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
        except paramiko.ssh_exception.IncompatiblePeer as error:
            reason = f"与该主机没有共同的现行 SSH 算法（{str(error)[:160]}）"
            raise NoCommonAlgorithm(reason, LEGACY_ADVICE) from None
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
        import paramiko

        methods = self._methods(user)
        if methods is None:
            return NONE
        try:
            if PASSWORD in methods:
                further = self._transport.auth_password(user, password, fallback=False)
                method = PASSWORD
            elif INTERACTIVE in methods:
                answers = _Answers(password)
                further = self._transport.auth_interactive(user, answers)
                method = INTERACTIVE
            else:
                raise Undetermined(
                    f"该主机不接受口令登录，只接受 {'、'.join(methods)}", "请客户为检查用户开放口令登录，或另行取证。"
                )
        except paramiko.AuthenticationException as error:
            raise self._refused(user, error) from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise Undetermined(f"登录没有完成（{words(error)}）", QUIET) from None
        if further or not self._transport.is_authenticated():
            raise Undetermined(f"口令之外还要求 {'、'.join(further)}，没有登录", "请客户提供只用口令登录的检查用户。")
        return method

    def _methods(self, user: str) -> list[str] | None:
        """What the server lets this user log in by; None when it let us in without anything. No password is sent."""
        import paramiko

        try:
            self._transport.auth_none(user)
        except paramiko.BadAuthenticationType as error:
            return list(error.allowed_types)
        except paramiko.AuthenticationException:
            if self.alive:
                return [PASSWORD]
            raise Undetermined("问登录方式时连接断开", QUIET) from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise Undetermined(f"问登录方式时出错（{words(error)}）", QUIET) from None
        return None

    def _refused(self, user: str, error: Exception) -> Failed | Undetermined:
        """Refused only when the server said so; a connection that broke says nothing of the password."""
        text = str(error)
        if "imeout" in text:
            return Undetermined(f"登录在 {LOG_IN:g} 秒内没有答复", QUIET)
        if "shut down" in text and "authentication failures" not in self._parting.lower():
            return Undetermined("登录中连接断开，不知道口令是否被接受；为防锁定账户，本次不再试", QUIET)
        advice = "请核对用户与口令后再检查；为防锁定账户，本次不再重试。"
        return Failed(f"用户 {user} 的登录被拒绝", advice, "口令登录成功")

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
            late = threading.Timer(max(0.01, ends - time.monotonic()), channel.close)
            late.daemon = True
            late.start()
            begin(channel)
            return cast("Channel", channel)
        except paramiko.ChannelException as error:
            raise Full(f"对方不再开新的会话：{error.text}") from None
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
                f"跳板机没有接通 {host}:{port}（{error.text}）", "请确认跳板机允许转发并能到达该主机。"
            ) from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise Undetermined(f"跳板机没有接通 {host}:{port}（{words(error)}）", QUIET) from None


class _Answers:
    """Answers one hidden prompt with the password, once; a server that asks for more gets nothing more."""

    def __init__(self, password: str) -> None:
        self._password = password
        self._given = False

    def __call__(self, title: str, instructions: str, prompts: list[tuple[str, bool]]) -> list[str]:  # noqa: ARG002
        import paramiko

        if not prompts:
            return []
        if self._given or len(prompts) > 1 or prompts[0][1]:
            raise paramiko.SSHException("服务器要求口令以外的回答")
        self._given = True
        return [self._password]
