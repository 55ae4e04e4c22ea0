"""One TCP (or TLS) connection under one deadline, which any thread can end at once; no protocol above it lives here.

Sockets never block: each wait is a select over the socket and a waking pair, so that neither a silent peer, nor one
that sends a byte a second, nor a connect into a black hole outlives the deadline or an abort.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import queue
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")
PIECE = 65536
IN_PROGRESS = {errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK)}


class Aborted(Exception):
    """Someone called ``abort`` while the connection was in use, or before."""


class Unresolved(Exception):
    """The host's name has no address here."""


class Wire:
    """Open it, speak, close it; used by one thread, ``abort`` by any.

    ``deadline`` is on the clock of ``time.monotonic``, in seconds, over everything from the look-up of the name to the
    last byte. Every method raises TimeoutError once it has passed, Aborted after ``abort``, OSError as sockets do.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self._socket: socket.socket | None = None
        self._aborted = threading.Event()
        self._ear, self._mouth = socket.socketpair()
        self._addresses: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._lock = threading.Lock()

    def abort(self) -> None:
        """Makes a blocked call raise Aborted at once, and every later one."""
        with self._lock:
            self._aborted.set()
            self._mouth.close()
        self._cut()
        self._addresses.put(None)

    def close(self) -> None:
        with self._lock:
            self._mouth.close()
        self._ear.close()
        if self._socket is not None:
            self._socket.close()

    def detach(self) -> socket.socket:
        """Hands the connected socket over, blocking again; from here on it is the caller's to end and to close."""
        channel, self._socket = self._channel(), None
        channel.setblocking(True)
        self.close()
        return channel

    def open(self, host: str, port: int) -> None:
        """Connects to the first address of ``host`` that accepts. Raises Unresolved; ConnectionRefusedError only when
        every address refused, otherwise the error of one that did not.
        """
        addresses = self._resolve(host, port)
        errors: list[OSError] = []
        for index, (family, _, _, _, address) in enumerate(addresses):
            share = (self.deadline - time.monotonic()) / (len(addresses) - index)
            try:
                self._connect(family, address, time.monotonic() + share)
                return
            except OSError as error:  # TimeoutError is one
                errors.append(error)
        self._require_time(self.deadline)
        raise next((error for error in errors if not isinstance(error, ConnectionRefusedError)), errors[0])

    def encrypt(self, context: ssl.SSLContext, host: str) -> str:
        """TLS from here on, with the peer verified for ``host``. Returns the protocol agreed, e.g. ``TLSv1.2``.

        Raises ssl.SSLCertVerificationError, ssl.SSLError.
        """
        name = host.partition("%")[0]  # without an IPv6 zone
        encrypted = context.wrap_socket(self._channel(), server_hostname=name, do_handshake_on_connect=False)
        self._socket = encrypted
        late = threading.Timer(max(0.0, self.deadline - time.monotonic()), self._cut)
        late.daemon = True
        late.start()
        try:
            self._until(encrypted.do_handshake, selectors.EVENT_READ)
        finally:
            late.cancel()
        return encrypted.version() or ""

    def send(self, data: bytes) -> None:
        """Sends all of ``data``."""
        view = memoryview(data)
        while view:
            view = view[self._until(partial(self._channel().send, view[:PIECE]), selectors.EVENT_WRITE) :]

    def reader(self) -> io.BufferedReader:
        """What arrives, as a buffered binary file; end of file when the peer has closed."""
        return io.BufferedReader(_Incoming(self), PIECE)

    def receive_into(self, buffer: memoryview) -> int:
        return self._until(partial(self._channel().recv_into, buffer), selectors.EVENT_READ)

    def _cut(self) -> None:
        """Ends the connection under a call into OpenSSL, which goes on as long as a peer's records come."""
        if (channel := self._socket) is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(channel, socket.SHUT_RDWR)  # of an SSLSocket too: it says no farewell

    def _channel(self) -> socket.socket:
        if self._socket is None:
            raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))
        return self._socket

    def _resolve(self, host: str, port: int) -> list[Any]:
        """The addresses of ``host``; the look-up itself cannot be interrupted, so a thread of its own is left to it."""

        def look_up() -> None:
            try:
                self._addresses.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                self._addresses.put(error)

        threading.Thread(target=look_up, daemon=True).start()
        try:
            found = self._addresses.get(timeout=max(0.0, self.deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None
        if self._aborted.is_set():
            raise Aborted
        if isinstance(found, list):
            return found
        raise Unresolved(str(found))

    def _connect(self, family: int, address: Any, deadline: float) -> None:
        channel = socket.socket(family, socket.SOCK_STREAM)
        try:
            channel.setblocking(False)
            channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = channel.connect_ex(address)
            if code in IN_PROGRESS:
                self._wait(channel, selectors.EVENT_WRITE, deadline)
                code = channel.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code))
        except BaseException:
            channel.close()
            raise
        self._socket = channel

    def _until(self, attempt: Callable[[], T], event: int) -> T:
        while True:
            self._require_time(self.deadline)
            try:
                done = attempt()
                self._require_time(self.deadline)  # what ``abort`` cut off is no end that the peer made
                return done
            except ssl.SSLWantReadError:
                event = selectors.EVENT_READ
            except ssl.SSLWantWriteError:
                event = selectors.EVENT_WRITE
            except BlockingIOError:
                pass
            except OSError:
                self._require_time(self.deadline)
                raise
            self._wait(self._channel(), event, self.deadline)

    def _wait(self, channel: socket.socket, event: int, deadline: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(channel, event)
            selector.register(self._ear, selectors.EVENT_READ)
            selector.select(max(0.0, deadline - time.monotonic()))
        self._require_time(deadline)

    def _require_time(self, deadline: float) -> None:
        if self._aborted.is_set():
            raise Aborted
        if time.monotonic() >= deadline:
            raise TimeoutError


class _Incoming(io.RawIOBase):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with contextlib.suppress(ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return self._wire.receive_into(memoryview(buffer))
        return 0
