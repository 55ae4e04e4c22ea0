"""One project folder, open: appending evidence, reading it, and whether it is still what was written."""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.base import clock
from app.base.cancellation import Cancellation
from app.base.errors import InputError, UnavailableError
from app.base.files import cause
from app.evidence import attachments
from app.evidence.attachments import Attachment
from app.evidence.chain import Conflict, Fork, conflicts_of, forks_of
from app.evidence.entry import GENESIS, Entry, compose
from app.evidence.fault import Fault
from app.evidence.inspection import inspect
from app.evidence.installation import SHORT, chain_for, installation_id
from app.evidence.lock import Lock
from app.evidence.store import Store, put, put_transcript

__all__ = ["JOURNAL", "Attachment", "Draft", "Fault", "Project"]

JOURNAL = "journal.sqlite"
FORMAT = 1
TRANSCRIPT_LIMIT = 256 * 1024
KEPT_BESIDE = frozenset({"rehearsal"})  # what may stand in a new project's folder already: the rehearsal site's state


@dataclass(frozen=True)
class Draft:
    """What is to be recorded. ``payload`` is JSON with ASCII keys and no floats; ``transcript`` is kept beside it."""

    kind: str
    subject: str
    payload: Mapping[str, Any]
    scope: str = ""
    role: str = ""
    author: str = ""
    transcript: str = ""


class Project:
    """``read_only`` with ``holder`` saying who has it when another program writes. Safe from several threads."""

    def __init__(self, folder: Path, store: Store, lock: Lock | None) -> None:
        self.folder = folder
        self.id = store.meta("project")
        self.title = store.meta("title")
        self.rehearsal = store.meta("rehearsal") == "1"
        self._store = store
        self._lock = lock
        self._chain = ""

    @property
    def read_only(self) -> bool:
        return not self._store.write

    @property
    def holder(self) -> str:
        return self._lock.holder if self._lock else "以只读方式打开"

    @classmethod
    def create(cls, folder: Path, *, title: str, rehearsal: bool = False) -> Project:
        """A new project; ``folder`` is new or empty, else InputError. Its first entry says what it is."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(item.name not in KEPT_BESIDE for item in folder.iterdir()):
                raise InputError(f"{folder} 里已有内容。请给项目一个新的或空的文件夹。")
        except OSError as error:
            raise UnavailableError(f"建不了项目文件夹 {folder}：{cause(error)}。") from error
        lock = Lock(folder)
        if not lock.take():
            raise UnavailableError(f"项目文件夹 {folder} {lock.holder}。")
        meta = {"project": uuid.uuid4().hex, "title": title, "rehearsal": str(int(rehearsal))}
        project = cls(folder, Store.create(folder / JOURNAL, meta), lock)
        project.append(Draft("project", "project", {"title": title, "rehearsal": rehearsal, "format": FORMAT}))
        return project

    @classmethod
    def open(cls, folder: Path, *, write: bool = True) -> Project:
        """Opens a project; read-only when another program has it. Raises InputError when there is none in ``folder``,
        DamagedError when its journal cannot be read.
        """
        if not (folder / JOURNAL).is_file():
            raise InputError(f"{folder} 里没有项目（找不到 {JOURNAL}）。")
        lock = Lock(folder) if write else None
        mine = lock is not None and lock.take()
        try:
            return cls(folder, Store.open(folder / JOURNAL, write=mine), lock)
        except BaseException:
            if lock:
                lock.release()
            raise

    @property
    def chain(self) -> str:
        """The chain that this installation writes in this project."""
        if not self._chain:
            self._chain = chain_for(installation_id(), self.id, self.heads().keys())
        return self._chain

    def append(self, *drafts: Draft) -> tuple[Entry, ...]:
        """Writes ``drafts`` in one transaction; what is returned is on the disk.

        Raises UnavailableError (disk full, read-only) with nothing half-written, ValueError for what JSON cannot hold.
        """
        if self.read_only:
            raise UnavailableError(f"项目以只读方式打开（{self.holder}），没有保存。")
        mine = self.chain
        with self._store.transaction() as connection:
            heads = self._heads()
            turn = self._last_turn()
            entries = []
            for draft in drafts:
                seq, prev = heads.get(mine, (0, GENESIS))
                turn += 1
                body = draft.transcript.encode("utf-8", "replace")[:TRANSCRIPT_LIMIT]
                entry = self._compose(draft, seq + 1, prev, heads, turn, body)
                put(connection, entry)
                if body:
                    put_transcript(connection, entry.payload["transcript"], body)
                heads[mine] = (entry.seq, entry.hash)
                entries.append(entry)
        return tuple(entries)

    def _compose(
        self, draft: Draft, seq: int, prev: str, heads: Mapping[str, tuple[int, str]], turn: int, transcript: bytes
    ) -> Entry:
        payload = dict(draft.payload)
        if transcript:
            payload["transcript"] = hashlib.sha256(transcript).hexdigest()
        return compose(
            {
                "project": self.id,
                "chain": self.chain,
                "seq": seq,
                "prev": prev,
                "seen": {chain: head for chain, (_, head) in heads.items() if chain != self.chain},
                "turn": turn,
                "at": clock.stamp(clock.now()),
                "author": draft.author,
                "role": draft.role,
                "kind": draft.kind,
                "subject": draft.subject,
                "scope": draft.scope,
                "payload": payload,
            }
        )

    def _heads(self) -> dict[str, tuple[int, str]]:
        """Each chain's head: its highest seq; of a fork's two the lesser hash, so that everybody picks the same."""
        heads: dict[str, tuple[int, str]] = {}
        chain = ""
        while found := self._store.rows(
            "SELECT chain, seq, hash FROM entries WHERE chain > ? ORDER BY chain, seq DESC, hash LIMIT 1", (chain,)
        ):
            chain = str(found[0][0])
            heads[chain] = (int(str(found[0][1])), str(found[0][2]))
        return heads

    def _last_turn(self) -> int:
        (row,) = self._store.rows("SELECT coalesce(max(turn), 0) FROM entries")
        return int(str(row[0]))

    def heads(self) -> Mapping[str, str]:
        """Every known chain and its head's hash."""
        return {chain: head for chain, (_, head) in self._heads().items()}

    def current(self, kind: str = "", subject: str = "", scope: str | None = None) -> tuple[Entry, ...]:
        """The newest entry of each (kind, subject, scope), in order; an empty argument and no scope match all."""
        wanted = {"kind": kind or None, "subject": subject or None, "scope": scope}
        named = {column: value for column, value in wanted.items() if value is not None}
        where = " AND ".join(f"{column} = ?" for column in named) or "1"
        return tuple(self._store.entries(f"hash IN (SELECT hash FROM current WHERE {where})", tuple(named.values())))

    def history(self, kind: str, subject: str, scope: str = "") -> tuple[Entry, ...]:
        """Every entry of one subject, oldest first."""
        return tuple(self._store.entries("kind = ? AND subject = ? AND scope = ?", (kind, subject, scope)))

    def entries(self) -> Iterator[Entry]:
        """All entries, in order."""
        return self._store.entries()

    def entry(self, name: str) -> Entry | None:
        """The entry of that hash, or of that evidence number (``a3f-17``)."""
        if len(name) == len(GENESIS):
            return next(self._store.entries("hash = ?", (name,)), None)
        chain, _, seq = name.rpartition("-")
        if not chain or not seq.isdecimal():
            return None
        found = [entry for entry in self._store.entries("seq = ?", (int(seq),)) if entry.chain.startswith(chain)]
        return found[0] if len(found) == 1 else None

    def number(self, entry: Entry) -> str:
        """The evidence number: the chain's short name, longer where two chains of the project share it, and seq."""
        others = [chain for chain in self._heads() if chain != entry.chain]
        length = SHORT
        while any(chain[:length] == entry.chain[:length] for chain in others):
            length += 1
        return f"{entry.chain[:length]}-{entry.seq}"

    def attach(self, source: Path | bytes, name: str, cancellation: Cancellation | None = None) -> Attachment:
        """Keeps a file in the project; the entry that speaks of it is the caller's to append afterwards."""
        if self.read_only:
            raise UnavailableError(f"项目以只读方式打开（{self.holder}），没有保存附件。")
        return attachments.keep(self.folder, source, name, cancellation)

    def attachment(self, sha256: str) -> Path:
        """Where a kept file lies."""
        return self.folder / attachments.FOLDER / sha256

    def transcript(self, entry: Entry) -> str:
        """What was kept beside ``entry``; empty when nothing was."""
        return self.transcript_bytes(str(entry.payload.get("transcript", ""))).decode("utf-8", "replace")

    def transcript_bytes(self, sha256: str) -> bytes:
        found = self._store.rows("SELECT body FROM transcripts WHERE sha256 = ?", (sha256,))
        return bytes(found[0][0]) if found else b""  # type: ignore[call-overload]

    def conflicts(self) -> tuple[Conflict, ...]:
        """Subjects with entries that have not seen each other, as long as no later entry has seen them all."""
        return conflicts_of(self._store) if len(self._heads()) > 1 else ()

    def forks(self) -> tuple[Fork, ...]:
        """Places where one chain has two entries of the same seq: a folder that was copied and written twice."""
        return forks_of(self._store)

    def take_in(self, entries: Iterator[Entry], transcripts: Mapping[str, bytes]) -> int:
        """Adds another's entries and transcripts as they are, in one transaction; how many were new."""
        with self._store.transaction() as connection:
            added = sum(put(connection, entry) for entry in entries)
            for sha256, body in transcripts.items():
                put_transcript(connection, sha256, body)
        return added

    def verify(self, cancellation: Cancellation | None = None) -> tuple[Fault, ...]:
        """Every fault of the journal and of the files it speaks of, at once; none means it is what was written."""
        return tuple(inspect(self.folder, self.id, self._store, cancellation))

    def close(self) -> None:
        self._store.close()
        if self._lock:
            with contextlib.suppress(OSError):
                self._lock.release()
