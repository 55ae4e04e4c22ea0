"""A whole rehearsal site in this process: its state taken up, its servers started, its profile written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from app.rehearsal import certificates, profile, state
from app.rehearsal.servers import servers_of
from app.rehearsal.world import World

if TYPE_CHECKING:
    from app.rehearsal.listening import Listening


class Site:
    """``start`` may raise state.InUse, or OSError when the folder cannot be written or no port is to be had."""

    def __init__(self, folder: Path, faults: Iterable[str], *, oracle: str, weblogic: str) -> None:
        self.folder = folder
        self.lock = state.lock(folder)
        kept = state.read(folder)
        self.world = World(folder, faults, kept.secrets)
        state.make_host_keys(folder)
        certificates.prepare(folder)
        version = profile.WEBLOGIC_VERSIONS[weblogic]
        self.servers = servers_of(self.world, kept.ports, oracle=oracle, weblogic=version)
        for name, port in taken_up(self.servers, kept.ports).items():
            self.world.ports[name] = port
        state.write(folder, state.State(kept.secrets, self.world.ports))
        key = state.fingerprint(folder)
        self.site_toml = profile.write(folder, self.world.ports, key, oracle=oracle, weblogic=weblogic)

    def stop(self) -> None:
        """Ends every server, side by side, and leaves the folder to the next."""
        with ThreadPoolExecutor(len(self.servers)) as pool:
            list(pool.map(lambda server: server.stop(), self.servers.values()))
        self.lock.close()


def taken_up(servers: Mapping[str, Listening], wanted: Mapping[str, int]) -> dict[str, int]:
    """Starts each server on the port it had, those first; one that is taken is replaced by any free one."""
    order = sorted(servers, key=lambda name: name not in wanted)
    return {name: started(servers[name]) for name in order}


def started(server: Listening) -> int:
    try:
        return server.start()
    except OSError:
        server.port = 0
        return server.start()
