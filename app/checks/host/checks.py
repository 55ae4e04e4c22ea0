"""What is asked of hosts over SSH, in which order. Parsing and judging is that of the modules named here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.checks.clock import compare_clock
from app.checks.host import commands, login_checks, process_checks, system_checks
from app.checks.model import Check
from app.site.model import Host

CLAUSE = "二、准备部署环境"


def _reaches(target: Host) -> Sequence[str]:
    return (commands.connects(target),)


def _logs_in(target: Host) -> Sequence[str]:
    return (commands.connects(target), commands.logs_in(target))


def _runs(*ran: str) -> Callable[[Host], Sequence[str]]:
    return lambda target: commands.shows(*ran)


def _check(name: str, title: str, gather: Any, compare: Any, shows: Any, **more: Any) -> Check:
    return Check(
        id=f"host.{name}",
        kind="host",
        table="host",
        title=title,
        clause=CLAUSE,
        gather=gather,
        compare=compare,
        shows=shows,
        definition="1",
        **more,
    )


CHECKS: tuple[Check, ...] = (
    _check("port", "SSH 端口", login_checks.gather_greeting, login_checks.compare_greeting, _reaches),
    _check("key", "主机密钥", login_checks.gather_key, login_checks.compare_key, _reaches, seconds=60.0),
    _check("login", "主机登录", login_checks.gather_login, login_checks.compare_login, _logs_in, seconds=60.0),
    _check("os", "操作系统", system_checks.gather_os, system_checks.compare_os, _runs(commands.RELEASE)),
    _check(
        "disk",
        "磁盘空间",
        system_checks.gather_disk,
        system_checks.compare_disk,
        _runs(commands.SPACE, commands.INODES),
        seconds=45.0,
    ),
    _check("memory", "内存", system_checks.gather_memory, system_checks.compare_memory, _runs(commands.MEMORY)),
    _check(
        "java",
        "WebLogic 使用的 Java",
        process_checks.gather_java,
        process_checks.compare_java,
        _runs(commands.PROCESSES, commands.JAVA_SHOWN),
        seconds=45.0,
    ),
    _check(
        "processes",
        "进程",
        process_checks.gather_processes,
        process_checks.compare_processes,
        _runs(commands.PROCESSES),
    ),
    _check(
        "clock",
        "主机时钟",
        process_checks.gather_clock,
        process_checks.compare_one_clock,
        _runs(commands.DATE),
        compare_all=compare_clock,
    ),
)
