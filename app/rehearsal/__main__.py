"""The rehearsal site's own process: commands come as JSON lines on standard input, answers go to standard output.

It ends when it is told so, and when its standard input ends: that happens when its parent does, however it does.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from app.rehearsal.faults import FAULTS
from app.rehearsal.profile import ORACLE_VERSIONS, WEBLOGIC_VERSIONS

Say = Callable[[Mapping[str, Any]], None]


def child_main(argv: Sequence[str]) -> int:
    """Runs a site in the folder that is named, until it is told to stop. Returns the exit status."""
    options = parsed(argv)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's, which then ends us
    commands, answers = os.fdopen(0, "rb", closefd=False), own_output()

    def say(message: Mapping[str, Any]) -> None:
        answers.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")
        answers.flush()

    try:
        return run(options, commands, say)
    except BrokenPipeError:  # the parent is gone
        return 0


def parsed(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="app.rehearsal")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fault", action="append", default=[], choices=list(FAULTS))
    parser.add_argument("--oracle", default="19c", choices=list(ORACLE_VERSIONS))
    parser.add_argument("--weblogic", default="12.2.1", choices=list(WEBLOGIC_VERSIONS))
    return parser.parse_args(argv)


def own_output() -> IO[bytes]:
    """Standard output for answers only: what a library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def run(options: argparse.Namespace, commands: IO[bytes], say: Say) -> int:
    from app.rehearsal import asked
    from app.rehearsal.site import Site

    try:
        asked.keep_in(options.folder)
        site = Site(options.folder, options.fault, oracle=options.oracle, weblogic=options.weblogic)
    except Exception as error:  # noqa: BLE001 - the parent tells it to people; the trace goes to the log
        traceback.print_exc()
        say({"failed": str(error) or type(error).__name__})
        return 1
    try:
        say({"ready": {"site_toml": str(site.site_toml), "secrets": site.world.secrets}})
        obey(commands, say, site.world.switch)
    finally:
        site.stop()
    return 0


def obey(commands: IO[bytes], say: Say, switch: Callable[[Sequence[str]], None]) -> None:
    """Until ``{"stop": true}`` or the end: ``{"faults": [...]}`` is acknowledged once every server follows it."""
    for line in commands:
        command = json.loads(line)
        if command.get("stop"):
            return
        switch(command["faults"])
        say({"switched": command["faults"]})


if __name__ == "__main__":
    sys.exit(child_main(sys.argv[1:]))
