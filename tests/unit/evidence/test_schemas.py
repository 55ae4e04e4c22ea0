"""A newer journal is refused, an older one copied before it is brought forward, what is none never written to."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from evidence_examples import Laptops, change, record, with_evidence

from app.base.errors import DamagedError, InputError, OnsiteError
from app.evidence import store
from app.evidence.project import JOURNAL, Project

SAMPLE = Path(__file__).with_name("journal-1.sqlite")  # as this program's first release wrote it


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and ".lock" not in path.name}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "sample"
    place.mkdir()
    shutil.copyfile(SAMPLE, place / JOURNAL)
    return place


def test_a_journal_of_the_first_release_is_read_and_sound(folder: Path) -> None:
    project = Project.open(folder)
    assert [entry.kind for entry in project.entries()] == ["project", "field", "result"]
    assert project.verify() == ()
    assert record(project, "x", 1).seq == 1
    project.close()


@pytest.mark.parametrize("write", [True, False])
def test_a_newer_journal_is_refused_and_left_as_it_is(project: Project, write: bool) -> None:
    project.close()
    change(project, "PRAGMA user_version = 2")
    before = contents(project.folder)
    with pytest.raises(InputError, match="更新版本"):
        Project.open(project.folder, write=write)
    assert contents(project.folder) == before


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("kind", ["empty", "text", "foreign", "cut", "zeroed", "no schema", "version 0"])
def test_a_file_that_cannot_be_read_is_left_as_it_is(project: Project, kind: str, write: bool) -> None:
    with_evidence(project).close()
    path = project.folder / JOURNAL
    whole = path.read_bytes()
    if kind == "foreign":
        path.unlink()
        change(project, "CREATE TABLE t (x)")
    elif kind == "no schema":
        change(project, "DROP TABLE entries")
    elif kind == "version 0":
        change(project, "PRAGMA user_version = 0")
    else:
        spoilt = {"empty": b"", "text": b"hello " * 1000, "cut": whole[:5000], "zeroed": whole[:100] + bytes(9000)}
        path.write_bytes(spoilt[kind])
    before = contents(project.folder)
    with pytest.raises(DamagedError, match=r"journal\.sqlite"):
        Project.open(project.folder, write=write)
    assert contents(project.folder) == before


@pytest.fixture
def next_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SCHEMA", 2)
    monkeypatch.setattr(store, "MIGRATIONS", {1: "CREATE TABLE places (x TEXT); INSERT INTO places VALUES ('new')"})


def schema_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(version)


def test_an_older_journal_is_copied_and_brought_forward(project: Project, laptops: Laptops, next_schema: None) -> None:
    copy = laptops.place / "copy"
    entries = tuple(with_evidence(project).entries())
    shutil.copytree(project.folder, copy, ignore=shutil.ignore_patterns("*.lock*", "*-shm"))
    assert (copy / "journal.sqlite-wal").stat().st_size > 0  # entries that a plain copy of the file would miss
    again = Project.open(copy)
    assert tuple(again.entries()) == entries
    assert schema_of(copy / JOURNAL) == 2
    again.close()
    kept = copy / "journal.sqlite.1"
    assert schema_of(kept) == 1
    connection = sqlite3.connect(kept)
    assert connection.execute("SELECT count(*) FROM entries").fetchone() == (len(entries),)
    connection.close()


def test_a_reader_leaves_an_older_journal_as_it_is(folder: Path, next_schema: None) -> None:
    before = contents(folder)
    reader = Project.open(folder, write=False)
    assert len(tuple(reader.entries())) == 3
    reader.close()
    after = contents(folder)
    assert after[JOURNAL] == before[JOURNAL]
    assert not [name for name in after if name.startswith("journal.sqlite.")]


def test_a_migration_that_fails_changes_nothing_and_an_older_copy_is_never_replaced(
    folder: Path, next_schema: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MIGRATIONS", {1: "CREATE TABLE places (x); CREATE TABLE entries (x)"})
    for _ in range(2):
        with pytest.raises(OnsiteError):
            Project.open(folder)
    assert schema_of(folder / JOURNAL) == 1
    assert {name for name in contents(folder) if name.startswith("journal.sqlite.")} == {
        "journal.sqlite.1", "journal.sqlite.1-1",
    }  # fmt: skip
    monkeypatch.setattr(store, "SCHEMA", 1)
    project = Project.open(folder)
    assert project.verify() == ()
    project.close()
