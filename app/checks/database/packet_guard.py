"""Stands before a driver and lets through only what is framed as TNS packets are, and no more than can be kept.

oracledb's thin mode takes a packet that announces no length for one of none, again and again, until memory is used up.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct

HEADER = 8  # bytes; the length counts them
ACCEPT = 2
WIDE_SINCE = 315  # protocol version of 12.1: from the ACCEPT on a length has four bytes
LARGEST_ANSWER = 48 << 20  # bytes of all packets that one statement or log-in brings
LARGEST = 2 << 20  # bytes of a packet, the largest session data unit (Net Services Reference, DEFAULT_SDU_SIZE)


class NotFramed(Exception):
    """What came cannot be a packet."""


class Frames:
    """Follows a stream's packets without keeping them."""

    def __init__(self) -> None:
        self._wide = False
        self._head = bytearray()  # of the packet that is coming, and of an ACCEPT its version too
        self._left = 0  # bytes of it still to come after what is in ``_head``

    def see(self, data: bytes) -> None:
        """Raises NotFramed."""
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                if not self._left:
                    self._head.clear()
                continue
            self._head.append(data[at])
            at += 1
            if len(self._head) >= HEADER:
                self._headed()

    def _headed(self) -> None:
        """Once the header is there, and of an ACCEPT the two bytes behind it."""
        size = struct.unpack_from(">I" if self._wide else ">H", self._head)[0]
        if not HEADER <= size <= LARGEST:
            raise NotFramed(f"a packet of {size} bytes")
        if self._head[4] == ACCEPT and size >= HEADER + 2:
            if len(self._head) < HEADER + 2:
                return
            self._wide = self._wide or struct.unpack_from(">H", self._head, HEADER)[0] >= WIDE_SINCE
        self._left = size - len(self._head)
        if not self._left:
            self._head.clear()


class Meter:
    """Counts the bytes of one answer. seerdb takes in all of its rows before it gives any."""

    def __init__(self, most: int = LARGEST_ANSWER) -> None:
        self.most = most
        self.read = 0

    @property
    def overfull(self) -> bool:
        return self.read > self.most


class PacketGuard(asyncio.Protocol):
    """In the place of the driver's own protocol, to which it hands on everything but nonsense, if it looks for that
    (``framed``), and what is more than ``meter`` allows; either ends the line.
    """

    def __init__(self, driver: asyncio.Protocol, meter: Meter | None = None, framed: bool = True) -> None:
        self._driver = driver
        self._meter = meter or Meter()
        self._frames = Frames() if framed else None
        self._transport: asyncio.BaseTransport | None = None
        self._over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._driver.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        self._meter.read += len(data)
        try:
            if self._frames:
                self._frames.see(data)
            self._over = self._meter.overfull
        except NotFramed:
            self._over = True
        if self._over:
            if isinstance(self._transport, asyncio.WriteTransport):
                self._transport.abort()
            return
        self._driver.data_received(data)

    def eof_received(self) -> bool | None:
        return self._driver.eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        with contextlib.suppress(asyncio.InvalidStateError):
            self._driver.connection_lost(error)

    def pause_writing(self) -> None:
        self._driver.pause_writing()

    def resume_writing(self) -> None:
        self._driver.resume_writing()
