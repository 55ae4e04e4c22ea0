"""The log and the reports of bugs: there when something went wrong, and without a secret."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.base import log, redaction
from app.base.redaction import MARK


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation of its own; the process's log and secrets are as before afterwards."""
    root = logging.getLogger()
    handlers, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(redaction, "_forbidden", ())
    yield tmp_path / "home"
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.raiseExceptions = raising


def logged() -> str:
    return (log.folder() / log.NAME).read_text(encoding="utf-8")


def raised(message: str) -> log.ExcInfo:
    try:
        raise RuntimeError(message)
    except RuntimeError:
        return sys.exc_info()


def test_the_log_lies_in_this_installations_folder(home: Path) -> None:
    assert log.folder() == home / "log"


def test_warnings_are_logged_with_their_time_and_place_and_less_is_not() -> None:
    log.start_logging()
    logging.getLogger("app.checks.lane").warning("表空间 %s", "JYJC_DATA")
    logging.getLogger("app.checks.lane").info("nothing to see")
    (line,) = logged().splitlines()
    assert line.endswith("WARNING app.checks.lane 表空间 JYJC_DATA")
    assert line[:4].isdigit()


def test_a_second_start_does_not_log_twice() -> None:
    log.start_logging()
    log.start_logging()
    logging.getLogger("x").error("once")
    assert logged().count("once") == 1


@pytest.mark.parametrize("secret", ["pa#ss w/ord", "密码四个字", 'q"uo\\te', "100%25"])
def test_a_known_secret_stands_in_no_message_argument_or_traceback(secret: str) -> None:
    redaction.forbid(secret)
    log.start_logging()
    logger = logging.getLogger("x")
    logger.warning("one %s", secret)
    logger.warning("two %r", {"key": secret})
    logger.error("three", exc_info=raised(f"ORA-01017 {secret}"))
    assert secret not in logged()
    assert repr(secret)[1:-1] not in logged()
    assert logged().count(MARK) >= 3
    assert "ORA-01017" in logged()


@pytest.mark.parametrize(
    "text",
    ["password=geheim1", 'PASSWORD: "geheim1 x"', "{'password': 'geheim1'}", "口令：geheim1",
     "http://monitor:geheim1@127.0.0.1:7001/", "jyjc/geheim1@db1:1521/JYJC", "Authorization: Basic geheim1",
     "CREATE USER x IDENTIFIED BY geheim1", "-----BEGIN RSA PRIVATE KEY-----\ngeheim1\n-----END RSA PRIVATE KEY-----"],
)  # fmt: skip
def test_what_looks_like_a_secret_is_not_logged_even_when_nobody_forbade_it(text: str) -> None:
    log.start_logging()
    logging.getLogger("x").warning("before %s after", text)
    assert "geheim1" not in logged()
    assert MARK in logged()
    assert "before" in logged()


def test_an_identity_number_is_not_logged() -> None:
    log.start_logging()
    logging.getLogger("x").warning("11010519491231002X")
    assert "11010519491231002X" not in logged()


def test_a_text_that_is_no_utf_8_is_logged_all_the_same() -> None:
    log.start_logging()
    (handler,) = (handler for handler in logging.getLogger().handlers if isinstance(handler, log.LogFile))
    # Straight to the file: what pytest captures goes from one of its processes to another, which takes UTF-8 only.
    handler.handle(logging.makeLogRecord({"msg": "name \udcff", "levelname": "WARNING"}))
    assert r"name \udcff" in logged()


def test_a_long_log_is_cut_into_files_of_which_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "SIZE", 2000)
    log.start_logging()
    for number in range(200):
        logging.getLogger("x").warning("%d %s", number, "y" * 200)
    kept = sorted(path.name for path in log.folder().iterdir())
    assert kept == [log.NAME, *(f"{log.NAME}.{number}" for number in range(1, log.KEPT + 1))]
    assert all(path.stat().st_size <= 2000 for path in log.folder().iterdir())
    assert "199 y" in logged()


LOGGING = """
import logging
from app.base import log
log.start_logging()
for number in range(3):
    logging.getLogger("x").warning("y" * 100_000)
print("went on")
"""


def said_by_a_program_that_logs() -> tuple[str, str, int]:
    """Its standard output and error and its exit status."""
    root = Path(__file__).parents[3]
    child = subprocess.run([sys.executable, "-c", LOGGING], cwd=root, capture_output=True, text=True)
    return child.stdout, child.stderr, child.returncode


def test_where_no_log_can_be_written_the_program_goes_on_and_says_nothing(home: Path) -> None:
    home.write_text("a file where the folder should be")
    assert said_by_a_program_that_logs() == ("went on\n", "", 0)
    assert home.read_text() == "a file where the folder should be"


def test_a_full_disk_does_not_stop_the_program_or_speak_between_its_lines(home: Path) -> None:
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "home", str(home)], check=True)
    try:
        assert said_by_a_program_that_logs() == ("went on\n", "", 0)
    finally:
        subprocess.run(["umount", str(home)], check=True)


def test_a_report_holds_the_traceback_and_is_where_it_is_said_to_be() -> None:
    place = log.save_report(raised("表空间"))
    assert place.parent == log.folder()
    text = place.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "RuntimeError: 表空间" in text
    assert f"Python {sys.version.split()[0]}" in text


def test_a_report_holds_no_secret_and_no_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    redaction.forbid("very secret")
    monkeypatch.setattr(sys, "argv", ["onsite", "check", "/home/zhang-san"])
    text = log.save_report(raised("very secret password=geheim1 11010519491231002X")).read_text(encoding="utf-8")
    assert not {word for word in ("very secret", "geheim1", "11010519491231002X", "zhang-san") if word in text}
    assert "arguments: 2" in text


def test_two_reports_of_one_moment_are_two_files() -> None:
    places = {log.save_report(raised(f"bug {number}")) for number in range(5)}
    assert {place.read_text(encoding="utf-8").strip().split()[-1] for place in places} == set("01234")


def test_a_report_of_text_that_is_no_utf_8_is_written() -> None:
    assert r"\udcff" in log.save_report(raised("name \udcff")).read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_is_an_os_error(home: Path) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="home"):
        log.save_report(raised("x"))
