"""One project folder, open: appending evidence, reading it, and whether it is still what was written."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.base import clock
from app.base.cancellation import Cancellation
from app.base.errors import DamagedError, InputError, UnavailableError
from app.base.files import cause, sync_folder
from app.base.redaction import redact
from app.evidence import attachments
from app.evidence.attachments import Attachment, Staged
from app.evidence.chain import Conflict, Fork, forks_of
from app.evidence.entry import GENESIS, Entry, compose, transcript_of
from app.evidence.fault import Fault
from app.evidence.inspection import inspect
from app.evidence.installation import SHORT, chain_for, installation_id
from app.evidence.lock import Lock
from app.evidence.standing import Place, Standing
from app.evidence.store import Store, put, put_transcript

__all__ = ["JOURNAL", "Attachment", "Draft", "Fault", "Project"]

JOURNAL = "journal.sqlite"
FORMAT = 1
PROJECT = ("project", "project")  # kind and subject of the first entry
TRANSCRIPT_LIMIT = 256 * 1024  # bytes
LONGEST_SEQ = 16  # digits
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
        """Raises DamagedError when the journal does not begin with what project it is."""
        first = next(iter(store.select("kind = ? AND subject = ?", PROJECT)), None)
        if first is None:
            raise DamagedError(f"实施日志 {store.path} 缺少项目的第一条记录。没有改动它；请用移交包或备份恢复。")
        self.folder = folder
        self.first = first
        self.id = first.project
        self.title = str(first.payload.get("title", ""))
        self.rehearsal = first.payload.get("rehearsal") is True
        self._store = store
        self._lock = lock
        self._chain = ""
        self._standing = Standing(store)

    @property
    def read_only(self) -> bool:
        return not self._store.write

    @property
    def holder(self) -> str:
        return self._lock.holder if self._lock else "以只读方式打开"

    @classmethod
    def create(cls, folder: Path, *, title: str, rehearsal: bool = False) -> Project:
        """A new project; ``folder`` is new or empty, else InputError. Its first entry says what it is."""
        _require_free(folder)
        lock = Lock(folder)
        if not lock.take():
            raise UnavailableError(f"项目文件夹 {folder} {lock.holder}。")
        project = uuid.uuid4().hex
        draft = Draft("project", "project", {"title": title, "rehearsal": rehearsal, "format": FORMAT})
        try:
            first = _compose(draft, project, chain_for(installation_id(), project, ()), Place(), b"")
            store = Store.create(folder / JOURNAL, {"project": project}, first)
            sync_folder(folder)
            sync_folder(folder.parent)
        except BaseException as error:
            lock.release()
            _take_back(folder)
            if isinstance(error, OSError):
                raise UnavailableError(f"建不了项目文件夹 {folder}：{cause(error)}。") from error
            raise
        return cls(folder, store, lock)

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
            store = Store.open(folder / JOURNAL, write=mine)
            try:
                project = cls(folder, store, lock)
            except BaseException:
                store.close()
                raise
        except BaseException:
            if lock:
                lock.release()
            raise
        if mine:
            attachments.sweep(folder)
        return project

    @property
    def chain(self) -> str:
        """The chain that this installation writes in this project."""
        if not self._chain:
            self._chain = chain_for(installation_id(), self.id, self._standing.chains())
        return self._chain

    def append(self, *drafts: Draft) -> tuple[Entry, ...]:
        """Writes ``drafts`` in one transaction; what is returned is on the disk.

        Raises UnavailableError (disk full, read-only) with nothing half-written, ValueError for what JSON cannot hold.
        """
        if self.read_only:
            raise UnavailableError(f"项目以只读方式打开（{self.holder}），没有保存。")
        mine = self.chain
        with self._standing.changing(), self._store.transaction() as connection:
            return tuple(self._write(connection, draft, mine) for draft in drafts)

    def _write(self, connection: sqlite3.Connection, draft: Draft, chain: str) -> Entry:
        body = cut(redact(draft.transcript))
        entry = _compose(draft, self.id, chain, self._standing.place(chain), body)
        put(connection, entry)
        if body:
            put_transcript(connection, transcript_of(entry), body)
        self._standing.add(entry)
        return entry

    def heads(self) -> Mapping[str, str]:
        """Every known chain and its head's hash."""
        return {chain: tips[0].hash for chain, tips in self._standing.tips().items()}

    def current(self, kind: str = "", subject: str = "", scope: str | None = None) -> tuple[Entry, ...]:
        """The newest entry of each (kind, subject, scope), in order; an empty argument and no scope match all."""
        wanted = {"kind": kind or None, "subject": subject or None, "scope": scope}
        named = {column: value for column, value in wanted.items() if value is not None}
        where = " AND ".join(f"current.{column} = ?" for column in named) or "1"
        return self._store.select(where, tuple(named.values()), "current JOIN entries ON entries.hash = current.hash")

    def history(self, kind: str, subject: str, scope: str = "") -> tuple[Entry, ...]:
        """Every entry of one subject, oldest first."""
        return self._store.select("kind = ? AND subject = ? AND scope = ?", (kind, subject, scope))

    def entries(self) -> Iterator[Entry]:
        """All entries that there are at the first step, in order; others may be appended meanwhile."""
        return self._store.entries()

    def entry(self, name: str) -> Entry | None:
        """The entry of that hash, or of that evidence number (``a3f-17``); None for none, or for more than one."""
        if len(name) == len(GENESIS):
            return next(iter(self._store.select("hash = ?", (name,))), None)
        short, _, seq = name.rpartition("-")
        if not short or not (seq.isascii() and seq.isdigit()) or len(seq) > LONGEST_SEQ:
            return None
        chains = [chain for chain in self._standing.chains() if chain.startswith(short)]
        found = [entry for chain in chains for entry in self._store.select("chain = ? AND seq = ?", (chain, int(seq)))]
        return found[0] if len(found) == 1 else None

    def number(self, entry: Entry) -> str:
        """The evidence number: the chain's short name, longer where two chains of the project share it, and seq."""
        others = [chain for chain in self._standing.chains() if chain != entry.chain]
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
        return self.transcript_bytes(transcript_of(entry)).decode("utf-8", "replace")

    def transcript_bytes(self, sha256: str) -> bytes:
        """The stored bytes of the transcript of that SHA-256; empty when there is none."""
        found = self._store.rows("SELECT body FROM transcripts WHERE sha256 = ?", (sha256,))
        return bytes(found[0][0]) if found else b""

    def conflicts(self) -> tuple[Conflict, ...]:
        """Subjects with entries that have not seen each other, as long as no later entry has seen them all."""
        return self._standing.conflicts()

    def forks(self) -> tuple[Fork, ...]:
        """Places where one chain has two entries of the same seq: a folder that was copied and written twice."""
        return forks_of(self._store)

    def stage(self, source: Path, name: str, cancellation: Cancellation | None = None) -> Staged:
        """Copies a file into the project's folder, not yet among its attachments."""
        if self.read_only:
            raise UnavailableError(f"项目以只读方式打开（{self.holder}），没有保存附件。")
        return attachments.stage(self.folder, source, name, cancellation)

    def take_in(self, entries: Iterable[Entry], transcripts: Mapping[str, bytes]) -> int:
        """Adds another's entries and transcripts as they are, in one transaction; how many were new."""
        if self.read_only:
            raise UnavailableError(f"项目以只读方式打开（{self.holder}），没有并入。")
        with self._standing.changing(afresh=True), self._store.transaction() as connection:
            added = sum(put(connection, entry) for entry in entries)
            for sha256, body in transcripts.items():
                put_transcript(connection, sha256, body)
        return added

    def verify(self, cancellation: Cancellation | None = None) -> tuple[Fault, ...]:
        """Every fault of the journal and of the files it speaks of, at once; none means it is what was written."""
        return tuple(inspect(self.folder, self.id, self._store, cancellation))

    def take_back(self) -> None:
        """Closes a project that has just been created and unmakes it: what was to stand beside it did not come."""
        self._store.close()
        _take_back(self.folder)
        if self._lock:
            self._lock.release()

    def close(self) -> None:
        self._store.close()
        if self._lock:
            with contextlib.suppress(OSError):
                self._lock.release()


def cut(transcript: str) -> bytes:
    """A transcript as it is kept: UTF-8, at most TRANSCRIPT_LIMIT bytes, cut between two characters."""
    body = transcript.encode("utf-8", "replace")
    return body if len(body) <= TRANSCRIPT_LIMIT else body[:TRANSCRIPT_LIMIT].decode("utf-8", "ignore").encode()


def _compose(draft: Draft, project: str, chain: str, place: Place, transcript: bytes) -> Entry:
    payload = dict(draft.payload)
    if transcript:
        payload["transcript"] = hashlib.sha256(transcript).hexdigest()
    return compose(
        {
            "project": project,
            "chain": chain,
            "seq": place.seq,
            "prev": place.prev,
            "seen": place.seen,
            "turn": place.turn,
            "at": clock.stamp(clock.now()),
            "author": draft.author,
            "role": draft.role,
            "kind": draft.kind,
            "subject": draft.subject,
            "scope": draft.scope,
            "payload": payload,
        }
    )


def _require_free(folder: Path) -> None:
    """Makes ``folder``. Raises InputError when it holds something, UnavailableError when it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(item.name not in KEPT_BESIDE for item in folder.iterdir())
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{folder} 不是文件夹。请给项目一个新的或空的文件夹。") from error
    except OSError as error:
        raise UnavailableError(f"建不了项目文件夹 {folder}：{cause(error)}。") from error
    if taken:
        raise InputError(f"{folder} 里已有内容。请给项目一个新的或空的文件夹。")


def _take_back(folder: Path) -> None:
    """Leaves the folder as free as it was found, so that the project can be made again in it."""
    for item in folder.glob("journal.*"):
        with contextlib.suppress(OSError):
            item.unlink()
