"""The script for WebLogic domains, run by real shells on a domain's host: its verdicts are the direct check's."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from host_sshd import CAN_MOUNT
from weblogic_domain_tree import SSH_PASSWORD, Server, Tree, domain_on_host, log_line, old_log_line
from weblogic_world import Held, Scripted, ask, target_of, tree

from app.base.cancellation import Cancellation
from app.checks import replay, runner
from app.checks.model import Outcome, Planned, Result, Surroundings
from app.checks.offline import output, writing
from app.checks.weblogic.checks import CHECKS
from app.site.model import Site, WebLogic, WebLogicExpect

pytestmark = pytest.mark.skipif(not CAN_MOUNT, reason="needs OpenSSH's server, root and mount namespaces")
PASSWORD = "Monitor-1!"
NONCE = "0123456789abcdef"
HEAD = {"kind": "weblogic", "target": "wls1"}
EXPECT = WebLogicExpect(("AdminServer", "jyjc1"), ("jyjc",), ("jyjcDS",), "", "1.6", "")
SHELLS = [name for name in ("dash", "bash") if shutil.which(name)]
PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN


@contextmanager
def world(place: Path, version: str, **more: Any) -> Iterator[tuple[Tree, WebLogic]]:
    """A domain on its host, and the target that means it; nothing of REST answers."""
    admin = Scripted(tree({}), f"HELO:{version}.false\nAS:2048\nHL:19\n\n".encode())
    admin.start()
    line = old_log_line if version.startswith("8") else log_line
    servers = [Server("AdminServer", admin.port), Server("jyjc1", 7003)]
    for one in servers:
        one.log = line(one.name, "000365", "Server state changed to RUNNING", ago=7200.0)
    try:
        with domain_on_host(place, version, servers, **{"password": PASSWORD, **more}) as there:
            yield there, target_of(admin.port, replace(EXPECT, version=version), via="app-host")
    finally:
        admin.stop()


def pairs(target: WebLogic) -> list[Planned]:
    return [Planned(one, target) for one in CHECKS if writing.covers(one, target)]


def executed(there: Tree, target: WebLogic, typed: str | None, by: str = "dash") -> bytes:
    """What the script leaves on the domain's host; ``typed`` at the terminal; None: without one."""
    script = there.folder / "script.sh"
    script.write_bytes(writing.script(target, pairs(target), HEAD, NONCE))
    words = [shutil.which(by) or by, str(script), str(there.folder / "out.txt")]
    environment = {"PATH": f"{there.folder}/bin:/usr/bin:/bin"}
    if typed is None:
        subprocess.run(words, cwd=there.folder, env=environment, check=True, start_new_session=True, timeout=100)
        return (there.folder / "out.txt").read_bytes()
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(there.folder)
        os.execve(words[0], words, environment)
    shown = _conversed(terminal, typed)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    assert not typed or typed not in shown, "it is not echoed"
    return (there.folder / "out.txt").read_bytes()


def _conversed(terminal: int, typed: str) -> str:
    """Answers the question for the password once, and reads to the end."""
    shown, answered, ends = "", False, time.monotonic() + 100
    while time.monotonic() < ends:
        ready, _, _ = select.select([terminal], [], [], 5)
        try:
            piece = os.read(terminal, 4096) if ready else b" "
        except OSError:
            return shown
        if not piece:
            return shown
        shown += piece.decode("utf-8", "replace")
        if not answered and "口令" in shown and shown.rstrip().endswith("："):
            while termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < ends:
                select.select([], [], [], 0.02)  # the script turns the echo off before it reads
            os.write(terminal, f"{typed}\n".encode())
            answered = True
    return shown


def taken(there: Tree, target: WebLogic, data: bytes) -> dict[str, Result]:
    found: dict[str, Result] = {}
    brought = replay.given(output.read(data))
    site = Site("某省节点", "510000", targets=(target, there.host))
    around = Surroundings(site, Held({}), Held({}), Cancellation())
    runner.run(
        pairs(target),
        around,
        lambda result: found.update({result.check.removeprefix("weblogic."): result}),
        lambda one, around: replay.replayed(one, around, brought),
    )
    return found


def said(result: Result) -> tuple[Any, ...]:
    return (result.outcome, result.expected, result.actual, result.observed)


@pytest.mark.parametrize("version", ["9.2.3.0", "10.3.5.0"])
@pytest.mark.parametrize("by", SHELLS)
def test_with_the_password_typed_every_verdict_is_that_of_the_direct_check(
    tmp_path: Path, version: str, by: str
) -> None:
    with world(tmp_path, version) as (there, target):
        direct = ask(target, password=PASSWORD, hosts=[(there.host, SSH_PASSWORD)])
        before = len(there.calls)
        data = executed(there, target, PASSWORD, by)
        calls = there.calls[before:]
        brought = taken(there, target, data)
    assert {name: one.reason for name, one in brought.items() if one.outcome is not PASS} == {}
    assert set(brought) == {pair.check.id.removeprefix("weblogic.") for pair in pairs(target)}
    assert {name: said(one)[0] for name, one in brought.items()} == {name: said(direct[name])[0] for name in brought}
    assert len([call for call in calls if "weblogic.WLST" in call["words"]]) == 1, "one log-in"
    assert PASSWORD.encode() not in data and b"c2VjcmV0" not in data
    assert all(PASSWORD not in " ".join([*call["words"], *call["environment"].values()]) for call in calls)


@pytest.mark.parametrize(
    ("check", "change", "expected"),
    [
        ("servers", {"state": "ADMIN"}, FAIL),
        ("health", {"health": 2}, FAIL),
        ("heap", {"heap": (512, 76, 512)}, WARN),
        ("datasources", {"pool": "Suspended"}, FAIL),
        ("applications", {"active": 1}, FAIL),
        ("security", {"stores": "DemoIdentityAndDemoTrust"}, WARN),
    ],
)
def test_each_fault_is_judged_as_directly(
    tmp_path: Path, check: str, change: dict[str, Any], expected: Outcome
) -> None:
    with world(tmp_path, "10.3.5.0") as (there, target):
        for name, value in change.items():
            setattr(there.servers[1], name, value)
        there.write()
        brought = taken(there, target, executed(there, target, PASSWORD))
    assert brought[check].outcome is expected


@pytest.mark.parametrize("typed", ["", None])
def test_without_a_password_what_needs_no_log_in_is_judged_and_the_rest_says_why(
    tmp_path: Path, typed: str | None
) -> None:
    with world(tmp_path, "10.3.5.0") as (there, target):
        data = executed(there, target, typed)
        brought = taken(there, target, data)
        assert not [call for call in there.calls if call["read"]], "nobody was logged in"
    passed = {name for name, one in brought.items() if one.outcome is PASS}
    assert passed == {"topology", "version", "jdk", "security", "servers"}
    for name in ("health", "heap", "threads", "datasources", "applications"):
        assert brought[name].outcome is UNKNOWN and "没有输入监视用户的口令" in brought[name].reason


def test_a_wrong_password_is_tried_once_and_is_unknown(tmp_path: Path) -> None:
    with world(tmp_path, "10.3.5.0") as (there, target):
        brought = taken(there, target, executed(there, target, "wrong-9"))
        assert len([call for call in there.calls if call["read"]]) == 1
    assert brought["health"].outcome is UNKNOWN and "登录被拒绝" in brought["health"].reason
    assert brought["topology"].outcome is PASS


@pytest.mark.parametrize("password", ["a b\\c'd\"e$f`g", "!@#%^&*()", "Üml", "1234567890" * 5])
def test_every_sign_of_a_password_reaches_the_tool_as_it_is(tmp_path: Path, password: str) -> None:
    with world(tmp_path, "10.3.5.0", password=password) as (there, target):
        brought = taken(there, target, executed(there, target, password))
    assert brought["health"].outcome is (PASS if password.isascii() else UNKNOWN), brought["health"].reason


def test_a_domain_of_8_1_is_judged_by_its_configuration_and_processes(tmp_path: Path) -> None:
    with world(tmp_path, "8.1.4.0") as (there, target):
        data = executed(there, target, PASSWORD)
        brought = taken(there, target, data)
    assert b"c2VjcmV0" not in data
    assert brought["topology"].outcome is PASS and brought["version"].outcome is PASS
    assert brought["health"].outcome is UNKNOWN


def test_a_cut_off_output_passes_nothing_that_it_does_not_hold(tmp_path: Path) -> None:
    with world(tmp_path, "10.3.5.0") as (there, target):
        data = executed(there, target, PASSWORD)
        whole = taken(there, target, data)
        for found in list(re.finditer(rb"^@@onsite \w+ (?:ask|out|is) ", data, re.MULTILINE))[::4]:
            for check, one in taken(there, target, data[: found.start() + 30]).items():
                assert said(one) == said(whole[check]) or one.outcome is not PASS, check
