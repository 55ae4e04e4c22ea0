"""The record files that a project holds: where each belongs, and how the checks of the joint test get at them.

Keeping, taking in and exporting them is ``records``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.actions.workspace import Workspace
from app.base.errors import InputError
from app.base.files import cause, read_bounded
from app.checks.bus import records
from app.checks.bus.pairing import DIRECTIONS, OTHER, OWN, Leg, leg_of, side_of
from app.checks.bus.records import REPORT, SENT, Record, Unreadable
from app.checks.model import Undetermined
from app.site.model import Bus

KIND = "record"  # an entry: that a record file was kept; its newest of (bus, direction, end) counts
WHAT = "联调记录文件"
GIVE_AGAIN = "请重新记入或导入该端的记录文件。"
STEPS = {"report": "joint.vertical.report", "dispatch": "joint.vertical.dispatch"}
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Belongs:
    """Where a record belongs: which bus, direction and end (``own`` or ``other``), in which service case's scope."""

    bus: Bus
    direction: str
    end: str
    scope: str = ""

    @property
    def leg(self) -> Leg:
        return leg_of(self.bus, self.direction)

    @property
    def subject(self) -> str:
        return f"{self.bus.id}/{self.direction}/{self.end}"

    @property
    def slot(self) -> str:
        """The step and its place for evidence, as the workflow names them."""
        received = "receipt" if self.direction == REPORT else "received"
        return f"{STEPS[self.direction]}/{SENT if side_of(self.leg, self.end) == SENT else received}"

    def __str__(self) -> str:
        return f"{self.bus.name} {DIRECTIONS[self.direction]} {self.leg.ends[self.end]}"


class RecordedExchanges:
    """The record files that the journal holds, as the checks of the joint test ask for them.

    A service case is judged by the records of its own ``scope``: those of the implementation prove nothing for it.
    """

    def __init__(self, workspace: Workspace, scope: str = "") -> None:
        self._workspace, self._scope = workspace, scope

    def of(self, target_id: str, direction: str) -> Mapping[str, Record]:
        """By end; raises Undetermined for a file that is not what was taken in."""
        bus = self._workspace.site.target(target_id)
        if not isinstance(bus, Bus):
            return {}
        found = {end: self.kept(Belongs(bus, direction, end, self._scope)) for end in (OWN, OTHER)}
        return {end: record for end, record in found.items() if record}

    def kept(self, belongs: Belongs) -> Record | None:
        """The newest record of one end; None where there is none, or its file was withdrawn from the step."""
        recorded = self._workspace.project.current(KIND, belongs.subject, belongs.scope)
        if not recorded:
            return None
        told = recorded[-1].payload
        sha256 = str(told.get("file", ""))
        if not HASH.fullmatch(sha256) or self._withdrawn(belongs, sha256):
            return None
        if told.get("target_digest") != belongs.bus.digest():
            raise Undetermined(f"{belongs}的联调记录早于总线配置的改动，不再作数", "请重新收发一批，再给出两端的记录。")
        record = self._read(belongs, sha256, str(told.get("name", "")))
        milliseconds = told.get("clock_milliseconds")
        head = replace(
            record.head,
            direction=str(told.get("direction", "")),
            side=str(told.get("side", "")),
            role=str(told.get("role", "")),
            clock=milliseconds / 1000 if isinstance(milliseconds, int) else None,
        )
        return replace(record, head=head)

    def _withdrawn(self, belongs: Belongs, sha256: str) -> bool:
        held = self._workspace.project.current("attachment", f"{belongs.slot}/{sha256}", belongs.scope)
        return not held or bool(held[-1].payload.get("withdrawn"))

    def _read(self, belongs: Belongs, sha256: str, name: str) -> Record:
        try:
            content = read_bounded(self._workspace.project.attachment(sha256), records.LARGEST, WHAT)
            if hashlib.sha256(content).hexdigest() != sha256:
                raise Undetermined(f"{belongs}的联调记录文件 {name} 已被改动", GIVE_AGAIN)
            return records.read(content, name)
        except (InputError, OSError) as error:
            why = cause(error) if isinstance(error, OSError) else str(error)
            raise Undetermined(f"{belongs}的联调记录文件 {name} 读不了：{why}", GIVE_AGAIN) from None
        except Unreadable as error:
            raise Undetermined(f"{belongs}的联调记录文件 {name}：{error}", GIVE_AGAIN) from None
