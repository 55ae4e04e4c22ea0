"""REST of 12.2.1 and later: ``/management/weblogic/latest`` (domain configuration and domain runtime beans)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from app.checks.model import Undetermined
from app.checks.weblogic.facts import ConfiguredServer, Deployed, Module, Pool, Reading, ServerState, Topology
from app.checks.weblogic.interface import health_of, items_of, reference, states_of, text, whole, worse_health

if TYPE_CHECKING:
    from app.checks.weblogic.session import WebLogicSession

ROOT = "/management/weblogic/latest"
ACTIVE = 2  # ApplicationRuntimeMBean.ActiveVersionState, and ComponentRuntimeMBean.DeploymentState: activated
T = TypeVar("T", Pool, Module)


class Modern:
    """See Interface. ``serverLifeCycleRuntimes`` covers all configured servers, ``serverRuntimes`` the running ones."""

    name = "REST 12.2.1+"

    def __init__(self, session: WebLogicSession) -> None:
        self._session = session

    def answers(self) -> bool:
        return self._get("domainConfig", "name") is not None

    def topology(self) -> Topology:
        domain = self._bean("domainConfig", "name,adminServerName,domainVersion")
        found = items_of(self._get("domainConfig/servers", "name,listenAddress,listenPort,machine,cluster"))
        servers = tuple(
            ConfiguredServer(
                text(item, "name"),
                text(item, "listenAddress"),
                whole(item, "listenPort"),
                reference(item.get("machine")) if "machine" in item else None,
                reference(item.get("cluster")),
            )
            for item in found
        )
        return Topology(text(domain, "name"), text(domain, "adminServerName"), text(domain, "domainVersion"), servers)

    def states(self) -> tuple[ServerState, ...]:
        return states_of(items_of(self._get("domainRuntime/serverLifeCycleRuntimes", "name,state")))

    def reading(self, server: str) -> Reading:
        base = f"domainRuntime/serverRuntimes/{quote(server, safe='')}"
        bean = self._bean(base, "name,healthState,overallHealthState,weblogicVersion")
        heap = self._bean(f"{base}/JVMRuntime", "heapSizeCurrent,heapFreeCurrent,heapFreePercent,heapSizeMax")
        return Reading(
            server,
            health=worse_health(health_of(bean.get("healthState")), health_of(bean.get("overallHealthState"))),
            version=text(bean, "weblogicVersion") or None,
            heap_current=whole(heap, "heapSizeCurrent"),
            heap_free=whole(heap, "heapFreeCurrent"),
            heap_max=whole(heap, "heapSizeMax"),
            heap_free_percent=whole(heap, "heapFreePercent"),
        )

    def threads(self, server: str) -> Reading:
        path = f"domainRuntime/serverRuntimes/{quote(server, safe='')}/threadPoolRuntime"
        bean = self._bean(path, "stuckThreadCount,hoggingThreadCount,queueLength")
        return Reading(
            server,
            stuck=whole(bean, "stuckThreadCount"),
            hogging=whole(bean, "hoggingThreadCount"),
            queue=whole(bean, "queueLength"),
        )

    def datasources(self) -> Deployed:
        maxima = {name: self._maximum(name) for name in self._names("JDBCSystemResources")}
        fields = (
            "name,state,activeConnectionsHighCount,connectionsTotalCount,waitingForConnectionCurrentCount,"
            "currCapacityHighCount"
        )

        def pool(server: str, item: Mapping[str, Any]) -> Pool:
            return Pool(
                server,
                text(item, "state").upper(),
                whole(item, "waitingForConnectionCurrentCount"),
                whole(item, "activeConnectionsHighCount"),
                maxima.get(text(item, "name")),
                whole(item, "connectionsTotalCount"),
            )

        return self._deployed("JDBCServiceRuntime/JDBCDataSourceRuntimeMBeans", fields, "JDBCSystemResources", pool)

    def applications(self) -> Deployed:
        fields = "name,applicationName,activeVersionState,healthState"

        def module(server: str, item: Mapping[str, Any]) -> Module:
            state = whole(item, "activeVersionState")
            return Module(server, None if state is None else state == ACTIVE, health_of(item.get("healthState")))

        return self._deployed("applicationRuntimes", fields, "appDeployments", module)

    def _deployed(
        self, runtimes: str, fields: str, configured: str, read: Callable[[str, Mapping[str, Any]], T]
    ) -> Deployed:
        states = self.states()
        found: dict[str, list[T]] = {}
        for state in states:
            if not state.running:
                continue
            path = f"domainRuntime/serverRuntimes/{quote(state.name, safe='')}/{runtimes}"
            for item in items_of(self._get(path, fields)):
                name = text(item, "applicationName") or text(item, "name")
                found.setdefault(name.partition("#")[0], []).append(read(state.name, item))
        return Deployed(states, {name: tuple(parts) for name, parts in found.items()}, self._targets(configured))

    def _targets(self, configured: str) -> dict[str, tuple[str, ...]]:
        """For each configured thing the servers it is meant for; a cluster stands for its members."""
        members: dict[str, list[str]] = {}
        for server in self.topology().servers:
            members.setdefault(server.cluster, []).append(server.name)
        targets: dict[str, tuple[str, ...]] = {}
        for item in items_of(self._get(f"domainConfig/{configured}", "name,targets")):
            wanted = item.get("targets")
            names = [reference(one) for one in wanted] if isinstance(wanted, list) else []
            servers = [server for name in names for server in (members.get(name, [name]) if name else [])]
            key = text(item, "name").partition("#")[0]
            targets[key] = tuple(dict.fromkeys((*targets.get(key, ()), *servers)))
        return targets

    def _names(self, configured: str) -> list[str]:
        return [text(item, "name") for item in items_of(self._get(f"domainConfig/{configured}", "name"))]

    def _maximum(self, datasource: str) -> int | None:
        path = f"domainConfig/JDBCSystemResources/{quote(datasource, safe='')}/JDBCResource/JDBCConnectionPoolParams"
        bean = self._get(path, "maxCapacity")
        return whole(bean, "maxCapacity") if bean else None

    def _bean(self, path: str, fields: str) -> Mapping[str, Any]:
        bean = self._get(path, fields)
        if bean is None:
            raise Undetermined(f"REST 管理接口没有 {path}")
        return bean

    def _get(self, path: str, fields: str) -> dict[str, Any] | None:
        return self._session.get(f"{ROOT}/{path}?fields={fields}&links=none")
