"""What sqlplus prints is read back exactly, or not at all: values of every type, and answers that are not whole."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from oracle_dump import CODECS, asked, dump, internal

from app.checks.database import dumped, sqlplus_text
from app.checks.database.sqlplus_text import SqlplusTrouble, TooLong
from app.checks.model import Undetermined

GBK = st.text(st.characters(codec="gbk"), min_size=1, max_size=200)
DIGITS = st.integers(-(10**38) + 1, 10**38 - 1)
NUMBERS = st.one_of(DIGITS, st.builds(lambda whole, places: Decimal(whole).scaleb(-places), DIGITS, st.integers(0, 60)))
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda moment: moment.replace(microsecond=0))
VALUES = st.one_of(st.none(), GBK, NUMBERS, MOMENTS, st.binary(min_size=1, max_size=60))


def printed(sql: str, rows: list[tuple[Any, ...]], slices: int = 1, charset: str = "ZHS16GBK") -> str:
    """What a session with our settings prints for ``sql``: each column on a line of its own, then how many rows."""
    wrapped = asked(sqlplus_text.taken_apart(sql).wrapped(20001, slices))
    assert wrapped is not None
    lines = [item or "" for row in wrapped.rows(rows, charset) for item in row]
    return "\n".join([*lines, "", f"{len(rows) or 'no'} row{'s' if len(rows) != 1 else ''} selected.", ""]).replace(
        "no rows selected.", "no rows selected"
    )


def select(columns: int) -> str:
    return f"SELECT {', '.join(f'A{place}' for place in range(columns))} FROM V$X"


@given(st.integers(1, 5).flatmap(lambda n: st.lists(st.tuples(*[VALUES] * n), max_size=4).map(lambda r: (n, r))))
@example((2, [("NULL", None), ("{1.1 NULL}", "ORA-00942: x\n3 rows selected.\n"), (" \t'\"|,&;\r\n", "张三")]))
@example((1, [(None,), (None,)]))
def test_rows_come_back_as_they_are_in_the_database(told: tuple[int, list[tuple[Any, ...]]]) -> None:
    columns, rows = told
    found = sqlplus_text.rows(printed(select(columns), rows), columns)
    assert found == rows
    assert [[type(item) is Decimal for item in row] for row in found] == [
        [isinstance(item, Decimal) and item != item.to_integral_value() for item in row] for row in rows
    ]


@pytest.mark.parametrize("charset", CODECS)
def test_texts_are_read_in_the_database_s_own_character_set(charset: str) -> None:
    text = "Jyjc_01" if charset == "WE8ISO8859P1" else "就业数据_01"
    assert sqlplus_text.rows(printed(select(1), [(text,)], charset=charset), 1) == [(text,)]


@pytest.mark.parametrize("size", [1, 1199, 1200, 1201, 2400, 2401, 3601, 4000, 4800])
def test_long_values_are_read_whole_in_slices(size: int) -> None:
    rows = [("a" * size, 7), (None, None), ("b" * (size // 2 or 1), 8)]
    if size > sqlplus_text.SLICE:
        with pytest.raises(TooLong):
            sqlplus_text.rows(printed(select(2), rows), 2)
    found = sqlplus_text.rows(printed(select(2), rows, sqlplus_text.SLICES), 2)
    assert found == rows


def test_a_value_longer_than_all_slices_is_never_cut_short() -> None:
    with pytest.raises(TooLong):
        sqlplus_text.rows(printed(select(1), [("a" * 4801,)], sqlplus_text.SLICES), 1)


@given(st.lists(st.tuples(GBK, NUMBERS), min_size=1, max_size=5), st.data())
def test_an_answer_that_lost_anything_is_no_answer(rows: list[tuple[Any, ...]], data: st.DataObject) -> None:
    whole = printed(select(2), rows)
    cut = data.draw(st.integers(0, len(whole) - 3))
    lost = data.draw(st.sampled_from([whole[:cut], whole[cut:], _without(whole, data)]))
    try:
        found = sqlplus_text.rows(lost, 2)
    except (Undetermined, SqlplusTrouble, TooLong):
        return
    assert found == rows  # what was cut away were line ends


def _without(whole: str, data: st.DataObject) -> str:
    """One of the marked values is missing."""
    marks = list(sqlplus_text.MARKED.finditer(whole))
    mark = data.draw(st.sampled_from(marks))
    return whole[: mark.start()] + whole[mark.end() :]


def test_an_answer_with_columns_out_of_their_places_is_none() -> None:
    one, two = "{1.1 Typ=2 Len=2: c1,2}", "{2.1 Typ=2 Len=2: c1,3}"
    assert sqlplus_text.rows(f"{one}\n{two}\n\n1 row selected.\n", 2) == [(1, 2)]
    for body in (f"{two}\n{one}", f"{one}\n{one}", f"{one}", f"{one}\n{two}\n{two}", f"{one}\n{{2.2 NULL}}"):
        with pytest.raises(Undetermined):
            sqlplus_text.rows(f"{body}\n\n1 row selected.\n", 2)


@pytest.mark.parametrize(
    ("said", "begins"),
    [
        (
            "SELECT X FROM Y\n              *\nERROR at line 1:\nORA-00942: table or view does not exist\n\n\n",
            "ORA-00942",
        ),
        ("{1.1 NULL}\nERROR:\nORA-01555: snapshot too old\n\n\n\n1 row selected.\n", "ORA-01555"),
        ("SP2-0640: Not connected\n", "SP2-0640"),
        ("ERROR:\nORA-03114: not connected to ORACLE\n\n\n", "ORA-03114"),
    ],
)
def test_an_error_is_told_from_rows_whatever_came_before_it(said: str, begins: str) -> None:
    with pytest.raises(SqlplusTrouble, match=f"^{begins}"):
        sqlplus_text.rows(said, 1)


@pytest.mark.parametrize("said", ["", "{1.1 NULL}\n", "2 rows selected.\n1 row selected.\n", "Connected.\n"])
def test_an_answer_without_its_count_of_rows_is_none(said: str) -> None:
    with pytest.raises(Undetermined):
        sqlplus_text.rows(said, 1)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM DUAL", "SELECT A.*, B FROM A", "DELETE FROM X", "SELECT 1 FROM X; DROP TABLE Y",
        "SELECT 1 -- a\nFROM X", "SELECT 'a\nb' FROM X", "SELECT 1", "BEGIN NULL; END;", "",
    ],
)  # fmt: skip
def test_what_cannot_be_asked_by_sqlplus_is_said_and_not_sent(sql: str) -> None:
    with pytest.raises(Undetermined):
        sqlplus_text.taken_apart(sql)


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT 1 FROM DUAL", 1),
        ('SELECT A, TO_CHAR(B, \'YYYY, "MM\'), (SELECT MAX(X) FROM Y), "A,B" FROM T WHERE C IN (1, 2)', 4),
        ("SELECT A, B FROM T UNION ALL SELECT C, D FROM U ORDER BY 1", 2),
        ("WITH Q AS (SELECT A, B, C FROM T)\n  SELECT A,\n B FROM Q", 2),
        ("SELECT /*+ RULE, X */ A, DECODE(B, ',', 1, 2) FROM T", 2),
        ("SELECT DISTINCT OWNER, COUNT(*) FROM 就业.表 GROUP BY OWNER", 2),
    ],
)
def test_columns_are_counted_where_they_are_listed(sql: str, columns: int) -> None:
    assert sqlplus_text.taken_apart(sql).columns == columns


def test_an_ordered_query_stands_in_brackets_of_its_own() -> None:
    assert "UNION ALL SELECT * FROM (SELECT A FROM T ORDER BY A))" in sqlplus_text.taken_apart(
        "SELECT A FROM T ORDER BY A"
    ).wrapped(5)
    assert sqlplus_text.taken_apart("SELECT A, ROW_NUMBER() OVER (ORDER BY A) FROM T").bare


@given(st.lists(st.sampled_from(["A", "- B", "#C", "'x  #y'", "/ D", ". E", "@F", "AND", "'-'", "(1)"]), max_size=900))
def test_no_line_is_longer_than_sqlplus_takes_or_read_as_a_command(words: list[str]) -> None:
    statement = "SELECT " + " ".join(words)
    lines = sqlplus_text.typed(statement).split("\n")
    assert " ".join(lines).split() == statement.split()
    assert max(map(len, lines)) < 2400
    assert not any(line.rstrip().endswith("-") for line in lines[:-1])
    assert not any(re.match(r"\s*[#/.@!]|$", line) for line in lines[1:])


@given(NUMBERS)
def test_numbers_are_exact_to_their_last_figure(number: Decimal | int) -> None:
    kind, data = internal(number, "ZHS16GBK")
    found = dumped.value(kind, data, "")
    assert found == number and isinstance(found, int) == (Decimal(number) == Decimal(number).to_integral_value())


@pytest.mark.parametrize("data", [b"", b"\xff\x65", b"\x00", b"\xc1", b"\xc1\x00", b"\xc1\xff", b"\x3e\x66"])
def test_what_is_no_number_is_none(data: bytes) -> None:
    """The infinities too: no check means them."""
    with pytest.raises(dumped.Unreadable):
        dumped.value(dumped.NUMBER, data, "")


@pytest.mark.parametrize("order", ["little", "big"])
def test_sysdate_is_read_in_either_byte_order(order: Any) -> None:
    data = (2026).to_bytes(2, order) + bytes((11, 24, 19, 30, 5, 0))
    assert dumped.value(dumped.COMPUTED_DATE, data, "") == datetime(2026, 11, 24, 19, 30, 5)


def test_types_and_character_sets_that_are_not_known_are_unreadable() -> None:
    for kind, data, charset in ((181, b"x" * 13, ""), (1, b"\xe9", "EE8ISO8859P2"), (12, b"\0" * 7, "")):
        with pytest.raises(dumped.Unreadable):
            dumped.value(kind, data, charset)
    assert dumped.value(1, b"plain", "EE8ISO8859P2") == "plain"


def test_the_other_types_are_read() -> None:
    assert dumped.value(180, bytes((120, 126, 11, 24, 20, 31, 6)) + (5_000_000).to_bytes(4, "big"), "") == datetime(
        2026, 11, 24, 19, 30, 5, 5000
    )
    assert dumped.value(101, bytes.fromhex("bff8000000000000"), "") == Decimal("1.5")
    assert dumped.value(101, bytes.fromhex("4007ffffffffffff"), "") == Decimal("-1.5")
    assert dumped.value(1, "\U00020000".encode("utf-16-be").hex().encode(), "UTF8")
    assert dumped.value(1, b"\xed\xa1\x80\xed\xb0\x80", "UTF8") == "\U00020000"


def test_null_is_not_the_word_for_it() -> None:
    assert dump(None, "ZHS16GBK") == "NULL"
    assert sqlplus_text.rows("{1.1 NULL}\n{1.1 }\n\n2 rows selected.\n", 1) == [(None,), (None,)]
    assert sqlplus_text.rows("{1.1 Typ=1 Len=4: 4e,55,4c,4c}\n\n1 row selected.\n", 1) == [("NULL",)]
