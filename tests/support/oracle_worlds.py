"""Small Oracles of each release and shape that the provinces have, all of them healthy; a test makes them sick."""

from __future__ import annotations

from collections.abc import Sequence

from oracle_operation import log, member, switches
from oracle_small import LEGACY, MIB, NOW, THIN, Row, SmallOracle, file_row, limit_row, undo_row

CONTAINER = "SELECT SYS_CONTEXT('USERENV', 'CON_NAME') FROM DUAL"
SINCE_12 = (
    ("V$DATABASE", "CDB"), ("GV$INSTANCE", "DATABASE_TYPE"), ("V$INSTANCE", "VERSION_FULL"),
)  # fmt: skip


def without(oracle: SmallOracle, *columns: tuple[str, str]) -> SmallOracle:
    for view, column in columns:
        oracle.drop_column(view, column)
    return oracle


def of_release(version: str, banner: str, field_version: int = LEGACY) -> SmallOracle:
    oracle = SmallOracle(field_version)
    oracle.views["V$INSTANCE"][0]["VERSION"] = version
    oracle.views["V$VERSION"] = [{"BANNER": banner}]
    return oracle


def release_11() -> SmallOracle:
    oracle = without(
        of_release("11.2.0.4.0", "Oracle Database 11g Enterprise Edition Release 11.2.0.4.0 - 64bit Production"),
        *SINCE_12,
    )
    oracle.drop_view("DBA_REGISTRY_SQLPATCH", "V$DIAG_ALERT_EXT", "V$PDBS")
    return oracle


def release_10() -> SmallOracle:
    oracle = release_11()
    oracle.views["V$INSTANCE"][0]["VERSION"] = "10.2.0.5.0"
    oracle.views["V$VERSION"] = [{"BANNER": "Oracle Database 10g Enterprise Edition Release 10.2.0.5.0 - 64bi"}]
    without(oracle, ("V$ARCHIVE_DEST_STATUS", "GAP_STATUS"))
    oracle.parameter("memory_target", None)
    oracle.drop_view("DBA_TEMP_FREE_SPACE")
    oracle.views["V$PARAMETER"].append({"NAME": "background_dump_dest", "VALUE": "/oracle/admin/jyjc/bdump"})
    return oracle


def release_9() -> SmallOracle:
    oracle = release_10()
    oracle.views["V$INSTANCE"][0]["VERSION"] = "9.2.0.8.0"
    oracle.views["V$VERSION"] = [{"BANNER": "Oracle9i Enterprise Edition Release 9.2.0.8.0 - 64bit Production"}]
    without(
        oracle, ("DBA_DATA_FILES", "ONLINE_STATUS"), ("DBA_TABLESPACES", "RETENTION"), ("DBA_ERRORS", "ATTRIBUTE"),
        ("GV$UNDOSTAT", "TUNED_UNDORETENTION"),
    )  # fmt: skip
    for name, value in (("sga_target", None), ("sga_max_size", str(4096 * MIB)), ("shared_pool_size", str(1024 * MIB))):
        oracle.parameter(name, value)
    oracle.drop_view(
        "GV$SGAINFO", "V$SGAINFO", "DBA_RECYCLEBIN", "V$ASM_DISKGROUP", "DATABASE_PROPERTIES", "V$RECOVERY_FILE_DEST",
        "V$RMAN_BACKUP_JOB_DETAILS",
    )  # fmt: skip
    oracle.views["GV$SGA_DYNAMIC_FREE_MEMORY"] = [{"INST_ID": 1, "CURRENT_SIZE": 0}]
    files = {"SYSTEM": 0, "UNDOTBS1": 1, "JYJC_DATA": 4}
    oracle.views["V$TABLESPACE"] = [{"TS#": number, "NAME": name} for name, number in files.items()]
    oracle.views["V$DATAFILE"] = [
        {"TS#": number, "NAME": f"/u02/{name}.dbf", "STATUS": "ONLINE" if number else "SYSTEM"}
        for name, number in files.items()
    ]
    return oracle


def release_8() -> SmallOracle:
    """8.1.7: rollback segments, no automatic memory, and none of the views that came with 9i."""
    oracle = release_9()
    oracle.views["V$INSTANCE"][0]["VERSION"] = "8.1.7.4.0"
    oracle.views["V$VERSION"] = [{"BANNER": "Oracle8i Enterprise Edition Release 8.1.7.4.0 - Production"}]
    without(
        oracle, ("V$DATABASE", "DATABASE_ROLE"), ("V$ARCHIVE_DEST", "DEST_NAME"), ("V$LOGFILE", "TYPE"),
        ("DBA_TABLESPACES", "BLOCK_SIZE"),
    )  # fmt: skip
    for name in ("undo_management", "undo_tablespace", "undo_retention", "sga_max_size", "pga_aggregate_target"):
        oracle.parameter(name, None)
    oracle.views["V$PARAMETER"].append({"NAME": "db_block_size", "VALUE": "8192"})
    oracle.drop_view(
        "GV$UNDOSTAT", "V$UNDOSTAT", "DBA_UNDO_EXTENTS", "V$ARCHIVE_DEST_STATUS", "DBA_REGISTRY",
        "GV$SGA_DYNAMIC_FREE_MEMORY",
    )  # fmt: skip
    return oracle


def pluggable(oracle: SmallOracle, name: str) -> SmallOracle:
    """In a container of a container database; ``CDB$ROOT`` is the root."""
    oracle.views["V$DATABASE"][0]["CDB"] = "YES"
    oracle.views["V$PDBS"] = [
        {"NAME": pdb, "OPEN_MODE": "READ WRITE", "RESTRICTED": "NO"} for pdb in dict.fromkeys(("JYJCPDB", name))
    ]
    oracle.views["DATABASE_PROPERTIES"] = [{"PROPERTY_NAME": "LOCAL_UNDO_ENABLED", "PROPERTY_VALUE": "TRUE"}]
    oracle.answers[CONTAINER] = lambda: name
    return oracle


def release_12(container: str) -> SmallOracle:
    """12.1: undo is shared, no VERSION_FULL, no view of the alert log."""
    banner = "Oracle Database 12c Enterprise Edition Release 12.1.0.2.0 - 64bit Production"
    oracle = without(of_release("12.1.0.2.0", banner, THIN), ("V$INSTANCE", "VERSION_FULL"))
    pluggable(oracle, container)
    oracle.views["DATABASE_PROPERTIES"] = []
    oracle.drop_view("V$DIAG_ALERT_EXT")
    if container != "CDB$ROOT":
        oracle.views["DBA_TABLESPACES"] = [
            row for row in oracle.views["DBA_TABLESPACES"] if row["CONTENTS"] != "UNDO"
        ]  # fmt: skip
    return oracle


def release_21() -> SmallOracle:
    banner = "Oracle Database 21c Enterprise Edition Release 21.0.0.0.0 - Production"
    oracle = of_release("21.0.0.0.0", banner, THIN)
    oracle.views["V$INSTANCE"][0]["VERSION_FULL"] = "21.3.0.0.0"
    return pluggable(oracle, "JYJCPDB")


def release_23() -> SmallOracle:
    banner = "Oracle AI Database 26ai Enterprise Edition Release 23.26.0.0.0 - for Oracle Cloud and Engineered Systems"
    oracle = of_release("23.0.0.0.0", banner, THIN)
    oracle.views["V$INSTANCE"][0]["VERSION_FULL"] = "23.26.0.0.0"
    oracle.views["SESSION_SCHEMA_PRIVS"] = [{"PRIVILEGE": "SELECT ANY TABLE", "SCHEMA": "JYJC"}]
    return pluggable(oracle, "JYJCPDB")


def cluster(oracle: SmallOracle) -> SmallOracle:
    """Two instances of one database, each with its thread and its undo tablespace."""
    views = oracle.views
    for view in ("GV$INSTANCE", "V$INSTANCE"):
        views[view][0]["PARALLEL"] = "YES"
    views["GV$INSTANCE"][0]["DATABASE_TYPE"] = "RAC"
    for view in ("GV$INSTANCE", "GV$PARAMETER", "GV$SGA", "GV$SGAINFO", "GV$SGASTAT", "GV$RESOURCE_LIMIT"):
        views[view] = [*views[view], *({**row, "INST_ID": 2} for row in views[view])]
    views["GV$INSTANCE"][1] |= {"INSTANCE_NAME": "jyjc2", "HOST_NAME": "数据库主机二"}
    oracle.parameter("undo_tablespace", "UNDOTBS2", instance=2)
    views["V$THREAD"].append({"THREAD#": 2, "STATUS": "OPEN", "ENABLED": "PUBLIC", "INSTANCE": "jyjc2"})
    views["V$LOG"] += [log(group, 700 + group, None, thread=2) for group in (4, 5, 6)]
    views["V$LOGFILE"] += [member(group, number) for group in (4, 5, 6) for number in (1, 2)]
    views["V$LOG_HISTORY"] += switches(NOW, (NOW - NOW.replace(hour=18, minute=30)), thread=2, current=700)
    views["DBA_TABLESPACES"].append({**views["DBA_TABLESPACES"][1], "TABLESPACE_NAME": "UNDOTBS2"})
    views["DBA_DATA_FILES"].append(file_row("UNDOTBS2", 1000))
    views["DBA_UNDO_EXTENTS"] += [{**row, "TABLESPACE_NAME": "UNDOTBS2"} for row in views["DBA_UNDO_EXTENTS"]]
    views["GV$UNDOSTAT"].append(undo_row(5, INST_ID=2))
    views["GV$DIAG_ALERT_EXT"] = views["V$DIAG_ALERT_EXT"]
    return oracle


def standby(mode: str = "READ ONLY WITH APPLY") -> SmallOracle:
    """A physical standby, as whoever may look at it sees it; a mounted one has only its fixed views."""
    oracle = SmallOracle()
    oracle.views["V$DATABASE"][0] |= {"DATABASE_ROLE": "PHYSICAL STANDBY", "OPEN_MODE": mode}
    when = NOW.strftime("%m/%d/%Y %H:%M:%S")
    oracle.views["V$DATAGUARD_STATS"] = [
        {"NAME": name, "VALUE": "+00 00:00:07", "TIME_COMPUTED": when, "DATUM_TIME": when}
        for name in ("transport lag", "apply lag")
    ]
    if mode == "MOUNTED":
        oracle.views["GV$INSTANCE"][0]["STATUS"] = "MOUNTED"
        oracle.errors["DBA_"] = (1219, "database or pluggable database not open: queries allowed on fixed tables only")
        oracle.errors["NLS_DATABASE_PARAMETERS"] = oracle.errors["DBA_"]
    return oracle


def in_asm(oracle: SmallOracle) -> SmallOracle:
    for number, row in enumerate(oracle.views["DBA_DATA_FILES"], 260):
        name = f"+DATA/JYJC/DATAFILE/{row['TABLESPACE_NAME'].lower()}.{number}.1187"
        row |= {"FILE_NAME": name, "AUTOEXTENSIBLE": "YES", "MAXBYTES": 32_768 * MIB}
    oracle.views["V$ASM_DISKGROUP"] = [{"NAME": "DATA", "USABLE_FILE_MB": 50_000, "FREE_MB": 100_000, "TYPE": "NORMAL"}]
    return oracle


def chinese(oracle: SmallOracle) -> SmallOracle:
    """User and tablespace named in Chinese, as old provincial systems have them."""
    for view in ("DBA_TABLESPACES", "DBA_DATA_FILES", "DBA_FREE_SPACE", "DBA_TS_QUOTAS"):
        for row in oracle.views[view]:
            if row["TABLESPACE_NAME"] == "JYJC_DATA":
                row["TABLESPACE_NAME"] = "就业数据"
    for row in oracle.views["DBA_USERS"]:
        row["DEFAULT_TABLESPACE"] = "就业数据"
    for view, column in (("DBA_USERS", "USERNAME"), ("DBA_TS_QUOTAS", "USERNAME"), ("DBA_OBJECTS", "OWNER")):
        for row in oracle.views[view]:
            if row[column] == "JYJC":
                row[column] = "就业监测"
    oracle.views["就业监测.代码表"] = oracle.views.pop("JYJC.AA10")
    return oracle


def limits(oracle: SmallOracle, rows: Sequence[Row]) -> SmallOracle:
    oracle.views["GV$RESOURCE_LIMIT"] = list(rows)
    return oracle


def nothing_seen() -> list[Row]:
    """V$RESOURCE_LIMIT as a pluggable database shows it."""
    return [limit_row("processes", 0, 0, "0"), limit_row("sessions", 0, 0, "0")]
