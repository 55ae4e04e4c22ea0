"""What the site's servers were asked, a JSON line each in ``asked.log``: there one sees what a check run did.

No password comes here: only statements, commands and request lines.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

NAME = "asked.log"
_LOG = logging.getLogger("onsite.rehearsal.asked")


def keep_in(folder: Path) -> None:
    """Begins the log anew in the site's folder."""
    handler = logging.FileHandler(folder / NAME, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(message)s"))
    _LOG.handlers = [handler]
    _LOG.propagate = False
    _LOG.setLevel(logging.INFO)


def note(what: str, port: int, text: str) -> None:
    """``what`` is sql, command or request; nothing is kept unless ``keep_in`` was called."""
    _LOG.info(json.dumps({"what": what, "port": port, "text": text}, ensure_ascii=False))
