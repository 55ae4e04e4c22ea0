"""Internet Explorer's security zones, as the registry has them: which zone a site is in, what a zone allows. Pure.

Sources: Microsoft KB 182569 (zones and their settings in the registry, Security_HKLM_only), the policies "Site to Zone
Assignment List" (ZoneMapKey) and "Security Zones: Use only machine settings", and KB 815141 (Enhanced Security
Configuration: EscDomains, EscRanges). Edge in IE mode uses the same zones.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.checks.client.registry import NOTHING, WHOLE, Key, Registry

SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
POLICIES = r"Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
POLICY_PLACES = (rf"HKLM\{POLICIES}", rf"HKCU\{POLICIES}")
MACHINE, PERSON = rf"HKLM\{SETTINGS}", rf"HKCU\{SETTINGS}"
PLACES = (*POLICY_PLACES, MACHINE, PERSON)
ZONES = {0: "本机", 1: "本地 Intranet", 2: "受信任的站点", 3: "Internet", 4: "受限制的站点"}
ONLY_MACHINE = "Security_HKLM_only"
RANGE = ":Range"


def below(place: str) -> tuple[tuple[str, int], ...]:
    """What is read of a place: keys, and how many levels below each."""
    return (place, 0), (rf"{place}\ZoneMap", WHOLE), (rf"{place}\ZoneMapKey", 0), (rf"{place}\Zones", 1)


@dataclass(frozen=True)
class Site:
    """A site of the plan: ``scheme`` is empty where none is written; ``host`` may be ``*.domain`` or ``10.1.2.*``."""

    planned: str
    scheme: str
    host: str

    @property
    def is_address(self) -> bool:
        return bool(re.fullmatch(r"\d{1,3}(\.(\d{1,3}|\*)){3}", self.host))


@dataclass(frozen=True)
class Found:
    """A value and the key it stands in; ``value`` is None where nothing is set."""

    value: int | None
    where: str = ""


def site(planned: str) -> Site:
    """``http://10.1.2.3:7001/jyjc``, ``https://*.example.gov.cn`` or a bare host."""
    scheme, mark, rest = planned.strip().lower().rpartition("://")
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    return Site(planned, scheme if mark else "", re.sub(r":\d+$", "", host))


def places(registry: Registry) -> tuple[str, ...]:
    """The keys whose zones count, the first before the later ones."""
    machine_only = any((registry.key(place) or NOTHING).number(ONLY_MACHINE) == 1 for place in POLICY_PLACES[:1])
    return (POLICY_PLACES[0], MACHINE) if machine_only else (*POLICY_PLACES, PERSON, MACHINE)


def zone_of(registry: Registry, wanted: Site) -> Found:
    """The zone that ``wanted`` is assigned to; None where no assignment names it (it is in Internet then)."""
    prefix = "Esc" if _hardened(registry) else ""
    for place in places(registry):
        assigned = registry.key(rf"{place}\ZoneMapKey") or NOTHING
        for name, value in assigned.values.items():
            if isinstance(value, str) and value.strip().isdecimal() and _covers(name, wanted):
                return Found(int(value.strip()), rf"{place}\ZoneMapKey")
        found = _mapped(registry, rf"{place}\ZoneMap\{prefix}", wanted)
        if found.value is not None:
            return found
    return Found(None)


def _hardened(registry: Registry) -> bool:
    """Whether Enhanced Security Configuration is on, which has lists of its own."""
    found = ((registry.key(rf"{place}\ZoneMap") or NOTHING).number("IEHarden") for place in places(registry))
    return next((value for value in found if value is not None), 0) == 1


def _mapped(registry: Registry, prefix: str, wanted: Site) -> Found:
    if wanted.is_address:
        for path, key in _below(registry, f"{prefix}Ranges"):
            if in_range(key.text(RANGE), wanted.host) and (zone := _protocol(key, wanted)) is not None:
                return Found(zone, path)
        return Found(None)
    hits = [
        (not pattern.startswith("*."), len(pattern), path, zone)
        for path, key, pattern in _domains(registry, f"{prefix}Domains")
        if fits(pattern, wanted.host) and (zone := _protocol(key, wanted)) is not None
    ]
    return Found(max(hits)[3], max(hits)[2]) if hits else Found(None)


def _below(registry: Registry, path: str) -> Iterator[tuple[str, Key]]:
    for name in (registry.key(path) or NOTHING).subkeys:
        if key := registry.key(rf"{path}\{name}"):
            yield rf"{path}\{name}", key


def _domains(registry: Registry, path: str) -> Iterator[tuple[str, Key, str]]:
    """Each domain key with the pattern of hosts it means: a key of the first level means all below it as well."""
    for domain_path, domain in _below(registry, path):
        name = domain_path.rpartition("\\")[2].lower()
        yield domain_path, domain, f"*.{name}"
        for host_path, host in _below(registry, domain_path):
            yield host_path, host, f"{host_path.rpartition(chr(92))[2].lower()}.{name}"


def _protocol(key: Key, wanted: Site) -> int | None:
    """The zone for the site's protocol; without one in the plan, for web pages of either kind alike."""
    every = key.number("*")
    if wanted.scheme:
        own = key.number(wanted.scheme)
        return every if own is None else own
    zones = {every if key.number(scheme) is None else key.number(scheme) for scheme in ("http", "https")}
    return zones.pop() if len(zones) == 1 else None


def fits(pattern: str, host: str) -> bool:
    """Whether ``*.domain`` (the domain itself included) or a host's name means ``host``, which may be a pattern too."""
    bare = pattern.removeprefix("*.")
    if pattern == host or not pattern.startswith("*."):
        return pattern == host
    return host.removeprefix("*.") == bare or host.endswith(f".{bare}")


def in_range(written: str, host: str) -> bool:
    """Whether a range (``10.1.2.*``, ``10.1-3.*.*``, ``10.1.2.3-10.1.2.9``) holds an address, or all of a pattern."""
    if written.strip() == host:
        return bool(host)
    if found := re.fullmatch(r"\s*([\d.]+)\s*-\s*([\d.]+\.[\d.]+)\s*", written):
        try:
            first, last, one = (ipaddress.IPv4Address(text) for text in (found[1], found[2], host))
        except ValueError:
            return False
        return first <= one <= last
    parts, own = written.strip().split("."), host.split(".")
    return len(parts) == len(own) == 4 and all(map(_octet, parts, own))


def _octet(written: str, own: str) -> bool:
    if written == "*":
        return True
    found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", written)
    return bool(found and own.isdecimal() and int(found[1]) <= int(own) <= int(found[2] or found[1]))


def _covers(name: str, wanted: Site) -> bool:
    """Whether an entry of the assignment list means the site."""
    listed = site(name)
    if listed.scheme and listed.scheme != wanted.scheme:
        return False
    if wanted.is_address or re.fullmatch(r"[\d.*-]+", listed.host):
        return in_range(listed.host, wanted.host)
    exact = bool(listed.scheme) and not listed.host.startswith("*.")
    return listed.host == wanted.host if exact else fits(f"*.{listed.host.removeprefix('*.')}", wanted.host)


def setting(registry: Registry, zone: int, action: str) -> Found:
    """What ``zone`` has for a setting such as ``1200``; None where nothing is set."""
    for place in places(registry):
        value = (registry.key(rf"{place}\Zones\{zone}") or NOTHING).number(action)
        if value is not None:
            return Found(value, rf"{place}\Zones\{zone}")
    return Found(None)
