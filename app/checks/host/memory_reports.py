"""What each system says of its memory, its swap and its load, taken apart: KiB, or Undetermined; never a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.checks.host.text import beginning
from app.checks.model import Undetermined

MEMINFO = re.compile(r"^(\w+(?:\(\w+\))?):\s+(\d+)(?: kB)?$", re.MULTILINE)
AIX_LINE = re.compile(r"^[ \t]*(\d+)[ \t]+(memory pages|free pages|file pages)\s*$", re.MULTILINE)
SVMON = re.compile(r"^memory\s+(\d+)\s+(\d+)\s+(\d+)\s", re.MULTILINE)
SVMON_IN_USE = re.compile(r"^in use\s+(\d+)\s+(\d+)\s+(\d+)", re.MULTILINE)
MACHINFO = re.compile(r"^[ \t]*Memory[ \t]*[:=][ \t]*(\d+) MB\b", re.MULTILINE)
PRTCONF = re.compile(r"^Memory size:\s*(\d+) (Mega|Giga)bytes", re.MULTILINE)
ARC = re.compile(r"^zfs:0:arcstats:size\s+(\d+)\s*$", re.MULTILINE)
LSPS = re.compile(r"Total Paging Space\s+Percent Used\s*\n\s*(\d+)\s*MB\s+(\d+)\s*%")
SWAPINFO = re.compile(r"^(dev|fs|localfs|network|reserve|memory|total)\s+(-|\d+)\s+(-?\d+)\s+(-?\d+)", re.MULTILINE)
SWAP_LIST = re.compile(r"^\S+\s+(?:\d+,\d+|-)\s+(\d+)\s+(\d+)\s+(\d+)(?:\s|$)", re.MULTILINE)
SWAP_SUMMARY = re.compile(r"^[ \t]*total:.*=[ \t]*(\d+)k used,[ \t]*(\d+)k available", re.MULTILINE)
AVERAGES = re.compile(r"load averages?:\s*(\d+\.\d+),?\s+(\d+\.\d+),?\s+(\d+\.\d+)")
PAGE = 4  # KiB of a page as AIX's and HP-UX's tools count them
MIB = 1 << 10  # KiB


@dataclass(frozen=True)
class Memory:
    """KiB. ``whole``: False where what holds files in memory counts as used, so that little free memory is no want."""

    total: int
    available: int
    whole: bool = True


@dataclass(frozen=True)
class Swap:
    """KiB of paging space; ``reserved`` is the share (percent) of all virtual memory that is spoken for, where told."""

    total: int
    used: int
    reserved: int | None = None


@dataclass(frozen=True)
class Load:
    """Averages over 1, 5 and 15 minutes, in hundredths; ``processors``: 0 where not known."""

    averages: tuple[int, int, int]
    processors: int


def linux_memory(text: str) -> Memory:
    """/proc/meminfo. Before kernel 3.14 available is what is free or only caches (proc(5)), an estimate."""
    values = _meminfo(text)
    total = values.get("MemTotal", 0)
    available = values.get("MemAvailable")
    if available is None and {"MemFree", "Buffers", "Cached"} <= values.keys():
        available = values["MemFree"] + values["Buffers"] + values["Cached"] - values.get("Shmem", 0)
    if available is None:
        raise _strange("/proc/meminfo", text)
    return _sound(Memory(total, available), "/proc/meminfo", text)


def linux_swap(text: str) -> Swap:
    values = _meminfo(text)
    total, free = values.get("SwapTotal"), values.get("SwapFree")
    if total is None or free is None or free > total or not values.get("MemTotal"):
        raise _strange("/proc/meminfo", text)
    return Swap(total, total - free)


def _meminfo(text: str) -> dict[str, int]:
    return {key: int(value) for key, value in MEMINFO.findall(text)}


def aix_memory(text: str) -> Memory:
    """``vmstat -v`` or ``svmon -G``: pages that hold files can be taken back at any time."""
    values = {name: int(number) for number, name in AIX_LINE.findall(text)}
    if len(values) == 3:
        return _sound(_pages(values["memory pages"], values["free pages"], values["file pages"]), "vmstat -v", text)
    memory, in_use = SVMON.search(text), SVMON_IN_USE.search(text)
    if not memory or not in_use:
        raise _strange("vmstat -v", text)
    return _sound(_pages(int(memory[1]), int(memory[3]), int(in_use[2]) + int(in_use[3])), "svmon -G", text)


def _pages(total: int, free: int, files: int) -> Memory:
    return Memory(total * PAGE, min(total, free + files) * PAGE)


def aix_swap(text: str) -> Swap:
    """``lsps -s``."""
    found = LSPS.search(text)
    if not found or int(found[2]) > 100:
        raise _strange("lsps -s", text)
    total = int(found[1]) * MIB
    return Swap(total, -(-total * int(found[2]) // 100))


def hp_ux_memory(machinfo: str, vmstat: str) -> Memory:
    """``machinfo`` for all, ``vmstat`` for the free pages; the file cache counts as used there."""
    found = MACHINFO.search(machinfo)
    if not found:
        raise _strange("machinfo", machinfo)
    return _sound(Memory(int(found[1]) * MIB, _free_column(vmstat) * PAGE, whole=False), "vmstat", vmstat)


def hp_ux_swap(text: str) -> Swap:
    """``swapinfo -tam``: MiB; what is reserved counts in the line of totals."""
    rows = SWAPINFO.findall(text)
    devices = [row for row in rows if row[0] in ("dev", "fs", "localfs", "network") and row[1] != "-"]
    totals = [row for row in rows if row[0] == "total" and row[1].isdigit() and int(row[1]) > 0]
    if not totals or "TYPE" not in text:
        raise _strange("swapinfo", text)
    total, used = int(totals[-1][1]), int(totals[-1][2])
    if not 0 <= used <= total:
        raise _strange("swapinfo", text)
    paged = sum(int(row[2]) for row in devices)
    return Swap(sum(int(row[1]) for row in devices) * MIB, paged * MIB, used * 100 // total)


def solaris_memory(prtconf: str, vmstat: str, kstat: str = "") -> Memory:
    """``prtconf`` for all, the last line of ``vmstat 1 2`` for the free KiB, ``kstat`` for what ZFS gives back."""
    found = PRTCONF.search(prtconf)
    if not found:
        raise _strange("prtconf", prtconf)
    total = int(found[1]) * (MIB if found[2] == "Mega" else MIB * MIB)
    cache = ARC.search(kstat)
    free = _free_column(vmstat) + (int(cache[1]) // 1024 if cache else 0)
    return _sound(Memory(total, min(total, free), whole=bool(cache)), "vmstat", vmstat)


def solaris_swap(listed: str, summary: str) -> Swap:
    """``swap -l`` (blocks of 512 bytes) and ``swap -s``."""
    rows = [tuple(int(number) for number in row) for row in SWAP_LIST.findall(listed)]
    if not rows and "No swap devices configured" not in listed:
        raise _strange("swap -l", listed)
    if any(free > blocks for _, blocks, free in rows):
        raise _strange("swap -l", listed)
    found = SWAP_SUMMARY.search(summary)
    if not found or int(found[1]) + int(found[2]) == 0:
        raise _strange("swap -s", summary)
    reserved = int(found[1]) * 100 // (int(found[1]) + int(found[2]))
    return Swap(sum(row[1] for row in rows) // 2, sum(row[1] - row[2] for row in rows) // 2, reserved)


def _free_column(text: str) -> int:
    """The last line's value below ``free`` in what vmstat prints."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    headers = [place for place, words in enumerate(lines) if "free" in words and "sr" in words]
    if not headers or not lines[headers[-1] + 1 :]:
        raise _strange("vmstat", text)
    words, values = lines[headers[-1]], lines[-1]
    if len(values) != len(words) or not all(value.isdigit() for value in values):
        raise _strange("vmstat", text)
    return int(values[words.index("free")])


def averages(text: str) -> tuple[int, int, int]:
    """What ``uptime`` says, in hundredths."""
    found = AVERAGES.findall(text)
    if not found:
        raise _strange("uptime", text)
    one, five, fifteen = (round(float(value) * 100) for value in found[-1])
    return one, five, fifteen


def processors(system: str, text: str) -> int:
    """How many processors run, by the system's own tool; 0 where it does not say."""
    if system == "Linux":
        found = re.fullmatch(r"\s*(\d{1,5})\s*", text)
        return int(found[1]) if found else 0
    if system == "AIX":
        listed = re.search(r"available processors are:\s*((?:\d+\s*)+)", text)
        return len(listed[1].split()) if listed else 0
    if system == "SunOS":
        return len(re.findall(r"^\d+\s+on-line\b", text, re.MULTILINE))
    logical = re.search(r"(\d+) logical processors", text) or re.search(r"Number of CPUs\s*=\s*(\d+)", text)
    return int(logical[1]) if logical else 0


def _sound(memory: Memory, source: str, text: str) -> Memory:
    if memory.total <= 0 or not 0 <= memory.available <= memory.total:
        raise _strange(source, text)
    return memory


def _strange(source: str, text: str) -> Undetermined:
    return Undetermined(f"{source} 的内容无法理解：{beginning(text)}")
