"""certificate.source, .validity and .lifetime: it can be read, and its dates are such as they should be."""

from __future__ import annotations

from datetime import MAXYEAR, datetime

from app.base.clock import days_between
from app.checks.certificate.facts import Facts, Material
from app.checks.certificate.x509 import X509, shown
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Certificate, Site

WARN_DAYS = 90
RENEWAL_DAYS = 30
LONGEST_YEARS = 10  # of a device
READABLE = "证书可读，口令正确"
RENEW = "请向签发机构申请更换证书，并安排更换时间。"
CLOCK = "请先核对本机时钟；时钟无误则须重新签发证书。"


def compare_source(material: Material, target: Certificate, site: Site) -> Verdict:  # noqa: ARG001
    """PASS for what could be read; what kept it from that was raised by gathering."""
    leaf = material.leaf
    others = f"，另有 {len(material.sent)} 张" if material.sent else ""
    actual = f"{material.form}：{leaf.subject}，由 {leaf.issuer} 颁发，序列号 {leaf.serial}，{leaf.key}{others}"
    if material.unsure:
        return Verdict(Outcome.UNKNOWN, READABLE, actual, material.unsure, "请填写密钥库的口令，再检查。")
    return Verdict(Outcome.PASS, READABLE, actual)


def compare_validity(facts: Facts, target: Certificate, site: Site) -> Verdict:  # noqa: ARG001
    """Days are seconds / 86400: WARN at 90 or fewer, FAIL below the plan's ``min_days``, before and after its dates.

    The dates themselves belong to the validity (RFC 5280, 4.1.2.5).
    """
    leaf = facts.material.leaf
    days = days_between(facts.now, leaf.not_after)
    expected = f"在有效期内，剩余多于 {WARN_DAYS} 天" + (
        f"，不少于方案的 {target.min_days} 天" if target.min_days else ""
    )
    actual = f"{shown(leaf.not_before)} 至 {shown(leaf.not_after)}，剩余 {days:.1f} 天"
    outcome, reason, advice = _judged(facts, target.min_days, days)
    return Verdict(outcome, expected, actual, reason, advice, described(leaf))


def described(one: X509) -> dict[str, str]:
    """What forms and the dossier take of a certificate."""
    return {
        "serial": one.serial,
        "subject": one.subject,
        "holder": one.holder,
        "issuer": one.issuer,
        "not_before": one.not_before.isoformat(),
        "not_after": one.not_after.isoformat(),
    }


def device(target: Certificate, site: Site) -> bool:  # noqa: ARG001 - the shape of Check.concerns
    return target.role == "server-device"


def compare_lifetime(facts: Facts, target: Certificate, site: Site) -> Verdict:  # noqa: ARG001
    """More than ten calendar years from the first to the last second is a WARN."""
    leaf = facts.material.leaf
    start, end = leaf.not_before, leaf.not_after
    expected = f"设备证书的有效期不超过 {LONGEST_YEARS} 年"
    if start > end:
        raise Undetermined("证书的起止日期颠倒，长度无从计算", "请重新签发证书。")
    actual = f"{shown(start)} 至 {shown(end)}，共 {days_between(start, end):.0f} 天"
    if end <= _years_later(start, LONGEST_YEARS):
        return Verdict(Outcome.PASS, expected, actual)
    advice = "请向签发机构确认；下次更换时申请有效期较短的证书。"
    return Verdict(Outcome.WARN, expected, actual, f"有效期超过 {LONGEST_YEARS} 年", advice)


def _years_later(moment: datetime, years: int) -> datetime:
    """The same day so many years on; 29 February becomes 1 March. Past the calendar's end: its end."""
    year = moment.year + years
    if year > MAXYEAR:
        return datetime.max.replace(tzinfo=moment.tzinfo)
    try:
        return moment.replace(year=year)
    except ValueError:
        return moment.replace(year=year, month=3, day=1)


def _judged(facts: Facts, min_days: int, days: float) -> tuple[Outcome, str, str]:
    leaf = facts.material.leaf
    if leaf.not_before > leaf.not_after:
        return Outcome.FAIL, "证书的起止日期颠倒", "请重新签发证书。"
    if facts.now < leaf.not_before:
        return Outcome.FAIL, f"证书要到 {shown(leaf.not_before)} 才生效", CLOCK
    if days < 0:
        return Outcome.FAIL, f"证书已过期 {-days:.1f} 天", RENEW
    if days < min_days:
        return Outcome.FAIL, f"剩余 {days:.1f} 天，少于方案要求的 {min_days} 天", RENEW
    if days <= RENEWAL_DAYS:
        return Outcome.WARN, f"剩余 {days:.1f} 天，已不多于 {RENEWAL_DAYS} 天", f"{RENEW}离场前须落实续期安排。"
    if days <= WARN_DAYS:
        return Outcome.WARN, f"剩余 {days:.1f} 天，已不多于 {WARN_DAYS} 天", RENEW
    return Outcome.PASS, "", ""
