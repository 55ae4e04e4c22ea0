"""Every command that may be run on a host, word for word, by system. Nothing here changes anything there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from app.checks.host import sqlplus_commands, weblogic_commands
from app.site.model import Host

# What lies outside the short PATH of a session without a terminal; the words are those of any shell, csh too, for
# which $PATH: would begin a modifier.
WIDE = 'env LC_ALL=C PATH="${PATH}:/usr/sbin:/sbin:/usr/contrib/bin"'
KERNEL = "uname -srm"
NODE = "uname -n"
LOAD = "env LC_ALL=C uptime"
RELEASE = "cat /etc/os-release"
SPACE = "env LC_ALL=C df -kP"
INODES = "env LC_ALL=C df -iP"
MEMORY = "cat /proc/meminfo"
PROCESSES = "env LC_ALL=C ps -eo pid,args"
DATE = "date -u +%s.%N"
DATE_IN_WORDS = "env LC_ALL=C date -u +%Y-%m-%dT%H:%M:%S"  # where date knows no %s: Solaris 10, HP-UX, old AIX
ALL_SOCKETS = f"{WIDE} netstat -an"
KERNEL_LIMITS = f"{WIDE} sysctl kernel.shmmax kernel.shmall kernel.shmmni kernel.sem fs.file-max"


@dataclass(frozen=True)
class Commands:
    """Those of one system; of several the next is asked where the first is not there or does not do."""

    release: tuple[str, ...]
    space: tuple[str, ...]  # all file systems, and the local ones alone where those that hang can be left out
    inodes: str  # "" where ``space`` tells of them too
    holder: str  # of one path, which follows
    memory: tuple[str, ...]
    swap: tuple[str, ...]
    processors: str
    processes: tuple[str, ...]
    date: tuple[str, ...]
    addresses: tuple[str, ...]
    routes: tuple[str, ...]
    look_up: str  # of one name, which follows
    sockets: tuple[str, ...]

    def fixed(self) -> tuple[str, ...]:
        """All but those that want an argument."""
        values = [getattr(self, field.name) for field in fields(self) if field.name not in ("holder", "look_up")]
        return tuple(one for value in values for one in ((value,) if isinstance(value, str) else value) if one)


LINUX = Commands(
    release=(RELEASE, "cat /etc/redhat-release /etc/SuSE-release /etc/.productinfo"),
    space=(SPACE, "env LC_ALL=C df -klP"),
    inodes=INODES,
    holder=SPACE,
    memory=(MEMORY,),
    swap=(MEMORY,),
    processors="getconf _NPROCESSORS_ONLN",
    processes=(PROCESSES,),
    date=(DATE, DATE_IN_WORDS),
    addresses=(f"{WIDE} ip addr", f"{WIDE} ifconfig -a"),
    routes=(f"{WIDE} ip route", f"{WIDE} netstat -rn"),
    look_up="getent hosts",
    sockets=(f"{WIDE} ss -lnt", ALL_SOCKETS),
)
AIX = Commands(
    release=("oslevel -s", "oslevel -r", "oslevel"),
    space=("env LC_ALL=C df -k",),
    inodes="",
    holder="env LC_ALL=C df -k",
    memory=(f"{WIDE} vmstat -v", f"{WIDE} svmon -G"),
    swap=(f"{WIDE} lsps -s",),
    processors=f"{WIDE} bindprocessor -q",
    processes=(PROCESSES,),
    date=(DATE_IN_WORDS,),
    addresses=(f"{WIDE} ifconfig -a",),
    routes=(f"{WIDE} netstat -rn",),
    look_up="env LC_ALL=C host",
    sockets=(ALL_SOCKETS,),
)
HP_UX = Commands(
    release=(f"{WIDE} swlist -l bundle",),
    space=(f"{WIDE} bdf -i", f"{WIDE} bdf -i -l"),
    inodes="",
    holder=f"{WIDE} bdf -i",
    memory=(f"{WIDE} machinfo", f"{WIDE} vmstat"),
    swap=(f"{WIDE} swapinfo -tam",),
    processors=f"{WIDE} machinfo",
    processes=("env LC_ALL=C UNIX95=1 ps -exo pid,args", "env LC_ALL=C UNIX95=1 ps -eo pid,args"),
    date=(DATE_IN_WORDS,),
    addresses=(f"{WIDE} netstat -in",),  # ifconfig there wants an interface's name
    routes=(f"{WIDE} netstat -rn",),
    look_up=f"{WIDE} nsquery hosts",
    sockets=(ALL_SOCKETS,),
)
SOLARIS = Commands(
    release=("cat /etc/release", "uname -v"),
    space=("env LC_ALL=C df -k", "env LC_ALL=C df -kl"),
    inodes="env LC_ALL=C df -F ufs -o i",
    holder="env LC_ALL=C df -k",
    memory=(f"{WIDE} prtconf", f"{WIDE} vmstat 1 2", "kstat -p zfs:0:arcstats:size"),
    swap=(f"{WIDE} swap -l", f"{WIDE} swap -s"),
    processors=f"{WIDE} psrinfo",
    processes=("/usr/ucb/ps -auxww", PROCESSES),
    date=(DATE_IN_WORDS,),
    addresses=(f"{WIDE} ifconfig -a",),
    routes=(f"{WIDE} netstat -rn",),
    look_up="getent hosts",
    sockets=(ALL_SOCKETS,),
)
SYSTEMS: Mapping[str, Commands] = {"Linux": LINUX, "AIX": AIX, "HP-UX": HP_UX, "SunOS": SOLARIS}
ALLOWED: tuple[str, ...] = tuple(
    dict.fromkeys(
        (KERNEL, NODE, LOAD, KERNEL_LIMITS, *(command for system in SYSTEMS.values() for command in system.fixed()))
    )
)

# What takes an argument: a path or a name that no shell can read anything else into.
FOLDER = r"(?:/[A-Za-z0-9_][A-Za-z0-9_.+-]*)+"
NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?"
PID = r"[1-9][0-9]{0,9}"
HOLDERS = tuple(dict.fromkeys(system.holder for system in SYSTEMS.values()))
LOOK_UPS = tuple(dict.fromkeys(system.look_up for system in SYSTEMS.values()))
FILES = "env LC_ALL=C ls -lLd"
ALERT_TAIL = 2_000_000  # bytes of a database's alert log that are read, from its end
TAILS: Mapping[str, str] = {"SunOS": "/usr/xpg4/bin/tail"}  # where the ordinary one has no -c
BOOT = "boot.properties"
BOOT_PLACES = 3
SHAPES = tuple(
    re.compile(shape)
    for shape in (
        *(rf"{re.escape(holder)} {FOLDER}" for holder in HOLDERS),
        *(rf"{re.escape(look_up)} {NAME}" for look_up in LOOK_UPS),
        rf"cat /proc/{PID}/limits",
        rf"(?:/usr/xpg4/bin/)?tail -c {ALERT_TAIL} {FOLDER}/alert_[A-Za-z0-9_]{{1,64}}\.log",
        rf"{re.escape(FILES)} (?P<d>{FOLDER}) (?P=d)/boot\.properties "
        rf"(?P=d)/servers/(?P<s>{NAME})/security/boot\.properties "
        r"(?P=d)/servers/(?P=s)/data/nodemanager/boot\.properties",
    )
)
HOLDERS_SHOWN = tuple(f"{holder} <方案写的目录>" for holder in HOLDERS)
LOOK_UPS_SHOWN = tuple(f"{look_up} <主机名>" for look_up in LOOK_UPS)
LIMITS_SHOWN = "cat /proc/<ora_pmon 的进程号>/limits"
BOOT_SHOWN = (
    f"{FILES} <Domain 目录> <Domain 目录>/{BOOT} <Domain 目录>/servers/<服务器>/security/{BOOT} "
    f"<Domain 目录>/servers/<服务器>/data/nodemanager/{BOOT}"
)
ALERTS_SHOWN = tuple(
    f"{tail} -c {ALERT_TAIL} <数据库给出的告警日志目录>/alert_<实例名>.log" for tail in ("tail", *TAILS.values())
)
DIRECTORIES_SHOWN = ("readlink /proc/<进程号>/cwd", "pwdx <进程号>", "procwdx <进程号>")

# The java of a running WebLogic: an absolute path that no shell can read anything else into.
JAVA = re.compile(r"(?:/[A-Za-z0-9_+-][A-Za-z0-9._+-]*)+/bin/java")
JAVA_SHOWN = "<正在运行的 WebLogic 进程的 java 绝对路径> -version"
WRITABLE_BY_ALL = ("/tmp/", "/var/tmp/", "/dev/", "/proc/", "/run/", "/var/run/")

# Where a log-in prints something of its own, each command's output begins behind this line.
MARK = "--onsite--"
MARKING = f"echo {MARK}; "
MARKED_SHOWN = f"（登录时自行输出文字的主机上，每条命令前加 {MARKING.rstrip()}）"


def java_version(path: str) -> str:
    """The command that asks a Java for its version; "" for a path that may not be run."""
    return f"{path} -version" if JAVA.fullmatch(path) and not path.startswith(WRITABLE_BY_ALL) else ""


def holder(system: Commands, path: str) -> str:
    """The command that tells which file system holds ``path``; "" for a path that may not stand in one."""
    return _shaped(f"{system.holder} {path}")


def look_up(system: Commands, name: str) -> str:
    """The command that asks a host what address a name has there; "" for no name."""
    return _shaped(f"{system.look_up} {name}")


def limits(pid: int) -> str:
    """What a process may open and start; read by anyone since Linux 2.6.24."""
    return _shaped(f"cat /proc/{pid}/limits")


def alert_log(folder: str, instance: str, system: str) -> str:
    """The end of a database instance's alert log; ``system`` is the first word of ``uname``."""
    return _shaped(f"{TAILS.get(system, 'tail')} -c {ALERT_TAIL} {folder}/alert_{instance}.log")


def boot_properties(domain: str, server: str) -> str:
    """Looks whether a server's boot.properties is there, and its mode: in the domain's root (up to 10.3.1), in the
    server's security folder (from 10.3.2), and where a Node Manager keeps its own. It is never read.
    """
    places = ("", f"/servers/{server}/security", f"/servers/{server}/data/nodemanager")
    return _shaped(f"{FILES} {domain} {' '.join(f'{domain}{place}/{BOOT}' for place in places)}")


def _shaped(command: str) -> str:
    safe = ".." not in command.split("/") and any(shape.fullmatch(command) for shape in SHAPES)
    return command if safe else ""


def is_allowed(command: str) -> bool:
    command = command.removeprefix(MARKING)
    path, _, rest = command.partition(" ")
    if command in ALLOWED or (rest == "-version" and java_version(path) == command):
        return True
    return bool(_shaped(command)) or any(others.is_allowed(command) for others in (weblogic_commands, sqlplus_commands))


def marked(command: str) -> str:
    """``command`` so that its output can be told from what the log-in itself prints."""
    return f"{MARKING}{command}"


def of_systems(*names: str) -> tuple[str, ...]:
    """What the fields of ``Commands`` of these names hold, of all systems."""
    values = [getattr(system, name) for system in SYSTEMS.values() for name in names]
    return tuple(one for value in values for one in ((value,) if isinstance(value, str) else value) if one)


def shows(*commands: str) -> Sequence[str]:
    """For ``Check.shows``: what is run, of each system, with the look at the system that comes before."""
    return tuple(dict.fromkeys((KERNEL, *commands, MARKED_SHOWN)))


def connects(target: Host) -> str:
    """How a host is reached, for approval."""
    way = f"（经跳板机 {target.jump}）" if target.jump else ""
    return f"SSH 连接 {target.host}:{target.port}{way}"


def connects_to(target: Host, port: int) -> str:
    """How a planned port is tried, for approval: nothing is sent."""
    way = f"（经跳板机 {target.jump}）" if target.jump else ""
    return f"TCP 连接 {target.host}:{port}{way}，不发送内容"


def logs_in(target: Host) -> str:
    return f"以用户 {target.user} 用口令登录一次"
