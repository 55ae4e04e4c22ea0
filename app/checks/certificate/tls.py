"""certificate.tls: which protocol versions and weak suites a server offers, judged."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from app.checks.certificate.chain import Fault
from app.checks.certificate.offers import Offers
from app.checks.certificate.source import TLS, server_address
from app.checks.certificate.suites import SSL2, SSL3, TLCP, TLS10, TLS11, VERSIONS, Weakness
from app.checks.model import SEVERITY, Outcome, Undetermined, Verdict
from app.checks.versions import parts
from app.site.model import Certificate, Site, WebLogic

EXPECTED = "只提供 TLS 1.2、1.3，不提供 SSL、出口级、匿名、不加密与 CBC-SHA、RC4 套件"
FIRST_WITHOUT_SSL3 = (12, 1)  # WebLogic's
WEAK = {
    Weakness.ANONYMOUS: (Outcome.FAIL, "匿名套件，对方是谁无从证实"),
    Weakness.EXPORT: (Outcome.FAIL, "出口级套件，可以破解"),
    Weakness.NULL: (Outcome.FAIL, "不加密的套件"),
    Weakness.RC4: (Outcome.WARN, "RC4 套件"),
    Weakness.CBC_SHA: (Outcome.WARN, "CBC-SHA 套件"),
    Weakness.OTHER: (Outcome.WARN, "DES 或 IDEA 套件"),
}


def concerns(target: Certificate, site: Site) -> bool:  # noqa: ARG001 - the shape of Check.concerns
    return target.source.startswith(TLS)


def compare(offers: Offers, target: Certificate, site: Site) -> Verdict:
    """The worst of all that is offered; what could not be asked keeps it from PASS."""
    spoken = [version for version, answer in offers.versions.items() if answer.offered]
    actual = _shown(offers)
    observed = {
        "versions": [VERSIONS[version] for version in sorted(spoken)],
        "weak": [kind.name.lower() for kind, answer in offers.weak.items() if answer.offered],
        "probes": offers.probes,
    }
    if spoken == [TLCP]:
        reason = "只提供国密 TLCP，本程序不能与之握手，套件与强度未核验"
        return Verdict(
            Outcome.UNKNOWN, EXPECTED, actual, reason, "请用支持国密的工具检测，结果作为证据附上。", observed
        )
    if not spoken:
        reason = "各版本都没有谈成（对方要求的协议、套件或主机名可能不在本程序提议之列）"
        return Verdict(Outcome.UNKNOWN, EXPECTED, actual, reason, "请核对端口，并查看对方的 TLS 配置。", observed)
    faults = list(_faults(offers, _old_weblogic(target, site)))
    if not faults:
        return Verdict(Outcome.PASS, EXPECTED, actual, observed=observed)
    outcome = max((fault.outcome for fault in faults), key=SEVERITY.index)
    reason = "；".join(fault.text for fault in faults if fault.outcome is outcome)
    advice = next((fault.advice for fault in faults if fault.outcome is outcome and fault.advice), "")
    return Verdict(outcome, EXPECTED, actual, reason, advice, observed)


ADVICE = "请在服务器的 SSL 配置中停用这些协议与套件，只留 TLS 1.2 以上。"
AGAIN = "请稍后再检查一次；仍如此时请对方在服务器端查看 SSL 配置。"


def _faults(offers: Offers, old_weblogic: bool) -> Iterator[Fault]:
    grave = {SSL2: Outcome.FAIL, SSL3: Outcome.FAIL, TLS10: Outcome.WARN, TLS11: Outcome.WARN}
    if old_weblogic:
        grave[SSL3] = Outcome.WARN
    for version, answer in offers.versions.items():
        if answer.offered and version in grave:
            why = "（WebLogic 12.1 以前的版本如此）" if version == SSL3 and old_weblogic else ""
            yield Fault(grave[version], f"提供 {VERSIONS[version]}{why}", ADVICE)
        elif answer.offered is None:
            yield Fault(Outcome.UNKNOWN, f"是否提供 {VERSIONS[version]} 未能判定：{answer.detail}", AGAIN)
    for kind, answer in offers.weak.items():
        outcome, words = WEAK[kind]
        if answer.offered:
            yield Fault(outcome, f"提供{words}（{answer.detail}）", ADVICE)
        elif answer.offered is None:
            yield Fault(Outcome.UNKNOWN, f"是否提供{words}未能判定：{answer.detail}", AGAIN)


def _shown(offers: Offers) -> str:
    spoken = [VERSIONS[version] for version in sorted(offers.versions) if offers.versions[version].offered]
    weak = [kind.value for kind, answer in offers.weak.items() if answer.offered]
    return f"协议 {'、'.join(spoken) or '（无）'}；弱套件 {'、'.join(weak) or '（无）'}"


def _old_weblogic(target: Certificate, site: Site) -> bool:
    """Whether the plan says that a WebLogic older than 12.1 runs on that host."""
    try:
        host = server_address(target).host
    except Undetermined:
        return False
    for one in site.of_kind("weblogic"):
        if not isinstance(one, WebLogic):
            continue
        hosts = {(urlsplit(url).hostname or "").lower() for url in (one.url, *one.application_urls)}
        version = parts(one.expect.version)
        if host.lower() in hosts and version and version < FIRST_WITHOUT_SSL3:
            return True
    return False
