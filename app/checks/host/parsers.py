"""What the commands of a Linux host print, taken apart. What is not understood raises Undetermined, never a guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.checks.host import commands
from app.checks.model import Undetermined

NUMBER = r"(-|-?\d+)"
ROW = re.compile(rf"(?P<device>\S.*?)\s+{NUMBER}\s+{NUMBER}\s+{NUMBER}\s+(?:-|\d+%)\s+(?P<mount>/.*)")
HEADER = re.compile(r"Filesystem\s+(?:(?P<size>\d+)(?P<kilo>[kK])?-blocks|Inodes)\s.*Mounted on", re.IGNORECASE)
PSEUDO = (
    "tmpfs",
    "devtmpfs",
    "udev",
    "none",
    "shm",
    "proc",
    "sysfs",
    "devpts",
    "cgroup",
    "cgroup2",
    "squashfs",
    "iso9660",
)
PSEUDO_DEVICES = ("/dev/loop", "/dev/sr", "/dev/cdrom", "/dev/scd", "gvfsd", "portal")
PSEUDO_MOUNTS = ("/proc/", "/sys/", "/dev/", "/run/", "/snap/")
MEMINFO = re.compile(r"^(\w+(?:\(\w+\))?):\s+(\d+)(?: kB)?$", re.MULTILINE)
OS_LINE = re.compile(r"^([A-Z_]+)=(.*)$", re.MULTILINE)
JAVA = re.compile(r'^[A-Za-z]+ version "([^"\n]{1,60})"', re.MULTILINE)
DF_TROUBLE = re.compile(r"df: [\"'`‘]*(/.*?)[\"'’]*: ")
SECONDS = re.compile(r"^(\d{9,11})\.(\d{1,9})$", re.MULTILINE)
LONGEST_ARGUMENTS = 4090  # kernels before 4.2 show a process' arguments up to one page of 4096 bytes
SECRET = re.compile(
    r"(?i)([\w.-]*(?:password|passwd|pwd|secret|token|credential)[\w.-]*[=:\s]+)(\S+)|(\b\w+/)([^\s/@]+)(@)"
)


@dataclass(frozen=True)
class FileSystem:
    """Sizes in bytes, or numbers of inodes; ``available`` is what an ordinary user may still take."""

    device: str
    mount: str
    used: int
    available: int

    @property
    def full(self) -> bool:
        """Nine tenths or more are used, as df computes it: of used and available."""
        return self.used * 10 >= (self.used + self.available) * 9 and self.used > 0

    @property
    def percent(self) -> int:
        """Rounded up, as df does."""
        return -(-100 * self.used // max(1, self.used + self.available))

    @property
    def pseudo(self) -> bool:
        """Not on a disk, or not to be written to: memory, images, CDs."""
        if self.device in PSEUDO or self.device.startswith(PSEUDO_DEVICES):
            return True
        return self.mount.startswith(PSEUDO_MOUNTS) or self.mount == "/dev"


@dataclass(frozen=True)
class Table:
    """The file systems of a ``df``; ``whole`` is False where a line was not understood or df itself had trouble.

    ``unread``: what is mounted without df telling its size.
    """

    rows: tuple[FileSystem, ...]
    whole: bool = True
    unread: tuple[str, ...] = ()

    def at(self, mount: str) -> FileSystem | None:
        """What is mounted exactly there; the last one covers those before it."""
        wanted = mount.rstrip("/") or "/"
        return next((row for row in reversed(self.rows) if row.mount == wanted), None)


def file_systems(text: str, whole: bool = True) -> Table:
    """``df -kP`` or ``df -iP``. A long device's name may stand on a line of its own; a mount point may have blanks."""
    lines = text.splitlines()
    start = next((place for place, line in enumerate(lines) if HEADER.match(line.strip())), None)
    if start is None:
        raise Undetermined(f"df 的输出无法理解：{_beginning(text)}")
    unit = _unit(HEADER.match(lines[start].strip()))
    rows: list[FileSystem] = []
    unread: list[str] = []
    waiting = ""
    for line in lines[start + 1 :]:
        found = ROW.fullmatch(f"{waiting} {line.strip()}".strip())
        if not found:
            whole = whole and not waiting
            waiting = line.strip()
            continue
        waiting = ""
        total, used, available = found.groups()[1:4]
        if "-" not in (total, used, available) and int(total) > 0:
            rows.append(FileSystem(found["device"], found["mount"], int(used) * unit, max(0, int(available)) * unit))
        else:
            unread.append(found["mount"])
    if not rows:
        raise Undetermined("df 没有列出任何文件系统")
    return Table(tuple(rows), whole and not waiting, tuple(unread))


def df_whole(status: int, errors: str) -> bool:
    """Whether a df told all that counts: what it may complain of are only mounts of the system's own."""
    complaints = [DF_TROUBLE.match(line) for line in errors.splitlines() if line.strip()]
    return status == 0 or (bool(complaints) and all(one and one[1].startswith(PSEUDO_MOUNTS) for one in complaints))


def _unit(header: re.Match[str] | None) -> int:
    """Bytes of one block; 1 for inodes."""
    if header is None or not header["size"]:
        return 1
    return int(header["size"]) * (1024 if header["kilo"] else 1)


def memory(text: str) -> tuple[int, int]:
    """Total and available KiB. Before kernel 3.14 available is what is free or only caches (proc(5)), an estimate."""
    values = {key: int(value) for key, value in MEMINFO.findall(text)}
    total = values.get("MemTotal", 0)
    available = values.get("MemAvailable")
    if available is None and {"MemFree", "Buffers", "Cached"} <= values.keys():
        available = values["MemFree"] + values["Buffers"] + values["Cached"] - values.get("Shmem", 0)
    if available is None or total <= 0 or not 0 <= available <= total:
        raise Undetermined(f"/proc/meminfo 的内容无法理解：{_beginning(text)}")
    return total, available


def os_release(text: str) -> dict[str, str]:
    """The values of os-release(5), without quotes."""
    return {key: value.strip().strip("\"'") for key, value in OS_LINE.findall(text)}


@dataclass(frozen=True)
class Process:
    pid: int
    arguments: str

    @property
    def program(self) -> str:
        """The first word: the path it was started by, or its title."""
        return self.arguments.split(" ", 1)[0]


# Programs that carry what they look for, or look at, in their own arguments.
LOOKERS = ("grep", "egrep", "fgrep", "pgrep", "vi", "vim", "less", "more", "tail", "cat", "watch", "ssh", "su", "sudo",
           "awk", "gawk", "mawk", "sed", "ps", "find", "nano", "strings")  # fmt: skip
SHELL_LOOKS = re.compile(rf"(?:\S*/)?-?[a-z]*sh (?:-\S+ )*-[a-z]*c .*\b(?:{'|'.join(LOOKERS)})\b", re.DOTALL)
DEFUNCT = "<defunct>"


def processes(text: str) -> tuple[Process, ...]:
    """``ps -eo pid,args`` without the asking session's own lines."""
    lines = text.splitlines()
    start = next((place for place, line in enumerate(lines) if re.match(r"\s*PID\s+(COMMAND|CMD|ARGS)", line)), None)
    if start is None:
        raise Undetermined(f"ps 的输出无法理解：{_beginning(text)}")
    found = [re.match(r"\s*(\d+) (.*)", line) for line in lines[start + 1 :]]
    rows = [Process(int(one[1]), one[2]) for one in found if one]
    own = commands.PROCESSES.removeprefix("env LC_ALL=C ")
    others = tuple(row for row in rows if own not in row.arguments)
    if not others:
        raise Undetermined("ps 没有列出任何进程")
    return others


def running(planned: str, among: Sequence[Process]) -> tuple[Process, ...]:
    """The processes whose arguments contain ``planned``, and not merely as a beginning of a longer word: ``jyjc1`` is
    not ``jyjc10``. Of a property (``-Dname=value``) the value ends with the argument.
    """
    behind = r"(?=\s|$)" if "=" in planned else r"(?![A-Za-z0-9_])" if planned[-1:].isalnum() else ""
    pattern = re.compile(re.escape(planned) + behind)
    return tuple(one for one in among if pattern.search(one.arguments) and not _looks(one))


def _looks(process: Process) -> bool:
    """Also a shell that was given such a command as text, as cron and agents do; and what has died runs no more."""
    looks = process.program.rpartition("/")[2] in LOOKERS or SHELL_LOOKS.match(process.arguments)
    return bool(looks) or process.arguments.rstrip().endswith(DEFUNCT)


def only_own(among: Sequence[Process]) -> bool:
    """Whether the system shows a user nothing but its own processes (hidepid): the first of all is never missing."""
    return all(one.pid != 1 for one in among)


def cut_short(among: Sequence[Process]) -> bool:
    """Whether arguments may have been cut off: at the kernel's limit, or all at one width of a screen."""
    lengths = [len(one.arguments.encode()) for one in among]
    longest = max(lengths, default=0)
    return longest >= LONGEST_ARGUMENTS or (longest <= 260 and lengths.count(longest) >= 3 and longest >= 60)


def java(text: str) -> str:
    """The version in the output of ``java -version``; "" without one."""
    found = JAVA.search(text)
    return found[1] if found else ""


def seconds(text: str) -> float:
    """``date -u +%s.%N``: seconds since 1970."""
    found = SECONDS.findall(text.strip())
    if not found:
        raise Undetermined(f"date 的输出无法理解：{_beginning(text)}")
    whole, fraction = found[-1]
    return int(whole) + float(f"0.{fraction}")


def without_secrets(text: str) -> str:
    """Arguments as they may be recorded: values of passwords and ``user/password@`` are left out."""
    return SECRET.sub(lambda found: f"{found[1]}***" if found[1] else f"{found[3]}***{found[5]}", text)


def _beginning(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "（空）")
    return "".join(sign if sign.isprintable() else "·" for sign in first[:80])
