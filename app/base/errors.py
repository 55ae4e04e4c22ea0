"""The known errors: each is told to the person in one Chinese sentence; anything else is a bug.

The exit status of the command line belongs to the kind of error (design contract: 1 damaged, 2 wrong input,
4 could not be carried out, 130 cancelled).
"""

from __future__ import annotations


class OnsiteError(Exception):
    """Root of all errors that are told to a person.

    ``str(error)`` is one Chinese sentence: what is wrong, where (file, line, field), and what the engineer can do.
    """

    exit_status = 4


class InputError(OnsiteError):
    """The call or its input is wrong; nothing was changed."""

    exit_status = 2


class DamagedError(OnsiteError):
    """What is stored is not what was written: a broken chain, a flipped byte, a missing file."""

    exit_status = 1


class UnavailableError(OnsiteError):
    """It could not be carried out: disk full, drive gone, project locked by another program."""

    exit_status = 4


class CancelledError(OnsiteError):
    """The person cancelled; what was shown as saved before is saved."""

    exit_status = 130

    def __init__(self, message: str = "已取消。") -> None:
        super().__init__(message)
