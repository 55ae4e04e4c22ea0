"""The WebLogic checks against the rehearsal's domains of 12.2.1 and 10.3.6, each fault both ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rehearsal_small_world import SmallWorld
from weblogic_world import PLAN, ask, outcomes, target_of

from app.rehearsal.weblogic import WebLogicServer
from app.rehearsal.weblogic_domain import PORT_NAMES
from app.site.model import WebLogic, WebLogicExpect

Domain = dict[str, WebLogicServer]
OF_EACH_SERVER = ("health", "heap", "threads", "jdk")


def started(world: SmallWorld, version: str) -> Iterator[Domain]:
    servers = {name: WebLogicServer(world, 0, name, version) for name in PORT_NAMES}  # type: ignore[arg-type]
    for name, server in servers.items():
        world.ports[PORT_NAMES[name]] = server.start()
    yield servers
    for server in servers.values():
        server.stop()


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    return SmallWorld(tmp_path)


@pytest.fixture
def domain(world: SmallWorld) -> Iterator[Domain]:
    yield from started(world, "12.2.1.4.0")


@pytest.fixture
def old_domain(world: SmallWorld) -> Iterator[Domain]:
    yield from started(world, "10.3.6.0")


def target(domain: Domain, expect: WebLogicExpect = PLAN) -> WebLogic:
    page = f"http://127.0.0.1:{domain['jyjc1'].port}/jyjc"
    return target_of(domain["AdminServer"].port, expect, application_urls=(page,))


def test_a_healthy_domain_passes_every_check(domain: Domain) -> None:
    results = ask(target(domain))
    assert outcomes(results) == dict.fromkeys(results, "pass")
    assert results["version"].observed == {"version": "12.2.1.4.0"}
    assert [server["name"] for server in results["topology"].observed["servers"]] == ["AdminServer", "jyjc1", "jyjc2"]


@pytest.mark.parametrize(
    ("fault", "touched"),
    [
        ("server-down", {
            **dict.fromkeys(("servers", "datasources", "applications"), "fail"),
            **dict.fromkeys(OF_EACH_SERVER, "unknown"),
        }),
        ("stuck-threads", {"threads": "fail"}),
        ("datasource-suspended", {"datasources": "fail"}),
        ("low-heap", {"heap": "warn"}),
        ("app-failed", {"applications": "fail"}),
        ("not-integrated", {
            "topology": "fail", "servers": "fail", "security": "unknown", **dict.fromkeys(OF_EACH_SERVER, "unknown"),
        }),
        ("slow", {"application_url": "warn"}),
    ],
)  # fmt: skip
def test_a_fault_touches_its_own_checks_and_no_other(
    world: SmallWorld, domain: Domain, fault: str, touched: dict[str, str]
) -> None:
    world.switch(fault)
    results = outcomes(ask(target(domain)))
    assert {name: outcome for name, outcome in results.items() if outcome != "pass"} == touched


def test_one_log_in_serves_a_run_and_a_refused_one_is_never_repeated(domain: Domain) -> None:
    admin = domain["AdminServer"]
    results = ask(target(domain), password="wrong")
    assert (admin.refused_logins, admin.logins) == (1, 0)
    unknown = {name for name, outcome in outcomes(results).items() if outcome == "unknown"}
    assert unknown == {"topology", "servers", "datasources", "applications", "security", *OF_EACH_SERVER}
    assert all("登录被拒绝" in results[name].reason for name in unknown)


def test_without_a_password_nothing_is_sent(domain: Domain) -> None:
    results = ask(target(domain), "servers", password=None)
    assert "没有口令" in results["servers"].reason
    assert domain["AdminServer"].logins + domain["AdminServer"].refused_logins == 0


def test_10_3_6_answers_what_its_rest_tells_and_the_rest_is_unknown(old_domain: Domain) -> None:
    results = outcomes(ask(target(old_domain, replace(PLAN, version="10.3.6"))))
    untold = {"topology", "threads", "security"}
    assert {name for name, outcome in results.items() if outcome == "unknown"} == untold
    assert {outcome for name, outcome in results.items() if name not in untold} == {"pass"}


def test_on_10_3_6_a_server_that_is_down_leaves_its_parts_unknown(world: SmallWorld, old_domain: Domain) -> None:
    world.switch("server-down")
    results = outcomes(ask(target(old_domain), "servers", "datasources", "applications"))
    assert results == {"servers": "fail", "datasources": "unknown", "applications": "unknown"}


def test_a_dead_administration_server_fails_its_port_and_nothing_else(domain: Domain) -> None:
    domain["AdminServer"].refuse(True)
    results = outcomes(ask(target(domain)))
    assert results.pop("port") == "fail"
    assert results.pop("application_url") == "pass"
    assert set(results.values()) == {"unknown"}
