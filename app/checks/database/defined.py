"""A check of databases that is data: its questions asked over the session, their rows compared with its thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.checks.database.findings import Finding, judged
from app.checks.database.reading import found_name, literal, text
from app.checks.database.users import names
from app.checks.database.version import RELEASES, release
from app.checks.definition import NUMBERS, Column, Definition, Query, Question, with_names
from app.checks.model import OUTCOME_WORDS, SEVERITY, Check, Outcome, Undetermined, Verdict
from app.site.model import Database

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

PLAN_WORDS = {"users": "数据库用户（users）", "tablespaces": "表空间（tablespaces）"}
SHOWN_ROWS = 3  # rows of one question that are told in the actual value
KEPT_ROWS = 20  # rows of one question that are kept as observed
LONGEST = 120  # characters of a value in a sentence


@dataclass(frozen=True)
class Answer:
    """What one question brought: ``rows``, or why there are none. ``asked`` is False where the plan leaves it open or
    no query is for the version.
    """

    rows: tuple[Sequence[Any], ...] = ()
    asked: bool = True
    refused: Finding | None = None


def made(definition: Definition) -> Check:
    """The check that ``definition`` describes."""
    return Check(
        id=definition.id,
        kind=definition.table,
        table=definition.table,
        title=definition.title,
        clause=definition.clause,
        gather=lambda session, target: gather(definition, session, target),
        compare=lambda facts, target, site: compare(definition, facts, target),
        shows=lambda target: shows(definition, target),
        concerns=lambda target, site: not definition.role or target.role == definition.role,
        applies=lambda target, site: applies(definition, target),
        heavy=definition.heavy,
        seconds=float(definition.seconds),
        definition=definition.source,
    )


# What is asked


def open_questions(definition: Definition, target: Database) -> list[Question]:
    """The questions that the plan says enough for."""
    return [question for question in definition.questions if not _unplanned(question, target)]


def _unplanned(question: Question, target: Database) -> list[str]:
    """The keys of the plan that the queries need and the plan leaves open."""
    return [key for key in question.plan if not getattr(target.expect, key)]


def statements(query: Query, target: Database) -> tuple[str, ...]:
    """The query's variants with the plan's names as literals, each as written and in capitals."""

    def literals(key: str) -> str:
        return ", ".join(map(literal, names(getattr(target.expect, key))))

    return tuple(with_names(sql, literals) for sql in query.variants)


def _by_version(questions: Iterable[Question]) -> bool:
    return any(query.versions.bounds for question in questions for query in question.queries)


def shows(definition: Definition, target: Database) -> Sequence[str]:
    questions = open_questions(definition, target)
    asked = [sql for question in questions for query in question.queries for sql in statements(query, target)]
    return tuple(dict.fromkeys((*(RELEASES if _by_version(questions) else ()), *asked)))


def applies(definition: Definition, target: Database) -> str:
    if open_questions(definition, target):
        return ""
    keys = dict.fromkeys(key for question in definition.questions for key in _unplanned(question, target))
    return f"方案未规定{'、'.join(PLAN_WORDS[key] for key in keys)}，没有可核对的对象"


def gather(definition: Definition, session: OracleSession, target: Database) -> tuple[Answer, ...]:
    """One answer a question, so that one that is refused hides no other. Raises Undetermined without a connection."""
    session.connect()
    known = release(session) if _by_version(open_questions(definition, target)) else ()
    return tuple(_answer(question, session, target, known) for question in definition.questions)


def _answer(question: Question, session: OracleSession, target: Database, known: tuple[int, ...]) -> Answer:
    if _unplanned(question, target):
        return Answer(asked=False)
    query = next((query for query in question.queries if query.versions.include(known)), None)
    if query is None:
        return _for_no_version(question, known)
    try:
        rows = tuple(session.select(*statements(query, target), most=question.most))
    except Undetermined as error:
        return Answer(refused=Finding(Outcome.UNKNOWN, f"{question.title}：{error.reason}", error.advice))
    width = len(question.columns)
    if any(len(row) != width for row in rows):
        reason = f"{question.title}：查询返回 {len(rows[0])} 列，定义里写了 {width} 列，无法判断"
        return Answer(refused=Finding(Outcome.UNKNOWN, reason, "请改正检查定义文件里的列。"))
    return Answer(rows)


def _for_no_version(question: Question, known: tuple[int, ...]) -> Answer:
    if question.absent is None:
        return Answer(asked=False)
    ranges = "、".join(query.versions.text for query in question.queries)
    reason = f"{question.title}：{'.'.join(map(str, known))} 版没有可用的查询（只能查 {ranges}）"
    return Answer(refused=Finding(question.absent, reason))


# How it is judged


def compare(definition: Definition, answers: Sequence[Answer], target: Database) -> Verdict:
    """The gravest of all questions decides; 方案未规定 weighs more than 合格 and less than all else."""
    judge = Judge(definition, target)
    findings = [found for pair in zip(definition.questions, answers, strict=True) for found in judge.question(*pair)]
    told = _told(zip(definition.questions, answers, strict=True))
    observed = [_observed(*pair) for pair in zip(definition.questions, answers, strict=True) if pair[1].asked]
    return judged(judge.expected(), "；".join(told), findings, {"questions": observed})


class Judge:
    """One definition's thresholds held against the rows of one target."""

    def __init__(self, definition: Definition, target: Database) -> None:
        self._definition, self._target, self._plan = definition, target, target.expect
        self._open: set[str] = set()  # columns that the plan gives nothing to compare with

    def expected(self) -> str:
        """What is expected, with every threshold as it was used."""
        limits = [
            f"{column.label} {limit.words(column.unit)} {OUTCOME_WORDS[outcome]}"
            for question in self._definition.questions
            for column in question.columns
            for outcome, limit in column.thresholds.items()
            if column.kind in NUMBERS and outcome in (Outcome.FAIL, Outcome.WARN)
        ]
        return f"{self._definition.expected}（{'，'.join(limits)}）" if limits else self._definition.expected

    def question(self, question: Question, answer: Answer) -> Iterator[Finding]:
        """What is not as it should be, or not known, or not planned."""
        if missing := _unplanned(question, self._target):
            reason = f"{question.title}：方案未规定{'、'.join(PLAN_WORDS[key] for key in missing)}，没有核对"
            yield Finding(Outcome.NOT_APPLICABLE, reason, f"如需判定，请在 site.toml 写 {'、'.join(missing)}。")
        if refused := answer.refused:
            yield replace(refused, advice=refused.advice or self._advice(question, refused.outcome))
        if not answer.asked or answer.refused:
            return
        if question.per:
            yield from self._absent(question, answer.rows)
        elif not answer.rows and question.empty is not Outcome.PASS:
            yield self._finding(question, question.empty, question.empty_words)
        for row in answer.rows:
            yield from self._row(question, row)
        yield from self._left_open(question)

    def _absent(self, question: Question, rows: Sequence[Sequence[Any]]) -> Iterator[Finding]:
        """The plan's names that no row is about."""
        place = [column.name for column in question.columns].index(question.per)
        seen = {text(row[place]): row for row in rows}
        for name in getattr(self._plan, question.plan[0]):
            if not found_name(name, seen):
                yield self._finding(question, question.empty, f"{name} {question.empty_words}")

    def _row(self, question: Question, row: Sequence[Any]) -> Iterator[Finding]:
        """What a row means: the gravest of its columns, and each value that cannot be judged."""
        found = [(question.each_row, "")] if question.each_row else []
        for column, value in zip(question.columns, row, strict=True):
            if not column.thresholds:
                continue
            try:
                read = value_of(column, value)
            except Undetermined as error:
                yield self._finding(question, Outcome.UNKNOWN, f"{error.reason}（{described(question, row)}）")
                continue
            found += self._thresholds(column, read)
        if found:
            outcome, why = max(found, key=lambda pair: SEVERITY.index(pair[0]))
            yield self._finding(question, outcome, f"{described(question, row)}{why}")

    def _thresholds(self, column: Column, value: Decimal | str) -> Iterator[tuple[Outcome, str]]:
        for outcome, limit in column.thresholds.items():
            holds = limit.holds(value, self._plan)
            if holds is None:
                self._open.add(limit.key)
            elif holds:
                yield outcome, f"（{column.label} {limit.words(column.unit)}，{OUTCOME_WORDS[outcome]}）"

    def _left_open(self, question: Question) -> Iterator[Finding]:
        """Once for each key of the plan that a threshold needs and the plan leaves open."""
        for key in sorted(self._open):
            advice = f"如需判定，请在 site.toml 写 {key}。"
            yield Finding(Outcome.NOT_APPLICABLE, f"{question.title}：方案未规定 {key}，只记录实际值", advice)
        self._open = set()

    def _finding(self, question: Question, outcome: Outcome, said: str) -> Finding:
        return Finding(outcome, f"{question.title}：{said}", self._advice(question, outcome))

    def _advice(self, question: Question, outcome: Outcome) -> str:
        return question.advice.get(outcome) or self._definition.advice.get(outcome, "")


def value_of(column: Column, value: Any) -> Decimal | str:
    """A judged column's value. Raises Undetermined for NULL and for what is no value of its type."""
    written = text(value)
    if not written:
        raise Undetermined(f"{column.label} 是空值，无法判断")
    if column.kind not in NUMBERS:
        return written
    try:
        number = Decimal(written)
    except ArithmeticError:
        raise Undetermined(f"{column.label} 不是数字：“{written[:LONGEST]}”") from None
    if not number.is_finite() or (number < 0 and not column.negative):
        raise Undetermined(f"{column.label} 不合理：“{written[:LONGEST]}”")
    return number


def described(question: Question, row: Sequence[Any]) -> str:
    """A row for a sentence: each column's label and value."""
    return "，".join(_cell(column, value) for column, value in zip(question.columns, row, strict=True))


def _cell(column: Column, value: Any) -> str:
    written = f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else _written(value)
    shown = written if len(written) <= LONGEST else f"{written[:LONGEST]}…"
    return f"{column.label} {shown or '空'} {column.unit if shown else ''}".strip()


def _told(answered: Iterable[tuple[Question, Answer]]) -> list[str]:
    """The actual values; the questions without rows together by what that means."""
    told: list[str] = []
    empty: dict[str, list[str]] = {}
    for question, answer in answered:
        if not answer.asked or answer.refused:
            continue
        if answer.rows:
            told.append(f"{question.title}：{_rows_told(question, answer.rows)}")
        else:
            words = question.empty_words if question.empty is Outcome.PASS else "没有返回任何行"
            empty.setdefault(words, []).append(question.title)
    return [*told, *(f"{'、'.join(titles)}：{words}" for words, titles in empty.items())]


def _rows_told(question: Question, rows: Sequence[Sequence[Any]]) -> str:
    if len(rows) > SHOWN_ROWS:
        return f"{len(rows)} 行"
    return " / ".join(described(question, row) for row in rows)


def _observed(question: Question, answer: Answer) -> Mapping[str, Any]:
    rows = [
        {column.name: _plain(value) for column, value in zip(question.columns, row, strict=True)}
        for row in answer.rows[:KEPT_ROWS]
    ]
    return {"title": question.title, "count": len(answer.rows), "rows": rows}


def _plain(value: Any) -> str | None:
    """A value as JSON may hold it; numbers as text, since a journal has no floats."""
    return None if value is None else _written(value)[:LONGEST]


def _written(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else text(value)
