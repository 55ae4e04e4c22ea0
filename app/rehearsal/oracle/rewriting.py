"""One node of a query's tree in SQLite's terms: operators, functions and literals that mean something else there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.rehearsal.oracle.values import OraError

PSEUDO = {
    "USER": "ORA_USER",
    "UID": "UID",
    "SESSIONTIMEZONE": "SESSIONTIMEZONE",
    "DBTIMEZONE": "DBTIMEZONE",
}
CLOCKS = {"systimestamp": "SYSTIMESTAMP", "currentdate": "CURRENT_DATE_", "localtimestamp": "LOCALTIMESTAMP_"}
OPERATORS = {"Add": "ORA_PLUS", "Sub": "ORA_MINUS", "Div": "ORA_DIVIDED", "Mul": "ORA_TIMES", "DPipe": "ORA_CONCAT"}
DAYS = {"DAY": 1.0, "HOUR": 1 / 24, "MINUTE": 1 / 1440, "SECOND": 1 / 86400}


def kind(name: str) -> Any:
    """A class of sqlglot's expressions by its name."""
    from sqlglot import exp

    return getattr(exp, name)


def is_rownum(node: Any) -> bool:
    return node.name == "ROWNUM" and node.key in ("column", "pseudocolumn")


def called(name: str, *arguments: Any) -> Any:
    return kind("Anonymous")(this=name, expressions=list(arguments))


def words(text: str) -> Any:
    return kind("Literal").string(text)


def as_function(node: Any) -> Any:
    """One node of the tree in SQLite's terms, where they differ."""
    operator = OPERATORS.get(type(node).__name__)
    if operator:
        return called(operator, node.this, node.expression)
    rewrite = REWRITES.get(node.key)
    return rewrite(node) if rewrite else node


def column(node: Any) -> Any:
    if node.table or node.key == "star":
        return node
    if is_rownum(node):
        return kind("Window")(this=called("ROW_NUMBER"))
    name = PSEUDO.get(node.name)
    return called(name) if name else node


def literal(node: Any) -> Any:
    """'' is NULL."""
    return kind("Null")() if node.is_string and node.name == "" else node


def comparison(node: Any) -> Any:
    """A number beside a text compares as numbers; the side that is not known is converted as the other one."""
    for side, other in (("this", "expression"), ("expression", "this")):
        beside = node.args[other]
        if node.args[side].key in ("literal", "placeholder", "subquery"):
            continue
        if is_number(beside):
            node.set(side, called("ORA_NUMBER", node.args[side]))
        elif beside.key == "placeholder":
            node.set(side, called("ORA_ALIKE", node.args[side], beside.copy()))
    return node


def is_number(node: Any) -> bool:
    node = node.this if node.key == "neg" else node
    return bool(node.key == "literal" and not node.is_string)


def cast(node: Any) -> Any:
    return called("ORA_CAST", node.this, words(str(node.to.sql(dialect="oracle")).split("(")[0].upper()))


def aggregated_list(node: Any) -> Any:
    """LISTAGG(value, separator) WITHIN GROUP (ORDER BY key)."""
    function, order = node.this, node.expression
    given = list(function.expressions)
    if str(function.this).upper() != "LISTAGG" or given[0].key == "distinct":
        raise OraError(3001, f"unimplemented feature: {function.sql(dialect='oracle')}")
    separator = given[1] if len(given) > 1 else kind("Null")()
    key = order.expressions[0]
    return called("ORA_LISTAGG", given[0], separator, key.this, kind("Literal").number(int(bool(key.args.get("desc")))))


def interval(node: Any) -> Any:
    """INTERVAL '1' HOUR as days."""
    unit = str(node.args["unit"]).upper()
    if unit not in DAYS:
        raise OraError(3001, f"unimplemented feature: INTERVAL {unit}")
    return kind("Literal").number(float(node.this.name) * DAYS[unit])


def trim(node: Any) -> Any:
    side = str(node.args.get("position") or "BOTH").upper()
    return called("ORA_TRIM", node.this, node.expression or words(" "), words(side))


REWRITES: dict[str, Callable[[Any], Any]] = {
    "column": column, "pseudocolumn": column, "literal": literal, "cast": cast, "trycast": cast,
    "withingroup": aggregated_list,
    "currenttimestamp": lambda node: called("SYSDATE" if node.args.get("sysdate") else "SYSTIMESTAMP"),
    **{key: lambda node: called(CLOCKS[node.key]) for key in CLOCKS},
    "extract": lambda node: called("ORA_EXTRACT", words(node.name.upper()), node.expression),
    "interval": interval, "trim": trim,
    "datestrtodate": lambda node: called("TO_DATE", node.this, words("YYYY-MM-DD")),
    "strtotime": lambda node: called("TO_TIMESTAMP", node.this),
    **dict.fromkeys(("eq", "neq", "gt", "gte", "lt", "lte"), comparison),
}  # fmt: skip
