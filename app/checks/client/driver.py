"""client.driver: the personal certificate's driver loads in a process of its own and sees a token; no PIN is tried."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from app.checks.certificate.token import require_loadable
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Client, Site

if TYPE_CHECKING:
    from app.checks.client.session import ClientSession

EXPECTED = "令牌驱动能加载，看得到一个令牌"
ENTRY = b"C_GetFunctionList"  # PKCS#11's entry point; a CSP has none
BROKEN = re.compile(r"too short|invalid|cannot|could not|找不到指定的模块", re.IGNORECASE)  # as the system says it
MOST_READ = 256 << 20  # bytes of a library
OTHER_SIZE = re.compile(r"ELFCLASS|\b193\b|not a valid Win32|不是有效的 Win32")
INSTALL = "请安装（或重装）令牌的驱动，核对 site.toml 的 driver，再检查。"
PLUG_IN = "请插入令牌，确认驱动与令牌型号相符，再检查。"
BY_HAND = "请用厂商的令牌管理工具核对令牌，并把截图作为证据附上。"


@dataclass(frozen=True)
class Driver:
    """``tokens``: labels, or serials; ``troubled``: of those that are there and could not be read."""

    name: str
    loaded: bool
    detail: str = ""
    tokens: tuple[str, ...] = ()
    troubled: tuple[str, ...] = ()


def applies(target: Client, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    return "" if target.driver else "方案未规定：没有写令牌驱动的路径（driver）"


def gather(session: ClientSession, target: Client) -> Driver:
    """Raises Failed for a file that is not there or no library, Undetermined for one of another word size."""
    session.pc(target)
    name = (PureWindowsPath if "\\" in target.driver else PurePosixPath)(target.driver).name
    require_loadable(target.driver)
    session.note(f"加载令牌驱动 {target.driver}（子进程；不登录，不试 PIN）")
    told = session.driver().ask(target.driver)
    detail = _plain(told.get("detail") or told.get("trouble") or "")
    tokens = told.get("tokens")
    session.note(f"← {_plain(json.dumps({'stage': told.get('stage'), 'detail': detail}, ensure_ascii=False))}")
    if told.get("stage") == "load":
        if OTHER_SIZE.search(detail):
            raise Undetermined(f"{name} 与本程序的字长不同，不能加载（{detail}）", BY_HAND)
        if not BROKEN.search(detail) and not _has_entry(target.driver):
            reason = f"{name} 不是 PKCS#11 驱动（可能是 CSP），从这里看不出令牌是否在位"
            raise Undetermined(reason, BY_HAND)
        return Driver(name, False, detail)
    if "stage" in told or not isinstance(tokens, list):
        raise Undetermined(f"令牌驱动 {name} 答复出错（{detail or '没有列出令牌'}）", BY_HAND)
    return Driver(name, True, "", tuple(_label(one) for one in tokens if not one.get("trouble")), _troubled(tokens))


def _has_entry(module: str) -> bool:
    """Whether a library names PKCS#11's entry point anywhere."""
    try:
        with Path(module).open("rb") as file:
            return ENTRY in file.read(MOST_READ)
    except OSError:
        return True


def _troubled(tokens: Sequence[Any]) -> tuple[str, ...]:
    return tuple(f"{_label(one)}：{one['trouble']}" for one in tokens if one.get("trouble"))


def _label(one: Any) -> str:
    return _plain(one.get("label") or one.get("serial") or "（无名）")


def _plain(text: Any) -> str:
    return "".join(sign for sign in str(text) if sign.isprintable())[:200]


def compare(facts: Driver, target: Client, site: Site) -> Verdict:  # noqa: ARG001
    if not facts.loaded:
        actual = f"{facts.name} 加载不了（{facts.detail}）"
        return Verdict(Outcome.FAIL, EXPECTED, actual, actual, INSTALL)
    if facts.tokens:
        return Verdict(Outcome.PASS, EXPECTED, f"{facts.name} 已加载，令牌 {'、'.join(facts.tokens)}")
    if facts.troubled:
        actual = f"{facts.name} 已加载，令牌读不了（{'；'.join(facts.troubled)}）"
        return Verdict(Outcome.UNKNOWN, EXPECTED, actual, actual, BY_HAND)
    return Verdict(Outcome.FAIL, EXPECTED, f"{facts.name} 已加载，没有令牌", "驱动已加载，但没有看到令牌", PLUG_IN)


def shows(target: Client) -> Sequence[str]:
    return (f"在子进程中加载 {target.driver}，列出令牌（不登录，不试 PIN）",) if target.driver else ()
