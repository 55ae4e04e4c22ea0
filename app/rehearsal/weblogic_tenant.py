"""WebLogic 10.3.6's monitoring over REST (``/management/tenant-monitoring/…``), which 12.2.1 still answers.

Shapes follow "Administering WebLogic Server with RESTful Management Services" (E24682): a list has ``body.items``
with name, state and health, one thing ``body.item`` with all of it; states in capitals, health as HEALTH_*.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.rehearsal.web import Answer, Request, as_json, html
from app.rehearsal.weblogic_domain import APPLICATION, DATASOURCE, MACHINE, Domain, Server

ROOT = "/management/tenant-monitoring"
BRIEF = ("name", "type", "state", "health", "instances")


def answer(request: Request, domain: Domain, version: str) -> Answer:
    """The list or the one thing that the path names; 404 for anything else."""
    if request.method not in ("GET", "HEAD"):
        return html("405 Method Not Allowed", "Method Not Allowed", 405, Allow="GET")
    lists: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "servers": lambda: [server_item(server, version) for server in domain.servers],
        "clusters": lambda: [],
        "applications": lambda: [application_item(domain)],
        "datasources": lambda: [datasource_item(domain)],
    }
    kind, _, name = request.path.removeprefix(ROOT).strip("/").partition("/")
    if kind not in lists:
        return html("Error 404--Not Found", "Error 404--Not Found", 404)
    items = lists[kind]()
    if not name:
        return body({"items": [{key: item[key] for key in BRIEF if key in item} for item in items]})
    item = next((item for item in items if item["name"] == name), None)
    return body({"item": item}) if item else html("Error 404--Not Found", "Error 404--Not Found", 404)


def body(value: dict[str, Any]) -> Answer:
    return as_json({"body": value, "messages": []})


def server_item(server: Server, version: str) -> dict[str, Any]:
    """A server that is down has its name and state only."""
    if not server.running:
        return {"name": server.name, "state": server.state}
    return {
        "name": server.name, "state": server.state, "health": "HEALTH_OK", "clusterName": None,
        "currentMachine": MACHINE, "weblogicVersion": f"WebLogic Server {version}", "openSocketsCurrentCount": 4,
        "heapSizeCurrent": server.heap.current, "heapFreeCurrent": server.heap.free,
        "heapSizeMax": server.heap.maximum, "javaVersion": "1.8.0_202", "osName": "Linux",
        "osVersion": "4.19.90-17.ky10.x86_64", "jvmProcessorLoad": 0.07,
    }  # fmt: skip


def application_item(domain: Domain) -> dict[str, Any]:
    """Active only when it is so on each running target."""
    states = [
        {"target": server.name, "state": "STATE_ACTIVE" if server.application_active else "STATE_FAILED"}
        for server in domain.targets
        if server.running
    ]
    failed = [target for target in states if target["state"] != "STATE_ACTIVE"]
    return {
        "name": APPLICATION, "type": "war", "state": "STATE_FAILED" if failed else "STATE_ACTIVE",
        "health": "HEALTH_FAILED" if failed else "HEALTH_OK", "targetStates": states, "dataSources": [],
    }  # fmt: skip


def datasource_item(domain: Domain) -> dict[str, Any]:
    instances = [
        {
            "server": server.name, "state": server.datasource, "enabled": server.datasource == "Running",
            "activeConnectionsCurrentCount": 3, "activeConnectionsHighCount": 12, "activeConnectionsAverageCount": 2,
            "connectionsTotalCount": 27, "currCapacity": 10, "currCapacityHighCount": 15, "numAvailable": 7,
            "numUnavailable": 3, "waitingForConnectionCurrentCount": 0, "failedReserveRequestCount": 0,
            "leakedConnectionCount": 0, "versionJDBCDriver": "oracle.jdbc.OracleDriver",
        }
        for server in domain.targets
        if server.running
    ]  # fmt: skip
    return {"name": DATASOURCE, "type": "Generic", "instances": instances}
