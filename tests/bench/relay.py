"""A network with latency: relays on loopback that hold back each way for half a round trip, in a process of their own.

``python -m tests.bench.relay MILLISECONDS PORT…`` prints the relays' ports as a JSON list; after that, for each line on
standard input, the largest number of connections that each has had at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

LARGEST = 65536  # bytes read at once


@dataclass
class Relay:
    """One target's way: ``now`` and ``most`` count its connections."""

    port: int
    seconds: float
    now: int = 0
    most: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
            await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
        except OSError:
            writer.close()
        finally:
            self.now -= 1

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Everything in order, each piece ``seconds`` after it came; the end as well."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivering = asyncio.create_task(self._deliver(waiting, sink))
        clock = asyncio.get_running_loop().time
        with contextlib.suppress(OSError):
            while piece := await source.read(LARGEST):
                waiting.put_nowait((clock() + self.seconds, piece))
        waiting.put_nowait((clock() + self.seconds, b""))
        await delivering

    async def _deliver(self, waiting: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter) -> None:
        clock = asyncio.get_running_loop().time
        piece = b" "
        while piece:
            due, piece = await waiting.get()
            await asyncio.sleep(max(0.0, due - clock()))
            with contextlib.suppress(OSError):
                sink.write(piece)
                await sink.drain()
        with contextlib.suppress(OSError):
            sink.close()


async def main(arguments: Sequence[str]) -> None:
    seconds = float(arguments[0]) / 2000
    relays = [Relay(int(port), seconds) for port in arguments[1:]]
    servers = [await asyncio.start_server(relay.serve, "127.0.0.1", 0) for relay in relays]
    say([server.sockets[0].getsockname()[1] for server in servers])
    while await asyncio.to_thread(sys.stdin.readline):
        say([relay.most for relay in relays])
        for relay in relays:
            relay.most = relay.now


def say(numbers: Sequence[int]) -> None:
    sys.stdout.write(json.dumps(numbers) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
