"""What one look at a domain without REST brought, by whatever tool: all its servers at nearly one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.checks.model import Undetermined
from app.checks.weblogic.config_xml import Meant
from app.checks.weblogic.facts import Lockout, Module, Pool, Reading, Security, ServerState, Topology

UNTOLD = Security(None, (), Lockout(None, None))


@dataclass(frozen=True)
class Snapshot:
    """``readings``: server → its samples, the newest last. ``pools`` and ``modules``: name → on each server.

    ``topology``, ``sources`` and ``applications`` are None where the tool does not tell the configuration;
    ``troubles``: why ``pools`` or ``modules`` could not be had. ``running``: server → state as it says itself.
    """

    states: tuple[ServerState, ...]
    readings: Mapping[str, tuple[Reading, ...]]
    pools: Mapping[str, tuple[Pool, ...]] = field(default_factory=dict)
    modules: Mapping[str, tuple[Module, ...]] = field(default_factory=dict)
    topology: Topology | None = None
    sources: Mapping[str, Meant] | None = None
    applications: Mapping[str, Meant] | None = None
    security: Security = UNTOLD
    troubles: Mapping[str, Undetermined] = field(default_factory=dict)
    running: Mapping[str, str] | None = None
