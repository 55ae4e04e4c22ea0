"""A domain without REST, over SSH: its configuration and processes, and what its own management tool tells.

Either tool logs in with the target's user, and not at all where that user has been refused before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from app.checks.model import Undetermined
from app.checks.weblogic.config_xml import Meant
from app.checks.weblogic.facts import Deployed, LogTail, Reading, Security, ServerState, Topology
from app.checks.weblogic.hosted import Hosted
from app.checks.weblogic.snapshot import Snapshot
from app.checks.weblogic.tools import Tools

if TYPE_CHECKING:
    from app.checks.weblogic.session import WebLogicSession

HOUR = 3600.0
MOST_SAMPLES = 3


class Remote:
    """See Interface."""

    name = "SSH"
    lacks = frozenset({"again"})

    def __init__(self, session: WebLogicSession, hosted: Hosted) -> None:
        self._session, self._hosted = session, hosted
        self._why: Undetermined | None = None
        self._tools = Tools(session, hosted)
        self._snapshot: Snapshot | Undetermined | None = None
        self._more: dict[str, list[Reading]] = {}
        self._asked: dict[tuple[int, str], int] = {}

    def explain(self, why: Undetermined) -> None:
        """``why`` there is no REST is told where the host does not tell either."""
        self._why = why

    def answers(self) -> bool:
        return True

    def topology(self) -> Topology:
        try:
            return self._hosted.file().topology
        except Undetermined as error:
            raise self._explained(error) from None

    def states(self) -> tuple[ServerState, ...]:
        """The life cycle as the tool tells it; without it as processes and logs do."""
        try:
            return self.snapshot().states
        except Undetermined as error:
            return self._seen_states(error)

    def running(self) -> Mapping[str, str] | None:
        """What the running servers say of themselves, where the tool was run."""
        return self._snapshot.running if isinstance(self._snapshot, Snapshot) else None

    def reading(self, server: str) -> Reading:
        """The next sample of this gathering."""
        samples = [*self.snapshot().readings.get(server, ()), *self._more.get(server, [])]
        if not samples:
            raise Undetermined(f"{self._session.route} 没有给出 {server} 的运行情况")
        key = (self._session.turn, server)
        place = self._asked.get(key, 0)
        self._asked[key] = place + 1
        if len(samples) <= place < MOST_SAMPLES and self._hosted.file().old:
            self._sample_again()
            samples = [*self.snapshot().readings.get(server, ()), *self._more.get(server, [])]
        return samples[min(place, len(samples) - 1)]

    def _sample_again(self) -> None:
        first = self.snapshot().readings
        for name, reading in self._tools.sample().items():
            if name in first:
                told = replace(reading, health=first[name][0].health, version=first[name][0].version)
                self._more.setdefault(name, []).append(told)

    def threads(self, server: str) -> Reading:
        """8.1 knows no stuck threads: its log does."""
        reading = self.reading(server)
        if not self._hosted.file().old:
            return reading
        log = self._hosted.log(server)
        if log.covers < HOUR or log.undated:
            raise Undetermined(f"{server} 的日志末尾不到一小时，或有的时间读不出，不能判断线程是否卡住")
        now = sum(ago < HOUR for ago in log.stuck.values())
        return replace(reading, stuck=now, stuck_today=len(log.stuck))

    def javas(self, servers: Sequence[str]) -> dict[str, str | Undetermined]:
        """The version of the JVM of each of the servers, as it says it itself."""
        own = self._hosted.own()
        found: dict[str, str | Undetermined] = {}
        for name in servers:
            try:
                if name not in own:
                    raise Undetermined(f"在 {self._session.target.via} 上没有看到 {name} 的进程")
                found[name] = self._hosted.java(own[name])
            except Undetermined as error:
                found[name] = error
        return found

    def datasources(self, planned: Sequence[str]) -> Deployed:  # noqa: ARG002 - all come at once
        taken = self._taken("pools")
        return Deployed(taken.states, taken.pools, targets(self.sources()), self._session.route)

    def applications(self, planned: Sequence[str]) -> Deployed:  # noqa: ARG002
        taken = self._taken("modules")
        return Deployed(taken.states, taken.modules, targets(self.deployments()), self._session.route)

    def sources(self) -> Mapping[str, Meant]:
        """The configured data sources."""
        told = self._snapshot.sources if isinstance(self._snapshot, Snapshot) else None
        return self._hosted.file().sources if told is None else told

    def deployments(self) -> Mapping[str, Meant]:
        """The configured applications."""
        told = self._snapshot.applications if isinstance(self._snapshot, Snapshot) else None
        return self._hosted.file().applications if told is None else told

    def security(self) -> Security:
        """By the configuration and the processes: production mode may be given to either."""
        try:
            file = self._hosted.file()
        except Undetermined as error:
            raise self._explained(error) from None
        try:
            flags = [process.production for process in self._hosted.own().values()]
        except Undetermined:
            flags = []
        production: bool | None
        troubles: tuple[str, ...]
        if file.production is None and not file.old:
            production, troubles = None, ("config.xml 里的 production-mode-enabled 不是 true 或 false",)
        else:
            production, troubles = _production(file.production, flags)
        return Security(production, file.stores, file.lockout, "config.xml", troubles)

    def release(self) -> str:
        """The version that the domain's weblogic.jar names."""
        return self._hosted.release()

    def log(self, server: str) -> LogTail:
        """See Hosted.log."""
        return self._hosted.log(server)

    def snapshot(self) -> Snapshot:
        """One look with the domain's own tool, kept. Raises Undetermined, the same at every later call."""
        if self._snapshot is None:
            try:
                self._snapshot = self._tools.look()
            except Undetermined as error:  # also of one that was cut off: its start takes too long for another
                self._snapshot = self._explained(error)
        if isinstance(self._snapshot, Undetermined):
            raise self._snapshot
        return self._snapshot

    def _taken(self, part: str) -> Snapshot:
        taken = self.snapshot()
        if part in taken.troubles:
            raise taken.troubles[part]
        return taken

    def _seen_states(self, error: Undetermined) -> tuple[ServerState, ...]:
        """A process whose log's last word is RUNNING runs; a server that should be on this host and is not is down."""
        try:
            servers = self._hosted.file().topology.servers
            own = self._hosted.own()
        except Undetermined:
            raise error from None
        self._session.route = "SSH"
        found = []
        for server in servers:
            if server.name in own:
                found.append(self._logged_state(server.name))
            elif self._hosted.absence_counts(server.name) and self._hosted.is_local(server):
                found.append(ServerState(server.name, "SHUTDOWN"))
            else:
                words = f"在 {self._session.target.via} 上没有它的进程，它可能在别的机器上；{error.reason}"
                found.append(ServerState(server.name, "", words=words))
        return tuple(found)

    def _logged_state(self, server: str) -> ServerState:
        try:
            state = self._hosted.log(server).state
        except Undetermined as error:
            return ServerState(server, "", words=f"进程在运行，但生命周期状态读不到：{error.reason}")
        return ServerState(server, state, words="" if state else "进程在运行，但日志末尾没有生命周期状态")

    def _explained(self, error: Undetermined) -> Undetermined:
        """``error``, with why it had to be tried that way."""
        if self._why is None or self._why.reason in error.reason:
            return error
        return Undetermined(f"{self._why.reason}；经 SSH：{error.reason}", error.advice or self._why.advice)


def targets(meant: Mapping[str, Meant]) -> dict[str, tuple[str, ...]]:
    """For each thing the servers it is meant for."""
    return {name: one.targets for name, one in meant.items()}


def _production(configured: bool | None, flags: Sequence[bool | None]) -> tuple[bool | None, tuple[str, ...]]:
    """Production mode by the configuration and by what each running process was started with.

    ``-Dweblogic.ProductionModeEnabled`` counts by its value; without it the configuration counts, in 8.1 as
    development mode. Contradictions are None, with their words.
    """
    given = [flag for flag in flags if flag is not None]
    if configured and not all(given):
        return None, ("config.xml 写明生产模式，而有的进程以 -Dweblogic.ProductionModeEnabled 的别的值启动",)
    if configured:
        return True, ()
    if flags and len(given) == len(flags) and all(given):
        return True, ()
    return (False, ()) if flags or configured is False else (None, ())
