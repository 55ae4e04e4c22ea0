"""A domain whose administration server does not answer: each managed server asked at its own planned address.

From 12.2.1 on managed servers have REST of their own (``serverRuntime``, ``serverConfig``); before that their port can
only be greeted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.checks.http import ConnectionRefused
from app.checks.model import Failed, Undetermined
from app.checks.weblogic import t3
from app.checks.weblogic.facts import ServerState
from app.checks.weblogic.interface import text
from app.checks.weblogic.modern import RUNTIME, Modern, path_of

if TYPE_CHECKING:
    from app.checks.weblogic.session import WebLogicSession

STATE = f"{RUNTIME}?fields=name,state"


class Managed(Modern):
    """See Interface. ``why``: why the administration server could not be asked."""

    name = "REST（受管服务器）"
    lacks = frozenset({"targets"})

    def __init__(self, session: WebLogicSession, why: Undetermined) -> None:
        super().__init__(session)
        self._why = why
        self._managed = dict(session.target.managed)

    def states(self) -> tuple[ServerState, ...]:
        planned = self._session.target.expect.servers or tuple(self._managed)
        words = f"管理服务器没有应答（{self._why.reason}）"
        return tuple(
            self._state(name) if name in self._managed else ServerState(name, "", words=words) for name in planned
        )

    def running(self) -> Mapping[str, str] | None:
        return None

    def _state(self, name: str) -> ServerState:
        from app.checks.weblogic.session import Unanswered

        try:
            bean = self._get(STATE, name)
        except Unanswered as error:
            return self._unanswered(name, error)
        except Undetermined as error:
            return ServerState(name, "", words=error.reason)
        if bean is None:
            return self._greeted(name)
        if text(bean, "name") != name:
            return ServerState(name, "", words=f"它的地址上答的是 {text(bean, 'name')[:60] or '（没有名称）'}")
        return ServerState(name, text(bean, "state").upper())

    def _unanswered(self, name: str, error: Undetermined) -> ServerState:
        """A refusal at its own address: it does not run. Silence says nothing."""
        try:
            self._session.reach(self._managed[name])
        except ConnectionRefused:
            return ServerState(name, "SHUTDOWN", port_answers=False)
        except (Failed, Undetermined):
            pass
        return ServerState(name, "", words=error.reason)

    def _greeted(self, name: str) -> ServerState:
        try:
            greeting = t3.greet(self._session, self._managed[name])
        except (Failed, Undetermined) as error:
            return ServerState(name, "", words=str(error))
        told = f"它的端口应答 T3（{greeting.version or greeting.kind}），但没有 REST，生命周期状态无从得知"
        return ServerState(name, "", port_answers=greeting.kind in ("helo", "refused"), words=told)

    def _get(self, resource: str, name: str = "") -> dict[str, Any] | None:
        if resource.startswith(RUNTIME):
            if name not in self._managed:
                raise self._why
            return self._session.get(path_of(resource.replace(RUNTIME, "serverRuntime")), self._managed[name])
        if not resource.startswith("domainConfig"):
            raise self._why
        return self._configuration(resource, name)

    def _configuration(self, resource: str, name: str) -> dict[str, Any] | None:
        """The domain's configuration as the first managed server that answers has it."""
        for url in self._managed.values():
            try:
                path = path_of(resource.replace("domainConfig", "serverConfig", 1), name)
                return self._session.get(path, url)
            except Undetermined:
                if self._session.interrupted or self._session.refused:
                    raise
        raise self._why
