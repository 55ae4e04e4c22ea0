"""离场阻断项: what keeps the engineer from leaving and who can clear it, worked out from states, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from app.base import clock
from app.workflow.cases import FORM3, FORM4, JOINT, MAINTENANCE, REMOTE, VISIT, Case
from app.workflow.model import STATE_WORDS, Blocker, Bound, CheckState, PhaseState, Record, State, StepState
from app.workflow.shelf import Shelf, filled
from app.workflow.standing import unproved

UNIT, IMPLEMENTER, MINISTRY = "地方实施责任单位", "实施商", "部端工作人员"
# 附表1 goes out of the house stamped: its steps are told one by one, with what they lack.
PAPERS = ("confirm.form", "confirm.fax")
# What the reference asks for before an engineer may leave after a visit; no 处置 lifts it. And who can clear it.
GATES = ((VISIT, IMPLEMENTER), (FORM3, UNIT), (JOINT, MINISTRY))
BIG_GATE = (FORM4, UNIT)
RENEWAL_DAYS, ARRANGED_DAYS = 30, 90
RENEWALS = "handover.certificates/renewals"
SHOWN = 4
CODES = {IMPLEMENTER: "implementer", UNIT: "unit"}


def of_project(phases: Sequence[PhaseState]) -> Iterator[Blocker]:
    """Unfinished steps of the phases before maintenance: one blocker for each phase and who is responsible."""
    for phase in phases:
        if phase.phase.id == MAINTENANCE:
            continue
        yield from _unfinished(phase, [step for step in phase.steps if step.step.id not in PAPERS])
        yield from (_paper(step) for step in phase.steps if step.step.id in PAPERS and not step.done)


def _unfinished(phase: PhaseState, steps: Iterable[StepState], prefix: str = "", scope: str = "") -> Iterator[Blocker]:
    still = [step for step in steps if not step.done]
    for responsible in dict.fromkeys(step.step.responsible for step in still):
        theirs = [step.step for step in still if step.step.responsible == responsible]
        named = f"{scope}steps.{phase.phase.id}.{CODES.get(responsible, 'others')}"
        title = f"{prefix}“{phase.phase.title}”还有 {len(theirs)} 步未完成：{_some([step.title for step in theirs])}"
        yield Blocker(named, title, responsible, theirs[0].id)


def _paper(step: StepState) -> Blocker:
    return Blocker(step.step.id, f"{step.step.title}：{_lack(step)}", UNIT, step.step.id)


def _lack(step: StepState) -> str:
    return "还缺" + "，".join(step.missing) if step.missing else step.line


def _some(names: Sequence[str]) -> str:
    return "；".join(names[:SHOWN]) + (f"等 {len(names)} 项" if len(names) > SHOWN else "")


def of_checks(checks: Sequence[CheckState], steps: dict[tuple[str, str], str], prefix: str = "", scope: str = "") \
        -> Iterator[Blocker]:  # fmt: skip
    """Checks that are 不合格, 未能判定 or 待重测 without a 处置: one blocker for each target and state."""
    open_ones = unproved(checks)
    for state in (State.FAIL, State.UNKNOWN, State.STALE):
        such = [check for check in open_ones if check.state is state]
        for target in dict.fromkeys(check.bound.target for check in such):
            theirs = [check.bound for check in such if check.bound.target == target]
            titles = _some([bound.title for bound in theirs])
            title = f"{prefix}{theirs[0].target_title}（{target}）{len(theirs)} 项{STATE_WORDS[state]}：{titles}"
            step = next((steps[b.check, b.target] for b in theirs if (b.check, b.target) in steps), "")
            yield Blocker(f"{scope}checks.{target}.{state}", title, IMPLEMENTER, step)


def of_certificates(
    checks: Iterable[CheckState], steps: dict[tuple[str, str], str], shelves: Sequence[Shelf], moment: datetime
) -> Iterator[Blocker]:
    """续期安排 for certificates with at most thirty days left, unless it is told: by the table of the handover step, by
    a 处置 or by a 调整记录 of that check.
    """
    for check in checks:
        ends = _not_after(check)
        if ends is None or check.decision or ends - moment > timedelta(days=RENEWAL_DAYS):
            continue
        bound = check.bound
        if any(_adjusted(shelf, bound, ends) or _tabled(shelf, check, ends) for shelf in shelves):
            continue
        day = clock.paper_date(clock.china_date(ends))
        left = clock.days_between(moment, ends)
        told = f"还有 {int(left)} 天到期（{day}）" if left > 0 else f"已于{day}到期"
        title = f"{bound.target_title}（{bound.target}）{told}，没有续期安排"
        yield Blocker(f"renewal.{bound.target}", title, UNIT, steps.get((bound.check, bound.target), ""))


def _not_after(check: CheckState) -> datetime | None:
    """When the certificate that was seen ends; None where nothing of today's was seen, or its failure tells it."""
    if check.bound.check != "certificate.validity" or check.state not in (State.PASS, State.WARN) or not check.record:
        return None
    observed = check.record.payload.get("observed") or {}
    try:
        return clock.parse(str(observed.get("not_after", "")))
    except ValueError:
        return None


def _adjusted(shelf: Shelf, bound: Bound, ends: datetime) -> bool:
    """Whether a 调整记录 beside the check speaks of this certificate."""
    subject = f"{bound.check}@{bound.target}"
    return any(record.payload.get("check") == subject and _lately(record, ends) for record in shelf.adjustments())


def _tabled(shelf: Shelf, check: CheckState, ends: datetime) -> bool:
    """Whether a row of the 续期安排 table names this certificate (title, id or serial) and says what is to be."""
    entry = shelf.fields.get(RENEWALS)
    rows = shelf.value(RENEWALS)
    if entry is None or check.record is None or not isinstance(rows, list | tuple) or not _lately(entry, ends):
        return False
    serial = (check.record.payload.get("observed") or {}).get("serial", "")
    names = {_plain(name) for name in (check.bound.target_title, check.bound.target, serial) if name}
    cells = [row for row in rows if isinstance(row, Mapping)]
    return any(_plain(row.get("title")) in names and filled(row.get("arrangement")) for row in cells)


def _plain(name: object) -> str:
    """A certificate's name or serial as it is compared: people write serials in either case, with colons and blanks."""
    return "".join(str(name or "").split()).replace(":", "").lower()


def _lately(record: Record, ends: datetime) -> bool:
    """Whether the record can mean this certificate: one from long before its end speaks of an older one."""
    return clock.parse(record.at) >= ends - timedelta(days=ARRANGED_DAYS)


def of_case(case: Case, steps: dict[str, StepState], reopened: Sequence[PhaseState]) \
        -> Iterator[Blocker]:  # fmt: skip
    """What a visit must have before its engineer may leave; for a case of which nobody knows yet how it is dealt with,
    just that. Closing a case clears nothing of a visit.
    """
    prefix, scope = f"服务事项{case.title}：", f"{case.scope}."
    if case.undecided:
        title = f"{prefix}没有写明怎样解决（热线电话、邮件、网站或现场服务）"
        yield Blocker(f"{scope}{REMOTE}", title, IMPLEMENTER, REMOTE)
    if not case.on_site:
        return
    for step, clears in (*GATES, *((BIG_GATE,) if case.big else ())):
        if step in steps and not steps[step].done:
            title = f"{prefix}{steps[step].step.title}：{_lack(steps[step])}"
            yield Blocker(f"{scope}{step}", title, clears, step)
    for phase in reopened:
        yield from _unfinished(phase, phase.steps, prefix, scope)
