"""Hosts that are reached through others: a key and a log-in at each, one connection for all that stand behind."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path

import pytest
from host_paramiko import Seen, Temper, printed, ssh_server
from host_world import PASSWORD, fingerprint, host, key_file, run, surroundings

from app.checks.host import commands
from app.checks.model import Outcome, Result
from app.site.model import Host

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
LINUX = {commands.KERNEL: printed("Linux 4.19 x86_64\n")}


def jumped(near: Seen, far_port: int, far_key: str, **more: str) -> tuple[Host, Host]:
    far = host(far_port, host_key=far_key, jump="gate")
    values = {"host_key": near.key} | more
    return far, Host("gate", host="127.0.0.1", port=near.port, user="weblogic", **values)  # type: ignore[arg-type]


BOTH = {"app-host": PASSWORD, "gate": PASSWORD}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("near", "far"):
        (tmp_path / name).mkdir()
    return tmp_path / "near", tmp_path / "far"


def test_a_host_behind_another_is_reached_with_a_key_check_and_a_log_in_at_each(folders: tuple[Path, Path]) -> None:
    with ssh_server(folders[0], Temper()) as near, ssh_server(folders[1], Temper(LINUX)) as far:
        assert near.key != far.key
        results = run(surroundings(*jumped(near, far.port, far.key), passwords=BOTH), "port", "key", "login")
    assert {result.outcome for result in results.values()} == {PASS}, results
    assert near.tries == ["password"] and far.tries == ["password"]
    assert near.tunnels == [("127.0.0.1", far.port)]
    assert "gate" in results["login"].route


@pytest.mark.parametrize("known", ["", "SHA256:" + "B" * 43])
def test_without_the_right_key_of_the_jump_host_nothing_passes_through_it(
    folders: tuple[Path, Path], known: str
) -> None:
    with ssh_server(folders[0], Temper()) as near, ssh_server(folders[1], Temper(LINUX)) as far:
        hosts = jumped(near, far.port, far.key, host_key=known)
        results = run(surroundings(*hosts, passwords=BOTH))
    assert {result.outcome for result in results.values()} == {UNKNOWN}
    assert all("gate" in result.reason for result in results.values())
    assert (near.tries, far.connections) == ([], 0)


def test_a_wrong_key_behind_the_jump_host_fails_there(folders: tuple[Path, Path]) -> None:
    with ssh_server(folders[0], Temper()) as near, ssh_server(folders[1], Temper(LINUX)) as far:
        results = run(surroundings(*jumped(near, far.port, near.key), passwords=BOTH))
    assert results["port"].outcome is PASS and results["key"].outcome is FAIL
    assert far.tries == []


def test_all_that_stands_behind_a_jump_host_shares_one_connection_to_it(folders: tuple[Path, Path]) -> None:
    with ssh_server(folders[0], Temper(LINUX)) as near, ssh_server(folders[1], Temper(LINUX)) as far:
        one, gate = jumped(near, far.port, far.key)
        others = [dataclasses.replace(one, id=f"far{number}") for number in range(4)]
        passwords = {target.id: PASSWORD for target in (gate, one, *others)}
        from app.checks import catalogue, runner

        around = surroundings(one, gate, *others, passwords=passwords)
        results: list[Result] = []
        runner.run(catalogue.plan(around.site, ids=("host.login",)), around, results.append)
    assert [result.outcome for result in results] == [PASS] * 6
    assert near.tries == ["password"] and near.connections == 1 and far.connections == 5


def test_a_refused_log_in_at_the_jump_host_is_never_repeated_by_any_other_target(folders: tuple[Path, Path]) -> None:
    with ssh_server(folders[0], Temper()) as near, ssh_server(folders[1], Temper(LINUX)) as far:
        one, gate = jumped(near, far.port, far.key)
        two = dataclasses.replace(one, id="second")
        around = surroundings(one, gate, two, passwords={**BOTH, "gate": "wrong-9", "second": PASSWORD})
        outcomes: dict[tuple[str, str], Outcome] = {}
        from app.checks import catalogue, runner

        planned = catalogue.plan(around.site, ids=("host.login",))
        runner.run(planned, around, lambda result: outcomes.update({(result.target, result.check): result.outcome}))
    assert outcomes[("gate", "host.login")] is FAIL
    assert outcomes[("app-host", "host.login")] is outcomes[("second", "host.login")] is UNKNOWN
    assert near.tries == ["password"] and far.tries == []


def test_jump_hosts_in_a_circle_or_unknown_are_named() -> None:
    one = host(1, jump="gate")
    gate = Host("gate", host="127.0.0.1", port=1, user="x", jump="app-host")
    assert "圈" in run(surroundings(one, gate), "port")["port"].reason
    assert "nobody" in run(surroundings(host(1, jump="nobody")), "port")["port"].reason


def test_a_refusal_behind_the_jump_host_says_from_where(folders: tuple[Path, Path]) -> None:
    with socket.socket() as held, ssh_server(folders[0], Temper()) as near:
        held.bind(("127.0.0.1", 0))
        key = fingerprint(key_file(folders[1] / "key"))
        results = run(surroundings(*jumped(near, held.getsockname()[1], key), passwords=BOTH), "port")
    assert results["port"].outcome in (FAIL, UNKNOWN)  # whether a server says why is its own affair
    assert "跳板机" in results["port"].reason
