"""Whether a journal is what was written: every hash, link and order, the ``current`` table, transcripts, files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.base.cancellation import Cancellation
from app.base.errors import DamagedError
from app.evidence import attachments
from app.evidence.entry import GENESIS, Entry, canonical, digest, parse
from app.evidence.fault import Fault
from app.evidence.store import Store

HOLDS_FILE = frozenset({"attachment", "form_file", "form_signed", "scan"})


def inspect(folder: Path, project: str, store: Store, cancellation: Cancellation | None = None) -> Iterator[Fault]:
    """Every fault of the journal in ``store`` and of the project's ``folder``."""
    cancellation = cancellation or Cancellation()
    if store.rows("PRAGMA quick_check(1)") != [("ok",)]:
        yield Fault(store.path.name, "数据库文件已损坏")
    entries: list[Entry] = []
    for name, raw in store.rows("SELECT hash, raw FROM entries ORDER BY chain, seq, hash"):
        cancellation.check()
        try:
            entry = parse(bytes(raw))  # type: ignore[call-overload]
        except DamagedError as error:
            yield Fault(f"记录 {str(name)[:12]}", str(error))
            continue
        if entry.hash != name:
            yield Fault(f"记录 {entry.number}", "内容已被改动（哈希不符）")
        entries.append(entry)
    yield from chain_faults(project, entries)
    yield from _column_faults(store)
    yield from _current_faults(store, entries)
    yield from _transcript_faults(store, entries)
    yield from file_faults(folder, entries, cancellation)


def chain_faults(project: str, entries: Iterable[Entry]) -> Iterator[Fault]:
    """What is wrong with entries as chains: links, gaps, order, and what they claim to have seen."""
    known = {entry.hash: entry for entry in entries}
    firsts: set[tuple[str, str]] = set()
    for entry in known.values():
        where = f"记录 {entry.number}"
        if canonical({"v": 1, **_fields(entry)}) != entry.raw:
            yield Fault(where, "存储的字节不是规范写法")
        if entry.project != project:
            yield Fault(where, "属于另一个项目")
        before = known.get(entry.prev)
        if entry.prev == GENESIS:
            if entry.seq != 1:
                yield Fault(where, "链的开头缺失")
            firsts.add((entry.chain, entry.hash))
        elif before is None or before.chain != entry.chain or before.seq != entry.seq - 1:
            yield Fault(where, "与前一条接不上（前一条缺失或被改动）")
        elif before.turn >= entry.turn:
            yield Fault(where, "次序号没有前进")
        for chain, head in entry.seen.items():
            other = known.get(head)
            if other is None or other.chain != chain:
                yield Fault(where, f"提到的链 {chain[:3]} 的记录不在这里")
            elif other.turn >= entry.turn:
                yield Fault(where, f"次序号早于它见过的链 {chain[:3]}")


def _fields(entry: Entry) -> dict[str, object]:
    from app.evidence.entry import FIELDS

    return {name: getattr(entry, name) for name in FIELDS}


def _column_faults(store: Store) -> Iterator[Fault]:
    """The columns beside the bytes are for searching only; they must say the same."""
    columns = ("chain", "seq", "turn", "kind", "subject", "scope")
    for name, raw, *values in store.rows(f"SELECT hash, raw, {', '.join(columns)} FROM entries"):
        try:
            entry = parse(bytes(raw))  # type: ignore[call-overload]
        except DamagedError:
            continue
        if [getattr(entry, column) for column in columns] != values:
            yield Fault(f"记录 {str(name)[:12]}", "检索字段与内容不符")


def _current_faults(store: Store, entries: Iterable[Entry]) -> Iterator[Fault]:
    newest: dict[tuple[str, str, str], Entry] = {}
    for entry in entries:
        key = (entry.kind, entry.subject, entry.scope)
        if key not in newest or (entry.order, entry.hash) > (newest[key].order, newest[key].hash):
            newest[key] = entry
    expected = {(*key, entry.turn, entry.chain, entry.seq, entry.hash) for key, entry in newest.items()}
    found = set(store.rows("SELECT kind, subject, scope, turn, chain, seq, hash FROM current"))
    for row in sorted(expected ^ found, key=str):
        yield Fault("现状表", f"与日志不符：{row[0]} {row[1]}")


def _transcript_faults(store: Store, entries: Iterable[Entry]) -> Iterator[Fault]:
    kept = set()
    for name, body in store.rows("SELECT sha256, body FROM transcripts"):
        kept.add(name)
        if hashlib.sha256(bytes(body)).hexdigest() != name:  # type: ignore[call-overload]
            yield Fault(f"过程记录 {str(name)[:12]}", "内容已被改动")
    for entry in entries:
        if (name := entry.payload.get("transcript")) and name not in kept:
            yield Fault(f"记录 {entry.number}", "过程记录不见了")


def file_faults(folder: Path, entries: Iterable[Entry], cancellation: Cancellation) -> Iterator[Fault]:
    """The files that entries speak of: each there and whole."""
    judged: dict[str, str] = {}
    for entry in entries:
        if entry.kind not in HOLDS_FILE:
            continue
        sha256 = str(entry.payload.get("sha256", ""))
        if sha256 not in judged:
            cancellation.check()
            judged[sha256] = attachments.fault(folder, sha256, cancellation)
            if judged[sha256]:
                yield Fault(f"附件 {entry.payload.get('name', '')}（{sha256[:12]}）", judged[sha256])


__all__ = ["Fault", "chain_faults", "digest", "file_faults", "inspect"]
