"""The secrets that this process has seen, taken out of whatever is about to be written: log, transcript, result.

A last net: who writes something down leaves secrets out of it in the first place.
"""

from __future__ import annotations

from urllib.parse import quote

MARK = "＊＊＊"
SHORTEST = 4  # a shorter one stands in too many words to be taken out of them

_forbidden: tuple[str, ...] = ()  # longest first; replaced, never changed, so that any thread may read it


def forbid(secret: str) -> None:
    """From now on ``redact`` takes out ``secret``, as it is and as an address quotes it."""
    global _forbidden
    if len(secret) >= SHORTEST:
        known = {*_forbidden, secret, quote(secret, safe="")}
        _forbidden = tuple(sorted(known, key=len, reverse=True))


def redact(text: str) -> str:
    """``text`` with every forbidden secret replaced by a mark."""
    for secret in _forbidden:
        text = text.replace(secret, MARK)
    return text
