"""The house's walls: arrows run downwards, the core knows no Qt, and starting up imports no driver."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_IMPORT = {
    "base": set(),
    "site": {"base"},
    "evidence": {"base"},
    "checks": {"base", "site"},
    "workflow": {"base"},
    "documents": {"base"},
    "handover": {"base", "evidence"},
    "rehearsal": set(),
}
DRIVERS = (
    "oracledb",
    "seerdb",
    "paramiko",
    "docx",
    "docxtpl",
    "cryptography",
    "OpenSSL",
    "lxml",
    "sqlglot",
    "keyring",
    "pkcs11",
)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", sources("app"), ids=str)
def test_the_core_imports_neither_qt_nor_the_window(path: Path) -> None:
    assert not [name for name in imported(path) if name.split(".")[0] in ("PySide6", "shiboken6", "ui")]


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_parts_know_only_what_the_plan_lets_them(part: str) -> None:
    allowed = {part, *MAY_IMPORT[part]}
    for path in sources(f"app/{part}"):
        parts = {name.split(".")[1] for name in imported(path) if name.startswith("app.")}
        assert parts <= allowed, path


@pytest.mark.parametrize("module", ["ui.application", "app.actions.checking", "app.checks.catalogue", "app.cli"])
def test_starting_up_imports_no_driver(module: str) -> None:
    question = f"import sys, {module}; print(*sorted(set({DRIVERS!r}) & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", question], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []
