"""What a rehearsal site keeps in its folder, so that it can be taken up again: passwords, ports, SSH host keys."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import string
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.rehearsal.world import HOST_KEYS, PRIVATE

FILE = "state.json"
LOCK = "lock"
TARGETS = ("db1", "db2", "wls1", "app-host")  # those that want a password
ALPHABET = string.ascii_letters + string.digits
LENGTH = 20  # characters of a password; Oracle 11g takes 30


class InUse(Exception):
    """Another process runs a rehearsal site in this folder."""


@dataclass(frozen=True)
class State:
    secrets: Mapping[str, str]
    ports: Mapping[str, int]


def read(folder: Path) -> State:
    """What was kept; what is missing or cannot be read is made anew."""
    try:
        kept = json.loads((folder / PRIVATE / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = {}
    passwords, ports = ((kept if isinstance(kept, dict) else {}).get(name) for name in ("secrets", "ports"))
    known = {name: text for name, text in items(passwords) if isinstance(text, str) and text}
    return State(
        {target: known.get(target) or new_password() for target in TARGETS},
        {name: port for name, port in items(ports) if isinstance(port, int) and 0 < port < 65_536},
    )


def items(value: object) -> list[tuple[str, object]]:
    return list(value.items()) if isinstance(value, dict) else []


def new_password() -> str:
    """Begins with a letter, as Oracle wants it."""
    return secrets.choice(string.ascii_letters) + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))


def write(folder: Path, state: State) -> None:
    content = {"secrets": dict(state.secrets), "ports": dict(state.ports)}
    write_private(folder / PRIVATE / FILE, json.dumps(content, indent=1).encode())


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that only its owner may read; a half-written one never takes the old one's place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)


def lock(folder: Path) -> IO[bytes]:
    """Takes the folder for this process until the returned file is closed. Raises InUse."""
    path = folder / PRIVATE / LOCK
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = path.open("a+b")
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise InUse(f"{folder} 里的演练现场正在运行，请先关闭它的窗口。") from None
    return file


def make_host_keys(folder: Path) -> None:
    """Makes the two SSH host keys that are not there yet."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    for name in HOST_KEYS.values():
        path = folder / PRIVATE / name
        if not path.exists():
            write_private(path, Ed25519PrivateKey.generate().private_bytes(*form))


def fingerprint(folder: Path) -> str:
    """The usual host key's fingerprint as OpenSSH prints it: ``SHA256:`` and base64 without padding."""
    import base64

    from cryptography.hazmat.primitives import serialization

    key = serialization.load_ssh_private_key((folder / PRIVATE / HOST_KEYS[False]).read_bytes(), None)
    line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"
