"""One database of the rehearsal site as plain values: its name, release and clock; V$ views about the instance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.rehearsal.oracle.values import sysdate

Row = dict[str, Any]
Rows = dict[str, list[Row]]
MIB = 1024 * 1024
HOST = "jyjc-app-server01"  # the application's own


@dataclass(frozen=True)
class Release:
    """``major`` decides which views and columns exist; ``full`` is the patched release, ``packed`` as TNS sends it."""

    major: int
    base: str
    full: str
    banner: str
    packed: int  # VSNNUM and AUTH_VERSION_NO
    field_version: int  # of the TTC protocol


RELEASES = {
    "19c": Release(
        19, "19.0.0.0.0", "19.22.0.0.0", "Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production",
        19 << 24 | 22 << 16, 12,
    ),
    "11.2": Release(
        11, "11.2.0.4.0", "11.2.0.4.0",
        "Oracle Database 11g Enterprise Edition Release 11.2.0.4.0 - 64bit Production", 0x0B200400, 6,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Instance:
    """``name`` is the database's, the instance's and the service's; ``at`` the time at which its rows were made."""

    name: str
    release: Release
    faults: frozenset[str]
    at: datetime

    @classmethod
    def now(cls, name: str, release: Release, faults: frozenset[str]) -> Instance:
        return cls(name, release, faults, sysdate())

    def ago(self, days: float) -> datetime:
        """That long before now."""
        return self.at - timedelta(days=days)

    def days_ago(self, days: int, hour: int = 9) -> datetime:
        """That many days before today, at a full hour: the same whenever the rows are made anew today."""
        return self.at.replace(hour=hour, minute=0, second=0) - timedelta(days=days)

    @property
    def started(self) -> datetime:
        return self.days_ago(37, 3)

    @property
    def created(self) -> datetime:
        return self.days_ago(412)

    @property
    def undo_manual(self) -> bool:
        return "undo-manual" in self.faults


def named(name: str, value: str, pairs: Iterable[tuple[str, Any]]) -> list[Row]:
    return [{name: key, value: content} for key, content in pairs]


def rows(instance: Instance) -> Rows:
    """Instance, database, memory, limits, NLS and parameters."""
    release, modern = instance.release, instance.release.major >= 12
    version = {"VERSION": release.base, "VERSION_FULL": release.full, "VERSION_LEGACY": release.base}
    about = {
        "INSTANCE_NUMBER": 1, "INSTANCE_NAME": instance.name, "HOST_NAME": HOST, "STARTUP_TIME": instance.started,
        "STATUS": "OPEN", "PARALLEL": "NO", "THREAD#": 1, "ARCHIVER": "STARTED", "LOGINS": "ALLOWED",
        "SHUTDOWN_PENDING": "NO", "DATABASE_STATUS": "ACTIVE", "INSTANCE_ROLE": "PRIMARY_INSTANCE",
        "ACTIVE_STATE": "NORMAL", "BLOCKED": "NO", "INSTANCE_MODE": "REGULAR", "EDITION": "EE",
        "DATABASE_TYPE": "SINGLE", **version,
    }  # fmt: skip
    product = "Oracle Database 19c Enterprise Edition" if modern else "Oracle Database 11g Enterprise Edition"
    return {
        "V$INSTANCE": [about],
        "V$DATABASE": [database(instance)],
        "V$VERSION": [{"BANNER": line, "BANNER_FULL": f"{line}\nVersion {release.full}",
        "BANNER_LEGACY": line} for line in banners(release)],
        "PRODUCT_COMPONENT_VERSION": [
            {"PRODUCT": f"{product} ", "STATUS": "Production" if modern else "64bit Production", **version},
            *([] if modern else [{"PRODUCT": name, "VERSION": release.base, "STATUS": "Production"}
                                 for name in ("NLSRTL ", "PL/SQL ", "TNS for Linux: ")]),
        ],
        "V$OPTION": named("PARAMETER", "VALUE", [("Partitioning", "TRUE"), ("Real Application Clusters", "FALSE"),
                                                 ("Oracle Label Security", "FALSE"), ("Unified Auditing", "FALSE")]),
        "V$RESOURCE_LIMIT": list(limits()),
        "V$PWFILE_USERS": [{"USERNAME": "SYS", "SYSDBA": "TRUE", "SYSOPER": "TRUE", "SYSASM": "FALSE",
                            "SYSBACKUP": "FALSE", "SYSDG": "FALSE", "SYSKM": "FALSE"}],
        "V$TIMEZONE_FILE": [{"FILENAME": "timezlrg_32.dat" if modern else "timezlrg_14.dat",
        "VERSION": 32 if modern else 14}],
        "V$CONTAINERS": [container(instance)],
        "V$PDBS": [],
        "GLOBAL_NAME": [{"GLOBAL_NAME": instance.name}],
        **nls(release),
        **memory(),
    }  # fmt: skip


def banners(release: Release) -> tuple[str, ...]:
    """19c has one line, 11.2 five."""
    if release.major >= 12:
        return (release.banner,)
    parts = ("PL/SQL Release {} - Production", "CORE\t{}\tProduction", "TNS for Linux: Version {} - Production",
             "NLSRTL Version {} - Production")  # fmt: skip
    return (release.banner, *(part.format(release.base) for part in parts))


def container(instance: Instance) -> Row:
    """V$CONTAINERS of a database that is not a container: itself, as number 0."""
    return {"DBID": 1_702_411_309, "CON_UID": 0, "NAME": instance.name, "OPEN_MODE": "READ WRITE", "RESTRICTED": "NO",
            "TOTAL_SIZE": 0, "CREATE_SCN": 0}  # fmt: skip


def database(instance: Instance) -> Row:
    scn = 48_213_377_120
    return {
        "DBID": 1_702_411_309 if instance.name == "JYJC" else 2_213_870_554, "NAME": instance.name,
        "CREATED": instance.created,
        "RESETLOGS_CHANGE#": 1_920_977, "RESETLOGS_TIME": instance.created, "PRIOR_RESETLOGS_CHANGE#": 1,
        "LOG_MODE": "ARCHIVELOG", "CHECKPOINT_CHANGE#": scn, "ARCHIVE_CHANGE#": scn - 51_200,
        "CONTROLFILE_TYPE": "CURRENT",
        "CONTROLFILE_CREATED": instance.created, "CONTROLFILE_SEQUENCE#": 88_412, "CONTROLFILE_CHANGE#": scn,
        "CONTROLFILE_TIME": instance.at, "OPEN_RESETLOGS": "NOT ALLOWED", "VERSION_TIME": instance.created,
        "OPEN_MODE": "READ WRITE", "PROTECTION_MODE": "MAXIMUM PERFORMANCE", "PROTECTION_LEVEL": "MAXIMUM PERFORMANCE",
        "REMOTE_ARCHIVE": "ENABLED", "ACTIVATION#": 1_702_418_001, "SWITCHOVER#": 1_702_418_001,
        "DATABASE_ROLE": "PRIMARY",
        "ARCHIVELOG_CHANGE#": scn, "ARCHIVELOG_COMPRESSION": "DISABLED", "SWITCHOVER_STATUS": "NOT ALLOWED",
        "DATAGUARD_BROKER": "DISABLED", "GUARD_STATUS": "NONE", "FORCE_LOGGING": "NO", "PLATFORM_ID": 13,
        "PLATFORM_NAME": "Linux x86 64-bit", "RECOVERY_TARGET_INCARNATION#": 2, "LAST_OPEN_INCARNATION#": 2,
        "CURRENT_SCN": scn + 4_127, "FLASHBACK_ON": "NO", "DB_UNIQUE_NAME": instance.name,
        "STANDBY_BECAME_PRIMARY_SCN": 0,
        "FS_FAILOVER_STATUS": "DISABLED", "FS_FAILOVER_THRESHOLD": 0, "CONTROLFILE_CONVERTED": "NO", "CDB": "NO",
        "CON_DBID": 0, "FORCE_FULL_DB_CACHING": "NO", "PENDING_ROLE_CHANGE_TASKS": "NOT APPLICABLE",
        **{f"SUPPLEMENTAL_LOG_DATA_{kind}": "NO" for kind in ("MIN", "PK", "UI", "FK", "ALL", "PL", "SR")},
    }  # fmt: skip


def limits() -> Iterator[Row]:
    """Initial and limit are padded on the left to ten characters, as Oracle has them."""
    for name, current, highest, initial, limit in (
        ("processes", 118, 214, "1500", "1500"),
        ("sessions", 132, 241, "2272", "2272"),
        ("enqueue_locks", 41, 103, "27284", "27284"),
        ("enqueue_resources", 37, 81, "10512", "UNLIMITED"),
        ("ges_procs", 0, 0, "0", "0"),
        ("transactions", 2, 19, "2499", "UNLIMITED"),
        ("dml_locks", 4, 88, "9996", "UNLIMITED"),
        ("temporary_table_locks", 0, 6, "UNLIMITED", "UNLIMITED"),
        ("max_rollback_segments", 22, 22, "2499", "65535"),
        ("sort_segment_locks", 1, 12, "UNLIMITED", "UNLIMITED"),
        ("max_shared_servers", 1, 1, "UNLIMITED", "UNLIMITED"),
        ("parallel_max_servers", 0, 8, "80", "32767"),
    ):
        yield {"RESOURCE_NAME": name, "CURRENT_UTILIZATION": current, "MAX_UTILIZATION": highest,
               "INITIAL_ALLOCATION": f"{initial:>10}", "LIMIT_VALUE": f"{limit:>10}"}  # fmt: skip


def nls(release: Release) -> Rows:
    shared = [
        ("NLS_LANGUAGE", "AMERICAN"), ("NLS_TERRITORY", "AMERICA"), ("NLS_CURRENCY", "$"), ("NLS_ISO_CURRENCY",
        "AMERICA"),
        ("NLS_NUMERIC_CHARACTERS", ".,"), ("NLS_CALENDAR", "GREGORIAN"), ("NLS_DATE_FORMAT", "DD-MON-RR"),
        ("NLS_DATE_LANGUAGE", "AMERICAN"), ("NLS_SORT", "BINARY"), ("NLS_TIME_FORMAT", "HH.MI.SSXFF AM"),
        ("NLS_TIMESTAMP_FORMAT", "DD-MON-RR HH.MI.SSXFF AM"), ("NLS_TIME_TZ_FORMAT", "HH.MI.SSXFF AM TZR"),
        ("NLS_TIMESTAMP_TZ_FORMAT", "DD-MON-RR HH.MI.SSXFF AM TZR"), ("NLS_DUAL_CURRENCY", "$"), ("NLS_COMP", "BINARY"),
        ("NLS_LENGTH_SEMANTICS", "BYTE"), ("NLS_NCHAR_CONV_EXCP", "FALSE"),
    ]  # fmt: skip
    charsets = [("NLS_CHARACTERSET", "ZHS16GBK"), ("NLS_NCHAR_CHARACTERSET", "AL16UTF16")]
    whole = named("PARAMETER", "VALUE", [*shared, *charsets, ("NLS_RDBMS_VERSION", release.base)])
    session = [(name, "YYYY-MM-DD HH24:MI:SS" if name == "NLS_DATE_FORMAT" else value) for name, value in shared]
    return {
        "NLS_DATABASE_PARAMETERS": whole,
        "NLS_SESSION_PARAMETERS": named("PARAMETER", "VALUE", session),
        "NLS_INSTANCE_PARAMETERS": named("PARAMETER", "VALUE", shared),
        "V$NLS_PARAMETERS": named("PARAMETER", "VALUE", [*session, *charsets]),
        "DATABASE_PROPERTIES": named("PROPERTY_NAME", "PROPERTY_VALUE", [
            *charsets, ("DEFAULT_TEMP_TABLESPACE", "TEMP"), ("DEFAULT_PERMANENT_TABLESPACE", "USERS"),
            ("DBTIMEZONE", "00:00"), ("DEFAULT_TBS_TYPE", "SMALLFILE")]),
    }  # fmt: skip


def memory() -> Rows:
    """An SGA of 4096 MiB, fixed by sga_target and sga_max_size; figures agree with each other to the byte."""
    fixed, redo, shared, large, java, streams = 9_144_656, 7_639_040, 1008 * MIB, 64 * MIB, 32 * MIB, 16 * MIB
    buffers = 4096 * MIB - fixed - redo - shared - large - java - streams
    granule = 16 * MIB
    pools = [("shared pool", shared), ("large pool", large), ("java pool", java), ("streams pool", streams)]
    components = [*pools, ("DEFAULT buffer cache", buffers), ("KEEP buffer cache", 0), ("RECYCLE buffer cache", 0)]
    info = [("Fixed SGA Size", fixed, "No"), ("Redo Buffers", redo, "No"), ("Buffer Cache Size", buffers, "Yes"),
            ("Shared Pool Size", shared, "Yes"), ("Large Pool Size", large, "Yes"), ("Java Pool Size", java, "Yes"),
            ("Streams Pool Size", streams, "Yes"), ("Shared IO Pool Size", 0, "Yes"), ("Granule Size", granule, "No"),
            ("Maximum SGA Size", 4096 * MIB, "No"), ("Startup overhead in Shared Pool", 211 * MIB, "No"),
            ("Free SGA Memory Available", 0, None)]  # fmt: skip
    stat = [("shared pool", "free memory", 218 * MIB), ("shared pool", "library cache", 164 * MIB),
            ("shared pool", "sql area", 402 * MIB), ("shared pool", "row cache", 8 * MIB),
            ("shared pool", "miscellaneous", 216 * MIB), ("large pool", "free memory", large),
            ("java pool", "free memory", java), ("streams pool", "free memory", streams), (None, "fixed_sga", fixed),
            (None, "buffer_cache", buffers), (None, "log_buffer", redo)]  # fmt: skip
    pga = [("aggregate PGA target parameter", 1024 * MIB, "bytes"), ("aggregate PGA auto target", 722 * MIB, "bytes"),
           ("global memory bound", 102 * MIB, "bytes"), ("total PGA inuse", 264 * MIB, "bytes"),
           ("total PGA allocated", 331 * MIB, "bytes"), ("maximum PGA allocated", 702 * MIB, "bytes"),
           ("total freeable PGA memory", 38 * MIB, "bytes"), ("over allocation count", 0, None),
           ("cache hit percentage", 99.41, "percent"), ("process count", 118, None)]  # fmt: skip
    return {
        "V$SGA": named("NAME", "VALUE", [("Fixed Size", fixed), ("Variable Size", shared + large + java + streams),
                                         ("Database Buffers", buffers), ("Redo Buffers", redo)]),
        "V$SGAINFO": [{"NAME": name, "BYTES": size, "RESIZEABLE": can} for name, size, can in info],
        "V$SGASTAT": [{"POOL": pool, "NAME": name, "BYTES": size} for pool, name, size in stat],
        "V$SGA_DYNAMIC_COMPONENTS": [
            {"COMPONENT": name, "CURRENT_SIZE": size, "MIN_SIZE": size, "MAX_SIZE": size, "USER_SPECIFIED_SIZE": 0,
             "OPER_COUNT": 0, "LAST_OPER_TYPE": "STATIC", "GRANULE_SIZE": granule} for name, size in components],
        "V$PGASTAT": [{"NAME": name, "VALUE": value, "UNIT": unit} for name, value, unit in pga],
    }  # fmt: skip
