"""Pages and XML made to cost their reader hours or gigabytes: read in the blink of an eye, or not at all."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from app.checks.database.reading import number
from app.checks.database.routes import value_of
from app.checks.http import HttpAnswer
from app.checks.model import Outcome, Undetermined
from app.checks.pages import has_password_field, text_of, title
from app.checks.reading import judge_page
from app.checks.xml import DEEPEST, MOST_ELEMENTS, parsed

PUMPS = ["<title>", "<title ", "<title></title ", "<input ", "<input type=", "<title>&#", "&amp", "</title", "< title"]


def page(body: bytes, content_type: str = "text/html") -> HttpAnswer:
    return HttpAnswer(200, "OK", {"content-type": content_type}, body, 0.1)


@pytest.mark.parametrize("pump", PUMPS)
@pytest.mark.parametrize("head", ["", "<title>", "<input "])
def test_a_page_that_opens_tags_without_end_is_read_once(pump: str, head: str) -> None:
    answer = page((head + pump * (2_000_000 // len(pump))).encode())
    began = time.process_time()
    title(answer), has_password_field(answer)
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "raw_unicode_escape", "utf-7", "zip", "hex"])
def test_a_charset_that_no_page_has_is_not_used(charset: str) -> None:
    answer = page(b"<title>a\\u202e" + b"a." * 1_000_000 + b"</title>", f"text/html; charset={charset}")
    began = time.process_time()
    assert text_of(answer).startswith("<title>a\\u202e")
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("charset", ["gbk", "gb2312", "gb18030", "GB_2312-80", "utf-8", "utf-16"])
def test_chinese_titles_are_read_by_the_charset_that_the_page_names(charset: str) -> None:
    known = "gb18030" if charset == "GB_2312-80" else charset
    body = "<html><head><title>就业监测</title>".encode(known) + "的".encode(known) * 10
    assert title(page(body, f"text/html; charset={charset}")) == "就业监测"


def test_a_long_page_that_is_cut_within_a_character_still_has_its_title() -> None:
    assert title(page("<title>登录</title>".encode("gbk") + "好".encode("gbk") * 700_000)) == "登录"
    assert title(page("<title>登录</title> ".encode() + "好".encode() * 700_000)) == "登录"


def test_a_reference_to_a_character_of_thousands_of_digits_breaks_nothing() -> None:
    assert title(page(b"<title>&#" + b"9" * 5000 + b";</title>")) in ("\ufffd", "")
    assert title(page(b"<title>a &amp; b&#x4e00;</title>")) == "a & b一"


@pytest.mark.parametrize(
    "content", [b"<a>" * 1_000_000, b"<r>" + b"<a/>" * 1_000_000 + b"</r>", b"<a>" * (DEEPEST + 1)]
)
def test_xml_that_is_too_large_or_too_deep_is_not_built(content: bytes) -> None:
    with pytest.raises(Undetermined):
        parsed(content)


def test_xml_at_the_limits_is_built() -> None:
    assert parsed(b"<a>" * DEEPEST + b"</a>" * DEEPEST) is not None
    assert parsed(b"<r>" + b"<a/>" * (MOST_ELEMENTS - 1) + b"</r>") is not None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_document_type_is_refused_in_every_encoding(encoding: str) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    with pytest.raises(Undetermined):
        parsed(bomb.encode(encoding))


@pytest.mark.parametrize("sign", ["\x1b[2J", "\x00", "\x9b", "\u202e", "\u2066"])
def test_a_title_that_hides_something_is_no_proof_of_a_service(sign: str) -> None:
    verdict = judge_page(page(f"<title>就业{sign}监测</title>".encode()))
    assert verdict.outcome is Outcome.UNKNOWN and "控制字符" in verdict.reason


def test_a_packed_page_that_nobody_asked_for_is_not_read() -> None:
    packed = HttpAnswer(200, "OK", {"content-encoding": "gzip"}, b"<title>a</title>", 0.1)
    assert judge_page(packed).outcome is Outcome.UNKNOWN
    assert judge_page(page(b"<title>a</title>")).outcome is Outcome.PASS


@pytest.mark.parametrize(
    "written", ["０１２", "1_000", "١٢", "1e99999", "0x10", "1 2", "--1", "1e", "NaN", "-1", "1e30"]
)
def test_what_only_looks_like_a_number_is_none(written: str) -> None:
    with pytest.raises(Undetermined):
        number(written, "列")


@pytest.mark.parametrize(("written", "read"), [("12", 12), (" 12 ", 12), ("1e3", 1000), ("12.7", 12), (".5", 0)])
def test_a_number_as_oracle_writes_it_is_read(written: str, read: int) -> None:
    assert number(written, "列") == read


def test_a_number_that_would_fill_the_memory_stays_as_it_is() -> None:
    assert value_of(Decimal("1e9999999")) == Decimal("1e9999999")
    assert value_of(Decimal("12.0")) == 12 and isinstance(value_of(1e308), int)
