"""A mistake in a workflow file is told once, in one line, with the file and the line where it stands."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from app.base import resources
from app.base.errors import InputError
from app.workflow.load import load
from app.workflow.model import Column, Field, FieldType, Rule, Selector, Signoff, Slot

GOOD = """\
clause = [{ id = "1.1", text = "做好第一件事。" }]

[[phase]]
id = "plan"
chapter = "一"
title = "确定实施方案"

[[phase.step]]
id = "plan.first"
title = "第一步"
responsible = "实施商"
serves = ["1.1"]
guidance = "先看。再做。"
done = { all = ["field:size", { any = ["checks", "evidence:photo"] }, "signoff:unit"] }
fields = [
  { id = "size", title = "大小", type = "number", unit = "MB", required = true },
  { id = "mode", title = "方式", type = "choice", choices = ["甲", "乙"] },
  { id = "rows", title = "清单", type = "table", columns = [{ id = "name", title = "名称", width = 2 }] },
]
checks = [{ check = "oracle.*", kind = "database", role = "monitoring" }]
evidence = [
  { id = "photo", title = "照片" },
  { id = "scan", title = "扫描件", accepts = "form", form = "附表1" },
]
signoffs = [{ id = "unit", title = "已看过", role = "地方实施责任单位" }]

[[phase.step]]
id = "plan.second"
title = "第二步"
responsible = "地方实施责任单位"
guidance = "看。"
done = { any = ["field:note"] }
fields = [{ id = "note", title = "说明", type = "text" }]
"""

# What is replaced in the good file, by what, and a word of the message; the mistake stands where that was written.
MISTAKES = (
    ('chapter = "一"', 'chapters = "一"', "chapters"),
    ('title = "第一步"', 'titel = "第一步"', "titel"),
    ('unit = "MB"', 'units = "MB"', "units"),
    ('type = "number"', 'type = "digits"', "digits"),
    (', type = "text" }', " }", "type"),
    ('id = "plan.second"', 'id = "plan.first"', "第 9 行"),
    ('id = "mode"', 'id = "size"', "第 16 行"),
    ('id = "photo"', 'id = "mode"', "第 17 行"),
    ('"field:size"', '"field:sise"', "sise"),
    ('"evidence:photo"', '"evidence:scn"', "scn"),
    ('"signoff:unit"', '"signoff:boss"', "boss"),
    ('"signoff:unit"', '"click"', "click"),
    ('any = ["field:note"]', 'any = ["checks"]', "checks"),
    ('any = ["field:note"]', "any = []", "any"),
    ('any = ["field:note"]', 'any = ["field:note"], all = ["field:note"]', "all"),
    ('any = ["field:note"]', 'none = ["field:note"]', "none"),
    ('any = ["field:note"]', 'any = "field:note"', "列表"),
    ('kind = "database"', 'kind = "databases"', "databases"),
    ('role = "monitoring"', 'role = "auth"', "auth"),
    ('role = "monitoring"', 'peer = "local"', "peer"),
    (', form = "附表1"', "", "form"),
    ('accepts = "form"', 'accepts = "paper"', "paper"),
    ('accepts = "form", form', "form", "form"),
    (', columns = [{ id = "name", title = "名称", width = 2 }]', "", "columns"),
    (', choices = ["甲", "乙"]', "", "choices"),
    ('unit = "MB"', 'choices = ["甲"]', "choices"),
    ('serves = ["1.1"]', 'serves = ["1.2"]', "1.2"),
    ('responsible = "实施商"', 'responsible = "厂家"', "厂家"),
    ('guidance = "看。"', 'guidance = ""', "guidance"),
    ('role = "地方实施责任单位"', 'role = ""', "role"),
    ('id = "plan.second"', 'id = "joint.second"', "joint.second"),
    ('id = "size"', 'id = "Size"', "Size"),
    ("width = 2", "width = 0", "width"),
)


def written(folder: Path, text: str) -> Path:
    path = folder / "workflow.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_the_file_says_is_what_is_read(tmp_path: Path) -> None:
    (phase,) = load(written(tmp_path, GOOD)).phases
    first, second = phase.steps
    assert (phase.id, phase.number, phase.chapter, phase.title) == ("plan", 1, "一", "确定实施方案")
    assert first.done == Rule("all", ("field:size", Rule("any", ("checks", "evidence:photo")), "signoff:unit"))
    assert first.fields == (
        Field("size", "大小", FieldType.NUMBER, required=True, unit="MB"),
        Field("mode", "方式", FieldType.CHOICE, choices=("甲", "乙")),
        Field("rows", "清单", FieldType.TABLE, columns=(Column("name", "名称", 2),)),
    )
    assert first.checks == (Selector("oracle.*", "database", "monitoring"),)
    assert first.evidence == (Slot("photo", "照片"), Slot("scan", "扫描件", "form", "附表1"))
    assert first.signoffs == (Signoff("unit", "已看过", "地方实施责任单位"),)
    assert (first.serves, first.guidance, first.ours) == (("1.1",), "先看。再做。", False)
    assert (second.responsible, second.done) == ("地方实施责任单位", Rule("any", ("field:note",)))


def refused(folder: Path, text: str) -> tuple[int, str]:
    """The line and the words of the error, which must be one line naming the file."""
    with pytest.raises(InputError) as caught:
        load(written(folder, text))
    told = str(caught.value)
    found = re.fullmatch(r"workflow\.toml 第(\d+)行：(.+)", told)
    assert found, told
    return int(found[1]), found[2]


@pytest.mark.parametrize(("good", "bad", "word"), MISTAKES, ids=[f"{m[1]} for {m[0]}" for m in MISTAKES])
def test_a_mistake_is_told_in_one_line_with_its_place(tmp_path: Path, good: str, bad: str, word: str) -> None:
    assert GOOD.count(good) == 1
    line, told = refused(tmp_path, GOOD.replace(good, bad))
    assert line == GOOD[: GOOD.index(good)].count("\n") + 1
    assert word in told


def test_a_step_that_does_not_say_when_it_is_done_is_told_at_its_head(tmp_path: Path) -> None:
    line, told = refused(tmp_path, GOOD.replace('done = { any = ["field:note"] }\n', ""))
    assert line == GOOD[: GOOD.rindex("[[phase.step]]")].count("\n") + 1
    assert "done" in told


def test_what_is_not_toml_is_told_with_its_line(tmp_path: Path) -> None:
    line, _ = refused(tmp_path, GOOD.replace('serves = ["1.1"]', 'serves = ["1.1"'))
    assert abs(line - GOOD[: GOOD.index("serves")].count("\n") - 1) <= 1


@pytest.mark.parametrize(
    "text", ["", "phase = []\n", "phase = 3\n", '[[phase]]\nid = "plan"\nchapter = "一"\ntitle = "a"\n']
)
def test_a_file_without_steps_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"^workflow\.toml 第\d+行："):
        load(written(tmp_path, text))


def test_a_file_that_is_not_there_or_not_utf8_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"workflow\.toml"):
        load(tmp_path / "workflow.toml")
    path = tmp_path / "workflow.toml"
    path.write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(InputError, match=r"workflow\.toml 第1行"):
        load(path)


def test_line_breaks_in_a_name_do_not_break_the_message(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(written(tmp_path, GOOD.replace('"plan.second"', '"plan.\\nsecond"')))
    assert len(str(caught.value).splitlines()) == 1


def test_the_shipped_file_is_read_while_nobody_notices() -> None:
    """Under 30 ms on a free processor; the bound leaves room for a busy one."""
    path = resources.shipped("workflow.toml")
    taken = []
    for _ in range(5):
        started = time.thread_time()
        load(path)
        taken.append(time.thread_time() - started)
    assert min(taken) < 0.06
