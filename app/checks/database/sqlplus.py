"""The route by sqlplus on the ``via`` host: one process over the lent SSH connection, spoken with to its end.

Commands, statements and the password go to its standard input alone. After each there is a mark of ours to be printed;
an answer without that mark is none. What may not be sent (a prompt that would take it for a new password) is not.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
import time
from typing import TYPE_CHECKING

from app.checks.database import routes, sqlplus_home, sqlplus_text
from app.checks.database.driver_loop import Cut
from app.checks.database.routes import SET_MODULE, Attempt, Row, Unspent, value_of
from app.checks.database.sqlplus_input import SETTINGS, connect_line, require_sendable
from app.checks.database.sqlplus_text import SqlplusTrouble, TooLong
from app.checks.model import Undetermined
from app.site.model import Database

if TYPE_CHECKING:
    from app.checks.host.channels import Duplex
    from app.checks.host.lent import Lent

START_SECONDS = 15.0
NUDGE_SECONDS = 4.0  # of silence after CONNECT, until the mark is asked for
PIECE = 65536
MOST_BYTES = 64 << 20  # of one answer
CLOSING = 2.0
CONNECTED = re.compile(r"^Connected\.\s*$", re.MULTILINE)
ASKING = re.compile(
    r"(?:^|\n)[ \t]*(?:(?:New|Retype new|Old|Enter) password|Enter (?:user-name|value for \S+))\s*:\s*\Z"
)
# A refusal stands below this word alone; errors of statements that a glogin.sql runs have "at line" behind it.
WHOLE_ERROR = re.compile(r"^ERROR:\s*\n\s*(ORA|TNS)-(\d{4,5}): ?(.*)\n", re.MULTILINE)
WARNINGS = ("28002", "28011")  # logged in all the same: the password will expire, the account will
EXPIRED = "28001"


class SqlplusConnection:
    """One sqlplus on the host. ``cut`` may come from any thread; all else from one at a time."""

    def __init__(self, lent: Lent) -> None:
        """Starts nothing yet."""
        self._lent = lent
        self._duplex: Duplex | None = None
        self._lock = threading.Lock()
        self._is_cut = False
        self._mark = f"onsite-{secrets.token_hex(8)}"
        self._count = 0
        self._read = bytearray()

    @property
    def is_cut(self) -> bool:
        return self._is_cut or bool(self._duplex and self._duplex.closed)

    def start(self, target: Database) -> str:
        """Finds sqlplus and has it answer once, connected to nothing; gives its release. Raises Unspent, Cut,
        Undetermined where the host is not reached.
        """
        try:
            place = sqlplus_home.find(self._lent, target)
            duplex = self._lent.open(place.command, seconds=START_SECONDS)
            with self._lock:
                self._duplex = duplex
            self._exchange("\n".join(SETTINGS), START_SECONDS)
        except (SqlplusTrouble, TimeoutError) as error:
            self.cut()
            raise Unspent(f"via 主机上的 sqlplus 没有启动：{error or f'{START_SECONDS:g} 秒内没有答复'}") from None
        except BaseException:
            self.cut()
            raise
        return place.release

    def log_in(self, attempt: Attempt) -> None:
        """The one CONNECT. Raises SqlplusTrouble, TimeoutError, Cut; the process is then at its end."""
        line = connect_line(attempt.account)
        began = time.monotonic()
        ends = began + routes.LOGIN_SECONDS
        attempt.spent = True
        try:
            self._send(line, ends)
            said = self._admitted(ends)
            attempt.seconds = time.monotonic() - began
            self._confirmed(said, ends)
        except BaseException:
            self.cut()
            raise

    def run(self, sql: str) -> None:
        printed = self._exchange(f"{sqlplus_text.typed(sql)}{_end(sql)}", routes.STATEMENT_SECONDS)
        if (error := sqlplus_text.trouble(printed)) is not None:
            raise error

    def select(self, sql: str, most: int) -> list[Row]:
        asked = sqlplus_text.taken_apart(sql)
        try:
            rows = self._rows(asked, most, 1)
        except TooLong:
            try:
                rows = self._rows(asked, most, sqlplus_text.SLICES)
            except TooLong:
                limit = sqlplus_text.SLICE * sqlplus_text.SLICES
                raise Undetermined(f"答复里有超过 {limit} 字节的值，经 sqlplus 读不全：{sql[:60]}") from None
        return [tuple(value_of(item) for item in row) for row in rows]

    def rollback(self) -> None:
        self.run("ROLLBACK")

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            duplex = self._duplex
        self._lent.abort()
        if duplex is not None:
            threading.Thread(target=duplex.close, daemon=True).start()

    def close(self) -> None:
        duplex = self._duplex
        if duplex is not None and not self.is_cut:
            with contextlib.suppress(Exception):
                duplex.send(b"EXIT\n", CLOSING)
                duplex.no_more()
                duplex.status(CLOSING)
        self.cut()

    def _rows(self, asked: sqlplus_text.Select, most: int, slices: int) -> list[Row]:
        statement = sqlplus_text.typed(asked.wrapped(most, slices))
        return sqlplus_text.rows(self._exchange(f"{statement};", routes.STATEMENT_SECONDS), asked.columns)

    def _admitted(self, ends: float) -> str:
        """Waits for what CONNECT brings, and sends nothing meanwhile: a prompt for a new password would take it.
        Returns what was printed.

        Two different lines end a long silence: what asks for a new password twice would find them unlike.
        """
        seen = ""
        nudged = False
        while True:
            quiet = NUDGE_SECONDS if not nudged else ends - time.monotonic()
            try:
                piece = self._received(min(ends, time.monotonic() + quiet))
            except TimeoutError:
                if nudged or time.monotonic() >= ends:
                    raise TimeoutError from None
                nudged = True
                self._send(f"PROMPT {self._mark}-a\nPROMPT {self._mark}-b\n", ends)
                continue
            seen += piece
            if CONNECTED.search(seen):
                self._settled(nudged, seen, ends)
                return seen
            if refusal := _refusal(seen):
                raise refusal
            if nudged and f"{self._mark}-b" in seen:
                return seen

    def _settled(self, nudged: bool, seen: str, ends: float) -> None:
        """Passes over the answers to lines that were sent while CONNECT was still at work."""
        while nudged and f"{self._mark}-b" not in seen:
            seen += self._received(ends)

    def _confirmed(self, said: str, ends: float) -> None:
        """The session's name, which also shows that there is a session; then the settings again. ``said``: what CONNECT
        brought, which tells why where there is none.
        """
        printed = self._exchange(f"{SET_MODULE}\n/", max(0.1, ends - time.monotonic()))
        error = sqlplus_text.trouble(printed)
        if error is not None and str(error).startswith(("SP2-0640", "ORA-03114", "ORA-01012")):
            raise sqlplus_text.trouble(said) or error
        self._exchange("\n".join(SETTINGS), max(0.1, ends - time.monotonic()))

    def _exchange(self, text: str, seconds: float) -> str:
        """What is printed for ``text`` up to our mark. Raises SqlplusTrouble, TimeoutError (then cut), Cut."""
        ends = time.monotonic() + seconds
        self._count += 1
        mark = f"{self._mark}-{self._count}."
        self._send(f"{text}\nPROMPT {mark}\n", ends)
        seen: list[str] = []
        size, tail = 0, ""
        while True:
            try:
                piece = self._received(ends)
            except TimeoutError:
                self.cut()
                raise
            seen.append(piece)
            size += len(piece)
            tail = (tail + piece)[-(PIECE + 200) :]
            if mark in tail:
                return "".join(seen).partition(mark)[0]
            if size > MOST_BYTES:
                self.cut()
                raise Undetermined(f"sqlplus 的答复超过 {MOST_BYTES >> 20} MiB，没有读完")
            if ASKING.search(tail):
                self.cut()
                raise SqlplusTrouble(f"sqlplus 停在提示上：{tail.strip().splitlines()[-1][:60]}")

    def _send(self, text: str, ends: float) -> None:
        if self._is_cut or self._duplex is None:
            raise Cut
        try:
            self._duplex.send(text.encode(), max(0.01, ends - time.monotonic()))
        except Undetermined:
            raise self._ended(ends) from None

    def _received(self, ends: float) -> str:
        """The next whole characters. Raises TimeoutError, Cut, SqlplusTrouble at the end of the process."""
        if self._is_cut or self._duplex is None:
            raise Cut
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            piece = self._duplex.receive(PIECE, left)
        except Undetermined:
            raise self._ended(ends) from None
        if not piece:
            raise self._ended(float("inf"))
        self._read += piece
        text, self._read = _whole(self._read)
        return text

    def _ended(self, ends: float) -> Exception:
        if self._is_cut:
            return Cut()
        if time.monotonic() >= ends - 0.01:
            return TimeoutError()
        duplex = self._duplex
        said = duplex.errors.decode("utf-8", "replace") if duplex else ""
        last = " ".join(said.split())[:160]
        self._is_cut = True
        return SqlplusTrouble(f"sqlplus 意外结束，没有给出完整的答复{f'（{last}）' if last else ''}")


def _whole(data: bytearray) -> tuple[str, bytearray]:
    """What is decoded of ``data``, and a last character that has not come whole."""
    for cut in range(4):
        try:
            return bytes(data[: len(data) - cut]).decode("utf-8"), data[len(data) - cut :]
        except UnicodeDecodeError:
            continue
    return bytes(data).decode("utf-8", "replace"), bytearray()


def _refusal(seen: str) -> SqlplusTrouble | None:
    """What makes further waiting vain: an error that is whole, or a prompt."""
    for kind, number, text in WHOLE_ERROR.findall(seen):
        if number not in WARNINGS:
            return SqlplusTrouble(f"{kind}-{number}: {text}".strip())
    if found := ASKING.search(seen):
        return SqlplusTrouble(f"sqlplus 停在提示上：{found.group(0).strip()}")
    return None


def _end(sql: str) -> str:
    return "\n/" if sql.startswith("BEGIN ") else ";"


def connect(attempt: Attempt, lent: Lent) -> SqlplusConnection:
    """Logs in by a sqlplus of its own. Raises Unspent before any log-in, SqlplusTrouble, TimeoutError, Cut, and
    Undetermined where the host is not reached; the process has ended in each case.
    """
    require_sendable(attempt.account)
    connection = SqlplusConnection(lent)
    attempt.hold(connection)
    connection.start(attempt.account.target)
    connection.log_in(attempt)
    return connection
