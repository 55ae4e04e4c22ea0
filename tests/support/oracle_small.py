"""A small Oracle on loopback: seerdb's server over SQLite, each view's rows set by the test."""

from __future__ import annotations

import contextlib
import functools
import logging
import re
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import oracle_dump
from oracle_operation import operation

from app.base.cancellation import Cancellation
from app.checks import runner
from app.checks.database.checks import CHECKS
from app.checks.model import Planned, Result, Surroundings
from app.site.model import Database, DatabaseExpect, Site

Row = dict[str, Any]
MIB = 1024 * 1024
THIN, LEGACY = 12, 6  # the protocol's field versions of 12.2 to 19c and of 11.2
MARK = "\x01"  # before a date kept as text
NOW = datetime(2026, 11, 24, 19, 30)
PASSWORD = "Check-2026#x"
COUNTED = re.compile(r"SELECT COUNT\(\*\) FROM (\S+) WHERE ROWNUM <= (\d+)$")
CAPPED = re.compile(r" AND ROWNUM <= (\d+)$")
OWNED = re.compile(r'"([^"]+)"\."([^"]+)"')
A_DAY_AGO = re.compile(r"SYSDATE - 1\b|SYSTIMESTAMP - INTERVAL '1' DAY")
SETTING = ("SET TRANSACTION READ ONLY", "BEGIN ", "ALTER SESSION")

logging.getLogger("seerdb.server").addHandler(logging.NullHandler())
logging.getLogger("seerdb.server").propagate = False


def file_row(tablespace: str, size: int, most: int = 0, name: str = "", **more: Any) -> Row:
    """A row of DBA_DATA_FILES or DBA_TEMP_FILES; sizes in MiB."""
    return {
        "TABLESPACE_NAME": tablespace, "FILE_NAME": name or f"/u02/oradata/{tablespace}.dbf", "BYTES": size * MIB,
        "AUTOEXTENSIBLE": "YES" if most else "NO", "MAXBYTES": most * MIB, "STATUS": "AVAILABLE",
        "ONLINE_STATUS": "ONLINE", **more,
    }  # fmt: skip


def healthy() -> dict[str, list[Row]]:
    """A database that every check passes with ``PLAN``."""
    parameters = {
        "sga_target": str(4096 * MIB), "memory_target": "0", "shared_pool_size": "0", "processes": "1000",
        "open_cursors": "300",
        "pga_aggregate_target": str(1024 * MIB), "undo_management": "AUTO", "undo_tablespace": "UNDOTBS1",
        "undo_retention": "900",
    }  # fmt: skip
    tablespaces = [("SYSTEM", "PERMANENT"), ("UNDOTBS1", "UNDO"), ("TEMP", "TEMPORARY"), ("JYJC_DATA", "PERMANENT")]
    views: dict[str, list[Row]] = {
        "GV$INSTANCE": [
            {"INST_ID": 1, "INSTANCE_NAME": "jyjc1", "HOST_NAME": "数据库主机", "STATUS": "OPEN", "LOGINS": "ALLOWED",
             "PARALLEL": "NO", "DATABASE_TYPE": "SINGLE", "ARCHIVER": "STARTED"}],
        "V$INSTANCE": [
            {"INSTANCE_NUMBER": 1, "INSTANCE_NAME": "jyjc1", "HOST_NAME": "数据库主机", "STATUS": "OPEN",
             "LOGINS": "ALLOWED", "PARALLEL": "NO", "ARCHIVER": "STARTED", "VERSION": "19.0.0.0.0",
             "STARTUP_TIME": NOW - timedelta(days=30),
             "VERSION_FULL": "19.3.0.0.0"}],
        "V$THREAD": [{"THREAD#": 1, "STATUS": "OPEN", "ENABLED": "PUBLIC", "INSTANCE": "jyjc1"}],
        "V$DATABASE": [
            {"NAME": "JYJC", "OPEN_MODE": "READ WRITE", "LOG_MODE": "ARCHIVELOG", "DATABASE_ROLE": "PRIMARY",
             "CDB": "NO"}],
        "V$VERSION": [{"BANNER": "Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production"}],
        "GV$PARAMETER": [{"INST_ID": 1, "NAME": name, "VALUE": value} for name, value in parameters.items()],
        "V$PARAMETER": [{"NAME": name, "VALUE": value} for name, value in parameters.items()],
        "GV$SGA": [{"INST_ID": 1, "NAME": "Variable Size", "VALUE": 4096 * MIB}],
        "V$SGA": [{"NAME": "Variable Size", "VALUE": 4096 * MIB}],
        "GV$SGAINFO": [
            {"INST_ID": 1, "NAME": "Shared Pool Size", "BYTES": 1024 * MIB},
            {"INST_ID": 1, "NAME": "Free SGA Memory Available", "BYTES": 0}],
        "GV$SGASTAT": [{"INST_ID": 1, "POOL": "shared pool", "BYTES": 1024 * MIB}],
        "GV$RESOURCE_LIMIT": [
            limit_row("processes", 100, 200, "      1000"), limit_row("sessions", 100, 200, " UNLIMITED"),
            limit_row("transactions", 9, 9, "         9")],
        "V$RESOURCE_LIMIT": [],
        "NLS_DATABASE_PARAMETERS": [
            {"PARAMETER": "NLS_CHARACTERSET", "VALUE": "ZHS16GBK"},
            {"PARAMETER": "NLS_NCHAR_CHARACTERSET", "VALUE": "AL16UTF16"}],
        "DBA_TABLESPACES": [
            {"TABLESPACE_NAME": name, "STATUS": "ONLINE", "CONTENTS": contents, "BLOCK_SIZE": 8192,
             "RETENTION": "NOGUARANTEE"} for name, contents in tablespaces],
        "DBA_DATA_FILES": [file_row("SYSTEM", 1000), file_row("UNDOTBS1", 1000), file_row("JYJC_DATA", 1000)],
        "DBA_FREE_SPACE": [
            {"TABLESPACE_NAME": name, "BYTES": size * MIB} for name, size in
            (("SYSTEM", 300), ("JYJC_DATA", 400), ("JYJC_DATA", 200), ("UNDOTBS1", 100))],
        "DBA_TEMP_FILES": [file_row("TEMP", 1000, STATUS="ONLINE")],
        "DBA_TEMP_FREE_SPACE": [{"TABLESPACE_NAME": "TEMP", "TABLESPACE_SIZE": 1000 * MIB, "FREE_SPACE": 900 * MIB}],
        "GV$SORT_SEGMENT": [{"TABLESPACE_NAME": "TEMP", "USED_BLOCKS": 12_800}],
        "V$SORT_SEGMENT": [],
        "DBA_UNDO_EXTENTS": [
            {"TABLESPACE_NAME": "UNDOTBS1", "STATUS": status, "BYTES": size * MIB} for status, size in
            (("ACTIVE", 50), ("UNEXPIRED", 800), ("EXPIRED", 50))],
        "GV$UNDOSTAT": [undo_row(minutes) for minutes in (5, 600, 1500)],
        "V$UNDOSTAT": [],
        "DBA_ROLLBACK_SEGS": [
            {"SEGMENT_NAME": name, "TABLESPACE_NAME": "SYSTEM", "STATUS": "ONLINE"} for name in ("SYSTEM", "RBS1")],
        "DBA_USERS": [user_row("SYS"), user_row("JYJC")],
        "DBA_TS_QUOTAS": [
            {"USERNAME": "JYJC", "TABLESPACE_NAME": "JYJC_DATA", "BYTES": 500 * MIB, "MAX_BYTES": -1}],
        "DBA_SYS_PRIVS": [{"GRANTEE": "DBA", "PRIVILEGE": "UNLIMITED TABLESPACE"}],
        "DBA_ROLE_PRIVS": [{"GRANTEE": "JYJC", "GRANTED_ROLE": "CONNECT"}],
        "DBA_PROFILES": [
            {"PROFILE": "DEFAULT", "RESOURCE_NAME": "PASSWORD_LIFE_TIME", "LIMIT": "UNLIMITED"},
            {"PROFILE": "DEFAULT", "RESOURCE_NAME": "IDLE_TIME", "LIMIT": "30"}],
        "DBA_OBJECTS": [
            {"OWNER": owner, "OBJECT_NAME": name, "OBJECT_TYPE": kind, "STATUS": "VALID"} for owner, name, kind in
            (("JYJC", "AA10", "TABLE"), ("JYJC", "P_HZ", "PROCEDURE"), ("SYS", "DUAL", "TABLE"),
             ("JYJH", "DY11", "TABLE"), ("JYJH", "就业登记", "TABLE"))],
        "DBA_ERRORS": [{"OWNER": "SYS", "NAME": "X", "TYPE": "VIEW", "ATTRIBUTE": "ERROR"}],
        "SESSION_ROLES": [{"ROLE": "SELECT_CATALOG_ROLE"}],
        "SESSION_PRIVS": [{"PRIVILEGE": "CREATE SESSION"}, {"PRIVILEGE": "SELECT ANY DICTIONARY"}],
        "USER_ROLE_PRIVS": [{"GRANTED_ROLE": "SELECT_CATALOG_ROLE"}],
        "USER_COL_PRIVS_RECD": [
            {"OWNER": "JYJC", "TABLE_NAME": "AA10", "COLUMN_NAME": "AAA100", "PRIVILEGE": "REFERENCES"}],
        "USER_TAB_PRIVS_RECD": [{"OWNER": "JYJC", "TABLE_NAME": "AA10", "PRIVILEGE": "SELECT"}],
        "ROLE_TAB_PRIVS": [{"OWNER": "SYS", "TABLE_NAME": "AUD$", "PRIVILEGE": "DELETE"}],
        **operation(NOW),
        "JYJC.AA10": [{"AAA100": n} for n in range(20)],
        "JYJH.DY11": [{"AAC003": "张三"} for _ in range(3)],
        "JYJH.就业登记": [{"姓名": "李四"}],
    }  # fmt: skip
    return views


def limit_row(name: str, current: int, highest: int, most: str) -> Row:
    return {
        "INST_ID": 1, "RESOURCE_NAME": name, "CURRENT_UTILIZATION": current, "MAX_UTILIZATION": highest,
        "LIMIT_VALUE": most,
    }  # fmt: skip


def undo_row(minutes: int, **more: Any) -> Row:
    """Ten minutes of V$UNDOSTAT that ended ``minutes`` ago."""
    return {
        "INST_ID": 1, "END_TIME": NOW - timedelta(minutes=minutes), "MAXQUERYLEN": 300, "TUNED_UNDORETENTION": 1500,
        "SSOLDERRCNT": 0, "NOSPACEERRCNT": 0, **more,
    }  # fmt: skip


def user_row(name: str, **more: Any) -> Row:
    return {
        "USERNAME": name, "ACCOUNT_STATUS": "OPEN", "DEFAULT_TABLESPACE": "JYJC_DATA", "EXPIRY_DATE": None,
        "PROFILE": "DEFAULT", **more,
    }  # fmt: skip


PLAN = DatabaseExpect(
    version="19", edition="Enterprise Edition", sga_min_mb=4096, shared_pool_min_mb=1024, users=("JYJC",),
    tablespaces=("JYJC_DATA",), charset="ZHS16GBK", ncharset="AL16UTF16",
    exchange_tables=("JYJH.DY11", "JYJH.就业登记"),
    code_tables={"JYJC.AA10": 20}, pga_min_mb=1024, backup_days=7,
    components=("CATALOG", "JServer JAVA Virtual Machine"),
)  # fmt: skip


def systimestamp() -> str:
    return datetime.now(UTC).astimezone(None).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " " + _zone()


def _zone() -> str:
    written = datetime.now(UTC).astimezone(None).strftime("%z")
    return f"{written[:3]}:{written[3:]}"


@dataclass
class SmallOracle:
    """``views`` hold the rows; a name taken out is ORA-00942, a column that no row has ORA-00904.

    ``columns`` are those of views without rows; ``errors`` a statement's part -> code and text; ``answers`` a statement
    -> its only value. ``attempts`` counts the log-ins; ``refusal`` is the code by which each is refused.
    """

    field_version: int = THIN
    views: dict[str, list[Row]] = field(default_factory=healthy)
    columns: dict[str, Sequence[str]] = field(default_factory=dict)
    errors: dict[str, tuple[int, str]] = field(default_factory=dict)
    answers: dict[str, Callable[[], Any]] = field(default_factory=dict)
    password: str = PASSWORD
    refusal: int = 0
    encryption: str = "accepted"
    attempts: int = 0
    statements: list[str] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)  # a statement with "hang" in ``errors`` has come
    released: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.columns |= {
            "V$ASM_DISKGROUP": ("NAME", "USABLE_FILE_MB", "FREE_MB", "TYPE"),
            "DBA_RECYCLEBIN": ("OBJECT_NAME",), "DATABASE_PROPERTIES":
            ("PROPERTY_NAME", "PROPERTY_VALUE"), "V$PDBS": ("NAME", "OPEN_MODE", "RESTRICTED"),
        } | {name: tuple(rows[0]) for name, rows in self.views.items() if rows}  # fmt: skip
        self.answers |= {
            "SELECT TO_CHAR(SYSTIMESTAMP, 'YYYY-MM-DD HH24:MI:SS.FF3 TZH:TZM') FROM DUAL": systimestamp,
            "SELECT SYSDATE FROM DUAL": lambda: NOW,
            "SELECT SYS_CONTEXT('USERENV', 'CON_NAME') FROM DUAL": lambda: "JYJC",
        }

    @property
    def charset(self) -> str:
        """In which it keeps its texts."""
        rows = self.views.get("NLS_DATABASE_PARAMETERS", [])
        named = [str(row["VALUE"]) for row in rows if row.get("PARAMETER") == "NLS_CHARACTERSET"]
        return next((name for name in named if name in oracle_dump.CODECS), "ZHS16GBK")

    def drop_view(self, *names: str) -> None:
        for name in names:
            self.views.pop(name, None)
            self.columns.pop(name, None)

    def drop_column(self, view: str, *names: str) -> None:
        self.views[view] = [{key: value for key, value in row.items() if key not in names} for row in self.views[view]]
        self.columns[view] = [name for name in self.columns[view] if name not in names]

    def parameter(self, name: str, value: str | None, instance: int = 1) -> None:
        """Sets a parameter, or takes it away."""
        rows = [row for row in self.views["GV$PARAMETER"] if (row["NAME"], row["INST_ID"]) != (name, instance)]
        self.views["GV$PARAMETER"] = rows + (
            [] if value is None else [{"INST_ID": instance, "NAME": name, "VALUE": value}]
        )

    def table(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        connection.create_function("TO_CHAR", 2, lambda value, model: value and str(_given(value)))
        for name in dict.fromkeys((*self.views, *self.columns)):
            columns = list(self.columns.get(name, ())) or sorted({key for row in self.views[name] for key in row})
            quoted = ", ".join(f"`{column}`" for column in columns)
            connection.execute(f"CREATE TABLE `{name}` ({quoted or 'DUMMY'})")
            marks = ", ".join("?" * len(columns))
            rows = [tuple(kept(row.get(column)) for column in columns) for row in self.views.get(name, ())]
            if columns:
                connection.executemany(f"INSERT INTO `{name}` VALUES ({marks})", rows)
        return connection


def kept(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{MARK}{value.isoformat()}"
    return str(value) if isinstance(value, Decimal) else value


@functools.cache
def translated(sql: str) -> str:
    """Oracle's SQL as SQLite's; only what the checks ask."""
    from sqlglot import parse_one
    from sqlglot.dialects.oracle import Oracle
    from sqlglot.dialects.sqlite import SQLite
    from sqlglot.expressions import Identifier

    class Source(Oracle):  # type: ignore[misc]
        class Parser(Oracle.Parser):  # type: ignore[misc]
            FUNCTIONS: Mapping[str, Any] = {}

    class Wanted(SQLite):  # type: ignore[misc]
        class Tokenizer(SQLite.Tokenizer):  # type: ignore[misc]
            IDENTIFIERS: ClassVar[list[str]] = ["`"]  # in double quotes SQLite takes a missing column for a text

    sql = A_DAY_AGO.sub(f"'{kept(NOW - timedelta(days=1))}'", OWNED.sub(r'"\1.\2"', sql))
    sql = CAPPED.sub(r" LIMIT \1", COUNTED.sub(r"SELECT COUNT(*) FROM (SELECT 1 FROM \1 LIMIT \2)", sql))
    tree = parse_one(sql, dialect=Source)
    for identifier in tree.find_all(Identifier):
        if not identifier.args.get("quoted"):
            identifier.set("this", identifier.name.upper())
    return str(tree.sql(dialect=Wanted, identify=True))


class Backend:
    """One session; what ``seerdb.server`` asks of a database."""

    capabilities: frozenset[Any] = frozenset()

    def __init__(self, oracle: SmallOracle) -> None:
        self._oracle = oracle
        self._connection = oracle.table()

    def authenticate(self, username: str) -> str | None:
        from seerdb.server import lockout

        lockout.unlock(username)
        self._oracle.attempts += 1
        return self._oracle.password

    def open_session(self, attributes: Mapping[str, object]) -> None:
        if self._oracle.refusal:
            raise self._error(self._oracle.refusal, "refused")

    def execute(self, sql: str, binds: Sequence[Any] = ()) -> Any:
        from seerdb.server import Result

        oracle = self._oracle
        sql = sql.replace("\n", " ") if "DUMP(" in sql else sql
        oracle.statements.append(sql)
        for part, (code, text) in oracle.errors.items():
            if part in sql:
                if text == "hang":
                    oracle.asked.set()
                    oracle.released.wait(30)
                raise self._error(code, text)
        if sql.startswith(SETTING):
            return Result()
        if (dumping := oracle_dump.asked(sql)) is not None:
            return self._dumped(dumping)
        return self._selected(sql)

    def _selected(self, sql: str) -> Any:
        if sql in self._oracle.answers:
            return described(["ANSWER"], [(self._oracle.answers[sql](),)])
        return self._query(sql)

    def _dumped(self, dumping: oracle_dump.Asked) -> Any:
        """DUMP of what a query inside brings."""
        found = self._selected(dumping.inner)
        if len(found.columns) != dumping.columns:
            raise self._error(1789, "ORA-01789: query block has incorrect number of result columns")
        rows = dumping.rows(found.rows, self._oracle.charset)
        return described([f"D{place}" for place in range(len(dumping.items))], rows)

    def _query(self, sql: str) -> Any:
        try:
            cursor = self._connection.execute(translated(sql))
            return described([column[0] for column in cursor.description], cursor.fetchall())
        except sqlite3.Error as error:
            text = str(error)
            code = 942 if "no such table" in text else 904 if "no such column" in text else 900
            raise self._error(code, text) from None

    def _error(self, code: int, text: str) -> Exception:
        from seerdb.server import BackendError

        error: Exception = BackendError(text, ora_code=code)
        return error

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None:
        self._connection.close()


def described(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    from seerdb.server import ColumnMeta, Result

    values = [tuple(_given(item) for item in row) for row in rows]
    columns = []
    for place, name in enumerate(names):
        kind, width = _kind([row[place] for row in values])
        columns.append(ColumnMeta(name=name.encode(), data_type=kind, data_length=width, max_size=width))
        if width == 4000:
            values = [(*row[:place], _as_text(row[place]), *row[place + 1 :]) for row in values]
    return Result(columns=columns, rows=values, rowcount=len(values))


def _given(item: Any) -> Any:
    if isinstance(item, str) and item.startswith(MARK):
        return datetime.fromisoformat(item[1:])
    return Decimal(repr(item)) if isinstance(item, float) else item


def _as_text(item: Any) -> Any:
    return item if item is None or isinstance(item, str) else str(item)


def _kind(column: Sequence[Any]) -> tuple[int, int]:
    """A column's type by its values: a view that mixes them is a nonsense one, and all text."""
    from seerdb.common import tns_consts as types

    seen = [item for item in column if item is not None]
    if seen and all(isinstance(item, int | Decimal) for item in seen):
        return int(types.TNS_TYPE_NUMBER), 22
    if seen and all(isinstance(item, datetime) for item in seen):
        return int(types.TNS_TYPE_DATE), 7
    return int(types.TNS_TYPE_VARCHAR), 4000


@contextlib.contextmanager
def serving(oracle: SmallOracle) -> Any:
    """Serves ``oracle`` on loopback; gives its port."""
    from seerdb.server import Server

    server = Server(
        "127.0.0.1",
        0,
        backend_factory=lambda: Backend(oracle),
        field_version=oracle.field_version,
        encryption=oracle.encryption,
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.port
    finally:
        oracle.released.set()
        server.close()


class Secrets:
    def __init__(self, password: str | None) -> None:
        self.password = password

    def get(self, target_id: str) -> str | None:
        return self.password


class NoKeys:
    def known(self, target_id: str) -> str:
        return ""


def target_of(port: int, **more: Any) -> Database:
    given = {"id": "db1", "host": "127.0.0.1", "port": port, "service": "JYJC", "user": "jyjc_check", "expect": PLAN}
    return Database(**{**given, **more})


def surroundings_of(*targets: Database, password: str | None = PASSWORD) -> Surroundings:
    site = Site("示例省节点", "510000", targets=targets, path=Path("site.toml"))
    return Surroundings(site, Secrets(password), NoKeys(), Cancellation())


def results(
    target: Database, *ids: str, password: str | None = PASSWORD, adjusted: Mapping[str, datetime] | None = None
) -> dict[str, Result]:
    """What the runner says of ``target``, by check; all checks of databases without ``ids``."""
    surroundings = replace(surroundings_of(target, password=password), adjusted=adjusted or {})
    found: list[Result] = []
    asked = [check for check in CHECKS if (not ids or check.id in ids) and check.concerns(target, surroundings.site)]
    runner.run([Planned(check, target) for check in asked], surroundings, found.append)
    return {result.check: result for result in found}


def judged(oracle: SmallOracle, check: str, target: Mapping[str, Any] | None = None, **expect: Any) -> Result:
    """One check put to ``oracle`` over a real connection; ``expect`` changes the plan, ``target`` the target."""
    with serving(oracle) as port:
        return results(target_of(port, expect=replace(PLAN, **expect), **(target or {})), f"oracle.{check}")[
            f"oracle.{check}"
        ]
