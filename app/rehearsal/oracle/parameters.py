"""The initialisation parameters of the rehearsal site's databases: V$PARAMETER, V$SYSTEM_PARAMETER, V$SPPARAMETER."""

from __future__ import annotations

from app.rehearsal.oracle.instance import MIB, Instance, Row, Rows

BOOLEAN, STRING, INTEGER, BIG_INTEGER = 1, 2, 3, 6  # V$PARAMETER.TYPE


def rows(instance: Instance) -> Rows:
    shown = [
        {
            "NUM": number, "NAME": name, "TYPE": kind, "VALUE": value, "DISPLAY_VALUE": displayed(kind, value),
            "DEFAULT_VALUE": None, "ISDEFAULT": "FALSE" if given else "TRUE", "ISSES_MODIFIABLE": "FALSE",
            "ISSYS_MODIFIABLE": "IMMEDIATE" if kind == BIG_INTEGER else "FALSE", "ISINSTANCE_MODIFIABLE": "TRUE",
            "ISMODIFIED": "FALSE", "ISADJUSTED": "FALSE", "ISDEPRECATED": "FALSE",
            "ISBASIC": "TRUE" if given else "FALSE",
        }
        for number, (name, kind, value, given) in enumerate(parameters(instance), 20)
    ]  # fmt: skip
    kept = [row for row in shown if row["ISDEFAULT"] == "FALSE"]
    return {"V$PARAMETER": shown, "V$SYSTEM_PARAMETER": shown, "V$SPPARAMETER": [in_file(row) for row in kept]}


def in_file(row: Row) -> Row:
    fields = {name: row[name] for name in ("NAME", "VALUE", "DISPLAY_VALUE")}
    kind = {BOOLEAN: "boolean", STRING: "string", INTEGER: "integer", BIG_INTEGER: "big integer"}[row["TYPE"]]
    return {"FAMILY": "database_parameter", "SID": "*", "TYPE": kind, "ISSPECIFIED": "TRUE", "ORDINAL": 1, **fields}


def displayed(kind: int, value: str | None) -> str | None:
    """Sizes as 4G or 512M, as DISPLAY_VALUE has them."""
    if kind != BIG_INTEGER or value is None or value == "0":
        return value
    size = int(value)
    return f"{size // (1024 * MIB)}G" if size % (1024 * MIB) == 0 else f"{size // MIB}M" if size % MIB == 0 else value


def parameters(instance: Instance) -> list[tuple[str, int, str | None, bool]]:
    """Name, type, value, and whether it stands in the parameter file."""
    name, major = instance.name, instance.release.major
    home = "/u02/app/oracle/product/19.0.0/dbhome_1" if major >= 12 else "/u02/app/oracle/product/11.2.0/dbhome_1"
    undo = "MANUAL" if instance.undo_manual else "AUTO"
    trace = f"/u02/app/oracle/diag/rdbms/{name.lower()}/{name}/trace"
    segments = "RBS01, RBS02, RBS03, RBS04" if instance.undo_manual else None
    common: list[tuple[str, int, str | None, bool]] = [
        ("processes", INTEGER, "1500", True), ("sessions", INTEGER, "2272", True), ("open_cursors", INTEGER, "1000",
        True),
        ("session_cached_cursors", INTEGER, "50", False), ("cpu_count", INTEGER, "16", False),
        ("sga_target", BIG_INTEGER, str(4096 * MIB), True), ("sga_max_size", BIG_INTEGER, str(4096 * MIB), True),
        ("memory_target", BIG_INTEGER, "0", False), ("memory_max_target", BIG_INTEGER, "0", False),
        ("pga_aggregate_target", BIG_INTEGER, str(1024 * MIB), True), ("shared_pool_size", BIG_INTEGER, str(512 * MIB),
        True),
        ("db_cache_size", BIG_INTEGER, "0", False), ("large_pool_size", BIG_INTEGER, "0", False),
        ("java_pool_size", BIG_INTEGER, "0", False), ("streams_pool_size", BIG_INTEGER, "0", False),
        ("log_buffer", BIG_INTEGER, "7077888", False), ("db_block_size", INTEGER, "8192", True),
        ("workarea_size_policy", STRING, "AUTO", False), ("lock_sga", BOOLEAN, "FALSE", False),
        ("undo_management", STRING, undo, True), ("undo_retention", INTEGER, "900", False),
        ("undo_tablespace", STRING, None if instance.undo_manual else "UNDOTBS1", True),
        ("rollback_segments", STRING, segments, instance.undo_manual), ("transactions", INTEGER, "2499", False),
        ("db_name", STRING, name, True), ("db_unique_name", STRING, name, False), ("db_domain", STRING, None, False),
        ("instance_name", STRING, name, False), ("instance_number", INTEGER, "0", False),
        ("service_names", STRING, name, False), ("cluster_database", BOOLEAN, "FALSE", False),
        ("cluster_database_instances", INTEGER, "1", False), ("compatible", STRING, compatible(major), True),
        ("db_files", INTEGER, "200", False), ("control_files", STRING, control_files(name), True),
        ("db_recovery_file_dest", STRING, "/u02/fast_recovery_area", True),
        ("db_recovery_file_dest_size", BIG_INTEGER, str(102_400 * MIB), True), ("db_create_file_dest", STRING, None,
        False),
        ("log_archive_dest_1", STRING, "LOCATION=USE_DB_RECOVERY_FILE_DEST", True),
        ("log_archive_format", STRING, "%t_%s_%r.dbf", True), ("archive_lag_target", INTEGER, "0", False),
        ("remote_login_passwordfile", STRING, "EXCLUSIVE", True), ("audit_trail", STRING, "DB", True),
        ("background_dump_dest", STRING, trace if major < 12 else f"{home}/rdbms/log", False),
        ("user_dump_dest", STRING, trace if major < 12 else f"{home}/rdbms/log", False),
        ("diagnostic_dest", STRING, "/u02/app/oracle", True), ("nls_language", STRING, "AMERICAN", False),
        ("nls_territory", STRING, "AMERICA", False), ("nls_length_semantics", STRING, "BYTE", False),
        ("optimizer_mode", STRING, "ALL_ROWS", False), ("optimizer_features_enable", STRING, instance.release.full[:8],
        False),
        ("cursor_sharing", STRING, "EXACT", False), ("statistics_level", STRING, "TYPICAL", False),
        ("job_queue_processes", INTEGER, "80" if major >= 12 else "1000", False), ("recyclebin", STRING, "on", False),
        ("sec_case_sensitive_logon", BOOLEAN, "TRUE", False), ("deferred_segment_creation", BOOLEAN, "TRUE", False),
        ("spfile", STRING, f"{home}/dbs/spfile{name}.ora", False), ("local_listener", STRING, None, False),
        ("control_management_pack_access", STRING, "NONE", True), ("resource_limit", BOOLEAN, "TRUE", False),
    ]  # fmt: skip
    modern: list[tuple[str, int, str | None, bool]] = [
        ("pga_aggregate_limit", BIG_INTEGER, str(4500 * MIB), False), ("enable_pluggable_database", BOOLEAN, "FALSE",
        False),
        ("max_string_size", STRING, "STANDARD", False), ("inmemory_size", BIG_INTEGER, "0", False),
        ("temp_undo_enabled", BOOLEAN, "FALSE", False), ("uniform_log_timestamp_format", BOOLEAN, "TRUE", False),
    ]  # fmt: skip
    return sorted(common + (modern if major >= 12 else []))


def compatible(major: int) -> str:
    return "19.0.0" if major >= 12 else "11.2.0.4.0"


def control_files(name: str) -> str:
    return f"/u02/oradata/{name}/control01.ctl, /u02/fast_recovery_area/{name}/control02.ctl"
