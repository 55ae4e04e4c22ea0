"""What every REST interface of WebLogic answers here, and how its JSON is read without trusting its types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from app.checks.model import Undetermined
from app.checks.weblogic.facts import Deployed, Reading, Security, ServerState, Topology

HEALTH = ("OK", "WARN", "CRITICAL", "FAILED", "OVERLOADED")  # weblogic.health.HealthState 0 to 4
UNREAD = "（未报）"
GRAVITY = ("OK", "WARN", "OVERLOADED", "CRITICAL", "FAILED")


class Interface(Protocol):
    """One way to ask a domain. Every method raises Undetermined for what the version does not tell.

    ``lacks`` names what it never tells: ``topology`` (addresses, ports, machines), ``threads``, ``security``,
    ``targets``; ``again``: what it told once is not asked again in this run.
    """

    name: str
    lacks: frozenset[str]

    def answers(self) -> bool:
        """Whether this domain has the interface."""

    def topology(self) -> Topology:
        """The configured domain."""

    def states(self) -> tuple[ServerState, ...]:
        """Every configured server's state."""

    def running(self) -> Mapping[str, str] | None:
        """Server → state in the view of running servers only; None where there is no such view."""

    def javas(self, servers: Sequence[str]) -> dict[str, str | Undetermined]:
        """The version of each running server's JVM, or why it could not be had."""

    def security(self) -> Security:
        """The domain's security settings."""

    def reading(self, server: str) -> Reading:
        """Health, heap and version of a running server."""

    def threads(self, server: str) -> Reading:
        """The thread pool of a running server."""

    def datasources(self, planned: Sequence[str]) -> Deployed:
        """The data sources on the running servers; with all details only the planned ones."""

    def applications(self, planned: Sequence[str]) -> Deployed:
        """The applications on the running servers, likewise."""


def items_of(value: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The ``items`` of a collection. Raises Undetermined when it is not there or is none."""
    items = value.get("items") if value is not None else None
    if value is None or not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Undetermined("REST 管理接口的答复里没有所要的列表")
    total = value.get("totalResults", len(items))
    if value.get("hasMore") or total != len(items) or "next" in _relations(value):
        raise Undetermined("REST 管理接口只给出了列表的一部分", "请核对地址前面有没有代理，再检查一次。")
    return items


def _relations(value: Mapping[str, Any]) -> list[object]:
    links = value.get("links")
    return [link.get("rel") for link in links if isinstance(link, dict)] if isinstance(links, list) else []


def states_of(items: list[Mapping[str, Any]]) -> tuple[ServerState, ...]:
    """The servers of a list with their states. Raises Undetermined for an empty one: every domain has a server."""
    found = tuple(ServerState(text(item, "name"), text(item, "state").upper()) for item in items)
    if not found or not all(state.name for state in found):
        raise Undetermined("REST 管理接口给出的服务器清单是空的，或没有名称", "请核对该用户的权限（Monitors 组）。")
    if len({state.name.lower() for state in found}) < len(set(found)):
        raise Undetermined("REST 管理接口给同一个 Server 报了几种状态", "请在控制台“环境－服务器－控制”中核对。")
    return found


def text(value: Mapping[str, Any], key: str) -> str:
    """A text; empty when it is null, absent or something else."""
    found = value.get(key)
    return found.strip() if isinstance(found, str) else ""


def whole(value: Mapping[str, Any], key: str) -> int | None:
    """A whole number of at least zero; None when it is null, absent, negative or something else."""
    found = value.get(key)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < 2**62:
        return None
    return int(found) if int(found) == found else None


def truth(value: Mapping[str, Any], key: str) -> bool | None:
    """True or False; None when it is null, absent or something else."""
    found = value.get(key)
    return found if isinstance(found, bool) else None


def health_of(value: object) -> str | None:
    """A health in one of the forms of the versions: 0–4, ``HEALTH_OK``, ``ok``, or an object with ``state``."""
    if isinstance(value, dict):
        return health_of(value.get("state"))
    if isinstance(value, int) and not isinstance(value, bool):
        return HEALTH[value] if 0 <= value < len(HEALTH) else None
    if not isinstance(value, str):
        return None
    word = value.strip().upper().removeprefix("HEALTH_")
    word = "WARN" if word == "WARNING" else word
    return word if word in HEALTH else None


def health_with(own: object, overall: object) -> str | None:
    """The graver of a server's own health and that over all its parts, where this version has one.

    None when the own one is null, or either cannot be read.
    """
    words = [health_of(value) for value in ((own,) if overall is None else (own, overall))]
    return max((word for word in words if word), key=GRAVITY.index) if all(words) else None


def targets_of(value: object) -> list[str]:
    """The names in a list of references; UNREAD stands for each that cannot be read, and for a list that is none."""
    return [reference(one) or UNREAD for one in value] if isinstance(value, list) else [UNREAD]


def reference(value: object) -> str:
    """The name at the end of a reference, ``["machines", "m1"]`` or ``{"identity": ["machines", "m1"]}``; else ""."""
    if isinstance(value, dict):
        return reference(value.get("identity", value.get("name")))
    if isinstance(value, list):
        return reference(value[-1]) if value else ""
    return value if isinstance(value, str) else ""
