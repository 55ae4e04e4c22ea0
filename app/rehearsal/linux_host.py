"""What the application's host (银河麒麟 V10, x86-64) prints for an inspection's commands, by the faults that are on.

The SSH side of it is ``ssh``. Text as procps-ng 3.3, coreutils 8.32 and iproute2 5.5 print it; the ports are the
rehearsal site's true ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

JAVA = "/usr/java/jdk1.8.0_202/bin/java"
CLOCK_SKEW_SECONDS = 600  # ahead, under the fault "clock-skewed"
ONE_FILE_SYSTEM = "env LC_ALL=C df -kP "
NOT_FOUND = 127  # a shell's exit status for a command that does not exist
BLOCKS_PER_GIB = 1024 * 1024
CLOSED_BY = {"oracle": "db-down", "wls-jyjc2": "server-down"}  # ports on which nobody listens under a fault


@dataclass(frozen=True)
class Printed:
    """What a command leaves: two streams and its exit status."""

    stdout: str = ""
    stderr: str = ""
    status: int = 0


def run(command: str, faults: frozenset[str], ports: Mapping[str, int]) -> Printed:
    """Runs exactly the commands known here; anything else is not found, as a shell says it."""
    commands: dict[str, Callable[[], Printed]] = {
        "uname -srm": lambda: Printed("Linux 4.19.90-17.ky10.x86_64 x86_64\n"),
        "cat /etc/os-release": lambda: Printed(OS_RELEASE),
        "env LC_ALL=C df -kP": lambda: Printed(disk_space("disk-full" in faults)),
        "env LC_ALL=C df -iP": lambda: Printed(inodes()),
        "cat /proc/meminfo": lambda: Printed(MEMINFO),
        "env LC_ALL=C ps -eo pid,args": lambda: Printed(
            processes("server-down" in faults, ports.get("wls-admin", 7001))
        ),
        "date -u +%s.%N": lambda: Printed(date("clock-skewed" in faults)),
        f"{JAVA} -version": lambda: Printed(stderr=JAVA_VERSION),
        "env LC_ALL=C ss -lnt": lambda: Printed(sockets(listening(faults, ports))),
        "env LC_ALL=C netstat -an": lambda: Printed(netstat(listening(faults, ports))),
        **{text: partial(Printed, printed) for text, printed in FIXED.items()},
    }
    if command.startswith(ONE_FILE_SYSTEM):
        return holder(command.removeprefix(ONE_FILE_SYSTEM), "disk-full" in faults)
    known = commands.get(with_usual_path(command.strip()))
    return known() if known else not_found(command)


def with_usual_path(command: str) -> str:
    """The same command without the directories that it adds to the path."""
    return command.replace(' PATH="${PATH}:/usr/sbin:/sbin:/usr/contrib/bin"', "", 1)


def not_found(command: str) -> Printed:
    words = command.split()
    name = words[0] if words else ""
    reason = "No such file or directory" if "/" in name else "command not found"
    return Printed(stderr=f"bash: {name}: {reason}\n", status=NOT_FOUND)


def disk_space(full: bool) -> str:
    """``df -kP``: one line a file system, however long its device's name is; under disk-full / has 1 GiB left."""
    gib = BLOCKS_PER_GIB
    root_used = 49 * gib if full else 17 * gib + 402_116
    rows = [
        ("devtmpfs", 16 * gib - 30_208, 0, "/dev"),
        ("tmpfs", 16 * gib, 24, "/dev/shm"),
        ("tmpfs", 16 * gib, 18_260, "/run"),
        ("/dev/mapper/klas_jyjc--app--server01-root", 50 * gib, root_used, "/"),
        ("/dev/vda1", 1_038_336, 187_084, "/boot"),
        ("/dev/mapper/vg_jyjc--data-lv_u01_weblogic_domains", 200 * gib, 38 * gib + 77_312, "/u01"),
        ("/dev/mapper/vg_jyjc--data-lv_u02_oracle_oradata", 500 * gib, 211 * gib + 9_940, "/u02"),
    ]
    lines = [f"{'Filesystem':<50} {'1024-blocks':>12} {'Used':>10} {'Available':>10} Capacity Mounted on"]
    lines += [space_line(*row) for row in rows]
    return "\n".join(lines) + "\n"


def holder(path: str, full: bool) -> Printed:
    """``df -kP`` of one path: the file system it lies on. Below the mount points there is nothing here but /u01/wls."""
    header, *rows = disk_space(full).splitlines()
    found = [row for row in rows if row.endswith(f" {path}") or (path == "/u01/wls" and row.endswith(" /u01"))]
    if not found:
        return Printed(stderr=f"df: '{path}': No such file or directory\n", status=1)
    return Printed(f"{header}\n{found[-1]}\n")


def space_line(device: str, size: int, used: int, mount: str) -> str:
    return f"{device:<50} {size:>12} {used:>10} {size - used:>10} {percent(used, size):>7}% {mount}"


def percent(used: int, size: int) -> int:
    """Rounded up, as df does."""
    return -(-100 * used // size)


def inodes() -> str:
    rows = [
        ("devtmpfs", 4_186_752, 421, "/dev"),
        ("tmpfs", 4_194_304, 7, "/dev/shm"),
        ("tmpfs", 4_194_304, 812, "/run"),
        ("/dev/mapper/klas_jyjc--app--server01-root", 26_214_400, 214_518, "/"),
        ("/dev/vda1", 524_288, 312, "/boot"),
        ("/dev/mapper/vg_jyjc--data-lv_u01_weblogic_domains", 104_857_600, 98_403, "/u01"),
        ("/dev/mapper/vg_jyjc--data-lv_u02_oracle_oradata", 262_144_000, 1_207, "/u02"),
    ]
    lines = [f"{'Filesystem':<50} {'Inodes':>10} {'IUsed':>8} {'IFree':>10} IUse% Mounted on"]
    lines += [
        f"{device:<50} {size:>10} {used:>8} {size - used:>10} {percent(used, size):>4}% {mount}"
        for device, size, used, mount in rows
    ]
    return "\n".join(lines) + "\n"


def processes(second_down: bool, admin_port: int) -> str:
    """``ps -eo pid,args``: Java with each running server's name, Oracle's processes, the asking session."""
    managed = f" -Dweblogic.management.server=http://127.0.0.1:{admin_port}"
    rows = [
        (1, "/usr/lib/systemd/systemd --switched-root --system --deserialize 16"),
        (2, "[kthreadd]"),
        (1021, "/usr/sbin/sshd -D"),
        (2310, "/u02/app/oracle/product/19.0.0/dbhome_1/bin/tnslsnr LISTENER -inherit"),
        (2412, "ora_pmon_JYJC"),
        (2418, "ora_smon_JYJC"),
        (2424, "ora_lgwr_JYJC"),
        (4107, weblogic_process("AdminServer", "1024m", "")),
        (4588, weblogic_process("jyjc1", "2048m", managed)),
        (4603, weblogic_process("jyjc2", "2048m", managed)),
        (9120, "sshd: weblogic [priv]"),
        (9124, "sshd: weblogic@notty"),
        (9125, "ps -eo pid,args"),
    ]
    shown = [(pid, line) for pid, line in rows if not (second_down and "-Dweblogic.Name=jyjc2 " in line)]
    return "    PID COMMAND\n" + "".join(f"{pid:>7} {line}\n" for pid, line in shown)


def weblogic_process(name: str, heap: str, managed: str) -> str:
    return (
        f"{JAVA} -server -Xms1024m -Xmx{heap} -Dweblogic.Name={name} "
        "-Djava.security.policy=/u01/wls/wlserver/server/lib/weblogic.policy -Dweblogic.ProductionModeEnabled=true "
        "-Dfile.encoding=UTF-8 -Djava.endorsed.dirs=/usr/java/jdk1.8.0_202/jre/lib/endorsed"
        f"{managed} -Dweblogic.home=/u01/wls/wlserver/server weblogic.Server"
    )


def date(skewed: bool) -> str:
    """``date -u +%s.%N`` by this machine's clock, or ahead of it."""
    nanoseconds = time.time_ns() + (CLOCK_SKEW_SECONDS * 10**9 if skewed else 0)
    return f"{nanoseconds // 10**9}.{nanoseconds % 10**9:09d}\n"


def listening(faults: frozenset[str], ports: Mapping[str, int]) -> list[int]:
    return sorted(port for name, port in ports.items() if CLOSED_BY.get(name) not in faults)


def sockets(ports: list[int]) -> str:
    lines = ["State      Recv-Q     Send-Q         Local Address:Port          Peer Address:Port    "]
    lines += [f"LISTEN     0          128                127.0.0.1:{port:<19} 0.0.0.0:*       " for port in ports]
    return "\n".join(lines) + "\n"


def netstat(ports: list[int]) -> str:
    lines = [
        "Active Internet connections (servers and established)",
        "Proto Recv-Q Send-Q Local Address           Foreign Address         State      ",
    ]
    lines += [f"tcp        0      0 {f'127.0.0.1:{port}':<23} 0.0.0.0:*               LISTEN     " for port in ports]
    return "\n".join(lines) + "\n"


OS_RELEASE = """NAME="Kylin Linux Advanced Server"
VERSION="V10 (Tercel)"
ID="kylin"
VERSION_ID="V10"
PRETTY_NAME="Kylin Linux Advanced Server V10 (Tercel)"
ANSI_COLOR="0;31"

"""

MEMINFO = """MemTotal:       32752104 kB
MemFree:         5120332 kB
MemAvailable:   17403288 kB
Buffers:          312480 kB
Cached:         12804116 kB
SwapCached:            0 kB
Active:         15220100 kB
Inactive:        9603412 kB
Active(anon):   11802340 kB
Inactive(anon):   204512 kB
Dirty:               412 kB
Shmem:            301276 kB
Slab:             802144 kB
SwapTotal:      16777212 kB
SwapFree:       16777212 kB
CommitLimit:    33153264 kB
Committed_AS:   18204380 kB
VmallocTotal:   34359738367 kB
HugePages_Total:       0
HugePages_Free:        0
Hugepagesize:       2048 kB
"""

JAVA_VERSION = """java version "1.8.0_202"
Java(TM) SE Runtime Environment (build 1.8.0_202-b08)
Java HotSpot(TM) 64-Bit Server VM (build 25.202-b08, mixed mode)
"""

SYSCTL = """kernel.shmmax = 68719476736
kernel.shmall = 4294967296
kernel.shmmni = 4096
kernel.sem = 250	32000	100	128
fs.file-max = 6815744
"""

PROCESS_LIMITS = """Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max stack size            10485760             33554432             bytes
Max processes             16384                16384                processes
Max open files            65536                65536                files
Max locked memory         unlimited            unlimited            bytes
"""

ADDRESSES = """1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
    inet6 ::1/128 scope host
       valid_lft forever preferred_lft forever
2: ens3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000
    link/ether 52:54:00:5c:1a:07 brd ff:ff:ff:ff:ff:ff
    inet 10.51.0.21/24 brd 10.51.0.255 scope global noprefixroute ens3
       valid_lft forever preferred_lft forever
"""

FIXED = {
    "uname -n": "jyjc-app-server01\n",
    "getent hosts jyjc-app-server01": "10.51.0.21      jyjc-app-server01\n",
    "getconf _NPROCESSORS_ONLN": "8\n",
    "env LC_ALL=C uptime": " 10:21:07 up 41 days,  2:13,  1 user,  load average: 0.42, 0.37, 0.35\n",
    "env LC_ALL=C ip addr": ADDRESSES,
    "env LC_ALL=C ip route": "default via 10.51.0.1 dev ens3 proto static metric 100 \n"
    "10.51.0.0/24 dev ens3 proto kernel scope link src 10.51.0.21 metric 100 \n",
    "env LC_ALL=C sysctl kernel.shmmax kernel.shmall kernel.shmmni kernel.sem fs.file-max": SYSCTL,
    "cat /proc/2412/limits": PROCESS_LIMITS,
}
