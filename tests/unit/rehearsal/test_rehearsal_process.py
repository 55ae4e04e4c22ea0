"""The whole site in its child process: it comes up, follows switches, is taken up again, and ends with its parent."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import oracledb
import paramiko
import psutil
import pytest

from app.rehearsal.faults import FAULTS
from app.rehearsal.process import Rehearsal, RehearsalError

ROOT = Path(__file__).parents[3]
LATE = 30.0  # seconds after which a process that should end is taken to live on
ORDER = [
    "db-down",
    "db-silent",
    "db-wrong-password",
    "account-locked",
    "tablespace-full",
    "undo-manual",
    "invalid-objects",
    "exchange-table-missing",
    "server-down",
    "stuck-threads",
    "datasource-suspended",
    "low-heap",
    "app-failed",
    "not-integrated",
    "bus-silent",
    "bus-corrupts",
    "ministry-no-receipt",
    "cert-expired",
    "cert-expiring",
    "cert-revoked",
    "cert-wrong-host",
    "host-key-changed",
    "disk-full",
    "clock-skewed",
    "slow",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    rehearsal = Rehearsal.start(tmp_path_factory.mktemp("rehearsal"))
    yield rehearsal
    rehearsal.stop()


@pytest.fixture(autouse=True)
def _healthy(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "site" in request.fixturenames:
        request.getfixturevalue("site").set_faults([])


def profile(site: Rehearsal) -> dict[str, Any]:
    return tomllib.loads(site.site_toml.read_text(encoding="utf-8"))


def target(site: Rehearsal, name: str) -> dict[str, Any]:
    tables = [entry for value in profile(site).values() if isinstance(value, list) for entry in value]
    found: dict[str, Any] = next(entry for entry in tables if entry["id"] == name)
    return found


def database(site: Rehearsal, name: str = "db1") -> oracledb.Connection:
    entry = target(site, name)
    return oracledb.connect(
        user=entry["user"], password=site.secrets[name], host=entry["host"], port=entry["port"],
        service_name=entry["service"], tcp_connect_timeout=20,
    )  # fmt: skip


def instance(site: Rehearsal) -> str:
    with database(site) as session, session.cursor() as cursor:
        cursor.execute("SELECT instance_name FROM v$instance")
        return str(cursor.fetchall()[0][0])


def host_key(site: Rehearsal) -> str:
    entry = target(site, "app-host")
    transport = paramiko.Transport(socket.create_connection((entry["host"], entry["port"]), timeout=20))
    transport.start_client(timeout=20)
    transport.auth_password(entry["user"], site.secrets["app-host"])
    key = str(transport.get_remote_server_key().fingerprint)
    transport.close()
    return key


def test_there_are_the_faults_of_the_plan_in_its_order() -> None:
    assert list(FAULTS) == ORDER
    for name, fault in FAULTS.items():
        assert fault.name == name and fault.title and fault.description.endswith("。")


def test_every_target_of_the_profile_answers(site: Rehearsal) -> None:
    assert instance(site) == "JYJC"
    with database(site, "db2") as exchange:
        assert exchange.service_name == "JYJH"
    assert host_key(site) == target(site, "app-host")["host_key"]
    certificate = target(site, "app-device")
    context = ssl.create_default_context(cafile=str(site.site_toml.with_name("ca.cer")))
    address = ("127.0.0.1", int(certificate["source"].rpartition(":")[2]))
    with (
        socket.create_connection(address, timeout=20) as client,
        context.wrap_socket(client, server_hostname=certificate["hostname"]),
    ):
        pass
    urls = [target(site, name)["url"] for name in ("auth", "report", "interface")]
    urls += [f"{target(site, name)['url']}?wsdl" for name in ("bus1", "bus-ministry")]
    urls += [*target(site, "pc1")["urls"], *target(site, "wls1")["application_urls"]]
    for url in urls:
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert answer.status == 200


def test_no_password_stands_in_the_profile_or_is_readable_by_others(site: Rehearsal) -> None:
    assert set(site.secrets) == {"db1", "db2", "wls1", "app-host"}
    assert len(set(site.secrets.values())) == 4
    text = site.site_toml.read_text(encoding="utf-8")
    assert not [secret for secret in site.secrets.values() if secret in text]
    if os.name == "posix":
        private = site.site_toml.parent / "private"
        assert all(
            not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) for path in private.iterdir() if path.stat().st_size
        )


def test_a_switch_has_taken_effect_when_it_returns(site: Rehearsal) -> None:
    session = database(site)
    for _ in range(3):
        site.set_faults(["db-down", "host-key-changed"])
        with pytest.raises(oracledb.OperationalError):
            database(site)
        assert host_key(site) != target(site, "app-host")["host_key"]
        site.set_faults([])
        assert instance(site) == "JYJC"
    with session.cursor() as cursor, pytest.raises(oracledb.Error):
        cursor.execute("SELECT 1 FROM dual")


def test_an_open_session_sees_a_switch(site: Rehearsal) -> None:
    with database(site) as session, session.cursor() as cursor:
        invalid = "SELECT COUNT(*) FROM dba_objects WHERE status = 'INVALID'"
        assert cursor.execute(invalid).fetchall() == [(0,)]
        site.set_faults(["invalid-objects"])
        assert cursor.execute(invalid).fetchall() == [(1,)]


def test_switches_from_several_threads_each_get_their_answer(site: Rehearsal) -> None:
    threads = [threading.Thread(target=site.set_faults, args=([name],)) for name in list(FAULTS)[4:12]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    site.set_faults([])
    assert instance(site) == "JYJC"


def test_a_site_can_start_with_faults_and_in_other_versions(tmp_path: Path) -> None:
    site = Rehearsal.start(tmp_path / "演练 目录", ["db-down"], oracle="11.2", weblogic="10.3.6")
    assert target(site, "db1")["expect"]["version"] == "11.2"
    assert target(site, "wls1")["expect"]["version"] == "10.3.6.0"
    with pytest.raises(oracledb.OperationalError, match="DPY-6005"):
        database(site)
    site.set_faults([])
    with pytest.raises(oracledb.OperationalError, match="DPY-3010"):
        database(site)
    site.stop()


def ports(site: Rehearsal) -> dict[str, int]:
    state = json.loads((site.folder / "private" / "state.json").read_text(encoding="utf-8"))
    return dict(state["ports"])


def test_it_is_taken_up_again_with_ports_passwords_certificates_and_host_key(tmp_path: Path) -> None:
    first = Rehearsal.start(tmp_path)
    first.stop()
    seen = ports(first), first.site_toml.read_bytes(), dict(first.secrets), (tmp_path / "ca.cer").read_bytes()
    again = Rehearsal.start(tmp_path)
    assert (ports(again), again.site_toml.read_bytes(), again.secrets, (tmp_path / "ca.cer").read_bytes()) == seen
    assert host_key(again) == target(again, "app-host")["host_key"]
    again.stop()


def test_a_port_that_was_taken_meanwhile_is_replaced_and_the_profile_says_so(tmp_path: Path) -> None:
    first = Rehearsal.start(tmp_path)
    first.stop()
    had = ports(first)
    with socket.create_server(("127.0.0.1", had["oracle"])):
        again = Rehearsal.start(tmp_path)
        now = ports(again)
        assert now["oracle"] != had["oracle"]
        assert target(again, "db1")["port"] == target(again, "db2")["port"] == now["oracle"]
        assert {name: port for name, port in now.items() if name != "oracle"} == {
            name: port for name, port in had.items() if name != "oracle"
        }
        assert instance(again) == "JYJC"
        again.stop()


def test_a_damaged_state_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "state.json").write_text('{"secrets": {"db1": 5}, "ports": {"oracle": "x", "ssh": -1}}')
    site = Rehearsal.start(tmp_path)
    assert instance(site) == "JYJC"
    site.stop()


def test_two_sites_side_by_side_do_not_meet(site: Rehearsal, tmp_path: Path) -> None:
    other = Rehearsal.start(tmp_path)
    assert not set(ports(other).values()) & set(ports(site).values())
    assert not set(other.secrets.values()) & set(site.secrets.values())
    other.set_faults(["db-down"])
    assert instance(site) == "JYJC"
    other.stop()
    assert instance(site) == "JYJC"


def test_one_folder_has_one_site(site: Rehearsal) -> None:
    with pytest.raises(RehearsalError, match="正在运行"):
        Rehearsal.start(site.folder)
    assert instance(site) == "JYJC"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RehearsalError, match="file"):
        Rehearsal.start(tmp_path / "file")


def test_stopping_ends_the_child_and_frees_the_ports(tmp_path: Path) -> None:
    site = Rehearsal.start(tmp_path)
    child = psutil.Process(site._child.pid)
    used = ports(site).values()
    held = socket.create_connection(("127.0.0.1", ports(site)["bus"]))
    site.stop()
    held.close()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    for port in used:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
    site.stop()
    with pytest.raises(RehearsalError):
        site.require_alive()
    with pytest.raises(RehearsalError):
        site.set_faults([])


def test_a_child_that_dies_is_noticed(tmp_path: Path) -> None:
    site = Rehearsal.start(tmp_path)
    site.require_alive()
    site._child.kill()
    site._child.wait()
    with pytest.raises(RehearsalError, match="已经结束"):
        site.require_alive()
    with pytest.raises(RehearsalError, match="已经结束"):
        site.set_faults(["slow"])
    site.stop()


PARENT = """
import sys
from pathlib import Path
from app.rehearsal.process import Rehearsal
site = Rehearsal.start(Path(sys.argv[1]))
print(site._child.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["killed", "ended"])
def test_the_child_ends_with_its_parent(tmp_path: Path, how: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdin is not None and parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    if how == "killed":
        parent.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    parent.stdin.close()
    parent.wait(LATE)
    parent.stdout.close()
    child.wait(LATE)
    site = Rehearsal.start(tmp_path)  # the folder is free again
    site.stop()


@pytest.mark.parametrize(
    "entry", [["-m", "app.rehearsal"], ["-m", "ui", "--rehearsal-child"]], ids=["module", "program"]
)
def test_the_child_is_started_by_its_module_or_by_the_program_itself(tmp_path: Path, entry: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *entry, str(tmp_path), "--fault", "slow"],
        cwd=ROOT, input=b'{"faults": ["disk-full"]}\n{"stop": true}\n', capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [*answers[0]] == ["ready"] and answers[1] == {"switched": ["disk-full"]}


def test_an_unknown_fault_is_refused_by_the_child(tmp_path: Path) -> None:
    with pytest.raises(RehearsalError):
        Rehearsal.start(tmp_path, ["earthquake"])
