"""What is asked of the services beside the application."""

from __future__ import annotations

from app.checks.model import Check

CHECKS: tuple[Check, ...] = ()
