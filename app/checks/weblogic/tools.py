"""Runs the domain's own management tool on its host, with the password by standard input: WLST, or weblogic.Admin.

The first log-in is the one attempt: what refuses it is remembered by the session and nothing further is run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from app.checks.host import weblogic_commands
from app.checks.model import Failed, Undetermined
from app.checks.weblogic import admin_tool, scripting
from app.checks.weblogic.admin_tool import Bean
from app.checks.weblogic.facts import Pool, Reading, ServerState
from app.checks.weblogic.hosted import Hosted
from app.checks.weblogic.snapshot import Snapshot

if TYPE_CHECKING:
    from app.checks.weblogic.session import WebLogicSession

T = TypeVar("T")
WLST_SECONDS = 75.0  # its start alone takes some ten seconds on old machines
ADMIN_SECONDS = 25.0
RUNTIMES, JVMS, QUEUES, POOLS, WEBS = weblogic_commands.TYPES


class Tools:
    """Every method raises Undetermined."""

    def __init__(self, session: WebLogicSession, hosted: Hosted) -> None:
        self._session, self._hosted = session, hosted

    def look(self) -> Snapshot:
        """Everything that the tool of this version tells."""
        return self._by_admin() if self._hosted.file().old else self._by_script()

    def sample(self) -> dict[str, Reading]:
        """8.1: heap and queue of each running server once more."""
        jvms, queues = self._beans(JVMS), self._beans(QUEUES)
        servers = [replace(bean, values={}) for bean in jvms]
        return self._with_maximum(admin_tool.readings(servers, jvms, queues))

    def _by_script(self) -> Snapshot:
        java, jar = self._hosted.tools()
        user, password = self._session.credentials()
        url = t3_url(self._session.target.url)
        self._session.route = "SSH + WLST"
        self._session.note(f"WLST 的脚本（口令从标准输入送入，不记录）：\n{scripting.shown(user, url)}")
        command = weblogic_commands.scripting(java, jar)
        return self._run(command, scripting.script(user, password, url), WLST_SECONDS, scripting.read, scripting.kept)

    def _by_admin(self) -> Snapshot:
        self._session.route = "SSH + weblogic.Admin"
        file = self._hosted.file()
        states = self._states([server.name for server in file.topology.servers])
        runtimes = self._beans(RUNTIMES)
        readings = admin_tool.readings(runtimes, self._beans(JVMS), self._beans(QUEUES))
        troubles = {}
        found: dict[str, Sequence[Bean]] = {}
        for what, kind in (("pools", POOLS), ("modules", WEBS)):
            try:
                found[what] = self._beans(kind)
            except Undetermined as error:
                troubles[what] = error
        pools: dict[str, tuple[Pool, ...]] = admin_tool.pools(
            found.get("pools", ()), {name: meant.maximum for name, meant in file.sources.items()}
        )
        named = {name: pools[meant.pool] for name, meant in file.sources.items() if meant.pool in pools}
        return Snapshot(
            states,
            {name: (reading,) for name, reading in self._with_maximum(readings).items()},
            {**pools, **named},
            admin_tool.modules(found.get("modules", ())),
            troubles=troubles,
            running={bean.server or bean.keys.get("Name", ""): bean.values.get("State", "") for bean in runtimes},
        )

    def _states(self, servers: Sequence[str]) -> tuple[ServerState, ...]:
        """The state of each server; what one does not tell hides no other's once somebody has been let in."""
        found: list[ServerState] = []
        for server in servers:
            command = weblogic_commands.state(*self._admin(), server)
            try:
                found.append(self._typed(command, lambda text, name=server: admin_tool.state(text, name)))  # type: ignore[misc]
            except Undetermined as error:
                if not found or self._session.refused:
                    raise
                found.append(ServerState(server, "", words=error.reason))
        return tuple(found)

    def _beans(self, kind: str) -> Sequence[Bean]:
        return self._typed(weblogic_commands.beans(*self._admin(), kind), admin_tool.beans)

    def _admin(self) -> tuple[str, str, str, str]:
        return (*self._hosted.tools(), t3_url(self._session.target.url), self._session.credentials()[0])

    def _typed(self, command: str, read: Callable[[str], T]) -> T:
        password = self._session.credentials()[1]
        return self._run(command, f"{password}\n".encode(), ADMIN_SECONDS, read, lambda text: text[:8192])

    def _run(
        self, command: str, stdin: bytes, seconds: float, read: Callable[[str], T], kept: Callable[[str], str]
    ) -> T:
        if not command:
            raise Undetermined("用户名或 Server 名里有不能放进命令的字符，没有运行管理工具", "请改用别的监视用户。")
        try:
            printed = self._session.lent().run(command, seconds=seconds, stdin=stdin, kept=kept)
            found = read(f"{printed.stdout}\n{printed.stderr}")
        except Failed as error:
            raise self._session.refuse(f"{error.actual}，用户 {self._session.target.user}") from None
        except Undetermined as error:
            raise self._session.unproved(error) from None
        self._session.prove()
        return found

    def _with_maximum(self, readings: dict[str, Reading]) -> dict[str, Reading]:
        """8.1 does not tell the maximum of a heap; the process' own arguments do."""
        own = self._hosted.own()
        return {
            name: replace(reading, heap_max=own[name].heap_max) if name in own else reading
            for name, reading in readings.items()
        }


def t3_url(url: str) -> str:
    """The address of the administration server for the tools."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    secure = parts.scheme == "https"
    return f"{'t3s' if secure else 't3'}://{host}:{parts.port or (443 if secure else 80)}"
