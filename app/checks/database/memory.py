"""oracle.sga, oracle.shared_pool and oracle.limits: memory and resource limits, per instance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.checks.database import parameters
from app.checks.database.errors import SqlRefused
from app.checks.database.findings import Finding, judged
from app.checks.database.instance import CONTAINER, DATABASES, container
from app.checks.database.parameters import Parameters
from app.checks.database.reading import MIB, at_least, mib, not_planned, number, number_or_none, percent, text
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

MEMORY = ("sga_target", "memory_target", "shared_pool_size", "sga_max_size")
TOTALS = ("SELECT INST_ID, NAME, VALUE FROM GV$SGA", "SELECT 1, NAME, VALUE FROM V$SGA")
INFORMATION = (  # 10g+
    "SELECT INST_ID, NAME, BYTES FROM GV$SGAINFO",
    "SELECT 1, NAME, BYTES FROM V$SGAINFO",
)
UNUSED = (  # 9i: what sga_max_size reserves and nothing uses yet; V$SGA counts it
    "SELECT INST_ID, CURRENT_SIZE FROM GV$SGA_DYNAMIC_FREE_MEMORY",
    "SELECT 1, CURRENT_SIZE FROM V$SGA_DYNAMIC_FREE_MEMORY",
)
POOLS = (  # 9i
    "SELECT INST_ID, SUM(BYTES) FROM GV$SGASTAT WHERE POOL = 'shared pool' GROUP BY INST_ID",
    "SELECT 1, SUM(BYTES) FROM V$SGASTAT WHERE POOL = 'shared pool'",
)
FREE, SHARED = "Free SGA Memory Available", "Shared Pool Size"
LIMIT_NAMES = ("processes", "sessions")
LIMITS = (
    "SELECT INST_ID, RESOURCE_NAME, CURRENT_UTILIZATION, MAX_UTILIZATION, LIMIT_VALUE FROM GV$RESOURCE_LIMIT",
    "SELECT 1, RESOURCE_NAME, CURRENT_UTILIZATION, MAX_UTILIZATION, LIMIT_VALUE FROM V$RESOURCE_LIMIT",
)
SETTINGS = ("processes", "open_cursors")
FEWEST = 300
SPARE = 50  # processes beside those of the pools
NEAR = 90  # percent
RESTART = "SCOPE=SPFILE，重启生效"


@dataclass(frozen=True)
class Sga:
    """Of one instance, in bytes, 0 where it could not be read; ``source`` says where ``size`` comes from."""

    instance: str
    size: int
    source: str


@dataclass(frozen=True)
class SharedPool:
    """Of one instance, in bytes: its ``size`` now, and the parameter, which is a minimum where ``automatic``.

    ``pdb``: the pluggable database from which no target can be seen; sga_target is 0 there unless it has its own.
    """

    instance: str
    size: int | None
    parameter: int
    automatic: bool
    pdb: str = ""


@dataclass(frozen=True)
class Limit:
    """A row of V$RESOURCE_LIMIT; ``most`` None is UNLIMITED."""

    instance: str
    name: str
    current: int
    highest: int
    most: int | None


@dataclass(frozen=True)
class Limits:
    limits: tuple[Limit, ...]
    settings: Parameters


def _of(found: Parameters, instance: str, name: str) -> int:
    """A size parameter; one that the version does not have is 0."""
    return number_or_none(found[instance].get(name), f"参数 {name}") or 0


def gather_sga(session: OracleSession, target: Database) -> tuple[Sga, ...]:  # noqa: ARG001 - the shape of Check.gather
    found = parameters.read(session, MEMORY)
    totals = [(text(row[0]), number(row[2], f"V$SGA 的 {text(row[1])}")) for row in session.select(*TOTALS)]
    free = _information(session, FREE) or _unused(session)
    return tuple(_sga(found, instance, totals, free) for instance in sorted(found))


def _unused(session: OracleSession) -> dict[str, int]:
    """As the row "Free SGA Memory Available" of V$SGAINFO, before 10g; nothing before 9i."""
    try:
        rows = session.select(*UNUSED)
    except SqlRefused:
        return {}
    return {text(row[0]): number(row[1], "V$SGA_DYNAMIC_FREE_MEMORY") for row in rows}


def _sga(found: Parameters, instance: str, totals: Sequence[tuple[str, int]], free: dict[str, int]) -> Sga:
    """The larger of the two targets; without one what is allocated.

    V$SGA counts what sga_max_size (9i+) only reserves: without knowing how much that is, the size is not known.
    """
    targets = {name: _of(found, instance, name) for name in ("sga_target", "memory_target")}
    name = max(targets, key=lambda one: targets[one])
    if targets[name]:
        return Sga(instance, targets[name], name)
    if instance not in free and _of(found, instance, "sga_max_size"):
        return Sga(instance, 0, "V$SGA，不知其中未用多少")
    size = sum(value for number_, value in totals if number_ == instance) - free.get(instance, 0)
    whole = -(-max(0, size) // MIB) * MIB  # from 18c on V$SGA adds up to some KiB less than its granules
    return Sga(instance, whole, "V$SGA")


def _information(session: OracleSession, name: str) -> dict[str, int]:
    """A row of GV$SGAINFO by instance; nothing before 10g."""
    try:
        rows = session.select(*INFORMATION)
    except SqlRefused:
        return {}
    return {text(row[0]): number(row[2], f"V$SGAINFO 的 {name}") for row in rows if text(row[1]) == name}


def compare_sga(facts: Sequence[Sga], target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    actual = "；".join(f"实例 {one.instance} {mib(one.size)} MB（{one.source}）" for one in facts)
    if not any(one.size for one in facts):
        return Verdict(Outcome.UNKNOWN, "", actual, "没有读到任何实例的 SGA 大小", "请 DBA 执行 SHOW SGA 核对。")
    observed = {"sga_mb": min(mib(one.size) for one in facts if one.size)}
    plan = target.expect.sga_min_mb
    if not plan:
        return not_planned(actual, observed, "sga_min_mb")
    findings = [finding for one in facts for finding in _sga_findings(one, plan)]
    return judged(f"每个实例不小于 {plan} MB", actual, findings, observed)


def _sga_findings(one: Sga, plan: int) -> list[Finding]:
    if not one.size:
        return [Finding(Outcome.UNKNOWN, f"读不到实例 {one.instance} 的 SGA 大小", "请 DBA 执行 SHOW SGA 核对。")]
    return below("SGA", one.instance, one.size, plan, "sga_target")


def below(what: str, instance: str, size: int, plan: int, parameter: str, scope: str = RESTART) -> list[Finding]:
    """WARN where ``size`` (bytes) is below ``plan`` (MiB), FAIL where by a tenth or more."""
    wanted = plan * MIB
    if size >= wanted:
        return []
    far = (wanted - size) * 10 >= wanted
    reason = f"实例 {instance} 的{what}是 {mib(size)} MB，比方案的 {plan} MB 少{percent(wanted - size, wanted)}"
    advice = f"请 DBA 核对物理内存后调大 {parameter}（如 ALTER SYSTEM SET {parameter}={plan}M {scope}）。"
    return [Finding(Outcome.FAIL if far else Outcome.WARN, reason, advice)]


def shows_sga(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (*parameters.statements(MEMORY), *TOTALS, *INFORMATION, *UNUSED)


def gather_shared_pool(session: OracleSession, target: Database) -> tuple[SharedPool, ...]:  # noqa: ARG001
    found = parameters.read(session, MEMORY)
    sizes = _information(session, SHARED)
    if not sizes:
        rows = session.select(*POOLS)
        sizes = {text(row[0]): number(row[1], "共享池大小") for row in rows if row[1] is not None}
    automatic = {one: any(_of(found, one, name) for name in ("sga_target", "memory_target")) for one in found}
    pdb = "" if all(automatic.values()) else container(session)
    return tuple(
        SharedPool(
            instance,
            sizes.get(instance),
            _of(found, instance, "shared_pool_size"),
            automatic[instance],
            "" if automatic[instance] else pdb,
        )
        for instance in sorted(found)
    )


def compare_shared_pool(facts: Sequence[SharedPool], target: Database, site: Site) -> Verdict:  # noqa: ARG001
    actual = "；".join(_said(one) for one in facts)
    plan = target.expect.shared_pool_min_mb
    if not facts:
        return Verdict(Outcome.UNKNOWN, "", "", "没有读到任何实例的共享池")
    observed = {"shared_pool_mb": min(mib(one.size or one.parameter) for one in facts)}
    if not plan:
        return not_planned(actual, observed, "shared_pool_min_mb")
    findings = [finding for one in facts for finding in _pool_findings(one, plan)]
    return judged(f"每个实例不小于 {plan} MB（自动管理时参数值是下限）", actual, findings, observed)


def _said(one: SharedPool) -> str:
    size = "未读到" if one.size is None else f"{mib(one.size)} MB"
    how = "自动管理，下限" if one.automatic else "参数" if one.pdb else "手工，参数"
    return f"实例 {one.instance} 当前 {size}（{how} {mib(one.parameter)} MB）"


def _pool_findings(one: SharedPool, plan: int) -> list[Finding]:
    size = max(one.size or 0, one.parameter if one.automatic or one.size is None else 0)
    if not size:
        return [Finding(Outcome.UNKNOWN, f"读不到实例 {one.instance} 的共享池大小", "请 DBA 查询 V$SGAINFO 核对。")]
    lacking = below("共享池", one.instance, size, plan, "shared_pool_size")
    if lacking and one.automatic:
        reason = f"{lacking[0].reason}；内存自动管理，会按需增大"
        return [Finding(Outcome.WARN, reason, f"如要保证下限，请 DBA 设 shared_pool_size={plan}M。")]
    if lacking and one.pdb:
        reason = f"{lacking[0].reason}；从 PDB {one.pdb} 里看不到 sga_target，不知是否自动管理"
        return [Finding(Outcome.UNKNOWN, reason, "请 DBA 在 CDB$ROOT 里执行 SHOW PARAMETER sga_target 核对。")]
    return lacking


def shows_shared_pool(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (*parameters.statements(MEMORY), *INFORMATION, *POOLS, *DATABASES, CONTAINER)


def gather_limits(session: OracleSession, target: Database) -> Limits:  # noqa: ARG001
    settings = parameters.read(session, SETTINGS)
    rows = session.select(*LIMITS)
    limits = tuple(_limit(row) for row in rows if text(row[1]).lower() in LIMIT_NAMES)
    if not limits or not any(one.current for one in limits):
        pdb = container(session)
        where = f"从 PDB {pdb} 里看不到" if pdb else "读不到"
        raise Undetermined(
            f"{where} V$RESOURCE_LIMIT 的 processes、sessions", "请 DBA 在 CDB$ROOT 或实例上查询 V$RESOURCE_LIMIT。"
        )
    return Limits(limits, settings)


def _limit(row: Sequence[Any]) -> Limit:
    name, limit = text(row[1]).lower(), text(row[4])
    most = None if limit.upper() == "UNLIMITED" else number(limit, f"{name} 的上限")
    return Limit(text(row[0]), name, number(row[2], f"{name} 的当前值"), number(row[3], f"{name} 的最高值"), most)


def compare_limits(facts: Limits, target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    expected = f"processes、sessions 当前和最高都低于上限的 {NEAR}%；processes、open_cursors 不小于 {FEWEST}"
    actual = "；".join(
        f"实例 {one.instance} {one.name} 当前 {one.current}，最高 {one.highest}，"
        f"上限 {'UNLIMITED' if one.most is None else one.most}"
        for one in facts.limits
    )
    findings = [finding for one in facts.limits for finding in _limit_findings(one)]
    for instance, settings in sorted(facts.settings.items()):
        findings += [
            finding for name in SETTINGS for finding in _setting_findings(instance, name, settings.get(name, ""))
        ]
        findings += [
            Finding(Outcome.UNKNOWN, f"V$RESOURCE_LIMIT 里没有实例 {instance} 的 {name}")
            for name in LIMIT_NAMES
            if not any(one.instance == instance and one.name == name for one in facts.limits)
        ]
    if pools := target.expect.pool_maxima:
        expected += f"；processes 不小于各连接池最大值之和 {sum(pools)} 加 {SPARE}"
        findings += [
            finding
            for instance, settings in sorted(facts.settings.items())
            for finding in _pools_findings(instance, settings.get("processes", ""), sum(pools) + SPARE)
        ]
    return judged(expected, actual, findings)


def _pools_findings(instance: str, processes: str, wanted: int) -> list[Finding]:
    """What is no number is told already."""
    if not processes.isdecimal() or int(processes) >= wanted:
        return []
    reason = f"实例 {instance} 的 processes 是 {processes}，小于各连接池最大值之和加 {SPARE}（{wanted}）"
    advice = f"请 DBA 执行 ALTER SYSTEM SET processes={wanted} SCOPE=SPFILE 并重启，或与应用方商定减小连接池。"
    return [Finding(Outcome.WARN, reason, advice)]


def _limit_findings(one: Limit) -> list[Finding]:
    if not one.current:  # an instance without any process is none: a pluggable database does not see them all
        return [Finding(Outcome.UNKNOWN, f"实例 {one.instance} 的 {one.name} 当前值是 0，答复不合理")]
    if one.most is None:
        return []
    if one.most == 0:
        return [Finding(Outcome.UNKNOWN, f"实例 {one.instance} 的 {one.name} 上限是 0，无法判断")]
    advice = f"请 DBA 查明会话来源（连接池），必要时调大 {one.name}（SCOPE=SPFILE，重启生效）。"
    if at_least(one.current, one.most, NEAR):
        reason = f"实例 {one.instance} 的 {one.name} 当前 {one.current}，达上限的 {percent(one.current, one.most)}"
        return [Finding(Outcome.FAIL, reason, advice)]
    if at_least(one.highest, one.most, NEAR):
        reason = f"实例 {one.instance} 的 {one.name} 最高 {one.highest}，曾达上限的 {percent(one.highest, one.most)}"
        return [Finding(Outcome.WARN, reason, advice)]
    return []


def _setting_findings(instance: str, name: str, value: str) -> list[Finding]:
    if not value.isdecimal():
        return [Finding(Outcome.UNKNOWN, f"读不到实例 {instance} 的参数 {name}")]
    if int(value) >= FEWEST:
        return []
    advice = f"请 DBA 执行 ALTER SYSTEM SET {name}={FEWEST}（processes 需 SCOPE=SPFILE 并重启）。"
    return [Finding(Outcome.WARN, f"实例 {instance} 的参数 {name} 是 {value}，小于 {FEWEST}", advice)]


def shows_limits(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (*parameters.statements(SETTINGS), *LIMITS, *DATABASES, CONTAINER)
