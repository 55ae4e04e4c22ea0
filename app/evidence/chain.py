"""How several laptops' chains relate: tips, forks, and conflicts of entries that have not seen each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.evidence.entry import Entry
from app.evidence.store import Store

# Subjects of which several may stand side by side: two laptops' own records of these do not contradict each other.
NEVER_IN_CONFLICT = frozenset({"project"})
Subject = tuple[str, str, str]  # kind, subject, scope


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


@dataclass(frozen=True)
class Tip:
    """An entry that its chain goes on from; a forked chain has several."""

    seq: int
    hash: str


def tips_of(store: Store) -> dict[str, list[Tip]]:
    """Every chain's tips, its head first: the highest seq, of equal ones the lesser hash, so that all choose the same.

    A chain without a fork holds as many entries as its last seq says; only the others are read.
    """
    tips = {}
    for chain, count, last in store.rows("SELECT chain, count(*), max(seq) FROM entries GROUP BY chain"):
        if count == last:
            found = store.rows("SELECT seq, hash FROM entries WHERE chain = ? AND seq = ?", (chain, last))
            tips[chain] = [Tip(*row) for row in found]
        else:
            tips[chain] = _tips(store.select("chain = ?", (chain,)))
    return tips


def _tips(entries: Sequence[Entry]) -> list[Tip]:
    continued = {entry.prev for entry in entries}
    tips = [Tip(entry.seq, entry.hash) for entry in entries if entry.hash not in continued]
    return sorted(tips, key=lambda tip: (-tip.seq, tip.hash))


def seen_by(chain: str, tips: Mapping[str, Sequence[Tip]]) -> dict[str, str]:
    """What a new entry of ``chain`` says it has seen: other chains' heads, and every further tip of forked ones."""
    seen = {other: found[0].hash for other, found in tips.items() if other != chain}
    further = {f"{other}:{tip.hash[:12]}": tip.hash for other, found in tips.items() for tip in found[1:]}
    return seen | further


def forks_of(store: Store) -> tuple[Fork, ...]:
    """The first fork of every chain that has one."""
    rows = store.rows(
        "SELECT chain, min(seq) FROM (SELECT chain, seq FROM entries GROUP BY chain, seq HAVING count(*) > 1) "
        "GROUP BY chain ORDER BY chain"
    )
    found = []
    for chain, seq in rows:
        hashes = store.rows("SELECT hash FROM entries WHERE chain = ? AND seq = ? ORDER BY hash", (chain, seq))
        found.append(Fork(chain, seq, tuple(row[0] for row in hashes)))
    return tuple(found)


def conflicts_of(store: Store) -> dict[Subject, Conflict]:
    """Every subject whose latest entries have not seen each other, in the order of the subjects."""
    lines = Lines(store)
    found = {}
    for subject in sorted(_written_apart(store) | lines.latest.keys()):
        latest = _unseen(_candidates(store, subject, lines), lines)
        if subject[0] in NEVER_IN_CONFLICT or len(latest) < 2:
            continue
        if any(entry.payload != latest[0].payload for entry in latest):  # who wrote the same does not disagree
            found[subject] = Conflict(*subject, tuple(entry.number for entry in latest))
    return found


def _written_apart(store: Store) -> set[Subject]:
    rows = store.rows(
        "SELECT kind, subject, scope FROM entries GROUP BY kind, subject, scope HAVING min(chain) <> max(chain)"
    )
    return {(kind, subject, scope) for kind, subject, scope in rows}


def _candidates(store: Store, subject: Subject, lines: Lines) -> list[Entry]:
    """The last entry of each chain, which has seen all before it; of a forked chain the last of each of its lines."""
    since_forks = lines.latest.get(subject, {})
    found = dict(since_forks)
    same = "kind = ? AND subject = ? AND scope = ?"
    for chain, last in store.rows(f"SELECT chain, max(seq) FROM entries WHERE {same} GROUP BY chain", subject):
        if chain not in {entry.chain for entry in since_forks.values()}:
            where = f"{same} AND chain = ? AND seq = ?"
            found |= {entry.hash: entry for entry in store.select(where, (*subject, chain, last))}
    return sorted(found.values(), key=lambda entry: (entry.order, entry.hash))


class Lines:
    """The lines of forked chains: ``latest`` entries of each subject since the fork, one a line, by their hash."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.forked = {fork.chain: fork.seq for fork in forks_of(store)}
        self.latest: dict[Subject, dict[str, Entry]] = {}
        self._before: dict[str, tuple[int, str]] = {}
        for chain, seq in self.forked.items():
            self._add({entry.hash: entry for entry in store.select("chain = ? AND seq >= ?", (chain, seq))})

    def _add(self, since_fork: Mapping[str, Entry]) -> None:
        self._before |= {entry.hash: (entry.seq, entry.prev) for entry in since_fork.values()}
        for tip in _tips(tuple(since_fork.values())):
            on_line: dict[Subject, Entry] = {}
            at = tip.hash
            while entry := since_fork.get(at):
                on_line.setdefault((entry.kind, entry.subject, entry.scope), entry)
                at = entry.prev
            for subject, entry in on_line.items():
                self.latest.setdefault(subject, {})[entry.hash] = entry

    def leads_back(self, tip: str, earlier: Entry) -> bool:
        """Whether going back from ``tip`` passes ``earlier``, an entry of the same chain."""
        while tip in self._before and self._before[tip][0] > earlier.seq:
            tip = self._before[tip][1]
        is_shared = earlier.seq < self.forked.get(earlier.chain, earlier.seq + 1)  # before any fork: on every line
        return tip == earlier.hash or (is_shared and self.seq(tip) >= earlier.seq)

    def seq(self, name: str) -> int:
        found = self._store.rows("SELECT seq FROM entries WHERE hash = ?", (name,))
        return int(found[0][0]) if found else -1


def _unseen(entries: Sequence[Entry], lines: Lines) -> list[Entry]:
    def is_seen(entry: Entry) -> bool:
        return any(_has_seen(other, entry, lines) for other in entries if other is not entry)

    return [entry for entry in entries if not is_seen(entry)]


def _has_seen(later: Entry, earlier: Entry, lines: Lines) -> bool:
    own = [later.prev] if later.chain == earlier.chain else []
    known = [head for tip, head in later.seen.items() if tip.split(":")[0] == earlier.chain]
    return any(lines.leads_back(tip, earlier) for tip in (*own, *known))
