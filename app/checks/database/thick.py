"""The route by oracledb in thick mode: the Instant Client is loaded by a worker process, which is spoken to from here.

An ``abort`` kills that process, which nothing can hold up; a library that crashes ends nothing but it.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.checks.database import frames, routes
from app.checks.database.driver_loop import Cut
from app.checks.database.routes import CLOSING, Attempt, Row, Unspent, value_of
from app.site.model import Database

CHILD = "--database-worker"  # what the frozen program is called with to become the worker
MODULE = "app.checks.database.worker"
MODE = "thick"
START_SECONDS = 15.0  # for Python, the driver and the client's libraries
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
LIBRARY_PATHS = {"linux": "LD_LIBRARY_PATH", "darwin": "DYLD_LIBRARY_PATH", "win32": "PATH"}
SECRET = "ONSITE_SECRET_"  # how variables that hold passwords begin; the worker has no use for them
GONE = "数据库驱动的进程意外结束"


class WorkerTrouble(Exception):
    """What the worker's driver raised; ``code`` is the database's error number, 0 where it is the driver's own."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class WorkerConnection:
    """A worker with its one connection. ``cut`` may come from any thread; all else from one at a time."""

    def __init__(self, mode: str = MODE, client: str = "") -> None:
        """Starts the process; it neither loads the driver nor connects yet. Raises Unspent."""
        self._mode, self._client = mode, client
        self._lock = threading.Lock()
        self._is_cut = False
        try:
            self._child = launch(client)
        except (OSError, ValueError) as error:
            raise Unspent(f"数据库驱动的进程起不来（{error}）") from None
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="database worker", daemon=True)
        self._reader.start()

    @property
    def is_cut(self) -> bool:
        return self._is_cut

    @property
    def pid(self) -> int:
        return self._child.pid

    def start(self) -> str:
        """Loads the driver and the client; gives its version. Raises Unspent, Cut."""
        try:
            order = {"do": "start", "mode": self._mode, "client": self._client}
            told = self._asked(order, START_SECONDS)
        except (WorkerTrouble, TimeoutError) as error:
            self.cut()
            raise Unspent(str(error) or f"{START_SECONDS:g} 秒内没有加载完数据库驱动") from None
        return str(told[0].get("version", "")) if told else ""

    def log_in(self, attempt: Attempt) -> None:
        """The one attempt. Raises WorkerTrouble, TimeoutError, Cut; the process is then at its end."""
        account, target = attempt.account, attempt.account.target
        order = {
            "do": "connect", "user": target.user, "password": account.password, "dsn": dsn(target),
            "milliseconds": int(routes.STATEMENT_SECONDS * 1000),
        }  # fmt: skip
        attempt.spent = True
        began = time.monotonic()
        try:
            self._asked(order, routes.LOGIN_SECONDS)
        except BaseException:
            self.cut()
            raise
        attempt.seconds = time.monotonic() - began

    def run(self, sql: str) -> None:
        self._asked({"do": "run", "sql": sql}, routes.STATEMENT_SECONDS + routes.GRACE)

    def select(self, sql: str, most: int) -> list[Row]:
        told = self._asked({"do": "select", "sql": sql, "most": most}, routes.STATEMENT_SECONDS + routes.GRACE)
        try:
            rows = [frames.unpacked(row) for part in told for row in part.get("rows", ())]
        except frames.BadFrame:
            self.cut()
            raise WorkerTrouble("数据库驱动的进程给出的答复无法理解", 0) from None
        return [tuple(value_of(item) for item in row) for row in rows]

    def rollback(self) -> None:
        self._asked({"do": "rollback"}, routes.STATEMENT_SECONDS)

    def cut(self) -> None:
        """Kills the process; whoever waits for it gets Cut."""
        with self._lock:
            self._is_cut = True
            self._child.kill()
        with contextlib.suppress(OSError, ValueError):
            self._stdin().close()

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._asked({"do": "close"}, CLOSING)
        self.cut()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(CLOSING)

    def _stdin(self) -> Any:
        return self._child.stdin

    def _asked(self, order: Mapping[str, Any], seconds: float) -> list[dict[str, Any]]:
        """What the worker answers before ``done``. Raises WorkerTrouble, TimeoutError (then cut), Cut."""
        if self._is_cut:
            raise Cut
        ends = time.monotonic() + seconds
        with contextlib.suppress(OSError, ValueError):  # an end of the process shows when the answer is waited for
            frames.write(self._stdin(), order)
        told: list[dict[str, Any]] = []
        while True:
            try:
                answer = self._answers.get(timeout=max(0.0, ends - time.monotonic()))
            except queue.Empty:
                self.cut()
                raise TimeoutError from None
            if answer is None:
                raise self._over()
            if "trouble" in answer:
                raise WorkerTrouble(str(answer["trouble"]), int(answer.get("code") or 0))
            if "done" in answer:
                return told
            told.append(answer)

    def _over(self) -> Exception:
        if self._is_cut:
            return Cut()
        status = self._child.returncode
        self.cut()
        how = "" if status is None else f"（信号 {-status}）" if status < 0 else f"（退出码 {status}）"
        return WorkerTrouble(GONE + how, 0)

    def _read(self) -> None:
        """Hands on every answer, and None at the end or at the first that is none."""
        stream = self._child.stdout
        assert stream is not None
        with stream, contextlib.suppress(frames.BadFrame, OSError, ValueError):
            while (answer := frames.read(stream)) is not None:
                self._answers.put(answer)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(CLOSING)
        self._child.kill()
        self._answers.put(None)


def connect(attempt: Attempt, client: str) -> WorkerConnection:
    """Logs in by a worker of its own. ``client``: the Instant Client's folder, "" for one that the system knows.

    Raises Unspent before any log-in, WorkerTrouble, TimeoutError, Cut; the process has ended in each case.
    """
    connection = WorkerConnection(MODE, client)
    attempt.hold(connection)
    connection.start()
    connection.log_in(attempt)
    return connection


def dsn(target: Database) -> str:
    """The descriptor: one address, no second try."""
    address = f"(ADDRESS=(PROTOCOL=TCP)(HOST={target.host})(PORT={target.port}))"
    name = f"(SERVICE_NAME={target.service})" if target.service else f"(SID={target.sid})"
    once = f"(CONNECT_TIMEOUT={max(1, round(routes.LOGIN_SECONDS))})(RETRY_COUNT=0)"
    return f"(DESCRIPTION={once}{address}(CONNECT_DATA={name}))"


def launch(client: str) -> subprocess.Popen[bytes]:
    """The worker's process; the client's folder is first where the system looks for libraries. Raises OSError."""
    frozen = getattr(sys, "frozen", False)
    program = [sys.executable, CHILD] if frozen else [sys.executable, "-m", MODULE]
    return subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(client),
        creationflags=NO_WINDOW,
    )  # fmt: skip


def environment(client: str) -> dict[str, str]:
    """This process's, without passwords, with the places of our modules and of the client's libraries."""
    values = {name: value for name, value in os.environ.items() if not name.upper().startswith(SECRET)}
    _prepend(values, "PYTHONPATH", str(Path(__file__).parents[3]))
    if client and (name := LIBRARY_PATHS.get(sys.platform)):
        _prepend(values, name, client)
    return {**values, "PYTHONUTF8": "1", "NLS_LANG": "AMERICAN_AMERICA.AL32UTF8"}


def _prepend(values: dict[str, str], name: str, first: str) -> None:
    values[name] = os.pathsep.join([first, *filter(None, [values.get(name)])])
