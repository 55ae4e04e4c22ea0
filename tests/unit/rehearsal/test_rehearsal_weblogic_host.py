"""The rehearsal's domain on its host: files and tools follow the faults, and a wrong password is refused."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from rehearsal_small_world import SmallWorld

from app.rehearsal import weblogic_host
from app.rehearsal.weblogic_domain import PORT_NAMES

VERSION = "10.3.6.0"
FILE = "cat /u01/domains/jyjc_domain/config/config.xml"


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    world = SmallWorld(tmp_path)
    world.ports.update({name: port for port, name in enumerate(PORT_NAMES.values(), 7001)})
    return world


def printed(world: SmallWorld, command: str, stdin: bytes = b"") -> str:
    found = weblogic_host.run(command, stdin, world, VERSION)  # type: ignore[arg-type]
    assert found is not None
    return found.stdout


def servers(text: str) -> list[str]:
    space = "{http://xmlns.oracle.com/weblogic/domain}"
    return [one.findtext(f"{space}name", "") for one in ElementTree.fromstring(text).iter(f"{space}server")]


def test_the_configuration_names_the_servers_and_the_directory_is_told_by_the_process(world: SmallWorld) -> None:
    assert servers(printed(world, FILE)) == ["AdminServer", "jyjc1", "jyjc2"]
    assert printed(world, "readlink /proc/4603/cwd") == "/u01/domains/jyjc_domain\n"
    world.switch("not-integrated")
    assert servers(printed(world, FILE)) == ["AdminServer", "jyjc1"]
    assert printed(world, "readlink /proc/4603/cwd") == "/u01/domains/jyjc_domain2\n"


def test_the_log_of_a_server_that_is_down_ends_with_its_stop(world: SmallWorld) -> None:
    command = "tail -c 1000 /u01/domains/jyjc_domain/servers/jyjc2/logs/jyjc2.log"
    assert "RUNNING" in printed(world, command)
    world.switch("server-down")
    assert "RUNNING" not in printed(world, command)


def script(password: str) -> bytes:
    """A script that logs in and prints with a mark of its own."""
    quoted = "".join(f"\\\\u{ord(sign):04x}" for sign in password)
    body = f"connect(u\\'monitor\\', u\\'{quoted}\\', u\\'t3://x\\')\\nprint(\\'#mark \\' + x)"
    return f"exec(u'{body}')\nexit()\n".encode()


def test_the_tool_prints_with_the_script_s_mark_for_whoever_may_log_in(world: SmallWorld) -> None:
    said = printed(world, weblogic_host.WLST, script(world.secrets["wls1"]))
    marked = [line for line in said.splitlines() if line.startswith("#mark ")]
    assert marked[0] == "#mark connected" and marked[-1] == "#mark end"
    assert "#mark state jyjc2 RUNNING" in marked
    refused = printed(world, weblogic_host.WLST, script("wrong-9"))
    assert "failed+to+be+authenticated" in refused and "#mark state" not in refused


@pytest.mark.parametrize("stdin", [b"", b"exec(", b"\xff\xfe", b"exec(u'print(1)')\n"])
def test_what_is_no_script_of_ours_is_a_syntax_error(world: SmallWorld, stdin: bytes) -> None:
    assert "SyntaxError" in printed(world, weblogic_host.WLST, stdin)


def test_other_commands_are_not_its_business(world: SmallWorld) -> None:
    assert weblogic_host.run("cat /etc/shadow", b"", world, VERSION) is None  # type: ignore[arg-type]
