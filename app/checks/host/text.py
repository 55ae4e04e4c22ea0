"""What a terminal would have eaten, taken out of what a command printed."""

from __future__ import annotations

import re

# Escape sequences (ECMA-48: CSI, and the strings that BEL or ST end), and controls other than tab and new line.
ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")
SHOWN = 80


def plain(text: str) -> str:
    """``text`` without escape sequences and controls, its lines ending in a new line alone."""
    return CONTROLS.sub("", ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))


def beginning(text: str) -> str:
    """The first line that says something, for a message."""
    first = next((line for line in text.splitlines() if line.strip()), "（空）")
    return "".join(sign if sign.isprintable() else "·" for sign in first[:SHOWN])
