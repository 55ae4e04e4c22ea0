"""REST of 12.2.1 and later: ``/management/weblogic/latest`` (domain configuration and domain runtime beans)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from app.checks.model import Undetermined
from app.checks.weblogic.facts import (
    ConfiguredServer,
    Deployed,
    KeyStore,
    Lockout,
    Module,
    Pool,
    Reading,
    Security,
    ServerState,
    Topology,
)
from app.checks.weblogic.interface import (
    health_of,
    health_with,
    items_of,
    reference,
    states_of,
    targets_of,
    text,
    truth,
    whole,
)

if TYPE_CHECKING:
    from app.checks.weblogic.session import WebLogicSession

ROOT = "/management/weblogic/latest"
# Every resource that is asked for, with the fields wanted of it. X: a planned server's or data source's name.
DOMAIN = "domainConfig?fields=name,adminServerName,domainVersion"
SERVERS = "domainConfig/servers?fields=name,listenAddress,listenPort,listenPortEnabled,machine,cluster"
STATES = "domainRuntime/serverLifeCycleRuntimes?fields=name,state"
RUNNING = "domainRuntime/serverRuntimes?fields=name,state"
RUNTIME = "domainRuntime/serverRuntimes/X"
SERVER = f"{RUNTIME}?fields=name,healthState,overallHealthState,weblogicVersion"
JAVA = f"{RUNTIME}/JVMRuntime?fields=name,javaVersion"
HEAP = f"{RUNTIME}/JVMRuntime?fields=name,heapSizeCurrent,heapFreeCurrent,heapFreePercent,heapSizeMax"
THREADS = f"{RUNTIME}/threadPoolRuntime?fields=stuckThreadCount,hoggingThreadCount,queueLength"
POOLS = (
    f"{RUNTIME}/JDBCServiceRuntime/JDBCDataSourceRuntimeMBeans?fields=name,state,activeConnectionsHighCount,"
    "connectionsTotalCount,waitingForConnectionCurrentCount,currCapacityHighCount"
)
SOURCES = "domainConfig/JDBCSystemResources?fields=name,targets"
MAXIMUM = "domainConfig/JDBCSystemResources/X/JDBCResource/JDBCConnectionPoolParams?fields=maxCapacity"
MODULES = f"{RUNTIME}/applicationRuntimes?fields=name,applicationName,activeVersionState,healthState"
DEPLOYMENTS = "domainConfig/appDeployments?fields=name,targets"
PRODUCTION = "domainConfig?fields=name,productionModeEnabled"
STORES = "domainConfig/servers?fields=name,keyStores"
REALM = "domainConfig/securityConfiguration?fields=defaultRealm"
LOCKOUT = "domainConfig/securityConfiguration/realms/X/userLockoutManager?fields=lockoutEnabled,lockoutThreshold"

ACTIVE = 2  # ApplicationRuntimeMBean.ActiveVersionState: activated
T = TypeVar("T")


def path_of(resource: str, name: str = "") -> str:
    """The request target of one of the resources above, links left out."""
    return f"{ROOT}/{resource.replace('X', quote(name, safe=''), 1) if name else resource}&links=none"


class Modern:
    """See Interface. ``serverLifeCycleRuntimes`` covers all configured servers, ``serverRuntimes`` the running ones."""

    name = "REST 12.2.1+"
    lacks: frozenset[str] = frozenset()

    def __init__(self, session: WebLogicSession) -> None:
        self._session = session

    def answers(self) -> bool:
        return self._get(DOMAIN) is not None

    def topology(self) -> Topology:
        domain = self._bean(DOMAIN)
        servers = tuple(
            ConfiguredServer(
                text(item, "name"),
                text(item, "listenAddress"),
                whole(item, "listenPort"),
                reference(item.get("machine")) if "machine" in item else None,
                reference(item.get("cluster")),
                item.get("listenPortEnabled") is not False,
            )
            for item in self._items(SERVERS)
        )
        names = [server.name.lower() for server in servers]
        if not all(names) or len(set(names)) < len(names):
            raise Undetermined("REST 管理接口给出的服务器清单里有没有名称的，或有同名的")
        name, admin = text(domain, "name"), text(domain, "adminServerName")
        return Topology(name, admin, text(domain, "domainVersion"), servers, telling=self.name)

    def states(self) -> tuple[ServerState, ...]:
        return states_of(self._items(STATES))

    def running(self) -> Mapping[str, str] | None:
        try:
            items = self._items(RUNNING)
        except Undetermined:
            if self._session.interrupted:
                raise
            return None
        return {text(item, "name"): text(item, "state").upper() for item in items}

    def javas(self, servers: Sequence[str]) -> dict[str, str | Undetermined]:
        found: dict[str, str | Undetermined] = {}
        for name in servers:
            try:
                version = text(self._bean(JAVA, name), "javaVersion")
                found[name] = version or Undetermined(f"REST 管理接口没有给出 {name} 的 Java 版本")
            except Undetermined as error:
                found[name] = error
        return found

    def security(self) -> Security:
        """What one part does not tell hides no other."""
        troubles: list[str] = []

        def had(read: Callable[[], T], without: T) -> T:
            try:
                return read()
            except Undetermined as error:
                if self._session.interrupted:
                    raise
                troubles.append(error.reason)
                return without

        return Security(
            had(lambda: truth(self._bean(PRODUCTION), "productionModeEnabled"), None),
            had(self._stores, ()),
            had(self._lockout, Lockout(None, None)),
            self.name,
            tuple(dict.fromkeys(troubles)),
        )

    def _stores(self) -> tuple[KeyStore, ...]:
        return tuple(KeyStore(text(item, "name"), text(item, "keyStores")) for item in self._items(STORES))

    def _lockout(self) -> Lockout:
        realm = reference(self._bean(REALM).get("defaultRealm"))
        if not realm:
            raise Undetermined("REST 管理接口没有给出缺省安全域")
        bean = self._bean(LOCKOUT, realm)
        return Lockout(truth(bean, "lockoutEnabled"), whole(bean, "lockoutThreshold"))

    def reading(self, server: str) -> Reading:
        bean, heap = self._bean(SERVER, server), self._bean(HEAP, server)
        return Reading(
            server,
            health=health_with(bean.get("healthState"), bean.get("overallHealthState")),
            version=text(bean, "weblogicVersion") or None,
            heap_current=whole(heap, "heapSizeCurrent"),
            heap_free=whole(heap, "heapFreeCurrent"),
            heap_max=whole(heap, "heapSizeMax"),
            heap_free_percent=whole(heap, "heapFreePercent"),
        )

    def threads(self, server: str) -> Reading:
        bean = self._bean(THREADS, server)
        return Reading(
            server,
            stuck=whole(bean, "stuckThreadCount"),
            hogging=whole(bean, "hoggingThreadCount"),
            queue=whole(bean, "queueLength"),
        )

    def datasources(self, planned: Sequence[str]) -> Deployed:
        targets = self._targets(SOURCES)
        maxima = {name: self._maximum(name) for name in planned if name in targets}

        def pool(server: str, item: Mapping[str, Any]) -> Pool:
            return Pool(
                server,
                text(item, "state").upper(),
                whole(item, "waitingForConnectionCurrentCount"),
                whole(item, "activeConnectionsHighCount"),
                maxima.get(text(item, "name")),
                whole(item, "connectionsTotalCount"),
                whole(item, "currCapacityHighCount"),
            )

        return self._deployed(POOLS, targets, pool)

    def applications(self, planned: Sequence[str]) -> Deployed:  # noqa: ARG002 - all come in one answer anyway
        def module(server: str, item: Mapping[str, Any]) -> Module:
            state = whole(item, "activeVersionState")
            return Module(server, None if state is None else state == ACTIVE, health_of(item.get("healthState")))

        return self._deployed(MODULES, self._targets(DEPLOYMENTS), module)

    def _deployed(
        self, resource: str, targets: dict[str, tuple[str, ...]], read: Callable[[str, Mapping[str, Any]], T]
    ) -> Deployed:
        states = self.states()
        found: dict[str, list[T]] = {}
        for state in states:
            for item in self._items(resource, state.name) if state.running else ():
                name = text(item, "applicationName") or text(item, "name")
                found.setdefault(unversioned(name), []).append(read(state.name, item))
        parts: dict[str, Any] = {name: tuple(each) for name, each in found.items()}
        return Deployed(states, parts, targets, self.name)

    def _targets(self, resource: str) -> dict[str, tuple[str, ...]]:
        """For each configured thing the servers it is meant for; a cluster stands for its members."""
        members: dict[str, list[str]] = {}
        for server in self.topology().servers:
            members.setdefault(server.cluster, []).append(server.name)
        targets: dict[str, tuple[str, ...]] = {}
        for item in self._items(resource):
            servers = [server for name in targets_of(item.get("targets")) for server in members.get(name, [name])]
            key = unversioned(text(item, "name"))
            targets[key] = tuple(dict.fromkeys((*targets.get(key, ()), *servers)))
        return targets

    def _maximum(self, datasource: str) -> int | None:
        bean = self._get(MAXIMUM, datasource)
        return whole(bean, "maxCapacity") if bean else None

    def _items(self, resource: str, name: str = "") -> list[Mapping[str, Any]]:
        return items_of(self._get(resource, name))

    def _get(self, resource: str, name: str = "") -> dict[str, Any] | None:
        return self._session.get(path_of(resource, name))

    def _bean(self, resource: str, name: str = "") -> Mapping[str, Any]:
        bean = self._get(resource, name)
        if bean is None:
            raise Undetermined(f"REST 管理接口没有 {path_of(resource, name).partition('?')[0]}")
        if name and text(bean, "name") not in ("", name) and resource in (SERVER, HEAP, JAVA):
            raise Undetermined(f"REST 管理接口对 {name} 的询问答的是 {text(bean, 'name')[:100]}")
        return bean


def unversioned(name: str) -> str:
    """An application's name without the version of production redeployment: ``jyjc#1.1`` → ``jyjc``."""
    return name.partition("#")[0]
