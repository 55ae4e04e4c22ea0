"""The older REST monitoring: ``tenant-monitoring`` (10.3.6 to 12.2.1) and 12.1.3's ``/management/wls/latest``.

Both list names with states and give one thing's details; they tell no addresses, ports, machines or threads. Where a
domain has both (12.1.3), tenant-monitoring is asked: it tells the maximum heap and the state on each target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from app.checks.model import Undetermined
from app.checks.weblogic.facts import ConfiguredServer, Deployed, Module, Pool, Reading, Security, ServerState, Topology
from app.checks.weblogic.interface import health_of, items_of, states_of, targets_of, text, whole
from app.checks.weblogic.modern import unversioned

if TYPE_CHECKING:
    from app.checks.weblogic.session import WebLogicSession

BY_OTHER_WAYS = "请在该 [[weblogic]] 里写 via 从主机上核对，或在控制台核对并上传截图。"


@dataclass(frozen=True)
class Paths:
    """Where one flavour keeps things; ``one`` goes between the list and a name."""

    name: str
    root: str
    applications: str
    one: str

    def all(self, kind: str) -> str:
        """The request target of a list: servers, datasources or applications."""
        return f"{self.root}/{self.applications if kind == 'applications' else kind}"

    def of(self, kind: str, name: str) -> str:
        """The request target of one thing of a list."""
        return f"{self.all(kind)}{self.one}{quote(name, safe='')}"


TENANT = Paths("REST tenant-monitoring（10.3.6–12.1.2）", "/management/tenant-monitoring", "applications", "/")
WLS = Paths("REST 12.1.3", "/management/wls/latest", "deployments/application", "/id/")


class Monitoring:
    """See Interface."""

    lacks = frozenset({"topology", "threads", "security", "targets"})

    def __init__(self, session: WebLogicSession, paths: Paths) -> None:
        self._session, self._paths = session, paths
        self.name = paths.name

    def answers(self) -> bool:
        return self._session.get(self._paths.all("servers")) is not None

    def topology(self) -> Topology:
        servers = tuple(ConfiguredServer(state.name) for state in self.states())
        return Topology("", "", "", servers, complete=False, telling=self.name)

    def states(self) -> tuple[ServerState, ...]:
        return states_of(self._list("servers"))

    def running(self) -> Mapping[str, str] | None:
        return None

    def javas(self, servers: Sequence[str]) -> dict[str, str | Undetermined]:
        found: dict[str, str | Undetermined] = {}
        for name in servers:
            try:
                version = text(self._one("servers", name), "javaVersion")
                found[name] = version or Undetermined(f"{self.name} 没有给出 {name} 的 Java 版本", BY_OTHER_WAYS)
            except Undetermined as error:
                found[name] = error
        return found

    def security(self) -> Security:
        raise Undetermined(f"{self.name} 不提供安全设置", BY_OTHER_WAYS)

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

    def datasources(self, planned: Sequence[str]) -> Deployed:
        return self._deployed("datasources", planned, lambda item: tuple(map(_pool, _parts(item, POOLS))))

    def applications(self, planned: Sequence[str]) -> Deployed:
        def modules(item: Mapping[str, Any]) -> tuple[Module, ...]:
            return tuple(_module(part, item) for part in _parts(item, MODULES))

        return self._deployed("applications", planned, modules)

    def _deployed(self, kind: str, planned: Sequence[str], read: Any) -> Deployed:
        """Details of the planned ones, names of the others; targets only where each planned one told its own."""
        found: dict[str, Any] = {}
        targets: dict[str, tuple[str, ...]] = {}
        for item in self._list(kind):
            name = unversioned(text(item, "name"))
            details = self._one(kind, text(item, "name")) if name in planned else {}
            found[name] = (*found.get(name, ()), *read(details))
            if isinstance(details.get("targets"), list):
                targets[name] = tuple(targets_of(details["targets"]))
        told = {name for name in planned if name in found} <= set(targets)
        return Deployed(self.states(), found, targets if targets and told else None, self.name)

    def _list(self, kind: str) -> list[Mapping[str, Any]]:
        return items_of(_body(self._session.get(self._paths.all(kind))))

    def _one(self, kind: str, name: str) -> Mapping[str, Any]:
        body = _body(self._session.get(self._paths.of(kind, name)))
        item = body.get("item", body) if body is not None else None
        if not isinstance(item, dict) or text(item, "name") not in ("", name):
            raise Undetermined(f"{self.name} 没有 {name} 的详情")
        return item


# Under which keys the flavours keep what each server has: tenant-monitoring's first.
POOLS = ("instances", "dataSourceMetrics")
MODULES = ("targetStates", "applicationMetrics")


def _body(value: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What is inside ``body`` where the flavour wraps its answers in one."""
    inner = value.get("body", value) if value is not None else None
    return inner if isinstance(inner, dict) else None


def _parts(item: Mapping[str, Any], keys: Sequence[str]) -> list[Mapping[str, Any]]:
    parts: list[Any] = next((item[key] for key in keys if isinstance(item.get(key), list)), [])
    return [part for part in parts if isinstance(part, dict)]


def _pool(part: Mapping[str, Any]) -> Pool:
    return Pool(
        text(part, "server") or text(part, "serverName"),
        text(part, "state").upper(),
        whole(part, "waitingForConnectionCurrentCount"),
        whole(part, "activeConnectionsHighCount"),
        None,
        whole(part, "connectionsTotalCount"),
        whole(part, "currCapacityHighCount"),
    )


def _module(part: Mapping[str, Any], details: Mapping[str, Any]) -> Module:
    """``active`` None also where it is active there, but the application as a whole is said not to be."""
    state, whole_state = (text(one, "state").upper().removeprefix("STATE_") for one in (part, details))
    server = text(part, "target") or text(part, "server") or text(part, "serverName")
    active = state == "ACTIVE" if state else None
    if active and whole_state not in ("", "ACTIVE"):
        active = None
    return Module(server, active, health_of(details.get("health")))
