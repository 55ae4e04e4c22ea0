"""The older REST monitoring: ``tenant-monitoring`` (10.3.6 to 12.2.1) and 12.1.3's ``/management/wls/latest``.

Both list names with states and give one thing's details; they tell no addresses, ports, machines, targets or threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from app.checks.model import Undetermined
from app.checks.weblogic.facts import ConfiguredServer, Deployed, Module, Pool, Reading, ServerState, Topology
from app.checks.weblogic.interface import health_of, items_of, states_of, text, whole

if TYPE_CHECKING:
    from app.checks.weblogic.session import WebLogicSession

BY_OTHER_WAYS = "请在控制台核对并上传截图，或改用 12.2.1 以上的 REST 管理接口。"


@dataclass(frozen=True)
class Paths:
    """Where one flavour keeps things; ``one`` goes between the list and a name."""

    name: str
    root: str
    servers: str = "servers"
    datasources: str = "datasources"
    applications: str = "applications"
    one: str = "/"


TENANT = Paths("REST tenant-monitoring", "/management/tenant-monitoring")
WLS = Paths("REST 12.1.3", "/management/wls/latest", applications="deployments/application", one="/id/")


class Monitoring:
    """See Interface."""

    def __init__(self, session: WebLogicSession, paths: Paths) -> None:
        self._session, self._paths = session, paths
        self.name = paths.name

    def answers(self) -> bool:
        return self._session.get(f"{self._paths.root}/{self._paths.servers}") is not None

    def topology(self) -> Topology:
        servers = tuple(ConfiguredServer(state.name) for state in self.states())
        return Topology("", "", "", servers, complete=False)

    def states(self) -> tuple[ServerState, ...]:
        return states_of(self._list("servers"))

    def reading(self, server: str) -> Reading:
        item = self._one("servers", server)
        return Reading(
            server,
            health=health_of(item.get("health")),
            version=text(item, "weblogicVersion") or None,
            heap_current=whole(item, "heapSizeCurrent"),
            heap_free=whole(item, "heapFreeCurrent"),
            heap_max=whole(item, "heapSizeMax"),
            heap_free_percent=whole(item, "heapFreePercent"),
        )

    def threads(self, server: str) -> Reading:
        raise Undetermined(f"{self.name} 不提供 {server} 的线程情况", BY_OTHER_WAYS)

    def datasources(self) -> Deployed:
        found = {}
        for item in self._list("datasources"):
            name = text(item, "name")
            found[name] = tuple(_pool(part) for part in _parts(self._one("datasources", name), "instances"))
        return Deployed(self.states(), found, None)

    def applications(self) -> Deployed:
        found = {}
        for item in self._list("applications"):
            name = text(item, "name")
            details = self._one("applications", name)
            found[name.partition("#")[0]] = tuple(_module(part, details) for part in _parts(details, "targetStates"))
        return Deployed(self.states(), found, None)

    def _list(self, kind: str) -> list[Mapping[str, Any]]:
        return items_of(_body(self._session.get(f"{self._paths.root}/{getattr(self._paths, kind)}")))

    def _one(self, kind: str, name: str) -> Mapping[str, Any]:
        path = f"{self._paths.root}/{getattr(self._paths, kind)}{self._paths.one}{quote(name, safe='')}"
        body = _body(self._session.get(path))
        item = body.get("item", body) if body is not None else None
        if not isinstance(item, dict):
            raise Undetermined(f"{self.name} 没有 {name} 的详情")
        return item


def _body(value: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What is inside ``body`` where the flavour wraps its answers in one."""
    inner = value.get("body", value) if value is not None else None
    return inner if isinstance(inner, dict) else None


def _parts(item: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    parts = item.get(key)
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _pool(part: Mapping[str, Any]) -> Pool:
    return Pool(
        text(part, "server"),
        text(part, "state").upper(),
        whole(part, "waitingForConnectionCurrentCount"),
        whole(part, "activeConnectionsHighCount"),
        None,
        whole(part, "connectionsTotalCount"),
    )


def _module(part: Mapping[str, Any], details: Mapping[str, Any]) -> Module:
    state = text(part, "state").upper().removeprefix("STATE_")
    return Module(text(part, "target"), state == "ACTIVE" if state else None, health_of(details.get("health")))
