"""What others bring: outputs of scripts that the customer ran, judged like our own checks and marked 客户提供."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from app.actions import checking, no_access, records
from app.actions.workspace import Workspace, require_writable
from app.base import clock
from app.base.cancellation import Cancellation
from app.base.errors import InputError
from app.base.files import read_bounded
from app.checks import replay, runner
from app.checks.model import Result
from app.checks.offline import identity, output
from app.checks.offline.marks import PROVIDED
from app.checks.offline.output import Output
from app.evidence.project import Draft
from app.site.model import Client, Target

OLDEST = timedelta(days=7)  # what was seen longer ago says nothing of today
APART = timedelta(days=1)  # that clocks may differ, the time zone that was set wrongly included


@dataclass(frozen=True)
class Taken:
    """What came of a file: the results, in which entry the file is kept, and what there is to say of it."""

    results: tuple[Result, ...]
    number: str
    notes: tuple[str, ...]
    status: int = 0  # the exit status of what is no result


def take(
    workspace: Workspace,
    path: Path,
    *,
    on_result: Callable[[Result], None] = lambda result: None,
    cancellation: Cancellation | None = None,
    scope: str = "",
) -> Taken:
    """Takes in a record file of a joint test, or the output of one of our scripts.

    Raises InputError for a file that is none of these, is for another site, project or target, is too old, was taken in
    before, or whose target's profile entry has changed since; nothing is recorded then.
    """
    require_writable(workspace)
    if records.is_record(path):
        entries = records.take(workspace, path, scope)
        number = workspace.project.number(entries[0]) if entries else ""
        return Taken((), number, tuple(records.lines(workspace, entries)), records.exit_status(entries))
    data = read_bounded(path, output.LARGEST, "导入的文件")
    return _take_output(workspace, path.name, data, on_result, cancellation or Cancellation(), scope)


def _take_output(
    workspace: Workspace,
    name: str,
    data: bytes,
    on_result: Callable[[Result], None],
    cancellation: Cancellation,
    scope: str,
) -> Taken:
    found = output.read(data)
    target = _target(workspace, found)
    _require_fresh(workspace, found, target)
    brought = replay.given(found)
    if trouble := identity.mismatch(found, brought, target, workspace.site):
        raise InputError(f"{trouble}请核对脚本是否在 {target.name}（{target.id}）上运行，或改正现场配置文件。")
    covered, not_covered = no_access.split(workspace, target)
    kept = workspace.project.attach(data, name, cancellation)
    subject = f"{no_access.SUBJECT}/{target.id}/{kept.sha256}"
    if workspace.project.current("attachment", subject):
        raise InputError(f"这个文件已经导入过：{name}。")
    note = f"{PROVIDED}的输出：{target.name}，{clock.stamp(found.time)}"
    content = {"sha256": kept.sha256, "name": kept.name, "size": kept.size, "note": note, "taken": _utc(found.time)}
    (entry,) = workspace.append(Draft("attachment", subject, content, scope))
    number = workspace.project.number(entry)
    results: list[Result] = []

    def keep(come: Sequence[Result]) -> None:
        marked = [_marked(result, found, name, number, scope) for result in come]
        recorded = checking.record(workspace, marked)
        results.extend(recorded)
        for result in recorded:
            on_result(result)

    around = checking.surroundings(workspace, cancellation)
    runner.run_in_groups(covered, around, keep, lambda one, there: replay.replayed(one, there, brought))
    notes = _notes(found, target, [pair.check.title for pair in not_covered])
    return Taken(tuple(results), number, tuple(notes))


def _target(workspace: Workspace, found: Output) -> Target:
    """Whose output it is. Raises InputError."""
    head = found.head
    if head.get("node") != workspace.site.node:
        raise InputError(f"这是另一个现场（行政区划代码 {head.get('node', '') or '未写'}）的输出，没有导入。")
    if head.get("project") != workspace.project.id:
        raise InputError("这是另一个项目写的脚本的输出，没有导入。请用本项目重新写脚本。")
    target = workspace.site.target(head.get("target", ""))
    if target is None or target.kind != head.get("kind"):
        raise InputError(f"现场配置文件里没有输出所说的检查对象 {head.get('target', '') or '（未写）'}，没有导入。")
    if head.get("digest") != target.digest():
        raise InputError(
            f"{target.id} 的配置在写脚本之后改过，旧输出不再作数，没有导入。请重新写脚本，请客户再运行一次。"
        )
    return target


def _require_fresh(workspace: Workspace, found: Output, target: Target) -> None:
    """Raises InputError for an output that cannot stand for today, or is older than one that was taken in."""
    now, ran = clock.now(), found.time
    if ran > now + APART:
        raise InputError(f"输出的运行时间 {clock.stamp(ran)} 在将来，没有导入。请核对那台机器与本机的时钟。")
    if ran < _written(found) - APART:
        raise InputError(f"输出的运行时间 {clock.stamp(ran)} 早于写脚本的时间，没有导入。请核对那台机器的时钟。")
    if now - ran > OLDEST:
        raise InputError(f"输出是 {(now - ran).days} 天前的，不能代表现在，没有导入。请客户重新运行脚本。")
    earlier = [
        str(entry.payload.get("taken", ""))
        for entry in workspace.project.current("attachment")
        if entry.subject.startswith(f"{no_access.SUBJECT}/{target.id}/")
    ]
    if max(earlier, default="") > _utc(ran):
        raise InputError(f"{target.id} 已经导入过更新的输出，这一份没有导入。")


def _written(found: Output) -> datetime:
    try:
        return clock.parse(found.head.get("written", ""))
    except ValueError:
        raise InputError(f"输出里没有写脚本的时间。{output.AGAIN}") from None


def _utc(moment: datetime) -> str:
    return clock.stamp(moment.astimezone(tz=clock.CHINA))


def _marked(result: Result, found: Output, name: str, number: str, scope: str) -> Result:
    """A result that says of itself where it comes from, in every place that shows it."""
    where = found.facts.get("node") or found.facts.get("host") or ""
    return replace(
        result,
        scope=scope,
        route=PROVIDED,
        vantage=f"{PROVIDED}：{name}（附件 {number}{f'，运行于 {where}' if where else ''}）",
        started=min(found.time, clock.now()),
        seconds=0.0,
        offset_seconds=None,
        actual=f"{PROVIDED}：{result.actual}" if result.actual else "",
    )


def _notes(found: Output, target: Target, elsewhere: Sequence[str]) -> list[str]:
    """What is to be known of the file."""
    notes = []
    if found.converted:
        notes.append(f"文件在途中被转换过（{found.converted}），已还原。")
    if found.damaged or not found.complete:
        notes.append(f"输出不完整或被改动：{found.damaged} 段不能用，缺的检查项未能判定。请客户原样重新交一份。")
    if isinstance(target, Client) and not target.computer:
        node = found.facts.get("node") or "（未写名）"
        notes.append(f"配置里没有写 computer，认不出 {node} 是不是 {target.id}，请核对。")
    if elsewhere:
        notes.append(f"客户提供的输出不能回答，仍须从本机检查或另行取证：{'、'.join(elsewhere)}。")
    return notes
