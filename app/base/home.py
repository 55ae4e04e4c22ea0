"""This installation's own folder, outside every project: its id, its log, what the window remembers."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """``ONSITE_HOME``, else the platform's folder for a program's data; it need not exist yet."""
    if named := os.environ.get("ONSITE_HOME"):
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_data_dir("onsite-assistant", appauthor=False))
