"""The journal's SQLite file: entries as stored bytes, transcripts, heads, and the ``current`` table beside them.

What an entry means, which chain it belongs to and how chains join is not decided here.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from app.base.errors import DamagedError, InputError, UnavailableError
from app.evidence.entry import Entry, parse

SCHEMA = 1
APPLICATION = 0x4F4E5331  # "ONS1": tells our file from any other SQLite file
CREATE = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
    hash TEXT PRIMARY KEY, chain TEXT NOT NULL, seq INTEGER NOT NULL, turn INTEGER NOT NULL,
    kind TEXT NOT NULL, subject TEXT NOT NULL, scope TEXT NOT NULL, raw BLOB NOT NULL
);
CREATE INDEX entries_by_order ON entries (turn, chain, seq);
CREATE INDEX entries_by_chain ON entries (chain, seq);
CREATE INDEX entries_by_subject ON entries (kind, subject, scope, turn, chain, seq);
CREATE TABLE current (
    kind TEXT NOT NULL, subject TEXT NOT NULL, scope TEXT NOT NULL,
    turn INTEGER NOT NULL, chain TEXT NOT NULL, seq INTEGER NOT NULL, hash TEXT NOT NULL,
    PRIMARY KEY (kind, subject, scope)
) WITHOUT ROWID;
CREATE TABLE transcripts (sha256 TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
"""
NEWEST = """
INSERT INTO current (kind, subject, scope, turn, chain, seq, hash) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, subject, scope) DO UPDATE
SET turn = excluded.turn, chain = excluded.chain, seq = excluded.seq, hash = excluded.hash
WHERE (excluded.turn, excluded.chain, excluded.seq, excluded.hash) > (turn, chain, seq, hash)
"""
# Older schemas are brought forward one step at a time; a copy of the file is kept before the first step.
MIGRATIONS: Mapping[int, str] = {}


class Store:
    """One open journal file. Every call is safe from any thread; ``write`` is False for a reader."""

    def __init__(self, path: Path, connection: sqlite3.Connection, *, write: bool) -> None:
        self.path = path
        self.write = write
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def create(cls, path: Path, meta: Mapping[str, str]) -> Store:
        """A new, empty journal file."""
        store = cls(path, _connect(path, write=True), write=True)
        with store.transaction() as connection:
            for statement in filter(str.strip, CREATE.split(";")):
                connection.execute(statement)
            connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
        return store

    @classmethod
    def open(cls, path: Path, *, write: bool) -> Store:
        """Opens a journal file. Raises DamagedError when it cannot be read (it is left as it is), InputError when a
        newer program wrote it. An older one is copied before it is migrated.
        """
        connection = _connect(path, write=write)
        try:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if application != APPLICATION:
                raise DamagedError(f"实施日志 {path} 读不了：不是本程序的日志文件。没有改动它。")
            if version > SCHEMA:
                raise InputError(f"实施日志 {path} 是更新版本的程序写的（格式 {version}），请升级本程序后再打开。")
            connection.execute("SELECT count(*) FROM meta").fetchone()
        except sqlite3.DatabaseError as error:
            connection.close()
            raise DamagedError(
                f"实施日志 {path} 已损坏，读不了（{error}）。没有改动它；请用移交包或备份恢复。"
            ) from error
        except (DamagedError, InputError):
            connection.close()
            raise
        store = cls(path, connection, write=write)
        if version < SCHEMA and write:
            store.migrate(version)
        return store

    def migrate(self, version: int) -> None:
        """Brings an older schema forward; the old file stays beside as ``journal.sqlite.<version>``."""
        shutil.copyfile(self.path, self.path.with_name(f"{self.path.name}.{version}"))
        with self.transaction() as connection:
            for step in range(version, SCHEMA):
                for statement in filter(str.strip, MIGRATIONS[step].split(";")):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA}")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, on the disk when it ends. Raises UnavailableError when the disk will not take it."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                self._rollback()
                raise UnavailableError(
                    f"写不进实施日志 {self.path}（{_cause(error)}）。请检查磁盘空间后重试。"
                ) from error
            except BaseException:
                self._rollback()
                raise

    def _rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """The rows of one reading statement. Raises DamagedError when the file cannot be read."""
        with self._lock:
            try:
                return self._connection.execute(statement, tuple(values)).fetchall()
            except sqlite3.DatabaseError as error:
                raise DamagedError(f"实施日志 {self.path} 已损坏，读不了（{error}）。") from error

    def entries(self, where: str = "", values: Sequence[object] = ()) -> Iterator[Entry]:
        """Entries in order (turn, chain, seq), read in pages so that a long journal does not fill memory."""
        after: tuple[object, ...] = (-1, "", -1, "")
        condition = f"AND ({where})" if where else ""
        while page := self.rows(
            "SELECT turn, chain, seq, hash, raw FROM entries "
            f"WHERE (turn, chain, seq, hash) > (?, ?, ?, ?) {condition} "
            "ORDER BY turn, chain, seq, hash LIMIT 2000",
            (*after, *values),
        ):
            yield from (parse(bytes(row[4]), str(row[3])) for row in page)  # type: ignore[call-overload]
            after = page[-1][:4]

    def meta(self, key: str) -> str:
        found = self.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return str(found[0][0]) if found else ""

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def put(connection: sqlite3.Connection, entry: Entry) -> bool:
    """Adds ``entry`` inside a transaction; False when it was there already."""
    columns = (entry.chain, entry.seq, entry.turn, entry.kind, entry.subject, entry.scope)
    added = connection.execute(
        "INSERT INTO entries (hash, chain, seq, turn, kind, subject, scope, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (hash) DO NOTHING",
        (entry.hash, *columns, entry.raw),
    ).rowcount
    if added:
        subject = (entry.kind, entry.subject, entry.scope)
        connection.execute(NEWEST, (*subject, entry.turn, entry.chain, entry.seq, entry.hash))
    return bool(added)


def put_transcript(connection: sqlite3.Connection, sha256: str, body: bytes) -> None:
    connection.execute("INSERT INTO transcripts VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING", (sha256, body))


def _connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection in autocommit; durable at every commit (WAL, FULL). A reader never changes the file."""
    try:
        if write:
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            return connection
        address = f"{path.resolve().as_uri()}?mode=ro"
        try:
            connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=10)
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            return connection
        except sqlite3.OperationalError:
            # A write-protected medium: WAL needs a file beside the journal, unless nothing can change it.
            return sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.DatabaseError as error:
        raise DamagedError(f"实施日志 {path} 读不了（{_cause(error)}）。没有改动它。") from error


def _cause(error: sqlite3.Error) -> str:
    text = str(error)
    known = {"full": "磁盘已满", "readonly": "只读", "disk I/O error": "读写出错", "locked": "另一个程序正在写"}
    return next((words for part, words in known.items() if part in text), text)
