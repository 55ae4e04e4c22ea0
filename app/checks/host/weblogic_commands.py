"""The commands that look at a WebLogic domain on its host: fixed texts around strictly validated paths and names.

Each function gives the command, or "" where an argument is none that may stand in one. None of them changes anything
in the domain; the user's password goes to ``Admin`` and ``WLST`` by standard input only and stands in no command.
"""

from __future__ import annotations

import re

NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
FOLDER = rf"(?:/{NAME})+"
JAVA = rf"{FOLDER}/bin/java"
JAR = rf"{FOLDER}/server/lib/weblogic\.jar"
URL = r"t3s?://(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}"
USER = r"[A-Za-z0-9_][A-Za-z0-9_.@-]*"
PID = r"[1-9][0-9]{0,9}"
TYPES = ("ServerRuntime", "JVMRuntime", "ExecuteQueueRuntime", "JDBCConnectionPoolRuntime", "WebAppComponentRuntime")
WRITABLE_BY_ALL = ("/tmp/", "/var/tmp/", "/dev/", "/proc/", "/run/", "/var/run/")
LOG_TAIL = 1_000_000  # bytes of a server's log that are read, from its end
ADMIN_WORDS = "-Dweblogic.management.allowPasswordEcho=true"  # else it waits for a terminal to type the password at

SHAPES = tuple(
    re.compile(shape)
    for shape in (
        rf"cat {FOLDER}/config/config\.xml",
        rf"cat {FOLDER}/config\.xml",
        rf"tail -c {LOG_TAIL} {FOLDER}/{NAME}\.log",
        rf"readlink /proc/{PID}/cwd",
        rf"pwdx {PID}",
        rf"procwdx {PID}",
        rf"{JAVA} -cp {JAR} weblogic\.version",
        rf"{JAVA} -cp {JAR} weblogic\.WLST",
        rf"{JAVA} {re.escape(ADMIN_WORDS)} -cp {JAR} weblogic\.Admin -url {URL} -username {USER} GETSTATE {NAME}",
        rf"{JAVA} {re.escape(ADMIN_WORDS)} -cp {JAR} weblogic\.Admin -adminurl {URL} -username {USER} "
        rf"GET -pretty -type (?:{'|'.join(TYPES)})",
    )
)


def is_allowed(command: str) -> bool:
    """Whether ``command`` is one of those below, whole; what lies where anybody may write is never run."""
    run = [word for word in command.split(" ") if word.endswith(("/bin/java", "/weblogic.jar"))]
    safe = not any(word.startswith(WRITABLE_BY_ALL) for word in run)
    return safe and any(shape.fullmatch(command) for shape in SHAPES)


def _checked(command: str) -> str:
    return command if is_allowed(command) else ""


def _inside(folder: str, command: str) -> str:
    return _checked(command) if re.fullmatch(FOLDER, folder) else ""


def configuration(domain_home: str) -> str:
    """The domain's configuration from 9.0 on."""
    return _inside(domain_home, f"cat {domain_home}/config/config.xml")


def old_configuration(domain_home: str) -> str:
    """The same before 9.0, in the domain's own directory."""
    return _inside(domain_home, f"cat {domain_home}/config.xml")


def log_tail(domain_home: str, server: str) -> str:
    """The end of a server's log from 9.0 on."""
    return _inside(domain_home, f"tail -c {LOG_TAIL} {domain_home}/servers/{server}/logs/{server}.log")


def old_log_tail(domain_home: str, server: str) -> str:
    """The same before 9.0."""
    return _inside(domain_home, f"tail -c {LOG_TAIL} {domain_home}/{server}/{server}.log")


def directory(system: str, pid: int) -> str:
    """What tells a process's working directory on ``system`` (the first word of ``uname``)."""
    tools = {"Linux": f"readlink /proc/{pid}/cwd", "SunOS": f"pwdx {pid}", "HP-UX": f"pwdx {pid}"}
    return _checked(tools.get(system, f"procwdx {pid}" if system == "AIX" else ""))


def version(java: str, jar: str) -> str:
    return _checked(f"{java} -cp {jar} weblogic.version")


def scripting(java: str, jar: str) -> str:
    """WLST, which takes its script and the password from standard input."""
    return _checked(f"{java} -cp {jar} weblogic.WLST")


def state(java: str, jar: str, url: str, user: str, server: str) -> str:
    """weblogic.Admin, which asks for the password on standard input where none is given."""
    return _checked(f"{java} {ADMIN_WORDS} -cp {jar} weblogic.Admin -url {url} -username {user} GETSTATE {server}")


def beans(java: str, jar: str, url: str, user: str, kind: str) -> str:
    """Every bean of a type, of all running servers, through the administration server."""
    words = f"-adminurl {url} -username {user} GET -pretty -type {kind}"
    return _checked(f"{java} {ADMIN_WORDS} -cp {jar} weblogic.Admin {words}")
