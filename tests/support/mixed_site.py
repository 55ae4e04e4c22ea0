"""One site of every kind of target in several versions, sound and sick: real servers on loopback, and its site.toml."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import host_systems
from bad_server import BEHAVIOURS, refusing
from bad_server import serving as misbehaving
from certificate_making import DAY, PEM, Issued, issue, rsa_key, tls_server, write
from certificate_stores import p12, sm2_authority, sm2_leaf
from host_systems import AIX, HP_UX, LINUX, SOLARIS, Machine, Said
from host_world import PASSWORD as HOST_PASSWORD
from mixed_oracle import PLAN as DATABASE_PLAN
from mixed_oracle import WORLDS, FrontListener, World
from oracle_small import PASSWORD as ORACLE_PASSWORD
from oracle_small import SmallOracle
from oracle_small import serving as serving_oracle
from rehearsal_small_world import SmallWorld
from sqlplus_host import Home, sqlplus_on_host
from weblogic_domain_tree import SSH_PASSWORD, Server, Tree, domain_on_host, old_log_line
from weblogic_domain_tree import USER as DOMAIN_USER
from weblogic_world import PASSWORD as WEBLOGIC_PASSWORD
from weblogic_world import ROOT, Scripted, modern, tree

from app.rehearsal.bus import Bus
from app.rehearsal.listening import Listening
from app.rehearsal.ministry import Ministry
from app.rehearsal.profile import Raw, inline, table
from app.rehearsal.services import ServicePage
from app.rehearsal.web import html
from app.rehearsal.weblogic import WebLogicServer
from app.rehearsal.weblogic_domain import PORT_NAMES
from app.site.model import HostExpect

HEAD = """[site]
name = "混合省节点"
node = "510000"
unit = "混合省就业局"
trust = ["root.cer"]
"""
CONSOLE = html("Oracle WebLogic Server Administration Console", '<form action="j_security_check">')
LOG_IN = html("就业监测管理信息系统 登录", '<form><input name="password" type="password"></form>')
APPLICATION = {"/console/login/LoginForm.jsp": CONSOLE, "/jyjc": LOG_IN}
TWO = {"servers": ["AdminServer", "jyjc1"], "applications": ["jyjc"], "datasources": ["jyjcDS"]}
THREE = {**TWO, "servers": ["AdminServer", "jyjc1", "jyjc2"]}
STORE_PASSWORD = "Store-pass-1"
STRONG = "ECDHE+AESGCM"


@dataclass
class MixedSite:
    """Started servers and what the profile says of them; ``secrets`` and ``oracles`` by target id."""

    folder: Path
    stack: contextlib.ExitStack
    tables: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    oracles: dict[str, SmallOracle] = field(default_factory=dict)

    @property
    def profile(self) -> str:
        return "\n".join([HEAD, *self.tables])

    def add(self, kind: str, target: str, secret: str = "", /, **keys: Any) -> None:
        if secret:
            self.secrets[target] = secret
        self.tables.append(table(f"[[{kind}]]", id=target, **keys))

    def place(self, name: str) -> Path:
        found = self.folder / name
        found.mkdir()
        return found

    def enter(self, manager: contextlib.AbstractContextManager[Any]) -> Any:
        return self.stack.enter_context(manager)

    def started(self, server: Listening) -> int:
        port = server.start()
        self.stack.callback(server.stop)
        return port

    def log(self, host: str) -> str:
        """What that host's sshd has said."""
        return (self.folder / host / "log").read_text(errors="replace")

    def everything(self) -> None:
        for part in (self.databases, self.hosts, self.weblogics, self.buses, self.certificates):
            part()

    # Databases

    def by_routes(self, routes: Mapping[str, int]) -> None:
        """All databases by each route, behind servers that speak its protocol: their facts alone are of their versions.

        ``routes``: the field version by route.
        """
        home: Home = self.enter(sqlplus_on_host(self.place("db-host")))
        address = {"host": "127.0.0.1", "port": home.host.port}
        self.add("host", "db-host", home.password, user=home.host.user, host_key=home.host.host_key, **address)
        for route, field_version in routes.items():
            keys = {"route": route} | ({"via": "db-host"} if route == "sqlplus" else {})
            for name, make in WORLDS.items():
                world = make()
                world.oracle.field_version = field_version
                self.database(f"{name}-{route}", world, **keys)
        self.file("root.cer", issue("根").pem)

    def database(self, name: str, world: World, **keys: Any) -> None:
        """``keys`` win over the world's own."""
        self.oracles[name] = world.oracle
        port = self.started(world.front(self.enter(serving_oracle(world.oracle))))
        self.listener(name, port, plan=world.plan, **{**world.keys, **keys})

    def listener(self, name: str, port: int, plan: Mapping[str, Any] = DATABASE_PLAN, **keys: Any) -> None:
        given = {"host": "127.0.0.1", "port": port, "user": "jyjc_check", "expect": expectation(plan), **keys}
        self.add("database", name, ORACLE_PASSWORD, **given)

    def databases(self) -> None:
        for name, make in WORLDS.items():
            self.database(name, make())
        self.listener("ora-silent", self.bad("silent"), service="JYJC")
        self.listener("ora-refused", self.enter(refusing()), service="JYJC")
        self.listener("ora-unknown", self.started(FrontListener("19.3.0.0.0", ["ANOTHER"], 0)), service="JYJC")
        self.listener("ora-garbage", self.bad("garbage"), service="JYJC")

    def bad(self, behaviour: str) -> int:
        port: int = self.enter(misbehaving(BEHAVIOURS[behaviour]))
        return port

    # WebLogic

    def weblogic(self, name: str, port: int, plan: Mapping[str, Any], page: str = "", **keys: Any) -> None:
        base = f"http://127.0.0.1:{port}"
        pages = {"application_urls": [page or f"{base}/jyjc"]}
        expect = expectation(plan)
        self.add("weblogic", name, WEBLOGIC_PASSWORD, url=base, user="monitor", **pages, expect=expect, **keys)

    def scripted(self, version: str, pages: Mapping[str, Any]) -> int:
        greeting = f"HELO:{version}.false\nAS:2048\nHL:19\nMS:10000000\n\n".encode()
        return self.started(Scripted(tree(pages), greeting))

    def weblogics(self) -> None:
        self.eight()
        self.tenant()
        plan = {**THREE, "version": "12.1.3", "jdk": "1.7", "console": True}
        self.weblogic("wls-1213", self.scripted("12.1.3.0.0", half_stopped() | APPLICATION), plan)
        plan = {**TWO, "version": "12.2.1.4", "jdk": "1.8", "console": True}
        self.weblogic("wls-122", self.scripted("12.2.1.4.0", neglected()), plan)
        plan = {**TWO, "version": "14.1.1", "jdk": "1.8", "console": True}
        self.weblogic("wls-141", self.scripted("14.1.1.0.0", modern() | APPLICATION), plan)
        plan = {**plan, "version": ">=12.1"}
        self.weblogic("wls-endless", self.bad("flood"), plan)
        self.weblogic("wls-refused", self.enter(refusing()), plan)

    def eight(self) -> None:
        """8.1: no REST; seen on its host, which is a target too."""
        port = self.scripted("8.1.4.0", APPLICATION)
        servers = [Server("AdminServer", port), Server("jyjc1", 7003)]
        for one in servers:
            one.log = old_log_line(one.name, "000365", "Server state changed to RUNNING", ago=7200.0)
        domain: Tree = self.enter(domain_on_host(self.place("wls81"), "8.1.4.0", servers))
        furnish(domain)
        self.add(
            "host", "wls81-host", SSH_PASSWORD, host="127.0.0.1", port=domain.host.port, user=DOMAIN_USER,
            host_key=domain.host.host_key, expect=expectation({"java": "1.6", "processes": ["weblogic.Name=jyjc1"]}),
        )  # fmt: skip
        plan = {**TWO, "version": "8.1", "jdk": "1.6", "console": True}
        self.weblogic("wls-81", port, plan, via="wls81-host")

    def tenant(self) -> None:
        """10.3.6 by its own REST, which tells neither addresses nor threads."""
        world = SmallWorld(self.place("wls1036"))
        for name, port_name in PORT_NAMES.items():
            server = WebLogicServer(world, 0, name, "10.3.6.0")  # type: ignore[arg-type]
            world.ports[port_name] = self.started(server)
        plan = {**THREE, "version": "10.3.6", "jdk": "1.8", "console": True}
        page = f"http://127.0.0.1:{world.ports['wls-jyjc1']}/jyjc"
        self.weblogic("wls-1036", world.ports["wls-admin"], plan, page)

    # Hosts

    def host(self, name: str, machine: Machine, secret: str = HOST_PASSWORD, key: str = "") -> None:
        server, around = self.enter(host_systems.running(self.place(name), machine))
        (target,) = around.site.targets
        keys = {"user": target.user, "host_key": key or server.fingerprint("ed25519")}
        plan = planned(machine.plan)
        self.add("host", name, secret, host="127.0.0.1", port=server.port, **keys, expect=expectation(plan))

    def hosts(self) -> None:
        self.host("aix", AIX)
        self.host("linux-full", filled(LINUX))
        self.host("solaris-key", SOLARIS, key="SHA256:" + "A" * 43)
        self.host("hpux-password", HP_UX, "Not-the-one-1")
        self.listen_only("ssh-silent", self.bad("silent"))

    def listen_only(self, name: str, port: int) -> None:
        self.add("host", name, "any", host="127.0.0.1", port=port, user="weblogic", host_key="SHA256:" + "B" * 43)

    # Bus, services, clients

    def buses(self) -> None:
        well, ill = SmallWorld(self.place("bus")), SmallWorld(self.folder)
        ill.switch("bus-corrupts")
        sound = self.started(Bus(well, 0))  # type: ignore[arg-type]
        corrupt = self.started(Bus(ill, 0))  # type: ignore[arg-type]
        ministry = self.started(Ministry(well, 0))  # type: ignore[arg-type]
        exchange = f"http://127.0.0.1:{ministry}/exchange"
        urls = inline(report=f"{exchange}/report", dispatch=f"{exchange}/dispatch")
        self.bus("bus", sound, send=True)
        self.bus("bus-ministry", sound, send=True, peer="ministry", exchange=urls)
        self.bus("bus-unasked", sound)
        self.bus("bus-corrupt", corrupt, send=True)
        self.bus("bus-refused", self.enter(refusing()), send=True)
        page = self.started(ServicePage(well, 0, "report"))  # type: ignore[arg-type]
        self.add("service", "report", kind="report", url=f"http://127.0.0.1:{page}/")
        self.add("service", "auth", kind="auth", url=f"http://127.0.0.1:{self.bad('garbage')}/")
        expect = inline(printer=False, fonts=[])
        self.add("client", "pc", urls=[f"http://127.0.0.1:{page}/"], this=True, expect=expect)
        self.add(
            "client",
            "pc-elsewhere",
            urls=[f"http://127.0.0.1:{page}/gone"],
            computer="另一台",
            expect=inline(ie_mode=True),
        )

    def bus(self, name: str, port: int, **keys: Any) -> None:
        self.add("bus", name, url=f"http://127.0.0.1:{port}/bus", probe="soap-echo", **keys)

    # Certificates

    def certificates(self) -> None:
        now = datetime.now(UTC)
        root = issue("混合省根 CA", start=now - 900 * DAY, end=now + 3000 * DAY)
        middle = issue("混合省签发 CA", root, ca=True, start=now - 800 * DAY, end=now + 2000 * DAY)
        self.file("root.cer", root.pem)
        self.file("middle.cer", middle.pem)
        good = leaf(middle, "device", now, flags=["digital_signature"])
        partner = leaf(middle, "device", now, flags=["key_encipherment"])
        gone = leaf(middle, "gone", now)
        p12(self.folder, good, "device.pfx", password=STORE_PASSWORD)
        self.file("pair.cer", partner.pem)
        self.file("gone.cer", gone.pem)
        listed = middle.crl({gone.certificate.serial_number: []}, this=now - DAY, following=now + 30 * DAY)
        self.file("middle.crl", listed.public_bytes(PEM))
        self.file("old.cer", leaf(middle, "old", now, end=now - 3 * DAY).pem)
        weak = leaf(middle, "card", now, own=rsa_key(1024))
        self.file("card.cer", weak.pem)
        judged = {"chain": ["middle.cer"], "crl": ["middle.crl"]}
        self.add("certificate", "cert-good", STORE_PASSWORD, source="file:device.pfx", pair="pair.cer", **judged)
        self.add("certificate", "cert-expired", source="file:old.cer", **judged)
        self.add("certificate", "cert-revoked", source="file:gone.cer", **judged)
        self.add("certificate", "cert-card", source="file:card.cer", chain=["middle.cer"], crl="none")
        self.file("noise.cer", b"\x30\x82nothing of the kind")
        self.add("certificate", "cert-noise", source="file:noise.cer", crl="none")
        self.national()
        own = leaf(middle, "server", now, addresses=[ip_address("127.0.0.1")])
        server = self.enter(tls_server(self.place("tls"), own, configure=strict))
        self.add("certificate", "cert-tls", source=f"tls://127.0.0.1:{server.port}", **judged)
        self.add("certificate", "cert-garbage", source=f"tls://127.0.0.1:{self.bad('garbage')}", crl="none")

    def national(self) -> None:
        """An SM2 chain of its own root."""
        place = self.folder
        sm2_authority(place, "national")
        usage = ("keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth")
        sm2_leaf(place, "sm2", *usage, by="national")
        self.add("certificate", "cert-sm2", source="file:sm2.pem", trust=["national.pem"], crl="none")

    def file(self, name: str, content: bytes) -> None:
        write(self.folder / name, content)


def leaf(by: Issued, name: str, now: datetime, **more: Any) -> Issued:
    given = {"start": now - 400 * DAY, "end": now + timedelta(days=700), **more}
    return issue(name, by, **given)


def strict(context: ssl.SSLContext) -> None:
    """TLS 1.2 and 1.3 with good suites alone."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(STRONG)


def expectation(plan: Mapping[str, Any]) -> Raw:
    """An inline table; a table in it is one too."""
    return inline(**{key: inner(value) if isinstance(value, dict) else value for key, value in plan.items()})


def inner(values: Mapping[str, Any]) -> Raw:
    return Raw("{ " + ", ".join(f'"{key}" = {value}' for key, value in values.items()) + " }")


def planned(plan: HostExpect) -> dict[str, Any]:
    """What a stand-in machine satisfies, as ``site.toml`` says it."""
    free = {mount: int(size) for mount, size in plan.free_gb.items()}
    return {"free_gb": free, "java": plan.java, "os": plan.os, "processes": list(plan.processes)}


def filled(machine: Machine) -> Machine:
    """The same with /u01 under its plan and the swap space all but used up."""
    space = str(machine.says["df -kP"].stdout).replace(
        "/dev/sdb1             51606140  15491256  33493444      32% /u01",
        "/dev/sdb1             51606140  49509112   2097028      96% /u01",
    )
    memory = str(machine.says["cat /proc/meminfo"].stdout)
    memory = memory.replace("SwapFree:     16777208 kB", "SwapFree:       838860 kB")
    return machine.saying("df -kP", Said(space)).saying("cat /proc/meminfo", Said(memory))


def furnish(domain: Tree) -> None:
    """Gives the domain's host all that a Linux answers, and the domain its boot.properties."""
    path = domain.folder / "bin"
    lines = [f"{pid} {domain.process(one)}" for pid, one in enumerate(domain.servers, 4107)]
    listing = "\n".join(["  PID COMMAND", "    1 init [3]", *lines, " 5308 ora_pmon_JYJC", ""])
    says = {**LINUX.says, "ps -eo pid,args": Said(listing)}
    own = {command: said for command, said in says.items() if command.split()[0] not in ("java", "readlink", "ls")}
    programs = {command.split()[0] for command in own} | {"date"}
    for program in programs:
        (path / program).unlink(missing_ok=True)
    for command, said in own.items():
        host_systems._write(path, command, said, 0)
    for program in programs:
        host_systems._finish(path / program)
    boot = domain.home / "boot.properties"
    boot.write_text("username={3DES}x\npassword={3DES}y\n")
    boot.chmod(0o600)


def half_stopped() -> dict[str, Any]:
    """12.1.3's own REST of a domain whose jyjc2 is down."""
    root = "/management/wls/latest"
    up = {"state": "running", "health": {"state": "ok"}, "heapSizeCurrent": 100, "heapFreeCurrent": 60,
          "heapSizeMax": 100, "javaVersion": "1.7.0_80"}  # fmt: skip
    states = {"AdminServer": "running", "jyjc1": "running", "jyjc2": "shutdown"}
    pool = {"serverName": "jyjc1", "state": "Running", "activeConnectionsHighCount": 5, "connectionsTotalCount": 9,
            "currCapacityHighCount": 15, "waitingForConnectionCurrentCount": 0}  # fmt: skip
    targets = ["jyjc1", "jyjc2"]
    application = {"name": "jyjc", "targets": targets, "state": "active", "health": {"state": "ok"},
                   "applicationMetrics": [{"serverName": "jyjc1", "state": "active"}]}  # fmt: skip
    return {
        f"{root}/servers": {"items": [{"name": name, "state": state} for name, state in states.items()]},
        **{f"{root}/servers/id/{name}": {"item": {"name": name, **up}} for name in ("AdminServer", "jyjc1")},
        f"{root}/servers/id/jyjc2": {"item": {"name": "jyjc2", "state": "shutdown"}},
        f"{root}/datasources": {"items": [{"name": "jyjcDS"}]},
        f"{root}/datasources/id/jyjcDS": {"item": {"name": "jyjcDS", "targets": targets, "dataSourceMetrics": [pool]}},
        f"{root}/deployments/application": {"items": [{"name": "jyjc"}]},
        f"{root}/deployments/application/id/jyjc": {"item": application},
    }


def neglected() -> dict[str, Any]:
    """12.2.1 with a fault of each kind; the application's page and the console are gone."""
    pages = modern(
        health="warn",
        heap={"heapSizeCurrent": 1000, "heapFreeCurrent": 100, "javaVersion": "1.7.0_80"},
        threads={"stuckThreadCount": 11},
        pool={"state": "Suspended"},
        application={"activeVersionState": 0, "healthState": {"state": "failed"}},
    )
    listed = f"{ROOT}/domainConfig/servers"
    servers = pages[listed]["items"]
    servers[1] |= {"listenPort": servers[0]["listenPort"]}
    pages[f"{ROOT}/domainConfig"] |= {"productionModeEnabled": False}
    return pages
