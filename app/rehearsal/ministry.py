"""The ministry's end (部端): takes reports and gives receipts, hands out dispatches and has them confirmed.

A receipt says what really arrived: the records are counted and hashed here, never copied from the sender's headers.
What came is kept under ``ministry/`` in the rehearsal's folder.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from app.rehearsal.web import Answer, Request, WebServer, as_json, html

if TYPE_CHECKING:
    from app.rehearsal.world import World

BEIJING = timezone(timedelta(hours=8))
DISPATCH_RECORDS = (
    "510000|2026年第四季度跨地区核验|DY13|待核验|3",
    "510100|就业登记核验|张**|5101**********1234|重复登记",
    "510300|失业登记核验|李**|5103**********5678|已在他省就业",
    "511300|援助对象核验|王**|5113**********9012|待补充证件",
)


@dataclass(frozen=True)
class Batch:
    """What a batch really is: its id, the number of its records (lines that are not empty), its SHA-256 in hex."""

    id: str
    count: int
    sha256: str


def measured(batch: str, body: bytes) -> Batch:
    records = [line for line in body.splitlines() if line.strip()]
    return Batch(batch, len(records), hashlib.sha256(body).hexdigest())


class Ministry(WebServer):
    """``POST …/report``, ``GET`` and ``POST …/dispatch``. Fault: ministry-no-receipt."""

    def __init__(self, world: World, port: int) -> None:
        super().__init__(port)
        self.world = world
        self.dispatched: dict[str, Batch] = {}
        self._keeping = threading.Lock()

    def answer(self, request: Request) -> Answer:
        handlers = {
            ("POST", "report"): self.take_report,
            ("GET", "dispatch"): self.hand_out,
            ("POST", "dispatch"): self.take_confirmation,
        }
        name = request.path.rstrip("/").rpartition("/")[2]
        handler = handlers.get((request.method, name))
        if handler is not None:
            return handler(request)
        if name in ("report", "dispatch"):
            return html("405 Method Not Allowed", "Method Not Allowed", 405)
        return html("404 Not Found", "Not Found", 404)

    def take_report(self, request: Request) -> Answer:
        """Keeps the batch and answers its receipt; under ministry-no-receipt 202 and nothing."""
        batch = request.headers.get("X-Batch-Id", "").strip()
        if not batch:
            return refusal(400, "缺少 X-Batch-Id")
        received = measured(batch, request.body)
        receipt = {**asdict(received), "received_at": datetime.now(BEIJING).isoformat(timespec="milliseconds")}
        announced = {name: value for name, value in request.headers.items() if name.lower().startswith("x-")}
        self.keep("report", request.body, {"receipt": receipt, "announced": announced})
        return Answer(202) if "ministry-no-receipt" in self.world.faults else as_json(receipt)

    def hand_out(self, request: Request) -> Answer:  # noqa: ARG002 - each handler is called with its request
        """A new batch of records for the province; it stays open until it is confirmed."""
        body = "".join(f"{record}\n" for record in DISPATCH_RECORDS).encode()
        batch = measured(f"XF-{datetime.now(BEIJING):%Y%m%d}-{uuid4().hex[:8]}", body)
        self.dispatched[batch.id] = batch
        headers = {"X-Batch-Id": batch.id, "X-Record-Count": str(batch.count), "X-Content-SHA256": batch.sha256}
        return Answer(200, body, "text/plain; charset=utf-8", headers)

    def take_confirmation(self, request: Request) -> Answer:
        """Accepts what agrees with the batch that was handed out; says what differs otherwise."""
        try:
            confirmed = json.loads(request.body)
        except ValueError:
            return refusal(400, "确认不是 JSON")
        if not isinstance(confirmed, dict) or not isinstance(confirmed.get("id"), str):
            return refusal(400, "确认里没有批次号 id")
        batch = self.dispatched.get(confirmed["id"])
        if batch is None:
            return refusal(404, "没有下发过这一批次")
        differing = [name for name, value in asdict(batch).items() if confirmed.get(name) != value]
        self.keep("dispatch", json.dumps(confirmed, ensure_ascii=False).encode(), {"differing": differing})
        if differing:
            return as_json({"id": batch.id, "accepted": False, "reason": f"与下发内容不一致：{'、'.join(differing)}"})
        return as_json({"id": batch.id, "accepted": True})

    def keep(self, kind: str, body: bytes, about: dict[str, object]) -> None:
        """Writes what came and what was made of it as the next pair of files; names never come from the sender."""
        folder = Path(self.world.folder) / "ministry"
        with self._keeping:
            folder.mkdir(exist_ok=True)
            number = len(list(folder.glob("*.json"))) + 1
            stem = f"{number:06d}-{kind}"
            (folder / f"{stem}.txt").write_bytes(body)
            (folder / f"{stem}.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")


def refusal(status: int, reason: str) -> Answer:
    return as_json({"error": reason}, status)
