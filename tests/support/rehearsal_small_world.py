"""A world for one server of the rehearsal site at a time: a folder, faults that can be switched, ports and secrets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class SmallWorld:
    folder: Path
    faults: frozenset[str] = frozenset()
    ports: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(
        default_factory=lambda: {
            "wls1": "监Monitor-1",
            "app-host": "主Host-1",
            "db1": "Monitoring1",
            "db2": "Exchange1",
        }
    )
    followers: list[Callable[[], None]] = field(default_factory=list)

    def on_change(self, callback: Callable[[], None]) -> None:
        self.followers.append(callback)

    def switch(self, *faults: str) -> None:
        self.faults = frozenset(faults)
        for follower in self.followers:
            follower()

    def host_key_path(self, changed: bool) -> Path:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        path = self.folder / f"host-key-{changed}"
        if not path.exists():
            key = Ed25519PrivateKey.generate()
            form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
            path.write_bytes(key.private_bytes(*form))
        return path
