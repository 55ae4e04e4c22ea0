"""What is asked of hosts over SSH."""

from __future__ import annotations

from app.checks.model import Check

CHECKS: tuple[Check, ...] = ()
