"""Data files read strictly: each mistake is one error with file, line and key; what a file says is what is judged."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from defined_small import FILE, definition, folder_of, put, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_small import SmallOracle, judged, target_of

from app.base.errors import InputError, OnsiteError, UnavailableError
from app.base.toml_lines import parse
from app.checks import catalogue, definitions
from app.checks.database.defined import compare, made
from app.checks.definition import read
from app.checks.model import Outcome
from app.site.model import Site

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
NOT_APPLICABLE = Outcome.NOT_APPLICABLE


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def changed(old: str, new: str) -> str:
    assert old in FILE
    return FILE.replace(old, new, 1)


# Reading


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ('id = "oracle.sample"', 'id = "Oracle.Sample"', "id =", "id 要写成"),
        ('id = "oracle.sample"', 'id = "sample"', "id =", "id 要写成"),
        ('id = "oracle.sample"\n', "", "", "缺少必填的键 id"),
        ('title = "示例"\n', "", "", "缺少必填的键 title"),
        ('title = "示例"', "title = 3", "title =", "应是文字"),
        ('clause = "三、部署应用系统（一）"', 'clause = " "', "clause =", "不能为空"),
        ('expected = "都好"', 'expects = "都好"', "expects", "不认识的键 expects（是不是 expected？）"),
        ('expected = "都好"', 'expected = "都好"\ntable = "host"', "table =", "table 只能是 database"),
        ('expected = "都好"', 'expected = "都好"\nrole = "both"', "role =", "role 只能是"),
        ('expected = "都好"', 'expected = "都好"\nseconds = 0', "seconds =", "1 到 60"),
        ('expected = "都好"', 'expected = "都好"\nheavy = "yes"', "heavy =", "true 或 false"),
        ('fail = "请改正。"', 'bad = "请改正。"', "bad =", "不认识的键 bad"),
        ('empty = "unknown"', 'empty = "good"', "empty =", "empty 只能是"),
        ('empty_words = "没有行"\n', "", "[[question]]", "缺少必填的键 empty_words"),
        ('empty_words = "没有行"', 'empty_words = "没有行"\nper = "value"', "per =", "per 要写本问题里一个文字列"),
        ('empty_words = "没有行"', 'empty_words = "没有行"\nper = "name"', "per =", "planned_users"),
        ('empty_words = "没有行"', 'empty_words = "没有行"\neach_row = "pass"', "each_row =", "each_row 只能是"),
        ('empty_words = "没有行"', 'empty_words = "没有行"\nmost = 0', "most =", "1 到 20000"),
        ('[[question.query]]\nsql = "SELECT NAME, VALUE FROM V$SAMPLE"', "", "[[question]]", "缺少 [[question.query]]"),
        ('sql = "SELECT NAME', 'sql = "DELETE NAME', "sql =", "只能以 SELECT 或 WITH 开头"),
        ('V$SAMPLE"', 'V$SAMPLE;"', "sql =", "分号"),
        ('V$SAMPLE"', 'V$SAMPLE FOR UPDATE"', "sql =", "UPDATE"),
        ('V$SAMPLE"', 'DBA_HIST_SNAPSHOT"', "sql =", "Diagnostics Pack"),
        ('V$SAMPLE"', "V$SAMPLE WHERE A IN ({users})\"", "sql =", "不认识 {users}"),
        ('V$SAMPLE"', "V$SAMPLE WHERE A = {planned_users}\"", "sql =", "只能写在括号里"),
        ('V$SAMPLE"', "V$SAMPLE WHERE A IN ('({planned_users})')\"", "sql =", "只能写在括号里"),
        ('V$SAMPLE"', "V$SAMPLE WHERE A = '{'\"", "sql =", "不认识 {"),
        ('V$SAMPLE"', 'V$SAMPLE"\notherwise = ["SELECT 1 FROM T@B"]', "otherwise", "otherwise：只能写一条查询"),
        ('V$SAMPLE"', 'V$SAMPLE"\nversions = "10g"', "versions", "不是版本范围"),
        ('V$SAMPLE"', 'V$SAMPLE"\nversion = ">=10"', "version =", "是不是 versions"),
        ('name = "value"', 'name = "Value"', 'name = "Value"', "只能用小写字母"),
        ('name = "value"', 'name = "name"', 'label = "值"', "已有叫 name 的列"),
        ('type = "number"', 'type = "numeric"', "type =", "type 只能是"),
        ('type = "number"', 'type = "moment"', 'fail = ">', "时间列只显示"),
        ('warn = ">= 85"', 'warn = 85', "warn =", "应是文字"),
        ('warn = ">= 85"', 'warn = "85%"', "warn =", "warn：要写成比较"),
        ('fail = ">= 97"', 'fail = "> expect.backup_day"', "fail = \"> ", "没有可以这样比较的键 backup_day"),
        ('warn = ">= 85"\nfail = ">= 97"\n', "", "[[question]]", "没有写任何判定"),
        ("[[question]]", "[question]", "[question]", "两层方括号"),
        ('unit = "%"', 'unit = "%', "unit =", "引号"),
        ('unit = "%"', 'unit = "%"\nunit = "%"', "", "已经写过一次"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_error_with_file_line_and_key(old: str, new: str, at: str, said: str) -> None:
    text = changed(old, new)
    with pytest.raises(InputError) as error:
        definition(text)
    told = str(error.value)
    assert said in told and told.startswith("sample.toml 第") and "\n" not in told
    if at and 'name = "name"' not in new:
        assert told.startswith(f"sample.toml 第{line_of(text, at)}行")


def test_a_second_column_of_that_name_is_the_one_that_is_wrong() -> None:
    text = changed('name = "value"', 'name = "name"')
    with pytest.raises(InputError) as error:
        definition(text)
    assert str(error.value).startswith(f"sample.toml 第{text[: text.rindex('name = ')].count(chr(10)) + 1}行")


@given(st.text(max_size=200))
@settings(max_examples=60)
def test_any_text_is_a_definition_or_one_error(text: str) -> None:
    try:
        read(parse(Path("sample.toml"), text.encode("utf-8", "replace")), text)
    except OnsiteError as error:
        assert str(error).startswith("sample.toml")


@given(st.lists(st.sampled_from(FILE.splitlines()), max_size=30))
@settings(max_examples=60)
def test_any_choice_of_lines_is_a_definition_or_one_error(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        read(parse(Path("sample.toml"), text.encode()), text)
    except OnsiteError as error:
        assert str(error).startswith("sample.toml")


# Judging


@given(st.decimals(0, 200, places=4, allow_nan=False, allow_infinity=False))
@settings(max_examples=100)
def test_the_gravest_threshold_that_is_reached_decides(value: Decimal) -> None:
    from app.checks.database.defined import Answer

    found = compare(definition(), [Answer((("A", value),))], target_of(1521))
    assert found.outcome is (FAIL if value >= 97 else WARN if value >= 85 else PASS)
    assert (found.reason == "") is (found.outcome is PASS)


@pytest.mark.parametrize(
    ("value", "outcome"),
    [(84, PASS), (Decimal("84.9999"), PASS), (85, WARN), (Decimal("96.9999"), WARN), (97, FAIL),
     (Decimal("97.0"), FAIL), ("97", FAIL), (" 97 ", FAIL)],
)  # fmt: skip
def test_values_over_a_real_connection_meet_their_boundary(value: Any, outcome: Outcome) -> None:
    result = sample([{"NAME": "A", "VALUE": value}])
    assert result.outcome is outcome
    assert "值 ≥ 97 % 不合格" in result.expected and "名称 A" in result.actual


@pytest.mark.parametrize("value", [None, "", "  ", "abc", "9,7", "NaN", "Infinity", -1, "0x10", "1 2"])
def test_null_and_nonsense_in_a_judged_column_are_undetermined_and_name_it(value: Any) -> None:
    result = sample([{"NAME": "B", "VALUE": 1}, {"NAME": "A", "VALUE": value}])
    assert result.outcome is UNKNOWN and "值 " in result.reason and "名称 A" in result.reason


def test_what_cannot_be_judged_hides_no_failure() -> None:
    result = sample([{"NAME": "A", "VALUE": None}, {"NAME": "B", "VALUE": 99}])
    assert result.outcome is FAIL and "名称 B" in result.reason and "空值" in result.reason
    assert result.advice == "请改正。"


def test_null_where_nothing_is_judged_is_only_shown() -> None:
    result = sample([{"NAME": None, "VALUE": 1}])
    assert result.outcome is PASS and "名称 空" in result.actual


@pytest.mark.parametrize(
    ("empty", "outcome"),
    [("pass", PASS), ("unknown", UNKNOWN), ("not_applicable", NOT_APPLICABLE), ("fail", FAIL), ("warn", WARN)],
)
def test_no_row_means_what_the_file_says(empty: str, outcome: Outcome) -> None:
    result = sample([], changed('empty = "unknown"', f'empty = "{empty}"'))
    assert result.outcome is outcome and "没有行" in result.actual + result.reason


def test_each_row_may_be_what_is_wrong() -> None:
    text = changed('empty = "unknown"', 'empty = "pass"\neach_row = "warn"')
    assert sample([], text).outcome is PASS
    assert sample([{"NAME": "A", "VALUE": 1}], text).outcome is WARN
    assert sample([{"NAME": "A", "VALUE": 99}], text).outcome is FAIL


def test_more_rows_than_allowed_are_undetermined() -> None:
    text = changed('empty = "unknown"', 'empty = "unknown"\nmost = 2')
    rows = [{"NAME": "A", "VALUE": 1}] * 3
    assert sample(rows[:2], text).outcome is PASS
    result = sample(rows, text)
    assert result.outcome is UNKNOWN and "超过 2 行" in result.reason


def test_a_query_with_other_columns_than_described_is_undetermined() -> None:
    result = sample([{"NAME": "A", "VALUE": 1}], changed("SELECT NAME, VALUE", "SELECT VALUE"))
    assert result.outcome is UNKNOWN and "1 列，定义里写了 2 列" in result.reason


def test_negative_numbers_count_only_where_the_file_says_so() -> None:
    text = changed('unit = "%"', 'unit = "%"\nnegative = true')
    assert sample([{"NAME": "A", "VALUE": -1}], text).outcome is PASS


def test_a_missing_column_is_asked_for_otherwise() -> None:
    text = changed('V$SAMPLE"', 'V$SAMPLE"\notherwise = ["SELECT NAME, 98 FROM V$SAMPLE"]').replace(
        "VALUE FROM", "X FROM"
    )
    assert sample([{"NAME": "A", "VALUE": 1}], text).outcome is FAIL
    assert sample([{"NAME": "A", "VALUE": 1}], text.replace("otherwise", "#")).outcome is UNKNOWN


def test_the_query_of_the_version_is_asked_and_all_are_shown() -> None:
    text = changed(
        'sql = "SELECT NAME, VALUE FROM V$SAMPLE"',
        'versions = "<18"\nsql = "SELECT NAME, 99 FROM V$SAMPLE"\n\n[[question.query]]\nversions = ">=18"\n'
        'sql = "SELECT NAME, VALUE FROM V$SAMPLE"',
    )
    check = made(definition(text))
    for release, outcome in (("19.0.0.0.0", PASS), ("11.2.0.4.0", FAIL), ("", UNKNOWN), ("?", UNKNOWN)):
        oracle = SmallOracle()
        oracle.views["V$INSTANCE"][0] |= {"VERSION": release, "VERSION_FULL": release}
        oracle.views["V$SAMPLE"] = [{"NAME": "A", "VALUE": 1}]
        assert put(oracle, check).outcome is outcome
        assert {sql for sql in oracle.statements if sql.startswith("SELECT")} <= {
            *check.shows(target_of(1521)), *(sql for sql in oracle.answers)}  # fmt: skip


PLANNED = changed('V$SAMPLE"', 'V$SAMPLE WHERE NAME IN ({planned_users})"')


def test_the_plans_names_stand_in_the_query_as_literals_and_nothing_else() -> None:
    check = made(definition(PLANNED))
    evil = "X') OR 1=1 --"
    (sql,) = check.shows(target_of(1521, expect=judged_plan(users=("jyjc", evil))))
    assert (
        sql
        == f"SELECT NAME, VALUE FROM V$SAMPLE WHERE NAME IN ('jyjc', 'JYJC', '{evil.replace(chr(39), chr(39) * 2)}')"
    )
    assert sample([{"NAME": "B", "VALUE": 99}], PLANNED, users=(evil,)).outcome is UNKNOWN
    assert sample([{"NAME": "JYJC", "VALUE": 99}], PLANNED, users=("jyjc",)).outcome is FAIL


def judged_plan(**more: Any) -> Any:
    from app.site.model import DatabaseExpect

    return DatabaseExpect(**more)


def test_without_the_plans_names_nothing_is_asked_and_it_is_not_planned() -> None:
    check = made(definition(PLANNED))
    assert list(check.shows(target_of(1521, expect=judged_plan()))) == []
    result = sample([{"NAME": "JYJC", "VALUE": 99}], PLANNED, users=())
    assert result.outcome is NOT_APPLICABLE and "方案未规定数据库用户（users）" in result.reason


def test_each_planned_name_must_have_its_row() -> None:
    text = PLANNED.replace('empty = "unknown"', 'empty = "fail"\nper = "name"')
    rows = [{"NAME": "JYJC", "VALUE": 1}]
    assert sample(rows, text, users=("jyjc",)).outcome is PASS
    result = sample(rows, text, users=("jyjc", "jyjh"))
    assert result.outcome is FAIL and "jyjh 没有行" in result.reason


def test_a_threshold_of_the_plan_is_judged_where_the_plan_has_it() -> None:
    text = changed('warn = ">= 85"\nfail = ">= 97"', 'fail = "> expect.backup_days"')
    rows = [{"NAME": "A", "VALUE": 8}, {"NAME": "B", "VALUE": 1}]
    result = sample(rows, text, backup_days=0)
    assert result.outcome is NOT_APPLICABLE and result.reason.count("方案未规定 backup_days") == 1
    assert sample(rows, text, backup_days=7).outcome is FAIL
    assert sample(rows, text, backup_days=8).outcome is PASS


def test_a_role_keeps_other_databases_out() -> None:
    check = made(definition(changed('expected = "都好"', 'expected = "都好"\nrole = "exchange"')))
    site = Site("示例省节点", "510000")
    assert check.concerns(target_of(1521, role="exchange"), site) and not check.concerns(target_of(1521), site)


def test_a_heavy_one_is_heavy_and_its_deadline_its_own() -> None:
    check = made(definition(changed('expected = "都好"', 'expected = "都好"\nheavy = true\nseconds = 20')))
    assert check.heavy and check.seconds == 20


# Folders

ADJUSTED = 'id = "oracle.blocking"\n[thresholds.seconds]\nwarn = ">= 10"\n'


def test_the_projects_files_add_checks_and_change_thresholds(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, sample=FILE, blocking=ADJUSTED)
    found = {check.id: check for check in catalogue.all_checks(folder)}
    shipped = {check.id: check for check in catalogue.all_checks()}
    assert set(found) - set(shipped) == {"oracle.sample"}
    assert catalogue.check("oracle.sample", folder).title == "示例"
    assert found["oracle.blocking"].digest() != shipped["oracle.blocking"].digest()
    assert {one for one in shipped if found[one].digest() != shipped[one].digest()} == {"oracle.blocking"}


def test_changed_thresholds_are_the_ones_judged_by(tmp_path: Path) -> None:
    from defined_small import blocked_row, kept_up

    (found,) = [one for one in catalogue.all_checks(folder_of(tmp_path, x=ADJUSTED)) if one.id == "oracle.blocking"]
    for seconds, outcome in ((9, PASS), (10, WARN), (119, WARN), (120, FAIL)):
        oracle = kept_up()
        oracle.views["GV$SESSION"].append(blocked_row(seconds))
        result = put(oracle, found)
        assert result.outcome is outcome
        assert "已阻塞 ≥ 10 秒 需关注" in result.expected and "≥ 60" not in result.expected


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (FILE.replace("oracle.sample", "oracle.charset"), 2, "oracle.charset 是程序自带的检查"),
        (FILE.replace("oracle.sample", "oracle.blocking"), 2, "已有编号为 oracle.blocking 的检查"),
        (ADJUSTED.replace("blocking", "charset"), 1, "oracle.charset 是程序自带的检查"),
        (ADJUSTED.replace("blocking", "nothing"), 1, "没有编号为 oracle.nothing 的检查定义"),
        (ADJUSTED.replace(".seconds", ".second"), 2, "不认识的列 second（是不是 seconds？）"),
        (ADJUSTED.replace("warn", "warning"), 3, "不认识的键 warning"),
        (ADJUSTED.replace(">= 10", "10"), 3, "warn：要写成比较"),
        (ADJUSTED.replace('warn = ">= 10"', ""), 2, "是空的"),
        ('id = "oracle.blocking"\n[thresholds]\n', 2, "没有改 oracle.blocking 的任何阈值"),
        (ADJUSTED + "[thresholds.event]\nfail = \">= 3\"\n", 5, "文字列只能用"),
        ('title = "x"\n' + ADJUSTED, 1, "不认识的键 title"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_projects_files_is_one_error_and_nothing_is_planned(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    folder = folder_of(tmp_path, own=text)
    with pytest.raises(InputError) as error:
        catalogue.plan(Site("示例省节点", "510000"), project=folder)
    assert said in str(error.value) and str(error.value).startswith(f"own.toml 第{line}行")


def test_two_files_of_one_id_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"b\.toml 第2行：编号 oracle\.sample 在 a\.toml 里已经用过"):
        definitions.definitions(folder_of(tmp_path, a=FILE, b=FILE))


def test_other_files_in_the_folder_are_passed_over(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, sample=FILE)
    (folder / "checks" / "说明.txt").write_text("x", encoding="utf-8")
    (folder / "checks" / "._sample.toml").write_bytes(b"\x00")
    assert len(definitions.definitions(folder)) == len(definitions.definitions()) + 1


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfei", "UTF-16"), ("id = \"中\"".encode("gbk"), "GBK"), (b"x = " + b"[" * 5000, "x.toml"),
     (b"#" * (definitions.LIMIT + 1), "太大")],
)  # fmt: skip
def test_a_file_that_is_no_text_of_ours_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    (folder_of(tmp_path) / "checks" / "x.toml").write_bytes(content)
    with pytest.raises(InputError, match=said):
        definitions.definitions(tmp_path)


def test_a_folder_where_a_file_belongs_is_told(tmp_path: Path) -> None:
    (folder_of(tmp_path) / "checks" / "x.toml").mkdir()
    with pytest.raises(InputError, match=r"x\.toml"):
        definitions.definitions(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "checks").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="文件夹读不了"):
        definitions.definitions(tmp_path / "other")


def test_the_kits_files_count_before_the_projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONSITE_KIT", str(folder_of(tmp_path / "kit", sample=FILE)))
    text = 'id = "oracle.sample"\n[thresholds.value]\nwarn = ">= 1"\n[advice]\nwarn = "看一看"\n'
    project = folder_of(tmp_path / "project", own=text)
    (found,) = [one for one in definitions.definitions(project) if one.id == "oracle.sample"]
    assert found.advice[WARN] == "看一看"
    result = put(sample_oracle(), made(found))
    assert result.outcome is WARN and result.advice == "看一看"


def sample_oracle() -> SmallOracle:
    oracle = SmallOracle()
    oracle.views["V$SAMPLE"] = [{"NAME": "A", "VALUE": 1}]
    return oracle


def test_an_installation_without_its_definitions_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.base import resources

    monkeypatch.setattr(resources, "shipped", lambda name: tmp_path / name)
    with pytest.raises(UnavailableError, match="安装不完整"):
        catalogue.all_checks()


def test_the_checks_digest_is_over_the_files_bytes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, sample=FILE)
    before = catalogue.check("oracle.sample", folder).digest()
    assert catalogue.check("oracle.sample", folder).digest() == before
    folder_of(tmp_path, sample=FILE + "# 备注\n")
    assert catalogue.check("oracle.sample", folder).digest() != before


def test_a_python_check_stays_what_it_was() -> None:
    assert judged(SmallOracle(), "charset").outcome is PASS
