"""All host checks against the rehearsal host: each passes, and each turns where it must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from host_world import EXPECT, PASSWORD, World, fingerprint, host, run, surroundings

from app.checks.model import Outcome
from app.rehearsal.ssh import SshServer
from app.site.model import Host, HostExpect

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
AFTER_LOGIN = (
    "os", "disk", "memory", "swap", "load", "java", "limits", "network", "processes", "clock", "boot_properties",
)  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def server(world: World) -> Iterator[SshServer]:
    ssh = SshServer(world, 0)  # type: ignore[arg-type]
    world.ports = {"ssh": ssh.start(), "wls-admin": 7001}
    yield ssh
    ssh.stop()


@pytest.fixture
def target(server: SshServer, world: World) -> Host:
    return host(server.port, host_key=fingerprint(world.host_key_path(False)))


def test_every_check_passes_with_one_log_in(server: SshServer, target: Host) -> None:
    results = run(surroundings(target))
    assert {name: result.outcome for name, result in results.items()} == dict.fromkeys(
        ("port", "key", "login", *AFTER_LOGIN), PASS
    ), results
    assert (server.logins, server.refused_logins) == (1, 0)
    assert results["os"].observed == {
        "os": "Kylin Linux Advanced Server V10 (Tercel)",
        "kernel": "Linux 4.19.90-17.ky10.x86_64 x86_64",
    }
    assert results["java"].observed == {"java": "1.8.0_202"}
    assert results["clock"].offset_seconds is not None and abs(results["clock"].offset_seconds) < 5
    assert not any(PASSWORD in repr(result) for result in results.values())


@pytest.mark.parametrize(
    ("fault", "check", "outcome"),
    [("disk-full", "disk", FAIL), ("clock-skewed", "clock", FAIL), ("server-down", "processes", FAIL)],
)
def test_a_fault_turns_its_check_and_no_other(
    world: World, target: Host, fault: str, check: str, outcome: Outcome
) -> None:
    world.switch(fault)
    results = run(surroundings(target))
    assert results.pop(check).outcome is outcome
    assert {result.outcome for result in results.values()} == {PASS}


def test_a_changed_host_key_fails_naming_both_and_nobody_logs_in(server: SshServer, world: World, target: Host) -> None:
    world.switch("host-key-changed")
    results = run(surroundings(target))
    key = results["key"]
    assert key.outcome is FAIL and results["port"].outcome is PASS
    assert target.host_key in key.reason and fingerprint(world.host_key_path(True)) in key.reason
    assert {results[name].outcome for name in ("login", *AFTER_LOGIN)} == {UNKNOWN}
    assert (server.logins, server.refused_logins) == (0, 0)


def test_an_unknown_key_is_undetermined_with_the_fingerprint_to_record(server: SshServer, world: World) -> None:
    results = run(surroundings(host(server.port)))
    key, shown = results["key"], fingerprint(world.host_key_path(False))
    assert key.outcome is UNKNOWN and shown in key.reason and f"onsite trust <项目> app-host {shown}" in key.advice
    assert {results[name].outcome for name in ("login", *AFTER_LOGIN)} == {UNKNOWN}
    assert (server.logins, server.refused_logins) == (0, 0)


def test_a_key_that_was_recorded_in_the_project_counts(server: SshServer, world: World) -> None:
    known = {"app-host": fingerprint(world.host_key_path(False))}
    assert run(surroundings(host(server.port), known=known), "login")["login"].outcome is PASS


def test_a_refused_password_fails_once_and_is_tried_once(server: SshServer, target: Host) -> None:
    results = run(surroundings(target, passwords={"app-host": "wrong"}))
    assert results["login"].outcome is FAIL and "weblogic" in results["login"].actual
    assert {results[name].outcome for name in AFTER_LOGIN} == {UNKNOWN}
    assert all("host.login" in results[name].reason for name in AFTER_LOGIN)
    assert (server.logins, server.refused_logins) == (0, 1)
    assert "wrong" not in repr(results)


def test_without_a_password_nobody_logs_in(server: SshServer, target: Host) -> None:
    results = run(surroundings(target, passwords={}))
    assert results["login"].outcome is UNKNOWN and "没有口令" in results["login"].reason
    assert "ONSITE_SECRET_APP_HOST" in results["login"].advice
    assert {results[name].outcome for name in ("login", *AFTER_LOGIN)} == {UNKNOWN}
    assert {results[name].outcome for name in ("port", "key")} == {PASS}
    assert (server.logins, server.refused_logins) == (0, 0)


def test_each_plan_value_counts(server: SshServer, world: World) -> None:
    plan = HostExpect(free_gb={"/u09": 1}, java=">=11", os="7", processes=("-Dweblogic.Name=jyjc10",))
    target = host(server.port, host_key=fingerprint(world.host_key_path(False)), expect=plan)
    results = run(surroundings(target))
    assert {results[name].outcome for name in ("disk", "java", "os", "processes")} == {FAIL}
    assert results["login"].outcome is PASS


def test_what_is_not_planned_is_recorded_and_not_called_good(server: SshServer, world: World) -> None:
    target = host(server.port, host_key=fingerprint(world.host_key_path(False)), expect=HostExpect())
    results = run(surroundings(target))
    assert {results[name].outcome for name in ("java", "os", "processes")} == {Outcome.NOT_APPLICABLE}
    assert results["os"].observed["os"].startswith("Kylin") and results["java"].observed == {"java": "1.8.0_202"}
    assert results["disk"].outcome is PASS


def test_several_hosts_are_asked_side_by_side_with_a_log_in_each(server: SshServer, world: World, target: Host) -> None:
    other = host(server.port, id="second", host_key=target.host_key, expect=EXPECT)
    around = surroundings(target, other, passwords={"app-host": PASSWORD, "second": PASSWORD})
    results = run(around, "login", "clock", targets=())
    assert {result.outcome for result in results.values()} == {PASS}
    assert (server.logins, server.refused_logins) == (2, 0)
