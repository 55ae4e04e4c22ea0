"""What is asked of client PCs."""

from __future__ import annotations

from app.checks.model import Check

CHECKS: tuple[Check, ...] = ()
