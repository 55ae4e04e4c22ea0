"""Text of strangers made harmless: what a terminal obeys, what turns reading around and what no document can hold."""

from __future__ import annotations

import re

MARK = "·"
# Unicode's categories Cc (but tab and line feed), Cf, Zl and Zp, and the noncharacters (Unicode Standard, 23.7).
_OTHER = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
    + "".join(rf"\U{plane << 16 | 0xFFFE:08x}\U{plane << 16 | 0xFFFF:08x}" for plane in range(1, 17))
)
UNSEEN = re.compile(f"[{_OTHER}]")
BLANKS = re.compile(r"[\t\n]+")


def visible(text: str) -> str:
    """``text`` with every such sign shown as ``·``, a lone surrogate as ``?``; lines and tabs are kept."""
    sound = text.replace("\r\n", "\n").encode("utf-8", "replace").decode("utf-8")
    return UNSEEN.sub(MARK, sound)


def on_one_line(text: str, most: int) -> str:
    """``text`` likewise and on one line, so that it forges no further one; at most ``most`` characters."""
    line = BLANKS.sub(" ", visible(text[: most + 1]))
    return line if len(line) <= most else line[: most - 1] + "…"
