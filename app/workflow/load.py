"""Reads ``workflow.toml`` into the frozen types; what the steps mean and how they stand is not decided here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.base import toml_lines
from app.base.errors import InputError
from app.base.files import read_bounded
from app.base.toml_lines import Document
from app.base.toml_table import REQUIRED, Table, kind_of
from app.workflow.model import Column, Field, FieldType, Phase, Rule, Selector, Signoff, Slot, Step, Workflow

WHAT = "工作流程文件"
RESPONSIBLE = ("实施商", "地方实施责任单位")
ACCEPTS = ("attachment", "adjustment", "form")
PEERS = ("local", "ministry", "city")
# The tables of ``site.toml`` and the roles that a target of each can have.
ROLES: Mapping[str, tuple[str, ...]] = {
    "database": ("monitoring", "exchange"),
    "weblogic": (),
    "host": (),
    "bus": (),
    "service": ("auth", "report", "interface"),
    "certificate": ("server-device", "personal", "ca"),
    "client": (),
}
TERMS = {"field": "填写项", "evidence": "证据", "signoff": "确认"}
STEP_ID = re.compile(r"[a-z]+(\.[a-z0-9_]+)+")
PART_ID = re.compile(r"[a-z][a-z0-9_]*")
CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
LONGEST = 600  # characters of a message


def load(path: Path) -> Workflow:
    """The workflow that ``path`` describes, in the file's order.

    Raises InputError, one Chinese line with file and line, for the first mistake in it. The lines are only looked for
    once there is a mistake: finding them takes longer than all the rest.
    """
    try:
        text = toml_lines.decode(path, read_bounded(path, toml_lines.LIMIT, WHAT))
        return read(Document(path, tomllib.loads(text), {}))
    except (InputError, ValueError, RecursionError):
        return _load_with_lines(path)


def _load_with_lines(path: Path) -> Workflow:
    try:
        return read(toml_lines.load(path, WHAT))
    except InputError as error:
        raise InputError(CONTROLS.sub("�", str(error))[:LONGEST]) from error


def read(document: Document) -> Workflow:
    """The workflow that a document describes. Raises InputError."""
    top = Table(document, (), document.values)
    top.only(("clause", "phase"), "表")
    clauses = _clauses(top.tables("clause"))
    tables = top.tables("phase")
    if not tables:
        raise top.error("", "没有任何阶段（[[phase]]）。")
    phases = tuple(_phase(number, table, clauses) for number, table in enumerate(tables, 1))
    _require_single([(table, "id", phase.id) for table, phase in zip(tables, phases, strict=True)], "阶段")
    steps = [table for phase in tables for table in phase.tables("step")]
    _require_single([(table, "id", str(table.values["id"])) for table in steps], "步骤")
    return Workflow(phases, clauses)


def _clauses(tables: Sequence[Table]) -> dict[str, str]:
    """The reference's clauses in its own words, by id."""
    for table in tables:
        table.only(("id", "text"))
    texts = {table.text("id", REQUIRED): table.text("text", REQUIRED) for table in tables}
    _require_single([(table, "id", str(table.values["id"])) for table in tables], "条款")
    return texts


def _phase(number: int, table: Table, clauses: Mapping[str, str]) -> Phase:
    table.only(("id", "chapter", "title", "step"))
    phase = _id(table, PART_ID)
    tables = table.tables("step")
    if not tables:
        raise table.error("", f"阶段 {phase} 没有任何步骤（[[phase.step]]）。")
    return Phase(
        id=phase,
        number=number,
        chapter=table.text("chapter", REQUIRED),
        title=table.text("title", REQUIRED),
        steps=tuple(_step(phase, step, clauses) for step in tables),
    )


STEP_KEYS = (
    *("id", "title", "responsible", "serves", "guidance", "done"),
    *("fields", "checks", "evidence", "signoffs", "ours"),
)


def _step(phase: str, table: Table, clauses: Mapping[str, str]) -> Step:
    table.only(STEP_KEYS)
    step = _id(table, STEP_ID)
    if not phase.startswith(step.partition(".")[0]):
        raise table.error("id", f"步骤 {step} 写在阶段 {phase} 里，id 的第一段应是 {phase} 或它的开头。")
    parts = {key: table.tables(key) for key in ("fields", "evidence", "signoffs")}
    fields = tuple(_field(part) for part in parts["fields"])
    evidence = tuple(_slot(part) for part in parts["evidence"])
    signoffs = tuple(_signoff(part) for part in parts["signoffs"])
    _require_single(
        [(part, "id", str(part.values["id"])) for named in parts.values() for part in named], f"步骤 {step} 中的"
    )
    checks = tuple(_selector(part) for part in table.tables("checks"))
    known = {
        *(f"field:{field.id}" for field in fields),
        *(f"evidence:{slot.id}" for slot in evidence),
        *(f"signoff:{signoff.id}" for signoff in signoffs),
        *(("checks",) if checks else ()),
    }
    return Step(
        id=step,
        title=table.text("title", REQUIRED),
        responsible=table.choice("responsible", RESPONSIBLE),
        serves=_serves(table, clauses),
        guidance=table.text("guidance", REQUIRED).strip(),
        done=_rule(table, "done", known),
        fields=fields,
        checks=checks,
        evidence=evidence,
        signoffs=signoffs,
        ours=table.boolean("ours"),
    )


def _serves(table: Table, clauses: Mapping[str, str]) -> tuple[str, ...]:
    serves = table.texts("serves")
    for place, clause in enumerate(serves):
        if clause not in clauses:
            raise table.document.error(
                (*table.path, "serves", place), f"没有条款 {clause}（见文件开头的 [[clause]]）。"
            )
    return serves


def _field(table: Table) -> Field:
    table.only(("id", "title", "type", "required", "unit", "hint", "choices", "columns"))
    kind = FieldType(table.choice("type", [str(member) for member in FieldType]))
    choices, columns = table.texts("choices"), tuple(_column(column) for column in table.tables("columns"))
    _require_only_with(table, "choices", bool(choices), kind, FieldType.CHOICE)
    _require_only_with(table, "columns", bool(columns), kind, FieldType.TABLE)
    _require_single([(part, "id", str(part.values["id"])) for part in table.tables("columns")], "列")
    return Field(
        id=_id(table, PART_ID),
        title=table.text("title", REQUIRED),
        type=kind,
        required=table.boolean("required"),
        unit=table.text("unit"),
        hint=table.text("hint"),
        choices=choices,
        columns=columns,
    )


def _require_only_with(table: Table, key: str, given: bool, kind: FieldType, wanted: FieldType) -> None:
    """Raises InputError unless ``key`` is given exactly where the field's type is ``wanted``."""
    if kind is wanted and not given:
        raise table.error("", f"填写项 {table.values.get('id', '')} 的 type 是 {kind}，必须写 {key}。")
    if kind is not wanted and given:
        raise table.error(key, f"填写项 {table.values.get('id', '')} 的 type 是 {kind}，不能写 {key}。")


def _column(table: Table) -> Column:
    table.only(("id", "title", "width"))
    return Column(_id(table, PART_ID), table.text("title", REQUIRED), table.integer("width", 1, 1, 12))


def _selector(table: Table) -> Selector:
    table.only(("check", "kind", "role", "peer"))
    kind = table.choice("kind", tuple(ROLES), "") if "kind" in table else ""
    roles = ROLES[kind] if kind else tuple(role for known in ROLES.values() for role in known)
    role, peer = table.text("role"), table.text("peer")
    if role and role not in roles:
        raise table.error("role", f"{kind or '检查对象'}没有 {role} 这种 role。")
    if peer and (peer not in PEERS or kind not in ("", "bus")):
        raise table.error("peer", f"peer 只用于 bus，只能是 {'、'.join(PEERS)}，不能是“{peer}”。")
    return Selector(table.text("check"), kind, role, peer)


def _slot(table: Table) -> Slot:
    table.only(("id", "title", "accepts", "form", "hint"))
    accepts, form = table.choice("accepts", ACCEPTS, "attachment"), table.text("form")
    if (accepts == "form") != bool(form):
        raise table.error("", f"证据 {table.values.get('id', '')}：accepts 是 form 时必须写 form，否则不能写。")
    return Slot(_id(table, PART_ID), table.text("title", REQUIRED), accepts, form, table.text("hint"))


def _signoff(table: Table) -> Signoff:
    table.only(("id", "title", "role"))
    return Signoff(_id(table, PART_ID), table.text("title", REQUIRED), table.text("role", REQUIRED))


def _rule(table: Table, key: str, known: set[str]) -> Rule:
    """The rule that stands under ``key``. Raises InputError for a term that names nothing of the step."""
    if key not in table:
        raise table.error("", f"{table.name} 缺少必填的键 {key}（什么时候算完成）。")
    return _rule_of(table.table(key), known)


def _rule_of(table: Table, known: set[str]) -> Rule:
    table.only(("all", "any"))
    if len(table.values) != 1:
        raise table.error("", "done 要写 all 或 any 其中一个。")
    ((mode, terms),) = table.values.items()
    if not isinstance(terms, list) or not terms:
        raise table.error(mode, f"{mode} 应是列表（方括号），至少写一项；不是{kind_of(terms) if terms else '空的'}。")
    return Rule(mode, tuple(_term(table, mode, place, term, known) for place, term in enumerate(terms)))


def _term(table: Table, mode: str, place: int, term: Any, known: set[str]) -> str | Rule:
    path = (*table.path, mode, place)
    if isinstance(term, dict):
        return _rule_of(Table(table.document, path, term, "done"), known)
    if term not in known:
        kind, _, name = str(term).partition(":")
        told = f"{TERMS[kind]} {name}" if kind in TERMS else str(term)
        raise table.document.error(
            path, f"done 里的 {told} 在这个步骤里没有（写 field:、evidence:、signoff: 或 checks）。"
        )
    return str(term)


def _id(table: Table, pattern: re.Pattern[str]) -> str:
    name = table.text("id", REQUIRED)
    if not pattern.fullmatch(name):
        raise table.error("id", f"id 只能用小写字母、数字、下划线和点，并以字母开头，不能是“{name}”。")
    return name


def _require_single(named: Iterable[tuple[Table, str, str]], what: str) -> None:
    """Raises InputError for a name given twice; each comes with the table and key where it stands."""
    seen: dict[str, Table] = {}
    for table, key, name in named:
        if first := seen.get(name):
            line = first.document.line((*first.path, key))
            raise table.error(key, f"{what} id {name} 已在第 {line} 行用过，不能重复。")
        seen[name] = table
