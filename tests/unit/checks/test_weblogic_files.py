"""What a domain leaves on its host, taken apart: configuration of both dialects, logs, processes, what tools print."""

from __future__ import annotations

import ast
import contextlib
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.checks.host import commands, weblogic_commands
from app.checks.model import Failed, Undetermined
from app.checks.weblogic import admin_tool, config_xml, domain_processes, log_tail, scripting
from app.checks.weblogic.facts import LogTail

HERE = timezone(timedelta(hours=8))
NOON = datetime(2026, 1, 5, 12, 0, 0, tzinfo=HERE).timestamp()
SPACES = (
    "http://www.bea.com/ns/weblogic/90/domain", "http://www.bea.com/ns/weblogic/920/domain",
    "http://www.bea.com/ns/weblogic/10.0/domain", "http://xmlns.oracle.com/weblogic/domain",
)  # fmt: skip


def new(body: str, space: str = SPACES[3]) -> config_xml.DomainFile:
    return config_xml.read(
        f'<?xml version="1.0" encoding="UTF-8"?><domain xmlns="{space}">{body}</domain>', "config.xml"
    )


@pytest.mark.parametrize("space", SPACES)
def test_elements_are_told_by_their_local_names_and_what_is_left_out_has_its_default(space: str) -> None:
    file = new("<name>d</name><server><name>AdminServer</name></server><server><name>m</name>"
               "<listen-port>8001</listen-port><cluster>c</cluster></server>"
               "<app-deployment><name>jyjc#1</name><target>c</target></app-deployment>"
               "<app-deployment><name>jyjc#2</name><target>AdminServer</target></app-deployment>", space)  # fmt: skip
    admin, managed = file.topology.servers
    assert (admin.port, admin.address, admin.machine, admin.listens) == (7001, "", "", True)
    assert (managed.port, file.topology.admin, file.production, file.old) == (8001, "AdminServer", False, False)
    assert [store.demonstration for store in file.stores] == [True, True]
    assert file.applications["jyjc"].targets == ("m", "AdminServer")


def test_a_port_that_is_switched_off_or_is_none_is_not_a_default() -> None:
    file = new("<server><name>a</name><listen-port-enabled>false</listen-port-enabled></server>"
               "<server><name>b</name><listen-port>x</listen-port></server>")  # fmt: skip
    assert [(server.port, server.listens) for server in file.topology.servers] == [(7001, False), (None, True)]


def test_the_lockout_is_that_of_the_default_realm() -> None:
    lockout = "<user-lockout-manager><lockout-enabled>{}</lockout-enabled></user-lockout-manager>"
    realm = f"<realm>{lockout}<name>{{}}</name></realm>"
    both = realm.format("false", "other") + realm.format("true", "myrealm")
    server = "<server><name>a</name></server>"
    named = f"<security-configuration>{both}<default-realm>myrealm</default-realm></security-configuration>{server}"
    assert new(named).lockout.enabled is True
    assert new(named.replace(">myrealm</default", ">other</default")).lockout.enabled is False
    assert new(f"<security-configuration>{both}</security-configuration>{server}").lockout.enabled is None
    assert new(server).lockout.enabled is None


OLD = """<?xml version="1.0" encoding="GBK"?>
<Domain ConfigurationVersion="8.1.4.0" Name="jyjc_domain">
 <Cluster Name="c"/><UnixMachine Name="m1"/>
 <Server Name="AdminServer" Machine="m1"/><Server Name="jyjc1" ListenPort="7003" Cluster="c" Machine="m9"/>
 <Application Name="jyjc"><WebAppComponent Name="jyjc" Targets="c"/><EJBComponent Targets="AdminServer"/></Application>
 <JDBCConnectionPool Name="pool" Targets="c"/><JDBCTxDataSource Name="jyjcDS" PoolName="pool" Targets="c"/>
 <Security><x.UserLockoutManager LockoutEnabled="false"/></Security>
</Domain>"""


def test_8_1_keeps_everything_in_attributes_in_the_domain_s_own_directory() -> None:
    file = config_xml.read(OLD, "config.xml")
    admin, managed = file.topology.servers
    assert file.old and file.production is None and file.topology.admin == "AdminServer"
    assert (admin.port, admin.machine, managed.port, managed.machine) == (7001, "m1", 7003, "")
    assert file.applications["jyjc"].targets == ("jyjc1", "AdminServer")
    assert (file.sources["pool"].maximum, file.sources["jyjcDS"].pool) == (15, "pool")
    assert file.lockout.enabled is False


@pytest.mark.parametrize(
    "text",
    [
        "", "<domain", "<html><body/></html>", "<domain/>", "<domain><server/></domain>", "<Domain Name='d'/>",
        "<domain><server><name>a</name></server><server><name>A</name></server></domain>",
        "<!DOCTYPE d [<!ENTITY a 'b'>]><domain><server><name>a</name></server></domain>", "\x00\x01", "{}",
    ],
)  # fmt: skip
def test_what_is_no_configuration_of_a_domain_is_undetermined(text: str) -> None:
    with pytest.raises(Undetermined):
        config_xml.read(text, "config.xml")


@given(st.text(max_size=300))
def test_any_text_is_read_or_undetermined(text: str) -> None:
    with contextlib.suppress(Undetermined):
        config_xml.read(text, "config.xml")
    assert isinstance(log_tail.read(text, NOON), LogTail)
    domain_processes.servers(text.splitlines())
    for read in (admin_tool.beans, scripting.read):
        with pytest.raises((Undetermined, Failed)):
            read(text)


def test_no_secret_of_a_configuration_is_recorded() -> None:
    told = config_xml.without_secrets(
        "<node-manager-password-encrypted>{AES}QUJD=</node-manager-password-encrypted><sec:credential>clear1</sec:credential>"
        '<JDBCConnectionPool Password="clear2" PasswordEncrypted=\'{3DES}QUJE\' URL="jdbc:x"/><a>{AES256}QUJF</a>'
    )
    assert not any(secret in told for secret in ("QUJ", "clear"))
    assert 'URL="jdbc:x"' in told


# --- logs


def line(shown: str, code: str, text: str, stamp: str = "") -> str:
    return f"####<{shown}> <Error> <X> <h> <s> <t> <> <>{stamp} <BEA-{code}> <{text}> \n"


@pytest.mark.parametrize(
    ("shown", "stamp", "hours"),
    [
        ("2026-1-5 上午09时00分00秒 CST", "", 3), ("2026年1月5日 上午09时00分00秒 CST", "", 3),
        ("2026-1-4 下午12时00分01秒 CST", "", 24), ("2026-1-5 上午12时00分00秒 CST", "", 12),
        ("Jan 5, 2026 9:00:00 AM CST", "", 3), ("Jan 5, 2026 1:00:00 AM GMT", "", 3),
        ("Jan 5, 2026, 9:00:00,123 AM CST", "", 3), ("whenever", f" <{round((NOON - 3 * 3600) * 1000)}>", 3),
    ],
)  # fmt: skip
def test_the_time_of_a_record_is_read_in_the_forms_of_the_versions(shown: str, stamp: str, hours: int) -> None:
    found = log_tail.read(line(shown, "101017", "java.lang.OutOfMemoryError", stamp), NOON)
    assert (found.out_of_memory, found.undated) == (1, 0)
    assert round(found.covers / 3600) == hours


@pytest.mark.parametrize(("ago", "counted"), [(86399.0, 1), (86400.0, 0), (0.0, 1), (-3599.0, 1)])
def test_memory_that_ran_out_counts_for_a_day(ago: float, counted: int) -> None:
    stamp = f" <{round((NOON - ago) * 1000)}>"
    trace = line("x", "101017", "Root cause of ServletException.\njava.lang.OutOfMemoryError: Java heap space", stamp)
    assert log_tail.read(trace, NOON).out_of_memory == counted


def test_what_has_no_time_that_can_be_read_is_counted_as_such() -> None:
    for shown in ("whenever", "2026-13-45 上午09时00分00秒 CST", ""):
        found = log_tail.read(line(shown, "101017", "OutOfMemoryError"), NOON)
        assert (found.out_of_memory, found.undated) == (0, 1)
    ahead = f" <{round((NOON + 7200) * 1000)}>"
    assert log_tail.read(line("x", "101017", "OutOfMemoryError", ahead), NOON).undated == 1
    cut = "java.lang.OutOfMemoryError: half a record\n" + line("2026-1-5 上午09时00分00秒 CST", "000111", "x")
    assert log_tail.read(cut, NOON).undated == 1


def test_a_thread_is_stuck_until_it_is_not_or_the_server_starts_again() -> None:
    def thread(number: int, code: str) -> str:
        return line("2026-1-5 上午11时00分00秒 CST", code, f"[STUCK] ExecuteThread: '{number}' for queue: 'q' has")

    stuck = thread(1, "000337") + thread(2, "000337") + thread(1, "000337")
    assert len(log_tail.read(stuck, NOON).stuck) == 2
    assert len(log_tail.read(stuck + thread(1, "000339"), NOON).stuck) == 1
    started = line("2026-1-5 上午11时00分00秒 CST", "000365", "Server state changed to STARTING")
    found = log_tail.read(stuck + started, NOON)
    assert (dict(found.stuck), found.state) == ({}, "STARTING")


# --- processes


def process(arguments: str) -> domain_processes.ServerProcess | None:
    return next(iter(domain_processes.servers([f"  4107 {arguments}"])), None)


def test_a_server_is_a_java_with_a_name_and_tells_where_it_came_from() -> None:
    found = process(
        "/jdk/bin/java -Xmx512m -Dweblogic.Name=jyjc1 -Dweblogic.ProductionModeEnabled=true "
        "-Djava.security.policy=/bea/weblogic81/server/lib/weblogic.policy -Xmx1g weblogic.Server"
    )
    assert found and (found.name, found.jar) == ("jyjc1", "/bea/weblogic81/server/lib/weblogic.jar")
    assert (found.production, found.heap_max, found.root) == (True, 1 << 30, "")
    home = process("/j/bin/java -Dweblogic.Name=a -Dweblogic.home=/w/server -Ddomain.home=/d/x/ weblogic.Server")
    assert home and (home.jar, home.root) == ("/w/server/lib/weblogic.jar", "/d/x")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("", None), ("-Dweblogic.ProductionModeEnabled=true", True), ("-Dweblogic.ProductionModeEnabled=", False),
        ("-Dweblogic.ProductionModeEnabled=false", False), ("-Dweblogic.ProductionModeEnabled=TRUE", True),
        ("-Dweblogic.ProductionModeEnabled=true -Dweblogic.ProductionModeEnabled=false", False),
    ],
)  # fmt: skip
def test_production_mode_counts_by_its_value_not_by_its_presence(flags: str, expected: bool | None) -> None:
    found = process(f"/j/bin/java -Dweblogic.Name=a {flags} weblogic.Server")
    assert found is not None and found.production is expected


@pytest.mark.parametrize(
    "arguments",
    [
        "grep -Dweblogic.Name=jyjc1", "vi -Dweblogic.Name=jyjc1", "/j/bin/java weblogic.Server", "",
        "/j/bin/java -Dweblogic.Name=nm weblogic.NodeManager", "sh -c /j/bin/java -Dweblogic.Name=a",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_server_is_none(arguments: str) -> None:
    assert process(arguments) is None


# --- tools


def test_the_script_is_valid_for_every_python_since_and_carries_any_password_unseen() -> None:
    password = "口令'\"\\\n#{}%s@1"
    script = scripting.script("monitor", password, "t3://h:7001")
    assert script.isascii() and password.encode() not in script and b"\n" in script.strip()
    assert len(script.splitlines()) == 2
    program = ast.literal_eval(script.decode().partition("exec(")[2].partition(")\nexit()")[0])
    calls = [node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Call)]
    connect = next(one for one in calls if isinstance(one.func, ast.Name) and one.func.id == "connect")
    assert ast.literal_eval(connect.args[1]) == password
    assert password not in scripting.shown("monitor", "t3://h:7001")
    ast.parse(scripting.shown("monitor", "t3://h:7001").replace("***", "'x'"))


@given(st.text(max_size=60))
@example("\U0001f600'")
def test_a_literal_says_what_it_was_made_of(text: str) -> None:
    if not any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):
        assert ast.literal_eval(scripting.literal(text)) == text


def rows(*lines: str, end: bool = True) -> str:
    marked = [f"wls:/offline> @onsite {line}" for line in ("connected", *lines, *(["end"] if end else []))]
    return "Initializing WebLogic Scripting Tool (WLST) ...\n" + "\n".join(marked)


READING = "reading jyjc1 RUNNING 0 v 1.6.0 100 60 200 70 0 0 0"


def test_a_whole_look_is_read_and_half_of_one_is_not() -> None:
    told = scripting.read(rows("state jyjc1 RUNNING", READING, "pool jyjc1 DS%E4%B8%AD Running 0 1 2 3"))
    assert told.states[0].running and told.readings["jyjc1"][0].heap_max == 200
    assert "DS中" in told.pools and told.running == {"jyjc1": "RUNNING"}
    for lines, end in (
        (("state jyjc1 RUNNING",), False),
        (("state jyjc1",), True),
        (("reading jyjc1",), True),
        ((), True),
    ):
        with pytest.raises(Undetermined):
            scripting.read(rows(*lines, end=end))


def test_what_a_tool_does_not_tell_is_nothing_not_zero() -> None:
    told = scripting.read(rows("state jyjc1 RUNNING", "reading jyjc1 RUNNING - - - - -1 x - - - -",
                               "module jyjc1 jyjc - -"))  # fmt: skip
    reading = told.readings["jyjc1"][0]
    assert (reading.health, reading.heap_current, reading.heap_free, reading.stuck) == (None,) * 4
    assert told.modules["jyjc"][0].active is None
    assert (
        scripting.read(rows("state a RUNNING", "reading a RUNNING 9 - - - - - - - - -")).readings["a"][0].health is None
    )


@pytest.mark.parametrize(
    "words",
    [
        "User: monitor, failed to be authenticated.",
        "javax.security.auth.login.LoginException: x",
        "[Security:090304]Authentication Failed: User monitor",
        "Authentication denied",
    ],
)
def test_a_refusal_is_told_from_a_connection_that_did_not_come_about(words: str) -> None:
    from urllib.parse import quote_plus

    with pytest.raises(Failed):
        scripting.read(f"@onsite refused {quote_plus(words)}\n@onsite end")
    with pytest.raises(Failed):
        admin_tool.beans(words)
    with pytest.raises(Undetermined):
        scripting.read("@onsite refused Destination+unreachable\n@onsite end")


def test_a_state_is_that_of_the_server_that_was_asked() -> None:
    assert admin_tool.state('Enter password : \nCurrent state of "jyjc1" : RUNNING\n', "jyjc1").running
    for text in ('Current state of "jyjc2" : RUNNING', "RUNNING", ""):
        with pytest.raises(Undetermined):
            admin_tool.state(text, "jyjc1")


# --- commands


@pytest.mark.parametrize(
    "command",
    [
        "cat /d/config/../../etc/shadow", "cat /etc/shadow", "cat /d/config/config.xml; id", "cat /d d/config.xml",
        "cat /d/config/config.xml\nid", "tail -c 1000000 /etc/passwd", "tail -c 1000000 /d/$(id).log",
        "readlink /proc/self/cwd", "pwdx 1 2", "/tmp/x/bin/java -cp /w/server/lib/weblogic.jar weblogic.WLST",
        "/j/bin/java -cp /tmp/server/lib/weblogic.jar weblogic.WLST",
        "/j/bin/java -cp /w/server/lib/weblogic.jar x.Evil",
        "/j/bin/java -cp /w/server/lib/weblogic.jar weblogic.WLST /tmp/x.py",
        "/j/bin/java -Dweblogic.management.allowPasswordEcho=true -cp /w/server/lib/weblogic.jar weblogic.Admin "
        "-url t3://h:7001 -username u FORCESHUTDOWN jyjc1",
        "/j/bin/java -Dweblogic.management.allowPasswordEcho=true -cp /w/server/lib/weblogic.jar weblogic.Admin "
        "-url t3://h:7001 -username u -password p GETSTATE jyjc1",
    ],
)  # fmt: skip
def test_only_commands_of_the_list_are_run_and_none_that_changes_something(command: str) -> None:
    assert not weblogic_commands.is_allowed(command) and not commands.is_allowed(command)


def test_what_may_not_stand_in_a_command_makes_none() -> None:
    java, jar, url = "/j/bin/java", "/w/server/lib/weblogic.jar", "t3://127.0.0.1:7001"
    assert commands.is_allowed(weblogic_commands.state(java, jar, url, "monitor", "jyjc1"))
    assert commands.is_allowed(weblogic_commands.beans(java, jar, url, "monitor", "JVMRuntime"))
    for evil in ("a b", "a;id", "$(id)", "", "-x", "a'", "中"):
        assert weblogic_commands.state(java, jar, url, "monitor", evil) == ""
        assert weblogic_commands.state(java, jar, url, evil, "jyjc1") == ""
        assert weblogic_commands.log_tail("/d", evil) == ""
        assert weblogic_commands.configuration(evil) == ""
