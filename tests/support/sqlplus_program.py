"""A stand-in for sqlplus: reads commands from standard input, asks a real server by a real driver, prints as it does.

Headings, folded and wrapped columns, NULL, feedback, errors with the line and an asterisk, prompts that read the next
line whatever it is, substitution, limits of lines, glogin.sql, and what goes wrong: told by a JSON file.
"""

from __future__ import annotations

import json
import os
import re
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

MESSAGES = {
    904: "invalid identifier", 942: "table or view does not exist", 1017: "invalid username/password; logon denied",
    28000: "the account is locked", 28001: "the password has expired", 1789:
    "query block has incorrect number of result columns", 3113: "end-of-file on communication channel",
}  # fmt: skip
CONNECTING = re.compile(r'(?P<user>"[^"]*"|[^/@]*)(?:/(?:"(?P<quoted>[^"]*)"|(?P<bare>[^@]*)))?(?:@(?P<dsn>.+))?')
ADDRESS = re.compile(r"\(HOST=([^)]+)\)\(PORT=(\d+)\)")
SERVICE = re.compile(r"\((SERVICE_NAME|SID)=([^)]+)\)")
MOST_LINE = 2499
KNOWN_SETTINGS = re.compile(
    "DEFINE|ECHO|TERMOUT|HEADING|PAGESIZE|LINESIZE|WRAP|TRIMOUT|TAB|FEEDBACK|VERIFY|PAUSE|TIME|TIMING|AUTOTRACE"
    "|SERVEROUTPUT|MARKUP|NULL|COLSEP|RECSEP|ESCAPE|SQLTERMINATOR|SQLCASE|SQLPROMPT|SQLNUMBER|AUTOCOMMIT|FLUSH"
    "|NUMWIDTH|LONG|ARRAYSIZE|TRIMSPOOL"
)
RESTRICTED = ("HOST", "!", "SPOOL", "START", "@", "@@", "GET", "SAVE", "STORE", "EDIT")
STATEMENTS = ("SELECT", "WITH", "ROLLBACK", "COMMIT", "ALTER", "INSERT", "UPDATE", "DELETE", "BEGIN", "DECLARE")
HANGING = 60.0  # seconds; whoever waits gives up, and the process ends with its standard input


class Ended(Exception):
    """Standard input is at its end, or EXIT was given."""


class Refusal(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Program:
    def __init__(self, told: dict[str, Any], arguments: Sequence[str]) -> None:
        self.told, self.arguments = told, arguments
        self.settings: dict[str, str] = {
            "DEFINE": "&", "HEADING": "ON", "PAGESIZE": "14", "LINESIZE": "80", "TRIMOUT": "ON", "FEEDBACK": "6",
            "NULL": "", "COLSEP": " ", "NUMWIDTH": "10", "SQLTERMINATOR": ";", "SQLPROMPT": "SQL> ", "ECHO": "OFF",
        }  # fmt: skip
        self.connection: Any = None
        self.selects = 0
        self.restricted = "-R" in arguments
        self.lines = self._input()

    # Input and output

    def _input(self) -> Iterator[str]:
        for line in sys.stdin.buffer:
            yield line.decode("utf-8").rstrip("\r\n")

    def next_line(self) -> str:
        for line in self.lines:
            return line
        raise Ended

    def say(self, text: str = "") -> None:
        self.write(f"{text}\n")

    def write(self, text: str) -> None:
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()

    def behaves(self, name: str) -> bool:
        return bool(self.told.get("behaviour") == name)

    # Commands

    def run(self) -> None:
        self.glogin()
        try:
            while True:
                self.command(self.next_line())
        except Ended:
            return

    def glogin(self) -> None:
        for line in self.told.get("glogin", ()):
            self.command(line)

    def command(self, line: str) -> None:
        if len(line) > MOST_LINE:
            self.say(f"SP2-0027: Input is too long (> {MOST_LINE} characters) - line ignored")
            return
        while line.endswith("-"):
            line = line[:-1] + self.next_line()
        word, _, rest = line.strip().partition(" ")
        verb = word.upper().rstrip(";")
        if not verb or verb.startswith(("REM", "--")):
            return
        if verb in RESTRICTED and self.restricted:
            self.say(f'SP2-0738: Restricted command "{word.lower()}" not available')
        elif verb in STATEMENTS or (verb == "SET" and rest.upper().startswith(("TRANSACTION", "ROLE"))):
            self.statement(line, block=verb in ("BEGIN", "DECLARE"))
        elif (step := getattr(self, f"do_{verb.lower()}", None)) is not None:
            step(self.substituted(rest))
        else:
            self.say(f'SP2-0734: unknown command beginning "{line[:10]}..." - rest of line ignored.')

    def substituted(self, text: str) -> str:
        """What DEFINE makes of ``&name``: a question, answered by the next line whatever it is."""
        while self.settings["DEFINE"] != "OFF" and (found := re.search(r"&+(\w+)\.?", text)):
            self.write(f"Enter value for {found.group(1).lower()}: ")
            text = text[: found.start()] + self.next_line() + text[found.end() :]
        return text

    def do_prompt(self, text: str) -> None:
        self.say(text)

    def do_set(self, text: str) -> None:
        name, _, value = text.strip().partition(" ")
        if not KNOWN_SETTINGS.fullmatch(name.upper()):
            self.say(f'SP2-0158: unknown SET option "{name}"')
            return
        value = value.strip()
        if value[:1] == "'" == value[-1:]:
            value = value[1:-1]
        self.settings[name.upper()] = value

    def do_clear(self, text: str) -> None:
        self.say(f"{text.lower()} cleared")

    def do_whenever(self, text: str) -> None: ...

    def do_column(self, text: str) -> None: ...

    def do_exit(self, text: str) -> None:
        raise Ended

    # Connecting

    def do_connect(self, text: str) -> None:
        had = self.connection is not None
        self.connection = None
        found = CONNECTING.fullmatch(text.strip())
        assert found is not None
        password = found["quoted"] if found["quoted"] is not None else found["bare"]
        if password is None:
            self.write("Enter password: ")
            password = self.next_line()
        if self.behaves("hangs-connecting"):
            time.sleep(HANGING)
        try:
            self.connection = self.connected(found["user"].strip('"'), password, found["dsn"] or "")
        except Refusal as error:
            self.refused(error.code, found["user"], had)
            return
        if days := self.told.get("grace"):
            self.say(f"ERROR:\nORA-28002: the password will expire within {days} days\n\n")
        if self.told.get("glogin_first"):
            self.glogin()
        if not self.behaves("says-nothing-of-connecting"):
            self.say("Connected.")
        self.glogin()

    def connected(self, user: str, password: str, dsn: str) -> Any:
        import seerdb

        address, name = ADDRESS.search(dsn), SERVICE.search(dsn)
        if address is None or name is None:
            raise Refusal(12154)
        try:
            return seerdb.connect(
                host=address.group(1), port=int(self.told.get("port") or address[2]), user=user, password=password,
                fetch_lobs=False, **{"service_name": None, name.group(1).lower(): name.group(2)},
            )  # fmt: skip
        except ConnectionRefusedError:
            raise Refusal(12541) from None
        except Exception as error:  # noqa: BLE001 - the driver's own have no common root
            raise Refusal(getattr(error, "code", None) or 12537) from None

    def refused(self, code: int, user: str, had: bool) -> None:
        self.say(f"ERROR:\n{message(code)}\n\n")
        if code == 28001:
            self.say(f"Changing password for {user}")
            self.write("New password: ")
            new = self.next_line()
            self.write("\nRetype new password: ")
            if new == self.next_line():
                Path(self.told["folder"], "changed").write_text(new, encoding="utf-8")
                self.say("\nPassword changed")
            else:
                self.say("\nERROR:\nORA-00988: missing or invalid password(s)\n\n\nPassword unchanged")
        if had:
            self.say("Warning: You are no longer connected to ORACLE.")

    # Statements

    def statement(self, first: str, block: bool) -> None:
        lines: list[str] = []
        line = first
        while True:
            line = self.substituted(line)
            end = self.settings["SQLTERMINATOR"]
            if lines and line.strip() in ("/", "."):
                break
            if not block and line.rstrip().endswith(end):
                lines.append(line.rstrip()[: -len(end)])
                break
            if not line.strip() and lines and not block:
                return  # an empty line ends the statement and leaves it in the buffer
            if lines and line.startswith("#"):
                self.command(line[1:])
            else:
                lines.append(line)
            line = self.next_line()
            if len(line) > MOST_LINE:
                self.say(f"SP2-0027: Input is too long (> {MOST_LINE} characters) - line ignored")
                return
            if line.endswith("-"):
                line = line[:-1] + self.next_line()
        if line.strip() != ".":
            self.execute(lines, block)

    def execute(self, lines: Sequence[str], block: bool) -> None:
        if self.connection is None:
            self.say("SP2-0640: Not connected")
            return
        sql = "\n".join(lines)
        word = sql.split()[0].upper()
        try:
            if word == "ROLLBACK":
                self.connection.rollback()
                self.say("Rollback complete.")
                return
            cursor = self.connection.cursor()
            cursor.execute(sql)
            if cursor.description:
                self.selects += 1
                self.table(cursor.description, cursor.fetchall())
            else:
                said = "PL/SQL procedure successfully completed." if block else f"{word.title()} succeeded."
                self.say(f"\n{said}\n" if block else f"\n{'Transaction set.' if word == 'SET' else said}\n")
        except Exception as error:  # noqa: BLE001 - the driver's own have no common root
            code = getattr(error, "code", None)
            if code is None:
                self.say(f"ERROR:\n{message(3113)}\nProcess ID: 4711\nSession ID: 12 Serial number: 34\n\n")
                self.connection = None
                return
            self.say(f"{lines[-1]}\n{' ' * min(7, len(lines[-1]) - 1)}*\nERROR at line {len(lines)}:")
            self.say(f"{message(code, str(error))}\n\n")
            if code in (3113, 3114, 28, 1012):
                self.connection = None

    def table(self, description: Sequence[Any], rows: Sequence[Sequence[Any]]) -> None:
        columns = [Column(one, int(self.settings["NUMWIDTH"])) for one in description]
        every = int(self.settings["PAGESIZE"])
        late = self.selects > int(self.told.get("after", 0))
        if rows:
            self.write("\n" if every else "")
        for number, row in enumerate(rows):
            if late and self.behaves("dies"):
                self.write(next(iter(self.folded(columns, row)))[:30])
                os._exit(1)
            if self.settings["HEADING"] == "ON" and every and number % max(1, every - 3) == 0:
                self.heading(columns)
            for line in self.folded(columns, row):
                self.say(line)
        if late and self.behaves("loses-the-end"):
            time.sleep(HANGING)
        while late and self.behaves("never-ends"):
            self.say("x" * 4000)
        self.feedback(len(rows) + (1 if late and self.behaves("miscounts") else 0))

    def heading(self, columns: Sequence[Column]) -> None:
        colsep = self.settings["COLSEP"]
        self.say(colsep.join(column.name.ljust(column.width) for column in columns))
        self.say(colsep.join("-" * column.width for column in columns))

    def folded(self, columns: Sequence[Column], row: Sequence[Any]) -> Iterator[str]:
        """A row on as many lines as it takes: what does not fit goes below, long values in pieces under each other."""
        size, colsep, null = int(self.settings["LINESIZE"]), self.settings["COLSEP"], self.settings["NULL"]
        groups: list[list[tuple[Column, list[str]]]] = [[]]
        used = 0
        for column, value in zip(columns, row, strict=True):
            width = min(column.width, size)
            if groups[-1] and used + len(colsep) + width > size:
                groups.append([])
                used = 0
            used += width + (len(colsep) if groups[-1] else 0)
            groups[-1].append((column, column.pieces(value, null, width)))
        for group in groups:
            for at in range(max(len(pieces) for _, pieces in group)):
                parts = [
                    (pieces[at] if at < len(pieces) else "").ljust(min(column.width, size)) for column, pieces in group
                ]
                line = colsep.join(parts)
                yield line.rstrip() if self.settings["TRIMOUT"] == "ON" else line.ljust(size)

    def feedback(self, count: int) -> None:
        wanted = self.settings["FEEDBACK"]
        if wanted in ("OFF", "0"):
            return
        least = 6 if wanted == "ON" else int(wanted)
        if not count:
            self.say("\nno rows selected\n")
        elif count >= least:
            self.say(f"\n{count} row{'s' if count > 1 else ''} selected.\n")


class Column:
    def __init__(self, description: Sequence[Any], numwidth: int) -> None:
        self.name = str(description[0])
        kind = str(description[1]).upper()
        self.number = "NUMBER" in kind or "NUM" in kind
        size = int(description[2] or description[3] or 1) if not self.number else numwidth
        self.width = max(len(self.name), size)
        if "DATE" in kind or "TIMESTAMP" in kind:
            self.width = max(len(self.name), 9)

    def pieces(self, value: Any, null: str, width: int) -> list[str]:
        if value is None:
            return [null]
        if isinstance(value, int | float | Decimal):
            text = str(value)
            return [(text if len(text) <= width else f"{Decimal(value):.3E}").rjust(width)]
        if isinstance(value, datetime):
            return [value.strftime("%d-%b-%y").upper()]
        lines = str(value).split("\n")
        return [piece for line in lines for piece in textwrap.wrap(line, width, drop_whitespace=False) or [""]]


def message(code: int, text: str = "") -> str:
    if text.startswith("ORA-"):
        return text.splitlines()[0]
    return f"ORA-{code:05d}: {MESSAGES.get(code, text or 'something')}"


def main(arguments: Sequence[str]) -> int:
    told = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    words = list(arguments[1:])
    with Path(told["folder"], "calls").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps({"arguments": words, "language": os.environ.get("NLS_LANG", "")}) + "\n")
    program = Program(told, words)
    if program.behaves("has-no-library"):
        sys.stderr.write(
            f"{words!r}: error while loading shared libraries: libclntsh.so.19.1: cannot open shared object"
        )
        return 127
    if words == ["-V"]:
        program.say(f"\nSQL*Plus: Release {told.get('release', '19.0.0.0.0')} - Production\n")
        return 0
    if program.behaves("does-not-start"):
        program.say("Error 6 initializing SQL*Plus\nSP2-0667: Message file sp1<lang>.msb not found")
        return 1
    if program.behaves("stays-silent"):
        time.sleep(HANGING)
    if "/nolog" not in words:
        program.write("Enter user-name: ")
        program.next_line()
    import seerdb  # noqa: F401 - its loading is no part of connecting

    program.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
