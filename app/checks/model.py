"""What a check is and what it answers. No check lives here; each kind of target has its folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from app.base.cancellation import Cancellation
from app.site.model import Site, Target


class Outcome(StrEnum):
    """结论. UNKNOWN is "we could not tell", never "it failed"."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


OUTCOME_WORDS: Mapping[Outcome, str] = {
    Outcome.PASS: "合格",
    Outcome.WARN: "需关注",
    Outcome.FAIL: "不合格",
    Outcome.UNKNOWN: "未能判定",
    Outcome.NOT_APPLICABLE: "不适用",
}

# The worst of several; NOT_APPLICABLE says nothing, so it weighs least.
SEVERITY = (Outcome.NOT_APPLICABLE, Outcome.PASS, Outcome.WARN, Outcome.UNKNOWN, Outcome.FAIL)


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """The gravest of ``outcomes``; of none NOT_APPLICABLE."""
    return max(outcomes, key=SEVERITY.index, default=Outcome.NOT_APPLICABLE)


@dataclass(frozen=True)
class Verdict:
    """The answer of ``compare``: what was expected, what is, and for all but PASS why and what to do."""

    outcome: Outcome
    expected: str
    actual: str
    reason: str = ""
    advice: str = ""
    observed: Mapping[str, Any] = field(default_factory=dict)  # facts for the forms: ASCII keys, no floats, JSON only


class Undetermined(Exception):
    """Raised by gathering when the facts cannot be had: becomes UNKNOWN with ``reason`` and ``advice``."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice


class Failed(Exception):
    """Raised by gathering when the attempt itself is the answer (a refusal, ORA-01017): becomes FAIL."""

    def __init__(self, actual: str, advice: str = "", expected: str = "") -> None:
        super().__init__(actual)
        self.actual = actual
        self.advice = advice
        self.expected = expected


class Transcript:
    """The facts a check saw, as text lines in order; bounded, so that an endless answer cannot fill memory.

    Only what may be stored goes in: secrets never do (the caller redacts before ``note``).
    """

    LIMIT = 256 * 1024

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0

    def note(self, text: str) -> None:
        """Adds ``text`` (any length; cut once LIMIT bytes are reached, and the cut is said)."""
        if self._size > self.LIMIT:
            return
        room = self.LIMIT - self._size
        self._size += len(text.encode("utf-8", "replace")) + 1
        self._lines.append(text if self._size <= self.LIMIT else text[: room // 4] + "\n……（记录过长，以下略去）")

    def text(self) -> str:
        return "\n".join(self._lines)


class Secrets(Protocol):
    """Where passwords come from; see ``app.site.secrets``."""

    def get(self, target_id: str) -> str | None:
        """The password of a target, or None when there is none."""


class HostKeys(Protocol):
    """The host keys that the project has recorded as known."""

    def known(self, target_id: str) -> str:
        """``SHA256:…`` of the target's key, or an empty string."""


class RecordFiles(Protocol):
    """The record files of the joint test that the project holds: what each end says it sent or received."""

    def of(self, target_id: str, direction: str) -> Mapping[str, Any]:
        """By end (``own``, ``other``) the newest record of that bus and direction (``report``, ``dispatch``), as
        ``app.checks.bus.records`` reads it. Raises Undetermined where one that was taken in cannot be read any more.
        """


@dataclass(frozen=True)
class Surroundings:
    """What every session may lean on during one run. ``project`` is the project's folder, for files beside it.

    ``adjusted``: when the last 调整 because of a result was recorded (aware), by ``check@target``.
    """

    site: Site
    secrets: Secrets
    host_keys: HostKeys
    cancellation: Cancellation
    vantage: str = "本机"
    project: Path | None = None
    records: RecordFiles | None = None
    adjusted: Mapping[str, datetime] = field(default_factory=dict)


class Session(Protocol):
    """The connection(s) to one target during one run, owned by one lane of the runner.

    It connects at first use and logs in at most once; what kept it from that is remembered, and every later use raises
    the same at once. Its gathering methods run on the lane's thread; ``abort`` may come from any thread and must make a
    blocked call return or raise at once (it closes the sockets). After ``abort`` it may connect again only if its
    log-in had succeeded before.
    """

    transcript: Transcript
    route: str
    offset_seconds: float | None  # the target's clock minus ours, when it has been seen

    def abort(self) -> None: ...

    def close(self) -> None: ...


Facts = Any


@dataclass(frozen=True)
class Check:
    """One question put to one target.

    ``kind`` is what ``--only`` names: the table of ``site.toml`` or ``joint``; ``table`` is the kind of target asked.
    ``gather(session, target)`` returns frozen facts, or raises Undetermined or Failed. ``compare(facts, target, site)``
    is pure. A ``collective`` check compares once all targets were gathered: its ``compare_all`` takes the facts by
    target id. Where ``concerns(target, site)`` is False the question makes no sense and is not planned at all;
    ``applies`` says why a planned one is 不适用. ``shows(target)`` lists what will be run, word for word, for the
    customer's approval.
    """

    id: str
    kind: str
    table: str
    title: str
    clause: str
    gather: Callable[[Any, Any], Facts]
    compare: Callable[[Any, Any, Site], Verdict]
    shows: Callable[[Any], Sequence[str]] = lambda target: ()
    concerns: Callable[[Any, Site], bool] = lambda target, site: True
    applies: Callable[[Any, Site], str] = lambda target, site: ""  # "" or why it is 不适用
    compare_all: Callable[[Mapping[str, Facts], Any, Site], Verdict] | None = None
    sends: bool = False
    minds_sending: bool = False  # its gathering keeps from sending by itself where the target does not allow it
    heavy: bool = False
    seconds: float = 30.0
    definition: str = ""  # the text whose change makes results stale; a data file's bytes, or a version we raise

    def digest(self) -> str:
        """SHA-256 (hex) of what defines this check; recorded with each result."""
        content = json.dumps([self.id, self.table, self.title, self.definition], ensure_ascii=True)
        return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True)
class Planned:
    """One check to be put to one target."""

    check: Check
    target: Target


@dataclass(frozen=True)
class Result:
    """What one check answered at one target, and how it came to know. ``started`` is aware; ``seconds`` how long."""

    check: str
    target: str
    title: str
    outcome: Outcome
    expected: str
    actual: str
    reason: str
    advice: str
    route: str
    vantage: str
    started: datetime
    seconds: float
    target_digest: str
    check_digest: str
    offset_seconds: float | None = None
    transcript: str = ""
    scope: str = ""
    clause: str = ""
    kind: str = ""
    observed: Mapping[str, Any] = field(default_factory=dict)
    evidence: str = field(default="", compare=False)
