"""One client's session with a database: log-in by the rehearsal's password, queries, nothing that writes.

This is what ``seerdb.server`` calls a backend; the protocol belongs to it, the data to ``database``.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.rehearsal import asked
from app.rehearsal.oracle.database import Answer, Database
from app.rehearsal.oracle.instance import Release
from app.rehearsal.oracle.people import CHECK_USER
from app.rehearsal.oracle.statements import Kind, kind_of, new_schema
from app.rehearsal.oracle.values import OraError

if TYPE_CHECKING:
    from seerdb.server import BackendError, Result
    from seerdb.server.identity import ServerIdentity

LOCKED = OraError(28000, "The account is locked.")


class Session:
    """Made for each connection; ``database`` gives the one to ask at this moment, ``before`` may hold a call up.

    ``count`` hears how many log-ins and refusals there are more. Whoever is asked for a password counts as refused
    until he is let in: so the number is right before the client reads its refusal.
    """

    capabilities: frozenset[Any] = frozenset()

    def __init__(
        self,
        release: Release,
        password: str,
        database: Callable[[], Database],
        before: Callable[[], None],
        count: Callable[[int, int], None],
    ) -> None:
        self.release = release
        self.field_version = release.field_version
        self.locked = False
        self.asked = False  # for a password
        self.entered = False
        self.schema = CHECK_USER
        self._password = password
        self._database = database
        self._before = before
        self._count = count

    def authenticate(self, username: str) -> str | None:
        """The password that must be known; None for a user that does not exist."""
        from seerdb.server import lockout

        self.asked = True
        self._count(0, 1)
        lockout.unlock(username)  # locking accounts is a fault of the rehearsal, not of a process's history
        return self._password if username.upper() == CHECK_USER else None

    def open_session(self, attributes: Mapping[str, object]) -> None:  # noqa: ARG002 - the server's interface
        """The password was right; a locked account is refused all the same."""
        if self.locked:
            raise as_backend_error(LOCKED)
        self.entered = True
        self._count(1, -1)

    def gone(self) -> None:
        """The client left before it proved a password: neither a log-in nor a refusal."""
        if self.asked and not self.entered:
            self._count(0, -1)

    def session_info(self) -> Any:
        from seerdb.server.backend import SessionInfo

        name = self._database().instance.name
        return SessionInfo(71, 171, instance_name=name, db_name=name, service_name=name)

    def session_release(self) -> ServerIdentity:
        from seerdb.server.identity import ServerIdentity

        return ServerIdentity(self.release.packed, b"25", b"- Production", self.release.banner.encode())

    def execute(self, sql: str, binds: Sequence[object] = ()) -> Result:
        self._before()
        asked.note("sql", 0, sql)
        try:
            return self._executed(sql, [getattr(bind, "value", bind) for bind in binds])
        except OraError as error:
            raise as_backend_error(error) from None

    def _executed(self, sql: str, binds: Sequence[object]) -> Result:
        from seerdb.server import Result

        if kind_of(sql) is Kind.SETTING:
            self.schema = new_schema(sql) or self.schema
            return Result()
        answer = self._database().query(sql, binds, self.schema)
        return Result(columns=described(answer), rows=answer.rows, rowcount=len(answer.rows))

    def alter_session(self, statement: str) -> None:
        """What a driver sets while it logs in."""

    def commit(self) -> None:
        """There is nothing to keep."""

    def rollback(self) -> None:
        """There is nothing to give up."""

    def close(self) -> None:
        """The database stays with the listener."""


def as_backend_error(error: OraError) -> BackendError:
    from seerdb.server import BackendError

    return BackendError(error.text, ora_code=error.code)


def described(answer: Answer) -> list[Any]:
    """The describe of an answer: a VARCHAR2 is as wide as its widest value needs."""
    from seerdb.common import tns_consts as types
    from seerdb.server import ColumnMeta

    kinds = {
        "VARCHAR": types.TNS_TYPE_VARCHAR, "NUMBER": types.TNS_TYPE_NUMBER, "DATE": types.TNS_TYPE_DATE,
        "TIMESTAMP": types.TNS_TYPE_TIMESTAMP, "TIMESTAMPTZ": types.TNS_TYPE_TIMESTAMPTZ, "RAW": types.TNS_TYPE_RAW,
    }  # fmt: skip
    widths = {"NUMBER": 22, "DATE": 7, "TIMESTAMP": 11, "TIMESTAMPTZ": 13}
    return [
        ColumnMeta(
            name=name.encode(),
            data_type=kinds[kind],
            data_length=widths.get(kind, 4000),
            max_size=widths.get(kind, 4000),
        )
        for name, kind in zip(answer.columns, answer.types, strict=True)
    ]


def converse(connection: socket.socket, first: bytes, session: Session) -> None:
    """Serves the client whose CONNECT is ``first`` to its end."""
    from seerdb.common.exceptions import InterfaceError
    from seerdb.server import PacketStream, serve_session

    from app.rehearsal.oracle.tns import Replayed

    try:
        serve_session(PacketStream(Replayed(connection, first)), session)
    except InterfaceError as error:
        if "authentication rejected" not in str(error):
            session.gone()
    except OSError:
        session.gone()
