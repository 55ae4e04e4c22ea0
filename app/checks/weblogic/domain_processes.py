"""The WebLogic servers among a host's processes, by their own arguments. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

NAME = re.compile(r"-Dweblogic\.Name=(\S+)")
ROOT = re.compile(r"-D(?:weblogic\.RootDirectory|domain\.home)=(\S+)")
POLICY = re.compile(r"-Djava\.security\.policy==?(\S*/server/lib)/weblogic\.policy")
HOME = re.compile(r"-D(?:weblogic|wls)\.home=(\S*/server)/?(?=\s|\Z)")
PRODUCTION = re.compile(r"-Dweblogic\.ProductionModeEnabled=(\S*)")
HEAP = re.compile(r"-Xmx([0-9]{1,12})([kKmMgG]?)(?=\s|\Z)")
FACTORS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
LINE = re.compile(r"\s*([0-9]+)\s+(.*\S)\s*")


@dataclass(frozen=True)
class ServerProcess:
    """``root``: the domain's directory where the arguments name it; ``jar``: of weblogic.jar, else empty.

    ``production``: None where no flag is given; a flag without ``true`` is False. ``heap_max`` in bytes.
    """

    pid: int
    name: str
    java: str
    jar: str = ""
    root: str = ""
    production: bool | None = None
    heap_max: int | None = None


def servers(lines: Sequence[str]) -> tuple[ServerProcess, ...]:
    """The servers in ``pid arguments`` lines, as ps prints them. Only a Java that runs weblogic.Server is one."""
    found = []
    for line in lines:
        row = LINE.fullmatch(line)
        if row and (process := _server(int(row[1]), row[2])):
            found.append(process)
    return tuple(found)


def _server(pid: int, arguments: str) -> ServerProcess | None:
    java = arguments.split(" ", 1)[0]
    name = NAME.search(arguments)
    if java.rpartition("/")[2] != "java" or not name or "weblogic.NodeManager" in arguments:
        return None
    jar, root = POLICY.search(arguments), ROOT.findall(arguments)
    home = HOME.search(arguments)
    library = jar[1] if jar else f"{home[1]}/lib" if home else ""
    flags = PRODUCTION.findall(arguments)
    sizes = HEAP.findall(arguments)
    return ServerProcess(
        pid,
        name[1],
        java,
        f"{library}/weblogic.jar" if library else "",
        root[-1].rstrip("/") if root else "",
        flags[-1].lower() == "true" if flags else None,  # of several the last one counts, as the JVM has it
        int(sizes[-1][0]) * FACTORS[sizes[-1][1].lower()] if sizes else None,
    )
