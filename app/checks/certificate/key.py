"""certificate.key: the private key that is at hand is that of the certificate."""

from __future__ import annotations

from app.checks.certificate.facts import Facts
from app.checks.certificate.private_keys import Match
from app.checks.model import Outcome, Verdict
from app.site.model import Certificate, Site

EXPECTED = "手边的私钥与证书配对"
ADVICE = "请找到与该证书配套的私钥，或用现有私钥重新申请证书。"
PASSWORD = "请填写（或核对）口令，再检查。"


def compare(facts: Facts, target: Certificate, site: Site) -> Verdict:  # noqa: ARG001
    """PASS when one of the keys at hand matches, FAIL when each is another's; without any there is nothing to check."""
    keys = facts.material.keys
    if not keys:
        return Verdict(Outcome.NOT_APPLICABLE, EXPECTED, "", "手边没有私钥（只有证书），无从核对配对")
    if fits := next((key for key in keys if key.match is Match.YES), None):
        return Verdict(Outcome.PASS, EXPECTED, f"配对：{fits.where}")
    if unsure := next((key for key in keys if key.match is Match.UNKNOWN), None):
        advice = PASSWORD if "口令" in unsure.trouble else ""
        return Verdict(Outcome.UNKNOWN, EXPECTED, "", f"{unsure.where}：{unsure.trouble}", advice)
    where = "、".join(dict.fromkeys(key.where for key in keys))
    return Verdict(Outcome.FAIL, EXPECTED, f"不配对：{where}", f"私钥（{where}）不是这张证书的", ADVICE)
