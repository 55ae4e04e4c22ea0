"""A package whose manifests were made anew: the journal inside still tells what was changed, and who spoke of what."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from package_examples import faults, journal_lines, make_anew

from app.evidence.entry import canonical
from app.handover.verify import verify_bag

Lines = list[dict[str, Any]]


def longest_chain(package: Path) -> Path:
    return max(package.glob("data/journal/*"), key=lambda path: path.stat().st_size)


def shortest_chain(package: Path) -> Path:
    return min(package.glob("data/journal/*"), key=lambda path: path.stat().st_size)


def rewrite(path: Path, lines: Lines) -> None:
    path.write_bytes(b"".join(canonical(line) + b"\n" for line in lines))


def changed(package: Path, change: Callable[[Lines], object]) -> dict[str, str]:
    """What verify finds after ``change`` of the longest chain's lines, with manifests that fit."""
    path = longest_chain(package)
    lines: Lines = journal_lines(path)
    change(lines)
    rewrite(path, lines)
    make_anew(package)
    return faults(package)


def test_the_chains_are_rewritten_as_they_were(package: Path) -> None:
    assert changed(package, lambda lines: None) == {}


def test_a_changed_line_breaks_the_chain(package: Path) -> None:
    def change(lines: Lines) -> None:
        lines[1]["payload"]["name"] = "另一张.jpg"

    assert "接不上" in "".join(changed(package, change).values())


@pytest.mark.parametrize("field", ["at", "author", "role", "subject", "scope", "kind"])
def test_whatever_is_changed_in_a_line_breaks_the_chain(package: Path, field: str) -> None:
    assert "接不上" in "".join(changed(package, lambda lines: lines[1].update({field: "x"})).values())


def test_a_changed_last_line_is_told_by_the_chain_that_has_seen_it(package: Path) -> None:
    found = changed(package, lambda lines: lines[-1].update(at="2000-01-01T00:00:00.000+08:00"))
    assert "提到的链" in "".join(found.values())


@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_a_line_taken_out_is_missed(package: Path, index: int) -> None:
    assert changed(package, lambda lines: lines.pop(index))


def test_a_line_written_twice_is_a_fault(package: Path) -> None:
    assert "重复" in "".join(changed(package, lambda lines: lines.insert(1, lines[1])).values())


def test_lines_out_of_order_are_a_fault(package: Path) -> None:
    assert changed(package, lambda lines: lines.insert(1, lines.pop(2)))


def test_a_missing_chain_is_missed_by_the_one_that_has_seen_it(package: Path) -> None:
    longest_chain(package).unlink()
    make_anew(package)
    assert "没有实施日志" in "".join(faults(package).values())


def test_a_chain_under_anothers_name_is_a_fault(package: Path) -> None:
    path = shortest_chain(package)
    path.rename(path.with_name("f" * 32 + ".jsonl"))
    make_anew(package)
    assert "属于另一条链" in "".join(faults(package).values())


def test_a_line_that_is_not_written_the_canonical_way_is_a_fault(package: Path) -> None:
    path = shortest_chain(package)
    path.write_bytes(json.dumps(json.loads(path.read_bytes())).encode() + b"\n")
    make_anew(package)
    assert "规范写法" in "".join(faults(package).values())


def test_an_entry_of_another_project_is_a_fault(package: Path) -> None:
    def change(lines: Lines) -> None:
        lines[-1]["project"] = "f" * 32

    assert "另一个项目" in "".join(changed(package, change).values())


@pytest.mark.parametrize(
    "about",
    [{"rehearsal": True}, {"title": "另一个省"}, {"id": "f" * 32}, {"more": 1}],
    ids=lambda about: next(iter(about)),
)
def test_a_package_cannot_say_that_it_is_another_than_its_journal_began_with(
    package: Path, about: dict[str, Any]
) -> None:
    path = package / "data/project.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **about}), encoding="utf-8")
    make_anew(package)
    assert "不符" in faults(package)["data/project.json"]


@pytest.mark.parametrize("kind", ["attachments", "transcripts"])
def test_what_the_journal_speaks_of_must_be_there_under_its_hash(package: Path, kind: str) -> None:
    path = next(package.glob(f"data/{kind}/*"))
    name = path.relative_to(package).as_posix()
    path.write_bytes(b"another")
    make_anew(package)
    assert "不符" in faults(package)[name]
    path.unlink()
    make_anew(package)
    assert "不见了" in faults(package)[name]


@pytest.mark.parametrize("kind", ["attachments", "transcripts"])
def test_what_the_journal_does_not_speak_of_does_not_belong_there(package: Path, kind: str) -> None:
    path = package / "data" / kind / hashlib.sha256(b"new").hexdigest()
    path.write_bytes(b"new")
    make_anew(package)
    assert "没有提到" in faults(package)[path.relative_to(package).as_posix()]


def test_a_form_that_is_not_the_one_issued_is_a_fault(package: Path) -> None:
    (package / "data/forms/附表1.docx").write_bytes(b"another form")
    make_anew(package)
    assert "表单不符" in faults(package)["data/forms/附表1.docx"]


def test_a_profile_that_is_not_the_one_recorded_is_a_fault(package: Path) -> None:
    (package / "data/site.toml").write_bytes(b"another")
    make_anew(package)
    assert "现场配置不符" in faults(package)["data/site.toml"]


DEEP = b"[" * 200_000


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"\n", b"\n\n", b"null\n", b"1\n", b"[]\n", b"{}\n", b"\xff\n", b"\x00\n", DEEP, b'{"v":' + DEEP + b"}\n",
     b"1" * 10_000 + b"\n", b'{"v":1}\n', b'{"v":true}\n', b'{"v":1e999}\n', b"x" * (17 << 20), b"{" * 1000 + b"\n"],
    ids=lambda rubbish: repr(rubbish[:16]),
)  # fmt: skip
def test_a_journal_of_rubbish_is_told_and_never_fails(package: Path, rubbish: bytes) -> None:
    path = shortest_chain(package)
    path.write_bytes(path.read_bytes() + rubbish)
    make_anew(package)
    assert bool(verify_bag(package)) == bool(rubbish)
    path.write_bytes(rubbish)
    make_anew(package)
    verify_bag(package)
    longest_chain(package).write_bytes(rubbish)
    make_anew(package)
    assert verify_bag(package)


FIELD_RUBBISH: tuple[Any, ...] = (
    None, True, 0, -1, 2**53, 10**400, "", "x", "../../etc/passwd", "\x00", [], ["x"], {}, {"x": "y"}, {"seen": 1},
)  # fmt: skip


@pytest.mark.parametrize(
    "field",
    [
        "v",
        "project",
        "chain",
        "seq",
        "prev",
        "seen",
        "turn",
        "at",
        "author",
        "role",
        "kind",
        "subject",
        "scope",
        "payload",
    ],
)
def test_rubbish_in_any_field_is_told_and_never_fails(package: Path, field: str) -> None:
    path = longest_chain(package)
    lines: Lines = journal_lines(path)
    for rubbish in FIELD_RUBBISH:
        written = [*lines[:1], {**lines[1], field: rubbish}, *lines[2:]]
        path.write_bytes(b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in written))
        make_anew(package)
        assert verify_bag(package), rubbish


@pytest.mark.parametrize("key", ["sha256", "transcript", "name"])
def test_rubbish_in_what_names_a_file_is_told_and_never_fails(package: Path, key: str) -> None:
    path = longest_chain(package)
    lines: Lines = journal_lines(path)
    for rubbish in FIELD_RUBBISH:
        lines[1]["payload"][key] = rubbish
        path.write_bytes(b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines))
        make_anew(package)
        assert verify_bag(package), rubbish


def test_a_name_with_a_lone_surrogate_is_a_fault_that_can_be_printed(package: Path) -> None:
    path = longest_chain(package)
    path.write_bytes(path.read_bytes().replace("现场.jpg".encode(), b"\\ud800.jpg"))
    next(package.glob("data/attachments/*")).unlink()
    make_anew(package)
    found = verify_bag(package)
    assert any("不可读" in fault.what for fault in found)
    "".join(map(str, found)).encode()


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"id": 1}', b"1" * 9999])
def test_rubbish_in_what_the_package_says_of_itself_is_told(package: Path, content: bytes) -> None:
    (package / "data/project.json").write_bytes(content)
    make_anew(package)
    assert "data/project.json" in faults(package)
