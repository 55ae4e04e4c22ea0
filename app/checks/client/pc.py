"""The PC that a [[client]] means: this one, where the profile says so; another one only by what was brought from there.

What is asked of it is its registry and a few commands that only look.
"""

from __future__ import annotations

import platform
import subprocess
import threading
from dataclasses import dataclass
from typing import Protocol

from app.checks.client.registry import Registry, WindowsRegistry
from app.checks.model import Outcome, Undetermined, Verdict
from app.site.model import Client

ELSEWHERE = "请在该终端上运行 onsite script --for client 写出的脚本，再把输出导入（onsite import）。"
LINES = 200_000  # characters of a command's output
SECONDS = 15.0
NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
PRINTERS = "env LC_ALL=C lpstat -p -d"
PAPER = "env LC_ALL=C lpoptions -l"  # of the default printer
FONTS = "env LC_ALL=C.UTF-8 fc-list : family"
COMMANDS = (PRINTERS, PAPER, FONTS)


@dataclass(frozen=True)
class OtherSystem:
    """The question is one for Windows, and the PC runs ``name``."""

    name: str


@dataclass(frozen=True)
class Output:
    """What a command printed; ``status`` 127: there is no such command."""

    text: str
    status: int
    errors: str = ""


class Pc(Protocol):
    """``system``: as ``platform.system`` names it. All raise Undetermined for what cannot be told."""

    system: str
    given: bool  # brought from there, rather than seen

    def registry(self) -> Registry: ...

    def run(self, command: str) -> Output: ...

    def abort(self) -> None: ...


class ThisPc:
    """The PC and account this program runs on."""

    given = False

    def __init__(self) -> None:
        self.system = platform.system()
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def registry(self) -> Registry:
        return WindowsRegistry()

    def run(self, command: str) -> Output:
        """One of COMMANDS. ValueError for another: that is the caller's bug."""
        if command not in COMMANDS:
            raise ValueError(f"not an allowed command: {command!r}")
        try:
            with self._lock:
                child = self._child = subprocess.Popen(
                    command.split(" "), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    creationflags=NO_WINDOW,
                )  # fmt: skip
        except OSError as error:
            return Output("", 127, str(error))
        try:
            out, errors = child.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            raise Undetermined(f"命令 {command} 在 {SECONDS:g} 秒内没有结束") from None
        return Output(
            out.decode("utf-8", "replace")[:LINES], child.returncode, errors.decode("utf-8", "replace")[:2000]
        )

    def abort(self) -> None:
        with self._lock:
            if self._child:
                self._child.kill()


def is_this(target: Client) -> bool:
    """Whether the profile says that the client is the PC this program runs on."""
    return target.this or (bool(target.computer) and target.computer.lower() == platform.node().lower())


def require_this(target: Client) -> None:
    """Raises Undetermined for a client that is another PC, or may be."""
    if is_this(target):
        return
    named = f"（{target.computer}）" if target.computer else ""
    reason = f"该终端{named}不是本机（{platform.node()}），不能从本机判断：在该终端上运行脚本"
    raise Undetermined(reason, f"{ELSEWHERE}本程序就在该终端上运行时，在它的 [[client]] 里写 this = true。")


def not_here(facts: OtherSystem) -> Verdict:
    """What only Windows has."""
    return Verdict(Outcome.NOT_APPLICABLE, "", "", f"该终端的系统是 {facts.name}，这一项只用于 Windows")
