"""Identity numbers never reach the journal; other long numbers do."""

import pytest

from app.base.identity import mask, mask_all


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_a_valid_number_is_masked(number: str) -> None:
    assert mask(f"姓名 甲 {number}。") == f"姓名 甲 {number[:6]}***********{number[-1]}。"


@pytest.mark.parametrize(
    "text", ["110105194912310021", "12345678901234567890", "A11010519491231002X", "20261123202725123"]
)
def test_other_numbers_stay(text: str) -> None:
    assert mask(text) == text


def test_every_string_in_a_payload_is_masked() -> None:
    rows = {"value": [{"card": "11010519491231002X"}], "count": 1, "none": None}
    assert mask_all(rows) == {"value": [{"card": "110105***********X"}], "count": 1, "none": None}
