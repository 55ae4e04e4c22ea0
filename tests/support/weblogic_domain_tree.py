"""A domain's folders on a host behind a real sshd, and a stand-in java that answers its tools as the real ones print.

The folders lie below the user's home: where anybody may write, the checks run nothing. ``ps``, ``uname`` and ``pwdx``
are stand-ins too; every call of java is kept with its arguments, its environment and what it read.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_sshd import Account, program_folder, sshd
from weblogic_world import PASSWORD

from app.site.model import Host

STAND_IN = Path(__file__).with_name("stand_in_java.py")
SSH_PASSWORD = "Ssh-log-in-1"
USER = "weblogic"


@dataclass
class Server:
    """``flags``: further arguments of its process; ``process`` False where none runs."""

    name: str
    port: int
    state: str = "RUNNING"
    process: bool = True
    flags: str = "-Xmx512m -Dweblogic.ProductionModeEnabled=true"
    address: str = "127.0.0.1"
    machine: str = "m1"
    stores: str = "CustomIdentityAndCustomTrust"
    heap: tuple[int, int, int] = (400, 300, 512)  # current, free, maximum in MiB
    stuck: int = 0
    queue: int = 0
    pool: str = "Running"
    active: int = 2
    health: int = 0
    log: str = ""


@dataclass
class Tree:
    folder: Path
    version: str
    servers: list[Server]
    password: str = PASSWORD
    java_version: str = "1.6.0_45"
    production: str = "true"
    lockout: str = ""
    behaviour: str = ""  # of the tools: silent, truncated, unreachable
    host: Host = field(default_factory=lambda: Host("app-host"))

    @property
    def old(self) -> bool:
        return self.version.startswith("8.")

    @property
    def home(self) -> Path:
        return self.folder / "domains" / "jyjc_domain"

    @property
    def lib(self) -> Path:
        return self.folder / "wls" / "server" / "lib"

    @property
    def java(self) -> Path:
        return self.folder / "jdk" / "bin" / "java"

    @property
    def calls(self) -> list[dict[str, Any]]:
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def write(self) -> None:
        """Writes everything anew, as it is now."""
        for place in (self.home / "config", self.lib, self.java.parent, self.folder / "bin"):
            place.mkdir(parents=True, exist_ok=True)
        (self.lib / "weblogic.jar").touch()
        path = self.home / ("config.xml" if self.old else "config/config.xml")
        path.write_text(old_configuration(self) if self.old else configuration(self), encoding="utf-8")
        for server in self.servers:
            place = self.home / server.name if self.old else self.home / "servers" / server.name / "logs"
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{server.name}.log").write_text(server.log, encoding="utf-8")
        (self.folder / "domain.json").write_text(json.dumps(self.told()), encoding="utf-8")
        java = f'#!/bin/sh\nexec {sys.executable} {STAND_IN} {self.folder}/domain.json "$@"\n'
        for place, text in ((self.java, java), *((self.folder / "bin" / name, text) for name, text in self.shims())):
            place.write_text(text, encoding="utf-8")
            place.chmod(0o755)

    def told(self) -> dict[str, Any]:
        return {
            "version": self.version, "java": self.java_version, "password": self.password, "calls": str(self.folder),
            "production": self.production == "true", "behaviour": self.behaviour,
            "servers": [vars(server) for server in self.servers],
        }  # fmt: skip

    def shims(self) -> Iterator[tuple[str, str]]:
        lines = ["    PID COMMAND", "      1 /sbin/init", "   4000 /usr/sbin/sshd -D"]
        lines += [f"   {pid} {self.process(one)}" for pid, one in enumerate(self.servers, 4107) if one.process]
        yield "ps", "#!/bin/sh\ncat <<'EOF'\n" + "\n".join(lines) + "\nEOF\n"
        yield "uname", "#!/bin/sh\necho 'Linux 4.19.90 x86_64'\n"
        yield "readlink", f"#!/bin/sh\necho '{self.home}'\n"

    def process(self, server: Server) -> str:
        policy = f"-Djava.security.policy={self.lib}/weblogic.policy"
        return f"{self.java} -server {server.flags} -Dweblogic.Name={server.name} {policy} weblogic.Server"


def log_line(server: str, code: str, text: str, ago: float = 600.0) -> str:
    stamp = round((time.time() - ago) * 1000)
    head = "####<2026-1-5 上午09时12分33秒 CST> <Error> <WebLogicServer> <app>"
    return f"{head} <{server}> <main> <<WLS Kernel>> <> <> <{stamp}> <BEA-{code}> <{text}> \n"


def old_log_line(server: str, code: str, text: str, ago: float = 600.0) -> str:
    """8.1: no milliseconds; the time as a Chinese locale writes it."""
    when = time.gmtime(time.time() - ago + 8 * 3600)
    half, hour = ("上午", when.tm_hour) if when.tm_hour < 12 else ("下午", when.tm_hour - 12)
    clock = f"{hour or 12:02d}时{when.tm_min:02d}分{when.tm_sec:02d}秒"
    shown = f"{when.tm_year}-{when.tm_mon}-{when.tm_mday} {half}{clock} CST"
    return f"####<{shown}> <Error> <WebLogicServer> <app> <{server}> <main> <<WLS Kernel>> <> <BEA-{code}> <{text}> \n"


def configuration(tree: Tree) -> str:
    space = {"9": "http://www.bea.com/ns/weblogic/920/domain"}.get(
        tree.version.partition(".")[0], "http://xmlns.oracle.com/weblogic/domain"
    )
    servers = "".join(
        f"<server><name>{one.name}</name><ssl><enabled>false</enabled></ssl><machine>{one.machine}</machine>"
        + (f"<listen-port>{one.port}</listen-port>" if one.port != 7001 else "")
        + f"<listen-address>{one.address}</listen-address><key-stores>{one.stores}</key-stores>"
        "<private-key-pass-phrase-encrypted>{3DES}c2VjcmV0</private-key-pass-phrase-encrypted>"
        "</server>"
        for one in tree.servers
    )
    targets = ",".join(one.name for one in tree.servers[1:])
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<domain xmlns="{space}" xmlns:sec="{space}/security">'
        f"<name>jyjc_domain</name><domain-version>{tree.version}</domain-version>"
        f"<security-configuration><name>jyjc_domain</name><realm>{tree.lockout}<sec:name>myrealm</sec:name></realm>"
        "<default-realm>myrealm</default-realm><credential-encrypted>{3DES}c2VjcmV0</credential-encrypted>"
        f"</security-configuration>{servers}<production-mode-enabled>{tree.production}</production-mode-enabled>"
        f"<app-deployment><name>jyjc</name><target>{targets}</target></app-deployment><machine><name>m1</name></machine>"
        f"<admin-server-name>{tree.servers[0].name}</admin-server-name>"
        f"<jdbc-system-resource><name>jyjcDS</name><target>{targets}</target></jdbc-system-resource></domain>\n"
    )


def old_configuration(tree: Tree) -> str:
    servers = "".join(
        f'<Server ListenAddress="{one.address}" Machine="{one.machine}" KeyStores="{one.stores}" Name="{one.name}"'
        + (f' ListenPort="{one.port}"' if one.port != 7001 else "")
        + f'><SSL Enabled="false" Name="{one.name}"/></Server>\n'
        for one in tree.servers
    )
    targets = ",".join(one.name for one in tree.servers[1:])
    return (
        '<?xml version="1.0" encoding="GBK"?>\n<!-- 请勿修改 -->\n'
        '<Domain ConfigurationVersion="8.1.4.0" Name="jyjc_domain">\n'
        f'{servers}<UnixMachine Name="m1"/>\n'
        f'<Application Name="jyjc" Path="/u01/app" TwoPhase="true"><WebAppComponent Name="jyjc" Targets="{targets}" '
        'URI="jyjc.war"/></Application>\n'
        '<JDBCConnectionPool Name="jyjcPool" MaxCapacity="50" PasswordEncrypted="{3DES}c2VjcmV0" '
        f'Targets="{targets}"/>\n'
        f'<JDBCTxDataSource JNDIName="jyjcDS" Name="jyjcDS" PoolName="jyjcPool" Targets="{targets}"/>\n'
        f"{tree.lockout}</Domain>\n"
    )


@contextlib.contextmanager
def domain_on_host(
    place: Path, version: str, servers: Sequence[Server], shell: str = "/bin/sh", **more: Any
) -> Iterator[Tree]:
    """A tree with a host before it; ``place`` is for the server's own files."""
    folder = program_folder("onsite-wls-")
    tree = Tree(folder, version, list(servers), **more)
    tree.write()
    account = Account(USER, SSH_PASSWORD, shell, str(folder / "bin"))
    try:
        with sshd(place, kinds=("ed25519",), account=account) as server:
            key = server.fingerprint("ed25519")
            tree.host = Host("app-host", host="127.0.0.1", port=server.port, user=USER, host_key=key)
            yield tree
    finally:
        shutil.rmtree(folder, ignore_errors=True)
