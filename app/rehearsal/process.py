"""The rehearsal site seen from outside: started in a child process, switched, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

CHILD = "--rehearsal-child"  # what the frozen program is called with to become the site's process
START_SECONDS = 60.0
SWITCH_SECONDS = 20.0
STOP_SECONDS = 10.0
LOG = "rehearsal.log"
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would open a console for the child


class RehearsalError(Exception):
    """The site did not start, does not answer or has ended; the text is for people."""


class Rehearsal:
    """A site that is up. ``secrets`` are the passwords by target id; ``site_toml`` is its profile."""

    def __init__(self, folder: Path, child: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.site_toml = folder / "site.toml"
        self.secrets: Mapping[str, str] = {}
        self._child = child
        self._answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._asking = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    @classmethod
    def start(
        cls, folder: Path, names: Sequence[str] = (), *, oracle: str = "19c", weblogic: str = "12.2.1"
    ) -> Rehearsal:
        """Starts the site of ``folder``, or takes it up again, with the faults ``names``; returns once it answers.

        Raises RehearsalError when it does not come up.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            rehearsal = cls(folder.absolute(), launch(folder.absolute(), names, oracle, weblogic))
        except OSError as error:
            raise RehearsalError(f"不能在 {folder} 启动：{error.strerror or error}") from error
        try:
            ready = rehearsal._answer("ready", START_SECONDS)
        except BaseException:
            rehearsal.stop()
            raise
        rehearsal.site_toml = Path(ready["site_toml"])
        rehearsal.secrets = ready["secrets"]
        return rehearsal

    def set_faults(self, names: Sequence[str]) -> None:
        """Switches to exactly these faults; returns when every server follows them. Raises RehearsalError."""
        with self._asking:
            self.require_alive()
            self._tell({"faults": list(names)})
            self._answer("switched", SWITCH_SECONDS)

    def require_alive(self) -> None:
        """Raises RehearsalError when the site has ended."""
        if self._child.poll() is not None:
            raise RehearsalError(f"演练现场已经结束，见 {self.folder / LOG}")

    def stop(self) -> None:
        """Ends the site and waits for it; does nothing when it has ended."""
        with contextlib.suppress(RehearsalError):
            self._tell({"stop": True})
        with contextlib.suppress(OSError):
            self._commands.close()
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _tell(self, command: Mapping[str, object]) -> None:
        try:
            self._commands.write(json.dumps(command).encode() + b"\n")
            self._commands.flush()
        except (OSError, ValueError) as error:
            raise RehearsalError(f"演练现场已经结束，见 {self.folder / LOG}") from error

    @property
    def _commands(self) -> IO[bytes]:
        assert self._child.stdin is not None
        return self._child.stdin

    def _read(self) -> None:
        """Hands on every answer, and None at the end."""
        assert self._child.stdout is not None
        with self._child.stdout as lines:
            for line in lines:
                self._answers.put(json.loads(line))
        self._answers.put(None)

    def _answer(self, kind: str, seconds: float) -> Any:
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise RehearsalError(f"{seconds:.0f} 秒内没有应答，见 {self.folder / LOG}") from None
        if answer is None:
            self._answers.put(None)
            raise RehearsalError(f"演练现场已经结束，见 {self.folder / LOG}")
        if kind not in answer:
            raise RehearsalError(str(answer.get("failed", answer)))
        return answer[kind]


def launch(folder: Path, names: Sequence[str], oracle: str, weblogic: str) -> subprocess.Popen[bytes]:
    frozen = getattr(sys, "frozen", False)
    program = [sys.executable, CHILD] if frozen else [sys.executable, "-m", "app.rehearsal"]
    faults = [word for name in names for word in ("--fault", name)]
    with (folder / LOG).open("ab") as log:
        return subprocess.Popen(
            [*program, str(folder), "--oracle", oracle, "--weblogic", weblogic, *faults],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment(), creationflags=NO_WINDOW,
        )  # fmt: skip


def environment() -> dict[str, str]:
    """This process's, with the program's own folder first among those that Python imports from."""
    root = str(Path(__file__).parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"}
