"""The beans of a domain of the rehearsal site as WebLogic 12.2.1 shows them to the role Monitor.

Case as a 12.2.1.4 has it: a server's state in capitals, a data source's in title case, health an object with a
lower-case state; a single reference is an identity (``["machines", "m"]``), one of many an object with it.

The state of an application: the operation that tells it (``appDeploymentRuntimes/{name}/getState``) is a POST and not
for monitors, so it is read on each running server. ``serverRuntimes/{s}/applicationRuntimes/{app}`` has ``healthState``
and ``activeVersionState`` (weblogic.deploy.version.AppActiveVersionState: 0 inactive, 1 for administration only,
2 active); its ``componentRuntimes`` have ``deploymentState`` (0 unprepared, 1 prepared, 2 activated). Under app-failed
the application is there with health ``failed``, state 0 and a component that is only prepared.
``domainConfig/appDeployments`` names its targets.
"""

from __future__ import annotations

import time
from typing import Any

from app.rehearsal.weblogic_domain import APPLICATION, DATASOURCE, MACHINE, Domain, Server
from app.rehearsal.weblogic_rest import Bean

VERSION = "12.2.1.4.0"
RELEASE = f"WebLogic Server {VERSION} Thu Sep 12 04:04:29 GMT 2019 1974621"
STARTED = round(time.time() * 1000)  # milliseconds since 1970: the servers started with the rehearsal site
JAVA = "1.8.0_202"
REALM = "myrealm"


def trees_of(domain: Domain, server: str) -> dict[str, Bean]:
    """What this server answers: the domain's trees on its admin server, its own ones everywhere."""
    own = {"serverConfig": config(domain), "serverRuntime": server_runtime(domain, domain.server(server))}
    return {"domainConfig": config(domain), "domainRuntime": runtime(domain), **own} if server == domain.admin else own


def config(domain: Domain) -> Bean:
    properties = {
        "name": domain.name, "domainVersion": VERSION, "adminServerName": domain.admin, "productionModeEnabled": True,
        "configurationVersion": VERSION, "rootDirectory": f"/u01/domains/{domain.name}",
        "administrationPortEnabled": False,
    }  # fmt: skip
    machine = Bean({"name": MACHINE, "type": "UnixMachine", "notes": None})
    children: dict[str, Bean | tuple[Bean, ...]] = {
        "servers": tuple(server_config(server) for server in domain.servers),
        "clusters": (),
        "machines": (machine,),
        "appDeployments": (application_config(domain),),
        "JDBCSystemResources": (datasource_config(domain),),
        "securityConfiguration": security(domain),
    }
    return Bean(properties, children)


def security(domain: Domain) -> Bean:
    lockout = Bean({"name": "UserLockoutManager", "lockoutEnabled": True, "lockoutThreshold": 5, "lockoutDuration": 30})
    realm = Bean({"name": REALM, "type": "Realm", "securityDDModel": "DDOnly"}, {"userLockoutManager": lockout})
    default = ["securityConfiguration", "realms", REALM]
    return Bean({"name": domain.name, "type": "SecurityConfiguration", "defaultRealm": default}, {"realms": (realm,)})


def server_config(server: Server) -> Bean:
    properties = {
        "name": server.name, "type": "Server", "listenAddress": "127.0.0.1", "listenPort": server.port,
        "listenPortEnabled": True, "machine": ["machines", MACHINE], "cluster": None, "stuckThreadMaxTime": 600,
        "keyStores": "CustomIdentityAndCustomTrust",
    }  # fmt: skip
    return Bean(properties, {"SSL": Bean({"name": server.name, "type": "SSL", "enabled": False, "listenPort": 7002})})


def targets(domain: Domain) -> list[dict[str, Any]]:
    return [{"identity": ["servers", server.name]} for server in domain.targets]


def application_config(domain: Domain) -> Bean:
    properties = {
        "name": APPLICATION, "type": "AppDeployment", "moduleType": "war", "sourcePath": "/u01/applications/jyjc.war",
        "stagingMode": "nostage", "targets": targets(domain), "deploymentOrder": 100,
    }  # fmt: skip
    return Bean(properties)


def datasource_config(domain: Domain) -> Bean:
    pool = Bean({"initialCapacity": 5, "minCapacity": 5, "maxCapacity": 50, "testConnectionsOnReserve": True})
    names = Bean({"JNDINames": [f"jdbc/{DATASOURCE}"], "globalTransactionsProtocol": "OnePhaseCommit"})
    resource = Bean({"name": DATASOURCE}, {"JDBCConnectionPoolParams": pool, "JDBCDataSourceParams": names})
    properties = {
        "name": DATASOURCE,
        "type": "JDBCSystemResource",
        "targets": targets(domain),
        "descriptorFileName": "jdbc/jyjcDS.xml",
    }
    return Bean(properties, {"JDBCResource": resource})


def runtime(domain: Domain) -> Bean:
    """serverLifeCycleRuntimes covers the configured servers, serverRuntimes the running ones only."""
    life_cycles = tuple(
        Bean({"name": server.name, "type": "ServerLifeCycleRuntime", "state": server.state, "activationTime": STARTED})
        for server in domain.servers
    )
    running = tuple(server_runtime(domain, server) for server in domain.running)
    children: dict[str, Bean | tuple[Bean, ...]] = {"serverLifeCycleRuntimes": life_cycles, "serverRuntimes": running}
    return Bean({"name": domain.name, "type": "DomainRuntime", "activationTime": STARTED}, children)


def server_runtime(domain: Domain, server: Server) -> Bean:
    properties = {
        "name": server.name, "type": "ServerRuntime", "state": server.state, "healthState": health(),
        "overallHealthState": health(), "activationTime": STARTED, "serverStartupTime": 41_237,
        "weblogicVersion": RELEASE, "weblogicHome": "/u01/wls/wlserver/server", "middlewareHome": "/u01/wls",
        "adminServer": server.name == domain.admin, "adminServerHost": "127.0.0.1",
        "adminServerListenPort": domain.server(domain.admin).port, "listenAddress": "app-server/127.0.0.1",
        "listenPort": server.port, "listenPortEnabled": True, "SSLListenPortEnabled": False,
        "currentMachine": MACHINE, "currentDirectory": f"/u01/domains/{domain.name}/.", "openSocketsCurrentCount": 4,
        "restartRequired": False,
    }  # fmt: skip
    children: dict[str, Bean | tuple[Bean, ...]] = {
        "JVMRuntime": jvm(server),
        "threadPoolRuntime": thread_pool(server),
        "JDBCServiceRuntime": Bean(
            {"name": server.name, "type": "JDBCServiceRuntime", "healthState": health()},
            {"JDBCDataSourceRuntimeMBeans": datasources(server)},
        ),
        "applicationRuntimes": applications(server),
    }
    return Bean(properties, children)


def health(state: str = "ok", symptom: str = "") -> dict[str, Any]:
    """A weblogic.health.HealthState as REST gives it."""
    symptoms = [{"type": "MODULE_FAILED", "severity": "HIGH", "instanceId": "0", "info": symptom}] if symptom else []
    return {"state": state, "subsystemName": None, "partitionName": None, "symptoms": symptoms}


def jvm(server: Server) -> Bean:
    heap = server.heap
    properties = {
        "name": server.name, "type": "JVMRuntime", "heapSizeCurrent": heap.current, "heapFreeCurrent": heap.free,
        "heapFreePercent": heap.free_percent, "heapSizeMax": heap.maximum, "javaVersion": JAVA,
        "javaVendor": "Oracle Corporation", "javaVMVendor": "Oracle Corporation", "OSName": "Linux",
        "OSVersion": "4.19.90-17.ky10.x86_64", "uptime": 86_423_117,
        "threadStackDump": f"Full thread dump Java HotSpot(TM) 64-Bit Server VM ({JAVA}):\n",
    }  # fmt: skip
    return Bean(properties)


def thread_pool(server: Server) -> Bean:
    """The pool's health is left ``ok`` however many threads are stuck: the fault is seen in the number."""
    total = 20 + server.stuck_threads
    properties = {
        "name": "ThreadPoolRuntime", "type": "ThreadPoolRuntime", "healthState": health(), "suspended": False,
        "executeThreadTotalCount": total, "executeThreadIdleCount": 8, "standbyThreadCount": 10, "queueLength": 0,
        "hoggingThreadCount": server.stuck_threads, "stuckThreadCount": server.stuck_threads,
        "pendingUserRequestCount": 0, "completedRequestCount": 184_233, "throughput": 12.5,
        "sharedCapacityForWorkManagers": 65_536, "overloadRejectedRequestsCount": 0,
    }  # fmt: skip
    return Bean(properties)


def datasources(server: Server) -> tuple[Bean, ...]:
    if server.datasource is None:
        return ()
    properties = {
        "name": DATASOURCE, "type": "JDBCDataSourceRuntime", "state": server.datasource,
        "enabled": server.datasource == "Running", "deploymentState": 2, "activeConnectionsCurrentCount": 3,
        "activeConnectionsHighCount": 12, "activeConnectionsAverageCount": 2, "connectionsTotalCount": 27,
        "currCapacity": 10, "currCapacityHighCount": 15, "numAvailable": 7, "numUnavailable": 3,
        "waitingForConnectionCurrentCount": 0, "waitingForConnectionHighCount": 0,
        "waitingForConnectionFailureTotal": 0, "failedReserveRequestCount": 0, "failuresToReconnectCount": 0,
        "leakedConnectionCount": 0, "connectionDelayTime": 38, "databaseProductName": "Oracle",
        "driverName": "oracle.jdbc.OracleDriver", "driverVersion": "12.2.0.1.0",
        "versionJDBCDriver": "oracle.jdbc.OracleDriver", "moduleId": DATASOURCE, "properties": {"user": "JYJC"},
    }  # fmt: skip
    return (Bean(properties),)


def applications(server: Server) -> tuple[Bean, ...]:
    """The application beside one of WebLogic's own, which every server has."""
    internal = application("bea_wls_internal", True, True)
    if server.application_active is None:
        return (internal,)
    return (internal, application(APPLICATION, server.application_active, False))


def application(name: str, active: bool, internal: bool) -> Bean:
    condition = health() if active else health("failed", f"{name}: weblogic.application.ModuleException")
    properties = {
        "name": name, "type": "ApplicationRuntime", "applicationName": name, "applicationVersion": None,
        "internal": internal, "EAR": False, "activeVersionState": 2 if active else 0, "healthState": condition,
        "overallHealthState": condition, "partitionName": "DOMAIN",
    }  # fmt: skip
    component = {
        "name": f"{name}_/{name}", "type": "WebAppComponentRuntime", "deploymentState": 2 if active else 1,
        "moduleId": name, "status": "DEPLOYED" if active else "UNDEPLOYED", "contextRoot": f"/{name}",
        "openSessionsCurrentCount": 0,
    }  # fmt: skip
    return Bean(properties, {"componentRuntimes": (Bean(component),)})
