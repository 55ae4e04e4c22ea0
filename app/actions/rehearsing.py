"""The rehearsal site: started for a window or another terminal, and the whole main job done on it in one go."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.actions import checking, forms, packaging
from app.actions.workspace import Workspace, create, open_workspace
from app.base.cancellation import Cancellation
from app.base.errors import InputError, UnavailableError
from app.base.files import make_folder
from app.checks.model import Result
from app.evidence.project import JOURNAL
from app.rehearsal.faults import FAULTS, Fault
from app.rehearsal.process import Rehearsal, RehearsalError

SITE_FOLDER = "rehearsal"  # inside the project: CA, host keys and ports, so that it can be resumed


@dataclass(frozen=True)
class Releases:
    """Which releases the rehearsal site presents: of Oracle (19c, 11.2) and of WebLogic (12.2.1, 10.3.6)."""

    oracle: str = "19c"
    weblogic: str = "12.2.1"


def faults() -> Mapping[str, Fault]:
    """The faults that can be switched on, by name."""
    return FAULTS


def require_known(names: Sequence[str]) -> None:
    """Raises InputError naming the faults that do not exist."""
    unknown = [name for name in names if name not in FAULTS]
    if unknown:
        raise InputError(f"没有这种故障：{'、'.join(unknown)}。用 onsite rehearse --list-faults 查看。")


@dataclass
class Running:
    """A rehearsal site that is up, and the project on it."""

    workspace: Workspace
    site: Rehearsal

    def set_faults(self, names: Sequence[str]) -> None:
        """Switches to exactly these faults. Raises InputError for an unknown name."""
        require_known(names)
        self.site.set_faults(names)

    def stop(self) -> None:
        self.workspace.close()
        self.site.stop()


def start_rehearsal(folder: Path, names: Sequence[str] = (), releases: Releases = Releases()) -> Running:
    """Starts (or resumes) the rehearsal site of the project in ``folder`` and opens the project on it.

    Raises InputError for an unknown fault, UnavailableError when the site does not come up.
    """
    require_known(names)
    known = (folder / JOURNAL).exists()
    site = start_site(folder / SITE_FOLDER, names, releases)
    try:
        workspace = resume(folder, site) if known else create(folder, site.site_toml, rehearsal=True)
    except BaseException:
        site.stop()
        raise
    for target, secret in site.secrets.items():
        workspace.secrets.impose(target, secret)
    return Running(workspace, site)


def resume(folder: Path, site: Rehearsal) -> Workspace:
    """Opens a rehearsal project again; its profile follows the ports that the site has now."""
    from app.site import profile

    workspace = open_workspace(folder)
    if not workspace.rehearsal:
        workspace.close()
        raise InputError(f"{folder} 是真实项目，不能用作演练。")
    profile.copy_into(site.site_toml, folder)
    workspace.reload_profile()
    return workspace


def start_site(folder: Path, names: Sequence[str], releases: Releases) -> Rehearsal:
    try:
        return Rehearsal.start(folder, names, oracle=releases.oracle, weblogic=releases.weblogic)
    except RehearsalError as error:
        raise UnavailableError(f"演练现场没有起来：{error}") from error


@dataclass(frozen=True)
class RehearsalReport:
    """What ``onsite rehearse`` did and where it lies."""

    results: tuple[Result, ...]
    project: Path
    forms: Path
    package: Path
    sound: bool


def rehearse(
    out: Path | None,
    names: Sequence[str] = (),
    releases: Releases = Releases(),
    *,
    on_result: Callable[[Result], None] = lambda result: None,
    say: Callable[[str], None] = lambda line: None,
    cancellation: Cancellation | None = None,
) -> RehearsalReport:
    """The main job on the rehearsal site: project, every check, forms, package, verification; all left in ``out``.

    Human steps stay open. ``out`` must be new or empty; without it a new folder for temporary files is used.
    """
    cancellation = cancellation or Cancellation()
    require_known(names)
    folder = fresh_folder(out)
    running = start_rehearsal(folder / "project", names, releases)
    try:
        say(f"演练现场已就绪：{folder}")
        results = checking.check(
            running.workspace, checking.Selection(), on_result=on_result, cancellation=cancellation
        )
        say("正在填写表单……")
        forms.issue(running.workspace, folder / "forms", cancellation=cancellation)
        say("正在做移交包……")
        packaging.package(running.workspace, folder / "package", cancellation=cancellation)
    finally:
        running.stop()
    verified = packaging.verify(folder / "package", cancellation)
    return RehearsalReport(results, folder / "project", folder / "forms", folder / "package", verified.sound)


def fresh_folder(out: Path | None) -> Path:
    """``out`` made ready. Raises InputError when something is in it already, UnavailableError."""
    if out is None:
        return Path(tempfile.mkdtemp(prefix="onsite-rehearsal-"))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} 里已有内容。请给一个新的或空的文件夹。")
    make_folder(out)
    return out


def report_json(report: RehearsalReport) -> dict[str, Any]:
    """The document of ``onsite rehearse --json``: the checks' and where the rest lies."""
    places = {"project": str(report.project), "forms": str(report.forms), "package": str(report.package)}
    return {**checking.report_json(report.results), **places, "sound": report.sound}


def serve(
    out: Path | None,
    names: Sequence[str],
    releases: Releases,
    show: Callable[[str], None],
    cancellation: Cancellation,
) -> None:
    """Keeps the rehearsal site up until cancelled; shows its profile and the variables of its secrets."""
    from app.site.secrets import variable

    require_known(names)
    folder = out or Path(tempfile.mkdtemp(prefix="onsite-rehearsal-"))
    site = start_site(folder, names, releases)
    try:
        show(f"# site.toml: {site.site_toml}")
        show(site.site_toml.read_text(encoding="utf-8"))
        for target, secret in site.secrets.items():
            show(f"export {variable(target)}='{secret}'")
        while not cancellation.wait(0.5):
            site.require_alive()
    finally:
        site.stop()
