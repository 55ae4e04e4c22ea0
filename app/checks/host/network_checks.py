"""host.network and host.ports: the host's addresses and names, and which planned ports listen, from here and there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.checks.host import commands, network_reports
from app.checks.host.commands import Commands
from app.checks.host.network_reports import Listener
from app.checks.host.session import HostSession, succeeded
from app.checks.host.stages import Job, Refused
from app.checks.model import Outcome, Undetermined, Verdict, worst
from app.site.model import Host, Site

MOST_NAMES = 8
LOOK_UP = 5.0  # seconds for a name; a dead name server takes longer, and there may be several names
REACH = 5.0  # seconds for a port
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
Found = tuple[str, ...] | str  # addresses, or why they could not be had


@dataclass(frozen=True)
class Network:
    """``names``: what each name leads to on the host itself, its own name first. ``routes``: default gateways."""

    node: str
    addresses: tuple[str, ...]
    routes: Found
    names: Mapping[str, Found] = field(default_factory=dict)


def gather_network(session: HostSession, target: Host) -> Network:
    session.begin()
    _, own = session.commands()
    addresses = session.asked(own.addresses, network_reports.addresses)
    try:
        routes: Found = session.asked(own.routes, network_reports.default_routes)
    except Undetermined as error:
        session.going_on()
        routes = error.reason
    node = succeeded(commands.NODE, session.run(commands.NODE)).strip()
    names = tuple(dict.fromkeys((node, *target.expect.names)))
    looked_up = {name: _looked_up(session, own, name) for name in names[:MOST_NAMES]}
    left_out: dict[str, Found] = dict.fromkeys(names[MOST_NAMES:], f"名称太多，只查了前 {MOST_NAMES} 个")
    return Network(node, addresses, routes, {**looked_up, **left_out})


def _looked_up(session: HostSession, own: Commands, name: str) -> Found:
    command = commands.look_up(own, name)
    if not command:
        return f"“{name[:40]}”不是可以放进命令里的主机名"
    try:
        printed = session.run(command, seconds=LOOK_UP)
        return network_reports.looked_up(printed.status, printed.stdout, printed.stderr)
    except Undetermined as error:
        session.going_on()
        return error.reason


def compare_network(network: Network, target: Host, site: Site) -> Verdict:  # noqa: ARG001
    """FAIL for a planned name without an address; what is doubtful about the host's own name and address: WARN."""
    expected = "有网络地址，能解析本机名" + "".join(f"、{name}" for name in target.expect.names)
    own = [one for one in network.addresses if network_reports.is_own(one)]
    routes = network.routes if isinstance(network.routes, str) else "、".join(network.routes) or "无"
    shown = (
        f"{name} → {one if isinstance(one, str) else '、'.join(one) or '无'}" for name, one in network.names.items()
    )
    actual = f"地址 {'、'.join(own) or '（无）'}；默认网关 {routes}；解析 {'；'.join(shown)}"
    said = [*_planned_names(network, target), *_own_name(network), *_reached_by(network, target)]
    if not own:
        said.append((Outcome.UNKNOWN, "除本机回环外没有看到网络地址"))
    outcome = worst([Outcome.PASS, *(one for one, _ in said)])
    reason = "；".join(text for one, text in said if one is outcome)
    advice = "" if outcome is Outcome.PASS else "请核对该主机的 hosts 文件、DNS 与网卡配置，再检查。"
    observed = {"addresses": own, "node": network.node}
    return Verdict(outcome, expected, actual, reason, advice, observed)


def _planned_names(network: Network, target: Host) -> list[tuple[Outcome, str]]:
    said = []
    for name in target.expect.names:
        found = network.names.get(name, "没有查")
        if isinstance(found, str):
            said.append((Outcome.UNKNOWN, f"{name}：{found}"))
        elif not found:
            said.append((Outcome.FAIL, f"该主机解析不了 {name}"))
    return said


def _own_name(network: Network) -> list[tuple[Outcome, str]]:
    found = network.names.get(network.node, "没有查")
    if isinstance(found, str):
        return [(Outcome.UNKNOWN, f"本机名 {network.node}：{found}")]
    if not found:
        return [(Outcome.WARN, f"该主机解析不了自己的名字 {network.node}")]
    if not any(network_reports.is_own(one) for one in found):
        return [(Outcome.WARN, f"本机名 {network.node} 只解析到 {'、'.join(found)}，别的机器用不了")]
    if not set(found) & set(network.addresses):
        return [(Outcome.WARN, f"本机名 {network.node} 解析到 {'、'.join(found)}，不是该主机的地址")]
    return []


def _reached_by(network: Network, target: Host) -> list[tuple[Outcome, str]]:
    if not ADDRESS.fullmatch(target.host) or network_reports.address(target.host) in network.addresses:
        return []
    return [(Outcome.WARN, f"配置里的地址 {target.host} 不在该主机的地址中：中间有地址转换，或接到了别的主机")]


OPEN, REFUSED = "能连接", "被拒绝"


@dataclass(frozen=True)
class Port:
    """``here``: OPEN, REFUSED, or why it is not known. ``there``: where it listens; text: why that is not known."""

    number: int
    here: str
    there: tuple[Listener, ...] | str


def gather_ports(session: HostSession, target: Host) -> tuple[Port, ...]:
    """What each planned port is like from here (through the jump host where there is one) and on the host itself."""
    session.begin()
    here = _reached(session, target)
    try:
        _, own = session.commands()
        there: tuple[Listener, ...] | str = session.asked(own.sockets, network_reports.listeners, _listening)
    except Undetermined as error:
        session.going_on()
        there = error.reason
    return tuple(Port(number, here[number], _on(there, number)) for number in target.expect.ports)


def _listening(text: str) -> str:
    """What of all sockets the transcript keeps."""
    return "\n".join(line for line in text.splitlines() if "LISTEN" in line or "Local" in line)


def _on(there: tuple[Listener, ...] | str, number: int) -> tuple[Listener, ...] | str:
    return there if isinstance(there, str) else tuple(one for one in there if one.port == number)


def compare_ports(ports: tuple[Port, ...], target: Host, site: Site) -> Verdict:  # noqa: ARG001
    """A refusal fails, whatever the host says; a time-out from here is undetermined even where it listens there."""
    if not ports:
        return Verdict(Outcome.NOT_APPLICABLE, "方案未规定", "", "方案未规定端口")
    expected = f"端口 {'、'.join(str(one.number) for one in ports)} 在监听，从本机能连接"
    way = "跳板机" if target.jump else "本机"
    actual = "；".join(f"{one.number}：从{way}{one.here}，该主机上{_shown(one)}" for one in ports)
    said = [(one, *_judged(one, target)) for one in ports]
    outcome = worst([judged for _, judged, _ in said])
    reason = "；".join(f"{port.number} {text}" for port, judged, text in said if judged is outcome and text)
    observed = {"open_here": [one.number for one in ports if one.here == OPEN]}
    return Verdict(outcome, expected, actual, reason, ADVICE.get(outcome, ""), observed)


ADVICE = {
    Outcome.FAIL: "请启动该服务，或核对它的监听地址与端口，再检查。",
    Outcome.WARN: "请核对服务的监听地址与现场配置文件里的地址。",
    Outcome.UNKNOWN: "请网络管理员确认从本机到该端口是否放行，或到该主机上核对。",
}


def _shown(port: Port) -> str:
    if isinstance(port.there, str):
        return "未知"
    return f"监听 {'、'.join(one.address or '全部地址' for one in port.there)}" if port.there else "没有监听"


def _judged(port: Port, target: Host) -> tuple[Outcome, str]:
    if isinstance(port.there, str):
        if port.here == REFUSED:
            return Outcome.FAIL, "被拒绝连接"
        return Outcome.UNKNOWN, f"在该主机上是否监听看不到（{port.there}）"
    if not port.there:
        if port.here == OPEN:
            return Outcome.UNKNOWN, "能连接，但该主机上没有看到监听：可能接到了别的主机，或该用户看不全"
        return Outcome.FAIL, "没有监听"
    if port.here == OPEN:
        return Outcome.PASS, ""
    if all(one.loopback for one in port.there):
        return Outcome.FAIL, "只在该主机的回环地址上监听，别的机器连不上"
    if port.here == REFUSED:
        others = [one.address for one in port.there if one.address and one.address != target.host]
        if len(others) == len(port.there):
            return Outcome.WARN, f"只在 {'、'.join(others)} 上监听，{target.host} 上没有"
        return Outcome.FAIL, "在监听，但从这里被拒绝连接，可能有防火墙拒绝"
    return Outcome.UNKNOWN, f"在该主机上监听，但从这里{port.here}"


def _reached(session: HostSession, target: Host) -> dict[int, str]:
    """How each port answers from here: OPEN, REFUSED, or the reason. Through a jump host one after the other."""
    if target.jump:
        return {port: _answered(session, session.reaching(port, REACH)) for port in target.expect.ports}
    reaching = {port: session.reaching(port, REACH) for port in target.expect.ports}
    return {port: _answered(session, job) for port, job in reaching.items()}


def _answered(session: HostSession, job: Job) -> str:
    try:
        job.result(session)
    except Refused:
        return REFUSED
    except Undetermined as error:
        session.going_on()
        return error.reason
    return OPEN
