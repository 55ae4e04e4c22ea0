"""The script for SQL*Plus (9.2 on): each statement of the checks in a PL/SQL block that prints its rows unmistakably.

Nothing is written in the database: a read-only transaction, SELECT only, DBMS_OUTPUT. The script and what it prints are
plain ASCII, other signs as ``\\4EFF`` (ASCIISTR), so that no character set on the way matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from app.checks.offline import marks
from app.checks.offline.output import Block
from app.checks.offline.select_list import named

PIECE = 180  # signs of a text on one line: DBMS_OUTPUT of 9i prints 255 at most
LITERAL = 90
MOST_ROWS = 20_001  # one more than the checks take
PREPARING = """\
SET DEFINE OFF
SET ECHO OFF
SET FEEDBACK OFF
SET HEADING OFF
SET PAGESIZE 0
SET LINESIZE 400
SET TRIMSPOOL ON
SET TAB OFF
SET VERIFY OFF
SET TIMING OFF
SET SQLPROMPT ''
SET SQLNUMBER OFF
SET SERVEROUTPUT ON SIZE 1000000 FORMAT WRAPPED
SET SERVEROUTPUT ON SIZE UNLIMITED FORMAT WRAPPED
WHENEVER SQLERROR CONTINUE
WHENEVER OSERROR CONTINUE
"""
TRANSACTION = """\
SET TRANSACTION READ ONLY;
EXECUTE DBMS_APPLICATION_INFO.SET_MODULE('onsite-check', NULL);
"""
FACTS: Mapping[str, str] = {
    "time": "SELECT TO_CHAR(SYSTIMESTAMP, 'YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM') FROM DUAL",
    "user": "SELECT SYS_CONTEXT('USERENV', 'SESSION_USER') FROM DUAL",
    "database": "SELECT SYS_CONTEXT('USERENV', 'DB_NAME') FROM DUAL",
    "service": "SELECT SYS_CONTEXT('USERENV', 'SERVICE_NAME') FROM DUAL",
    "unique": "SELECT SYS_CONTEXT('USERENV', 'DB_UNIQUE_NAME') FROM DUAL",
    "container": "SELECT SYS_CONTEXT('USERENV', 'CON_NAME') FROM DUAL",
    "instance": "SELECT INSTANCE_NAME FROM V$INSTANCE",
    "host": "SELECT HOST_NAME FROM V$INSTANCE",
    "services": "SELECT VALUE FROM V$PARAMETER WHERE NAME = 'service_names'",
    "active": "SELECT NAME FROM V$ACTIVE_SERVICES",
}
FACT = """\
DECLARE
  TYPE refs IS REF CURSOR;
  r refs;
  v VARCHAR2(4000);
  a VARCHAR2(4000);
BEGIN
  OPEN r FOR {query};
  LOOP
    FETCH r INTO v;
    EXIT WHEN r%NOTFOUND OR LENGTH(a) > 150;
    a := a || ',' || REPLACE(ASCIISTR(SUBSTR(v, 1, 100)), ' ', '\\0020');
  END LOOP;
  CLOSE r;
  DBMS_OUTPUT.PUT_LINE('{mark}{name}=' || SUBSTR(a, 2, 200));
EXCEPTION WHEN OTHERS THEN NULL;
END;
/
"""
# Types of DBMS_SQL (dbmssql.sql, SQL types of the Call Interface): 2 NUMBER, 12 DATE, 23 RAW, 100/101 BINARY_FLOAT and
# _DOUBLE, 180 TIMESTAMP, 181/231 with a time zone; all else is fetched as text.
ASKING = """\
DECLARE
  q VARCHAR2(32767) := {query};
  c INTEGER;
  k INTEGER;
  n INTEGER := 0;
  d DBMS_SQL.DESC_TAB;
  v VARCHAR2(4000);
  u NUMBER;
  t DATE;
  w RAW(2000);
  s TIMESTAMP;
  z TIMESTAMP WITH TIME ZONE;
  lines INTEGER := 0;
  signs INTEGER := 0;
  g VARCHAR2(1);
  PROCEDURE put(x VARCHAR2) IS
  BEGIN
    DBMS_OUTPUT.PUT_LINE(x);
    lines := lines + 1;
    signs := signs + LENGTH(x);
  END;
  PROCEDURE say(tag VARCHAR2, x VARCHAR2) IS
    r VARCHAR2(32767) := x;
  BEGIN
    put(tag || SUBSTR(r, 1, {piece}) || '~');
    r := SUBSTR(r, {piece} + 1);
    WHILE r IS NOT NULL LOOP
      put('+' || SUBSTR(r, 1, {piece}) || '~');
      r := SUBSTR(r, {piece} + 1);
    END LOOP;
  END;
  FUNCTION plain(x VARCHAR2) RETURN VARCHAR2 IS
    r VARCHAR2(32767) := ASCIISTR(x);
  BEGIN
    FOR i IN 0 .. 31 LOOP
      IF INSTR(r, CHR(i)) > 0 THEN
        r := REPLACE(r, CHR(i), '\\00' || LPAD(TRIM(TO_CHAR(i, 'XX')), 2, '0'));
      END IF;
    END LOOP;
    RETURN r;
  END;
BEGIN
  c := DBMS_SQL.OPEN_CURSOR;
  DBMS_SQL.PARSE(c, q, DBMS_SQL.NATIVE);
  DBMS_SQL.DESCRIBE_COLUMNS(c, k, d);
  FOR i IN 1 .. k LOOP
    IF d(i).col_type IN (2, 100, 101) THEN DBMS_SQL.DEFINE_COLUMN(c, i, u);
    ELSIF d(i).col_type = 12 THEN DBMS_SQL.DEFINE_COLUMN(c, i, t);
    ELSIF d(i).col_type = 23 THEN DBMS_SQL.DEFINE_COLUMN_RAW(c, i, w, 2000);
    ELSIF d(i).col_type = 180 THEN DBMS_SQL.DEFINE_COLUMN(c, i, s);
    ELSIF d(i).col_type IN (181, 231) THEN DBMS_SQL.DEFINE_COLUMN(c, i, z);
    ELSE DBMS_SQL.DEFINE_COLUMN(c, i, v, 4000);
    END IF;
  END LOOP;
  k := DBMS_SQL.EXECUTE(c);
  DBMS_OUTPUT.PUT_LINE('{mark}rows');
  WHILE n < {most} AND DBMS_SQL.FETCH_ROWS(c) > 0 LOOP
    n := n + 1;
    g := 'R';
    FOR i IN 1 .. d.COUNT LOOP
      IF d(i).col_type IN (2, 100, 101) THEN
        DBMS_SQL.COLUMN_VALUE(c, i, u);
        say(g, 'N' || TO_CHAR(u, 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,'''));
      ELSIF d(i).col_type = 12 THEN
        DBMS_SQL.COLUMN_VALUE(c, i, t);
        say(g, 'D' || TO_CHAR(t, 'YYYY-MM-DD HH24:MI:SS'));
      ELSIF d(i).col_type = 23 THEN
        DBMS_SQL.COLUMN_VALUE_RAW(c, i, w);
        say(g, 'X' || RAWTOHEX(w));
      ELSIF d(i).col_type = 180 THEN
        DBMS_SQL.COLUMN_VALUE(c, i, s);
        say(g, 'D' || TO_CHAR(s, 'YYYY-MM-DD HH24:MI:SS.FF6'));
      ELSIF d(i).col_type IN (181, 231) THEN
        DBMS_SQL.COLUMN_VALUE(c, i, z);
        say(g, 'D' || TO_CHAR(z, 'YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM'));
      ELSE
        DBMS_SQL.COLUMN_VALUE(c, i, v);
        say(g, 'T' || plain(v));
      END IF;
      g := 'C';
    END LOOP;
  END LOOP;
  DBMS_SQL.CLOSE_CURSOR(c);
  DBMS_OUTPUT.PUT_LINE('{mark}is count ' || lines || ' ' || signs);
EXCEPTION WHEN OTHERS THEN
  v := SUBSTR(plain(SUBSTR(SQLERRM, 1, 120)), 1, 150);
  DBMS_OUTPUT.PUT_LINE('{mark}error ' || SQLCODE || ' ' || v);
  IF DBMS_SQL.IS_OPEN(c) THEN DBMS_SQL.CLOSE_CURSOR(c); END IF;
END;
/
"""


@dataclass(frozen=True)
class Refusal:
    """What the database said instead of rows: ``code`` such as ``ORA-00942``."""

    code: str
    text: str


def script(nonce: str, head: Mapping[str, str], comment: Sequence[str], statements: Sequence[str], spool: str) -> str:
    """The whole script; ``comment`` are lines for the one who runs it, ``spool`` the output file's name."""
    mark = marks.line(nonce, "")
    parts = [
        # A client of another character set may take a sign's last byte and what follows for one: hence the blank.
        "".join(f"-- {line} .\n" for line in comment),
        PREPARING,
        f"SPOOL {spool}\n",
        f"PROMPT {marks.line(nonce, 'head', marks.head(head))}\n",
        TRANSACTION,
        *(FACT.format(query=literal(query), mark=f"{mark}fact ", name=name) for name, query in FACTS.items()),
        *(_asked(nonce, number, sql) for number, sql in enumerate(statements, 1)),
        f"PROMPT {marks.line(nonce, 'last', len(statements))}\n",
        "ROLLBACK;\nSPOOL OFF\nEXIT\n",
    ]
    return "\n".join(parts)


def _asked(nonce: str, number: int, sql: str) -> str:
    pieces = [f":{piece}~" for piece in _pieces(marks.ascii_text(sql), PIECE)]
    told = [
        marks.line(nonce, "ask", number),
        marks.line(nonce, "sql"),
        *pieces,
        marks.line(nonce, "is", "count", len(pieces), sum(map(len, pieces))),
    ]
    block = ASKING.format(query=literal(named(sql)), piece=PIECE, most=MOST_ROWS, mark=marks.line(nonce, ""))
    return "".join(f"PROMPT {line}\n" for line in told) + block + f"PROMPT {marks.line(nonce, 'done', number)}\n"


def _pieces(text: str, size: int) -> Iterator[str]:
    """``text`` in pieces that do not end in a blank or begin with one, which SQL*Plus drops."""
    while text:
        end = min(size, len(text))
        while 1 < end < len(text) and (text[end - 1] == " " or text[end] == " "):
            end -= 1
        yield text[:end]
        text = text[end:]


def literal(text: str) -> str:
    """``text`` as a PL/SQL expression over several lines, other signs than ASCII by UNISTR."""
    parts = []
    for run in re.findall(r"[ -~]+|[^ -~]+", text):
        if run.isascii() and run.isprintable():
            parts += ["'" + run[at : at + LITERAL].replace("'", "''") + "'" for at in range(0, len(run), LITERAL)]
        else:
            escaped = marks.ascii_text(run)
            parts += [f"UNISTR('{escaped[at : at + 85]}')" for at in range(0, len(escaped), 85)]
    return "\n    || ".join(parts)


def statement(block: Block) -> str:
    """The statement that a block answers; "" where it does not say."""
    told = block.texts.get("sql")
    if told is None or not told.whole:
        return ""
    lines = told.text.replace("\r", "").split("\n")
    return marks.unescaped("".join(line[1:-1] for line in lines))


def answer(block: Block) -> list[tuple[Any, ...]] | Refusal | None:
    """The rows, or the refusal; None where the block cannot be relied on."""
    if "error" in block.words and block.closed:
        code, _, said = block.words["error"].partition(" ")
        found = re.fullmatch(r"-?(\d{1,5})", code)
        return Refusal(f"ORA-{int(found[1]):05d}" if found else "", marks.unescaped(said))
    if not block.whole or "rows" not in block.texts:
        return None
    try:
        return list(_rows(block.texts["rows"].text))
    except (ValueError, InvalidOperation):
        return None


def _rows(text: str) -> Iterator[tuple[Any, ...]]:
    """Raises ValueError for lines that are none of ours."""
    row: list[str] = []
    for line in text.replace("\r", "").split("\n") if text else ():
        if len(line) < 2 or not line.endswith("~") or line[0] not in "RC+" or (not row and line[0] != "R"):
            raise ValueError(f"no row: {line[:40]!r}")
        if line[0] == "R" and row:
            yield tuple(map(_value, row))
            row = []
        if line[0] == "+":
            row[-1] += line[1:-1]
        else:
            row.append(line[1:-1])
    if row:
        yield tuple(map(_value, row))


def _value(told: str) -> Any:
    """NULL, a text, a number (int where it is whole), a moment, or bytes."""
    kind, value = told[:1], told[1:]
    if not value:
        if kind not in ("T", "N", "D", "X"):
            raise ValueError(f"no value: {told!r}")
        return None
    match kind:
        case "T":
            return marks.unescaped(value)
        case "N":
            number = Decimal(value)
            if not number.is_finite():
                raise ValueError(f"no number: {value!r}")
            return int(number) if number == number.to_integral_value() and abs(number.adjusted()) < 50 else number
        case "D":
            return moment(value)
        case "X":
            return bytes.fromhex(value)
    raise ValueError(f"no value: {told[:40]!r}")


def moment(text: str) -> datetime:
    """Raises ValueError."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?: ([+-])(\d\d):(\d\d))?", text.strip())
    if not found:
        raise ValueError(f"no moment: {text[:40]!r}")
    read = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S")
    read = read.replace(microsecond=int((found[2] or "0").ljust(6, "0")[:6]))
    if not found[3]:
        return read
    offset = timedelta(hours=int(found[4]), minutes=int(found[5])) * (-1 if found[3] == "-" else 1)
    return read.replace(tzinfo=timezone(offset))
