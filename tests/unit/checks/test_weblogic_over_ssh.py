"""Domains without REST, seen on their host behind a real sshd: 8.1 by weblogic.Admin, 9.2 and 10.3.5 by WLST."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from host_sshd import CAN_MOUNT
from weblogic_domain_tree import SSH_PASSWORD, Server, Tree, domain_on_host, log_line, old_log_line
from weblogic_world import PASSWORD, Scripted, ask, outcomes, target_of, tree

from app.checks.model import Outcome, Result
from app.checks.weblogic.checks import CHECKS
from app.rehearsal.web import Answer, Request, html
from app.site.model import WebLogicExpect

pytestmark = pytest.mark.skipif(not CAN_MOUNT, reason="needs OpenSSH's server, root and mount namespaces")
PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
EXPECT = WebLogicExpect(("AdminServer", "jyjc1"), ("jyjc",), ("jyjcDS",), "", "1.6", "yes")
VERSIONS = ("8.1.4.0", "9.2.3.0", "10.3.5.0")
REST = ("topology", "servers", "health", "heap", "threads", "datasources", "applications", "jdk", "security")
LOCKOUT = "<sec:user-lockout-manager>{}</sec:user-lockout-manager>"
TEMPERS = ("silent", "truncated", "unreachable")
CONSOLE = html("WebLogic Server Administration Console", '<form action="j_security_check">')


class World:
    """A domain's port without REST, and its host."""

    def __init__(self, admin: Scripted, host: Tree) -> None:
        self.admin, self.tree = admin, host

    def ask(self, *names: str, expect: WebLogicExpect = EXPECT, **parts: Any) -> dict[str, Result]:
        password = parts.pop("password", PASSWORD)
        target = target_of(self.admin.port, expect, via="app-host", **parts)
        return ask(target, *names, password=password, hosts=[(self.tree.host, SSH_PASSWORD)])


def servers(port: int) -> list[Server]:
    return [Server("AdminServer", port), Server("jyjc1", 7003)]


@contextmanager
def world(place: Path, version: str, reply: Any = None, **more: Any) -> Iterator[World]:
    greeting = f"HELO:{version}.false\nAS:2048\nHL:19\n\n".encode()
    admin = Scripted(reply or tree({"/console/login/LoginForm.jsp": CONSOLE}), greeting)
    admin.start()
    found = servers(admin.port)
    line = old_log_line if version.startswith("8") else log_line
    for one in found:
        one.log = line(one.name, "000365", "Server state changed to RUNNING", ago=7200.0)
    try:
        with domain_on_host(place, version, found, **more) as host:
            yield World(admin, host)
    finally:
        admin.stop()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_healthy_domain_without_rest_passes_every_check_by_its_host(tmp_path: Path, version: str) -> None:
    with world(tmp_path, version) as there:
        results = there.ask(expect=replace(EXPECT, version=version))
        calls = there.tree.calls
    no_url = "方案未规定：没有登记应用地址（application_urls）"
    assert {name: result.reason for name, result in results.items() if result.outcome is not PASS} == {
        "application_url": no_url,
    }
    assert results["topology"].route == "SSH" and results["servers"].route.startswith("SSH + ")
    assert all(PASSWORD not in " ".join(call["words"]) for call in calls)
    assert all(PASSWORD not in value for call in calls for value in call["environment"].values())
    assert not any(PASSWORD in repr(result) or "c2VjcmV0" in repr(result) for result in results.values())
    tools = [call for call in calls if "weblogic.WLST" in call["words"]]
    assert len(tools) == (0 if version.startswith("8") else 1), "one log-in, one start"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_refused_log_in_of_the_tool_is_never_repeated(tmp_path: Path, version: str) -> None:
    with world(tmp_path, version) as there:
        results = there.ask(*REST, password="wrong-9")
        tries = [call for call in there.tree.calls if call["read"]]
    assert len(tries) == 1
    assert (results["topology"].outcome, results["security"].outcome) == (PASS, PASS)
    refused = [results[name] for name in ("health", "heap", "threads", "datasources", "applications")]
    assert all(one.outcome is UNKNOWN and "登录被拒绝" in one.reason for one in refused)
    assert "wrong-9" not in repr(results)


def test_after_a_401_of_rest_the_tool_is_not_tried_with_the_same_user(tmp_path: Path) -> None:
    with world(tmp_path, "10.3.6.0", reply=lambda request: html("Error 401--Unauthorized", "", 401)) as there:
        results = there.ask(*REST)
        assert [call for call in there.tree.calls if call["read"]] == []
        assert len(there.admin.logins) == 1
    assert results["topology"].outcome is PASS
    assert results["health"].outcome is UNKNOWN and "401" in results["health"].reason


def test_without_a_log_in_processes_and_logs_tell_the_life_cycle(tmp_path: Path) -> None:
    with world(tmp_path, "10.3.5.0") as there:
        assert there.ask("servers", password=None)["servers"].outcome is PASS
        there.tree.servers[1].process = False
        there.tree.write()
        assert there.ask("servers", password=None)["servers"].outcome is FAIL
        there.tree.servers[1].address = "10.9.9.9"
        there.tree.write()
        elsewhere = there.ask("servers", password=None)["servers"]
        assert elsewhere.outcome is UNKNOWN and "别的机器" in elsewhere.reason
        there.tree.servers[1].process, there.tree.servers[1].log = True, log_line("jyjc1", "000111", "x")
        there.tree.write()
        assert there.ask("servers", password=None)["servers"].outcome is UNKNOWN
        there.tree.servers[1].log = log_line("jyjc1", "000365", "Server state changed to ADMIN")
        there.tree.write()
        assert there.ask("servers", password=None)["servers"].outcome is FAIL


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("check", "change", "expected"),
    [
        ("servers", {"state": "SHUTDOWN"}, FAIL), ("servers", {"state": "ADMIN"}, FAIL),
        ("servers", {"state": "STARTING"}, UNKNOWN), ("health", {"health": 1}, WARN), ("health", {"health": 2}, FAIL),
        ("heap", {"heap": (512, 76, 512)}, WARN), ("heap", {"heap": (512, 77, 512)}, PASS),
        ("heap", {"heap": (512, 25, 512)}, WARN), ("datasources", {"pool": "Suspended"}, FAIL),
        ("applications", {"active": 1}, FAIL), ("security", {"stores": "DemoIdentityAndDemoTrust"}, WARN),
        ("security", {"flags": "-Xmx512m -Dweblogic.ProductionModeEnabled="}, UNKNOWN),
    ],
)  # fmt: skip
def test_each_fault_is_judged_as_over_rest(
    tmp_path: Path, version: str, check: str, change: dict[str, Any], expected: Outcome
) -> None:
    with world(tmp_path, version) as there:
        for name, value in change.items():
            setattr(there.tree.servers[1], name, value)
        there.tree.write()
        result = there.ask(check)[check]
    if version.startswith("8") and "flags" in change:
        expected = WARN  # 8.1 has it from the process alone: what is not true is development mode
    assert (result.outcome, bool(result.reason)) == (expected, expected is not PASS)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("ago", "expected"), [(3600.0, FAIL), (90000.0, WARN)])
def test_a_full_heap_fails_with_memory_run_out_in_the_last_day_of_the_log(
    tmp_path: Path, version: str, ago: float, expected: Outcome
) -> None:
    line = old_log_line if version.startswith("8") else log_line
    with world(tmp_path, version) as there:
        there.tree.servers[1].heap = (512, 25, 512)
        there.tree.servers[1].log += line("jyjc1", "101017", "java.lang.OutOfMemoryError: Java heap space", ago)
        there.tree.write()
        result = there.ask("heap")["heap"]
    assert result.outcome is expected and "OutOfMemoryError" in result.reason


def test_8_1_has_its_stuck_threads_from_the_log(tmp_path: Path) -> None:
    def stuck(number: int, ago: float, code: str = "000337") -> str:
        text = f"ExecuteThread: '{number}' for queue: 'weblogic.kernel.Default' has been busy for \"648\" seconds"
        return old_log_line("jyjc1", code, text, ago)

    with world(tmp_path, "8.1.4.0") as there:
        first = there.tree.servers[1].log
        for lines, expected in (
            ("".join(stuck(number, 300.0) for number in range(10)), WARN),
            ("".join(stuck(number, 300.0) for number in range(11)), FAIL),
            ("".join(stuck(number, 80000.0) for number in range(11)), WARN),
            (stuck(1, 300.0) + stuck(1, 200.0, "000339"), PASS),
            ("####<whenever> <BEA-000337> <x>", UNKNOWN),
        ):
            there.tree.servers[1].log = first + lines
            there.tree.write()
            assert there.ask("threads")["threads"].outcome is expected, lines[:80]


@pytest.mark.parametrize(
    ("version", "behaviour"),
    [("8.1.4.0", "unreachable"), *((version, how) for version in VERSIONS[1:] for how in TEMPERS)],
)
def test_a_tool_that_does_not_come_to_its_end_proves_nothing(tmp_path: Path, version: str, behaviour: str) -> None:
    with world(tmp_path, version, behaviour=behaviour) as there:
        results = there.ask("health", "heap", "datasources", "applications")
        assert len([call for call in there.tree.calls if call["read"]]) == 1
    assert set(outcomes(results).values()) == {"unknown"}


def test_a_configuration_that_is_none_or_another_domain_s_is_no_topology(tmp_path: Path) -> None:
    with world(tmp_path, "10.3.5.0") as there:
        file = there.tree.home / "config/config.xml"
        whole = file.read_text(encoding="utf-8")
        for content in (whole[:400], "", "<html/>", whole.replace("jyjc1", "AdminServer")):
            file.write_text(content, encoding="utf-8")
            assert there.ask("topology")["topology"].outcome is UNKNOWN, content[:80]
        bomb = '<!DOCTYPE d [<!ENTITY a "aaaa">]>' + whole.partition("?>")[2]
        file.write_text(bomb, encoding="utf-8")
        assert there.ask("topology")["topology"].outcome is UNKNOWN


def test_two_servers_at_one_place_fail_and_one_without_a_machine_is_a_warning(tmp_path: Path) -> None:
    with world(tmp_path, "9.2.3.0") as there:
        there.tree.servers[1].port = there.admin.port
        there.tree.write()
        assert there.ask("topology")["topology"].outcome is FAIL
        there.tree.servers[1].port, there.tree.servers[1].machine = 7001, ""
        there.tree.write()
        assert there.ask("topology")["topology"].outcome is WARN


@pytest.mark.parametrize(
    ("lockout", "production", "expected"),
    [
        ("", "true", PASS), ("", "false", WARN), ("", "yes", UNKNOWN),
        (LOCKOUT.format("<sec:lockout-enabled>false</sec:lockout-enabled>"), "true", WARN),
        (LOCKOUT.format("<sec:lockout-threshold>0</sec:lockout-threshold>"), "true", WARN),
        (LOCKOUT.format("<sec:lockout-threshold>x</sec:lockout-threshold>"), "true", UNKNOWN),
    ],
)  # fmt: skip
def test_security_is_read_of_the_configuration(
    tmp_path: Path, lockout: str, production: str, expected: Outcome
) -> None:
    with world(tmp_path, "10.3.5.0", lockout=lockout, production=production) as there:
        for one in there.tree.servers:
            one.flags = ""
        there.tree.write()
        assert there.ask("security")["security"].outcome is expected


def test_a_planned_directory_is_used_as_it_is_and_one_that_no_shell_may_see_is_not(tmp_path: Path) -> None:
    with world(tmp_path, "10.3.5.0") as there:
        home = str(there.tree.home)
        assert there.ask("topology", domain_home=home)["topology"].outcome is PASS
        for evil in (f"{home};id", "relative", f"{home}/../x", "/a b"):
            assert there.ask("topology", domain_home=evil)["topology"].outcome is UNKNOWN


def test_the_version_is_had_from_the_jar_where_t3_is_filtered(tmp_path: Path) -> None:
    with world(tmp_path, "8.1.4.0") as there:
        there.admin._greeting = b"LGIN:filter blocked Socket [Security:090220]\n\n"
        there.tree.servers[0].state = there.tree.servers[1].state = "SHUTDOWN"
        there.tree.write()
        result = there.ask("version", expect=replace(EXPECT, version="8.1.4"))["version"]
    assert result.outcome is PASS and result.observed == {"version": "8.1.4"}


def test_10_3_6_takes_from_its_host_what_its_rest_does_not_tell(tmp_path: Path) -> None:
    root = "/management/tenant-monitoring"
    pages = {
        f"{root}/servers": {"body": {"items": [{"name": name, "state": "RUNNING"} for name in EXPECT.servers]}},
        f"{root}/datasources": {"body": {"items": [{"name": "jyjcDS"}]}},
        f"{root}/datasources/jyjcDS": {"body": {"item": {"name": "jyjcDS", "instances": []}}},
    }

    def reply(request: Request) -> Answer:
        return tree(pages)(request)

    with world(tmp_path, "10.3.6.0", reply=reply) as there:
        results = there.ask("topology", "servers", "threads", "datasources", "jdk", "security")
    assert outcomes(results) == {
        "topology": "pass", "servers": "pass", "threads": "pass", "datasources": "fail", "jdk": "pass",
        "security": "pass",
    }  # fmt: skip
    assert "jyjc1 上不存在" in results["datasources"].reason


@pytest.mark.parametrize("name", [check.id.rpartition(".")[2] for check in CHECKS])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_command_is_shown_beforehand(tmp_path: Path, version: str, name: str) -> None:
    with world(tmp_path, version) as there:
        target = target_of(there.admin.port, EXPECT, via="app-host")
        result = there.ask(name)[name]
        places = (
            (str(there.tree.java), "<该域 Server 的 java>"),
            (str(there.tree.lib / "weblogic.jar"), "<该域 Server 的 weblogic.jar>"),
            (str(there.tree.home), "<域目录>"), ("jyjc1", "{server}"), ("AdminServer", "{server}"),
            ("/4107/", "/<进程号>/"), ("/4108/", "/<进程号>/"),
        )  # fmt: skip
    check = next(one for one in CHECKS if one.id.endswith(f".{name}"))
    shown = {line.partition("（")[0].partition("\n")[0] for line in check.shows(target)}
    for command in (line[2:] for line in result.transcript.splitlines() if line.startswith("$ ")):
        for real, placeholder in places:
            command = command.replace(real, placeholder)
        java = command.replace("<该域 Server 的 java> -version", "<正在运行的 WebLogic 进程的 java 绝对路径> -version")
        assert f"SSH app-host：{java}" in shown, command
