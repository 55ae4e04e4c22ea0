"""Journal entries, planned checks and a small workflow for the tests of progress."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from app.workflow.model import (
    Bound,
    Column,
    Field,
    FieldType,
    Phase,
    Rule,
    Selector,
    Signoff,
    Slot,
    Step,
    StepState,
    Workflow,
)
from app.workflow.progress import of

CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 1, 20, 10, 0, tzinfo=CHINA)
TURNS = itertools.count(1)


@dataclass(frozen=True)
class Note:
    """An entry as progress reads it; each one made is newer than those before."""

    kind: str
    subject: str
    payload: Mapping[str, Any]
    scope: str = ""
    at: str = NOW.isoformat()
    role: str = "实施商"
    turn: int = field(default_factory=lambda: next(TURNS))

    @property
    def number(self) -> str:
        return f"a3f-{self.turn}"

    @property
    def hash(self) -> str:
        return f"{self.turn:064x}"

    @property
    def order(self) -> tuple[int, str, int]:
        return (self.turn, "a3f", self.turn)


def bound(check: str = "oracle.login", target: str = "db1", **more: str) -> Bound:
    kinds = {"oracle": "database", "joint": "bus"}
    prefix = check.partition(".")[0]
    content = {
        "title": f"{check} 的题目",
        "target_title": f"对象{target}",
        "kind": kinds.get(prefix, prefix),
        "role": "",
        "peer": "",
        "target_digest": "T1",
        "check_digest": "C1",
    }
    return Bound(check, target, **{**content, **more})


def result(outcome: str, check: str = "oracle.login", target: str = "db1", scope: str = "", **more: Any) -> Note:
    content = {"outcome": outcome, "target_digest": "T1", "check_digest": "C1", "observed": {}}
    return Note("result", f"{check}@{target}", {**content, **more}, scope)


def decision(about: Note, word: str = "waive", expires: str = "", **more: Any) -> Note:
    content = {
        "decision": word,
        "role": "项目协调人",
        "reason": "厂家月底到场",
        "expires": expires,
        "result": about.hash,
        "outcome": about.payload["outcome"],
    }
    return Note("decision", about.subject, {**content, **more}, about.scope)


def set_aside(step: str, scope: str = "", word: str = "not_applicable", expires: str = "") -> Note:
    content = {"decision": word, "role": "项目协调人", "reason": "本省没有", "expires": expires, "result": ""}
    return Note("decision", f"step:{step}", content, scope)


def written(name: str, value: Any = "已写", scope: str = "") -> Note:
    return Note("field", name, {"value": value}, scope)


def attached(name: str, scope: str = "", withdrawn: bool = False) -> Note:
    content = {"sha256": "ab" * 32, "name": "扫描.pdf", "size": 3, "note": ""}
    return Note("attachment", f"{name}/{'ab' * 32}", {**content, **({"withdrawn": True} if withdrawn else {})}, scope)


def adjusted(name: str, scope: str = "", check: str = "", at: str = NOW.isoformat()) -> Note:
    return Note("adjustment", f"{name}/0001", {"what": "扩表空间", "check": check}, scope, at)


def signed(name: str, role: str = "地方实施责任单位", scope: str = "") -> Note:
    return Note("signoff", name, {"role": role, "name": "某人", "note": ""}, scope)


def case(scope: str, kind: str, closed: bool = False) -> Note:
    content = {"kind": kind, "title": "一件事", "opened": "2026-01-10T09:00:00.000+08:00", "closed": closed}
    return Note("case", scope, content)


def rule(mode: str, *terms: str | Rule) -> Rule:
    return Rule(mode, terms)


def step(
    done: Rule,
    checks: Sequence[Selector] = (),
    name: str = "deploy.one",
    responsible: str = "实施商",
    title: str = "一个步骤",
) -> Step:
    """A step that has one part of every sort."""
    return Step(
        id=name,
        title=title,
        responsible=responsible,
        serves=(),
        guidance="",
        done=done,
        fields=(
            Field("note", "说明", FieldType.TEXT),
            Field("rows", "表格", FieldType.TABLE, columns=(Column("a", "甲"),)),
        ),
        checks=tuple(checks),
        evidence=(
            Slot("photo", "照片"),
            Slot("adjust", "调整", "adjustment"),
            Slot("scan", "附表1扫描件", "form", "附表1"),
        ),
        signoffs=(Signoff("unit", "核对无误", "地方实施责任单位"),),
    )


def workflow(*steps: Step) -> Workflow:
    return Workflow((Phase("deploy", 3, "三", "部署应用系统", steps),))


def judged(
    one: Step, records: Sequence[Note], planned: Sequence[Bound] = (), moment: datetime = NOW, scope: str = ""
) -> StepState:
    """How the step stands in a workflow of its own."""
    return of(workflow(one), records, planned, moment, scope).step(one.id)
