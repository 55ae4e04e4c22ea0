"""``python3 dev.py bench``: what the program costs beside its peers, in one run on one machine; nothing is asserted."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

EMPTY_WINDOW = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication(sys.argv)
window = QMainWindow()
window.show()
QTimer.singleShot(0, app.quit)
app.exec()
"""
APPENDS = 2000


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="onsite-bench-") as folder:
        place = Path(folder)
        os.environ["ONSITE_HOME"] = str(place / "home")
        sys.stdout.write(f"{'':<34}{'ours':>12}{'peer':>12}{'ratio':>8}  aim\n")
        for measure in (window_start, rehearsal_run, wide, tls, journal_appends, package):
            measure(place)
    return 0


def window_start(place: Path) -> None:
    """Whole processes, from start to the first paint, alternating so that noise falls on both."""
    environment = {**os.environ, "ONSITE_EXIT_WHEN_SHOWN": "1"}
    ours, peer = alternate(
        lambda: run([sys.executable, "-m", "ui"], environment), lambda: run([sys.executable, "-c", EMPTY_WINDOW]), 7
    )
    row("window start / empty window", ours, peer, "≤ 1.6", "s")


def rehearsal_run(place: Path) -> None:
    """A full check run against the slowest single check in it."""
    from app.actions import checking, rehearsing

    running = rehearsing.start_rehearsal(place / "rehearsal")
    try:
        checking.check(running.workspace, checking.Selection())
        started = time.perf_counter()
        results = checking.check(running.workspace, checking.Selection())
        ours = time.perf_counter() - started
    finally:
        running.stop()
    slowest = max(results, key=lambda result: result.seconds)
    row(f"{len(results)} checks / slowest ({slowest.check})", ours, slowest.seconds, "≤ 2", "s")


def wide(place: Path) -> None:
    from tests.bench import wide_site

    wide_site.measure(place, row)


def tls(place: Path) -> None:
    from tests.bench import tls_scan

    tls_scan.measure(place, row)


def journal_appends(place: Path) -> None:
    """Appends a second, one transaction each, against bare SQLite rows of the same size at the same durability."""
    from app.evidence.project import Draft, Project

    project = Project.create(place / "journal", title="bench")
    payload = {"outcome": "pass", "actual": "x" * 300}

    def ours() -> None:
        for number in range(APPENDS):
            project.append(Draft("result", f"oracle.login@db{number}", payload))

    base = sqlite3.connect(place / "bare.sqlite", isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=FULL")
    base.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY, hash TEXT, raw BLOB)")

    def peer() -> None:
        for _ in range(APPENDS):
            raw = os.urandom(300).hex().encode()
            base.execute("BEGIN IMMEDIATE")
            base.execute("INSERT INTO entries (hash, raw) VALUES (?, ?)", (hashlib.sha256(raw).hexdigest(), raw))
            base.execute("COMMIT")

    mine, theirs = alternate(lambda: timed(ours), lambda: timed(peer), 3)
    project.close()
    base.close()
    row("journal appends a second / SQLite", APPENDS / mine, APPENDS / theirs, "≥ 0.7", "/s")


def package(place: Path) -> None:
    """A bag of 200 MB in 40 files against copying it and making the bag with bagit.py."""
    from app.base.cancellation import Cancellation
    from app.handover.bag import write_bag

    source = place / "source"
    source.mkdir()
    for number in range(40):
        (source / f"附件{number}.bin").write_bytes(os.urandom(5 << 20))
    contents: dict[str, Path | bytes] = {f"data/{path.name}": path for path in source.iterdir()}

    def ours() -> None:
        write_bag(place / "bag", contents, {}, None, Cancellation())
        shutil.rmtree(place / "bag")

    def peer() -> None:
        shutil.copytree(source, place / "copy")
        os.sync()
        run(
            [
                sys.executable,
                "-W",
                "ignore",
                "-c",
                f"import bagit; bagit.make_bag({str(place / 'copy')!r}, checksums=['sha256'])",
            ]
        )
        shutil.rmtree(place / "copy")

    mine, theirs = alternate(lambda: timed(ours), lambda: timed(peer), 3)
    row("package 200 MB / cp + bagit.py", mine, theirs, "", "s")


def alternate(one: Callable[[], float], other: Callable[[], float], times: int) -> tuple[float, float]:
    """The medians of ``times`` runs each, taken in turn."""
    pairs = [(one(), other()) for _ in range(times)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run(command: list[str], environment: dict[str, str] | None = None) -> float:
    """Seconds of a whole process."""
    started = time.perf_counter()
    quiet = subprocess.DEVNULL
    subprocess.run(command, check=True, env=environment, stdout=quiet, stderr=quiet)
    return time.perf_counter() - started


def row(title: str, ours: float, peer: float, aim: str, unit: str) -> None:
    sys.stdout.write(f"{title:<34}{ours:>10.2f}{unit:>3}{peer:>9.2f}{unit:>3}{ours / peer:>8.2f}  {aim}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
