"""The session of a host: reached once, its key checked before all else, logged in once, commands of the list."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from app.base.errors import CancelledError
from app.base.identity import mask
from app.checks.host import algorithms, commands, logins
from app.checks.host.connection import Connection, HostKey, NoCommonAlgorithm, Printed
from app.checks.host.greeting import HungUp, NotSsh, read_greeting
from app.checks.model import Failed, Surroundings, Transcript, Undetermined
from app.checks.wire import Aborted, Unresolved, Wire
from app.site.model import Host

REACH = 10.0  # seconds for the connection and the greeting
PATIENCE = 15.0  # seconds for one command
MOST_JUMPS = 5
FIREWALL = "请核对地址与端口；中间可能有防火墙，请网络管理员确认放行。"
T = TypeVar("T")


@dataclass(frozen=True)
class Presented:
    """The key that the server showed, and what is known of it: ``expected`` is "" when nothing is."""

    key: HostKey
    expected: str
    target: str

    @property
    def right(self) -> bool:
        return bool(self.expected) and self.key.fingerprint == self.expected


@dataclass(frozen=True)
class LoggedIn:
    """``seconds``: from asking for the methods to being let in."""

    user: str
    method: str
    seconds: float


class Refused(Failed):
    """The port refused the connection."""


class HostSession:
    """``begin`` starts each gathering. What kept it from greeting, key or log-in is remembered and raised again."""

    def __init__(self, target: Host, surroundings: Surroundings, behind: tuple[str, ...] = ()) -> None:
        self.transcript = Transcript()
        self.route = ""
        self.offset_seconds: float | None = None
        self._target = target
        self._surroundings = surroundings
        self._behind = behind  # the hosts that are reached through this one
        self._jump: HostSession | None = None
        self._connection: Connection | None = None
        self._greeting = ""
        self._presented: Presented | None = None
        self._logged_in: LoggedIn | None = None
        self._trouble: dict[str, Failed | Undetermined] = {}  # by stage: greeting, key, log-in
        self._system = ""
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []  # what ends a blocked call
        self._aborted = False

    def begin(self) -> None:
        """A new gathering: an abort of an earlier one no longer counts. Raises CancelledError."""
        self._surroundings.cancellation.check()
        self._aborted = False
        if self._jump:
            self._jump.transcript = self.transcript
            self._jump.begin()

    def abort(self) -> None:
        """Ends what is going on; before the log-in for good, later until ``begin``."""
        with self._lock:
            self._aborted = True
            ends, self._ends = self._ends, []
        for end in ends:
            end()
        if self._jump:
            self._jump.abort()

    def close(self) -> None:
        self.abort()
        if self._connection:
            self._connection.close()
            self._connection = None
        if self._jump:
            self._jump.close()

    def greeting(self) -> str:
        """The server's version line. Raises Refused, Undetermined."""
        if not self._greeting:
            self._stage("greeting", self._connect)
        return self._greeting

    def host_key(self) -> Presented:
        """The server's key, with what is expected. Raises as ``greeting``, and NoCommonAlgorithm."""
        self.greeting()
        if self._presented is None:
            self._presented = self._stage("key", self._exchange)
        return self._presented

    def log_in(self) -> LoggedIn:
        """The one log-in. Raises Failed when it was refused, Undetermined for anything else."""
        presented = self.host_key()
        if not presented.right:
            word = "已变" if presented.expected else "未知"
            raise Undetermined(f"主机密钥{word}，没有登录，见 host.key", "请先核实主机密钥。")
        if self._logged_in is None:
            self._logged_in = self._stage("log-in", self._authenticate)
        return self._logged_in

    def run(self, command: str, seconds: float = PATIENCE, kept: Callable[[str], str] = lambda text: text) -> Printed:
        """One command of the list; ``kept`` says what of its output goes into the transcript.

        Raises Undetermined. ValueError for a command that is not allowed: that is the caller's bug.
        """
        if not commands.is_allowed(command):
            raise ValueError(f"not an allowed command: {command!r}")
        connection = self._ready()
        self._note(f"$ {command}")
        printed = connection.run(command, seconds)
        self._require_going_on()
        streams = [kept(printed.stdout), kept(printed.stderr), f"（状态 {printed.status}，{printed.seconds:.3f} 秒）"]
        self._note("\n".join(stream.rstrip("\n") for stream in streams if stream))
        return printed

    def system(self) -> str:
        """What ``uname -srm`` says, e.g. ``Linux 4.19.90 x86_64``. Raises Undetermined."""
        if not self._system:
            lines = self.run(commands.KERNEL).stdout.splitlines()
            known = [line for line in lines if line.split(" ")[0] in SYSTEMS]
            if not known:
                raise Undetermined(f"uname 的答复无法理解：{(lines or ['（空）'])[0][:80]}", "请核对登录用户的 shell。")
            self._system = known[-1].strip()
        return self._system

    def linux(self) -> str:
        """The same, but only for Linux. Raises Undetermined naming the other system."""
        system = self.system()
        if not system.startswith("Linux "):
            raise Undetermined(
                f"该主机是 {system}，本版本还没有用于它的命令", "请按手册人工核对，并把结果作为证据附上。"
            )
        return system

    def _ready(self) -> Connection:
        """A connection that is logged in; one that was lost after its log-in is made again."""
        self._require_going_on()
        try:
            self.log_in()
        except Failed as error:
            raise _seen_elsewhere(error) from None
        if self._connection is None or not self._connection.alive:
            self._again()
        if self._connection is None:
            raise Undetermined("连接已断开")
        return self._connection

    def _again(self) -> None:
        self._drop()
        try:
            self._stage("greeting", self._connect)
            presented = self._stage("key", self._exchange)
            if not presented.right:
                raise Undetermined("重新连接时主机密钥变了，没有登录", "请先核实主机密钥。")
            self._stage("log-in", self._authenticate)
        except Failed as error:
            raise Undetermined(f"连接中断后没能重新连上：{error.actual}", error.advice) from None

    def _stage(self, name: str, step: Callable[[], T]) -> T:
        if name in self._trouble:
            raise self._trouble[name]
        try:
            self._require_going_on()
            return step()
        except (Failed, Undetermined) as error:
            self._drop()
            if self._surroundings.cancellation.cancelled:
                raise CancelledError() from None
            late = Undetermined("登录之前检查项的时限已到，本次不再连接", FIREWALL)
            trouble = late if self._aborted and name != "log-in" else error
            if not (self._aborted and self._logged_in):
                self._trouble[name] = trouble
            self._note(f"← {trouble}")
            raise trouble from None

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def _connect(self) -> None:
        channel, read = self._opened()
        self._take(Connection(channel, read, self._target.legacy_algorithms))

    def _take(self, connection: Connection) -> None:
        self._connection = connection
        self._ends_with(connection.end)

    def _ends_with(self, end: Callable[[], None]) -> None:
        """Registers what ``abort`` calls; at once where that has come already."""
        with self._lock:
            self._ends = [*self._ends[-7:], end]
            aborted = self._aborted
        if aborted:
            end()

    def _opened(self) -> tuple[Any, bytes]:
        """A channel to the host and what it has said so far."""
        where = f"{self._target.host}:{self._target.port}"
        self._note(commands.connects(self._target))
        try:
            channel, read = self._through_jump() if self._target.jump else self._direct()
        except NotSsh as error:
            raise Undetermined(f"{where} 的答复不是 SSH（“{error}”）", "请核对端口。") from None
        except HungUp:
            raise Undetermined(
                f"{where} 没有问候就断开了连接", "请查看该主机 sshd 的日志与访问限制（hosts.deny）。"
            ) from None
        except TimeoutError:
            raise Undetermined(
                f"{where} 已连接，但 {REACH:g} 秒内没有 SSH 问候", "请查看该主机 sshd 的状态。"
            ) from None
        except OSError as error:
            raise Undetermined(f"{where} 断开了连接（{error.strerror or error}）", FIREWALL) from None
        self._note(f"← {self._greeting}")
        return channel, read

    def _direct(self) -> tuple[Any, bytes]:
        host, port = self._target.host, self._target.port
        wire = Wire(time.monotonic() + REACH)
        self._ends_with(wire.abort)
        forget = self._surroundings.cancellation.on_cancel(wire.abort)
        try:
            try:
                wire.open(_ascii(host), port)
            except TimeoutError:
                raise Undetermined(f"{host}:{port} 在 {REACH:g} 秒内未能连接", FIREWALL) from None
            except ConnectionRefusedError:
                raise Refused(
                    f"{host}:{port} 拒绝连接", "请确认 SSH 服务已启动，端口与配置一致。", "接受连接"
                ) from None
            except OSError as error:
                raise Undetermined(f"{host}:{port} 无法连接（{error.strerror or error}）", FIREWALL) from None
            self._greeting, read = read_greeting(lambda size: _received(wire, size))
            return wire.detach(), read
        except Aborted:
            raise Undetermined("连接被中止") from None
        except Unresolved:
            raise Undetermined(
                f"主机名 {host} 在本机无法解析为地址", "请核对主机名，或在 hosts 文件、DNS 中补上。"
            ) from None
        finally:
            forget()
            wire.close()

    def _through_jump(self) -> tuple[Any, bytes]:
        jump = self._jump_session()
        try:
            channel = jump._ready().tunnel(self._target.host, self._target.port, REACH)
        except Failed as error:
            raise Refused(error.actual, error.advice, error.expected) from None
        except Undetermined as error:
            raise Undetermined(f"经跳板机 {self._target.jump}：{error.reason}", error.advice) from None
        self._ends_with(channel.close)
        channel.settimeout(REACH)
        self._greeting, read = read_greeting(channel.recv)
        return channel, read

    def _jump_session(self) -> HostSession:
        if self._jump is None:
            host = self._surroundings.site.target(self._target.jump)
            behind = (*self._behind, self._target.id)
            if not isinstance(host, Host):
                raise Undetermined(f"跳板机 {self._target.jump} 不是现场配置里的主机", "请改正 jump。")
            if host.id in behind or len(behind) > MOST_JUMPS:
                raise Undetermined(f"跳板机 {host.id} 绕成了圈，或层数过多", "请改正 jump。")
            self._jump = HostSession(host, self._surroundings, behind)
        self._jump.transcript = self.transcript
        return self._jump

    def _exchange(self) -> Presented:
        """The key exchange; where not the recorded key comes, the server's other ones are looked at."""
        expected = self._target.host_key or self._surroundings.host_keys.known(self._target.id)
        legacy = self._target.legacy_algorithms
        first = self._keys()
        if expected and first.fingerprint != expected:
            for kinds in algorithms.key_kinds(legacy):
                if first.kind in kinds or (first.kind == "ssh-rsa" and "rsa-sha2-512" in kinds):
                    continue
                self._drop()
                channel, read = self._opened()
                self._take(Connection(channel, read, legacy, kinds))
                try:
                    other = self._keys()
                except NoCommonAlgorithm:
                    continue
                if other.fingerprint == expected:
                    return Presented(other, expected, self._target.id)
        if first.fingerprint != expected:
            self._drop()
        return Presented(first, expected, self._target.id)

    def _keys(self) -> HostKey:
        if self._connection is None:
            raise Undetermined("连接已断开")
        key = self._connection.exchange_keys()
        self._require_going_on()
        self._note(f"← 主机密钥 {key.kind} {key.fingerprint}")
        return key

    def _authenticate(self) -> LoggedIn:
        password = self._surroundings.secrets.get(self._target.id)
        if not password:
            variable = f"ONSITE_SECRET_{self._target.id.upper().replace('-', '_')}"
            raise Undetermined("没有口令", f"请在“口令”处填写 {self._target.id} 的口令（或设环境变量 {variable}）。")
        log_in = logins.of_run(self._surroundings.cancellation, self._target.id)
        with log_in.turn(self._require_going_on):
            if self._connection is None or not self._connection.alive:
                self._again_for_log_in()
            began = time.monotonic()
            try:
                method = self._attempt(password)
            except (Failed, Undetermined) as error:
                log_in.spent = error
                raise
        found = LoggedIn(self._target.user, method, time.monotonic() - began)
        self.route = f"SSH {method}" + (f" 经 {self._target.jump}" if self._target.jump else "")
        self._note(f"← 用户 {found.user} 已登录（{method}，{found.seconds:.3f} 秒）")
        return found

    def _attempt(self, password: str) -> str:
        if self._connection is None:
            raise Undetermined("连接已断开")
        return self._connection.log_in(self._target.user, password)

    def _again_for_log_in(self) -> None:
        """The server hung up while another's log-in was waited for (LoginGraceTime)."""
        self._drop()
        self._connect()
        if not self._exchange().right:
            raise Undetermined("重新连接时主机密钥变了，没有登录", "请先核实主机密钥。")

    def _require_going_on(self) -> None:
        self._surroundings.cancellation.check()
        if self._aborted:
            raise Undetermined("检查项的时限已到，已中止")

    def _note(self, text: str) -> None:
        self.transcript.note(mask(text))


SYSTEMS = ("Linux", "AIX", "HP-UX", "SunOS", "FreeBSD", "Darwin")


def _seen_elsewhere(error: Failed) -> Undetermined:
    check = "host.port" if isinstance(error, Refused) else "host.login"
    return Undetermined(f"没有登录，见 {check}：{error.actual}", error.advice)


def _ascii(host: str) -> str:
    try:
        return host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise Undetermined(f"“{host}”不是可用的主机名", "请改正现场配置文件里的 host。") from None


def _received(wire: Wire, size: int) -> bytes:
    room = bytearray(size)
    return bytes(room[: wire.receive_into(memoryview(room))])


def open_session(target: Host, surroundings: Surroundings) -> HostSession:
    """Connects nothing yet."""
    return HostSession(target, surroundings)
