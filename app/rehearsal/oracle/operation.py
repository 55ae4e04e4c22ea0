"""The operation of the rehearsal site's databases: the thread, the standby that is fed, the alert log."""

from __future__ import annotations

from app.rehearsal.oracle.instance import Instance, Row, Rows
from app.rehearsal.oracle.values import DATABASE_ZONE

SEQUENCE = 9_114  # of the current log, as in ``storage.redo``
SWITCHES = 72  # in two days


def rows(instance: Instance) -> Rows:
    trace = f"/u02/app/oracle/diag/rdbms/{instance.name.lower()}/{instance.name}/trace"
    return {
        "V$THREAD": [
            {"THREAD#": 1, "STATUS": "OPEN", "ENABLED": "PUBLIC", "GROUPS": 3, "INSTANCE": instance.name,
             "OPEN_TIME": instance.started, "CURRENT_GROUP#": 3, "SEQUENCE#": SEQUENCE}],
        "V$ARCHIVE_DEST_STATUS": [
            {"DEST_ID": 1, "DEST_NAME": "LOG_ARCHIVE_DEST_1", "STATUS": "VALID", "TYPE": "LOCAL",
             "DATABASE_MODE": "OPEN", "RECOVERY_MODE": "IDLE", "ARCHIVED_THREAD#": 1, "ARCHIVED_SEQ#": SEQUENCE - 1,
             "APPLIED_THREAD#": 0, "APPLIED_SEQ#": 0},
            {"DEST_ID": 2, "DEST_NAME": "LOG_ARCHIVE_DEST_2", "STATUS": "VALID", "TYPE": "PHYSICAL",
             "DATABASE_MODE": "OPEN_READ-ONLY", "RECOVERY_MODE": "MANAGED REAL TIME APPLY", "ARCHIVED_THREAD#": 1,
             "ARCHIVED_SEQ#": SEQUENCE - 1, "APPLIED_THREAD#": 1, "APPLIED_SEQ#": SEQUENCE - 1, "GAP_STATUS": "NO GAP",
             "DESTINATION": f"{instance.name.lower()}dg", "DB_UNIQUE_NAME": f"{instance.name}DG",
             "PROTECTION_MODE": "MAXIMUM PERFORMANCE"}],
        "V$DIAG_INFO": [
            {"INST_ID": 1, "NAME": name, "VALUE": value} for name, value in
            (("Diag Enabled", "TRUE"), ("ADR Base", "/u02/app/oracle"), ("Diag Trace", trace),
             ("Diag Alert", trace.replace("/trace", "/alert")))],
        "V$DIAG_ALERT_EXT": [entry(instance, number) for number in range(SWITCHES)],
    }  # fmt: skip


def entry(instance: Instance, number: int) -> Row:
    """What the log writer leaves at each switch; the ``number``-th back."""
    return {
        "ORIGINATING_TIMESTAMP": instance.ago(number / 36).replace(tzinfo=DATABASE_ZONE), "COMPONENT_ID": "rdbms",
        "MESSAGE_TYPE": 5, "MESSAGE_LEVEL": 16, "RECORD_ID": 40_000 - number,
        "MESSAGE_TEXT": f"Thread 1 advanced to log sequence {SEQUENCE - number} (LGWR switch)",
    }  # fmt: skip
