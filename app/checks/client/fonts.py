"""client.fonts: the typefaces of official paper, or what stands in for them; by the registry, elsewhere fontconfig.

GB/T 9704—2012 asks for 仿宋 and 小标宋; Windows brings 仿宋 (FangSong), before Vista 仿宋_GB2312, and never 小标宋.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.checks.client import pc as here
from app.checks.client.registry import NOTHING
from app.checks.database.findings import Finding, judged
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Client, Site

if TYPE_CHECKING:
    from app.checks.client.session import ClientSession

MACHINE = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Fonts"
PERSON = r"HKCU\Software\Microsoft\Windows NT\CurrentVersion\Fonts"  # installed for one person (Windows 10 1809 on)
KEYS = ((MACHINE, 0), (PERSON, 0))
# For each typeface: the face itself, then what stands in for it, in order of preference; as patterns of family names.
SERIF = r"(?!.*(?:仿|Fang)).*(?:宋|Song|SimSun).*"
OPEN_SERIF = r"(?:Noto|Source Han) Serif (?:CJK )?SC.*|思源宋体.*"
OPEN_SANS = r"(?:Noto|Source Han) Sans (?:CJK )?SC.*|思源黑体.*"
FACES: Mapping[str, tuple[str, ...]] = {
    "仿宋": (r"仿宋|FangSong|SimFang", r"仿宋_GB2312|FangSong_GB2312", r".*(?:仿宋|Fang ?Song).*", OPEN_SERIF),
    "小标宋": (r".*小标宋.*|FZXiaoBiaoSong.*|FZXBS.*", SERIF, OPEN_SERIF),
    "楷体": (r"楷体|KaiTi|SimKai", r"楷体_GB2312|KaiTi_GB2312", r".*(?:楷|KaiTi|WenKai).*"),
    "黑体": (r"黑体|SimHei", r".*(?:黑|SimHei|YaHei).*", OPEN_SANS),
    "宋体": (r"宋体|SimSun", SERIF, OPEN_SERIF),
}
ADVICE = "请安装字体（仿宋属于“简体中文补充字体”功能；小标宋用有许可的方正小标宋），或经客户确认使用代用字体。"


@dataclass(frozen=True)
class Fonts:
    """Every family name, as the system calls it."""

    families: tuple[str, ...]


def applies(target: Client, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "" if target.expect.fonts else "方案写明该终端不要求字体（fonts = []）"


def gather(session: ClientSession, target: Client) -> Fonts:
    pc = session.pc(target)
    if pc.system == "Windows":
        registry = pc.registry()
        names = [name for path, _ in KEYS for name in (registry.key(path) or NOTHING).values]
        listed = [family for name in names for family in _families(re.sub(r"\s*\([^()]*\)\s*$", "", name), "&")]
    else:
        printed = pc.run(here.FONTS)
        if printed.status:
            raise Undetermined(f"fc-list 没有成功（{printed.errors.strip()[:160]}）", "请在该终端上人工核对字体。")
        listed = [family for line in printed.text.splitlines() for family in _families(line, ",")]
    if not listed:
        raise Undetermined("没有读到任何字体，答复不合理", here.ELSEWHERE)
    found = Fonts(tuple(dict.fromkeys(listed)))
    session.note("、".join(found.families))
    return found


def _families(line: str, between: str) -> list[str]:
    """``宋体 & 新宋体 (TrueType)``; ``FangSong,仿宋`` of fontconfig, which escapes hyphens and commas."""
    return [part.strip().replace("\\", "") for part in line.split(between) if part.strip()]


def compare(facts: Fonts, target: Client, site: Site) -> Verdict:  # noqa: ARG001
    """The face itself passes; a stand-in passes too, and is named; without either the paper would look otherwise."""
    findings, told = [], []
    for wanted in target.expect.fonts:
        own, *stand_ins = FACES.get(wanted, (re.escape(wanted),))
        face = _first(own, facts)
        stand_in = "" if face else next(filter(None, (_first(pattern, facts) for pattern in stand_ins)), "")
        told.append(f"{wanted}：{face or (f'没有，用 {stand_in} 代替' if stand_in else '没有')}")
        if not face and not stand_in:
            findings.append(Finding(Outcome.FAIL, f"没有{wanted}，也没有可代用的字体", ADVICE))
    expected = f"有{'、'.join(target.expect.fonts)}或代用字体"
    return judged(expected, "；".join(told), findings)


def _first(pattern: str, facts: Fonts) -> str:
    return next((family for family in facts.families if re.fullmatch(pattern, family, re.IGNORECASE)), "")


def shows(target: Client) -> Sequence[str]:  # noqa: ARG001
    return (*(f"读注册表 {path}" for path, _ in KEYS), f"本机命令 {here.FONTS}")
