"""What is read of a domain, by whatever interface, as frozen values; None is what the interface did not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ConfiguredServer:
    """One configured server. ``address`` is empty for all addresses; ``port`` and ``machine`` None when not told.

    ``listens`` is False where the plain port is switched off (TLS or the administration port only).
    """

    name: str
    address: str = ""
    port: int | None = None
    machine: str | None = None
    cluster: str = ""
    listens: bool = True


@dataclass(frozen=True)
class Topology:
    """The domain's configuration. ``complete`` is False where the interface tells no addresses, ports and machines.

    ``telling`` names the interface.
    """

    domain: str
    admin: str
    version: str
    servers: tuple[ConfiguredServer, ...]
    complete: bool = True
    telling: str = ""


@dataclass(frozen=True)
class ServerState:
    """``state`` in capitals as the life cycle has it, e.g. RUNNING; empty when it was null.

    ``port_answers``: whether the server's own port takes a connection; None where that was not tried.
    """

    name: str
    state: str
    port_answers: bool | None = None

    @property
    def running(self) -> bool:
        return self.state == "RUNNING"


@dataclass(frozen=True)
class Reading:
    """One running server at one moment. Heap in bytes; ``health`` in capitals without HEALTH_; ``queue`` requests."""

    name: str
    health: str | None = None
    version: str | None = None
    heap_current: int | None = None
    heap_free: int | None = None
    heap_max: int | None = None
    heap_free_percent: int | None = None
    stuck: int | None = None
    hogging: int | None = None
    queue: int | None = None


@dataclass(frozen=True)
class Servers:
    """All configured servers by the life-cycle view, and readings of the running ones, the newest last.

    ``troubles``: running server → why it gave no reading.
    """

    states: tuple[ServerState, ...]
    readings: Mapping[str, tuple[Reading, ...]] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pool:
    """A data source on one server; counts are connections and waiting requests.

    ``maximum`` is the configured one; ``opened`` the most that were ever open, which it is not below.
    """

    server: str
    state: str
    waiting: int | None = None
    high: int | None = None
    maximum: int | None = None
    made: int | None = None
    opened: int | None = None


@dataclass(frozen=True)
class Module:
    """An application on one server: ``active`` None when it was not told; ``health`` as in Reading."""

    server: str
    active: bool | None
    health: str | None = None


@dataclass(frozen=True)
class Deployed:
    """Data sources or applications: name → what each server runs of it.

    ``targets``: name → the servers it is configured for; None where the interface does not tell.
    ``telling`` names the interface, for what it does not tell.
    """

    states: tuple[ServerState, ...]
    found: Mapping[str, tuple[Pool, ...] | tuple[Module, ...]]
    targets: Mapping[str, tuple[str, ...]] | None
    telling: str = ""


@dataclass(frozen=True)
class Page:
    """One application address: the status and title that came, or why none did; ``failed`` when that is a verdict."""

    url: str
    status: int = 0
    title: str = ""
    seconds: float = 0.0
    log_in: bool = False
    trouble: str = ""
    failed: bool = False
