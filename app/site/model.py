"""The frozen types of a site profile, exactly the keys of ``site.toml``; reading the file is ``profile``'s work."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True)
class Target:
    """One thing that is connected to. ``kind`` is its table in ``site.toml``; ``id`` is unique across all kinds."""

    kind: ClassVar[str] = ""

    id: str
    title: str = ""

    @property
    def name(self) -> str:
        """What a person calls it: the title, else the id."""
        return self.title or self.id

    def digest(self) -> str:
        """SHA-256 (hex) over this entry's canonical content: a result is bound to it and is stale once it changes."""
        content = json.dumps(self.bound(), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(f"{self.kind}:{content}".encode()).hexdigest()

    def bound(self) -> Any:
        """What the digest is made over, as plain JSON values."""
        return plain(self)


def plain(value: Any) -> Any:
    """A dataclass tree as plain JSON values (paths become their text)."""
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


@dataclass(frozen=True)
class DatabaseExpect:
    """What the plan says of a database; an empty or zero value means 方案未规定.

    ``pool_maxima``: the most connections of each pool that uses it, a pool on several servers once for each.
    ``invalid_baseline``: invalid objects that there were at acceptance, by schema.
    """

    version: str = ""
    edition: str = ""
    sga_min_mb: int = 0
    pga_min_mb: int = 0
    shared_pool_min_mb: int = 0
    users: tuple[str, ...] = ()
    tablespaces: tuple[str, ...] = ()
    charset: str = ""
    ncharset: str = ""
    exchange_tables: tuple[str, ...] = ()
    code_tables: Mapping[str, int] = field(default_factory=dict)
    backup_days: int = 0
    components: tuple[str, ...] = ()
    pool_maxima: tuple[int, ...] = ()
    invalid_baseline: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Database(Target):
    """``client``: the folder of an Oracle Instant Client on the computer that checks, for the route ``thick``; it says
    nothing of the database, so results are not bound to it.
    """

    kind: ClassVar[str] = "database"

    role: str = "monitoring"
    host: str = ""
    port: int = 1521
    service: str = ""
    sid: str = ""
    user: str = ""
    route: str = "auto"
    via: str = ""
    heavy: bool = False
    client: str = ""
    expect: DatabaseExpect = DatabaseExpect()

    def bound(self) -> Any:
        return {key: value for key, value in plain(self).items() if key != "client"}


@dataclass(frozen=True)
class WebLogicExpect:
    """``console``: empty, ``yes``, ``no``, or the console's address."""

    servers: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    datasources: tuple[str, ...] = ()
    version: str = ""
    jdk: str = ""
    console: str = ""


@dataclass(frozen=True)
class WebLogic(Target):
    """``domain_home``: the domain's directory on ``via``; found out where it is empty. ``managed``: managed server →
    its own address, for when the administration server is down.
    """

    kind: ClassVar[str] = "weblogic"

    url: str = ""
    user: str = ""
    via: str = ""
    domain_home: str = ""
    managed: Mapping[str, str] = field(default_factory=dict)
    application_urls: tuple[str, ...] = ()
    expect: WebLogicExpect = WebLogicExpect()


@dataclass(frozen=True)
class HostExpect:
    """``free_gb``: mount point → free GiB at least. ``java``, ``os``: a version comparison such as ``>=1.6``.

    ``names``: host names that must have an address there.
    """

    free_gb: Mapping[str, float] = field(default_factory=dict)
    java: str = ""
    os: str = ""
    ports: tuple[int, ...] = ()
    processes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Host(Target):
    """``node``: what ``uname -n`` says there, where its address does not tell it (NAT)."""

    kind: ClassVar[str] = "host"

    host: str = ""
    node: str = ""
    port: int = 22
    user: str = ""
    host_key: str = ""
    jump: str = ""
    legacy_algorithms: bool = False
    expect: HostExpect = HostExpect()


@dataclass(frozen=True)
class Exchange:
    """URLs of a live exchange with the other end; empty where there is none."""

    report: str = ""
    dispatch: str = ""


@dataclass(frozen=True)
class Authentication:
    """Mutual TLS by which the bus knows our device: ``url`` (https), ``certificate``: the id of the [[certificate]] of
    whose file certificate and key are, ``wrong``: the customer agreed in writing that a wrong one is tried too.
    """

    url: str = ""
    certificate: str = ""
    wrong: bool = False


@dataclass(frozen=True)
class Bus(Target):
    """``host_key``: of an SFTP bus, as that of a host. ``node``: the division code of the other end, "" unless said."""

    kind: ClassVar[str] = "bus"

    url: str = ""
    probe: str = "soap-echo"
    peer: str = "local"
    node: str = ""
    send: bool = False
    host_key: str = ""
    exchange: Exchange = Exchange()
    authentication: Authentication = Authentication()


@dataclass(frozen=True)
class Service(Target):
    # ``service_kind`` is the file's key ``kind`` (auth | report | interface); ``kind`` is the table's name here.
    kind: ClassVar[str] = "service"

    service_kind: str = "auth"
    url: str = ""
    probe: str = "http"


@dataclass(frozen=True)
class Certificate(Target):
    """Paths (that of ``source`` too) are absolute once loaded. ``crl`` is a tuple of files, or ``"none"``: none.

    ``contents`` says for each file named by ``FILES`` what is in it (SHA-256), and is no key of ``site.toml``. The
    digest stands on it instead of the paths: a moved project keeps its results, a replaced certificate ends them.
    """

    FILES: ClassVar[tuple[str, ...]] = ("source", "trust", "chain", "crl", "pair")

    kind: ClassVar[str] = "certificate"

    source: str = ""
    role: str = "server-device"
    hostname: str = ""
    trust: tuple[Path, ...] = ()
    chain: tuple[Path, ...] = ()
    crl: tuple[Path, ...] | str = ()
    pair: Path | None = None
    min_days: int = 0
    contents: tuple[str, ...] = ()

    def bound(self) -> Any:
        own = plain(self)
        return {key: value for key, value in own.items() if not self.contents or key not in self.FILES}


@dataclass(frozen=True)
class ClientExpect:
    """What the manual asks of a client PC. ``zone_sites`` belong to the browser's ``zone`` (trusted | intranet);
    ``activex``: number of a zone's setting → enable, prompt or disable; without ``fonts`` none are asked for.
    """

    zone_sites: tuple[str, ...] = ()
    zone: str = "trusted"
    activex: Mapping[str, str] = field(default_factory=dict)
    ie_mode: bool = False
    printer: bool = True
    fonts: tuple[str, ...] = ("仿宋", "小标宋")


@dataclass(frozen=True)
class Client(Target):
    """``this``, or the name ``computer``, says that the PC is the one this program runs on; ``driver`` is the path of
    the token's PKCS#11 or CSP module there.
    """

    kind: ClassVar[str] = "client"

    urls: tuple[str, ...] = ()
    this: bool = False
    computer: str = ""
    driver: str = ""
    expect: ClientExpect = ClientExpect()


KINDS: tuple[type[Target], ...] = (Database, WebLogic, Host, Bus, Service, Certificate, Client)


@dataclass(frozen=True)
class Site:
    """One node. ``trust`` are absolute paths of the site's trust anchors."""

    name: str
    node: str
    parent: str = ""
    mode: str = "centralised"
    integrated: bool = True
    unit: str = ""
    unit_phone: str = ""
    implementer: str = ""
    implementer_phone: str = ""
    trust: tuple[Path, ...] = ()
    targets: tuple[Target, ...] = ()
    path: Path = Path("site.toml")

    def of_kind(self, kind: str) -> tuple[Target, ...]:
        """The targets of one table of ``site.toml``, in the file's order."""
        return tuple(target for target in self.targets if target.kind == kind)

    def target(self, target_id: str) -> Target | None:
        return next((target for target in self.targets if target.id == target_id), None)
