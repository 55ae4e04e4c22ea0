"""SQL*Plus and PL/SQL as far as our script uses them: what the real ones print, worked out from the script's text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.checks.database.errors import SqlRefused

Ask = Callable[[str], Sequence[Sequence[Any]]]
TERM = re.compile(r"UNISTR\('((?:[^']|'')*)'\)|'((?:[^']|'')*)'|(\|\|)|(;)|\s+")
PRINTED = re.compile(r"DBMS_OUTPUT\.PUT_LINE\('(@@onsite [0-9a-f]{16} )(\w+)")


def printed(script: str, ask: Ask, buffer: int | None = None) -> str:
    """The spool file. ``ask`` runs a statement and raises SqlRefused; ``buffer``: what DBMS_OUTPUT of 9i holds."""
    lines, out, spooling, at = script.split("\n"), [], False, 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.startswith("SPOOL "):
            spooling = line != "SPOOL OFF"
        elif line.startswith("PROMPT "):
            assert not line.endswith("-"), "SQL*Plus would join the next line to it"
            out += [line[7:].strip()] if spooling else []
        elif line == "DECLARE":
            end = lines.index("/", at)
            out += _block("\n".join(lines[at:end]), ask, buffer)
            at = end + 1
        else:
            assert not line or re.match(r"--|SET |SPOOL|WHENEVER|EXECUTE DBMS_APPLICATION_INFO|ROLLBACK;|EXIT", line), (
                line
            )
    return "\n".join(out) + "\n"


def _block(text: str, ask: Ask, buffer: int | None) -> list[str]:
    """What an anonymous block leaves in DBMS_OUTPUT; an error that nobody handles is printed behind it."""
    if "OPEN r FOR" in text:
        return _fact(text, ask)
    mark = PRINTED.search(text)
    assert mark
    said: list[str] = []
    try:
        rows = ask(expression(text.partition(":= ")[2]))
    except SqlRefused as error:
        code = int(error.code.removeprefix("ORA-")) if error.code else 3113
        return [f"{mark[1]}error -{code} {asciistr(f'{error.code}: {error.reason}')[:150]}"]
    body = [line for row in rows for place, item in enumerate(row) for line in _said("C" if place else "R", item)]
    said = [f"{mark[1]}rows", *body, f"{mark[1]}is count {len(body)} {sum(map(len, body))}"]
    if buffer is not None and sum(map(len, said)) > buffer:
        held = 0
        kept = [line for line in said if (held := held + len(line)) <= buffer]
        return [*kept, "DECLARE", "*", "ERROR at line 1:", "ORA-20000: ORU-10027: buffer overflow"]
    return said


def _fact(text: str, ask: Ask) -> list[str]:
    name = re.search(r"PUT_LINE\('(@@onsite [0-9a-f]{16} fact (\w+)=)", text)
    assert name
    try:
        rows = ask(expression(text.partition("OPEN r FOR ")[2]))
    except SqlRefused:
        return []
    values = ",".join(asciistr(str(row[0])[:100]).replace(" ", "\\0020") if row[0] is not None else "" for row in rows)
    return [f"{name[1]}{values[:200]}"]


def expression(text: str) -> str:
    """The value of literals joined by ``||``, up to the semicolon."""
    made: list[str] = []
    at = 0
    while True:
        term = TERM.match(text, at)
        assert term, text[at : at + 60]
        at = term.end()
        if term[4]:
            return "".join(made)
        if term[1] is not None:
            made.append(_unistr(term[1]))
        elif term[2] is not None:
            made.append(term[2].replace("''", "'"))


def _unistr(text: str) -> str:
    units = b"".join(int(found, 16).to_bytes(2, "big") for found in re.findall(r"\\([0-9A-Fa-f]{4})", text))
    assert len(units) // 2 * 5 == len(text)
    return units.decode("utf-16-be")


def asciistr(text: str) -> str:
    """Oracle's ASCIISTR, with control characters escaped as the script does."""
    made = []
    for sign in text:
        units = sign.encode("utf-16-be")
        plain = " " <= sign < "\x7f" and sign != "\\"
        made.append(sign if plain else "".join(f"\\{units[i]:02X}{units[i + 1]:02X}" for i in range(0, len(units), 2)))
    return "".join(made)


def _said(tag: str, item: Any) -> list[str]:
    told = _told(item)
    pieces = [told[at : at + 180] for at in range(0, len(told), 180)]
    return [f"{tag if not place else '+'}{piece}~" for place, piece in enumerate(pieces)]


def _told(item: Any) -> str:
    match item:
        case None:
            return "T"
        case bool() | int() | Decimal():
            return "N" + re.sub(r"^(-?)0\.", r"\1.", str(item))
        case datetime() if item.tzinfo:
            return "D" + item.strftime("%Y-%m-%d %H:%M:%S.%f ") + re.sub(r"(..)$", r":\1", item.strftime("%z"))
        case datetime():
            return "D" + item.strftime("%Y-%m-%d %H:%M:%S")
        case bytes():
            return "X" + item.hex().upper()
    return "T" + asciistr(str(item))
