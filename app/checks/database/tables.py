"""oracle.exchange_tables and oracle.code_tables: planned tables exist, can be read and hold rows.

Counting stops at a cap, and only numbers are read: no row of a table ever comes here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.checks.database.errors import NO_PRIVILEGE, VIEW_MISSING, SqlRefused
from app.checks.database.findings import Finding, judged
from app.checks.database.reading import listed, literal, number, require, text
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

MOST_COUNTED = 10_000
# Oracle Database SQL Language Reference, Database Object Names: in quotes anything but " and NUL, 30 or 128 bytes.
PART = re.compile(r'"([^"\0\n\r]{1,128})"|([^\W\d][\w$#]{0,127})')
# Errors that say the name is there and nothing can be read: file offline or lost, corrupt block, invalid view,
# a synonym of nothing. Not ORA-01410 and ORA-08103: so ends a count over a table that is being truncated and loaded.
UNREADABLE = frozenset(("ORA-00376", "ORA-00980", "ORA-01157", "ORA-01578", "ORA-01775", "ORA-04063", "ORA-29913"))
ALWAYS = "DUAL"  # every database has it: an answer without it is none


@dataclass(frozen=True)
class Name:
    """A table's name as the dictionary has it; ``owner`` is empty where the plan gives none."""

    planned: str
    owner: str
    table: str

    @property
    def quoted(self) -> str:
        return ".".join(f'"{part}"' for part in (self.owner, self.table) if part)


def parse(planned: str) -> Name:
    """``owner.table`` or ``table``; unquoted parts are in capitals. Raises Undetermined for anything else."""
    parts, rest = [], planned.strip()
    while found := PART.match(rest):
        parts.append(found.group(1) or found.group(2).upper())
        rest = rest[found.end() :]
        if not rest.startswith("."):
            break
        rest = rest[1:]
    if rest or not 1 <= len(parts) <= 2 or planned.strip().endswith("."):
        raise Undetermined(f"方案里的表名“{planned}”无法理解", "请在 site.toml 写成 用户.表名。")
    return Name(planned, parts[0] if len(parts) == 2 else "", parts[-1])


def count(name: Name, most: int) -> str:
    """Counts at most ``most`` rows."""
    return f"SELECT COUNT(*) FROM {name.quoted} WHERE ROWNUM <= {most}"


def existence(names: Sequence[Name]) -> str:
    """Which of the tables the dictionary knows."""
    wanted = ", ".join(map(literal, dict.fromkeys([ALWAYS, *(name.table for name in names)])))
    return (
        "SELECT OWNER, OBJECT_NAME, OBJECT_TYPE FROM DBA_OBJECTS"
        f" WHERE OBJECT_NAME IN ({wanted}) AND OBJECT_TYPE IN ('TABLE', 'VIEW', 'SYNONYM', 'MATERIALIZED VIEW')"
    )


@dataclass(frozen=True)
class Counted:
    """``rows`` is None where nothing could be counted; ``trouble`` then says what that means and ``reason`` why."""

    name: Name
    rows: int | None
    trouble: Outcome | None = None
    reason: str = ""


def gather_exchange(session: OracleSession, target: Database) -> tuple[Counted, ...]:
    return _counted(session, [(parse(name), MOST_COUNTED) for name in target.expect.exchange_tables])


def gather_codes(session: OracleSession, target: Database) -> tuple[Counted, ...]:
    return _counted(session, [(parse(name), max(1, rows)) for name, rows in target.expect.code_tables.items()])


def _counted(session: OracleSession, wanted: Sequence[tuple[Name, int]]) -> tuple[Counted, ...]:
    found = []
    hidden: list[Name] = []
    for name, most in wanted:
        try:
            rows = session.select(count(name, most))
            found.append(Counted(name, number(rows[0][0] if rows else None, f"{name.planned} 的行数")))
        except SqlRefused as error:
            if error.code in (VIEW_MISSING, NO_PRIVILEGE):
                hidden.append(name)
            outcome = Outcome.FAIL if error.code in UNREADABLE else Outcome.UNKNOWN
            found.append(Counted(name, None, outcome, f"{name.planned} 读不了：{error.reason}"))
    explained = _explained(session, hidden, [name for name, _ in wanted]) if hidden else {}
    return tuple(explained.get(one.name.planned, one) for one in found)


def _explained(session: OracleSession, hidden: Sequence[Name], asked: Sequence[Name]) -> dict[str, Counted]:
    """ORA-00942 means missing or not granted: the dictionary tells which."""
    try:
        rows = [tuple(map(text, row)) for row in session.select(existence(asked))]
        require([row for row in rows if row[1] == ALWAYS], "DBA_OBJECTS")
    except Undetermined as error:
        reason = f"看不到，又无法区分是没有表还是没有权限（{error.reason}）"
        return {name.planned: Counted(name, None, Outcome.UNKNOWN, f"{name.planned} {reason}") for name in hidden}
    answer = {}
    for name in hidden:
        exists = any(table == name.table and name.owner in ("", owner) for owner, table, _ in rows)
        reason = f"{name.planned} 存在，检查账号没有查询权限" if exists else f"没有表 {name.planned}"
        if exists and not name.owner:
            owners = listed(sorted({owner for owner, table, _ in rows if table == name.table}), 3)
            reason += f"，或者方案没有写明用户（{owners} 有此名，应写成 用户.表名）"
        answer[name.planned] = Counted(name, None, Outcome.UNKNOWN if exists else Outcome.FAIL, reason)
    return answer


def compare_exchange(facts: Sequence[Counted], target: Database, site: Site) -> Verdict:  # noqa: ARG001
    if not facts:
        return Verdict(Outcome.UNKNOWN, "", "", "没有读到任何交换表")
    findings = _troubles(facts)
    empty = [one.name.planned for one in facts if one.rows == 0]
    if empty:
        reason = f"交换表是空的：{listed(empty)}"
        findings.append(Finding(Outcome.WARN, reason, "请确认交换数据是否已装入；尚未交换时可暂不处理。"))
    actual = "；".join(f"{one.name.planned} {_rows(one, MOST_COUNTED)}" for one in facts)
    observed = {"tables": [{"name": one.name.planned, "rows": one.rows} for one in facts if one.rows is not None]}
    return judged(f"{len(facts)} 张交换表存在、可读、有数据", actual, findings, observed)


def _rows(one: Counted, most: int) -> str:
    if one.rows is None:
        return "没有或读不了"
    return f"{one.rows} 行" + ("以上" if one.rows >= most else "")


def _troubles(facts: Sequence[Counted]) -> list[Finding]:
    return [Finding(one.trouble, one.reason, _advice(one)) for one in facts if one.trouble is not None]


def _advice(one: Counted) -> str:
    if one.trouble is Outcome.FAIL:
        return f"请 DBA 按方案创建或修复 {one.name.planned}，再检查。"
    return f"请 DBA 执行 GRANT SELECT ON {one.name.quoted} TO 检查账号，再检查。"


def compare_codes(facts: Sequence[Counted], target: Database, site: Site) -> Verdict:  # noqa: ARG001
    if not facts:
        return Verdict(Outcome.UNKNOWN, "", "", "没有读到任何代码表")
    plan = target.expect.code_tables
    findings = _troubles(facts)
    for one in facts:
        wanted = plan.get(one.name.planned, 0)
        if one.rows is not None and one.rows < wanted:
            reason = f"代码表 {one.name.planned} 只有 {one.rows} 行，方案要求至少 {wanted} 行"
            findings.append(Finding(Outcome.FAIL, reason, "请按方案重新执行基础代码初始化，再检查。"))
        elif one.rows == 0:
            reason = f"代码表 {one.name.planned} 是空的，方案未规定行数"
            advice = "请核对基础代码是否已初始化，并在 site.toml 写出应有的行数。"
            findings.append(Finding(Outcome.WARN, reason, advice))
    actual = "；".join(f"{one.name.planned} {_rows(one, max(1, plan.get(one.name.planned, 1)))}" for one in facts)
    expected = "；".join(f"{name} 至少 {rows} 行" for name, rows in plan.items())
    return judged(expected, actual, findings)


def is_exchange(target: Database, site: Site) -> bool:  # noqa: ARG001 - the shape of Check.concerns
    return target.role == "exchange" or bool(target.expect.exchange_tables)


def exchange_applies(target: Database, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "" if target.expect.exchange_tables else "方案未规定交换表（exchange_tables）"


def codes_apply(target: Database, site: Site) -> str:  # noqa: ARG001
    return "" if target.expect.code_tables else "方案未规定代码表（code_tables）"


def shows_exchange(target: Database) -> Sequence[str]:
    return _shown([(name, MOST_COUNTED) for name in target.expect.exchange_tables])


def shows_codes(target: Database) -> Sequence[str]:
    return _shown([(name, max(1, rows)) for name, rows in target.expect.code_tables.items()])


def _shown(wanted: Sequence[tuple[str, int]]) -> Sequence[str]:
    names = [(parse(name), most) for name, most in wanted]
    return (*(count(name, most) for name, most in names), existence([name for name, _ in names])) if names else ()
