"""One command on a connection that is logged in: its start, its input, both its outputs to their ends, its status."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from app.checks.model import Undetermined

if TYPE_CHECKING:
    from paramiko import Channel

    from app.checks.host.connection import Connection

MOST_OUTPUT = 4 << 20  # bytes of standard output
MOST_ERRORS = 64 << 10
PIECE = 65536
MOST_AT_ONCE = 8  # commands on one connection
A_LITTLE = 0.1  # seconds
PATIENT_TRIES = 10
QUIET = "请核对网络与该主机的 SSH 服务（sshd 日志）。"


@dataclass(frozen=True)
class Printed:
    """What a command left: both streams (UTF-8, else GB18030; and as bytes), its exit status, the seconds it took."""

    stdout: str
    stderr: str
    status: int
    seconds: float
    output: bytes = b""
    errors: bytes = b""


def decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def words(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:160]


def closed(channel: Channel) -> None:
    """Closes it, whatever its connection has come to."""
    with contextlib.suppress(OSError, EOFError):
        channel.close()


def finished(channel: Channel, command: str, began: float, ends: float, stdin: bytes, most: int) -> Printed:
    """What ``command``, started on ``channel``, prints to its end. ``began``, ``ends``: on ``time.monotonic``'s clock.

    Raises Undetermined: too slow, more than ``most`` bytes, cut off.
    """
    import paramiko

    try:
        threading.Thread(target=_fed, args=(channel, stdin, ends), daemon=True).start()
        output, errors = _drained(channel, ends, most)
        if not channel.status_event.wait(max(0.0, ends - time.monotonic())):
            raise TimeoutError
    except TimeoutError:
        raise Undetermined(f"命令 {command} 在 {ends - began:g} 秒内没有结束", "") from None
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise Undetermined(f"命令 {command} 没有执行完（{words(error)}）", QUIET) from None
    if channel.exit_status < 0:  # cut off: what there is may be half
        raise Undetermined(f"命令 {command} 没有正常结束（连接断开，或被对方中止）", QUIET)
    seconds = time.monotonic() - began
    return Printed(decoded(output), decoded(errors), channel.exit_status, seconds, output, errors)


def _fed(channel: Channel, stdin: bytes, ends: float) -> None:
    """Standard input to its end. A command that does not want it all says so by its status."""
    with contextlib.suppress(OSError, EOFError):
        channel.settimeout(max(0.01, ends - time.monotonic()))
        sent(channel, stdin)
        no_more(channel)


def sent(channel: Channel, data: bytes) -> None:
    """All of ``data`` as the command's input. Raises OSError, TimeoutError.

    In paramiko's own way it may come behind our CLOSE, which the other thread sends once the command has ended, and
    then OpenSSH ends the whole connection ("data packet referred to nonexistent channel"): here the lock is held.
    """
    from paramiko import Message
    from paramiko.common import cMSG_CHANNEL_DATA

    own, rest = cast(Any, channel), data  # the stubs leave out what is private
    while rest:
        with own.lock:
            size = own._wait_for_send_window(len(rest))
            if not size:
                raise OSError("Socket is closed")
            message = Message()
            message.add_byte(cMSG_CHANNEL_DATA)
            message.add_int(own.remote_chanid)
            message.add_string(rest[:size])
            own.transport._send_user_message(message)
        rest = rest[size:]


def no_more(channel: Channel) -> None:
    """The end of the command's input, before any CLOSE; see ``sent``."""
    own = cast(Any, channel)
    with own.lock:
        message = own._send_eof()
        if message is not None:
            own.transport._send_user_message(message)


def _drained(channel: Channel, ends: float, most: int) -> tuple[bytes, bytes]:
    """Both streams to their ends, read side by side. Raises TimeoutError, Undetermined for too much."""
    channel.settimeout(max(0.01, ends - time.monotonic()))
    errors = bytearray()
    other = threading.Thread(target=drain_errors, args=(channel, errors), daemon=True)
    other.start()
    output = bytearray()
    while piece := channel.recv(PIECE):
        output += piece
        if len(output) > most:
            raise Undetermined(f"输出超过 {most >> 20 or 1} MiB，没有读完", "")
        if time.monotonic() >= ends:
            raise TimeoutError
    other.join(max(0.0, ends - time.monotonic()))
    if other.is_alive():
        raise TimeoutError
    return bytes(output), bytes(errors)


def drain_errors(channel: Channel, errors: bytearray) -> None:
    """Standard error to its end, its beginning kept; unread, it would keep the other stream from coming."""
    with contextlib.suppress(OSError, EOFError):
        while piece := channel.recv_stderr(PIECE):
            errors += piece[: MOST_ERRORS - len(errors)]


class Full(Exception):
    """The server opens no further session on this connection."""


class Room:
    """How many commands may run on one connection at the same time; OpenSSH's default is ten (MaxSessions)."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._used = 0
        self._changed = threading.Condition()

    def take(self, ends: float) -> None:
        """A place, waited for. Raises Undetermined once it is too late."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._used < self._most, max(0.0, ends - time.monotonic())):
                raise Undetermined("该主机上同时运行的命令太多，没有轮到", "请稍后再检查。")
            self._used += 1

    def give(self) -> None:
        with self._changed:
            self._used -= 1
            self._changed.notify()

    def refused(self) -> bool:
        """A place that was taken is none: gives it back, and waits a little for another. False where no other command
        of ours holds one.
        """
        with self._changed:
            self._used -= 1
            alone = self._used == 0
            self._most = max(1, self._used)
            self._changed.wait(A_LITTLE)
            return not alone


class Lease:
    """A command's channel and its place; ``close``, from any thread, gives both back, once."""

    def __init__(self, room: Room, connection: Connection, command: str, ends: float) -> None:
        """Starts ``command`` before ``ends`` (on ``time.monotonic``'s clock). Raises Undetermined."""
        self._room = room
        self._lock = threading.Lock()
        self._given = False
        tries = PATIENT_TRIES  # a server may need a moment to see that a session is over
        while True:
            room.take(ends)
            try:
                self.channel = connection.start(command, ends)
                return
            except Full as error:
                tries -= not room.refused()
                if tries <= 0:
                    raise Undetermined(f"命令 {command} 没有执行（{error}）", QUIET) from None
            except BaseException:
                room.give()
                raise

    def close(self) -> None:
        with self._lock:
            given, self._given = self._given, True
        if not given:
            self._room.give()
            closed(self.channel)


class Duplex:
    """A command that is spoken with. One thread speaks; ``close`` may come from any and ends a blocked call."""

    def __init__(self, channel: Channel, command: str, given_back: Callable[[], None]) -> None:
        self._channel = channel
        self._given_back = given_back
        self._command = command
        self._errors = bytearray()
        self._draining = threading.Thread(target=drain_errors, args=(channel, self._errors), daemon=True)
        channel.settimeout(None)
        self._draining.start()

    def send(self, data: bytes, seconds: float) -> None:
        """Sends all of ``data``, which is noted nowhere. Raises Undetermined."""
        import paramiko

        try:
            self._channel.settimeout(max(0.01, seconds))
            sent(self._channel, data)
        except TimeoutError:
            raise Undetermined(f"命令 {self._command} 在 {seconds:g} 秒内没有读取输入", "") from None
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise Undetermined(f"命令 {self._command} 已经结束（{words(error)}）", QUIET) from None

    def receive(self, most: int, seconds: float) -> bytes:
        """What has come, at least one byte and at most ``most``; nothing at the command's end. Raises Undetermined."""
        try:
            self._channel.settimeout(max(0.01, seconds))
            return self._channel.recv(most)
        except TimeoutError:
            raise Undetermined(f"命令 {self._command} 在 {seconds:g} 秒内没有答复", "") from None
        except (EOFError, OSError) as error:
            raise Undetermined(f"命令 {self._command} 已经结束（{words(error)}）", QUIET) from None

    def no_more(self) -> None:
        """The end of its input."""
        with contextlib.suppress(OSError, EOFError):
            no_more(self._channel)

    def status(self, seconds: float) -> int | None:
        """Its exit status; None while it runs, or where it was cut off."""
        self._channel.status_event.wait(max(0.0, seconds))
        return self._channel.exit_status if self._channel.exit_status >= 0 else None

    @property
    def errors(self) -> bytes:
        """The beginning of its standard error so far."""
        return bytes(self._errors)

    @property
    def closed(self) -> bool:
        return bool(self._channel.closed)

    def close(self) -> None:
        self._given_back()
