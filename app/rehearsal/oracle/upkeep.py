"""What keeps a database in order at the rehearsal site: its jobs and their runs, statistics, parts of indexes.

The columns are in the notation of ``views_dynamic``.
"""

from __future__ import annotations

from app.rehearsal.oracle.instance import Instance, Row, Rows
from app.rehearsal.oracle.schema import tables
from app.rehearsal.oracle.values import aware

UPKEEP_VIEWS = {
    "DBA_SCHEDULER_JOBS": "OWNER JOB_NAME JOB_SUBNAME JOB_STYLE JOB_CREATOR PROGRAM_OWNER PROGRAM_NAME JOB_TYPE"
    " JOB_ACTION SCHEDULE_NAME SCHEDULE_TYPE START_DATE:z REPEAT_INTERVAL END_DATE:z JOB_CLASS ENABLED AUTO_DROP"
    " RESTARTABLE STATE JOB_PRIORITY:n RUN_COUNT:n MAX_RUNS:n FAILURE_COUNT:n MAX_FAILURES:n RETRY_COUNT:n"
    " LAST_START_DATE:z NEXT_RUN_DATE:z LOGGING_LEVEL STOP_ON_WINDOW_CLOSE INSTANCE_STICKINESS SYSTEM COMMENTS"
    " | RESTART_ON_RECOVERY RESTART_ON_FAILURE",
    "DBA_SCHEDULER_JOB_RUN_DETAILS": "LOG_ID:n LOG_DATE:z OWNER JOB_NAME JOB_SUBNAME STATUS ERROR#:n"
    " REQ_START_DATE:z ACTUAL_START_DATE:z INSTANCE_ID:n SESSION_ID SLAVE_PID ADDITIONAL_INFO | ERRORS OUTPUT",
    "DBA_IND_SUBPARTITIONS": "INDEX_OWNER INDEX_NAME PARTITION_NAME SUBPARTITION_NAME SUBPARTITION_POSITION:n STATUS"
    " TABLESPACE_NAME BLEVEL:n LEAF_BLOCKS:n DISTINCT_KEYS:n NUM_ROWS:n LAST_ANALYZED:d",
    "DBA_TAB_STATISTICS": "OWNER TABLE_NAME PARTITION_NAME PARTITION_POSITION:n SUBPARTITION_NAME OBJECT_TYPE"
    " NUM_ROWS:n BLOCKS:n EMPTY_BLOCKS:n AVG_ROW_LEN:n SAMPLE_SIZE:n LAST_ANALYZED:d GLOBAL_STATS USER_STATS"
    " STATTYPE_LOCKED STALE_STATS | SCOPE NOTES",
    "DBA_TAB_MODIFICATIONS": "TABLE_OWNER TABLE_NAME PARTITION_NAME SUBPARTITION_NAME INSERTS:n UPDATES:n DELETES:n"
    " TIMESTAMP:d TRUNCATED DROP_SEGMENTS:n",
    "DBA_EXTERNAL_TABLES": "OWNER TABLE_NAME TYPE_OWNER TYPE_NAME DEFAULT_DIRECTORY_OWNER DEFAULT_DIRECTORY_NAME"
    " REJECT_LIMIT ACCESS_TYPE | INMEMORY",
}
JOBS = ("PURGE_LOG", "ORA$AUTOTASK_CLEAN", "BSLN_MAINTAIN_STATS_JOB", "RSE$CLEAN_RECOVERABLE_SCRIPT")


def rows(instance: Instance) -> Rows:
    """Oracle's own jobs, each of which ran well last night, and fresh statistics of the application's tables."""
    return {
        "DBA_SCHEDULER_JOBS": [job(instance, name) for name in JOBS],
        "DBA_SCHEDULER_JOB_RUN_DETAILS": [run(instance, number, name) for number, name in enumerate(JOBS, 90_411)],
        "DBA_TAB_STATISTICS": [
            {"OWNER": table.owner, "TABLE_NAME": table.name, "OBJECT_TYPE": "TABLE", "NUM_ROWS": len(table.rows),
             "BLOCKS": 5, "AVG_ROW_LEN": 87, "SAMPLE_SIZE": len(table.rows),
             "LAST_ANALYZED": instance.days_ago(1, 22), "GLOBAL_STATS": "YES", "USER_STATS": "NO",
             "STALE_STATS": "NO", "SCOPE": "SHARED"}
            for table in tables(instance)],
    }  # fmt: skip


def job(instance: Instance, name: str) -> Row:
    ran = aware(instance.ago(0.6))
    return {
        "OWNER": "SYS", "JOB_NAME": name, "JOB_STYLE": "REGULAR", "JOB_CREATOR": "SYS", "SCHEDULE_TYPE": "NAMED",
        "JOB_CLASS": "DEFAULT_JOB_CLASS", "ENABLED": "TRUE", "AUTO_DROP": "FALSE", "RESTARTABLE": "FALSE",
        "STATE": "SCHEDULED", "JOB_PRIORITY": 3, "RUN_COUNT": 411, "FAILURE_COUNT": 0, "RETRY_COUNT": 0,
        "LAST_START_DATE": ran, "NEXT_RUN_DATE": aware(instance.ago(-0.4)), "LOGGING_LEVEL": "RUNS",
        "STOP_ON_WINDOW_CLOSE": "FALSE", "INSTANCE_STICKINESS": "TRUE", "SYSTEM": "TRUE",
    }  # fmt: skip


def run(instance: Instance, number: int, name: str) -> Row:
    ran = aware(instance.ago(0.6))
    return {
        "LOG_ID": number, "LOG_DATE": ran, "OWNER": "SYS", "JOB_NAME": name, "STATUS": "SUCCEEDED", "ERROR#": 0,
        "REQ_START_DATE": ran, "ACTUAL_START_DATE": ran, "INSTANCE_ID": 1, "SESSION_ID": "77,4123",
    }  # fmt: skip
