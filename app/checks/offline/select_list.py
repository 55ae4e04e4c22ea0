"""The columns of a SELECT given short names, without which SQL*Plus's PL/SQL of 9i to 23ai cannot describe some.

DBMS_SQL.DESCRIBE_COLUMNS holds 32 bytes of a column's name, and an expression without an alias is named by itself.
"""

from __future__ import annotations

import re

LONGEST = 30
HEAD = re.compile(r"SELECT\s+(?:(?:DISTINCT|ALL|UNIQUE)\s+)?(?:/\*\+.*?\*/\s*)?", re.IGNORECASE | re.DOTALL)


def named(sql: str) -> str:
    """``sql`` with an alias behind each expression of its first select list that is too long to be a name.

    What is not understood stays as it is.
    """
    head = HEAD.match(sql)
    if not head:
        return sql
    ends = _ends(sql, head.end())
    if not ends:
        return sql
    parts, start = [sql[: head.end()]], head.end()
    for number, end in enumerate(ends, 1):
        parts.append(_named(sql[start:end], number))
        start = end
    return "".join([*parts, sql[start:]])


def _named(item: str, number: int) -> str:
    bare = item.strip(" ,\n")
    if len(bare) <= LONGEST or _has_alias(bare):
        return item
    return f"{item.rstrip()} C{number}{' ' if item != item.rstrip() else ''}"


def _has_alias(item: str) -> bool:
    """Whether the last word is a name of its own behind a whole expression."""
    tail = re.search(r"(?:[\w$#\"')]\s+)(?:AS\s+)?(?!END$)([A-Za-z][\w$#]*|\"[^\"]+\")$", item, re.IGNORECASE)
    return tail is not None and _depth(item[: tail.start() + 1]) == 0


def _depth(text: str) -> int:
    bare = re.sub(r"'(?:[^']|'')*'", "", text)
    return bare.count("(") - bare.count(")") + (1 if re.search(r"\bCASE\b(?!.*\bEND\b)", bare, re.DOTALL) else 0)


def _ends(sql: str, start: int) -> list[int]:
    """Where each item of the select list ends: at commas of its own level, and before FROM. Empty without FROM."""
    ends, depth, at = [], 0, start
    for found in re.finditer(r"'(?:[^']|'')*'|\"[^\"]*\"|[()]|,|\bFROM\b", sql[start:], re.IGNORECASE):
        word, at = found[0].upper(), start + found.start()
        if word in "()":
            depth += 1 if word == "(" else -1
        elif depth == 0 and word == ",":
            ends.append(at)
        elif depth == 0 and word == "FROM":
            return [*ends, at]
    return []
