"""Where sqlplus is on a host: in the path, in a home that oratab names, beside a running listener, by the profile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.checks.database.routes import Unspent
from app.checks.host import commands, sqlplus_commands
from app.checks.host.lent import Lent
from app.site.model import Database

SECONDS = 10.0  # for one command
MOST_TRIED = 6
PATH = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9_.+-]*)+")
LISTENER = re.compile(r"(?<!\S)((?:/[A-Za-z0-9_][A-Za-z0-9_.+-]*)+)/bin/tnslsnr(?!\S)")
RELEASE = re.compile(r"SQL\*Plus: (?:Release|Version) (\d[\d.]*)")
ADVICE = (
    "请确认 via 主机上装有 sqlplus，登录用户能执行它（如加入 oinstall 或 dba 组），且 /etc/oratab 写有 ORACLE_HOME。"
)


@dataclass(frozen=True)
class Place:
    """A sqlplus that runs: its path and release."""

    path: str
    release: str

    @property
    def command(self) -> str:
        return sqlplus_commands.session(self.path)


def find(lent: Lent, target: Database) -> Place:
    """The first that tells its release. Raises Unspent when there is none, Undetermined for the host itself."""
    tried: dict[str, str] = {}
    for path in _candidates(lent, target):
        if path in tried:
            continue
        if len(tried) == MOST_TRIED:
            break
        tried[path] = _release(lent, path)
        if tried[path]:
            return Place(path, tried[path])
    raise Unspent(f"via 主机上没有可用的 sqlplus（{'、'.join(tried) or '路径、oratab、监听进程、登录环境里都没有'}）")


def _candidates(lent: Lent, target: Database) -> Iterator[str]:
    yield from _paths(_printed(lent, sqlplus_commands.IN_PATH))
    for command in sqlplus_commands.ORATABS:
        yield from (f"{home}/bin/sqlplus" for home in homes(_printed(lent, command), target.sid or target.service))
    system = commands.SYSTEMS.get(lent.system().partition(" ")[0])
    if system:
        yield from (f"{home}/bin/sqlplus" for home in _of_listeners(lent, system.processes))
    yield from _paths(_printed(lent, sqlplus_commands.IN_LOGIN_SHELL))


def _printed(lent: Lent, command: str) -> str:
    """What a command prints; "" where it does not succeed. Raises Undetermined once the host itself is out of reach."""
    printed = lent.run(command, seconds=SECONDS)
    return printed.stdout if printed.status == 0 else ""


def _paths(printed: str) -> list[str]:
    """The last lines that are a path of sqlplus; a log-in may print something of its own before."""
    return [line for line in printed.split() if PATH.fullmatch(line) and line.endswith("/sqlplus")][-1:]


def homes(oratab: str, name: str) -> list[str]:
    """The homes of an oratab (``SID:home:Y``), those of ``name`` first."""
    entries = [line.split(":") for line in oratab.splitlines() if not line.lstrip().startswith("#")]
    found = [(entry[0].strip(), entry[1].strip().rstrip("/")) for entry in entries if len(entry) >= 2]
    found.sort(key=lambda entry: entry[0].upper() != name.partition(".")[0].upper())
    return list(dict.fromkeys(home for _, home in found if PATH.fullmatch(home)))


def _of_listeners(lent: Lent, processes: tuple[str, ...]) -> list[str]:
    """The homes whose listener runs."""
    for command in processes:
        printed = lent.run(command, seconds=SECONDS, kept=_listeners)
        if printed.status == 0 and printed.stdout:
            return list(dict.fromkeys(LISTENER.findall(printed.stdout)))
    return []


def _listeners(printed: str) -> str:
    return "\n".join(line for line in printed.splitlines() if LISTENER.search(line))


def _release(lent: Lent, path: str) -> str:
    """The release that a sqlplus tells; "" for one that does not run, or may not be run."""
    command = sqlplus_commands.version(path)
    if not command:
        return ""
    printed = lent.run(command, seconds=SECONDS)
    found = RELEASE.search(printed.stdout)
    return found.group(1) if found and printed.status == 0 else ""
