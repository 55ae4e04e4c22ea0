"""The databases of the mixed site: 9i to 19c, sound and each sick in its own way, as rows of their views."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from oracle_operation import alert, component, destination, job, log, member
from oracle_small import LEGACY, MIB, NOW, THIN, SmallOracle, file_row, limit_row, user_row

from app.rehearsal.listening import Listening
from app.rehearsal.oracle import tns

DAY = timedelta(days=1)
SYSTIMESTAMP = "SELECT TO_CHAR(SYSTIMESTAMP, 'YYYY-MM-DD HH24:MI:SS.FF3 TZH:TZM') FROM DUAL"
NOT_BEFORE_12C = {
    "GV$INSTANCE": ("DATABASE_TYPE",), "V$DATABASE": ("CDB",), "V$INSTANCE": ("VERSION_FULL",),
}  # fmt: skip
NOT_BEFORE_10G = {
    "DBA_DATA_FILES": ("ONLINE_STATUS",), "DBA_TABLESPACES": ("RETENTION",), "DBA_ERRORS": ("ATTRIBUTE",),
    "GV$UNDOSTAT": ("TUNED_UNDORETENTION",), "V$ARCHIVE_DEST_STATUS": ("GAP_STATUS",),
}  # fmt: skip
PLAN: Mapping[str, Any] = {
    "version": "19", "edition": "Enterprise Edition", "sga_min_mb": 4096, "pga_min_mb": 1024,
    "shared_pool_min_mb": 1024, "users": ["JYJC"], "tablespaces": ["JYJC_DATA"], "charset": "ZHS16GBK",
    "ncharset": "AL16UTF16", "code_tables": {"JYJC.AA10": 20}, "components": ["CATALOG", "CATPROC"],
}  # fmt: skip


class FrontListener(Listening):
    """A listener that names its release and knows its services, as ``seerdb.server`` does not, before that server."""

    def __init__(self, release: str, services: Sequence[str], server: int) -> None:
        super().__init__(0)
        self.release, self.services, self.server = release, services, server

    def serve(self, connection: socket.socket) -> None:
        request = tns.read_request(connection)
        if request is None:
            return
        if request.field("COMMAND").lower() == "version":
            connection.sendall(tns.version_answer(request, packed(self.release), self.release))
        elif (request.field("SERVICE_NAME") or request.field("SID")) not in self.services:
            connection.sendall(tns.refusal(12514, packed(self.release)))
        else:
            with socket.create_connection(("127.0.0.1", self.server)) as onward:
                onward.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                onward.sendall(request.raw)
                answering = threading.Thread(target=_copied, args=(onward, connection), daemon=True)
                answering.start()
                _copied(connection, onward)
                answering.join()


def _copied(source: socket.socket, sink: socket.socket) -> None:
    """All that comes, until either side ends; then both do."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for one in (source, sink):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def packed(release: str) -> int:
    """A release in four bytes; from 18c on its second number has a byte of its own."""
    first, second, third, fourth, fifth = map(int, release.split("."))
    if first >= 18:
        return first << 24 | second << 16
    return first << 24 | second << 20 | third << 12 | fourth << 8 | fifth


@dataclass(frozen=True)
class World:
    """A database, its keys of ``site.toml`` beside host, port and user, and the plan that is held against it."""

    oracle: SmallOracle
    plan: Mapping[str, Any] = field(default_factory=lambda: dict(PLAN))
    keys: Mapping[str, Any] = field(default_factory=lambda: {"service": "JYJC"})

    @property
    def release(self) -> str:
        row = self.oracle.views["V$INSTANCE"][0]
        return str(row.get("VERSION_FULL") or row["VERSION"])

    def front(self, server: int) -> FrontListener:
        """The listener before its server's port."""
        return FrontListener(self.release, [self.keys.get("service") or self.keys["sid"]], server)


def of_version(version: str, banner: str) -> SmallOracle:
    """A sound database of that version, with the views and columns that it has."""
    number = tuple(map(int, version.split(".")[:2]))
    oracle = SmallOracle(THIN if number >= (12, 1) else LEGACY)
    oracle.views["V$INSTANCE"][0] |= {"VERSION": version, "VERSION_FULL": version}
    oracle.views["V$VERSION"] = [{"BANNER": banner}]
    if number < (12, 1):
        _lacking(oracle, NOT_BEFORE_12C)
        oracle.drop_view("DBA_REGISTRY_SQLPATCH", "V$PDBS")
    if number < (12, 2):
        oracle.drop_view("V$DIAG_ALERT_EXT")
    if number < (10, 1):
        _lacking(oracle, NOT_BEFORE_10G)
        oracle.drop_view(
            "DBA_TEMP_FREE_SPACE", "GV$SGAINFO", "DBA_RECYCLEBIN", "V$ASM_DISKGROUP", "V$RECOVERY_FILE_DEST",
            "V$RMAN_BACKUP_JOB_DETAILS",
        )  # fmt: skip
    return with_maintenance(oracle, number)


def with_maintenance(oracle: SmallOracle, number: tuple[int, ...]) -> SmallOracle:
    """The same with sessions, indexes, statistics and jobs, nothing wrong with them."""
    oracle.views |= {
        "GV$SESSION": [session(11), session(12)],
        "GV$LOCK": [{"INST_ID": 1, "SID": 11, "TYPE": "TX", "REQUEST": 0, "CTIME": 900}],
        "DBA_INDEXES": [index("PK_AA10")],
        "DBA_TABLES": [
            {"OWNER": owner, "TABLE_NAME": name, "LAST_ANALYZED": NOW - DAY, "TEMPORARY": "N", "IOT_NAME": None,
             "MONITORING": "YES", "NUM_ROWS": 20} for owner, name in (("JYJC", "AA10"), ("监测", "就业登记"))],
        "DBA_JOBS": [{"JOB": 1, "SCHEMA_USER": "JYJC", "PRIV_USER": "JYJC", "LOG_USER": "JYJC", "BROKEN": "N",
                      "FAILURES": 0}],
    }  # fmt: skip
    oracle.columns |= {
        "DBA_IND_PARTITIONS": ("INDEX_OWNER", "INDEX_NAME", "PARTITION_NAME", "STATUS"),
        "DBA_IND_SUBPARTITIONS": ("INDEX_OWNER", "INDEX_NAME", "SUBPARTITION_NAME", "STATUS"),
        "DBA_EXTERNAL_TABLES": ("OWNER", "TABLE_NAME"),
    }
    if number < (10, 1):
        oracle.columns["DBA_TAB_MODIFICATIONS"] = (
            "TABLE_OWNER", "TABLE_NAME", "PARTITION_NAME", "INSERTS", "UPDATES", "DELETES",
        )  # fmt: skip
        return oracle
    oracle.views["DBA_SCHEDULER_JOBS"] = [
        {"OWNER": "SYS", "JOB_NAME": "PURGE_LOG", "STATE": "SCHEDULED", "LOGGING_LEVEL": "RUNS", "FAILURE_COUNT": 0}
    ]
    oracle.columns |= {
        "DBA_SCHEDULER_JOB_RUN_DETAILS": ("OWNER", "JOB_NAME", "STATUS", "LOG_DATE", "ERROR#"),
        "DBA_TAB_STATISTICS": ("OWNER", "TABLE_NAME", "OBJECT_TYPE", "STALE_STATS"),
    }
    if number >= (11, 1):
        oracle.columns["DBA_USERS_WITH_DEFPWD"] = ("USERNAME",)
    return oracle


def session(number: int, blocker: int | None = None, seconds: int = 0) -> dict[str, Any]:
    return {
        "INST_ID": 1, "SID": number, "TYPE": "USER", "USERNAME": "JYJC", "BLOCKING_INSTANCE": blocker and 1,
        "BLOCKING_SESSION": blocker, "BLOCKING_SESSION_STATUS": "VALID" if blocker else "NO HOLDER",
        "EVENT": "enq: TX - row lock contention", "STATE": "WAITING", "WAIT_CLASS": "Application",
        "SECONDS_IN_WAIT": seconds,
    }  # fmt: skip


def index(name: str, status: str = "VALID") -> dict[str, Any]:
    return {
        "OWNER": "JYJC", "TABLE_OWNER": "JYJC", "INDEX_NAME": name, "STATUS": status, "FUNCIDX_STATUS": None,
        "DOMIDX_OPSTATUS": None,
    }  # fmt: skip


def nineteen(**more: Any) -> SmallOracle:
    return with_maintenance(SmallOracle(**more), (19, 0))


def _lacking(oracle: SmallOracle, columns: Mapping[str, tuple[str, ...]]) -> None:
    for view, names in columns.items():
        oracle.drop_column(view, *names)


def nine_i() -> World:
    """9.2.0.8 by its SID: manual memory, temporary space by its sort segment; JYJC's password is in its grace time."""
    oracle = of_version("9.2.0.8.0", "Oracle9i Enterprise Edition Release 9.2.0.8.0 - 64bit Production")
    for name in ("sga_target", "memory_target"):
        oracle.parameter(name, None)
    for name in ("shared_pool_size", "sga_max_size"):
        oracle.parameter(name, str((1024 if name == "shared_pool_size" else 4096) * MIB))
    oracle.views["GV$SGA_DYNAMIC_FREE_MEMORY"] = [{"INST_ID": 1, "CURRENT_SIZE": 0}]
    oracle.columns["GV$SGA_DYNAMIC_FREE_MEMORY"] = ("INST_ID", "CURRENT_SIZE")
    oracle.views["V$DATAFILE"] = [{"TS#": 4, "NAME": "/oradata/jyjc.dbf", "STATUS": "ONLINE"}]
    oracle.views["V$TABLESPACE"] = [{"TS#": 4, "NAME": "JYJC_DATA"}]
    oracle.views["DBA_USERS"][1]["ACCOUNT_STATUS"] = "EXPIRED(GRACE)"
    return World(oracle, {**PLAN, "version": "9.2", "backup_days": 7}, {"sid": "JYJC", "heavy": True})


def eleven() -> World:
    """11.2.0.4, nothing wrong, with a tablespace and a user in Chinese."""
    banner = "Oracle Database 11g Enterprise Edition Release 11.2.0.4.0 - 64bit Production"
    oracle = of_version("11.2.0.4.0", banner)
    oracle.views["DBA_TABLESPACES"].append(
        {"TABLESPACE_NAME": "就业数据", "STATUS": "ONLINE", "CONTENTS": "PERMANENT", "BLOCK_SIZE": 8192,
         "RETENTION": "NOT APPLY"})  # fmt: skip
    oracle.views["DBA_DATA_FILES"].append(file_row("就业数据", 1000))
    oracle.views["DBA_FREE_SPACE"].append({"TABLESPACE_NAME": "就业数据", "BYTES": 500 * MIB})
    oracle.views["DBA_USERS"].append(user_row("监测", DEFAULT_TABLESPACE="就业数据"))
    oracle.views["DBA_TS_QUOTAS"].append(
        {"USERNAME": "监测", "TABLESPACE_NAME": "就业数据", "BYTES": MIB, "MAX_BYTES": -1})  # fmt: skip
    oracle.views["DBA_OBJECTS"].append(
        {"OWNER": "监测", "OBJECT_NAME": "就业登记", "OBJECT_TYPE": "TABLE", "STATUS": "VALID"})  # fmt: skip
    plan = {**PLAN, "version": ">=11.2", "users": ["JYJC", "监测"], "tablespaces": ["JYJC_DATA", "就业数据"]}
    return World(oracle, plan)


def pluggable() -> World:
    """19c, in a PDB with undo of its own: JYJC_DATA has no free row left and cannot grow."""
    oracle = nineteen()
    oracle.views["V$DATABASE"][0]["CDB"] = "YES"
    oracle.views["V$PDBS"] = [{"NAME": "JYJC", "OPEN_MODE": "READ WRITE", "RESTRICTED": "NO"}]
    oracle.views["DATABASE_PROPERTIES"] = [{"PROPERTY_NAME": "LOCAL_UNDO_ENABLED", "PROPERTY_VALUE": "TRUE"}]
    oracle.views["DBA_FREE_SPACE"] = [
        row for row in oracle.views["DBA_FREE_SPACE"] if row["TABLESPACE_NAME"] != "JYJC_DATA"
    ]
    oracle.columns["GV$RESOURCE_LIMIT"] = tuple(oracle.views["GV$RESOURCE_LIMIT"][0])
    oracle.views["GV$RESOURCE_LIMIT"] = []
    return World(oracle)


def neglected() -> World:
    """12.2 with a fault in every second place; nothing of it keeps one of the others from being told."""
    oracle = of_version("12.2.0.1.0", "Oracle Database 12c Standard Edition Release 12.2.0.1.0 - 64bit Production")
    views = oracle.views
    oracle.drop_column("V$INSTANCE", "VERSION_FULL")
    for name, value in (
        ("undo_management", "MANUAL"), ("pga_aggregate_target", str(1000 * MIB)), ("sga_target", str(2048 * MIB)),
    ):  # fmt: skip
        oracle.parameter(name, value)
    views["V$DATABASE"][0]["LOG_MODE"] = "NOARCHIVELOG"
    views["V$ARCHIVE_DEST"] = [destination(1), destination(2, "INACTIVE", TARGET="STANDBY")]
    views["DBA_REGISTRY"].append(component("XDB", "INVALID"))
    views["GV$RESOURCE_LIMIT"][0] = limit_row("processes", 900, 950, "      1000")
    views["NLS_DATABASE_PARAMETERS"][0]["VALUE"] = "AL32UTF8"
    views["DBA_DATA_FILES"][2]["ONLINE_STATUS"] = "RECOVER"
    views["DBA_TEMP_FILES"] = []
    views["V$LOGFILE"] = [member(group) for group in (1, 2, 3)]
    views["DBA_USERS"][1]["ACCOUNT_STATUS"] = "LOCKED(TIMED)"
    views["DBA_OBJECTS"][1]["STATUS"] = "INVALID"
    views["DBA_ERRORS"].append({"OWNER": "JYJC", "NAME": "P_HZ", "TYPE": "PROCEDURE", "ATTRIBUTE": "ERROR"})
    views["JYJC.AA10"] = views["JYJC.AA10"][:19]
    views["USER_ROLE_PRIVS"].append({"GRANTED_ROLE": "DBA"})
    views["V$RMAN_BACKUP_JOB_DETAILS"].append(job("DB FULL", "FAILED", NOW - DAY / 2, NOW - DAY / 3))
    views["V$DIAG_ALERT_EXT"].append(alert(NOW - DAY / 4, "ORA-00600: internal error code, arguments: [17182]"))
    views["DBA_INDEXES"].append(index("IX_AA10", "UNUSABLE"))
    views["DBA_JOBS"][0] |= {"BROKEN": "Y", "FAILURES": 16}
    views["GV$SESSION"][1] = session(12, 11, 120)
    views["DBA_USERS"].append(user_row("SCOTT"))
    views["DBA_USERS_WITH_DEFPWD"] = [{"USERNAME": "SCOTT"}]
    oracle.answers[SYSTIMESTAMP] = lambda: _ahead(600)
    plan = {**PLAN, "version": "12.2", "backup_days": 7}
    return World(oracle, plan, {"service": "JYJC", "heavy": True})


def _ahead(seconds: float) -> str:
    then = datetime.fromtimestamp(time.time() + seconds, UTC)
    return f"{then:%Y-%m-%d %H:%M:%S}.{then.microsecond // 1000:03d} +00:00"


def standby() -> World:
    """19c, a physical standby open for reading, which is 90 minutes behind."""
    oracle = nineteen()
    oracle.views["V$DATABASE"][0] |= {"DATABASE_ROLE": "PHYSICAL STANDBY", "OPEN_MODE": "READ ONLY WITH APPLY"}
    seen = NOW.strftime("%m/%d/%Y %H:%M:%S")
    lags = {"transport lag": "+00 00:00:00", "apply lag": "+00 01:30:00"}
    oracle.views["V$DATAGUARD_STATS"] = [
        {"NAME": name, "VALUE": lag, "TIME_COMPUTED": seen, "DATUM_TIME": seen} for name, lag in lags.items()
    ]
    return World(oracle)


def cluster() -> World:
    """19c RAC on ASM: the second instance is down, and the disk group has nothing left for JYJC_DATA to grow into."""
    oracle = nineteen()
    views = oracle.views
    views["GV$INSTANCE"][0] |= {"PARALLEL": "YES", "DATABASE_TYPE": "RAC"}
    views["V$INSTANCE"][0]["PARALLEL"] = "YES"
    views["V$THREAD"].append({"THREAD#": 2, "STATUS": "CLOSED", "ENABLED": "PUBLIC", "INSTANCE": "jyjc2"})
    views["V$LOG"] += [log(group, 100 + group, NOW - 9 * DAY, thread=2) for group in (4, 5, 6)]
    views["V$LOGFILE"] += [member(group, number) for group in (4, 5, 6) for number in (1, 2)]
    views["DBA_DATA_FILES"][2] = file_row("JYJC_DATA", 1000, most=32000, name="+DATA/JYJC/jyjc_data.266.1")
    views["DBA_FREE_SPACE"] = [{"TABLESPACE_NAME": "SYSTEM", "BYTES": 300 * MIB},
                               {"TABLESPACE_NAME": "JYJC_DATA", "BYTES": 50 * MIB}]  # fmt: skip
    views["GV$SESSION"][1] = session(12, 11, 60)
    views["V$ASM_DISKGROUP"] = [{"NAME": "DATA", "USABLE_FILE_MB": 0, "FREE_MB": 0, "TYPE": "EXTERN"}]
    return World(oracle)


def exchange() -> World:
    """11.2, of which the plan says nothing but its exchange tables, one of which is not there."""
    oracle = of_version("11.2.0.4.0", "Oracle Database 11g Release 11.2.0.4.0 - 64bit Production")
    keys = {"service": "JYJH", "role": "exchange"}
    return World(oracle, {"exchange_tables": ["JYJH.DY11", "JYJH.就业登记", "JYJH.DY12"]}, keys)


def changed_password() -> World:
    """19c, whose account has another password than the one we hold."""
    return World(nineteen(password="Another-2026#x"))


WORLDS = {
    "ora-9i": nine_i, "ora-11g": eleven, "ora-pdb": pluggable, "ora-12c": neglected, "ora-standby": standby,
    "ora-rac": cluster, "ora-exchange": exchange, "ora-password": changed_password,
}  # fmt: skip
