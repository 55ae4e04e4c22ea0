"""Projects on several laptops, copied folders, and long journals made quickly; for the tests of this folder."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.evidence.entry import ENCODER, Entry, digest
from app.evidence.project import JOURNAL, Draft, Project

ROOT = Path(__file__).parents[2]


@dataclass
class Laptops:
    """Laptop ``x`` has its installation in ``home-x`` and its copy of the project in ``x``."""

    place: Path
    monkeypatch: pytest.MonkeyPatch
    opened: list[Project] = field(default_factory=list)

    def use(self, name: str) -> None:
        self.monkeypatch.setenv("ONSITE_HOME", str(self.place / f"home-{name}"))

    def create(self, name: str, *, rehearsal: bool = False) -> Project:
        self.use(name)
        return self._keep(Project.create(self.place / name, title="示例省就业监测节点", rehearsal=rehearsal))

    def open(self, name: str, folder: str = "") -> Project:
        self.use(name)
        return self._keep(Project.open(self.place / (folder or name)))

    def copy(self, project: Project, name: str, *, clone: bool = False) -> Project:
        """The project's folder copied to laptop ``name``; a clone of the laptop itself has its installation, too."""
        copy_folder(project.folder, self.place / name)
        if clone:
            shutil.copytree(os.environ["ONSITE_HOME"], self.place / f"home-{name}")
        return self.open(name)

    def close(self) -> None:
        for project in self.opened:
            project.close()

    def _keep(self, project: Project) -> Project:
        assert project.chain  # settled while this laptop is the one in use
        self.opened.append(project)
        return project


def copy_folder(source: Path, target: Path) -> Path:
    """What a person does with an idle project: the whole folder, without the notes of who has it open."""
    return Path(shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.lock*", "*-shm")))


def record(project: Project, subject: str, value: object, kind: str = "field") -> Entry:
    (entry,) = project.append(Draft(kind, subject, {"value": value}))
    return entry


def with_evidence(project: Project) -> Project:
    """One entry of every make: plain, with a transcript, with an attachment, with a scope."""
    kept = project.attach(b"photo" * 100, "照片.jpg")
    project.append(
        Draft("field", "plan.survey/load", {"value": "每日 2 万笔"}),
        Draft("result", "oracle.login@db1", {"outcome": "pass"}, transcript="SELECT 1 FROM DUAL\n1 行"),
        Draft("attachment", f"env.os/photo/{kept.sha256}", {"sha256": kept.sha256, "name": kept.name}),
        Draft("field", "case/kind", {"value": "巡检"}, scope="case-20261124"),
    )
    return project


def change(project: Project | Path, statement: str, *values: object) -> int:
    """Does to the journal's file what no program of ours does; how many rows it touched."""
    folder = project if isinstance(project, Path) else project.folder
    connection = sqlite3.connect(folder / JOURNAL)
    with connection:
        touched = connection.execute(statement, values).rowcount
    connection.close()
    return touched


def fill(project: Project, count: int, subjects: int = 3000) -> None:
    """``count`` sound entries, written at once and past the program: appending them would take half a minute."""
    last = project.append(Draft("result", "oracle.login@db0", {"outcome": "pass"}))[0]
    content = json.loads(last.raw)
    rows, current, prev = [], {}, last.hash
    for number in range(1, count + 1):
        subject = f"oracle.login@db{number % subjects}"
        content |= {"seq": last.seq + number, "turn": last.turn + number, "prev": prev, "subject": subject}
        raw = ENCODER.encode(content).encode()
        prev = digest(raw)
        rows.append((prev, last.chain, content["seq"], content["turn"], "result", subject, "", raw))
        current[subject] = ("result", subject, "", content["turn"], last.chain, content["seq"], prev)
    connection = sqlite3.connect(project.folder / JOURNAL)
    with connection:
        connection.executemany(
            "INSERT INTO entries (hash, chain, seq, turn, kind, subject, scope, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        connection.executemany("INSERT OR REPLACE INTO current VALUES (?, ?, ?, ?, ?, ?, ?)", current.values())
    connection.close()


def run_child(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Another process of the program, its output to be read line by line."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    pipe = subprocess.PIPE  # for input too: an inherited one may end at once, and the child with it
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
