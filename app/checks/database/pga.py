"""oracle.pga: the memory that each instance may give to its sessions, against the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.checks.database import parameters
from app.checks.database.findings import Finding, judged
from app.checks.database.instance import CONTAINER, DATABASES, container
from app.checks.database.memory import below
from app.checks.database.reading import mib, not_planned, number_or_none
from app.checks.model import Outcome, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

TARGETS = ("pga_aggregate_target", "memory_target")  # 9i+, 11g+
NAMES = (*TARGETS, "processes")  # the last one every release has: an answer without it is none


@dataclass(frozen=True)
class Pga:
    """Of one instance, in bytes: the larger target (0: none is set) and its ``source``; None where it has neither.

    ``pdb``: the pluggable database in which a target of 0 may stand for the root's.
    """

    instance: str
    size: int | None
    source: str = ""
    pdb: str = ""


def gather(session: OracleSession, target: Database) -> tuple[Pga, ...]:  # noqa: ARG001 - the shape of Check.gather
    found = parameters.read(session, NAMES)
    own = [_own(instance, found[instance]) for instance in sorted(found)]
    pdb = container(session) if any(one.size == 0 for one in own) else ""
    return tuple(replace(one, pdb=pdb) if one.size == 0 else one for one in own)


def _own(instance: str, values: Mapping[str, str]) -> Pga:
    known = {name: number_or_none(values.get(name), f"参数 {name}") for name in TARGETS}
    sizes = {name: size for name, size in known.items() if size is not None}
    name = max(sizes, key=lambda one: sizes[one], default="")
    return Pga(instance, sizes.get(name), name)


def compare(facts: Sequence[Pga], target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    actual = "；".join(map(_said, facts))
    known = [one.size for one in facts if one.size is not None]
    observed = {"pga_mb": min(map(mib, known))} if known else {}
    plan = target.expect.pga_min_mb
    if not plan and known:
        return not_planned(actual, observed, "pga_min_mb")
    findings = [finding for one in facts for finding in _findings(one, plan)]
    return judged(f"每个实例不小于 {plan} MB", actual, findings, observed)


def _said(one: Pga) -> str:
    if one.size is None:
        return f"实例 {one.instance} 没有读到 PGA 目标"
    return (
        f"实例 {one.instance} {mib(one.size)} MB（{one.source}）"
        if one.size
        else f"实例 {one.instance} 没有设 PGA 目标"
    )


def _findings(one: Pga, plan: int) -> list[Finding]:
    if one.size is None:
        reason = f"读不到实例 {one.instance} 的 pga_aggregate_target（9i 起才有）"
        return [Finding(Outcome.UNKNOWN, reason, "请 DBA 执行 SHOW PARAMETER pga 核对。")]
    if not one.size and one.pdb:
        reason = f"PDB {one.pdb} 自己没有设 PGA 目标，从 PDB 里看不到 CDB 的值（实例 {one.instance}）"
        return [
            Finding(Outcome.UNKNOWN, reason, "请 DBA 在 CDB$ROOT 里执行 SHOW PARAMETER pga_aggregate_target 核对。")
        ]
    return below("PGA 目标", one.instance, one.size, plan, "pga_aggregate_target", "SCOPE=BOTH")


def shows(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (*parameters.statements(NAMES), *DATABASES, CONTAINER)
