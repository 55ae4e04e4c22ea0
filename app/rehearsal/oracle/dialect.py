"""Oracle's SQL as SQLite's: names resolved as Oracle does it, what differs in meaning put through functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from app.rehearsal.oracle.rewriting import as_function, is_rownum, kind
from app.rehearsal.oracle.statements import bound, require_oracle_grammar
from app.rehearsal.oracle.values import OraError

AGGREGATES = frozenset(("COUNT", "SUM", "MAX", "MIN", "AVG", "ORA_LISTAGG", "MEDIAN", "STDDEV"))
Resolve = Callable[[str, str], str]  # (schema or "", name) -> the table in SQLite; raises ORA-00942


@dataclass(frozen=True)
class Translated:
    """A query for SQLite with its bind names; ``columns`` are the headings, None where a * stands among them."""

    sql: str
    binds: tuple[str, ...]
    columns: tuple[str, ...] | None
    tables: tuple[str, ...]


@cache
def dialects() -> tuple[Any, Any]:
    """Oracle with every function left as it is written, and SQLite quoting by backticks.

    In double quotes SQLite takes a column that does not exist for a text.
    """
    from sqlglot.dialects.oracle import Oracle
    from sqlglot.dialects.sqlite import SQLite

    class Source(Oracle):  # type: ignore[misc]  # sqlglot is not typed
        class Parser(Oracle.Parser):  # type: ignore[misc]
            FUNCTIONS: ClassVar[dict[str, Any]] = {}
            FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
                name: Oracle.Parser.FUNCTION_PARSERS[name] for name in ("CAST", "EXTRACT", "TRIM")
            }

    class Wanted(SQLite):  # type: ignore[misc]
        class Tokenizer(SQLite.Tokenizer):  # type: ignore[misc]
            IDENTIFIERS: ClassVar[list[str]] = ["`"]

    return Source, Wanted


def translate(sql: str, version: int, resolve: Resolve) -> Translated:
    """Raises OraError for what this Oracle would not run, ORA-03001 for what cannot be imitated."""
    import sqlglot
    from sqlglot.errors import ErrorLevel, SqlglotError

    source, wanted = dialects()
    try:
        tokens = source().tokenize(sql)
        require_oracle_grammar(tokens, version)
        query = bound(sql, tokens)
        tree = sqlglot.parse_one(query.sql, dialect=source)
    except SqlglotError as error:
        raise OraError(900, f"invalid SQL statement: {str(error).splitlines()[0]}") from None
    headings = headings_of(tree)
    tree, tables = rewritten(tree, resolve)
    try:
        text = tree.sql(dialect=wanted, identify=True, comments=False, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise OraError(3001, f"unimplemented feature: {error}") from None
    return Translated(text, query.names, headings, tables)


def headings_of(tree: Any) -> tuple[str, ...] | None:
    """Column names as Oracle gives them: the alias, the column, or the expression in capitals without blanks."""
    select = first_select(tree)
    if any(projection.is_star for projection in select.expressions):
        return None
    return tuple(heading(projection) for projection in select.expressions)


def first_select(tree: Any) -> Any:
    while not isinstance(tree, kind("Select")):
        tree = tree.this
        if tree is None:
            raise OraError(900, "invalid SQL statement")
    return tree


def heading(projection: Any) -> str:
    name = projection.args.get("alias") or (projection.this if projection.key == "column" else None)
    if name is None:
        return str(projection.sql(dialect="oracle")).upper().replace(" ", "")[:128]
    return str(name.name) if name.args.get("quoted") else str(name.name).upper()


def rewritten(tree: Any, resolve: Resolve) -> tuple[Any, tuple[str, ...]]:
    from sqlglot.transforms import eliminate_join_marks

    tree = tree.transform(in_capitals)
    common = {cte.alias for cte in tree.find_all(kind("CTE"))}
    tables = tuple(resolved(table, common, resolve) for table in list(tree.find_all(kind("Table"))))
    if any(column.args.get("join_mark") for column in tree.find_all(kind("Column"))):
        tree = eliminate_join_marks(tree)
    for select in list(tree.find_all(kind("Select"))):
        require_source(select)
        select.set("hint", None)
        limit_rows(select)
    tree = from_the_leaves(tree, as_function)
    for select in tree.find_all(kind("Select")):
        require_grouped(select)
    return tree, tables


def in_capitals(node: Any) -> Any:
    if node.key == "identifier" and not node.args.get("quoted"):
        return kind("Identifier")(this=node.name.upper(), quoted=True)
    return node


def from_the_leaves(tree: Any, rewrite: Callable[[Any], Any]) -> Any:
    """The tree with each node rewritten after those below it."""
    for node in reversed(list(tree.walk())):
        new = rewrite(node)
        if new is not node and node is tree:
            return new
        if new is not node:
            node.replace(new)
    return tree


def resolved(table: Any, common: set[str], resolve: Resolve) -> str:
    """Points a table of the query at the one that holds its rows; its alias keeps the old name."""
    if not table.db and table.name in common:
        return ""
    name = resolve(table.db, table.name)
    if not table.alias:
        table.set("alias", kind("TableAlias")(this=kind("Identifier")(this=table.name, quoted=True)))
    table.set("this", kind("Identifier")(this=name, quoted=True))
    table.set("db", None)
    return name


def require_source(select: Any) -> None:
    if not (select.args.get("from_") or select.args.get("from")):
        raise OraError(923, "FROM keyword not found where expected")
    if select.args.get("locks"):
        raise OraError(1031, "insufficient privileges")
    if select.args.get("connect"):
        raise OraError(3001, "unimplemented feature: CONNECT BY")


def limit_rows(select: Any) -> None:
    """``ROWNUM <= n`` counts before grouping and ordering: it becomes the limit of a query within."""
    where = select.args.get("where")
    conditions = list(where.this.flatten()) if where and where.this.key == "and" else [where.this] if where else []
    limits = {id(condition): most_rows(condition) for condition in conditions}
    found = [limit for limit in limits.values() if limit is not None]
    if not found:
        return
    others = [condition for condition in conditions if limits[id(condition)] is None]
    select.set("where", None)
    if select.args.get("joins"):
        if select.args.get("group") or select.args.get("order"):
            raise OraError(3001, "unimplemented feature: ROWNUM over an ordered join")
        select.set("where", where_of(others))
        select.set("limit", kind("Limit")(expression=found[0]))
        return
    key = "from_" if "from_" in select.args else "from"
    source = select.args[key].this
    inner = kind("Select")(expressions=[kind("Star")()], **{key: kind("From")(this=source.copy())})
    inner.set("where", where_of(others))
    inner.set("limit", kind("Limit")(expression=found[0]))
    alias = kind("TableAlias")(this=kind("Identifier")(this=source.alias_or_name or "ROWS_", quoted=True))
    select.set(key, kind("From")(this=kind("Subquery")(this=inner, alias=alias)))


def where_of(conditions: Sequence[Any]) -> Any:
    from sqlglot import exp

    return exp.Where(this=exp.and_(*conditions, copy=True)) if conditions else None


def most_rows(condition: Any) -> Any:
    """The most rows that a condition on ROWNUM lets through; None when it is about something else."""
    if condition.key not in ("lt", "lte", "eq") or not is_rownum(condition.this):
        return None
    if condition.key == "lt":
        return kind("Sub")(this=condition.expression.copy(), expression=kind("Literal").number(1))
    return condition.expression.copy()


def require_grouped(select: Any) -> None:
    """ORA-00979 or ORA-00937 where a column stands beside an aggregate without being grouped."""
    group = select.args.get("group")
    keys = {key.sql() for key in group.expressions} if group else set()
    aggregated = any(loose_aggregates(projection) for projection in select.expressions)
    if not group and not aggregated:
        return
    for projection in select.expressions:
        if not is_grouped(projection.unalias(), keys):
            raise (
                OraError(979, "not a GROUP BY expression")
                if group
                else OraError(937, "not a single-group group function")
            )


def is_aggregate(node: Any) -> bool:
    window = node.parent is not None and node.parent.key == "window"
    return node.key == "anonymous" and str(node.this).upper() in AGGREGATES and not window


def loose_aggregates(node: Any) -> bool:
    if node.key in ("subquery", "select"):
        return False
    return is_aggregate(node) or any(loose_aggregates(child) for child in node.iter_expressions())


def is_grouped(node: Any, keys: set[str]) -> bool:
    if is_aggregate(node) or node.key in ("subquery", "select") or node.sql() in keys:
        return True
    if node.key in ("column", "star"):
        return False
    return all(is_grouped(child, keys) for child in node.iter_expressions())
