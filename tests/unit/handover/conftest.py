"""A small complete package, made once and copied for each test that changes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from package_examples import small_package


@pytest.fixture(scope="session")
def sound_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not to be changed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONSITE_HOME", "")  # put back as it was when the package is made
        return small_package(tmp_path_factory.mktemp("package"))


@pytest.fixture
def package(sound_package: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sound_package, tmp_path / "package")
