"""A site of servers that mean harm: bounded time and memory, no PASS, and nothing they say is obeyed by anything."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import host_world
import hostile_answers as tempers
import oracle_small
import pytest
from bad_server import silent as silent_server
from host_paramiko import Temper, ssh_server
from hostile_answers import Hostile, breaking, hostile
from oracle_small import SmallOracle

from app.base.errors import CancelledError
from app.cli import main

ROOT = Path(__file__).parents[2]
PASSWORD = "Sesame-7781"
MOST_MEMORY = 300 << 10  # KiB, resident
MOST_SECONDS = 300.0  # half of what the whole run may take on a busy machine; the slowest target takes some twenty
SITE = '[site]\nname = "某省节点"\nnode = "510000"\nunit = "某省就业局"\n'
TARGETS: Mapping[str, str] = {
    "database": """[[database]]
id = "{id}"
host = "127.0.0.1"
port = {port}
service = "JYJC"
user = "jyjc_check"
expect = {{ version = ">=11.2", users = ["JYJC"], tablespaces = ["JYJC_DATA"] }}
""",
    "weblogic": """[[weblogic]]
id = "{id}"
url = "http://127.0.0.1:{port}"
user = "monitor"
application_urls = ["http://127.0.0.1:{port}/jyjc"]
expect = {{ servers = ["AdminServer"], applications = ["jyjc"], datasources = ["jyjcDS"] }}
""",
    "host": """[[host]]
id = "{id}"
host = "127.0.0.1"
port = {port}
user = "weblogic"
host_key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
""",
    "soap": """[[bus]]
id = "{id}"
url = "http://127.0.0.1:{port}/bus"
probe = "soap-echo"
send = true
""",
    "bus": """[[bus]]
id = "{id}"
url = "http://127.0.0.1:{port}/bus"
probe = "http"
peer = "ministry"
send = true
exchange = {{ report = "http://127.0.0.1:{port}/report", dispatch = "http://127.0.0.1:{port}/dispatch" }}
""",
    "sftp": """[[bus]]
id = "{id}"
url = "sftp://u@127.0.0.1:{port}/x"
probe = "sftp-roundtrip"
send = true
""",
    "tls": """[[bus]]
id = "{id}"
url = "https://127.0.0.1:{port}/bus"
probe = "tls"
""",
    "service": """[[service]]
id = "{id}"
kind = "auth"
url = "http://127.0.0.1:{port}/"
""",
    "certificate": """[[certificate]]
id = "{id}"
source = "tls://127.0.0.1:{port}"
""",
    "client": """[[client]]
id = "{id}"
urls = ["http://127.0.0.1:{port}/a", "http://127.0.0.1:{port}/b", "http://127.0.0.1:{port}/c"]
""",
}
LEGACY = TARGETS["database"].replace("user =", 'route = "legacy"\nuser =')
BY_HTTP = ("weblogic", "soap", "bus", "service", "client")
# What each temper is put to; the others of the protocol it has nothing of its own for.
PUT_TO: Mapping[str, tuple[str, ...]] = {
    "dripping": ("database", "host", "service", "certificate"),
    "endless": ("database", "host", "weblogic", "client", "certificate", "tls"),
    "one_line": ("weblogic", "host", "sftp", "soap"),
    "huge": ("database", "bus", "client"),
    "zipped": ("weblogic", "service"),
    "deep": ("database", "weblogic", "bus"),
    "wide": ("weblogic", "bus"),
    "entities": ("soap",),
    "elements": ("soap",),
    "to_a_file": ("weblogic", "service", "client"),
    "to_another": BY_HTTP,
    "in_a_circle": ("database", "weblogic", "client"),
    "nasty": ("database", *BY_HTTP, "host", "certificate"),
    "misencoded": ("weblogic", "service"),
    "unclosed": ("weblogic", "service"),
    "figures": ("weblogic",),
}
REACHED = {"weblogic.port", "host.port", "bus.port", "service.port"}  # these may truly pass: the port does answer
NAMING = (
    "oracle.login", "oracle.instance", "oracle.version", "oracle.tablespaces", "oracle.tablespace_usage",
    "oracle.users", "oracle.invalid_objects", "service.answer",
)  # fmt: skip
STATUS_ALONE = "client.urls"  # 200 is all that it asks for
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\u2066-\u2069]")
# The child measures itself. Not by getrusage: what that tells at Linux begins with the peak of who started the process.
CHILD = """import sys
from pathlib import Path
from app.cli import main
status = main(sys.argv[1:])
lines = Path("/proc/self/status").read_text().splitlines()
print("peak", next(line.split()[1] for line in lines if line.startswith("VmHWM:")), file=sys.stderr)
sys.exit(status)
"""


def environment(home: Path, ids: list[str]) -> dict[str, str]:
    secrets = {f"ONSITE_SECRET_{name.upper().replace('-', '_')}": PASSWORD for name in ids}
    return {**os.environ, **secrets, "ONSITE_HOME": str(home)}


def onsite(folder: Path, ids: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHILD, *arguments]
    around = environment(folder / "home", ids)
    return subprocess.run(
        command, cwd=ROOT, env=around, capture_output=True, text=True, check=False, timeout=MOST_SECONDS * 2
    )


def new(folder: Path, site: str) -> list[str]:
    """A project at ``folder`` / project; the ids of its targets."""
    (folder / "site.toml").write_text(site, encoding="utf-8")
    ids = re.findall(r'^id = "([^"]+)"', site, re.MULTILINE)
    made = onsite(folder, ids, "new", str(folder / "project"), "--site", str(folder / "site.toml"))
    assert made.returncode == 0, made.stderr
    return ids


@contextlib.contextmanager
def site_of_harm() -> Iterator[tuple[str, dict[str, Hostile], Hostile]]:
    """The profile, the server of each target by its id, and the one that nothing may connect to."""
    with contextlib.ExitStack() as stack:
        trap = stack.enter_context(hostile(lambda *_: None))
        servers, texts = {}, [SITE]
        for temper, kinds in PUT_TO.items():
            for kind in kinds:
                target_id = f"{kind}-{temper.replace('_', '-')}"
                servers[target_id] = stack.enter_context(hostile(getattr(tempers, temper), trap.port))
                texts.append(TARGETS[kind].format(id=target_id, port=servers[target_id].port))
        yield "\n".join(texts), servers, trap


def peak_of(run: subprocess.CompletedProcess[str]) -> int:
    return next(int(line.split()[1]) for line in run.stderr.splitlines() if line.startswith("peak "))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_a_site_of_servers_that_mean_harm_is_checked_in_bounded_time_and_memory(tmp_path: Path) -> None:
    with site_of_harm() as (site, servers, trap):
        ids = new(tmp_path, site)
        checked = onsite(tmp_path, ids, "check", str(tmp_path / "project"), "--json")
    results = json.loads(checked.stdout)["results"]
    assert peak_of(checked) < MOST_MEMORY, peak_of(checked)
    assert "Traceback" not in checked.stderr and "Warning" not in checked.stderr
    assert not [one for one in results if "答复无法理解（" in one["reason"]], "a parser broke on what was sent"
    assert all(one["reason"] or one["actual"] for one in results)
    passed = {(one["check"], one["target"]) for one in results if one["outcome"] == "pass"}
    assert {check for check, _ in passed} <= {*REACHED, STATUS_ALONE}
    assert {target for check, target in passed if check == STATUS_ALONE} <= {"client-nasty"}
    assert {target: server.most for target, server in servers.items() if server.most > 2} == {}
    assert set(trap.asked) <= {tempers.TNS}, "only a listener's redirect may lead elsewhere"
    assert not any(PASSWORD.encode() in request for server in servers.values() for request in server.requests)
    assert not OBEYED.search(checked.stdout + checked.stderr)


def test_each_temper_has_its_targets() -> None:
    assert {temper.__name__ for temper in tempers.TEMPERS} == set(PUT_TO)


@pytest.fixture
def nasty_project(tmp_path: Path) -> Iterator[Path]:
    """A project that was checked at a database and a page whose every name is a trap."""
    oracle = SmallOracle()
    nasty = tempers.NASTY
    for row in (*oracle.views["GV$INSTANCE"], *oracle.views["V$INSTANCE"]):
        row["INSTANCE_NAME"] = row["HOST_NAME"] = nasty
    oracle.views["V$VERSION"] = [{"BANNER": f"Oracle Database 19c Enterprise Edition {nasty} Release 19.0.0.0.0"}]
    oracle.views["DBA_TABLESPACES"].append({**oracle.views["DBA_TABLESPACES"][-1], "TABLESPACE_NAME": nasty})
    oracle.views["DBA_OBJECTS"].append(
        {"OWNER": "JYJC", "OBJECT_NAME": nasty, "OBJECT_TYPE": "PROCEDURE", "STATUS": "INVALID"}
    )
    for user in oracle.views["DBA_USERS"]:
        user["DEFAULT_TABLESPACE"] = f"JYJC_DATA\n监测库：{nasty}"
    with oracle_small.serving(oracle) as port, hostile(tempers.nasty) as page:
        site = SITE + TARGETS["database"].format(id="db1", port=port)
        site += TARGETS["service"].format(id="auth", port=page.port)
        oracle.password = PASSWORD
        ids = new(tmp_path, site)
        asked = [word for name in NAMING for word in ("--id", name)]
        checked = onsite(tmp_path, ids, "check", str(tmp_path / "project"), *asked)
        assert checked.returncode in (1, 3)
        assert "·]0;got··[2J·31m<b>{{ 7*7 }}" in checked.stdout  # what it said is shown, and made harmless
        assert not OBEYED.search(checked.stdout + checked.stderr)
        assert not re.search(r"^合格\t(?!oracle|service)", checked.stdout, re.MULTILINE)
        yield tmp_path


def test_names_that_are_traps_are_harmless_in_terminal_forms_package_and_journal(
    nasty_project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = nasty_project
    monkeypatch.setenv("ONSITE_HOME", str(folder / "home"))
    project = str(folder / "project")
    for arguments in (
        ("status", project), ("status", project, "--json"), ("journal", project), ("journal", project, "--json"),
        ("plan", project), ("plan", project, "--json"), ("changes", project, "--since", "2020-01-01"),
        ("changes", project, "--since", "2020-01-01", "--json"),
        ("forms", project, "--out", str(folder / "forms")), ("package", project, "--to", str(folder / "package")),
    ):  # fmt: skip
        status, said = main(arguments), "".join(capsys.readouterr())
        assert status == 0, (arguments, said)
        assert not OBEYED.search(said), arguments
    forms = [part for form in (folder / "forms").glob("*.docx") for part in parts_of(form)]
    assert forms and not any(OBEYED.search(part) for part in forms)
    assert not any("<b>" in part or "49}" in part for part in forms)
    (index,) = (folder / "package").rglob("index.html")
    page = index.read_text(encoding="utf-8")
    assert "<b>" not in page and "&lt;b&gt;" in page and not OBEYED.search(page)


def parts_of(form: Path) -> list[str]:
    with zipfile.ZipFile(form) as parts:
        return [parts.read(name).decode() for name in parts.namelist() if name.startswith("word/") and "xml" in name]


def test_cancel_ends_within_a_second_whatever_the_servers_do(tmp_path: Path) -> None:
    def mute(server: Hostile, connection: Any, kind: str, request: bytes) -> None:
        silent_server(connection)

    with contextlib.ExitStack() as stack:
        servers, texts = [], [SITE]
        for name, temper in (("drip", tempers.dripping), ("endless", tempers.endless), ("mute", mute)):
            for kind, text in (*TARGETS.items(), ("legacy", LEGACY)):
                if kind == "client" or (name == "endless" and kind in ("host", "sftp", "service")):
                    continue
                servers.append(stack.enter_context(hostile(temper)))
                texts.append(text.format(id=f"{kind}-{name}", port=servers[-1].port))
        ids = new(tmp_path, "\n".join(texts))
        command = [sys.executable, "-c", CHILD, "check", str(tmp_path / "project")]
        running = subprocess.Popen(command, cwd=ROOT, env=environment(tmp_path / "home", ids), stderr=subprocess.PIPE)
        until = time.monotonic() + 20
        while time.monotonic() < until and not all(server.requests for server in servers):
            threading.Event().wait(0.05)
        assert all(server.requests for server in servers)
        running.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, said = running.communicate(timeout=30)
        taken = time.monotonic() - began
    assert running.returncode == CancelledError.exit_status and b"Traceback" not in said
    assert taken < 10, f"{taken:.2f} s"  # a second is promised, and measured by the benchmark; this machine may be busy


# One log-in attempt, whatever becomes of the line


@pytest.mark.parametrize("after", [1, 60, 400, 1400])
@pytest.mark.parametrize("route", ["thin", "auto"])
def test_a_line_that_breaks_in_the_log_in_costs_a_database_one_attempt(route: str, after: int) -> None:
    oracle = SmallOracle()
    if route == "auto":
        oracle.field_version = oracle_small.LEGACY
    with oracle_small.serving(oracle) as port, breaking(port, after) as line:
        results = oracle_small.results(oracle_small.target_of(line.port, route=route), "oracle.login", "oracle.version")
    assert {result.outcome for result in results.values()} == {"unknown"}
    assert oracle.attempts <= 1 and line.most <= 2


@pytest.mark.parametrize("after", [1, 30, 800, 1500, 1800, 2000, 2100])
def test_a_line_that_breaks_in_the_log_in_costs_a_host_one_attempt(tmp_path: Path, after: int) -> None:
    with ssh_server(tmp_path, Temper()) as seen, breaking(seen.port, after) as line:
        target = host_world.host(line.port, host_key=seen.key)
        results = host_world.run(host_world.surroundings(target), "login", "os", "disk", "memory")
    assert not any(result.outcome == "pass" for name, result in results.items() if name != "login")
    assert len(seen.tries) <= 1 or results["login"].outcome == "pass"
    assert line.most <= 2
