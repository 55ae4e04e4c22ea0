"""The first line of an SSH server, read before anything is sent (RFC 4253, 4.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LONGEST = 65536  # bytes before the version line has come
LONGEST_LINE = 255
SHOWN = 60


class NotSsh(Exception):
    """Something answered, but not as SSH does. The text is what it said."""


class HungUp(Exception):
    """The other end closed before it had greeted."""


def read_greeting(receive: Callable[[int], bytes]) -> tuple[str, bytes]:
    """The server's version line, and all bytes read so far, to be handed on.

    Other lines may come before it. ``receive`` gives up to so many bytes, none at the end of the connection; what it
    raises is passed on. Raises NotSsh, HungUp.
    """
    data = b""
    while True:
        piece = receive(4096)
        data += piece
        if line := _version_line(data):
            return line, data
        if not piece:
            raise NotSsh(_shown(data)) if data and not data.startswith(b"SSH-"[: len(data)]) else HungUp
        if len(data) > LONGEST:
            raise NotSsh(_shown(data))


def _version_line(data: bytes) -> str:
    for line in data.split(b"\n")[:-1]:
        if line.startswith(b"SSH-"):
            if len(line) > LONGEST_LINE:
                raise NotSsh(_shown(line))
            return line.decode("utf-8", "replace").strip()
        if line.startswith(b"HTTP/"):
            raise NotSsh(_shown(line))
    return ""


def _shown(data: bytes) -> str:
    text = data[:SHOWN].decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else "·" for sign in text)


class Greeted:
    """A connection whose first bytes were read already; paramiko gets them again. Socket-like as paramiko needs it."""

    def __init__(self, channel: Any, data: bytes) -> None:
        self._channel = channel
        self._data = data
        self._closed = False

    def recv(self, size: int) -> bytes:
        if self._data:
            piece, self._data = self._data[:size], self._data[size:]
            return piece
        return bytes(self._channel.recv(size))

    def send(self, data: bytes) -> int:
        return int(self._channel.send(data))

    def settimeout(self, seconds: float | None) -> None:
        self._channel.settimeout(seconds)

    def getpeername(self) -> Any:
        return self._channel.getpeername()

    def close(self) -> None:
        self._closed = True
        self._channel.close()
