"""A target for joint.report, and the receipt that the other end gives for what it was sent."""

from __future__ import annotations

import hashlib
from typing import Any

from app.site.model import Bus, Exchange


def bus(report: str, peer: str = "ministry", url: str = "http://127.0.0.1:1/bus") -> Bus:
    return Bus("bus-ministry", url=url, peer=peer, send=True, exchange=Exchange(report=report))


def at(port: int) -> Bus:
    return bus(f"http://127.0.0.1:{port}/exchange/report")


def receipt(request: bytes, **changed: Any) -> dict[str, Any]:
    """A true receipt of a request, with fields changed; None takes one out."""
    head, _, body = request.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    true = {"id": headers["X-Batch-Id"], "count": 3, "sha256": hashlib.sha256(body).hexdigest()}
    return {name: value for name, value in {**true, **changed}.items() if value is not None}
