"""Each fault of the rehearsal site is seen by exactly the checks that it touches, by no other: the table as data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from app.actions import checking, rehearsing
from app.actions.rehearsing import Running
from app.checks.model import Outcome

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
NOT_APPLICABLE = Outcome.NOT_APPLICABLE
ASIDE = ("client.browser", "client.driver", "client.printer", "client.fonts")  # the plan of pc1 asks for none of them
ORACLE = (
    "listener", "login", "privileges", "instance", "database", "version", "sga", "shared_pool", "limits", "charset",
    "tablespaces", "tablespace_usage", "temp", "undo", "users", "invalid_objects", "exchange_tables", "code_tables",
    "clock", "components", "pga", "redo", "archive", "dataguard", "blocking", "default_passwords", "indexes", "jobs",
)  # fmt: skip
HOST = (
    "port", "key", "login", "os", "disk", "memory", "swap", "load", "java", "limits", "network", "ports", "processes",
    "clock", "boot_properties",
)  # fmt: skip
MANAGED = ("health", "heap", "threads", "jdk")  # what cannot be judged of a server that does not run


class Touched(NamedTuple):
    """The targets that see a fault, and what each of the checks (where it is planned) says there."""

    targets: tuple[str, ...]
    outcomes: dict[str, Outcome]


def oracle(outcome: Outcome, *but: str, **named: Outcome) -> Touched:
    """Every check of both databases: ``outcome``, except what is named and what stays as it is."""
    outcomes = {f"oracle.{name}": named.get(name, outcome) for name in ORACLE if name not in but}
    return Touched(("db1", "db2"), outcomes)


def one(target: str, **outcomes: Outcome) -> Touched:
    """Checks of one target; ``__`` in a name stands for the dot."""
    return Touched((target,), {name.replace("__", "."): outcome for name, outcome in outcomes.items()})


def unjudged() -> dict[str, Outcome]:
    return {f"weblogic__{name}": UNKNOWN for name in MANAGED}


TOUCHES: dict[str, tuple[Touched, ...]] = {
    "db-down": (oracle(UNKNOWN, listener=FAIL),),
    "db-silent": (oracle(UNKNOWN),),
    "db-wrong-password": (oracle(UNKNOWN, "listener", login=FAIL),),
    "account-locked": (oracle(UNKNOWN, "listener", login=FAIL),),
    "tablespace-full": (one("db1", oracle__tablespace_usage=FAIL),),
    "undo-manual": (Touched(("db1", "db2"), {"oracle.undo": WARN}),),
    "invalid-objects": (one("db1", oracle__invalid_objects=FAIL),),
    "exchange-table-missing": (one("db2", oracle__exchange_tables=FAIL),),
    "server-down": (
        one(
            "wls1", weblogic__servers=FAIL, weblogic__datasources=FAIL, weblogic__applications=FAIL, **unjudged(),
        ),
        one("app-host", host__processes=FAIL),
    ),
    "stuck-threads": (one("wls1", weblogic__threads=FAIL),),
    "datasource-suspended": (one("wls1", weblogic__datasources=FAIL),),
    "low-heap": (one("wls1", weblogic__heap=WARN),),
    "app-failed": (one("wls1", weblogic__applications=FAIL),),
    "not-integrated": (
        one("wls1", weblogic__topology=FAIL, weblogic__servers=FAIL, weblogic__security=UNKNOWN, **unjudged()),
    ),
    "bus-silent": (
        Touched(("bus1", "bus-ministry"), dict.fromkeys(("bus.service", "bus.round_trip", "bus.latency"), UNKNOWN)),
    ),
    "bus-corrupts": (Touched(("bus1", "bus-ministry"), {"bus.round_trip": FAIL}),),
    "ministry-no-receipt": (one("bus-ministry", joint__report=FAIL),),
    "cert-expired": (one("app-device", certificate__validity=FAIL, certificate__pair=FAIL),),
    "cert-expiring": (one("app-device", certificate__validity=WARN),),
    "cert-revoked": (one("app-device", certificate__revocation=FAIL),),
    "cert-wrong-host": (one("app-device", certificate__name=FAIL, certificate__pair=FAIL),),
    "host-key-changed": (
        Touched(("app-host",), {"host.key": FAIL, **{f"host.{name}": UNKNOWN for name in HOST[2:]}}),
    ),
    "disk-full": (one("app-host", host__disk=FAIL),),
    "clock-skewed": (one("app-host", host__clock=FAIL),),
    "slow": (
        Touched(("db1", "db2"), {"oracle.login": WARN}),
        one("wls1", weblogic__application_url=WARN, joint__remote_access=WARN),
        Touched(("bus1", "bus-ministry"), {"bus.latency": WARN}),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One rehearsal site with its project, started once."""
    place = tmp_path_factory.mktemp("faults")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONSITE_HOME", str(place / "home"))
        site = rehearsing.start_rehearsal(place / "project")
        yield site
        site.stop()


def seen(running: Running, *faults: str) -> dict[tuple[str, str], tuple[Outcome, str]]:
    """What every check says of every target under these faults, with its reason."""
    running.set_faults(faults)
    results = checking.check(running.workspace, checking.Selection())
    return {(result.check, result.target): (result.outcome, result.reason) for result in results}


def outcomes(found: dict[tuple[str, str], tuple[Outcome, str]]) -> dict[tuple[str, str], Outcome]:
    """What differs from PASS, and is not what the site has none of."""
    unlike = {pair: outcome for pair, (outcome, _) in found.items() if outcome is not PASS}
    return {pair: outcome for pair, outcome in unlike.items() if pair[0] not in ASIDE or outcome is not NOT_APPLICABLE}


def test_the_table_names_every_fault() -> None:
    assert list(TOUCHES) == list(rehearsing.faults())


def test_without_a_fault_every_check_passes(running: Running) -> None:
    found = seen(running)
    assert {check for check, _ in found} >= {*(f"oracle.{name}" for name in ORACLE), *(f"host.{name}" for name in HOST)}
    assert outcomes(found) == {}


def test_without_a_fault_the_older_weblogic_passes_every_check_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    site = rehearsing.start_rehearsal(tmp_path / "project", releases=rehearsing.Releases(weblogic="10.3.6"))
    try:
        results = checking.check(site.workspace, checking.Selection(kinds=("weblogic",)))
    finally:
        site.stop()
    assert {result.check: result.reason for result in results if result.outcome is not PASS} == {}
    assert {result.check for result in results} >= {f"weblogic.{name}" for name in (*MANAGED, "topology", "security")}


@pytest.mark.parametrize("fault", TOUCHES)
def test_a_fault_is_seen_by_the_checks_that_it_touches_and_by_no_other(running: Running, fault: str) -> None:
    found = seen(running, fault)
    expected = {
        (check, target): outcome
        for touched in TOUCHES[fault]
        for target in touched.targets
        for check, outcome in touched.outcomes.items()
        if (check, target) in found
    }
    assert {check for check, _ in expected} == {check for touched in TOUCHES[fault] for check in touched.outcomes}
    assert outcomes(found) == expected
    assert all(found[pair][1] for pair in expected), "each of them says why"


def test_two_faults_are_seen_together_and_gone_together(running: Running) -> None:
    found = outcomes(seen(running, "disk-full", "undo-manual"))
    assert {check for check, _ in found} == {"host.disk", "oracle.undo"}
    assert outcomes(seen(running)) == {}
