"""client.browser: zones, ActiveX settings and Edge's IE mode of a Windows PC against what the manual asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.checks.client import zones
from app.checks.client.pc import ELSEWHERE, OtherSystem, not_here
from app.checks.client.registry import NOTHING, Registry
from app.checks.client.zones import Found
from app.checks.database.findings import Finding, judged
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Client, Site

if TYPE_CHECKING:
    from app.checks.client.session import ClientSession

EDGE = (r"HKLM\SOFTWARE\Policies\Microsoft\Edge", r"HKCU\SOFTWARE\Policies\Microsoft\Edge")
LEVEL = "InternetExplorerIntegrationLevel"  # 0 none, 1 IE mode, 2 NeedIE (Microsoft Edge, browser policy reference)
LIST = "InternetExplorerIntegrationSiteList"
CLOUD_LIST = "InternetExplorerIntegrationCloudSiteList"
RELOAD = "InternetExplorerIntegrationReloadInIEModeAllowed"
PLANNED_ZONES = {"trusted": 2, "intranet": 1}
ZONE_KEYS = {"trusted": "“受信任的站点”", "intranet": "“本地 Intranet”"}
VALUES = {"enable": 0, "prompt": 1, "disable": 3}
WORDS = {0: "启用", 1: "提示", 3: "禁用", 0x10000: "仅管理员批准的"}
ACTIONS = {
    "1001": "下载已签名的 ActiveX 控件",
    "1004": "下载未签名的 ActiveX 控件",
    "1200": "运行 ActiveX 控件和插件",
    "1201": "对未标记为可安全执行脚本的 ActiveX 控件初始化并执行脚本",
    "1208": "允许运行以前未使用的 ActiveX 控件而不提示",
    "1405": "对标记为可安全执行脚本的 ActiveX 控件执行脚本",
    "2201": "ActiveX 控件自动提示",
}
ADVICE = "请按客户端安装手册在“Internet 选项－安全”中设置；由组策略管理的，请管理员改组策略。"
EDGE_ADVICE = "请管理员按手册配置 Edge 策略（InternetExplorerIntegrationLevel=1 与站点列表），重启浏览器后再检查。"


@dataclass(frozen=True)
class Edge:
    """``level``: None where no policy sets it. ``sites``: the address of the site list, of whichever kind."""

    level: int | None
    sites: str
    reload: bool


@dataclass(frozen=True)
class Browser:
    """What the plan asks for, as it was found: zone by site, value by setting."""

    zones: tuple[tuple[str, Found], ...]
    settings: tuple[tuple[str, Found], ...]
    edge: Edge | None


def applies(target: Client, site: Site) -> str:  # noqa: ARG001 - the shape of Check.applies
    plan = target.expect
    wanted = plan.zone_sites or plan.activex or plan.ie_mode
    return "" if wanted else "方案未规定：没有写 zone_sites、activex 或 ie_mode"


def gather(session: ClientSession, target: Client) -> Browser | OtherSystem:
    pc = session.pc(target)
    if pc.system != "Windows":
        return OtherSystem(pc.system)
    registry, plan = pc.registry(), target.expect
    _require_settings(registry)
    zone = PLANNED_ZONES[plan.zone]
    found = Browser(
        tuple((planned, zones.zone_of(registry, zones.site(planned))) for planned in plan.zone_sites),
        tuple((action, zones.setting(registry, zone, action)) for action in plan.activex),
        _edge(registry) if plan.ie_mode else None,
    )
    for what, one in (*found.zones, *found.settings):
        session.note(f"{what} → {'没有设置' if one.value is None else one.value}　{one.where}")
    if found.edge:
        session.note(f"Edge：{found.edge}")
    return found


def _require_settings(registry: Registry) -> None:
    """Raises Undetermined where there are no Internet settings at all: every Windows has them."""
    if not any(registry.key(rf"{place}\Zones") for place in (zones.MACHINE, zones.PERSON)):
        raise Undetermined("注册表里没有 Internet 设置的安全区域，无从判断", ELSEWHERE)


def _edge(registry: Registry) -> Edge:
    policies = [registry.key(path) or NOTHING for path in EDGE]
    level = next((one.number(LEVEL) for one in policies if one.number(LEVEL) is not None), None)
    sites = next((one.text(name) for one in policies for name in (LIST, CLOUD_LIST) if one.text(name)), "")
    reload = next((one.number(RELOAD) for one in policies if one.number(RELOAD) is not None), None)
    return Edge(level, sites, reload == 1)


def compare(facts: Browser | OtherSystem, target: Client, site: Site) -> Verdict:  # noqa: ARG001
    if isinstance(facts, OtherSystem):
        return not_here(facts)
    plan = target.expect
    expected = "；".join(_expected(target))
    actual = "；".join([
        *(f"{planned}：{_zone(found)}" for planned, found in facts.zones),
        *(f"{_action(action)}：{_word(found.value)}" for action, found in facts.settings),
        *([_edge_word(facts.edge)] if facts.edge else []),
    ])  # fmt: skip
    zone = PLANNED_ZONES[plan.zone]
    findings = [one for planned, found in facts.zones for one in _zone_findings(planned, found, zone)]
    findings += [
        one for action, found in facts.settings for one in _setting_findings(action, found, plan.activex[action])
    ]
    findings += _edge_findings(facts.edge) if facts.edge else []
    return judged(expected, actual, findings)


def _expected(target: Client) -> Iterator[str]:
    plan = target.expect
    if plan.zone_sites:
        yield f"{'、'.join(plan.zone_sites)} 在{ZONE_KEYS[plan.zone]}"
    if plan.activex:
        wanted = "、".join(f"{_action(one)} {_word(VALUES[value])}" for one, value in plan.activex.items())
        yield f"{ZONE_KEYS[plan.zone]}的设置：{wanted}"
    if plan.ie_mode:
        yield "Edge 启用 IE 模式并有站点列表"


def _zone(found: Found) -> str:
    if found.value is None:
        return "没有登记（按 Internet 区域）"
    return zones.ZONES.get(found.value, f"区域 {found.value}")


def _zone_findings(planned: str, found: Found, zone: int) -> list[Finding]:
    if found.value == zone:
        return []
    if found.value is not None and found.value not in zones.ZONES:
        return [Finding(Outcome.UNKNOWN, f"{planned} 登记的区域 {found.value} 不存在", ADVICE)]
    return [Finding(Outcome.FAIL, f"{planned} 不在{zones.ZONES[zone]}，而是{_zone(found)}", ADVICE)]


def _action(action: str) -> str:
    return f"{ACTIONS.get(action, '设置')}（{action}）"


def _word(value: int | None) -> str:
    return "没有设置" if value is None else WORDS.get(value, str(value))


def _setting_findings(action: str, found: Found, wanted: str) -> list[Finding]:
    """What asks first where it should simply be allowed, or the other way, still works: WARN."""
    planned = VALUES[wanted]
    if found.value == planned:
        return []
    said = f"{_action(action)} 是“{_word(found.value)}”，手册要求“{_word(planned)}”"
    if found.value is None or found.value not in WORDS:
        return [Finding(Outcome.UNKNOWN, f"{said}，实际按系统默认值，从注册表看不出", ADVICE)]
    lenient = {found.value, planned} <= {VALUES["enable"], VALUES["prompt"]}
    return [Finding(Outcome.WARN if lenient else Outcome.FAIL, said, ADVICE)]


def _edge_word(edge: Edge) -> str:
    level = {None: "没有策略", 0: "未启用", 1: "IE 模式", 2: "NeedIE"}.get(edge.level, str(edge.level))
    return f"Edge：{level}，站点列表 {edge.sites or '没有'}"


def _edge_findings(edge: Edge) -> Sequence[Finding]:
    if edge.level == 1 and edge.sites:
        return []
    if edge.level == 1:
        return [Finding(Outcome.WARN, "Edge 启用了 IE 模式，但策略里没有站点列表，要由用户逐个添加", EDGE_ADVICE)]
    if edge.reload and edge.level is None:
        return [Finding(Outcome.WARN, "Edge 只允许用户自己以 IE 模式重新加载，约 30 天后失效", EDGE_ADVICE)]
    return [Finding(Outcome.FAIL, f"Edge 没有启用 IE 模式（{_edge_word(edge)}）", EDGE_ADVICE)]


def shows(target: Client) -> Sequence[str]:  # noqa: ARG001
    return tuple(f"读注册表 {path}" for path, _ in KEYS)


KEYS = (*((path, depth) for place in zones.PLACES for path, depth in zones.below(place)), *((path, 0) for path in EDGE))
