"""The one connection to a host that all who need it share during a run: reached, key checked, logged in, once each.

Each of these stages runs on a thread of its own and is waited for, so that who gives up disturbs nobody else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast
from weakref import WeakKeyDictionary

from app.base.cancellation import Cancellation
from app.checks import run_end
from app.checks.host import algorithms, commands, reaching
from app.checks.host.channels import Room
from app.checks.host.connection import Connection, HostKey, NoCommonAlgorithm
from app.checks.host.greeting import HungUp, NotSsh, read_greeting
from app.checks.host.reaching import FIREWALL, REACH
from app.checks.host.stages import Asker, Job, LoggedIn, Presented, Refused
from app.checks.model import Failed, Surroundings, Undetermined
from app.site.model import Host

MOST_JUMPS = 5
MOST_AGAIN = 5  # times that a connection which is lost after its log-in is made again
VERIFY = "请先核实主机密钥。"
_RUNS: WeakKeyDictionary[Cancellation, dict[str, Link]] = WeakKeyDictionary()
_LOCK = threading.Lock()


class Link:
    """What came of each stage is remembered for the run, and every later use gets the same at once."""

    def __init__(self, target: Host, surroundings: Surroundings) -> None:
        self.target = target
        self.route = ""
        self.system = ""  # what uname says, once somebody has asked
        self.noisy = False  # whether a log-in there prints something of its own
        self.room = Room()
        self._surroundings = surroundings
        self._jobs: dict[str, Job] = {}
        self._connection: Connection | None = None
        self._greeting = ""
        self._lost = 0
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []  # what ends a blocked call
        self._closed = False
        self._forget = surroundings.cancellation.on_cancel(self.close)

    def close(self) -> None:
        """For good, from any thread; everything that is blocked on this connection comes back."""
        with self._lock:
            self._closed = True
            ends, self._ends = self._ends, []
        for end in ends:
            end()
        if connection := self._connection:
            threading.Thread(target=connection.close, daemon=True).start()

    def forget(self) -> None:
        self._forget()

    def settled(self, stage: str) -> bool:
        """Whether it is known how a stage (greeting, key, log-in) ended."""
        job = self._jobs.get(stage)
        return bool(job and job.done)

    @property
    def admitted(self) -> bool:
        job = self._jobs.get("log-in")
        return bool(job and job.succeeded)

    def greeting(self, asker: Asker) -> str:
        """The server's version line. Raises Refused, Undetermined."""
        return cast(str, self._stage("greeting", self._greet).result(asker))

    def host_key(self, asker: Asker) -> Presented:
        """The server's key, with what is expected. Raises as ``greeting``, and NoCommonAlgorithm."""
        self.greeting(asker)
        return cast(Presented, self._stage("key", self._exchange).result(asker))

    def log_in(self, asker: Asker) -> LoggedIn:
        """The one log-in. Raises Failed when it was refused, Undetermined for anything else."""
        presented = self.host_key(asker)
        if not presented.right:
            word = "已变" if presented.expected else "未知"
            raise Undetermined(f"主机密钥{word}，没有登录，见 host.key", VERIFY)
        return cast(LoggedIn, self._stage("log-in", self._authenticate).result(asker))

    def connection(self, asker: Asker) -> Connection:
        """One that is logged in; if it was lost since, it is made again. Raises Undetermined."""
        try:
            self.log_in(asker)
        except Failed as error:
            raise _seen_elsewhere(error) from None
        with self._lock:
            connection, job = self._connection, self._jobs.get("again")
            if connection and connection.alive and (job is None or job.succeeded):
                return connection
            if job is None or job.succeeded:
                job = self._jobs["again"] = Job(self._again)
        job.result(asker)
        if self._connection is None:
            raise Undetermined("连接已断开")
        return self._connection

    def reach(self, port: int, seconds: float, asker: Asker) -> None:
        """Connects to another port of the host, the way that its SSH is reached, and closes at once. Raises Refused,
        Undetermined.
        """
        if self.target.jump:
            connection = self._jump().connection(asker)
            try:
                connection.tunnel(self.target.host, port, seconds).close()
            except Failed as error:
                raise Refused(error.actual, error.advice, error.expected) from None
            return
        reaching.touched(self.target.host, port, seconds, self._surroundings.cancellation.on_cancel)

    def _stage(self, name: str, step: Callable[[Job], Any]) -> Job:
        with self._lock:
            if name not in self._jobs:
                self._jobs[name] = Job(lambda job: self._kept(step, job))
            return self._jobs[name]

    def _kept(self, step: Callable[[Job], Any], job: Job) -> Any:
        try:
            self._require_open()
            return step(job)
        except BaseException as error:
            self._drop()
            self._surroundings.cancellation.check()
            if self._closed and not isinstance(error, Failed):
                raise Undetermined("连接已关闭") from None
            raise

    def _again(self, job: Job) -> None:
        self._lost += 1
        if self._lost > MOST_AGAIN:
            raise Undetermined("登录之后连接屡次断开，不再重连", "请查看该主机 sshd 的日志与会话时限。")
        job.note("连接已断开，重新连接")
        try:
            self._kept(self._reached_again, job)
        except Failed as error:
            raise Undetermined(f"连接中断后没能重新连上：{error.actual}", error.advice) from None

    def _reached_again(self, job: Job) -> None:
        self._require_same_key(job)
        self._authenticate(job)

    def _require_same_key(self, job: Job) -> None:
        self._drop()
        self._greet(job)
        if not self._exchange(job).right:
            raise Undetermined("重新连接时主机密钥变了，没有登录", VERIFY)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def _greet(self, job: Job) -> str:
        channel, read = self._opened(job)
        self._take(Connection(channel, read, self.target.legacy_algorithms))
        return self._greeting

    def _take(self, connection: Connection) -> None:
        self._connection = connection
        self._ends_with(connection.end)

    def _ends_with(self, end: Callable[[], None]) -> None:
        """Registers what ``close`` calls; at once where that has come already."""
        with self._lock:
            self._ends = [*self._ends[-15:], end]
            closed = self._closed
        if closed:
            end()

    def _opened(self, job: Job) -> tuple[Any, bytes]:
        """A channel to the host and what it has said so far."""
        where = f"{self.target.host}:{self.target.port}"
        job.note(commands.connects(self.target))
        try:
            channel, read = self._through_jump(job) if self.target.jump else self._direct()
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
        job.note(f"← {self._greeting}")
        return channel, read

    def _direct(self) -> tuple[Any, bytes]:
        self._greeting, channel, read = reaching.greeted(self.target.host, self.target.port, self._ends_with)
        return channel, read

    def _through_jump(self, job: Job) -> tuple[Any, bytes]:
        try:
            behind = _Behind(self, job)
            channel = self._jump().connection(behind).tunnel(self.target.host, self.target.port, REACH)
        except Failed as error:
            raise Refused(error.actual, error.advice, error.expected) from None
        except Undetermined as error:
            raise Undetermined(f"经跳板机 {self.target.jump}：{error.reason}", error.advice) from None
        self._ends_with(channel.close)
        channel.settimeout(REACH)
        self._greeting, read = read_greeting(channel.recv)
        return channel, read

    def _jump(self) -> Link:
        """The link to the host that this one stands behind. Raises Undetermined for one that leads nowhere."""
        passed, here = [self.target.id], self.target.jump
        while here:
            host = self._surroundings.site.target(here)
            if not isinstance(host, Host):
                raise Undetermined(f"跳板机 {here} 不是现场配置里的主机", "请改正 jump。")
            if here in passed or len(passed) > MOST_JUMPS:
                raise Undetermined(f"跳板机 {here} 绕成了圈，或层数过多", "请改正 jump。")
            passed, here = [*passed, here], host.jump
        return of_run(self._surroundings, passed[1])

    def _exchange(self, job: Job) -> Presented:
        """The key exchange; where not the recorded key comes, the server's other ones are looked at."""
        expected = self.target.host_key or self._surroundings.host_keys.known(self.target.id)
        first = self._keys(job)
        presented = Presented(first, expected, self.target.id)
        if expected and not presented.right:
            presented = self._other_keys(job, presented)
        if not presented.right:
            self._drop()
        return presented

    def _other_keys(self, job: Job, first: Presented) -> Presented:
        legacy = self.target.legacy_algorithms
        for kinds in algorithms.key_kinds(legacy):
            if first.key.kind in kinds or (first.key.kind == "ssh-rsa" and "rsa-sha2-512" in kinds):
                continue
            self._drop()
            channel, read = self._opened(job)
            self._take(Connection(channel, read, legacy, kinds))
            with suppress(NoCommonAlgorithm):
                other = Presented(self._keys(job), first.expected, first.target)
                if other.right:
                    return other
        return first

    def _keys(self, job: Job) -> HostKey:
        if self._connection is None:
            raise Undetermined("连接已断开")
        key = self._connection.exchange_keys()
        self._require_open()
        job.note(f"← 主机密钥 {key.kind} {key.fingerprint}")
        return key

    def _authenticate(self, job: Job) -> LoggedIn:
        password = self._surroundings.secrets.get(self.target.id)
        if not password:
            variable = f"ONSITE_SECRET_{self.target.id.upper().replace('-', '_')}"
            raise Undetermined("没有口令", f"请在“口令”处填写 {self.target.id} 的口令（或设环境变量 {variable}）。")
        if self._connection is None or not self._connection.alive:  # hung up meanwhile (LoginGraceTime)
            self._require_same_key(job)
        if self._connection is None:
            raise Undetermined("连接已断开")
        self._require_open()
        began = time.monotonic()
        method = self._connection.log_in(self.target.user, password)
        found = LoggedIn(self.target.user, method, time.monotonic() - began)
        self.route = f"SSH {method}" + (f" 经 {self.target.jump}" if self.target.jump else "")
        job.note(f"← 用户 {found.user} 已登录（{method}，{found.seconds:.3f} 秒）")
        return found

    def _require_open(self) -> None:
        self._surroundings.cancellation.check()
        if self._closed:
            raise Undetermined("连接已关闭")


class _Behind:
    """A link that waits for the one it goes through."""

    def __init__(self, link: Link, job: Job) -> None:
        self.going_on = link._require_open
        self._job = job

    def heard(self, job: Job) -> None:
        self._job.notes.extend(job.notes)


def of_run(surroundings: Surroundings, host_id: str) -> Link:
    """The link to that host in the run of ``surroundings``. ValueError where the site has no such host."""
    host = surroundings.site.target(host_id)
    if not isinstance(host, Host):
        raise ValueError(f"no host {host_id!r} in this site")
    return of_host(host, surroundings)


def of_host(host: Host, surroundings: Surroundings) -> Link:
    cancellation = surroundings.cancellation
    with _LOCK:
        links = _RUNS.get(cancellation)
        if links is None:
            links = _RUNS[cancellation] = {}
            run_end.at_end(cancellation, lambda: _close_all(cancellation))
        if host.id not in links:
            links[host.id] = Link(host, surroundings)
        return links[host.id]


def _close_all(cancellation: Cancellation) -> None:
    with _LOCK:
        links = _RUNS.pop(cancellation, {})
    for link in reversed(links.values()):
        link.forget()
        link.close()


def _seen_elsewhere(error: Failed) -> Undetermined:
    check = "host.port" if isinstance(error, Refused) else "host.login"
    return Undetermined(f"没有登录，见 {check}：{error.actual}", error.advice)
