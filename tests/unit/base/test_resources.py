"""A project's own data wins over the kit's, and the kit's over what is shipped."""

import sys
from pathlib import Path

import pytest

from app.base import resources
from app.base.errors import UnavailableError

ROOT = Path(__file__).parents[3]


def put(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")
    return path


def test_what_is_shipped_lies_in_the_source_tree() -> None:
    assert resources.find("forms.toml") == ROOT / "resources" / "forms.toml"
    assert resources.find("forms/附表1.docx") == ROOT / "forms" / "附表1.docx"


def test_the_order_is_project_kit_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    monkeypatch.setenv("ONSITE_KIT", str(tmp_path / "kit"))
    assert resources.find("forms.toml", project) == ROOT / "resources" / "forms.toml"
    kit = put(tmp_path / "kit", "forms.toml")
    assert resources.find("forms.toml", project) == kit
    own = put(project / "resources", "forms.toml")
    assert resources.find("forms.toml", project) == own
    assert resources.find("forms.toml") == kit


def test_filled_forms_exported_into_the_project_are_no_templates(tmp_path: Path) -> None:
    put(tmp_path, "forms/附表1.docx")
    assert resources.find("forms/附表1.docx", tmp_path) == ROOT / "forms" / "附表1.docx"


def test_a_built_program_carries_its_own_and_has_the_kit_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ONSITE_KIT", raising=False)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "_internal"), raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "onsite"))
    inside = put(tmp_path / "_internal" / "resources", "workflow.toml")
    template = put(tmp_path / "_internal", "forms/附表1.docx")
    assert resources.find("workflow.toml") == inside
    assert resources.find("forms/附表1.docx") == template
    kit = put(tmp_path / "kit", "workflow.toml")
    assert resources.find("workflow.toml") == kit


def test_what_is_nowhere_is_named() -> None:
    with pytest.raises(UnavailableError, match=r"no-such\.toml"):
        resources.find("no-such.toml")


@pytest.mark.parametrize("name", ["/etc/passwd", "../pyproject.toml", "a/../../b", "..\\b"])
def test_a_name_cannot_lead_out(name: str) -> None:
    with pytest.raises(ValueError, match="resource"):
        resources.find(name)
