"""The session of a database during one run: it logs in at most once, and remembers what kept it from that.

Which routes there are, and how one is taken, stands in ``ways``; the listener's probe has its own wire.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.base.clock import now
from app.base.errors import CancelledError
from app.base.identity import mask
from app.checks.database import clock, errors, routes, ways
from app.checks.database.blocking import LISTENER, LOGIN, Blocked, refused
from app.checks.database.driver_loop import Cut
from app.checks.database.errors import COLUMN_MISSING, VIEW_MISSING, SqlRefused, Trouble, asked_of
from app.checks.database.routes import Account, Attempt, Cuttable, Open, Row
from app.checks.model import Outcome, Surroundings, Transcript, Undetermined
from app.checks.wire import Wire
from app.site.model import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from app.checks.host.lent import Lent

READ_ONLY = "SET TRANSACTION READ ONLY"
MOST_ROWS = 20_000
NOTED_ROWS = 200  # rows of one answer that go into the transcript
MOST_AGAIN = 5  # times that a connection which is lost after its log-in is made again
ABORTED = "已中止"


@dataclass(frozen=True)
class LoggedIn:
    """How the log-in went: over which route, in how many seconds."""

    route: str
    seconds: float


class OracleSession:
    """See ``app.checks.model.Session``. Setting ``transcript`` begins a check, and with it a read-only transaction."""

    def __init__(self, target: Database, surroundings: Surroundings) -> None:
        self.target, self._surroundings = target, surroundings
        self.route = ""
        self.offset_seconds: float | None = None
        self._transcript = Transcript()
        self._begun = False
        self._lock = threading.Lock()
        self._connection: Open | None = None
        self._opening: Cuttable | None = None
        self._wire: Wire | None = None
        self._lent: Lent | None = None
        self._login: LoggedIn | None = None
        self._taken = ""  # the route that led there
        self._again = 0
        self._blocked: Blocked | None = None
        self._account: Account | None = None
        self._ended = self._closed = False  # this check was aborted; the run is over

    @property
    def transcript(self) -> Transcript:
        return self._transcript

    @transcript.setter
    def transcript(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._begun = False
        with self._lock:
            self._ended = self._closed

    # What the checks ask

    def connect(self) -> None:
        """Logs in unless that is done. Raises Undetermined."""
        self._connected()

    def log_in(self) -> LoggedIn:
        """How this run's only log-in went. Raises Failed or Undetermined: what kept it from that, each time anew."""
        self._connected(LOGIN)
        assert self._login is not None
        return self._login

    def select(self, *variants: str, most: int = MOST_ROWS) -> list[Row]:
        """The rows of the first of ``variants`` that this version and account can run.

        The next one is tried where a column or view is missing (ORA-00904, ORA-00942). Raises SqlRefused of the last,
        Undetermined when there is no connection or there are more than ``most`` rows.
        """
        for sql in variants[:-1]:
            try:
                return self._rows(sql, most)
            except SqlRefused as error:
                if error.code not in (COLUMN_MISSING, VIEW_MISSING):
                    raise
        return self._rows(variants[-1], most)

    def since_adjusted(self, check: str) -> timedelta | None:
        """How long ago the last 调整 because of this target's result of ``check`` was recorded; None for never."""
        at = self._surroundings.adjusted.get(f"{check}@{self.target.id}")
        return None if at is None else now() - at

    def block(self, outcome: Outcome, said: str, advice: str, where: str = LISTENER) -> Blocked:
        """Remembers why nothing more is to be tried; the first reason stays."""
        self._blocked = self._blocked or Blocked(outcome, said, advice, where)
        return self._blocked

    @contextmanager
    def wire(self, seconds: float) -> Iterator[Wire]:
        """A wire for the listener's probe, which ``abort`` ends; it is closed afterwards."""
        wire = Wire(time.monotonic() + seconds)
        with self._lock:
            self._wire = wire
            if self._ended:
                wire.abort()
        try:
            yield wire
        finally:
            with self._lock:
                self._wire = None
            wire.close()

    def via(self) -> Lent:
        """A borrower of the connection to the ``via`` host, which ``abort`` ends. Raises Undetermined."""
        from app.checks.host.lent import lend

        with self._lock:
            if self._ended:
                raise Undetermined(ABORTED)
            try:
                self._lent = self._lent or lend(self._surroundings, self.target.via)
            except ValueError as error:
                raise Undetermined(f"现场配置里没有 via 主机 {self.target.via}：{error}") from None
            lent = self._lent
            lent.begin()
        lent.transcript = self._transcript
        return lent

    # The run's side

    def abort(self) -> None:
        """Ends what blocks, at once, from any thread."""
        with self._lock:
            self._ended = True
            wire, opening, lent = self._wire, self._opening, self._lent
        if lent is not None:
            lent.abort()
        if wire is not None:
            wire.abort()
        if opening is not None:
            opening.cut()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            connection, self._connection = self._connection, None
        if connection is not None and not connection.is_cut:
            connection.close()
        self.abort()

    # Connecting

    def _connected(self, asking: str = "") -> Open:
        if self._connection is not None and not self._connection.is_cut:
            return self._connection
        if self._ended:
            raise Undetermined(ABORTED)
        if self._login is not None:
            self._again += 1
            if self._again > MOST_AGAIN:
                raise Undetermined("登录之后连接屡次断开，本次不再重连", errors.ALERT_LOG)
        if self._blocked is None:
            self._connection = self._connect()
            self._begun = False
        if self._blocked is not None:
            raise self._blocked.raised(asking)
        assert self._connection is not None
        return self._connection

    def _connect(self) -> Open | None:
        """A connection, or None when there is none and ``_blocked`` says why."""
        account = self._account = self._account or self._known_account()
        if account is None:
            return None
        possible = (self._taken,) if self._taken else ways.order(self.target, self._surroundings)
        for route in possible:
            self.route = title = ways.title(route, self.target)
            routes.load(route)
            attempt = Attempt(account, self._hold)
            try:
                connection = ways.connect(route, attempt, self._surroundings, self._transcript)
            except CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - each kind is told; anything else becomes the reason as well
                trouble = errors.trouble_of(error, account.password)
                self._transcript.note(f"{title}：{errors.words(trouble)}")
                if route != possible[-1] and not self._ended and ways.goes_on(route, error, trouble, attempt):
                    continue
                self._refused(Cut() if self._ended else error, trouble, title)
                return None
            self._admitted(route, connection, attempt.seconds)
            return connection
        return None

    def _admitted(self, route: str, connection: Open, seconds: float) -> None:
        self._taken = route
        self._login = self._login or LoggedIn(self.route, seconds)
        self._transcript.note(f"{self.route} 登录成功，{seconds:.3f} 秒")
        self._settle(connection)

    def _hold(self, opening: Cuttable) -> None:
        with self._lock:
            self._opening = opening
            ended = self._ended
        if ended:
            opening.cut()

    def _known_account(self) -> Account | None:
        """Who logs in; None when that is known to be in vain."""
        password = self._surroundings.secrets.get(self.target.id)
        if not password:
            said = f"没有口令：{self.target.user}@{self.target.id}"
            self.block(Outcome.UNKNOWN, said, "请在系统密钥环里为该对象存入口令，或在检查前输入。", LOGIN)
            return None
        return Account(self.target, password)

    def _refused(self, error: Exception, trouble: Trouble, title: str) -> None:
        if isinstance(error, Cut) and self._login is not None:
            raise Undetermined(ABORTED) from None
        self._blocked = self._blocked or refused(error, trouble, self.target, title)

    def _settle(self, connection: Open) -> None:
        """What a new connection is told first: its name among the sessions; and the clock is read once."""
        if self._taken == "legacy":
            with suppress(Exception):
                connection.run(routes.SET_MODULE)
        if self.offset_seconds is None:
            with suppress(Exception):
                before = time.time()
                rows = connection.select(clock.SQL, 1)
                self.offset_seconds = clock.offset(rows, before, time.time())

    # Asking

    def _rows(self, sql: str, most: int) -> list[Row]:
        connection = self._connected()
        self._begin(connection)
        self._transcript.note(f"SQL> {sql}")
        rows = self._answered(connection, lambda: connection.select(sql, most + 1), sql)
        self._note(rows)
        if len(rows) > most:
            raise Undetermined(f"答复超过 {most} 行，无法完整判断：{asked_of(sql)}")
        return rows

    def _begin(self, connection: Open) -> None:
        """A read-only transaction for each check; where the server has none it is noted."""
        if self._begun:
            return
        self._begun = True
        try:
            self._answered(connection, connection.rollback, "ROLLBACK")
            self._answered(connection, lambda: connection.run(READ_ONLY), READ_ONLY)
        except SqlRefused as error:
            if connection.is_cut:
                raise
            self._transcript.note(f"没有只读事务：{error.reason}")

    def _answered(self, connection: Open, ask: Callable[[], list[Row] | None], sql: str) -> list[Row]:
        try:
            return ask() or []
        except Cut:
            raise Undetermined(ABORTED) from None
        except (Undetermined, CancelledError):
            raise
        except TimeoutError:
            reason = f"{routes.STATEMENT_SECONDS:g} 秒内没有答复：{asked_of(sql)}"
            raise Undetermined(reason, "请核对数据库是否繁忙，再检查一次。") from None
        except Exception as error:  # noqa: BLE001 - a driver's own errors have no common root
            if self._ended:  # the driver noticed the closed socket first
                raise Undetermined(ABORTED) from None
            trouble = errors.trouble_of(error, self._account.password if self._account else "")
            self._transcript.note(errors.words(trouble))
            if trouble.lost:
                connection.cut()
            raise SqlRefused(trouble, sql) from None

    def _note(self, rows: list[Row]) -> None:
        for row in rows[:NOTED_ROWS]:
            self._transcript.note(mask("  " + " | ".join("" if item is None else str(item) for item in row)))
        if len(rows) > NOTED_ROWS:
            self._transcript.note(f"  ……共 {len(rows)} 行")
        if not rows:
            self._transcript.note("  （没有行）")


def open_session(target: Database, surroundings: Surroundings) -> OracleSession:
    """Connects nothing yet."""
    return OracleSession(target, surroundings)
