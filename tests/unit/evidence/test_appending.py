"""Appending: what is returned is what is stored and is on the disk; what fails leaves nothing behind."""

from __future__ import annotations

import threading
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from evidence_examples import Laptops, copy_folder, record, with_evidence

from app.base import redaction
from app.base.errors import InputError, UnavailableError
from app.evidence.entry import GENESIS
from app.evidence.project import TRANSCRIPT_LIMIT, Draft, Project


def test_what_is_returned_is_what_is_read_again(project: Project, laptops: Laptops) -> None:
    with_evidence(project)
    entries = tuple(project.entries())
    project.close()
    assert tuple(laptops.open("a").entries()) == entries


def test_a_returned_entry_does_not_change_with_the_drafts_payload(project: Project) -> None:
    payload: dict[str, Any] = {"rows": [["a"]], "frozen": MappingProxyType({"x": (1, 2)})}
    (entry,) = project.append(Draft("field", "x", payload))
    payload["rows"].append(["b"])
    assert entry.payload == {"rows": [["a"]], "frozen": {"x": [1, 2]}}
    assert project.current("field") == (entry,)


def test_a_chain_links_each_entry_to_the_one_before(project: Project) -> None:
    with_evidence(project)
    entries = tuple(project.entries())
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.prev for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]
    assert [entry.turn for entry in entries] == [entry.seq for entry in entries]
    assert project.verify() == ()


def test_a_projects_first_entry_says_what_it_is(laptops: Laptops) -> None:
    rehearsal = laptops.create("r", rehearsal=True)
    (first,) = rehearsal.entries()
    assert (first.kind, first.seq, first.payload["rehearsal"], first.project) == ("project", 1, True, rehearsal.id)
    rehearsal.close()
    again = laptops.open("r")
    assert (again.id, again.title, again.rehearsal) == (rehearsal.id, "示例省就业监测节点", True)


def test_current_holds_the_newest_of_each_subject(project: Project) -> None:
    record(project, "a", 1)
    record(project, "b", 1)
    newest = record(project, "a", 2)
    scoped = project.append(Draft("field", "a", {"value": 3}, scope="case-1"))[0]
    assert project.current("field", "a", "") == (newest,)
    assert project.current("field", "a") == (newest, scoped)
    assert [entry.payload["value"] for entry in project.history("field", "a")] == [1, 2]


def test_an_entry_is_found_by_hash_and_by_number(project: Project) -> None:
    entry = record(project, "a", 1)
    assert project.number(entry) == f"{project.chain[:3]}-2" == entry.number
    assert project.entry(entry.hash) == project.entry(entry.number) == entry
    for name in ("", "-", "2", "zzz-2", f"{project.chain[:3]}-99", f"{project.chain[:3]}-²", "x-" + "9" * 99, "0" * 64):
        assert project.entry(name) is None


@pytest.mark.parametrize("payload", [{"x": 1.5}, {"键": 1}, {"x": {1, 2}}, {"x": "\ud800"}])
def test_a_payload_that_cannot_be_kept_leaves_nothing_of_its_transaction(
    project: Project, payload: dict[str, Any]
) -> None:
    before = tuple(project.entries())
    with pytest.raises(ValueError):
        project.append(Draft("field", "good", {}), Draft("field", "bad", payload))
    assert tuple(project.entries()) == before
    assert record(project, "after", 1).seq == before[-1].seq + 1
    assert project.verify() == ()


def test_a_transcript_is_kept_with_its_entry(project: Project) -> None:
    (entry,) = project.append(Draft("result", "x", {"outcome": "pass"}, transcript="答复\n一行"))
    assert project.transcript(entry) == "答复\n一行"
    assert project.transcript(record(project, "y", 1)) == ""


@pytest.mark.parametrize("shift", range(4))
def test_a_long_transcript_is_cut_between_two_characters(project: Project, shift: int) -> None:
    text = "x" * shift + "表😀" * TRANSCRIPT_LIMIT
    (entry,) = project.append(Draft("result", "x", {}, transcript=text))
    kept = project.transcript(entry)
    assert TRANSCRIPT_LIMIT - 4 < len(kept.encode()) <= TRANSCRIPT_LIMIT
    assert text.startswith(kept)
    assert project.verify() == ()


def test_a_transcript_of_just_the_limit_is_kept_whole(project: Project) -> None:
    (entry,) = project.append(Draft("result", "x", {}, transcript="x" * TRANSCRIPT_LIMIT))
    assert len(project.transcript(entry)) == TRANSCRIPT_LIMIT


def test_a_known_secret_is_taken_out_of_a_transcript_before_it_is_hashed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "_forbidden", ("geheim-7",))
    (entry,) = project.append(Draft("result", "x", {}, transcript="login jyjc geheim-7 ok"))
    assert "geheim-7" not in project.transcript(entry)
    assert project.verify() == ()


def test_many_threads_write_one_sound_chain(project: Project) -> None:
    def write(name: int) -> None:
        for number in range(20):
            record(project, f"{name}", number)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tuple(project.entries())) == 161
    assert project.verify() == ()


def test_reading_all_entries_while_others_write_gives_those_of_the_beginning(project: Project) -> None:
    for number in range(10):
        record(project, "a", number)
    reading = project.entries()
    first = next(reading)
    record(project, "b", 1)
    assert [first.seq, *(entry.seq for entry in reading)] == list(range(1, 12))


def test_a_copied_folder_goes_on_in_a_new_chain(project: Project, laptops: Laptops) -> None:
    before = record(project, "a", 1)
    copy = laptops.copy(project, "b")
    entry = record(copy, "a", 2)
    assert (entry.chain != before.chain, entry.seq, entry.prev) == (True, 1, GENESIS)
    assert entry.seen == {before.chain: before.hash}
    assert entry.turn == before.turn + 1
    assert copy.verify() == ()


def test_a_moved_folder_goes_on_in_its_chain(project: Project, laptops: Laptops) -> None:
    before = record(project, "a", 1)
    project.close()
    copy_folder(project.folder, laptops.place / "moved")
    assert record(laptops.open("a", "moved"), "a", 2).prev == before.hash


def test_a_project_is_made_only_in_a_free_folder(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    for name in ("a", "file", "full"):
        with pytest.raises(InputError):
            Project.create(tmp_path / name, title="x")
    assert {path.name for path in (tmp_path / "full").iterdir()} == {"x"}


def test_no_project_is_found_where_there_is_none(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="没有项目"):
            Project.open(place)


def test_a_damaged_installation_is_named(tmp_path: Path, laptops: Laptops) -> None:
    laptops.use("broken")
    (tmp_path / "home-broken").mkdir()
    (tmp_path / "home-broken" / "installation").write_text("???")
    with pytest.raises(UnavailableError, match="installation"):
        Project.create(tmp_path / "new", title="x")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_closed_project_says_so(project: Project) -> None:
    project.close()
    for use in (project.current, lambda: record(project, "x", 1)):
        with pytest.raises(UnavailableError, match="已关闭"):
            use()
