"""Everything asked of one TLS server and its certificate, as a whole process, against sslyze asking the same server."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

PEER = Path(__file__).parents[2] / ".venv-peers/bin/python"
QUESTIONS = ("certinfo", "sslv2", "sslv3", "tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3")
TIMES = 3


def measure(place: Path, row: Callable[[str, float, float, str, str], None]) -> None:
    from app.actions import rehearsing
    from app.site.secrets import variable
    from tests.bench.__main__ import alternate, run

    if not PEER.exists():
        sys.stdout.write("one TLS server / sslyze: no peer on this system\n")
        return
    site = rehearsing.start_site(place / "tls-site", (), rehearsing.Releases())
    try:
        secrets = {variable(target): secret for target, secret in site.secrets.items()}
        environment = {**os.environ, **secrets}
        project = place / "tls-project"
        onsite = [sys.executable, "-m", "ui"]
        run([*onsite, "new", str(project), "--site", str(site.site_toml)], environment)
        sslyze = [str(PEER), "-m", "sslyze", *(f"--{name}" for name in QUESTIONS), _address(site.site_toml)]
        ours, peer = alternate(
            lambda: run([*onsite, "check", str(project), "--target", "app-device"], environment),
            lambda: run(sslyze),
            TIMES,
        )
    finally:
        site.stop()
    row("one TLS server / sslyze", ours, peer, "≤ 1", "s")


def _address(site_toml: Path) -> str:
    import tomllib

    certificates = tomllib.loads(site_toml.read_text(encoding="utf-8"))["certificate"]
    source = next(str(one["source"]) for one in certificates if one["id"] == "app-device")
    return urlsplit(source).netloc
