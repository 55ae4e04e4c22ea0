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

DIGEST = re.compile(r"[0-9a-fA-F]{64}\Z")


@dataclass(frozen=True)
class Batch:
    """``count``: records (lines that are not empty); ``sha256``: hex, lower case, over all bytes."""

    id: str
    count: int
    sha256: str

    def headers(self) -> dict[str, str]:
        return {"X-Batch-Id": self.id, "X-Record-Count": str(self.count), "X-Content-SHA256": self.sha256}

    def observed(self) -> dict[str, Any]:
        return {"id": self.id, "count": self.count, "sha256": self.sha256}

    def __str__(self) -> str:
        return f"批次 {self.id}，{self.count} 条，SHA-256 {self.sha256[:16]}…"


def measured(batch: str, content: bytes) -> Batch:
    """What ``content`` really is."""
    count = sum(1 for line in content.splitlines() if line.strip())
    return Batch(batch, count, hashlib.sha256(content).hexdigest())


def test_batch() -> tuple[Batch, bytes]:
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


def json_object(content: bytes) -> dict[str, Any] | None:
    """The JSON object of an answer; None when it is none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


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
