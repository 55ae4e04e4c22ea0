"""weblogic.Admin of 8.1: what is made of the beans and states it prints. Pure; running it is the host's side.

``GET -pretty`` prints each bean as a line ``MBeanName: "domain:Key=value,…"`` and one indented line an attribute
(Command Reference 8.1). Where no password stands in the command it asks for one on standard input.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.checks.model import Failed, Undetermined
from app.checks.weblogic.facts import Module, Pool, Reading, ServerState
from app.checks.weblogic.interface import health_of
from app.checks.weblogic.scripting import REFUSED, grouped

NAME = "weblogic.Admin"
BEAN = re.compile(r'^\s*MBeanName:\s*"([^"]+)"')
ATTRIBUTE = re.compile(r"^\s+([A-Za-z][A-Za-z0-9]*): ?(.*)$")
STATE = re.compile(r'Current state of "?([^"\s]+)"?\s*:\s*([A-Za-z_]+)')
HEALTH = re.compile(r"State:\s*(HEALTH_[A-Z]+)")
DEFAULT_QUEUE = ("weblogic.kernel.Default", "default")
DEPLOYED = {"DEPLOYED": True, "UNDEPLOYED": False}


@dataclass(frozen=True)
class Bean:
    """``keys``: of its object name; ``values``: its attributes as they were printed."""

    keys: Mapping[str, str]
    values: Mapping[str, str]

    @property
    def server(self) -> str:
        """The server it lives on: below the administration server every bean names it."""
        return self.keys.get("ServerRuntime") or self.keys.get("Location", "")

    def number(self, name: str) -> int | None:
        text = self.values.get(name, "")
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def beans(printed: str) -> tuple[Bean, ...]:
    """Raises Failed where the log-in was refused, Undetermined where no bean was printed."""
    found: list[tuple[str, dict[str, str]]] = []
    for line in printed.splitlines():
        if name := BEAN.match(line):
            found.append((name[1], {}))
        elif found and (attribute := ATTRIBUTE.match(line)):
            found[-1][1].setdefault(attribute[1], attribute[2].strip().strip('"'))
    if not found:
        raise trouble(printed)
    return tuple(Bean(_keys(name), values) for name, values in found)


def state(printed: str, server: str) -> ServerState:
    """The state of one server. Raises as ``beans``."""
    found = STATE.search(printed)
    if not found or found[1].lower() != server.lower():
        raise trouble(printed)
    return ServerState(server, found[2].upper())


def trouble(printed: str) -> Failed | Undetermined:
    """Why there is no answer in what was printed."""
    if REFUSED.search(printed):
        advice = "只试了这一次，没有重试，以免锁定账户。请核对用户和口令。"
        return Failed("登录被拒绝（weblogic.Admin）", advice)
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    return Undetermined(f"weblogic.Admin 没有给出所要的内容（{(lines or ['没有输出'])[-1][:160]}）")


def readings(runtimes: Sequence[Bean], jvms: Sequence[Bean], queues: Sequence[Bean]) -> dict[str, Reading]:
    """Health, version, heap and queue by server. 8.1 tells no maximum of the heap; the process does."""
    found = {}
    for bean in runtimes:
        server = bean.server or bean.keys.get("Name", "")
        jvm = next((one for one in jvms if one.server == server), Bean({}, {}))
        health = HEALTH.search(bean.values.get("HealthState", ""))
        pending = [_pending(one) for one in queues if one.server == server]
        found[server] = Reading(
            server,
            health=health_of(health[1]) if health else None,
            version=bean.values.get("WeblogicVersion") or None,
            java=jvm.values.get("JavaVersion") or None,
            heap_current=jvm.number("HeapSizeCurrent"),
            heap_free=jvm.number("HeapFreeCurrent"),
            queue=next((number for number in pending if number is not None), None),
        )
    return found


def _pending(queue: Bean) -> int | None:
    named = queue.values.get("Name", queue.keys.get("Name", ""))
    return queue.number("PendingRequestCurrentCount") if named in DEFAULT_QUEUE else None


def pools(found: Sequence[Bean], maxima: Mapping[str, int | None]) -> dict[str, tuple[Pool, ...]]:
    """Connection pools by name, on each server."""
    return grouped(
        (
            name,
            Pool(
                bean.server,
                bean.values.get("State", "").upper() or _running(bean),
                bean.number("WaitingForConnectionCurrentCount"),
                bean.number("ActiveConnectionsHighCount"),
                bean.number("MaxCapacity") or maxima.get(name),
                bean.number("ConnectionsTotalCount"),
            ),
        )
        for bean in found
        if (name := bean.values.get("Name") or bean.keys.get("Name", ""))
    )


def _running(bean: Bean) -> str:
    """Earlier service packs tell only whether a pool is enabled."""
    return {"true": "RUNNING", "false": "SUSPENDED"}.get(bean.values.get("PoolState", "").lower(), "")


def modules(found: Sequence[Bean]) -> dict[str, tuple[Module, ...]]:
    """Web applications by name, on each server: the runtime of an application is called ``server_application``."""
    named = [(bean.keys.get("ApplicationRuntime", "").removeprefix(f"{bean.server}_"), bean) for bean in found]
    return grouped(
        (name, Module(bean.server, DEPLOYED.get(bean.values.get("Status", "").upper()))) for name, bean in named if name
    )


def _keys(name: str) -> dict[str, str]:
    """The key properties of an object name, ``domain:Name=x,Type=y``."""
    return dict(part.split("=", 1) for part in name.partition(":")[2].split(",") if "=" in part)
