"""Whether a journal is what was written: every hash, link and order, the ``current`` table, transcripts, files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from app.base.cancellation import Cancellation
from app.base.errors import DamagedError
from app.evidence import attachments
from app.evidence.chain import Subject
from app.evidence.entry import GENESIS, Entry, digest, file_of, is_canonical, parse, transcript_of
from app.evidence.fault import Fault
from app.evidence.store import CREATE, PAGE, Store, statements

COLUMNS = ("turn", "chain", "seq", "hash", "kind", "subject", "scope")


class Chains:
    """Entries judged as chains, one after the other in their order (turn, chain, seq): whatever an entry names stands
    before it. What was judged is kept as hash → (chain, seq, turn), which a long journal has room for.
    """

    def __init__(self, project: str) -> None:
        self._project = project
        self._known: dict[str, tuple[str, int, int]] = {}
        self._root = ""

    def faults_of(self, entry: Entry) -> Iterator[Fault]:
        where = f"记录 {entry.number}"
        if digest(entry.raw) != entry.hash:
            yield Fault(where, "内容已被改动（哈希不符）")
        if entry.hash in self._known:
            yield Fault(where, "重复出现")
        if not is_canonical(entry):
            yield Fault(where, "存储的字节不是规范写法")
        if entry.project != self._project:
            yield Fault(where, "属于另一个项目")
        links = [*self._faults_of_prev(entry), *self._faults_of_seen(entry)]
        yield from (Fault(where, what) for what in links)
        if not links and entry.turn != 1 + self._highest_named(entry):
            yield Fault(where, "次序号不对")
        self._known[entry.hash] = (entry.chain, entry.seq, entry.turn)

    def _faults_of_prev(self, entry: Entry) -> Iterator[str]:
        if entry.prev != GENESIS:
            chain, seq, _ = self._known.get(entry.prev, ("", 0, 0))
            if (chain, seq) != (entry.chain, entry.seq - 1):
                yield "与前一条接不上（前一条缺失或被改动）"
        elif entry.seq != 1:
            yield "链的开头缺失"
        elif not entry.seen and self._root:
            yield "不是从本项目的第一条记录开始的"
        elif not entry.seen:
            self._root = entry.hash
            if (entry.kind, entry.subject) != ("project", "project"):
                yield "项目的第一条记录缺失"

    def _faults_of_seen(self, entry: Entry) -> Iterator[str]:
        for tip, head in entry.seen.items():
            chain, _, further = tip.partition(":")
            if self._known.get(head, ("",))[0] != chain or not head.startswith(further):
                yield f"提到的链 {chain[:3]} 的记录不在这里"

    def _highest_named(self, entry: Entry) -> int:
        named = [*entry.seen.values()] + ([entry.prev] if entry.prev != GENESIS else [])
        return max((self._known[name][2] for name in named), default=0)


def chain_faults(project: str, entries: Iterable[Entry]) -> Iterator[Fault]:
    """What is wrong with entries as chains: links, gaps, order, and what they claim to have seen."""
    chains = Chains(project)
    for entry in sorted(entries, key=lambda entry: (entry.order, entry.hash)):
        yield from chains.faults_of(entry)


class Spoken:
    """What entries speak of: attachments and transcripts, each with what a person calls it."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.transcripts: dict[str, str] = {}

    def hear(self, entry: Entry) -> None:
        if sha256 := file_of(entry):
            self.files.setdefault(sha256, str(entry.payload.get("name", "")) or entry.number)
        if sha256 := transcript_of(entry):
            self.transcripts.setdefault(sha256, entry.number)


def inspect(folder: Path, project: str, store: Store, cancellation: Cancellation | None = None) -> Iterator[Fault]:
    """Every fault of the journal in ``store`` and of the project's ``folder``."""
    cancellation = cancellation or Cancellation()
    yield from _database_faults(project, store)
    spoken = Spoken()
    newest: dict[Subject, tuple[int, str, int, str]] = {}
    chains = Chains(project)
    for row in _rows(store):
        cancellation.check()
        name = f"记录 {str(row['hash'])[:12]}"
        try:
            entry = parse(row["raw"])
        except DamagedError as error:
            yield Fault(name, str(error))
            continue
        if entry.hash != row["hash"]:
            yield Fault(f"记录 {entry.number}", "内容已被改动（哈希不符）")
        elif [getattr(entry, column) for column in COLUMNS] != [row[column] for column in COLUMNS]:
            yield Fault(name, "检索字段与内容不符")
        yield from chains.faults_of(entry)
        spoken.hear(entry)
        subject, place = (entry.kind, entry.subject, entry.scope), (*entry.order, entry.hash)
        newest[subject] = max(place, newest.get(subject, place))
    yield from _current_faults(store, newest)
    yield from _transcript_faults(store, spoken.transcripts, cancellation)
    yield from file_faults(folder, spoken.files, cancellation)


def _database_faults(project: str, store: Store) -> Iterator[Fault]:
    for (line,) in store.rows("PRAGMA integrity_check(1)"):
        if line != "ok":
            yield Fault(store.path.name, f"数据库文件已损坏（{line}）")
    wanted = {statement.split("(")[0].split()[2]: statement for statement in statements(CREATE)}
    found = dict(store.rows("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    for name in sorted(wanted.items() ^ found.items()):
        yield Fault(store.path.name, f"数据库结构已被改动：{name[0]}")
    if store.meta() != {"project": project}:
        yield Fault(store.path.name, "项目编号与第一条记录不符")


def _rows(store: Store) -> Iterator[Mapping[str, Any]]:
    """Every stored row in the order of its columns, in pages."""
    names = (*COLUMNS, "raw")
    after: tuple[object, ...] = (-1, "", -1, "")
    count = 0
    while page := store.rows(
        f"SELECT {', '.join(names)} FROM entries WHERE (turn, chain, seq, hash) > (?, ?, ?, ?) "
        "ORDER BY turn, chain, seq, hash LIMIT ?",
        (*after, PAGE),
    ):
        yield from (dict(zip(names, row, strict=True)) for row in page)
        after, count = page[-1][:4], count + len(page)
    if store.rows("SELECT count(*) FROM entries NOT INDEXED") != [(count,)]:
        raise DamagedError(f"实施日志 {store.path} 已损坏，有记录读不到。没有改动它；请用移交包或备份恢复。")


def _current_faults(store: Store, newest: Mapping[Subject, tuple[int, str, int, str]]) -> Iterator[Fault]:
    """The ``current`` table, worked out anew and compared."""
    expected = {(*subject, *place) for subject, place in newest.items()}
    found = set(store.rows("SELECT kind, subject, scope, turn, chain, seq, hash FROM current"))
    for kind, subject in sorted({(str(row[0]), str(row[1])) for row in expected ^ found}):
        yield Fault("现状表", f"与日志不符：{kind} {subject}")


def _transcript_faults(store: Store, spoken: Mapping[str, str], cancellation: Cancellation) -> Iterator[Fault]:
    kept = {name for (name,) in store.rows("SELECT sha256 FROM transcripts")}
    for name in sorted(kept, key=str):
        cancellation.check()
        ((body,),) = store.rows("SELECT body FROM transcripts WHERE sha256 = ?", (name,))
        if not isinstance(body, bytes) or hashlib.sha256(body).hexdigest() != name:
            yield Fault(f"过程记录 {str(name)[:12]}", "内容已被改动")
        elif name not in spoken:
            yield Fault(f"过程记录 {str(name)[:12]}", "没有记录提到它")
    for name, number in spoken.items():
        if name not in kept:
            yield Fault(f"记录 {number}", "过程记录不见了")


def file_faults(folder: Path, files: Mapping[str, str], cancellation: Cancellation) -> Iterator[Fault]:
    """The files that entries speak of (SHA-256 → name): each there and whole."""
    for sha256, name in files.items():
        cancellation.check()
        if trouble := attachments.fault(folder, sha256, cancellation):
            yield Fault(f"附件 {name}（{sha256[:12]}）", trouble)
