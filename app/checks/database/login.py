"""oracle.login: this run's only log-in. oracle.privileges: what the account can see, and whether it can do more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.checks.database import clock, errors, ways
from app.checks.database.blocking import EXPECTED
from app.checks.database.errors import SqlRefused
from app.checks.database.reading import listed, require, text
from app.checks.database.routes import SET_MODULE
from app.checks.database.session import READ_ONLY, LoggedIn
from app.checks.database.version import RELEASES, release
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

SLOW = 1.0  # seconds
# The views that the checks cannot do without, and the release that first has them (Oracle Database Reference).
NEEDED: Mapping[tuple[int, ...], tuple[str, ...]] = {
    (): (
        "V$INSTANCE", "V$DATABASE", "V$VERSION", "V$PARAMETER", "V$SGA", "V$RESOURCE_LIMIT",
        "V$SORT_SEGMENT", "V$THREAD", "V$LOG", "V$LOGFILE", "V$LOG_HISTORY", "V$ARCHIVE_DEST",
        "NLS_DATABASE_PARAMETERS", "DBA_TABLESPACES", "DBA_DATA_FILES", "DBA_FREE_SPACE", "DBA_TEMP_FILES",
        "DBA_ROLLBACK_SEGS", "DBA_USERS", "DBA_TS_QUOTAS", "DBA_SYS_PRIVS", "DBA_ROLE_PRIVS",
        "DBA_PROFILES", "DBA_OBJECTS", "DBA_ERRORS",
    ),
    (9,): ("V$UNDOSTAT", "V$ARCHIVE_DEST_STATUS", "DBA_UNDO_EXTENTS"),
    (9, 2): ("DBA_REGISTRY",),
    (10,): ("V$RECOVERY_FILE_DEST",),
    (12, 1): ("DBA_REGISTRY_SQLPATCH",),
}  # fmt: skip
HEAVY: Mapping[tuple[int, ...], tuple[str, ...]] = {
    (10, 2): ("V$RMAN_BACKUP_JOB_DETAILS",),
    (12, 2): ("V$DIAG_ALERT_EXT",),
}
NEWEST = (99,)
ROLES = "SELECT ROLE FROM SESSION_ROLES"
GRANTED_ROLES = "SELECT GRANTED_ROLE FROM USER_ROLE_PRIVS"  # also those that SET ROLE would still have to enable
PRIVILEGES = "SELECT PRIVILEGE FROM SESSION_PRIVS"
OBJECT_PRIVILEGES = (
    "SELECT OWNER, TABLE_NAME, PRIVILEGE FROM USER_TAB_PRIVS_RECD"
    " WHERE PRIVILEGE IN ('INSERT', 'UPDATE', 'DELETE', 'ALTER', 'INDEX', 'WRITE')"
)
ROLE_PRIVILEGES = (  # what catalogue roles may do to SYS's own tables is Oracle's business
    "SELECT OWNER, TABLE_NAME, PRIVILEGE FROM ROLE_TAB_PRIVS"
    " WHERE PRIVILEGE IN ('INSERT', 'UPDATE', 'DELETE', 'ALTER', 'INDEX', 'WRITE') AND OWNER NOT IN ('SYS', 'SYSTEM')"
)
COLUMN_PRIVILEGES = (
    "SELECT OWNER, TABLE_NAME, PRIVILEGE FROM USER_COL_PRIVS_RECD WHERE PRIVILEGE IN ('INSERT', 'UPDATE')"
)
SCHEMA_PRIVILEGES = "SELECT PRIVILEGE, SCHEMA FROM SESSION_SCHEMA_PRIVS"  # 23ai
ALWAYS = "CREATE SESSION"  # nobody is here without it: an answer that lacks it is none
HARMLESS = re.compile(
    r"CREATE SESSION|ALTER SESSION|RESTRICTED SESSION|SELECT .*|READ .*|FLASHBACK ANY TABLE|LOGMINING"
    r"|DEBUG CONNECT SESSION|(GLOBAL )?QUERY REWRITE|EXEMPT .*|INHERIT .*|ON COMMIT REFRESH|SET CONTAINER"
)
STRONG_ROLES = re.compile(r"DBA|PDB_DBA|CDB_DBA|(DATAPUMP_)?IMP_FULL_DATABASE|DELETE_CATALOG_ROLE|EM_EXPRESS_ALL")


@dataclass(frozen=True)
class Allowed:
    """What the account may do: views it cannot see of ``needed``, and roles and privileges beyond looking."""

    invisible: tuple[str, ...]
    strong: tuple[str, ...]
    needed: int


def gather_login(session: OracleSession, target: Database) -> LoggedIn:  # noqa: ARG001 - the shape of Check.gather
    return session.log_in()


def compare_login(facts: LoggedIn, target: Database, site: Site) -> Verdict:  # noqa: ARG001
    actual = f"{target.user} 登录成功（{facts.route}），用时 {facts.seconds:.3f} 秒"
    if facts.seconds > SLOW:
        advice = "请核对网络时延、主机名反向解析（DNS）与服务器负载。"
        return Verdict(Outcome.WARN, EXPECTED, actual, f"连接用时 {facts.seconds:.3f} 秒，超过 1 秒", advice)
    return Verdict(Outcome.PASS, EXPECTED, actual)


def shows_login(target: Database) -> Sequence[str]:
    name = f"{target.host}:{target.port}/{target.service or target.sid}"
    return (f"以 {target.user} 登录 {name} 一次（口令只试一次）", SET_MODULE, READ_ONLY, clock.SQL, *ways.shows(target))


def probe(view: str) -> str:
    """The statement that shows whether a view is visible, without reading it."""
    return f"SELECT 1 FROM {view} WHERE 1 = 0"


def needed(version: tuple[int, ...], heavy: bool) -> tuple[str, ...]:
    """The views that a release has to show, with those of the ``heavy`` checks where they may be run."""
    known = (*NEEDED.items(), *(HEAVY.items() if heavy else ()))
    return tuple(view for since, views in known if version >= since for view in views)


def at_once(views: Sequence[str]) -> str:
    """The statement that shows whether all of them are visible."""
    return " UNION ALL ".join(map(probe, views))


def gather_privileges(session: OracleSession, target: Database) -> Allowed:
    views = needed(_version(session), target.heavy)
    if not _visible(session, at_once(views)) and (
        invisible := tuple(view for view in views if not _visible(session, probe(view)))
    ):
        return Allowed(invisible, (), len(views))
    roles = dict.fromkeys(text(row[0]) for sql in (ROLES, GRANTED_ROLES) for row in session.select(sql))
    privileges = [text(row[0]) for row in session.select(PRIVILEGES)]
    require([privilege for privilege in privileges if privilege == ALWAYS], "SESSION_PRIVS")
    strong = [f"角色 {role}" for role in roles if STRONG_ROLES.fullmatch(role)]
    strong += [privilege for privilege in privileges if privilege and not HARMLESS.fullmatch(privilege)]
    strong += [
        f"{row[2]} ON {row[0]}.{row[1]}"
        for sql in (OBJECT_PRIVILEGES, COLUMN_PRIVILEGES, ROLE_PRIVILEGES)
        for row in session.select(sql)
    ]
    return Allowed((), (*strong, *_schema_wide(session)), len(views))


def _version(session: OracleSession) -> tuple[int, ...]:
    """Nothing where it cannot be read: only what every release has is then asked for."""
    try:
        return release(session)
    except SqlRefused as error:
        if error.code not in (errors.VIEW_MISSING, errors.NO_PRIVILEGE):
            raise
        return ()
    except Undetermined:
        return ()


def _schema_wide(session: OracleSession) -> list[str]:
    """Privileges over whole schemas; nothing before 23ai, which has no such view."""
    try:
        rows = [(text(row[0]), text(row[1])) for row in session.select(SCHEMA_PRIVILEGES)]
    except SqlRefused as error:
        if error.code != errors.VIEW_MISSING:
            raise
        return []
    return [f"{privilege} ON SCHEMA {schema}" for privilege, schema in rows if not HARMLESS.fullmatch(privilege)]


def _visible(session: OracleSession, sql: str) -> bool:
    try:
        session.select(sql)
    except SqlRefused as error:
        if error.code in (errors.VIEW_MISSING, errors.NO_PRIVILEGE):
            return False
        raise
    return True


def compare_privileges(facts: Allowed, target: Database, site: Site) -> Verdict:  # noqa: ARG001
    expected = f"看得到所需的 {facts.needed} 个视图，没有写权限"
    if facts.invisible:
        actual = f"看不到 {listed(facts.invisible)}"
        return Verdict(Outcome.FAIL, expected, actual, f"检查账号{actual}", errors.GRANT)
    if facts.strong:
        actual = f"所需视图都看得到；另有 {listed(facts.strong, 6)}"
        advice = "检查账号只需 CREATE SESSION 与 SELECT ANY DICTIONARY；请 DBA 收回多余权限，或另建只读账号。"
        return Verdict(Outcome.WARN, expected, actual, f"检查账号有查看以外的权限：{listed(facts.strong, 6)}", advice)
    return Verdict(Outcome.PASS, expected, "所需视图都看得到，没有写权限")


def shows_privileges(target: Database) -> Sequence[str]:
    releases = sorted({*NEEDED, *HEAVY})
    together = dict.fromkeys(at_once(needed(version, target.heavy)) for version in releases)
    return (
        *RELEASES, *together, *map(probe, needed(NEWEST, target.heavy)), ROLES, GRANTED_ROLES, PRIVILEGES,
        OBJECT_PRIVILEGES, COLUMN_PRIVILEGES, ROLE_PRIVILEGES, SCHEMA_PRIVILEGES,
    )  # fmt: skip
