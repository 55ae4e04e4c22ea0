"""The program's entry: no arguments → the window, else the command line. What is heavy is imported when needed."""

from __future__ import annotations

import sys
from pathlib import Path

REHEARSAL_CHILD = "--rehearsal-child"


def main() -> int:
    """Runs the program with this process's arguments and returns its exit status."""
    arguments = sys.argv[1:]
    if arguments[:1] == [REHEARSAL_CHILD]:
        from app.rehearsal.__main__ import child_main

        return child_main(arguments[1:])
    if not arguments or arguments == ["--rehearse"]:
        from ui.application import run_window

        return run_window(None, rehearse=bool(arguments))
    if len(arguments) == 1 and Path(arguments[0], "site.toml").is_file():
        from ui.application import run_window

        return run_window(Path(arguments[0]), rehearse=False)
    from app.cli import main as command_line

    return command_line(arguments)


if __name__ == "__main__":
    sys.exit(main())
