"""The application's host over SSH: log-in by password (or keyboard-interactive) and single commands.

What the commands print belongs to ``linux_host``. There is no shell, no forwarding and no file transfer.
"""

from __future__ import annotations

import contextlib
import hmac
import logging
import socket
import threading
from typing import TYPE_CHECKING

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.server import InteractiveQuery

from app.rehearsal import asked, linux_host, oracle_host, weblogic_host
from app.rehearsal.listening import Listening

if TYPE_CHECKING:
    from app.rehearsal.world import World

TARGET = "app-host"  # whose password opens the session
USER = "weblogic"
LOG = "onsite.rehearsal.ssh"


class SshServer(Listening):
    """``logins`` and ``refused_logins`` count attempts.

    Faults: host-key-changed, disk-full, clock-skewed, server-down.
    """

    def __init__(self, world: World, port: int, weblogic: str = "12.2.1.4.0") -> None:
        super().__init__(port)
        self.world = world
        self.weblogic = weblogic  # the version of the domain on this host
        self.logins = 0
        self.refused_logins = 0
        # What clients do wrong is theirs to report; paramiko would print it to standard error.
        logging.getLogger(LOG).addHandler(logging.NullHandler())
        logging.getLogger(LOG).propagate = False

    def serve(self, connection: socket.socket) -> None:
        transport = AnsweringTransport(connection)
        transport.set_log_channel(LOG)
        changed = "host-key-changed" in self.world.faults
        transport.add_server_key(paramiko.PKey.from_path(self.world.host_key_path(changed)))
        transport.start_server(event=threading.Event(), server=Session(self, transport))
        transport.join()

    def admits(self, user: str, password: str) -> bool:
        """Judges one attempt and counts it."""
        right = user == USER and hmac.compare_digest(password.encode(), self.world.secrets[TARGET].encode())
        self.logins += right
        self.refused_logins += not right
        return right


class AnsweringTransport(paramiko.Transport):
    """Starts a command only when its channel request has been answered: output before "success" confuses clients."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self.daemon = True
        self.accepted: list[threading.Thread] = []

    def _send_user_message(self, data: paramiko.Message) -> None:
        super()._send_user_message(data)  # type: ignore[misc]  # the stubs leave out what is private
        # On this thread runs what the client asked for; the answer to an accepted request is its next message.
        if threading.current_thread() is self:
            while self.accepted:
                self.accepted.pop().start()


class Session(paramiko.ServerInterface):
    """One client's log-in and its channels."""

    def __init__(self, site: SshServer, transport: AnsweringTransport) -> None:
        self.site = site
        self.transport = transport
        self.user = ""

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002 - paramiko's interface
        return "password,keyboard-interactive"

    def check_auth_password(self, username: str, password: str) -> int:
        return AUTH_SUCCESSFUL if self.site.admits(username, password) else AUTH_FAILED

    def check_auth_interactive(self, username: str, submethods: str) -> int | InteractiveQuery:  # noqa: ARG002
        self.user = username
        query = InteractiveQuery()
        query.add_prompt("Password: ", False)
        return query

    def check_auth_interactive_response(self, responses: list[str]) -> int | InteractiveQuery:
        right = len(responses) == 1 and self.site.admits(self.user, responses[0])
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        text = command.decode(errors="replace")
        self.transport.accepted.append(threading.Thread(target=self.execute, args=(channel, text), daemon=True))
        return True

    def execute(self, channel: paramiko.Channel, command: str) -> None:
        """Prints, gives the exit status and closes the channel; a client that has gone is no concern."""
        asked.note("command", self.site.port, command)
        stdin = channel.makefile("rb").read() if command == weblogic_host.WLST else b""
        of_domain = weblogic_host.run(command, stdin, self.site.world, self.site.weblogic)
        found = of_domain or oracle_host.run(command)
        printed = found or linux_host.run(command, self.site.world.faults, self.site.world.ports)
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            channel.sendall(printed.stdout.encode())
            channel.sendall_stderr(printed.stderr.encode())
            channel.send_exit_status(printed.status)
            channel.close()
