"""A host's one connection of a run, lent to whoever must run something there: commands of the list, nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.base.identity import mask
from app.checks.host import channels, commands, link
from app.checks.host.channels import MOST_OUTPUT, Duplex, Lease, Printed
from app.checks.host.link import Link
from app.checks.host.reaching import FIREWALL
from app.checks.host.stages import Job
from app.checks.host.text import plain
from app.checks.model import Surroundings, Transcript, Undetermined

if TYPE_CHECKING:
    from app.checks.host.connection import Connection

PATIENCE = 15.0  # seconds for one command
SYSTEMS = ("Linux", "AIX", "HP-UX", "SunOS", "FreeBSD", "Darwin")


def lend(surroundings: Surroundings, host_id: str) -> Lent:
    """A borrower of the connection to that host; it connects nothing yet. ValueError: the site has no such host."""
    return Lent(link.of_run(surroundings, host_id), surroundings)


class Lent:
    """One borrower; any thread may call it. Every method raises Undetermined, also where the log-in was refused, and
    CancelledError. ``abort`` ends what this borrower has going on and refuses more until ``begin``; before the log-in
    has come about it is for good, except for what the host has answered meanwhile.
    """

    def __init__(self, shared: Link, surroundings: Surroundings) -> None:
        self.transcript = Transcript()
        self._link = shared
        self._surroundings = surroundings
        self._lock = threading.Lock()
        self._open: list[Lease] = []
        self._round = 0  # raised by each abort: what was begun before is given back when it comes
        self._heard: dict[Job, int] = {}
        self._aborted = False
        self._gave_up = False

    @property
    def route(self) -> str:
        return self._link.route

    def begin(self) -> None:
        """A new gathering: an earlier abort no longer counts. Raises CancelledError."""
        self._surroundings.cancellation.check()
        self._aborted = False

    def abort(self) -> None:
        """From any thread: this borrower's calls come back at once, nobody else's."""
        with self._lock:
            self._aborted = True
            self._round += 1
            self._gave_up = self._gave_up or not self._link.admitted
            ending, self._open = self._open, []
        for lease in ending:
            threading.Thread(target=lease.close, daemon=True).start()

    def close(self) -> None:
        """Gives back what was borrowed. The connection itself stays until the run is over."""
        self.abort()

    def run(
        self,
        command: str,
        *,
        seconds: float = PATIENCE,
        stdin: bytes = b"",
        most: int | None = None,
        kept: Callable[[str], str] = lambda text: text,
    ) -> Printed:
        """One command of the list, to its end. ``stdin`` is noted nowhere; ``kept`` says what of the output goes into
        the transcript. ``most``: bytes of output, more is Undetermined.

        ValueError for a command that is not allowed: that is the caller's bug.
        """
        began = time.monotonic()
        lease = self._started(command, seconds)
        try:
            printed = channels.finished(lease.channel, command, began, began + seconds, stdin, most or MOST_OUTPUT)
        except Undetermined:
            self.going_on()
            raise
        finally:
            self._given_back(lease)
        self.going_on()
        streams = [kept(printed.stdout), kept(printed.stderr), f"（状态 {printed.status}，{printed.seconds:.3f} 秒）"]
        self._note("\n".join(stream.rstrip("\n") for stream in streams if stream))
        return printed

    def open(self, command: str, *, seconds: float = PATIENCE) -> Duplex:
        """Starts a command of the list to speak with; ``seconds`` is for its start. The caller closes it.

        Neither what is sent nor what comes is noted.
        """
        lease = self._started(command, seconds)
        return Duplex(lease.channel, command, lambda: self._given_back(lease))

    def system(self) -> str:
        """What ``uname -srm`` says, e.g. ``Linux 4.19.90 x86_64``; asked once for all borrowers."""
        if not self._link.system:
            lines = plain(self.run(commands.KERNEL).stdout).splitlines()
            known = [line.strip() for line in lines if line.strip().split(" ")[0] in SYSTEMS]
            if not known:
                raise Undetermined(f"uname 的答复无法理解：{(lines or ['（空）'])[0][:80]}", "请核对登录用户的 shell。")
            self._link.noisy = len([line for line in lines if line.strip()]) > 1
            self._link.system = known[-1]
        return self._link.system

    def going_on(self) -> None:
        """Raises CancelledError, and Undetermined after ``abort``."""
        self._surroundings.cancellation.check()
        if self._aborted:
            raise Undetermined("检查项的时限已到，已中止")

    def heard(self, job: Job) -> None:
        """Takes what a stage has to say into the transcript, once."""
        notes = job.notes[self._heard.get(job, 0) :]
        self._heard[job] = self._heard.get(job, 0) + len(notes)
        for text in notes:
            self._note(text)

    def _require_prospect(self, stage: str) -> None:
        """Raises Undetermined for a stage that this borrower was stopped at, unless it has ended since."""
        self.going_on()
        if self._gave_up and not self._link.settled(stage):
            raise Undetermined("登录之前检查项的时限已到，本次不再连接", FIREWALL)

    def _started(self, command: str, seconds: float) -> Lease:
        """A channel on which ``command`` runs. Its opening cannot be interrupted, so a thread is left to it."""
        if not commands.is_allowed(command):
            raise ValueError(f"not an allowed command: {command!r}")
        self._require_prospect("log-in")
        connection = self._link.connection(self)
        self._note(f"$ {command}")
        lent_round = self._round
        starting = Job(lambda job: self._start(connection, command, time.monotonic() + seconds, lent_round))
        lease: Lease = starting.result(self)
        return lease

    def _start(self, connection: Connection, command: str, ends: float, lent_round: int) -> Lease:
        lease = Lease(self._link.room, connection, command, ends)
        with self._lock:
            wanted = lent_round == self._round
            if wanted:
                self._open.append(lease)
        if not wanted:
            lease.close()
        return lease

    def _given_back(self, lease: Lease) -> None:
        with self._lock:
            self._open = [one for one in self._open if one is not lease]
        lease.close()

    def _note(self, text: str) -> None:
        self.transcript.note(mask(text))
