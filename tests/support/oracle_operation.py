"""What a healthy small Oracle shows of its operation: components, redo, archiving, standby, backups, alert log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
SEQUENCE = 5000  # of the current log


def component(name: str, status: str = "VALID", title: str = "") -> Row:
    return {"COMP_ID": name, "COMP_NAME": title or name, "STATUS": status, "VERSION": "19.0.0.0.0"}


def patch(number: int, status: str, when: datetime | None, action: str = "APPLY") -> Row:
    return {"PATCH_ID": number, "ACTION": action, "STATUS": status, "ACTION_TIME": when}


def switches(now: datetime, every: timedelta, hours: int = 24, thread: int = 1, current: int = SEQUENCE) -> list[Row]:
    """V$LOG_HISTORY of a thread that has switched so often for so long: the log before ``current`` began ``every``
    before it, and so on.
    """
    count = int(timedelta(hours=hours) / every)
    return [
        {"THREAD#": thread, "SEQUENCE#": current - n, "FIRST_TIME": now - n * every - every / 2}
        for n in range(1, count + 1)
    ]


def log(group: int, sequence: int, first: datetime | None, thread: int = 1, status: str = "INACTIVE") -> Row:
    return {
        "GROUP#": group, "THREAD#": thread, "SEQUENCE#": sequence, "STATUS": status, "FIRST_TIME": first, "MEMBERS": 2,
    }  # fmt: skip


def member(group: int, number: int = 1, status: str | None = None, kind: str = "ONLINE") -> Row:
    return {"GROUP#": group, "STATUS": status, "TYPE": kind, "MEMBER": f"/u0{number}/oradata/redo{group}.log"}


def destination(number: int, status: str = "VALID", **more: Any) -> Row:
    return {
        "DEST_ID": number, "DEST_NAME": f"LOG_ARCHIVE_DEST_{number}", "STATUS": status, "BINDING": "OPTIONAL",
        "TARGET": "PRIMARY", "DESTINATION": "/u03/arch", "ERROR": None, **more,
    }  # fmt: skip


def destination_state(number: int, **more: Any) -> Row:
    return {
        "DEST_ID": number, "STATUS": "VALID", "TYPE": "LOCAL", "RECOVERY_MODE": "IDLE", "APPLIED_THREAD#": 0,
        "APPLIED_SEQ#": 0, "GAP_STATUS": None, **more,
    }  # fmt: skip


def fed(**more: Any) -> Row:
    """The state of a destination that feeds a standby which applies all it gets."""
    given = {
        "TYPE": "PHYSICAL", "RECOVERY_MODE": "MANAGED REAL TIME APPLY", "APPLIED_THREAD#": 1,
        "APPLIED_SEQ#": SEQUENCE - 1, "GAP_STATUS": "NO GAP",
    }  # fmt: skip
    return destination_state(2, **{**given, **more})


def job(kind: str, status: str, started: datetime, ended: datetime | None) -> Row:
    return {"INPUT_TYPE": kind, "STATUS": status, "START_TIME": started, "END_TIME": ended}


def alert(when: datetime, line: str, component_id: str = "rdbms") -> Row:
    return {"ORIGINATING_TIMESTAMP": when, "COMPONENT_ID": component_id, "MESSAGE_TEXT": line}


def operation(now: datetime) -> dict[str, list[Row]]:
    """All of it, for the instance and database of ``oracle_small.healthy``."""
    hour, day = timedelta(hours=1), timedelta(days=1)
    return {
        "DBA_REGISTRY": [
            component("CATALOG"), component("CATPROC"), component("JAVAVM", title="JServer JAVA Virtual Machine"),
            component("OLS", "OPTION OFF")],
        "DBA_REGISTRY_SQLPATCH": [patch(35943157, "SUCCESS", now - 90 * day)],
        "V$LOG": [
            log(1, SEQUENCE - 2, now - hour * 9 / 8), log(2, SEQUENCE - 1, now - hour * 5 / 8),
            log(3, SEQUENCE, now - hour / 8, status="CURRENT")],
        "V$LOGFILE": [member(group, number) for group in (1, 2, 3) for number in (1, 2)],
        "V$LOG_HISTORY": switches(now - hour / 8, hour / 2),
        "V$ARCHIVE_DEST": [
            destination(1, BINDING="MANDATORY"),
            destination(2, TARGET="STANDBY", DESTINATION="jyjcdg"), destination(3, "INACTIVE")],
        "V$ARCHIVE_DEST_STATUS": [destination_state(1), fed()],
        "V$RECOVERY_FILE_DEST": [
            {"NAME": "/u03/fra", "SPACE_LIMIT": 1000, "SPACE_USED": 700, "SPACE_RECLAIMABLE": 100}],
        "V$RMAN_BACKUP_JOB_DETAILS": [
            job("DB INCR", "COMPLETED", now - day - hour, now - day), job("ARCHIVELOG", "COMPLETED", now - hour, now)],
        "V$DIAG_ALERT_EXT": [
            alert(now - hour, "Thread 1 advanced to log sequence 5000 (LGWR switch)"),
            alert(now - 2 * day, "ORA-00600: internal error code, arguments: [kksfbc-wrong-kkscsflgs]"),
            alert(now - hour, "ORA-12537: TNS:connection closed", "tnslsnr")],
    }  # fmt: skip
