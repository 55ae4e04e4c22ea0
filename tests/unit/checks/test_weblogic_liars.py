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
