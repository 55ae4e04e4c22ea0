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

    ``port_answers``: whether the server's own port takes a connection; None where that was not tried. ``words``: why
    there is no state.
    """

    name: str
    state: str
    port_answers: bool | None = None
    words: str = ""

    @property
    def running(self) -> bool:
        return self.state == "RUNNING"


@dataclass(frozen=True)
class Reading:
    """One running server at one moment. Heap in bytes; ``health`` in capitals without HEALTH_; ``queue`` requests;
    ``java`` the version of its JVM; ``stuck_today`` threads that were stuck in the last day.
    """

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
    java: str | None = None
    stuck_today: int | None = None


@dataclass(frozen=True)
class LogTail:
    """What the end of a server's log tells. ``covers``: how many seconds back from now it reaches.

    ``out_of_memory`` and ``stuck`` (thread → how many seconds ago it was last said to be stuck, and not since that it
    no longer is) are of the last day; ``undated``: lines of either kind whose time could not be read. ``state``: the
    life cycle's last word, in capitals.
    """

    covers: float = 0.0
    out_of_memory: int = 0
    stuck: Mapping[str, float] = field(default_factory=dict)
    undated: int = 0
    state: str = ""


@dataclass(frozen=True)
class Servers:
    """All configured servers by the life-cycle view, and readings of the running ones, the newest last.

    ``troubles``: server → why it gave no reading. ``logs``: server → the end of its log, or why it could not be read.
    ``running``: server → state in the view of running servers only; ``configured``: names; None where not had.
    """

    states: tuple[ServerState, ...]
    readings: Mapping[str, tuple[Reading, ...]] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)
    logs: Mapping[str, LogTail | str] = field(default_factory=dict)
    running: Mapping[str, str] | None = None
    configured: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Javas:
    """All configured servers; the JVM's version of running ones, or why it could not be had, by server."""

    states: tuple[ServerState, ...]
    versions: Mapping[str, str]
    troubles: Mapping[str, str]


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


@dataclass(frozen=True)
class KeyStore:
    """Which key stores a server is set to use, as ServerMBean.KeyStores says it; empty where it was not told."""

    server: str
    kind: str

    @property
    def demonstration(self) -> bool:
        return "demo" in self.kind.lower()


@dataclass(frozen=True)
class Lockout:
    """Whether users are locked out after so many wrong passwords; None where it was not told."""

    enabled: bool | None
    threshold: int | None


@dataclass(frozen=True)
class Security:
    """``troubles``: why a part could not be had. ``production`` None where it was not told."""

    production: bool | None
    stores: tuple[KeyStore, ...]
    lockout: Lockout
    telling: str = ""
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Console:
    """The console's page: ``version`` of the server where known; ``asked`` False where none was looked for.

    ``title``: of a page that is the console's. ``trouble`` and ``failed`` as in Page.
    """

    url: str
    version: str = ""
    asked: bool = True
    status: int = 0
    title: str = ""
    trouble: str = ""
    failed: bool = False
