"""Every kind of database that the provinces have, healthy: what each check says of each, and where it cannot say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from oracle_operation import job
from oracle_small import LEGACY, MIB, NOW, PLAN, SmallOracle, judged, results, serving, target_of
from oracle_worlds import (
    chinese,
    cluster,
    in_asm,
    limits,
    nothing_seen,
    pluggable,
    release_8,
    release_9,
    release_10,
    release_11,
    release_12,
    release_21,
    release_23,
    standby,
)

from app.checks.database.checks import CHECKS
from app.checks.model import Outcome

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
NOT_APPLICABLE = Outcome.NOT_APPLICABLE
# seerdb's own listener tells no version, and how long a log-in takes is the machine's business.
ALL = tuple(check.id for check in CHECKS if check.id not in ("oracle.listener", "oracle.login"))
# What a release or a place does not show.
NO_ALERTS, NO_RMAN, SHARED_UNDO = {"alerts": UNKNOWN}, {"backup": UNKNOWN}, {"undo": NOT_APPLICABLE}
ON_DISK = ("components", "tablespaces", "tablespace_usage", "temp", "undo", "users", "invalid_objects", "charset")


def noarchive(oracle: SmallOracle) -> SmallOracle:
    oracle.views["V$DATABASE"][0]["LOG_MODE"] = "NOARCHIVELOG"
    return oracle


def manual(oracle: SmallOracle) -> SmallOracle:
    oracle.parameter("undo_management", "MANUAL")
    return oracle


def automatic_memory(oracle: SmallOracle) -> SmallOracle:
    for name, value in (("memory_target", 6144), ("sga_target", 0), ("pga_aggregate_target", 0)):
        oracle.parameter(name, str(value * MIB))
    return oracle


def one_down(oracle: SmallOracle) -> SmallOracle:
    for view in [view for view in oracle.views if view.startswith("GV$")]:
        oracle.views[view] = [row for row in oracle.views[view] if row.get("INST_ID", 1) != 2]
    oracle.views["V$THREAD"][1]["STATUS"] = "CLOSED"
    return oracle


def unicode(oracle: SmallOracle) -> SmallOracle:
    oracle.views["NLS_DATABASE_PARAMETERS"][0]["VALUE"] = "AL32UTF8"
    return oracle


def seen(oracle: SmallOracle, **expect: Any) -> dict[str, Outcome]:
    """What is not PASS, by the check's name without its table; on a host of its own nothing is looked up."""
    with serving(oracle) as port:
        target = target_of(port, role="exchange", expect=replace(PLAN, **expect))
        found = results(target, *ALL)
    return {
        name.partition(".")[2]: one.outcome
        for name, one in found.items()
        if one.outcome is not PASS and (one.reason or one.outcome is NOT_APPLICABLE)  # nothing is said without a reason
    }


OLD: dict[str, Any] = {"components": ("CATALOG",)}


@pytest.mark.parametrize(
    ("make", "expect", "others"),
    [
        (SmallOracle, {}, {}),
        (lambda: SmallOracle(LEGACY), {}, {}),
        (
            release_8, {"version": "8.1.7"},
            {**NO_ALERTS, **NO_RMAN, "undo": WARN, "components": UNKNOWN, "pga": UNKNOWN, "dataguard": UNKNOWN},
        ),
        (release_9, {"version": "9.2", **OLD}, {**NO_ALERTS, **NO_RMAN}),
        (release_10, {"version": ">=10.2", **OLD}, NO_ALERTS),
        (release_11, {"version": "11.2.0.4"}, NO_ALERTS),
        (lambda: release_12("CDB$ROOT"), {"version": "12.1"}, NO_ALERTS),
        (lambda: release_12("JYJCPDB"), {"version": "12.1"}, {**NO_ALERTS, **SHARED_UNDO}),
        (lambda: pluggable(SmallOracle(), "JYJCPDB"), {}, NO_ALERTS),
        (lambda: limits(pluggable(SmallOracle(), "JYJCPDB"), nothing_seen()), {}, {**NO_ALERTS, "limits": UNKNOWN}),
        (release_21, {"version": "21"}, NO_ALERTS),
        (release_23, {"version": "23"}, NO_ALERTS),
        (lambda: cluster(SmallOracle()), {}, {}),
        (lambda: one_down(cluster(SmallOracle())), {}, {"instance": FAIL}),
        (standby, {}, {}),
        (
            lambda: standby("MOUNTED"), {},
            {"instance": WARN, **dict.fromkeys(ON_DISK, UNKNOWN), "privileges": UNKNOWN},
        ),
        (lambda: in_asm(SmallOracle()), {}, {}),
        (lambda: noarchive(SmallOracle()), {}, {"database": WARN, "archive": NOT_APPLICABLE}),
        (lambda: manual(SmallOracle()), {}, {"undo": WARN}),
        (lambda: manual(release_9()), {"version": "9", **OLD}, {**NO_ALERTS, **NO_RMAN, "undo": WARN}),
        (lambda: automatic_memory(SmallOracle()), {}, {}),
        (lambda: unicode(SmallOracle()), {"charset": "AL32UTF8"}, {}),
        (lambda: unicode(SmallOracle()), {}, {"charset": FAIL}),
        (
            lambda: chinese(SmallOracle()),
            {"users": ("就业监测",), "tablespaces": ("就业数据",), "code_tables": {'"就业监测"."代码表"': 20}}, {},
        ),
        (
            lambda: chinese(release_11()),
            {"version": "11.2", "users": ("就业监测",), "tablespaces": ("就业数据",),
             "code_tables": {'"就业监测"."代码表"': 20}}, NO_ALERTS,
        ),
    ],
)  # fmt: skip
def test_each_healthy_world_gets_its_true_verdicts(
    make: Callable[[], SmallOracle], expect: dict[str, Any], others: dict[str, Outcome]
) -> None:
    assert seen(make(), **expect) == others


def many(oracle: SmallOracle) -> SmallOracle:
    """50,000 rows wherever a database may have so many."""
    views = oracle.views
    views["DBA_OBJECTS"] += [
        {"OWNER": "SYS", "OBJECT_NAME": f"T{n}", "OBJECT_TYPE": "TABLE", "STATUS": "VALID"} for n in range(50_000)
    ]
    views["DBA_ERRORS"] += [
        {"OWNER": "SYS", "NAME": f"X{n}", "TYPE": "VIEW", "ATTRIBUTE": "ERROR"} for n in range(50_000)
    ]
    views["DBA_FREE_SPACE"] += [{"TABLESPACE_NAME": "JYJC_DATA", "BYTES": 64} for _ in range(50_000)]
    views["DBA_UNDO_EXTENTS"] += [
        {"TABLESPACE_NAME": "UNDOTBS1", "STATUS": "EXPIRED", "BYTES": 64} for _ in range(50_000)
    ]
    views["V$RMAN_BACKUP_JOB_DETAILS"] += [job("ARCHIVELOG", "COMPLETED", NOW, NOW) for _ in range(50_000)]
    views["JYJC.AA10"] = [{"AAA100": n} for n in range(50_000)]
    old = views["V$LOG_HISTORY"][-1]
    views["V$LOG_HISTORY"] += [{**old, "FIRST_TIME": NOW.replace(year=2020), "SEQUENCE#": n} for n in range(50_000)]
    return oracle


def test_fifty_thousand_rows_change_nothing() -> None:
    assert seen(many(SmallOracle())) == {}


NEW = ("components", "pga", "redo", "archive", "dataguard", "backup", "alerts")
VIEWS = (
    "DBA_REGISTRY", "GV$PARAMETER", "V$LOG", "V$LOGFILE", "V$DATABASE", "GV$INSTANCE", "V$ARCHIVE_DEST",
    "V$RECOVERY_FILE_DEST", "V$RMAN_BACKUP_JOB_DETAILS", "V$DIAG_ALERT_EXT",
)  # fmt: skip
NUMBERS = {
    "GV$PARAMETER": "VALUE", "V$RECOVERY_FILE_DEST": "SPACE_USED", "V$LOG_HISTORY": "SEQUENCE#",
    "V$ARCHIVE_DEST_STATUS": "APPLIED_SEQ#", "DBA_TEMP_FREE_SPACE": "FREE_SPACE",
    "GV$RESOURCE_LIMIT": "CURRENT_UTILIZATION", "GV$SGAINFO": "BYTES",
}  # fmt: skip
SEES = {
    "GV$PARAMETER": ("pga", "sga", "undo", "limits"), "V$RECOVERY_FILE_DEST": ("archive",),
    "V$LOG_HISTORY": ("redo", "dataguard"), "V$ARCHIVE_DEST_STATUS": ("dataguard",), "DBA_TEMP_FREE_SPACE": ("temp",),
    "GV$RESOURCE_LIMIT": ("limits",),
    "GV$SGAINFO": ("shared_pool",),
}  # fmt: skip


@pytest.mark.parametrize("view", NUMBERS)
@pytest.mark.parametrize("value", ["很多", "-7", "1e999", "NaN"])
def test_text_and_negative_numbers_where_numbers_belong_are_never_passed(view: str, value: str) -> None:
    oracle = SmallOracle()
    oracle.views[view] = [{**row, NUMBERS[view]: value} for row in oracle.views[view]]
    found = seen(oracle)
    assert {name: found.get(name, PASS) for name in SEES[view]} == dict.fromkeys(SEES[view], UNKNOWN)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("how", ["gone", "empty", "nulls"])
def test_views_that_lack_or_are_empty_or_say_nothing_are_never_passed(view: str, how: str) -> None:
    oracle = SmallOracle()
    healthy = oracle.views[view]
    if how == "gone":
        oracle.drop_view(view)
        oracle.drop_view("V" + view[2:] if view.startswith("GV$") else view)
    else:
        oracle.views[view] = [] if how == "empty" else [dict.fromkeys(row) for row in healthy]
    found = seen(oracle)
    asking = {
        "DBA_REGISTRY": ("components",), "GV$PARAMETER": ("pga", "sga", "undo"), "V$LOG": ("redo",),
        "V$LOGFILE": ("redo",), "V$DATABASE": ("archive", "dataguard"), "GV$INSTANCE": ("archive", "instance"),
        "V$ARCHIVE_DEST": ("archive", "dataguard"), "V$RECOVERY_FILE_DEST": ("archive",),
        "V$RMAN_BACKUP_JOB_DETAILS": ("backup",), "V$DIAG_ALERT_EXT": ("alerts",),
    }[view]  # fmt: skip
    if view == "V$RECOVERY_FILE_DEST" and how != "gone":
        asking = ()  # no recovery area is set
    assert {name: found.get(name, PASS) for name in asking} == dict.fromkeys(asking, UNKNOWN)


@pytest.mark.parametrize("check", NEW)
def test_a_column_that_lacks_is_said(check: str) -> None:
    oracle = SmallOracle()
    for view, column in (
        ("DBA_REGISTRY", "STATUS"), ("GV$PARAMETER", "INST_ID"), ("V$PARAMETER", "VALUE"), ("V$LOG", "STATUS"),
        ("V$ARCHIVE_DEST", "TARGET"), ("V$RMAN_BACKUP_JOB_DETAILS", "STATUS"), ("V$DIAG_ALERT_EXT", "MESSAGE_TEXT"),
    ):  # fmt: skip
        oracle.drop_column(view, column)
    result = judged(oracle, check)
    assert result.outcome is UNKNOWN
    assert "ORA-00904" in result.reason
