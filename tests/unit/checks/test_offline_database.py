"""The script for SQL*Plus: it asks what the checks ask, and its output leads to the very verdicts of a direct check."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle_small import LEGACY, THIN, SmallOracle, results, serving, surroundings_of, target_of
from sqlplus_stand_in import expression, printed

from app.checks import replay, runner
from app.checks.database.checks import CHECKS
from app.checks.database.session import OracleSession
from app.checks.model import Outcome, Planned, Result
from app.checks.offline import marks, output, sqlplus, writing
from app.checks.offline.select_list import named
from app.site.model import Database

NONCE = "0123456789abcdef"
HEAD = {"kind": "database", "target": "db1"}


def pairs(target: Database) -> list[Planned]:
    site = surroundings_of(target).site
    return [Planned(one, target) for one in CHECKS if writing.covers(one, target) and one.concerns(target, site)]


def script(target: Database) -> str:
    return writing.script(target, pairs(target), HEAD, NONCE).decode()


def spooled(target: Database, change: Callable[[str], str] = lambda text: text, buffer: int | None = None) -> bytes:
    """What the script prints when it is run where ``target`` is."""
    session = OracleSession(target, surroundings_of(target))

    def ask(sql: str) -> Sequence[Sequence[Any]]:
        if "SYSTIMESTAMP" in sql and '"T"' in sql:
            return [(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00"),)]
        if "SYS_CONTEXT" in sql and "CON_NAME" not in sql:
            return [("JYJC",)]
        return session.select(sql, most=30_000)

    try:
        return change(printed(script(target), ask, buffer)).encode("ascii")
    finally:
        session.close()


def taken(target: Database, data: bytes) -> dict[str, Result]:
    """The results over that output."""
    brought = replay.given(output.read(data))
    found: list[Result] = []
    around = surroundings_of(target)
    runner.run(pairs(target), around, found.append, lambda one, there: replay.replayed(one, there, brought))
    return {result.check: result for result in found}


def said(result: Result) -> tuple[Any, ...]:
    return (result.outcome, result.expected, result.actual, result.reason, result.observed)


def test_the_script_holds_exactly_the_statements_of_the_checks() -> None:
    target = target_of(1521)
    wanted = {text for pair in pairs(target) for text in pair.check.shows(target) if text.startswith("SELECT ")}
    text = script(target)
    asked = [expression(one) for one in re.findall(r"  q VARCHAR2\(32767\) := (.*?;\n)", text, re.DOTALL)]
    assert sorted(asked) == sorted(map(named, wanted))
    told = text.split("PROMPT @@onsite 0123456789abcdef ask ")[1:]
    assert len(told) == len(wanted)
    assert {_told(one) for one in told} == wanted


def _told(block: str) -> str:
    """The statement that a block says it asks."""
    return marks.unescaped("".join(re.findall(r"^PROMPT :(.*)~$", block, re.MULTILINE)))


def test_the_script_only_looks_and_is_plain_text_that_sqlplus_reads_as_it_stands() -> None:
    text = script(target_of(1521))
    body = "\n".join(line for line in text.split("\n") if not line.startswith("-- "))
    assert body.isascii()
    assert not re.search(
        r"(?i)\b(?:insert|update|delete|merge|drop|alter|create|grant|truncate)\s+(?!'|session privs)",
        re.sub(r"'(?:[^']|'')*'", "''", body),
    )
    assert max(map(len, text.split("\n"))) < 1000
    assert not [line for line in text.split("\n") if line.endswith("-")]
    assert "SET TRANSACTION READ ONLY" in text and "DBA_HIST" not in text and "identified by" not in text.lower()


@pytest.mark.parametrize("version", [THIN, LEGACY])
def test_the_output_leads_to_the_verdicts_of_the_direct_check(version: int) -> None:
    with serving(SmallOracle(field_version=version)) as port:
        target = target_of(port)
        direct, brought = results(target), taken(target, spooled(target))
    assert len(brought) > 15
    assert {check: said(result) for check, result in brought.items()} == {
        check: said(direct[check]) for check in brought
    }
    assert {result.route for result in brought.values()} == {"客户提供"}


def sick(oracle: SmallOracle) -> None:
    """A database with something wrong in most places."""
    oracle.views["DBA_TABLESPACES"][3]["STATUS"] = "OFFLINE"
    oracle.views["DBA_USERS"][1] |= {"ACCOUNT_STATUS": "EXPIRED", "EXPIRY_DATE": datetime(2026, 11, 1)}
    oracle.views["NLS_DATABASE_PARAMETERS"][0]["VALUE"] = "AL32UTF8"
    oracle.views["GV$RESOURCE_LIMIT"][0]["CURRENT_UTILIZATION"] = 950
    oracle.drop_view("DBA_UNDO_EXTENTS", "GV$SGA")
    oracle.drop_column("V$INSTANCE", "VERSION_FULL")
    oracle.views["JYJC.AA10"] = oracle.views["JYJC.AA10"][:3]
    oracle.views["JYJH.就业登记"] = []


def test_a_sick_database_is_judged_alike_by_either_way() -> None:
    oracle = SmallOracle()
    sick(oracle)
    with serving(oracle) as port:
        target = target_of(port)
        direct, brought = results(target), taken(target, spooled(target))
    assert {check: said(result) for check, result in brought.items()} == {
        check: said(direct[check]) for check in brought
    }
    assert {result.outcome for result in brought.values()} >= {Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS}


def test_an_output_that_is_cut_off_anywhere_passes_nothing_that_it_does_not_hold() -> None:
    with serving(SmallOracle()) as port:
        target = target_of(port)
        whole, data = taken(target, spooled(target)), spooled(target)
    ends = [found.start() + 40 for found in re.finditer(rb"^@@onsite \w+ (?:ask|rows|is|done) ", data, re.MULTILINE)]
    for end in ends[:: max(1, len(ends) // 40)]:
        cut = output.read(data[:end])
        assert not cut.complete
        for check, result in taken(target, data[:end]).items():
            assert said(result) == said(whole[check]) or result.outcome is Outcome.UNKNOWN, (check, end)
    assert all(result.outcome is not Outcome.PASS for result in taken(target, data[: ends[0]]).values())


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.decode().encode("utf-16"),
        lambda data: data.decode().replace("\n", "\r\n").encode("utf-16"),
        lambda data: b"SQL> @onsite.sql\n" + data + b"\nSQL> exit\n",
    ],
)
def test_what_happens_to_a_file_on_its_way_changes_nothing(change: Callable[[bytes], bytes]) -> None:
    with serving(SmallOracle()) as port:
        target = target_of(port)
        data = spooled(target)
    assert {check: said(one) for check, one in taken(target, change(data)).items()} == {
        check: said(one) for check, one in taken(target, data).items()
    }


def test_lines_that_were_wrapped_trimmed_or_lost_are_no_answer() -> None:
    with serving(SmallOracle()) as port:
        target = target_of(port)
        data = spooled(target).decode()
    rows = [line for line in data.split("\n") if line.startswith("RT")]
    for changed in (data.replace(rows[0], rows[0][:3] + "\n" + rows[0][3:], 1), data.replace(rows[0] + "\n", "", 1)):
        found = output.read(changed.encode())
        assert found.damaged == 1
        block = next(one for one in found.blocks if not one.whole)
        assert sqlplus.answer(block) is None


def test_a_number_that_was_edited_is_taken_as_given_and_the_result_says_whose_it_is() -> None:
    with serving(SmallOracle()) as port:
        target = target_of(port)
        data = spooled(target).decode()
    assert "RTZHS16GBK~" in data or "CTZHS16GBK~" in data
    result = taken(target, data.replace("TZHS16GBK~", "TZHS16XYZ~").encode())["oracle.charset"]
    assert result.outcome is Outcome.FAIL and result.route == "客户提供"


def test_an_answer_that_did_not_fit_into_the_old_buffer_is_unknown() -> None:
    with serving(SmallOracle()) as port:
        target = target_of(port)
        found = taken(target, spooled(target, buffer=400))
    assert any(one.outcome is Outcome.UNKNOWN and "不完整" in one.reason for one in found.values())


VALUES = (
    st.none()
    | st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=400)
    | st.integers(-(10**37), 10**37)
    | st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9)
    | st.datetimes(datetime(1900, 1, 1), datetime(9999, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
    | st.binary(min_size=1, max_size=300)
)


@given(st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[VALUES] * width), max_size=6)))
def test_every_value_comes_through_as_it_was(rows: list[tuple[Any, ...]]) -> None:
    target = target_of(1521)
    text = sqlplus.script(NONCE, HEAD, (), ["SELECT 张, B FROM T"], "out.txt")
    found = output.read(printed(text, lambda sql: rows).encode())
    assert found.complete and not found.damaged and target
    assert sqlplus.statement(found.blocks[0]) == "SELECT 张, B FROM T"
    assert sqlplus.answer(found.blocks[0]) == [
        tuple(int(one) if isinstance(one, Decimal) and one == one.to_integral_value() else one for one in row)
        for row in rows
    ]


@pytest.mark.parametrize(
    ("sql", "known"),
    [
        ("SELECT A, B FROM T", "SELECT A, B FROM T"),
        ("SELECT COUNT(*) FROM T", "SELECT COUNT(*) FROM T"),
        (
            "SELECT TO_CHAR(SYSTIMESTAMP, 'YYYY, FROM MM-DD') FROM DUAL",
            "SELECT TO_CHAR(SYSTIMESTAMP, 'YYYY, FROM MM-DD') C1 FROM DUAL",
        ),
        (
            "SELECT A, SUM(GREATEST(BYTES, MAXBYTES, 0)) AS TOTAL_OF_THEM, "
            "CASE WHEN A = 1 THEN 'x' ELSE 'yyyyyyyy' END FROM T",
            "SELECT A, SUM(GREATEST(BYTES, MAXBYTES, 0)) AS TOTAL_OF_THEM, "
            "CASE WHEN A = 1 THEN 'x' ELSE 'yyyyyyyy' END C3 FROM T",
        ),
        (
            "SELECT (SELECT MAX(X) FROM U WHERE U.A = T.A AND 1 = 1) FROM T",
            "SELECT (SELECT MAX(X) FROM U WHERE U.A = T.A AND 1 = 1) C1 FROM T",
        ),
        ("SELECT DISTINCT NVL(AAAAAAAAAAAAAAAA, BBBBBBBBBBBBBBBBBB) X FROM T", None),
        ("nonsense", None),
    ],
)
def test_long_expressions_get_a_name_and_nothing_else_changes(sql: str, known: str | None) -> None:
    assert named(sql) == (sql if known is None else known)


def test_every_statement_of_the_checks_keeps_its_columns_and_gets_short_names() -> None:
    from sqlglot import parse_one

    for sql in writing.statements(pairs(replace(target_of(1521), heavy=True))):
        before, after = (parse_one(text, dialect="oracle") for text in (sql, named(sql)))
        assert len(before.selects) == len(after.selects), sql
        assert [one.unalias().sql() for one in before.selects] == [one.unalias().sql() for one in after.selects]
        names = [one.alias_or_name or one.sql(dialect="oracle") for one in after.selects]
        assert all(len(name) <= 30 for name in names), (sql, names)


def test_a_statement_since_the_last_adjustment_counts_from_when_the_script_ran() -> None:
    ran = datetime(2026, 11, 24, 12, tzinfo=UTC)
    around = replace(surroundings_of(), adjusted={"oracle.undo@db1": ran - timedelta(hours=3)})
    session = replay.ReplayedDatabase(target_of(1521), around, replay.Given(ran=ran))
    assert session.since_adjusted("oracle.undo") == timedelta(hours=3)
    assert session.since_adjusted("oracle.redo") is None
