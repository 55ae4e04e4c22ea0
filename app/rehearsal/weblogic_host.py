"""What the WebLogic domain of the rehearsal site leaves on its host: directories, configuration, logs, its own tools.

The shapes are those of 10.3.6: config.xml as its configuration wizard writes it, a server's log with the time in
milliseconds, WLST reading its script from standard input. WLST here does not run the script; it takes the log-in and
the mark from it and prints what such a script prints of a healthy or sick domain.
"""

from __future__ import annotations

import ast
import hmac
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from app.rehearsal.linux_host import JAVA, Printed
from app.rehearsal.weblogic_domain import (
    ADMIN,
    APPLICATION,
    DATASOURCE,
    MACHINE,
    SECOND,
    Domain,
    Server,
    domain_of,
)

if TYPE_CHECKING:
    from app.rehearsal.world import World

TARGET, USER = "wls1", "monitor"
HOME = "/u01/domains"
JAR = "/u01/wls/wlserver/server/lib/weblogic.jar"
PROCESSES = {4107: ADMIN, 4588: "jyjc1", 4603: SECOND}
FILES = "env LC_ALL=C ls -lLd "
WLST = f"{JAVA} -cp {JAR} weblogic.WLST"
CONNECT = re.compile(r"connect\((u'[^']*'), (u'[^']*'), (u'[^']*')\)")
MARK = re.compile(r"print\('(\S+) ' ")
PHRASE = "custom-identity-key-store-pass-phrase-encrypted"
HEALTHY = 0  # weblogic.health.HealthState


def run(command: str, stdin: bytes, world: World, version: str) -> Printed | None:
    """What one of this domain's commands prints; None for any other."""
    if command == WLST:
        return scripted(stdin, world, version)
    if command == f"{JAVA} -cp {JAR} weblogic.version":
        return Printed(
            f"\nWebLogic Server {version}  Tue Nov 15 08:52:36 PST 2011 1441050 \n\nUse 'weblogic.version'\n"
        )
    for pid, server in PROCESSES.items():
        if command == f"readlink /proc/{pid}/cwd":
            return Printed(f"{HOME}/{domain(server, world).name}\n")
        home = f"{HOME}/{domain(server, world).name}"
        if command == f"cat {home}/config/config.xml":
            return Printed(configuration(domain(server, world), version))
        if re.fullmatch(rf"tail -c [0-9]+ {home}/servers/{server}/logs/{server}\.log", command):
            return Printed(log(server, "server-down" in world.faults))
        if command.startswith(f"{FILES}{home} ") and f"/servers/{server}/" in command:
            return files(command.removeprefix(FILES).split(), home)
    return None


def files(paths: list[str], home: str) -> Printed:
    """``ls -lLd``: the domain, and the one boot.properties that each server has (from 10.3.2 on)."""
    there = {path: f"-rw------- 1 weblogic weblogic 96 Nov 23 09:12 {path}" for path in paths if "/security/" in path}
    there[home] = f"drwxr-x--- 14 weblogic weblogic 4096 Nov 23 09:12 {home}"
    missing = [f"ls: cannot access '{path}': No such file or directory" for path in paths if path not in there]
    shown = "".join(f"{there[path]}\n" for path in paths if path in there)
    return Printed(shown, "".join(f"{line}\n" for line in missing), 2 if missing else 0)


def domain(server: str, world: World) -> Domain:
    return domain_of(server, world.faults, world.ports)


def configuration(found: Domain, version: str) -> str:
    servers = "".join(
        f"  <server>\n    <name>{server.name}</name>\n    <machine>{MACHINE}</machine>\n"
        f"    <listen-port>{server.port}</listen-port>\n    <listen-address>127.0.0.1</listen-address>\n"
        "    <key-stores>CustomIdentityAndCustomTrust</key-stores>\n"
        f"    <{PHRASE}>{{AES}}Q0hFQ0s=</{PHRASE}>\n"
        "  </server>\n"
        for server in found.servers
    )
    targets = ",".join(server.name for server in found.targets)
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<domain xmlns="http://xmlns.oracle.com/weblogic/domain" xmlns:sec="http://xmlns.oracle.com/weblogic/security">\n'
        f"  <name>{found.name}</name>\n  <domain-version>{version}</domain-version>\n"
        "  <security-configuration>\n    <realm>\n"
        "      <sec:user-lockout-manager><sec:lockout-threshold>5</sec:lockout-threshold></sec:user-lockout-manager>\n"
        "      <sec:name>myrealm</sec:name>\n    </realm>\n    <default-realm>myrealm</default-realm>\n"
        f"  </security-configuration>\n{servers}  <production-mode-enabled>true</production-mode-enabled>\n"
        f"  <app-deployment>\n    <name>{APPLICATION}</name>\n    <target>{targets}</target>\n"
        "    <module-type>war</module-type>\n  </app-deployment>\n"
        f"  <machine>\n    <name>{MACHINE}</name>\n  </machine>\n"
        f"  <admin-server-name>{found.admin}</admin-server-name>\n"
        f"  <jdbc-system-resource>\n    <name>{DATASOURCE}</name>\n    <target>{targets}</target>\n"
        f"    <descriptor-file-name>jdbc/{DATASOURCE}-jdbc.xml</descriptor-file-name>\n  </jdbc-system-resource>\n"
        "</domain>\n"
    )


def log(server: str, second_down: bool) -> str:
    """The last records of a server's log."""
    state = "SHUTTING_DOWN" if server == SECOND and second_down else "RUNNING"
    stamp = round(time.time() * 1000) - 7_200_000
    head = (
        f"####<2026-1-5 上午09时12分33秒 CST> <Notice> <WebLogicServer> <app-server> <{server}> <main> <<WLS Kernel>>"
    )
    return (
        f"{head} <> <> <{stamp}> <BEA-000365> <Server state changed to STARTING> \n"
        f"{head} <> <> <{stamp + 40_000}> <BEA-000365> <Server state changed to {state}> \n"
    )


def scripted(stdin: bytes, world: World, version: str) -> Printed:
    """WLST: the greeting, then what the script prints."""
    greeting = (
        "\nInitializing WebLogic Scripting Tool (WLST) ...\n\n"
        "Welcome to WebLogic Server Administration Scripting Shell\n\n"
    )
    try:
        program = ast.literal_eval(stdin.decode("ascii").partition("exec(")[2].partition("')\n")[0] + "'")
        user, password, _ = (ast.literal_eval(word) for word in CONNECT.search(program).groups())  # type: ignore[union-attr]
        mark = MARK.search(program)[1]  # type: ignore[index]
    except (ValueError, SyntaxError, AttributeError, TypeError):
        return Printed(f"{greeting}wls:/offline> SyntaxError: invalid syntax\n", status=1)
    right = user == USER and hmac.compare_digest(password.encode(), world.secrets[TARGET].encode())
    rows = list(told(domain(ADMIN, world), version)) if right else [("refused", "User failed to be authenticated.")]
    lines = "".join(f"{mark} {' '.join(quoted(word) for word in row)}\n" for row in rows)
    return Printed(f"{greeting}Connecting to t3 with userid {user} ...\n{lines}\nExiting WebLogic Scripting Tool.\n\n")


def quoted(word: object) -> str:
    return "-" if word is None else quote_plus(str(word))


def told(found: Domain, version: str) -> Iterator[tuple[object, ...]]:
    """The rows of a whole look at the domain."""
    targets = [server.name for server in found.targets]
    yield ("connected",)
    yield "domain", found.name, found.admin, version, 1
    for server in found.servers:
        yield "configured", server.name, "127.0.0.1", server.port, MACHINE, None, 1, "CustomIdentityAndCustomTrust"
    yield "lockout", 1, 5
    yield "source", DATASOURCE, 50, *targets
    yield "deployment", APPLICATION, *targets
    for server in found.servers:
        yield "state", server.name, server.state
    for _ in range(3):
        for server in found.running:
            yield reading(server, version)
    for server in found.running:
        if server.datasource is not None:
            yield "pool", server.name, DATASOURCE, server.datasource, 0, 12, 27, 15
        if server.application_active is not None:
            yield "module", server.name, APPLICATION, 2 if server.application_active else 0, HEALTHY
    yield ("end",)


def reading(server: Server, version: str) -> tuple[object, ...]:
    heap = server.heap
    return (
        "reading", server.name, server.state, HEALTHY, f"WebLogic Server {version}", "1.8.0_202", heap.current,
        heap.free, heap.maximum, heap.free_percent, server.stuck_threads, server.stuck_threads, 0,
    )  # fmt: skip
