"""TOML with line numbers: the standard parser gives the values, a scanner of our own where each key stands.

What the keys mean is the reader's business; see ``toml_table`` for reading them with one clear error each.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.base.errors import InputError
from app.base.files import read_bounded

LIMIT = 1 << 20
KeyPath = tuple[str | int, ...]

# What Python's tomllib says (its wording is fixed per version; the rest is told as it is), and what a person reads.
MESSAGES = (
    ("Cannot declare", "这个表已经写过一次"),
    ("Cannot overwrite a value", "这个键已经写过一次"),
    ("Duplicate inline table key", "花括号里有重复的键"),
    ("Cannot mutate immutable namespace", "花括号写的表不能再补充内容"),
    ("Expected '=' after a key", "键后面应是等号"),
    ("Expected ']' at the end of a table", "表头没有用 ] 结束"),
    ("Expected ']]' at the end of an array", "表头没有用 ]] 结束"),
    ("Unclosed array", "列表没有用 ] 结束"),
    ("Unclosed inline table", "花括号没有结束"),
    ("Unterminated string", "引号没有结束"),
    ("Expected \"'", "引号没有结束"),
    ("Illegal character", "有不允许的字符（字符串是否缺了结尾引号）"),
    ("Found invalid character", "有不允许的字符"),
    ("Unescaped '\\'", "双引号里的反斜杠要写两个（\\\\），或改用单引号"),
    ("Invalid initial character for a key", "键的写法不对"),
    ("Invalid value", "值的写法不对（文字要加引号）"),
    ("Invalid statement", "这一行写法不对"),
    ("Expected newline or end of document", "一行里只能写一个键"),
    ("Invalid hex value", "转义字符写法不对"),
    ("Escaped character is not", "转义字符写法不对"),
    ("Invalid date", "日期写法不对"),
)
# It complains of these at the end of the file; the quote that was never closed stands further up.
OPENINGS = {"Expected \"'''\"": "'''", 'Expected "\'"': "'", "Unterminated string": '"""'}
PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True)
class Document:
    """A TOML file as read. ``lines`` gives the line (from 1) of every key path, e.g. ``("database", 0, "port")``."""

    path: Path
    values: dict[str, Any]
    lines: Mapping[KeyPath, int]

    def line(self, key: KeyPath) -> int:
        """The line of ``key``, or of the nearest thing around it that stands in the file."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def error(self, key: KeyPath, message: str) -> InputError:
        """The error that says ``message`` of ``key``: one line with the file and where in it."""
        return InputError(f"{self.path.name} 第{self.line(key)}行：{message}")


def load(path: Path, what: str = "配置文件", limit: int = LIMIT) -> Document:
    """Reads a TOML file (UTF-8, a byte order mark is accepted; at most ``limit`` bytes).

    Raises InputError, in one line with file and line: unreadable, too large, not UTF-8, not TOML.
    """
    return parse(path, read_bounded(path, limit, what), what)


def parse(path: Path, content: bytes, what: str = "配置文件") -> Document:
    """``content``, which was read from ``path``. Raises InputError as ``load``."""
    text = decode(path, content)
    try:
        values = tomllib.loads(text)
        return Document(path, values, Scanner(text).lines())
    except RecursionError:
        raise InputError(f"{path.name}：括号嵌套太深，不像是{what}。") from None
    except ValueError as error:
        raise syntax_error(path, text, str(error)) from error


def decode(path: Path, content: bytes) -> str:
    """The file's text with line ends as ``\\n``. Raises InputError naming the line that is not UTF-8."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path.name} 第1行：文件是 UTF-16 编码，请在记事本中另存为 UTF-8。")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{path.name} 第{line}行：不是 UTF-8 编码（可能是 GBK），请另存为 UTF-8。") from error


def syntax_error(path: Path, text: str, message: str) -> InputError:
    """tomllib's complaint in Chinese, with its line."""
    place = PLACE.search(message)
    plain = PLACE.sub("", message)
    opening = next((quotes for start, quotes in OPENINGS.items() if plain.startswith(start)), "")
    if opening and opening in text:
        line = text.count("\n", 0, text.rindex(opening)) + 1
    else:
        line = int(place.group(1)) if place and place.group(1) else text.rstrip("\n").count("\n") + 1
    told = next((words for start, words in MESSAGES if plain.startswith(start)), f"不是正确的 TOML 写法（{plain}）")
    return InputError(f"{path.name} 第{line}行：{told}。")


class Scanner:
    """Finds the keys of a text that tomllib has already accepted; it therefore checks nothing itself."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ends = [place for place, character in enumerate(text) if character == "\n"]
        self._found: dict[KeyPath, int] = {}
        self._counts: dict[KeyPath, int] = {}  # elements so far of each array of tables

    def lines(self) -> dict[KeyPath, int]:
        """The line of each key path, array elements included."""
        table: KeyPath = ()
        while self._skip_blank() < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._found

    def _header(self) -> KeyPath:
        line, array = self._line(), self._text.startswith("[[", self._at)
        self._at += 2 if array else 1
        keys = self._keys()
        self._at += 2 if array else 1
        table: KeyPath = ()
        for place, (key, _) in enumerate(keys):
            table = (*table, key)
            self._found.setdefault(table, line)
            last = place == len(keys) - 1
            if array and last:
                self._counts[table] = self._counts.get(table, 0) + 1
            if table in self._counts:
                table = (*table, self._counts[table] - 1)
        self._found.setdefault(table, line)
        return table

    def _pair(self, table: KeyPath) -> None:
        for key, line in self._keys():
            table = (*table, key)
            self._found.setdefault(table, line)
        self._at += 1  # the equals sign
        self._skip_spaces()
        self._value(table)

    def _keys(self) -> list[tuple[str, int]]:
        """A dotted key, each part with its line; leaves the position behind the blanks that follow."""
        keys = []
        while True:
            self._skip_spaces()
            keys.append((self._key(), self._line()))
            self._skip_spaces()
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _key(self) -> str:
        start = self._at
        if self._text[start] not in "\"'":
            while self._text[self._at] not in ".=] \t":
                self._at += 1
            return self._text[start : self._at]
        self._string()
        return str(tomllib.loads(f"key = {self._text[start : self._at]}")["key"])

    def _value(self, path: KeyPath) -> None:
        match self._text[self._at]:
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                self._string()
            case _:
                while self._at < len(self._text) and self._text[self._at] not in ",]}#\n":
                    self._at += 1

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while self._text[self._skip_blank()] != "]":
            self._found[(*path, index)] = self._line()
            self._value((*path, index))
            index += 1
            if self._text[self._skip_blank()] == ",":
                self._at += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._text[self._skip_blank()] != "}":
            self._pair(path)
            if self._text[self._skip_blank()] == ",":
                self._at += 1
        self._at += 1

    def _string(self) -> None:
        quote = self._text[self._at]
        fence = quote * 3 if self._text.startswith(quote * 3, self._at) else quote
        self._at += len(fence)
        while not self._text.startswith(fence, self._at):
            self._at += 2 if self._text[self._at] == "\\" and quote == '"' else 1
        self._at += len(fence)
        if len(fence) == 3:  # one or two quotes of the content may stand right before the closing three
            spare = 2
            while spare and self._text.startswith(quote, self._at):
                self._at += 1
                spare -= 1

    def _skip_spaces(self) -> int:
        while self._at < len(self._text) and self._text[self._at] in " \t":
            self._at += 1
        return self._at

    def _skip_blank(self) -> int:
        """Skips blanks, line ends and comments; returns the new position."""
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == "#":
                end = self._text.find("\n", self._at)
                self._at = end if end >= 0 else len(self._text)
            elif character in " \t\n":
                self._at += 1
            else:
                break
        return self._at

    def _line(self) -> int:
        return bisect_left(self._ends, self._at) + 1
