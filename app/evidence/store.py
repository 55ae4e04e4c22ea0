"""The journal's SQLite file: entries as stored bytes, transcripts, and the ``current`` table beside them.

What an entry means, which chain it belongs to and how chains join is not decided here.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.base.errors import DamagedError, InputError
from app.evidence.entry import Entry, parse
from app.evidence.journal_file import as_known_error, connect_reader, connect_writer, copy_whole, keep_older, tidy

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
PAGE = 2000  # entries read at once


class Store:
    """One open journal file. Every call is safe from any thread; ``write`` is False for a reader.

    ``lock`` is held by a caller that must not be interrupted between two calls.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, *, write: bool, scratch: Path | None = None) -> None:
        self.path = path
        self.write = write
        self.lock = threading.RLock()
        self._connection = connection
        self._scratch = scratch  # the folder of the copy that is read, where the journal itself cannot be

    @classmethod
    def create(cls, path: Path, meta: Mapping[str, str], first: Entry) -> Store:
        """A new journal file that holds ``first``, or none. Raises UnavailableError when the disk will not take it."""
        store = cls(path, connect_writer(path, create=True), write=True)
        try:
            with store.transaction() as connection:
                for statement in statements(CREATE):
                    connection.execute(statement)
                connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
                put(connection, first)
                connection.execute(f"PRAGMA user_version = {SCHEMA}")
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def open(cls, path: Path, *, write: bool) -> Store:
        """Opens a journal file. Raises DamagedError when it cannot be read (it is left as it is), InputError when a
        newer program wrote it. An older one is copied before it is migrated; a reader migrates the copy.
        """
        reader, scratch = connect_reader(path)
        store = cls(path, reader, write=False, scratch=scratch)
        try:
            version = _require_ours(path, reader)
            if write or version < SCHEMA:
                store.close()
                place = path if write else copy_whole(path)
                store = cls(path, connect_writer(place), write=write, scratch=None if write else place.parent)
                store.migrate(place, version)
        except BaseException:
            store.close()
            raise
        return store

    def migrate(self, place: Path, version: int) -> None:
        """Brings an older schema forward; the old file stays beside ``place`` as ``journal.sqlite.<version>``."""
        if version == SCHEMA:
            return
        keep_older(self._connection, place, version)
        with self.transaction() as connection:
            for step in range(version, SCHEMA):
                for statement in statements(MIGRATIONS[step]):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA}")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, on the disk when it ends. Raises UnavailableError when the disk will not take it,
        DamagedError when the file turns out to be broken.
        """
        with self.lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                self._rollback()
                raise as_known_error(self.path, error, "写不进") from error
            except BaseException:
                self._rollback()
                raise

    def _rollback(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of one reading statement. Raises DamagedError or UnavailableError when the file cannot be read."""
        with self.lock:
            try:
                return self._connection.execute(statement, tuple(values)).fetchall()
            except sqlite3.DatabaseError as error:
                raise as_known_error(self.path, error, "读不了") from error

    def entries(self) -> Iterator[Entry]:
        """All entries that there are now, in order (turn, chain, seq); read in pages, so that a long journal does not
        fill memory and others may write meanwhile.
        """
        ((last,),) = self.rows("SELECT max(rowid) FROM entries")  # nothing is ever deleted: later rows are higher
        after: tuple[object, ...] = (-1, "", -1, "")
        while page := self.rows(
            "SELECT turn, chain, seq, hash, raw FROM entries "
            "WHERE (turn, chain, seq, hash) > (?, ?, ?, ?) AND rowid <= ? "
            "ORDER BY turn, chain, seq, hash LIMIT ?",
            (*after, last, PAGE),
        ):
            yield from (parse(row[4], row[3]) for row in page)
            after = page[-1][:4]

    def select(self, where: str, values: Sequence[object] = (), source: str = "entries") -> tuple[Entry, ...]:
        """The entries for which ``where`` holds, in order; ``source`` may be ``current`` joined with them."""
        rows = self.rows(
            f"SELECT entries.raw, entries.hash FROM {source} WHERE {where} "
            "ORDER BY entries.turn, entries.chain, entries.seq, entries.hash",
            values,
        )
        return tuple(parse(raw, name) for raw, name in rows)

    def version(self) -> int:
        """Another number whenever another program has written in the meantime."""
        ((number,),) = self.rows("PRAGMA data_version")
        return int(number)

    def meta(self) -> Mapping[str, str]:
        return dict(self.rows("SELECT key, value FROM meta"))

    def close(self) -> None:
        with self.lock:
            self._connection.close()
        if not self.write:
            tidy(self.path)
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)


def statements(script: str) -> list[str]:
    return [statement.strip() for statement in script.split(";") if statement.strip()]


def _require_ours(path: Path, connection: sqlite3.Connection) -> int:
    """The schema of an open file. Raises DamagedError for what is no journal, InputError for a newer program's."""
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION:
            raise DamagedError(f"实施日志 {path} 读不了：不是本程序的日志文件。没有改动它。")
        if version > SCHEMA:
            raise InputError(f"实施日志 {path} 是更新版本的程序写的（格式 {version}），请升级本程序后再打开。")
        if version < SCHEMA and version not in MIGRATIONS:
            raise DamagedError(f"实施日志 {path} 读不了：格式号 {version} 不存在。没有改动它。")
        connection.execute("SELECT count(*) FROM meta").fetchone()
    except sqlite3.DatabaseError as error:
        raise as_known_error(path, error, "读不了") from error
    return int(version)


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
