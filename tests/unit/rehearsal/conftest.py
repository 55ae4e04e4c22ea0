"""The world in which one server of the rehearsal site is tested."""

from __future__ import annotations

from pathlib import Path

import pytest
from rehearsal_small_world import SmallWorld


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    return SmallWorld(tmp_path)
