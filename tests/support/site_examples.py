"""A whole site profile, as an engineer would write one, for the tests to read, damage and move."""

from __future__ import annotations

from pathlib import Path

EXAMPLE = """\
# 示例省
[site]
name = "示例省就业监测节点"
node = "510000"                 # 行政区划代码
parent = ""
mode = "centralised"
integrated = true
unit = "示例省就业服务管理局"
unit_phone = "000-0000000"
implementer = "实施单位"
implementer_phone = "000-0000000"
trust = ["ca.cer"]              # 信任锚

[[database]]
id = "db1"
title = "就业监测库"
role = "monitoring"
host = "127.0.0.1"
port = 1521
service = "JYJC"
user = "jyjc_check"
route = "auto"
via = "db-host"
heavy = false
expect = { version = ">=11.2", sga_min_mb = 2048, users = ["JYJC"], code_tables = { "JYJC.AA10" = 300 } }

[[database]]
id = "db2"
role = "exchange"
host = "db2.example.gov.cn"
sid = "JYJH"
user = "jyjc_check"
[database.expect]
exchange_tables = ["JYJH.AC01", "AC02"]
backup_days = 7

[[weblogic]]
id = "wls1"
url = "http://127.0.0.1:7001"
user = "monitor"
via = "app-host"
application_urls = ["http://127.0.0.1:7003/jyjc"]
expect = { servers = ["AdminServer", "jyjc1"], applications = ["jyjc"], version = "10.3", jdk = ">=1.6" }

[[host]]
id = "app-host"
host = "127.0.0.1"
port = 22
user = "weblogic"
host_key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
jump = "db-host"
expect = { free_gb = { "/" = 10, "/u01" = 20.5 }, java = "8", ports = [7001], processes = ["-Dweblogic.Name=jyjc1"] }

[[host]]
id = "db-host"
host = "::1"
user = "oracle"

[[bus]]
id = "bus1"
url = "http://127.0.0.1:8088/bus"
probe = "soap-echo"
peer = "ministry"
send = false
exchange = { report = "http://127.0.0.1:8089/report", dispatch = "" }

[[service]]
id = "auth"
kind = "auth"
url = "http://127.0.0.1:9000/"
probe = "http"

[[certificate]]
id = "app-device"
source = "tls://127.0.0.1:7002"
role = "server-device"
hostname = "jyjc.example.gov.cn"
chain = ["certs/intermediate.cer"]
crl = ["ca.crl"]
pair = "encrypt.cer"
min_days = 30

[[certificate]]
id = "personal"
source = 'file:keys/person.p12' # 个人证书
role = "personal"
crl = "none"

[[client]]
id = "pc1"
urls = ["http://127.0.0.1:7001/jyjc"]
"""
CERTIFICATE = bytes([0x30, 0x10, 0x30, 0x08, 0xA0, 0x03]) + b"public part"  # SEQUENCE { SEQUENCE { [0] …
STORE = bytes([0x30, 0x10, 0x02, 0x01, 0x03]) + b"a PKCS#12 store"
PUBLIC = ("ca.cer", "certs/intermediate.cer", "ca.crl", "encrypt.cer")


def write_example(folder: Path, text: str = EXAMPLE) -> Path:
    """The example with the files it names in ``folder``; returns the profile."""
    for name in (*PUBLIC, "keys/person.p12"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((STORE if name.endswith("p12") else CERTIFICATE) + name.encode())
    (folder / "site.toml").write_text(text, encoding="utf-8")
    return folder / "site.toml"
