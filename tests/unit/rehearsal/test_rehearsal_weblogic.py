"""The WebLogic servers over T3 and HTTP as an inspection reads them; each fault both ways."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from rehearsal_small_world import SmallWorld

from app.rehearsal.services import TITLES, ServicePage
from app.rehearsal.weblogic import WebLogicServer
from app.rehearsal.weblogic_domain import PORT_NAMES

LATEST = "/management/weblogic/latest/"
RUNTIMES = LATEST + "domainRuntime/serverRuntimes"
Domain = dict[str, WebLogicServer]


def started(world: SmallWorld, version: str) -> Iterator[Domain]:
    servers = {name: WebLogicServer(world, 0, name, version) for name in PORT_NAMES}  # type: ignore[arg-type]
    for name, server in servers.items():
        world.ports[PORT_NAMES[name]] = server.start()
    yield servers
    for server in servers.values():
        server.stop()


@pytest.fixture
def domain(world: SmallWorld) -> Iterator[Domain]:
    yield from started(world, "12.2.1.4.0")


@pytest.fixture
def old_domain(world: SmallWorld) -> Iterator[Domain]:
    yield from started(world, "10.3.6.0")


def get(server: WebLogicServer, path: str, password: str = "监Monitor-1", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    token = base64.b64encode(f"monitor:{password}".encode()).decode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers={"Accept": "application/json", "Authorization": f"Basic {token}", **named})
    return connection.getresponse()


def rest(server: WebLogicServer, path: str) -> Any:
    answer = get(server, path, X_Requested_By="test")
    text = answer.read()
    assert answer.status == 200, text
    return json.loads(text)


def by_name(items: Any, field: str) -> dict[str, Any]:
    return {item["name"]: item[field] for item in items["items"]}


def greeted(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"t3 12.1.2\nAS:2048\nHL:19\n\n")
        answer = b""
        while part := client.recv(4096):
            answer += part
        return answer


def test_t3_and_http_answer_on_one_port(domain: Domain) -> None:
    for server in domain.values():
        assert greeted(server.port) == b"HELO:12.2.1.4.0.false\nAS:2048\nHL:19\nMS:10000000\nPN:DOMAIN\n\n"
        assert get(server, "/nothing").status == 404


def test_the_healthy_domain_runs_wholly(domain: Domain) -> None:
    admin = domain["AdminServer"]
    config = rest(admin, LATEST + "domainConfig?links=none&fields=name,domainVersion,adminServerName")
    assert config == {"name": "jyjc_domain", "domainVersion": "12.2.1.4.0", "adminServerName": "AdminServer"}
    running = dict.fromkeys(PORT_NAMES, "RUNNING")
    cycles = rest(admin, LATEST + "domainRuntime/serverLifeCycleRuntimes?fields=name,state&links=none")
    assert cycles == {"items": [{"name": name, "state": state} for name, state in running.items()]}
    assert by_name(rest(admin, RUNTIMES + "?links=none"), "state") == running
    health = rest(admin, RUNTIMES + "/jyjc1?fields=healthState&links=none")["healthState"]
    assert health == {"state": "ok", "subsystemName": None, "partitionName": None, "symptoms": []}


def test_the_configuration_names_true_ports_machine_and_targets(domain: Domain) -> None:
    admin = domain["AdminServer"]
    servers = rest(admin, LATEST + "domainConfig/servers?links=none")
    assert by_name(servers, "listenPort") == {name: server.port for name, server in domain.items()}
    assert set(map(tuple, by_name(servers, "machine").values())) == {("machines", "app-machine")}
    targets = [{"identity": ["servers", "jyjc1"]}, {"identity": ["servers", "jyjc2"]}]
    assert by_name(rest(admin, LATEST + "domainConfig/appDeployments"), "targets") == {"jyjc": targets}
    assert by_name(rest(admin, LATEST + "domainConfig/JDBCSystemResources"), "targets") == {"jyjcDS": targets}
    assert rest(admin, LATEST + "domainConfig/servers/jyjc1/SSL?links=none&fields=enabled") == {"enabled": False}


def test_links_and_identity_are_as_weblogic_gives_them(domain: Domain) -> None:
    admin = domain["AdminServer"]
    jvm = rest(admin, RUNTIMES + "/jyjc1/JVMRuntime")
    base = f"http://127.0.0.1:{admin.port}{RUNTIMES}/jyjc1"
    assert jvm["identity"] == ["serverRuntimes", "jyjc1", "JVMRuntime"]
    assert {"rel": "parent", "href": base} in jvm["links"]
    assert {"rel": "self", "href": base + "/JVMRuntime"} in jvm["links"]
    assert [link["rel"] for link in rest(admin, RUNTIMES + "/jyjc1?links=threadPoolRuntime")["links"]] == [
        "threadPoolRuntime"
    ]
    assert "threadStackDump" not in rest(admin, RUNTIMES + "/jyjc1/JVMRuntime?excludeFields=threadStackDump")
    assert rest(admin, RUNTIMES + "/jyjc1/JVMRuntime?links=none&fields=javaVersion,nonsense") == {
        "javaVersion": "1.8.0_202"
    }


def test_what_does_not_exist_is_a_404_in_weblogics_json(domain: Domain) -> None:
    for path in (
        "domainRuntime/serverRuntimes/jyjc9",
        "domainRuntime/nonsense",
        "domainConfig/servers/jyjc1/SSL/deeper",
    ):
        answer = get(domain["AdminServer"], LATEST + path)
        error = json.loads(answer.read())
        assert answer.status == error["status"] == 404
        assert path.rpartition("/")[2] in error["detail"]


def test_the_running_servers_want_x_requested_by(domain: Domain, world: SmallWorld) -> None:
    assert get(domain["AdminServer"], RUNTIMES).status == 400
    assert get(domain["AdminServer"], RUNTIMES + "/jyjc1").status == 200
    assert get(domain["AdminServer"], RUNTIMES, X_Requested_By="a").status == 200


def test_a_wrong_password_is_refused_and_counted(domain: Domain) -> None:
    admin = domain["AdminServer"]
    answer = get(admin, LATEST + "domainConfig", "wrong")
    assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert get(admin, LATEST + "domainConfig", Authorization="Basic %%%").status == 401
    assert (admin.logins, admin.refused_logins) == (0, 2)
    rest(admin, LATEST + "domainConfig")
    assert (admin.logins, admin.refused_logins) == (1, 2)


def test_managed_servers_have_their_own_tree_only(domain: Domain) -> None:
    assert rest(domain["jyjc1"], LATEST + "serverRuntime?links=none&fields=name,state") == {
        "name": "jyjc1",
        "state": "RUNNING",
    }
    assert get(domain["jyjc1"], LATEST + "domainRuntime").status == 404


def test_the_console_leads_to_its_log_in_page(domain: Domain) -> None:
    answer = get(domain["AdminServer"], "/console")
    assert (answer.status, answer.headers["Location"]) == (302, "/console/login/LoginForm.jsp")
    page = get(domain["AdminServer"], "/console/login/LoginForm.jsp").read().decode()
    assert "<title>Oracle WebLogic Server Administration Console</title>" in page
    assert get(domain["jyjc1"], "/console").status == 404


def test_the_application_shows_its_log_in_page_with_the_true_date(domain: Domain) -> None:
    for name in ("jyjc1", "jyjc2"):
        for path in ("/jyjc", "/jyjc/"):
            answer = get(domain[name], path)
            assert answer.status == 200 and answer.headers.get_content_charset() == "utf-8"
            assert "<title>就业监测管理信息系统 登录</title>" in answer.read().decode()
            assert abs(parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time()) < 60
    assert get(domain["AdminServer"], "/jyjc").status == 404


def test_server_down(domain: Domain, world: SmallWorld) -> None:
    admin = domain["AdminServer"]
    world.switch("server-down")
    with pytest.raises(ConnectionRefusedError):
        greeted(domain["jyjc2"].port)
    cycles = rest(admin, LATEST + "domainRuntime/serverLifeCycleRuntimes")
    assert by_name(cycles, "state") == {"AdminServer": "RUNNING", "jyjc1": "RUNNING", "jyjc2": "SHUTDOWN"}
    assert set(by_name(rest(admin, RUNTIMES), "state")) == {"AdminServer", "jyjc1"}
    assert get(admin, RUNTIMES + "/jyjc2").status == 404
    world.switch()
    assert greeted(domain["jyjc2"].port).startswith(b"HELO")
    assert len(rest(admin, RUNTIMES)["items"]) == 3


def read_threads(admin: WebLogicServer, server: str) -> int:
    value: int = rest(admin, f"{RUNTIMES}/{server}/threadPoolRuntime")["stuckThreadCount"]
    return value


def test_stuck_threads(domain: Domain, world: SmallWorld) -> None:
    admin = domain["AdminServer"]
    assert read_threads(admin, "jyjc1") == 0
    world.switch("stuck-threads")
    assert (read_threads(admin, "jyjc1"), read_threads(admin, "jyjc2")) == (12, 0)
    assert rest(admin, RUNTIMES + "/jyjc1")["healthState"]["state"] == "ok"


def test_datasource_suspended(domain: Domain, world: SmallWorld) -> None:
    path = "/JDBCServiceRuntime/JDBCDataSourceRuntimeMBeans?fields=name,state&links=none"
    states = {"jyjc1": "Running", "jyjc2": "Running"}
    admin = domain["AdminServer"]
    for faults, expected in (((), states), (("datasource-suspended",), {**states, "jyjc1": "Suspended"})):
        world.switch(*faults)
        assert {
            name: by_name(rest(admin, f"{RUNTIMES}/{name}{path}"), "state")["jyjcDS"] for name in states
        } == expected
    assert rest(admin, RUNTIMES + "/AdminServer" + path) == {"items": []}


def free_percent(heap: Any) -> float:
    used = heap["heapSizeCurrent"] - heap["heapFreeCurrent"]
    return float(100 * (heap["heapSizeMax"] - used) / heap["heapSizeMax"])


def test_low_heap(domain: Domain, world: SmallWorld) -> None:
    path = RUNTIMES + "/jyjc1/JVMRuntime"
    healthy = rest(domain["AdminServer"], path)
    assert free_percent(healthy) > 50
    assert healthy["heapFreePercent"] == int(free_percent(healthy))
    world.switch("low-heap")
    low = rest(domain["AdminServer"], path)
    assert 7.5 < free_percent(low) < 8.5
    assert low["heapFreePercent"] == 8


def application_state(admin: WebLogicServer, server: str) -> tuple[str, int, int]:
    path = f"{RUNTIMES}/{server}/applicationRuntimes/jyjc"
    found = rest(admin, path)
    component = rest(admin, path + "/componentRuntimes")["items"][0]
    return found["healthState"]["state"], found["activeVersionState"], component["deploymentState"]


def test_app_failed(domain: Domain, world: SmallWorld) -> None:
    admin = domain["AdminServer"]
    assert application_state(admin, "jyjc2") == ("ok", 2, 2)
    world.switch("app-failed")
    assert application_state(admin, "jyjc1") == ("ok", 2, 2)
    assert application_state(admin, "jyjc2") == ("failed", 0, 1)
    assert get(domain["jyjc2"], "/jyjc").status == 404
    assert get(domain["jyjc1"], "/jyjc").status == 200


def test_not_integrated(domain: Domain, world: SmallWorld) -> None:
    world.switch("not-integrated")
    admin = domain["AdminServer"]
    assert set(by_name(rest(admin, LATEST + "domainConfig/servers"), "listenPort")) == {"AdminServer", "jyjc1"}
    assert set(by_name(rest(admin, LATEST + "domainRuntime/serverLifeCycleRuntimes"), "state")) == {
        "AdminServer",
        "jyjc1",
    }
    other = rest(domain["jyjc2"], LATEST + "domainConfig?fields=name,adminServerName&links=none")
    assert other == {"name": "jyjc_domain2", "adminServerName": "jyjc2"}
    assert greeted(domain["jyjc2"].port).startswith(b"HELO")
    world.switch()
    assert get(domain["jyjc2"], LATEST + "domainConfig").status == 404


def test_slow_holds_up_the_application_but_not_the_rest_tree(domain: Domain, world: SmallWorld) -> None:
    world.switch("slow")
    started = time.monotonic()
    rest(domain["AdminServer"], RUNTIMES)
    assert time.monotonic() - started < 2
    with ThreadPoolExecutor(2) as pool:
        assert [page.status for page in pool.map(lambda name: get(domain[name], "/jyjc"), ("jyjc1", "jyjc2"))] == [
            200,
            200,
        ]
    assert 3.1 < time.monotonic() - started < 6.2


def test_10_3_6_has_tenant_monitoring_only(old_domain: Domain) -> None:
    admin = old_domain["AdminServer"]
    assert greeted(admin.port) == b"HELO:10.3.6.0.false\nAS:2048\nHL:19\nMS:10000000\n\n"
    assert get(admin, LATEST + "domainConfig").status == 404
    body = rest(admin, "/management/tenant-monitoring/servers")["body"]
    assert by_name(body, "state") == dict.fromkeys(PORT_NAMES, "RUNNING")
    item = rest(admin, "/management/tenant-monitoring/servers/jyjc1")["body"]["item"]
    assert item["health"] == "HEALTH_OK" and free_percent(item) > 50
    assert get(admin, "/management/tenant-monitoring/servers/nobody").status == 404
    assert get(admin, "/management/tenant-monitoring/servers", "wrong").status == 401


def test_10_3_6_shows_the_faults_too(old_domain: Domain, world: SmallWorld) -> None:
    admin = old_domain["AdminServer"]
    root = "/management/tenant-monitoring/"
    world.switch("server-down")
    assert by_name(rest(admin, root + "servers")["body"], "state")["jyjc2"] == "SHUTDOWN"
    world.switch("datasource-suspended", "app-failed")
    instances = rest(admin, root + "datasources/jyjcDS")["body"]["item"]["instances"]
    assert {instance["server"]: instance["state"] for instance in instances} == {
        "jyjc1": "Suspended",
        "jyjc2": "Running",
    }
    application = rest(admin, root + "applications/jyjc")["body"]["item"]
    states = {target["target"]: target["state"] for target in application["targetStates"]}
    assert states == {"jyjc1": "STATE_ACTIVE", "jyjc2": "STATE_FAILED"}
    assert (application["state"], application["health"]) == ("STATE_FAILED", "HEALTH_FAILED")


@pytest.mark.parametrize("kind", TITLES)
def test_each_service_has_a_page_with_its_title(world: SmallWorld, kind: str) -> None:
    server = ServicePage(world, 0, kind)  # type: ignore[arg-type]
    server.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert answer.status == 200 and f"<title>{TITLES[kind]}</title>" in answer.read().decode()
    connection.request("GET", "/below")
    assert connection.getresponse().status == 404
    server.stop()
