"""Every command that may be run on a host, word for word. Nothing here changes anything there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.checks.host import weblogic_commands
from app.site.model import Host

KERNEL = "uname -srm"
RELEASE = "cat /etc/os-release"
SPACE = "env LC_ALL=C df -kP"
INODES = "env LC_ALL=C df -iP"
MEMORY = "cat /proc/meminfo"
PROCESSES = "env LC_ALL=C ps -eo pid,args"
DATE = "date -u +%s.%N"
ALLOWED = (KERNEL, RELEASE, SPACE, INODES, MEMORY, PROCESSES, DATE)

# The java of a running WebLogic: an absolute path that no shell can read anything else into.
JAVA = re.compile(r"(?:/[A-Za-z0-9_+-][A-Za-z0-9._+-]*)+/bin/java")
JAVA_SHOWN = "<正在运行的 WebLogic 进程的 java 绝对路径> -version"
WRITABLE_BY_ALL = ("/tmp/", "/var/tmp/", "/dev/", "/proc/", "/run/", "/var/run/")


def java_version(path: str) -> str:
    """The command that asks a Java for its version; "" for a path that may not be run."""
    return f"{path} -version" if JAVA.fullmatch(path) and not path.startswith(WRITABLE_BY_ALL) else ""


def is_allowed(command: str) -> bool:
    path, _, rest = command.partition(" ")
    listed = command in ALLOWED or (rest == "-version" and java_version(path) == command)
    return listed or weblogic_commands.is_allowed(command)


def shows(*commands: str) -> Sequence[str]:
    """For ``Check.shows``: what is run, with the look at the system that comes before."""
    return tuple(dict.fromkeys((KERNEL, *commands)))


def connects(target: Host) -> str:
    """How a host is reached, for approval."""
    way = f"（经跳板机 {target.jump}）" if target.jump else ""
    return f"SSH 连接 {target.host}:{target.port}{way}"


def logs_in(target: Host) -> str:
    return f"以用户 {target.user} 用口令登录一次"
