"""The Oracle listener of the rehearsal site: one port, two services, each a database of its own.

JYJC is the monitoring database, JYJH the exchange database. What a session can ask is in ``session``.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import TYPE_CHECKING

from app.rehearsal.listening import Listening, hold
from app.rehearsal.oracle import tns
from app.rehearsal.oracle.database import FAULTS, Database
from app.rehearsal.oracle.instance import RELEASES
from app.rehearsal.oracle.session import Session, converse

if TYPE_CHECKING:
    from app.rehearsal.world import World

TARGETS = {"JYJC": "db1", "JYJH": "db2"}  # service -> whose password opens it
UNKNOWN_SERVICE, UNKNOWN_SID, NO_SERVICE = 12514, 12505, 12504
SLOW_SECONDS = 1.3  # a log-in under the fault "slow"
FRESH_SECONDS = 300  # after which a database is made anew, so that its statistics are of the last ten minutes
LOG = "seerdb.server"


class OracleListener(Listening):
    """``logins`` and ``refused_logins`` count attempts. ``version``: 19c or 11.2.

    Faults: db-down, db-silent, db-wrong-password, account-locked, slow, and those of the data.
    """

    def __init__(self, world: World, port: int, version: str = "19c") -> None:
        super().__init__(port)
        self.world = world
        self.release = RELEASES[version]
        self.logins = 0
        self.refused_logins = 0
        self._counting = threading.Lock()
        self._databases: dict[tuple[str, frozenset[str]], tuple[float, Database]] = {}
        self._making = threading.Lock()
        # What clients do wrong is theirs to report; the log would go to standard error.
        logging.getLogger(LOG).addHandler(logging.NullHandler())
        logging.getLogger(LOG).propagate = False
        world.on_change(self.follow)

    def start(self) -> int:
        """As the base class; what a first log-in would have to wait for is made ready before."""
        import seerdb.server  # noqa: F401

        self.follow()
        return super().start()

    def follow(self) -> None:
        """Goes down or comes up with the fault db-down; has the databases ready as they are now."""
        for service in TARGETS:
            self.database(service)
        self.refuse("db-down" in self.world.faults)

    def serve(self, connection: socket.socket) -> None:
        if self.silent():
            hold(connection)
            return
        request = tns.read_request(connection)
        if request is None:
            return
        answer = self.answer(request)
        if answer is not None:
            connection.sendall(answer)
        else:
            self._converse(connection, request)

    def silent(self) -> bool:
        return "db-silent" in self.world.faults

    def answer(self, request: tns.Request) -> bytes | None:
        """What the listener says itself; None when a session begins."""
        command = request.field("COMMAND").lower()
        if command == "ping":
            return tns.ping_answer(self.release.packed)
        if command == "version":
            return tns.version_answer(request, self.release.packed, self.release.base)
        service, sid = request.field("SERVICE_NAME"), request.field("SID")
        if (service or sid).upper() in TARGETS:
            return None
        error = UNKNOWN_SERVICE if service else UNKNOWN_SID if sid else NO_SERVICE
        return tns.refusal(error, self.release.packed)

    def _converse(self, connection: socket.socket, request: tns.Request) -> None:
        service = (request.field("SERVICE_NAME") or request.field("SID")).upper()
        session = Session(
            self.release,
            self.password(service),
            lambda: self.database(service),
            lambda: self._hold_up(connection),
            self._count,
        )
        session.locked = "account-locked" in self.world.faults
        if "slow" in self.world.faults:
            self.pause(SLOW_SECONDS)
        converse(connection, request.raw, session)

    def _count(self, logins: int, refusals: int) -> None:
        with self._counting:
            self.logins += logins
            self.refused_logins += refusals

    def _hold_up(self, connection: socket.socket) -> None:
        """A session that is open when the database falls silent gets no answer either."""
        if self.silent():
            hold(connection)

    def password(self, service: str) -> str:
        secret = self.world.secrets[TARGETS[service]]
        return f"{secret}-changed" if "db-wrong-password" in self.world.faults else secret

    def database(self, service: str) -> Database:
        """The database of a service under the faults of this moment."""
        key = (service, self.world.faults & FAULTS)
        with self._making:
            made, database = self._databases.get(key, (0.0, None))
            if database is None or time.monotonic() - made > FRESH_SECONDS:
                database = Database(service, self.release, self.world.faults)
                self._databases[key] = (time.monotonic(), database)
            return database
