"""Registry exports as regedit and ``reg export`` write them, for PCs of every kind."""

from __future__ import annotations

from collections.abc import Mapping

from app.checks.client.reg_file import read
from app.checks.client.registry import ExportedRegistry

SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
POLICIES = r"Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
USER, MACHINE = r"HKEY_CURRENT_USER", r"HKEY_LOCAL_MACHINE"
HEAD = "Windows Registry Editor Version 5.00"
# What every Windows has of the trusted zone, and that all places looked at were exported.
BASE: Mapping[str, Mapping[str, str]] = {
    rf"{USER}\{SETTINGS}": {},
    rf"{USER}\{SETTINGS}\Zones\2": {"1001": "dword:00000001", "1004": "dword:00000003", "1200": "dword:00000000"},
    rf"{MACHINE}\{SETTINGS}": {},
    rf"{MACHINE}\{SETTINGS}\Zones\2": {"1201": "dword:00000003", "1405": "dword:00000000"},
    rf"{MACHINE}\{POLICIES}": {},
    rf"{USER}\{POLICIES}": {},
    rf"{MACHINE}\SOFTWARE\Policies\Microsoft\Edge": {},
    rf"{USER}\SOFTWARE\Policies\Microsoft\Edge": {},
}


def text(keys: Mapping[str, Mapping[str, str]], head: str = HEAD) -> str:
    """An export of ``keys``: for each path the values as they stand in the file."""
    lines = [head, ""]
    for path, values in keys.items():
        lines += [f"[{path}]", *(f'"{name}"={value}' for name, value in values.items()), ""]
    return "\r\n".join(lines)


def exported(*changes: Mapping[str, Mapping[str, str]]) -> ExportedRegistry:
    """The registry of BASE with ``changes``, read from UTF-16 as regedit writes it."""
    keys: dict[str, dict[str, str]] = {path: dict(values) for path, values in BASE.items()}
    for change in changes:
        for path, values in change.items():
            keys.setdefault(path, {}).update(values)
    return read(text(keys).encode("utf-16"))


def own(path: str, **values: str) -> dict[str, dict[str, str]]:
    """A key of the person's Internet settings; ``any`` stands for ``*``."""
    return {rf"{USER}\{SETTINGS}\{path}": {"*" if name == "any" else name: value for name, value in values.items()}}


def hexed(data: bytes, kind: str = "hex") -> str:
    """A value in hex, over several lines as regedit breaks them."""
    parts = [f"{byte:02x}" for byte in data]
    lines = [",".join(parts[at : at + 25]) for at in range(0, len(parts), 25)]
    return f"{kind}:" + ",\\\r\n  ".join(lines)


def printing(paper: int, fields: int = 2, length: int = 0, width: int = 0) -> bytes:
    """A DEVMODEW with that paper."""
    made = bytearray(220)
    made[72:76] = fields.to_bytes(4, "little")
    for at, number in ((78, paper), (80, length), (82, width)):
        made[at : at + 2] = number.to_bytes(2, "little")
    return bytes(made)
