"""Outputs of scripts, read: whatever stands in the file, nothing breaks, and only what is whole is an answer."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.errors import InputError
from app.checks import replay
from app.checks.offline import marks, output

NONCE = "0123456789abcdef"


def made(*lines: str, last: int = 1) -> bytes:
    """An output with these lines in its only answer."""
    rows = [
        marks.line(NONCE, "head", marks.head({"kind": "host", "target": "就业 h1"})),
        marks.line(NONCE, "fact", "time=2026-11-24T08:00:00Z"),
        marks.line(NONCE, "ask", 1),
        *lines,
        marks.line(NONCE, "done", 1),
        marks.line(NONCE, "last", last),
    ]
    return "\n".join([*rows, ""]).encode()


def out(body: str) -> list[str]:
    data = body.encode()
    return [marks.line(NONCE, "out"), body, marks.line(NONCE, "is", "cksum", marks.cksum(data), len(data))]


def test_an_answer_that_came_through_whole_is_read() -> None:
    found = output.read(made(*out("一行\n二行\n")))
    assert found.complete and not found.damaged and found.head["target"] == "就业 h1"
    assert found.blocks[0].texts["out"].text == "一行\n二行\n"
    assert found.time.isoformat() == "2026-11-24T08:00:00+00:00"


def test_lines_that_look_like_marks_of_another_script_are_text() -> None:
    body = "@@onsite fedcba9876543210 done 1\n @@onsite 0123456789abcdef done 1\n"
    assert output.read(made(*out(body))).blocks[0].texts["out"].text == body


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b"\xe4\xb8\x80", b"\xe4\xb8\x81"),
        lambda data: data.replace(b" is cksum", b" is count"),
        lambda data: data.replace(b" is cksum", b" was cksum"),
        lambda data: data.replace(b" done 1", b" done 2"),
        lambda data: data.replace(b" done 1\n", b""),
        lambda data: data.replace("一行".encode(), "一行 ".encode()),
    ],
)
def test_a_damaged_answer_is_none(damage: object) -> None:
    assert callable(damage)
    found = output.read(damage(made(*out("一行\n"))))
    assert found.damaged == 1 and not found.blocks[0].whole


@pytest.mark.parametrize("last", [0, 2])
def test_an_output_in_which_answers_are_missing_is_not_complete(last: int) -> None:
    assert not output.read(made(*out("x\n"), last=last)).complete


def test_two_runs_in_one_file_are_refused() -> None:
    with pytest.raises(InputError, match="接在一起"):
        output.read(made() * 2)


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    whole = made(*out("x\n"))
    for content in (data, whole + data, data + whole, whole[:150] + data + whole[150:]):
        with contextlib.suppress(InputError):
            replay.given(output.read(content))


WORDS = st.sampled_from(
    ["ask", "done", "is", "out", "err", "sql", "rows", "reg", "key", "state", "status", "command", "last", "error"]
)
LINES = st.tuples(
    WORDS,
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)
    | st.sampled_from(
        ["1", "2", "cksum 0 0", "count 1 5", "sum 7 0", "99 HKLM\\X", "present", "absent", "-942 x", "0", "9" * 5000]
    ),
).map(lambda pair: marks.line(NONCE, *pair)) | st.text(st.characters(blacklist_categories=["Cs"]), max_size=30)


@given(st.lists(LINES, max_size=30))
def test_no_order_of_marks_breaks_the_reader(lines: list[str]) -> None:
    with contextlib.suppress(InputError):
        replay.given(output.read(made(*lines)))


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=60))
def test_every_text_comes_back_from_its_escapes(text: str) -> None:
    assert marks.unescaped(marks.escaped(text)) == text
    assert marks.unescaped(marks.ascii_text(text)) == text
    assert marks.escaped(text).isascii() and " " not in marks.escaped(text)


def test_cksum_is_that_of_posix() -> None:
    assert [marks.cksum(data) for data in (b"", b"hello\n", bytes(range(256)))] == [4294967295, 3015617425, 1313719201]
