"""A secret once seen is taken out of every text; what is too short to be told apart from words is left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.base import redaction
from app.base.redaction import MARK, forbid, redact


@pytest.fixture(autouse=True)
def nothing_forbidden() -> Iterator[None]:
    before = redaction._forbidden
    redaction._forbidden = ()
    yield
    redaction._forbidden = before


def test_a_secret_is_taken_out_wherever_it_stands() -> None:
    forbid("Pass-1密码")
    assert redact("user/Pass-1密码@host Pass-1密码") == f"user/{MARK}@host {MARK}"
    assert redact("http://u:Pass-1%E5%AF%86%E7%A0%81@h/") == f"http://u:{MARK}@h/"
    assert redact("nothing of it") == "nothing of it"


def test_of_two_secrets_the_longer_goes_whole() -> None:
    forbid("Pass")
    forbid("Pass-long")
    assert redact("Pass-long") == MARK


def test_an_empty_or_short_secret_takes_nothing_out() -> None:
    forbid("")
    forbid("abc")
    assert redact("abcdef") == "abcdef"
