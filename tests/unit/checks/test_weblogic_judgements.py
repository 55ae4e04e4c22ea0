"""What is made of a domain's facts at each bound, and of what an interface does not tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from weblogic_world import PLAN, ROOT, RUNTIMES, Scripted, ask, modern, target_of, tree

from app.checks.model import Outcome, Result, Verdict
from app.checks.weblogic.checks import CHECKS, compare_version
from app.checks.weblogic.facts import ConfiguredServer, Deployed, Page, Pool, Reading, Servers, ServerState, Topology
from app.checks.weblogic.interface import health_of, health_with
from app.checks.weblogic.judging import judge_heap, judge_threads
from app.rehearsal.web import Answer, Request, html
from app.site.model import Site, WebLogic, WebLogicExpect

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
HELO = b"HELO:12.2.1.4.0.false\nAS:2048\nHL:19\n\n"
TWO = WebLogicExpect(("AdminServer", "jyjc1"), PLAN.applications, PLAN.datasources)
CHECK = {check.id.rpartition(".")[2]: check for check in CHECKS}
TARGET = WebLogic("wls1", url="http://127.0.0.1:7001", user="monitor", expect=TWO)
BOTH = (ServerState("AdminServer", "RUNNING"), ServerState("jyjc1", "RUNNING"))


def compared(name: str, facts: Any, target: WebLogic = TARGET) -> Verdict:
    return CHECK[name].compare(facts, target, Site("某省节点", "510000"))


@contextmanager
def scripted(reply: Callable[[Request], Answer], greeting: bytes | None = HELO) -> Iterator[Scripted]:
    server = Scripted(reply, greeting)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def result(pages: dict[str, Any], name: str, expect: WebLogicExpect = TWO, greeting: bytes | None = HELO) -> Result:
    with scripted(tree(pages), greeting) as server:
        return ask(target_of(server.port, expect), name)[name]


def in_turn(path: str, *values: Any) -> Callable[[Request], Answer]:
    """A healthy domain whose ``path`` answers one value after the other, then the last for ever."""
    pages, left = modern(), list(values)

    def reply(request: Request) -> Answer:
        if request.path == path:
            pages[path] = left.pop(0) if len(left) > 1 else left[0]
        return tree(pages)(request)

    return reply


def outcome_of(reply: Callable[[Request], Answer], name: str) -> Outcome:
    with scripted(reply) as server:
        return ask(target_of(server.port, TWO), name)[name].outcome


# --- health


@pytest.mark.parametrize(
    ("own", "overall", "expected"),
    [
        ("ok", None, "OK"), ("ok", {"state": "failed"}, "FAILED"), ("critical", "ok", "CRITICAL"), (None, "ok", None),
        ("ok", "splendid", None), (None, None, None), (0, 4, "OVERLOADED"), (1, 0, "WARN"), (True, None, None),
    ],
)  # fmt: skip
def test_health_is_the_graver_of_both_and_nothing_where_one_cannot_be_read(
    own: Any, overall: Any, expected: str | None
) -> None:
    assert health_with(own, overall) == expected


def test_health_is_read_by_number_as_weblogic_numbers_it() -> None:
    assert [health_of(number) for number in range(-1, 6)] == [
        None, "OK", "WARN", "CRITICAL", "FAILED", "OVERLOADED", None,
    ]  # fmt: skip


def test_overloaded_once_is_a_warning_and_twice_a_failure() -> None:
    path = f"{RUNTIMES}/jyjc1"
    once = in_turn(path, {"healthState": {"state": "overloaded"}}, {"healthState": {"state": "ok"}})
    assert outcome_of(once, "health") is WARN
    assert outcome_of(in_turn(path, {"healthState": {"state": "overloaded"}}), "health") is FAIL


# --- heap and threads


def heap(*free: int | None, most: int | None = 1000, percent: int | None = None) -> Servers:
    readings = tuple(Reading("jyjc1", heap_current=1000, heap_free=f, heap_max=most, heap_free_percent=percent)
                     for f in free)  # fmt: skip
    admin = Reading("AdminServer", heap_current=100, heap_free=90, heap_max=100)
    return Servers(BOTH, {"AdminServer": (admin,), "jyjc1": readings})


@pytest.mark.parametrize(
    ("free", "expected"),
    [((150,), PASS), ((149,), WARN), ((50,), WARN), ((49,), WARN), ((10, 20, 150), PASS), ((10, 149, 20), WARN)],
)
def test_the_best_sample_of_the_heap_counts(free: Sequence[int], expected: Outcome) -> None:
    verdict = judge_heap(heap(*free), TARGET)
    assert verdict.outcome is expected
    assert verdict.outcome is PASS or "jyjc1" in verdict.reason


def test_a_heap_almost_full_says_that_the_log_was_not_read() -> None:
    assert "OutOfMemoryError" in judge_heap(heap(49), TARGET).reason
    assert "OutOfMemoryError" not in judge_heap(heap(50), TARGET).reason


def test_the_percentage_stands_in_for_figures_that_are_missing() -> None:
    assert judge_heap(heap(None, percent=15), TARGET).outcome is PASS
    assert judge_heap(heap(None, percent=14), TARGET).outcome is WARN
    assert judge_heap(heap(500, most=None), TARGET).outcome is UNKNOWN


def test_a_heap_that_is_full_only_before_a_collection_passes() -> None:
    full = {"heapSizeCurrent": 1000, "heapFreeCurrent": 20, "heapSizeMax": 1000}
    path = f"{RUNTIMES}/jyjc1/JVMRuntime"
    assert outcome_of(in_turn(path, full, {**full, "heapFreeCurrent": 700}), "heap") is PASS
    assert outcome_of(in_turn(path, full), "heap") is WARN


def threads(*readings: tuple[int | None, int | None]) -> Servers:
    taken = tuple(Reading("jyjc1", stuck=stuck, hogging=0, queue=queue) for stuck, queue in readings)
    return Servers(BOTH, {"AdminServer": (Reading("AdminServer", stuck=0, queue=0),), "jyjc1": taken})


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        (((0, 0),), PASS), (((1, 0),), WARN), (((10, 0),), WARN), (((11, 0),), FAIL), (((None, 0),), UNKNOWN),
        (((0, None),), UNKNOWN), (((0, 5), (0, 5)), PASS), (((0, 5), (0, 4)), PASS), (((0, 5), (0, 6)), WARN),
        (((0, 5), (0, None)), UNKNOWN), (((11, None),), FAIL),
    ],
)  # fmt: skip
def test_stuck_threads_and_a_growing_queue(
    readings: Sequence[tuple[int | None, int | None]], expected: Outcome
) -> None:
    assert judge_threads(threads(*readings), TARGET).outcome is expected


def test_what_one_server_does_not_tell_hides_no_stuck_threads_of_another() -> None:
    pages = modern(threads={"stuckThreadCount": 11})
    pages[f"{RUNTIMES}/AdminServer/threadPoolRuntime"] = html("500", "", 500)
    found = result(pages, "threads")
    assert found.outcome is FAIL and "AdminServer" in found.reason and "11" in found.reason
    pages[f"{RUNTIMES}/jyjc1/threadPoolRuntime"] = {"stuckThreadCount": 0, "queueLength": 0}
    assert result(pages, "threads").outcome is UNKNOWN


@pytest.mark.parametrize("name", ["health", "heap", "threads"])
def test_a_planned_server_that_is_down_is_named_and_one_without_a_plan_does_not_count(name: str) -> None:
    pages = modern({"AdminServer": "RUNNING", "jyjc1": "RUNNING", "spare": "SHUTDOWN"})
    assert result(pages, name).outcome is PASS
    planned = WebLogicExpect((*TWO.servers, "spare"))
    assert result(pages, name, planned).outcome is UNKNOWN and "spare" in result(pages, name, planned).reason


# --- servers and topology


def test_a_server_that_is_starting_is_asked_again() -> None:
    path = f"{ROOT}/domainRuntime/serverLifeCycleRuntimes"

    def states(state: str) -> dict[str, Any]:
        return {"items": [{"name": "AdminServer", "state": "RUNNING"}, {"name": "jyjc1", "state": state}]}

    assert outcome_of(in_turn(path, states("STARTING"), states("RESUMING"), states("RUNNING")), "servers") is PASS


def test_an_unknown_server_on_a_machine_whose_address_is_not_told_is_not_called_down() -> None:
    pages = modern({"AdminServer": "RUNNING", "jyjc1": "UNKNOWN"})
    assert result(pages, "servers").outcome is FAIL
    pages[f"{ROOT}/domainConfig/servers"]["items"][1]["listenAddress"] = None
    assert result(pages, "servers").outcome is UNKNOWN


def test_the_life_cycle_counts_where_the_configuration_may_not_be_read() -> None:
    pages = modern({"AdminServer": "RUNNING", "jyjc1": "SHUTDOWN"})
    pages[f"{ROOT}/domainConfig/servers"] = html("403", "", 403)
    assert result(pages, "servers").outcome is FAIL


def configured(*servers: ConfiguredServer, domain: str = "jyjc_domain") -> Topology:
    return Topology(domain, "AdminServer", "12.2.1.4.0", (ConfiguredServer("AdminServer", "", 7001, "m1"), *servers))


@pytest.mark.parametrize(
    ("topology", "expected"),
    [
        (configured(ConfiguredServer("jyjc1", "", 7003, "m1")), PASS),
        (configured(ConfiguredServer("jyjc1", "", 7001, "m1")), FAIL),
        (configured(ConfiguredServer("jyjc1", "10.0.0.1", 7001, "m1")), PASS),
        (configured(ConfiguredServer("jyjc1", "", 7001, "m1", listens=False)), PASS),
        (configured(ConfiguredServer("jyjc1", "", 7003, "")), WARN),
        (configured(ConfiguredServer("jyjc1", "", 7003, "m1"), domain=""), UNKNOWN),
        (configured(ConfiguredServer("jyjc1", "", 7003, "m1"), ConfiguredServer("x", "", 7005, "m1")), FAIL),
        (Topology("jyjc_domain", "AdminServer", "", ()), UNKNOWN),
    ],
)
def test_topology_at_its_bounds(topology: Topology, expected: Outcome) -> None:
    assert compared("topology", topology).outcome is expected


def test_servers_whose_plain_port_is_off_do_not_share_it() -> None:
    pages = modern()
    servers = pages[f"{ROOT}/domainConfig/servers"]["items"]
    servers[1]["listenPort"] = servers[0]["listenPort"]
    assert result(pages, "topology").outcome is FAIL
    servers[1]["listenPortEnabled"] = False
    assert result(pages, "topology").outcome is PASS


def test_the_administration_server_need_not_stand_in_the_plan() -> None:
    plan = WebLogic("wls1", url="http://127.0.0.1:7001", expect=WebLogicExpect(("jyjc1",)))
    assert compared("topology", configured(ConfiguredServer("jyjc1", "", 7003, "m1")), plan).outcome is PASS


def test_an_interface_that_tells_no_addresses_is_named_with_what_to_do() -> None:
    told = Topology("", "", "", tuple(ConfiguredServer(s.name) for s in BOTH), False, "REST tenant-monitoring")
    verdict = compared("topology", told)
    assert verdict.outcome is UNKNOWN and "tenant-monitoring" in verdict.reason and "控制台" in verdict.reason


# --- data sources and applications


def pool(**parts: Any) -> Deployed:
    whole = {"state": "RUNNING", "waiting": 0, "high": 5, "maximum": 50, "made": 9, **parts}
    return Deployed(BOTH, {"jyjcDS": (Pool("jyjc1", **whole),)}, {"jyjcDS": ("jyjc1",)})


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, PASS), ({"waiting": 1}, WARN), ({"high": 49}, PASS), ({"high": 50}, WARN), ({"made": 0}, UNKNOWN),
        ({"waiting": None}, UNKNOWN), ({"high": None}, UNKNOWN), ({"maximum": None}, UNKNOWN),
        ({"maximum": None, "opened": 6}, PASS), ({"maximum": None, "opened": 5}, UNKNOWN), ({"state": ""}, UNKNOWN),
        ({"state": "OVERLOADED"}, FAIL), ({"state": "SUSPENDED", "made": 0}, FAIL),
    ],
)  # fmt: skip
def test_a_pool_at_its_bounds(parts: dict[str, Any], expected: Outcome) -> None:
    assert compared("datasources", pool(**parts)).outcome is expected


def test_a_target_that_is_no_server_is_undetermined() -> None:
    pages = modern()
    deployments = pages[f"{ROOT}/domainConfig/appDeployments"]["items"]
    deployments[0]["targets"] = [{"identity": ["virtualHosts", "outside"]}]
    found = result(pages, "applications")
    assert found.outcome is UNKNOWN and "outside" in found.reason


def test_the_active_version_of_an_application_counts_beside_a_retired_one() -> None:
    pages = modern()
    deployments = [{"name": f"jyjc#{number}", "targets": [{"identity": ["servers", "jyjc1"]}]} for number in ("1", "2")]
    pages[f"{ROOT}/domainConfig/appDeployments"] = {"items": deployments}
    versions = [
        {"name": f"jyjc#{number}", "applicationName": "jyjc", "activeVersionState": state}
        for number, state in (("2", 2), ("1", 0))
    ]
    for order in (versions, versions[::-1]):
        pages[f"{RUNTIMES}/jyjc1/applicationRuntimes"] = {"items": order}
        assert result(pages, "applications").outcome is PASS
    pages[f"{RUNTIMES}/jyjc1/applicationRuntimes"] = {"items": versions[1:]}
    assert result(pages, "applications").outcome is FAIL


# --- the older interfaces


def tenant(**details: Any) -> dict[str, Any]:
    """tenant-monitoring of a healthy domain of AdminServer, jyjc1 and jyjc2; ``details`` of jyjcDS and jyjc."""
    root = "/management/tenant-monitoring"
    names = ("AdminServer", "jyjc1", "jyjc2")
    instance = {
        "state": "Running", "activeConnectionsHighCount": 5, "connectionsTotalCount": 9, "currCapacityHighCount": 15,
        "waitingForConnectionCurrentCount": 0,
    }  # fmt: skip
    source = {"name": "jyjcDS", "instances": [{"server": name, **instance} for name in names[1:]]}
    application = {
        "name": "jyjc", "state": "STATE_ACTIVE", "health": "HEALTH_OK",
        "targetStates": [{"target": name, "state": "STATE_ACTIVE"} for name in names[1:]],
    }  # fmt: skip
    return {
        f"{root}/servers": {"body": {"items": [{"name": name, "state": "RUNNING"} for name in names]}},
        f"{root}/datasources": {"body": {"items": [{"name": "jyjcDS"}, {"name": "other"}]}},
        f"{root}/datasources/jyjcDS": {"body": {"item": {**source, **details.get("source", {})}}},
        f"{root}/applications": {"body": {"items": [{"name": "jyjc"}, {"name": "other"}]}},
        f"{root}/applications/jyjc": {"body": {"item": {**application, **details.get("application", {})}}},
    }


@pytest.mark.parametrize("name", ["datasources", "applications"])
def test_an_old_interface_that_names_no_targets_leaves_a_server_without_it_undetermined(name: str) -> None:
    assert result(tenant(), name, PLAN).outcome is PASS
    instances = tenant()["/management/tenant-monitoring/datasources/jyjcDS"]["body"]["item"]["instances"]
    only_one = {
        "source": {"instances": instances[:1]},
        "application": {"targetStates": [{"target": "jyjc1", "state": "STATE_ACTIVE"}]},
    }  # fmt: skip
    found = result(tenant(**only_one), name, PLAN)
    assert found.outcome is UNKNOWN and "jyjc2" in found.reason and "tenant-monitoring" in found.reason
    nowhere = result(tenant(source={"instances": None}, application={"targetStates": None}), name, PLAN)
    assert nowhere.outcome is UNKNOWN


@pytest.mark.parametrize(
    ("name", "details"),
    [
        ("datasources", {"source": {"instances": [{"server": "jyjc1", "state": "Suspended"}]}}),
        ("applications", {"application": {"targetStates": [{"target": "jyjc1", "state": "STATE_PREPARED"}]}}),
        ("applications", {"application": {"health": "HEALTH_FAILED"}}),
    ],
)
def test_what_an_old_interface_shows_as_bad_fails(name: str, details: dict[str, Any]) -> None:
    assert result(tenant(**details), name, PLAN).outcome is FAIL


def test_a_planned_thing_that_an_old_interface_does_not_list_fails() -> None:
    expect = WebLogicExpect(PLAN.servers, ("absent",), ("absent",))
    assert {result(tenant(), name, expect).outcome for name in ("datasources", "applications")} == {FAIL}


def test_threads_are_not_told_before_12_2_1_and_the_version_is_named() -> None:
    found = result(tenant(), "threads", PLAN)
    assert found.outcome is UNKNOWN and "10.3.6" in found.reason and found.advice


def test_12_1_3_tells_data_sources_with_their_targets() -> None:
    root = "/management/wls/latest"
    metric = {
        "serverName": "jyjc1", "state": "Running", "activeConnectionsHighCount": 5, "connectionsTotalCount": 9,
        "currCapacityHighCount": 15, "waitingForConnectionCurrentCount": 0,
    }  # fmt: skip
    pages: dict[str, Any] = {
        f"{root}/servers": {"items": [{"name": name, "state": "running"} for name in TWO.servers]},
        f"{root}/datasources": {"items": [{"name": "jyjcDS"}]},
        f"{root}/datasources/id/jyjcDS": {
            "item": {"name": "jyjcDS", "targets": ["jyjc1"], "dataSourceMetrics": [metric]}
        },
    }
    assert result(pages, "datasources").outcome is PASS
    pages[f"{root}/datasources/id/jyjcDS"]["item"]["targets"].append("AdminServer")
    assert result(pages, "datasources").outcome is FAIL


# --- version


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        ("12.2.1.4.0", "12.2.1.4.0", PASS), ("12.2.1.4.0", "12.2.1", PASS), ("12.2.1.3.0", "12.2.1.4", FAIL),
        ("12.1.3.0", "12.1.3.0.0", PASS), ("12.1.3.0.0", "12.1.3.0", PASS), ("12.2.1", "12.2.1.4.0", FAIL),
        ("10.3.6.0", ">=10.3.6", PASS), ("10.3.5.0", ">=10.3.6", FAIL), ("10.3.6.0", "==10.3.6.0.0", PASS),
    ],
)  # fmt: skip
def test_versions_are_compared_though_their_parts_are_not_as_many(found: str, wanted: str, expected: Outcome) -> None:
    target = WebLogic("wls1", expect=WebLogicExpect(version=wanted))
    verdict = compare_version(found, target, Site("某省节点", "510000"))
    assert verdict.outcome is expected and verdict.observed == {"version": found}


def test_where_t3_is_filtered_the_release_is_read_over_rest_behind_the_patches() -> None:
    pages = modern()
    patched = "WebLogic Server Temporary Patch for BUG13340309 WebLogic Server 12.2.1.4.0 Thu Sep 12 04:04:29 GMT 2019"
    pages[f"{RUNTIMES}/AdminServer"]["weblogicVersion"] = patched
    expect = WebLogicExpect(version="12.2.1.4.0")
    for greeting in (b"LGIN:filter blocked Socket [Security:090220]\n\n", None):
        found = result(pages, "version", expect, greeting)
        assert found.outcome is PASS and found.observed == {"version": "12.2.1.4.0"}
        assert found.route == "REST 12.2.1+"


def test_without_a_version_anywhere_it_is_undetermined() -> None:
    pages = modern()
    for name in TWO.servers:
        pages[f"{RUNTIMES}/{name}"]["weblogicVersion"] = None
    assert result(pages, "version", PLAN, b"HELO\n\n").outcome is UNKNOWN


# --- the application's page


def page(seconds: float = 0.1, **parts: Any) -> Page:
    return Page(**{"url": "http://a/jyjc", "status": 200, "title": "登录", "seconds": seconds, "log_in": True, **parts})


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([page(2.999)], PASS), ([page(3.0)], WARN), ([page(title="")], FAIL), ([page(log_in=False)], UNKNOWN),
        ([page(), page(3.0, url="http://b/")], WARN),
        ([page(), page(url="http://b/", trouble="拒绝连接", failed=True)], FAIL),
        ([page(), page(url="http://b/", trouble="没有应答")], UNKNOWN), ([page(status=500)], FAIL),
    ],
)  # fmt: skip
def test_the_worst_page_counts_and_each_is_named(pages: list[Page], expected: Outcome) -> None:
    verdict = compared("application_url", pages)
    assert verdict.outcome is expected
    assert all(one.url in verdict.actual for one in pages)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<input type="password">', PASS), ("<p>请插入证书后点击登录</p>", PASS),
        ('<form action="/x/j_security_check"></form>', PASS), ("<p>系统维护中</p>", UNKNOWN),
    ],
)  # fmt: skip
def test_a_page_must_show_a_log_in(body: str, expected: Outcome) -> None:
    with scripted(lambda request: html("就业监测管理信息系统", body)) as server:
        target = target_of(server.port, TWO, application_urls=(f"http://127.0.0.1:{server.port}/jyjc",))
        found = ask(target, "application_url")["application_url"]
    assert found.outcome is expected and not server.logins


def test_without_an_address_the_page_is_not_planned() -> None:
    assert ask(target_of(1, TWO), "application_url")["application_url"].outcome is Outcome.NOT_APPLICABLE
