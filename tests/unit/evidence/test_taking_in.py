"""Merging: the plain union, the same on both sides, and nothing changed where it is refused."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from evidence_examples import Laptops, change, copy_folder, record, with_evidence

from app.base.cancellation import Cancellation
from app.base.errors import DamagedError, InputError, OnsiteError, UnavailableError
from app.evidence.entry import ENCODER, digest
from app.evidence.project import JOURNAL, Project
from app.evidence.union import merge


def package(project: Project, place: Path) -> Path:
    """The project's files as a package holds them. How they are laid out is the handover's; it is used as it is."""
    from app.handover.bag import write_bag
    from app.handover.contents import project_files

    write_bag(place, project_files(project), {}, None, Cancellation())
    return place


def state(project: Project) -> tuple[object, ...]:
    return tuple(project.entries()), project.current(), project.conflicts(), project.forks()


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


@pytest.mark.parametrize("as_package", [False, True])
def test_all_of_the_other_is_taken_in_as_it_is(
    project: Project, laptops: Laptops, tmp_path: Path, as_package: bool
) -> None:
    copy = with_evidence(laptops.copy(project, "b"))
    mine = record(project, "mine", 1)
    union = merge(project, package(copy, tmp_path / "bag") if as_package else copy.folder)
    assert union.added == 4
    assert {entry.raw for entry in project.entries()} == {entry.raw for entry in copy.entries()} | {mine.raw}
    for entry in copy.entries():
        assert project.transcript(entry) == copy.transcript(entry)
    (photo,) = project.current("attachment")
    assert project.attachment(photo.payload["sha256"]).read_bytes() == b"photo" * 100
    assert project.verify() == ()


@pytest.mark.parametrize("as_package", [False, True])
def test_merging_again_adds_nothing(project: Project, laptops: Laptops, tmp_path: Path, as_package: bool) -> None:
    copy = with_evidence(laptops.copy(project, "b"))
    other = package(copy, tmp_path / "bag") if as_package else copy.folder
    merge(project, other)
    before = state(project)
    assert merge(project, other).added == 0
    assert merge(project, project.folder).added == 0
    assert state(project) == before


def test_the_other_is_left_as_it_is(project: Project, laptops: Laptops) -> None:
    copy = with_evidence(laptops.copy(project, "b"))
    copy.close()
    before = {path.name: path.read_bytes() for path in copy.folder.rglob("*") if path.is_file()}
    merge(project, copy.folder)
    assert {path.name: path.read_bytes() for path in copy.folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("seed", range(12))
def test_whoever_merges_whom_and_in_whatever_order_all_end_up_with_the_same(
    project: Project, laptops: Laptops, seed: int
) -> None:
    """Random histories of four laptops, one of them a clone of another, with merges between."""
    chance = random.Random(seed)
    record(project, "shared", 0)
    everyone = [project, laptops.copy(project, "b"), laptops.copy(project, "c")]
    everyone.append(laptops.copy(project, "clone", clone=True))
    for _ in range(40):
        here, there = chance.sample(everyone, 2)
        if chance.random() < 0.25:
            merge(here, there.folder)
        else:
            record(here, chance.choice("abcde"), chance.randrange(3))
    for _ in range(2):
        for here in chance.sample(everyone, 4):
            for there in everyone:
                merge(here, there.folder)
    assert all(state(one) == state(project) for one in everyone)
    for one in everyone:
        assert one.verify() == ()
        kept = state(one)
        one.close()
        again = Project.open(one.folder)
        assert state(again) == kept
        again.close()


def test_taking_in_moves_the_clock_of_turns_on(project: Project, laptops: Laptops) -> None:
    copy = laptops.copy(project, "b")
    for number in range(10):
        last = record(copy, "a", number)
    merge(project, copy.folder)
    assert record(project, "a", 11).turn == last.turn + 1


def refused(project: Project, other: Path, kind: type[OnsiteError], says: str) -> None:
    before, names = state(project), files(project.folder)
    with pytest.raises(kind, match=says) as caught:
        merge(project, other)
    assert "\n" not in str(caught.value)
    assert state(project) == before
    assert files(project.folder).keys() == names.keys()


def test_what_is_no_project_is_refused(project: Project, tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    (tmp_path / "file").write_text("")
    for name in ("some", "nowhere", "file"):
        refused(project, tmp_path / name, InputError, "不是项目文件夹，也不是移交包")


def test_another_project_is_refused(project: Project, laptops: Laptops, tmp_path: Path) -> None:
    other = laptops.create("other")
    refused(project, other.folder, InputError, "另一个项目")
    refused(project, package(other, tmp_path / "bag"), InputError, "另一个项目")


def test_rehearsal_and_real_are_never_mixed(project: Project, laptops: Laptops, tmp_path: Path) -> None:
    rehearsal = laptops.create("r", rehearsal=True)
    refused(project, rehearsal.folder, InputError, "演练")
    refused(rehearsal, package(project, tmp_path / "bag"), InputError, "演练")


def test_a_read_only_project_takes_nothing_in(project: Project, laptops: Laptops) -> None:
    copy = with_evidence(laptops.copy(project, "b"))
    reader = laptops.open("a")
    refused(reader, copy.folder, UnavailableError, "正在使用")


def forge_first(copy: Project) -> None:
    """The same project's id with another first entry."""
    (first,) = copy.history("project", "project")
    content = {**json.loads(first.raw), "author": "x"}
    raw = ENCODER.encode(content).encode()
    change(copy, "UPDATE entries SET raw = ?, hash = ? WHERE hash = ?", raw, digest(raw), first.hash)
    change(copy, "UPDATE current SET hash = ? WHERE hash = ?", digest(raw), first.hash)


def forge_under_old_hash(copy: Project) -> None:
    last = list(copy.entries())[-1]
    raw = ENCODER.encode({**json.loads(last.raw), "payload": {"value": "forged"}}).encode()
    change(copy, "UPDATE entries SET raw = ? WHERE hash = ?", raw, last.hash)


def lose_transcripts(copy: Project) -> None:
    change(copy, "DELETE FROM transcripts")


def spoil_transcripts(copy: Project) -> None:
    change(copy, "UPDATE transcripts SET body = x'00'")


def lose_entry(copy: Project) -> None:
    change(copy, "DELETE FROM entries WHERE chain = ? AND seq = 2", copy.chain)


def photo_of(copy: Project) -> Path:
    return copy.attachment(copy.current("attachment")[0].payload["sha256"])


def lose_attachment(copy: Project) -> None:
    photo_of(copy).unlink()


def spoil_attachment(copy: Project) -> None:
    photo_of(copy).write_bytes(b"other")


def spoil_file(copy: Project) -> None:
    (copy.folder / JOURNAL).write_bytes(b"x" * 5000)


@pytest.mark.parametrize(
    "spoil",
    [
        lose_transcripts, spoil_transcripts, lose_entry, lose_attachment, spoil_attachment, spoil_file,
        forge_under_old_hash,
    ],
    ids=lambda spoil: spoil.__name__,
)  # fmt: skip
def test_a_damaged_project_is_refused_and_named(
    project: Project, laptops: Laptops, spoil: Callable[[Project], None]
) -> None:
    copy = with_evidence(laptops.copy(project, "b"))
    record(copy, "last", 1)
    copy.close()
    spoil(Project.open(copy.folder))
    refused(project, copy.folder, DamagedError, str(copy.folder))


def test_a_forged_beginning_is_another_project(project: Project, laptops: Laptops) -> None:
    copy = laptops.copy(project, "b")
    forge_first(copy)
    refused(project, copy.folder, InputError, "另一个项目")


@pytest.mark.parametrize("pattern", ["journal/*.jsonl", "transcripts/*", "attachments/*"])
@pytest.mark.parametrize("how", ["flip", "lose", "cut"])
def test_a_damaged_package_is_refused_and_named(
    project: Project, laptops: Laptops, tmp_path: Path, pattern: str, how: str
) -> None:
    copy = with_evidence(laptops.copy(project, "b"))
    bag = package(copy, tmp_path / "bag")
    path = next(path for path in (bag / "data").glob(pattern) if path.stem != project.chain)
    content = path.read_bytes()
    if how == "lose":
        path.unlink()
    else:
        path.write_bytes(content[:-20] if how == "cut" else content[:9] + bytes([content[9] ^ 1]) + content[10:])
    if (how, pattern) == ("lose", "journal/*.jsonl"):
        assert merge(project, bag).added == 0  # a whole chain that is gone: told by the manifest, not by the journal
    else:
        refused(project, bag, DamagedError, str(bag))


def test_a_hostile_package_is_refused(project: Project, laptops: Laptops, tmp_path: Path) -> None:
    record(laptops.copy(project, "b"), "x", 1)
    for number, line in enumerate((b"[" * 50_000, b"x" * (17 << 20), b"\xff", b"{}", b'{"v":1}')):
        bag = package(project, tmp_path / f"bag{number}")
        with next((bag / "data" / "journal").iterdir()).open("ab") as file:
            file.write(line + b"\n")
        refused(project, bag, DamagedError, "第2行")


def test_a_file_that_is_damaged_in_the_other_but_whole_here_does_not_matter(project: Project, laptops: Laptops) -> None:
    with_evidence(project)
    copy = laptops.copy(project, "b")
    record(copy, "x", 1)
    spoil_attachment(copy)
    assert merge(project, copy.folder).added == 1
    assert project.verify() == ()


def test_merging_mends_a_file_that_was_lost_here(project: Project, laptops: Laptops) -> None:
    with_evidence(project)
    copy = laptops.copy(project, "b")
    lose_attachment(project)
    assert merge(project, copy.folder).added == 0
    assert project.verify() == ()


def test_a_project_that_is_open_elsewhere_is_taken_in_to_its_last_entry(project: Project, laptops: Laptops) -> None:
    copy = laptops.copy(project, "b")
    entry = record(copy, "x", 1)
    assert (copy.folder / "journal.sqlite-wal").stat().st_size > 0
    merge(project, copy.folder)
    assert project.current("field", "x") == (entry,)


def test_an_unopened_copy_of_a_folder_is_a_project_as_well(project: Project, tmp_path: Path) -> None:
    record(project, "x", 1)
    copy = copy_folder(project.folder, tmp_path / "usb")
    assert merge(project, copy).added == 0
    shutil.rmtree(copy)
