"""A site profile becomes a site, or one line that says file, line and key."""

from __future__ import annotations

import re
import shutil
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from site_examples import CERTIFICATE, EXAMPLE, write_example

from app.base.errors import InputError
from app.site.model import Bus, Certificate, Database, Host, Site, WebLogic
from app.site.profile import load

MINIMAL = '[site]\nname = "示例省"\nnode = "510000"\n'


def loaded(folder: Path, text: str) -> Site:
    (folder / "site.toml").write_text(text, encoding="utf-8")
    return load(folder / "site.toml")


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as error:
        loaded(folder, text)
    return str(error.value)


def test_every_key_of_the_example_is_read(tmp_path: Path) -> None:
    site = load(write_example(tmp_path))
    assert (site.name, site.node, site.mode, site.integrated) == ("示例省就业监测节点", "510000", "centralised", True)
    assert site.trust == (tmp_path / "ca.cer",) and site.path == tmp_path / "site.toml"
    assert [target.id for target in site.targets] == [
        "db1", "db2", "wls1", "app-host", "db-host", "bus1", "auth", "app-device", "personal", "pc1",
    ]  # fmt: skip
    db1, db2 = site.of_kind("database")
    assert isinstance(db1, Database) and isinstance(db2, Database)
    assert (db1.service, db1.sid, db1.via, db1.expect.code_tables) == ("JYJC", "", "db-host", {"JYJC.AA10": 300})
    assert (db2.sid, db2.port, db2.expect.exchange_tables) == ("JYJH", 1521, ("JYJH.AC01", "AC02"))
    bus = site.target("bus1")
    assert isinstance(bus, Bus) and bus.exchange.report == "http://127.0.0.1:8089/report" and not bus.send
    host = site.target("app-host")
    assert isinstance(host, Host) and host.expect.free_gb == {"/": 10, "/u01": 20.5} and host.expect.ports == (7001,)
    wls = site.target("wls1")
    assert isinstance(wls, WebLogic) and wls.expect.servers == ("AdminServer", "jyjc1")


def test_a_certificate_takes_the_sites_anchors_unless_it_names_its_own(tmp_path: Path) -> None:
    site = load(write_example(tmp_path, EXAMPLE.replace('crl = "none"', 'crl = "none"\ntrust = ["other.cer"]')))
    device, personal = site.of_kind("certificate")
    assert isinstance(device, Certificate) and isinstance(personal, Certificate)
    assert device.trust == site.trust and personal.trust == (tmp_path / "other.cer",)
    assert (device.crl, personal.crl) == ((tmp_path / "ca.crl",), "none")
    assert device.pair == tmp_path / "encrypt.cer" and personal.pair is None
    assert personal.source == f"file:{tmp_path / 'keys' / 'person.p12'}"


def test_the_least_profile_has_the_documented_defaults(tmp_path: Path) -> None:
    site = loaded(tmp_path, MINIMAL)
    assert (site.mode, site.integrated, site.targets, site.trust) == ("centralised", True, (), ())


def test_targets_keep_the_files_order_across_tables(tmp_path: Path) -> None:
    text = (
        MINIMAL
        + '[[client]]\nid = "pc1"\n[[service]]\nid = "auth"\nkind = "auth"\nurl = "http://h/"\n[[client]]\nid = "pc2"\n'
    )
    assert [target.id for target in loaded(tmp_path, text).targets] == ["pc1", "auth", "pc2"]


def test_a_relative_name_of_the_file_itself_gives_absolute_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_example(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert load(Path("site.toml")) == load(tmp_path / "site.toml")


@pytest.mark.parametrize("source", ["token:opensc-pkcs11.so", "token:/usr/lib/x.so", "tls://h:443", "tls://[::1]:443"])
def test_a_source_that_is_no_relative_file_stays_as_written(tmp_path: Path, source: str) -> None:
    site = loaded(tmp_path, f'{MINIMAL}[[certificate]]\nid = "c"\nsource = "{source}"\n')
    (certificate,) = site.of_kind("certificate")
    assert isinstance(certificate, Certificate) and certificate.source == source


MISTAKES = [
    # what stands there, what is written instead, the line of the complaint, what it must name
    ('unit = "示例省就业服务管理局"', 'untt = "x"', 8, "不认识的键 untt（是不是 unit？）"),
    ("[[bus]]", "[[buss]]", 59, "不认识的表 buss（是不是 bus？）"),
    ('name = "示例省就业监测节点"', "", 2, "缺少必填的键 name"),
    ('name = "示例省就业监测节点"', 'name = " "', 3, "name 不能为空"),
    ('name = "示例省就业监测节点"', 'name = "a\\nb"', 3, "name 里不能有换行"),
    ('node = "510000"', "node = 510000", 4, "node 应是文字，不是整数"),
    ('node = "510000"', 'node = "五十一"', 4, "node 应是行政区划代码"),
    ('parent = ""', 'parent = "5100"', 5, "parent 应是行政区划代码"),
    ('mode = "centralised"', 'mode = "集中"', 6, "mode 只能是 centralised、distributed"),
    ("integrated = true", 'integrated = "yes"', 7, "integrated 应是true 或 false"),
    ('trust = ["ca.cer"]', 'trust = "ca.cer"', 12, "trust 应是列表"),
    ('trust = ["ca.cer"]', 'trust = ["ca.cer", ""]', 12, "trust 第 2 个不能为空"),
    ('id = "db1"', 'id = "DB1"', 15, "id 应以小写字母开头"),
    ('id = "db1"', 'id = "signer"', 15, "不能用 signer"),
    ('id = "db1"', "", 14, "缺少必填的键 id"),
    ('id = "auth"', 'id = "db1"', 68, "id db1 已在第 15 行用过"),
    ('role = "monitoring"', 'role = "监测"', 17, "role 只能是 monitoring、exchange"),
    ('host = "127.0.0.1"\nport = 1521', 'host = "http://h"\nport = 1521', 18, "host 应是主机名或 IP 地址"),
    ('host = "127.0.0.1"\nport = 1521', 'host = "-oProxyCommand=x"\nport = 1521', 18, "host 应是主机名或 IP 地址"),
    ("port = 1521", "port = 0", 19, "port 应在 1 到 65535 之间，不能是 0"),
    ("port = 1521", "port = 65536", 19, "port 应在 1 到 65535 之间"),
    ("port = 1521", 'port = "1521"', 19, "port 应是整数，不是文字"),
    ("port = 1521", "port = true", 19, "port 应是整数"),
    ("port = 1521", f"port = 0x{'f' * 5000}", 19, "整数太大"),
    ('service = "JYJC"', "", 14, "service 与 sid 要写一个"),
    ('service = "JYJC"', 'service = "JYJC"\nsid = "JYJC"', 21, "只能写一个"),
    ('user = "jyjc_check"\nroute', "route", 14, "缺少必填的键 user"),
    ('route = "auto"', 'route = "jdbc"', 22, "route 只能是 auto、thin、legacy、thick、sqlplus"),
    ('via = "db-host"', 'via = "db-hots"', 23, "via 写的 db-hots 不是文件里任何 [[host]] 的 id"),
    ('via = "db-host"', 'via = "db1"', 23, "via 写的 db1 不是"),
    ("heavy = false", "heavy = 0", 24, "heavy 应是true 或 false"),
    ('version = ">=11.2"', 'version = "11g R2"', 25, "version 应写成 >=11.2"),
    ('version = ">=11.2"', 'version = "<12"', 25, "version 应写成 >=11.2"),
    ("sga_min_mb = 2048", "sga_min_mb = -1", 25, "sga_min_mb 应在 0 到"),
    ("sga_min_mb = 2048", "sga_min = 2048", 25, "不认识的键 sga_min（是不是 sga_min_mb？）"),
    ('users = ["JYJC"]', 'users = ["JY JC"]', 25, "users 第 1 个应是数据库对象的名字"),
    ('"JYJC.AA10" = 300', "JYJC.AA10 = 300", 25, "带点的表名要加引号"),
    ('"JYJC.AA10" = 300', '"JYJC.AA10; DROP" = 300', 25, "不是表名"),
    ('"JYJC.AA10" = 300', '"JYJC.AA10" = 3.5', 25, "应是整数"),
    ('"JYJC.AA10" = 300', '"JYJC.AA10" = -3', 25, "不能是 -3"),
    ('"JYJH.AC01", "AC02"', '"JYJH.AC01", "A.B.C"', 34, "exchange_tables 第 2 个应是数据库对象的名字"),
    ("backup_days = 7", "backup_days = 7.0", 35, "backup_days 应是整数"),
    ('url = "http://127.0.0.1:7001"', 'url = "127.0.0.1:7001"', 39, "url 应是 http://、https:// 开头的地址"),
    ('url = "http://127.0.0.1:7001"', 'url = "http://u:p@127.0.0.1:7001"', 39, "里不能写用户和口令"),
    ('url = "http://127.0.0.1:7001"', 'url = "http://127.0.0.1:70010"', 39, "的地址或端口不对"),
    ('url = "http://127.0.0.1:7001"', 'url = "http://127.0.0.1:0"', 39, "的端口不对"),
    ('url = "http://127.0.0.1:7001"', 'url = "http://[::1"', 39, "的地址或端口不对"),
    ('url = "http://127.0.0.1:7001"', 'url = "http:///x"', 39, "开头的地址"),
    ('["http://127.0.0.1:7003/jyjc"]', '["jyjc"]', 42, "application_urls 第 1 个应是 http://"),
    ('jdk = ">=1.6"', 'jdk = "Java"', 43, "jdk 应写成"),
    ("AAA\"\njump", "AA\"\njump", 50, "host_key 应是 SHA256: 加 43 个字符"),
    ('jump = "db-host"', 'jump = "no-host"', 51, "jump 写的 no-host 不是"),
    ('jump = "db-host"', 'jump = "app-host"', 51, "跳板绕成了圈：app-host → app-host"),
    ('host = "::1"', 'host = "::1"\njump = "app-host"', 51, "跳板绕成了圈：app-host → db-host → app-host"),
    ('"/" = 10', '"/" = "10"', 52, "应是数，不是文字"),
    ('"/" = 10', '"/" = nan', 52, "不能是 nan"),
    ('"/" = 10', '"" = 10', 52, "应写 挂载点 = GB 数"),
    ("ports = [7001]", "ports = [7001, 70000]", 52, "ports 第 2 个应在 1 到 65535 之间"),
    ('probe = "soap-echo"', 'probe = "ping"', 62, "probe 只能是 tcp、tls、http、soap-echo、sftp-roundtrip"),
    ('probe = "soap-echo"', 'probe = "sftp-roundtrip"', 62, "要配 sftp:// 的 url"),
    ('peer = "ministry"', 'peer = "部"', 63, "peer 只能是 local、ministry、city"),
    ("send = false", 'send = "no"', 64, "send 应是true 或 false"),
    ('report = "http://127.0.0.1:8089/report"', 'report = "ftp://h/"', 65, "report 应是 http://"),
    ('kind = "auth"', 'kind = "认证"', 69, "kind 只能是 auth、report、interface"),
    ('kind = "auth"', "", 67, "缺少必填的键 kind"),
    ('source = "tls://127.0.0.1:7002"', 'source = "tls://127.0.0.1"', 75, "source 缺少端口"),
    ('source = "tls://127.0.0.1:7002"', 'source = "ca.cer"', 75, "source 应写成 tls://主机:端口、file:"),
    ('source = "tls://127.0.0.1:7002"', 'source = "file: "', 75, "source 应写成"),
    ('crl = ["ca.crl"]', 'crl = "ca.crl"', 79, "crl 只能是 none"),
    ("min_days = 30", "min_days = -30", 81, "min_days 应在 0 到"),
    ('urls = ["http://127.0.0.1:7001/jyjc"]', 'urls = ["http://127.0.0.1:7001/jyjc", 7]', 91, "urls 第 2 个应是文字"),
]  # fmt: skip


@pytest.mark.parametrize(("stands", "written", "line", "said"), MISTAKES)
def test_a_mistake_is_told_in_one_line_with_file_line_and_key(
    tmp_path: Path, stands: str, written: str, line: int, said: str
) -> None:
    assert stands in EXAMPLE
    message = complaint(tmp_path, EXAMPLE.replace(stands, written, 1))
    place = re.match(r"site\.toml 第(\d+)行：", message)
    assert place and said in message, message
    assert message.count("\n") == 0 and message.endswith("。")
    assert int(place.group(1)) == line, message


def test_the_table_of_the_site_itself_is_required(tmp_path: Path) -> None:
    assert complaint(tmp_path, "") == "site.toml 第1行：缺少必填的表 [site]。"
    assert "两层方括号" in complaint(tmp_path, MINIMAL + '[client]\nid = "pc1"\n')
    assert "应是表" in complaint(tmp_path, "site = 1\n")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"现场配置文件读不了：.*none\.toml（不存在）"):
        load(tmp_path / "none.toml")
    with pytest.raises(InputError, match="是一个文件夹"):
        load(tmp_path)
    (tmp_path / "big.toml").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(InputError, match=r"太大：.*big\.toml"):
        load(tmp_path / "big.toml")
    (tmp_path / "gbk.toml").write_bytes(EXAMPLE.encode("gb18030"))
    with pytest.raises(InputError, match=r"gbk\.toml 第1行：不是 UTF-8"):
        load(tmp_path / "gbk.toml")


def test_a_quoted_value_cannot_make_the_complaint_longer_than_a_line(tmp_path: Path) -> None:
    message = complaint(tmp_path, MINIMAL.replace("示例省", "x") + '"a\\nb" = 1\n')
    assert "\n" not in message and "a�b" in message
    assert len(complaint(tmp_path, MINIMAL + f'mode = "{"x" * 10000}"\n')) < 1000


LINES = EXAMPLE.splitlines()
PIECES = st.sampled_from(
    [
        "", "[", "]", "[[", "{", "}", '"', "'", '"""', "=", ",", ".", "#", "\\", "true", "0", "-1", "1e400", "nan",
        "1979-05-27", "[]", "{}", '""', "id", "[site]", "[[host]]", "[[database]]", "\t", "\x00", "\ufeff", "\u2028",
        "0xfffffffffffffffff",
    ]
)  # fmt: skip
ANYTHING = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20) | PIECES
SYNTAX = st.text(alphabet=string.ascii_letters + string.digits + "\"'=[]{},.#\\ \t:/->", max_size=40)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """The example with one line damaged: parts of it cut out, doubled, replaced, or the line gone."""
    place = draw(st.integers(0, len(LINES) - 1))
    line = LINES[place]
    start, end = sorted((draw(st.integers(0, len(line))), draw(st.integers(0, len(line)))))
    put = draw(ANYTHING | SYNTAX | st.sampled_from(LINES))
    changed = draw(st.sampled_from([line[:start] + put + line[end:], put, f"{line}\n{put}"]))
    return "\n".join([*LINES[:place], changed, *LINES[place + 1 :], ""])


@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=damaged())
@example(text=EXAMPLE.replace('"127.0.0.1"', '"""\n127"""', 1))
@example(text=MINIMAL + "x" * 10000 + " = 1\n")
def test_any_damage_to_one_line_gives_a_site_or_one_complaint(tmp_path: Path, text: str) -> None:
    (tmp_path / "site.toml").write_bytes(text.encode())
    try:
        site = load(tmp_path / "site.toml")
    except InputError as error:
        message = str(error)
        place = re.match(r"site\.toml 第(\d+)行：", message)
        assert place and 1 <= int(place.group(1)) <= text.count("\n") + 1, message
        assert "\n" not in message and "\r" not in message
    else:
        assert all(re.fullmatch("[0-9a-f]{64}", target.digest()) for target in site.targets)
        assert len({target.id for target in site.targets}) == len(site.targets)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=300))
def test_bytes_that_are_no_profile_give_one_complaint(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "site.toml").write_bytes(content)
    with pytest.raises(InputError):
        load(tmp_path / "site.toml")


def digests(profile: Path) -> dict[str, str]:
    return {target.id: target.digest() for target in load(profile).targets}


def test_a_moved_project_keeps_every_targets_digest(tmp_path: Path) -> None:
    before = digests(write_example(tmp_path / "here"))
    shutil.move(tmp_path / "here", tmp_path / "there")
    assert digests(tmp_path / "there" / "site.toml") == before


@pytest.mark.parametrize(
    ("name", "stale"),
    [
        ("ca.cer", {"app-device", "personal"}), ("certs/intermediate.cer", {"app-device"}), ("ca.crl", {"app-device"}),
        ("encrypt.cer", {"app-device"}), ("keys/person.p12", {"personal"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("becomes", [CERTIFICATE + b"another", None])
def test_a_changed_or_missing_file_changes_the_digest_of_those_who_name_it(
    tmp_path: Path, name: str, stale: set[str], becomes: bytes | None
) -> None:
    profile = write_example(tmp_path)
    before = digests(profile)
    if becomes is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(becomes)
    after = digests(profile)
    assert {target for target in after if after[target] != before[target]} == stale


def test_a_changed_entry_changes_its_digest_and_no_others(tmp_path: Path) -> None:
    before = digests(write_example(tmp_path))
    after = digests(write_example(tmp_path, EXAMPLE.replace("port = 1521", "port = 1522")))
    assert {target for target in after if after[target] != before[target]} == {"db1"}
    after = digests(write_example(tmp_path, EXAMPLE.replace("tls://127.0.0.1:7002", "tls://127.0.0.1:7003")))
    assert {target for target in after if after[target] != before[target]} == {"app-device"}


def test_exchanged_files_of_a_certificate_are_seen(tmp_path: Path) -> None:
    before = digests(write_example(tmp_path))
    swapped = EXAMPLE.replace('crl = ["ca.crl"]\npair = "encrypt.cer"', 'crl = ["encrypt.cer"]\npair = "ca.crl"')
    assert digests(write_example(tmp_path, swapped))["app-device"] != before["app-device"]
