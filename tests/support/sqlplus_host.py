"""A host behind a real sshd on which the stand-in sqlplus lies in an Oracle home, below the user's own home.

Where anybody may write, the checks run nothing. ``cat`` shows an oratab of the test's instead of the computer's.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_sshd import Account, Sshd, program_folder, sshd
from oracle_small import PASSWORD, Secrets, target_of

from app.base.cancellation import Cancellation
from app.checks import runner
from app.checks.database.checks import CHECKS
from app.checks.model import Planned, Result, Surroundings
from app.site.model import Database, Host, Site

PROGRAM = Path(__file__).with_name("sqlplus_program.py")
SSH_PASSWORD = "Ssh-log-in-1"
USER = "oracle"


@dataclass
class Home:
    """``in_path``: whether a session finds sqlplus by itself; ``told`` is what the stand-in is to do."""

    folder: Path
    server: Sshd
    told: dict[str, Any] = field(default_factory=dict)
    oratab: str = ""
    processes: str = ""
    password: str = SSH_PASSWORD

    @property
    def oracle_home(self) -> Path:
        return self.folder / "product" / "db_1"

    def write(self, in_path: bool = True) -> None:
        folder = self.folder / ("bin" if in_path else "unused")
        for place in (self.oracle_home / "bin", self.folder / "bin", folder):
            place.mkdir(parents=True, exist_ok=True)
        (self.folder / "told.json").write_text(json.dumps({**self.told, "folder": str(self.folder)}), encoding="utf-8")
        for name, text in (("oratab", self.oratab), ("processes", self.processes)):
            (self.folder / name).write_text(text, encoding="utf-8")
        program = f'#!/bin/sh\nexec {sys.executable} {PROGRAM} {self.folder}/told.json "$@"\n'
        listed = f"#!/bin/sh\nexec /bin/cat {self.folder}/processes\n"
        shown = f'#!/bin/sh\n[ "$1" = /etc/oratab ] && exec /bin/cat {self.folder}/oratab\nexec /bin/cat "$@"\n'
        for place, text in (
            (self.oracle_home / "bin" / "sqlplus", program), (self.folder / "bin" / "cat", shown),
            (self.folder / "bin" / "ps", listed),
            *(((folder / "sqlplus", program),) if in_path else ()),
        ):  # fmt: skip
            place.write_text(text, encoding="utf-8")
            place.chmod(0o755)

    @property
    def calls(self) -> list[dict[str, Any]]:
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def host(self) -> Host:
        key = self.server.fingerprint("ed25519")
        return Host("db-host", host="127.0.0.1", port=self.server.port, user=USER, host_key=key)

    def texts(self) -> str:
        """Everything that lies in the folder, as text."""
        return "\n".join(path.read_text(errors="replace") for path in self.folder.rglob("*") if path.is_file())


@contextlib.contextmanager
def sqlplus_on_host(
    place: Path, in_path: bool = True, oratab: str = "", processes: str = "", **told: Any
) -> Iterator[Home]:
    """``place`` is for the sshd's own files; HOME in the texts is the Oracle home."""
    folder = program_folder("onsite-sqlplus-")
    account = Account(USER, SSH_PASSWORD, path=str(folder / "bin"))
    try:
        with sshd(place, kinds=("ed25519",), account=account) as server:
            where = str(folder / "product" / "db_1")
            home = Home(folder, server, told, oratab.replace("HOME", where), processes.replace("HOME", where))
            home.write(in_path)
            yield home
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Several:
    """Passwords by target id; the host has its own."""

    def __init__(self, database: str | None, host: str | None) -> None:
        self._of = {"db-host": host}
        self._database = Secrets(database)

    def get(self, target_id: str) -> str | None:
        return self._of[target_id] if target_id in self._of else self._database.get(target_id)


class NoKeys:
    def known(self, target_id: str) -> str:
        return ""


def target_by(port: int, **more: Any) -> Database:
    return target_of(port, **{"route": "sqlplus", "via": "db-host", **more})


def surroundings_with(home: Home | None, *targets: Database, password: str | None = PASSWORD) -> Surroundings:
    hosts = (home.host,) if home else ()
    site = Site("示例省节点", "510000", targets=(*targets, *hosts), path=Path("site.toml"))
    return Surroundings(site, Several(password, home.password if home else None), NoKeys(), Cancellation())


def results_by(
    home: Home | None, target: Database, *ids: str, password: str | None = PASSWORD, without: Sequence[str] = ()
) -> dict[str, Result]:
    """What the runner says of ``target``, by check."""
    around = surroundings_with(home, target, password=password)
    asked = [
        check for check in CHECKS
        if check.id not in without and (not ids or check.id in ids) and check.concerns(target, around.site)
    ]  # fmt: skip
    found: list[Result] = []
    runner.run([Planned(check, target) for check in asked], around, found.append)
    return {result.check: result for result in found}
