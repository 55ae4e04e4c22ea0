"""The verdicts on how a domain is set: its servers' Java, its security. Pure."""

from __future__ import annotations

from app.checks.model import Outcome, Undetermined, Verdict
from app.checks.versions import satisfies
from app.checks.weblogic.facts import Javas, Security
from app.checks.weblogic.judging import Finding, named, names, not_running, unplanned, verdict
from app.site.model import WebLogic


def judge_jdk(javas: Javas, target: WebLogic) -> Verdict:
    """The Java that each server runs on against the plan."""
    wanted = target.expect.jdk
    told = [f"{name} {version}" for name, version in javas.versions.items()]
    actual = names([*told, *(f"{name}（未知）" for name in javas.troubles)])
    observed = {"java": "、".join(dict.fromkeys(javas.versions.values()))}
    if not wanted:
        return unplanned(" JDK 版本", actual, observed)
    findings = [finding for name, version in javas.versions.items() for finding in _java(name, version, wanted)]
    findings += [Finding(Outcome.UNKNOWN, f"{name}：{words}") for name, words in javas.troubles.items()]
    findings += not_running(javas.states, target, "它的 Java")
    return verdict(f"Java {wanted}", actual, findings, "请按方案更换 WebLogic 使用的 JDK，重启后再检查。", observed)


def _java(name: str, version: str, wanted: str) -> list[Finding]:
    try:
        fits = satisfies(version, wanted)
    except Undetermined as error:
        return [Finding(Outcome.UNKNOWN, f"{name}：{error.reason}")]
    return [] if fits else [Finding(Outcome.FAIL, f"{name} 用的是 {version}")]


def judge_security(security: Security, target: WebLogic) -> Verdict:
    """Production mode on, no demonstration key store, users locked out after wrong passwords."""
    words = {True: "是", False: "否", None: "未知"}
    stores = names(f"{store.server} {store.kind or '未知'}" for store in security.stores)
    lockout = f"{words[security.lockout.enabled]}（{_count(security.lockout.threshold)} 次）"
    actual = f"生产模式 {words[security.production]}；密钥库 {stores}；用户锁定 {lockout}"
    findings = [*_production(security), *_stores(security, target), *_lockout(security)]
    if any(finding.outcome is Outcome.UNKNOWN for finding in findings):
        findings += [Finding(Outcome.UNKNOWN, trouble) for trouble in security.troubles]
    advice = "请在控制台“域－常规”“服务器－密钥库”“安全领域－用户封锁”中改正，重启后再检查；读不到的项请上传截图。"
    return verdict("生产模式，不用演示密钥库，启用用户锁定", actual, findings, advice)


def _production(security: Security) -> list[Finding]:
    if security.production is None:
        return [Finding(Outcome.UNKNOWN, "生产模式未能核对")]
    return [] if security.production else [Finding(Outcome.WARN, "域不是生产模式")]


def _stores(security: Security, target: WebLogic) -> list[Finding]:
    if not security.stores:
        return [Finding(Outcome.UNKNOWN, "各 Server 的密钥库未能核对")]
    told = [store.server for store in security.stores if store.kind]
    untold = [store.server for store in security.stores if not store.kind]
    untold += [name for name in target.expect.servers if not named(name, [*told, *untold])]
    demonstration = [store.server for store in security.stores if store.demonstration]
    found = [Finding(Outcome.UNKNOWN, f"{names(untold)} 的密钥库未能核对")] if untold else []
    return found + ([Finding(Outcome.WARN, f"{names(demonstration)} 用的是演示密钥库")] if demonstration else [])


def _lockout(security: Security) -> list[Finding]:
    lockout = security.lockout
    if lockout.enabled is None or (lockout.enabled and lockout.threshold is None):
        return [Finding(Outcome.UNKNOWN, "用户锁定未能核对")]
    if not lockout.enabled or not lockout.threshold:
        return [Finding(Outcome.WARN, "没有启用用户锁定")]
    return []


def _count(threshold: int | None) -> str:
    return "未知" if threshold is None else str(threshold)
