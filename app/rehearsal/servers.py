"""Which server stands behind which port of the rehearsal site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.rehearsal.bus import Bus
from app.rehearsal.bus_authentication import BusAuthentication
from app.rehearsal.listening import Listening
from app.rehearsal.ministry import Ministry
from app.rehearsal.oracle.listener import OracleListener
from app.rehearsal.services import TITLES, ServicePage
from app.rehearsal.ssh import SshServer
from app.rehearsal.tls import TlsPort
from app.rehearsal.weblogic import WebLogicServer
from app.rehearsal.weblogic_domain import PORT_NAMES

if TYPE_CHECKING:
    from app.rehearsal.world import World


def servers_of(
    world: World, ports: Mapping[str, int], *, oracle: str = "19c", weblogic: str = "12.2.1.4.0"
) -> dict[str, Listening]:
    """Every server by the name of its port, not started yet; ``ports`` are the wanted ones, 0 or none for any."""
    domain = {port: WebLogicServer(world, ports.get(port, 0), name, weblogic) for name, port in PORT_NAMES.items()}
    buses = {name: Bus(world, ports.get(name, 0)) for name in ("bus", "bus-ministry")}
    services = {kind: ServicePage(world, ports.get(kind, 0), kind) for kind in TITLES}
    others = {
        "bus-auth": BusAuthentication(world, ports.get("bus-auth", 0)),
        "ministry": Ministry(world, ports.get("ministry", 0)),
        "ssh": SshServer(world, ports.get("ssh", 0), weblogic),
        "oracle": OracleListener(world, ports.get("oracle", 0), oracle),
        "tls": TlsPort(world, ports.get("tls", 0)),
    }
    return {**domain, **buses, **services, **others}
