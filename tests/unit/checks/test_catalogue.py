"""What is planned follows the profile's order and the catalogue's; an unknown name is said, not passed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from app.base.errors import InputError
from app.checks import catalogue, definitions
from app.checks.model import Check, Outcome, Verdict
from app.site.model import Bus, Client, Database, Site

SITE = Site(
    "示例省节点",
    "510000",
    targets=(
        Bus("ministry", peer="ministry"),
        Database("db1"),
        Bus("bus1"),
        Database("db2", heavy=True),
        Client("pc1"),
    ),
)


def made(check_id: str, table: str, kind: str = "", **more: Any) -> Check:
    return Check(
        check_id,
        kind or table,
        table,
        check_id,
        "",
        lambda s, t: "",
        lambda f, t, s: Verdict(Outcome.PASS, "", ""),
        **more,
    )


CHECKS = (
    made("oracle.port", "database"),
    made("oracle.alerts", "database", heavy=True),
    made("oracle.clock", "database"),
    made("bus.port", "bus"),
    made("joint.report", "bus", "joint", concerns=lambda target, site: target.peer == "ministry"),
)


@pytest.fixture(autouse=True)
def few_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "CHECKS", CHECKS)
    monkeypatch.setattr(definitions, "checks", lambda project, taken: ())


def planned(*wanted: Sequence[str]) -> list[str]:
    return [f"{pair.check.id}@{pair.target.id}" for pair in catalogue.plan(SITE, *wanted)]


def test_targets_keep_the_files_order_and_checks_the_catalogues() -> None:
    assert planned() == [
        "bus.port@ministry", "joint.report@ministry", "oracle.port@db1", "oracle.clock@db1", "bus.port@bus1",
        "oracle.port@db2", "oracle.alerts@db2", "oracle.clock@db2",
    ]  # fmt: skip


def test_a_kind_is_a_table_or_the_joint_test() -> None:
    assert planned(["joint"]) == ["joint.report@ministry"]
    assert planned(["bus"]) == ["bus.port@ministry", "bus.port@bus1"]
    assert planned(["certificate"]) == []


def test_kinds_targets_and_ids_narrow_together() -> None:
    assert planned(["database"], ["db2", "bus1"], ["oracle.clock", "bus.port"]) == ["oracle.clock@db2"]
    assert planned([], ["pc1"]) == []


def test_a_heavy_check_runs_where_the_target_allows_it_or_its_id_is_named() -> None:
    assert planned([], ["db1"], ["oracle.alerts"]) == ["oracle.alerts@db1"]
    assert "oracle.alerts@db1" not in planned(["database"], ["db1"])


def test_a_check_that_does_not_concern_a_target_is_not_planned_even_when_named() -> None:
    assert planned([], ["bus1"], ["joint.report"]) == []


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ((["databse"],), "没有叫 databse 的检查类别。是不是 database？"),
        (([], ["db3"]), "没有叫 db3 的检查对象。是不是 db"),
        (([], [], ["oracle.clok"]), "没有叫 oracle.clok 的检查项。是不是 oracle.clock？"),
        ((["x"],), "可用的有：database、weblogic、host、bus、service、certificate、client、joint。"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest_known_one(wanted: tuple[list[str], ...], said: str) -> None:
    with pytest.raises(InputError) as error:
        catalogue.plan(SITE, *wanted)
    assert said in str(error.value)


def test_a_check_is_found_by_its_id() -> None:
    assert catalogue.check("bus.port") is CHECKS[3]
    with pytest.raises(InputError):
        catalogue.check("bus.prot")


def test_a_site_without_targets_plans_nothing() -> None:
    assert catalogue.plan(Site("示例省节点", "510000")) == ()


def check_ids(table: str) -> tuple[Check, ...]:
    import importlib

    checks: tuple[Check, ...] = importlib.import_module(f"app.checks.{table}.checks").CHECKS
    return checks


@pytest.mark.parametrize("table", [kind for kind in catalogue.KINDS if kind != "joint"])
def test_every_real_check_is_whole(table: str) -> None:
    """Its id is its own, its kind and table exist, it has a title, a deadline and something that is compared."""
    for check in check_ids(table):
        assert check.table == table and check.kind in (table, "joint"), check.id
        assert check.title and check.seconds > 0 and "." in check.id, check.id
        assert check.digest() != made("other", table).digest()


def test_no_two_real_checks_share_an_id() -> None:
    ids = [check.id for table in catalogue.KINDS if table != "joint" for check in check_ids(table)]
    assert len(ids) == len(set(ids))


def test_the_kinds_are_the_profiles_tables_and_the_joint_test() -> None:
    from app.site.model import KINDS

    assert list(catalogue.KINDS) == [*(kind.kind for kind in KINDS), "joint"]
