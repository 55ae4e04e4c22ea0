"""bus.tls: the certificate and the protocol of a bus that is reached over TLS, judged as certificates are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.checks.bus.session import BusSession
from app.checks.certificate import chain, key, names, strength, usage, validity
from app.checks.certificate.facts import Facts
from app.checks.certificate.source import Refused
from app.checks.model import SEVERITY, Outcome, Undetermined, Verdict
from app.checks.reading import OLD_TLS
from app.site.model import Bus, Certificate, Site

EXPECTED = "TLS 1.2 以上；证书链到现场的信任锚，发给该主机，在有效期内，算法与用途合适，对方持有私钥"
Compare = Callable[[Facts, Certificate, Site], Verdict]
PARTS: Sequence[tuple[str, Compare]] = (
    ("证书链", chain.compare),
    ("主机名", names.compare),
    ("有效期", validity.compare_validity),
    ("强度", strength.compare),
    ("用途", usage.compare),
    ("私钥", key.compare),
)


@dataclass(frozen=True)
class Seen:
    """The certificate that a server showed, and the entry by which it is judged."""

    facts: Facts
    entry: Certificate


def over_tls(target: Bus, site: Site) -> bool:  # noqa: ARG001 - the shape of Check.concerns
    return urlsplit(target.url).scheme in ("https", "tls") or target.probe == "tls"


def gather(session: BusSession, target: Bus) -> Seen:
    session.begin()
    return seen(session, target.url)


def seen(session: BusSession, url: str) -> Seen:
    """The certificate of the server at ``url`` with the site's anchors. Raises Failed, Undetermined."""
    opened, entry = session.server_certificate(url)
    try:
        opened.read()
    except Refused as error:
        raise Undetermined(f"连接被拒绝，见 bus.port：{error.actual}", error.advice) from None
    found = Seen(opened.chain_facts(), entry)
    session.route = found.facts.material.form
    return found


def compare(found: Seen, target: Bus, site: Site) -> Verdict:  # noqa: ARG001 - the shape of Check.compare
    """The gravest of the parts; each that is not well says why."""
    judged = [("协议", protocol(found.facts)), *((name, part(how, found, site)) for name, how in PARTS)]
    told = [(name, verdict) for name, verdict in judged if verdict.outcome is not Outcome.NOT_APPLICABLE]
    outcome = max((verdict.outcome for _, verdict in told), key=SEVERITY.index)
    actual = "；".join(f"{name}：{verdict.actual or verdict.reason}" for name, verdict in told)
    observed = validity.described(found.facts.material.leaf) | {"protocol": found.facts.material.form}
    if outcome is Outcome.PASS:
        return Verdict(outcome, EXPECTED, actual, observed=observed)
    wrong = [(name, verdict) for name, verdict in told if verdict.outcome is not Outcome.PASS]
    wrong.sort(key=lambda one: -SEVERITY.index(one[1].outcome))
    reason = "；".join(f"{name}：{verdict.reason}" for name, verdict in wrong)
    return Verdict(outcome, EXPECTED, actual, reason, wrong[0][1].advice, observed)


def part(how: Compare, found: Seen, site: Site) -> Verdict:
    """One part's verdict; what could not be told is UNKNOWN, as the runner has it."""
    try:
        return how(found.facts, found.entry, site)
    except Undetermined as error:
        return Verdict(Outcome.UNKNOWN, "", "", error.reason, error.advice)


def protocol(facts: Facts) -> Verdict:
    form = facts.material.form
    if form in OLD_TLS:
        return Verdict(Outcome.WARN, "", form, f"只支持旧版本 {form}", "请让总线启用 TLS 1.2 以上。")
    if form not in ("TLSv1.2", "TLSv1.3"):
        return Verdict(Outcome.UNKNOWN, "", form, f"握手没有完成，协议版本不明（{form}）", "请做证书检查中的 TLS 项。")
    return Verdict(Outcome.PASS, "", form)


def trusted(found: Seen, site: Site) -> str:
    """Why the server cannot be taken for the one meant; "" when it can."""
    for name, how in PARTS[:3]:
        verdict = part(how, found, site)
        if verdict.outcome not in (Outcome.PASS, Outcome.WARN):
            return f"{name}：{verdict.reason}"
    return ""
