"""The help names every key that a site profile may have, and no table that does not exist."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from app.site import model

PAGE = Path(__file__).parents[3] / "resources/help/7-profile.md"
NOT_KEYS = {"targets", "path", "contents", "service_kind"}  # fields that the file has no key for, or by another name
ENTRIES = [entry for entry in vars(model).values() if isinstance(entry, type) and is_dataclass(entry)]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.__name__)
def test_every_key_is_explained(entry: type) -> None:
    text = PAGE.read_text(encoding="utf-8")
    missing = [one.name for one in fields(entry) if one.name not in NOT_KEYS and f"`{one.name}`" not in text]
    assert missing == []


def test_every_table_has_its_heading_and_no_other() -> None:
    headings = re.findall(r"^## \[\[(\w+)\]\]", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [kind.kind for kind in model.KINDS]
