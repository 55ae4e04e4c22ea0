"""Each family of versions by its own REST, from 10.3.6 to ones that are not out yet; Java, security, console, clock."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from web_servers import Raw, authority, raw, silent
from web_servers import answer as http
from weblogic_world import PASSWORD, PLAN, ROOT, RUNTIMES, Scripted, ask, modern, outcomes, target_of, tree

from app.checks.clock import compare_clock
from app.checks.model import Outcome, Result
from app.checks.weblogic.checks import CHECKS
from app.rehearsal.web import Answer, Request, html
from app.site.model import Site, WebLogicExpect

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
NOT_APPLICABLE = Outcome.NOT_APPLICABLE
TWO = WebLogicExpect(("AdminServer", "jyjc1"), ("jyjc",), ("jyjcDS",), "", "1.8", "yes")
CONSOLE = html("Oracle WebLogic Server Administration Console", '<form action="j_security_check">')
CONSOLE_PATH = "/console/login/LoginForm.jsp"
CHECK = {check.id.rpartition(".")[2]: check for check in CHECKS}


def helo(version: str) -> bytes:
    return f"HELO:{version}.false\nAS:2048\nHL:19\nMS:10000000\n\n".encode()


@contextmanager
def serving(reply: Callable[[Request], Answer], version: str = "12.2.1.4.0") -> Iterator[Scripted]:
    server = Scripted(reply, helo(version) if version else None)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def result(pages: dict[str, Any], name: str, expect: WebLogicExpect = TWO, version: str = "12.2.1.4.0") -> Result:
    with serving(tree(pages), version) as server:
        return ask(target_of(server.port, expect), name)[name]


def older(root: str, applications: str, one: str, upper: bool) -> dict[str, Any]:
    """tenant-monitoring (states in capitals, wrapped in a body) or 12.1.3's own (lower case, not wrapped)."""
    state, health = ("RUNNING", "HEALTH_OK") if upper else ("running", {"state": "ok"})
    names = ("AdminServer", "jyjc1")
    details = {"state": state, "health": health, "heapSizeCurrent": 100, "heapFreeCurrent": 60, "heapSizeMax": 100,
               "javaVersion": "1.8.0_202"}  # fmt: skip
    pool = {"server": "jyjc1", "serverName": "jyjc1", "state": "Running", "activeConnectionsHighCount": 5,
            "connectionsTotalCount": 9, "currCapacityHighCount": 15, "waitingForConnectionCurrentCount": 0}  # fmt: skip
    active = {"target": "jyjc1", "server": "jyjc1", "state": "STATE_ACTIVE" if upper else "active"}
    lists = {
        f"{root}/servers": {"items": [{"name": name, "state": state} for name in names]},
        f"{root}/datasources": {"items": [{"name": "jyjcDS"}]},
        f"{root}/{applications}": {"items": [{"name": "jyjc"}]},
        f"{root}/datasources{one}jyjcDS": {
            "item": {"name": "jyjcDS", "targets": ["jyjc1"], "instances" if upper else "dataSourceMetrics": [pool]}
        },
        f"{root}/{applications}{one}jyjc": {
            "item": {"name": "jyjc", "targets": ["jyjc1"], "state": active["state"], "health": health,
                     "targetStates" if upper else "applicationMetrics": [active]}
        },
        **{f"{root}/servers{one}{name}": {"item": {**details, "name": name}} for name in names},
    }  # fmt: skip
    return {path: {"body": value} if upper else value for path, value in lists.items()}


TENANT = older("/management/tenant-monitoring", "applications", "/", upper=True)
WLS = older("/management/wls/latest", "deployments/application", "/id/", upper=False)
FAMILIES = {
    "10.3.6.0": TENANT, "12.1.1.0": TENANT, "12.1.3.0.0": WLS, "12.2.1.4.0": modern(), "14.1.1.0.0": modern(),
    "14.1.2.0.0": modern(), "15.1.1.0.0": modern(), "26.1.0.0.0": modern(),
}  # fmt: skip


@pytest.mark.parametrize("version", FAMILIES)
def test_each_family_passes_what_its_rest_tells(version: str) -> None:
    with serving(tree(FAMILIES[version] | {CONSOLE_PATH: CONSOLE}), version) as server:
        results = outcomes(ask(target_of(server.port, replace(TWO, version=version))))
    gone = int(version.partition(".")[0]) > 14 or version.startswith("14.1.2")
    untold = () if FAMILIES[version] not in (TENANT, WLS) else ("topology", "threads", "security")
    assert {name: found for name, found in results.items() if found != "pass"} == {
        "application_url": "not_applicable",
        **({"console": "not_applicable"} if gone else {}),
        **dict.fromkeys(untold, "unknown"),
    }


@pytest.mark.parametrize("version", ["12.2.1.4.0", "14.1.2.0.0", "15.1.1.0.0"])
def test_the_administration_channel_is_named_where_it_refuses(version: str) -> None:
    words = "Console/Management requests or requests with <require-admin-traffic> specified to 'true' can only be made "
    page = html("Error 403--Forbidden", f"{words}through an administration channel", 403)
    with serving(lambda request: page, version) as server:
        results = ask(target_of(server.port, TWO), "servers", "security")
    assert all("管理通道" in one.reason and "9002" in one.advice for one in results.values())
    assert set(outcomes(results).values()) == {"unknown"}


# --- Java


@pytest.mark.parametrize(
    ("java", "expected"),
    [
        ("1.8.0_202", PASS), ("1.7.0_80", FAIL), ("11.0.2", FAIL), (None, UNKNOWN), ("", UNKNOWN), (8, UNKNOWN),
        ("unknown", UNKNOWN),
    ],
)  # fmt: skip
def test_the_java_of_each_server_is_held_against_the_plan(java: Any, expected: Outcome) -> None:
    pages = modern()
    pages[f"{RUNTIMES}/jyjc1/JVMRuntime"] = {"name": "jyjc1", "javaVersion": java}
    assert result(pages, "jdk").outcome is expected


def test_the_java_of_another_server_or_of_one_that_is_down_is_not_this_one_s() -> None:
    pages = modern()
    pages[f"{RUNTIMES}/jyjc1/JVMRuntime"] = {"name": "AdminServer", "javaVersion": "1.8.0_202"}
    assert result(pages, "jdk").outcome is UNKNOWN
    down = modern({"AdminServer": "RUNNING", "jyjc1": "SHUTDOWN"})
    assert result(down, "jdk").outcome is UNKNOWN
    pages = modern()
    pages[f"{RUNTIMES}/AdminServer/JVMRuntime"] = html("500", "", 500)
    pages[f"{RUNTIMES}/jyjc1/JVMRuntime"] = {"javaVersion": "1.7.0"}
    assert result(pages, "jdk").outcome is FAIL


def test_without_a_plan_java_is_only_recorded() -> None:
    found = result(modern(), "jdk", replace(TWO, jdk=""))
    assert found.outcome is NOT_APPLICABLE and found.observed == {"java": "1.8.0_202"}


# --- security


DOMAIN, REALM = f"{ROOT}/domainConfig", f"{ROOT}/domainConfig/securityConfiguration"
LOCKOUT = f"{REALM}/realms/myrealm/userLockoutManager"


def stores(*kinds: Any) -> dict[str, Any]:
    return {"items": [{"name": name, "keyStores": kind} for name, kind in zip(TWO.servers, kinds, strict=False)]}


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (DOMAIN, {"productionModeEnabled": True}, PASS), (DOMAIN, {"productionModeEnabled": False}, WARN),
        (DOMAIN, {"productionModeEnabled": "true"}, UNKNOWN), (DOMAIN, {"productionModeEnabled": None}, UNKNOWN),
        (DOMAIN, {"name": "d"}, UNKNOWN),
        (f"{DOMAIN}/servers", stores("CustomIdentityAndCustomTrust", "CustomIdentityAndJavaStandardTrust"), PASS),
        (f"{DOMAIN}/servers", stores("CustomIdentityAndCustomTrust", "DemoIdentityAndDemoTrust"), WARN),
        (f"{DOMAIN}/servers", stores("CustomIdentityAndCustomTrust", None), UNKNOWN),
        (f"{DOMAIN}/servers", stores(), UNKNOWN),
        (f"{DOMAIN}/servers", stores("CustomIdentityAndCustomTrust"), UNKNOWN),
        (f"{DOMAIN}/servers", html("403", "", 403), UNKNOWN),
        (LOCKOUT, {"lockoutEnabled": True, "lockoutThreshold": 1}, PASS),
        (LOCKOUT, {"lockoutEnabled": True, "lockoutThreshold": 0}, WARN),
        (LOCKOUT, {"lockoutEnabled": True}, UNKNOWN), (LOCKOUT, {"lockoutEnabled": False}, WARN),
        (LOCKOUT, {"lockoutEnabled": 1, "lockoutThreshold": 5}, UNKNOWN), (LOCKOUT, html("404", "", 404), UNKNOWN),
        (REALM, {"defaultRealm": None}, UNKNOWN), (REALM, html("403", "", 403), UNKNOWN),
    ],
)  # fmt: skip
def test_security_is_judged_by_values_and_a_part_that_is_not_told_is_undetermined(
    path: str, value: Any, expected: Outcome
) -> None:
    found = result(modern() | {path: value}, "security")
    assert found.outcome is expected and bool(found.reason) is (expected is not PASS)


def test_what_is_bad_is_named_beside_what_is_not_told() -> None:
    pages = modern() | {DOMAIN: {"productionModeEnabled": False}, LOCKOUT: html("403", "", 403)}
    found = result(pages, "security")
    assert found.outcome is UNKNOWN and "不是生产模式" in found.reason and "用户锁定" in found.reason


# --- console


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (CONSOLE, PASS), (html("Error 404--Not Found", "", 404), FAIL), (html("Error 500", "", 500), FAIL),
        (html("就业监测 登录", '<input type="password">'), UNKNOWN), (html("WebLogic Console", "维护中"), UNKNOWN),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/sso"}), UNKNOWN),
        (html("403", "administration channel", 403), UNKNOWN),
    ],
)  # fmt: skip
def test_a_planned_console_must_answer_its_log_in_page(answer: Answer, expected: Outcome) -> None:
    assert result({CONSOLE_PATH: answer}, "console").outcome is expected


def test_a_console_is_asked_at_its_planned_address_without_a_log_in() -> None:
    with serving(tree({"/own/console": CONSOLE})) as server:
        url = f"http://127.0.0.1:{server.port}/own/console"
        found = ask(target_of(server.port, replace(TWO, console=url)), "console")["console"]
        assert found.outcome is PASS and not server.logins
        assert [request.path for request in server.requests] == ["/own/console"]
    elsewhere = replace(TWO, console=f"http://127.0.0.1:{server.port}/console")
    assert result({}, "console", elsewhere).outcome is FAIL


@pytest.mark.parametrize("version", ["14.1.2.0.0", "15.1.1.0.0", "26.1.0.0.0"])
def test_there_is_no_console_any_more_and_none_is_asked(version: str) -> None:
    with serving(tree({}), version) as server:
        found = ask(target_of(server.port, TWO), "console")["console"]
        assert found.outcome is NOT_APPLICABLE and "14.1.2" in found.reason
        assert server.requests == []


def test_a_console_that_nobody_planned_is_only_recorded_and_a_404_of_an_unknown_version_proves_nothing() -> None:
    assert result({CONSOLE_PATH: CONSOLE}, "console", replace(TWO, console="")).outcome is NOT_APPLICABLE
    assert result({}, "console", version="").outcome is UNKNOWN
    assert result({}, "console", version="14.1.1.0.0").outcome is FAIL


# --- clock


def dated(ahead: float, **headers: str) -> Callable[[Raw, socket, bytes], None]:
    """A page whose Date header is so many seconds ahead of this machine."""

    def talk(server: Raw, connection: socket, request: bytes) -> None:
        del server, request
        now = (datetime.now(UTC) + timedelta(seconds=ahead)).replace(microsecond=0)
        told = {"Date": format_datetime(now, usegmt=True)} | {name.replace("_", "-"): v for name, v in headers.items()}
        connection.sendall(http("", "404 Not Found", **told))

    return talk


def clock(talk: Callable[[Raw, socket, bytes], None]) -> tuple[Result, list[bytes]]:
    with raw(talk) as server:
        return ask(target_of(server.port, TWO), "clock")["clock"], server.requests


@pytest.mark.parametrize(
    ("ahead", "expected"), [(0, PASS), (58, PASS), (122, WARN), (-122, WARN), (602, FAIL), (-602, FAIL), (7200, FAIL)]
)
def test_the_clock_is_read_of_a_page_without_a_log_in(ahead: float, expected: Outcome) -> None:
    found, requests = clock(dated(ahead))
    # Alone with this laptop the middle is the laptop's clock.
    assert found.outcome is expected and found.offset_seconds is not None
    assert abs(found.offset_seconds - ahead) <= 1.0
    assert requests and b"Authorization" not in requests[0]
    assert ("小时整" in found.reason) is (ahead == 7200)


@pytest.mark.parametrize(
    "headers",
    [
        {"Server": "nginx/1.20"},
        {"Via": "1.1 proxy"},
        {"Age": "3"},
        {"X_Cache": "HIT"},
        {"Date": "yesterday"},
        {"Date": ""},
        {"Date": "Mon, 05 Jan 2026 09:12:33 GMT, Mon, 05 Jan 2026 09:12:33 GMT"},
    ],
)
def test_the_time_of_something_in_between_or_none_is_not_the_server_s(headers: dict[str, str]) -> None:
    found, _ = clock(dated(0, **headers))
    assert found.outcome is UNKNOWN and found.reason


def test_weblogic_s_own_server_header_is_no_proxy_and_a_refusal_is_the_port_s() -> None:
    found, _ = clock(dated(0, Server="WebLogic Server 8.1 SP4 Mon Nov 29 16:21:29 PST 2004"))
    assert found.outcome is PASS
    with raw(silent) as server:
        port = server.port
    refused = ask(target_of(port, TWO), "clock")["clock"]
    assert refused.outcome is UNKNOWN and "weblogic.port" in refused.reason


def test_the_clock_is_one_collective_with_the_others() -> None:
    target, site = target_of(7001, TWO), Site("某省节点", "510000")
    assert CHECK["clock"].compare_all is compare_clock
    assert compare_clock({"wls1": 400.0, "db1": 401.0, "app": 402.0}, target, site).outcome is PASS


# --- over TLS, as in secured production mode


class Secured(Raw):
    """The administration port: T3s and HTTPS with the tree of a healthy 14.1.2."""

    def serve(self, connection: socket) -> None:
        assert self.tls is not None
        try:
            inside = self.tls.wrap_socket(connection, server_side=True)
        except ssl.SSLError:
            return
        with inside:
            request = inside.recv(65536)
            line = request.partition(b"\r\n")[0].decode("latin-1")
            if line.startswith("t3 "):
                inside.sendall(helo("14.1.2.0.0"))
            elif request:
                import json

                value = modern().get(line.split(" ")[1].partition("?")[0])
                inside.sendall(http(json.dumps(value)) if value is not None else http("", "404 Not Found"))


def test_the_administration_port_is_spoken_to_over_tls_with_the_site_s_anchors(tmp_path: Path) -> None:
    ours = authority(tmp_path)
    with raw(silent, ours.server(), Secured) as server:
        target = replace(target_of(0, TWO), url=f"https://127.0.0.1:{server.port}")
        results = outcomes(ask(target, anchors=(ours.anchor,)))
    assert results.pop("console") == results.pop("application_url") == "not_applicable"
    assert results.pop("version") == "not_applicable"
    assert results.pop("clock") == "unknown", "this server tells no time"
    assert set(results.values()) == {"pass"}


# --- a dead administration server


def managed(port: int, **parts: Any) -> dict[str, Any]:
    """A managed server's own trees."""
    del port
    root = f"{ROOT}/serverRuntime"
    whole = modern(**parts)
    pages = {path.replace(f"{RUNTIMES}/jyjc1", root): value for path, value in whole.items() if "/jyjc1" in path}
    pages[root] = {"name": "jyjc1", "state": "RUNNING", "healthState": {"state": "ok"}} | parts.get("own", {})
    config = f"{ROOT}/domainConfig"
    return pages | {path.replace(config, f"{ROOT}/serverConfig"): v for path, v in whole.items() if config in path}


def with_dead_admin(pages: dict[str, Any], *names: str, expect: WebLogicExpect = TWO, version: str = "12.2.1.4.0",
                    password: str = PASSWORD) -> tuple[dict[str, Result], Scripted]:  # fmt: skip
    with raw(silent) as gone:
        dead = gone.port
    with serving(tree(pages), version) as own:
        target = target_of(dead, expect, managed={"jyjc1": f"http://127.0.0.1:{own.port}"})
        return ask(target, *names, password=password), own


def test_a_dead_administration_server_does_not_fail_the_managed_ones() -> None:
    only = replace(TWO, servers=("jyjc1",))
    results, own = with_dead_admin(managed(0), "port", "servers", "health", "heap", "threads", "jdk", expect=only)
    found = outcomes(results)
    assert found.pop("port") == "fail"
    assert set(found.values()) == {"pass"}
    assert {request.method for request in own.requests} == {"GET"}


def test_with_the_administration_server_planned_it_is_undetermined_and_a_sick_managed_one_still_fails() -> None:
    results, _ = with_dead_admin(managed(0), "servers", "health")
    assert set(outcomes(results).values()) == {"unknown"}
    sick = managed(0)
    sick[f"{ROOT}/serverRuntime"]["healthState"] = {"state": "critical"}
    results, _ = with_dead_admin(sick, "health")
    assert results["health"].outcome is FAIL and "jyjc1 为 CRITICAL" in results["health"].reason


def test_a_managed_server_before_12_2_1_is_greeted_and_its_life_cycle_stays_open() -> None:
    results, _ = with_dead_admin({}, "servers", expect=replace(TWO, servers=("jyjc1",)), version="10.3.6.0")
    assert results["servers"].outcome is UNKNOWN and "10.3.6.0" in results["servers"].reason


def test_a_managed_server_that_refuses_at_its_own_address_is_down() -> None:
    with raw(silent) as gone:
        dead = gone.port
    target = target_of(dead, replace(TWO, servers=("jyjc1",)), managed={"jyjc1": f"http://127.0.0.1:{dead}"})
    assert ask(target, "servers")["servers"].outcome is FAIL


def test_at_a_managed_server_s_address_another_one_s_answer_is_not_its_own() -> None:
    pages = managed(0)
    pages[f"{ROOT}/serverRuntime"]["name"] = "jyjc2"
    results, _ = with_dead_admin(pages, "servers", expect=replace(TWO, servers=("jyjc1",)))
    assert results["servers"].outcome is UNKNOWN and "jyjc2" in results["servers"].reason


def test_a_401_of_a_managed_server_is_the_one_attempt() -> None:
    with raw(silent) as gone:
        dead = gone.port
    with serving(lambda request: html("Error 401--Unauthorized", "", 401)) as own:
        address = f"http://127.0.0.1:{own.port}"
        expect = replace(TWO, servers=("jyjc1", "jyjc2"))
        results = ask(
            target_of(dead, expect, managed={"jyjc1": address, "jyjc2": address}), "servers", "health", "heap"
        )
        assert len(own.logins) == 1
    assert set(outcomes(results).values()) == {"unknown"}


def test_what_managed_servers_are_asked_is_shown() -> None:
    with raw(silent) as gone:
        dead = gone.port
    for name in ("servers", "health", "heap", "threads", "jdk", "datasources", "applications"):
        with serving(tree(managed(0))) as own:
            target = target_of(
                dead, replace(TWO, servers=("jyjc1",)), managed={"jyjc1": f"http://127.0.0.1:{own.port}"}
            )
            ask(target, name)
            shown = {line.removeprefix("GET ").partition("（")[0] for line in CHECK[name].shows(target)}
            sent = {f"http://127.0.0.1:{own.port}{one.path}?{one.query}".rstrip("?") for one in own.requests}
        assert sent and sent <= shown, name


def test_the_plan_of_the_rehearsal_covers_the_new_questions() -> None:
    assert PLAN.jdk and PLAN.console
