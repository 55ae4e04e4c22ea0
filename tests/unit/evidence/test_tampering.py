"""Whatever is changed behind the program's back is found by ``verify``: each table, column, file and byte."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3

import pytest
from evidence_examples import Laptops, change, record, with_evidence

from app.base.errors import OnsiteError
from app.evidence.entry import ENCODER, Entry, compose, digest
from app.evidence.project import JOURNAL, Project


def faults_after(project: Project, statement: str, *values: object) -> list[str]:
    assert change(project, statement, *values) != 0, "the tampering itself did nothing"
    return [str(fault) for fault in project.verify()]


@pytest.mark.parametrize("column", ["chain", "kind", "subject", "scope", "hash"])
@pytest.mark.parametrize("seq", [1, 3, 5])
def test_a_text_beside_the_bytes(project: Project, column: str, seq: int) -> None:
    with_evidence(project)
    assert faults_after(project, f"UPDATE entries SET {column} = 'x' WHERE seq = ?", seq)


@pytest.mark.parametrize("column", ["seq", "turn"])
@pytest.mark.parametrize("seq", [1, 3, 5])
def test_a_number_beside_the_bytes(project: Project, column: str, seq: int) -> None:
    with_evidence(project)
    assert faults_after(project, f"UPDATE entries SET {column} = {column} + 100 WHERE seq = ?", seq)


@pytest.mark.parametrize("key", ["kind", "subject", "scope", "turn", "chain", "seq", "hash"])
def test_each_column_of_the_current_table(project: Project, key: str) -> None:
    with_evidence(project)
    assert any(
        "现状表" in fault for fault in faults_after(project, f"UPDATE current SET {key} = '9' WHERE kind = 'result'")
    )


def test_a_current_row_that_is_missing_or_one_too_many(project: Project) -> None:
    with_evidence(project)
    assert faults_after(project, "DELETE FROM current WHERE kind = 'result'")
    change(
        project, "INSERT INTO current SELECT 'result', subject, scope, turn, chain, seq, hash FROM entries WHERE seq=2"
    )
    assert project.verify() != ()


def test_an_older_entry_put_forward_as_current(project: Project) -> None:
    old, _ = record(project, "a", 1), record(project, "a", 2)
    statement = "UPDATE current SET hash = ?, seq = ?, turn = ? WHERE subject = 'a'"
    assert faults_after(project, statement, old.hash, old.seq, old.turn)


@pytest.mark.parametrize("seq", range(1, 6))
def test_an_entry_that_is_missing(project: Project, seq: int) -> None:
    with_evidence(project)
    assert faults_after(project, "DELETE FROM entries WHERE seq = ?", seq)


def rewritten(entry: Entry, **changes: object) -> Entry:
    content = json.loads(entry.raw)
    del content["v"]
    return compose({**content, **changes})


@pytest.mark.parametrize("seq", range(1, 5))
def test_an_entry_written_anew_with_all_its_columns(project: Project, seq: int) -> None:
    with_evidence(project)
    old = project.entry(f"{project.chain[:3]}-{seq}")
    assert old
    new = rewritten(old, payload={"value": "forged"})
    change(project, "UPDATE current SET hash = ? WHERE hash = ?", new.hash, old.hash)
    found = faults_after(project, "UPDATE entries SET raw = ?, hash = ? WHERE hash = ?", new.raw, new.hash, old.hash)
    assert any("接不上" in fault for fault in found)


def test_bytes_changed_under_their_old_hash(project: Project) -> None:
    old = record(project, "a", 1)
    found = faults_after(
        project, "UPDATE entries SET raw = ? WHERE hash = ?", rewritten(old, payload={"value": 2}).raw, old.hash
    )
    assert any(old.number in fault and "改动" in fault for fault in found)


def test_the_same_entry_written_another_way(project: Project) -> None:
    old = record(project, "a", 1)
    raw = old.raw.replace(b'"v":1', b'"v": 1')
    change(project, "UPDATE current SET hash = ? WHERE hash = ?", digest(raw), old.hash)
    found = faults_after(project, "UPDATE entries SET raw = ?, hash = ? WHERE hash = ?", raw, digest(raw), old.hash)
    assert any("规范" in fault for fault in found)


@pytest.mark.parametrize("raw", ["text", 7, None, b"", b"{}"], ids=repr)
def test_bytes_that_are_no_entry(project: Project, raw: object) -> None:
    record(project, "a", 1)
    try:
        touched = change(project, "UPDATE OR IGNORE entries SET raw = ? WHERE seq = 2", raw)
    except sqlite3.IntegrityError:
        touched = 0
    assert touched == 0 or project.verify() != ()


@pytest.mark.parametrize(
    "changes",
    [{"turn": 9}, {"turn": 2}, {"seen": {"b" * 32: "0" * 64}}, {"project": "2" * 32}, {"prev": "0" * 64}, {"seq": 9}],
    ids=str,
)
def test_a_forged_entry_at_the_end_that_does_not_fit(project: Project, changes: dict[str, object]) -> None:
    record(project, "a", 1)
    last = record(project, "b", 1)
    forged = rewritten(last, prev=last.hash, seq=last.seq + 1, turn=last.turn + 1, subject="c") if changes else last
    forged = rewritten(forged, **changes)
    columns = (forged.hash, forged.chain, forged.seq, forged.turn, forged.kind, forged.subject, forged.scope)
    change(project, "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *columns, forged.raw)
    place = (forged.turn, forged.chain, forged.seq, forged.hash)
    assert faults_after(project, "INSERT INTO current VALUES ('field', 'c', '', ?, ?, ?, ?)", *place)


def test_a_second_beginning(project: Project) -> None:
    (first,) = project.entries()
    forged = rewritten(first, chain="0" * 32, payload={"title": "other", "rehearsal": True})
    columns = (forged.hash, forged.chain, forged.seq, forged.turn, forged.kind, forged.subject, forged.scope)
    assert faults_after(project, "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *columns, forged.raw)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transcripts SET body = 'x'",
        "UPDATE transcripts SET body = x'00'",
        "UPDATE transcripts SET sha256 = '0'",
        "DELETE FROM transcripts",
        f"INSERT INTO transcripts VALUES ('{hashlib.sha256(b'x').hexdigest()}', x'78')",
    ],
)
def test_the_transcripts(project: Project, statement: str) -> None:
    with_evidence(project)
    assert any("过程记录" in fault for fault in faults_after(project, statement))


@pytest.mark.parametrize(
    "statement", ["UPDATE meta SET value = 'x'", "DELETE FROM meta", "INSERT INTO meta VALUES ('x', 'y')"]
)
def test_what_the_file_says_of_itself(project: Project, statement: str) -> None:
    assert faults_after(project, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER forget AFTER INSERT ON entries BEGIN DELETE FROM entries WHERE seq = new.seq; END",
        "CREATE VIEW more AS SELECT 1",
        "CREATE TABLE more (x)",
        "DROP INDEX entries_by_subject",
    ],
)
def test_the_schema(project: Project, statement: str) -> None:
    assert any("结构" in fault for fault in faults_after(project, statement))


@pytest.mark.parametrize("content", [b"other", b"", None])
def test_an_attached_file(project: Project, content: bytes | None) -> None:
    with_evidence(project)
    (entry,) = project.current("attachment")
    place = project.attachment(entry.payload["sha256"])
    if content is None:
        place.unlink()
    else:
        place.write_bytes(content)
    assert any("照片.jpg" in str(fault) for fault in project.verify())


def test_many_faults_are_told_at_once(project: Project) -> None:
    with_evidence(project)
    project.attachment(project.current("attachment")[0].payload["sha256"]).unlink()
    change(project, "DELETE FROM transcripts")
    change(project, "DELETE FROM current WHERE kind = 'field'")
    assert {str(fault).split("：")[0][:2] for fault in project.verify()} >= {"附件", "记录", "现状"}


def test_any_byte_of_the_entries_in_the_file(project: Project, laptops: Laptops) -> None:
    """Bytes of the stored entries and transcripts, flipped in the closed file: never taken for what was written."""
    raws = [entry.raw for entry in with_evidence(project).entries()]
    project.close()
    path = project.folder / JOURNAL
    whole = path.read_bytes()
    chance = random.Random(7)
    for raw in (*raws, b"SELECT 1 FROM DUAL"):
        start = whole.rindex(raw)
        for offset in chance.sample(range(len(raw)), min(len(raw), 12)):
            spoilt = bytearray(whole)
            spoilt[start + offset] ^= 1 << chance.randrange(8)
            path.write_bytes(spoilt)
            assert found_damaged(project), f"flip at {offset} of {raw!r}"
    path.write_bytes(whole)
    assert laptops.open("a").verify() == ()


def found_damaged(project: Project) -> bool:
    try:
        opened = Project.open(project.folder, write=False)
    except OnsiteError:
        return True
    try:
        return opened.verify() != ()
    except OnsiteError:
        return True
    finally:
        opened.close()


def test_the_canonical_encoder_is_the_one_that_entries_are_written_with(project: Project) -> None:
    (first,) = project.entries()
    assert ENCODER.encode(json.loads(first.raw)).encode() == first.raw
