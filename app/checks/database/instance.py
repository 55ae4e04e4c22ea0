"""oracle.instance and oracle.database: is every instance open, and is the database in the mode that its role wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.checks.database.errors import SqlRefused
from app.checks.database.reading import listed, require, text
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

INSTANCES = (
    "SELECT INST_ID, INSTANCE_NAME, HOST_NAME, STATUS, LOGINS, PARALLEL, DATABASE_TYPE FROM GV$INSTANCE",  # 12.1+
    "SELECT INST_ID, INSTANCE_NAME, HOST_NAME, STATUS, LOGINS, PARALLEL, NULL FROM GV$INSTANCE",
    "SELECT INSTANCE_NUMBER, INSTANCE_NAME, HOST_NAME, STATUS, LOGINS, PARALLEL, NULL FROM V$INSTANCE",
)
THREADS = "SELECT THREAD#, STATUS, ENABLED, INSTANCE FROM V$THREAD"
DATABASES = (
    "SELECT NAME, OPEN_MODE, LOG_MODE, DATABASE_ROLE, CDB FROM V$DATABASE",  # 12.1+
    "SELECT NAME, OPEN_MODE, LOG_MODE, DATABASE_ROLE, NULL FROM V$DATABASE",  # 9i+
    "SELECT NAME, OPEN_MODE, LOG_MODE, NULL, NULL FROM V$DATABASE",
)
PDBS = (
    "SELECT INST_ID, NAME, OPEN_MODE, RESTRICTED FROM GV$PDBS",
    "SELECT NULL, NAME, OPEN_MODE, RESTRICTED FROM V$PDBS",
)
CONTAINER = "SELECT SYS_CONTEXT('USERENV', 'CON_NAME') FROM DUAL"
# Oracle Database Reference, V$DATABASE: the open modes that go with each role.
MODES: Mapping[str, tuple[str, ...]] = {
    "PRIMARY": ("READ WRITE",),
    "SNAPSHOT STANDBY": ("READ WRITE",),
    "LOGICAL STANDBY": ("READ WRITE", "READ ONLY"),
    "PHYSICAL STANDBY": ("MOUNTED", "READ ONLY", "READ ONLY WITH APPLY"),
    "FAR SYNC": ("MOUNTED",),
    "TRUE CACHE": ("READ ONLY", "READ ONLY WITH APPLY"),
}


NOT_OPEN = ("STARTED", "MOUNTED", "OPEN MIGRATE")
MOUNTED_ROLES = ("PHYSICAL STANDBY", "FAR SYNC")  # whose instances need not be more than mounted


@dataclass(frozen=True)
class Instance:
    """A row of GV$INSTANCE; ``number`` is its INST_ID."""

    number: str
    name: str
    host: str
    status: str
    logins: str


@dataclass(frozen=True)
class Instances:
    """``missing``: instances of enabled threads that are not open, None where that is not known.

    ``role``: the database's, asked for where an instance is only mounted.
    """

    running: tuple[Instance, ...]
    cluster: bool
    missing: tuple[str, ...] | None
    unseen: str = ""  # why that is not known
    role: str = ""


def gather_instance(session: OracleSession, target: Database) -> Instances:  # noqa: ARG001 - the shape of Check.gather
    rows = session.select(*INSTANCES)
    require(rows, "GV$INSTANCE")
    running = tuple(Instance(*map(text, row[:5])) for row in rows)
    cluster = any(text(row[5]).upper() != "NO" for row in rows)
    if any(one.status.upper() == "MOUNTED" for one in running):
        return _mounted(session, running, cluster)
    if not cluster or any(text(row[6]).upper() == "RACONENODE" for row in rows):
        return Instances(running, cluster, ())
    try:
        role = text(session.select(*DATABASES)[0][3]).upper()
        if role not in ("", "PRIMARY"):  # the threads are the primary's
            return Instances(running, True, None, f"数据库角色是 {role}，V$THREAD 里是主库的线程")
        missing, open_threads = _missing(session)
    except SqlRefused as error:
        return Instances(running, True, None, error.reason)
    if len(running) < open_threads and not missing:
        return Instances(running, True, None, f"有 {open_threads} 个线程打开，只看得到 {len(running)} 个实例")
    return Instances(running, True, missing)


def _mounted(session: OracleSession, running: tuple[Instance, ...], cluster: bool) -> Instances:
    """The threads in a standby's control file are the primary's: they do not tell which instances it should have."""
    rows = session.select(*DATABASES)
    role = text(rows[0][3]).upper() if rows else ""
    return Instances(running, cluster, None if cluster else (), "数据库只到 MOUNT，V$THREAD 不说明问题", role)


def _missing(session: OracleSession) -> tuple[tuple[str, ...], int]:
    """Instances of enabled threads that are closed, and how many are open."""
    threads = [tuple(map(text, row)) for row in session.select(THREADS)]
    require(threads, "V$THREAD")
    down = [thread for thread in threads if thread[2].upper() in ("PUBLIC", "PRIVATE") and thread[1].upper() != "OPEN"]
    open_threads = sum(thread[1].upper() == "OPEN" for thread in threads)
    return tuple(name or f"线程 {number}" for number, _, _, name in down), open_threads


def compare_instance(facts: Instances, target: Database, site: Site) -> Verdict:  # noqa: ARG001
    expected = "每个实例 OPEN，允许登录（ALLOWED）"
    actual = "；".join(
        f"{one.name}@{one.host} {one.status or '状态为空'} {one.logins}".rstrip() for one in facts.running
    )
    observed = _observed(facts)
    if facts.missing:
        reason = f"集群中没有运行的实例：{listed(facts.missing)}"
        advice = "请 DBA 执行 srvctl status database 核对，并启动缺少的实例。"
        return Verdict(Outcome.FAIL, expected, f"{actual}；未运行 {listed(facts.missing)}", reason, advice, observed)
    for one in facts.running:
        if one.status.upper() in NOT_OPEN and not _mounted_standby(one, facts):
            advice = "请 DBA 打开该实例（ALTER DATABASE OPEN）后再检查。"
            return Verdict(Outcome.FAIL, expected, actual, f"实例 {one.name} 的状态是 {one.status}", advice, observed)
        if one.logins.upper() == "RESTRICTED":
            advice = "请 DBA 执行 ALTER SYSTEM DISABLE RESTRICTED SESSION 后再检查。"
            return Verdict(Outcome.FAIL, expected, actual, f"实例 {one.name} 处于受限模式", advice, observed)
    unclear = [
        one.name or one.number
        for one in facts.running
        if (one.status.upper() != "OPEN" and not _mounted_standby(one, facts)) or one.logins.upper() != "ALLOWED"
    ]
    if unclear:
        return Verdict(Outcome.UNKNOWN, expected, actual, f"实例 {listed(unclear)} 的状态为空或无法理解", "", observed)
    if facts.missing is None:
        reason = f"无法核对集群中是否有未运行的实例：{facts.unseen}"
        return Verdict(Outcome.UNKNOWN, expected, actual, reason, "请 DBA 执行 srvctl status database 核对。", observed)
    if any(_mounted_standby(one, facts) for one in facts.running):
        reason = f"{facts.role} 的实例只到 MOUNTED：按角色可以，但备库上的数据查不了"
        return Verdict(
            Outcome.WARN, expected, actual, reason, "请与 DBA 确认备库按方案就是 MOUNTED，不需要打开。", observed
        )
    return Verdict(Outcome.PASS, expected, actual, observed=observed)


def _mounted_standby(one: Instance, facts: Instances) -> bool:
    return one.status.upper() == "MOUNTED" and facts.role in MOUNTED_ROLES


def _observed(facts: Instances) -> dict[str, Any]:
    hosts = list(dict.fromkeys(one.host for one in facts.running if one.host))
    instances = [{"name": one.name, "status": one.status} for one in facts.running]
    return {"host": "、".join(hosts), "cluster": facts.cluster, "instances": instances}


@dataclass(frozen=True)
class Mode:
    """V$DATABASE; ``pdb`` is our own pluggable database's name, empty outside of one.

    ``places``: by instance the open mode and RESTRICTED of that one.
    """

    name: str
    open_mode: str
    log_mode: str
    role: str
    pdb: str = ""
    places: tuple[tuple[str, str, str], ...] = ()


def container(session: OracleSession) -> str:
    """The pluggable database that we are in; empty in a root and where there are no containers (before 12.1)."""
    rows = session.select(*DATABASES)
    require(rows, "V$DATABASE")
    if text(rows[0][4]).upper() != "YES":
        return ""
    names = session.select(CONTAINER)
    name = text(names[0][0]) if names else ""
    if not name:
        raise Undetermined("数据库是 CDB，但读不到当前连接的是哪个容器（CON_NAME）")
    return "" if name.upper() == "CDB$ROOT" else name


def gather_database(session: OracleSession, target: Database) -> Mode:  # noqa: ARG001
    rows = session.select(*DATABASES)
    require(rows, "V$DATABASE")
    name, open_mode, log_mode, role, cdb = map(text, rows[0])
    if cdb.upper() != "YES":
        return Mode(name, open_mode, log_mode, role)
    ours = container(session)
    rows = session.select(*PDBS) if ours else []
    places = tuple((text(row[0]), text(row[2]), text(row[3])) for row in rows if text(row[1]) == ours)
    return Mode(name, open_mode, log_mode, role, ours, places)


def compare_database(facts: Mode, target: Database, site: Site) -> Verdict:  # noqa: ARG001
    role = facts.role.upper() or ("PRIMARY" if facts.open_mode.upper() == "READ WRITE" else "")
    wanted = MODES.get(role, ())
    expected = (
        f"{'、'.join(wanted)}（{role}），归档模式 ARCHIVELOG"
        if wanted
        else "打开方式与数据库角色相符，归档模式 ARCHIVELOG"
    )
    actual = f"{facts.name} {facts.open_mode or '打开方式为空'}，角色 {facts.role or '未知'}，{facts.log_mode}"
    if facts.pdb:
        actual += f"；PDB {facts.pdb} {'、'.join(mode for _, mode, _ in facts.places)}"
    observed = {"open_mode": facts.open_mode, "role": facts.role, "log_mode": facts.log_mode, "pdb": facts.pdb}
    if not wanted or not facts.open_mode:
        reason = f"数据库角色“{facts.role}”或打开方式“{facts.open_mode}”无法理解"
        return Verdict(Outcome.UNKNOWN, expected, actual, reason, "请 DBA 查询 V$DATABASE 核对。", observed)
    if facts.open_mode.upper() not in wanted:
        advice = "请 DBA 查明原因后打开数据库（ALTER DATABASE OPEN），或核对连接的是不是主库。"
        return Verdict(Outcome.FAIL, expected, actual, f"{role} 的打开方式是 {facts.open_mode}", advice, observed)
    return _judged_pdb(facts, role, expected, actual, observed) or _judged_log(facts, expected, actual, observed)


def _judged_pdb(facts: Mode, role: str, expected: str, actual: str, observed: Mapping[str, Any]) -> Verdict | None:
    """FAIL where no instance has the pluggable database open as it should be, WARN where some have not."""
    name = facts.pdb
    if not name:
        return None
    if not facts.places or not all(mode for _, mode, _ in facts.places):
        return Verdict(
            Outcome.UNKNOWN, expected, actual, f"读不到 PDB {name} 的打开方式", "请 DBA 查询 V$PDBS 核对。", observed
        )
    unfit = [place for place in facts.places if place[1].upper() not in MODES[role] or place[2].upper() == "YES"]
    if not unfit:
        return None
    instance, mode, restricted = unfit[0]
    where = f"在实例 {instance} 上" if len(facts.places) > 1 else ""
    outcome = Outcome.FAIL if len(unfit) == len(facts.places) else Outcome.WARN
    if mode.upper() not in MODES[role]:
        advice = f"请 DBA 执行 ALTER PLUGGABLE DATABASE {name} OPEN，并 SAVE STATE。"
        return Verdict(outcome, expected, actual, f"PDB {name} {where}的打开方式是 {mode}", advice, observed)
    advice = "请 DBA 查询 PDB_PLUG_IN_VIOLATIONS，处理后重新打开该 PDB。"
    return Verdict(outcome, expected, actual, f"PDB {name} {where}以受限模式打开（{restricted}）", advice, observed)


def _judged_log(facts: Mode, expected: str, actual: str, observed: Mapping[str, Any]) -> Verdict:
    match facts.log_mode.upper():
        case "ARCHIVELOG":
            return Verdict(Outcome.PASS, expected, actual, observed=observed)
        case "NOARCHIVELOG":
            advice = "请与 DBA 商定改为归档模式（ALTER DATABASE ARCHIVELOG，需重启到 MOUNT），否则只能恢复到冷备份。"
            return Verdict(Outcome.WARN, expected, actual, "数据库没有开启归档", advice, observed)
        case "MANUAL":
            advice = "请与 DBA 商定改为自动归档（ALTER DATABASE ARCHIVELOG）。"
            return Verdict(Outcome.WARN, expected, actual, "归档要人工进行（MANUAL）", advice, observed)
    return Verdict(Outcome.UNKNOWN, expected, actual, f"归档模式“{facts.log_mode}”无法理解", "", observed)


def shows_instance(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (*INSTANCES, *DATABASES, THREADS)


def shows_database(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (*DATABASES, CONTAINER, *PDBS)
