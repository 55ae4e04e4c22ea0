"""Accounts, privileges, profiles, sessions and components of the rehearsal site's databases.

The inspection's own account may log in and read the dictionary and the application's tables, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.rehearsal.oracle.instance import HOST, Instance, Row, Rows
from app.rehearsal.oracle.schema import tables

CHECK_USER = "JYJC_CHECK"
SYSTEM_PRIVILEGES = ("CREATE SESSION", "SELECT ANY DICTIONARY")
LIMITS = {
    "COMPOSITE_LIMIT": "UNLIMITED", "SESSIONS_PER_USER": "UNLIMITED", "CPU_PER_SESSION": "UNLIMITED",
    "CPU_PER_CALL": "UNLIMITED", "LOGICAL_READS_PER_SESSION": "UNLIMITED", "LOGICAL_READS_PER_CALL": "UNLIMITED",
    "IDLE_TIME": "UNLIMITED", "CONNECT_TIME": "UNLIMITED", "PRIVATE_SGA": "UNLIMITED",
}  # fmt: skip
PASSWORD_LIMITS = {
    "FAILED_LOGIN_ATTEMPTS": "10", "PASSWORD_LIFE_TIME": "UNLIMITED", "PASSWORD_REUSE_TIME": "UNLIMITED",
    "PASSWORD_REUSE_MAX": "UNLIMITED", "PASSWORD_VERIFY_FUNCTION": "NULL", "PASSWORD_LOCK_TIME": "1",
    "PASSWORD_GRACE_TIME": "7",
}  # fmt: skip
DBA_PRIVILEGES = (
    "ALTER DATABASE", "ALTER SYSTEM", "CREATE ANY TABLE", "CREATE SESSION", "CREATE USER", "DELETE ANY TABLE",
    "DROP ANY TABLE", "DROP USER", "INSERT ANY TABLE", "SELECT ANY DICTIONARY", "SELECT ANY TABLE", "UPDATE ANY TABLE",
)  # fmt: skip
RESOURCE_PRIVILEGES = (
    "CREATE CLUSTER", "CREATE INDEXTYPE", "CREATE OPERATOR", "CREATE PROCEDURE", "CREATE SEQUENCE", "CREATE TABLE",
    "CREATE TRIGGER", "CREATE TYPE",
)  # fmt: skip
COMPONENTS = {
    "CATALOG": ("Oracle Database Catalog Views", "SYS"),
    "CATPROC": ("Oracle Database Packages and Types", "SYS"),
    "JAVAVM": ("JServer JAVA Virtual Machine", "SYS"),
    "XML": ("Oracle XDK", "SYS"),
    "XDB": ("Oracle XML Database", "XDB"),
    "OWM": ("Oracle Workspace Manager", "WMSYS"),
}


def rows(instance: Instance) -> Rows:
    users = [user(instance, *account) for account in accounts(instance)]
    own = next(row for row in users if row["USERNAME"] == CHECK_USER)
    return {
        "DBA_USERS": users,
        "ALL_USERS": users,
        "USER_USERS": [own],
        "DBA_USERS_WITH_DEFPWD": [{"USERNAME": name} for name in ("OUTLN", "DBSNMP")],
        "DBA_TS_QUOTAS": [
            {"TABLESPACE_NAME": f"{instance.name}_{kind}", "USERNAME": instance.name, "BYTES": size, "MAX_BYTES": -1,
             "BLOCKS": size // 8192, "MAX_BLOCKS": -1, "DROPPED": "NO"}
            for kind, size in (("DATA", 3_311 * 1024 * 1024), ("INDEX", 1_408 * 1024 * 1024))],
        **privileges(instance),
        "DBA_PROFILES": list(profiles()),
        **sessions(instance),
        **components(instance),
    }  # fmt: skip


def accounts(instance: Instance) -> list[tuple[str, int, str, str, bool]]:
    """Name, number, state, default tablespace, and whether Oracle itself made it."""
    return [
        ("SYS", 0, "OPEN", "SYSTEM", True),
        ("SYSTEM", 9 if instance.release.major >= 12 else 5, "OPEN", "SYSTEM", True),
        ("OUTLN", 13, "EXPIRED & LOCKED", "SYSTEM", True),
        ("DBSNMP", 24, "EXPIRED & LOCKED", "SYSAUX", True),
        ("XDB", 61, "EXPIRED & LOCKED", "SYSAUX", True),
        ("WMSYS", 66, "EXPIRED & LOCKED", "SYSAUX", True),
        (instance.name, 105, "OPEN", f"{instance.name}_DATA", False),
        (CHECK_USER, 107, "OPEN", "USERS", False),
    ]


def user(instance: Instance, name: str, number: int, state: str, tablespace: str, oracle: bool) -> Row:
    closed = state != "OPEN"
    return {
        "USERNAME": name, "USER_ID": number, "ACCOUNT_STATUS": state, "LOCK_DATE": instance.created if closed else None,
        "EXPIRY_DATE": instance.created if closed else None, "DEFAULT_TABLESPACE": tablespace,
        "TEMPORARY_TABLESPACE": "TEMP", "CREATED": instance.created if oracle else instance.days_ago(398),
        "PROFILE": "DEFAULT",
        "INITIAL_RSRC_CONSUMER_GROUP": "SYS_GROUP" if name == "SYS" else "DEFAULT_CONSUMER_GROUP",
        "PASSWORD_VERSIONS": "11G 12C " if instance.release.major >= 12 else "10G 11G ", "EDITIONS_ENABLED": "N",
        "AUTHENTICATION_TYPE": "PASSWORD", "LOCAL_TEMP_TABLESPACE": "TEMP", "PROXY_ONLY_CONNECT": "N", "COMMON": "NO",
        "ORACLE_MAINTAINED": "Y" if oracle else "N", "INHERITED": "NO", "DEFAULT_COLLATION": "USING_NLS_COMP",
        "IMPLICIT": "NO", "ALL_SHARD": "NO", "PASSWORD_CHANGE_DATE": instance.days_ago(398),
    }  # fmt: skip


def granted(names: Iterable[str], grantee: str, column: str = "PRIVILEGE", **more: str) -> list[Row]:
    fixed = {"ADMIN_OPTION": "NO", "COMMON": "NO", "INHERITED": "NO", **more}
    return [{"GRANTEE": grantee, column: name, **fixed} for name in names]


def privileges(instance: Instance) -> Rows:
    role = {"DEFAULT_ROLE": "YES", "DELEGATE_OPTION": "NO"}
    objects = [
        {"GRANTEE": CHECK_USER, "OWNER": table.owner, "TABLE_NAME": table.name, "GRANTOR": table.owner,
         "PRIVILEGE": "SELECT", "GRANTABLE": "NO", "HIERARCHY": "NO", "COMMON": "NO", "TYPE": "TABLE",
         "INHERITED": "NO"}
        for table in tables(instance)]  # fmt: skip
    own = granted(SYSTEM_PRIVILEGES, CHECK_USER)
    return {
        "DBA_SYS_PRIVS": [*own, *granted(DBA_PRIVILEGES, "DBA"), *granted(RESOURCE_PRIVILEGES, "RESOURCE"),
                          *granted(("CREATE SESSION",), "CONNECT"), *granted(("UNLIMITED TABLESPACE",), "SYSTEM"),
                          *granted(("SELECT ANY DICTIONARY", "CREATE SESSION"), "DBSNMP")],
        "USER_SYS_PRIVS": [{**row, "USERNAME": CHECK_USER} for row in own],
        "DBA_ROLE_PRIVS": [*granted(("DBA",), "SYS", "GRANTED_ROLE", **role), *granted(("DBA",), "SYSTEM",
        "GRANTED_ROLE", **role),
                           *granted(("CONNECT", "RESOURCE"), instance.name, "GRANTED_ROLE", **role)],
        "USER_ROLE_PRIVS": [],
        "DBA_TAB_PRIVS": objects,
        "ALL_TAB_PRIVS": [{**row, "TABLE_SCHEMA": row["OWNER"]} for row in objects],
        "USER_TAB_PRIVS": objects,
        "USER_TAB_PRIVS_RECD": objects,
        "SESSION_PRIVS": [{"PRIVILEGE": name} for name in SYSTEM_PRIVILEGES],
        "DBA_ROLES": [{"ROLE": name, "PASSWORD_REQUIRED": "NO", "AUTHENTICATION_TYPE": "NONE", "COMMON": "NO",
                       "ORACLE_MAINTAINED": "Y"} for name in ("CONNECT", "RESOURCE", "DBA", "SELECT_CATALOG_ROLE")],
    }  # fmt: skip


def profiles() -> Iterable[Row]:
    for kind, limits in (("KERNEL", LIMITS), ("PASSWORD", PASSWORD_LIMITS)):
        for name, limit in limits.items():
            yield {"PROFILE": "DEFAULT", "RESOURCE_NAME": name, "RESOURCE_TYPE": kind, "LIMIT": limit, "COMMON": "NO",
                   "INHERITED": "NO", "IMPLICIT": "NO"}  # fmt: skip


def sessions(instance: Instance) -> Rows:
    """Background processes, the application's pool and the session that asks."""
    background = [
        (number, None, f"oracle@{HOST} ({name})", "BACKGROUND")
        for number, name in enumerate(("PMON", "DBW0", "LGWR", "CKPT", "SMON"), 1)
    ]
    pool = [(number, instance.name, "JDBC Thin Client", "USER") for number in range(21, 29)]
    return {
        "V$SESSION": [session(instance, *one) for one in (*background, *pool, (71, CHECK_USER, "onsite", "USER"))],
        "V$PROCESS": [{"PID": number, "SPID": str(2400 + number), "PROGRAM": program, "BACKGROUND": "1"} for number, _,
        program, _ in background],
        "V$LICENSE": [{"SESSIONS_MAX": 0, "SESSIONS_WARNING": 0, "SESSIONS_CURRENT": 9, "SESSIONS_HIGHWATER": 41,
                       "USERS_MAX": 0, "CPU_COUNT_CURRENT": 16}],
        "V$OSSTAT": [{"STAT_NAME": "NUM_CPUS", "VALUE": 16}, {"STAT_NAME": "PHYSICAL_MEMORY_BYTES",
        "VALUE": 33_538_154_496}],
        **{view: [{"SERVICE_ID": number, "NAME": name, "NETWORK_NAME": network, "CREATION_DATE": instance.created,
        "BLOCKED": "NO",
                   "GOAL": "NONE", "DTP": "N", "CLB_GOAL": "LONG"}
                  for number, (name, network) in enumerate((("SYS$BACKGROUND", None), ("SYS$USERS", None),
                      (instance.name, instance.name)), 1)]
           for view in ("V$SERVICES", "V$ACTIVE_SERVICES")},
    }  # fmt: skip


def session(instance: Instance, number: int, user: str | None, program: str, kind: str) -> Row:
    asking = user == CHECK_USER
    return {
        "SID": number, "SERIAL#": 100 + number, "AUDSID": 0 if kind == "BACKGROUND" else 48_000 + number, "USER#": 0,
        "USERNAME": user, "COMMAND": 3 if asking else 0,
        "STATUS": "ACTIVE" if asking or kind == "BACKGROUND" else "INACTIVE",
        "SERVER": "DEDICATED", "SCHEMANAME": user or "SYS", "OSUSER": "weblogic" if user else "oracle",
        "MACHINE": "jyjc-app-server01" if user else HOST, "PROGRAM": program, "TYPE": kind,
        "LAST_CALL_ET": 0 if asking else 37,
        "LOGON_TIME": instance.at if asking else instance.started, "BLOCKING_SESSION_STATUS": "NO HOLDER",
        "FINAL_BLOCKING_SESSION_STATUS": "NO HOLDER", "EVENT": "SQL*Net message from client", "WAIT_CLASS": "Idle",
        "WAIT_TIME": 0, "SECONDS_IN_WAIT": 12, "STATE": "WAITING",
        "SERVICE_NAME": instance.name if user else "SYS$BACKGROUND",
    }  # fmt: skip


def components(instance: Instance) -> Rows:
    release = instance.release
    return {
        "DBA_REGISTRY": [
            {"COMP_ID": name, "COMP_NAME": title, "VERSION": release.base, "VERSION_FULL": release.full,
            "STATUS": "VALID",
             "MODIFIED": "15-OCT-2025 10:22:41", "NAMESPACE": "SERVER", "CONTROL": "SYS", "SCHEMA": schema}
            for name, (title, schema) in COMPONENTS.items()],
        "DBA_REGISTRY_SQLPATCH": [
            {"INSTALL_ID": 1, "PATCH_ID": 35_943_157, "PATCH_UID": 25_527_362, "PATCH_TYPE": "RU", "ACTION": "APPLY",
             "STATUS": "SUCCESS", "ACTION_TIME": instance.days_ago(405), "SOURCE_VERSION": "19.1.0.0.0",
             "TARGET_VERSION": release.full, "DESCRIPTION": "Database Release Update : 19.22.0.0.240116 (35943157)"}],
        "DBA_REGISTRY_HISTORY": [{"ACTION_TIME": instance.days_ago(405), "ACTION": "APPLY", "NAMESPACE": "SERVER",
                                  "VERSION": release.base, "ID": 0, "BUNDLE_SERIES": "PSU",
                                  "COMMENTS": "PSU 11.2.0.4.201020"}]
        if release.major < 12 else [],
    }  # fmt: skip
