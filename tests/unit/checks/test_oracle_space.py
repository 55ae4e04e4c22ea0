"""Tablespaces, how full they are, and temporary space, at their boundaries and where the room behind is not known."""

from __future__ import annotations

from typing import Any

import pytest
from oracle_small import LEGACY, MIB, SmallOracle, file_row, judged

from app.checks.model import Outcome

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
NOT_APPLICABLE = Outcome.NOT_APPLICABLE


def tablespace(oracle: SmallOracle, name: str = "JYJC_DATA", **more: Any) -> SmallOracle:
    """Changes a tablespace's row, or adds one."""
    rows = {row["TABLESPACE_NAME"]: row for row in oracle.views["DBA_TABLESPACES"]}
    template = {"STATUS": "ONLINE", "CONTENTS": "PERMANENT", "BLOCK_SIZE": 8192, "RETENTION": "NOT APPLY"}
    rows[name] = {**template, **rows.get(name, {}), "TABLESPACE_NAME": name, **more}
    oracle.views["DBA_TABLESPACES"] = list(rows.values())
    return oracle


def files(oracle: SmallOracle, *rows: dict[str, Any], view: str = "DBA_DATA_FILES") -> SmallOracle:
    """Replaces the files of the tablespaces that ``rows`` belong to."""
    names = {row["TABLESPACE_NAME"] for row in rows}
    kept = [row for row in oracle.views[view] if row["TABLESPACE_NAME"] not in names]
    oracle.views[view] = [*kept, *rows]
    return oracle


def free(oracle: SmallOracle, name: str, size: int | None) -> SmallOracle:
    """The free bytes of a tablespace; None: it has no row."""
    kept = [row for row in oracle.views["DBA_FREE_SPACE"] if row["TABLESPACE_NAME"] != name]
    oracle.views["DBA_FREE_SPACE"] = kept + ([] if size is None else [{"TABLESPACE_NAME": name, "BYTES": size}])
    return oracle


@pytest.mark.parametrize(
    ("oracle", "planned", "outcome", "said"),
    [
        (SmallOracle(), ("JYJC_DATA",), PASS, ""),
        (SmallOracle(), ("jyjc_data",), PASS, ""),
        (SmallOracle(), ("JYJC_DATA", "JYJC_INDEX"), FAIL, "没有表空间 JYJC_INDEX"),
        (SmallOracle(), (), NOT_APPLICABLE, "方案未规定"),
        (files(tablespace(SmallOracle(), "就业数据"), file_row("就业数据", 10)), ("就业数据",), PASS, ""),
        (tablespace(SmallOracle(), STATUS="OFFLINE"), ("JYJC_DATA",), FAIL, "OFFLINE"),
        (tablespace(SmallOracle(), STATUS="READ ONLY"), ("JYJC_DATA",), WARN, "只读"),
        (tablespace(SmallOracle(), STATUS=None), ("JYJC_DATA",), UNKNOWN, "无法理解"),
        (tablespace(SmallOracle(), "空的"), ("空的",), UNKNOWN, "读不到表空间 空的 的数据文件"),
        (tablespace(SmallOracle(), "TEMP", CONTENTS="TEMPORARY"), ("TEMP",), PASS, ""),
        (files(SmallOracle(), file_row("JYJC_DATA", 1, ONLINE_STATUS="RECOVER")), ("JYJC_DATA",), FAIL, "RECOVER"),
        (files(SmallOracle(), file_row("JYJC_DATA", 1, ONLINE_STATUS="OFFLINE")), ("JYJC_DATA",), FAIL, "OFFLINE"),
        (files(SmallOracle(), file_row("JYJC_DATA", 1, STATUS="INVALID")), ("JYJC_DATA",), FAIL, "INVALID"),
        (files(SmallOracle(), file_row("JYJC_DATA", 1, ONLINE_STATUS=None)), ("JYJC_DATA",), UNKNOWN, "无法理解"),
        (files(SmallOracle(), file_row("OTHER", 1, ONLINE_STATUS="OFFLINE")), ("JYJC_DATA",), PASS, ""),
    ],
)
def test_planned_tablespaces_exist_and_are_online(
    oracle: SmallOracle, planned: tuple[str, ...], outcome: Outcome, said: str
) -> None:
    result = judged(oracle, "tablespaces", tablespaces=planned)
    assert result.outcome is outcome
    assert said in result.reason


@pytest.mark.parametrize(
    ("state", "outcome"), [("ONLINE", PASS), ("SYSTEM", PASS), ("RECOVER", FAIL), ("OFFLINE", FAIL)]
)
def test_in_9i_the_state_of_files_comes_from_v_datafile(state: str, outcome: Outcome) -> None:
    oracle = SmallOracle(LEGACY)
    oracle.drop_column("DBA_DATA_FILES", "ONLINE_STATUS")
    oracle.views["V$DATAFILE"] = [{"TS#": 4, "NAME": "/oradata/a.dbf", "STATUS": state}]
    oracle.views["V$TABLESPACE"] = [{"TS#": 4, "NAME": "JYJC_DATA"}]
    assert judged(oracle, "tablespaces").outcome is outcome


def test_the_planned_tablespaces_are_recorded() -> None:
    assert judged(SmallOracle(), "tablespaces").observed == {"tablespaces": [{"name": "JYJC_DATA", "status": "ONLINE"}]}


def filled(used: int, size: int = 1000, most: int = 0, name: str = "") -> SmallOracle:
    """JYJC_DATA of ``size`` MiB that may grow to ``most``, with ``used`` bytes in use."""
    oracle = files(SmallOracle(), file_row("JYJC_DATA", size, most, name))
    return free(oracle, "JYJC_DATA", size * MIB - used or None)


def in_asm(oracle: SmallOracle, *groups: tuple[str, Any]) -> SmallOracle:
    oracle.views["V$ASM_DISKGROUP"] = [
        {"NAME": name, "USABLE_FILE_MB": free_mb, "FREE_MB": max(0, free_mb or 0), "TYPE": "EXTERN"}
        for name, free_mb in groups
    ]
    return oracle


ASM = "+DATA/jyjc/datafile/jyjc_data.259"


@pytest.mark.parametrize(
    ("oracle", "outcome"),
    [
        (filled(850 * MIB - 1), PASS),
        (filled(850 * MIB), WARN),
        (filled(970 * MIB - 1), WARN),
        (filled(970 * MIB), FAIL),
        (filled(1000 * MIB), FAIL),  # a full one has no row in DBA_FREE_SPACE
        (filled(960 * MIB, 1000, 2000), PASS),
        (filled(970 * MIB, 1000, 2000), UNKNOWN),  # whether it can grow is the disk's secret
        (filled(1000 * MIB, 1000, 1020), FAIL),
        (filled(900 * MIB, 1000, 1050), WARN),
        (filled(500 * MIB, 1000, 900), PASS),  # a maximum below the size is none
        (in_asm(filled(970 * MIB, 1000, 2000, ASM), ("DATA", 1000)), PASS),
        (in_asm(filled(970 * MIB, 1000, 2000, ASM), ("DATA", 100)), WARN),
        (in_asm(filled(970 * MIB, 1000, 2000, ASM), ("DATA", 0)), FAIL),
        (in_asm(filled(970 * MIB, 1000, 2000, ASM), ("DATA", -50)), FAIL),
        (in_asm(filled(970 * MIB, 1000, 2000, ASM), ("FRA", 1000)), UNKNOWN),
        (in_asm(filled(970 * MIB, 1000, 2000, ASM), ("DATA", None)), UNKNOWN),
        (files(free(SmallOracle(), "SYSTEM", None), file_row("SYSTEM", 1000, 32767)), UNKNOWN),
        (free(SmallOracle(), "JYJC_DATA", 1001 * MIB), UNKNOWN),
        (free(SmallOracle(), "UNDOTBS1", None), PASS),
        (tablespace(filled(1000 * MIB), STATUS="READ ONLY"), PASS),
        (tablespace(filled(1000 * MIB), STATUS="OFFLINE"), UNKNOWN),
        (tablespace(SmallOracle(), "OLD", STATUS="OFFLINE"), PASS),
        (tablespace(SmallOracle(), "空的"), UNKNOWN),
        (tablespace(filled(1000 * MIB), "空的"), FAIL),  # what one hides does not hide another's
        (files(SmallOracle(), file_row("JYJC_DATA", 10, BYTES=None)), UNKNOWN),
    ],
)
def test_a_tablespace_is_judged_by_what_it_may_grow_to(oracle: SmallOracle, outcome: Outcome) -> None:
    assert judged(oracle, "tablespace_usage").outcome is outcome


def test_both_figures_are_shown_and_recorded() -> None:
    result = judged(filled(500 * MIB, 1000, 4000), "tablespace_usage")
    assert "JYJC_DATA 已用 500 MB，占已分配 1000 MB 的 50.00%，占上限 4000 MB 的 12.50%" in result.actual
    row = {"name": "JYJC_DATA", "size_mb": 1000, "limit_mb": 4000, "used_permille": 125}
    assert row in result.observed["tablespaces"]
    assert {one["name"] for one in result.observed["tablespaces"]} == {"SYSTEM", "JYJC_DATA"}


@pytest.mark.parametrize(
    ("count", "heavy", "outcome"), [(5000, False, PASS), (5001, False, UNKNOWN), (5001, True, PASS)]
)
def test_a_full_recycle_bin_is_only_waited_for_where_it_is_allowed(count: int, heavy: bool, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.views["DBA_RECYCLEBIN"] = [{"OBJECT_NAME": f"BIN${n}"} for n in range(count)]
    result = judged(oracle, "tablespace_usage", {"heavy": heavy})
    assert result.outcome is outcome
    assert any("DBA_FREE_SPACE" in sql for sql in oracle.statements) is (outcome is PASS)


def test_9i_has_no_recycle_bin_and_no_asm() -> None:
    oracle = files(SmallOracle(LEGACY), file_row("JYJC_DATA", 1000, 2000, ASM))
    oracle.drop_view("DBA_RECYCLEBIN", "V$ASM_DISKGROUP")
    assert judged(oracle, "tablespace_usage").outcome is PASS


def temporary(used: int, size: int = 1000, most: int = 0, since: str = "11g", **more: Any) -> SmallOracle:
    oracle = files(SmallOracle(), file_row("TEMP", size, most, **{"STATUS": "ONLINE", **more}), view="DBA_TEMP_FILES")
    if since == "11g":
        row = {"TABLESPACE_NAME": "TEMP", "TABLESPACE_SIZE": size * MIB, "FREE_SPACE": size * MIB - used}
        oracle.views["DBA_TEMP_FREE_SPACE"] = [row]
    else:
        oracle.drop_view("DBA_TEMP_FREE_SPACE")
        oracle.views["GV$SORT_SEGMENT"] = [{"TABLESPACE_NAME": "TEMP", "USED_BLOCKS": used // 8192}] if used else []
        oracle.columns["GV$SORT_SEGMENT"] = ("TABLESPACE_NAME", "USED_BLOCKS")
    return oracle


def without_temp() -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["DBA_TABLESPACES"] = [r for r in oracle.views["DBA_TABLESPACES"] if r["CONTENTS"] != "TEMPORARY"]
    return oracle


def without_tempfile() -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["DBA_TEMP_FILES"] = []
    return oracle


def unmeasured() -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["DBA_TEMP_FREE_SPACE"] = []
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome"),
    [
        (temporary(800 * MIB - 8192), PASS),
        (temporary(800 * MIB), WARN),
        (temporary(800 * MIB, 1000, 2000), PASS),
        (temporary(970 * MIB, 1000, 2000), WARN),  # it would have to grow, and whether it can is not known
        (temporary(1600 * MIB, 2000, 1000), WARN),
        (temporary(0, since="10g"), PASS),
        (temporary(800 * MIB - 8192, since="10g"), PASS),
        (temporary(800 * MIB, since="10g"), WARN),
        (temporary(5000 * MIB, since="10g"), UNKNOWN),
        (without_temp(), FAIL),
        (without_tempfile(), FAIL),
        (temporary(0, STATUS="OFFLINE"), FAIL),
        (unmeasured(), UNKNOWN),
        (files(without_tempfile(), file_row("TEMP", 1000)), PASS),  # 8i and 9i: a data file
        (temporary(0, BYTES=None), UNKNOWN),
    ],
)
def test_temporary_space_has_files_and_room(oracle: SmallOracle, outcome: Outcome) -> None:
    assert judged(oracle, "temp").outcome is outcome
