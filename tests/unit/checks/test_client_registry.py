"""Registry exports: every kind of value and encoding is read as it was; what is no export is undetermined."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registry_exports import HEAD, exported, hexed, text

from app.checks.client.reg_file import LARGEST, read
from app.checks.client.registry import NOTHING, ExportedRegistry, Key
from app.checks.model import Undetermined

PATH = r"HKEY_CURRENT_USER\Software\示例"


def only(value: str, head: str = HEAD, encoding: str = "utf-16") -> object:
    """What one value is read as."""
    found = read(text({PATH: {"名": value}}, head).encode(encoding)).key(r"HKCU\software\示例")
    assert found
    return found.value("名")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("dword:0000000a", 10),
        ("dword:ffffffff", 0xFFFFFFFF),
        (r'"C:\\Program Files\\驱动\\a \"b\".dll"', 'C:\\Program Files\\驱动\\a "b".dll'),
        ('""', ""),
        ('"a\r\nb"', "a\nb"),
        (hexed("%SystemRoot%\\system32\\某.dll\0".encode("utf-16-le"), "hex(2)"), "%SystemRoot%\\system32\\某.dll"),
        (hexed("一\0二\0\0".encode("utf-16-le"), "hex(7)"), ("一", "二")),
        (hexed(bytes(range(100))), bytes(range(100))),
        (hexed((1 << 40).to_bytes(8, "little"), "hex(b)"), 1 << 40),
        (hexed((9).to_bytes(4, "little"), "hex(4)"), 9),
        (hexed((9).to_bytes(4, "big"), "hex(5)"), 9),
        ("hex:", b""),
    ],
)
def test_every_kind_of_value_is_read(written: str, value: object) -> None:
    assert only(written) == value


def test_an_old_export_in_gbk_is_read() -> None:
    assert only('"仿宋"', "REGEDIT4", "gb18030") == "仿宋"
    assert only(hexed("仿宋\0".encode("gbk"), "hex(2)"), "REGEDIT4", "gb18030") == "仿宋"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "utf-8-sig"])
def test_the_encoding_is_found_out(encoding: str) -> None:
    assert only('"仿宋"', encoding=encoding) == "仿宋"


def test_names_know_no_capitals_and_keys_below_are_listed() -> None:
    registry = exported({r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Edge\Deep": {"@x": '"y"'}})
    found = registry.key(r"HKLM\software\POLICIES\Microsoft\edge")
    assert found and [name.lower() for name in found.subkeys] == ["deep"]


def test_a_default_value_has_an_empty_name() -> None:
    found = read(f'{HEAD}\r\n\r\n[{PATH}]\r\n@="那个"\r\n'.encode("utf-16")).key(PATH)
    assert found == Key({"": "那个"}, ())


def test_what_lies_below_an_exported_key_and_is_not_there_is_absent_and_the_rest_is_unknown() -> None:
    registry = exported()
    assert registry.key(r"HKLM\SOFTWARE\Policies\Microsoft\Edge\Nothing") is None
    with pytest.raises(Undetermined, match="没有注册表"):
        registry.key(r"HKLM\SYSTEM\CurrentControlSet")
    with pytest.raises(Undetermined):
        registry.key(r"HKLM\SOFTWARE\Policies\Microsoft\EdgeOther")


def test_numbers_in_text_count_as_numbers_and_nothing_else_does() -> None:
    key = Key({"a": "2", "b": 3, "c": "two", "d": b"4"})
    assert [key.number(name) for name in "abcde"] == [2, 3, None, None, None]
    assert NOTHING.number("a") is None


@pytest.mark.parametrize(
    "body",
    [
        '"a"="b"',  # before any key
        f"[{PATH}",
        f"[-{PATH}]",
        f'[{PATH}]\r\n"a"=dword:xyz',
        f'[{PATH}]\r\n"a"=hex:0g',
        f'[{PATH}]\r\n"a"="open',
        f'[{PATH}]\r\n"a"=hex:00,\\',
        f"[{PATH}]\r\nnonsense",
        f'[{PATH}]\r\n"a"=-',
    ],
)
def test_what_is_no_export_is_undetermined(body: str) -> None:
    with pytest.raises(Undetermined, match="看不懂"):
        read(f"{HEAD}\r\n\r\n{body}\r\n".encode("utf-16"))


def test_another_first_line_and_too_much_are_undetermined() -> None:
    with pytest.raises(Undetermined, match="第一行"):
        read(b"<html>")
    with pytest.raises(Undetermined, match="MiB"):
        read(b"x" * (LARGEST + 1))
    with pytest.raises(Undetermined, match="编码"):
        read(b"\xff\xff\x80")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for content in (data, f"{HEAD}\r\n\r\n[{PATH}]\r\n".encode() + data):
        with contextlib.suppress(Undetermined):
            assert isinstance(read(content), ExportedRegistry)


TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=40)


@given(st.dictionaries(TEXT.filter(bool), TEXT | st.integers(0, 2**32 - 1), max_size=5))
def test_what_was_exported_comes_back(values: dict[str, str | int]) -> None:
    escaped = {
        re.sub(r'([\\"])', r"\\\1", name): f"dword:{value:08x}"
        if isinstance(value, int)
        else '"' + re.sub(r'([\\"])', r"\\\1", value) + '"'
        for name, value in values.items()
    }
    found = read(text({PATH: escaped}).encode("utf-16")).key(PATH)
    assert found and dict(found.values) == values
