"""Record files of the joint test: this end's kept and exported, the other end's taken in, and both judged together.

The form of a record file and the judging of a pair are ``app.checks.bus.records`` and ``app.checks.bus.pairing``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.actions import checking
from app.actions.record_files import KIND, WHAT, Belongs, RecordedExchanges
from app.actions.workspace import Workspace, require_writable
from app.base import clock
from app.base.errors import InputError
from app.base.files import read_bounded, write_atomic
from app.checks.bus import records
from app.checks.bus.batches import stated
from app.checks.bus.pairing import ENDS, OTHER, OWN, side_of
from app.checks.bus.records import REPORT, Head, Item, Record, Unreadable
from app.checks.model import OUTCOME_WORDS, Outcome
from app.evidence.entry import Entry
from app.evidence.project import Draft
from app.site.model import Bus

BEGINNING = 64 << 10  # bytes by which a record is recognised
OUR_ROLE = "实施商"


def is_record(path: Path) -> bool:
    """Whether a file gives itself out to be a record of the joint test; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return records.looks_like_one(file.read(BEGINNING))
    except OSError:
        return False


def take(workspace: Workspace, path: Path, scope: str = "") -> tuple[Entry, ...]:
    """Takes in the other end's record file, which says itself where it belongs. Gives the entries written: the file's,
    the record's, and the verdict on the pair where no live exchange is to be run for it.

    Raises InputError, one sentence, for a file that is no record, or does not belong here; nothing is then changed.
    """
    require_writable(workspace)
    content, record = _read(path)
    head = record.head
    if head.project and head.project == workspace.project.id:
        raise InputError(f"{path.name} 是本项目自己导出的记录，不是对方的；本端的记录用 onsite record 记入。")
    lacking = [word for word, key in LACKING if not getattr(head, key)]
    if lacking:
        raise InputError(f"{path.name} 没有写明{'、'.join(lacking)}；或用 onsite record --end other 写明后记入。")
    belongs = Belongs(_bus_of(workspace, head, path.name), head.direction, OTHER, scope)
    _require_fitting(record, belongs)
    return _kept(workspace, belongs, record, content)


LACKING = (("方向", "direction"), ("收发", "side"), ("是哪一端", "end"), ("由谁（身份）给出", "role"))


def _bus_of(workspace: Workspace, head: Head, name: str) -> Bus:
    """The bus to the end that wrote the record. Raises InputError where that is none, or is not plain."""
    city = bool(workspace.site.parent)
    peer = {"ministry": "ministry", "province": "ministry" if city else "", "city": "" if city else "city"}[head.end]
    buses = [one for one in workspace.site.targets if isinstance(one, Bus) and one.peer == peer]
    named = [one for one in buses if head.node and one.node == head.node]
    found = named or [one for one in buses if not (head.node and one.node)]
    if len(found) == 1:
        return found[0]
    who = {"ministry": "部端", "province": "省端", "city": "市端"}[head.end] + (f"（{head.node}）" if head.node else "")
    if not found:
        raise InputError(f"{name} 是{who}的记录，现场配置里没有与它对应的 [[bus]]（看 peer 与 node）。")
    ids = "、".join(one.id for one in found)
    raise InputError(f"{name} 是{who}的记录，对得上的总线有 {ids}；请在 site.toml 的 [[bus]] 写明 node，再导入。")


def keep(
    workspace: Workspace, bus_id: str, direction: str, path: Path, end: str = OWN, role: str = "", scope: str = ""
) -> tuple[Entry, ...]:
    """Keeps a record file as that of one end (``own``, ``other``) of a bus; ``role`` is who gave it, needed unless the
    file says so or it is ours. Gives what ``take`` gives. Raises InputError.
    """
    require_writable(workspace)
    belongs = Belongs(_bus(workspace, bus_id), direction, end, scope)
    content, record = _read(path)
    head = record.head
    if end == OTHER and head.project and head.project == workspace.project.id:
        raise InputError(f"{path.name} 是本项目自己导出的记录，不能当作对方的。")
    _require_fitting(record, belongs)
    given = role.strip() or head.role or (OUR_ROLE if end == OWN else "")
    if not given:
        raise InputError(f"{path.name} 没有写明由谁（身份）给出，请加 --role，例如 --role 部端工作人员。")
    named = replace(record, head=replace(head, direction=direction, side=side_of(belongs.leg, end), role=given))
    return _kept(workspace, belongs, named, content)


def _require_fitting(record: Record, belongs: Belongs) -> None:
    """Raises InputError for a record that says itself to be of another direction or side."""
    head = record.head
    if head.direction not in ("", belongs.direction) or head.side not in ("", side_of(belongs.leg, belongs.end)):
        raise InputError(f"{record.name} 写的方向或收发与“{belongs}”不符，没有记入。")


def _bus(workspace: Workspace, bus_id: str) -> Bus:
    target = workspace.site.target(bus_id)
    if not isinstance(target, Bus):
        raise InputError(f"现场配置文件中没有总线 {bus_id}。")
    if target.peer not in ENDS:
        raise InputError(f"总线 {bus_id} 是本地的（peer = local），没有上报和下发的对端。")
    return target


def _read(path: Path) -> tuple[bytes, Record]:
    content = read_bounded(path, records.LARGEST, WHAT)
    try:
        return content, records.read(content, path.name)
    except Unreadable as error:
        raise InputError(f"{path.name}：{error}。") from error


def _kept(workspace: Workspace, belongs: Belongs, record: Record, content: bytes) -> tuple[Entry, ...]:
    """The file first, then the entries that speak of it, then the verdict."""
    if not record.whole:
        raise InputError(f"{record.name} 不完整：里面的批次数与它自己写的不符，请重新传送。")
    if not record.items:
        raise InputError(f"{record.name} 里一个批次也没有，没有记入。")
    if _held_by_other_end(workspace, belongs, hashlib.sha256(content).hexdigest()):
        raise InputError(f"{record.name} 与另一端的记录是同一个文件，没有记入。")
    attachment = workspace.project.attach(content, record.name)
    head = record.head
    title = f"联调记录：{belongs}，{len(record.items)} 批（{head.role}）"
    file = {"sha256": attachment.sha256, "name": attachment.name, "size": attachment.size, "note": title}
    told: dict[str, Any] = {
        "title": title, "bus": belongs.bus.id, "direction": belongs.direction, "end": belongs.end, "side": head.side,
        "role": head.role, "node": head.node, "file": attachment.sha256, "name": attachment.name,
        "target_digest": belongs.bus.digest(), "batches": len(record.items),
        "clock_milliseconds": None if head.clock is None else round(head.clock * 1000),
    }  # fmt: skip
    entries = workspace.append(
        Draft("attachment", f"{belongs.slot}/{attachment.sha256}", file, belongs.scope, role=head.role),
        Draft(KIND, belongs.subject, told, belongs.scope, role=head.role),
    )
    return (*entries, *_judged(workspace, belongs))


def _held_by_other_end(workspace: Workspace, belongs: Belongs, sha256: str) -> bool:
    other = replace(belongs, end=OWN if belongs.end == OTHER else OTHER)
    recorded = workspace.project.current(KIND, other.subject, other.scope)
    return bool(recorded) and recorded[-1].payload.get("file") == sha256


def _judged(workspace: Workspace, belongs: Belongs) -> tuple[Entry, ...]:
    """The check of that leg put anew, as a run would; not where it would also send something."""
    if lives(belongs):
        return ()
    check = f"joint.{belongs.direction}"
    results = checking.check(workspace, checking.Selection(pairs=((check, belongs.bus.id),)), scope=belongs.scope)
    found = (workspace.project.entry(result.evidence) for result in results)
    return tuple(entry for entry in found if entry)


def lives(belongs: Belongs) -> bool:
    """Whether the check of that leg runs a live exchange as well."""
    url = belongs.bus.exchange.report if belongs.direction == REPORT else belongs.bus.exchange.dispatch
    return bool(url) and belongs.bus.send


def export(workspace: Workspace, bus_id: str, direction: str, out: Path, role: str = "", scope: str = "") -> Path:
    """Writes this end's record for the other laptop: the one that was kept, else what live exchanges sent or received.

    Raises InputError where there is nothing to write, or ``out`` exists already; UnavailableError for the disk.
    """
    belongs = Belongs(_bus(workspace, bus_id), direction, OWN, scope)
    if out.exists():
        raise InputError(f"{out} 已经存在，没有覆盖。请另给一个文件名。")
    kept = RecordedExchanges(workspace, scope).kept(belongs)
    items = kept.items if kept else _of_live(workspace, belongs)
    if not items:
        raise InputError(f"{belongs} 还没有记录：先实时收发一次（onsite check），或用 onsite record --file 记入。")
    site = workspace.site
    head = Head(
        direction=direction,
        side=side_of(belongs.leg, OWN),
        end="city" if site.parent else "province",
        node=site.node,
        role=role.strip() or (kept.head.role if kept else OUR_ROLE),
        clock=kept.head.clock if kept else None,
        project=workspace.project.id,
    )
    write_atomic(out, records.written(Record(head, items), clock.now()))
    return out


def _of_live(workspace: Workspace, belongs: Belongs) -> tuple[Item, ...]:
    """What this end sent or received in live exchanges, each batch once, in the order of the journal."""
    found: dict[str, Item] = {}
    for entry in workspace.project.history("result", f"joint.{belongs.direction}@{belongs.bus.id}", belongs.scope):
        own = (entry.payload.get("observed") or {}).get("own")
        batch = stated(own, own) if isinstance(own, Mapping) else None
        if batch and isinstance(own, Mapping) and own.get("at"):
            found[batch.id] = Item(batch.id, batch.count, batch.sha256, clock.parse(str(own["at"])))
    return tuple(found.values())


def lines(workspace: Workspace, entries: Sequence[Entry]) -> list[str]:
    """What was written, for the terminal: the record, and how the pair stands now."""
    told = []
    for entry in entries:
        number = workspace.project.number(entry)
        if entry.kind == KIND:
            told.append(f"已记入{entry.payload['title']}（证据 {number}）。")
        elif entry.kind == "result":
            reason = entry.payload["reason"] or entry.payload["actual"]
            told.append(
                f"{entry.subject}：{OUTCOME_WORDS[Outcome(entry.payload['outcome'])]}　{reason}（证据 {number}）"
            )
    if told and not any(entry.kind == "result" for entry in entries):
        told.append("该方向还有实时收发，请再执行 onsite check 检查。")
    return told


def exit_status(entries: Sequence[Entry]) -> int:
    """1 when the pair is 不合格, 3 when it is 未能判定 (one end's record is missing, for one), else 0."""
    outcomes = {entry.payload["outcome"] for entry in entries if entry.kind == "result"}
    if str(Outcome.FAIL) in outcomes:
        return 1
    return 3 if str(Outcome.UNKNOWN) in outcomes else 0
