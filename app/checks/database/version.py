"""oracle.version and oracle.charset: release, edition and character sets against the plan."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.checks.database.findings import Finding, judged
from app.checks.database.reading import listed, not_planned, require, text
from app.checks.model import Outcome, Undetermined, Verdict
from app.checks.versions import parts, satisfies
from app.site.model import Database, Site

if TYPE_CHECKING:
    from app.checks.database.session import OracleSession

RELEASES = (
    "SELECT VERSION, VERSION_FULL FROM V$INSTANCE",  # 18c+: VERSION stays at 18.0.0.0.0, 19.0.0.0.0
    "SELECT VERSION, NULL FROM V$INSTANCE",
)
BANNERS = "SELECT BANNER FROM V$VERSION"
CHARSETS = (
    "SELECT PARAMETER, VALUE FROM NLS_DATABASE_PARAMETERS"
    " WHERE PARAMETER IN ('NLS_CHARACTERSET', 'NLS_NCHAR_CHARACTERSET')"
)
CHARSET, NCHARSET = "NLS_CHARACTERSET", "NLS_NCHAR_CHARACTERSET"
# What the banner says, most particular first; before 12.1.0.2 Standard Edition left its name out.
SE, SE2 = "Standard Edition", "Standard Edition 2"
EDITIONS: Sequence[tuple[str, str]] = (
    (r"Enterprise Edition", "Enterprise Edition"),
    (r"Standard Edition 2", "Standard Edition 2"),
    (r"Standard Edition One", "Standard Edition One"),
    (r"Standard Edition", "Standard Edition"),
    (r"Express Edition", "Express Edition"),
    (r"Personal", "Personal Edition"),
    (r"\bFree\b", "Free"),
    (r"^Oracle(8i|9i| Database 1[01]g)? (Database )?(8i|9i|10g|11g)? ?Release", "Standard Edition"),
)
# How people write an edition, and which editions that means.
WANTED: Mapping[str, tuple[str, ...]] = {
    r"EE|.*ENTERPRISE.*|.*企业版.*": ("Enterprise Edition",),
    r"SE ?2|.*STANDARD.*2|.*标准版 ?2": ("Standard Edition 2",),
    r"SE ?(1|ONE)|.*STANDARD.*ONE|.*标准版(1|ONE)": ("Standard Edition One",),
    r"SE|.*STANDARD.*|.*标准版.*": ("Standard Edition", "Standard Edition One", "Standard Edition 2"),
    r"XE|.*EXPRESS.*|.*快捷版.*": ("Express Edition",),
    r"PE|.*PERSONAL.*|.*个人版.*": ("Personal Edition",),
    r".*FREE.*|.*免费版.*": ("Free",),
}


@dataclass(frozen=True)
class Release:
    """``full`` is empty before 18c, where ``base`` says it all; ``banner`` is the first line of V$VERSION."""

    base: str
    full: str
    banner: str

    @property
    def version(self) -> str:
        return self.full or self.base

    @property
    def edition(self) -> str:
        """Its usual name; empty when the banner does not tell.

        12.1.0.2 and 12.2 call Standard Edition 2, the only one left, by its old name (Oracle, Database Licensing).
        """
        found = next((name for pattern, name in EDITIONS if re.search(pattern, self.banner, re.IGNORECASE)), "")
        return SE2 if found == SE and parts(self.version) >= (12, 1, 0, 2) else found


def release(session: OracleSession) -> tuple[int, ...]:
    """The release of V$INSTANCE, such as (19, 0, 0, 0, 0): whether a view that cannot be seen should be there.

    Raises Undetermined when it is none.
    """
    rows = session.select(*RELEASES)
    require(rows, "V$INSTANCE")
    found = parts(text(rows[0][0]))
    if not found:
        raise Undetermined(f"数据库的版本“{text(rows[0][0])}”无法理解")
    return found


def gather_version(session: OracleSession, target: Database) -> Release:  # noqa: ARG001 - the shape of Check.gather
    rows = session.select(*RELEASES)
    require(rows, "V$INSTANCE")
    banners = [text(row[0]) for row in session.select(BANNERS)]
    banner = next((line for line in banners if "oracle" in line.lower()), banners[0] if banners else "")
    return Release(text(rows[0][0]), text(rows[0][1]), banner)


def compare_version(facts: Release, target: Database, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    observed = {"version": facts.version, "edition": facts.edition, "banner": facts.banner}
    actual = f"{facts.version or '版本为空'} {facts.edition or facts.banner}".strip()
    if not facts.version:
        return Verdict(Outcome.UNKNOWN, "", actual, "数据库没有给出版本", "请 DBA 查询 V$INSTANCE 核对。", observed)
    plan = target.expect
    if not plan.version and not plan.edition:
        return not_planned(actual, observed, "version、edition")
    findings = [*_version_findings(facts, plan.version), *_edition_findings(facts, plan.edition)]
    return judged(" ".join(filter(None, (plan.version, plan.edition))), actual, findings, observed)


def _version_findings(facts: Release, wanted: str) -> list[Finding]:
    if not wanted or _is_base(facts.base, wanted):
        return []
    known = parts(facts.version)
    if known[:1] >= (18,) and not facts.full and len(parts(wanted)) > 1:
        reason = f"读不到补丁版本（VERSION_FULL），只知道 {facts.base}，无法与方案的 {wanted} 比较"
        return [Finding(Outcome.UNKNOWN, reason, "请 DBA 执行 opatch lspatches 核对。")]
    try:
        if satisfies(facts.version, wanted):
            return []
    except Undetermined as error:
        return [Finding(Outcome.UNKNOWN, error.reason, error.advice)]
    reason = f"版本是 {facts.version}，方案要求 {wanted}"
    return [Finding(Outcome.FAIL, reason, "请核对方案；确需该版本时请 DBA 升级，否则经确认后修改方案。")]


def _is_base(base: str, wanted: str) -> bool:
    """Whether the plan names the base release, 19.0.0.0.0, as the banner of 18c+ has it: any update will do."""
    named = parts(wanted) if wanted.strip()[:1].isdigit() else ()
    return parts(base)[:1] >= (18,) and len(named) > 1 and not any(named[1:]) and named == parts(base)[: len(named)]


def _edition_findings(facts: Release, wanted: str) -> list[Finding]:
    if not wanted:
        return []
    meant = next((names for how, names in WANTED.items() if re.fullmatch(how, wanted.strip(), re.IGNORECASE)), ())
    if not facts.edition or not meant:
        if wanted.strip() and wanted.strip().lower() in facts.banner.lower():
            return []
        reason = f"无法判断版次：方案写“{wanted}”，数据库说“{facts.banner}”"
        return [Finding(Outcome.UNKNOWN, reason, "请在 site.toml 把 edition 写成 Enterprise Edition 这样的名字。")]
    if facts.edition in meant:
        return []
    if facts.edition == SE and "Standard Edition One" in meant:
        reason = f"数据库的版本信息“{facts.banner}”不区分 Standard Edition 与 Standard Edition One"
        return [Finding(Outcome.UNKNOWN, reason, "请按许可文件或安装记录核对版次。")]
    return [Finding(Outcome.FAIL, f"版次是 {facts.edition}，方案要求 {wanted}", "请核对许可与方案，确认后修改其一。")]


def shows_version(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (*RELEASES, BANNERS)


@dataclass(frozen=True)
class Charsets:
    charset: str
    ncharset: str


def gather_charset(session: OracleSession, target: Database) -> Charsets:  # noqa: ARG001
    rows = session.select(CHARSETS)
    require(rows, "NLS_DATABASE_PARAMETERS")
    found = {text(name).upper(): text(value) for name, value in rows}
    return Charsets(found.get(CHARSET, ""), found.get(NCHARSET, ""))


def compare_charset(facts: Charsets, target: Database, site: Site) -> Verdict:  # noqa: ARG001
    plan = target.expect
    observed = {"charset": facts.charset, "ncharset": facts.ncharset}
    actual = f"{facts.charset or '字符集为空'}，国家字符集 {facts.ncharset or '为空'}"
    findings = [
        *_charset_findings("字符集", facts.charset, plan.charset),
        *_charset_findings("国家字符集", facts.ncharset, plan.ncharset),
    ]
    if facts.charset.upper() == "US7ASCII":
        advice = "请 DBA 用 DUMP 函数抽查中文列的字节；迁移前不要按 US7ASCII 转换。"
        findings.append(Finding(Outcome.WARN, "字符集是 US7ASCII，里面可能存着 GBK 字节", advice))
    if not findings and not plan.charset and not plan.ncharset:
        if not facts.charset:
            return Verdict(Outcome.UNKNOWN, "", actual, "数据库没有给出字符集", "", observed)
        return not_planned(actual, observed, "charset、ncharset")
    expected = listed([value for value in (plan.charset, plan.ncharset) if value]) or "不是 US7ASCII"
    return judged(expected, actual, findings, observed)


def _charset_findings(what: str, seen: str, wanted: str) -> list[Finding]:
    if not wanted:
        return []
    if not seen:
        return [Finding(Outcome.UNKNOWN, f"数据库没有给出{what}", "请 DBA 查询 NLS_DATABASE_PARAMETERS 核对。")]
    if seen.upper() == wanted.strip().upper().rpartition(".")[2]:  # NLS_LANG: 语言_地区.字符集
        return []
    advice = "字符集建库后一般不能直接改；请核对方案，必要时与 DBA 商定重建库并导入。"
    return [Finding(Outcome.FAIL, f"{what}是 {seen}，方案要求 {wanted}", advice)]


def shows_charset(target: Database) -> Sequence[str]:  # noqa: ARG001
    return (CHARSETS,)
