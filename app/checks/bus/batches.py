"""What goes up or down in the joint test, as plain values: id, number of records, digest; and what a receipt says."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.base import clock
from app.base.identity import mask
from app.checks.model import Outcome

DIGEST = re.compile(r"[0-9a-fA-F]{64}\Z")
LINE = re.compile(rb"[^\r\n]+")  # found one by one: a list of all would be ten times as large as they are
WORDS = ("reason", "message", "error")  # under which an answer may say why
BAD_STATUS = re.compile(r"reject|refuse|fail|error|invalid|拒|失败|错误", re.IGNORECASE)


@dataclass(frozen=True)
class Batch:
    """``count``: records (lines that are not empty); ``sha256``: hex, lower case, over all bytes."""

    id: str
    count: int
    sha256: str

    def observed(self) -> dict[str, Any]:
        return {"id": self.id, "count": self.count, "sha256": self.sha256}

    def __str__(self) -> str:
        return f"批次 {self.id}，{self.count} 条，SHA-256 {self.sha256[:16]}…"


def measured(batch: str, content: bytes) -> Batch:
    """What ``content`` really is."""
    count = sum(1 for line in LINE.finditer(content) if line[0].strip())
    return Batch(batch, count, hashlib.sha256(content).hexdigest())


def trial_batch() -> tuple[Batch, bytes]:
    """Three records that anyone sees to be a test and that hold no personal data; id and digest are new each time."""
    batch = f"TEST-{clock.now().astimezone(clock.CHINA):%Y%m%d%H%M%S}-{secrets.token_hex(4)}"
    rows = (f"TEST|{batch}|{number}|联调测试记录，不含业务数据，可删除|𠮷&<>\n" for number in (1, 2, 3))
    content = "".join(rows).encode()
    return measured(batch, content), content


def announced(headers: Mapping[str, str]) -> Batch | None:
    """The batch as the sender's headers (lower-case names) announce it; None when one is missing or is nonsense."""
    return stated(
        {"id": headers.get("x-batch-id"), "count": headers.get("x-record-count")}, headers, "x-content-sha256"
    )


def stated(values: Mapping[str, Any], digests: Mapping[str, Any], digest_name: str = "sha256") -> Batch | None:
    batch, count, digest = values.get("id"), values.get("count"), digests.get(digest_name)
    if isinstance(count, str) and re.fullmatch(r"[0-9]{1,12}", count.strip()):
        count = int(count)
    whole = isinstance(count, int) and not isinstance(count, bool) and count >= 0
    if not (isinstance(batch, str) and batch.strip() and whole and isinstance(digest, str) and DIGEST.match(digest)):
        return None
    return Batch(batch.strip(), int(count or 0), digest.lower())


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def json_object(content: bytes) -> dict[str, Any] | None:
    """The JSON object of an answer; None when it is none, or says anything twice."""
    try:
        value = json.loads(content, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def objection(values: Mapping[str, Any]) -> tuple[Outcome, str] | None:
    """What an answer says against the batch beside its figures: FAIL where it plainly refuses it, UNKNOWN where
    it tells of an error; None when it says nothing.
    """
    words = next((text for key in WORDS if isinstance(text := values.get(key), str) and text.strip()), "")
    if any(values.get(key) is False for key in ("accepted", "success", "ok")):
        return Outcome.FAIL, f"没有接受：{mask(words)[:300] or '未说明原因'}"
    told = next((key for key in ("error", "errors", "fault") if values.get(key)), "")
    if told or BAD_STATUS.search(str(values.get("status") or "")):
        shown = f"{told or 'status'}：{mask(str(values.get(told or 'status')))[:300]}"
        return Outcome.UNKNOWN, f"另报了错误（{shown}）"
    if "accepted" in values and values["accepted"] is not True:
        return Outcome.UNKNOWN, "没有说明是否接受"
    return None


def contradictions(told: Mapping[str, Any], batch: Batch) -> list[str]:
    """Where an answer repeats the figures of ``batch``, those that are other ones; null repeats nothing."""
    given = {key: told[key] for key in ("id", "count", "sha256") if told.get(key) is not None}
    repeated = stated(batch.observed() | given, batch.observed() | given)
    return ["批次号、条数或摘要无法理解"] if repeated is None else differences(batch, repeated)


def differences(sent: Batch, arrived: Batch) -> list[str]:
    """What was lost or changed between ``sent`` and ``arrived``, in words."""
    found = []
    if arrived.id != sent.id:
        found.append(f"批次号是 {arrived.id[:100]}，应为 {sent.id}")
    if arrived.count < sent.count:
        found.append(f"少了 {sent.count - arrived.count} 条（发出 {sent.count} 条，收到 {arrived.count} 条）")
    if arrived.count > sent.count:
        found.append(f"多了 {arrived.count - sent.count} 条（发出 {sent.count} 条，收到 {arrived.count} 条）")
    if arrived.sha256 != sent.sha256:
        found.append(f"内容被改动（SHA-256 发出 {sent.sha256[:16]}…，收到 {arrived.sha256[:16]}…）")
    return found
