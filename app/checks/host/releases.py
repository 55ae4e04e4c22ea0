"""Which release and patch level a system is, from its own words, in the ways in which plans write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.checks import versions

OS_LINE = re.compile(r"^([A-Z_]+)=(.*)$", re.MULTILINE)
RED_HAT = re.compile(r"^(\S.*?) release (\d+(?:\.\d+)*)", re.MULTILINE)
SUSE = re.compile(r"^VERSION = (\d+)\s*\nPATCHLEVEL = (\d+)", re.MULTILINE)
KYLIN = re.compile(r"release V(\d+)\s*\(SP(\d+)", re.IGNORECASE)
AIX_SERVICE = re.compile(r"^(\d)(\d)\d\d-(\d\d)(?:-(\d\d)(?:-(\d{4}))?)?\s*$", re.MULTILINE)
AIX_PLAIN = re.compile(r"^(\d\.\d)\.\d\.\d\s*$", re.MULTILINE)
HP_UX_BASE = re.compile(r"^[ \t]*QPKBASE\s+B\.11\.\d+\.(\d+(?:\.\d+)*)", re.MULTILINE)
HP_UX = re.compile(r"^HP-UX B\.(\d+\.\d+)")
SOLARIS = re.compile(r"^[ \t]*(?:Oracle )?Solaris (\d+(?:\.\d+)*)\b.*", re.MULTILINE)
SOLARIS_UPDATE = re.compile(r"\bs\d+[sx]_u(\d+)")
UPDATE = re.compile(r"(\d{1,4})u(\d{1,4})")
AIX_ZEROS = re.compile(r"(\d\.\d)\.0\.0\b")
AIX_NUMBER = 100  # a first part from here on is AIX's own: 7100-04


@dataclass(frozen=True)
class System:
    """``version``: as plans usually write it, the patch level behind it; ``own``: the system's other way of writing."""

    kernel: str
    name: str
    version: str
    own: str = ""


def linux(kernel: str, release: str, older: str = "") -> System:
    """os-release(5), and the older files where that is missing or says less than them (CentOS 7 says a mere 7)."""
    values = {key: value.strip().strip("\"'") for key, value in OS_LINE.findall(release)}
    name = values.get("PRETTY_NAME", "") or values.get("NAME", "")
    version = values.get("VERSION_ID", "")
    for found in (KYLIN.search(older), SUSE.search(older)):
        if found and _goes_on(version, f"{found[1]}.{found[2]}"):
            return System(kernel, f"{name or older.splitlines()[0].strip()} SP{found[2]}", f"{found[1]}.{found[2]}")
    found = RED_HAT.search(older)
    if found and _goes_on(version, found[2]):
        return System(kernel, found[0].strip(), found[2])
    return System(kernel, name, version)


def _goes_on(known: str, further: str) -> bool:
    """Whether ``further`` is the same version told to more places."""
    have = versions.parts(known)
    return versions.parts(further)[: len(have)] == have


def aix(kernel: str, text: str) -> System:
    """``oslevel -s``: version and release, technology level, service pack, and the week it came out."""
    found = AIX_SERVICE.search(text)
    if found:
        level = [str(int(part)) for part in found.groups()[2:4] if part]
        version = ".".join([f"{found[1]}.{found[2]}", *level])
        return System(kernel, f"AIX {found[1]}.{found[2]}（{found[0].strip()}）", version, found[0].strip())
    plain = AIX_PLAIN.search(text)
    return System(kernel, f"AIX {plain[1]}" if plain else "", plain[1] if plain else "")


def hp_ux(kernel: str, bundles: str) -> System:
    """The release is the kernel's; the patch level that of the base quality pack."""
    release, pack = HP_UX.match(kernel), HP_UX_BASE.search(bundles)
    if not release:
        return System(kernel, "", "")
    version = f"{release[1]}.{pack[1]}" if pack else release[1]
    return System(kernel, f"HP-UX 11i B.{version}", version)


def solaris(kernel: str, release: str, build: str) -> System:
    """/etc/release; the update is in its build's name (s10s_u11wos). From 11 on ``uname -v`` tells the SRU."""
    found, update = SOLARIS.search(release), SOLARIS_UPDATE.search(release)
    if not found:
        return System(kernel, "", "", _sunos(kernel))
    version = f"{found[1]}.{update[1]}" if update and "." not in found[1] else found[1]
    exact = re.fullmatch(r"\s*(1[1-9](?:\.\d+)+)\s*", build)
    if exact and _goes_on(version, exact[1]):
        version = exact[1]
    return System(kernel, f"{found[0].strip()}，{build.strip()}", version, _sunos(kernel))


def _sunos(kernel: str) -> str:
    words = kernel.split()
    return words[1] if len(words) > 1 and words[0] == "SunOS" else ""


def in_the_way_of(system: System, wanted: str) -> tuple[str, str]:
    """The system's version in the way in which ``wanted`` is written, and ``wanted`` in plain numbers: Solaris'
    ``10u11`` is 10.11, AIX's ``7.1.0.0`` names no patch level.
    """
    wanted = UPDATE.sub(r"\1.\2", wanted)
    if system.kernel.startswith("AIX"):
        wanted = AIX_ZEROS.sub(r"\1", wanted)
    parts, own = versions.parts(wanted), versions.parts(system.own)
    written_so = bool(parts and own) and (parts[0] >= AIX_NUMBER or parts[0] == own[0])
    return (system.own if written_so else system.version), wanted
