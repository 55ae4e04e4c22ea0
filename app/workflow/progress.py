"""How far the project is: worked out anew from journal entries and planned checks whenever asked; pure, stores nothing.

Steps are judged by their own rules (``judging``), checks by their newest results (``standing``). In a service case's
scope the case's own steps and the workflow steps it touches are judged by the case's records alone; every other step
stands as the project has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from app.workflow import blockers, cases
from app.workflow.cases import Case
from app.workflow.judging import Judge, lacking_line
from app.workflow.model import (
    Blocker,
    Bound,
    CheckState,
    Phase,
    PhaseState,
    Progress,
    Record,
    Step,
    StepState,
    Workflow,
)
from app.workflow.shelf import OF_CHECKS, Shelves, shelve
from app.workflow.standing import Selection, Standing

GATED = (cases.VISIT, cases.FORM3, cases.FORM4, cases.JOINT)
NO_CASE = "先新建或选择一件服务事项"
NOT_ON_SITE = "现场服务时才需要。"
NOT_BIG = "本次不是大的调整，不需要附表4。"
NOT_SAID = "“现场服务”中还没有回答是否大的调整。"


def of(
    workflow: Workflow, records: Iterable[Record], planned: Sequence[Bound], moment: datetime, scope: str = ""
) -> Progress:
    """The state of every step, and the 离场阻断项.

    ``records`` are the newest entries of every (kind, subject, scope), all scopes; ``planned`` the checks of the site.
    With ``scope`` "" the blockers are the project's and those of all its visits, else that case's alone.
    """
    shelves = shelve(records)
    view = _View(workflow, shelves, planned, moment, scope)
    phases = view.phases()
    return Progress(phases, tuple(view.blockers(phases)))


def check_states(
    records: Iterable[Record], planned: Sequence[Bound], moment: datetime, scope: str = ""
) -> tuple[CheckState, ...]:
    """How every planned check stands by the results of ``scope`` alone, in the plan's order."""
    shelves = shelve(records, OF_CHECKS)
    return Standing(planned, shelves, shelves.of(scope), moment).all()


class _View:
    """The project seen from one scope at one moment."""

    def __init__(
        self, workflow: Workflow, shelves: Shelves, planned: Sequence[Bound], moment: datetime, scope: str
    ) -> None:
        self.workflow, self.shelves, self.planned, self.moment, self.scope = workflow, shelves, planned, moment, scope
        self.base = Standing(planned, shelves, shelves.of(""), moment)
        self.own = Standing(planned, shelves, shelves.of(scope), moment) if scope else self.base
        self.over = Standing(planned, shelves, shelves.of(scope), moment, base=self.base) if scope else self.base
        self.project = Judge(shelves.of(""), moment)
        self.inside = Judge(shelves.of(scope), moment)
        self.case = Case(scope, shelves.case(scope), shelves.of(scope)) if scope else None
        self.touched, self.misnamed = self.case.reopened(workflow) if self.case else (frozenset[str](), ())

    def phases(self) -> tuple[PhaseState, ...]:
        return tuple(
            PhaseState(phase, tuple(self.step(phase, step) for step in phase.steps)) for phase in self.workflow.phases
        )

    @cached_property
    def chosen(self) -> dict[str, list[int]]:
        """The places of each step's checks in the plan."""
        selection = Selection(self.planned)
        return {step.id: selection.of(step) for step in self.workflow.steps()}

    @cached_property
    def steps_of_checks(self) -> dict[tuple[str, str], str]:
        """The first step that a planned pair belongs to."""
        found: dict[tuple[str, str], str] = {}
        for step, places in self.chosen.items():
            for place in places:
                found.setdefault((self.planned[place].check, self.planned[place].target), step)
        return found

    def step(self, phase: Phase, step: Step) -> StepState:
        if cases.per_case(phase, step):
            return self.case_step(step) if self.case else self.without_case(step)
        if step.id in self.touched:
            return self.inside.state(step, self.checks(step, self.own))
        return self.project.state(step, self.checks(step, self.over))

    def checks(self, step: Step, standing: Standing) -> list[CheckState]:
        return [standing.state(place) for place in self.chosen[step.id]]

    def without_case(self, step: Step) -> StepState:
        return StepState(step, False, False, f"{NO_CASE}。", (NO_CASE,), ())

    def case_step(self, step: Step, decided: bool = True) -> StepState:
        """A step of the maintenance phase in its case; one that this case does not call for says why it is open."""
        state = self.inside.state(step, self.checks(step, self.own), decided)
        if state.decision or state.done:
            return self.misnamed_told(state)
        if needless := self.needless(step):
            return replace(state, line=needless, missing=())
        return self.misnamed_told(state)

    def needless(self, step: Step) -> str:
        """Why the case does not call for the step; "" when it does."""
        if self.case is None or step.id in self.case.shelf.touched:
            return ""
        if step.id in cases.ON_SITE and not self.case.on_site:
            return NOT_ON_SITE
        if step.id == cases.FORM4 and not self.case.big:
            return NOT_BIG if self.case.answered or not self.case.on_site else NOT_SAID
        return ""

    def misnamed_told(self, state: StepState) -> StepState:
        """The visit stays open while it names steps that the workflow does not have."""
        if state.step.id != cases.VISIT or not self.misnamed or state.decision:
            return state
        told = tuple(f"“{name}”不是实施步骤的名称，请照左边的步骤名称写" for name in self.misnamed)
        missing = (*state.missing, *told)
        return replace(state, done=False, missing=missing, line=lacking_line(missing))

    def blockers(self, phases: Sequence[PhaseState]) -> list[Blocker]:
        if self.case:
            return [*self.case_blockers(self.case), *self.expiring(self.own)]
        found = [
            *blockers.of_project(phases),
            *blockers.of_checks(self.base.all(), self.steps_of_checks),
            *self.expiring(self.base),
        ]
        for scope in self.scopes_of_cases():
            view = _View(self.workflow, self.shelves, self.planned, self.moment, scope)
            view.chosen, view.steps_of_checks = self.chosen, self.steps_of_checks
            found += view.case_blockers(view.case) if view.case else []
        return found

    def expiring(self, standing: Standing) -> Iterable[Blocker]:
        shelves = (standing.shelf, self.base.shelf)
        return blockers.of_certificates(standing.all(), self.steps_of_checks, shelves, self.moment)

    def scopes_of_cases(self) -> list[str]:
        """Opened cases first, in their order, then scopes of which only records are known."""
        opened = [case.subject for case in self.shelves.cases]
        return list(dict.fromkeys((*opened, *(scope for scope in self.shelves.by_scope if scope.startswith("case-")))))

    def case_blockers(self, case: Case) -> list[Blocker]:
        """What this case's visit must have; its checks too."""
        if not case.on_site:
            return list(blockers.of_case(case, {}, ()))
        steps = [step for phase in self.workflow.phases for step in phase.steps if step.id in GATED]
        gates = {step.id: self.case_step(step, decided=False) for step in steps}
        found = list(blockers.of_case(case, gates, self.reopened()))
        prefix = f"服务事项{case.title}："
        return [*found, *blockers.of_checks(self.own.all(), self.steps_of_checks, prefix, f"{case.scope}.")]

    def reopened(self) -> list[PhaseState]:
        """The workflow steps that the case touches, by phase."""
        phases = [phase for phase in self.workflow.phases if phase.id != cases.MAINTENANCE]
        found = (
            PhaseState(phase, tuple(self.step(phase, step) for step in phase.steps if step.id in self.touched))
            for phase in phases
        )
        return [state for state in found if state.steps]
