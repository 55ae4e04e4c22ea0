"""host.os: the release and its patch level against the plan."""

from __future__ import annotations

from app.checks import versions
from app.checks.host import releases
from app.checks.host.commands import Commands
from app.checks.host.releases import System
from app.checks.host.session import HostSession, succeeded
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Host, Site


def gather_os(session: HostSession, target: Host) -> System:
    session.begin()
    name, own = session.commands()
    kernel = session.system()
    if name == "Linux":
        return _linux(session, kernel, own, target.expect.os)
    if name == "AIX":
        return session.asked(own.release, lambda text: _known(releases.aix(kernel, text)))
    if name == "HP-UX":
        printed = session.run(own.release[0])
        return releases.hp_ux(kernel, printed.stdout if printed.status == 0 else "")
    release, build = (succeeded(command, session.run(command)) for command in own.release)
    return releases.solaris(kernel, release, build)


def _linux(session: HostSession, kernel: str, own: Commands, wanted: str) -> System:
    """The older files are read only where the first does not tell enough."""
    printed = session.run(own.release[0])
    release = printed.stdout if printed.status == 0 else ""
    system = releases.linux(kernel, release)
    if versions.parts(system.version) and len(versions.parts(system.version)) >= len(versions.parts(wanted)):
        return system
    return releases.linux(kernel, release, session.run(own.release[1]).stdout)  # not all of them are anywhere


def _known(system: System) -> System:
    if not system.version:
        raise Undetermined("oslevel 没有报出版本号")
    return system


def compare_os(system: System, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    actual = f"{system.name or '（没有读到系统名称）'}，内核 {system.kernel}"
    observed = {"os": system.name, "kernel": system.kernel}
    planned = target.expect.os
    if not planned:
        return Verdict(
            Outcome.NOT_APPLICABLE, "方案未规定", actual, "方案未规定操作系统版本，仅作记录", observed=observed
        )
    expected = f"操作系统版本 {planned}"
    version, wanted = releases.in_the_way_of(system, planned)
    if not versions.parts(version):
        reason = f"没有读到可以比较的版本号（读到的是“{version}”）"
        return Verdict(Outcome.UNKNOWN, expected, actual, reason, "请人工核对操作系统版本。", observed)
    if _too_short(version, wanted):
        reason = f"系统只报出 {version}，不到方案 {planned} 的那一位"
        return Verdict(Outcome.UNKNOWN, expected, actual, reason, "请人工核对操作系统的小版本或补丁级别。", observed)
    if versions.satisfies(version, wanted):
        return Verdict(Outcome.PASS, expected, actual, observed=observed)
    reason = f"操作系统版本是 {version}，方案要求 {planned}"
    return Verdict(Outcome.FAIL, expected, actual, reason, "请按方案升级，或由客户确认后调整方案。", observed)


def _too_short(version: str, wanted: str) -> bool:
    """VERSION_ID of CentOS 7.9 is a mere ``7``: neither below 7.6 nor known to be at it."""
    have, want = versions.parts(version), versions.parts(wanted)
    exact = not wanted.strip().startswith(">=")
    return have == want[: len(have)] and (exact or any(want[len(have) :])) and len(have) < len(want)
