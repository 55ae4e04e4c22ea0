"""The session of a bus."""

from __future__ import annotations

from app.checks.model import Surroundings
from app.checks.web import WebSession
from app.site.model import Bus


def open_session(target: Bus, surroundings: Surroundings) -> WebSession:  # noqa: ARG001 - each kind is opened alike
    """Connects nothing yet."""
    return WebSession(surroundings)
