"""The process that speaks to a database by oracledb in a mode of its own: a process has one, and the program is thin.

It takes orders by standard input and answers by standard output (``frames``); the password comes that way alone. When
the program ends, or closes its end, this process ends at once, whatever it is doing.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from app.checks.database import frames

MODES = ("thick", "thin")
ARRAY = 500  # rows a round trip
PROGRAM = "onsite-check"
MOST_MEMORY = 768 << 20  # bytes
CODES = 3  # an Oracle error may carry others; so many lines of it are told

Orders = queue.SimpleQueue[dict[str, Any]]


def child_main(arguments: Sequence[str] = ()) -> int:  # noqa: ARG001 - the shape of the program's other processes
    """Carries out orders until there are no more. Returns the exit status."""
    orders: Orders = queue.SimpleQueue()
    answers = _own_output()
    _limit_memory()
    threading.Thread(target=_heard, args=(sys.stdin.buffer, orders), daemon=True).start()
    worker = _Worker()
    while True:
        for answer in worker.obey(orders.get()):
            try:
                frames.write(answers, answer)
            except frames.BadFrame as error:
                frames.write(answers, _trouble(error))
                break


def _own_output() -> IO[bytes]:
    """Standard output for the answers only: what a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _limit_memory() -> None:
    """A driver that an answer leads astray may use up this much and no more; Windows knows no such limit."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))


def _heard(stream: IO[bytes], orders: Orders) -> None:
    """Hands on each order; the end of them, or what is none, ends the process even in the midst of a native call."""
    with suppress(frames.BadFrame, OSError):
        while (order := frames.read(stream)) is not None:
            orders.put(order)
    os._exit(0)


class _Worker:
    def __init__(self) -> None:
        self._connection: Any = None

    def obey(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The answers to one order: rows in several, then ``done`` or ``trouble``."""
        steps = {
            "start": self._start,
            "connect": self._connect,
            "run": self._run,
            "select": self._select,
            "rollback": self._roll_back,
            "close": self._close,
        }
        try:
            return [*steps[str(order.get("do"))](order), {"done": True}]
        except Exception as error:  # noqa: BLE001 - told at the other end
            return [_trouble(error)]

    def _start(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Loads the driver, and in thick mode the Instant Client; no log-in yet."""
        import oracledb

        oracledb.defaults.fetch_lobs = False
        oracledb.defaults.fetch_decimals = True
        if order["mode"] not in MODES:
            raise ValueError(f"mode {order['mode']!r}")
        if order["mode"] == "thin":
            return [{"version": "thin"}]
        oracledb.init_oracle_client(lib_dir=order["client"] or None)
        return [{"version": ".".join(map(str, oracledb.clientversion()))}]

    def _connect(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:
        import oracledb

        self._connection = oracledb.connect(user=order["user"], password=order["password"], dsn=order["dsn"])
        with suppress(Exception):  # clients before 18 have no deadline of their own; the program has one in any case
            self._connection.call_timeout = int(order["milliseconds"])
        self._connection.module = PROGRAM
        return []

    def _run(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:
        with self._connection.cursor() as cursor:
            cursor.execute(order["sql"])
        return []

    def _select(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:
        most = int(order["most"])
        with self._connection.cursor() as cursor:
            cursor.arraysize = min(ARRAY, most)
            cursor.execute(order["sql"])
            rows = [frames.packed(row) for row in cursor.fetchmany(most)]
        return [{"rows": rows[at : at + frames.BATCH]} for at in range(0, len(rows), frames.BATCH)]

    def _roll_back(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:  # noqa: ARG002 - the shape of a step
        self._connection.rollback()
        return []

    def _close(self, order: Mapping[str, Any]) -> list[dict[str, Any]]:  # noqa: ARG002 - the shape of a step
        self._connection.close()
        return []


def _trouble(error: Exception) -> dict[str, Any]:
    """What went wrong: the driver's own text, and the error number of the database where there is one."""
    inner = error.args[0] if error.args else None
    code = getattr(inner, "code", 0)
    text = "\n".join(str(error).splitlines()[:CODES])[:2000]
    return {"trouble": text or type(error).__name__, "code": code if isinstance(code, int) else 0}


if __name__ == "__main__":
    sys.exit(child_main(sys.argv[1:]))
