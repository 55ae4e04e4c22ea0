"""The session of a host: what its own checks ask, stage by stage, over the connection that others may borrow too."""

from __future__ import annotations

from app.checks.host import link
from app.checks.host.lent import Lent
from app.checks.host.link import LoggedIn, Presented
from app.checks.model import Surroundings, Undetermined
from app.site.model import Host


class HostSession(Lent):
    """``begin`` starts each gathering. What kept it from greeting, key or log-in is remembered and raised again."""

    def __init__(self, target: Host, surroundings: Surroundings) -> None:
        super().__init__(link.of_host(target, surroundings), surroundings)
        self.offset_seconds: float | None = None

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

    def linux(self) -> str:
        """What ``uname`` says, but only for Linux. Raises Undetermined naming the other system."""
        system = self.system()
        if not system.startswith("Linux "):
            raise Undetermined(
                f"该主机是 {system}，本版本还没有用于它的命令", "请按手册人工核对，并把结果作为证据附上。"
            )
        return system


def open_session(target: Host, surroundings: Surroundings) -> HostSession:
    """Connects nothing yet."""
    return HostSession(target, surroundings)
