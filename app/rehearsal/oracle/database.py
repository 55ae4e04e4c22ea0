"""A database of the rehearsal site in SQLite: its views filled with rows, and Oracle's SQL answered from them."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.rehearsal.oracle import functions, instance, operation, parameters, people, schema, storage, upkeep
from app.rehearsal.oracle.dialect import Translated, translate
from app.rehearsal.oracle.instance import Instance, Release, Row, Rows
from app.rehearsal.oracle.values import OraError, Stored, is_moment, moment, shown, stored
from app.rehearsal.oracle.views_dictionary import DICTIONARY_VIEWS
from app.rehearsal.oracle.views_dynamic import DYNAMIC_VIEWS, SINGLE

TYPES = {"n": "NUMBER", "d": "DATE", "z": "TIMESTAMPTZ", "r": "RAW"}
FAULTS = frozenset(("tablespace-full", "undo-manual", "invalid-objects", "exchange-table-missing"))  # seen in the rows


@dataclass(frozen=True)
class Answer:
    """Headings, their types (VARCHAR, NUMBER, DATE, TIMESTAMP, TIMESTAMPTZ, RAW) and rows of Python values."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[object, ...]]


def views(release: Release) -> dict[str, dict[str, str]]:
    """Every view of that release with the types of its columns by their names."""
    texts = {**DICTIONARY_VIEWS, **DYNAMIC_VIEWS, **upkeep.UPKEEP_VIEWS}
    found = {name: columns(text, release) for name, text in texts.items()}
    for name in DYNAMIC_VIEWS:
        if name not in SINGLE and name.startswith("V$"):
            found[f"G{name}"] = {"INST_ID": "NUMBER", **found[name]} if found[name] else {}
    return {name: kinds for name, kinds in found.items() if kinds}


def columns(text: str, release: Release) -> dict[str, str]:
    early, _, late = text.partition("|")
    names = early.split() + (late.split() if release.major >= 12 else [])
    if not early.split() and release.major < 12:
        return {}
    return {name.partition(":")[0]: TYPES.get(name.partition(":")[2], "VARCHAR") for name in names}


def rows_of(described: Instance) -> Rows:
    """All rows; those of GV$ are those of V$ with this instance's number."""
    found: Rows = {}
    for part in (instance, parameters, storage, operation, people, schema, upkeep):
        found.update(part.rows(described))
    return found


class Database:
    """One database under certain faults; several threads may ask it, one at a time."""

    def __init__(self, name: str, release: Release, faults: frozenset[str]) -> None:
        self.instance = Instance.now(name, release, faults & FAULTS)
        self.views = views(release)
        self._asking = threading.Lock()
        self._failure: OraError | None = None
        self._translated: dict[tuple[str, str], Translated] = {}
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA case_sensitive_like = ON")
        functions.register(self._connection, context(self.instance), self._note)
        self.tables = {**self.views, **self._fill()}

    def _note(self, error: OraError) -> None:
        self._failure = error

    def _fill(self) -> dict[str, dict[str, str]]:
        """Creates and fills every view and table; gives the tables' columns."""
        filled = rows_of(self.instance)
        for name, kinds in self.views.items():
            rows = filled.get(name) or [{**row, "INST_ID": 1} for row in filled.get(name.removeprefix("G"), [])]
            self._create(name, kinds, [{"CON_ID": 0, **row} for row in rows])
        own = {table.full_name: dict.fromkeys(table.columns, "VARCHAR") for table in schema.tables(self.instance)}
        for table in schema.tables(self.instance):
            self._create(
                table.full_name,
                own[table.full_name],
                [dict(zip(table.columns, row, strict=True)) for row in table.rows],
            )
        dictionary = [{"TABLE_NAME": name, "COMMENTS": None} for name in sorted(self.views)]
        for name in ("DICTIONARY", "DICT"):
            self._insert(name, self.views[name], dictionary)
        return own

    def _create(self, name: str, kinds: dict[str, str], rows: Sequence[Row]) -> None:
        declared = ", ".join(
            f"`{column}` {'NUMERIC' if kind == 'NUMBER' else 'BLOB'}" for column, kind in kinds.items()
        )
        self._connection.execute(f"CREATE TABLE `{name}` ({declared})")
        self._insert(name, kinds, rows)

    def _insert(self, name: str, kinds: dict[str, str], rows: Sequence[Row]) -> None:
        marks = ", ".join("?" * len(kinds))
        values = [[stored(row.get(column)) for column in kinds] for row in rows]
        self._connection.executemany(f"INSERT INTO `{name}` VALUES ({marks})", values)

    def resolve(self, current: str, owner: str, name: str) -> str:
        """The table or view that a name means to a session whose current schema is ``current``."""
        name = re.sub(r"^(G?V)_\$", r"\1$", name) if owner in ("SYS", "") else name
        candidates = [f"{owner or current}.{name}"] + ([name] if owner in ("", "SYS") else [])
        found = next((candidate for candidate in candidates if candidate in self.tables), None)
        if found is None:
            raise OraError(942, "table or view does not exist")
        return found

    def query(self, sql: str, binds: Sequence[object], current: str) -> Answer:
        """Runs a query; OraError for what Oracle would refuse."""
        query = self._translated.get((current, sql))
        if query is None:
            release = self.instance.release
            query = translate(sql, release.major, lambda owner, name: self.resolve(current, owner, name))
            self._translated[current, sql] = query
        given = bind_values(query.binds, binds)
        with self._asking:
            names, rows = self._run(query.sql, given)
        headings = query.columns or names
        return Answer(headings, self.types(query, headings, rows), [tuple(map(shown, row)) for row in rows])

    def _run(self, sql: str, binds: dict[str, Stored]) -> tuple[tuple[str, ...], list[tuple[Stored, ...]]]:
        self._failure = None
        try:
            cursor = self._connection.execute(sql, binds)
            return tuple(str(column[0]) for column in cursor.description), cursor.fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise self._failure or as_oracle(str(error)) from None

    def types(self, query: Translated, headings: Sequence[str], rows: Sequence[Sequence[Stored]]) -> tuple[str, ...]:
        """Each column's type by its values; by its name in the tables asked when there is none."""
        declared: dict[str, str] = {}
        for table in query.tables:
            declared.update(self.tables.get(table, {}))
        return tuple(
            type_of((row[n] for row in rows), declared.get(name, "VARCHAR")) for n, name in enumerate(headings)
        )

    def close(self) -> None:
        self._connection.close()


def context(described: Instance) -> dict[str, str]:
    values = {
        "DB_NAME": described.name, "DB_UNIQUE_NAME": described.name, "INSTANCE_NAME": described.name, "INSTANCE": "1",
        "SERVICE_NAME": described.name, "SERVER_HOST": instance.HOST, "SESSION_USER": people.CHECK_USER, "SID": "71",
        "CURRENT_USER": people.CHECK_USER, "CURRENT_SCHEMA": people.CHECK_USER, "CON_ID": "0",
        "CON_NAME": described.name,
        "LANGUAGE": "AMERICAN_AMERICA.ZHS16GBK", "LANG": "US", "NLS_DATE_FORMAT": "YYYY-MM-DD HH24:MI:SS",
        "DATABASE_ROLE": "PRIMARY", "ISDBA": "FALSE", "IP_ADDRESS": "127.0.0.1", "CDB_NAME": None,
    }  # fmt: skip
    return {f"USERENV.{name}": value for name, value in values.items() if value}


def bind_values(names: Sequence[str], given: Sequence[object]) -> dict[str, Stored]:
    """By position; a name that stands more than once may have been given once."""
    unique = list(dict.fromkeys(names))
    if len(given) == len(names):
        return {f"b{number}": stored(value) for number, value in enumerate(given, 1)}
    if len(given) != len(unique):
        raise OraError(1008, "not all variables bound")
    by_name = dict(zip(unique, given, strict=True))
    return {f"b{number}": stored(by_name[name]) for number, name in enumerate(names, 1)}


def type_of(values: Iterator[Stored], declared: str) -> str:
    for value in values:
        if isinstance(value, (int, float)):
            return "NUMBER"
        if is_moment(value):
            found = moment(value)
            return "TIMESTAMPTZ" if found.tzinfo else "TIMESTAMP" if found.microsecond else "DATE"
        if value is not None:
            return "RAW" if isinstance(value, bytes) else "VARCHAR"
    return declared


def as_oracle(message: str) -> OraError:
    """SQLite's complaint in Oracle's words."""
    kind, _, what = message.partition(": ")
    name = ".".join(f'"{part.upper()}"' for part in what.split("."))
    if kind == "no such column":
        return OraError(904, f"{name}: invalid identifier")
    if kind == "no such function":
        return OraError(904, f"{name}: invalid identifier")
    if kind == "ambiguous column name":
        return OraError(918, "column ambiguously defined")
    if "SELECTs to the left and right" in message:
        return OraError(1789, "query block has incorrect number of result columns")
    return OraError(900, f"invalid SQL statement ({message})")
