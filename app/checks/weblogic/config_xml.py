"""A domain's ``config.xml`` read as the configuration it stands for: 8.1's attributes, and the elements of 9.0 on.

Pure. What a file leaves out has the defaults of the version's configuration reference; the namespace changed with the
versions (bea.com, then xmlns.oracle.com), so elements are told by their local names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from app.checks.model import Undetermined
from app.checks.weblogic.facts import ConfiguredServer, KeyStore, Lockout, Topology
from app.checks.xml import parsed

PORT = 7001  # ServerMBean.ListenPort
DEMONSTRATION = "DemoIdentityAndDemoTrust"  # ServerMBean.KeyStores
ADMIN = "AdminServer"
MOST_CONNECTIONS = 15  # JDBCConnectionPoolMBean.MaxCapacity of 8.1
THRESHOLD = 5  # UserLockoutManagerMBean.LockoutThreshold
PROLOGUE = re.compile(r"\A\ufeff?\s*<\?xml\b[^>]*\?>")
KEPT, LOOKED_THROUGH = 16 << 10, 64 << 10  # characters that are recorded, and in which passwords are left out before
SECRETS = re.compile(
    r"(?is)(<(?:[\w.-]{1,60}:)?[\w.-]{0,60}(?:password|encrypted|credential|phrase)[\w.-]{0,60}>)[^<]*"
    r"|((?:password|encrypted|credential|phrase)[\w.-]{0,60}\s*=\s*)(?:\"[^\"]*\"|'[^']*')"
    r"|\{(?:3?DES|AES|AES256)\}[^\s<\"']*"
)


@dataclass(frozen=True)
class Meant:
    """A configured data source or application: the servers it is meant for; ``maximum`` connections where told.

    ``pool``: 8.1's data sources stand on a connection pool of another name.
    """

    targets: tuple[str, ...]
    maximum: int | None = None
    pool: str = ""


@dataclass(frozen=True)
class DomainFile:
    """``old``: the dialect of 8.1. ``production`` None where the file does not say (8.1 keeps it elsewhere)."""

    topology: Topology
    sources: dict[str, Meant]
    applications: dict[str, Meant]
    stores: tuple[KeyStore, ...]
    lockout: Lockout
    production: bool | None
    old: bool


def read(text: str, telling: str) -> DomainFile:
    """Raises Undetermined for what is no domain's configuration, or tells nothing that can be relied on."""
    root = parsed(PROLOGUE.sub("", text).encode("utf-8", "replace"))
    if root is None:
        raise Undetermined("config.xml 不是完整的 XML，或没有读完", "请核对域目录和登录用户的读权限。")
    match _local(root):
        case "Domain":
            return _old(root, telling)
        case "domain":
            return _new(root, telling)
    raise Undetermined(f"config.xml 的根元素是 {_local(root)[:60]}，不是 WebLogic 的域", "请核对域目录。")


def without_secrets(text: str) -> str:
    """The file as it may be recorded: passwords, encrypted or not, left out; its beginning only."""
    beginning = text[:LOOKED_THROUGH].rpartition("<")[0] if len(text) > LOOKED_THROUGH else text
    return SECRETS.sub(lambda found: f"{found[1] or found[2] or ''}***", beginning)[:KEPT]


def _old(root: Element, telling: str) -> DomainFile:
    """8.1: every bean an element with attributes, below the domain or below what it belongs to."""
    servers = [element for element in root if _local(element) == "Server"]
    _require_names([server.get("Name", "") for server in servers])
    members = _members((server.get("Cluster", ""), server.get("Name", "")) for server in servers)
    configured = tuple(_old_server(server, root) for server in servers)
    topology = Topology(
        root.get("Name", ""), _admin([server.name for server in configured], root), _old_version(root), configured,
        telling=telling,
    )  # fmt: skip
    stores = tuple(
        KeyStore(server.get("Name", ""), server.get("KeyStores", DEMONSTRATION) or DEMONSTRATION) for server in servers
    )
    return DomainFile(topology, _old_sources(root, members), _old_applications(root, members), stores,
                      _old_lockout(root), _truth(root.get("ProductionModeEnabled")), old=True)  # fmt: skip


def _old_sources(root: Element, members: dict[str, list[str]]) -> dict[str, Meant]:
    """Connection pools, and the data sources that stand on them."""
    found = {}
    for element in root:
        targets = _expanded(element.get("Targets", ""), members)
        if _local(element) == "JDBCConnectionPool":
            found[element.get("Name", "")] = Meant(targets, _number(element.get("MaxCapacity"), MOST_CONNECTIONS))
        elif _local(element) in ("JDBCTxDataSource", "JDBCDataSource"):
            found.setdefault(element.get("Name", ""), Meant(targets, None, element.get("PoolName", "")))
    return found


def _old_server(server: Element, root: Element) -> ConfiguredServer:
    machines = {element.get("Name", "") for element in root if _local(element).endswith("Machine")}
    machine = server.get("Machine", "")
    return ConfiguredServer(
        server.get("Name", ""),
        server.get("ListenAddress", ""),
        _number(server.get("ListenPort"), PORT),
        machine if machine in machines or not machines else "",
        server.get("Cluster", ""),
        _truth(server.get("ListenPortEnabled")) is not False,
    )


def _old_applications(root: Element, members: dict[str, list[str]]) -> dict[str, Meant]:
    """An application's targets are those of its components."""
    found = {}
    for application in root:
        if _local(application) == "Application":
            targets = ",".join(part.get("Targets", "") for part in application if part.get("Targets"))
            found[application.get("Name", "")] = Meant(_expanded(targets, members))
    return found


def _old_version(root: Element) -> str:
    return root.get("ConfigurationVersion", "")


def _old_lockout(root: Element) -> Lockout:
    managers = [element for element in root.iter() if _local(element).endswith("UserLockoutManager")]
    enabled = [_truth(manager.get("LockoutEnabled")) is not False for manager in managers]
    threshold = _number(managers[0].get("LockoutThreshold"), THRESHOLD) if len(managers) == 1 else THRESHOLD
    return Lockout(all(enabled), threshold)


def _new(root: Element, telling: str) -> DomainFile:
    """9.0 on: every bean an element, its properties elements inside."""
    servers = [element for element in root if _local(element) == "server"]
    _require_names([_text(server, "name") for server in servers])
    members = _members((_text(server, "cluster"), _text(server, "name")) for server in servers)
    configured = tuple(_new_server(server) for server in servers)
    admin = _text(root, "admin-server-name") or _admin([server.name for server in configured], root)
    topology = Topology(_text(root, "name"), admin, _text(root, "domain-version"), configured, telling=telling)
    stores = tuple(KeyStore(_text(server, "name"), _text(server, "key-stores") or DEMONSTRATION) for server in servers)
    production = _truth(_text(root, "production-mode-enabled") or "false")
    return DomainFile(topology, _meant(root, "jdbc-system-resource", members), _meant(root, "app-deployment", members),
                      stores, _new_lockout(root), production, old=False)  # fmt: skip


def _new_server(server: Element) -> ConfiguredServer:
    return ConfiguredServer(
        _text(server, "name"),
        _text(server, "listen-address"),
        _number(_text(server, "listen-port"), PORT),
        _text(server, "machine"),
        _text(server, "cluster"),
        _truth(_text(server, "listen-port-enabled")) is not False,
    )


def _meant(root: Element, kind: str, members: dict[str, list[str]]) -> dict[str, Meant]:
    """An application of several versions (``jyjc#1``) is one."""
    found: dict[str, Meant] = {}
    for element in root:
        if _local(element) == kind:
            name = _text(element, "name").partition("#")[0]
            before = found[name].targets if name in found else ()
            found[name] = Meant(tuple(dict.fromkeys((*before, *_expanded(_text(element, "target"), members)))))
    return found


def _new_lockout(root: Element) -> Lockout:
    """That of the default realm; one realm without a name for it is it."""
    security = next((element for element in root if _local(element) == "security-configuration"), None)
    realms = [] if security is None else [element for element in security if _local(element) == "realm"]
    default = "" if security is None else _text(security, "default-realm")
    realm = next((one for one in realms if _text(one, "name") == default), realms[0] if len(realms) == 1 else None)
    if realm is None:
        return Lockout(None, None)
    manager = next((element for element in realm if _local(element) == "user-lockout-manager"), None)
    if manager is None:
        return Lockout(True, THRESHOLD)
    enabled = _truth(_text(manager, "lockout-enabled") or "true")
    return Lockout(enabled, _number(_text(manager, "lockout-threshold"), THRESHOLD))


def _require_names(names: list[str]) -> None:
    """Raises Undetermined for a domain without servers, or one whose servers have no names or share one."""
    if not names or not all(names):
        raise Undetermined("config.xml 里没有 Server，或有的没有名称", "请核对域目录。")
    if len({name.lower() for name in names}) < len(names):
        raise Undetermined("config.xml 里有两个同名的 Server", "请在控制台“环境－服务器”核对配置。")


def _admin(names: list[str], root: Element) -> str:  # noqa: ARG001 - both dialects ask it
    """The administration server where the file does not name it: the usual name, or the only server."""
    return ADMIN if ADMIN in names else names[0] if len(names) == 1 else ""


def _members(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {}
    for cluster, server in pairs:
        if cluster:
            members.setdefault(cluster, []).append(server)
    return members


def _expanded(targets: str, members: dict[str, list[str]]) -> tuple[str, ...]:
    """The servers of a comma-separated list of servers and clusters."""
    named = [target.strip() for target in targets.split(",") if target.strip()]
    return tuple(dict.fromkeys(server for target in named for server in members.get(target, [target])))


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Element, name: str) -> str:
    """The text of the child of that local name; empty without one, or where it is nil."""
    found = next((child for child in element if _local(child) == name), None)
    return (found.text or "").strip() if found is not None else ""


def _number(text: str | None, default: int) -> int | None:
    """A whole number; ``default`` where nothing stands, None for anything else."""
    if not text:
        return default
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _truth(text: str | None) -> bool | None:
    return {"true": True, "false": False}.get((text or "").strip().lower())
