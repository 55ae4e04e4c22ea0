"""A real OpenSSH server on loopback, one process a connection (inetd mode), with its own keys and settings."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from certificate_making import listening

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin") or ""
KINDS = {"ed25519": (), "ecdsa": ("-b", "256"), "rsa": ("-b", "2048")}


@dataclass
class Sshd:
    folder: Path
    port: int = 0

    def fingerprint(self, kind: str) -> str:
        words = ["ssh-keygen", "-lf", str(self.folder / f"key_{kind}.pub")]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()[1]

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


@contextlib.contextmanager
def sshd(folder: Path, *settings: str, kinds: tuple[str, ...] = tuple(KINDS)) -> Iterator[Sshd]:
    """``settings`` are lines of sshd_config; they win over ours."""
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it parks; its start-up script would make it
    for kind in kinds:
        words = ["ssh-keygen", "-q", "-t", kind, *KINDS[kind], "-N", "", "-f", str(folder / f"key_{kind}")]
        subprocess.run(words, check=True)
    keys = [f"HostKey {folder}/key_{kind}" for kind in kinds]
    lines = [*settings, *keys, "UsePAM no", "PasswordAuthentication yes", "LogLevel VERBOSE", "PidFile none"]
    (folder / "config").write_text("\n".join(lines) + "\n")
    (folder / "log").touch()
    processes: list[subprocess.Popen[bytes]] = []

    def serve(client: socket.socket) -> None:
        with (folder / "log").open("ab") as log:
            words = [SSHD, "-i", "-e", "-f", str(folder / "config")]
            process = subprocess.Popen(words, stdin=client.fileno(), stdout=client.fileno(), stderr=log)
        processes.append(process)
        process.wait()

    with listening(serve) as port:
        try:
            yield Sshd(folder, port)
        finally:
            for process in processes:
                process.terminate()
                process.wait(20)
