"""certificate.pair: 双证书, a signing and an encryption certificate of one subject, both good."""

from __future__ import annotations

from collections.abc import Iterator

from app.checks.certificate.chain import Fault, best_path
from app.checks.certificate.facts import Facts
from app.checks.certificate.kinds import Kind, kind_of
from app.checks.certificate.validity import described
from app.checks.certificate.x509 import X509, Unsupported, shown
from app.checks.model import SEVERITY, Outcome, Verdict
from app.site.model import Certificate, Site

EXPECTED = "双证书：签名、加密各一张，同一主体，都在有效期内"
ADVICE = "请向签发机构核对，补齐或重新签发成对的签名证书与加密证书。"


def concerns(target: Certificate, site: Site) -> bool:  # noqa: ARG001 - the shape of Check.concerns
    return target.role != "ca"


def compare(facts: Facts, target: Certificate, site: Site) -> Verdict:  # noqa: ARG001
    """The certificate with the one the plan names, or with the other one in its container."""
    leaf, partner = facts.material.leaf, facts.material.partner
    others = facts.others or ((partner,) if partner and not target.pair else ())
    if not target.pair and not others:
        return Verdict(Outcome.NOT_APPLICABLE, "", _described(leaf), "方案未规定：没有给出成对的另一张证书（pair）")
    different = tuple(one for one in dict.fromkeys(others) if one != leaf)
    unproved = "" if facts.anchors else "（没有给出信任锚，未验证签发者）"
    actual = "；".join(_described(one) for one in (leaf, *different)) + unproved
    if not different:
        reason = "缺另一张证书：pair 给出的就是这张证书" if others else "缺另一张证书"
        return Verdict(Outcome.FAIL, EXPECTED, actual, reason, ADVICE)
    if len(different) > 1:
        reason = f"pair 里有 {len(different)} 张终端证书，不能确定哪一张与它成对"
        return Verdict(Outcome.UNKNOWN, EXPECTED, actual, reason, "请把成对的另一张单独导出成文件。")
    faults = list(_faults(leaf, different[0], facts, target.role))
    observed = {f"pair_{key}": value for key, value in described(different[0]).items()}
    if not faults:
        return Verdict(Outcome.PASS, EXPECTED, actual, observed=observed)
    outcome = max((fault.outcome for fault in faults), key=SEVERITY.index)
    reason = "；".join(fault.text for fault in faults if fault.outcome is outcome)
    advice = ADVICE if outcome is not Outcome.UNKNOWN else ""
    return Verdict(outcome, EXPECTED, actual, reason, advice, observed)


def _described(one: X509) -> str:
    try:
        kind = str(kind_of(one))
    except Unsupported:
        kind = "用途不能读出"
    return f"{kind}证书 {one.subject}，序列号 {one.serial}"


def _faults(leaf: X509, other: X509, facts: Facts, role: str) -> Iterator[Fault]:
    if leaf.subject_key != other.subject_key:
        yield Fault(Outcome.FAIL, f"不是同一主体：“{leaf.subject}”与“{other.subject}”")
    yield from _kind_faults(leaf, other)
    if leaf.key_info == other.key_info:
        yield Fault(Outcome.WARN, "两张证书用的是同一把密钥，签名与加密没有分开")
    for one in (leaf, other):
        if facts.now < one.not_before:
            yield Fault(Outcome.FAIL, f"序列号 {one.serial} 的证书要到 {shown(one.not_before)} 才生效")
        if facts.now > one.not_after:
            yield Fault(Outcome.FAIL, f"序列号 {one.serial} 的证书已于 {shown(one.not_after)} 过期")
    if facts.anchors:
        yield from _chain_faults(other, facts, role)


def _kind_faults(leaf: X509, other: X509) -> Iterator[Fault]:
    try:
        kinds = {kind_of(leaf), kind_of(other)}
    except Unsupported as error:
        yield Fault(Outcome.UNKNOWN, str(error))
        return
    if Kind.OPEN in kinds:
        yield Fault(Outcome.UNKNOWN, "证书没有限定密钥用途（keyUsage），分不清签名与加密")
    elif Kind.NEITHER in kinds:
        yield Fault(Outcome.FAIL, "有一张证书既不能签名也不能加密")
    elif len(kinds) == 1:
        yield Fault(Outcome.FAIL, f"两张证书用途相同（都是{next(iter(kinds))}）")
    elif Kind.BOTH in kinds:
        yield Fault(Outcome.WARN, "有一张证书兼作签名与加密，用途没有分开")


def _chain_faults(other: X509, facts: Facts, role: str) -> Iterator[Fault]:
    """The partner is no good unless it comes from the site's anchors too."""
    path = best_path(facts, role, other)
    if path.outcome in (Outcome.FAIL, Outcome.UNKNOWN):
        worst = [fault.text for fault in path.faults if fault.outcome is path.outcome]
        yield Fault(path.outcome, f"另一张证书的证书链：{'；'.join(dict.fromkeys(worst))}")
