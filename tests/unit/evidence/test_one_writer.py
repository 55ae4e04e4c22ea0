"""One writer a project: the second program reads only, says who has it, and sees what the first goes on writing."""

from __future__ import annotations

import os
import signal

import pytest
from evidence_examples import Laptops, record, run_child

from app.base.errors import UnavailableError
from app.evidence.project import Draft, Project

HOLDING = """
import sys
from pathlib import Path
from app.evidence.project import Draft, Project
project = Project.open(Path(sys.argv[1]))
print("open", project.read_only, flush=True)
for line in sys.stdin:
    print(project.append(Draft("field", line.strip(), {"value": 1}))[0].hash, flush=True)
"""


def test_a_second_program_reads_only_and_says_who_has_it(project: Project, laptops: Laptops) -> None:
    project.close()
    child = run_child(HOLDING, project.folder)
    assert child.stdout and child.stdout.readline() == "open False\n"
    second = laptops.open("a")
    assert second.read_only
    assert f"进程 {child.pid}" in second.holder
    for change in (
        lambda: record(second, "x", 1),
        lambda: second.attach(b"x", "x"),
        lambda: second.take_in((), {}),
    ):
        with pytest.raises(UnavailableError, match=f"进程 {child.pid}"):
            change()
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    third = laptops.open("a")
    assert (third.read_only, third.holder) == (False, "")


def test_a_reader_sees_what_the_writer_goes_on_writing(project: Project, laptops: Laptops) -> None:
    reader = laptops.open("a")
    assert reader.read_only
    assert reader.heads() == project.heads()
    entry = record(project, "x", 1)
    assert reader.current("field", "x") == (entry,)
    assert reader.heads() == {entry.chain: entry.hash}
    other = laptops.copy(project, "b")
    record(other, "x", 2)
    record(project, "x", 3)
    project.take_in(tuple(other.entries()), {})
    assert reader.conflicts() == project.conflicts() != ()
    assert reader.number(other.current("field")[-1]) == other.number(other.current("field")[-1])


def test_a_project_that_is_closed_is_free(project: Project, laptops: Laptops) -> None:
    project.close()
    assert not laptops.open("a").read_only


def test_opening_to_read_takes_no_lock(project: Project, laptops: Laptops) -> None:
    project.close()
    reader = Project.open(project.folder, write=False)
    assert reader.read_only and reader.holder
    assert not laptops.open("a").read_only
    with pytest.raises(UnavailableError):
        reader.append(Draft("field", "x", {}))
    reader.close()
