"""A package that did not come about: only what was made for it is taken back, and nothing left looks whole."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError, DamagedError, UnavailableError
from app.handover.bag import write_bag
from app.handover.contents import Content

HUNDRED_KILOBYTES: dict[str, Content] = {f"data/{number}": b"x" * 100_000 for number in range(6)}


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_somebody_else_put_there_meanwhile_is_spared(tmp_path: Path) -> None:
    cancellation, folder = Cancellation(), tmp_path / "bag"

    def interfere(done: int, total: int) -> None:
        (folder / "data" / "mine.txt").write_text("mine")
        cancellation.cancel()

    with pytest.raises(CancelledError):
        write_bag(folder, HUNDRED_KILOBYTES, {}, interfere, cancellation)
    assert files_of(tmp_path) == ["bag/data/mine.txt"]


def test_an_error_of_the_listener_leaves_nothing(tmp_path: Path) -> None:
    def fail(done: int, total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_bag(tmp_path / "deep" / "bag", HUNDRED_KILOBYTES, {}, fail, Cancellation())
    assert list(tmp_path.iterdir()) == []


def test_a_transcript_that_was_lost_is_not_packed_as_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match="先核验项目"):
        write_bag(tmp_path / "bag", {f"data/transcripts/{'a' * 64}.txt": b""}, {}, None, Cancellation())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Path]:
    """A drive of one MiB, which may be gone when the test ends. Only root can mount one."""
    place = tmp_path / "drive"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "drive", place], capture_output=True).returncode:
        pytest.skip("no drive can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=False, capture_output=True)


@pytest.mark.skipif(sys.platform == "win32", reason="mounts a drive")
@pytest.mark.parametrize("at", [100_000, 300_000, 600_000])
def test_a_drive_that_is_pulled_is_told_and_nothing_is_left_that_looks_whole(drive: Path, at: int) -> None:
    def pull(done: int, total: int) -> None:
        if done == at:
            subprocess.run(["umount", "-l", drive], check=False, capture_output=True)

    with pytest.raises(UnavailableError, match="U盘"):
        write_bag(drive / "bag", HUNDRED_KILOBYTES, {}, pull, Cancellation())
    assert files_of(drive) == []
