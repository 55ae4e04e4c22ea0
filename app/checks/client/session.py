"""The session of a client PC: its URLs, asked from where this program runs."""

from __future__ import annotations

from app.checks.model import Surroundings
from app.checks.web import WebSession
from app.site.model import Client


def open_session(target: Client, surroundings: Surroundings) -> WebSession:  # noqa: ARG001 - each kind is opened alike
    """Connects nothing yet."""
    return WebSession(surroundings)
