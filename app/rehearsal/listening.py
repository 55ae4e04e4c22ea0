"""A TCP port of the rehearsal site: bound to loopback, a thread for each connection, ended at once.

What is said on a connection belongs to the server that derives from ``Listening``; which ports there are
belongs to the world.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading

LOOPBACK = "127.0.0.1"


class Listening:
    """Derive and write ``serve``; it may block on its connection and on ``pause``: both end when the port stops."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.stopping = threading.Event()
        self._switching = threading.RLock()  # one of start, stop, refuse at a time
        self._lock = threading.Lock()  # around the connections
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self._acceptor: threading.Thread | None = None
        self._refusing = False

    def serve(self, connection: socket.socket) -> None:
        """Speaks with one client; the connection is closed afterwards."""
        raise NotImplementedError

    def start(self) -> int:
        """Binds and answers from now on; gives the port. Raises OSError when the port is taken."""
        with self._switching:
            self._listener = bound(self.port)
            self.port = self._listener.getsockname()[1]
            if not self._refusing:
                self._accept(self._listener)
            return self.port

    def stop(self) -> None:
        """Ends every connection and frees the port; returns when no thread of this port is left."""
        self.stopping.set()
        with self._switching:
            self._stop_accepting()
            if self._listener is not None:
                self._listener.close()
                self._listener = None
            self.hang_up()
            for thread in self._threads:
                if thread is not threading.current_thread():
                    thread.join()

    def refuse(self, refusing: bool) -> None:
        """A refusing port stays ours (bound, so that nobody else gets it) but nobody listens on it."""
        with self._switching:
            changed, self._refusing = refusing != self._refusing, refusing
            if not changed or self._listener is None:
                return
            if refusing:
                self._stop_accepting()
                self._listener.close()
                self._listener = bound(self.port)
                self.hang_up()
            else:
                self._accept(self._listener)

    def hang_up(self) -> None:
        """Cuts every connection; what serves them notices and ends."""
        with self._lock:
            for connection in self._connections:
                cut(connection)

    def pause(self, seconds: float) -> None:
        """Waits, but no longer than the port lives."""
        self.stopping.wait(seconds)

    def _accept(self, listener: socket.socket) -> None:
        listener.listen(64)
        listener.setblocking(False)
        self._wake = socket.socketpair()
        self._acceptor = threading.Thread(target=self._accept_loop, args=(listener, self._wake[0]), daemon=True)
        self._acceptor.start()

    def _stop_accepting(self) -> None:
        if self._wake is None or self._acceptor is None:
            return
        self._wake[1].close()
        self._acceptor.join()
        self._wake[0].close()
        self._wake, self._acceptor = None, None

    def _accept_loop(self, listener: socket.socket, wake: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            while wake not in {key.fileobj for key, _ in selector.select()}:
                # The client may have gone again between the two calls.
                with contextlib.suppress(OSError):
                    self._take(listener.accept()[0])

    def _take(self, connection: socket.socket) -> None:
        connection.setblocking(True)
        # Small answers in several writes would else wait some 40 ms for an acknowledgement each.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=self._serve_and_close, args=(connection,), daemon=True)
        with self._lock:
            self._connections.add(connection)
        self._threads = [*(other for other in self._threads if other.is_alive()), thread]
        thread.start()

    def _serve_and_close(self, connection: socket.socket) -> None:
        try:
            # A client that hangs up in the middle is the client's business.
            with contextlib.suppress(OSError):
                self.serve(connection)
        finally:
            with self._lock:
                self._connections.remove(connection)
            cut(connection)
            connection.close()


def bound(port: int) -> socket.socket:
    """A socket bound to loopback that does not listen yet: connecting to it is refused."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # on Windows the option would let two programs share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        listener.close()
        raise
    return listener


def cut(connection: socket.socket) -> None:
    """Wakes whoever reads from or writes to the connection; closing it is left to its owner."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def hold(connection: socket.socket) -> None:
    """Accepts what the client says and answers nothing, until either side ends."""
    while connection.recv(65536):
        pass
