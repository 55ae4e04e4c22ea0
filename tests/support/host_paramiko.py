"""An SSH server of any temper, for what neither the rehearsal host nor OpenSSH does on demand."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
from certificate_making import listening
from host_world import PASSWORD, USER, fingerprint, key_file
from paramiko.common import AUTH_FAILED, AUTH_PARTIALLY_SUCCESSFUL, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.server import InteractiveQuery

from app.rehearsal.ssh import AnsweringTransport

LOG = "tests.ssh"
Answer = Callable[[paramiko.Channel], None]


def printed(text: str | bytes, status: int | None = 0, errors: bytes = b"") -> Answer:
    def answer(channel: paramiko.Channel) -> None:
        channel.sendall(text.encode() if isinstance(text, str) else text)
        channel.sendall_stderr(errors)
        if status is not None:
            channel.send_exit_status(status)

    return answer


@dataclass
class Temper:
    """``answers``: by command. ``prompts``: of keyboard-interactive, one round after the other."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    methods: str = "password"
    prompts: Sequence[Sequence[tuple[str, bool]]] = ((("Password: ", False),),)
    partial: bool = False
    open_to_all: bool = False
    hold: threading.Event | None = None  # a password is not answered before it is set
    deaf: threading.Event | None = None  # what is to be run is not answered before it is set


@dataclass
class Seen:
    port: int = 0
    key: str = ""
    tries: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    trying: threading.Event = field(default_factory=threading.Event)
    running: threading.Event = field(default_factory=threading.Event)
    tunnels: list[tuple[str, int]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


class Serving(paramiko.ServerInterface):
    def __init__(self, temper: Temper, seen: Seen, transport: AnsweringTransport) -> None:
        self.temper, self.seen, self.transport, self.round = temper, seen, transport, 0
        self.onward: dict[int, socket.socket] = {}

    def get_allowed_auths(self, username: str) -> str:
        return self.temper.methods

    def check_auth_none(self, username: str) -> int:
        return AUTH_SUCCESSFUL if self.temper.open_to_all else AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        self.seen.tries.append("password")
        self.seen.trying.set()
        if self.temper.hold:
            self.temper.hold.wait(20)
        right = username == USER and password == PASSWORD
        return (AUTH_PARTIALLY_SUCCESSFUL if self.temper.partial else AUTH_SUCCESSFUL) if right else AUTH_FAILED

    def check_auth_interactive(self, username: str, submethods: str) -> int | InteractiveQuery:
        return self.query()

    def query(self) -> InteractiveQuery:
        return InteractiveQuery("", "", *self.temper.prompts[self.round])

    def check_auth_interactive_response(self, responses: list[str]) -> int | InteractiveQuery:
        self.seen.tries.append(f"interactive {len(responses)}")
        self.round += 1
        if self.round < len(self.temper.prompts):
            return self.query()
        return AUTH_SUCCESSFUL if PASSWORD in responses or not responses else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_direct_tcpip_request(self, chanid: int, origin: object, destination: tuple[str, int]) -> int:
        self.seen.tunnels.append(destination)
        try:
            self.onward[chanid] = socket.create_connection(destination, timeout=20)
        except ConnectionRefusedError:
            return paramiko.common.OPEN_FAILED_CONNECT_FAILED
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        text = command.decode()
        self.seen.commands.append(text)
        if self.temper.deaf:
            self.temper.deaf.wait(20)
        if text not in self.temper.answers:
            return False

        def answer() -> None:
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                self.temper.answers[text](channel)
                channel.close()

        self.transport.accepted.append(threading.Thread(target=answer, daemon=True))
        self.seen.running.set()
        return True


@contextlib.contextmanager
def ssh_server(folder: Path, temper: Temper) -> Iterator[Seen]:
    seen = Seen()
    key = key_file(folder / "own-key")
    seen.key = fingerprint(key)
    logging.getLogger(LOG).addHandler(logging.NullHandler())
    logging.getLogger(LOG).propagate = False

    def serve(client: socket.socket) -> None:
        seen.connections += 1
        transport = AnsweringTransport(client)
        serving = Serving(temper, seen, transport)
        transport.set_log_channel(LOG)
        transport.add_server_key(paramiko.PKey.from_path(key))
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            transport.start_server(event=threading.Event(), server=serving)
            kept = []  # paramiko itself keeps but weak references
            while transport.is_active():
                channel = transport.accept(0.05)
                kept.append(channel)
                if channel is not None and channel.get_id() in serving.onward:
                    forward(channel, serving.onward[channel.get_id()])
        transport.close()
        seen.ended.set()

    with listening(serve) as port:
        seen.port = port
        yield seen


def forward(channel: paramiko.Channel, onward: socket.socket) -> None:
    def copy(source: paramiko.Channel | socket.socket, sink: paramiko.Channel | socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError, EOFError):
            channel.close()
            onward.close()

    for pair in ((channel, onward), (onward, channel)):
        threading.Thread(target=copy, args=pair, daemon=True).start()
