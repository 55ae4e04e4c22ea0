"""Attachments: whole, named by their content, and there before any entry speaks of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError, InputError
from app.evidence.project import Project


def kept_names(project: Project) -> set[str]:
    return {path.name for path in (project.folder / "attachments").iterdir()}


def test_a_file_is_kept_under_the_name_of_its_content(project: Project, tmp_path: Path) -> None:
    source = tmp_path / "签到表.jpg"
    source.write_bytes(b"x" * 3_000_000)
    kept = project.attach(source, source.name)
    assert kept.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert (kept.name, kept.size) == ("签到表.jpg", 3_000_000)
    assert project.attachment(kept.sha256).read_bytes() == source.read_bytes()


def test_the_same_content_is_kept_once(project: Project) -> None:
    assert project.attach(b"same", "a").sha256 == project.attach(b"same", "b").sha256
    assert len(kept_names(project)) == 1


def test_a_kept_file_that_was_damaged_is_mended_by_keeping_it_again(project: Project) -> None:
    kept = project.attach(b"same", "a")
    project.attachment(kept.sha256).write_bytes(b"other")
    project.attach(b"same", "a")
    assert project.attachment(kept.sha256).read_bytes() == b"same"


def test_a_name_is_kept_without_its_folder_and_composed(project: Project) -> None:
    assert project.attach(b"x", "/home/x/cafe\u0301.jpg").name == "caf\u00e9.jpg"


@pytest.mark.parametrize("name", ["nowhere.jpg", "."])
def test_a_source_that_cannot_be_read_is_named_and_leaves_nothing(project: Project, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="附件读不了"):
        project.attach(tmp_path / name, name)
    assert kept_names(project) == set()


def test_cancelling_leaves_nothing(project: Project) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(CancelledError):
        project.attach(b"x", "a", cancellation)
    assert kept_names(project) == set()


def test_what_a_killed_program_left_half_copied_is_swept_away(project: Project) -> None:
    kept = project.attach(b"x", "a")
    (project.folder / "attachments" / "1234.part").write_bytes(b"half")
    project.close()
    Project.open(project.folder).close()
    assert kept_names(project) == {kept.sha256}
