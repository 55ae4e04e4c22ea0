"""服务事项 as progress sees them: of which kind, whether on site, a 大的调整, and which workflow steps they touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.workflow.model import Phase, Record, Step, Workflow
from app.workflow.shelf import Shelf

MAINTENANCE = "maintenance"
PERIOD = "maintenance.period"  # the 技术服务期 is the project's, not a case's
CASE, REMOTE, VISIT = "maintenance.case", "maintenance.remote", "maintenance.visit"
FORM3, FORM4, JOINT = "maintenance.form3", "maintenance.form4", "maintenance.joint"
ON_SITE = (VISIT, FORM3, JOINT)  # asked for only when somebody goes there
BIG_KINDS = ("迁移", "升级", "部署调整")
NOTHING = ("无", "没有")


def per_case(phase: Phase, step: Step) -> bool:
    """Whether the step is done once for each case."""
    return phase.id == MAINTENANCE and step.id != PERIOD


@dataclass(frozen=True)
class Case:
    """One case: the entry that opened it (None where only its records are known) and what was written in its scope."""

    scope: str
    entry: Record | None
    shelf: Shelf

    @property
    def kinds(self) -> tuple[str, ...]:
        """What kind it is by its entry and by its own field: the graver counts."""
        named = (self.entry.payload.get("kind", "") if self.entry else "", self.shelf.value(f"{CASE}/kind") or "")
        return tuple(str(kind) for kind in named if kind)

    @property
    def title(self) -> str:
        if self.entry is None:
            return self.scope
        return f"{self.entry.payload.get('kind', '')}“{self.entry.payload.get('title', '')}”"

    @property
    def closed(self) -> bool:
        return bool(self.entry and self.entry.payload.get("closed"))

    @property
    def on_site(self) -> bool:
        """Whether somebody goes there: it was said so, or something of the visit and its papers is recorded."""
        said = self.shelf.value(f"{REMOTE}/handling") == "现场服务"
        return said or any(step in self.shelf.touched for step in (*ON_SITE, FORM4))

    @property
    def undecided(self) -> bool:
        """Whether it is not known yet how the case is dealt with."""
        return not self.closed and not self.on_site and not self.shelf.value(f"{REMOTE}/handling")

    @property
    def big(self) -> bool:
        """大的调整: always for 迁移, 升级 and 部署调整, else by the visit's own answer."""
        return any(kind in BIG_KINDS for kind in self.kinds) or self.shelf.value(f"{VISIT}/big_change") == "是"

    @property
    def answered(self) -> bool:
        """Whether the visit says 是 or 否 to 是否大的调整."""
        return self.shelf.value(f"{VISIT}/big_change") is not None

    def reopened(self, workflow: Workflow) -> tuple[frozenset[str], tuple[str, ...]]:
        """The ids of the workflow's steps that the case touches, and the names given that are no step's.

        A step is touched when the visit names it (by id or title) or anything was written of it in the case's scope.
        """
        names = {key: step.id for phase in workflow.phases for step in phase.steps for key in (step.id, step.title)}
        given = [name for name in self._named() if name not in NOTHING]
        named = {names[name] for name in given if name in names}
        return frozenset({*named, *self.shelf.touched}), tuple(name for name in given if name not in names)

    def _named(self) -> Sequence[str]:
        rows = self.shelf.value(f"{VISIT}/touched")
        if not isinstance(rows, list | tuple):
            return ()
        cells = (str(row.get("step", "")).strip() for row in rows if isinstance(row, dict))
        return [name for name in cells if name]
