"""What a statement is, before it is translated: a query, one of the session's own settings, or something refused.

Oracle's grammar is stricter than the translator's; what it would refuse is refused here with its error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from app.rehearsal.oracle.values import OraError

if TYPE_CHECKING:
    from collections.abc import Sequence

WRITES = (
    "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE", "DROP", "ALTER", "TRUNCATE", "GRANT", "REVOKE", "COMMENT",
    "ANALYZE", "RENAME", "PURGE", "FLASHBACK", "AUDIT", "NOAUDIT", "LOCK", "EXPLAIN",
)  # fmt: skip
SETTINGS = ("ALTER SESSION", "SET TRANSACTION", "SET ROLE", "COMMIT", "ROLLBACK", "SAVEPOINT")
HARMLESS_BLOCK = re.compile(
    r"BEGIN(\s+(SYS\.)?(DBMS_APPLICATION_INFO|DBMS_SESSION|DBMS_OUTPUT)\.\w+\s*(\([^;]*\))?\s*;|\s+NULL\s*;)+"
    r"\s*END\s*;?",
    re.IGNORECASE | re.DOTALL,
)
CURRENT_SCHEMA = re.compile(r'ALTER\s+SESSION\s+SET\s+CURRENT_SCHEMA\s*=\s*"?(\w+)"?', re.IGNORECASE)
CLAUSES = ("SELECT", "FROM", "WHERE", "GROUP_BY", "ORDER_BY", "HAVING", "WITH")


class Kind(Enum):
    QUERY = auto()
    SETTING = auto()


def kind_of(sql: str) -> Kind:
    """QUERY or SETTING; ORA-01031 for what would write, ORA-00900 for what is no statement."""
    words = re.sub(r"/\*.*?\*/|--[^\n]*", " ", sql, flags=re.DOTALL).upper().split()
    opening = " ".join(words[:2])
    first = words[0].lstrip("(") if words else ""
    if first in ("SELECT", "WITH") or (words and words[0] == "("):
        return Kind.QUERY
    if opening.startswith(SETTINGS):
        return Kind.SETTING
    if first in ("BEGIN", "DECLARE", "CALL"):
        return require_harmless(sql)
    if first in WRITES:
        raise OraError(1031, "insufficient privileges")
    raise OraError(900, "invalid SQL statement")


def require_harmless(block: str) -> Kind:
    """A block may name the session and nothing else."""
    if HARMLESS_BLOCK.fullmatch(block.strip()) is None:
        raise OraError(6550, "line 1, column 7:\nPLS-00201: identifier must be declared")
    return Kind.SETTING


def new_schema(sql: str) -> str | None:
    """The schema that ALTER SESSION SET CURRENT_SCHEMA names, in capitals."""
    found = CURRENT_SCHEMA.match(sql.strip())
    return found.group(1).upper() if found else None


@dataclass(frozen=True)
class Bound:
    """A query whose bind variables are ``:b1``, ``:b2`` …, and what each was called."""

    sql: str
    names: tuple[str, ...]


def bound(sql: str, tokens: Sequence[Any]) -> Bound:
    """Renames the bind variables by position."""
    names: list[str] = []
    pieces, done = [], 0
    for token, following in pairwise(tokens):
        if token.token_type.name == "COLON" and token.end + 1 == following.start:
            names.append(following.text.upper())
            pieces += [sql[done : token.start], f":b{len(names)}"]
            done = following.end + 1
    return Bound("".join(pieces) + sql[done:], tuple(names))


def require_oracle_grammar(tokens: Sequence[Any], version: int) -> None:
    """What only other databases allow: ``FROM t AS x``, LIMIT, TRUE, a closing semicolon; FETCH FIRST before 12c."""
    clauses = [""]
    for token in tokens:
        name = token.token_type.name
        if name == "SEMICOLON":
            raise OraError(933, "SQL command not properly ended")
        if name == "LIMIT" or (name == "FETCH" and version < 12) or (name == "ALIAS" and clauses[-1] == "FROM"):
            raise OraError(933, "SQL command not properly ended")
        if name in ("TRUE", "FALSE"):
            raise OraError(904, f'"{name}": invalid identifier')
        if name == "L_PAREN":
            clauses.append("")
        elif name == "R_PAREN":
            clauses = clauses[:-1] or [""]
        elif name in CLAUSES:
            clauses[-1] = name
