"""A real OpenSSH server on loopback, one process a connection (inetd mode), with its own keys, settings and users.

Its users are in files that only it sees in place of /etc/passwd and /etc/shadow (a mount namespace of its own).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from certificate_making import listening

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin") or ""
CAN_MOUNT = bool(SSHD) and os.geteuid() == 0 and subprocess.run(
    ["unshare", "-m", "mount", "--bind", "/etc/passwd", "/etc/passwd"], check=False, capture_output=True
).returncode == 0  # fmt: skip
KINDS = {"ed25519": (), "ecdsa": ("-b", "256"), "rsa": ("-b", "2048")}


def program_folder(prefix: str) -> Path:
    """A new folder that only its owner may write to, all the way up: what lies in a temporary folder is never run."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir="/opt" if Path("/opt").is_dir() else Path.home()))


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


@dataclass(frozen=True)
class Account:
    """Somebody who may log in; ``path``: where commands are looked for, before the system's own."""

    user: str
    password: str
    shell: str = "/bin/sh"
    path: str = ""


def with_account(folder: Path, account: Account) -> list[str]:
    """The words that run what follows them where ``account`` is the only one, and the super-user by its number."""
    words = ["openssl", "passwd", "-6", "-stdin"]
    hashed = subprocess.run(words, input=account.password, check=True, capture_output=True, text=True).stdout.strip()
    parked = "sshd:x:102:65534::/run/sshd:/usr/sbin/nologin\n"
    (folder / "passwd").write_text(f"{account.user}:x:0:0::{folder}:{account.shell}\n{parked}")
    (folder / "shadow").write_text(f"{account.user}:{hashed}:19000:0:99999:7:::\nsshd:*:19000::::::\n")
    mounts = " && ".join(f"mount --bind {folder}/{name} /etc/{name}" for name in ("passwd", "shadow"))
    return ["unshare", "-m", "sh", "-c", f'{mounts} && exec "$@"', "sh"]


@contextlib.contextmanager
def sshd(
    folder: Path, *settings: str, kinds: tuple[str, ...] = tuple(KINDS), account: Account | None = None
) -> Iterator[Sshd]:
    """``settings`` are lines of sshd_config; they win over ours. Without an ``account`` nobody is let in."""
    before = with_account(folder, account) if account else []
    if account:
        settings = (*settings, "PermitRootLogin yes", f"SetEnv PATH={account.path}:/usr/bin:/bin")
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
            words = [*before, SSHD, "-i", "-e", "-f", str(folder / "config")]
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
