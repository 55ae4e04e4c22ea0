"""Undo under automatic and manual management, in clusters and pluggable databases, at its boundaries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from oracle_small import LEGACY, MIB, SmallOracle, file_row, judged, results, serving, target_of, undo_row

from app.base.clock import now
from app.checks.model import Outcome

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN


def parameters(**values: str | None) -> SmallOracle:
    oracle = SmallOracle()
    for name, value in values.items():
        oracle.parameter(name, value)
    return oracle


def extents(active: int, unexpired: int = 0, guarantee: bool = False, **file: Any) -> SmallOracle:
    """An undo tablespace of 1000 MiB with so many bytes held."""
    oracle = SmallOracle()
    oracle.views["DBA_DATA_FILES"][1] = file_row("UNDOTBS1", 1000, **file)
    oracle.views["DBA_UNDO_EXTENTS"] = [
        {"TABLESPACE_NAME": "UNDOTBS1", "STATUS": status, "BYTES": size}
        for status, size in (("ACTIVE", active), ("UNEXPIRED", unexpired), ("EXPIRED", 8192))
    ]
    if guarantee:
        oracle.views["DBA_TABLESPACES"][1]["RETENTION"] = "GUARANTEE"
    return oracle


def periods(*rows: dict[str, Any]) -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["GV$UNDOSTAT"] = list(rows)
    oracle.columns["GV$UNDOSTAT"] = tuple(undo_row(1))
    return oracle


def changed(change: Callable[[SmallOracle], None]) -> SmallOracle:
    oracle = SmallOracle()
    change(oracle)
    return oracle


def offline(oracle: SmallOracle) -> None:
    oracle.views["DBA_TABLESPACES"][1]["STATUS"] = "OFFLINE"


def no_undo_tablespace(oracle: SmallOracle) -> None:
    oracle.views["DBA_TABLESPACES"][1]["CONTENTS"] = "PERMANENT"


def no_extents(oracle: SmallOracle) -> None:
    oracle.views["DBA_UNDO_EXTENTS"] = []


@pytest.mark.parametrize(
    ("oracle", "outcome", "said"),
    [
        (extents(850 * MIB - 1), PASS, ""),
        (extents(850 * MIB), WARN, "85.00%"),
        (extents(100 * MIB, 800 * MIB), PASS, ""),
        (extents(100 * MIB, 800 * MIB, guarantee=True), WARN, "90.00%"),
        (extents(900 * MIB, most=2000), PASS, ""),
        (extents(970 * MIB, most=2000), WARN, "97.00%"),
        (extents(1001 * MIB), UNKNOWN, "不合理"),
        (parameters(undo_retention="899"), WARN, "899 秒"),
        (parameters(undo_retention=None), UNKNOWN, "undo_retention"),
        (parameters(undo_tablespace="UNDOTBS9"), FAIL, "没有可用的撤销表空间"),
        (parameters(undo_tablespace=""), FAIL, "没有可用的撤销表空间"),
        (parameters(undo_management="自动"), UNKNOWN, "无法理解"),
        (changed(offline), FAIL, "OFFLINE"),
        (changed(no_undo_tablespace), FAIL, "没有可用的撤销表空间"),
        (changed(no_extents), UNKNOWN, "占用"),
        (periods(), UNKNOWN, "V$UNDOSTAT"),
        (periods(undo_row(1441)), UNKNOWN, "24 小时"),
        (periods(undo_row(1440, NOSPACEERRCNT=1)), FAIL, "NOSPACEERRCNT"),
        (periods(undo_row(1), undo_row(1441, NOSPACEERRCNT=1, SSOLDERRCNT=1)), PASS, ""),
        (periods(undo_row(1, SSOLDERRCNT=2)), WARN, "ORA-01555"),
        (periods(undo_row(1, MAXQUERYLEN=1500)), PASS, ""),
        (periods(undo_row(1, MAXQUERYLEN=1501)), WARN, "短于最长查询"),
        (periods(undo_row(1, TUNED_UNDORETENTION=None)), PASS, ""),
        (periods(undo_row(1, SSOLDERRCNT="?")), UNKNOWN, "不是数字"),
        (periods(undo_row(1, END_TIME="昨天")), UNKNOWN, "不是日期"),
    ],
)  # fmt: skip
def test_automatic_undo_has_room_and_no_errors(oracle: SmallOracle, outcome: Outcome, said: str) -> None:
    result = judged(oracle, "undo")
    assert result.outcome is outcome
    assert said in result.reason


def test_a_lack_of_space_weighs_more_than_all_that_is_only_a_warning() -> None:
    oracle = periods(undo_row(1, SSOLDERRCNT=2, NOSPACEERRCNT=3))
    oracle.parameter("undo_retention", "300")
    result = judged(oracle, "undo")
    assert result.outcome is FAIL
    assert result.reason.index("NOSPACEERRCNT") < result.reason.index("ORA-01555")
    assert "300 秒" in result.reason


@pytest.mark.parametrize(
    ("segments", "outcome"),
    [
        ([("SYSTEM", "ONLINE"), ("RBS1", "ONLINE")], WARN),
        ([("SYSTEM", "ONLINE"), ("RBS1", "OFFLINE")], FAIL),
        ([("SYSTEM", "ONLINE")], FAIL),
        ([], UNKNOWN),
    ],
)
@pytest.mark.parametrize("management", ["MANUAL", None])
def test_manual_undo_is_a_warning_and_needs_a_segment_beside_system(
    segments: list[tuple[str, str]], outcome: Outcome, management: str | None
) -> None:
    """Before 9i there is no parameter undo_management: undo was managed by hand."""
    oracle = parameters(undo_management=management)
    if management is None:
        oracle.views["V$INSTANCE"][0] |= {"VERSION": "8.1.7.4.0", "VERSION_FULL": None}
    oracle.views["DBA_ROLLBACK_SEGS"] = [
        {"SEGMENT_NAME": name, "TABLESPACE_NAME": "RBS", "STATUS": status} for name, status in segments
    ]
    oracle.drop_view("DBA_UNDO_EXTENTS", "GV$UNDOSTAT", "V$UNDOSTAT")
    assert judged(oracle, "undo").outcome is outcome


def test_each_instance_of_a_cluster_has_its_own_undo_tablespace() -> None:
    oracle = SmallOracle()
    for name, value in (("undo_management", "AUTO"), ("undo_tablespace", "UNDOTBS2"), ("undo_retention", "900")):
        oracle.parameter(name, value, instance=2)
    result = judged(oracle, "undo")
    assert result.outcome is FAIL
    assert "实例 2 没有可用的撤销表空间" in result.reason and "实例 1" not in result.reason


def test_9i_knows_neither_tuned_retention_nor_guarantee() -> None:
    oracle = SmallOracle(LEGACY)
    oracle.drop_column("GV$UNDOSTAT", "TUNED_UNDORETENTION")
    oracle.drop_column("DBA_TABLESPACES", "RETENTION")
    oracle.drop_column("V$DATABASE", "CDB")
    oracle.drop_view("DATABASE_PROPERTIES", "V$ASM_DISKGROUP")
    assert judged(oracle, "undo").outcome is PASS


@pytest.mark.parametrize(
    ("container", "local", "own", "outcome"),
    [
        ("JYJCPDB", "FALSE", True, Outcome.NOT_APPLICABLE),
        ("JYJCPDB", None, False, Outcome.NOT_APPLICABLE),  # 12.1
        ("JYJCPDB", "TRUE", True, PASS),
        ("JYJCPDB", None, True, PASS),
        ("CDB$ROOT", "FALSE", True, PASS),
    ],
)
def test_a_pdb_with_shared_undo_is_not_judged(container: str, local: str | None, own: bool, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.views["V$DATABASE"][0]["CDB"] = "YES"
    oracle.answers["SELECT SYS_CONTEXT('USERENV', 'CON_NAME') FROM DUAL"] = lambda: container
    if local:
        row = {"PROPERTY_NAME": "LOCAL_UNDO_ENABLED", "PROPERTY_VALUE": local}
        oracle.views["DATABASE_PROPERTIES"] = [row]
    if not own:
        del oracle.views["DBA_TABLESPACES"][1]
    result = judged(oracle, "undo")
    assert result.outcome is outcome
    if outcome is Outcome.NOT_APPLICABLE:
        assert container in result.reason and "CDB$ROOT" in result.reason


@pytest.mark.parametrize(
    ("minutes", "adjusted", "outcome", "said"),
    [
        (30, None, FAIL, "NOSPACEERRCNT"),
        (30, 20, PASS, ""),
        (30, 29, PASS, ""),
        (30, 31, UNKNOWN, "分不清先后"),
        (30, 39, UNKNOWN, "分不清先后"),
        (30, 41, FAIL, "调整后"),
        (1500, 2000, PASS, ""),
    ],
)
def test_errors_from_before_the_last_adjustment_no_longer_fail(
    minutes: int, adjusted: int | None, outcome: Outcome, said: str
) -> None:
    oracle = periods(undo_row(1), undo_row(minutes, NOSPACEERRCNT=1))
    past = {} if adjusted is None else {"oracle.undo@db1": now() - timedelta(minutes=adjusted)}
    with serving(oracle) as port:
        result = results(target_of(port), "oracle.undo", adjusted={**past, "oracle.undo@db2": now()})["oracle.undo"]
    assert result.outcome is outcome
    assert said in result.reason


def test_how_undo_is_managed_is_not_guessed_where_the_parameter_lacks() -> None:
    result = judged(parameters(undo_management=None), "undo")
    assert result.outcome is UNKNOWN
    assert "undo_management" in result.reason
