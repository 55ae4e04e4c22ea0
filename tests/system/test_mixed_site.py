"""A site of forty targets, of every kind, version and fault: ``onsite check`` gives exactly the table below, each time.

The table is what the checks' design demands of each world; a check that is not listed with its target PASSes.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from host_sshd import CAN_MOUNT
from mixed_site import MixedSite, started

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not CAN_MOUNT, reason="needs OpenSSH's server, root and mount namespaces")
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
    "ora-9i": (HEAVY, {"warn": "listener users", "unknown": "default_passwords backup alerts"}),
    "ora-11g": (ORACLE, {"warn": "listener"}),
    "ora-pdb": (ORACLE, {"fail": "tablespace_usage", "warn": "listener", "unknown": "limits"}),
    "ora-12c": (HEAVY, {
        "fail": "version sga limits charset tablespaces temp users default_passwords invalid_objects indexes jobs "
                "blocking code_tables clock alerts",
        "warn": "listener privileges database components pga undo redo backup",
        "not_applicable": "archive dataguard",
    }),
    "ora-standby": (ORACLE, {"warn": "listener dataguard"}),
    "ora-rac": (ORACLE, {"fail": "instance", "warn": "listener tablespace_usage blocking"}),
    "ora-exchange": (f"{ORACLE} exchange_tables", {
        "fail": "exchange_tables",
        "warn": "listener",
        "not_applicable": "version sga pga shared_pool charset tablespaces users invalid_objects indexes jobs "
                          "code_tables",
    }),
    "ora-password": (ORACLE, {"warn": "listener", "fail": "login", "unknown": ALL}),
}  # fmt: skip
DEAD_DATABASES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "ora-silent": (ORACLE, {"unknown": ALL}),
    "ora-refused": (ORACLE, {"fail": "listener", "unknown": ALL}),
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


@dataclass(frozen=True)
class Runner:
    """Whole processes at one project after the other, each of the same profile."""

    folder: Path
    site: MixedSite

    def onsite(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        secrets = {f"ONSITE_SECRET_{name.upper().replace('-', '_')}": word for name, word in self.site.secrets.items()}
        command = [sys.executable, "-m", "ui", *map(str, arguments)]
        environment = {**os.environ, **secrets, "ONSITE_HOME": str(self.folder / "home")}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    def project(self, name: str) -> Path:
        profile = self.site.folder / "site.toml"
        profile.write_text(self.site.profile, encoding="utf-8")
        made = self.onsite("new", self.folder / name, "--site", profile)
        assert made.returncode == 0, made.stderr
        return self.folder / name

    def check(self, project: Path, *arguments: str) -> list[dict[str, Any]]:
        done = self.onsite("check", project, "--json", *arguments)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == 1, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)["results"]
        return found


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "site").mkdir()
    with contextlib.ExitStack() as stack:
        yield Runner(folder, started(folder / "site", stack))


def differing(results: list[dict[str, Any]], expected: Table) -> dict[tuple[str, str], tuple[str, str, str]]:
    """What is not as expected: what it should be, what it is, and why."""
    found = {(one["check"], one["target"]): one for one in results}
    assert len(found) == len(results)
    wrong = {
        key: (expected.get(key, "(none)"), one["outcome"], one["reason"] or one["actual"])
        for key, one in found.items()
        if one["outcome"] != expected.get(key)
    }
    return wrong | {key: (outcome, "(none)", "") for key, outcome in expected.items() if key not in found}


def test_the_table_once(runner: Runner) -> None:
    results = runner.check(runner.project("once"))
    assert differing(results, EXPECTED) == {}
