"""Small packages of real projects, and ways of changing them; for the tests of this folder."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from app.base.cancellation import Cancellation
from app.evidence.fault import Fault
from app.evidence.project import Draft, Project
from app.evidence.union import merge
from app.handover.bag import INFO, MANIFEST, TAG_MANIFEST, write_bag
from app.handover.contents import Content, project_files
from app.handover.verify import verify_bag

PROFILE = b'[site]\nname = "x"\n'


def pack(folder: Path, contents: dict[str, Content]) -> Path:
    write_bag(folder, contents, {"External-Identifier": "x"}, None, Cancellation())
    return folder


def small_package(place: Path) -> Path:
    """A package with everything that one can hold: two laptops' chains, an attachment, a form, a transcript, a profile.

    Call it where ONSITE_HOME may be set.
    """
    os.environ["ONSITE_HOME"] = str(place / "home-a")
    mine = Project.create(place / "a", title="示例省")
    kept = mine.attach(b"photo", "现场.jpg")
    mine.append(Draft("attachment", "s", {"sha256": kept.sha256, "name": kept.name}))
    mine.append(Draft("profile", "site", {"sha256": hashlib.sha256(PROFILE).hexdigest()}))
    form = mine.attach(b"form", "附表1.docx")
    mine.append(Draft("form_file", "f", {"sha256": form.sha256, "name": form.name}))
    pack(place / "first", dict(project_files(mine)))
    os.environ["ONSITE_HOME"] = str(place / "home-b")
    other = copied(place, mine)
    other.append(Draft("result", "c@t", {"outcome": "pass"}, transcript="SELECT 1"))
    other.close()
    os.environ["ONSITE_HOME"] = str(place / "home-a")
    assert merge(mine, other.folder).added == 1
    contents: dict[str, Content] = dict(project_files(mine))
    contents |= {"data/forms/附表1.docx": b"form", "data/site.toml": PROFILE, "data/index.html": b"<p>"}
    mine.close()
    return pack(place / "package", contents)


def copied(place: Path, project: Project) -> Project:
    """The project's folder on another laptop."""
    folder = place / "b"
    folder.mkdir()
    for source in project.folder.rglob("*"):
        target = folder / source.relative_to(project.folder)
        if source.is_dir():
            target.mkdir(exist_ok=True)
        elif "lock" not in source.name:
            target.write_bytes(source.read_bytes())
    return Project.open(folder)


def make_anew(package: Path) -> None:
    """Writes both manifests and Payload-Oxum again for what lies there now, as anyone could."""
    files = {path.relative_to(package).as_posix(): path for path in package.rglob("*") if path.is_file()}
    payload = {name: path for name, path in files.items() if name.startswith("data/")}
    octets = sum(path.stat().st_size for path in payload.values())
    (package / INFO).write_text(f"Payload-Oxum: {octets}.{len(payload)}\n")
    (package / MANIFEST).write_text(lines(payload))
    tags = {name: path for name, path in files.items() if name not in payload and name != TAG_MANIFEST}
    (package / TAG_MANIFEST).write_text(lines(tags))


def lines(files: dict[str, Path]) -> str:
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in sorted(files.items()))


def faults(package: Path) -> dict[str, str]:
    """What verify finds: where → all that it says of it."""
    found: dict[str, str] = {}
    for fault in verify_bag(package):
        found[fault.where] = found.get(fault.where, "") + fault.what
    return found


def names_it(found: tuple[Fault, ...], name: str) -> bool:
    """Whether a fault names the file ``name``."""
    return any(name in fault.where for fault in found)


def journal_lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]
