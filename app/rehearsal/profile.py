"""The rehearsal site's profile: its site.toml with every plan value, as the site is when nothing is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from app.rehearsal.certificates import (
    CRL,
    DEVICE_ENCRYPTION,
    DEVICE_WITH_KEY,
    HOST_NAME,
    ISSUING,
    PERSONAL_ENCRYPTION,
    PERSONAL_WITH_KEY,
    ROOT,
)

NAME = "site.toml"
EXCHANGE_TABLES = ("DY11", "DY12", "DY13", "DY14", "DY16", "DY17", "DY31")
WEBLOGIC_VERSIONS = {"12.2.1": "12.2.1.4.0", "10.3.6": "10.3.6.0"}
ORACLE_VERSIONS = {"19c": "19", "11.2": "11.2"}


def write(folder: Path, ports: Mapping[str, int], fingerprint: str, *, oracle: str, weblogic: str) -> Path:
    """Writes the profile with the ports as they are now; gives its path."""
    path = folder / NAME
    part = path.with_name(f"{NAME}.part")
    text = profile(ports, fingerprint, ORACLE_VERSIONS[oracle], WEBLOGIC_VERSIONS[weblogic])
    part.write_text(text, encoding="utf-8", newline="\n")
    part.replace(path)
    return path


def profile(ports: Mapping[str, int], fingerprint: str, oracle: str, weblogic: str) -> str:
    parts = (
        site(),
        database("db1", "就业监测库", "monitoring", "JYJC", ports["oracle"], oracle),
        database("db2", "就业监测交换库", "exchange", "JYJH", ports["oracle"], oracle),
        weblogic_domain(ports, weblogic),
        host(ports, fingerprint),
        buses(ports),
        *(service(kind, title, ports[kind]) for kind, title in SERVICES.items()),
        certificates(ports["tls"]),
        client(ports),
    )
    return "# 演练现场的配置，由演练现场自动写成；端口每次启动可能不同。\n\n" + "\n".join(parts)


SERVICES = {"auth": "认证服务支撑软件包", "report": "报表平台服务端", "interface": "就业接口软件"}


def quoted(value: object) -> str:
    """A TOML value: text, number, truth or a list of texts."""
    return json.dumps(value, ensure_ascii=False)


def table(name: str, /, **values: object) -> str:
    """One table; values that are ``Raw`` stand as they are."""
    lines = [f"{key} = {value if isinstance(value, Raw) else quoted(value)}" for key, value in values.items()]
    return "\n".join((name, *lines)) + "\n"


class Raw(str):
    """A value that is TOML already."""


def inline(**values: object) -> Raw:
    return Raw(
        "{ "
        + ", ".join(f"{key} = {value if isinstance(value, Raw) else quoted(value)}" for key, value in values.items())
        + " }"
    )


def site() -> str:
    return table(
        "[site]", name="示例省就业监测节点（演练）", node="510000", mode="centralised", integrated=True,
        unit="示例省人力资源和社会保障厅（演练）", unit_phone="000-00000000", implementer="示例实施单位（演练）",
        implementer_phone="000-00000000", trust=[ROOT],
    )  # fmt: skip


def database(id: str, title: str, role: str, service: str, port: int, version: str) -> str:
    exchange = [f"{service}.{name}" for name in EXCHANGE_TABLES] if role == "exchange" else []
    expect = inline(
        version=version, sga_min_mb=4096, pga_min_mb=1024, shared_pool_min_mb=512, users=[service],
        tablespaces=[f"{service}_DATA", f"{service}_INDEX"], charset="ZHS16GBK", ncharset="AL16UTF16",
        exchange_tables=exchange, code_tables=Raw(f'{{ "{service}.AA10" = 300, "{service}.AA26" = 200 }}'),
        components=["CATALOG", "CATPROC"], backup_days=2,
    )  # fmt: skip
    return table(
        "[[database]]", id=id, title=title, role=role, host="127.0.0.1", port=port, service=service,
        user="jyjc_check", route="auto", via="app-host", expect=expect,
    )  # fmt: skip


def weblogic_domain(ports: Mapping[str, int], version: str) -> str:
    """The application's page is asked of jyjc1 only, so that jyjc2 may fail by itself."""
    servers = ["AdminServer", "jyjc1", "jyjc2"]
    expect = inline(servers=servers, applications=["jyjc"], datasources=["jyjcDS"], version=version, jdk="1.8",
                    console=True)  # fmt: skip
    return table(
        "[[weblogic]]", id="wls1", title="应用服务器", url=f"http://127.0.0.1:{ports['wls-admin']}", user="monitor",
        via="app-host", application_urls=[f"http://127.0.0.1:{ports['wls-jyjc1']}/jyjc"], expect=expect,
    )  # fmt: skip


def host(ports: Mapping[str, int], fingerprint: str) -> str:
    processes = [f"-Dweblogic.Name={name}" for name in ("AdminServer", "jyjc1", "jyjc2")]
    expect = inline(
        free_gb=Raw('{ "/" = 10, "/u01" = 20, "/u02" = 50 }'), java=">=1.6", os=">=10",
        ports=[ports["wls-admin"], ports["wls-jyjc1"]], processes=[*processes, "ora_pmon_JYJC"],
    )  # fmt: skip
    return table(
        "[[host]]", id="app-host", title="应用主机", host="127.0.0.1", port=ports["ssh"], user="weblogic",
        host_key=fingerprint, expect=expect,
    )  # fmt: skip


def buses(ports: Mapping[str, int]) -> str:
    ministry = f"http://127.0.0.1:{ports['ministry']}/exchange"
    local = table(
        "[[bus]]", id="bus1", title="异地总线", url=f"http://127.0.0.1:{ports['bus']}/bus", probe="soap-echo",
        peer="local", send=True,
        authentication=inline(
            url=f"https://127.0.0.1:{ports['bus-auth']}/device", certificate="bus-device", wrong=True
        ),
    )  # fmt: skip
    upper = table(
        "[[bus]]", id="bus-ministry", title="部端总线", url=f"http://127.0.0.1:{ports['bus-ministry']}/bus",
        probe="soap-echo", peer="ministry", send=True,
        exchange=inline(report=f"{ministry}/report", dispatch=f"{ministry}/dispatch"),
    )  # fmt: skip
    return f"{local}\n{upper}"


def service(kind: str, title: str, port: int) -> str:
    return table("[[service]]", id=kind, title=title, kind=kind, url=f"http://127.0.0.1:{port}/", probe="http")


def certificates(port: int) -> str:
    shared = {"chain": [ISSUING], "crl": [CRL]}
    device = table(
        "[[certificate]]", id="app-device", title="应用服务器设备证书", source=f"tls://127.0.0.1:{port}",
        role="server-device", hostname=HOST_NAME, pair=DEVICE_ENCRYPTION, **shared,
    )  # fmt: skip
    personal = table(
        "[[certificate]]", id="personal", title="个人证书", source=f"file:{PERSONAL_WITH_KEY}", role="personal",
        pair=PERSONAL_ENCRYPTION, **shared,
    )  # fmt: skip
    at_the_bus = table(
        "[[certificate]]", id="bus-device", title="总线认证用设备证书", source=f"file:{DEVICE_WITH_KEY}",
        role="server-device", hostname=HOST_NAME, pair=DEVICE_ENCRYPTION, **shared,
    )  # fmt: skip
    return f"{device}\n{personal}\n{at_the_bus}"


def client(ports: Mapping[str, int]) -> str:
    urls = [f"http://127.0.0.1:{ports['wls-jyjc1']}/jyjc", f"http://127.0.0.1:{ports['report']}/"]
    return table(
        "[[client]]", id="pc1", title="业务终端", urls=urls, this=True, expect=inline(printer=False, fonts=[]),
    )  # fmt: skip
