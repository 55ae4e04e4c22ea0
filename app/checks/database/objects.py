"""oracle.invalid_objects: in the planned schemas, those with errors and those that heal at their next use; elsewhere
those that there were not at acceptance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.checks.database.findings import Finding, judged
from app.checks.database.reading import found_name, listed, literal, number, text
from app.checks.database.users import names
from app.checks.model import Outcome, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

MOST = 5000  # invalid objects looked at
DROPPED = "BIN$"  # names of what lies in the recycle bin (10g+)
ELSEWHERE = (
    "SELECT OWNER, COUNT(*) FROM DBA_OBJECTS WHERE STATUS = 'INVALID' AND OBJECT_NAME NOT LIKE 'BIN$%' GROUP BY OWNER"
)


def statements(target: Database) -> tuple[str, str, tuple[str, str]]:
    """Objects by planned schema, the invalid ones, and those with errors (10g+ tells errors from warnings)."""
    owners = ", ".join(map(literal, names(target.expect.users)))
    errors = f"SELECT DISTINCT OWNER, NAME, TYPE FROM DBA_ERRORS WHERE OWNER IN ({owners})"
    return (
        f"SELECT OWNER, COUNT(*) FROM DBA_OBJECTS WHERE OWNER IN ({owners}) GROUP BY OWNER",
        "SELECT OWNER, OBJECT_NAME, OBJECT_TYPE FROM DBA_OBJECTS WHERE STATUS = 'INVALID'"
        f" AND OWNER IN ({owners}) AND OBJECT_NAME NOT LIKE '{DROPPED}%' AND ROWNUM <= {MOST}",
        (f"{errors} AND ATTRIBUTE = 'ERROR'", errors),
    )


@dataclass(frozen=True)
class Invalid:
    """``counts``: objects by planned schema. ``broken`` have errors, ``stale`` have none. ``elsewhere``: by schema."""

    counts: dict[str, int]
    broken: tuple[str, ...]
    stale: tuple[str, ...]
    elsewhere: dict[str, int]
    whole: bool  # whether all invalid objects were looked at


def gather(session: OracleSession, target: Database) -> Invalid:
    counted, invalid, errors = statements(target)
    counts = {text(row[0]): number(row[1], "对象数") for row in session.select(counted)}
    seen = [tuple(map(text, row)) for row in session.select(invalid)]
    rows = [row for row in seen if not row[1].startswith(DROPPED)]
    faulty = {tuple(map(text, row)) for row in session.select(*errors)}
    others = {text(row[0]): number(row[1], "失效对象数") for row in session.select(ELSEWHERE)}
    return Invalid(
        counts,
        tuple(_said(row) for row in rows if row in faulty),
        tuple(_said(row) for row in rows if row not in faulty),
        {owner: count for owner, count in others.items() if owner not in counts},
        len(seen) < MOST,
    )


def _said(row: tuple[str, ...]) -> str:
    return f"{row[2]} {row[0]}.{row[1]}"


def compare(facts: Invalid, target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    planned = target.expect.users
    empty = [name for name in planned if not facts.counts.get(found_name(name, facts.counts))]
    findings = [
        Finding(Outcome.UNKNOWN, f"用户 {name} 下没有任何对象，无法判断", "请确认已部署该用户的库表后再检查。")
        for name in empty
    ]
    if facts.broken:
        advice = "请 DBA 查询 DBA_ERRORS，修正后重新编译（ALTER … COMPILE）。"
        findings.append(Finding(Outcome.FAIL, f"编译有错的失效对象：{listed(facts.broken)}", advice))
    if not facts.whole:
        findings.append(Finding(Outcome.UNKNOWN, f"失效对象超过 {MOST} 个，没有全看"))
    if facts.stale:
        advice = "下次使用时会自动重新编译；也可请 DBA 执行 UTL_RECOMP 或 ALTER … COMPILE。"
        findings.append(Finding(Outcome.WARN, f"失效但没有编译错误的对象：{listed(facts.stale)}", advice))
    seen = "、".join(f"{owner} {count} 个对象" for owner, count in sorted(facts.counts.items()))
    actual = f"{seen or '没有对象'}；失效 {len(facts.broken) + len(facts.stale)} 个，其中有错 {len(facts.broken)} 个"
    if facts.elsewhere:
        others = listed([f"{owner} {count}" for owner, count in sorted(facts.elsewhere.items())], 5)
        actual += f"；其他用户的失效对象：{others}"
        findings += _elsewhere(facts.elsewhere, target.expect.invalid_baseline)
    return judged(f"{listed(planned)} 没有失效对象，其他用户没有新增", actual, findings)


def _elsewhere(counts: Mapping[str, int], baseline: Mapping[str, int]) -> list[Finding]:
    """More than there were at acceptance; without that record any."""
    known = {found_name(name, counts): count for name, count in baseline.items()}
    new = {owner: count for owner, count in counts.items() if count > known.get(owner, 0)}
    if not new:
        return []
    said = listed([f"{owner} {count} 个" for owner, count in sorted(new.items())], 5)
    if baseline:
        return [
            Finding(Outcome.WARN, f"其他用户的失效对象比验收时多：{said}", "请 DBA 核对近期的变更，并执行 UTL_RECOMP。")
        ]
    advice = (
        "请 DBA 执行 UTL_RECOMP；确认原来就有的，在 site.toml 写 invalid_baseline（如 { SYS = 3 }），以后只看新增的。"
    )
    return [Finding(Outcome.WARN, f"其他用户有失效对象：{said}；没有验收时的数量，不知是否新增", advice)]


def applies(target: Database, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "" if target.expect.users else "方案未规定数据库用户（users），没有可核对的对象"


def shows(target: Database) -> Sequence[str]:
    if not target.expect.users:
        return ()
    counted, invalid, errors = statements(target)
    return (counted, invalid, *errors, ELSEWHERE)
