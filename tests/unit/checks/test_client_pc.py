"""client.driver, .clock, .printer and .fonts: what this PC tells, and that no other PC is judged from here."""

from __future__ import annotations

import platform
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from client_pcs import judged
from registry_exports import MACHINE, USER, exported, hexed, printing
from tokens import configure, driver, fill

from app.checks.client import clock
from app.checks.client.fonts import FACES
from app.checks.client.pc import FONTS, PAPER, PRINTERS, Output, ThisPc, is_this
from app.checks.client.printer import paper_of
from app.checks.model import Outcome, Verdict
from app.site.model import Client, ClientExpect, Host, Site

PASS, WARN, FAIL, UNKNOWN, NONE = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE
BASE: dict[str, Any] = {"driver": driver(), "expect": ClientExpect(zone_sites=("http://x.cn",))}


@pytest.mark.parametrize("check", ["browser", "driver", "clock", "printer", "fonts"])
@pytest.mark.parametrize("computer", ["", "SOME-OTHER-PC"])
def test_another_pc_is_not_judged_from_here(check: str, computer: str) -> None:
    verdict = judged(f"client.{check}", exported(), this=False, computer=computer, **BASE)
    assert verdict.outcome is UNKNOWN and "不是本机" in verdict.reason and "脚本" in verdict.reason


def test_this_pc_is_told_by_the_profile_or_by_its_name() -> None:
    assert is_this(Client("pc1", this=True)) and is_this(Client("pc1", computer=platform.node().upper()))
    assert not is_this(Client("pc1")) and not is_this(Client("pc1", computer="x" + platform.node()))


# The token's driver


def compiled(folder: Path, source: str) -> Path:
    """A library made of some C."""
    (folder / "driver.c").write_text(source)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", "driver.so", "driver.c"], cwd=folder, check=True)
    return folder / "driver.so"


def driven(module: str) -> Verdict:
    return judged("client.driver", None, driver=module)


def test_a_driver_that_loads_and_sees_a_token_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFTHSM2_CONF", str(configure(tmp_path)))
    verdict = driven(driver())
    assert verdict.outcome is FAIL and "没有看到令牌" in verdict.reason
    fill(tmp_path / "softhsm2.conf", "个人证书")
    verdict = driven(driver())
    assert verdict.outcome is PASS and "个人证书" in verdict.actual


def test_a_driver_that_is_not_there_or_no_library_fails(tmp_path: Path) -> None:
    text = tmp_path / "driver.so"
    text.write_text("not a library")
    assert driven(str(tmp_path / "none.so")).outcome is FAIL
    assert driven(str(text)).outcome is FAIL


def library_of(system: str, bits: int) -> bytes:
    """The head of a library (ELF; PE with its machine type)."""
    if system == "elf":
        return b"\x7fELF" + bytes([1 if bits == 32 else 2, 1, 1]) + bytes(200)
    machine = struct.pack("<H", 0x014C if bits == 32 else 0x8664)
    return b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + machine + bytes(200)


@pytest.mark.parametrize("head", [library_of("elf", 32), library_of("pe", 32), library_of("pe", 64)])
def test_a_driver_of_another_word_size_or_system_is_unknown(head: bytes, tmp_path: Path) -> None:
    (tmp_path / "driver.so").write_bytes(head)
    verdict = driven(str(tmp_path / "driver.so"))
    assert verdict.outcome is UNKNOWN and "不能加载" in verdict.reason


def test_a_half_written_library_of_our_word_size_fails(tmp_path: Path) -> None:
    (tmp_path / "driver.so").write_bytes(library_of("elf", 64) + b"C_GetFunctionList")
    assert driven(str(tmp_path / "driver.so")).outcome is FAIL


@pytest.mark.skipif(not shutil.which("gcc"), reason="no compiler")
def test_a_library_that_is_no_pkcs11_driver_is_unknown(tmp_path: Path) -> None:
    verdict = driven(str(compiled(tmp_path, "int CPAcquireContext(void) { return 1; }")))
    assert verdict.outcome is UNKNOWN and "CSP" in verdict.reason


@pytest.mark.skipif(not shutil.which("gcc"), reason="no compiler")
def test_a_driver_that_crashes_ends_only_its_own_process(tmp_path: Path) -> None:
    verdict = driven(
        str(compiled(tmp_path, "long C_GetFunctionList(void **list) { *(volatile int *)0 = 1; return 0; }"))
    )
    assert verdict.outcome is UNKNOWN and "崩溃" in verdict.reason


def test_without_a_planned_driver_it_does_not_apply() -> None:
    assert driven("").outcome is NONE


# The clock


def clocked(**offsets: float | None) -> Verdict:
    """``offsets``: the other targets' clocks against this PC's."""
    pc = Client("pc1", this=True)
    return clock.compare_all({"pc1": None, **offsets}, pc, Site("", "", targets=(pc, Host("h1"), Client("pc2"))))


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [
        (0.0, PASS),
        (59.9, PASS),
        (-59.9, PASS),
        (60.0, WARN),
        (-60.0, WARN),
        (299.9, WARN),
        (300.0, FAIL),
        (-300.0, FAIL),
    ],
)
def test_the_clock_is_held_against_the_middle_of_the_others(seconds: float, outcome: Outcome) -> None:
    assert clocked(h1=seconds, h2=seconds, h3=seconds).outcome is outcome


def test_one_other_that_is_off_does_not_make_this_clock_wrong() -> None:
    assert clocked(h1=4000.0).outcome is PASS
    assert clocked(h1=4000.0, h2=0.1, h3=0.2).outcome is PASS


def test_a_clock_that_two_others_contradict_is_wrong_and_whole_hours_are_a_zone() -> None:
    verdict = clocked(h1=3600.0, h2=3601.0)
    assert verdict.outcome is FAIL and "1 小时整" in verdict.reason and "慢" in verdict.reason


def test_without_another_clock_it_is_unknown() -> None:
    assert clocked().outcome is UNKNOWN
    assert clocked(h1=None, h2=float("nan")).outcome is UNKNOWN
    assert clocked(pc2=0.0).outcome is UNKNOWN


# Printers

PRINT = r"SYSTEM\CurrentControlSet\Control\Print\Printers"
WINDOWS = rf"{USER}\Software\Microsoft\Windows NT\CurrentVersion\Windows"


def printed(*names: str, default: str = "", papers: dict[str, bytes] | None = None, own: bytes = b"") -> Verdict:
    keys: dict[str, dict[str, str]] = {rf"{MACHINE}\{PRINT}": {}, rf"{USER}\Printers": {}, WINDOWS: {}}
    for name in names:
        paper = (papers or {}).get(name, printing(9))
        keys[rf"{MACHINE}\{PRINT}\{name}"] = {"Default DevMode": hexed(paper)} if paper else {}
    if default:
        keys[WINDOWS] = {"Device": f'"{default},winspool,Ne00:"'}
    if own:
        keys[rf"{USER}\Printers\DevModePerUser"] = {default: hexed(own)}
    return judged("client.printer", exported(keys))


def test_a_printer_with_a4_passes_and_other_paper_is_a_warning() -> None:
    assert printed("HP LaserJet", default="HP LaserJet").outcome is PASS
    verdict = printed("HP LaserJet", default="HP LaserJet", papers={"HP LaserJet": printing(1)})
    assert verdict.outcome is WARN and "Letter" in verdict.reason


def test_the_persons_own_settings_come_first() -> None:
    assert printed("HP", default="HP", papers={"HP": printing(1)}, own=printing(9)).outcome is PASS
    assert printed("HP", default="HP", own=printing(8)).outcome is WARN


@pytest.mark.parametrize("names", [(), ("Microsoft Print to PDF", "Fax", "发送至 OneNote 16", "导出为WPS PDF")])
def test_no_printer_or_only_virtual_ones_fails(names: tuple[str, ...]) -> None:
    assert printed(*names, default=names[0] if names else "").outcome is FAIL


def test_no_default_or_a_virtual_one_is_a_warning() -> None:
    assert printed("HP", "Fax").outcome is WARN
    assert "PDF" in printed("HP", "Microsoft Print to PDF", default="Microsoft Print to PDF").reason


def test_paper_that_cannot_be_told_is_unknown() -> None:
    assert printed("HP", default="HP", papers={"HP": b""}).outcome is UNKNOWN
    assert printed("HP", "Epson").outcome is UNKNOWN


def test_a_network_printer_of_the_person_counts() -> None:
    keys = {
        rf"{MACHINE}\{PRINT}": {},
        rf"{USER}\Printers": {},
        rf"{USER}\Printers\Connections\,,server,前台": {},
        rf"{USER}\Printers\DevModePerUser": {r"\\\\server\\前台": hexed(printing(9))},
        WINDOWS: {"Device": r'"\\\\server\\前台,winspool,Ne01:"'},
    }
    assert judged("client.printer", exported(keys)).outcome is PASS


def test_a_registry_without_a_list_of_printers_is_unknown() -> None:
    assert (
        judged("client.printer", exported({rf"{MACHINE}\SYSTEM\CurrentControlSet\Control\Print": {}})).outcome
        is UNKNOWN
    )


@pytest.mark.parametrize(
    ("settings", "paper"),
    [
        (printing(9), "A4"),
        (printing(9, fields=0), ""),
        (printing(0), ""),
        (printing(256, 2 | 4 | 8, 2970, 2100), "A4"),
        (printing(256, 2 | 4 | 8, 2100, 2970), "自定义"),
        (printing(0, 4 | 8, 2970, 2100), "A4"),
        (printing(70), "纸型 70"),
        (printing(9)[:83], ""),
        (b"", ""),
    ],
)
def test_the_paper_is_read_from_the_devmode(settings: bytes, paper: str) -> None:
    assert paper_of(settings) == paper


QUEUE = "printer HP_1020 is idle.  enabled since Mon 23 Nov 2026\n"
DEFAULT = "system default destination: HP_1020\n"


@pytest.mark.parametrize(
    ("listed", "options", "outcome"),
    [
        (Output(QUEUE + DEFAULT, 0), "PageSize/Media Size: Letter *A4 A5\n", PASS),
        (Output(QUEUE + DEFAULT, 0), "PageSize/Media Size: A4 *Letter A5\n", WARN),
        (Output(QUEUE + DEFAULT, 0), "media/Media: *iso_a4_210x297mm na_letter\n", PASS),
        (Output(QUEUE + DEFAULT, 0), "PageSize/Media Size: *A4Small A4\n", WARN),
        (Output(QUEUE + DEFAULT, 0), "", UNKNOWN),
        (Output(QUEUE + "no system default destination\n", 0), "PageSize/Media Size: *A4\n", UNKNOWN),
        (Output("no system default destination\n", 0), "", FAIL),
        (Output("", 1, "lpstat: No destinations added.\n"), "", FAIL),
        (Output("", 1, "lpstat: Scheduler is not running."), "", UNKNOWN),
        (Output("", 0), "", UNKNOWN),
        (Output("", 127), "", UNKNOWN),
    ],
)
def test_printers_of_cups(listed: Output, options: str, outcome: Outcome) -> None:
    verdict = judged("client.printer", None, "Linux", {PRINTERS: listed, PAPER: Output(options, 0)})
    assert verdict.outcome is outcome, verdict


def test_a_plan_without_a_printer_is_said() -> None:
    assert judged("client.printer", None, expect=ClientExpect(printer=False)).outcome is NONE


# Fonts

FONTS_KEY = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Fonts"


def fonts(*names: str, wanted: tuple[str, ...] = ("仿宋", "小标宋")) -> Verdict:
    keys = {rf"{MACHINE}\{FONTS_KEY}": dict.fromkeys(names, '"file.ttf"'), rf"{USER}\{FONTS_KEY}": {}}
    return judged("client.fonts", exported(keys), expect=ClientExpect(fonts=wanted))


@pytest.mark.parametrize(
    ("names", "outcome", "said"),
    [
        (("仿宋 (TrueType)", "方正小标宋简体 (TrueType)"), PASS, "小标宋：方正小标宋简体"),
        (("FangSong (TrueType)", "SimSun & NSimSun (TrueType)"), PASS, "小标宋：没有，用 SimSun 代替"),
        (("仿宋_GB2312 (TrueType)", "宋体 & 新宋体 (TrueType)"), PASS, "仿宋：没有，用 仿宋_GB2312 代替"),
        (("仿宋 (TrueType)",), FAIL, "小标宋：没有"),
        (("宋体 & 新宋体 (TrueType)",), FAIL, "仿宋：没有"),
        (("Arial (TrueType)",), FAIL, "仿宋：没有"),
        ((), UNKNOWN, ""),
    ],
)
def test_faces_and_their_stand_ins_are_named(names: tuple[str, ...], outcome: Outcome, said: str) -> None:
    verdict = fonts(*names)
    assert verdict.outcome is outcome and said in verdict.actual


def test_a_face_is_no_stand_in_for_another_by_a_part_of_its_name() -> None:
    assert fonts("仿宋 (TrueType)", wanted=("小标宋",)).outcome is FAIL
    assert fonts("华文仿宋 (TrueType)", wanted=("宋体",)).outcome is FAIL
    assert fonts("某体 (TrueType)", wanted=("某体",)).outcome is PASS
    assert set(FACES) >= {"仿宋", "小标宋"}


def test_fonts_of_fontconfig() -> None:
    listed = Output("FangSong,仿宋\nNoto Serif CJK SC,Noto Serif CJK SC Black\n", 0)
    verdict = judged("client.fonts", None, "Linux", {FONTS: listed})
    assert verdict.outcome is PASS and "小标宋：没有，用 Noto Serif CJK SC 代替" in verdict.actual
    assert judged("client.fonts", None, "Linux").outcome is UNKNOWN


def test_a_plan_without_fonts_is_said() -> None:
    assert fonts(wanted=()).outcome is NONE


@pytest.mark.skipif(sys.platform == "win32", reason="asks fontconfig")
def test_this_pc_runs_only_what_is_listed() -> None:
    pc = ThisPc()
    assert pc.run(FONTS).status in (0, 127)
    with pytest.raises(ValueError, match="not an allowed"):
        pc.run("ls")
