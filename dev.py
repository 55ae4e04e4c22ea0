#!/usr/bin/env python3
"""The one door for people who work on the project: ``python3 dev.py run | test | lint | bench | build``.

Standard library only, Linux and Windows. The first call of any verb makes ``.venv`` from the hash-only lock and
installs the Debian packages that the verb needs; without root it names the exact command and stops.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "lock.sha256"
PEERS = ROOT / ".venv-peers"  # what the benchmark compares with and the program must not depend on
PEERS_LOCK = ROOT / "tests/bench/requirements.lock"

WINDOW = (
    "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxcb-image0", "libxcb-render-util0", "libxcb-shape0",
    "libxcb-xinerama0", "libxkbcommon-x11-0", "libegl1", "libgl1", "libdbus-1-3", "fonts-noto-cjk",
)  # fmt: skip
TEST = (
    *WINDOW, "openssh-server", "openssl", "softhsm2", "gcc", "libc6-dev", "libreoffice-writer", "poppler-utils", "xvfb",
)  # fmt: skip
PACKAGES = {"run": WINDOW, "test": TEST, "lint": (), "bench": TEST, "build": (*WINDOW, "binutils")}


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in PACKAGES:
        print(__doc__)
        return 2
    verb, rest = arguments[0], list(arguments[1:])
    prepare(verb)
    return {"run": run, "test": test, "lint": lint, "bench": bench, "build": build}[verb](rest)


def run(rest: list[str]) -> int:
    """The window on the rehearsal site; without a screen the whole main job, with its results in ``out/``."""
    if has_screen():
        return call(PYTHON, "-m", "ui", "--rehearse", *rest)
    print("没有屏幕：直接在演练现场上完成主要工作，结果放在 out/。", flush=True)
    return call(
        PYTHON, "-m", "ui.showcase", *(rest or [str(ROOT / "out")]), environment={"QT_QPA_PLATFORM": "offscreen"}
    )


def test(rest: list[str]) -> int:
    """All tests, on all cores; with arguments what they name, as pytest reads them."""
    chosen = rest or ["-n", "auto", "--dist", "loadfile"]
    return call(PYTHON, "-m", "pytest", *chosen, environment={"QT_QPA_PLATFORM": "offscreen"})


def lint(rest: list[str]) -> int:
    status = call(PYTHON, "-m", "ruff", "check", *(rest or ["."]))
    status = status or call(PYTHON, "-m", "ruff", "format", "--check", *(rest or ["."]))
    return status or call(PYTHON, "-m", "mypy", "dev.py", "app", "ui", "tests")


def bench(rest: list[str]) -> int:
    prepare_peers()
    return call(PYTHON, "-m", "tests.bench", *rest, environment={"QT_QPA_PLATFORM": "offscreen"})


def build(rest: list[str]) -> int:
    return call(PYTHON, "-m", "PyInstaller", "--noconfirm", "--clean", *rest, str(ROOT / "build.spec"))


def has_screen() -> bool:
    return (
        os.name == "nt"
        or sys.platform == "darwin"
        or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    )


def prepare(verb: str) -> None:
    """Everything the verb needs: Debian packages, the virtual environment as locked, and the program inside it."""
    needed = missing_packages(PACKAGES[verb])
    if not VENV.exists() and not has_venv():
        needed.append("python3-venv")
    if needed:
        install_packages(needed)
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if STAMP.exists() and PYTHON.exists() and STAMP.read_text() == wanted:
        return
    print("正在准备运行环境（.venv）……", flush=True)
    if not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)], check=True)
    subprocess.run([*pip, "--no-build-isolation", "--editable", str(ROOT)], check=True)
    STAMP.write_text(wanted)


def prepare_peers() -> None:
    """The peers of the benchmark, as locked; built for Linux on x86-64, elsewhere their rows are left out."""
    python, stamp = PEERS / "bin/python", PEERS / "lock.sha256"
    wanted = hashlib.sha256(PEERS_LOCK.read_bytes()).hexdigest()
    if os.name == "nt" or (stamp.exists() and stamp.read_text() == wanted):
        return
    print("正在准备性能对比的对象（.venv-peers）……", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(PEERS)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    locked = ["--require-hashes", "--no-build-isolation", "-r", str(PEERS_LOCK)]
    if subprocess.run([*pip, *locked], check=False).returncode == 0:
        stamp.write_text(wanted)


def has_venv() -> bool:
    try:
        import ensurepip  # noqa: F401 - Debian splits it off into python3-venv
    except ImportError:
        return False
    return True


def missing_packages(names: Sequence[str]) -> list[str]:
    """Those of the Debian packages that are not installed; empty on other systems."""
    if not names or not shutil.which("dpkg-query"):
        return []
    query = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *names]
    listing = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    present = {line.split()[0] for line in listing.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in present]


def install_packages(names: Sequence[str]) -> None:
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *names]
    if os.geteuid() != 0:
        sys.exit(f"缺少系统软件包。请执行：\n  sudo apt-get update && sudo {' '.join(command)}")
    print(f"正在安装系统软件包：{' '.join(names)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "--quiet=2"], check=True, env=environment)
    subprocess.run([*command, "--quiet=2"], check=True, env=environment, stdout=subprocess.DEVNULL)


def call(*command: str | Path, environment: dict[str, str] | None = None) -> int:
    """Runs ``command`` in the project's root and gives its exit status; Ctrl-C is the child's to handle."""
    try:
        done = subprocess.run(
            [str(part) for part in command], cwd=ROOT, check=False, env={**os.environ, **(environment or {})}
        )
    except KeyboardInterrupt:
        return 130
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
