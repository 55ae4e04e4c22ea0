"""What is asked of Oracle databases."""

from __future__ import annotations

from app.checks.model import Check

CHECKS: tuple[Check, ...] = ()
