"""Whether an output comes from the very target that the profile means: by what the machine says of itself."""

from __future__ import annotations

import ipaddress
from contextlib import suppress

from app.checks.host import network_reports
from app.checks.host.commands import SYSTEMS
from app.checks.model import Undetermined
from app.checks.offline.output import Output
from app.checks.replay import Given
from app.site.model import Client, Database, Host, Site, Target, WebLogic

ROOT = "CDB$ROOT"


def mismatch(found: Output, brought: Given, target: Target, site: Site) -> str:
    """Why the output is not known to be the target's, one Chinese sentence; empty where it is."""
    match target:
        case Database():
            return _database(found, target)
        case Host():
            return _host(found, brought, target)
        case Client():
            return _client(found, target)
        case WebLogic():
            via = site.target(target.via)
            return _host(found, brought, via) if isinstance(via, Host) else ""
    return ""


def _database(found: Output, target: Database) -> str:
    """The planned service or SID must be among the names that the database itself goes by."""
    wanted = (target.service or target.sid).lower()
    root = found.facts.get("container", "").upper() == ROOT
    told = [name for key in _names(found, target) for name in found.facts.get(key, "").lower().split(",") if name]
    if not told:
        return "输出里没有数据库自己的名字，不知道是哪个库的。"
    short = wanted.partition(".")[0]
    if any(name == wanted or name.partition(".")[0] == short for name in told):
        return ""
    where = f"（{ROOT}，要查的是可插拔数据库时请用 sqlplus 用户@主机:端口/服务名 连到它）" if root else ""
    return f"输出来自数据库 {'、'.join(dict.fromkeys(told))}{where}，不是 {target.service or target.sid}。"


def _names(found: Output, target: Database) -> tuple[str, ...]:
    """Which facts name it. In the root of a container database the services of all its databases are to be seen, in one
    of these the names of the whole: neither says where the script ran.
    """
    if target.sid:
        return ("instance",)
    container = found.facts.get("container", "")
    if not container:  # before 12.1
        return ("database", "unique", "service", "services", "active", "instance")
    if container.upper() == ROOT:
        return ("database", "unique", "service", "services", "instance")
    return ("container", "database", "service", "active")


def _host(found: Output, brought: Given, target: Host) -> str:
    node = found.facts.get("node", "")
    if target.node:
        same = node.lower() == target.node.lower()
        return "" if same else f"输出来自主机 {node or '（未写名）'}，不是 node 所写的 {target.node}。"
    if not _is_address(target.host):
        same = node.lower().partition(".")[0] == target.host.lower().partition(".")[0]
        hint = '主机名不同时，请在该 [[host]] 里写 node = "uname -n 的结果"。'
        return "" if same else f"输出来自主机 {node or '（未写名）'}，不是 {target.host}。{hint}"
    own = _addresses(found, brought)
    if target.host in own:
        return ""
    there = "、".join(own[:6]) or "没有读到"
    hint = '地址经过转换（NAT）时，请在该 [[host]] 里写 node = "uname -n 的结果"。'
    return f"输出来自主机 {node or '（未写名）'}，它的地址（{there}）里没有 {target.host}。{hint}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _addresses(found: Output, brought: Given) -> tuple[str, ...]:
    own = SYSTEMS.get(found.facts.get("system", ""))
    for command in own.addresses if own else ():
        printed = brought.commands.get(command)
        if printed and not printed.status:
            with suppress(Undetermined):
                return network_reports.addresses(printed.stdout)
    return ()


def _client(found: Output, target: Client) -> str:
    node = found.facts.get("node", "")
    if not target.computer or node.lower() == target.computer.lower():
        return ""
    return f"输出来自终端 {node or '（未写名）'}，不是 computer 所写的 {target.computer}。"
