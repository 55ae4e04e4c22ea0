"""Whether an output comes from the database that is meant, by the names that the database itself goes by."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from app.checks import replay
from app.checks.offline import identity, marks, output
from app.site.model import Database, Site

NONCE = "0123456789abcdef"
OLD = {"database": "JYJC", "unique": "jyjc_a", "instance": "jyjc1", "services": "jyjc,jyjcapp", "service": "SYS$USERS"}
WHOLE = {**OLD, "container": "JYJC", "active": "SYS$BACKGROUND,jyjc,jyjcapp.example.gov.cn"}
ROOT = {"database": "ORCL", "unique": "orcl", "instance": "orcl", "services": "orcl", "service": "SYS$USERS"}
IN_ROOT = {**ROOT, "container": "CDB$ROOT", "active": "orcl,jyjc,other"}
IN_JYJC = {**ROOT, "container": "JYJC", "database": "JYJC", "service": "jyjc", "active": "jyjc,jyjcapp"}
IN_OTHER = {**ROOT, "container": "OTHER", "database": "OTHER", "service": "other", "active": "other"}


def mismatch(facts: Mapping[str, str], **told: str) -> str:
    rows = [marks.line(NONCE, "head", marks.head({})), marks.line(NONCE, "fact", "time=2026-11-24T08:00:00Z")]
    rows += [marks.line(NONCE, "fact", f"{name}={value}") for name, value in facts.items()]
    found = output.read("\n".join([*rows, marks.line(NONCE, "last", 0), ""]).encode())
    target = Database("db1", **told)  # type: ignore[arg-type]
    return identity.mismatch(found, replay.given(found), target, Site("", ""))


@pytest.mark.parametrize(
    ("facts", "told", "known"),
    [
        (OLD, {"service": "JYJC"}, True),
        (OLD, {"service": "jyjcapp"}, True),
        (OLD, {"service": "jyjcapp.example.gov.cn"}, True),
        (OLD, {"service": "JYJH"}, False),
        (OLD, {"sid": "jyjc1"}, True),
        (OLD, {"sid": "JYJC1"}, True),
        (OLD, {"sid": "jyjc2"}, False),
        (OLD, {"sid": "JYJC"}, False),
        (WHOLE, {"service": "jyjcapp"}, True),
        (WHOLE, {"service": "jyjh"}, False),
        (IN_ROOT, {"service": "jyjc"}, False),
        (IN_ROOT, {"service": "orcl"}, True),
        (IN_JYJC, {"service": "jyjc"}, True),
        (IN_JYJC, {"service": "jyjcapp"}, True),
        (IN_JYJC, {"service": "orcl"}, False),
        (IN_OTHER, {"service": "jyjc"}, False),
        ({}, {"service": "jyjc"}, False),
    ],
)
def test_a_database_is_known_by_its_own_names(facts: Mapping[str, str], told: Mapping[str, str], known: bool) -> None:
    assert (mismatch(facts, **told) == "") is known


def test_who_ran_it_in_the_root_is_told_where_to_connect() -> None:
    assert "CDB$ROOT" in mismatch(IN_ROOT, service="jyjc")
