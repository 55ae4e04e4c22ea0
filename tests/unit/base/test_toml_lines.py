"""Every key that tomllib reads has its line, whatever way it is written; every mistake is one Chinese line."""

import re
import string
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base.errors import InputError
from app.base.toml_lines import Document, KeyPath, Scanner, load

EXAMPLE = '''# a comment with [brackets] and = signs
top = 1

[site]  # "x
name = "示例省 # no comment"
"quoted key" = 'lit'
a.b . "c.d" = 1979-05-27 07:32:00Z

[[database]]
id = "db1"
expect = { version = ">=11.2", charset = "ZHS16GBK", code = { "JYJC.AA10" = 300 } }
text = """
one = 1
[no]
"" \\""" quotes""""
users = [
  "A", # first ]
  'B',
  { x = 1, y = [
    2,
    3,
  ] },
]

[[database]]
id = "db2"
[database.extra]
deep = true
[[database.list]]
z = 1
[[database.list]]
z = 2
'''


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "site.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def paths_of(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    found: set[KeyPath] = {path} if path else set()
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        found |= paths_of(item, (*path, key))
    return found


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("top",), 2),
        (("site",), 4),
        (("site", "quoted key"), 6),
        (("site", "a", "b", "c.d"), 7),
        (("database",), 9),
        (("database", 0), 9),
        (("database", 0, "id"), 10),
        (("database", 0, "expect", "charset"), 11),
        (("database", 0, "expect", "code", "JYJC.AA10"), 11),
        (("database", 0, "users"), 16),
        (("database", 0, "users", 1), 18),
        (("database", 0, "users", 2, "y", 1), 21),
        (("database", 1), 25),
        (("database", 1, "extra", "deep"), 28),
        (("database", 1, "list", 0, "z"), 30),
        (("database", 1, "list", 1), 31),
        (("database", 1, "list", 1, "z"), 32),
    ],
)
def test_each_key_has_its_line(tmp_path: Path, key: KeyPath, line: int) -> None:
    assert load(write(tmp_path, EXAMPLE)).lines[key] == line


def test_windows_line_ends_count_the_same(tmp_path: Path) -> None:
    assert load(write(tmp_path, EXAMPLE.replace("\n", "\r\n"))).lines == Scanner(EXAMPLE).lines()


def test_exactly_the_keys_that_the_parser_reads_are_found() -> None:
    assert set(Scanner(EXAMPLE).lines()) == paths_of(tomllib.loads(EXAMPLE))


def test_an_unknown_key_is_placed_at_what_stands_around_it(tmp_path: Path) -> None:
    document = load(write(tmp_path, EXAMPLE))
    assert document.line(("database", 0, "expect", "no", "such")) == 11
    assert document.line(("nowhere",)) == 1
    assert str(document.error(("database", 1, "id"), "坏")) == "site.toml 第26行：坏"


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    assert load(write(tmp_path, b"\xef\xbb\xbfa = 1\n")).values == {"a": 1}


# Text that a person could write, with the quotes and brackets that confuse a scanner.
TEXT = st.text(st.sampled_from("ab中 #=[]{},.'\"\\\n\t"), max_size=8)
BARE = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=5)


def basic(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def multi_line(text: str) -> str:
    return '"""\n' + text.replace("\\", "\\\\").replace('"""', '""\\"').rstrip('"') + '"""'


KEY = st.one_of(BARE, BARE.map(lambda key: f"'{key} #'"), TEXT.map(basic))
SCALAR = st.one_of(
    TEXT.map(basic),
    TEXT.map(multi_line),
    BARE.map(lambda text: f"'{text}#['"),
    BARE.map(lambda text: f"'''\n{text}']\n'''"),
    st.sampled_from(["1", "-2.5e3", "true", "1979-05-27 07:32:00Z", "inf", "0xFF", "''", '""', "07:32:00"]),
)
BLANK = st.sampled_from(["", " ", "\n", " # [c]\n", "\n\n\t"])


TRAILING = st.sampled_from(["", ","])


@st.composite
def arrays(draw: st.DrawFn, inside: st.SearchStrategy[str]) -> str:
    parts = [draw(BLANK) + item + draw(BLANK) for item in draw(st.lists(inside, max_size=3))]
    comma = draw(TRAILING) if parts else ""
    return "[" + ",".join(parts) + comma + draw(BLANK) + "]"


@st.composite
def inline_tables(draw: st.DrawFn, inside: st.SearchStrategy[str]) -> str:
    pairs = draw(st.lists(st.tuples(KEY, inside), max_size=3))
    return "{ " + " , ".join(f"{key} = {value}" for key, value in pairs) + " }"


VALUE = st.recursive(SCALAR, lambda inside: st.one_of(arrays(inside), inline_tables(inside)), max_leaves=6)
DOTTED = st.lists(KEY, min_size=1, max_size=3).map(" . ".join)
STATEMENT = st.one_of(
    st.builds("{} = {}".format, DOTTED, VALUE),
    DOTTED.map(lambda key: f"[{key}]"),
    DOTTED.map(lambda key: f"[[ {key} ]]  # c"),
    st.just("# only a comment"),
    st.just(""),
)


@given(st.lists(STATEMENT, max_size=8).map("\n".join))
def test_whatever_the_parser_accepts_the_scanner_follows(text: str) -> None:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = Scanner(text).lines()
    assert set(lines) == paths_of(values)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


@given(st.lists(st.tuples(BARE, VALUE), max_size=6, unique_by=lambda pair: pair[0]))
def test_a_key_stands_on_the_line_where_it_was_written(pairs: list[tuple[str, str]]) -> None:
    text, expected = "", {}
    for key, value in pairs:
        expected[key] = text.count("\n") + 1
        text += f"{key} = {value}\n"
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    lines = Scanner(text).lines()
    assert {key: lines[(key,)] for key in expected} == expected


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a = 1\na = 2\n", 2, "已经写过"),
        ("[a]\nb = 1\n[a]\n", 3, "已经写过"),
        ("a = 'x\nb = 1\n", 1, "引号"),
        ('a = "x\nb = 1\n', 1, "引号"),
        ('a = 1\nb = "C:\\dir"\n', 2, "反斜杠"),
        ("a = 1\nb = 中文\n", 2, "加引号"),
        ("a = 1\nb\n", 2, "等号"),
        ("[a\nb = 1\n", 1, "]"),
        ("a = [1,\n2\n", 2, "列表"),
        ("a = { b = 1\n", 1, "花括号"),
        ("a = 1 b = 2\n", 1, "一行"),
        ("\n= 1\n", 2, "写法不对"),
        ("b = 1\na = '''x\n\n", 2, "引号"),
        ('b = 1\na = """x\n\n', 2, "引号"),
        ("a = 2026-02-30\n", 1, "写法不对"),
    ],
)
def test_a_syntax_error_is_one_chinese_line_with_its_place(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(InputError) as caught:
        load(write(tmp_path, text))
    message = str(caught.value)
    assert message.startswith(f"site.toml 第{line}行：")
    assert words in message
    assert "\n" not in message
    assert not re.search(r"[a-z]{6,}", message.removeprefix("site.toml"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a = 1\nb = '中文'\n".encode("gbk"), "第2行：不是 UTF-8"),
        ("a = 1\n".encode("utf-16"), "UTF-16"),
        (b"a = " + b"[" * 100_000, "嵌套太深"),
        (b"a = " + b"9" * 5000, "第1行"),
        (b"a = '" + b"x" * (1 << 20) + b"'", "太大"),
    ],
)
def test_a_file_that_is_no_text_of_ours_is_refused_in_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load(write(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"现场配置文件读不了.*nowhere\.toml.*不存在"):
        load(tmp_path / "nowhere.toml", "现场配置文件")


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="文件夹"):
        load(tmp_path)


def test_an_empty_file_is_an_empty_document(tmp_path: Path) -> None:
    assert load(write(tmp_path, "")) == Document(tmp_path / "site.toml", {}, {})
