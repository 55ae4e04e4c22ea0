"""The session of a host: what its own checks ask, stage by stage, over the connection that others may borrow too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from app.checks.host import commands, link
from app.checks.host.channels import Printed
from app.checks.host.commands import Commands
from app.checks.host.lent import PATIENCE, Lent
from app.checks.host.stages import Job, LoggedIn, Presented
from app.checks.host.text import plain
from app.checks.model import Surroundings, Undetermined
from app.site.model import Host, Site

T = TypeVar("T")
BY_HAND = "请按手册人工核对，并把结果作为证据附上。"


class HostSession(Lent):
    """``begin`` starts each gathering. What kept it from greeting, key or log-in is remembered and raised again.

    What commands print comes without escape sequences, and without what the log-in itself prints before.
    """

    def __init__(self, target: Host, surroundings: Surroundings) -> None:
        super().__init__(link.of_host(target, surroundings), surroundings)
        self.offset_seconds: float | None = None

    @property
    def site(self) -> Site:
        return self._surroundings.site

    def greeting(self) -> str:
        """The server's version line. Raises Refused, Undetermined."""
        self._require_prospect("greeting")
        return self._link.greeting(self)

    def host_key(self) -> Presented:
        """The server's key, with what is expected. Raises as ``greeting``, and NoCommonAlgorithm."""
        self._require_prospect("key")
        return self._link.host_key(self)

    def log_in(self) -> LoggedIn:
        """The one log-in. Raises Failed when it was refused, Undetermined for anything else."""
        self._require_prospect("log-in")
        return self._link.log_in(self)

    def reaching(self, port: int, seconds: float) -> Job:
        """Begins to connect to another port of the host; its result is nothing, or Refused or Undetermined raised."""

        def reach(job: Job) -> None:
            job.note(commands.connects_to(self._link.target, port))
            self._link.reach(port, seconds, self)
            job.note(f"← {port} 接受连接")

        return Job(reach)

    def commands(self) -> tuple[str, Commands]:
        """The system's name, and its commands. Raises Undetermined naming a system that there are none for."""
        system = self.system()
        name = system.split(" ")[0]
        if name not in commands.SYSTEMS:
            raise Undetermined(f"该主机是 {system}，本版本还没有用于它的命令", BY_HAND)
        return name, commands.SYSTEMS[name]

    def run(
        self,
        command: str,
        *,
        seconds: float = PATIENCE,
        stdin: bytes = b"",
        most: int | None = None,
        kept: Callable[[str], str] = lambda text: text,
    ) -> Printed:
        marked = self._link.noisy and command != commands.KERNEL
        text = commands.marked(command) if marked else command
        printed = super().run(text, seconds=seconds, stdin=stdin, most=most, kept=lambda said: kept(plain(said)))
        stdout = plain(printed.stdout)
        if marked:
            _, mark, stdout = stdout.partition(f"{commands.MARK}\n")
            if not mark:
                raise Undetermined(
                    f"登录时自行输出的文字与命令 {command} 的输出分不开", "请用登录时不输出文字的用户检查。"
                )
        return replace(printed, stdout=stdout, stderr=plain(printed.stderr))

    def asked(
        self,
        alternatives: Sequence[str],
        read: Callable[[str], T],
        kept: Callable[[str], str] = lambda text: text,
    ) -> T:
        """What ``read`` makes of the first of these commands that does what it is asked. Raises Undetermined: none, or
        one that did not come to an end.
        """
        troubles: list[Undetermined] = []
        for command in alternatives:
            printed = self.run(command, kept=kept)
            try:
                return read(succeeded(command, printed))
            except Undetermined as error:
                troubles.append(error)
        raise Undetermined("；".join(error.reason for error in troubles), troubles[0].advice)


def succeeded(command: str, printed: Printed) -> str:
    """What a command printed. Raises Undetermined where its status is not 0."""
    if printed.status:
        said = " ".join((printed.stderr or printed.stdout).split())[:160]
        raise Undetermined(f"{command} 没有成功（状态 {printed.status}）：{said or '没有说明'}", BY_HAND)
    return printed.stdout


def open_session(target: Host, surroundings: Surroundings) -> HostSession:
    """Connects nothing yet."""
    return HostSession(target, surroundings)
