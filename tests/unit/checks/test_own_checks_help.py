"""The example that the help gives for a check of one's own is one that runs."""

from __future__ import annotations

import re
from pathlib import Path

from app.checks import catalogue

PAGE = Path(__file__).parents[3] / "resources/help/8-own-checks.md"


def test_the_example_of_the_help_is_a_check(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks/big.toml").write_text(found[1], encoding="utf-8")
    assert catalogue.check("oracle.big_tables", tmp_path).title == "大表行数"
