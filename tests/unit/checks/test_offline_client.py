"""The scripts for client PCs: what the PowerShell one exports leads to the verdicts of the registry itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from client_pcs import around, judged
from registry_exports import MACHINE, USER, exported, hexed, own, printing, text

from app.checks import replay, runner
from app.checks.client.checks import CHECKS
from app.checks.client.registry import Key, Registry, normal
from app.checks.model import Outcome, Planned, Result
from app.checks.offline import identity, marks, output, powershell, writing
from app.site.model import Client, ClientExpect

NONCE = "0123456789abcdef"
HEAD = {"kind": "client", "target": "pc1"}
FONTS = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Fonts"
PRINTERS = r"SYSTEM\CurrentControlSet\Control\Print\Printers"
PC = Client(
    "pc1",
    computer="YWZD-01",
    expect=ClientExpect(zone_sites=("http://10.1.2.3:7001/jyjc",), activex={"1200": "enable"}, ie_mode=True),
)


def registry(*changes: Mapping[str, Mapping[str, str]]) -> Registry:
    """A PC that passes everything."""
    good: dict[str, dict[str, str]] = {
        **own(r"ZoneMap\Ranges"),
        **own(r"ZoneMap\Ranges\Range1", **{":Range": '"10.1.2.*"', "http": "dword:00000002"}),
        rf"{MACHINE}\SOFTWARE\Policies\Microsoft\Edge": {
            "InternetExplorerIntegrationLevel": "dword:00000001",
            "InternetExplorerIntegrationSiteList": r'"C:\\站点\\sites.xml"',
        },
        rf"{MACHINE}\{PRINTERS}": {},
        rf"{MACHINE}\{PRINTERS}\前台 HP": {"Default DevMode": hexed(printing(9))},
        rf"{USER}\Printers": {},
        rf"{USER}\Software\Microsoft\Windows NT\CurrentVersion\Windows": {"Device": '"前台 HP,winspool,Ne00:"'},
        rf"{MACHINE}\{FONTS}": {"仿宋 (TrueType)": '"simfang.ttf"', "宋体 & 新宋体 (TrueType)": '"simsun.ttc"'},
        rf"{USER}\{FONTS}": {},
    }
    return exported(good, *changes)


def printed(there: Registry, absent: tuple[str, ...] = (), denied: tuple[str, ...] = ()) -> str:
    """What the script leaves on a PC with that registry, worked out from the script's own lines."""
    script = writing.script(PC, pairs(PC), HEAD, NONCE).decode("utf-8-sig")
    asks = re.findall(r"^Ask (\d+) '(HK\w+)' '([^']+)'\r?$", script, re.MULTILINE)
    assert len(asks) == len(powershell.KEYS)
    lines = [marks.line(NONCE, "head", marks.head(HEAD)), marks.line(NONCE, "fact", "time=2026-11-24T08:00:00Z")]
    lines += [marks.line(NONCE, "fact", "node=YWZD-01"), marks.line(NONCE, "fact", "system=Windows")]
    for number, (depth, root, below) in enumerate(asks, 1):
        path = rf"{root}\{below}"
        lines += [marks.line(NONCE, "ask", number), marks.line(NONCE, "key", depth, path)]
        key = None if path in absent else there.key(path)
        if path in denied:
            lines.append(marks.line(NONCE, "state", "denied"))
        elif key is None:
            lines.append(marks.line(NONCE, "state", "absent"))
        else:
            body = walked(there, key, path, int(depth))
            told = marks.line(NONCE, "is", "sum", marks.unit_sum(body), marks.unit_count(body))
            lines += [marks.line(NONCE, "state", "present"), marks.line(NONCE, "reg"), body, told]
        lines.append(marks.line(NONCE, "done", number))
    return "\n".join([*lines, marks.line(NONCE, "last", len(asks)), ""])


def walked(there: Registry, key: Key, path: str, depth: int) -> str:
    values = {name: written(value) for name, value in key.values.items()}
    body = "".join([f"[{path}]\n", *(f'"{name}"={value}\n' for name, value in values.items())])
    for name in key.subkeys if depth else ():
        inside = there.key(rf"{path}\{name}")
        assert inside
        body += walked(there, inside, rf"{path}\{name}", depth - 1)
    return body


def written(value: Any) -> str:
    match value:
        case int():
            return f"dword:{value:08x}"
        case bytes():
            return "hex:" + ",".join(f"{one:02x}" for one in value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def pairs(target: Client) -> list[Planned]:
    return [Planned(one, target) for one in CHECKS if writing.covers(one, target)]


def taken(data: bytes, target: Client = PC) -> dict[str, Result]:
    brought = replay.given(output.read(data))
    found: dict[str, Result] = {}
    runner.run(
        pairs(target),
        around(target),
        lambda result: found.update({result.check: result}),
        lambda one, there: replay.replayed(one, there, brought),
    )
    return found


@pytest.mark.parametrize(
    "change",
    [
        {},
        own(r"ZoneMap\Ranges\Range1", **{"http": "dword:00000003"}),
        own(r"Zones\2", **{"1200": "dword:00000003"}),
        {rf"{MACHINE}\{PRINTERS}\前台 HP": {"Default DevMode": hexed(printing(1))}},
        {rf"{MACHINE}\SOFTWARE\Policies\Microsoft\Edge": {"InternetExplorerIntegrationLevel": "dword:00000000"}},
    ],
)
def test_the_output_leads_to_the_verdicts_of_the_registry_itself(change: Mapping[str, Mapping[str, str]]) -> None:
    there = registry(change)
    brought = taken(printed(there).encode("utf-8-sig"))
    assert set(brought) == {"client.browser", "client.printer", "client.fonts"}
    for check, result in brought.items():
        direct = judged(check, there, expect=PC.expect)
        assert (result.outcome, result.actual, result.reason) == (direct.outcome, direct.actual, direct.reason)
    if not change:
        assert {one.outcome for one in brought.values()} == {Outcome.PASS}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_a_file_that_was_saved_anew_in_another_encoding_is_read(encoding: str) -> None:
    data = printed(registry()).replace("\n", "\r\n").encode(encoding)
    assert {one.outcome for one in taken(data).values()} == {Outcome.PASS}


def test_a_sign_that_another_encoding_lost_makes_the_answer_none() -> None:
    data = printed(registry()).encode("ascii", "replace")
    assert {one.outcome for one in taken(data).values()} == {Outcome.UNKNOWN}


def test_a_key_that_could_not_be_read_or_was_lost_is_unknown_and_not_absent() -> None:
    edge = r"HKLM\SOFTWARE\Policies\Microsoft\Edge"
    zones = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings\ZoneMap"
    assert taken(printed(registry(), denied=(edge,)).encode())["client.browser"].outcome is Outcome.UNKNOWN
    assert taken(printed(registry(), absent=(edge,)).encode())["client.browser"].outcome is Outcome.FAIL
    assert taken(printed(registry(), denied=(zones,)).encode())["client.browser"].outcome is Outcome.UNKNOWN
    assert taken(printed(registry(), absent=(zones,)).encode())["client.browser"].outcome is Outcome.FAIL


def test_an_output_that_is_cut_off_anywhere_passes_nothing_that_it_does_not_hold() -> None:
    data = printed(registry()).encode()
    for found in re.finditer(rb"^@@onsite \w+ (?:ask|reg|is|done) ", data, re.MULTILINE):
        for result in taken(data[: found.start() + 30]).values():
            assert result.outcome in (Outcome.PASS, Outcome.UNKNOWN)
    assert {one.outcome for one in taken(data[:200]).values()} == {Outcome.UNKNOWN}


def test_the_output_of_another_pc_is_not_taken() -> None:
    found = output.read(printed(registry()).encode())
    assert identity.mismatch(found, replay.given(found), PC, around(PC).site) == ""
    assert identity.mismatch(found, replay.given(found), replace(PC, computer="ywzd-01"), around(PC).site) == ""
    assert "YWZD-01" in identity.mismatch(found, replay.given(found), replace(PC, computer="YWZD-02"), around(PC).site)


def test_the_script_is_for_powershell_2_and_changes_nothing() -> None:
    script = writing.script(PC, pairs(PC), HEAD, NONCE)
    body = script.decode("utf-8-sig")
    assert script.startswith(b"\xef\xbb\xbf") and "\r\n" in body
    newer = ("Get-CimInstance", "ConvertTo-Json", "[PSCustomObject]", "::new(", "OpenBaseKey", "-in ", "Get-Printer")
    changing = ("Set-", "Remove-", "New-Item", "Invoke-", "SetValue", "DeleteSubKey", "CreateSubKey", "Start-Process")
    assert not [word for word in (*newer, *changing) if word in body]
    code = re.sub(r"'[^']*'", "", re.sub(r"(?m)^#.*$", "", body))
    assert all(code.count(one) == code.count(other) for one, other in ("{}", "()", "[]"))
    assert not re.findall(r"@[a-z]+@", body)


def test_every_key_that_the_checks_show_is_exported() -> None:
    shown = {line.removeprefix("读注册表 ") for pair in pairs(PC) for line in pair.check.shows(PC) if "注册表" in line}
    assert shown == {path for path, _ in powershell.KEYS}
    assert all(normal(path) for path in shown)


def test_a_linux_desktop_gets_a_shell_script(tmp_path: Path) -> None:
    script = writing.script(PC, pairs(PC), HEAD, NONCE, ".sh").decode()
    assert script.startswith("#!/bin/sh") and "fc-list" in script and "lpstat" in script
    assert tmp_path and text({})
