"""Verifying a package: every change is found and named, and no content, however hostile, makes it fail."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from package_examples import faults, make_anew, names_it, pack

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError
from app.handover.bag import BAGIT, INFO, MANIFEST, TAG_MANIFEST
from app.handover.verify import verify_bag

KINDS = (
    BAGIT, INFO, MANIFEST, TAG_MANIFEST, "data/project.json", "data/site.toml", "data/index.html", "data/forms/*",
    "data/attachments/*", "data/transcripts/*", "data/journal/*",
)  # fmt: skip


def files(package: Path) -> list[str]:
    return sorted(path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file())


def test_the_package_is_sound_and_holds_every_kind_of_file(sound_package: Path) -> None:
    assert verify_bag(sound_package) == ()
    held = [name for kind in KINDS for name in sound_package.glob(kind)]
    assert len(held) == len(files(sound_package)) == 13
    assert len(list(sound_package.glob("data/journal/*"))) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_every_flipped_byte_is_found_and_its_file_named(package: Path, kind: str) -> None:
    for place in package.glob(kind):
        name = place.relative_to(package).as_posix()
        content = place.read_bytes()
        for index in range(len(content)):
            place.write_bytes(content[:index] + bytes([content[index] ^ 1 << index % 8]) + content[index + 1 :])
            assert names_it(verify_bag(package), name), f"byte {index} of {name}"
        place.write_bytes(content)
    assert verify_bag(package) == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "change",
    [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1]), lambda path: path.write_bytes(b""),
     lambda path: path.write_bytes(path.read_bytes() + b"\n"), lambda path: path.write_bytes(path.read_bytes() + b"x")],
    ids=["missing", "cut", "empty", "line added", "byte added"],
)  # fmt: skip
def test_a_file_that_is_missing_or_of_another_length_is_named(
    package: Path, kind: str, change: Callable[[Path], object]
) -> None:
    for place in list(package.glob(kind)):
        content = place.read_bytes()
        change(place)
        assert names_it(verify_bag(package), place.relative_to(package).as_posix())
        place.write_bytes(content)


@pytest.mark.parametrize("name", ["data/extra", "data/attachments/extra", "extra.txt", "more/extra", "data/.hidden"])
def test_an_extra_file_is_named(package: Path, name: str) -> None:
    (package / name).parent.mkdir(exist_ok=True)
    (package / name).write_bytes(b"x")
    assert names_it(verify_bag(package), name)


def test_a_renamed_file_is_named_by_both_names(package: Path) -> None:
    (package / "data/index.html").rename(package / "data/index.htm")
    found = faults(package)
    assert "不见了" in found["data/index.html"]
    assert "多出" in found["data/index.htm"]


def test_two_files_that_changed_places_are_both_named(package: Path) -> None:
    one, other = (package / name for name in ("data/index.html", "data/site.toml"))
    one_content, other_content = one.read_bytes(), other.read_bytes()
    one.write_bytes(other_content)
    other.write_bytes(one_content)
    assert {"data/index.html", "data/site.toml"} <= faults(package).keys()


def test_all_faults_are_listed_at_once(package: Path) -> None:
    (package / "data/index.html").unlink()
    (package / "data/extra").write_bytes(b"x")
    (package / "data/forms/附表1.docx").write_bytes(b"FORM")
    (package / BAGIT).write_bytes(b"")
    assert {"data/index.html", "data/extra", "data/forms/附表1.docx", BAGIT} <= faults(package).keys()


def test_names_that_a_drive_stored_decomposed_are_the_same_files(tmp_path: Path) -> None:
    package = pack(tmp_path / "bag", {"data/café.txt": b"x"})
    (package / "data/café.txt").rename(package / "data" / unicodedata.normalize("NFD", "café.txt"))
    assert not names_it(verify_bag(package), "café")


def test_a_manifest_of_another_tool_in_decomposed_names_is_understood(package: Path) -> None:
    (package / "data/café.txt").write_bytes(b"x")
    make_anew(package)
    manifest = (package / MANIFEST).read_text(encoding="utf-8")
    (package / MANIFEST).write_text(unicodedata.normalize("NFD", manifest), encoding="utf-8")
    assert {where.partition("（")[0] for where in faults(package)} == {MANIFEST}


def test_one_name_in_two_spellings_is_a_fault(package: Path) -> None:
    for form in ("NFC", "NFD"):
        (package / "data" / unicodedata.normalize(form, "café.txt")).write_bytes(b"x")
    assert "写法不同" in faults(package)["data/café.txt"]


ZERO = "0" * 64


@pytest.mark.parametrize(
    "line",
    [f"{ZERO}  /etc/passwd", f"{ZERO}  data/../../x", f"{ZERO}  ../x", f"{ZERO}  data/./x", f"{ZERO}  data//x",
     f"{ZERO}  data\\x", f"{ZERO}  data/c:x", f"{ZERO}  C:/x", f"{ZERO}  bagit.txt", f"{'A' * 64}  data/x",
     f"{ZERO} data/x", f"{ZERO}\tdata/x", f"{ZERO[:-1]}  data/x", f"{ZERO}0  data/x", f"{ZERO}  ", f"{ZERO}", "", " ",
     f"{ZERO}  data/x\x00y", f"{ZERO}  data/%2E%2E/x", f"{ZERO}  data/" + "x" * 5_000_000, "x" * 5_000_000],
    ids=lambda line: repr(line.replace(ZERO, "0"))[:24],
)  # fmt: skip
def test_a_hostile_line_of_a_manifest_is_a_fault_and_nothing_outside_is_touched(package: Path, line: str) -> None:
    with (package / MANIFEST).open("a", encoding="utf-8", newline="") as file:
        file.write(line + "\n")
    make_tags_anew(package)
    found = verify_bag(package)
    assert found
    assert all(len(str(fault)) < 400 for fault in found) or "data/xxx" in found[0].where


@pytest.mark.parametrize("manifest", [MANIFEST, TAG_MANIFEST])
def test_a_line_that_stands_twice_is_a_fault(package: Path, manifest: str) -> None:
    text = (package / manifest).read_text(encoding="utf-8")
    (package / manifest).write_text(text + text.split("\n")[0] + "\n", encoding="utf-8")
    assert "重复" in "".join(what for where, what in faults(package).items() if where == manifest)


@pytest.mark.parametrize("manifest", [MANIFEST, TAG_MANIFEST])
@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\n", b"\x00" * 5000, b"\xef\xbb\xbf", b"no line end"])
def test_a_manifest_of_rubbish_is_named(package: Path, manifest: str, content: bytes) -> None:
    (package / manifest).write_bytes(content)
    assert names_it(verify_bag(package), manifest)


def make_tags_anew(package: Path) -> None:
    """Only the tag manifest: the payload's stays as a test made it."""
    kept = (package / MANIFEST).read_bytes()
    make_anew(package)
    (package / MANIFEST).write_bytes(kept)
    hashed = make_line(package, MANIFEST)
    lines = [line for line in (package / TAG_MANIFEST).read_text().splitlines() if not line.endswith(f"  {MANIFEST}")]
    (package / TAG_MANIFEST).write_text("\n".join(sorted([*lines, hashed], key=lambda line: line[66:])) + "\n")


def make_line(package: Path, name: str) -> str:
    import hashlib

    return f"{hashlib.sha256((package / name).read_bytes()).hexdigest()}  {name}"


@pytest.mark.parametrize("name", ["data/index.html", "data/journal", BAGIT, MANIFEST, "data"])
def test_a_link_is_a_fault_even_to_the_very_content(package: Path, tmp_path: Path, name: str) -> None:
    (package / name).rename(tmp_path / "outside")
    (package / name).symlink_to(tmp_path / "outside")
    assert "链接" in faults(package)[name]


def test_a_link_in_a_circle_is_a_fault(package: Path) -> None:
    (package / "data/circle").symlink_to(package)
    (package / "data/itself").symlink_to("itself")
    assert {"data/circle", "data/itself"} <= faults(package).keys()


def test_a_pipe_is_a_fault_and_is_not_waited_for(package: Path) -> None:
    os.mkfifo(package / "data/pipe")
    assert "设备" in faults(package)["data/pipe"]


@pytest.mark.parametrize("name", [BAGIT, INFO, MANIFEST, TAG_MANIFEST, "data/project.json", "data/site.toml"])
def test_a_folder_in_a_files_place_is_a_fault(package: Path, name: str) -> None:
    (package / name).unlink()
    (package / name).mkdir()
    assert names_it(verify_bag(package), name)


@pytest.mark.parametrize("name", ["manifest-md5.txt", "tagmanifest-sha512.txt", "fetch.txt"])
def test_another_manifest_is_a_fault_even_when_it_is_listed(package: Path, name: str) -> None:
    (package / name).write_text("")
    make_anew(package)
    assert faults(package).keys() == {name}


def test_a_package_made_anew_by_the_tests_is_sound(package: Path) -> None:
    make_anew(package)
    assert verify_bag(package) == ()


@pytest.mark.parametrize("labels", ["", "Payload-Oxum: x\n", "Payload-Oxum: 1.1\n", "Payload-Oxum: 1.1\n" * 2,
                                    "Payload-Oxum: " + "9" * 5000 + ".1\n", "payload-oxum: 1.1\n"])  # fmt: skip
def test_labels_without_the_right_size_are_a_fault(package: Path, labels: str) -> None:
    (package / INFO).write_text(labels)
    assert INFO in faults(package)


def test_what_is_no_folder_or_is_not_there_is_told_as_faults(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for name in ("file", "nowhere", "empty"):
        assert names_it(verify_bag(tmp_path / name), BAGIT)


def test_a_name_that_is_no_text_is_a_fault_that_can_be_printed(package: Path) -> None:
    (Path(os.fsdecode(os.fsencode(package) + b"/data/\xff\xfe"))).write_bytes(b"x")
    found = verify_bag(package)
    assert any("多出" in fault.what for fault in found)
    "".join(map(str, found)).encode()


def test_verifying_can_be_cancelled(package: Path) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(CancelledError):
        verify_bag(package, cancellation)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(name=st.sampled_from(KINDS), rubbish=st.binary(max_size=200))
def test_rubbish_in_any_file_is_told_and_never_fails(package: Path, name: str, rubbish: bytes) -> None:
    place = next(package.glob(name))
    content = place.read_bytes()
    place.write_bytes(rubbish)
    assert verify_bag(package) or rubbish == content
    place.write_bytes(content)


def test_verifying_changes_nothing(package: Path, sound_package: Path) -> None:
    before = {name: ((package / name).stat().st_mtime_ns, (package / name).read_bytes()) for name in files(package)}
    verify_bag(package)
    after = {name: ((package / name).stat().st_mtime_ns, (package / name).read_bytes()) for name in files(package)}
    assert before == after
    shutil.rmtree(package)
