"""Small real servers on loopback, and the sessions and checks that speak to them: what the runner is tested with."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.base.cancellation import Cancellation
from app.checks.model import Check, Outcome, Planned, Session, Surroundings, Transcript, Undetermined, Verdict
from app.site.model import Bus, Site, Target


class Server:
    """Accepts any number of connections and leaves each to ``speak`` on a thread of its own."""

    def __init__(self, speak: Callable[[socket.socket, threading.Event], None]) -> None:
        self._speak = speak
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.accepted = threading.Semaphore(0)
        self._over = threading.Event()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.append(connection)
                self.accepted.release()
                threading.Thread(target=self._speak_to, args=(connection,), daemon=True).start()

    def _speak_to(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._speak(connection, self._over)

    def close(self) -> None:
        self._over.set()
        for each in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def silent(connection: socket.socket, over: threading.Event) -> None:
    """Never says a word."""
    over.wait()


def dripping(connection: socket.socket, over: threading.Event) -> None:
    """A byte every few milliseconds and never a line's end: each ``recv`` returns in time, the answer never does."""
    while not over.wait(0.005):
        connection.sendall(b".")


def greeting(connection: socket.socket, over: threading.Event) -> None:
    """Answers every line with ``hello``."""
    while connection.recv(100):
        connection.sendall(b"hello\n")


class Line:
    """A session over one TCP connection; the simplest that keeps the contract."""

    def __init__(self, port: int) -> None:
        self.transcript = Transcript()
        self.route = ""
        self.offset_seconds: float | None = None
        self.connected = 0
        self.closed = threading.Event()
        self._port = port
        self._socket: socket.socket | None = None

    def ask(self, text: str = "hello?") -> str:
        """One line there and one back. Raises Undetermined when the connection ends first."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port))
            self.connected += 1
            self.route = "tcp"
        self.transcript.note(text)
        answer = b""
        try:
            self._socket.sendall(text.encode() + b"\n")
            while not answer.endswith(b"\n"):
                more = self._socket.recv(100)
                if not more:
                    raise Undetermined("对方没有说完")
                answer += more
        except OSError as error:
            raise Undetermined("连接断开") from error
        return answer.decode().strip()

    def abort(self) -> None:
        if gone := self._socket:
            self._socket = None
            with contextlib.suppress(OSError):
                gone.shutdown(socket.SHUT_RDWR)
            gone.close()

    def close(self) -> None:
        self.abort()
        self.closed.set()


class Offline:
    """A session that connects nowhere."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.route = ""
        self.offset_seconds: float | None = None

    def abort(self) -> None: ...

    def close(self) -> None: ...


def ask(session: Line, target: Target) -> str:
    return session.ask()


def as_said(facts: Any, target: Target, site: Site) -> Verdict:
    return Verdict(Outcome.PASS, "hello", str(facts))


def a_check(name: str, gather: Callable[[Any, Any], Any] = ask, **more: Any) -> Check:
    """A check of bus targets called ``name``."""
    return Check(
        **{
            "id": name, "kind": "bus", "table": "bus", "title": name, "clause": "", "gather": gather,
            "compare": as_said, "seconds": 10.0, **more,
        }
    )  # fmt: skip


def never(session: Any, target: Target) -> Any:
    raise AssertionError("nothing was to be asked")


class NoSecrets:
    def get(self, target_id: str) -> str | None:
        return None


class NoKeys:
    def known(self, target_id: str) -> str:
        return ""


@dataclass
class Scene:
    """The targets of one test with the session of each."""

    sessions: dict[str, Session] = field(default_factory=dict)
    cancellation: Cancellation = field(default_factory=Cancellation)

    @property
    def surroundings(self) -> Surroundings:
        site = Site("示例省节点", "510000", path=Path("site.toml"))
        return Surroundings(site, NoSecrets(), NoKeys(), self.cancellation, vantage="本机 laptop")

    def open_session(self, target: Target, surroundings: Surroundings) -> Session:
        return self.sessions[target.id]

    def target(self, target_id: str, session: Session, **more: Any) -> Bus:
        self.sessions[target_id] = session
        return Bus(id=target_id, url="http://127.0.0.1/", **more)


def pairs(target: Target, *checks: Check) -> Sequence[Planned]:
    return [Planned(check, target) for check in checks]
