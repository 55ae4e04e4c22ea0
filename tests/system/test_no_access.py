"""No access: a script for each target, its output judged as a direct check would, and marked 客户提供 everywhere."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlplus_stand_in import printed

from app import cli
from app.actions import checking, importing, index_page, no_access, overview, rehearsing
from app.actions.rehearsing import Running
from app.actions.workspace import Workspace
from app.base import clock
from app.base.cancellation import Cancellation
from app.base.errors import InputError
from app.checks.database.session import OracleSession
from app.checks.host.session import HostSession
from app.checks.model import Outcome, Result
from app.site.model import Database, Host

SECRET = "Absent-1"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    place = tmp_path_factory.mktemp("no-access")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONSITE_HOME", str(place / "home"))
        site = rehearsing.start_rehearsal(place / "project")
        yield site
        site.stop()


@pytest.fixture
def here(running: Running) -> Workspace:
    return running.workspace


def database_output(here: Workspace, script: str, target_id: str = "db1") -> bytes:
    """What SQL*Plus would print in that rehearsal database."""
    target = here.site.target(target_id)
    assert isinstance(target, Database)
    session = OracleSession(target, checking.surroundings(here, Cancellation()))

    def ask(sql: str) -> Sequence[Sequence[Any]]:
        if "SYSTIMESTAMP" in sql and '"T"' in sql:
            return [(clock.stamp(clock.now())[:19] + clock.stamp(clock.now())[-6:],)]
        if "SYS_CONTEXT" in sql and "CON_NAME" not in sql:
            return [(target.service,)]
        return session.select(sql, most=30_000)

    try:
        return printed(script, ask).encode()
    finally:
        session.close()


STAND_IN = """#!/usr/bin/env python3
import json, sys
answers = json.load(open({answers!r}))
out, err, status = answers.get(sys.argv[2], ["", "not found", 127])
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(status)
"""


def host_output(here: Workspace, script: Path, folder: Path) -> bytes:
    """What the script prints on the rehearsal host: each command is run there beforehand."""
    target = here.site.target("app-host")
    assert isinstance(target, Host)
    session = HostSession(target, checking.surroundings(here, Cancellation()))
    text = script.read_text(encoding="utf-8")
    wanted = set(re.findall(r"(?:ask|listed) '([^']+)'(?!\")", text))
    shown = [line for pair in no_access.split(here, target)[0] for line in pair.check.shows(target)]
    answers: dict[str, tuple[str, str, int]] = {}
    try:
        for pair in no_access.split(here, target)[0]:
            with contextlib.suppress(Exception):
                pair.check.gather(_Noting(session, answers), target)
        for command in wanted & set(shown) - set(answers):
            with contextlib.suppress(Exception):
                told = session.run(command)
                answers[command] = (told.stdout, told.stderr, told.status)
    finally:
        session.close()
    path = folder / "bin"
    path.mkdir()
    (folder / "answers.json").write_text(json.dumps(answers))
    (path / "sh").write_text(STAND_IN.format(answers=str(folder / "answers.json")))
    for name in ("uname",):
        (path / name).write_text(f'#!/bin/sh\nexec {path}/sh -c "uname $*"\n')
    for program in path.iterdir():
        program.chmod(program.stat().st_mode | stat.S_IEXEC)
    words = [shutil.which("dash") or "/bin/sh", str(script), "out.txt"]
    environment = {"PATH": f"{path}:/usr/bin:/bin:{Path(shutil.which('python3') or '').parent}"}
    subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True, timeout=100)
    return (folder / "out.txt").read_bytes()


class _Noting:
    """A host's session that keeps what each command printed."""

    def __init__(self, session: HostSession, answers: dict[str, tuple[str, str, int]]) -> None:
        self._session, self._answers = session, answers

    def __getattr__(self, name: str) -> Any:
        own = getattr(self._session, name)
        if name == "asked":
            return lambda *args, **more: HostSession.asked(self, *args, **more)  # type: ignore[arg-type]
        if name != "run":
            return own

        def run(command: str, **more: Any) -> Any:
            told = own(command, **more)
            self._answers[command] = (told.stdout, told.stderr, told.status)
            return told

        return run


def said(results: Sequence[Result]) -> dict[str, tuple[Any, ...]]:
    return {
        one.check: (one.outcome, one.expected, one.actual.removeprefix("客户提供："), one.observed) for one in results
    }


def direct(here: Workspace, target: str, checks: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    return said(checking.check(here, checking.Selection(targets=(target,), ids=tuple(checks))))


@pytest.mark.parametrize("fault", ["", "tablespace-full", "undo-manual"])
def test_a_database_is_judged_alike_by_a_script_and_directly(running: Running, tmp_path: Path, fault: str) -> None:
    here = running.workspace
    running.set_faults([fault] if fault else [])
    made = no_access.write_script(here, "database", tmp_path / "db1.sql", "db1")
    (tmp_path / "回来.txt").write_bytes(database_output(here, made.path.read_text(encoding="utf-8")))
    taken = importing.take(here, tmp_path / "回来.txt")
    assert {one.check for one in taken.results} == {pair.check.id for pair in made.covered}
    assert said(taken.results) == direct(here, "db1", list(said(taken.results)))
    assert "oracle.login" not in said(taken.results) and any("登录" in note for note in taken.notes)
    running.set_faults([])


@pytest.mark.parametrize("fault", ["", "disk-full", "server-down"])
def test_a_host_is_judged_alike_by_a_script_and_directly(running: Running, tmp_path: Path, fault: str) -> None:
    here = running.workspace
    running.set_faults([fault] if fault else [])
    made = no_access.write_script(here, "host", tmp_path / "host.sh", "app-host")
    (tmp_path / "host.txt").write_bytes(host_output(here, made.path, tmp_path))
    taken = importing.take(here, tmp_path / "host.txt")
    seen = direct(here, "app-host", list(said(taken.results)))
    brought = said(taken.results)
    # Whether a port answers from here, and how things stood a moment later, is nothing that a script can tell.
    for check in set(brought) - {"host.ports", "host.load"}:
        assert brought[check] == seen[check], check
    running.set_faults([])


def output_of_db1(here: Workspace, folder: Path, name: str = "out.txt") -> Path:
    made = no_access.write_script(here, "database", folder / f"{name}.sql", "db1")
    (folder / name).write_bytes(database_output(here, made.path.read_text(encoding="utf-8")))
    return folder / name


def test_what_was_brought_says_so_in_every_place(here: Workspace, tmp_path: Path) -> None:
    taken = importing.take(here, output_of_db1(here, tmp_path))
    one = next(result for result in taken.results if result.check == "oracle.version")
    assert one.outcome is Outcome.PASS and one.route == "客户提供"
    assert "out.txt" in one.vantage and taken.number in one.vantage and one.actual.startswith("客户提供：")
    told = checking.result_json(one)
    assert told["route"] == "客户提供" and "out.txt" in told["vantage"]
    entry = here.project.current("result", "oracle.version@db1")[-1]
    assert entry.payload["route"] == "客户提供"
    lamps = {lamp["kind"]: lamp["line"] for lamp in overview.status_json(here)["lamps"]}
    assert "客户提供" in lamps["database"] and "客户提供" not in lamps["bus"]
    from ui.step.check_detail import how

    assert how(entry.payload) == one.vantage and "客户提供" in one.vantage
    page = index_page.index_page(here, [], []).decode()
    assert "客户提供（脚本与输出）" in page
    assert "合格（客户提供）" in page
    from app.actions.form_values import Source, values_of

    assert "（客户提供）" in values_of("filing", Source.of(here)).values["db_version"]
    checking.check(here, checking.Selection(targets=("db1",), ids=("oracle.version",)))
    assert "（客户提供）" not in values_of("filing", Source.of(here)).values["db_version"]


def refused(here: Workspace, path: Path, why: str) -> None:
    before = len(list(here.project.entries()))
    with pytest.raises(InputError, match=why):
        importing.take(here, path)
    assert len(list(here.project.entries())) == before, "nothing is recorded"


def edited(path: Path, old: str, new: str) -> Path:
    content = path.read_text(encoding="utf-8")
    changed = re.sub(old, new, content)
    assert changed != content
    (path.parent / "edited.txt").write_text(changed, encoding="utf-8")
    return path.parent / "edited.txt"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (r"node=510000", "node=660000", "另一个现场"),
        (r"project=\S+", "project=0000", "另一个项目"),
        (r"target=db1", "target=db9", "没有输出所说的检查对象"),
        (r"kind=database", "kind=host", "没有输出所说的检查对象"),
        (r"digest=\S+", "digest=00", "改过"),
        (r"target=db1", "target=db2", "改过"),
        (r"format=1", "format=9", "格式版本"),
        (r"(fact (?:database|service|unique|container|instance|services|active)=)\S*", r"\1OTHER", "输出来自数据库"),
        (r".* fact (?:database|service|unique|container|instance|services|active)=.*\n", "", "不知道是哪个库"),
        (r"fact time=\S+", "fact time=2001-01-01T00:00:00+08:00", "早于写脚本"),
        (r"fact time=\S+", "fact time=2999-01-01T00:00:00+08:00", "将来"),
        (r"fact time=\S+", "fact time=soon", "运行时间"),
        (r".* fact time=.*\n", "", "运行时间"),
        (r"@@onsite", "@@offsite", "找不到开头的标记"),
        (r"\A((?s:.*))\Z", r"\1\1", "接在一起"),
    ],
)
def test_what_is_not_this_targets_of_today_is_refused(
    here: Workspace, tmp_path: Path, old: str, new: str, why: str
) -> None:
    refused(here, edited(output_of_db1(here, tmp_path), old, new), why)


def test_an_old_output_is_refused(here: Workspace, tmp_path: Path) -> None:
    path = output_of_db1(here, tmp_path)
    ago = clock.now() - timedelta(days=8)
    aged = edited(path, r"fact time=\S+", f"fact time={clock.stamp(ago)[:19]}{clock.stamp(ago)[-6:]}")
    refused(here, edited(aged, r"written=\S+", f"written={clock.stamp(ago)}"), "天前")


def test_a_file_is_taken_in_once_and_never_behind_a_newer_one(here: Workspace, tmp_path: Path) -> None:
    first = output_of_db1(here, tmp_path, "first.txt")
    earlier = clock.now() - timedelta(hours=1)
    first = edited(first, r"fact time=\S+", f"fact time={clock.stamp(earlier)[:19]}{clock.stamp(earlier)[-6:]}")
    second = output_of_db1(here, tmp_path, "second.txt")
    importing.take(here, second)
    refused(here, second, "已经导入过")
    refused(here, first, "更新的输出")


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\x00\xff" * 5000, b"PK\x03\x04", "@@onsite 你好 head".encode()])
def test_rubbish_is_refused(here: Workspace, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rubbish.txt").write_bytes(content)
    refused(here, tmp_path / "rubbish.txt", "找不到开头的标记|不能为空")


def test_what_is_too_large_is_refused_without_being_read(here: Workspace, tmp_path: Path) -> None:
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(1 << 40)
    refused(here, tmp_path / "huge.txt", "MiB|MB|过大|超过")


def test_an_output_that_was_cut_off_is_taken_in_part_and_says_so(here: Workspace, tmp_path: Path) -> None:
    path = output_of_db1(here, tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    taken = importing.take(here, path)
    outcomes = {one.outcome for one in taken.results}
    assert Outcome.UNKNOWN in outcomes and any("不完整" in note for note in taken.notes)
    assert all(
        "没有答复" in one.reason or "不完整" in one.reason for one in taken.results if one.outcome is Outcome.UNKNOWN
    )


def test_scripts_are_written_for_what_there_is(here: Workspace, tmp_path: Path) -> None:
    for call, why in (
        (("nonsense", tmp_path / "x", ""), "没有用于"),
        (("database", tmp_path / "x", ""), "--target"),
        (("database", tmp_path / "x", "db9"), "没有"),
        (("host", tmp_path / "x", "db1"), "没有"),
    ):
        with pytest.raises(InputError, match=why):
            no_access.write_script(here, *call)
    (tmp_path / "there.sql").write_text("mine")
    with pytest.raises(InputError, match="已经存在"):
        no_access.write_script(here, "database", tmp_path / "there.sql", "db1")
    made = no_access.write_script(here, "host", tmp_path / "h.sh")
    kept = here.project.attachment(here.project.current("attachment")[-1].payload["sha256"])
    assert kept.read_bytes() == made.path.read_bytes()


def test_a_profile_that_changed_since_makes_the_output_old(running: Running, tmp_path: Path) -> None:
    here = running.workspace
    path = output_of_db1(here, tmp_path)
    profile = here.folder / "site.toml"
    content = profile.read_text(encoding="utf-8")
    try:
        profile.write_text(content.replace('title = "就业监测库"', 'title = "别的库"'), encoding="utf-8")
        here.reload_profile()
        refused(here, path, "改过")
    finally:
        profile.write_text(content, encoding="utf-8")
        here.reload_profile()


def test_the_command_line_writes_and_takes_in(
    tmp_path: Path, running: Running, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "start_logging", lambda: None)
    folder = running.workspace.folder
    running.workspace.close()
    try:
        assert (
            cli.main(["script", str(folder), "--for", "database", "--target", "db2", "--out", str(tmp_path / "s.sql")])
            == 0
        )
        assert "onsite import" in capsys.readouterr().out
        from app.actions.workspace import open_workspace

        again = open_workspace(folder)
        for target, secret in running.site.secrets.items():
            again.secrets.impose(target, secret)
        data = database_output(again, (tmp_path / "s.sql").read_text(encoding="utf-8"), "db2")
        again.close()
        (tmp_path / "s.txt").write_bytes(data)
        assert cli.main(["import", str(folder), str(tmp_path / "s.txt"), "--json"]) == 0
        report = json.loads(capsys.readouterr().out)
        assert {result["route"] for result in report["results"]} == {"客户提供"} and report["counts"]["pass"] > 10
        (tmp_path / "s.txt").write_bytes(b"rubbish")
        assert cli.main(["import", str(folder), str(tmp_path / "s.txt")]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
    finally:
        from app.actions.workspace import open_workspace

        running.workspace = open_workspace(folder)
        for target, secret in running.site.secrets.items():
            running.workspace.secrets.impose(target, secret)


def test_a_record_of_the_joint_test_is_known_as_such(here: Workspace, tmp_path: Path) -> None:
    batch = {"id": "B-1", "count": 3, "sha256": "a" * 64, "time": "2026-01-05T14:00:07+08:00"}
    head = {"format": "onsite-record", "version": 1, "direction": "report", "side": "received", "end": "ministry"}
    lines = [json.dumps(one, ensure_ascii=False) for one in ({**head, "role": "部端工作人员"}, batch)]
    (tmp_path / "record.jsonl").write_text("\n".join([*lines, ""]), encoding="utf-8")
    taken = importing.take(here, tmp_path / "record.jsonl")
    assert taken.results == () and taken.number and any("记入" in note for note in taken.notes)


def test_a_target_that_no_script_is_for_is_told_what_it_lacks(here: Workspace, tmp_path: Path) -> None:
    made = no_access.write_script(here, "weblogic", tmp_path / "w.sh")
    assert {pair.check.id for pair in made.covered} >= {"weblogic.topology", "weblogic.security", "weblogic.health"}
    with pytest.raises(InputError, match="没有脚本可以回答"):  # the rehearsal's plan asks nothing of its PC
        no_access.write_script(here, "client", tmp_path / "c.ps1")
