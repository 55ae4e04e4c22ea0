"""The office program is told where the document lies in a way that it cannot take for an option."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.base.cancellation import Cancellation
from app.documents.pdf import convert

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the office program here is a shell script")
# Stands in for the office program: makes the PDF only when its last word is an absolute path.
OFFICE = """\
#!/bin/sh
while [ "$1" != --outdir ]; do shift; done
case "$3" in /*) echo pdf > "$2/$(basename "$3" .docx).pdf";; esac
"""


@pytest.mark.parametrize("folder", ["-out", "out"])
def test_a_relative_folder_is_no_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.chdir(tmp_path)
    office = tmp_path / "office"
    office.write_text(OFFICE)
    office.chmod(0o755)
    document = Path(folder, "附表2.docx")
    document.parent.mkdir()
    document.write_bytes(b"")
    assert convert(office, document, Cancellation()).read_text() == "pdf\n"
