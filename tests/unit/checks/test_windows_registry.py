"""The registry of a Windows PC, over a stand-in of Python's winreg: what is read, what is absent, what is not known."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from client_pcs import judged
from registry_exports import USER, exported, hexed, own, printing

from app.checks.client.checks import CHECKS
from app.checks.client.registry import MOST_ENTRIES, Key, WindowsRegistry
from app.checks.model import Outcome, Undetermined
from app.site.model import Client, ClientExpect

Tree = Mapping[str, tuple[list[tuple[str, Any, int]], list[str]]]


def winreg(tree: Tree, refused: str = "") -> Any:
    """Python's module as far as it is used: paths of HKCU to values (name, data, type) and keys below."""
    module: Any = types.ModuleType("winreg")
    module.HKEY_LOCAL_MACHINE, module.HKEY_CURRENT_USER = "HKLM", "HKCU"

    @contextmanager
    def open_key(top: str, path: str, reserved: int, access: int) -> Iterator[Any]:
        assert reserved == 0 and access & 0x100 and not access & 0x2, "64 bit, and never to write"
        if f"{top}\\{path}" == refused:
            raise PermissionError(13, "Access is denied")
        if f"{top}\\{path}" not in tree:
            raise FileNotFoundError(2, "not found")
        yield tree[f"{top}\\{path}"]

    module.OpenKeyEx = open_key
    module.QueryInfoKey = lambda key: (len(key[1]), len(key[0]), 0)
    module.EnumValue = lambda key, place: key[0][place]
    module.EnumKey = lambda key, place: key[1][place]
    return module


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Callable[..., WindowsRegistry]:
    def made(tree: Tree, refused: str = "") -> WindowsRegistry:
        monkeypatch.setitem(sys.modules, "winreg", winreg(tree, refused))
        return WindowsRegistry()

    return made


def test_values_and_keys_below_are_read(registry: Callable[..., WindowsRegistry]) -> None:
    values = [("http", 2, 4), ("", "默认", 1), ("多", ["a", "b"], 7), ("二进制", b"\x01", 3), ("无", None, 0)]
    there = registry({r"HKCU\Software\X": (values, ["子键"])})
    found = there.key(r"HKCU\Software\X")
    assert found == Key({"http": 2, "": "默认", "多": ("a", "b"), "二进制": b"\x01", "无": b""}, ("子键",))
    assert there.key(r"HKLM\Software\X") is None


def test_a_key_that_may_not_be_read_or_has_no_end_is_undetermined(registry: Callable[..., WindowsRegistry]) -> None:
    with pytest.raises(Undetermined, match="读不了"):
        registry({}, refused=r"HKCU\Software\X").key(r"HKCU\Software\X")
    with pytest.raises(Undetermined, match="过多"):
        registry({r"HKCU\X": ([], ["k"] * (MOST_ENTRIES + 1))}).key(r"HKCU\X")


class Watching:
    """A registry that keeps which keys were asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self._there = exported(
            own(r"ZoneMap\Ranges\Range1", **{":Range": '"10.1.2.3"', "http": "dword:00000002"}),
            own(r"ZoneMap\Domains\x.cn\www", http="dword:00000002"),
            {
                r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Print\Printers\HP": {
                    "Default DevMode": hexed(printing(9))
                },
                r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Print\Printers": {},
                rf"{USER}\Printers\Connections\,,server,b": {},
                rf"{USER}\Printers": {},
                rf"{USER}\Software\Microsoft\Windows NT\CurrentVersion": {},
                r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Fonts": {"仿宋": '"a"'},
            },
        )

    def key(self, path: str) -> Key | None:
        self.asked.add(path)
        return self._there.key(path)


@pytest.mark.parametrize("name", ["browser", "printer", "fonts"])
def test_a_check_reads_only_keys_that_it_shows(name: str) -> None:
    watching = Watching()
    plan = ClientExpect(("http://10.1.2.3", "http://www.x.cn"), activex={"1200": "enable"}, ie_mode=True)
    verdict = judged(f"client.{name}", watching, expect=plan)
    assert verdict.outcome is not Outcome.UNKNOWN or name == "printer"
    check = next(one for one in CHECKS if one.id == f"client.{name}")
    shown = [line.removeprefix("读注册表 ") for line in check.shows(Client("pc1")) if line.startswith("读注册表")]
    assert watching.asked
    assert not [path for path in watching.asked if not any(path == one or path.startswith(f"{one}\\") for one in shown)]
