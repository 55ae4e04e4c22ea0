"""Killed at any moment, on a full disk, on a write-protected one: nothing that was reported as saved is lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_examples import Laptops, record, run_child

from app.evidence.project import JOURNAL, Project

APPENDING = """
import sys
from pathlib import Path
from app.evidence.project import Draft, Project
project = Project.open(Path(sys.argv[1]))
number = 0
while True:
    kept = project.attach(b"photo" * number, "x.jpg")
    drafts = Draft("attachment", f"s/{number}", {"sha256": kept.sha256}), Draft("field", "x", {}, transcript="y" * 5000)
    for entry in project.append(*drafts):
        print(entry.hash, flush=True)
    number += 1
"""
FILLING = """
import resource, sys
from pathlib import Path
from app.base.errors import UnavailableError
from app.evidence.project import Draft, Project
project = Project.open(Path(sys.argv[1]))
print(project.chain, flush=True)
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
saved = []
try:
    for number in range(100_000):
        saved += project.append(Draft("field", f"x{number}", {"value": "y" * 3000}, transcript=f"z{number}" * 100))
except UnavailableError as error:
    print(error)
try:
    project.attach(b"x" * 5_000_000, "a.jpg")
except UnavailableError as error:
    print(error)
kept = {entry.hash for entry in project.entries()}
print(len(saved) > 3, {entry.hash for entry in saved} <= kept, project.verify())
print(sorted(p.name for p in (project.folder / "attachments").iterdir()))
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
else:
    Path(sys.argv[1], "ballast").unlink()
print(project.append(Draft("field", "after", {}))[0].seq - len(saved), project.verify())
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_program_killed_while_it_writes_loses_nothing_that_it_reported(
    project: Project, laptops: Laptops, seed: int
) -> None:
    project.close()
    child = run_child(APPENDING, project.folder)
    assert child.stdout
    moment = random.Random(seed).randrange(2, 120)
    reported = [child.stdout.readline().strip() for _ in range(moment)]
    os.kill(child.pid, signal.SIGKILL)
    reported += child.stdout.read().split()
    child.communicate()
    again = laptops.open("a")
    assert {name for name in reported if len(name) == 64} <= {entry.hash for entry in again.entries()}
    assert len(reported) >= moment
    assert again.verify() == ()
    assert not again.read_only
    assert record(again, "after", 1) in again.current("field")


def test_what_a_killed_program_left_is_read_without_writing(project: Project) -> None:
    project.close()
    child = run_child(APPENDING, project.folder)
    assert child.stdout
    reported = [child.stdout.readline().strip() for _ in range(20)]
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    before = (project.folder / JOURNAL).read_bytes()
    reader = Project.open(project.folder, write=False)
    assert set(reported) <= {entry.hash for entry in reader.entries()}
    reader.close()
    assert (project.folder / JOURNAL).read_bytes() == before


def outcome_of_filling(folder: Path, *arguments: str) -> list[str]:
    child = run_child(FILLING, folder, *arguments)
    output, complaint = child.communicate(timeout=120)
    assert child.returncode == 0, complaint
    return output.splitlines()


def require_orderly(lines: list[str]) -> None:
    _, journal, attachment, state, kept, after = lines
    assert "写不进" in journal and "磁盘" in journal
    assert "附件 a.jpg 存不下来" in attachment
    assert state == "True True ()"
    assert kept == "[]"
    assert after == "2 ()"  # the project's first entry, and the one after the disk had room again


def test_a_limit_on_files_gives_the_right_error_and_a_sound_journal(project: Project) -> None:
    project.close()
    require_orderly(outcome_of_filling(project.folder, str(400_000)))


@pytest.fixture
def tiny_disk() -> Iterator[Path]:
    """A disk of 1 MiB. Only root can mount one."""
    place = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        place.rmdir()
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)
    place.rmdir()


@pytest.mark.skipif(sys.platform == "win32", reason="mounts a disk")
def test_a_full_disk_gives_the_right_error_and_a_sound_journal(tiny_disk: Path, laptops: Laptops) -> None:
    folder = tiny_disk / "p"
    Project.create(folder, title="x").close()
    (folder / "ballast").write_bytes(b"x" * 200_000)
    lines = outcome_of_filling(folder)
    require_orderly(lines)
    assert "磁盘已满" in lines[1]


@pytest.mark.skipif(sys.platform == "win32", reason="mounts a disk")
def test_a_project_that_does_not_fit_can_be_made_once_there_is_room(tiny_disk: Path) -> None:
    from app.base.errors import UnavailableError

    ballast = tiny_disk / "ballast"
    ballast.write_bytes(b"x" * (shutil.disk_usage(tiny_disk).free - 8192))
    with pytest.raises(UnavailableError):
        Project.create(tiny_disk / "p", title="x")
    assert list((tiny_disk / "p").iterdir()) == []
    ballast.unlink()
    Project.create(tiny_disk / "p", title="x").close()


READING = """
import os, sys
from pathlib import Path
from app.evidence.project import Project
if len(sys.argv) > 2:
    os.setgid(65534); os.setuid(65534)
project = Project.open(Path(sys.argv[1]))
print(project.read_only, project.holder, len(tuple(project.entries())), project.verify())
"""


def read_as_stranger(folder: Path) -> str:
    """What someone sees who may read but not write; root may always write and becomes another user first."""
    folder.chmod(0o555)
    for above in folder.parents:
        if above.owner() == folder.owner() and above.stat().st_mode & 0o005 != 0o005 and os.geteuid() == 0:
            above.chmod(above.stat().st_mode | 0o005)
        if above.name.startswith("pytest-of"):
            break
    child = run_child(READING, folder, *(["drop"] if os.geteuid() == 0 else []))
    output, complaint = child.communicate(timeout=60)
    folder.chmod(0o755)
    assert child.returncode == 0, complaint
    return output.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="file modes")
def test_a_write_protected_project_is_read(project: Project) -> None:
    record(project, "x", 1)
    project.close()
    assert read_as_stranger(project.folder) == "True 文件夹不可写 2 ()"


@pytest.mark.skipif(sys.platform == "win32", reason="file modes")
def test_a_write_protected_copy_of_an_open_project_is_read_to_its_last_entry(project: Project, tmp_path: Path) -> None:
    for number in range(5):
        record(project, "x", number)
    copy = Path(shutil.copytree(project.folder, tmp_path / "copy"))
    for name in ("journal.sqlite-shm", "journal.lock", "journal.lock.txt"):
        (copy / name).unlink()
    assert (copy / "journal.sqlite-wal").stat().st_size > 0
    assert read_as_stranger(copy) == "True 文件夹不可写 6 ()"
