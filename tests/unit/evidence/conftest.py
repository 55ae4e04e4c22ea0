"""Each test has an installation of its own; ``laptops`` gives it several."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from evidence_examples import Laptops

from app.evidence.project import Project


@pytest.fixture(autouse=True)
def laptops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Laptops]:
    made = Laptops(tmp_path, monkeypatch)
    made.use("a")
    yield made
    made.close()


@pytest.fixture
def project(laptops: Laptops) -> Project:
    return laptops.create("a")
