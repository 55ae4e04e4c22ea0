"""A site of forty targets behind a network with latency: one run against its slowest target, and against the naive way.

Every target is one of the rehearsal site's, seen through a relay of its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.actions import rehearsing
from app.base.cancellation import Cancellation
from app.base.errors import CancelledError
from app.checks import catalogue, runner
from app.checks.model import Planned, Result, Surroundings
from app.site import model
from app.site.model import Target

LATENCY = 50  # milliseconds a round trip
COPIES = {"db1": 9, "db2": 5, "wls1": 6, "app-host": 6, "bus1": 3, "bus-ministry": 2, "auth": 2, "report": 2,
          "interface": 2, "app-device": 1, "bus-device": 1, "personal": 1}  # fmt: skip


class Site40:
    """The wide site, up: ``planned`` and ``surroundings`` for a run; ``peaks()`` the most connections a target had."""

    def __init__(self, place: Path) -> None:
        self._running = rehearsing.start_rehearsal(place / "wide")
        try:
            base = self._running.workspace.site
            chosen = [(base.target(name), number) for name, count in COPIES.items() for number in range(count)]
            pairs = [(target, number) for target, number in chosen if target is not None]
            ports = [_port(target) for target, _ in pairs]
            self._relay = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.relay", str(LATENCY), *map(str, ports)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            self.ports = self._line()
            targets = [_through(target, number, port) for (target, number), port in zip(pairs, self.ports, strict=True)]
            self.site = replace(base, targets=tuple(targets))
            self.planned = catalogue.plan(self.site)
            secrets = self._running.workspace.secrets
            known = {copy.id: secrets.get(target.id) for (target, _), copy in zip(pairs, targets, strict=True)}
            self._secrets = {name: secret for name, secret in known.items() if secret}
        except BaseException:
            self._running.stop()
            raise

    def surroundings(self, cancellation: Cancellation) -> Surroundings:
        return Surroundings(self.site, self, self, cancellation, project=self._running.workspace.folder)

    def get(self, target_id: str) -> str | None:
        return self._secrets.get(target_id)

    def known(self, target_id: str) -> str:
        return ""

    def peaks(self) -> list[int]:
        """The most connections that each target had at once since the last call."""
        assert self._relay.stdin
        self._relay.stdin.write("\n")
        self._relay.stdin.flush()
        return self._line()

    def _line(self) -> list[int]:
        assert self._relay.stdout
        numbers: list[int] = json.loads(self._relay.stdout.readline())
        return numbers

    def stop(self) -> None:
        self._relay.kill()
        self._relay.wait()
        self._running.stop()


def _port(target: Target) -> int:
    match target:
        case model.Database() | model.Host():
            return target.port
        case model.WebLogic() | model.Bus() | model.Service():
            return urlsplit(target.url).port or 80
        case model.Certificate() if target.source.startswith("tls://"):
            return urlsplit(target.source).port or 443
    return 9  # a file: no way leads there


def _through(target: Target, number: int, port: int) -> Target:
    """A copy of ``target`` that is reached at ``port``."""
    changes: dict[str, Any] = {"id": f"{target.id}-{number}"}
    if isinstance(target, model.Database | model.Host):
        changes["port"] = port
    elif isinstance(target, model.Certificate):
        changes |= {"source": f"tls://127.0.0.1:{port}"} if target.source.startswith("tls://") else {}
    else:
        changes["url"] = _moved(target.url, port)  # type: ignore[attr-defined]
    if isinstance(target, model.Bus) and target.authentication.certificate:
        changes["authentication"] = replace(target.authentication, certificate="bus-device-0")
    if hasattr(target, "via"):
        changes["via"] = "app-host-0" if target.via else ""
    return replace(target, **changes)


def _moved(url: str, port: int) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{parts.hostname}:{port}").geturl()


def measure(place: Path, row: Callable[[str, float, float, str, str], None]) -> None:
    site = Site40(place)
    try:
        run(site, site.planned[:1])  # imports the drivers
        slowest = max(timed(lambda pairs=pairs: run(site, pairs)) for pairs in _kinds(site))  # type: ignore[misc]
        site.peaks()
        results: list[Result] = []
        ours = timed(lambda: results.extend(run(site, site.planned)))
        peaks = site.peaks()
        row(f"{len(site.site.targets)} targets, {len(results)} checks / slowest", ours, slowest, "≤ 1.5", "s")
        naive = timed(lambda: one_connection_a_check(site))
        row("… / a connection per check", ours, naive, "", "s")
        row("connections a target, at most", max(peaks), 2, "≤ 1", "")
        row("cancelled within", cancelled(site), 1, "≤ 1", "s")
        row("peak memory of the run, MB", peak_memory(), 300, "≤ 1", "MB")
        bad = [(one.check, one.target, one.reason) for one in results if one.outcome in ("fail", "unknown")]
        sys.stdout.write(f"  {len(bad)} not as the rehearsal has them: {bad[:3]}\n" if bad else "")
    finally:
        site.stop()


def _kinds(site: Site40) -> list[list[Planned]]:
    """The checks of the first target of each kind: what one of each takes alone."""
    first = {target.kind: target.id for target in reversed(site.site.targets)}
    return [[pair for pair in site.planned if pair.target.id == name] for name in first.values()]


def run(site: Site40, planned: Sequence[Planned]) -> list[Result]:
    results: list[Result] = []
    runner.run(planned, site.surroundings(Cancellation()), results.append)
    return results


def one_connection_a_check(site: Site40) -> None:
    """The naive way: targets side by side, but every check connects and logs in for itself."""
    by_target: dict[str, list[Planned]] = {}
    for pair in site.planned:
        by_target.setdefault(pair.target.id, []).append(pair)

    def lane(pairs: Sequence[Planned]) -> None:
        for pair in pairs:
            run(site, [pair])

    with ThreadPoolExecutor(len(by_target)) as pool:
        list(pool.map(lane, by_target.values()))


def cancelled(site: Site40) -> float:
    """Seconds from the cancelling of a run in full course to its end."""
    cancellation = Cancellation()
    began = 0.0

    def stop(result: Result) -> None:
        nonlocal began
        if not began:
            began = time.perf_counter()
            cancellation.cancel()

    try:
        runner.run(site.planned, site.surroundings(cancellation), stop)
    except CancelledError:
        return time.perf_counter() - began
    raise AssertionError("the run was not cancelled")


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_memory() -> float:
    """This process's largest resident size in MB (Linux counts it in KiB, macOS in bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    import tempfile

    from tests.bench.__main__ import row

    with tempfile.TemporaryDirectory(prefix="onsite-bench-") as folder:
        os.environ["ONSITE_HOME"] = str(Path(folder) / "home")
        measure(Path(folder), row)
