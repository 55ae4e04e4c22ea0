"""The rehearsal site as its servers see it: a folder, the faults that are on, ports and passwords."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

PRIVATE = "private"  # inside the site's folder: keys, passwords and ports
HOST_KEYS = {False: "host-key", True: "host-key-changed"}


class World:
    """``ports`` are filled while the servers start; ``secrets`` are by target id."""

    def __init__(self, folder: Path, faults: Iterable[str], secrets: Mapping[str, str]) -> None:
        self.folder = folder
        self.faults = frozenset(faults)
        self.secrets = dict(secrets)
        self.ports: dict[str, int] = {}
        self._followers: list[Callable[[], None]] = []
        self._switching = threading.Lock()

    @property
    def private(self) -> Path:
        return self.folder / PRIVATE

    def on_change(self, callback: Callable[[], None]) -> None:
        """Has ``callback`` called after each switch."""
        self._followers.append(callback)

    def switch(self, names: Iterable[str]) -> None:
        """Switches to exactly these faults; when it returns, every server follows them."""
        with self._switching:
            self.faults = frozenset(names)
            for follow in self._followers:
                follow()

    def host_key_path(self, changed: bool) -> Path:
        """The SSH host's private key in OpenSSH's format: the usual one, or the other one."""
        return self.private / HOST_KEYS[changed]
