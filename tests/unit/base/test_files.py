"""Files: the old or the new bytes, never a part, and an error that says in Chinese what and where."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError, InputError, UnavailableError
from app.base.files import cause, read_bounded, sha256_of, sync_folder, write_atomic


def test_a_file_is_made_and_written_over_whole(tmp_path: Path) -> None:
    place = tmp_path / "现场 100%.toml"
    write_atomic(place, b"old")
    assert place.read_bytes() == b"old"
    write_atomic(place, b"new and longer" * 100_000)
    assert place.read_bytes() == b"new and longer" * 100_000
    write_atomic(place, b"")
    assert place.read_bytes() == b""
    assert list(tmp_path.iterdir()) == [place]


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Path]:
    """A drive of 64 KiB."""
    place = tmp_path / "drive"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "drive", str(place)], check=True)
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_on_a_full_disk_the_old_file_stays_and_the_error_names_it(drive: Path) -> None:
    place = drive / "site.toml"
    write_atomic(place, b"old")
    with pytest.raises(UnavailableError, match=r"site\.toml：磁盘已满"):
        write_atomic(place, b"x" * 100_000)
    assert place.read_bytes() == b"old"
    assert list(drive.iterdir()) == [place]


def test_a_write_protected_disk_is_told(drive: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(drive)], check=True)
    with pytest.raises(UnavailableError, match="只读"):
        write_atomic(drive / "a", b"x")


def test_a_missing_folder_and_a_folder_in_the_files_place_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="不存在"):
        write_atomic(tmp_path / "nowhere/a", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UnavailableError, match="folder：是一个文件夹"):
        write_atomic(tmp_path / "folder", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


KILLED = """
import os, sys
from pathlib import Path
from app.base.files import write_atomic
place, number = Path(sys.argv[1]), 0
while True:
    write_atomic(place, b"%08d" % number * 4000)
    number += 1
    if number == 3:
        print("on the way", flush=True)
"""


@pytest.mark.parametrize("attempt", range(4))
def test_killed_at_any_moment_the_file_is_whole(tmp_path: Path, attempt: int) -> None:
    place = tmp_path / "a"
    command = [sys.executable, "-c", KILLED, str(place)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        hashlib.pbkdf2_hmac("sha256", b"", b"", 1 + attempt * 7000)  # another moment each time
        child.kill()
    content = place.read_bytes()
    assert content == content[:8] * 4000


def test_reading_is_bounded_and_says_what_could_not_be_read(tmp_path: Path) -> None:
    place = tmp_path / "a"
    place.write_bytes(b"x" * (1 << 20))
    assert read_bounded(place, 1 << 20, "现场配置") == b"x" * (1 << 20)
    place.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(InputError, match=r"现场配置太大：.*超过 1 MiB"):
        read_bounded(place, 1 << 20, "现场配置")
    with pytest.raises(InputError, match=r"现场配置读不了：.*nowhere（不存在）"):
        read_bounded(tmp_path / "nowhere", 1, "现场配置")
    with pytest.raises(InputError, match="是一个文件夹"):
        read_bounded(tmp_path, 1, "现场配置")


def test_a_files_hash_is_that_of_all_its_bytes(tmp_path: Path) -> None:
    content = os.urandom((2 << 20) + 17)
    (tmp_path / "a").write_bytes(content)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(content).hexdigest()


def test_hashing_can_be_cancelled(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(CancelledError):
        sha256_of(tmp_path / "a", cancellation)


def test_a_folder_that_is_gone_cannot_be_made_durable(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "nowhere")


def test_causes_are_chinese_where_we_know_them_and_never_empty() -> None:
    assert cause(OSError(errno.ENOSPC, "No space left on device")) == "磁盘已满"
    assert cause(OSError(errno.EFBIG, "File too large")).startswith("文件超过这个磁盘允许的大小")
    assert cause(OSError(errno.ELOOP, "Too many levels")) == "Too many levels"
    assert cause(OSError("plain")) == "plain"
