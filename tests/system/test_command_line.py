"""The command line as contracted, driven as a person drives it: whole processes, their output and exit status."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LISTED = {
    *(f"oracle.{name}" for name in (
        "listener", "login", "privileges", "instance", "database", "version", "components", "sga", "pga", "shared_pool",
        "limits", "charset", "tablespaces", "tablespace_usage", "temp", "undo", "redo", "archive", "users",
        "default_passwords", "invalid_objects", "indexes", "jobs", "blocking", "exchange_tables", "code_tables",
        "clock",
    )),
    *(f"weblogic.{name}" for name in (
        "port", "version", "jdk", "topology", "servers", "health", "heap", "threads", "datasources", "applications",
        "security", "console", "application_url", "clock",
    )),
    *(f"host.{name}" for name in (
        "port", "key", "login", "os", "disk", "memory", "swap", "load", "java", "limits", "network", "ports",
        "processes", "clock", "boot_properties",
    )),
    *(f"bus.{name}" for name in ("port", "service", "round_trip", "latency")),
    *("service.port", "service.answer", "joint.report", "joint.dispatch", "client.urls", "client.clock"),
    *(f"certificate.{name}" for name in (
        "source", "validity", "lifetime", "chain", "name", "strength", "usage", "pair", "revocation", "key", "tls",
    )),
}  # fmt: skip
NO_OBJECT = {  # what the rehearsal site has none of: no standby, and a client PC that is no Windows
    "oracle.dataguard", "client.browser", "client.driver", "client.printer", "client.fonts",
}  # fmt: skip
FORMS = {"附表1", "附表2", "附表3", "附表4", "资料移交签收单", "离场核对单", "权限申请单"}


def onsite(*arguments: str | Path, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ui", *(str(argument) for argument in arguments)]
    environment = {**os.environ, "ONSITE_HOME": str(home), **variables}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240)


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The main job on the rehearsal site, done once: its folder and its document."""
    place = tmp_path_factory.mktemp("job")
    done = onsite("rehearse", "--json", "--out", place / "out", home=place / "home")
    assert done.returncode == 0, done.stderr
    return place, json.loads(done.stdout)


def test_the_main_job_passes_every_listed_check(job: tuple[Path, dict[str, Any]]) -> None:
    _, report = job
    assert {result["check"] for result in report["results"]} >= LISTED
    set_aside = {result["check"] for result in report["results"] if result["outcome"] == "not_applicable"}
    assert set_aside <= NO_OBJECT
    assert report["counts"]["pass"] + report["counts"]["not_applicable"] == len(report["results"])


def test_the_main_job_leaves_project_forms_and_package(job: tuple[Path, dict[str, Any]]) -> None:
    _, report = job
    names = {path.name.split(" ")[0].removesuffix(".docx") for path in Path(report["forms"]).iterdir()}
    assert names == FORMS
    assert (Path(report["project"]) / "site.toml").is_file()
    assert (Path(report["package"]) / "data" / "index.html").is_file()


def test_anyones_tool_accepts_the_package(job: tuple[Path, dict[str, Any]]) -> None:
    command = [sys.executable, "-m", "bagit", "--validate", job[1]["package"]]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_one_flipped_byte_is_found_and_named(job: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    bag = shutil.copytree(job[1]["package"], tmp_path / "bag")
    assert onsite("verify", bag, home=job[0] / "home").returncode == 0
    for path in [sorted(bag.glob("data/journal/*"))[0], bag / "data" / "index.html", bag / "bag-info.txt"]:
        whole = path.read_bytes()
        path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
        damaged = onsite("verify", bag, "--json", home=job[0] / "home")
        assert damaged.returncode == 1
        assert any(path.name in fault["where"] for fault in json.loads(damaged.stdout)["faults"])
        path.write_bytes(whole)


def test_only_what_checks_prove_is_done(job: tuple[Path, dict[str, Any]]) -> None:
    shown = onsite("status", job[1]["project"], "--json", home=job[0] / "home")
    status = json.loads(shown.stdout)
    steps = {step["id"]: step for phase in status["phases"] for step in phase["steps"]}
    assert len(status["phases"]) == 8
    assert steps["deploy.oracle"]["done"]
    assert not steps["confirm.form"]["done"]
    assert not steps["plan.kickoff"]["done"]
    assert status["rehearsal"]
    assert status["blockers"]


def test_a_form_exported_twice_is_the_same_version(job: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    for name in ("one", "two"):
        done = onsite("forms", job[1]["project"], "--out", tmp_path / name, "--only", "附表4", home=job[0] / "home")
        assert done.returncode == 0, done.stderr
    (one,), (two,) = ([*(tmp_path / name).iterdir()] for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_a_repeated_check_of_what_failed_finds_nothing_to_do(job: tuple[Path, dict[str, Any]]) -> None:
    again = onsite("check", job[1]["project"], "--failed", "--json", home=job[0] / "home")
    assert (again.returncode, json.loads(again.stdout)["results"]) == (0, [])


def test_a_project_merges_with_its_own_package_and_gains_nothing(job: tuple[Path, dict[str, Any]]) -> None:
    merged = onsite("merge", job[1]["project"], job[1]["package"], home=job[0] / "home")
    assert merged.returncode == 0, merged.stderr
    assert "并入 0 条" in merged.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "{nowhere}"),
        ("check", "{project}", "--id", "oracle.nonsense"),
        ("check", "{project}", "--target", "nobody"),
        ("check", "{project}", "--only", "printer"),
        ("forms", "{project}", "--out", "{nowhere}", "--only", "附表9"),
        ("package", "{project}", "--to", "{project}"),
        ("trust", "{project}", "app-host", "SHA256:short"),
        ("trust", "{project}", "db1", "SHA256:" + "A" * 43),
        ("rehearse", "--fault", "earthquake"),
        ("verify", "{nowhere}"),
        ("merge", "{project}", "{nowhere}"),
        ("nonsense",),
    ],
)
def test_a_wrong_call_is_one_line_and_status_two(
    job: tuple[Path, dict[str, Any]], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    project = job[1]["project"]
    before = onsite("journal", project, "--json", home=job[0] / "home").stdout
    filled = [argument.format(nowhere=tmp_path / "nowhere", project=project) for argument in arguments]
    refused = onsite(*filled, home=job[0] / "home")
    assert refused.returncode == 2
    assert len(refused.stderr.strip().splitlines()) == 1
    assert refused.stderr.startswith("错误：")
    assert refused.stdout == ""
    assert not (tmp_path / "nowhere").exists()
    assert onsite("journal", project, "--json", home=job[0] / "home").stdout == before
