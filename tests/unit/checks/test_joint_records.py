"""Record files of the joint test: read by the letter in every form that is allowed, else refused in one sentence."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.base.clock import CHINA
from app.checks.bus import records
from app.checks.bus.records import Head, Item, Record, Unreadable, looks_like_one, read, written

A, B = "a" * 64, "b" * 64
WHEN = datetime(2026, 1, 5, 14, 0, 0, tzinfo=CHINA)
HEAD = (
    '{"format": "onsite-record", "version": 1, "direction": "report", "side": "received", "end": "ministry", '
    '"role": "部端工作人员"}'
)
LINES = f'{HEAD}\n{{"id": "甲-1", "count": 3, "sha256": "{A}", "time": "2026-01-05T14:00:00+08:00"}}\n'
TABLE = f"""联调记录,1
方向,上报
收发,收到
本端,部端
身份,部端工作人员
时钟偏差,+2.5 秒
批次号,条数,SHA-256,时间
甲-1,3,{A.upper()},2026-01-05 14:00:00
"""
ITEM = Item("甲-1", 3, A, WHEN)


def test_both_forms_say_the_same() -> None:
    assert read(LINES.encode()).items == read(TABLE.encode()).items == (ITEM,)
    assert read(TABLE.encode()).head == Head("report", "received", "ministry", role="部端工作人员", clock=2.5)


@pytest.mark.parametrize(
    "content",
    [
        LINES.encode(),
        b"\xef\xbb\xbf" + LINES.encode(),
        LINES.encode("gb18030"),
        LINES.encode("utf-16"),
        LINES.replace("\n", "\r\n\r\n").encode(),
        TABLE.encode(),
        b"\xef\xbb\xbf" + TABLE.encode(),
        TABLE.encode("gbk"),
        TABLE.replace("\n", "\r\n").encode("gbk"),
        TABLE.replace(",", ";").encode(),
        TABLE.replace(",", "\t").encode("utf-16"),
        TABLE.replace("甲-1", '="甲-1"').encode(),
        TABLE.replace("甲-1", '"甲-1"').encode(),
        TABLE.replace("2026-01-05 14:00:00", "2026/01/05 14:00:00").encode(),
        TABLE.replace("2026-01-05 14:00:00", "2026/1/5 14:00").encode(),
        TABLE.replace("2026-01-05 14:00:00", "2026-01-05T06:00:00Z").encode(),
    ],
    ids=range(16),
)
def test_encodings_and_separators_of_the_field_are_taken_rightly(content: bytes) -> None:
    record = read(content)
    assert record.items == (ITEM,) and record.head.role == "部端工作人员"
    assert looks_like_one(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "空的"),
        (b" \r\n\t", "空的"),
        (b"\x00\x01\x02\xff" * 40, "不是文本"),
        (b"\xff\xff\xff\xff", "编码"),
        (b"PK\x03\x04" + b"x" * 60, "没有表头"),
        ("你好".encode(), "没有表头"),
        (b"<html><title>x</title></html>", "没有表头"),
        (b"[1, 2]", "没有表头"),
        (b"{", "第 1 行不是 JSON"),
        (b'{"id": "a", "id": "b"}', "第 1 行不是 JSON"),
        (b'{"id": NaN}', "第 1 行不是 JSON"),
        (b'{"id": "a", "count": ' + b"9" * 5000 + b"}", "第 1 行不是 JSON"),
        (b'{"a": ' + b"[" * 100_000, "第 1 行不是 JSON"),
        (f"{HEAD}\n[]\n".encode(), "第 2 行不是 JSON 对象"),
        (HEAD.replace("1,", "2,").encode(), "版本"),
        (f"{HEAD}\n{{}}\n".encode(), "第 2 行没有批次号"),
        (LINES.replace('"甲-1"', "7").encode(), "没有批次号"),
        (LINES.replace('"甲-1"', '" "').encode(), "没有批次号"),
        (LINES.replace("甲-1", "=cmd|' /C calc'!A0").encode(), "电子表格公式"),
        (LINES.replace("甲-1", "@SUM(1)").encode(), "电子表格公式"),
        (LINES.replace("甲-1", "x" * 201).encode(), "过长"),
        (LINES.replace("甲-1", "a\\u001b[31m").encode(), "控制字符"),
        (LINES.replace("甲-1", "a\\u202eb").encode(), "控制字符"),
        (LINES.replace("甲-1", "\\ud800").encode(), "控制字符"),
        (LINES.replace("甲-1", "2.01E+17").encode(), "科学计数法"),
        (LINES.replace("3,", "-3,").encode(), "条数"),
        (LINES.replace("3,", "3.0,").encode(), "条数"),
        (LINES.replace("3,", "true,").encode(), "条数"),
        (LINES.replace("3,", '"三",').encode(), "条数"),
        (LINES.replace(A, "abc").encode(), "摘要"),
        (LINES.replace(A, "g" * 64).encode(), "摘要"),
        (LINES.replace("2026-01-05T14:00:00+08:00", "昨天").encode(), "时间"),
        (LINES.replace("2026-01-05T14:00:00+08:00", "0001-01-01T00:00:00+14:00").encode(), "时间"),
        (LINES.replace('"ministry"', '"moon"').encode(), "本端"),
        (LINES.replace('"report"', '"sideways"').encode(), "方向"),
        (LINES.replace("部端工作人员", "=1+1").encode(), "身份"),
        (TABLE.replace("+2.5 秒", "快一点").encode(), "时钟偏差"),
        (TABLE.replace("方向,上报", "方向,上报\n方向,下发").encode(), "写了两次"),
        (TABLE.replace("方向,上报", "方位,上报").encode(), "不认识"),
        (TABLE.replace("批次号,条数", "批次号,批次号,条数").encode(), "同一列写了两次"),
        (TABLE.replace("14:00:00\n", "14:00:00,多\n").encode(), "多出内容"),
        (TABLE.replace("甲-1", '"甲-1').encode(), "引号不成对"),
        (LINES.replace("甲-1", "11010519491231002X").encode(), "身份证号"),
    ],
    ids=range(43),
)
def test_what_is_no_record_is_refused_in_one_sentence(content: bytes, words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(content)
    assert words in str(refused.value) and "\n" not in str(refused.value) and len(str(refused.value)) < 200


def test_a_file_of_any_size_is_bounded() -> None:
    with pytest.raises(Unreadable, match="8 MiB"):
        read(b"x" * (records.LARGEST + 1))
    many = "批次号,条数\n" + "".join(f"{number},1\n" for number in range(records.MOST + 1))
    with pytest.raises(Unreadable, match="个批次"):
        read(many.encode())
    assert len(read(many[: many.rindex(f"{records.MOST},")].encode()).items) == records.MOST


def test_a_file_that_was_cut_says_so() -> None:
    content = written(Record(Head("report"), (ITEM, Item("乙"))), WHEN)
    assert read(content).whole
    assert not read(b"\n".join(content.splitlines()[:2])).whole


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", "批次号,条数\n1,2\n".encode(), b'{"id": "a"}', b"\x00" * 9])
def test_what_does_not_say_what_it_is_is_not_taken_for_a_record(content: bytes) -> None:
    assert not looks_like_one(content)


def test_a_beginning_that_stops_within_a_character_is_still_recognised() -> None:
    assert looks_like_one(TABLE.encode("gbk")[:25] + "甲".encode("gbk")[:1])


names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30).filter(
    lambda text: (
        not text.startswith(records.FORMULA) and "\ufffd" not in text and not records.SCIENTIFIC.fullmatch(text)
    )
)
items = st.builds(
    Item,
    names,
    st.none() | st.integers(0, 10**12 - 1),
    st.sampled_from(["", A, B]),
    st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    ),
)  # fmt: skip


@given(st.lists(items, max_size=5))
def test_what_is_written_is_read_again(batches: list[Item]) -> None:
    record = Record(Head("dispatch", "sent", "province", "510000", "实施商", 1.5, "p"), tuple(batches))
    assert read(written(record, WHEN)) == record


@given(st.binary(max_size=400))
@example(json.dumps({"format": "onsite-record", "version": 1, "batches": []}).encode())
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    looks_like_one(content)
    try:
        read(content)
    except Unreadable as refused:
        assert "\n" not in str(refused)
