"""All servers together: each has its port, and all end together."""

from __future__ import annotations

import socket

from rehearsal_small_world import SmallWorld

from app.rehearsal.servers import servers_of

NAMES = {
    "wls-admin", "wls-jyjc1", "wls-jyjc2", "bus", "bus-ministry", "ministry", "auth", "report", "interface", "ssh",
    "oracle", "tls", "bus-auth",
}  # fmt: skip


def test_every_server_has_its_port_and_takes_it_again(world: SmallWorld) -> None:
    first = servers_of(world, {})  # type: ignore[arg-type]
    assert set(first) == NAMES
    ports = {name: server.start() for name, server in first.items()}
    assert len(set(ports.values())) == len(NAMES)
    for port in ports.values():
        socket.create_connection(("127.0.0.1", port), timeout=20).close()
    for server in first.values():
        server.stop()
    again = servers_of(world, ports)  # type: ignore[arg-type]
    assert {name: server.start() for name, server in again.items()} == ports
    for server in again.values():
        server.stop()
