"""Planned ports from here and from there, and the host's own names: who sees what, and what follows."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from host_paramiko import Temper, printed, ssh_server
from host_world import PASSWORD, host, run, surroundings

from app.checks.host import commands
from app.checks.host.network_checks import OPEN, REFUSED, Network, Port, compare_network, compare_ports
from app.checks.host.network_reports import Listener
from app.checks.model import Outcome
from app.site.model import Host, HostExpect, Site

PASS, WARN, FAIL, UNKNOWN, NONE = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
SITE = Site("演示", "510000")
ALL, LOOP, OTHER, OWN = (Listener(one, 7001) for one in ("", "127.0.0.1", "10.1.1.9", "10.1.1.5"))
LATE = "10.1.1.5:7001 在 5 秒内未能连接"


@pytest.mark.parametrize(
    ("here", "there", "outcome"),
    [
        (OPEN, (ALL,), PASS),
        (OPEN, (OWN,), PASS),
        (OPEN, (LOOP,), PASS),
        (OPEN, (), UNKNOWN),
        (OPEN, "看不到", UNKNOWN),
        (REFUSED, (ALL,), FAIL),
        (REFUSED, (OWN,), FAIL),
        (REFUSED, (LOOP,), FAIL),
        (REFUSED, (OTHER,), WARN),
        (REFUSED, (LOOP, OTHER), WARN),
        (REFUSED, (), FAIL),
        (REFUSED, "看不到", FAIL),
        (LATE, (ALL,), UNKNOWN),
        (LATE, (LOOP,), FAIL),
        (LATE, (), FAIL),
        (LATE, "看不到", UNKNOWN),
    ],
)
def test_each_view_of_a_port(here: str, there: tuple[Listener, ...] | str, outcome: Outcome) -> None:
    target = Host("h", host="10.1.1.5", expect=HostExpect(ports=(7001,)))
    verdict = compare_ports((Port(7001, here, there),), target, SITE)
    assert verdict.outcome is outcome
    assert here in verdict.actual and (outcome is PASS) == (not verdict.reason)


def test_the_worst_port_counts_and_none_planned_is_none_judged() -> None:
    target = Host("h", host="10.1.1.5", expect=HostExpect(ports=(7001, 7002)))
    ports = (Port(7001, OPEN, (ALL,)), Port(7002, REFUSED, ()))
    assert compare_ports(ports, target, SITE).outcome is FAIL
    assert compare_ports((), target, SITE).outcome is NONE


@pytest.fixture
def listening_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def answers(port: int) -> dict[str, object]:
    return {
        commands.KERNEL: printed("Linux 4.19 x86_64\n"),
        commands.LINUX.sockets[0]: printed(f"State Recv-Q Send-Q Local Address:Port Peer\nLISTEN 0 9 *:{port} *:*\n"),
    }


def test_a_port_is_tried_from_here_without_a_word_sent(tmp_path: Path, listening_port: int) -> None:
    with ssh_server(tmp_path, Temper(answers(listening_port))) as server:  # type: ignore[arg-type]
        plan = HostExpect(ports=(listening_port,))
        result = run(surroundings(host(server.port, host_key=server.key, expect=plan)), "ports")["ports"]
    assert result.outcome is PASS and f"TCP 连接 127.0.0.1:{listening_port}" in result.transcript


def test_through_a_jump_host_it_is_tried_from_there(tmp_path: Path, listening_port: int) -> None:
    for name in ("near", "far"):
        (tmp_path / name).mkdir()
    far_temper = Temper(answers(listening_port))  # type: ignore[arg-type]
    with ssh_server(tmp_path / "near", Temper()) as near, ssh_server(tmp_path / "far", far_temper) as far:
        plan = HostExpect(ports=(listening_port,))
        one = host(far.port, host_key=far.key, jump="gate", expect=plan)
        gate = Host("gate", host="127.0.0.1", port=near.port, user="weblogic", host_key=near.key)
        results = run(surroundings(one, gate, passwords={"app-host": PASSWORD, "gate": PASSWORD}), "port", "ports")
    assert results["ports"].outcome is PASS, results["ports"]
    assert ("127.0.0.1", listening_port) in near.tunnels and "跳板机" in results["ports"].actual


def test_a_refused_port_that_nobody_listens_on_fails(tmp_path: Path) -> None:
    with socket.socket() as held, ssh_server(tmp_path, Temper(answers(22))) as server:  # type: ignore[arg-type]
        held.bind(("127.0.0.1", 0))
        plan = HostExpect(ports=(held.getsockname()[1],))
        result = run(surroundings(host(server.port, host_key=server.key, expect=plan)), "ports")["ports"]
    assert result.outcome is FAIL and "没有监听" in result.reason


ADDRESSES = ("127.0.0.1", "10.1.1.5")


def network(plan: tuple[str, ...] = (), **names: tuple[str, ...] | str) -> Outcome:
    found = Network("db1", ADDRESSES, ("10.1.1.1",), {"db1": ("10.1.1.5",)} | names)
    return compare_network(found, Host("h", host="10.1.1.5", expect=HostExpect(names=plan)), SITE).outcome


def test_names_on_the_host() -> None:
    assert network() is PASS
    assert network(db1=()) is WARN
    assert network(db1=("127.0.0.1",)) is WARN
    assert network(db1=("10.9.9.9",)) is WARN
    assert network(db1=("10.9.9.9", "10.1.1.5")) is PASS
    assert network(db1="没有工具") is UNKNOWN
    assert network(("app1",), app1=("10.1.1.7",)) is PASS
    assert network(("app1",), app1=()) is FAIL
    assert network(("app1",), app1="没有答复") is UNKNOWN
    assert network(("app1",)) is UNKNOWN


def test_addresses_of_the_host() -> None:
    target = Host("h", host="10.1.1.6")
    names = {"db1": ("10.1.1.5",)}
    assert compare_network(Network("db1", ADDRESSES, (), names), target, SITE).outcome is WARN
    alone = compare_network(Network("db1", ("127.0.0.1",), (), names), Host("h", host="db1"), SITE)
    assert alone.outcome is UNKNOWN
