"""A domain seen on its own host over SSH: processes, directory, configuration, logs, tools. Nothing logs in here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from app.checks.host import commands, parsers, weblogic_commands
from app.checks.model import Undetermined
from app.checks.weblogic import config_xml, domain_processes, log_tail
from app.checks.weblogic.config_xml import DomainFile
from app.checks.weblogic.domain_processes import ServerProcess
from app.checks.weblogic.facts import ConfiguredServer, LogTail

if TYPE_CHECKING:
    from app.checks.weblogic.session import WebLogicSession

T = TypeVar("T")
TELLING = "config.xml"
MOST_DOMAINS = 4  # of one host that are looked into
MOST_LINES = 40  # of a log or of ps that the transcript keeps
RELEASE = re.compile(r"WebLogic Server\s+([0-9]+(?:\.[0-9]+)+)(?:\s+SP\s?([0-9]+))?", re.IGNORECASE)
RELEASE_SECONDS = 20.0
LOG_LINES = re.compile(r"OutOfMemoryError|BEA-000(?:337|339|360|365)>")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PATHS = "请在现场配置文件里写 domain_home（域目录的绝对路径），并核对登录用户的读权限。"


class Hosted:
    """Every method raises Undetermined. What was found, and what kept it from being found, is remembered."""

    def __init__(self, session: WebLogicSession) -> None:
        self._session = session
        self._found: dict[str, Any] = {}

    def processes(self) -> tuple[ServerProcess, ...]:
        """The WebLogic servers that run on the host, of whatever domain."""
        return self._once("processes", self._processes)

    def absence_counts(self, server: str) -> bool:
        """Whether a server that is not among the processes does not run there."""
        rows = self._once("rows", self._rows)
        cut = parsers.cut_short(rows) or parsers.may_hide(f"-Dweblogic.Name={server}", rows)
        return not cut and not parsers.only_own(rows)

    def home(self) -> str:
        """The domain's directory."""
        return self._once("domain", self._domain)[0]

    def file(self) -> DomainFile:
        """The domain's configuration."""
        return self._once("domain", self._domain)[1]

    def own(self) -> Mapping[str, ServerProcess]:
        """The processes of this domain, by server."""
        home = self.home()
        return {one.name: one for one in self.processes() if self._root(one) == home}

    def log(self, server: str) -> LogTail:
        """The end of a server's log."""
        return self._once(f"log {server}", lambda: self._log(server))

    def java(self, process: ServerProcess) -> str:
        """The version of the JVM that runs a server."""
        return self._once(f"java {process.java}", lambda: self._java(process.java))

    def tools(self) -> tuple[str, str]:
        """The java and the weblogic.jar of a server of this domain, the administration server's first."""
        admin = self.file().topology.admin
        own = sorted(self.own().values(), key=lambda one: one.name != admin)
        for process in own:
            if weblogic_commands.version(process.java, process.jar):
                return process.java, process.jar
        raise Undetermined(
            "没有看到该域正在运行的 Server 的 java 和 weblogic.jar，不能运行它的管理工具",
            "请确认域在该主机上运行，且登录用户能看到它的进程参数。",
        )

    def release(self) -> str:
        """The version that weblogic.version prints: ``8.1 SP4`` is 8.1.4."""
        return self._once("release", self._release)

    def _release(self) -> str:
        command = weblogic_commands.version(*self.tools())
        printed = self._session.lent().run(command, seconds=RELEASE_SECONDS)
        found = RELEASE.search(printed.stdout)
        if not found:
            raise Undetermined(f"{command} 的输出里没有版本")
        return f"{found[1]}.{found[2]}" if found[2] else found[1]

    def is_local(self, server: ConfiguredServer) -> bool:
        """Whether a server is configured to run on this host: by its address, or as its domain knows one machine."""
        host = self._session.host()
        if server.address:
            return server.address in (*LOOPBACK, host.host)
        return len({one.machine for one in self.file().topology.servers}) == 1

    def _once(self, key: str, call: Callable[[], T]) -> T:
        if key not in self._found:
            try:
                self._found[key] = call()
            except Undetermined as error:
                if self._session.interrupted:
                    raise
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, Undetermined):
            raise found
        result: T = found
        return result

    def _processes(self) -> tuple[ServerProcess, ...]:
        rows = self._once("rows", self._rows)
        return domain_processes.servers([f"{row.pid} {row.arguments}" for row in rows])

    def _rows(self) -> tuple[parsers.Process, ...]:
        """By the command of the host's system; of several the first that does."""
        lent = self._session.lent()
        system = commands.SYSTEMS.get(lent.system().split(" ")[0], commands.LINUX)
        trouble = Undetermined("该主机没有列出进程")
        for command in system.processes:
            printed = lent.run(command, kept=_lines_of_servers)
            try:
                if printed.status == 0:
                    return parsers.processes(printed.stdout)
                trouble = Undetermined(f"{command} 没有成功（状态 {printed.status}）")
            except Undetermined as error:
                trouble = error
        raise trouble

    def _root(self, process: ServerProcess) -> str:
        """The domain's directory of a process: by its arguments, else where it was started."""
        if process.root.startswith("/"):
            return process.root
        return self._once(f"root {process.pid}", lambda: self._working_directory(process.pid))

    def _working_directory(self, pid: int) -> str:
        """Empty where the host does not tell it."""
        lent = self._session.lent()
        command = weblogic_commands.directory(lent.system().split(" ")[0], pid)
        if not command:
            return ""
        printed = lent.run(command)
        path = printed.stdout.strip().rpartition(" ")[2].rstrip("/")
        return path if printed.status == 0 and path.startswith("/") else ""

    def _domain(self) -> tuple[str, DomainFile]:
        """The directory and configuration of the domain that the target means, of those on the host."""
        if self._session.target.domain_home:
            home = self._session.target.domain_home.rstrip("/")
            return home, self._file_at(home)
        roots = [root for root in dict.fromkeys(self._root(one) for one in self.processes()) if root]
        if not roots:
            raise Undetermined("在该主机上没有找到 WebLogic 的域目录", PATHS)
        found, troubles = {}, []
        for root in roots[:MOST_DOMAINS]:
            try:
                found[root] = self._file_at(root)
            except Undetermined as error:
                troubles.append(error)
        if not found:
            raise troubles[0]
        return self._chosen(found, len(roots))

    def _chosen(self, found: Mapping[str, DomainFile], count: int) -> tuple[str, DomainFile]:
        """The one with the port of the target's address; the only one on the host may also be told by a planned
        managed server, as addresses may be translated on the way.
        """
        port = urlsplit(self._session.target.url).port
        ours = [root for root, one in found.items() if port in [server.port for server in one.topology.servers]]
        if not ours and count == 1:
            ours = [root for root, one in found.items() if self._holds_planned(one)]
        if len(ours) == 1:
            return ours[0], found[ours[0]]
        words = (
            f"该主机上有 {count} 个域，不能认定哪个是方案所指的" if count > 1 else "该主机上的域里没有方案中的 Server"
        )
        raise Undetermined(words, PATHS)

    def _holds_planned(self, file: DomainFile) -> bool:
        """Whether a planned managed server is in it; the administration server's name is everywhere the same."""
        managed = {one.name.lower() for one in file.topology.servers if one.name != file.topology.admin}
        return bool(managed & {name.lower() for name in self._session.target.expect.servers})

    def _file_at(self, home: str) -> DomainFile:
        lent = self._session.lent()
        paths = (weblogic_commands.configuration(home), weblogic_commands.old_configuration(home))
        if not all(paths):
            raise Undetermined(f"域目录“{home[:100]}”不是可以安全使用的绝对路径", PATHS)
        printed = None
        for command in paths:
            printed = lent.run(command, kept=config_xml.without_secrets)
            if printed.status == 0 and printed.stdout.strip():
                return config_xml.read(printed.stdout, TELLING)
            if "ermission" in printed.stderr or "权限" in printed.stderr:
                break
        words = printed.stderr.strip().splitlines()[-1:] if printed else []
        raise Undetermined(f"读不到 {home} 的 config.xml（{(words or ['内容是空的'])[0][:160]}）", PATHS)

    def _log(self, server: str) -> LogTail:
        tail = weblogic_commands.old_log_tail if self.file().old else weblogic_commands.log_tail
        command = tail(self.home(), server)
        if not command:
            raise Undetermined(f"{server} 的日志路径不能安全地读取")
        printed = self._session.lent().run(command, kept=_lines_of_interest)
        if printed.status or not printed.stdout.strip():
            raise Undetermined(f"读不到 {server} 的日志", "请核对日志位置和登录用户的读权限。")
        return log_tail.read(printed.stdout, self._session.now())

    def _java(self, java: str) -> str:
        command = commands.java_version(java)
        if not command:
            raise Undetermined(f"进程的 java 写作“{java[:80]}”，不是可以安全执行的绝对路径")
        printed = self._session.lent().run(command)
        version = parsers.java(printed.stderr) or parsers.java(printed.stdout)
        if not version:
            raise Undetermined(f"{command} 的输出无法理解")
        return version


def _lines_of_servers(text: str) -> str:
    lines = [line for line in text.splitlines() if "-Dweblogic.Name=" in line]
    kept = [parsers.without_secrets(line) for line in lines[:MOST_LINES]]
    return "\n".join([*kept, f"（共 {len(text.splitlines())} 行）"])


def _lines_of_interest(text: str) -> str:
    lines = [line[:300] for line in text.splitlines() if LOG_LINES.search(line)]
    return "\n".join([*lines[-MOST_LINES:], f"（末尾 {len(text.splitlines())} 行）"])
