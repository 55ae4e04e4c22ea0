"""Forks and conflicts: what has not seen each other is reported until someone who has seen it all decides."""

from __future__ import annotations

from evidence_examples import Laptops, copy_folder, record

from app.evidence.project import Project
from app.evidence.union import merge


def numbers(project: Project) -> list[tuple[str, ...]]:
    return [conflict.numbers for conflict in project.conflicts()]


def test_one_laptop_has_no_conflicts(project: Project) -> None:
    record(project, "a", 1)
    record(project, "a", 2)
    assert not project.conflicts() and not project.forks()


def test_entries_that_saw_each_other_do_not_conflict(project: Project, laptops: Laptops) -> None:
    record(project, "a", 1)
    copy = laptops.copy(project, "b")
    record(copy, "a", 2)
    assert merge(project, copy.folder).conflicts == ()
    record(project, "a", 3)
    assert merge(copy, project.folder).conflicts == ()


def test_entries_that_did_not_see_each_other_conflict_until_a_later_one_saw_both(
    project: Project, laptops: Laptops
) -> None:
    copy = laptops.copy(project, "b")
    one, other = record(project, "a", 1), record(copy, "a", 2)
    record(project, "b", 1)
    assert numbers(project) == []
    (conflict,) = merge(project, copy.folder).conflicts
    assert (conflict.kind, conflict.subject, set(conflict.numbers)) == ("field", "a", {one.number, other.number})
    assert one.number in str(conflict) and other.number in str(conflict)
    record(project, "b", 2)
    assert len(project.conflicts()) == 1
    decision = record(project, "a", 3)
    assert project.conflicts() == ()
    assert merge(copy, project.folder).conflicts == ()
    assert copy.current("field", "a") == (decision,)


def test_the_same_value_from_two_laptops_is_no_conflict(project: Project, laptops: Laptops) -> None:
    copy = laptops.copy(project, "b")
    record(project, "a", 1)
    record(copy, "a", 1)
    assert merge(project, copy.folder).conflicts == ()


def test_three_laptops_conflict_three_ways(project: Project, laptops: Laptops) -> None:
    copies = [laptops.copy(project, name) for name in "bcd"]
    for value, copy in enumerate(copies):
        record(copy, "a", value)
        merge(project, copy.folder)
    assert len(numbers(project)[0]) == 3
    merge(copies[0], copies[1].folder)
    record(copies[0], "a", 9)
    assert len(merge(project, copies[0].folder).conflicts[0].numbers) == 2


def test_a_conflict_that_was_decided_stands_again_for_one_who_did_not_know(project: Project, laptops: Laptops) -> None:
    late = laptops.copy(project, "c")
    copy = laptops.copy(project, "b")
    record(project, "a", 1)
    record(copy, "a", 2)
    merge(project, copy.folder)
    record(project, "a", 3)
    record(late, "a", 4)
    assert len(merge(project, late.folder).conflicts) == 1


def forked(project: Project, laptops: Laptops) -> tuple[Project, Project]:
    """A laptop cloned whole: both go on in the same chain."""
    record(project, "before", 1)
    clone = laptops.copy(project, "clone", clone=True)
    assert clone.chain == project.chain
    return project, clone


def test_a_fork_keeps_both_and_is_reported(project: Project, laptops: Laptops) -> None:
    project, clone = forked(project, laptops)
    one, other = record(project, "x", 1), record(clone, "y", 1)
    assert one.seq == other.seq
    union = merge(project, clone.folder)
    (fork,) = union.forks
    assert (fork.chain, fork.seq, set(fork.hashes)) == (project.chain, one.seq, {one.hash, other.hash})
    assert union.added == 1
    assert {one.raw, other.raw} <= {entry.raw for entry in project.entries()}
    assert project.verify() == ()
    assert project.forks() == (fork,)
    assert merge(clone, project.folder).forks == (fork,)
    assert project.entry(one.number) is None  # two entries have this number
    assert project.entry(other.hash) == other


def test_the_two_lines_of_a_fork_conflict_until_a_later_entry_saw_both(project: Project, laptops: Laptops) -> None:
    project, clone = forked(project, laptops)
    record(project, "a", 1)
    record(project, "a", 2)
    record(clone, "a", 3)
    record(clone, "other", 1)
    third = laptops.copy(project, "b")
    assert record(third, "third", 1)
    for here, there in ((project, clone), (third, project)):
        union = merge(here, there.folder)
        assert [conflict.subject for conflict in union.conflicts] == ["a"]
        assert len(union.conflicts[0].numbers) == 2
        assert here.verify() == ()
    record(project, "unrelated", 1)
    assert len(project.conflicts()) == 1
    decision = record(third, "a", 4)
    assert third.conflicts() == ()
    assert merge(project, third.folder).conflicts == ()
    assert merge(clone, project.folder).conflicts == ()
    assert clone.current("field", "a") == (decision,)
    assert third.verify() == project.verify() == clone.verify() == ()


def test_the_forked_laptop_itself_can_decide(project: Project, laptops: Laptops) -> None:
    project, clone = forked(project, laptops)
    record(project, "a", 1)
    record(clone, "a", 2)
    assert len(merge(project, clone.folder).conflicts) == 1
    record(project, "a", 3)
    assert project.conflicts() == ()
    assert project.verify() == ()
    project.close()
    assert laptops.open("a").conflicts() == ()


def test_who_saw_one_line_of_a_fork_only_conflicts_with_the_other(project: Project, laptops: Laptops) -> None:
    project, clone = forked(project, laptops)
    record(project, "a", 1)
    third = laptops.copy(project, "b")
    record(third, "a", 2)
    record(clone, "a", 3)
    merge(project, third.folder)
    assert len(merge(project, clone.folder).conflicts[0].numbers) == 2


def test_what_was_written_before_a_fork_is_seen_by_both_lines(project: Project, laptops: Laptops) -> None:
    project, clone = forked(project, laptops)
    third = laptops.copy(project, "b")
    record(third, "before", 2)
    record(project, "x", 1)
    record(clone, "y", 1)
    merge(project, clone.folder)
    assert merge(project, third.folder).conflicts == ()


def test_a_restored_backup_that_went_on_is_a_fork(project: Project, laptops: Laptops) -> None:
    record(project, "a", 1)
    backup = copy_folder(project.folder, laptops.place / "backup")
    lost = record(project, "a", 2)
    others = laptops.copy(project, "b")  # what somebody else has of it by then
    project.close()
    restored = laptops.open("a", "backup")
    assert restored.folder == backup
    again = record(restored, "a", 3)
    union = merge(restored, others.folder)
    assert [fork.seq for fork in union.forks] == [lost.seq] == [again.seq]
    assert [conflict.subject for conflict in union.conflicts] == ["a"]
