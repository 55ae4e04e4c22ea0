"""Stands in for a server's java: prints what -version, weblogic.version, WLST and weblogic.Admin print of a domain.

Run as ``stand_in_java.py DOMAIN.json ARGUMENTS…``. WLST here runs the script it reads, against beans made of the file.
"""

# ruff: noqa: T201 - printing is what it is for
from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import types
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

MIB = 1 << 20
FILE = Path(sys.argv[1])
TOLD = json.loads(FILE.read_text(encoding="utf-8"))
WORDS = sys.argv[2:]
SERVERS = TOLD["servers"]
UP = [one for one in SERVERS if one["state"] == "RUNNING"]
USER = "monitor"
UNREACHABLE = "Error getting the initial context. There is no server running at "


class Bean:
    """A management bean: ``getX()`` and ``isX()`` of its values."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def __getattr__(self, name: str) -> Callable[[], Any]:
        for verb in ("get", "is"):
            if name.startswith(verb) and name[len(verb) :] in self.values:
                return lambda: self.values[name[len(verb) :]]
        raise AttributeError(name)


def version() -> None:
    print(f'java version "{TOLD["java"]}"', file=sys.stderr)
    print(f"Java(TM) SE Runtime Environment (build {TOLD['java']}-b06)", file=sys.stderr)


def release() -> None:
    number = TOLD["version"]
    name = f"8.1 SP{number.split('.')[2]}" if number.startswith("8.1") else number
    print("\nWebLogic Server Temporary Patch for CR12345 Thu Jan 1 00:00:00 PST 2009")
    print(f"WebLogic Server {name}  Tue Nov 15 08:52:36 PST 2011 1441050 \n")


def runtime(one: dict[str, Any]) -> Bean:
    current, free, most = (part * MIB for part in one["heap"])
    threads = Bean(HoggingThreadCount=0, QueueLength=one["queue"])
    threads.values["ExecuteThreads"] = [Bean(Stuck=number < one["stuck"]) for number in range(20)]
    if not TOLD["version"].startswith("9."):
        threads.values["StuckThreadCount"] = one["stuck"]
    pool = Bean(Name="jyjcDS", State=one["pool"], WaitingForConnectionCurrentCount=0, ActiveConnectionsHighCount=5,
                ConnectionsTotalCount=9, CurrCapacityHighCount=10)  # fmt: skip
    module = Bean(Name="jyjc", ApplicationName="jyjc", ActiveVersionState=one["active"], HealthState=Bean(State=0))
    jvm = Bean(JavaVersion=TOLD["java"], HeapSizeCurrent=current, HeapFreeCurrent=free, HeapSizeMax=most)
    deployed = one is not SERVERS[0]
    return Bean(
        Name=one["name"], State=one["state"], HealthState=Bean(State=one["health"]), JVMRuntime=jvm,
        WeblogicVersion=f"WebLogic Server {TOLD['version']}", ThreadPoolRuntime=threads,
        JDBCServiceRuntime=Bean(JDBCDataSourceRuntimeMBeans=[pool] if deployed else []),
        ApplicationRuntimes=[module] if deployed else [],
    )  # fmt: skip


def configured() -> Bean:
    named = [Bean(Name=one["name"]) for one in SERVERS]
    servers = [
        Bean(Name=one["name"], ListenAddress=one["address"], ListenPort=one["port"], ListenPortEnabled=True,
             Machine=Bean(Name=one["machine"]), Cluster=None, KeyStores=one["stores"])
        for one in SERVERS
    ]  # fmt: skip
    lockout = Bean(LockoutEnabled=True, LockoutThreshold=5)
    parameters = Bean(JDBCConnectionPoolParams=Bean(MaxCapacity=50))
    return Bean(
        Name="jyjc_domain", AdminServerName=SERVERS[0]["name"], DomainVersion=TOLD["version"],
        ProductionModeEnabled=TOLD["production"], Servers=servers,
        SecurityConfiguration=Bean(DefaultRealm=Bean(UserLockoutManager=lockout)),
        JDBCSystemResources=[Bean(Name="jyjcDS", Targets=named[1:], JDBCResource=parameters)],
        AppDeployments=[Bean(Name="jyjc", Targets=named[1:])],
    )  # fmt: skip


def shell() -> dict[str, Any]:
    """The names that WLST gives its scripts, and Java's classes that they import."""
    lang: Any = types.ModuleType("java.lang")
    net: Any = types.ModuleType("java.net")
    lang.Thread = types.SimpleNamespace(sleep=lambda milliseconds: None)
    net.URLEncoder = types.SimpleNamespace(encode=lambda text, charset: urllib.parse.quote_plus(text, encoding=charset))
    sys.modules.update({"java": types.ModuleType("java"), "java.lang": lang, "java.net": net})
    cycle = Bean(ServerLifeCycleRuntimes=[Bean(Name=one["name"], State=one["state"]) for one in SERVERS])
    names: dict[str, Any] = {"domainRuntimeService": Bean(ServerRuntimes=[runtime(one) for one in UP])}
    names["connect"] = connect
    names["domainConfig"] = lambda: names.update(cmo=configured())
    names["domainRuntime"] = lambda: names.update(cmo=cycle)
    names["exit"] = sys.exit
    return names


def connect(user: str, password: str, url: str) -> None:
    print(f"Connecting to {url} with userid {user} ...")
    if TOLD["behaviour"] == "unreachable":
        raise RuntimeError(f"Error occurred while performing connect : {UNREACHABLE}{url}")
    if (user, password) != (USER, TOLD["password"]):
        raise RuntimeError(f"Error occurred while performing connect : User: {user}, failed to be authenticated.")
    print("Successfully connected to Admin Server.")


def scripting(read: str) -> None:
    print("\nInitializing WebLogic Scripting Tool (WLST) ...\n")
    print("Welcome to WebLogic Server Administration Scripting Shell\n\nType help() for help on available commands\n")
    if TOLD["behaviour"] == "silent":
        return
    names, whole = shell(), io.StringIO()
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(whole):
        for line in read.splitlines():
            exec(line, names)
    said = whole.getvalue()
    print(said[: len(said) // 2] if TOLD["behaviour"] == "truncated" else said)


def shown(one: dict[str, Any], kind: str, values: dict[str, Any], **keys: str) -> None:
    """One bean as GET -pretty prints it."""
    all_keys = {"Location": one["name"], "Name": one["name"], "ServerRuntime": one["name"], "Type": kind, **keys}
    print("---------------------------")
    print('MBeanName: "jyjc_domain:' + ",".join(f"{key}={value}" for key, value in sorted(all_keys.items())) + '"')
    for name, value in values.items():
        print(f"\t{name}: {value}")


def administration(read: str) -> int:
    print(f"Enter password for {WORDS[WORDS.index('-username') + 1]} : ")
    if TOLD["behaviour"] == "unreachable":
        print("Failed to connect to t3: Destination unreachable; java.net.ConnectException", file=sys.stderr)
        return 1
    if read != TOLD["password"] + "\n":
        print(f"User: {USER}, failed to be authenticated.", file=sys.stderr)
        return 1
    if "GETSTATE" in WORDS:
        states = {one["name"]: one["state"] for one in SERVERS}
        print(f'Current state of "{WORDS[-1]}" : {states[WORDS[-1]]}')
    for one in UP if "GET" in WORDS else ():
        bean(one, WORDS[-1])
    return 0


def bean(one: dict[str, Any], kind: str) -> None:
    current, free, _ = (part * MIB for part in one["heap"])
    name, deployed = one["name"], one is not SERVERS[0]
    if kind == "ServerRuntime":
        word = ("OK", "WARN", "CRITICAL", "FAILED")[one["health"]]
        health = f"Component:ServerRuntime,State:HEALTH_{word},MBean:{name},ReasonCode:[]"
        shown(one, kind, {"HealthState": health, "State": one["state"], "WeblogicVersion": "WebLogic Server 8.1 SP4"})
    elif kind == "JVMRuntime":
        shown(one, kind, {"HeapFreeCurrent": free, "HeapSizeCurrent": current, "JavaVersion": TOLD["java"]})
    elif kind == "ExecuteQueueRuntime":
        queue = "weblogic.kernel.Default"
        shown(one, kind, {"Name": queue, "PendingRequestCurrentCount": one["queue"]}, Name=queue)
    elif kind == "JDBCConnectionPoolRuntime" and deployed:
        values = {"ActiveConnectionsHighCount": 5, "ConnectionsTotalCount": 9, "MaxCapacity": 50, "Name": "jyjcPool",
                  "State": one["pool"], "WaitingForConnectionCurrentCount": 0}  # fmt: skip
        shown(one, kind, values, Name="jyjcPool")
    elif kind == "WebAppComponentRuntime" and deployed:
        status = "DEPLOYED" if one["active"] == 2 else "UNDEPLOYED"
        keys = {"ApplicationRuntime": f"{name}_jyjc", "Name": f"{name}_{name}_jyjc_jyjc"}
        shown(one, kind, {"ComponentName": "jyjc", "Status": status}, **keys)


def main() -> int:
    read = "" if WORDS[-1] in ("-version", "weblogic.version") else sys.stdin.read()
    with FILE.with_name("calls").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps({"words": WORDS, "environment": dict(os.environ), "read": read}) + "\n")
    if WORDS[-1] == "-version":
        version()
    elif WORDS[-1] == "weblogic.version":
        release()
    elif WORDS[-1] == "weblogic.WLST":
        scripting(read)
    elif "weblogic.Admin" in WORDS:
        return administration(read)
    return 0


if __name__ == "__main__":
    sys.exit(main())
