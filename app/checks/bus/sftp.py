"""A bus that takes files over SFTP: the way to its folder, and one small file of ours that goes there and back.

The host's key, the one log-in of a run and its time-outs are those of the SSH hosts.
"""

from __future__ import annotations

import errno
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import unquote, urlsplit

from app.checks.addresses import BadUrl
from app.checks.bus.soap import Message
from app.checks.host.channels import Lease, words
from app.checks.host.connection import Connection
from app.checks.host.session import HostSession
from app.checks.host.stages import Job, Presented, Refused
from app.checks.model import Failed, Surroundings, Undetermined
from app.site.model import Bus, Host

if TYPE_CHECKING:
    from paramiko import Channel, SFTPClient

T = TypeVar("T")
SUBSYSTEM = "sftp"  # draft-ietf-secsh-filexfer-02
SECONDS = 12.0  # for the subsystem to open
LONGER = 1024  # bytes read beyond what was sent: what grew on the way is seen to have grown
SERVICE = "bus.service"
LOOK = f"见 {SERVICE}。"


@dataclass(frozen=True)
class Place:
    """Where an ``sftp://user@host:port/folder`` leads; without a folder it is the log-in's own."""

    user: str
    host: str
    port: int
    folder: str

    def file(self, name: str) -> str:
        return f"{self.folder.rstrip('/')}/{name}"


def place_of(url: str) -> Place:
    """The parts of ``url``. Raises BadUrl."""
    advice = "请在 site.toml 中把 url 写成 sftp://用户@主机:端口/文件夹。"
    try:
        parts = urlsplit(url)
        port = parts.port or 22
    except ValueError:
        raise BadUrl("SFTP 地址的主机或端口写法不对。", advice) from None
    if parts.scheme != "sftp" or not parts.hostname or not parts.username or parts.password is not None:
        raise BadUrl("SFTP 地址不完整，或带有口令。", advice)
    return Place(unquote(parts.username), parts.hostname, port, unquote(parts.path) or ".")


def host_of(target: Bus) -> Host:
    """The bus as the SSH host that it is; key and password go by the bus's own id."""
    place = place_of(target.url)
    return Host(target.id, target.title, host=place.host, port=place.port, user=place.user, host_key=target.host_key)


class SftpSession(HostSession):
    """The connection to an SFTP bus. What kept it from its key or log-in is remembered for the run."""

    def __init__(self, target: Bus, surroundings: Surroundings) -> None:
        super().__init__(host_of(target), surroundings)

    def note(self, text: str) -> None:
        """Adds to the transcript, identity numbers masked."""
        self._note(text)

    @contextmanager
    def files(self, ends: float) -> Iterator[Files]:
        """The files there, until ``ends`` on ``time.monotonic``'s clock. Raises Undetermined."""
        connection = cast(Connection, _Subsystems(self._link.connection(self)))
        lent_round = self._round
        opening = Job(lambda job: self._start(connection, SUBSYSTEM, min(ends, time.monotonic() + SECONDS), lent_round))
        lease: Lease = opening.result(self)
        late = threading.Timer(max(0.01, ends - time.monotonic()), lease.channel.close)
        late.daemon = True
        late.start()
        try:
            yield Files(lease.channel, ends, self.going_on)
        finally:
            late.cancel()
            self._given_back(lease)


class _Subsystems:
    """A connection on which what is started is a subsystem."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start(self, command: str, ends: float) -> Channel:
        return self._connection.subsystem(command, ends)


class Answered(Exception):
    """The server said no; ``number`` is an errno where it said why, ``text`` its words."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.number = number
        self.text = {errno.ENOENT: "没有这个文件或文件夹", errno.EACCES: "没有权限"}.get(
            number, text[:160] or "未说明原因"
        )

    @property
    def missing(self) -> bool:
        return self.number == errno.ENOENT


class Files:
    """Files over one SFTP channel. Each call raises Answered where the server refuses, Undetermined where it does not
    answer (in time, or in the protocol).
    """

    def __init__(self, channel: Channel, ends: float, going_on: Callable[[], None]) -> None:
        import paramiko

        self._channel, self._ends, self._going_on = channel, ends, going_on
        self._client: SFTPClient = self._asked(lambda: paramiko.SFTPClient(channel))

    def write_new(self, path: str, content: bytes) -> None:
        """A new file; one that is there already is never written over."""

        def written() -> None:
            with self._client.open(path, "wxb") as file:
                file.write(content)

        self._asked(written)

    def read(self, path: str, most: int) -> bytes:
        """At most ``most`` bytes of a file."""

        def taken() -> bytes:
            with self._client.open(path, "rb") as file:
                return bytes(file.read(most))

        return self._asked(taken)[:most]

    def remove(self, path: str) -> None:
        self._asked(lambda: self._client.remove(path))

    def exists(self, path: str) -> bool:
        try:
            self._asked(lambda: self._client.stat(path))
        except Answered as answer:
            if answer.missing:
                return False
            raise
        return True

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder of that name; raises Answered where there is nothing."""
        import stat

        mode = self._asked(lambda: self._client.stat(path)).st_mode
        return mode is not None and stat.S_ISDIR(mode)

    def _asked(self, ask: Callable[[], T]) -> T:
        import paramiko

        self._going_on()
        try:
            self._channel.settimeout(max(0.01, self._ends - time.monotonic()))
            return ask()
        except (TimeoutError, paramiko.SSHException, EOFError, ValueError, struct.error) as error:
            raise self._unanswered(error) from None
        except OSError as error:
            if self._channel.closed or time.monotonic() >= self._ends:
                raise self._unanswered(error) from None
            raise Answered(error.errno or 0, error.strerror or str(error)) from None

    def _unanswered(self, error: BaseException) -> Undetermined:
        self._going_on()
        if time.monotonic() >= self._ends:
            return Undetermined("SFTP 服务器在时限内没有答复", "请查看该服务器的负载与日志。")
        return Undetermined(f"SFTP 会话中断，或答复不合协议（{words(error)}）", "请查看该服务器 sshd 的日志。")


# the way there


@dataclass(frozen=True)
class Way:
    """What came of key, log-in and folder. ``presented``: the server's key; ``user``: who logged in, "" for nobody."""

    presented: Presented
    user: str = ""
    method: str = ""
    folder: str = ""
    trouble: str = ""  # why the folder cannot be used


def gather_way(session: SftpSession, target: Bus, ends: float) -> Way:
    """Key, log-in, folder; nothing is left there. Raises Failed for a refused log-in, Undetermined."""
    place = place_of(target.url)
    presented = session.host_key()
    if not presented.right:
        return Way(presented)
    done = session.log_in()
    way = Way(presented, done.user, done.method, place.folder)
    with session.files(ends) as files:
        try:
            usable = files.is_folder(place.folder)
        except Answered as answer:
            return replace(way, trouble=answer.text)
    return way if usable else replace(way, trouble="不是文件夹")


def required(session: SftpSession) -> None:
    """The log-in, for every check but ``bus.service``. Raises Undetermined that points there."""
    try:
        presented = session.host_key()
        if not presented.right:
            word = "变了" if presented.expected else f"还没有记录（{presented.key.fingerprint}）"
            raise Undetermined(f"主机密钥{word}，没有登录，见 {SERVICE}", "请先核实主机密钥。")
        session.log_in()
    except Refused as error:
        raise Undetermined(f"连接被拒绝，见 bus.port：{error.actual}", error.advice) from None
    except Failed as error:
        raise Undetermined(f"没有登录，见 {SERVICE}：{error.actual}", error.advice) from None


# the round trip


@dataclass(frozen=True)
class FileEcho:
    """One file of ours. ``back``: what was read of it, None where nothing was (``trouble`` says why); ``refused``: the
    server would not take it; ``left``: why it may still be there, "" when it is gone.
    """

    message: Message
    path: str
    seconds: float = 0.0
    back: bytes | None = None
    trouble: str = ""
    refused: bool = False
    left: str = ""

    @property
    def sound(self) -> bool:
        return self.back == content_of(self.message) and not self.left


def content_of(message: Message) -> bytes:
    """The file: its correlation id in the first line, then the text."""
    return f"{message.id}\n{message.text}\n".encode()


def send_and_fetch(files: Files, place: Place, message: Message, note: Callable[[str], None]) -> FileEcho:
    """Writes the message as a new file, reads it back over a new handle and removes it. Never raises for the file's
    own troubles; CancelledError does come through.
    """
    content = content_of(message)
    echo = FileEcho(message, place.file(f"onsite-test-{message.id.rpartition(':')[2]}.tmp"))
    note(f"→ 写入 {echo.path}（{len(content)} 字节）\n{content.decode()}")
    echo = _written(files, echo, content)
    if not echo.trouble:
        echo = _read(files, echo, content)
    if echo.trouble:
        note(f"← {echo.trouble}")
    else:
        note(f"← 读回 {len(echo.back or b'')} 字节，{'与发出的一致' if echo.back == content else '与发出的不同'}")
    if echo.refused and not _there(files, echo.path):
        return echo
    return replace(echo, left=_removed(files, echo.path, note))


def _written(files: Files, echo: FileEcho, content: bytes) -> FileEcho:
    began = time.monotonic()
    try:
        files.write_new(echo.path, content)
    except Answered as answer:
        return replace(echo, trouble=f"写入被拒绝（{answer.text}）", refused=True)
    except Undetermined as error:
        return replace(echo, trouble=f"写入没有得到答复（{error.reason}）")
    return replace(echo, seconds=time.monotonic() - began)


def _there(files: Files, path: str) -> bool:
    """Whether a file that was refused has come about all the same; where that is not known, it may have."""
    try:
        return files.exists(path)
    except Answered:
        return False
    except Undetermined:
        return True


def _read(files: Files, echo: FileEcho, content: bytes) -> FileEcho:
    began = time.monotonic()
    try:
        back = files.read(echo.path, len(content) + LONGER)
    except Answered as answer:
        gone = "写入后文件不见了，可能已被总线取走" if answer.missing else f"写入后不能读回（{answer.text}）"
        return replace(echo, trouble=gone)
    except Undetermined as error:
        return replace(echo, trouble=f"读回没有得到答复（{error.reason}）")
    return replace(echo, back=back, seconds=echo.seconds + time.monotonic() - began)


def _removed(files: Files, path: str, note: Callable[[str], None]) -> str:
    """Removes the file; "" once it is gone, else why it may be left."""
    note(f"→ 删除 {path}")
    try:
        files.remove(path)
        return "服务器答复已删除，但文件还在" if files.exists(path) else ""
    except Answered as answer:
        return "" if answer.missing else f"删除被拒绝（{answer.text}）"
    except Undetermined as error:
        return f"删除没有得到答复（{error.reason}）"


def fetched(session: SftpSession, target: Bus, messages: Iterator[Message], ends: float) -> tuple[FileEcho, ...]:
    """One file after the other until one did not come back as it went. Raises Undetermined."""
    required(session)
    place = place_of(target.url)
    echoes: list[FileEcho] = []
    with session.files(ends) as files:
        for message in messages:
            echoes.append(send_and_fetch(files, place, message, session.note))
            if not echoes[-1].sound:
                break
    return tuple(echoes)


def answering(session: SftpSession, target: Bus, samples: int, ends: float) -> Iterator[float]:
    """The seconds of each of ``samples`` looks at the folder; nothing is written. Raises Undetermined."""
    required(session)
    place = place_of(target.url)
    with session.files(ends) as files:
        for _ in range(samples):
            began = time.monotonic()
            try:
                files.is_folder(place.folder)
            except Answered as answer:
                raise Undetermined(f"目录 {place.folder} 不能查看（{answer.text}）", LOOK) from None
            yield time.monotonic() - began
