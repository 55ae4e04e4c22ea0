"""What people type is read as they mean it, or refused with a sentence."""

from __future__ import annotations

import pytest

from ui.step import values


@pytest.mark.parametrize("text", ["2026-1-5", "2026/01/05", "2026年1月5日", "20260105", " 2026.1.5 ", "２０２６-1-5"])
def test_a_day_is_read_in_the_ways_it_is_written(text: str) -> None:
    assert values.day(text) == "2026-01-05"


@pytest.mark.parametrize("text", ["2026-13-01", "2026-02-30", "明天", "1-5", "2026-1"])
def test_what_is_no_day_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="不是日期"):
        values.day(text)


def test_numbers_keep_what_was_written() -> None:
    assert values.number("1,200.50") == "1200.50"
    assert values.number("３００") == "300"
    assert values.number("  ") == ""
    for wrong in ("多", "1e999999x", "NaN", "Infinity"):
        with pytest.raises(ValueError, match="不是数字"):
            values.number(wrong)


def test_a_range_from_a_spreadsheet_keeps_cells_with_line_breaks() -> None:
    assert values.pasted('张三\t"第一行\n第二行"\r\n李四\t科长\r\n') == [["张三", "第一行\n第二行"], ["李四", "科长"]]


def test_rows_with_nothing_in_them_are_left_out() -> None:
    assert values.rows([["甲", " "], ["", "  "]], ("name", "unit")) == [{"name": "甲", "unit": ""}]
