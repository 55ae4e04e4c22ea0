"""Wrong calls of the command line: status 2, one Chinese line, nothing else; what is interrupted ends with 130."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app import cli
from ui import __main__ as entry

ROOT = Path(__file__).parents[2]
WRONG = [
    [],
    ["nonsense"],
    ["--json"],
    ["check"],
    ["check", ""],
    ["check", "a" * 300],
    ["check", "a/" * 5000],
    ["check", "nowhere", "--js"],
    ["check", "nowhere", "--only"],
    ["check", "nowhere", "--json=3"],
    ["check", "no\nwhere\x1b[2J"],
    ["forms", "nowhere"],
    ["forms", "nowhere", "--out", ""],
    ["forms", "nowhere", "--out", "x", "--sign", "a", "--token", "b"],
    ["package", "nowhere", "--to", ""],
    ["rehearse", "--oracle", "8"],
    ["rehearse", "--out", ""],
    ["verify", ""],
]


@pytest.mark.parametrize("call", WRONG, ids=str)
def test_a_wrong_call_is_told_in_one_line(
    call: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(cli, "start_logging", lambda: None)  # it would stay on for the other tests of this process
    monkeypatch.chdir(tmp_path)
    assert cli.main(call) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.endswith("\n") and printed.err[:-1].isprintable()
    assert not re.search(r"[a-z]+ [a-z]+ [a-z]+", printed.err), "an English sentence"
    assert list(tmp_path.iterdir()) == []


def test_what_ctrl_c_interrupts_through_generated_code_still_ends_with_130() -> None:
    code = (
        "import signal, sys\n"
        "from ui import __main__ as entry\n"
        "import app.cli\n"
        "def run(arguments):\n"
        "    exec('import signal; signal.raise_signal(signal.SIGINT)')\n"
        "app.cli.main = run\n"
        "sys.exit(entry.command_line([]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "已取消。\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_command_has_begun_is_a_cancellation(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    monkeypatch.setattr(cli, "main", lambda arguments: signal.raise_signal(number))
    try:
        assert entry.command_line([]) == 130
    finally:
        for each, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(each, handler)
    assert capsys.readouterr().err == "已取消。\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there always is a screen")
def test_without_a_screen_the_window_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in entry.SCREENS:
        monkeypatch.delenv(name, raising=False)
    assert entry.show_window(None, rehearse=False) == 4
    assert len(capsys.readouterr().err.splitlines()) == 1
