"""The session of a client PC: its URLs, asked from where this program runs, and the PC itself where it is this one."""

from __future__ import annotations

from app.checks.certificate.token import Driver
from app.checks.client.pc import Pc, ThisPc, require_this
from app.checks.model import Surroundings
from app.checks.web import WebSession
from app.site.model import Client


class ClientSession(WebSession):
    """Nothing is judged of a PC that the profile does not say to be this one."""

    def __init__(self, surroundings: Surroundings, pc: Pc | None = None) -> None:
        super().__init__(surroundings)
        self._pc = pc or ThisPc()
        self._driver: Driver | None = None

    def pc(self, target: Client) -> Pc:
        """The PC that is meant. Raises Undetermined where it is another one than this."""
        self.begin()
        require_this(target)
        return self._pc

    def driver(self) -> Driver:
        """What loads a token's driver in a process of its own."""
        self._driver = Driver()
        return self._driver

    def abort(self) -> None:
        super().abort()
        self._pc.abort()
        if self._driver:
            self._driver.abort()


def open_session(target: Client, surroundings: Surroundings) -> ClientSession:  # noqa: ARG001 - each kind is opened alike
    """Connects nothing yet."""
    return ClientSession(surroundings)
