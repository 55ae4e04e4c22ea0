"""What is asked of the bus and the joint test."""

from __future__ import annotations

from app.checks.model import Check

CHECKS: tuple[Check, ...] = ()
