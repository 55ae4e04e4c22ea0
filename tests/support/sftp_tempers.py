"""An SFTP server on loopback that does with files what real ones should not: alters, keeps, loses, hangs."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from socket import socket

import paramiko
from host_world import key_file
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_EOF, SFTP_FAILURE, SFTP_NO_SUCH_FILE, SFTP_OK

from app.rehearsal.listening import Listening

USER, PASSWORD = "exchange", "总线Bus-1"


class Handle(paramiko.SFTPHandle):
    """A file in memory until it is closed; what is read of it is ``server.alter``'s."""

    def __init__(self, server: Server, path: Path, flags: int, content: bytes) -> None:
        super().__init__(flags)
        self.server, self.path, self.content = server, path, bytearray(content)
        self.writing = bool(flags & (os.O_WRONLY | os.O_RDWR))

    def read(self, offset: int, length: int) -> bytes | int:
        if self.server.temper == "hangs":
            self.server.pause(30)
        if self.server.temper == "endless":
            return b"x" * length
        content = self.server.alter(bytes(self.content))
        return content[offset : offset + length] or SFTP_EOF

    def write(self, offset: int, data: bytes) -> int:  # type: ignore[override]  # always bytes
        if self.server.temper == "full":
            return SFTP_FAILURE
        self.content[offset:] = data
        return SFTP_OK

    def close(self) -> None:
        if self.writing and self.server.temper != "loses":
            self.path.write_bytes(self.content)


class Files(paramiko.SFTPServerInterface):
    def __init__(self, interface: paramiko.ServerInterface, server: Server) -> None:
        super().__init__(interface)
        self.server = server

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        place = Path(path)
        if flags & os.O_CREAT:
            place.touch(exist_ok=False)
            return Handle(self.server, place, flags, b"")
        if self.server.temper == "loses":
            place.unlink()
        if not place.exists():
            return SFTP_NO_SUCH_FILE
        return Handle(self.server, place, flags, place.read_bytes())

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(Path(path).stat())
        except OSError as error:
            return int(paramiko.SFTPServer.convert_errno(error.errno or 0))

    def remove(self, path: str) -> int:
        if self.server.temper != "keeps":
            Path(path).unlink()
        return SFTP_OK


class Interface(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == (USER, PASSWORD)
        return AUTH_SUCCESSFUL if right else AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED


class Server(Listening):
    """``temper``: garbles, gbk, cuts, grows, endless, keeps, loses, full, hangs; anything else is healthy."""

    def __init__(self, folder: Path, temper: str) -> None:
        super().__init__(0)
        self.key = paramiko.PKey.from_path(key_file(folder / "sftp-key"))
        self.temper = temper

    def alter(self, content: bytes) -> bytes:
        match self.temper:
            case "garbles":
                return content.replace(b"<", b"?", 1)
            case "gbk":
                return content.decode().encode("gb18030")
            case "cuts":
                return content[:60]
            case "grows":
                return content + b"\n"
        return content

    def serve(self, connection: socket) -> None:
        transport = paramiko.Transport(connection)
        transport.set_log_channel("onsite.rehearsal.ssh")
        transport.daemon = True
        transport.add_server_key(self.key)
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Files, self)
        transport.start_server(event=threading.Event(), server=Interface())
        transport.join()


@contextlib.contextmanager
def serving(folder: Path, temper: str) -> Iterator[Server]:
    server = Server(folder, temper)
    server.start()
    try:
        yield server
    finally:
        server.stop()
