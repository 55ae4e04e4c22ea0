"""Each table of ``site.toml`` read into its target: the keys it may have, what each must look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from app.base.errors import InputError
from app.base.toml_table import REQUIRED, Table
from app.site import files, formats
from app.site.model import (
    Authentication,
    Bus,
    Certificate,
    Client,
    ClientExpect,
    Database,
    DatabaseExpect,
    Exchange,
    Host,
    HostExpect,
    Service,
    Target,
    WebLogic,
    WebLogicExpect,
)

ROUTES = ("auto", "thin", "legacy", "thick", "sqlplus")
SCHEMES = ("http", "https", "tcp", "tls", "sftp")
BUS_PROBES = ("tcp", "tls", "http", "soap-echo", "sftp-roundtrip")
SERVICE_PROBES = ("http", "tcp", "tls", "soap-echo")
WEB_PROBES = ("http", "soap-echo")  # they cannot be put to anything but a web address
PORTS = (1, 65535)
MOST_DAYS = 36500
MOST_AMOUNT = 10**9


def database(table: Table) -> Database:
    table.only(_keys(Database))
    service, sid = formats.text(table, "service"), formats.text(table, "sid")
    if bool(service) == bool(sid):
        key = "sid" if sid else ""
        raise table.error(key, f"{table.name} 的 service 与 sid 要写一个，只能写一个。")
    return Database(
        **_common(table),
        role=table.choice("role", ("monitoring", "exchange"), "monitoring"),
        host=formats.host(table, "host"),
        port=table.integer("port", 1521, *PORTS),
        service=service,
        sid=sid,
        user=formats.text(table, "user", REQUIRED),
        route=table.choice("route", ROUTES, "auto"),
        via=formats.text(table, "via"),
        heavy=table.boolean("heavy"),
        client=formats.text(table, "client"),
        expect=_database_expect(table.table("expect")),
    )


def _database_expect(table: Table) -> DatabaseExpect:
    table.only(_keys(DatabaseExpect))
    return DatabaseExpect(
        version=formats.version(table, "version"),
        edition=formats.text(table, "edition"),
        sga_min_mb=table.integer("sga_min_mb"),
        pga_min_mb=table.integer("pga_min_mb"),
        shared_pool_min_mb=table.integer("shared_pool_min_mb"),
        users=formats.names(table, "users"),
        tablespaces=formats.names(table, "tablespaces"),
        charset=formats.text(table, "charset"),
        ncharset=formats.text(table, "ncharset"),
        exchange_tables=formats.names(table, "exchange_tables", formats.QUALIFIED),
        code_tables=formats.counts(table, "code_tables"),
        backup_days=table.integer("backup_days", most=MOST_DAYS),
        components=formats.texts(table, "components"),
        pool_maxima=table.integers("pool_maxima", 1, MOST_AMOUNT),
        invalid_baseline={name: int(count) for name, count in table.amounts("invalid_baseline", whole=True).items()},
    )


def weblogic(table: Table) -> WebLogic:
    table.only(_keys(WebLogic))
    expect = table.table("expect")
    expect.only(_keys(WebLogicExpect))
    return WebLogic(
        **_common(table),
        url=formats.url(table, "url"),
        user=formats.text(table, "user", REQUIRED),
        via=formats.text(table, "via"),
        domain_home=formats.text(table, "domain_home"),
        managed=_managed(table.table("managed")),
        application_urls=formats.urls(table, "application_urls"),
        expect=WebLogicExpect(
            servers=formats.texts(expect, "servers"),
            applications=formats.texts(expect, "applications"),
            datasources=formats.texts(expect, "datasources"),
            version=formats.version(expect, "version"),
            jdk=formats.version(expect, "jdk"),
            console=_console(expect),
        ),
    )


def _managed(table: Table) -> Mapping[str, str]:
    """The addresses of managed servers by name."""
    return {name: formats.url(table, name) for name in table.keys()}  # noqa: SIM118 - a Table is no mapping


def _console(expect: Table) -> str:
    """Whether there shall be a console, or at which address: ``yes``, ``no``, an address, or empty."""
    if isinstance(expect.values.get("console"), bool):
        return "yes" if expect.boolean("console") else "no"
    return formats.url(expect, "console", default="")


def host(table: Table) -> Host:
    table.only(_keys(Host))
    expect = table.table("expect")
    expect.only(_keys(HostExpect))
    return Host(
        **_common(table),
        host=formats.host(table, "host"),
        node=formats.text(table, "node"),
        port=table.integer("port", 22, *PORTS),
        user=formats.text(table, "user", REQUIRED),
        host_key=formats.fingerprint(table, "host_key"),
        jump=formats.text(table, "jump"),
        legacy_algorithms=table.boolean("legacy_algorithms"),
        expect=HostExpect(
            free_gb=_free(expect),
            java=formats.version(expect, "java"),
            os=formats.version(expect, "os"),
            ports=expect.integers("ports", *PORTS),
            processes=formats.texts(expect, "processes"),
            names=formats.names(expect, "names", formats.HOST_NAME, "主机名"),
        ),
    )


def _free(expect: Table) -> Mapping[str, float]:
    amounts = expect.amounts("free_gb", whole=False)
    inside = expect.table("free_gb")
    for mount, amount in amounts.items():
        if not mount.strip() or formats.CONTROLS.search(mount) or amount > MOST_AMOUNT:
            raise inside.error(mount, f'{inside.name} 应写 挂载点 = GB 数，如 {{ "/" = 10 }}。')
    return amounts


def bus(table: Table) -> Bus:
    table.only(_keys(Bus))
    exchange = table.table("exchange")
    exchange.only(_keys(Exchange))
    return Bus(
        **_common(table),
        url=formats.url(table, "url", SCHEMES),
        probe=_probe(table, BUS_PROBES, "soap-echo"),
        peer=table.choice("peer", ("local", "ministry", "city"), "local"),
        node=formats.division(table, "node", ""),
        send=table.boolean("send"),
        host_key=formats.fingerprint(table, "host_key"),
        exchange=Exchange(
            report=formats.url(exchange, "report", default=""),
            dispatch=formats.url(exchange, "dispatch", default=""),
        ),
        authentication=_authentication(table.table("authentication")),
    )


def _authentication(table: Table) -> Authentication:
    table.only(_keys(Authentication))
    url, certificate = formats.url(table, "url", ("https",), default=""), formats.text(table, "certificate")
    if bool(url) != bool(certificate):
        raise table.error(
            "url" if url else "certificate" if certificate else "", f"{table.name} 要同时写 url 和 certificate。"
        )
    return Authentication(url, certificate, table.boolean("wrong"))


def service(table: Table) -> Service:
    table.only(_keys(Service))
    return Service(
        **_common(table),
        service_kind=table.choice("kind", ("auth", "report", "interface")),
        url=formats.url(table, "url", SCHEMES),
        probe=_probe(table, SERVICE_PROBES, "http"),
    )


def _probe(table: Table, probes: tuple[str, ...], default: str) -> str:
    """The probe, once it fits the address. Raises InputError for one that cannot be put to it."""
    probe = table.choice("probe", probes, default)
    scheme = table.text("url").partition("://")[0]
    wanted = formats.WEB if probe in WEB_PROBES else ("sftp",) if probe == "sftp-roundtrip" else SCHEMES
    if scheme not in wanted:
        addresses = "、".join(f"{one}://" for one in wanted)
        raise table.error(
            "probe" if "probe" in table else "url", f"{table.name} 的探测方式 {probe} 要配 {addresses} 的 url。"
        )
    if probe == "sftp-roundtrip" and "@" not in table.text("url"):
        raise table.error("url", f"{table.name} 的 url 要写明用户：sftp://用户@主机:端口/文件夹。")
    return probe


def certificate(table: Table, folder: Path, anchors: tuple[Path, ...]) -> Certificate:
    """``anchors`` are the site's: the entry's own ``trust`` takes their place."""
    table.only(_keys(Certificate))
    source = files.source(table, folder)
    trust = files.paths(table, "trust", folder) if "trust" in table else anchors
    chain = files.paths(table, "chain", folder)
    crl = _crl(table, folder)
    pair = files.path(table, "pair", folder)
    return Certificate(
        **_common(table),
        source=source,
        role=table.choice("role", ("server-device", "personal", "ca"), "server-device"),
        hostname=formats.host(table, "hostname") if table.text("hostname") else "",
        trust=trust,
        chain=chain,
        crl=crl,
        pair=pair,
        min_days=table.integer("min_days", most=MOST_DAYS),
        contents=files.contents(folder, source, trust, chain, crl, pair),
    )


def _crl(table: Table, folder: Path) -> tuple[Path, ...] | str:
    if not isinstance(table.values.get("crl", []), str):
        return files.paths(table, "crl", folder)
    return table.choice("crl", ("none",))


def client(table: Table) -> Client:
    table.only(_keys(Client))
    return Client(
        **_common(table),
        urls=formats.urls(table, "urls"),
        this=table.boolean("this"),
        computer=formats.text(table, "computer"),
        driver=formats.text(table, "driver"),
        expect=_client_expect(table.table("expect")),
    )


def _client_expect(table: Table) -> ClientExpect:
    table.only(_keys(ClientExpect))
    return ClientExpect(
        zone_sites=formats.texts(table, "zone_sites"),
        zone=table.choice("zone", ("trusted", "intranet"), "trusted"),
        activex=_activex(table.table("activex")),
        ie_mode=table.boolean("ie_mode"),
        printer=table.boolean("printer", True),
        fonts=formats.texts(table, "fonts") if "fonts" in table else ClientExpect.fonts,
    )


def _activex(table: Table) -> Mapping[str, str]:
    """Settings of a zone by their numbers (four hexadecimal digits, as Windows names them)."""
    for name in table.values:
        if not re.fullmatch("[0-9A-Fa-f]{4}", name):
            raise table.error(name, f"{table.name} 的键应是四位的设置编号（如 1200），不能是“{name}”。")
    return {name.upper(): table.choice(name, ("enable", "prompt", "disable")) for name in table.values}


READERS: Mapping[str, Callable[[Table], Target]] = {
    "database": database,
    "weblogic": weblogic,
    "host": host,
    "bus": bus,
    "service": service,
    "client": client,
}  # and certificate, which needs to know where the file lies


def require_hosts(read: list[tuple[Table, Target]]) -> None:
    """Raises InputError where ``via`` or ``jump`` names no host of the file, or jumps lead round in a circle."""
    hosts = {target.id: target for _, target in read if isinstance(target, Host)}
    for table, target in read:
        for key in ("via", "jump"):
            named = str(getattr(target, key, ""))
            if named and named not in hosts:
                raise table.error(key, f"{table.name} 的 {key} 写的 {named} 不是文件里任何 [[host]] 的 id。")
        if isinstance(target, Host) and (circle := _circle(target, hosts)):
            raise table.error("jump", f"跳板绕成了圈：{' → '.join(circle)}。")


def require_certificates(read: list[tuple[Table, Target]]) -> None:
    """Raises InputError where a bus names a certificate that is none of the file's."""
    known = {target.id for _, target in read if isinstance(target, Certificate)}
    for table, target in read:
        named = target.authentication.certificate if isinstance(target, Bus) else ""
        if named and named not in known:
            inside = table.table("authentication")
            raise inside.error(
                "certificate", f"{inside.name} 的 certificate 写的 {named} 不是文件里任何 [[certificate]] 的 id。"
            )


def _circle(start: Host, hosts: Mapping[str, Host]) -> list[str]:
    """The ids from ``start`` back to itself; empty when the jumps end."""
    way, here = [start.id], start.jump
    while here and here not in way:
        way.append(here)
        here = hosts[here].jump if here in hosts else ""
    return [*way, here] if here == start.id else []


def require_single(read: list[tuple[Table, Target]]) -> None:
    """Raises InputError for an id that two targets have."""
    seen: dict[str, Table] = {}
    for table, target in read:
        if first := seen.get(target.id):
            line = first.document.line((*first.path, "id"))
            raise _double(table, target.id, line)
        seen[target.id] = table


def _double(table: Table, target_id: str, line: int) -> InputError:
    return table.error("id", f"id {target_id} 已在第 {line} 行用过，检查对象的 id 不能重复。")


def _keys(entry: type) -> tuple[str, ...]:
    """The keys of a table are the fields of what it becomes."""
    names = (field.name for field in fields(entry) if field.name != "contents")
    return tuple("kind" if name == "service_kind" else name for name in names)


def _common(table: Table) -> dict[str, str]:
    return {"id": formats.target_id(table), "title": formats.text(table, "title")}
