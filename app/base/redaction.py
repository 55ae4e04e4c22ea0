"""The secrets that this process has seen, taken out of whatever is about to be written: log, transcript, result.

A last net: who writes something down leaves secrets out of it in the first place.
"""

from __future__ import annotations

import json
import re
import threading
from urllib.parse import quote, quote_plus

MARK = "＊＊＊"
SHORTEST = 4  # a shorter one stands in too many words to be taken out of them

_forbidden: tuple[str, ...] = ()  # longest first; replaced, never changed, so that any thread may read it

_changing = threading.Lock()

# What looks like a secret wherever it stands: the groups before and after it are kept.
PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"((?:password|passwd|passphrase|pwd|secret|token|\bpin|口令|密码)['\"]?\s*[:=：]\s*)"
        r"(?:\"[^\"]*\"|'[^']*'|[^\s'\",;）)}\]]+)()",
        r"(authorization['\"]?\s*[:=]\s*['\"]?(?:basic|bearer|digest)\s+)[^\r\n'\"]+()",
        r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/]+(@)",  # user information of an address, RFC 3986, 3.2.1
        r"(\b\w+/)[^\s/@]+(@)",  # Oracle's user/password@address
        r"(\bidentified\s+by\s+(?:values\s+)?)(?:\"[^\"]*\"|'[^']*'|\S+)()",  # Oracle's CREATE USER
        r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    )
)


def forbid(secret: str) -> None:
    """From now on ``redact`` takes out ``secret``, as it is and as an address, JSON or Python quotes it."""
    global _forbidden
    if len(secret) < SHORTEST:
        return
    forms = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    with _changing:
        _forbidden = tuple(sorted({*_forbidden, *forms}, key=len, reverse=True))


def redact(text: str) -> str:
    """``text`` with every forbidden secret replaced by a mark."""
    for secret in _forbidden:
        text = text.replace(secret, MARK)
    return text


def redact_patterns(text: str) -> str:
    """``text`` without whatever looks like a secret; for logs, not for evidence, where it may be what was asked."""
    for pattern in PATTERNS:
        text = pattern.sub(rf"\g<1>{MARK}\g<2>", text)
    return text
