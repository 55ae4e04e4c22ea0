"""Records of both ends in a project: kept with their file and a role, paired, exported, and never believed unread."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.actions import checking, record_files, recording, records
from app.actions.workspace import Workspace, create
from app.base.errors import InputError
from app.checks.bus import records as checks_records
from app.checks.model import Outcome, Result
from app.cli import main

A, B = "a" * 64, "b" * 64
SITE = """
[site]
name = "某省节点"
node = "510000"

[[bus]]
id = "bus1"
url = "http://127.0.0.1:1/bus"

[[bus]]
id = "up"
url = "http://127.0.0.1:1/bus"
peer = "ministry"

[[bus]]
id = "city-a"
url = "http://127.0.0.1:1/bus"
peer = "city"
node = "510100"

[[bus]]
id = "city-b"
url = "http://127.0.0.1:1/bus"
peer = "city"
node = "510300"
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("ONSITE_HOME", str(tmp_path / "home"))
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    made = create(tmp_path / "project", tmp_path / "site.toml")
    yield made
    made.close()


def lines(*batches: tuple[str, int, str, str], **head: object) -> str:
    first = {"format": "onsite-record", "version": 1, **head}
    rows = [{"id": i, "count": c, "sha256": d, "time": t} for i, c, d, t in batches]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in (first, *rows))


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


SENT = ("B-1", 3, A, "2026-01-05T14:00:00+08:00")
CAME = ("B-1", 3, A, "2026-01-05T14:00:07+08:00")
MINISTRY = {"direction": "report", "side": "received", "end": "ministry", "role": "部端工作人员"}


def own(workspace: Workspace, *batches: tuple[str, int, str, str], bus: str = "up") -> None:
    path = written(workspace.folder.parent, "own.jsonl", lines(*(batches or (SENT,))))
    records.keep(workspace, bus, "report", path)


def verdict(workspace: Workspace, bus: str = "up", direction: str = "report") -> Result:
    (result,) = checking.check(workspace, checking.Selection(pairs=((f"joint.{direction}", bus),)))
    return result


def test_both_ends_whole_pass_and_stay_so_when_checked_again(workspace: Workspace, tmp_path: Path) -> None:
    own(workspace)
    assert verdict(workspace).outcome is Outcome.UNKNOWN and "缺少部端" in verdict(workspace).reason
    path = written(tmp_path, "部端.jsonl", lines(CAME, **MINISTRY))
    assert records.is_record(path)
    entries = records.take(workspace, path)
    assert [entry.kind for entry in entries] == ["attachment", "record", "result"]
    attachment, record, result = entries
    assert attachment.subject.startswith("joint.vertical.report/receipt/") and attachment.role == "部端工作人员"
    assert workspace.project.attachment(record.payload["file"]).read_bytes() == path.read_bytes()
    assert record.payload["role"] == "部端工作人员" and result.payload["outcome"] == "pass"
    assert result.payload["route"] == "记录文件" and workspace.project.verify() == ()
    again = verdict(workspace)
    assert again.outcome is Outcome.PASS and "部端工作人员" in again.actual
    assert records.exit_status(entries) == 0 and "合格" in records.lines(workspace, entries)[1]


def test_a_loss_fails_with_its_leg_and_a_new_record_mends_it(workspace: Workspace, tmp_path: Path) -> None:
    own(workspace, SENT, ("B-2", 1, B, "2026-01-05T14:01:00+08:00"))
    entries = records.take(workspace, written(tmp_path, "a.jsonl", lines(CAME, **MINISTRY)))
    assert entries[-1].payload["outcome"] == "fail" and records.exit_status(entries) == 1
    assert entries[-1].payload["reason"] == "上报（本端→部端）途中：丢失 B-2"
    both = lines(CAME, ("B-2", 1, B, "2026-01-05T14:01:09+08:00"), **MINISTRY)
    entries = records.take(workspace, written(tmp_path, "b.jsonl", both))
    assert entries[-1].payload["outcome"] == "pass"


def test_each_city_is_a_leg_of_its_own(workspace: Workspace, tmp_path: Path) -> None:
    city = {"direction": "report", "side": "sent", "end": "city", "role": "市端信息中心"}
    entries = records.take(workspace, written(tmp_path, "a.jsonl", lines(SENT, node="510100", **city)))
    assert entries[0].subject.startswith("joint.vertical.report/sent/")
    assert entries[1].subject == "city-a/report/other" and "缺少本端" in entries[-1].payload["reason"]
    own_path = written(tmp_path, "own.jsonl", lines(CAME))
    assert records.keep(workspace, "city-a", "report", own_path)[-1].payload["outcome"] == "pass"
    assert verdict(workspace, "city-a").outcome is Outcome.PASS
    for bus, direction in (("city-b", "report"), ("city-a", "dispatch"), ("up", "report")):
        assert verdict(workspace, bus, direction).outcome is Outcome.UNKNOWN
    with pytest.raises(InputError, match="city-a、city-b"):
        records.take(workspace, written(tmp_path, "b.jsonl", lines(SENT, **city)))
    with pytest.raises(InputError, match="没有与它对应"):
        records.take(workspace, written(tmp_path, "c.jsonl", lines(SENT, node="519999", **city)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "空的"),
        ("hello", "没有表头"),
        (lines(CAME), "没有写明方向、收发、是哪一端、由谁"),
        (lines(CAME, **{**MINISTRY, "role": ""}), "没有写明由谁"),
        (lines(**MINISTRY), "一个批次也没有"),
        (lines(CAME, batches=2, **MINISTRY), "不完整"),
        (lines(CAME, **{**MINISTRY, "side": "sent"}), "不符"),
        (lines(CAME, **{**MINISTRY, "end": "province"}), "没有与它对应"),
        (lines(("=1+1", 1, A, ""), **MINISTRY), "公式"),
    ],
)
def test_what_does_not_belong_changes_nothing(workspace: Workspace, tmp_path: Path, text: str, words: str) -> None:
    before = workspace.project.heads()
    with pytest.raises(InputError, match=words) as refused:
        records.take(workspace, written(tmp_path, "x.jsonl", text))
    assert workspace.project.heads() == before and "\n" not in str(refused.value)


def test_this_ends_own_file_is_never_the_other_ends(workspace: Workspace, tmp_path: Path) -> None:
    own(workspace)
    exported = records.export(workspace, "up", "report", tmp_path / "out.jsonl")
    with pytest.raises(InputError, match="本项目自己导出"):
        records.take(workspace, exported)
    with pytest.raises(InputError, match="本项目自己导出"):
        records.keep(workspace, "up", "report", exported, "other", "部端工作人员")
    with pytest.raises(InputError, match="同一个文件"):
        records.keep(workspace, "up", "report", tmp_path / "own.jsonl", "other", "部端工作人员")


def test_the_other_end_needs_a_role_and_this_one_is_the_implementer(workspace: Workspace, tmp_path: Path) -> None:
    path = written(tmp_path, "other.csv", f"批次号,条数,SHA-256,时间\nB-1,3,{A},2026-01-05 14:00:07\n")
    with pytest.raises(InputError, match="--role"):
        records.keep(workspace, "up", "report", path, "other")
    own(workspace)
    assert workspace.project.current("record", "up/report/own")[-1].payload["role"] == "实施商"
    assert records.keep(workspace, "up", "report", path, "other", "部端工作人员")[-1].payload["outcome"] == "pass"


@pytest.mark.parametrize(("bus", "words"), [("bus1", "本地"), ("nobody", "没有总线")])
def test_only_a_bus_with_another_end_has_records(workspace: Workspace, tmp_path: Path, bus: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        records.keep(workspace, bus, "report", written(tmp_path, "x.jsonl", lines(SENT)))


def test_what_is_exported_is_taken_in_by_the_other_laptop(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The province reports to nobody here: its city's laptop takes the province's record of a dispatch."""
    path = written(tmp_path, "sent.jsonl", lines(SENT))
    records.keep(workspace, "city-a", "dispatch", path)
    exported = records.export(workspace, "city-a", "dispatch", tmp_path / "province.jsonl")
    plan = '[site]\nname = "某市"\nnode = "510100"\nparent = "510000"\n[[bus]]\nid = "up"\n'
    city_toml = written(tmp_path, "city.toml", f'{plan}url = "http://127.0.0.1:1/"\npeer = "ministry"\n')
    city = create(tmp_path / "city", city_toml)
    try:
        entries = records.take(city, exported)
        assert entries[1].subject == "up/dispatch/other" and entries[1].payload["role"] == "实施商"
        came = written(tmp_path, "came.jsonl", lines(CAME))
        assert records.keep(city, "up", "dispatch", came, role="市端信息中心")[-1].payload["outcome"] == "pass"
    finally:
        city.close()
    with pytest.raises(InputError, match="没有覆盖"):
        records.export(workspace, "city-a", "dispatch", exported)
    with pytest.raises(InputError, match="还没有记录"):
        records.export(workspace, "city-b", "dispatch", tmp_path / "none.jsonl")


def test_a_record_that_was_altered_or_withdrawn_proves_nothing_any_more(workspace: Workspace, tmp_path: Path) -> None:
    own(workspace)
    entries = records.take(workspace, written(tmp_path, "a.jsonl", lines(CAME, **MINISTRY)))
    kept = workspace.project.attachment(entries[1].payload["file"])
    content = kept.read_bytes()
    kept.write_bytes(content.replace(b"14:00:07", b"14:00:08"))
    altered = verdict(workspace)
    assert altered.outcome is Outcome.UNKNOWN and "已被改动" in altered.reason
    kept.unlink()
    assert verdict(workspace).outcome is Outcome.UNKNOWN
    kept.write_bytes(content)
    assert verdict(workspace).outcome is Outcome.PASS
    recording.withdraw_attachment(workspace, entries[0])
    withdrawn = verdict(workspace)
    assert withdrawn.outcome is Outcome.UNKNOWN and "缺少部端" in withdrawn.reason


def test_a_record_entry_that_names_no_hash_reads_no_file(workspace: Workspace, tmp_path: Path) -> None:
    belongs = record_files.Belongs(workspace.site.target("up"), "report", "own")  # type: ignore[arg-type]
    from app.evidence.project import Draft

    workspace.append(Draft("record", belongs.subject, {"file": "../../site.toml", "name": "x"}))
    assert record_files.RecordedExchanges(workspace).of("up", "report") == {}


def test_the_command_line_keeps_and_exports(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(workspace.folder)
    workspace.close()
    mine = str(written(tmp_path, "own.jsonl", lines(SENT)))
    theirs = str(written(tmp_path, "their.jsonl", lines(CAME)))
    call = ["record", folder, "up", "--direction", "report"]
    assert main([*call, "--file", mine]) == 3
    assert main([*call, "--file", theirs, "--end", "other"]) == 2
    assert main([*call, "--file", theirs, "--end", "other", "--role", "部端工作人员"]) == 0
    assert main([*call, "--out", str(tmp_path / "out.jsonl")]) == 0
    assert "合格" in capsys.readouterr().out


def test_a_service_case_needs_records_of_its_own(workspace: Workspace, tmp_path: Path) -> None:
    own(workspace)
    theirs = written(tmp_path, "a.jsonl", lines(CAME, **MINISTRY))
    assert records.take(workspace, theirs)[-1].payload["outcome"] == "pass"
    wanted = checking.Selection(pairs=(("joint.report", "up"),))
    (result,) = checking.check(workspace, wanted, scope="case-1")
    assert result.outcome is Outcome.UNKNOWN and "等待记录文件" in result.reason
    later = lines(("B-9", 1, A, "2026-03-01T09:00:00+08:00"))
    records.keep(workspace, "up", "report", written(tmp_path, "b.jsonl", later), scope="case-1")
    came = lines(("B-9", 1, A, "2026-03-01T09:00:03+08:00"), **MINISTRY)
    entries = records.take(workspace, written(tmp_path, "c.jsonl", came), "case-1")
    assert entries[-1].payload["outcome"] == "pass" and {entry.scope for entry in entries} == {"case-1"}
    assert verdict(workspace).outcome is Outcome.PASS


def test_a_record_from_before_the_bus_was_changed_no_longer_counts(workspace: Workspace, tmp_path: Path) -> None:
    own(workspace)
    records.take(workspace, written(tmp_path, "a.jsonl", lines(CAME, **MINISTRY)))
    profile = workspace.folder / "site.toml"
    profile.write_text(
        profile.read_text("utf-8").replace('peer = "ministry"', 'peer = "ministry"\ntitle = "新总线"'), "utf-8"
    )
    workspace.reload_profile()
    changed = verdict(workspace)
    assert changed.outcome is Outcome.UNKNOWN and "早于总线配置的改动" in changed.reason


def test_the_form_that_the_help_shows_is_the_one_that_is_read() -> None:
    help_text = (Path(__file__).parents[3] / "resources/help/2-checks.md").read_text("utf-8")
    sample = next(part for part in help_text.split("```") if "联调记录,1" in part)
    record = checks_records.read(sample.replace("（64 位十六进制）", A).encode("gbk"))
    assert record.head.role == "部端工作人员" and record.items[0].count == 1200 and record.items[0].sha256 == A
