"""The WebLogic checks against servers that answer as strangers do: at each threshold, and when they talk nonsense."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from weblogic_world import PLAN, ROOT, Scripted, ask, modern, outcomes, target_of, tree

from app.rehearsal.web import Answer, html
from app.site.model import WebLogicExpect

TWO = WebLogicExpect(("AdminServer", "jyjc1"), PLAN.applications, PLAN.datasources)
HELO = b"HELO:12.2.1.4.0.false\nAS:2048\nHL:19\nMS:10000000\nPN:DOMAIN\n\n"


@contextlib.contextmanager
def serving(pages: dict[str, Any], greeting: bytes | None = HELO) -> Iterator[Scripted]:
    server = Scripted(tree(pages), greeting)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def outcome(pages: dict[str, Any], name: str, expect: WebLogicExpect = TWO) -> str:
    with serving(pages) as server:
        return outcomes(ask(target_of(server.port, expect), name))[name]


def test_the_scripted_domain_is_healthy() -> None:
    for name in ("topology", "servers", "health", "heap", "threads", "datasources", "applications"):
        assert outcome(modern(), name) == "pass", name


@pytest.mark.parametrize(
    ("free", "expected"), [(150, "pass"), (149, "warn"), (50, "warn"), (49, "warn"), (0, "warn"), (None, "unknown")]
)
def test_heap_is_judged_by_what_is_free_of_the_maximum(free: int | None, expected: str) -> None:
    assert outcome(modern(heap={"heapFreeCurrent": free}), "heap") == expected


def test_a_heap_that_may_still_grow_is_not_low() -> None:
    assert outcome(modern(heap={"heapFreeCurrent": 10, "heapSizeMax": 4000}), "heap") == "pass"


def test_nonsense_heap_figures_prove_nothing() -> None:
    for figures in ({"heapSizeMax": 0}, {"heapFreeCurrent": 2000}, {"heapFreeCurrent": -1}, {"heapSizeMax": "much"}):
        assert outcome(modern(heap=figures), "heap") == "unknown", figures


@pytest.mark.parametrize(
    ("stuck", "expected"), [(0, "pass"), (1, "warn"), (10, "warn"), (11, "fail"), (None, "unknown"), (True, "unknown")]
)
def test_stuck_threads(stuck: Any, expected: str) -> None:
    assert outcome(modern(threads={"stuckThreadCount": stuck}), "threads") == expected


def test_a_queue_is_a_warning_only_while_it_grows() -> None:
    lengths = iter(range(5, 50))
    pages = modern()
    steady = outcome({**pages, **modern(threads={"queueLength": 7})}, "threads")

    def growing(request: Any) -> Answer:
        if request.path.endswith("/threadPoolRuntime"):
            pages[request.path] = {"stuckThreadCount": 0, "hoggingThreadCount": 0, "queueLength": next(lengths)}
        return tree(pages)(request)

    there = Scripted(growing, HELO)
    there.start()
    grown = outcomes(ask(target_of(there.port, TWO), "threads"))["threads"]
    there.stop()
    assert (steady, grown) == ("pass", "warn")


@pytest.mark.parametrize(
    ("health", "expected"),
    [
        ("ok", "pass"), (0, "pass"), ("HEALTH_OK", "pass"), ({"state": "ok"}, "pass"), ("Warning", "warn"), (1, "warn"),
        ("HEALTH_WARN", "warn"), ({"state": "critical"}, "fail"), (2, "fail"), ("failed", "fail"), (3, "fail"),
        ("overloaded", "fail"), (4, "fail"), (None, "unknown"), ({}, "unknown"), ("splendid", "unknown"),
        (9, "unknown"),
    ],
)  # fmt: skip
def test_health_is_read_in_every_form_of_the_versions(health: Any, expected: str) -> None:
    assert outcome(modern(health=health), "health") == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("RUNNING", "pass"), ("running", "pass"), ("ADMIN", "fail"), ("STANDBY", "fail"), ("FAILED", "fail"),
        ("FAILED_NOT_RESTARTABLE", "fail"), ("SHUTDOWN", "fail"), ("UNKNOWN", "fail"), (None, "unknown"),
    ],
)  # fmt: skip
def test_a_planned_server_must_be_running(state: Any, expected: str) -> None:
    assert outcome(modern({"AdminServer": "RUNNING", "jyjc1": state}), "servers") == expected


@pytest.mark.parametrize("state", ["SHUTDOWN", "UNKNOWN"])
def test_a_server_reported_down_whose_port_answers_is_undetermined(state: str) -> None:
    pages = modern({"AdminServer": "RUNNING", "jyjc1": state})
    with serving(pages) as server:
        configured = pages[f"{ROOT}/domainConfig/servers"]["items"]
        configured[1]["listenPort"] = server.port
        assert outcomes(ask(target_of(server.port, TWO), "servers"))["servers"] == "unknown"


def test_a_missing_server_fails_and_an_empty_list_proves_nothing() -> None:
    assert outcome(modern({"AdminServer": "RUNNING"}), "servers") == "fail"
    pages = modern()
    pages[f"{ROOT}/domainRuntime/serverLifeCycleRuntimes"] = {"items": []}
    for name in ("servers", "health", "heap", "threads", "datasources", "applications"):
        assert outcome(pages, name) == "unknown", name


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ({}, "pass"), ({"state": "running"}, "pass"), ({"state": "Suspended"}, "fail"), ({"state": "Shutdown"}, "fail"),
        ({"state": "Overloaded"}, "fail"), ({"state": None}, "unknown"),
        ({"waitingForConnectionCurrentCount": 1}, "warn"),
        ({"activeConnectionsHighCount": 50}, "warn"), ({"activeConnectionsHighCount": 49}, "pass"),
        ({"connectionsTotalCount": 0}, "unknown"), ({"connectionsTotalCount": None}, "unknown"),
        ({"name": "x"}, "fail"),
    ],
)  # fmt: skip
def test_a_data_source_is_judged_on_each_of_its_targets(pool: dict[str, Any], expected: str) -> None:
    assert outcome(modern(pool=pool), "datasources") == expected


@pytest.mark.parametrize(
    ("application", "expected"),
    [
        ({}, "pass"), ({"activeVersionState": 1}, "fail"), ({"activeVersionState": None}, "unknown"),
        ({"healthState": {"state": "failed"}}, "fail"), ({"applicationName": "other"}, "fail"),
    ],
)  # fmt: skip
def test_an_application_is_judged_on_each_of_its_targets(application: dict[str, Any], expected: str) -> None:
    assert outcome(modern(application=application), "applications") == expected


def test_a_target_that_is_a_cluster_stands_for_its_members() -> None:
    pages = modern()
    pages[f"{ROOT}/domainConfig/servers"]["items"][1]["cluster"] = ["clusters", "C1"]
    pages[f"{ROOT}/domainConfig/appDeployments"]["items"][0]["targets"] = [{"identity": ["clusters", "C1"]}]
    assert outcome(pages, "applications") == "pass"
    pages[f"{ROOT}/domainConfig/appDeployments"]["items"][0]["targets"] = []
    assert outcome(pages, "applications") == "fail"


def test_without_a_plan_what_is_there_is_only_recorded() -> None:
    with serving(modern()) as server:
        results = ask(target_of(server.port, WebLogicExpect()), "version", "servers", "datasources", "applications")
    assert set(outcomes(results).values()) == {"not_applicable"}
    assert "jyjc1 RUNNING" in results["servers"].actual


def server(name: str, port: Any, machine: Any = ("machines", "m1")) -> dict[str, Any]:
    return {
        "name": name,
        "listenAddress": "127.0.0.1",
        "listenPort": port,
        "machine": list(machine) if machine else None,
    }


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        ([server("AdminServer", 7001), server("jyjc1", 7003)], "pass"),
        ([server("AdminServer", 7001, None), server("jyjc1", 7003)], "pass"),
        ([server("AdminServer", 7001), server("jyjc1", 7003, None)], "warn"),
        ([server("AdminServer", 7001), server("jyjc1", 7001)], "fail"),
        ([server("AdminServer", 7001), server("jyjc1", 7001, ("machines", "m2"))], "pass"),
        ([server("AdminServer", 7001)], "fail"),
        ([server("AdminServer", 7001), server("jyjc9", 7003)], "fail"),
        ([server("AdminServer", 7001), server("jyjc1", None)], "unknown"),
    ],
)
def test_topology_is_one_domain_with_many_servers(servers: list[dict[str, Any]], expected: str) -> None:
    assert outcome(modern(servers=servers), "topology") == expected


def test_topology_does_not_apply_to_a_site_that_is_not_integrated() -> None:
    with serving(modern()) as there:
        assert outcomes(ask(target_of(there.port), "topology", integrated=False)) == {"topology": "not_applicable"}
        assert there.requests == []


@pytest.mark.parametrize(
    ("greeting", "expected", "version"),
    [
        (HELO, "pass", "12.2.1.4.0"),
        (b"HELO:10.3.6.0.false\nAS:2048\nHL:19\n\n", "pass", "10.3.6.0"),
        (b"HELO:12.1.3.0.0.false\n\n", "pass", "12.1.3.0.0"),
        (b"t3 10.3.6.0\nAS:2048\nHL:19\n\n", "pass", "10.3.6.0"),
        (b"HELO\n\n", "warn", ""),
        (b"LGIN:Connection rejected, filter blocked Socket, weblogic.security.net: [Security:090220]\n\n", "warn", ""),
        (b"SMTP ready\r\n\n\n", "unknown", ""),
        (b"\x00\x01\x02\x03\n\n", "unknown", ""),
    ],
)  # fmt: skip
def test_the_t3_greeting_is_judged(greeting: bytes, expected: str, version: str) -> None:
    with serving({}, greeting) as there:
        result = ask(target_of(there.port), "port")["port"]
    assert str(result.outcome) == expected
    assert version in result.actual


def test_http_on_the_t3_port_is_something_else() -> None:
    with serving({}, None) as there:
        result = ask(target_of(there.port), "port")["port"]
    assert (str(result.outcome), "HTTP" in result.reason) == ("unknown", True)


NONSENSE = {
    "html": html("Login", "<form>"),
    "half JSON": Answer(200, b'{"items": [', "application/json"),
    "a list": Answer(200, b"[]", "application/json"),
    "wrong types": Answer(200, b'{"items": [1, 2]}', "application/json"),
    "null": Answer(200, b"null", "application/json"),
    "403": html("403", "The request can only be made through an administration channel", 403),
    "500": html("500", "", 500),
    "redirect": Answer(302, headers={"Location": "https://elsewhere.example/console"}),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_an_answer_that_is_none_leaves_every_rest_check_unknown(name: str) -> None:
    def reply(_request: Any) -> Answer:
        return NONSENSE[name]

    there = Scripted(reply, HELO)
    there.start()
    results = ask(target_of(there.port, TWO), "servers", "health", "heap", "threads", "datasources", "applications")
    there.stop()
    assert set(outcomes(results).values()) == {"unknown"}
    assert all(result.reason for result in results.values())


def test_the_hint_at_the_administration_channel_is_given() -> None:
    there = Scripted(lambda request: NONSENSE["403"], HELO)
    there.start()
    assert "9002" in ask(target_of(there.port, TWO), "servers")["servers"].advice
    there.stop()


def test_credentials_are_sent_nowhere_after_a_401_and_never_along_a_redirect() -> None:
    for answer in (html("401", "", 401), NONSENSE["redirect"]):
        there = Scripted(lambda request, given=answer: given, HELO)  # type: ignore[misc]
        there.start()
        ask(target_of(there.port, TWO))
        there.stop()
        assert len(there.logins) == 1 or answer.status != 401
        assert all(request.path.startswith("/management/") for request in there.logins)


def test_no_rest_at_all_says_what_to_do() -> None:
    with serving({}) as there:
        result = ask(target_of(there.port, TWO), "servers")["servers"]
    assert str(result.outcome) == "unknown"
    assert "RESTful" in result.advice


def test_12_1_3_is_read_by_its_own_paths_and_lower_case_states() -> None:
    root = "/management/wls/latest"
    heap = {"heapSizeCurrent": 100, "heapFreeCurrent": 60, "heapSizeMax": 100}
    item = {"state": "running", "health": {"state": "ok"}, **heap}
    names = ("AdminServer", "jyjc1")
    pages: dict[str, Any] = {
        f"{root}/servers": {"items": [{"name": name, "state": "running"} for name in names]},
        **{f"{root}/servers/id/{name}": {"item": {**item, "name": name}} for name in names},
    }
    assert [outcome(pages, name) for name in ("servers", "health", "heap")] == ["pass"] * 3


def page(url_path: str, pages: dict[str, Any]) -> str:
    with serving(pages) as there:
        target = target_of(there.port, TWO, application_urls=(f"http://127.0.0.1:{there.port}{url_path}",))
        return outcomes(ask(target, "application_url"))["application_url"]


LOG_IN = html("就业监测管理信息系统", '<input type="password">')


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (LOG_IN, "pass"),
        (html("", "<p>空</p>"), "fail"),
        (html("Error 404--Not Found", "", 404), "fail"),
        (html("Error 500", "", 500), "fail"),
        (html("Error 500", "应用出错", 200), "unknown"),
        (html("Forbidden", "", 403), "unknown"),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/elsewhere"}), "unknown"),
    ],
)
def test_the_log_in_page(answer: Answer, expected: str) -> None:
    assert page("/jyjc", {"/jyjc": answer}) == expected


def test_a_redirect_on_the_same_server_is_followed_to_its_page() -> None:
    assert page("/jyjc", {"/jyjc": Answer(302, headers={"Location": "/jyjc/"}), "/jyjc/": LOG_IN}) == "pass"


def test_a_redirect_that_never_ends_is_undetermined() -> None:
    assert page("/jyjc", {"/jyjc": Answer(302, headers={"Location": "/jyjc"})}) == "unknown"
