"""Real databases that look healthy and are not, or look broken and are not: each must get its true verdict."""

from __future__ import annotations

from typing import Any

import pytest
from oracle_small import LEGACY, MIB, NOW, SmallOracle, file_row, judged, limit_row, undo_row, user_row

from app.checks.model import Outcome

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
EXCHANGE = {"role": "exchange"}


def cluster(role: str = "PRIMARY", parallel: str | None = "YES") -> SmallOracle:
    """Two enabled threads, of which one instance is seen."""
    oracle = SmallOracle()
    oracle.views["GV$INSTANCE"][0] |= {"PARALLEL": parallel, "DATABASE_TYPE": "RAC"}
    oracle.views["V$DATABASE"][0]["DATABASE_ROLE"] = role
    oracle.views["V$THREAD"].append({"THREAD#": 2, "STATUS": "CLOSED", "ENABLED": "PUBLIC", "INSTANCE": "jyjc2"})
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome"),
    [
        (cluster(), FAIL),
        (cluster("PHYSICAL STANDBY"), UNKNOWN),
        (cluster("SNAPSHOT STANDBY"), UNKNOWN),
        (cluster(parallel=None), FAIL),
    ],
)
def test_a_missing_instance_of_a_cluster_is_never_passed_over(oracle: SmallOracle, outcome: Outcome) -> None:
    assert judged(oracle, "instance").outcome is outcome


def pluggable(name: str | None, mode: str = "READ WRITE", role: str = "PRIMARY", cdb: str = "") -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["V$DATABASE"][0] |= {"CDB": "YES", "DATABASE_ROLE": role, "OPEN_MODE": cdb or "READ WRITE"}
    oracle.views["V$PDBS"] = [{"NAME": name, "OPEN_MODE": mode, "RESTRICTED": "NO"}]
    oracle.answers["SELECT SYS_CONTEXT('USERENV', 'CON_NAME') FROM DUAL"] = lambda: name
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome"),
    [
        (pluggable(None), UNKNOWN),
        (pluggable("P1", "READ ONLY", "PHYSICAL STANDBY", "READ ONLY WITH APPLY"), PASS),
        (pluggable("P1", "READ ONLY", "SNAPSHOT STANDBY"), FAIL),
        (pluggable("P1", "MIGRATE"), FAIL),
    ],
)
def test_a_pluggable_database_is_open_as_the_role_wants(oracle: SmallOracle, outcome: Outcome) -> None:
    assert judged(oracle, "database").outcome is outcome


@pytest.mark.parametrize(
    ("places", "outcome"),
    [
        ([("READ WRITE", "NO"), ("READ WRITE", "NO")], PASS),
        ([("READ WRITE", "NO"), ("MOUNTED", None)], WARN),
        ([("READ WRITE", "YES"), ("READ WRITE", "NO")], WARN),
        ([("MOUNTED", None), ("READ ONLY", "NO")], FAIL),
        ([("READ WRITE", "NO"), (None, None)], UNKNOWN),
    ],
)
def test_a_pluggable_database_is_looked_at_on_every_instance(
    places: list[tuple[str | None, str | None]], outcome: Outcome
) -> None:
    oracle = pluggable("P1")
    oracle.views["GV$PDBS"] = [
        {"INST_ID": n, "NAME": "P1", "OPEN_MODE": mode, "RESTRICTED": restricted}
        for n, (mode, restricted) in enumerate(places, 1)
    ]
    result = judged(oracle, "database")
    assert result.outcome is outcome
    assert outcome is not WARN or "在实例" in result.reason


@pytest.mark.parametrize("check", ["sga", "shared_pool", "limits", "undo"])
@pytest.mark.parametrize(("parallel", "outcome"), [("YES", UNKNOWN), ("NO", PASS)])
def test_one_instance_of_a_cluster_does_not_stand_for_the_others(check: str, parallel: str, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.views["V$INSTANCE"][0]["PARALLEL"] = parallel
    oracle.drop_view("GV$PARAMETER")
    assert judged(oracle, check).outcome is outcome


def in_asm(usable: int, free: int, kind: str, used: int = 990) -> SmallOracle:
    """A file of 1000 MiB that may grow without limit, in a disk group."""
    oracle = SmallOracle()
    oracle.views["DBA_DATA_FILES"][2] = file_row("JYJC_DATA", 1000, 33_554_416, "+DATA/jyjc/datafile/jyjc_data.259.1")
    oracle.views["DBA_FREE_SPACE"] = [
        {"TABLESPACE_NAME": "SYSTEM", "BYTES": 300 * MIB},
        {"TABLESPACE_NAME": "JYJC_DATA", "BYTES": (1000 - used) * MIB},
    ]
    oracle.views["V$ASM_DISKGROUP"] = [{"NAME": "DATA", "USABLE_FILE_MB": usable, "FREE_MB": free, "TYPE": kind}]
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome", "said"),
    [
        (in_asm(-386, 9454, "NORMAL"), WARN, "恢复冗余"),  # 62 % of the disk group is free
        (in_asm(0, 9454, "FLEX"), WARN, "恢复冗余"),
        (in_asm(-386, 40, "NORMAL"), FAIL, "上限"),
        (in_asm(-386, 60, "HIGH"), FAIL, "上限"),
        (in_asm(0, 0, "EXTERN"), FAIL, "上限"),
        (in_asm(5000, 12000, "NORMAL"), PASS, ""),
    ],
)
def test_room_that_asm_keeps_for_redundancy_can_still_be_grown_into(
    oracle: SmallOracle, outcome: Outcome, said: str
) -> None:
    result = judged(oracle, "tablespace_usage")
    assert result.outcome is outcome
    assert said in result.reason


def test_a_tablespace_of_unknown_contents_is_measured_all_the_same() -> None:
    oracle = SmallOracle()
    oracle.views["DBA_TABLESPACES"][3]["CONTENTS"] = None
    oracle.views["DBA_FREE_SPACE"] = [{"TABLESPACE_NAME": "SYSTEM", "BYTES": 300 * MIB}]
    assert judged(oracle, "tablespace_usage").outcome is FAIL


def test_undo_of_an_unknown_state_counts_as_held() -> None:
    oracle = SmallOracle()
    oracle.views["DBA_UNDO_EXTENTS"] = [{"TABLESPACE_NAME": "UNDOTBS1", "STATUS": None, "BYTES": 900 * MIB}]
    assert judged(oracle, "undo").outcome is WARN


def test_no_free_space_anywhere_is_no_answer() -> None:
    oracle = SmallOracle()
    oracle.views["DBA_FREE_SPACE"] = []
    result = judged(oracle, "tablespace_usage")
    assert result.outcome is UNKNOWN
    assert "DBA_FREE_SPACE" in result.reason


def manual_memory(unused: int | None, since: str, most: str = str(4096 * MIB)) -> SmallOracle:
    """4096 MiB of SGA at most, of which ``unused`` MiB are only reserved; None: that cannot be seen."""
    oracle = SmallOracle(LEGACY)
    for name in ("sga_target", "memory_target"):
        oracle.parameter(name, "0" if since == "11g" else None)
    oracle.parameter("sga_max_size", most)
    if since == "11g" and unused is not None:
        oracle.views["GV$SGAINFO"][1]["BYTES"] = unused * MIB
    else:
        oracle.drop_view("GV$SGAINFO", "V$SGAINFO")
    if since == "9i" and unused is not None:
        oracle.views["GV$SGA_DYNAMIC_FREE_MEMORY"] = [{"INST_ID": 1, "CURRENT_SIZE": unused * MIB}]
    return oracle


@pytest.mark.parametrize(
    ("oracle", "outcome"),
    [
        (manual_memory(3000, "9i"), FAIL),
        (manual_memory(0, "9i"), PASS),
        (manual_memory(None, "9i"), UNKNOWN),
        (manual_memory(3000, "11g"), FAIL),
        (manual_memory(None, "11g"), UNKNOWN),
    ],
)
def test_what_sga_max_size_only_reserves_is_no_sga(oracle: SmallOracle, outcome: Outcome) -> None:
    result = judged(oracle, "sga")
    assert result.outcome is outcome
    if outcome is not UNKNOWN:
        assert result.observed["sga_mb"] == (4096 if outcome is PASS else 1096)


@pytest.mark.parametrize(("total", "outcome"), [(4_294_963_960, PASS), (4095 * MIB, WARN)])
def test_the_kilobytes_that_the_sga_of_19c_lacks_are_no_lack(total: int, outcome: Outcome) -> None:
    oracle = pluggable("P1")  # where sga_target is 0 although the root has one of 4096 MiB
    oracle.parameter("sga_target", "0")
    oracle.views["GV$SGA"] = [{"INST_ID": 1, "NAME": "Variable Size", "VALUE": total}]
    assert judged(oracle, "sga").outcome is outcome


@pytest.mark.parametrize(
    ("pdb", "size", "outcome"), [("P1", 100, UNKNOWN), ("P1", 1024, PASS), ("CDB$ROOT", 100, FAIL), ("", 100, FAIL)]
)
def test_a_pluggable_database_does_not_see_the_target_that_makes_the_pool_grow(
    pdb: str, size: int, outcome: Outcome
) -> None:
    oracle = pluggable(pdb) if pdb else SmallOracle()
    oracle.parameter("sga_target", "0")
    oracle.views["GV$SGAINFO"][0]["BYTES"] = size * MIB
    result = judged(oracle, "shared_pool")
    assert result.outcome is outcome
    assert outcome is not UNKNOWN or "PDB P1" in result.reason


def test_an_instance_whose_sga_is_not_known_does_not_count_as_none() -> None:
    oracle = SmallOracle()
    oracle.parameter("sga_target", "0", instance=2)
    result = judged(oracle, "sga")
    assert result.outcome is UNKNOWN
    assert result.observed == {"sga_mb": 4096}


def test_processes_that_a_pluggable_database_does_not_see_are_not_few() -> None:
    oracle = SmallOracle()
    oracle.views["GV$RESOURCE_LIMIT"] = [limit_row("processes", 0, 0, "1000"), limit_row("sessions", 5, 9, "1500")]
    result = judged(oracle, "limits")
    assert result.outcome is UNKNOWN
    assert "processes 当前值是 0" in result.reason


SE_11 = "Oracle Database 11g Release 11.2.0.4.0 - 64bit Production"
SE_121 = "Oracle Database 12c Standard Edition Release 12.1.0.{}.0 - 64bit Production"
SE_122 = "Oracle Database 12c Standard Edition Release 12.2.0.1.0 - 64bit Production"


@pytest.mark.parametrize(
    ("version", "banner", "wanted", "outcome"),
    [
        ("11.2.0.4.0", SE_11, "SE One", UNKNOWN),
        ("11.2.0.4.0", SE_11, "Standard Edition", PASS),
        ("12.1.0.2.0", SE_121.format(2), "SE2", PASS),
        ("12.2.0.1.0", SE_122, "Standard Edition 2", PASS),
        ("12.1.0.1.0", SE_121.format(1), "SE2", FAIL),
        ("12.1.0.2.0", SE_121.format(2), "Enterprise Edition", FAIL),
    ],
)
def test_standard_editions_are_told_apart_only_where_the_banner_does(
    version: str, banner: str, wanted: str, outcome: Outcome
) -> None:
    oracle = SmallOracle()
    oracle.views["V$INSTANCE"][0] |= {"VERSION": version, "VERSION_FULL": None}
    oracle.views["V$VERSION"] = [{"BANNER": banner}]
    assert judged(oracle, "version", version="", edition=wanted).outcome is outcome


@pytest.mark.parametrize(("plan", "outcome"), [("SIMPLIFIED CHINESE_CHINA.ZHS16GBK", PASS), (".AL32UTF8", FAIL)])
def test_a_plan_may_name_the_character_set_as_nls_lang_does(plan: str, outcome: Outcome) -> None:
    assert judged(SmallOracle(), "charset", charset=plan).outcome is outcome


@pytest.mark.parametrize(
    ("view", "row", "said"),
    [
        ("USER_ROLE_PRIVS", {"GRANTED_ROLE": "DBA"}, "角色 DBA"),  # granted, not enabled by default
        (
            "USER_COL_PRIVS_RECD",
            {"OWNER": "JYJC", "TABLE_NAME": "AC01", "COLUMN_NAME": "AAC003", "PRIVILEGE": "UPDATE"},
            "UPDATE ON JYJC.AC01",
        ),
        (
            "SESSION_SCHEMA_PRIVS",
            {"PRIVILEGE": "INSERT ANY TABLE", "SCHEMA": "JYJC"},
            "INSERT ANY TABLE ON SCHEMA JYJC",
        ),
        ("SESSION_SCHEMA_PRIVS", {"PRIVILEGE": "SELECT ANY TABLE", "SCHEMA": "JYJC"}, ""),
    ],
)
def test_privileges_to_write_are_found_wherever_they_are_kept(view: str, row: dict[str, Any], said: str) -> None:
    oracle = SmallOracle()
    oracle.views[view] = [*oracle.views.get(view, []), row]
    result = judged(oracle, "privileges")
    assert result.outcome is (WARN if said else PASS)
    assert said in result.reason


def test_what_the_users_check_needs_belongs_to_the_needed_views() -> None:
    oracle = SmallOracle()
    oracle.drop_view("DBA_ROLE_PRIVS")
    result = judged(oracle, "privileges")
    assert result.outcome is FAIL
    assert result.actual == "看不到 DBA_ROLE_PRIVS"


def test_all_needed_views_are_probed_in_one_statement_while_none_is_hidden() -> None:
    oracle = SmallOracle()
    assert judged(oracle, "privileges").outcome is PASS
    assert len([sql for sql in oracle.statements if "WHERE 1 = 0" in sql]) == 1


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(980, FAIL), (1775, FAIL), (1157, FAIL), (8103, UNKNOWN), (1410, UNKNOWN), (2019, UNKNOWN), (41900, UNKNOWN)],
)
def test_a_synonym_of_nothing_fails_and_a_table_being_loaded_does_not(code: int, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.errors['FROM "JYJH"."DY11"'] = (code, "no")
    assert judged(oracle, "exchange_tables", EXCHANGE, exchange_tables=("JYJH.DY11",)).outcome is outcome


def test_an_empty_code_table_without_a_planned_number_is_not_passed() -> None:
    oracle = SmallOracle()
    oracle.views["JYJC.AA10"] = []
    result = judged(oracle, "code_tables", code_tables={"JYJC.AA10": 0})
    assert result.outcome is WARN
    assert "方案未规定行数" in result.reason and "0 行以上" not in result.actual


def test_dropped_triggers_in_the_recycle_bin_are_not_invalid_objects() -> None:
    oracle = SmallOracle()
    name = "BIN$n8E1r5vTQ0bgU5YBqMCkqQ==$0"
    oracle.views["DBA_OBJECTS"].append(
        {"OWNER": "JYJC", "OBJECT_NAME": name, "OBJECT_TYPE": "TRIGGER", "STATUS": "INVALID"}
    )
    oracle.views["DBA_ERRORS"].append({"OWNER": "JYJC", "NAME": name, "TYPE": "TRIGGER", "ATTRIBUTE": "ERROR"})
    assert judged(oracle, "invalid_objects").outcome is PASS


@pytest.mark.parametrize(
    ("value", "outcome"), [("2026-01-01 00:00:00", FAIL), ("2026-11-24", FAIL), ("NONE", PASS), (None, PASS)]
)
def test_a_fixed_sysdate_is_no_running_clock(value: str | None, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.views["V$PARAMETER"].append({"NAME": "fixed_date", "VALUE": value})
    result = judged(oracle, "clock")
    assert result.outcome is outcome
    assert outcome is PASS or "FIXED_DATE" in result.actual + result.reason


@pytest.mark.parametrize("hidden", [942, 1031])
def test_where_the_parameter_cannot_be_seen_the_clock_itself_is_judged(hidden: int) -> None:
    oracle = SmallOracle()
    oracle.errors["fixed_date"] = (hidden, "no")
    assert judged(oracle, "clock").outcome is PASS


def test_only_the_last_day_of_the_undo_statistics_is_fetched() -> None:
    oracle = SmallOracle()
    oracle.views["GV$UNDOSTAT"] = [undo_row(minutes) for minutes in range(0, 5760, 10)]
    assert judged(oracle, "undo").outcome is PASS
    assert all(sql.endswith("WHERE END_TIME >= SYSDATE - 1") for sql in oracle.statements if "UNDOSTAT" in sql)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("OPEN", PASS), ("LOCKED", FAIL), ("LOCKED(TIMED)", FAIL), ("EXPIRED", FAIL), ("EXPIRED(GRACE)", WARN),
        ("EXPIRED & LOCKED", FAIL), ("EXPIRED & LOCKED(TIMED)", FAIL), ("EXPIRED(GRACE) & LOCKED", FAIL),
        ("EXPIRED(GRACE) & LOCKED(TIMED)", FAIL), ("OPEN & IN ROLLOVER", PASS), ("EXPIRED & IN ROLLOVER", FAIL),
        ("EXPIRED(GRACE) & IN ROLLOVER", WARN), ("LOCKED & IN ROLLOVER", FAIL),
        ("EXPIRED(GRACE) & LOCKED(TIMED) & IN ROLLOVER", FAIL), ("", UNKNOWN), ("开", UNKNOWN),
    ],
)  # fmt: skip
def test_every_account_state_of_every_release_is_understood(status: str, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.views["DBA_USERS"] = [user_row("SYS"), user_row("JYJC", ACCOUNT_STATUS=status or None)]
    assert judged(oracle, "users").outcome is outcome


def test_a_password_past_its_date_is_told_although_the_account_is_open() -> None:
    oracle = SmallOracle()
    oracle.views["DBA_USERS"] = [user_row("SYS"), user_row("JYJC", EXPIRY_DATE=NOW.replace(year=2020))]
    result = judged(oracle, "users")
    assert result.outcome is WARN
    assert "已过到期日" in result.reason


@pytest.mark.parametrize("unlimited", [False, True])
def test_a_default_tablespace_that_was_dropped_is_told(unlimited: bool) -> None:
    oracle = SmallOracle()
    oracle.views["DBA_USERS"] = [user_row("SYS"), user_row("JYJC", DEFAULT_TABLESPACE="GONE")]
    if unlimited:
        oracle.views["DBA_SYS_PRIVS"].append({"GRANTEE": "JYJC", "PRIVILEGE": "UNLIMITED TABLESPACE"})
    result = judged(oracle, "users")
    assert result.outcome is WARN
    assert "默认表空间 GONE 不存在" in result.reason


def test_a_temporary_file_that_is_offline_is_told_although_another_serves() -> None:
    oracle = SmallOracle()
    oracle.views["DBA_TEMP_FILES"].append(file_row("TEMP", 1, STATUS="OFFLINE", BYTES=None, name="/u03/temp02.dbf"))
    result = judged(oracle, "temp")
    assert result.outcome is WARN
    assert "/u03/temp02.dbf" in result.reason


def test_a_name_without_an_owner_says_who_has_one() -> None:
    result = judged(SmallOracle(), "exchange_tables", EXCHANGE, exchange_tables=("DY11",))
    assert result.outcome is UNKNOWN
    assert "JYJH 有此名" in result.reason


@pytest.mark.parametrize(("parallel", "outcome"), [("YES", UNKNOWN), ("NO", PASS)])
def test_sorts_of_one_instance_do_not_stand_for_those_of_a_cluster(parallel: str, outcome: Outcome) -> None:
    oracle = SmallOracle(LEGACY)
    oracle.views["V$INSTANCE"][0]["PARALLEL"] = parallel
    oracle.drop_view("DBA_TEMP_FREE_SPACE", "GV$SORT_SEGMENT")
    oracle.views["V$SORT_SEGMENT"] = [{"TABLESPACE_NAME": "TEMP", "USED_BLOCKS": 1}]
    assert judged(oracle, "temp").outcome is outcome


def test_more_free_temporary_space_than_there_is_is_nonsense() -> None:
    oracle = SmallOracle()
    oracle.views["DBA_TEMP_FREE_SPACE"][0]["FREE_SPACE"] = 1001 * MIB
    assert judged(oracle, "temp").outcome is UNKNOWN


def test_a_recycle_bin_does_not_hide_what_is_invalid() -> None:
    oracle = SmallOracle()
    oracle.views["DBA_OBJECTS"] += [
        {"OWNER": "JYJC", "OBJECT_NAME": f"BIN${n}", "OBJECT_TYPE": "TRIGGER", "STATUS": "INVALID"} for n in range(6000)
    ] + [{"OWNER": "JYJC", "OBJECT_NAME": "P_LAST", "OBJECT_TYPE": "PROCEDURE", "STATUS": "INVALID"}]
    result = judged(oracle, "invalid_objects")
    assert result.outcome is WARN
    assert "P_LAST" in result.reason


@pytest.mark.parametrize(("view", "column"), [("DBA_DATA_FILES", "STATUS"), ("DBA_TABLESPACES", "STATUS")])
def test_a_state_that_is_empty_is_no_good_one(view: str, column: str) -> None:
    oracle = SmallOracle()
    oracle.views[view] = [{**row, column: None} for row in oracle.views[view]]
    assert judged(oracle, "tablespaces").outcome is UNKNOWN
    assert judged(oracle, "undo").outcome is (UNKNOWN if view == "DBA_TABLESPACES" else PASS)


@pytest.mark.parametrize(
    ("role", "outcome"), [("PHYSICAL STANDBY", WARN), ("FAR SYNC", WARN), ("PRIMARY", FAIL), (None, FAIL)]
)
def test_only_an_instance_of_a_standby_may_be_no_more_than_mounted(role: str | None, outcome: Outcome) -> None:
    oracle = SmallOracle()
    oracle.views["GV$INSTANCE"][0]["STATUS"] = "MOUNTED"
    oracle.views["V$DATABASE"][0] |= {"DATABASE_ROLE": role, "OPEN_MODE": "MOUNTED"}
    assert judged(oracle, "instance").outcome is outcome
