"""An event loop of our own for a database driver, on a thread of its own: any thread can cut it off at once.

Both drivers speak through asyncio transports here, which is what makes their sockets ours to close: their blocking
forms hide the socket, and a listener that accepts and stays silent holds them for ever.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import socket
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from app.checks.database.packet_guard import Meter, PacketGuard

T = TypeVar("T")
log = logging.getLogger(__name__)
WINDING_UP = 1.0  # seconds that cancelled tasks have to come back


class Cut(Exception):
    """The loop was cut off while, or before, it was used."""


class Overlong(Exception):
    """An answer that is larger than any that a check asks for."""

    def __init__(self, most: int) -> None:
        super().__init__(f"答复超过 {most >> 20} MiB，没有取完")


class _Loop(asyncio.SelectorEventLoop):
    """Knows its connections, and looks names up on threads that nothing waits for."""

    def __init__(self, guarded: bool) -> None:
        super().__init__()
        self.transports: list[asyncio.BaseTransport] = []
        self.set_exception_handler(lambda loop, context: log.debug("left behind: %s", context.get("message")))
        self.meter = Meter()
        self._guarded = guarded

    async def create_connection(self, protocol_factory: Any, *args: Any, **options: Any) -> Any:
        made = protocol_factory()
        given = PacketGuard(made, self.meter, framed=self._guarded)
        transport, _ = await super().create_connection(lambda: given, *args, **options)
        self.transports.append(transport)
        return transport, made

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        found: asyncio.Future[Any] = self.create_future()

        def told(answer: Any) -> None:
            if found.cancelled():
                return
            if isinstance(answer, BaseException):
                found.set_exception(answer)
            else:
                found.set_result(answer)

        def look_up() -> None:
            try:
                answer: Any = socket.getaddrinfo(host, port, **options)
            except (OSError, UnicodeError) as error:
                answer = error if isinstance(error, OSError) else OSError(str(error))
            with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
                self.call_soon_threadsafe(told, answer)

        threading.Thread(target=look_up, name="look-up", daemon=True).start()
        return await found


class DriverLoop:
    """Runs coroutines one after the other, each under its deadline. Once cut it runs none any more."""

    def __init__(self, guarded: bool = False) -> None:
        """``guarded``: what is no TNS packet ends a connection before the driver sees it."""
        self._loop = _Loop(guarded)
        self._lock = threading.Lock()
        self._running: concurrent.futures.Future[Any] | None = None
        self._is_cut = False
        threading.Thread(target=self._turn, name="database driver", daemon=True).start()

    @property
    def is_cut(self) -> bool:
        return self._is_cut

    def run(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """The result of ``work``, or what it raised.

        Raises TimeoutError after ``seconds`` (the loop is then cut: what comes late is closed), Overlong, and Cut when
        another thread cut it.
        """
        meter = self._loop.meter
        with self._lock:
            if self._is_cut:
                work.close()
                raise Cut
            meter.read = 0
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
            self._running = future
        try:
            return future.result(seconds)
        except concurrent.futures.CancelledError:
            raise Cut from None
        except TimeoutError:
            if future.done():
                raise
            self.cut()
            raise TimeoutError from None
        except Exception:
            if meter.overfull:
                raise Overlong(meter.most) from None
            raise

    def cut(self) -> None:
        """Ends what runs at once and closes every socket; from any thread, any number of times."""
        with self._lock:
            if self._is_cut:
                return
            self._is_cut = True
            running = self._running
            for transport in self._loop.transports:
                channel = transport.get_extra_info("socket")
                with contextlib.suppress(OSError, AttributeError):
                    channel.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._loop.stop)
        if running is not None:
            running.cancel()

    def _turn(self) -> None:
        try:
            self._loop.run_forever()
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            if tasks:
                self._loop.run_until_complete(asyncio.wait(tasks, timeout=WINDING_UP))
            for transport in self._loop.transports:
                transport.abort() if isinstance(transport, asyncio.WriteTransport) else transport.close()
            self._loop.run_until_complete(asyncio.sleep(0))
        finally:
            self._loop.close()
