"""The Windows registry as the checks read it: that of this PC, or one that was exported. Nothing is ever written.

Paths begin with HKLM or HKCU; names know no capitals (Microsoft, Structure of the Registry).
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.checks.model import Undetermined

Value = int | str | bytes | tuple[str, ...]  # REG_DWORD/QWORD, REG_SZ/EXPAND_SZ, binary and others, REG_MULTI_SZ
ROOTS: Mapping[str, str] = {
    "hkey_local_machine": "hklm",
    "hkey_current_user": "hkcu",
    "hklm": "hklm",
    "hkcu": "hkcu",
}
WHOLE = 99  # levels: all that is below
MOST_ENTRIES = 20_000  # values or keys below one key
KEY_READ_64 = 0x20019 | 0x0100  # KEY_READ, KEY_WOW64_64KEY: a 32-bit program sees the same as the browser


@dataclass(frozen=True)
class Key:
    """One key: its values by name as written (the default value's name is empty), and its keys below."""

    values: Mapping[str, Value] = field(default_factory=dict)
    subkeys: tuple[str, ...] = ()

    def value(self, name: str) -> Value | None:
        """The value of that name; None where there is none."""
        return next((value for known, value in self.values.items() if known.lower() == name.lower()), None)

    def number(self, name: str) -> int | None:
        """A value as a whole number, decimal text included; None where there is none, or another thing."""
        found = self.value(name)
        if isinstance(found, str) and found.strip().isdecimal():
            return int(found.strip())
        return found if isinstance(found, int) else None

    def text(self, name: str) -> str:
        found = self.value(name)
        return found.strip() if isinstance(found, str) else ""


NOTHING = Key()


class Registry(Protocol):
    """``key`` gives the key at a path, or None where there is none. Raises Undetermined where that is not known."""

    def key(self, path: str) -> Key | None: ...


class WindowsRegistry:
    """That of the PC and account this program runs on."""

    def key(self, path: str) -> Key | None:
        root, _, below = path.partition("\\")
        winreg: Any = importlib.import_module("winreg")
        top = {"HKLM": winreg.HKEY_LOCAL_MACHINE, "HKCU": winreg.HKEY_CURRENT_USER}[root]
        try:
            with winreg.OpenKeyEx(top, below, 0, KEY_READ_64) as opened:
                subkeys, values, _ = winreg.QueryInfoKey(opened)
                if max(subkeys, values) > MOST_ENTRIES:
                    raise Undetermined(f"注册表 {path} 的内容过多，没有读完")
                pairs = (winreg.EnumValue(opened, place) for place in range(values))
                read = {str(name): _value(value, kind) for name, value, kind in pairs}
                return Key(read, tuple(winreg.EnumKey(opened, place) for place in range(subkeys)))
        except FileNotFoundError:
            return None
        except OSError as error:
            reason = f"注册表 {path} 读不了（{error.strerror or error}）"
            raise Undetermined(reason, "请用平时使用系统的那个 Windows 用户运行。") from None


def _value(value: Any, kind: int) -> Value:
    if kind == 7:  # REG_MULTI_SZ
        return tuple(str(item) for item in value or ())
    return value if isinstance(value, int | str | bytes) else b""


def normal(path: str) -> str:
    """A path as it is looked up: short root, small letters. Raises ValueError for a root that is none of ours."""
    root, _, below = path.strip().rstrip("\\").lower().partition("\\")
    if root not in ROOTS:
        raise ValueError(f"no root {root!r}")
    return f"{ROOTS[root]}\\{below}" if below else ROOTS[root]


class ExportedRegistry:
    """One that was exported: ``keys`` by normal path, complete at each of ``roots`` (normal paths) and below it down to
    so many levels.
    """

    def __init__(self, keys: Mapping[str, Key], roots: Mapping[str, int]) -> None:
        self._keys, self._roots = keys, roots

    def key(self, path: str) -> Key | None:
        wanted = normal(path)
        if wanted in self._keys:
            return self._keys[wanted]
        if any(_within(wanted, root, depth) for root, depth in self._roots.items()):
            return None
        raise Undetermined(f"导出的内容里没有注册表 {path}", "请在该终端上重新运行脚本，再导入。")


def _within(wanted: str, root: str, depth: int) -> bool:
    return wanted == root or (wanted.startswith(f"{root}\\") and wanted[len(root) :].count("\\") <= depth)
