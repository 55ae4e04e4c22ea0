"""host.limits: what a Linux kernel and the user that runs Oracle allow, against what Oracle's installation guides ask.

Source of the figures: Oracle Database Installation Guide for Linux (11g Release 2 to 19c), "Configuring Kernel
Parameters" and "Checking Resource Limits".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.checks.host import commands, parsers
from app.checks.host.process_checks import LINUX, listed
from app.checks.host.session import HostSession, succeeded
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Database, Host, Site

PMON = "ora_pmon_"
MOST_INSTANCES = 4
LINE = re.compile(
    r"^(kernel\.shmmax|kernel\.shmall|kernel\.shmmni|kernel\.sem|fs\.file-max)[ \t]*=[ \t]*(\d[\d\t ]*)$", re.MULTILINE
)
LIMIT = re.compile(r"^(Max processes|Max open files)\s+(\d+|unlimited)\s+(\d+|unlimited)\s", re.MULTILINE)
UNLIMITED = 2**63
LEAST: Mapping[str, int] = {
    "kernel.shmmax": 536870912,
    "kernel.shmall": 2097152,  # pages
    "kernel.shmmni": 4096,
    "fs.file-max": 6815744,
}
SEMAPHORES = {"SEMMSL": 250, "SEMMNS": 32000, "SEMOPM": 100, "SEMMNI": 128}
HARD: Mapping[str, tuple[str, int]] = {"Max open files": ("nofile", 65536), "Max processes": ("nproc", 16384)}
EXPECTED = "内核参数与 Oracle 进程的用户限制不低于 Oracle 安装文档的最小值"
ADVICE = "请由 DBA 与系统管理员按 Oracle 安装文档调整 /etc/sysctl.conf 与 limits.conf，写调整记录后再检查。"


@dataclass(frozen=True)
class Limits:
    """``users``: by process, name → (soft, hard). ``why_not``: why nothing was asked; ``troubles``: what is unknown."""

    kernel: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    users: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    why_not: str = ""
    troubles: tuple[str, ...] = ()


def gather_limits(session: HostSession, target: Host) -> Limits:
    session.begin()
    name, _ = session.commands()
    if name != LINUX:
        return Limits(why_not=f"该主机是 {name}，这项检查只看 Linux")
    seen = listed(session, (PMON,))
    running = [one for one in seen.processes if one.arguments.startswith(PMON)]
    if not running and not is_planned(target, session.site):
        if parsers.only_own(seen.processes):
            raise Undetermined("该用户看不到别人的进程（hidepid），不知道该主机上有没有 Oracle")
        return Limits(why_not="该主机上没有 Oracle，方案也没有规定")
    kernel = read_kernel(succeeded(commands.KERNEL_LIMITS, session.run(commands.KERNEL_LIMITS)))
    users, troubles = {}, []
    for one in running[:MOST_INSTANCES]:
        try:
            command = commands.limits(one.pid)
            users[one.program] = read_user(succeeded(command, session.run(command)))
        except Undetermined as error:
            session.going_on()
            troubles.append(error.reason)
    if not running:
        troubles.append("Oracle 没有运行，读不到它的用户限制")
    return Limits(kernel, users, "", tuple(troubles))


def is_planned(target: Host, site: Site) -> bool:
    """Whether the profile says that Oracle runs on this host."""
    if any(text.startswith(PMON) for text in target.expect.processes):
        return True
    databases = [one for one in site.of_kind("database") if isinstance(one, Database)]
    return any(one.via == target.id or one.host == target.host for one in databases)


def read_kernel(text: str) -> dict[str, tuple[int, ...]]:
    """What sysctl prints. Raises Undetermined where a value is missing."""
    found = {name: tuple(int(word) for word in values.split()) for name, values in LINE.findall(text)}
    missing = [
        name for name in (*LEAST, "kernel.sem") if len(found.get(name, ())) != (4 if name == "kernel.sem" else 1)
    ]
    if missing:
        raise Undetermined(f"sysctl 没有报出 {'、'.join(missing)}")
    return found


def read_user(text: str) -> dict[str, tuple[int, int]]:
    """/proc/<pid>/limits. Raises Undetermined where a value is missing."""
    found = {name: (_number(soft), _number(hard)) for name, soft, hard in LIMIT.findall(text)}
    if set(found) != set(HARD):
        raise Undetermined("进程的 limits 里没有 Max processes、Max open files")
    return found


def _number(text: str) -> int:
    return UNLIMITED if text == "unlimited" else int(text)


def compare_limits(limits: Limits, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    """WARN at most: a database may run below what the guides ask, only not for long under load."""
    if limits.why_not:
        return Verdict(Outcome.NOT_APPLICABLE, "", "", limits.why_not)
    low = [*_low_kernel(limits.kernel), *(text for one, user in limits.users.items() for text in _low_user(one, user))]
    actual = "；".join([*_shown(limits.kernel), *(f"{one} {_user(user)}" for one, user in limits.users.items())])
    if limits.troubles:
        reason = "；".join([*limits.troubles, *low])
        return Verdict(Outcome.UNKNOWN, EXPECTED, actual, reason, "请启动 Oracle 后再检查，或由 DBA 人工核对。")
    if low:
        return Verdict(Outcome.WARN, EXPECTED, actual, "；".join(low), ADVICE)
    return Verdict(Outcome.PASS, EXPECTED, actual)


def _low_kernel(kernel: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    for name, least in LEAST.items():
        if kernel[name][0] < least:
            yield f"{name} 是 {kernel[name][0]}，低于 {least}"
    for (word, least), value in zip(SEMAPHORES.items(), kernel["kernel.sem"], strict=True):
        if value < least:
            yield f"kernel.sem 的 {word} 是 {value}，低于 {least}"


def _low_user(process: str, user: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    for name, (word, least) in HARD.items():
        if user[name][1] < least:
            yield f"{process} 的 {word} 硬限制是 {user[name][1]}，低于 {least}"


def _shown(kernel: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    return (f"{name}={' '.join(str(value) for value in values)}" for name, values in kernel.items())


def _user(user: Mapping[str, tuple[int, int]]) -> str:
    shown = {name: ["不限" if value >= UNLIMITED else str(value) for value in pair] for name, pair in user.items()}
    return "、".join(f"{HARD[name][0]} {soft}/{hard}" for name, (soft, hard) in shown.items())
