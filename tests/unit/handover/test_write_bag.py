"""Writing a package: whole and verifiable by anyone's tool, or seen to be none."""

from __future__ import annotations

import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from package_examples import pack

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError, DamagedError, InputError, UnavailableError
from app.handover.bag import BAGIT, write_bag
from app.handover.contents import Content
from app.handover.verify import verify_bag

BAGIT_TOOL = (sys.executable, "-W", "ignore", "-m", "bagit")
NAMES = (
    "附表1 就业监测系统实施结果确认表.docx",
    "with several  spaces.txt",
    " leading space.txt",
    "100%.txt",
    "%25.txt",
    "%0A.txt",
    "cafe\u0301.txt",
    "𠮷野家.txt",
    ".hidden",
    "a'b.txt",
    "# note.txt",
    "深/层/文件夹/x",
    "深" * 83,
)


def validated(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*BAGIT_TOOL, "--validate", str(folder)], capture_output=True, text=True)


def test_bagit_py_accepts_names_of_every_kind(tmp_path: Path) -> None:
    folder = pack(tmp_path / "bag", {f"data/{name}": name.encode() for name in NAMES})
    assert validated(folder).returncode == 0, validated(folder).stderr


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_one_file_that_bagit_py_finds_and_misses(tmp_path: Path, name: str) -> None:
    folder = pack(tmp_path / "bag", {f"data/{name}": b"x"})
    (file,) = (path for path in (folder / "data").rglob("*") if path.is_file())
    shown = unicodedata.normalize("NFC", name).replace("%", "％")
    assert file.relative_to(folder / "data").as_posix() == shown
    file.write_bytes(b"y")
    assert validated(folder).returncode != 0


def test_bagit_py_accepts_a_complete_package(sound_package: Path) -> None:
    assert validated(sound_package).returncode == 0
    assert verify_bag(sound_package) == ()


def test_files_are_what_they_were(tmp_path: Path) -> None:
    source = tmp_path / "source.bin"
    source.write_bytes(bytes(range(256)) * 10_000)
    folder = pack(tmp_path / "bag", {"data/a.bin": source, "data/empty": b""})
    assert (folder / "data/a.bin").read_bytes() == source.read_bytes()
    assert (folder / "data/empty").read_bytes() == b""
    assert not list(folder.rglob("*.part"))


def test_labels_are_written_on_one_line_each(tmp_path: Path) -> None:
    info = {"Source-Organization": "某某\nPayload-Oxum: 0.0\r\n公司", "Organization-Name": "局"}
    write_bag(tmp_path / "bag", {"data/a": b"12345"}, info, None, Cancellation())
    lines = (tmp_path / "bag/bag-info.txt").read_text(encoding="utf-8").split("\n")
    assert lines == [
        "Source-Organization: 某某 Payload-Oxum: 0.0 公司", "Organization-Name: 局", "Payload-Oxum: 5.1", ""
    ]  # fmt: skip
    assert validated(tmp_path / "bag").returncode == 0


@pytest.mark.parametrize(
    "name",
    ["CON", "con.txt", "Aux .x", "nul.tar.gz", "COM1", "lpt9.log", "a:b", "a?b", "a*b", 'a"b', "a<b", "a>b", "a|b",
     "a\\b", "a\nb", "a\x00b", "ends.", "ends ", "folder./x", "x" * 251, "深" * 84, "a/" * 120 + "x"],
)  # fmt: skip
def test_a_name_that_windows_or_a_drive_would_not_take_is_refused_and_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="请改"):
        pack(tmp_path / "bag", {"data/good": b"x", f"data/{name}": b"x"})
    assert not (tmp_path / "bag").exists()


@pytest.mark.parametrize("name", ["a.txt", "/data/a", "data/../a", "data/", "data", "data//a", "data/./a", ""])
def test_a_path_outside_the_payload_is_a_bug_of_the_caller(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="payload path"):
        pack(tmp_path / "bag", {name: b"x"})
    assert not (tmp_path / "bag").exists()


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.txt", "A.TXT"), ("é.txt", "É.txt"), ("cafe\u0301", "café"), ("Forms/a", "forms/b"), ("a%", "a％"),
     ("a", "A/b"), ("a", "a/b")],
)  # fmt: skip
def test_two_names_that_a_drive_takes_for_one_are_refused(tmp_path: Path, one: str, other: str) -> None:
    with pytest.raises(InputError):
        pack(tmp_path / "bag", {f"data/{one}": b"x", f"data/{other}": b"y"})
    assert not (tmp_path / "bag").exists()


def test_a_folder_that_holds_something_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag/mine.txt").write_text("mine")
    with pytest.raises(InputError, match="已有内容"):
        pack(tmp_path / "bag", {"data/a": b"x"})
    assert [path.name for path in (tmp_path / "bag").iterdir()] == ["mine.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "bag").write_text("mine")
    for folder, error in ((tmp_path / "bag", InputError), (tmp_path / "bag/inside", UnavailableError)):
        with pytest.raises(error):
            pack(folder, {"data/a": b"x"})
    assert (tmp_path / "bag").read_text() == "mine"


def test_an_empty_folder_is_filled_and_stays_when_it_could_not_be(tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    with pytest.raises(DamagedError):
        pack(tmp_path / "bag", {"data/a": tmp_path / "nowhere"})
    assert list((tmp_path / "bag").iterdir()) == []
    pack(tmp_path / "bag", {"data/a": b"x"})
    assert validated(tmp_path / "bag").returncode == 0


def test_a_missing_source_file_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"nowhere\.jpg"):
        pack(tmp_path / "bag", {"data/a": b"x", "data/z": tmp_path / "nowhere.jpg"})
    assert not (tmp_path / "bag").exists()


def test_a_source_that_cannot_be_read_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UnavailableError, match="folder"):
        pack(tmp_path / "bag", {"data/a": b"x", "data/z": tmp_path / "folder"})
    assert not (tmp_path / "bag").exists()


def test_an_attachment_that_is_not_what_it_is_named_by_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match="a" * 64):
        pack(tmp_path / "bag", {f"data/attachments/{'a' * 64}": b"x"})
    assert not (tmp_path / "bag").exists()


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Path]:
    """A drive of one MiB."""
    place = tmp_path / "drive"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "drive", str(place)], check=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_what_the_drive_has_no_room_for_is_refused_before_anything_is_written(drive: Path) -> None:
    with pytest.raises(UnavailableError, match="空间不够：移交包需要 2 MiB"):
        pack(drive / "bag", {"data/a": b"x" * (2 << 20)})
    assert list(drive.iterdir()) == []


@pytest.mark.parametrize("count", [250, 253, 254, 255])
def test_a_drive_that_fills_up_on_the_way_holds_no_bag(drive: Path, count: int) -> None:
    contents: dict[str, Content] = {f"data/{number:03}.txt": b"x" for number in range(count)}
    with pytest.raises(UnavailableError, match="磁盘已满"):
        pack(drive / "bag", contents)
    assert list(drive.iterdir()) == []


def test_a_write_protected_drive_is_told(drive: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(drive)], check=True)
    with pytest.raises(UnavailableError, match="只读"):
        pack(drive / "bag", {"data/a": b"x"})


LIMITED = """
import resource, sys
from pathlib import Path
from app.base.cancellation import Cancellation
from app.base.errors import UnavailableError
from app.handover.bag import write_bag
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    write_bag(Path(sys.argv[1]), {"data/a": b"x", "data/b": b"y" * (2 << 20)}, {}, None, Cancellation())
except UnavailableError as error:
    print(error)
"""


def test_a_file_larger_than_the_drive_takes_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "bag")]
    child = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert "超过这个磁盘允许的大小" in child.stdout, child.stderr
    assert not (tmp_path / "bag").exists()


def contents_of_every_kind(tmp_path: Path) -> dict[str, Content]:
    large = tmp_path / "large.bin"
    large.write_bytes(b"x" * (5 << 20))
    return {"data/a": b"abc", "data/b/large": large, "data/c": b"", "data/附件": b"xyz"}


def test_progress_only_grows_and_ends_at_everything(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    contents = contents_of_every_kind(tmp_path)
    write_bag(tmp_path / "bag", contents, {}, lambda done, total: heard.append((done, total)), Cancellation())
    total = (5 << 20) + 6
    assert {of for _, of in heard} == {total}
    assert heard == sorted(heard)
    assert heard[-1] == (total, total)
    assert len({done for done, _ in heard}) >= 6  # within a large file, too


@pytest.mark.parametrize("step", range(12))
def test_cancelled_at_any_step_nothing_is_left(tmp_path: Path, step: int) -> None:
    cancellation = Cancellation()
    heard: list[int] = []

    def stop(done: int, total: int) -> None:
        heard.append(done)
        if len(heard) > step:
            cancellation.cancel()

    contents = contents_of_every_kind(tmp_path)
    try:
        write_bag(tmp_path / "bag", contents, {}, stop, cancellation)
    except CancelledError:
        assert not (tmp_path / "bag").exists()
    else:
        assert validated(tmp_path / "bag").returncode == 0
        assert len(heard) <= step + 2, "cancelled before the declaration was written, and nobody listened"


def test_cancelled_before_it_starts_nothing_is_made(tmp_path: Path) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(CancelledError):
        write_bag(tmp_path / "new/bag", {"data/a": b"x"}, {}, None, cancellation)
    assert not (tmp_path / "new").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from app.base.cancellation import Cancellation
from app.handover.bag import write_bag
heard = []
def stop(done, total):
    heard.append(done)
    if len(heard) > int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
write_bag(Path(sys.argv[1]), {f"data/{number}": b"x" for number in range(4)}, {}, stop, Cancellation())
"""


@pytest.mark.parametrize("step", [0, 3, 4, 6, 7])
def test_killed_at_any_step_what_is_left_is_no_bag(tmp_path: Path, step: int) -> None:
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "bag"), str(step)], cwd=root, check=False)
    if (tmp_path / "bag" / BAGIT).exists():
        assert validated(tmp_path / "bag").returncode == 0
    else:
        assert any(fault.where == BAGIT for fault in verify_bag(tmp_path / "bag"))
        assert validated(tmp_path / "bag").returncode != 0
    shutil.rmtree(tmp_path / "bag")
