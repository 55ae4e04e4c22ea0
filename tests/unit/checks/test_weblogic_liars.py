"""Management interfaces that contradict themselves, leave fields out or answer for another server prove nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from weblogic_world import PLAN, ROOT, RUNTIMES, Scripted, ask, modern, outcomes, target_of, tree

from app.rehearsal.web import Answer, Request, html
from app.site.model import WebLogicExpect

TWO = WebLogicExpect(("AdminServer", "jyjc1"), PLAN.applications, PLAN.datasources)
STATES, SOURCES = f"{ROOT}/domainRuntime/serverLifeCycleRuntimes", f"{ROOT}/domainConfig/JDBCSystemResources"
DEPLOYMENTS, POOLS = f"{ROOT}/domainConfig/appDeployments", "JDBCServiceRuntime/JDBCDataSourceRuntimeMBeans"
JYJC1 = {"identity": ["servers", "jyjc1"]}


def outcome(reply: Callable[[Request], Answer], name: str, expect: WebLogicExpect = TWO, page: str = "") -> str:
    server = Scripted(reply)
    server.start()
    try:
        urls = (f"http://127.0.0.1:{server.port}{page}",) if page else ()
        return outcomes(ask(target_of(server.port, expect, application_urls=urls), name))[name]
    finally:
        server.stop()


def changed(path: str, value: Any, name: str, expect: WebLogicExpect = TWO) -> str:
    return outcome(tree(modern() | {path: value}), name, expect)


def items(*found: Any) -> dict[str, Any]:
    return {"items": list(found)}


def test_a_server_that_is_reported_in_two_states_is_undetermined() -> None:
    admin, up = {"name": "AdminServer", "state": "RUNNING"}, {"name": "jyjc1", "state": "RUNNING"}
    assert changed(STATES, items(admin, up | {"state": "FAILED"}, up), "servers") == "unknown"
    assert changed(STATES, items(admin, up, up), "servers") == "pass"


@pytest.mark.parametrize("plan", [TWO, WebLogicExpect()])
@pytest.mark.parametrize("part", [{"name": None}, {"listenPort": 0}, {"listenPort": "7002"}])
def test_servers_without_a_name_or_a_port_are_no_topology(part: dict[str, Any], plan: WebLogicExpect) -> None:
    admin = {"name": "AdminServer", "listenPort": 7001, "machine": ["machines", "m1"]}
    other = {"name": "jyjc1", "listenPort": 7002, "machine": ["machines", "m1"]}
    assert changed(f"{ROOT}/domainConfig/servers", items(admin, other | part), "topology", plan) == "unknown"


@pytest.mark.parametrize("targets", [{}, {"targets": None}, {"targets": [JYJC1, None]}, {"targets": [JYJC1, {}]}])
def test_targets_that_cannot_be_read_are_neither_none_nor_all(targets: dict[str, Any]) -> None:
    assert changed(SOURCES, items({"name": "jyjcDS"} | targets), "datasources") == "unknown"
    assert changed(DEPLOYMENTS, items({"name": "jyjc"} | targets), "applications") == "unknown"
    assert changed(SOURCES, items({"name": "jyjcDS", "targets": []}), "datasources") == "fail"


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_pools_of_one_name_the_suspended_one_counts(order: int) -> None:
    good = {
        "name": "jyjcDS", "state": "Running", "activeConnectionsHighCount": 1, "connectionsTotalCount": 3,
        "waitingForConnectionCurrentCount": 0,
    }  # fmt: skip
    pools = [good, {"name": "jyjcDS", "state": "Suspended"}][::order]
    assert changed(f"{RUNTIMES}/jyjc1/{POOLS}", items(*pools), "datasources") == "fail"
    assert changed(f"{RUNTIMES}/jyjc1/{POOLS}", items(good, good), "datasources") == "pass"


def test_the_health_of_another_server_is_not_this_one_s() -> None:
    path = f"{RUNTIMES}/jyjc1"
    assert changed(path, {"name": "AdminServer", "healthState": "ok"}, "health") == "unknown"
    assert changed(path, {"healthState": "ok"}, "health") == "pass"


def test_a_page_without_an_end_is_no_log_in_page() -> None:
    body = "<title>就业监测</title>登录".encode()
    assert outcome(lambda request: Answer(200, body), "application_url", page="/jyjc") == "pass"
    assert outcome(lambda request: Answer(200, body + b"x" * (5 << 20)), "application_url", page="/jyjc") == "unknown"


def test_the_console_s_log_in_page_is_not_the_application_s() -> None:
    for title in ("Oracle WebLogic Server Administration Console", "Oracle WebLogic Server 管理控制台"):
        page = html(title, '<input type="password">')
        assert outcome(lambda request, page=page: page, "application_url", page="/jyjc") == "unknown"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("whole", "expected"), [("STATE_ACTIVE", "pass"), (None, "pass"), ("STATE_FAILED", "unknown"), ("new", "unknown")]
)
def test_an_application_active_on_a_target_and_failed_as_a_whole_is_undetermined(whole: Any, expected: str) -> None:
    root = "/management/tenant-monitoring"
    states = [{"target": "jyjc1", "state": "STATE_ACTIVE"}]
    details = {"name": "jyjc", "state": whole, "health": "HEALTH_OK", "targetStates": states}
    running = [{"name": name, "state": "RUNNING"} for name in ("AdminServer", "jyjc1")]
    pages = {
        f"{root}/servers": {"body": items(*running)},
        f"{root}/applications": {"body": items({"name": "jyjc"})},
        f"{root}/applications/jyjc": {"body": {"item": details}},
    }
    assert outcome(tree(pages), "applications") == expected


# --- what contradicts itself, is cut, or is no JSON that anybody would send


RUNNING_VIEW = f"{ROOT}/domainRuntime/serverRuntimes"
CONFIGURED = f"{ROOT}/domainConfig/servers"


@pytest.mark.parametrize(
    ("cycle", "view", "expected"),
    [
        ("RUNNING", "RUNNING", "pass"), ("RUNNING", "running", "pass"), ("RUNNING", None, "unknown"),
        ("RUNNING", "SHUTDOWN", "unknown"), ("RUNNING", "FAILED", "unknown"), ("SHUTDOWN", "RUNNING", "fail"),
        ("SHUTDOWN", None, "fail"), ("FAILED", "RUNNING", "fail"), ("ADMIN", "ADMIN", "fail"),
    ],
)  # fmt: skip
def test_the_view_of_running_servers_is_compared_with_the_life_cycle(
    cycle: str, view: str | None, expected: str
) -> None:
    admin = {"name": "AdminServer", "state": "RUNNING"}
    pages = modern({"AdminServer": "RUNNING", "jyjc1": cycle})
    pages[RUNNING_VIEW] = items(admin, *([{"name": "jyjc1", "state": view}] if view else []))
    assert outcome(tree(pages), "servers") == expected


def test_a_stopped_server_that_the_other_view_has_running_is_undetermined_where_its_port_cannot_be_tried() -> None:
    pages = modern({"AdminServer": "RUNNING", "jyjc1": "SHUTDOWN"})
    both = [{"name": name, "state": "RUNNING"} for name in TWO.servers]
    pages[RUNNING_VIEW] = items(*both)
    pages[CONFIGURED]["items"][1]["listenPort"] = None
    assert outcome(tree(pages), "servers") == "unknown"
    pages[RUNNING_VIEW] = items(both[0])
    assert outcome(tree(pages), "servers") == "fail"


def test_a_server_that_runs_and_is_not_configured_or_a_list_of_none_is_undetermined() -> None:
    for found in (items(), items({"name": "AdminServer", "listenPort": 7001})):
        assert changed(CONFIGURED, found, "servers") == "unknown"
    assert changed(CONFIGURED, html("403", "", 403), "servers") == "pass"


def test_names_that_differ_by_case_only_are_one_server_and_two_of_them_are_none() -> None:
    capital = WebLogicExpect(("adminserver", "JYJC1"))
    assert outcome(tree(modern()), "servers", capital) == "pass"
    assert outcome(tree(modern()), "topology", capital) == "pass"
    admin, one, two = ({"name": name, "state": "RUNNING"} for name in ("AdminServer", "jyjc1", "JYJC1"))
    assert changed(STATES, items(admin, one, two), "servers", capital) == "unknown"
    twice = [{"name": name, "listenPort": 7001 + place} for place, name in enumerate(("AdminServer", "jyjc1", "jyjc1"))]
    assert changed(CONFIGURED, items(*twice), "topology") == "unknown"


def test_one_server_is_no_integrated_deployment_whatever_it_is_called_and_a_list_without_its_admin_is_not_whole() -> (
    None
):
    only = items({"name": "jyjc1", "listenPort": 7001, "machine": ["machines", "m1"]})
    for admin in ("", "AdminServer"):
        pages = modern() | {CONFIGURED: only}
        pages[f"{ROOT}/domainConfig"] = {"name": "d", "adminServerName": admin}
        assert outcome(tree(pages), "topology", WebLogicExpect()) == "fail"
    machine = ["machines", "m1"]
    two = [{"name": name, "listenPort": port, "machine": machine} for name, port in (("jyjc1", 7003), ("jyjc2", 7005))]
    assert changed(CONFIGURED, items(*two), "topology", WebLogicExpect()) == "unknown"


@pytest.mark.parametrize(
    "more",
    [
        {"hasMore": True}, {"totalResults": 3}, {"totalResults": "2"}, {"links": [{"rel": "next", "href": "x"}]},
        {"hasMore": "true"},
    ],
)  # fmt: skip
def test_part_of_a_list_is_not_the_list(more: dict[str, Any]) -> None:
    for path, name in ((STATES, "servers"), (CONFIGURED, "topology"), (DEPLOYMENTS, "applications")):
        assert changed(path, modern()[path] | more, name) == "unknown"
    assert changed(
        STATES, modern()[STATES] | {"links": [{"rel": "self", "href": "x"}], "hasMore": False}, "servers"
    ) == ("pass")


TEXTS = {
    "a key twice": b'{"items": [], "items": [{"name": "AdminServer", "state": "RUNNING"}]}',
    "not a number": b'{"items": [{"name": "AdminServer", "state": NaN}]}',
    "infinity": b'{"items": [{"name": "AdminServer", "state": "RUNNING", "x": -Infinity}]}',
    "deep": b'{"items": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "broken UTF-8": b'{"items": [{"name": "\xff\xfe", "state": "RUNNING"}]}',
    "markup": b"<html><title>Login</title></html>",
    "text": b'"RUNNING"',
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_no_sound_json_proves_nothing(name: str) -> None:
    pages = modern() | {STATES: Answer(200, TEXTS[name], "application/json")}
    for check in ("servers", "health", "heap", "threads", "jdk"):
        assert outcome(tree(pages), check) == "unknown", check


@pytest.mark.parametrize(
    "figures",
    [
        {"heapSizeCurrent": 0, "heapFreeCurrent": 0}, {"heapSizeMax": 0, "heapFreePercent": 90},
        {"heapFreeCurrent": 2000, "heapFreePercent": 90}, {"heapSizeMax": 900, "heapFreePercent": 90},
        {"heapFreeCurrent": "700"}, {"heapFreeCurrent": 1e400}, {"heapFreeCurrent": 10**30},
        {"heapSizeMax": None, "heapFreePercent": 101}, {"heapSizeMax": None, "heapFreePercent": 99.5},
    ],
)  # fmt: skip
def test_a_heap_whose_figures_contradict_each_other_is_not_a_free_one(figures: dict[str, Any]) -> None:
    import json

    path = f"{RUNTIMES}/jyjc1/JVMRuntime"
    heap = {"heapSizeCurrent": 1000, "heapFreeCurrent": 500, "heapSizeMax": 1000} | figures
    body = json.dumps(heap).replace("Infinity", "1e400").encode()
    assert changed(path, Answer(200, body, "application/json"), "heap") == "unknown"


@pytest.mark.parametrize("count", [0.5, "0", None, True, -1, [], 1e400])
def test_a_count_that_is_no_whole_number_is_none(count: Any) -> None:
    import json

    body = json.dumps({"stuckThreadCount": count, "queueLength": 0}).replace("Infinity", "1e400").encode()
    path = f"{RUNTIMES}/jyjc1/threadPoolRuntime"
    assert changed(path, Answer(200, body, "application/json"), "threads") == "unknown"


def test_an_instance_that_names_no_server_is_on_none() -> None:
    root = "/management/tenant-monitoring"
    instance = {"state": "Running", "activeConnectionsHighCount": 1, "connectionsTotalCount": 3,
                "currCapacityHighCount": 9, "waitingForConnectionCurrentCount": 0}  # fmt: skip
    pages = {
        f"{root}/servers": {"body": items({"name": "jyjc1", "state": "RUNNING"})},
        f"{root}/datasources": {"body": items({"name": "jyjcDS"})},
        f"{root}/datasources/jyjcDS": {"body": {"item": {"name": "jyjcDS", "instances": [instance]}}},
    }
    for servers in ((), ("jyjc1",)):
        plan = WebLogicExpect(servers, (), ("jyjcDS",))
        assert outcome(tree(pages), "datasources", plan) == "unknown"
    pages[f"{root}/datasources/jyjcDS"]["body"]["item"]["targets"] = ["jyjc1"]
    assert outcome(tree(pages), "datasources", WebLogicExpect(("jyjc1",), (), ("jyjcDS",))) == "unknown"


def test_a_port_that_says_back_all_it_hears_speaks_no_t3() -> None:
    from socket import socket

    from web_servers import Raw, raw, silent

    class Echo(Raw):
        def serve(self, connection: socket) -> None:
            connection.sendall(connection.recv(4096))

    with raw(silent, kind=Echo) as server:
        results = ask(target_of(server.port, TWO), "port", "version")
    assert (
        set(outcomes(results).values()) <= {"unknown", "not_applicable"} and str(results["port"].outcome) == "unknown"
    )
