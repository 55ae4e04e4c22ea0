"""Tablespaces, files, free space, temporary space, undo, segments and redo of the rehearsal site's databases.

Sizes agree across the views: what a file has is what its extents and its free space come to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.rehearsal.oracle.instance import MIB, Instance, Row, Rows

BLOCK = 8192
MOST = 34_359_721_984  # bytes of a small file's 4,194,302 blocks


@dataclass(frozen=True)
class Tablespace:
    """``size`` and ``used`` in MiB; ``grows``: its file extends itself up to the most a file can have."""

    number: int
    name: str
    size: int
    used: int
    grows: bool = True
    contents: str = "PERMANENT"


def tablespaces(instance: Instance) -> tuple[Tablespace, ...]:
    full = "tablespace-full" in instance.faults and instance.name == "JYJC"
    own = instance.name
    data = Tablespace(6, f"{own}_DATA", 8192, 8127, grows=False) if full else Tablespace(6, f"{own}_DATA", 8192, 3311)
    extra = (Tablespace(8, "RBS", 2048, 512),) if instance.undo_manual else ()
    return (
        Tablespace(0, "SYSTEM", 1200, 872),
        Tablespace(1, "SYSAUX", 2048, 1290),
        Tablespace(2, "UNDOTBS1", 4096, 611, contents="UNDO"),
        Tablespace(3, "TEMP", 4096, 0, contents="TEMPORARY"),
        Tablespace(4, "USERS", 512, 27),
        data,
        Tablespace(7, f"{own}_INDEX", 4096, 1408),
        *extra,
    )


def rows(instance: Instance) -> Rows:
    known = tablespaces(instance)
    lasting = [tablespace for tablespace in known if tablespace.contents != "TEMPORARY"]
    described = [described_tablespace(tablespace) for tablespace in known]
    return {
        "DBA_TABLESPACES": described,
        "USER_TABLESPACES": described,
        "V$TABLESPACE": [
            {"TS#": t.number, "NAME": t.name, "BIGFILE": "NO", "FLASHBACK_ON": "YES",
             "INCLUDED_IN_DATABASE_BACKUP": "NO" if t.contents == "TEMPORARY" else "YES"} for t in known],
        "DBA_DATA_FILES": [data_file(instance, t) for t in lasting],
        "V$DATAFILE": [v_datafile(instance, t) for t in lasting],
        "V$DATAFILE_HEADER": [
            {"FILE#": t.number + 1, "STATUS": "ONLINE", "RECOVER": "NO", "FUZZY": "YES", "TABLESPACE_NAME": t.name,
             "TS#": t.number, "BYTES": t.size * MIB, "NAME": path(instance, t)} for t in lasting],
        "DBA_FREE_SPACE": [
            {"TABLESPACE_NAME": t.name, "FILE_ID": t.number + 1, "BLOCK_ID": t.used * MIB // BLOCK + 128,
             **extent(t.size - t.used - 1), "RELATIVE_FNO": t.number + 1} for t in lasting if t.size - t.used > 1],
        "DBA_TABLESPACE_USAGE_METRICS": [usage(t) for t in known],
        **temporary(instance),
        **(rollback() if instance.undo_manual else undo(instance)),
        **redo(instance),
    }  # fmt: skip


def path(instance: Instance, tablespace: Tablespace) -> str:
    return f"/u02/oradata/{instance.name}/{tablespace.name.lower()}01.dbf"


def extent(size: int) -> Row:
    """BYTES and BLOCKS of a number of MiB."""
    return {"BYTES": size * MIB, "BLOCKS": size * MIB // BLOCK}


def described_tablespace(tablespace: Tablespace) -> Row:
    permanent = tablespace.contents == "PERMANENT"
    return {
        "TABLESPACE_NAME": tablespace.name, "BLOCK_SIZE": BLOCK, "INITIAL_EXTENT": 65_536, "MIN_EXTENTS": 1,
        "MAX_EXTENTS": 2_147_483_645, "MAX_SIZE": 2_147_483_645, "MIN_EXTLEN": 65_536, "STATUS": "ONLINE",
        "CONTENTS": tablespace.contents, "LOGGING": "LOGGING" if tablespace.contents != "TEMPORARY" else "NOLOGGING",
        "FORCE_LOGGING": "NO", "EXTENT_MANAGEMENT": "LOCAL",
        "ALLOCATION_TYPE": "UNIFORM" if tablespace.contents == "TEMPORARY" else "SYSTEM", "PLUGGED_IN": "NO",
        "SEGMENT_SPACE_MANAGEMENT": "AUTO" if permanent and tablespace.name != "SYSTEM" else "MANUAL",
        "DEF_TAB_COMPRESSION": "DISABLED", "RETENTION": "NOGUARANTEE" if tablespace.contents == "UNDO" else "NOT APPLY",
        "BIGFILE": "NO", "PREDICATE_EVALUATION": "HOST", "ENCRYPTED": "NO", "SHARED": "SHARED",
    }  # fmt: skip


def growth(tablespace: Tablespace) -> Row:
    if not tablespace.grows:
        return {"AUTOEXTENSIBLE": "NO", "MAXBYTES": 0, "MAXBLOCKS": 0, "INCREMENT_BY": 0}
    return {"AUTOEXTENSIBLE": "YES", "MAXBYTES": MOST, "MAXBLOCKS": MOST // BLOCK, "INCREMENT_BY": 12_800}


def data_file(instance: Instance, tablespace: Tablespace) -> Row:
    user = {"USER_BYTES": (tablespace.size - 1) * MIB, "USER_BLOCKS": (tablespace.size - 1) * MIB // BLOCK}
    return {
        "FILE_NAME": path(instance, tablespace), "FILE_ID": tablespace.number + 1, "TABLESPACE_NAME": tablespace.name,
        **extent(tablespace.size), "STATUS": "AVAILABLE", "RELATIVE_FNO": tablespace.number + 1, **growth(tablespace),
        **user, "ONLINE_STATUS": "SYSTEM" if tablespace.name == "SYSTEM" else "ONLINE", "LOST_WRITE_PROTECT": "OFF",
    }  # fmt: skip


def v_datafile(instance: Instance, tablespace: Tablespace) -> Row:
    return {
        "FILE#": tablespace.number + 1, "CREATION_CHANGE#": 7 + tablespace.number, "CREATION_TIME": instance.created,
        "TS#": tablespace.number, "RFILE#": tablespace.number + 1,
        "STATUS": "SYSTEM" if tablespace.name == "SYSTEM" else "ONLINE", "ENABLED": "READ WRITE",
        "CHECKPOINT_CHANGE#": 48_213_377_120, "CHECKPOINT_TIME": instance.ago(0.01), **extent(tablespace.size),
        "CREATE_BYTES": tablespace.size * MIB, "BLOCK_SIZE": BLOCK, "NAME": path(instance, tablespace), "PLUGGED_IN": 0,
        "PLUGGED_READONLY": "NO",
    }  # fmt: skip


def usage(tablespace: Tablespace) -> Row:
    """In blocks; the size is the most that it can grow to."""
    size = (MOST if tablespace.grows else tablespace.size * MIB) // BLOCK
    used = tablespace.used * MIB // BLOCK
    return {
        "TABLESPACE_NAME": tablespace.name,
        "USED_SPACE": used,
        "TABLESPACE_SIZE": size,
        "USED_PERCENT": 100 * used / size,
    }


def temporary(instance: Instance) -> Rows:
    """TEMP: 4096 MiB, all of it allocated, 32 MiB in use."""
    size, used = 4096, 32
    file = f"/u02/oradata/{instance.name}/temp01.dbf"
    common = {"FILE_ID": 1, "TABLESPACE_NAME": "TEMP", "RELATIVE_FNO": 1}
    blocks = MIB // BLOCK
    return {
        "DBA_TEMP_FILES": [{**common, "FILE_NAME": file, **extent(size), "STATUS": "ONLINE", "AUTOEXTENSIBLE": "YES",
                            "MAXBYTES": MOST, "MAXBLOCKS": MOST // BLOCK, "INCREMENT_BY": 80, "SHARED": "SHARED",
                            "USER_BYTES": (size - 1) * MIB, "USER_BLOCKS": (size - 1) * blocks}],
        "V$TEMPFILE": [{"FILE#": 1, "CREATION_TIME": instance.created, "TS#": 3, "RFILE#": 1, "STATUS": "ONLINE",
                        "ENABLED": "READ WRITE", **extent(size), "CREATE_BYTES": size * MIB, "BLOCK_SIZE": BLOCK,
                        "NAME": file}],
        "DBA_TEMP_FREE_SPACE": [{"TABLESPACE_NAME": "TEMP", "TABLESPACE_SIZE": size * MIB,
        "ALLOCATED_SPACE": (size - 1) * MIB,
                                 "FREE_SPACE": (size - used) * MIB, "SHARED": "SHARED"}],
        "V$SORT_SEGMENT": [{"TABLESPACE_NAME": "TEMP", "SEGMENT_FILE": 0, "SEGMENT_BLOCK": 0, "EXTENT_SIZE": 128,
                            "CURRENT_USERS": 2, "TOTAL_EXTENTS": size - 1, "TOTAL_BLOCKS": (size - 1) * blocks,
                            "USED_EXTENTS": used, "USED_BLOCKS": used * blocks, "FREE_EXTENTS": size - 1 - used,
                            "FREE_BLOCKS": (size - 1 - used) * blocks, "MAX_USED_BLOCKS": 900 * blocks, "TS#": 3}],
        "V$TEMP_SPACE_HEADER": [{"TABLESPACE_NAME": "TEMP", "FILE_ID": 1, "BYTES_USED": size * MIB,
                                 "BLOCKS_USED": size * blocks, "BYTES_FREE": 0, "BLOCKS_FREE": 0, "RELATIVE_FNO": 1}],
    }  # fmt: skip


def segment(number: int, name: str, tablespace: str, owner: str = "PUBLIC", status: str = "ONLINE") -> Row:
    return {
        "SEGMENT_NAME": name, "OWNER": owner, "TABLESPACE_NAME": tablespace, "SEGMENT_ID": number, "FILE_ID": 3,
        "BLOCK_ID": 128 + 16 * number, "INITIAL_EXTENT": 131_072, "NEXT_EXTENT": 65_536, "MIN_EXTENTS": 2,
        "MAX_EXTENTS": 32_765, "STATUS": status, "RELATIVE_FNO": 3,
    }  # fmt: skip


def online(segments: list[Row]) -> Rows:
    """DBA_ROLLBACK_SEGS with V$ROLLNAME and V$ROLLSTAT of those that are online."""
    shown = [row for row in segments if row["STATUS"] == "ONLINE"]
    stat = {"LATCH": 0, "EXTENTS": 12, "RSSIZE": 9_428_992, "WRITES": 1_822_714, "XACTS": 0, "GETS": 40_213, "WAITS": 0,
            "HWMSIZE": 21_093_376, "SHRINKS": 3, "WRAPS": 64, "EXTENDS": 20, "STATUS": "ONLINE", "CUREXT": 4,
            "CURBLK": 7}  # fmt: skip
    return {
        "DBA_ROLLBACK_SEGS": segments,
        "V$ROLLNAME": [{"USN": row["SEGMENT_ID"], "NAME": row["SEGMENT_NAME"]} for row in shown],
        "V$ROLLSTAT": [{"USN": row["SEGMENT_ID"], **stat} for row in shown],
    }


def undo(instance: Instance) -> Rows:
    """Automatic undo: ten segments, 214 MiB of it unexpired, statistics of the last four days in tens of minutes."""
    names = [segment(number, f"_SYSSMU{number}_{3_312_904_100 + number}$", "UNDOTBS1") for number in range(1, 11)]
    system = segment(0, "SYSTEM", "SYSTEM", "SYS")
    extents = [("ACTIVE", 1, 4), ("UNEXPIRED", 2, 214), ("EXPIRED", 3, 392)]
    return {
        **online([system, *names]),
        "DBA_UNDO_EXTENTS": [
            {"OWNER": "SYS", "SEGMENT_NAME": names[number]["SEGMENT_NAME"], "TABLESPACE_NAME": "UNDOTBS1",
            "EXTENT_ID": 0,
             "FILE_ID": 3, "BLOCK_ID": 128 + 32_768 * number, **extent(size), "RELATIVE_FNO": 3, "STATUS": status}
            for status, number, size in extents],
        "V$UNDOSTAT": [undo_statistics(instance, number) for number in range(576)],
    }  # fmt: skip


def undo_statistics(instance: Instance, number: int) -> Row:
    """The ``number``-th ten minutes back; no error, queries far shorter than what is kept."""
    end = instance.at - timedelta(minutes=10 * number)
    return {
        "BEGIN_TIME": end - timedelta(minutes=10), "END_TIME": end, "UNDOTSN": 2, "UNDOBLKS": 140 + number % 37,
        "TXNCOUNT": 610 + number % 91, "MAXQUERYLEN": 214 + number % 45, "MAXCONCURRENCY": 4, "UNXPSTEALCNT": 0,
        "UNXPBLKRELCNT": 0, "UNXPBLKREUCNT": 0, "EXPSTEALCNT": 0, "EXPBLKRELCNT": 0, "EXPBLKREUCNT": 0,
        "SSOLDERRCNT": 0,
        "NOSPACEERRCNT": 0, "ACTIVEBLKS": 512, "UNEXPIREDBLKS": 27_392, "EXPIREDBLKS": 50_176,
        "TUNED_UNDORETENTION": 1_874,
    }  # fmt: skip


def rollback() -> Rows:
    """Manual undo: four segments online beside SYSTEM, one at rest; no automatic undo is kept or measured."""
    states = {"RBS01": "ONLINE", "RBS02": "ONLINE", "RBS03": "ONLINE", "RBS04": "ONLINE", "RBS05": "OFFLINE"}
    named = [segment(number, name, "RBS", "SYS", state) for number, (name, state) in enumerate(states.items(), 1)]
    return {**online([segment(0, "SYSTEM", "SYSTEM", "SYS"), *named]), "DBA_UNDO_EXTENTS": [], "V$UNDOSTAT": []}


def redo(instance: Instance) -> Rows:
    """Three groups of two members, a switch every forty minutes."""
    sequence = 9_114
    folders = (f"/u02/oradata/{instance.name}", f"/u02/fast_recovery_area/{instance.name}")
    state = {1: "INACTIVE", 2: "INACTIVE", 3: "CURRENT"}
    return {
        "V$LOG": [
            {"GROUP#": group, "THREAD#": 1, "SEQUENCE#": sequence - 3 + group, "BYTES": 512 * MIB, "BLOCKSIZE": 512,
            "MEMBERS": 2,
             "ARCHIVED": "NO" if group == 3 else "YES", "STATUS": state[group],
             "FIRST_TIME": instance.ago((3 - group) / 36)}
            for group in state],
        "V$LOGFILE": [
            {"GROUP#": group, "TYPE": "ONLINE", "MEMBER": f"{folder}/redo{group:02d}.log",
            "IS_RECOVERY_DEST_FILE": "NO"}
            for group in state for folder in folders],
        "V$LOG_HISTORY": [
            {"RECID": number, "STAMP": 1_100_000_000 - number, "THREAD#": 1, "SEQUENCE#": sequence - number,
             "FIRST_TIME": instance.ago(number / 36)} for number in range(1, 253)],
        "V$CONTROLFILE": [{"NAME": f"{folder}/control{number:02d}.ctl", "IS_RECOVERY_DEST_FILE": "NO",
        "BLOCK_SIZE": 16_384,
                           "FILE_SIZE_BLKS": 1_142} for number, folder in enumerate(folders, 1)],
        "V$ARCHIVE_DEST": [
            {"DEST_ID": 1, "DEST_NAME": "LOG_ARCHIVE_DEST_1", "STATUS": "VALID", "BINDING": "MANDATORY",
            "NAME_SPACE": "SYSTEM",
             "TARGET": "PRIMARY", "ARCHIVER": "ARCH", "SCHEDULE": "ACTIVE", "DESTINATION": "USE_DB_RECOVERY_FILE_DEST",
             "LOG_SEQUENCE": sequence - 1, "TYPE": "PUBLIC", "VALID_NOW": "YES", "VALID_TYPE": "ALL_LOGFILES"},
            {"DEST_ID": 2, "DEST_NAME": "LOG_ARCHIVE_DEST_2", "STATUS": "VALID", "BINDING": "OPTIONAL",
             "NAME_SPACE": "SYSTEM", "TARGET": "STANDBY", "ARCHIVER": "LGWR", "SCHEDULE": "ACTIVE",
             "DESTINATION": f"{instance.name.lower()}dg", "LOG_SEQUENCE": sequence - 1, "TYPE": "PUBLIC",
             "VALID_NOW": "YES", "VALID_TYPE": "ONLINE_LOGFILE", "VALID_ROLE": "PRIMARY_ROLE",
             "DB_UNIQUE_NAME": f"{instance.name}DG"},
            *({"DEST_ID": number, "DEST_NAME": f"LOG_ARCHIVE_DEST_{number}", "STATUS": "INACTIVE"}
              for number in range(3, 11))],
        "V$RMAN_BACKUP_JOB_DETAILS": [
            {"SESSION_KEY": 800 + number, "START_TIME": instance.days_ago(7 - number, 2), "STATUS": "COMPLETED",
             "END_TIME": instance.days_ago(7 - number, 3), "INPUT_TYPE": "DB INCR", "ELAPSED_SECONDS": 3600,
             "OUTPUT_DEVICE_TYPE": "DISK"} for number in range(1, 7)],
        "V$RECOVERY_FILE_DEST": [{"NAME": "/u02/fast_recovery_area", "SPACE_LIMIT": 102_400 * MIB,
        "SPACE_USED": 31_744 * MIB,
                                  "SPACE_RECLAIMABLE": 2_048 * MIB, "NUMBER_OF_FILES": 74}],
    }  # fmt: skip
