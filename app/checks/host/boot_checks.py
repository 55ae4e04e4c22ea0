"""host.boot_properties: that each running WebLogic server's boot.properties is there and its owner's alone. Never read.

Where it lies: the domain's root up to 10.3.1, the server's security folder from 10.3.2; a Node Manager that starts
servers keeps one of its own below data/nodemanager.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.checks.host import commands, parsers, weblogic_commands
from app.checks.host.parsers import Process
from app.checks.host.process_checks import WEBLOGIC, Listed, listed
from app.checks.host.session import HostSession
from app.checks.model import Outcome, Undetermined, Verdict, worst
from app.site.model import Host, Site, WebLogic

MOST_SERVERS = 6
ROOTS = tuple(re.compile(rf"-D{name}=(/\S+)") for name in (r"weblogic\.RootDirectory", r"domain\.home"))
NAME = re.compile(rf"{re.escape(WEBLOGIC)}(\S+)")
LISTED = re.compile(r"^([-dlbcps])([rwxsStTlL-]{9})([.+@*]?)\s.*\s(/\S+)$", re.MULTILINE)
ABSENT = re.compile(r"(?i)no such file|does not exist|not found|0653-341")
EXPECTED = "boot.properties 存在，权限 600"


@dataclass(frozen=True)
class BootFile:
    """``modes``: path → permissions as ls shows them, of those that are there. ``trouble``: why it is not known."""

    server: str
    modes: tuple[tuple[str, str], ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class BootFiles:
    """Of each server that runs; ``sure``: whether the processes could all be seen."""

    files: tuple[BootFile, ...] = ()
    sure: bool = True


def gather_boot(session: HostSession, target: Host) -> BootFiles:  # noqa: ARG001 - the shape of Check.gather
    session.begin()
    seen = listed(session)
    running = [one for one in seen.processes if NAME.search(one.arguments) and _is_java(one)]
    files = tuple(_boot_file(session, one) for one in running[:MOST_SERVERS])
    left = tuple(BootFile(_server(one), trouble="服务器太多，没有查") for one in running[MOST_SERVERS:])
    return BootFiles((*files, *left), _sure(seen))


def _is_java(process: Process) -> bool:
    return process.program.rpartition("/")[2] == "java"


def _sure(seen: Listed) -> bool:
    if parsers.only_own(seen.processes):
        return False
    return not seen.narrow or not parsers.may_hide(WEBLOGIC, seen.processes)


def _server(process: Process) -> str:
    return str((NAME.findall(process.arguments) or [""])[-1])


def _boot_file(session: HostSession, process: Process) -> BootFile:
    server = _server(process)
    try:
        domain = _domain(session, process)
        command = commands.boot_properties(domain, server)
        if not command:
            raise Undetermined(f"Domain 目录“{domain[:80]}”或服务器名不能放进命令里")
        printed = session.run(command)
        return BootFile(server, _modes(domain, printed.stdout, printed.stderr))
    except Undetermined as error:
        session.going_on()
        return BootFile(server, trouble=error.reason)


def _domain(session: HostSession, process: Process) -> str:
    """The directory of the domain that a server runs in: as it was told, else where it works."""
    for root in ROOTS:
        if found := root.findall(process.arguments):
            return str(found[-1]).rstrip("/")  # of a property that is given twice the last counts
    command = weblogic_commands.directory(session.commands()[0], process.pid)
    printed = session.run(command)
    told = re.search(r"(?:^|:\s+)(/\S+?)/?\s*$", printed.stdout)
    if printed.status or not told:
        raise Undetermined(f"不知道进程 {process.pid} 的 Domain 目录（{command} 没有报出）")
    return told[1]


def _modes(domain: str, stdout: str, stderr: str) -> tuple[tuple[str, str], ...]:
    """What ls shows of the files. Raises Undetermined where the domain itself is not seen, or a file could not be."""
    rows = {path: (kind, mode + mark) for kind, mode, mark, path in LISTED.findall(stdout)}
    if rows.get(domain, ("",))[0] != "d":
        raise Undetermined(f"没有看到 Domain 目录 {domain}")
    files = {path: mode for path, (kind, mode) in rows.items() if kind == "-" and path.endswith(f"/{commands.BOOT}")}
    absent = [line for line in (stderr + "\n" + stdout).splitlines() if ABSENT.search(line) and commands.BOOT in line]
    if not files and len(absent) < commands.BOOT_PLACES:
        raise Undetermined(f"{domain} 下的 {commands.BOOT} 看不到：{' '.join(stderr.split())[:120] or '没有说明'}")
    return tuple(files.items())


def compare_boot(found: BootFiles, target: Host, site: Site) -> Verdict:
    if not found.files:
        return _none(found, target, site)
    said = [_judged(one) for one in found.files]
    actual = "；".join(
        f"{one.server} {'、'.join(f'{mode} {path}' for path, mode in one.modes) or '未见'}" for one in found.files
    )
    outcome = worst([one for one, _ in said])
    reason = "；".join(text for one, text in said if one is outcome and text)
    advice = {
        Outcome.FAIL: "请由管理员建立该文件，并用 chmod 600 只留给运行 WebLogic 的用户。",
        Outcome.UNKNOWN: "请用运行 WebLogic 的用户检查，或由管理员用 ls -l 核对。",
    }
    return Verdict(outcome, EXPECTED, actual, reason, advice.get(outcome, ""))


def _none(found: BootFiles, target: Host, site: Site) -> Verdict:
    planned = any(WEBLOGIC in text for text in target.expect.processes)
    domains = [one for one in site.of_kind("weblogic") if isinstance(one, WebLogic)]
    if planned or any(one.via == target.id for one in domains):
        reason = "没有看到正在运行的 WebLogic 进程，不知道 Domain 目录"
        return Verdict(Outcome.UNKNOWN, EXPECTED, "", reason, "请启动 WebLogic 后再检查。")
    if not found.sure:
        return Verdict(Outcome.UNKNOWN, EXPECTED, "", "该用户看不全进程，不知道该主机上有没有 WebLogic")
    return Verdict(Outcome.NOT_APPLICABLE, "", "", "该主机上没有 WebLogic，方案也没有规定")


def _judged(one: BootFile) -> tuple[Outcome, str]:
    if one.trouble:
        return Outcome.UNKNOWN, f"{one.server}：{one.trouble}"
    if not one.modes:
        return Outcome.FAIL, f"{one.server} 没有 boot.properties"
    wide = [f"{path} 是 {mode}" for path, mode in one.modes if mode[3:9] != "------"]
    if wide:
        return Outcome.FAIL, f"{one.server} 的 {'、'.join(wide)}，不是 600"
    if listed := [path for path, mode in one.modes if mode.endswith("+")]:
        return Outcome.UNKNOWN, f"{'、'.join(listed)} 另有访问控制列表（ACL），看不出谁能读"
    return Outcome.PASS, ""
