"""Processes, Java and the clock, as hosts print them. What is not understood raises Undetermined, never a guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.checks.host import commands
from app.checks.host.text import beginning
from app.checks.model import Undetermined

JAVA = re.compile(r'^[A-Za-z]+ version "([^"\n]{1,60})"', re.MULTILINE)
SECONDS = re.compile(r"^(\d{9,11})\.(\d{1,9})$", re.MULTILINE)
DATE_IN_WORDS = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)$", re.MULTILINE)
HALF_A_SECOND = 0.5
PS_HEADER = re.compile(r"PID\s+(?:COMMAND|CMD|ARGS)|USER\s+PID\s+%CPU\s.*COMMAND")
ROW = re.compile(r"\s*(?P<pid>\d{1,10}) (?P<args>.*)")
BERKELEY_ROW = re.compile(r"\S+\s+(?P<pid>\d{1,10})\s.*?\s\d+:\d\d (?P<args>.*)")
OWN = tuple(re.sub(r"^env (?:\S+=\S* )*", "", one) for one in commands.of_systems("processes"))
TITLE = re.compile(r"[a-z]{3}_[a-z0-9]{3,4}_\S*")  # what Oracle's processes call themselves
NARROWEST = 60  # characters that any ps shows of arguments
LONGEST_ARGUMENTS = 4090  # kernels before 4.2 show a process' arguments up to one page of 4096 bytes
SECRET = re.compile(
    r"(?i)((?:password|passwd|pwd|secret|token|credential)[\w.-]{0,60}[=:\s]+)(\S+)|(\b\w+/)([^\s/@]+)(@)"
)


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
    """``ps -eo pid,args``, or ``/usr/ucb/ps -auxww``, without the asking session's own lines.

    A line that begins no process goes on with the arguments of the one before it.
    """
    lines = text.splitlines()
    start = next((place for place, line in enumerate(lines) if PS_HEADER.fullmatch(line.strip())), None)
    if start is None:
        raise Undetermined(f"ps 的输出无法理解：{beginning(text)}")
    row = BERKELEY_ROW if "%CPU" in lines[start] else ROW
    rows: list[tuple[int, list[str]]] = []
    for line in lines[start + 1 :]:
        if found := row.match(line):
            rows.append((int(found["pid"]), [found["args"]]))
        elif rows and line.strip():
            rows[-1][1].append(line.strip())
    listed = (Process(pid, " ".join(parts)) for pid, parts in rows)
    others = tuple(one for one in listed if not any(own in one.arguments for own in OWN))
    if not others:
        raise Undetermined("ps 没有列出任何进程")
    return others


def running(planned: str, among: Sequence[Process]) -> tuple[Process, ...]:
    """The processes whose arguments contain ``planned``, and not merely as a beginning or an end of a longer word:
    ``jyjc1`` is not ``jyjc10``, ``httpd`` not ``lighttpd``. Of a property (``-Dname=value``, its ``-D`` planned or not)
    the value ends with the argument.
    """
    front = r"(?:(?<![A-Za-z0-9])|(?<=\s-D))" if planned[:1].isalnum() else ""
    behind = r"(?=\s|$)" if "=" in planned else r"(?![A-Za-z0-9_])" if planned[-1:].isalnum() else ""
    pattern = re.compile(front + re.escape(planned) + behind)
    found = ((one, pattern.search(one.arguments)) for one in among)
    return tuple(one for one, at in found if at and _can_be(planned, one, at.start()) and not _looks(one))


def _can_be(planned: str, process: Process, at: int) -> bool:
    """Whether a process is of the kind: a property is a Java's, and what Oracle's processes call themselves stands in
    front. Agents and scripts carry such texts as well, long after what they watch has died.
    """
    if planned.startswith("-D") or process.arguments.endswith("-D", 0, at):
        return process.program.rpartition("/")[2].startswith("java")
    return not TITLE.fullmatch(planned) or process.arguments.startswith(planned)


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


def may_hide(planned: str, among: Sequence[Process]) -> bool:
    """Whether ``planned`` may stand in arguments that were cut off; ps of AIX, HP-UX and Solaris cut at many lengths.

    The longest arguments of all are those that may be. A process's own title stands at their beginning, and another
    value of the same property leaves no room for ours.
    """
    if TITLE.fullmatch(planned):
        return False
    suspect = [one for one in among if is_cut(one, among)]
    return not all(planned.startswith("-D") and _has_other(planned, one) for one in suspect)


def is_cut(process: Process, among: Sequence[Process]) -> bool:
    """Whether a process's arguments may have been cut off: they are as long as the longest of all."""
    longest = max((len(one.arguments) for one in among), default=0)
    return longest >= NARROWEST and len(process.arguments) >= longest - 1


def _has_other(planned: str, process: Process) -> bool:
    return "=" in planned and f"{planned.partition('=')[0]}=" in process.arguments


def java(text: str) -> str:
    """The version in the output of ``java -version``; "" without one."""
    found = JAVA.search(text)
    return found[1] if found else ""


def seconds(text: str) -> float:
    """``date -u +%s.%N``, or the date in words to the second (its middle is meant): seconds since 1970."""
    if found := SECONDS.findall(text.strip()):
        whole, fraction = found[-1]
        return int(whole) + float(f"0.{fraction}")
    if words := DATE_IN_WORDS.findall(text.strip()):
        try:
            return datetime.strptime(f"{words[-1]}+0000", "%Y-%m-%dT%H:%M:%S%z").timestamp() + HALF_A_SECOND
        except ValueError:
            pass
    raise Undetermined(f"date 的输出无法理解：{beginning(text)}")


def without_secrets(text: str) -> str:
    """Arguments as they may be recorded: values of passwords and ``user/password@`` are left out."""
    return SECRET.sub(lambda found: f"{found[1]}***" if found[1] else f"{found[3]}***{found[5]}", text)
