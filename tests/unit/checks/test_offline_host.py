"""The script for hosts, run by real shells: its output leads to the verdicts of a direct check, on four systems."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from host_sshd import CAN_MOUNT
from host_systems import LINUX, MACHINES, Machine, Said, running
from host_world import host, run, surroundings

from app.checks import replay, runner
from app.checks.host.checks import CHECKS
from app.checks.model import Outcome, Planned, Result
from app.checks.offline import identity, output, shell, writing
from app.site.model import Host, HostExpect

NONCE = "0123456789abcdef"
HEAD = {"kind": "host", "target": "app-host"}
SHELLS = [name for name in ("dash", "bash") if shutil.which(name)]
needs_sshd = pytest.mark.skipif(not CAN_MOUNT, reason="needs OpenSSH's server, root and mount namespaces")


def pairs(target: Host) -> list[Planned]:
    around = surroundings(target)
    return [
        Planned(one, target) for one in CHECKS if writing.covers(one, target) and not one.applies(target, around.site)
    ]


def script(target: Host) -> str:
    return writing.script(target, pairs(target), HEAD, NONCE).decode()


def executed(folder: Path, text: str, name: str = "dash", path: str = "") -> bytes:
    """What a shell leaves that runs the script with ``path`` before the usual one."""
    (folder / "script.sh").write_text(text)
    words = [shutil.which(name) or name, "script.sh", "out.txt"]
    environment = {"PATH": f"{path}:/usr/bin:/bin" if path else "/usr/bin:/bin", "LOGNAME": "weblogic"}
    done = subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=100)
    assert done.stdout == "out.txt\n"
    return (folder / "out.txt").read_bytes()


def on_machine(folder: Path, target: Host, name: str) -> bytes:
    """The same on a machine of host_systems, by the stand-ins of its commands."""
    (folder / "first").mkdir(exist_ok=True)
    shutil.copy(folder / "shell", folder / "first" / "sh")
    return executed(folder, script(target), name, f"{folder}/first:{folder}/bin")


def taken(target: Host, data: bytes) -> dict[str, Result]:
    brought = replay.given(output.read(data))
    found: dict[str, Result] = {}
    around = surroundings(target)
    runner.run(
        pairs(target),
        around,
        lambda result: found.update({result.check.removeprefix("host."): result}),
        lambda one, there: replay.replayed(one, there, brought),
    )
    return found


def said(result: Result) -> tuple[Any, ...]:
    return (result.outcome, result.expected, result.actual, result.reason, result.observed)


@needs_sshd
@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("by", SHELLS)
def test_the_output_leads_to_the_verdicts_of_the_direct_check(tmp_path: Path, name: str, by: str) -> None:
    with running(tmp_path, MACHINES[name]) as (_, around):
        direct = run(around)
        target = around.site.targets[0]
        assert isinstance(target, Host)
        brought = taken(target, on_machine(tmp_path, target, by))
    assert len(brought) >= 9
    assert {check: said(one) for check, one in brought.items()} == {check: said(direct[check]) for check in brought}
    assert {one.route for one in brought.values()} == {"客户提供"}


@needs_sshd
def test_a_sick_host_is_judged_alike_and_passwords_in_arguments_stay_there(tmp_path: Path) -> None:
    ps = LINUX.says["ps -eo pid,args"].stdout
    assert isinstance(ps, str)
    told = ps.replace("weblogic.Server", "-Dweblogic.management.password=Geheim1 weblogic.Server")
    machine = LINUX.saying("ps -eo pid,args", Said(told.replace("ora_pmon_JYJC", "ora_pmon_XX")))
    df = machine.says["df -kP"].stdout
    assert isinstance(df, str)
    machine = machine.saying("df -kP", Said(df.replace("33493444", "  334934"))).saying("ip addr", Said(status=1))
    with running(tmp_path, machine) as (_, around):
        direct = run(around)
        target = around.site.targets[0]
        assert isinstance(target, Host)
        data = on_machine(tmp_path, target, "dash")
    brought = taken(target, data)
    assert b"Geheim1" not in data and b"password=***" in data
    assert {check: said(one) for check, one in brought.items()} == {check: said(direct[check]) for check in brought}
    assert brought["disk"].outcome is Outcome.FAIL and brought["processes"].outcome is Outcome.FAIL


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Host, bytes]:
    """The output of the machine that the tests run on."""
    target = host(22, expect=HostExpect(free_gb={"/": 0.001}, os=">=1", processes=("script.sh",)))
    return target, executed(tmp_path_factory.mktemp("own"), script(target))


def test_an_output_that_is_cut_off_anywhere_passes_nothing_that_it_does_not_hold(own: tuple[Host, bytes]) -> None:
    target, data = own
    whole = taken(target, data)
    assert whole["disk"].outcome in (Outcome.PASS, Outcome.WARN) and output.read(data).complete
    for found in list(re.finditer(rb"^@@onsite \w+ (?:ask|out|is|done) ", data, re.MULTILINE))[::3]:
        for check, result in taken(target, data[: found.start() + 35]).items():
            assert said(result) == said(whole[check]) or result.outcome is not Outcome.PASS, check


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.decode().encode("utf-16"),
        lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"),
    ],
)
def test_what_happens_to_a_file_on_its_way_is_put_back(
    own: tuple[Host, bytes], change: Callable[[bytes], bytes]
) -> None:
    target, data = own
    found = output.read(change(data))
    assert found.converted and not found.damaged and found.complete
    assert {one: said(result) for one, result in taken(target, change(data)).items()} == {
        one: said(result) for one, result in taken(target, data).items()
    }


@pytest.mark.parametrize(("source", "wanted"), [("gb18030", "utf-8"), ("utf-8", "gb18030")])
def test_chinese_that_was_converted_is_put_back(tmp_path: Path, source: str, wanted: str) -> None:
    (tmp_path / "say").write_bytes("#!/bin/sh\necho '文件系统 已用'\n".encode(source))
    (tmp_path / "say").chmod(0o755)
    text = shell.script(NONCE, HEAD, (), [shell.ask(f"{tmp_path}/say")], "out.txt")
    data = executed(tmp_path, text)
    found = output.read(data.decode(source).encode(wanted))
    assert found.converted == "转码" and not found.damaged
    assert found.blocks[0].texts["out"].body == "文件系统 已用\n".encode(source)


def test_a_figure_that_was_edited_is_no_answer(own: tuple[Host, bytes]) -> None:
    target, data = own
    total = re.search(rb"MemTotal: +(\d+) kB", data)
    assert total
    edited = taken(target, data.replace(total[0], total[0].replace(b"MemTotal:  ", b"MemTotal: 9"), 1))["memory"]
    assert edited.outcome is Outcome.UNKNOWN and "改动" in edited.reason


@pytest.mark.parametrize(
    ("address", "outcome", "words"),
    [
        ("0.0.0.0", Outcome.UNKNOWN, "没有从本机连接"),
        ("127.0.0.1", Outcome.FAIL, "回环"),
        ("", Outcome.FAIL, "没有监听"),
    ],
)
def test_planned_ports_are_looked_for_there_and_not_tried_from_here(
    tmp_path: Path, address: str, outcome: Outcome, words: str
) -> None:
    with socket.create_server((address or "127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if not address:
            server.close()
        target = host(22, expect=HostExpect(ports=(port,)))
        result = taken(target, executed(tmp_path, script(target)))["ports"]
    assert result.outcome is outcome and words in result.reason


def test_a_command_that_hangs_is_left_and_told(tmp_path: Path) -> None:
    (tmp_path / "df").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "df").chmod(0o755)
    target = host(22)
    text = script(target).replace("$W -lt 60", "$W -lt 1")
    data = executed(tmp_path, text, path=str(tmp_path))
    result = taken(target, data)["disk"]
    assert result.outcome is Outcome.UNKNOWN and "没有在时限内结束" in result.reason


def test_the_script_runs_only_commands_of_the_list_and_leaves_nothing_behind(tmp_path: Path) -> None:
    from app.checks.host import commands

    target = host(22, expect=HostExpect(free_gb={"/u01": 1, "/u02/x": 1}, names=("db.example",), ports=(7001,)))
    for line in script(target).split("\n"):
        if found := re.fullmatch(r"(?:ask|listed) '([^']*)'", line.strip()):
            assert commands.is_allowed(found[1]), line
    text = script(target)
    assert text.count("/tmp/onsite.$$") == 1 and f"T={tmp_path}" not in text
    executed(tmp_path, text.replace("/tmp/onsite.$$", f"{tmp_path}/own.$$"))
    assert {one.name for one in tmp_path.iterdir()} == {"script.sh", "out.txt"}


def test_the_head_survives_every_sign(tmp_path: Path) -> None:
    odd = {"kind": "host", "target": "$(touch x) `touch y` 'a\" 就业\\n;&|"}
    data = executed(tmp_path, shell.script(NONCE, odd, (), [], "out.txt"))
    assert output.read(data).head == {"format": "1", **odd}
    assert not (tmp_path / "x").exists() and not (tmp_path / "y").exists()


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({}, True),
        ({"host": "10.99.99.99"}, False),
        ({"host": "10.99.99.99", "node": "OWN"}, True),
        ({"host": "10.99.99.99", "node": "other"}, False),
        ({"host": "OWN"}, True),
        ({"host": "OWN.example.gov.cn"}, True),
        ({"host": "other"}, False),
    ],
)
def test_an_output_of_another_machine_is_not_taken_for_the_targets(
    own: tuple[Host, bytes], changes: Mapping[str, str], known: bool
) -> None:
    target, data = own
    found = output.read(data)
    node = found.facts["node"]
    named: dict[str, Any] = {key: value.replace("OWN", node) for key, value in changes.items()}
    there = replace(target, **named)
    assert (identity.mismatch(found, replay.given(found), there, surroundings(there).site) == "") is known


def test_machines_cover_every_system_that_the_script_knows() -> None:
    assert len(MACHINES) == 4 and isinstance(LINUX, Machine)
