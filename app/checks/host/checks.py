"""What is asked of hosts over SSH, in which order. Parsing and judging is that of the modules named here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.checks.clock import compare_clock
from app.checks.host import (
    boot_checks,
    commands,
    disk_checks,
    limit_checks,
    login_checks,
    memory_checks,
    network_checks,
    process_checks,
    system_checks,
)
from app.checks.model import Check
from app.site.model import Host, Site

CLAUSE = "二、准备部署环境"


def _reaches(target: Host) -> Sequence[str]:
    return (commands.connects(target),)


def _logs_in(target: Host) -> Sequence[str]:
    return (commands.connects(target), commands.logs_in(target))


def _runs(*fields: str, more: Sequence[str] = ()) -> Callable[[Host], Sequence[str]]:
    """What ``fields`` of each system's commands hold, and ``more``."""
    return lambda target: commands.shows(*commands.of_systems(*fields), *more)


def _reaches_ports(target: Host) -> Sequence[str]:
    if not target.expect.ports:
        return ()
    tried = [commands.connects_to(target, port) for port in target.expect.ports]
    return (*tried, *_runs("sockets")(target))


def _no_ports(target: Host, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "" if target.expect.ports else "方案未规定端口"


def _check(name: str, title: str, gather: Any, compare: Any, shows: Any, definition: str = "1", **more: Any) -> Check:
    return Check(
        id=f"host.{name}",
        kind="host",
        table="host",
        title=title,
        clause=CLAUSE,
        gather=gather,
        compare=compare,
        shows=shows,
        definition=definition,
        **more,
    )


CHECKS: tuple[Check, ...] = (
    _check("port", "SSH 端口", login_checks.gather_greeting, login_checks.compare_greeting, _reaches),
    _check("key", "主机密钥", login_checks.gather_key, login_checks.compare_key, _reaches, seconds=60.0),
    _check("login", "主机登录", login_checks.gather_login, login_checks.compare_login, _logs_in, "2", seconds=60.0),
    _check("os", "操作系统", system_checks.gather_os, system_checks.compare_os, _runs("release"), "2", seconds=45.0),
    _check(
        "disk",
        "磁盘空间",
        disk_checks.gather_disk,
        disk_checks.compare_disk,
        _runs("space", "inodes", more=commands.HOLDERS_SHOWN),
        "2",
        seconds=45.0,
    ),
    _check(
        "memory", "内存", memory_checks.gather_memory, memory_checks.compare_memory, _runs("memory"), "2", seconds=45.0
    ),
    _check("swap", "交换空间", memory_checks.gather_swap, memory_checks.compare_swap, _runs("swap"), seconds=45.0),
    _check(
        "load",
        "系统负载",
        memory_checks.gather_load,
        memory_checks.compare_load,
        _runs("processors", more=(commands.LOAD,)),
        seconds=45.0,
    ),
    _check(
        "java",
        "WebLogic 使用的 Java",
        process_checks.gather_java,
        process_checks.compare_java,
        _runs("processes", more=(commands.JAVA_SHOWN,)),
        "2",
        seconds=60.0,
    ),
    _check(
        "limits",
        "Oracle 的内核参数与用户限制",
        limit_checks.gather_limits,
        limit_checks.compare_limits,
        _runs("processes", more=(commands.KERNEL_LIMITS, commands.LIMITS_SHOWN)),
        seconds=60.0,
    ),
    _check(
        "network",
        "网络地址与名称解析",
        network_checks.gather_network,
        network_checks.compare_network,
        _runs("addresses", "routes", more=(commands.NODE, *commands.LOOK_UPS_SHOWN)),
        seconds=60.0,
    ),
    _check(
        "ports",
        "端口监听",
        network_checks.gather_ports,
        network_checks.compare_ports,
        _reaches_ports,
        applies=_no_ports,
        seconds=60.0,
    ),
    _check(
        "processes",
        "进程",
        process_checks.gather_processes,
        process_checks.compare_processes,
        _runs("processes"),
        "2",
        seconds=45.0,
    ),
    _check(
        "clock",
        "主机时钟",
        process_checks.gather_clock,
        process_checks.compare_one_clock,
        _runs("date"),
        "2",
        seconds=45.0,
        compare_all=compare_clock,
    ),
    _check(
        "boot_properties",
        "boot.properties 的权限",
        boot_checks.gather_boot,
        boot_checks.compare_boot,
        _runs("processes", more=(*commands.DIRECTORIES_SHOWN, commands.BOOT_SHOWN)),
        seconds=60.0,
    ),
)
