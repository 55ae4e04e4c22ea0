"""What is asked of WebLogic domains."""

from __future__ import annotations

from app.checks.model import Check

CHECKS: tuple[Check, ...] = ()
