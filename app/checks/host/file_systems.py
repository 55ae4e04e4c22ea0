"""What df and bdf print on each system, taken apart. What is not understood keeps the table from being whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.checks.host.text import beginning
from app.checks.model import Undetermined

NUMBER = r"(?:-|-?\d+)"
PERCENT = r"(?:-|\d+(?:\.\d+)?%)"
FILE_SYSTEM = r"(?:Filesystem|文件系统)"
MOUNTED = r"(?:Mounted on|挂载点|装载点)"
KILO = r"(?P<unit>\d+[kK]?-?(?:blocks|块)|kbytes)"
USED = r"(?:Used|已用)\s+(?:Available|avail|可用)\s+(?:Capacity|Use%|%used|容量|已用%)"
SPACE = rf"(?P<size>{NUMBER})\s+(?P<used>{NUMBER})\s+(?P<free>{NUMBER})\s+{PERCENT}"


@dataclass(frozen=True)
class Form:
    """A header, and what stands between the device and the mount point in each row below it.

    ``size``, ``used``, ``free``: blocks; ``inodes``, ``inodes_used``, ``inodes_free``, ``inodes_percent``: numbers.
    """

    header: str
    columns: str


FORMS = (
    Form(rf"{KILO}\s+{USED}", SPACE),  # POSIX, GNU, Solaris, bdf
    Form(  # bdf -i
        rf"{KILO}\s+{USED}\s+iused\s+ifree\s+%iuse",
        rf"{SPACE}\s+(?P<inodes_used>{NUMBER})\s+(?P<inodes_free>{NUMBER})\s+{PERCENT}",
    ),
    Form(  # AIX
        rf"{KILO}\s+Free\s+%Used\s+Iused\s+%Iused",
        rf"(?P<size>{NUMBER})\s+(?P<free>{NUMBER})\s+{PERCENT}\s+(?P<inodes_used>{NUMBER})\s+(?P<inodes_percent>{PERCENT})",
    ),
    Form(  # df -i of GNU
        r"(?:Inodes?|I\s?节点)\s+(?:IUsed|已用\(?I?\)?)\s+(?:IFree|可用\(?I?\)?)\s+(?:IUse%|已用\(I\)%|已用%)",
        rf"(?P<inodes>{NUMBER})\s+(?P<inodes_used>{NUMBER})\s+(?P<inodes_free>{NUMBER})\s+{PERCENT}",
    ),
    Form(  # df -F ufs -o i of Solaris
        r"iused\s+ifree\s+%iused",
        rf"(?P<inodes_used>{NUMBER})\s+(?P<inodes_free>{NUMBER})\s+{PERCENT}",
    ),
)
PSEUDO = (
    "tmpfs", "devtmpfs", "udev", "none", "shm", "proc", "sysfs", "devpts", "cgroup", "cgroup2", "squashfs", "iso9660",
    "swap", "ctfs", "objfs", "sharefs", "mnttab", "fd", "/proc", "/devices", "DevFS", "/aha",
)  # fmt: skip
PSEUDO_DEVICES = ("/dev/loop", "/dev/sr", "/dev/cdrom", "/dev/scd", "/dev/cd", "gvfsd", "portal", "/usr/lib/libc/",
                  "/platform/")  # fmt: skip
PSEUDO_MOUNTS = ("/proc/", "/sys/", "/dev/", "/run/", "/snap/", "/system/", "/cdrom/", "/platform/")
PSEUDO_WHOLE = ("/dev", "/proc", "/devices", "/etc/mnttab", "/etc/svc/volatile", "/etc/dfs/sharetab")
DF_TROUBLE = re.compile(r"(?:df|bdf): [\"'`‘]{0,2}(/.*?)[\"'’]{0,2}: ")
NOISE = re.compile(r"(?i)stdin: is not a tty|stty: |tput: |not a typewriter|inappropriate ioctl")


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
        return self.mount.startswith(PSEUDO_MOUNTS) or self.mount in PSEUDO_WHOLE


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
    """The space of a df. Raises Undetermined for what is none."""
    return tables(text, whole)[0]


def tables(text: str, whole: bool = True) -> tuple[Table, Table | None]:
    """Space and inodes, as far as this df tells of both; of inodes alone the first is of inodes, the second None.

    A long device's name may stand on a line of its own; a mount point may have blanks.
    """
    lines = [line.rstrip() for line in text.splitlines()]
    start, form, unit = _header(lines, text)
    space, inodes = _Rows(unit), _Rows(1)
    for found in _rows(lines[start + 1 :], form):
        if found is None:
            whole = False
        elif "size" in found:
            space.take(found, *_space(found))
            if "inodes_used" in found:
                inodes.take(found, *_inodes(found))
        else:
            space.take(found, *_inodes(found))
    if not space.rows and not space.unread:
        raise Undetermined("df 没有列出任何文件系统")
    both = {"size", "inodes_used"} <= form.groupindex.keys()
    return space.table(whole), inodes.table(whole) if both else None


def _header(lines: list[str], text: str) -> tuple[int, re.Pattern[str], int]:
    """The place of the header, the form of the rows below it, and the bytes of one block."""
    for place, line in enumerate(lines):
        for form in FORMS:
            if found := re.fullmatch(rf"{FILE_SYSTEM}\s+{form.header}\s+{MOUNTED}", line.strip(), re.IGNORECASE):
                row = re.compile(rf"{form.columns}\s+(?P<mount>/.*)")
                return place, row, _unit(found.groupdict().get("unit") or "")
    raise Undetermined(f"df 的输出无法理解：{beginning(text)}")


def _unit(word: str) -> int:
    if word.lower() == "kbytes":
        return 1024
    number = re.match(r"(\d+)([kK]?)", word)
    return int(number[1]) * (1024 if number[2] else 1) if number else 1


def _rows(lines: list[str], form: re.Pattern[str]) -> Iterator[dict[str, str] | None]:
    """The values of each row with its ``device``; None for each line that is no row. A device alone on its line is
    followed by the rest of its row, set in.
    """
    whole = re.compile(rf"(?P<device>\S.*?)\s+{form.pattern}")
    waiting = ""
    for line in lines:
        if not line.strip():
            continue
        set_in = line[0].isspace()
        rest = form.fullmatch(line.strip()) if waiting and set_in else None
        if rest:
            yield {"device": waiting, **rest.groupdict()}
            waiting = ""
            continue
        if waiting:
            yield None
        found = whole.fullmatch(line.strip())
        waiting = ""
        if found and not re.search(r"\s\d+\s+\d+\s", found["device"]):
            yield found.groupdict()
        elif len(line.split()) == 1 or line.startswith("//"):
            waiting = line.strip()
        else:
            yield None
    if waiting:
        yield None


Amounts = tuple[int | None, int | None, int | None]


def _space(found: dict[str, str]) -> Amounts:
    """Total, used and available; None where df does not tell."""
    size, free = _number(found["size"]), _number(found["free"])
    if "used" in found:
        return size, _number(found["used"]), free
    return size, None if size is None or free is None else size - free, free


def _inodes(found: dict[str, str]) -> Amounts:
    used = _number(found["inodes_used"])
    if "inodes_percent" in found:  # AIX tells the share, not how many are free: hundredths stand for them
        share = found["inodes_percent"].rstrip("%")
        return (100, int(share), 100 - int(share)) if share.isdigit() and int(share) <= 100 else (None, None, None)
    free = _number(found["inodes_free"])
    if "inodes" in found:
        return _number(found["inodes"]), used, free
    return None if used is None or free is None else used + free, used, free


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


class _Rows:
    def __init__(self, unit: int) -> None:
        self.unit = unit
        self.rows: list[FileSystem] = []
        self.unread: list[str] = []
        self.nonsense = False

    def take(self, found: dict[str, str], total: int | None, used: int | None, free: int | None) -> None:
        if total is None or used is None or free is None or total == 0:
            self.unread.append(found["mount"])
        elif total < 0 or not 0 <= used <= total or free > total:
            self.unread.append(found["mount"])
            self.nonsense = True
        else:
            self.rows.append(FileSystem(found["device"], found["mount"], used * self.unit, max(0, free) * self.unit))

    def table(self, whole: bool) -> Table:
        return Table(tuple(self.rows), whole and not self.nonsense, tuple(self.unread))


def df_whole(status: int, errors: str) -> bool:
    """Whether a df told all that counts: what it may complain of are only mounts of the system's own."""
    lines = [line for line in errors.splitlines() if line.strip() and not NOISE.search(line)]
    named = [found[1] for found in map(DF_TROUBLE.match, lines) if found]
    if not all(mount.startswith(PSEUDO_MOUNTS) for mount in named):
        return False
    return status == 0 or (bool(lines) and len(named) == len(lines))
