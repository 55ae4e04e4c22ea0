"""A WebLogic domain for the tests: the rehearsal's servers, or a port that says exactly what a test wants."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.base.cancellation import Cancellation
from app.checks import runner
from app.checks.model import Planned, Result, Surroundings
from app.checks.weblogic.checks import CHECKS
from app.rehearsal.web import Answer, Request, WebServer
from app.site.model import Host, Site, WebLogic, WebLogicExpect

PASSWORD = "监Monitor-1"
PLAN = WebLogicExpect(
    servers=("AdminServer", "jyjc1", "jyjc2"), applications=("jyjc",), datasources=("jyjcDS",), version=">=12.2.1",
    jdk="1.8", console="yes",
)  # fmt: skip


class Held:
    """Passwords by target id."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def get(self, target_id: str) -> str | None:
        return self._values.get(target_id)

    def known(self, target_id: str) -> str:
        return ""


def ask(
    target: WebLogic,
    *names: str,
    password: str | None = PASSWORD,
    integrated: bool = True,
    hosts: Sequence[tuple[Host, str]] = (),
    anchors: tuple[Path, ...] = (),
) -> dict[str, Result]:
    """The results of these checks (all when none is named) by the last part of their ids.

    ``hosts`` are others of the site, each with its password.
    """
    targets = (target, *(host for host, _ in hosts))
    site = Site("某省节点", "510000", integrated=integrated, targets=targets, trust=anchors)
    held = Held(({} if password is None else {target.id: password}) | {host.id: word for host, word in hosts})
    surroundings = Surroundings(site, held, Held({}), Cancellation())
    own = [check for check in CHECKS if check.kind == "weblogic"]  # not the joint test's
    chosen = [check for check in CHECKS if check.id.rpartition(".")[2] in names] if names else own
    results: list[Result] = []
    runner.run([Planned(check, target) for check in chosen], surroundings, results.append)
    return {result.check.rpartition(".")[2]: result for result in results}


def outcomes(results: Mapping[str, Result]) -> dict[str, str]:
    return {name: str(result.outcome) for name, result in results.items()}


class Scripted(WebServer):
    """Answers every request by ``reply``; ``requests`` and ``logins`` (those with credentials) are kept."""

    def __init__(self, reply: Callable[[Request], Answer], greeting: bytes | None = None) -> None:
        super().__init__(0)
        self._reply, self._greeting = reply, greeting
        self.requests: list[Request] = []

    @property
    def logins(self) -> list[Request]:
        return [request for request in self.requests if "Authorization" in request.headers]

    def greeting(self, first_line: bytes) -> bytes | None:
        return self._greeting if first_line.startswith(b"t3 ") else None

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        return self._reply(request)


def tree(pages: Mapping[str, Any]) -> Callable[[Request], Answer]:
    """Answers JSON by path and 404 for everything else; a value that is an Answer is given as it is."""

    def reply(request: Request) -> Answer:
        value = pages.get(request.path)
        if isinstance(value, Answer):
            return value
        if value is None:
            return Answer(404, b"<html><title>404</title></html>")
        return Answer(200, json.dumps(value).encode(), "application/json")

    return reply


ROOT = "/management/weblogic/latest"
RUNTIMES = f"{ROOT}/domainRuntime/serverRuntimes"


def modern(
    states: Mapping[str, Any] | None = None,
    health: Any = "ok",
    heap: Mapping[str, Any] | None = None,
    threads: Mapping[str, Any] | None = None,
    pool: Mapping[str, Any] | None = None,
    application: Mapping[str, Any] | None = None,
    servers: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """The 12.2.1 tree of a domain of AdminServer and jyjc1, healthy but for what is given."""
    states = states or {"AdminServer": "RUNNING", "jyjc1": "RUNNING"}
    heap = {
        "heapSizeCurrent": 1000, "heapFreeCurrent": 500, "heapSizeMax": 1000, "javaVersion": "1.8.0_202", **(heap or {})
    }  # fmt: skip
    threads = {"stuckThreadCount": 0, "hoggingThreadCount": 0, "queueLength": 0, **(threads or {})}
    pool = {
        "name": "jyjcDS", "state": "Running", "activeConnectionsHighCount": 5, "connectionsTotalCount": 9,
        "waitingForConnectionCurrentCount": 0, **(pool or {}),
    }  # fmt: skip
    application = {
        "name": "jyjc",
        "applicationName": "jyjc",
        "activeVersionState": 2,
        "healthState": {"state": "ok"},
    } | (dict(application or {}))
    configured = servers or [
        {
            "name": name,
            "listenAddress": "127.0.0.1",
            "listenPort": port,
            "machine": ["machines", "m1"],
            "cluster": None,
            "keyStores": "CustomIdentityAndCustomTrust",
        }
        for port, name in enumerate(states, 7001)
    ]
    targets = [{"identity": ["servers", "jyjc1"]}]
    pages: dict[str, Any] = {
        f"{ROOT}/domainConfig": {
            "name": "jyjc_domain",
            "adminServerName": "AdminServer",
            "domainVersion": "12.2.1.4.0",
            "productionModeEnabled": True,
        },
        f"{ROOT}/domainConfig/securityConfiguration": {"defaultRealm": ["securityConfiguration", "realms", "myrealm"]},
        f"{ROOT}/domainConfig/securityConfiguration/realms/myrealm/userLockoutManager": {
            "lockoutEnabled": True,
            "lockoutThreshold": 5,
        },
        RUNTIMES: {
            "items": [
                {"name": name, "state": state} for name, state in states.items() if str(state).upper() == "RUNNING"
            ]
        },
        f"{ROOT}/domainConfig/servers": {"items": configured},
        f"{ROOT}/domainConfig/JDBCSystemResources": {"items": [{"name": "jyjcDS", "targets": targets}]},
        f"{ROOT}/domainConfig/JDBCSystemResources/jyjcDS/JDBCResource/JDBCConnectionPoolParams": {"maxCapacity": 50},
        f"{ROOT}/domainConfig/appDeployments": {"items": [{"name": "jyjc", "targets": targets}]},
        f"{ROOT}/domainRuntime/serverLifeCycleRuntimes": {
            "items": [{"name": name, "state": state} for name, state in states.items()]
        },
    }
    for name in states:
        pages[f"{RUNTIMES}/{name}"] = {
            "name": name,
            "healthState": health,
            "weblogicVersion": "WebLogic Server 12.2.1.4.0",
        }
        pages[f"{RUNTIMES}/{name}/JVMRuntime"] = heap
        pages[f"{RUNTIMES}/{name}/threadPoolRuntime"] = threads
        there = name == "jyjc1"
        pages[f"{RUNTIMES}/{name}/JDBCServiceRuntime/JDBCDataSourceRuntimeMBeans"] = {"items": [pool] if there else []}
        pages[f"{RUNTIMES}/{name}/applicationRuntimes"] = {"items": [application] if there else []}
    return pages


def target_of(port: int, expect: WebLogicExpect = PLAN, **parts: Any) -> WebLogic:
    return WebLogic("wls1", "应用服务器", url=f"http://127.0.0.1:{port}", user="monitor", expect=expect, **parts)
