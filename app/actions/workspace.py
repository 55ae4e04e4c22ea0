"""An open project joined with its site profile, the workflow and the planned checks."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.actions import recents
from app.base import resources
from app.base.errors import UnavailableError
from app.base.files import read_bounded
from app.base.identity import mask, mask_all
from app.checks import catalogue
from app.checks.model import Check, Planned
from app.evidence.entry import Entry
from app.evidence.project import Draft, Project
from app.site import profile
from app.site.model import Site
from app.workflow.load import load as load_workflow
from app.workflow.model import Bound, Workflow

if TYPE_CHECKING:
    from app.site.secrets import KeyringSecrets

PROFILE = "site.toml"
PROFILE_LIMIT = 1 << 20


@dataclass
class Workspace:
    """One open project. ``holder`` says who has it when ``read_only``; ``secrets`` are asked only when a check runs.

    ``checks`` are all there are for it, its own definitions (``checks/*.toml``) included.
    """

    folder: Path
    project: Project
    site: Site
    workflow: Workflow
    secrets: KeyringSecrets
    checks: tuple[Check, ...] = field(default_factory=catalogue.all_checks)

    @property
    def rehearsal(self) -> bool:
        return self.project.rehearsal

    @property
    def read_only(self) -> bool:
        return self.project.read_only

    @property
    def holder(self) -> str:
        return self.project.holder

    def planned(self) -> tuple[Planned, ...]:
        """Every check that the profile plans, in the catalogue's order."""
        return catalogue.plan_of(self.checks, self.site)

    def reload_checks(self) -> None:
        """Reads the check definitions again. Raises InputError for a mistake in one; the old ones then stay."""
        self.checks = catalogue.all_checks(self.folder)

    def append(self, *drafts: Draft) -> tuple[Entry, ...]:
        """Appends to the journal, identity numbers masked and the author named. What is returned is on the disk."""
        return self.project.append(*(self._signed(draft) for draft in drafts))

    def reload_profile(self) -> bool:
        """Reads ``site.toml`` again and records it if it changed; True if so. Raises InputError for a mistake in it."""
        content = read_bounded(self.folder / PROFILE, PROFILE_LIMIT, "现场配置文件")
        self.site = profile.load(self.folder / PROFILE)
        recorded = self.project.current("profile", "site")
        digest = hashlib.sha256(content).hexdigest()
        if recorded and recorded[-1].payload["sha256"] == digest:
            return False
        if not self.read_only:
            self.append(Draft("profile", "site", {"sha256": digest, "text": content.decode("utf-8-sig")}))
        return True

    def close(self) -> None:
        self.project.close()

    def _signed(self, draft: Draft) -> Draft:
        return replace(
            draft,
            payload=mask_all(draft.payload),
            transcript=mask(draft.transcript),
            author=draft.author or author(),
            role=draft.role or "实施商",
        )


def bound(planned: Planned) -> Bound:
    """What progress must know of a planned pair, with the digests that a result has to carry."""
    check, target = planned.check, planned.target
    return Bound(
        check=check.id,
        target=target.id,
        title=check.title,
        target_title=target.name,
        kind=check.table,
        role=str(getattr(target, "role", getattr(target, "service_kind", ""))),
        peer=str(getattr(target, "peer", "")),
        target_digest=target.digest(),
        check_digest=check.digest(),
    )


def author() -> str:
    """Who writes: the name set for this laptop, else the account's."""
    return os.environ.get("ONSITE_AUTHOR") or account()


@cache
def account() -> str:
    """The name of the account that runs the program."""
    return getpass.getuser()


def create(folder: Path, site_toml: Path, *, rehearsal: bool = False) -> Workspace:
    """A new project in ``folder`` (new or empty) from a site profile, whose public files are copied in.

    Raises InputError for a mistake in the profile before anything is written; after any other failure the folder is
    as free as it was, so that it can be tried again.
    """
    site = profile.load(site_toml)
    project = Project.create(folder, title=site.name, rehearsal=rehearsal)
    copied: list[Path] = []
    try:
        profile.copy_into(site_toml, folder, copied)
        workspace = _join(folder, project)
    except BaseException:
        project.take_back()
        _remove(copied)
        raise
    recents.remember(workspace.folder, workspace.site.name, workspace.rehearsal)
    return workspace


def _remove(copied: Sequence[Path]) -> None:
    """What was copied into a project that did not come about, and the folders that are empty without it."""
    for path in copied:
        with contextlib.suppress(OSError):
            path.unlink()
            path.parent.rmdir()


def open_workspace(folder: Path, *, write: bool = True) -> Workspace:
    """Opens the project in ``folder``; read-only when another program has it. Records ``site.toml`` if it changed."""
    project = Project.open(folder, write=write)
    try:
        workspace = _join(folder, project)
    except BaseException:
        project.close()
        raise
    recents.remember(workspace.folder, workspace.site.name, workspace.rehearsal)
    return workspace


def _join(folder: Path, project: Project) -> Workspace:
    from app.site.secrets import KeyringSecrets

    workspace = Workspace(
        folder=folder,
        project=project,
        site=profile.load(folder / PROFILE),
        workflow=load_workflow(resources.find("workflow.toml", folder)),
        secrets=KeyringSecrets(project.id),
        checks=catalogue.all_checks(folder),
    )
    workspace.reload_profile()
    return workspace


def require_writable(workspace: Workspace) -> None:
    """Raises UnavailableError when the project was opened read-only."""
    if workspace.read_only:
        raise UnavailableError(
            f"项目以只读方式打开（{workspace.holder}），不能修改。请先关闭另一处，或换到可写的文件夹再试。"
        )
