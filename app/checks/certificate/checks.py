"""What is asked of certificates."""

from __future__ import annotations

from app.checks.model import Check

CHECKS: tuple[Check, ...] = ()
