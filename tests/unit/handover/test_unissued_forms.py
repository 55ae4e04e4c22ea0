"""What a manifest made anew would hide: a form that nobody issued, a profile that was taken out."""

from __future__ import annotations

from pathlib import Path

from package_examples import faults, make_anew


def test_a_form_that_was_never_issued_is_a_fault(package: Path) -> None:
    (package / "data" / "forms" / "附表9.docx").write_bytes(b"form")
    make_anew(package)
    assert list(faults(package)) == ["data/forms/附表9.docx"]


def test_a_profile_that_is_gone_is_a_fault(package: Path) -> None:
    (package / "data" / "site.toml").unlink()
    make_anew(package)
    assert list(faults(package)) == ["data/site.toml"]
