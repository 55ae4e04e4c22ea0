"""client.printer: a printer is there, and its paper is A4; by the registry on Windows, by CUPS elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.checks.client import pc as here
from app.checks.client.registry import NOTHING, Registry
from app.checks.database.findings import Finding, judged
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Client, Site

if TYPE_CHECKING:
    from app.checks.client.pc import Output, Pc
    from app.checks.client.session import ClientSession

LOCAL = r"HKLM\SYSTEM\CurrentControlSet\Control\Print\Printers"
CONNECTIONS = r"HKCU\Printers\Connections"  # of network printers: ,,server,printer
OWN_SETTINGS = (r"HKCU\Printers\DevModePerUser", r"HKCU\Printers\DevModes2")
DEFAULT = r"HKCU\Software\Microsoft\Windows NT\CurrentVersion\Windows"  # Device: name,winspool,port
KEYS = ((LOCAL, 1), (r"HKCU\Printers", 2), (DEFAULT, 0))
# DEVMODEW (wingdi.h): dmFields at byte 72, dmPaperSize at 78, dmPaperLength and dmPaperWidth (tenths of mm) behind it.
FIELDS, PAPER, LENGTH, WIDTH, WHOLE = 72, 78, 80, 82, 84
HAS_PAPER, HAS_LENGTH, HAS_WIDTH = 0x2, 0x4, 0x8
A4 = 9
PAPERS = {1: "Letter", 5: "Legal", 8: "A3", 9: "A4", 11: "A5", 12: "B4", 13: "B5", 256: "自定义"}
# What prints to files only.
VIRTUAL = re.compile(
    r"microsoft (?:print to pdf|xps document writer|shared fax|office document image)|\bfax\b|传真|onenote|\bpdf\b|xps"
    r"|导出为|虚拟",
    re.IGNORECASE,
)
EXPECTED = "有打印机，默认纸张是 A4"
ADD = "请安装打印机驱动并设为默认打印机，再检查。"
SET_PAPER = "请在打印机的“打印首选项”里把纸张设为 A4，再检查。"


@dataclass(frozen=True)
class Printer:
    """``paper``: "" where it cannot be told."""

    name: str
    paper: str
    default: bool

    @property
    def virtual(self) -> bool:
        return bool(VIRTUAL.search(self.name))


def applies(target: Client, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "" if target.expect.printer else "方案写明该终端不要打印机（printer = false）"


def gather(session: ClientSession, target: Client) -> tuple[Printer, ...]:
    pc = session.pc(target)
    found = tuple(windows(pc.registry()) if pc.system == "Windows" else cups(pc))
    for one in found:
        session.note(f"打印机 {one}")
    return found


def windows(registry: Registry) -> Iterator[Printer]:
    default = (registry.key(DEFAULT) or NOTHING).text("Device").partition(",")[0]
    local = registry.key(LOCAL)
    if local is None:
        raise Undetermined("注册表里没有打印机的列表，看不出装了哪些打印机", here.ELSEWHERE)
    names = [*local.subkeys, *(_connection(name) for name in (registry.key(CONNECTIONS) or NOTHING).subkeys)]
    for name in names:
        own = next((value for value in _settings(registry, name) if isinstance(value, bytes)), b"")
        yield Printer(name, paper_of(own), name.lower() == default.lower())


def _connection(name: str) -> str:
    r"""``,,server,printer`` is how the key of ``\\server\printer`` is called."""
    return name.replace(",", "\\")


def _settings(registry: Registry, name: str) -> Iterator[object]:
    """The person's own settings come before those of all."""
    for path in OWN_SETTINGS:
        yield (registry.key(path) or NOTHING).value(name)
    if "\\" not in name:
        yield (registry.key(rf"{LOCAL}\{name}") or NOTHING).value("Default DevMode")


def paper_of(settings: bytes) -> str:
    """The paper in a DEVMODEW; "" where it names none."""
    if len(settings) < WHOLE:
        return ""
    fields = int.from_bytes(settings[FIELDS : FIELDS + 4], "little")
    kind, length, width = (int.from_bytes(settings[at : at + 2], "little") for at in (PAPER, LENGTH, WIDTH))
    sized = fields & HAS_LENGTH and fields & HAS_WIDTH
    if fields & HAS_PAPER and kind:
        return "A4" if kind >= 256 and sized and (length, width) == (2970, 2100) else PAPERS.get(kind, f"纸型 {kind}")
    return "A4" if sized and (length, width) == (2970, 2100) else ""


def cups(pc: Pc) -> Iterator[Printer]:
    """Queues by lpstat, the default one's paper by lpoptions. Raises Undetermined where there is no answer."""
    listed = pc.run(here.PRINTERS)
    if listed.status == 127:
        raise Undetermined("该终端没有 lpstat 命令（CUPS），看不出装了哪些打印机", "请在该终端上人工核对打印机。")
    names = re.findall(r"^printer (\S+) ", listed.text, re.MULTILINE)
    if not names and not _says_none(listed):
        said = (listed.errors or listed.text).strip()[:160]
        raise Undetermined(f"lpstat 没有列出打印机（{said or '没有输出'}）", "请核对该终端的打印服务（CUPS）。")
    found = re.search(r"^system default destination: (\S+)", listed.text, re.MULTILINE)
    default = found[1] if found else ""
    paper = _default_paper(pc.run(here.PAPER)) if default else ""
    for name in names:
        yield Printer(name, paper if name == default else "", name == default)


def _says_none(listed: Output) -> bool:
    return "No destinations added" in listed.errors + listed.text or (
        listed.status == 0 and "no system default destination" in listed.text
    )


def _default_paper(options: Output) -> str:
    """``PageSize/Media Size: Letter *A4 A5``: the star stands before the default."""
    found = re.search(r"^(?:PageSize|media)/[^:]*:.*?\*(\S+)", options.text, re.MULTILINE)
    if not found:
        return ""
    return "A4" if re.match(r"(?:iso_)?A4(?:_|\.|$|210x297)", found[1], re.IGNORECASE) else found[1]


def compare(facts: Sequence[Printer], target: Client, site: Site) -> Verdict:  # noqa: ARG001
    real = [one for one in facts if not one.virtual]
    actual = "；".join(_said(one) for one in facts) or "没有打印机"
    if not real:
        reason = "只有打印到文件的虚拟打印机" if facts else "没有安装打印机"
        return Verdict(Outcome.FAIL, EXPECTED, actual, reason, ADD)
    chosen = next((one for one in real if one.default), real[0] if len(real) == 1 else None)
    findings = [] if chosen and chosen.default else [Finding(Outcome.WARN, _without_default(facts), ADD)]
    if chosen is None or not chosen.paper:
        which = chosen.name if chosen else "各打印机"
        advice = "请在“打印首选项”里人工核对纸张，并把测试页作为证据附上。"
        findings.append(Finding(Outcome.UNKNOWN, f"{which} 的默认纸张看不出来", advice))
    elif chosen.paper != "A4":
        findings.append(Finding(Outcome.WARN, f"{chosen.name} 的默认纸张是 {chosen.paper}，不是 A4", SET_PAPER))
    return judged(EXPECTED, actual, findings)


def _without_default(facts: Sequence[Printer]) -> str:
    default = next((one.name for one in facts if one.default), "")
    return f"默认打印机是虚拟的 {default}" if default else "没有设默认打印机"


def _said(one: Printer) -> str:
    return f"{one.name}{'（默认）' if one.default else ''} {one.paper or '纸张未知'}"


def shows(target: Client) -> Sequence[str]:  # noqa: ARG001
    return (*(f"读注册表 {path}" for path, _ in KEYS), *(f"本机命令 {one}" for one in (here.PRINTERS, here.PAPER)))
