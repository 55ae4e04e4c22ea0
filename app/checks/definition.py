"""A check as a data file describes it: its questions with their queries, columns and thresholds. Read strictly here;
how it is asked and judged stands with the kind of target (``database/defined``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from app.base.toml_lines import Document
from app.base.toml_table import REQUIRED, Table
from app.checks.comparisons import Comparison, Versions, comparison, versions
from app.checks.database.refusing import refused_sql
from app.checks.model import Outcome
from app.site.model import DatabaseExpect

TABLES = ("database",)
ROLES = ("", "monitoring", "exchange")
JUDGED = ("fail", "unknown", "warn", "not_applicable")  # what a threshold or a row may mean
TYPES = ("text", "number", "seconds", "moment")
NUMBERS = ("number", "seconds")
TOKENS = {"{planned_users}": "users", "{planned_tablespaces}": "tablespaces"}
ID = re.compile(r"[a-z][a-z0-9]*\.[a-z][a-z0-9_]*", re.ASCII)
NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
BRACED = re.compile(r"\{[^{}]*\}|[{}]")
LITERAL = re.compile(r"'(?:[^']|'')*'")
ALL_VERSIONS = Versions()
Made = TypeVar("Made")
MOST_ROWS = 20_000
MOST_SECONDS = 60
WHOLE = ("id", "title", "clause", "table", "expected", "role", "heavy", "seconds", "advice", "question")
QUESTION = ("title", "empty", "empty_words", "each_row", "per", "absent", "most", "query", "column", "advice")


@dataclass(frozen=True)
class Column:
    """``kind``: text, number (of 0 or more unless ``negative``), seconds or moment (only shown)."""

    name: str
    label: str
    kind: str
    unit: str = ""
    negative: bool = False
    thresholds: Mapping[Outcome, Comparison] = field(default_factory=dict)


@dataclass(frozen=True)
class Query:
    """``variants``: the next one is asked where a column or view of the one before is missing."""

    variants: tuple[str, ...]
    versions: Versions = ALL_VERSIONS


@dataclass(frozen=True)
class Question:
    """``empty``: what no row means. ``each_row``: what each row means. ``per``: the column in which each of the plan's
    names must stand. ``plan``: the plan's keys that the queries are made with. ``absent``: what it means that no query
    is for the version; None passes the question over.
    """

    title: str
    queries: tuple[Query, ...]
    columns: tuple[Column, ...]
    empty: Outcome
    empty_words: str
    each_row: Outcome | None = None
    per: str = ""
    plan: tuple[str, ...] = ()
    absent: Outcome | None = Outcome.UNKNOWN
    most: int = MOST_ROWS
    advice: Mapping[Outcome, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Definition:
    """``source``: the bytes it was read from, as text; their change makes results stale."""

    id: str
    title: str
    clause: str
    table: str
    expected: str
    questions: tuple[Question, ...]
    role: str = ""
    heavy: bool = False
    seconds: int = MOST_SECONDS
    advice: Mapping[Outcome, str] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True)
class Adjustment:
    """Other thresholds for a check that is shipped as a data file."""

    id: str
    thresholds: Table
    advice: Mapping[Outcome, str]
    source: str


def read(document: Document, source: str) -> Definition | Adjustment:
    """The document as a whole check, or as other thresholds for one. Raises InputError with file, line and key."""
    table = Table(document, (), document.values)
    check_id = table.text("id", REQUIRED)
    if not ID.fullmatch(check_id):
        raise table.error(
            "id", f"id 要写成 oracle.blocking 这样（小写字母、数字、下划线，一个点），不能是“{check_id}”。"
        )
    if "thresholds" in table:
        table.only(("id", "thresholds", "advice"))
        return Adjustment(check_id, table.table("thresholds"), _advice(table), source)
    return _definition(table, check_id, source)


def _definition(table: Table, check_id: str, source: str) -> Definition:
    table.only(WHOLE)
    questions = tuple(_question(one) for one in table.tables("question"))
    if not questions:
        raise table.error("question", "缺少 [[question]]：一个检查至少问一次。")
    found = Definition(
        id=check_id,
        title=table.text("title", REQUIRED),
        clause=table.text("clause", REQUIRED),
        table=table.choice("table", TABLES, "database"),
        expected=table.text("expected", REQUIRED),
        questions=questions,
        role=table.choice("role", ROLES, ""),
        heavy=table.boolean("heavy"),
        seconds=table.integer("seconds", MOST_SECONDS, 1, MOST_SECONDS),
        advice=_advice(table),
        source=source,
    )
    if not any(map(_judges, questions)):
        raise table.error("question", "没有写任何判定（warn、fail、unknown、each_row、per），检查不会有结论。")
    _require_names_once(table, questions)
    return found


def _judges(question: Question) -> bool:
    return bool(question.each_row or question.per or any(column.thresholds for column in question.columns))


def _require_names_once(table: Table, questions: tuple[Question, ...]) -> None:
    """A column's name is what thresholds are changed by: no two of a check share one."""
    seen: set[str] = set()
    for one, question in zip(table.tables("question"), questions, strict=True):
        for place, column in zip(one.tables("column"), question.columns, strict=True):
            if column.name in seen:
                raise place.error("name", f"{place.name} 的 name：已有叫 {column.name} 的列。")
            seen.add(column.name)


def _advice(table: Table) -> Mapping[Outcome, str]:
    inside = table.table("advice")
    inside.only(JUDGED)
    return {Outcome(key): inside.text(key, REQUIRED) for key in inside.values}


def _question(table: Table) -> Question:
    table.only(QUESTION)
    queries = tuple(_query(one) for one in table.tables("query"))
    columns = tuple(_column(one) for one in table.tables("column"))
    for key, given in (("query", queries), ("column", columns)):
        if not given:
            raise table.error("", f"{table.name} 缺少 [[question.{key}]]。")
    each_row = table.choice("each_row", ("", *JUDGED), "")
    absent = table.choice("absent", ("unknown", "not_applicable", "skip"), "unknown")
    question = Question(
        title=table.text("title", REQUIRED),
        queries=queries,
        columns=columns,
        empty=Outcome(table.choice("empty", ("pass", *JUDGED), "unknown")),
        empty_words=table.text("empty_words", REQUIRED),
        each_row=Outcome(each_row) if each_row else None,
        per=table.text("per"),
        plan=_planned(queries),
        absent=None if absent == "skip" else Outcome(absent),
        most=table.integer("most", MOST_ROWS, 1, MOST_ROWS),
        advice=_advice(table),
    )
    if question.per:
        _require_per(table, question)
    return question


def _require_per(table: Table, question: Question) -> None:
    names = [column.name for column in question.columns if column.kind == "text"]
    if question.per not in names:
        raise table.error("per", f"{table.name} 的 per 要写本问题里一个文字列的 name，没有 {question.per}。")
    if len(question.plan) != 1:
        raise table.error("per", f"{table.name} 写了 per，查询里就要用 ({' 或 '.join(TOKENS)})，只用一种。")
    if question.empty is Outcome.PASS:
        raise table.error("empty", f'{table.name} 写了 per，方案中的名字没有对应的行不能算合格，empty 不能是 "pass"。')


def _query(table: Table) -> Query:
    table.only(("versions", "sql", "otherwise"))
    table.text("sql", REQUIRED)
    written: list[tuple[str, tuple[int, ...], str]] = [("sql", (), table.text("sql"))]
    written += [("otherwise", (place,), text) for place, text in enumerate(table.texts("otherwise"))]
    return Query(
        tuple(_sql(table, key, place, text) for key, place, text in written),
        _made(table, "versions", versions) if "versions" in table else ALL_VERSIONS,
    )


def _sql(table: Table, key: str, place: tuple[int, ...], text: str) -> str:
    """One statement on one line. Raises InputError when it may not be run."""
    sql = " ".join(line.strip() for line in text.strip().splitlines()).strip()
    if reason := refused_token(sql) or refused_sql(with_names(sql, lambda key: "''")):
        raise table.document.error((*table.path, key, *place), f"{table.name} 的 {key}：{reason}")
    return sql


def refused_token(sql: str) -> str:
    """What is wrong with the names of the plan that ``sql`` is to be made with."""
    if any(ord(character) < 32 for character in sql):
        return "有控制字符。"
    for found in BRACED.finditer(sql):
        if found.group() not in TOKENS:
            return f"不认识 {found.group()}，只能用 {'、'.join(TOKENS)}。"
    bare = LITERAL.sub("''", sql)
    for token in TOKENS:
        if len(re.findall(rf"\(\s*{re.escape(token)}\s*\)", bare)) != sql.count(token):
            return f"{token} 只能写在括号里：IN ({token})。"
    return ""


def with_names(sql: str, literals: Callable[[str], str]) -> str:
    """``sql`` with each token in place of what ``literals`` gives for its key of the plan."""
    return re.sub("|".join(map(re.escape, TOKENS)), lambda found: literals(TOKENS[found.group()]), sql)


def _planned(queries: tuple[Query, ...]) -> tuple[str, ...]:
    texts = [sql for query in queries for sql in query.variants]
    return tuple(key for token, key in TOKENS.items() if any(token in sql for sql in texts))


def _column(table: Table) -> Column:
    table.only(("name", "label", "type", "unit", "negative", *JUDGED))
    name, kind = table.text("name", REQUIRED), table.choice("type", TYPES, "text")
    if not NAME.fullmatch(name):
        raise table.error("name", f"{table.name} 的 name 只能用小写字母、数字和下划线，不能是“{name}”。")
    unit = table.text("unit", "秒" if kind == "seconds" else "")
    found = Column(name, table.text("label", REQUIRED), kind, unit, table.boolean("negative"))
    return replace(found, thresholds=thresholds(table, found))


def thresholds(table: Table, column: Column) -> Mapping[Outcome, Comparison]:
    """The comparisons that ``table`` writes for ``column``, the gravest first."""
    written = [key for key in JUDGED if key in table]
    if written and column.kind == "moment":
        raise table.error(written[0], f"{table.name} 的 {written[0]}：时间列只显示；要判定请在 SQL 里算成秒数。")

    def made(text: str) -> Comparison:
        return comparison(text, column.kind in NUMBERS, DatabaseExpect())

    return {Outcome(key): _made(table, key, made) for key in written}


def _made(table: Table, key: str, make: Callable[[str], Made]) -> Made:
    """What ``make`` reads from the text of ``key``; its ValueError becomes the error that names the place."""
    try:
        return make(table.text(key, REQUIRED))
    except ValueError as error:
        raise table.error(key, f"{table.name} 的 {key}：{error}。") from None


def adjusted(definition: Definition, adjustment: Adjustment) -> Definition:
    """``definition`` with other thresholds. Raises InputError for a column that it does not have."""
    table = adjustment.thresholds
    known = {column.name: column for question in definition.questions for column in question.columns}
    table.only(list(known), "列")
    if not table.values:
        raise table.error("", f"[thresholds] 是空的，没有改 {definition.id} 的任何阈值。")
    changed = {name: _changed(table.table(name), known[name]) for name in table.values}
    questions = tuple(
        replace(question, columns=tuple(changed.get(column.name, column) for column in question.columns))
        for question in definition.questions
    )
    return replace(
        definition,
        questions=questions,
        advice={**definition.advice, **adjustment.advice},
        source=f"{definition.source}\n{adjustment.source}",
    )


def _changed(table: Table, column: Column) -> Column:
    table.only(JUDGED)
    if not table.values:
        raise table.error("", f"{table.name} 是空的，没有写 {'、'.join(JUDGED)} 中的任何一个。")
    found = {**column.thresholds, **thresholds(table, column)}
    return replace(column, thresholds={one: found[one] for one in map(Outcome, JUDGED) if one in found})
