"""What strangers write is shown without being obeyed."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from app.base.visible import UNSEEN, on_one_line, visible


def is_nonchar(code: int) -> bool:
    return 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE


def test_every_control_format_and_separating_sign_is_one_that_is_not_let_through_and_no_other_is() -> None:
    for code in range(sys.maxunicode + 1):
        sign, category = chr(code), unicodedata.category(chr(code))
        expected = (category in ("Cc", "Cf", "Zl", "Zp") and sign not in "\t\n") or is_nonchar(code)
        if category == "Cn" and UNSEEN.match(sign):
            continue  # not assigned in this Python's Unicode, a format sign in another's
        assert bool(UNSEEN.match(sign)) is expected, f"U+{code:04X}"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[2J\x9b31m红\x07", "·[2J·31m红·"),
        ("a\u202egnp.exe\u2066", "a·gnp.exe·"),
        ("甲\r\n乙\t丙\n", "甲\n乙\t丙\n"),
        ("甲\r乙\x00", "甲·乙·"),
        ("\ud800a", "?a"),
        ("𠮷𣏾\U0003106f", "𠮷𣏾\U0003106f"),
        ("<b>{{ x }}=cmd|'/c calc'!A1", "<b>{{ x }}=cmd|'/c calc'!A1"),
    ],
)
def test_what_a_terminal_obeys_or_a_reader_misreads_is_made_visible(written: str, shown: str) -> None:
    assert visible(written) == shown


def test_a_line_forges_no_further_one_and_ends() -> None:
    assert on_one_line("甲\n合格\toracle.version\u2028乙", 100) == "甲 合格 oracle.version·乙"
    assert on_one_line("一" * 10, 10) == "一" * 10
    assert on_one_line("一" * 11, 10) == "一" * 9 + "…"
