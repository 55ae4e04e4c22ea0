"""oracle.users: the planned users' state, default tablespace, quota, roles and password expiry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.checks.database.findings import Finding, judged
from app.checks.database.reading import (
    at_least,
    found_name,
    listed,
    literal,
    moment,
    not_planned,
    number_or_none,
    require,
    text,
)
from app.checks.database.tablespaces import TABLESPACES, listed_tablespaces
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

NOW = "SELECT SYSDATE FROM DUAL"
PROFILES = "SELECT PROFILE, \"LIMIT\" FROM DBA_PROFILES WHERE RESOURCE_NAME = 'PASSWORD_LIFE_TIME'"
EXPIRES_SOON = timedelta(days=30)
NEARLY_FULL = 97  # percent of a quota
ALWAYS = "SYS"  # every database has it: an answer without it is none
SYSTEM_TABLESPACES = ("SYSTEM", "SYSAUX")


def names(planned: Sequence[str]) -> tuple[str, ...]:
    """The names that a plan may mean: as written, and in capitals."""
    bare = [name.strip().strip('"') for name in planned]
    return tuple(dict.fromkeys(one for name in bare for one in (name, name.upper())))


def statements(target: Database) -> dict[str, str]:
    """The queries about the planned users; those of the account that logs in where none are planned."""
    asked = (ALWAYS, *names(target.expect.users or (target.user,)))
    listed_names = ", ".join(map(literal, dict.fromkeys(asked)))
    return {
        "users": "SELECT USERNAME, ACCOUNT_STATUS, DEFAULT_TABLESPACE, EXPIRY_DATE, PROFILE FROM DBA_USERS"
        f" WHERE USERNAME IN ({listed_names})",
        "quotas": "SELECT USERNAME, TABLESPACE_NAME, BYTES, MAX_BYTES FROM DBA_TS_QUOTAS"
        f" WHERE USERNAME IN ({listed_names})",
        "unlimited": "SELECT GRANTEE FROM DBA_SYS_PRIVS WHERE PRIVILEGE = 'UNLIMITED TABLESPACE'"
        f" AND GRANTEE IN ({listed_names})",
        "roles": f"SELECT GRANTEE, GRANTED_ROLE FROM DBA_ROLE_PRIVS WHERE GRANTEE IN ({listed_names})",
    }


@dataclass(frozen=True)
class User:
    """``quota``: used and most bytes on the default tablespace, most -1 without limit; None for no quota.

    ``life_time``: PASSWORD_LIFE_TIME of the profile, DEFAULT resolved; empty when it is not known.
    """

    name: str
    status: str
    tablespace: str
    expiry: datetime | None
    unlimited: bool
    quota: tuple[int, int] | None
    life_time: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Users:
    """``tablespaces``: all that there are."""

    users: Mapping[str, User]
    now: datetime | None
    tablespaces: frozenset[str]


def gather(session: OracleSession, target: Database) -> Users:
    sql = statements(target)
    rows = session.select(sql["users"])
    require([row for row in rows if text(row[0]) == ALWAYS], "DBA_USERS")
    quotas = {(text(row[0]), text(row[1])): _quota(row) for row in session.select(sql["quotas"])}
    unlimited = {text(row[0]) for row in session.select(sql["unlimited"])}
    profiles = {text(row[0]): text(row[1]).upper() for row in session.select(PROFILES)}
    roles = [(text(row[0]), text(row[1])) for row in session.select(sql["roles"])]
    clock = session.select(NOW)
    users = {}
    for row in rows:
        name, status, tablespace = text(row[0]), text(row[1]).upper(), text(row[2])
        life_time = profiles.get(text(row[4]), "")
        users[name] = User(
            name,
            status,
            tablespace,
            moment(row[3], f"用户 {name} 的到期日"),
            name in unlimited,
            quotas.get((name, tablespace)),
            profiles.get("DEFAULT", "") if life_time == "DEFAULT" else life_time,
            tuple(role for grantee, role in roles if grantee == name),
        )
    known = frozenset(name for name, _, _ in listed_tablespaces(session))
    return Users(users, moment(clock[0][0] if clock else None, "SYSDATE"), known)


def _quota(row: Sequence[Any]) -> tuple[int, int]:
    what = f"用户 {text(row[0])} 的配额"
    if row[3] in (-1, "-1"):
        return number_or_none(row[2], what) or 0, -1
    most = number_or_none(row[3], what)
    if most is None:
        raise Undetermined(f"{what} 是空值，无法判断")
    return number_or_none(row[2], what) or 0, most


def compare(facts: Users, target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    planned = target.expect.users
    found = {name: found_name(name, facts.users) for name in planned or (target.user,)}
    present = [facts.users[name] for name in dict.fromkeys(found.values()) if name]
    observed = {"users": [{"name": one.name, "status": one.status, "tablespace": one.tablespace} for one in present]}
    actual = "；".join(map(_figures, present)) or "方案中的用户都没有"
    if not planned:
        return not_planned(actual, observed, "users")
    findings = [
        Finding(Outcome.FAIL, f"没有用户 {name}", f"请 DBA 按方案创建（CREATE USER {name} …）。")
        for name, real in found.items()
        if not real
    ]
    for one in present:
        findings += [*_state(one), *_expiry(one, facts.now), *_storage(one, facts.tablespaces)]
    expected = f"{listed(planned)} 存在，OPEN，口令不过期，默认表空间不是 SYSTEM/SYSAUX，有配额"
    return judged(expected, actual, findings, observed)


def _figures(one: User) -> str:
    roles = f"，角色 {listed(one.roles, 5)}" if one.roles else ""
    return f"{one.name} {one.status}，默认表空间 {one.tablespace}{roles}"


def _state(one: User) -> list[Finding]:
    """ACCOUNT_STATUS is one word or several joined by & (Oracle Database Reference, DBA_USERS)."""
    words = {word.strip() for word in one.status.split("&")}
    name = one.name
    findings = []
    if words & {"LOCKED", "LOCKED(TIMED)"}:
        advice = f"请 DBA 查明原因后执行 ALTER USER {name} ACCOUNT UNLOCK。"
        findings.append(Finding(Outcome.FAIL, f"用户 {name} 已锁定（{one.status}）", advice))
    if "EXPIRED" in words:
        advice = f"请 DBA 重设 {name} 的口令，并同步修改应用的数据源。"
        findings.append(Finding(Outcome.FAIL, f"用户 {name} 的口令已过期（{one.status}）", advice))
    if "EXPIRED(GRACE)" in words:
        advice = f"请 DBA 在宽限期内重设 {name} 的口令，并同步修改应用的数据源。"
        findings.append(Finding(Outcome.WARN, f"用户 {name} 的口令已到期，在宽限期内（{one.status}）", advice))
    strange = words - {"OPEN", "LOCKED", "LOCKED(TIMED)", "EXPIRED", "EXPIRED(GRACE)", "IN ROLLOVER"}
    if strange:
        findings.append(Finding(Outcome.UNKNOWN, f"用户 {name} 的状态“{one.status}”无法理解"))
    return findings


def _expiry(one: User, now: datetime | None) -> list[Finding]:
    """Dates and lifetimes of a password that still works; one that has expired is told by its state."""
    if "EXPIRED" in one.status:
        return []
    findings = []
    advice = f"请 DBA 与应用方商定：重设 {one.name} 的口令，或把其配置文件的 PASSWORD_LIFE_TIME 设为 UNLIMITED。"
    if one.expiry is not None and now is None:
        findings.append(Finding(Outcome.UNKNOWN, f"读不到数据库时间，无法判断用户 {one.name} 的到期日"))
    elif one.expiry is not None and now is not None and one.expiry - now <= EXPIRES_SOON:
        days = (one.expiry - now).total_seconds() / 86400
        when = f"还有 {days:.1f} 天到期" if days > 0 else "已过到期日，下次登录起进入宽限期"
        findings.append(Finding(Outcome.WARN, f"用户 {one.name} 的口令{when}（{one.expiry:%Y-%m-%d %H:%M}）", advice))
    if not one.life_time:
        findings.append(Finding(Outcome.UNKNOWN, f"读不到用户 {one.name} 的 PASSWORD_LIFE_TIME"))
    elif one.life_time != "UNLIMITED":
        reason = f"用户 {one.name} 的口令有有效期（PASSWORD_LIFE_TIME {one.life_time} 天）"
        findings.append(Finding(Outcome.WARN, reason, advice))
    return findings


def _storage(one: User, tablespaces: frozenset[str]) -> list[Finding]:
    findings = []
    if one.tablespace not in tablespaces:  # one may be dropped while it is somebody's default
        advice = f"请 DBA 执行 ALTER USER {one.name} DEFAULT TABLESPACE 业务表空间。"
        return [Finding(Outcome.WARN, f"用户 {one.name} 的默认表空间 {one.tablespace} 不存在", advice)]
    if one.tablespace.upper() in SYSTEM_TABLESPACES:
        advice = f"请 DBA 执行 ALTER USER {one.name} DEFAULT TABLESPACE 业务表空间。"
        findings.append(Finding(Outcome.WARN, f"用户 {one.name} 的默认表空间是 {one.tablespace}", advice))
    if one.unlimited:
        return findings
    grant = f"请 DBA 执行 ALTER USER {one.name} QUOTA UNLIMITED ON {one.tablespace}。"
    if one.quota is None or one.quota[1] == 0:
        findings.append(Finding(Outcome.WARN, f"用户 {one.name} 在 {one.tablespace} 上没有配额", grant))
    elif one.quota[1] > 0 and at_least(one.quota[0], one.quota[1], NEARLY_FULL):
        findings.append(Finding(Outcome.WARN, f"用户 {one.name} 在 {one.tablespace} 上的配额已用完或将用完", grant))
    return findings


def shows(target: Database) -> Sequence[str]:
    return (*statements(target).values(), PROFILES, NOW, TABLESPACES)
