"""A site whose servers refuse, say nothing, talk nonsense, stop in the middle or never end: verdicts, no tracebacks."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bad_server import BEHAVIOURS, refusing, serving

ROOT = Path(__file__).parents[2]
SITE = """
[site]
name = "某省节点"
node = "510000"
unit = "某省就业局"

[[database]]
id = "db1"
host = "127.0.0.1"
port = {port}
service = "JYJC"
user = "jyjc_check"
expect = {{ version = ">=11.2", users = ["JYJC"], tablespaces = ["JYJC_DATA"] }}

[[weblogic]]
id = "wls1"
url = "http://127.0.0.1:{port}"
user = "monitor"
application_urls = ["http://127.0.0.1:{port}/jyjc"]
expect = {{ servers = ["AdminServer"], applications = ["jyjc"], datasources = ["jyjcDS"] }}

[[host]]
id = "app-host"
host = "127.0.0.1"
port = {port}
user = "weblogic"
host_key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

[[bus]]
id = "bus1"
url = "http://127.0.0.1:{port}/bus"
probe = "soap-echo"
send = true

[[bus]]
id = "bus2"
url = "http://127.0.0.1:{port}/bus"
probe = "http"
peer = "ministry"
send = true
exchange = {{ report = "http://127.0.0.1:{port}/report", dispatch = "http://127.0.0.1:{port}/dispatch" }}

[[service]]
id = "auth"
kind = "auth"
url = "http://127.0.0.1:{port}/"

[[certificate]]
id = "device"
source = "tls://127.0.0.1:{port}"

[[client]]
id = "pc1"
urls = ["http://127.0.0.1:{port}/jyjc"]
"""
REACHED = {"weblogic.port", "host.port", "bus.port", "service.port"}  # these may truly pass: the port does answer TCP


@pytest.fixture(params=["refused", *BEHAVIOURS])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with contextlib.ExitStack() as stack:
        name = request.param
        yield stack.enter_context(refusing() if name == "refused" else serving(BEHAVIOURS[name]))


def onsite(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    secrets = {f"ONSITE_SECRET_{name}": "Sesame-7781" for name in ("DB1", "WLS1", "APP_HOST")}
    environment = {**os.environ, **secrets, "ONSITE_HOME": str(home)}
    command = [sys.executable, "-m", "ui", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240)


def test_every_check_gives_a_verdict_and_none_a_traceback(tmp_path: Path, port: int) -> None:
    profile = tmp_path / "site.toml"
    profile.write_text(SITE.format(port=port), encoding="utf-8")
    assert onsite(tmp_path / "home", "new", str(tmp_path / "project"), "--site", str(profile)).returncode == 0
    checked = onsite(tmp_path / "home", "check", str(tmp_path / "project"), "--json")
    assert "Traceback" not in checked.stderr
    results = json.loads(checked.stdout)["results"]
    outcomes = {result["outcome"] for result in results}
    assert checked.returncode == (1 if "fail" in outcomes else 3)
    assert {result["check"] for result in results if result["outcome"] in ("pass", "warn")} <= REACHED
    assert all(result["reason"] or result["actual"] for result in results)
    assert "Sesame-7781" not in checked.stdout + checked.stderr
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"Sesame-7781" not in kept
