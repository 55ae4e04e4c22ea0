"""The session of a service."""

from __future__ import annotations

from app.checks.model import Surroundings
from app.checks.web import WebSession
from app.site.model import Service


def open_session(target: Service, surroundings: Surroundings) -> WebSession:  # noqa: ARG001 - each kind is opened alike
    """Connects nothing yet."""
    return WebSession(surroundings)
