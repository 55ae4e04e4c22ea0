"""How several laptops' chains relate: forks, and conflicts of entries that have not seen each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from app.evidence.entry import Entry
from app.evidence.store import Store

# Subjects of which several may stand side by side: two laptops' own records of these do not contradict each other.
NEVER_IN_CONFLICT = frozenset({"project"})


@dataclass(frozen=True)
class Conflict:
    """Entries of one subject written without knowing of each other; a person decides by writing a newer one."""

    kind: str
    subject: str
    scope: str
    numbers: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}{f'（{self.scope}）' if self.scope else ''}：{'、'.join(self.numbers)}"


@dataclass(frozen=True)
class Fork:
    """One chain written twice from ``seq`` on; both are kept."""

    chain: str
    seq: int
    hashes: tuple[str, ...]

    def __str__(self) -> str:
        return f"链 {self.chain[:3]} 从第 {self.seq} 条起分叉（项目文件夹被复制后两处都写过），两份都已保留"


def forks_of(store: Store) -> tuple[Fork, ...]:
    """The first fork of every chain that has one."""
    rows = store.rows(
        "SELECT chain, min(seq) FROM (SELECT chain, seq FROM entries GROUP BY chain, seq HAVING count(*) > 1) "
        "GROUP BY chain"
    )
    found = []
    for chain, seq in rows:
        hashes = store.rows("SELECT hash FROM entries WHERE chain = ? AND seq = ? ORDER BY hash", (chain, seq))
        found.append(Fork(str(chain), int(str(seq)), tuple(str(row[0]) for row in hashes)))
    return tuple(found)


def conflicts_of(store: Store) -> tuple[Conflict, ...]:
    """Every subject written in more than one chain whose latest entries have not seen each other."""
    groups = store.rows(
        "SELECT kind, subject, scope FROM entries GROUP BY kind, subject, scope "
        "HAVING count(DISTINCT chain) > 1 ORDER BY kind, subject, scope"
    )
    seq_of = cache(lambda head: _seq(store, head))
    found = []
    for kind, subject, scope in groups:
        if kind in NEVER_IN_CONFLICT:
            continue
        entries = list(store.entries("kind = ? AND subject = ? AND scope = ?", (kind, subject, scope)))
        latest = [e for e in entries if not any(_has_seen(other, e, seq_of) for other in entries if other is not e)]
        if len(latest) > 1 and not _same(latest):
            found.append(Conflict(str(kind), str(subject), str(scope), tuple(entry.number for entry in latest)))
    return tuple(found)


def _same(entries: Sequence[Entry]) -> bool:
    """Two laptops that wrote the same thing do not disagree."""
    return all(entry.payload == entries[0].payload for entry in entries)


def _has_seen(later: Entry, earlier: Entry, seq_of: object) -> bool:
    if later.chain == earlier.chain:
        return later.seq > earlier.seq
    head = later.seen.get(earlier.chain)
    return head is not None and seq_of(head) >= earlier.seq  # type: ignore[operator]


def _seq(store: Store, head: str) -> int:
    found = store.rows("SELECT seq FROM entries WHERE hash = ?", (head,))
    return int(str(found[0][0])) if found else -1
