"""What the WebLogic servers of the rehearsal site are at this moment, by the faults that are on: plain values.

How it is said over REST belongs to ``weblogic_rest`` (12.2.1) and ``weblogic_tenant`` (10.3.6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

MIB = 1024 * 1024
APPLICATION = "jyjc"
DATASOURCE = "jyjcDS"
MACHINE = "app-machine"
ADMIN, FIRST, SECOND = "AdminServer", "jyjc1", "jyjc2"
PORT_NAMES = {ADMIN: "wls-admin", FIRST: "wls-jyjc1", SECOND: "wls-jyjc2"}


@dataclass(frozen=True)
class Heap:
    """Bytes; ``free`` is of ``current``, which may still grow to ``maximum``."""

    current: int = 1024 * MIB
    free: int = 612 * MIB
    maximum: int = 2048 * MIB

    @property
    def free_percent(self) -> int:
        """Free of the maximum, as JVMRuntimeMBean's HeapFreePercent."""
        return 100 * (self.free + self.maximum - self.current) // self.maximum


@dataclass(frozen=True)
class Server:
    """One server; ``datasource`` and ``application_active`` are None where it is not targeted."""

    name: str
    port: int
    state: str = "RUNNING"
    heap: Heap = Heap()
    stuck_threads: int = 0
    datasource: str | None = None
    application_active: bool | None = None

    @property
    def running(self) -> bool:
        return self.state == "RUNNING"


@dataclass(frozen=True)
class Domain:
    name: str
    admin: str
    servers: tuple[Server, ...]

    @property
    def running(self) -> tuple[Server, ...]:
        return tuple(server for server in self.servers if server.running)

    @property
    def targets(self) -> tuple[Server, ...]:
        """The servers to which the application and the data source are deployed."""
        return tuple(server for server in self.servers if server.datasource is not None)

    def server(self, name: str) -> Server:
        return next(server for server in self.servers if server.name == name)


def domain_of(server: str, faults: frozenset[str], ports: Mapping[str, int]) -> Domain:
    """The domain in which ``server`` lives now: under not-integrated jyjc2 has one of its own."""
    servers = {name: Server(name, ports.get(port_name, 0)) for name, port_name in PORT_NAMES.items()}
    servers[FIRST] = first(servers[FIRST], faults)
    servers[SECOND] = second(servers[SECOND], faults)
    if "not-integrated" not in faults:
        return Domain("jyjc_domain", ADMIN, tuple(servers.values()))
    if server == SECOND:
        return Domain("jyjc_domain2", SECOND, (servers[SECOND],))
    return Domain("jyjc_domain", ADMIN, (servers[ADMIN], servers[FIRST]))


def first(server: Server, faults: frozenset[str]) -> Server:
    """jyjc1 under the faults that touch it."""
    server = replace(server, datasource="Running", application_active=True)
    if "stuck-threads" in faults:
        server = replace(server, stuck_threads=12)
    if "datasource-suspended" in faults:
        server = replace(server, datasource="Suspended")
    if "low-heap" in faults:  # grown to its maximum, 8 % of it free
        server = replace(server, heap=Heap(2048 * MIB, 2048 * MIB * 8 // 100 + MIB, 2048 * MIB))
    return server


def second(server: Server, faults: frozenset[str]) -> Server:
    """jyjc2 under the faults that touch it."""
    server = replace(server, datasource="Running", application_active="app-failed" not in faults)
    return replace(server, state="SHUTDOWN") if "server-down" in faults else server
