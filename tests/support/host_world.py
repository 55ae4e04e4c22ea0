"""A rehearsal host, and the whole way from plan to results, for the tests of the host checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.base.cancellation import Cancellation
from app.checks import catalogue, runner
from app.checks.model import Result, Surroundings
from app.site.model import Host, HostExpect, Site

PASSWORD = "主Host-1"
USER = "weblogic"


@dataclass
class World:
    """What app/rehearsal/ssh.py asks of its world."""

    folder: Path
    faults: frozenset[str] = frozenset()
    ports: dict[str, int] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=lambda: {"app-host": PASSWORD})

    def on_change(self, callback: Callable[[], None]) -> None:
        pass

    def switch(self, *faults: str) -> None:
        self.faults = frozenset(faults)

    def host_key_path(self, changed: bool) -> Path:
        return key_file(self.folder / f"host-key-{changed}")


def key_file(path: Path) -> Path:
    """An Ed25519 key in OpenSSH's form, made where there is none yet."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if not path.exists():
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
        path.write_bytes(Ed25519PrivateKey.generate().private_bytes(*form))
        path.chmod(0o600)
    return path


def fingerprint(path: Path) -> str:
    import paramiko

    return paramiko.PKey.from_path(path).fingerprint


@dataclass
class Held:
    """Passwords and known host keys by target id."""

    values: Mapping[str, str]

    def get(self, target_id: str) -> str | None:
        return self.values.get(target_id)

    def known(self, target_id: str) -> str:
        return self.values.get(target_id, "")


def surroundings(
    *targets: Host,
    passwords: Mapping[str, str] | None = None,
    known: Mapping[str, str] | None = None,
    cancellation: Cancellation | None = None,
) -> Surroundings:
    site = Site("演示", "510000", targets=targets)
    held = Held({"app-host": PASSWORD} if passwords is None else passwords)
    return Surroundings(site, held, Held(known or {}), cancellation or Cancellation())


def run(around: Surroundings, *ids: str, targets: tuple[str, ...] = ("app-host",)) -> dict[str, Result]:
    """The results by check id without its table; host.ports only where the plan has ports."""
    chosen = catalogue.plan(around.site, targets=targets, ids=tuple(f"host.{one}" for one in ids))
    planned = [pair for pair in chosen if not pair.check.applies(pair.target, around.site)]
    results: dict[str, Result] = {}
    runner.run(planned, around, lambda result: results.update({result.check.removeprefix("host."): result}))
    return results


EXPECT = HostExpect(
    free_gb={"/": 10, "/u01": 20},
    java=">=1.6",
    os=">=10",
    processes=("-Dweblogic.Name=jyjc1", "-Dweblogic.Name=jyjc2", "ora_pmon_"),
)


def host(port: int, **more: Any) -> Host:
    values: dict[str, Any] = {"id": "app-host", "host": "127.0.0.1", "port": port, "user": USER, "expect": EXPECT}
    return Host(**(values | more))
