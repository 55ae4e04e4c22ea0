"""The commands that find sqlplus on a host and start it: fixed texts around strictly validated paths.

Neither the account nor its password stands in any of them: both go to sqlplus by standard input.
"""

from __future__ import annotations

import re

NAME = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
FOLDER = rf"(?:/{NAME})+"
IN_PATH = "command -v sqlplus"
IN_LOGIN_SHELL = "/bin/sh -lc 'command -v sqlplus'"  # where only a profile knows the way
ORATABS = ("cat /etc/oratab", "cat /var/opt/oracle/oratab")  # the latter on Solaris
FIXED = (IN_PATH, *ORATABS, IN_LOGIN_SHELL)
LANGUAGE = "NLS_LANG=AMERICAN_AMERICA.AL32UTF8"  # messages that can be recognised, statements in UTF-8
LIBRARIES = ("LD_LIBRARY_PATH", "LIBPATH", "SHLIB_PATH")  # Linux and Solaris, AIX, HP-UX
VERSION = "-V"
# -S: no banner, no prompts. -L: never asks for a log-in again. -R 3: no host commands, files or login.sql.
SESSION = "-S -L -R 3 /nolog"
WRITABLE_BY_ALL = ("/tmp/", "/var/tmp/", "/dev/", "/proc/", "/run/", "/var/run/")
NO_HOMES = ("", "/usr", "/usr/local", "/opt")  # where a bin folder says nothing of an Oracle home

_HOME = "".join(f" {name}=(?P=home)/lib:(?P=home)/lib32" for name in LIBRARIES)
SHAPES = (
    re.compile(
        rf"env {re.escape(LANGUAGE)} ORACLE_HOME=(?P<home>{FOLDER}){_HOME} (?P=home)/bin/sqlplus"
        rf" (?:{VERSION}|{re.escape(SESSION)})"
    ),
    re.compile(rf"env {re.escape(LANGUAGE)} {FOLDER}/sqlplus (?:{VERSION}|{re.escape(SESSION)})"),
)


def is_allowed(command: str) -> bool:
    """Whether ``command`` is one of those here, whole; what lies where anybody may write is never run."""
    if command in FIXED:
        return True
    run = [word for word in command.split(" ") if word.endswith("/sqlplus")]
    safe = len(run) == 1 and not run[0].startswith(WRITABLE_BY_ALL)
    return safe and any(shape.fullmatch(command) for shape in SHAPES)


def home_of(path: str) -> str:
    """The Oracle home that a sqlplus lies in; "" where it lies in none."""
    home, _, rest = path.rpartition("/bin/")
    return home if rest == "sqlplus" and home not in NO_HOMES else ""


def version(path: str) -> str:
    """Prints the release and logs in nowhere; "" for a path that may not be run."""
    return _run(path, VERSION)


def session(path: str) -> str:
    """Waits for commands on standard input, connected to nothing; "" for a path that may not be run."""
    return _run(path, SESSION)


def _run(path: str, words: str) -> str:
    home = home_of(path)
    libraries = "".join(f" {name}={home}/lib:{home}/lib32" for name in LIBRARIES)
    command = f"env {LANGUAGE}{f' ORACLE_HOME={home}{libraries}' if home else ''} {path} {words}"
    return command if is_allowed(command) else ""


SHOWN = (
    *FIXED,
    *(of("/ORACLE_HOME/bin/sqlplus").replace("/ORACLE_HOME", "<ORACLE_HOME>") for of in (version, session)),
    *(of("/DIR/sqlplus").replace("/DIR/sqlplus", "<sqlplus>") for of in (version, session)),
)
