"""The handover package, its verification, and taking in another laptop's work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.actions import forms
from app.actions.index_page import index_page
from app.actions.overview import overview
from app.actions.workspace import PROFILE, Workspace, require_writable
from app.base import clock
from app.base.cancellation import Cancellation
from app.base.errors import DamagedError, InputError
from app.base.files import read_bounded
from app.evidence.entry import Entry
from app.evidence.project import JOURNAL, Fault, Project
from app.evidence.union import Union
from app.evidence.union import merge as union_of
from app.handover.bag import write_bag
from app.handover.contents import project_files
from app.handover.verify import verify_bag
from app.site import profile

Content = Path | bytes
DOCUMENT_LIMIT = 64 << 20


@dataclass(frozen=True)
class PackageReport:
    """``missing``: one line for each thing a finished handover would hold; a package with any is marked 未完成."""

    folder: Path
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return not self.missing


def package(
    workspace: Workspace,
    folder: Path,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    cancellation: Cancellation | None = None,
) -> PackageReport:
    """Writes the package: ``folder`` itself becomes the bag (BagIt 1.0); it must be new or empty.

    Forms that were never issued, or whose values changed, are issued first, so that the package holds what stands now.
    """
    cancellation = cancellation or Cancellation()
    workspace.reload_profile()  # the package's copy must be the one that the journal speaks of
    issued = forms.issue_current(workspace, cancellation)
    missing = lacking(workspace)
    contents: dict[str, Content] = dict(project_files(workspace.project))
    contents |= {f"data/forms/{form.file_name}": form.path for form in issued}
    contents |= profile_files(workspace)
    contents["data/index.html"] = index_page(workspace, issued, missing)
    write_bag(folder, contents, bag_info(workspace, missing), on_progress, cancellation)
    return PackageReport(folder, missing)


def lacking(workspace: Workspace) -> tuple[str, ...]:
    """What keeps the handover from being finished: open steps before the maintenance phase, and blockers."""
    progress = overview(workspace).progress
    phases = [phase for phase in progress.phases if phase.phase.id != "maintenance"]
    steps = [f"步骤未完成：{state.step.title}" for phase in phases for state in phase.steps if not state.done]
    return (*steps, *(f"离场阻断项：{blocker.title}" for blocker in progress.blockers))


def profile_files(workspace: Workspace) -> Mapping[str, Content]:
    """``site.toml`` and the public files it names; keys, JKS and PKCS#12 files never are among them."""
    files: dict[str, Content] = {f"data/{PROFILE}": workspace.folder / PROFILE}
    folder = workspace.site.path.parent  # absolute, as the paths of the profile's files are
    for path in profile.referenced_files(workspace.site):
        if path.is_relative_to(folder) and path.is_file():
            files[f"data/{path.relative_to(folder).as_posix()}"] = path
    return files


def bag_info(workspace: Workspace, missing: tuple[str, ...]) -> Mapping[str, str]:
    """The labels of ``bag-info.txt``."""
    title = "就业监测系统实施移交包" + ("（演练）" if workspace.rehearsal else "")
    return {
        "External-Description": title,
        "External-Identifier": workspace.project.id,
        "Source-Organization": workspace.site.implementer or "（未填写）",
        "Organization-Name": workspace.site.unit or "（未填写）",
        "Bagging-Date": clock.china_date(clock.now()).isoformat(),
        "Onsite-State": "未完成" if missing else "完整",
    }


@dataclass(frozen=True)
class VerifyReport:
    """Whether what lies at ``path`` is what was written. ``kind``: project, package or document."""

    path: Path
    kind: str
    faults: tuple[Fault, ...]
    signature_line: str = ""
    trusted: bool = True

    @property
    def sound(self) -> bool:
        return not self.faults

    @property
    def word(self) -> str:
        return {"project": "项目", "package": "移交包", "document": "文件"}[self.kind]

    @property
    def exit_status(self) -> int:
        """1 damaged, 3 whole but signed by no one trusted, else 0."""
        if self.faults:
            return 1
        return 0 if self.trusted else 3


def verify(path: Path, cancellation: Cancellation | None = None) -> VerifyReport:
    """Verifies a project folder, a package folder or a signed document; every fault is listed.

    Raises InputError when ``path`` is none of them.
    """
    cancellation = cancellation or Cancellation()
    if (path / JOURNAL).is_file():
        return VerifyReport(path, "project", verify_project(path, cancellation))
    if looks_like_bag(path):
        return VerifyReport(path, "package", verify_bag(path, cancellation))
    if path.suffix.lower() == ".docx" and path.is_file():
        return verify_document(path)
    raise InputError(f"{path} 不是项目、移交包或签名文件。")


def verify_document(path: Path) -> VerifyReport:
    """Judges the signatures of a Word file; trust by the anchors of the project that it lies in, if any."""
    from app.documents.signatures import signatures

    found = signatures(read_bounded(path, DOCUMENT_LIMIT, "文件"), anchors_for(path))
    if not found:
        raise InputError(f"{path} 没有电子签名，无从核验。")
    faults = tuple(Fault(signature.part, line) for signature in found for line in signature.faults)
    names = "、".join(f"{signature.subject}（{signature.signed_at}）" for signature in found)
    trusted = all(signature.trusted for signature in found)
    return VerifyReport(path, "document", faults, f"，签名人 {names}{'' if trusted else '，签名人不受信任'}", trusted)


def anchors_for(path: Path) -> list[Any]:
    """The trust anchors of the project or package around ``path``; none when it lies elsewhere."""
    for folder in path.resolve().parents:
        if (folder / PROFILE).is_file():
            return [
                certificate for place in profile.load(folder / PROFILE).trust for certificate in _certificates(place)
            ]
    return []


def _certificates(path: Path) -> list[Any]:
    from cryptography import x509

    content = read_bounded(path, DOCUMENT_LIMIT, "信任锚证书")
    try:
        return (
            x509.load_pem_x509_certificates(content)
            if b"-----BEGIN" in content
            else [x509.load_der_x509_certificate(content)]
        )
    except ValueError as error:
        raise InputError(f"信任锚 {path} 不是证书文件。") from error


def looks_like_bag(path: Path) -> bool:
    """A folder with any of a bag's tag files: a bag that lost one of them is still to be judged, not refused."""
    return any((path / name).is_file() for name in ("bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"))


def verify_project(path: Path, cancellation: Cancellation) -> tuple[Fault, ...]:
    try:
        project = Project.open(path, write=False)
    except DamagedError as error:
        return (Fault(JOURNAL, str(error)),)
    try:
        return project.verify(cancellation)
    finally:
        project.close()


def verify_json(report: VerifyReport) -> dict[str, Any]:
    """The document of ``onsite verify --json``."""
    return {
        "path": str(report.path),
        "kind": report.kind,
        "sound": report.sound,
        "trusted": report.trusted,
        "faults": [{"where": fault.where, "what": fault.what} for fault in report.faults],
    }


def merge(workspace: Workspace, other: Path) -> Union:
    """Takes in another laptop's project or package: the plain union of both journals; conflicts are listed.

    Raises DamagedError for a package that is not what was written, its journal's end cut off included.
    """
    require_writable(workspace)
    if looks_like_bag(other) and (faults := verify_bag(other)):
        raise DamagedError(f"{other} 已损坏，没有并入。{faults[0]}。")
    return union_of(workspace.project, other)


def journal_json(workspace: Workspace) -> dict[str, Any]:
    """The document of ``onsite journal --json``."""
    project = workspace.project
    return {
        "project": project.id,
        "entries": [entry_json(project, entry) for entry in project.entries()],
        "conflicts": [str(conflict) for conflict in project.conflicts()],
        "forks": [str(fork) for fork in project.forks()],
    }


def entry_json(project: Project, entry: Entry) -> dict[str, Any]:
    return {
        "number": project.number(entry),
        "chain": entry.chain,
        "seq": entry.seq,
        "turn": entry.turn,
        "at": entry.at,
        "author": entry.author,
        "role": entry.role,
        "kind": entry.kind,
        "subject": entry.subject,
        "scope": entry.scope,
        "payload": dict(entry.payload),
        "hash": entry.hash,
    }
