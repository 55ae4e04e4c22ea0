"""A site of forty targets, of every kind, version and fault: ``onsite check`` gives exactly the table below, each time.

The table is what the checks' design demands of each world; a check that is not listed with its target PASSes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from host_sshd import CAN_MOUNT
from mixed_site import MixedSite
from oracle_small import LEGACY, THIN

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not CAN_MOUNT, reason="needs OpenSSH's server, root and mount namespaces")
RUNS, LANES = 10, 3
Table = dict[tuple[str, str], str]
ALL = "*"  # every check of the target that is not named elsewhere in its row

ORACLE = (
    "listener login privileges instance database version components sga pga shared_pool limits charset tablespaces "
    "tablespace_usage temp undo redo archive users default_passwords invalid_objects indexes jobs blocking code_tables "
    "clock dataguard"
)
HEAVY = f"{ORACLE} backup alerts"
WEBLOGIC = (
    "port version clock console topology servers jdk security health heap threads datasources applications "
    "application_url joint.remote_access"
)
HOST = "port key login os disk memory swap load java limits network ports processes clock boot_properties"
BUS = "port service round_trip latency"
OWN_BUS = f"{BUS} authentication"
FILE = "source validity lifetime chain strength usage pair revocation key"
TLS = f"{FILE} name tls"
CLIENT = "urls browser driver clock printer fonts"
NO_OTHER = {"not_applicable": "pair key"}  # no second certificate is planned, and no key lies beside it

DATABASES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "ora-9i": (HEAVY, {"warn": "users", "unknown": "default_passwords backup alerts"}),
    "ora-11g": (ORACLE, {}),
    "ora-pdb": (ORACLE, {"fail": "tablespace_usage", "unknown": "limits"}),
    "ora-12c": (HEAVY, {
        "fail": "version sga limits charset tablespaces temp users default_passwords invalid_objects indexes jobs "
                "blocking code_tables clock alerts",
        "warn": "privileges database components pga undo redo backup",
        "not_applicable": "archive dataguard",
    }),
    "ora-standby": (ORACLE, {"warn": "dataguard"}),
    "ora-rac": (ORACLE, {"fail": "instance", "warn": "tablespace_usage blocking"}),
    "ora-exchange": (f"{ORACLE} exchange_tables", {
        "fail": "exchange_tables",
        "not_applicable": "version sga pga shared_pool charset tablespaces users invalid_objects indexes jobs "
                          "code_tables",
    }),
    "ora-password": (ORACLE, {"pass": "listener", "fail": "login", "unknown": ALL}),
}  # fmt: skip
DEAD_DATABASES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "ora-silent": (ORACLE, {"unknown": ALL}),
    "ora-refused": (ORACLE, {"fail": "listener", "unknown": ALL}),
    "ora-unknown": (ORACLE, {"fail": "listener", "unknown": ALL}),
    "ora-garbage": (ORACLE, {"unknown": ALL}),
}
OTHERS: Mapping[str, Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "weblogic": {
        "wls-81": (WEBLOGIC, {}),
        "wls-1036": (WEBLOGIC, {"unknown": "topology threads security"}),
        "wls-1213": (WEBLOGIC, {
            "fail": "servers datasources applications",
            "unknown": "topology jdk security health heap threads",
        }),
        "wls-122": (WEBLOGIC, {
            "fail": "console topology jdk threads datasources applications application_url "
                    "joint.remote_access",
            "warn": "security health heap",
        }),
        "wls-141": (WEBLOGIC, {}),
        "wls-endless": (WEBLOGIC, {"unknown": ALL}),
        "wls-refused": (WEBLOGIC, {"fail": "port application_url joint.remote_access", "unknown": ALL}),
    },
    "host": {
        "wls81-host": (HOST, {"not_applicable": "os ports"}),
        "aix": (HOST, {"not_applicable": "limits ports"}),
        "linux-full": (HOST, {"fail": "disk", "warn": "swap", "not_applicable": "ports"}),
        "solaris-key": (HOST, {"pass": "port", "fail": "key", "not_applicable": "ports", "unknown": ALL}),
        "hpux-password": (HOST, {"pass": "port key", "fail": "login", "not_applicable": "ports", "unknown": ALL}),
        "ssh-silent": (HOST, {"not_applicable": "ports", "unknown": ALL}),
    },
    "bus": {
        "bus": (OWN_BUS, {"unknown": "authentication"}),
        "bus-ministry": (f"{BUS} joint.report joint.dispatch", {}),
        "bus-unasked": (OWN_BUS, {"unknown": "round_trip authentication"}),
        "bus-corrupt": (OWN_BUS, {"fail": "round_trip", "unknown": "authentication"}),
        "bus-refused": (OWN_BUS, {"fail": "port", "unknown": ALL}),
    },
    "service": {
        "report": ("port answer", {}),
        "auth": ("port answer", {"unknown": "answer"}),
    },
    "client": {
        "pc": (CLIENT, {"not_applicable": "browser driver printer fonts"}),
        "pc-elsewhere": (CLIENT, {"fail": "urls", "not_applicable": "driver", "unknown": ALL}),
    },
    "certificate": {
        "cert-good": (FILE, {}),
        "cert-expired": (FILE, {"fail": "validity", **NO_OTHER}),
        "cert-revoked": (FILE, {"fail": "revocation", **NO_OTHER}),
        "cert-card": (FILE, {"warn": "strength", "not_applicable": "pair key revocation"}),
        "cert-noise": (FILE, {"fail": "source", "not_applicable": "revocation", "unknown": ALL}),
        "cert-sm2": (FILE, {"not_applicable": "pair revocation key"}),
        "cert-tls": (TLS, {"warn": "chain", "not_applicable": "pair"}),
        "cert-garbage": (TLS, {"not_applicable": "revocation", "unknown": ALL}),
    },
}  # fmt: skip


def table(kinds: Mapping[str, Mapping[str, tuple[str, Mapping[str, str]]]]) -> Table:
    """The rows as {(check, target): outcome}."""
    return {
        (check if "." in check else f"{kind}.{check}", target): outcome
        for kind, rows in kinds.items()
        for target, (checks, told) in rows.items()
        for check, outcome in outcomes(checks.split(), told).items()
    }


def outcomes(checks: list[str], told: Mapping[str, str]) -> dict[str, str]:
    usual = next((outcome for outcome, names in told.items() if names == ALL), "pass")
    named = {name: outcome for outcome, names in told.items() for name in names.split()}
    return {check: named.get(check, usual) for check in checks}


EXPECTED = table({"oracle": {**DATABASES, **DEAD_DATABASES}, **OTHERS})


# What depends on how fast this computer is, and the words that then say so: such a WARN stands for a PASS.
SLOW = {
    "oracle.login": "连接用时", "bus.latency": "达到或超过", "weblogic.application_url": " 用了 ",
    "joint.remote_access": " 用了 ",
}  # fmt: skip
# What no two runs have in common: how long something took, how far clocks are apart, the batches of the joint test.
VARYING = re.compile(
    r"[快慢] \d[\d.]* 秒|\d[\d.、～]*(?= ?秒)|(?:TEST|XF)-[\w-]+|[0-9a-f]{16}…|\d{4}-\d\d-\d\dT[\d:.+]+"
)
Result = dict[str, Any]


@dataclass(frozen=True)
class Runner:
    """Whole processes, at projects of one site."""

    folder: Path
    site: MixedSite

    def onsite(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        secrets = {f"ONSITE_SECRET_{name.upper().replace('-', '_')}": word for name, word in self.site.secrets.items()}
        command = [sys.executable, "-m", "ui", *map(str, arguments)]
        environment = {**os.environ, **secrets, "ONSITE_HOME": str(self.folder / "home")}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    def project(self, name: str) -> Path:
        profile = self.site.folder / "site.toml"
        made = self.onsite("new", self.folder / name, "--site", profile)
        assert made.returncode == 0, made.stderr
        return self.folder / name

    def check(self, project: Path, *arguments: str) -> list[Result]:
        """Its results; something always FAILs."""
        done = self.onsite("check", project, "--json", *arguments)
        assert done.returncode in (1, 3) and "Traceback" not in done.stderr, done.stderr
        assert not [name for name, word in self.site.secrets.items() if word in done.stdout + done.stderr]
        found: list[Result] = json.loads(done.stdout)["results"]
        return found


@contextlib.contextmanager
def running(folder: Path, build: Callable[[MixedSite], None]) -> Iterator[Runner]:
    (folder / "site").mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        site = MixedSite(folder / "site", stack)
        build(site)
        (folder / "site" / "site.toml").write_text(site.profile, encoding="utf-8")
        yield Runner(folder, site)


def differing(results: Sequence[Result], expected: Table) -> dict[tuple[str, str], tuple[str, str, str]]:
    """What is not as expected: what it should be, what it is, and why."""
    found = {(one["check"], one["target"]): one for one in results}
    assert len(found) == len(results)
    wrong = {
        key: (expected.get(key, "(none)"), one["outcome"], one["reason"] or one["actual"])
        for key, one in found.items()
        if judged(one) != expected.get(key)
    }
    return wrong | {key: (outcome, "(none)", "") for key, outcome in expected.items() if key not in found}


def judged(one: Result) -> str:
    slow = one["outcome"] == "warn" and SLOW.get(one["check"], "\0") in one["reason"]
    return "pass" if slow else str(one["outcome"])


def facts(results: Sequence[Result]) -> dict[tuple[str, str], tuple[str, ...]]:
    """What every run has to say alike of each check."""
    told = {}
    for one in results:
        words = [one[key] for key in ("title", "expected", "actual", "route", "vantage")]
        words += ["", ""] if judged(one) != one["outcome"] else [one["reason"], one["advice"]]
        told[one["check"], one["target"]] = (judged(one), *(VARYING.sub("N", word) for word in words))
    return told


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with running(tmp_path_factory.mktemp("mixed") / "all", MixedSite.everything) as started:
        yield started


def test_ten_runs_of_the_whole_site_give_the_table_and_the_same_facts(runner: Runner) -> None:
    """On several projects side by side: most of a run is waiting for what says nothing."""

    def lane(number: int) -> list[list[Result]]:
        project = runner.project(f"project{number}")
        return [runner.check(project) for _ in range(number, RUNS, LANES)]

    with ThreadPoolExecutor(LANES) as pool:
        runs = [run for several in pool.map(lane, range(LANES)) for run in several]
    assert [differing(run, EXPECTED) for run in runs] == [{}] * RUNS
    first = facts(runs[0])
    assert [{key: told for key, told in facts(run).items() if told != first[key]} for run in runs] == [{}] * RUNS
    assert all(one["reason"] or one["actual"] for run in runs for one in run)
    assert {name: oracle.attempts for name, oracle in runner.site.oracles.items()} == dict.fromkeys(DATABASES, RUNS)
    failed = {name: runner.site.log(name).count("Failed password") for name in ("hpux-password", "solaris-key")}
    assert failed == {"hpux-password": RUNS, "solaris-key": 0}


# The protocol's field version that the servers of each route speak, and what a result calls the route.
ROUTES = {
    "thin": (THIN, "oracledb thin"), "legacy": (LEGACY, "seerdb"), "sqlplus": (LEGACY, "sqlplus 经 db-host"),
    "thick": (THIN, "oracledb thick"),
}  # fmt: skip


@pytest.fixture(scope="module")
def by_route(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Result], MixedSite]]:
    """The results of all databases by each route, in one run."""
    versions = {route: version for route, (version, _) in ROUTES.items()}
    with running(tmp_path_factory.mktemp("mixed") / "routes", lambda site: site.by_routes(versions)) as by:
        yield by.check(by.project("project"), "--only", "database"), by.site


def of_route(results: Sequence[Result], route: str) -> list[Result]:
    """Those by one route, with the targets called as the worlds."""
    ending = f"-{route}"
    own = [one for one in results if one["target"].endswith(ending)]
    return [{**one, "target": one["target"].removesuffix(ending)} for one in own]


@pytest.mark.parametrize("route", ["thin", "legacy", "sqlplus"])
def test_the_same_databases_get_the_same_verdicts_by_each_route(
    by_route: tuple[list[Result], MixedSite], route: str
) -> None:
    results, site = by_route
    own = of_route(results, route)
    assert differing(own, table({"oracle": DATABASES})) == {}
    assert {one["route"] for one in own} - {"", "TNS 探测"} == {ROUTES[route][1]}
    assert {oracle.attempts for name, oracle in site.oracles.items() if name.endswith(f"-{route}")} == {1}


def test_without_an_instant_client_the_thick_route_says_nothing_of_a_database(
    by_route: tuple[list[Result], MixedSite],
) -> None:
    results, site = by_route
    told = [one for one in of_route(results, "thick") if one["outcome"] not in ("unknown", "not_applicable")]
    assert {(one["check"], one["outcome"]) for one in told} == {("oracle.listener", "pass")}
    assert {oracle.attempts for name, oracle in site.oracles.items() if name.endswith("-thick")} == {0}
