"""oracle.alerts: errors of the last day in the alert log, from the view that holds it (12.2+) or from the file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.checks.database import alert_log
from app.checks.database.alert_log import DAY, Clock, Errors
from app.checks.database.errors import COLUMN_MISSING, NO_PRIVILEGE, VIEW_MISSING, SqlRefused
from app.checks.database.findings import Finding, judged
from app.checks.database.instance import CONTAINER, DATABASES, container
from app.checks.database.reading import listed, moment, number, require, text
from app.checks.database.redo import NOW, now_of
from app.checks.host import commands
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

INSTANCE = "SELECT INSTANCE_NAME, HOST_NAME, PARALLEL, STARTUP_TIME FROM V$INSTANCE"
_ANY = "SELECT COUNT(*) FROM {}$DIAG_ALERT_EXT WHERE COMPONENT_ID = 'rdbms' AND ROWNUM <= 1"
MOST = 5000  # entries with errors that are looked at
_ENTRIES = (
    "SELECT TO_CHAR(ORIGINATING_TIMESTAMP, 'YYYY-MM-DD HH24:MI:SS'), MESSAGE_TEXT FROM {}$DIAG_ALERT_EXT"
    " WHERE ORIGINATING_TIMESTAMP >= SYSTIMESTAMP - INTERVAL '1' DAY AND COMPONENT_ID = 'rdbms'"
    " AND MESSAGE_TEXT LIKE '%ORA-%'"
)
_SERIOUS = " AND (MESSAGE_TEXT LIKE '%600%' OR MESSAGE_TEXT LIKE '%7445%' OR MESSAGE_TEXT LIKE '%4031%')"
_CAPPED = f" AND ROWNUM <= {MOST}"
MARGIN = timedelta(hours=1)
EVERYWHERE, HERE = "GV", "V"
FOLDERS = (
    "SELECT VALUE FROM V$DIAG_INFO WHERE NAME = 'Diag Trace'",  # 11g+
    "SELECT VALUE FROM V$PARAMETER WHERE NAME = 'background_dump_dest'",
)
NO_VIA = (
    "请在 site.toml 给该数据库写 via（数据库主机的 [[host]]），由它读告警日志文件；或请 DBA 用 adrci 查看后附上记录。"
)


@dataclass(frozen=True)
class Instance:
    """Whose log it is; ``started`` by the server's own time."""

    name: str
    host: str
    parallel: str
    started: datetime | None

    @property
    def cluster(self) -> bool:
        return self.parallel.upper() != "NO"


@dataclass(frozen=True)
class Alerts:
    """``missing``: why not all of the last day was seen, empty where it was."""

    source: str
    errors: Errors
    missing: str = ""


def statements(scope: str) -> tuple[str, str, str]:
    """Whether the view holds anything, its entries with errors, and of too many the grave ones."""
    entries = _ENTRIES.format(scope)
    return _ANY.format(scope), f"{entries}{_CAPPED}", f"{entries}{_SERIOUS}{_CAPPED}"


def gather(session: OracleSession, target: Database) -> Alerts:
    rows = session.select(INSTANCE)
    require(rows, "V$INSTANCE")
    name, host, parallel = map(text, rows[0][:3])
    instance = Instance(name, host, parallel, moment(rows[0][3], "实例的启动时间"))
    try:
        seen: Alerts | None = _of_view(session, instance.cluster)
        why = seen.missing if seen else ""
    except SqlRefused as error:
        if error.code not in (VIEW_MISSING, COLUMN_MISSING, NO_PRIVILEGE):
            raise
        seen, why = None, error.reason
    if seen is not None and (not why or seen.errors.serious):
        return seen
    try:
        return _with(seen, _of_file(session, target, instance))
    except Undetermined as error:
        if seen is None:
            raise Undetermined(f"看不到告警日志的视图（{why}）；{error.reason}", error.advice or NO_VIA) from None
        return replace(seen, missing=f"{why}；{error.reason}")


def _of_view(session: OracleSession, cluster: bool) -> Alerts:
    scope = _scope(session)
    present, entries, grave = statements(scope)
    counted = session.select(present)
    if not counted or not number(counted[0][0], "告警日志的行数"):
        return Alerts("V$DIAG_ALERT_EXT", Errors(), "V$DIAG_ALERT_EXT 是空的")
    rows = session.select(entries)
    missing = ""
    if len(rows) >= MOST:
        rows = [*rows, *session.select(grave)]
        missing = f"一天内有 ORA- 的记录超过 {MOST} 条，没有全看"
    if cluster and scope == HERE:
        missing = "集群数据库，只看得到本实例的告警"
    if pdb := container(session):
        missing = f"从 PDB {pdb} 里只看得到本 PDB 的告警"
    lines = [f"{text(row[0])} {line}" for row in rows for line in text(row[1]).splitlines()]
    return Alerts(f"{scope}$DIAG_ALERT_EXT", alert_log.errors(lines), missing)


def _scope(session: OracleSession) -> str:
    """Whether the view of all instances can be read, or that of this one. Raises SqlRefused."""
    try:
        session.select(_ANY.format(EVERYWHERE))
    except SqlRefused as error:
        if error.code not in (VIEW_MISSING, COLUMN_MISSING, NO_PRIVILEGE):
            raise
        return HERE
    return EVERYWHERE


def _of_file(session: OracleSession, target: Database, instance: Instance) -> Alerts:
    """From the file's tail on the ``via`` host. Raises Undetermined."""
    if not target.via:
        raise Undetermined("没有写 via，读不到告警日志文件", NO_VIA)
    folder = _folder(session)
    local = now_of(session)
    utc = alert_log.in_utc(time.time() + (session.offset_seconds or 0.0))
    lent = session.via()
    system = lent.system().partition(" ")[0]
    command = commands.alert_log(folder, instance.name, system)
    if not command:
        raise Undetermined(f"告警日志的目录“{folder[:120]}”不能用作命令的参数", NO_VIA)
    node = lent.run(commands.NODE).stdout.strip()
    if node.partition(".")[0].lower() != instance.host.partition(".")[0].lower():
        raise Undetermined(f"via 主机是 {node[:60]}，数据库在 {instance.host[:60]} 上", NO_VIA)
    printed = lent.run(command, seconds=30.0, kept=alert_log.noted)
    if printed.status or not printed.stdout.strip():
        said = " ".join((printed.stderr or "文件是空的").split())[:120]
        raise Undetermined(f"读不到告警日志文件：{said}", "请 DBA 核对路径，并让登录用户能读该文件（如加入 dba 组）。")
    whole = len(printed.output) < commands.ALERT_TAIL and system != "HP-UX"  # whose tail gives 20 KiB at most
    tail = alert_log.read(printed.stdout, Clock(local, utc), whole)
    if tail.covers is None or tail.latest is None:
        raise Undetermined("告警日志里没有能认出的时间", "请 DBA 人工查看告警日志。")
    if instance.started is None or tail.latest > local - instance.started + MARGIN:  # starting is written there
        raise Undetermined("告警日志最后的记录早于实例的启动，不是正在写的那个文件", "请 DBA 核对告警日志的位置。")
    missing = "" if whole or tail.covers >= DAY else f"告警日志的尾部只有 {tail.covers.total_seconds() / 3600:.1f} 小时"
    if instance.cluster:
        missing = "集群数据库，只看了一个实例的告警日志文件"
    return Alerts(f"{node} 上的告警日志文件", tail.errors, missing)


def _folder(session: OracleSession) -> str:
    for sql in FOLDERS:
        try:
            found = next((text(row[0]) for row in session.select(sql)), "")
        except SqlRefused as error:
            if error.code not in (VIEW_MISSING, COLUMN_MISSING, NO_PRIVILEGE):
                raise
            continue
        if found:
            return found.rstrip("/")
    raise Undetermined("读不到告警日志的目录（V$DIAG_INFO、background_dump_dest）", NO_VIA)


def _with(seen: Alerts | None, filed: Alerts) -> Alerts:
    """The file has what the view has, and more; of a view that shows more errors the codes stay."""
    if seen is None or not seen.errors.counts:
        return filed
    extra = [one for one in seen.errors.counts if one[0] not in dict(filed.errors.counts)]
    samples = [one for one in seen.errors.samples if one[0] in dict(extra)]
    errors = Errors((*filed.errors.counts, *extra), (*filed.errors.samples, *samples), filed.errors.ours)
    return Alerts(f"{filed.source}、{seen.source}", errors, filed.missing)


def compare(facts: Alerts, target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    counts = [f"ORA-{code:05d} {count} 次" for code, count in facts.errors.counts]
    samples = dict(facts.errors.samples)
    findings = []
    if serious := facts.errors.serious:
        said = "；".join(samples[code] for code in serious)
        advice = "请 DBA 按告警日志写出的跟踪文件查原因（adrci ips 打包），联系厂商支持；处理后满一天再检查。"
        findings.append(Finding(Outcome.FAIL, f"告警日志一天内有严重错误：{said}", advice))
    others = [code for code, _ in facts.errors.counts if code not in serious]
    if others:
        said = "；".join(samples[code] for code in others[:3])
        reason = f"告警日志一天内有 {listed([f'ORA-{code:05d}' for code in others])}：{said}"
        findings.append(Finding(Outcome.WARN, reason, "请 DBA 逐条查明这些错误的原因，排除后满一天再检查。"))
    if facts.missing:
        findings.append(Finding(Outcome.UNKNOWN, facts.missing, NO_VIA))
    actual = f"{facts.source}：{listed(counts, 12) or '一天内没有 ORA- 错误'}"
    if facts.errors.ours:
        actual += f"（探测监听留下的 ORA-3136、ORA-00609 {facts.errors.ours} 次未计）"
    observed = {"errors": [{"code": code, "count": count} for code, count in facts.errors.counts[:50]]}
    return judged("一天内告警日志没有 ORA- 错误", actual, findings, observed)


def shows(target: Database) -> Sequence[str]:
    sql = (INSTANCE, *statements(EVERYWHERE), *statements(HERE), *DATABASES, CONTAINER)
    if not target.via:
        return sql
    return (*sql, *FOLDERS, NOW, *commands.shows(commands.NODE, *commands.ALERTS_SHOWN))
