"""Reads one table of a TOML document with a clear error, naming file, line and key, for whatever is wrong in it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from app.base.errors import InputError
from app.base.toml_lines import Document, KeyPath

REQUIRED = None
WORDS = {str: "文字", int: "整数", float: "数", bool: "true 或 false", list: "列表（方括号）", dict: "表（花括号）"}


class Table:
    """One table and where it stands. Every reading method raises InputError for a value of the wrong type.

    A default of ``REQUIRED`` makes the key a required one. ``name`` is how the table is called in messages.
    """

    def __init__(self, document: Document, path: KeyPath, values: Any, name: str = "") -> None:
        self.document, self.path, self.name = document, path, name or written(path)
        if not isinstance(values, dict):
            raise document.error(path, f"{self.name} 应是{WORDS[dict]}，不是{kind_of(values)}。")
        self.values: dict[str, Any] = values

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def keys(self) -> Iterator[str]:
        return iter(self.values)

    def error(self, key: str, message: str) -> InputError:
        """``message`` said of ``key`` (or of the table itself, with an empty key)."""
        path = (*self.path, key) if key else self.path
        return self.document.error(path, message)

    def only(self, keys: Collection[str], thing: str = "键") -> None:
        """Raises InputError for the first key that is not among ``keys``, with the nearest known one."""
        for key in self.values:
            if key not in keys:
                near = difflib.get_close_matches(key, sorted(keys), 1)
                hint = f"（是不是 {near[0]}？）" if near else ""
                place = f"{self.name} 里" if self.name else ""
                raise self.error(key, f"{place}有不认识的{thing} {key}{hint}。")

    def text(self, key: str, default: str | None = "") -> str:
        """Text; a required one may not be blank."""
        value = self._get(key, str, default)
        if default is REQUIRED and not value.strip():
            raise self.error(key, f"{self._called(key)} 不能为空。")
        return str(value)

    def choice(self, key: str, choices: Sequence[str], default: str | None = REQUIRED) -> str:
        """One of ``choices``."""
        value = str(self._get(key, str, default))
        if value not in choices:
            raise self.error(key, f"{self._called(key)} 只能是 {'、'.join(choices)}，不能是“{value}”。")
        return value

    def boolean(self, key: str, default: bool | None = False) -> bool:
        return bool(self._get(key, bool, default))

    def integer(self, key: str, default: int | None = 0, least: int = 0, most: int = 2**31 - 1) -> int:
        """A whole number from ``least`` to ``most``."""
        value = int(self._get(key, int, default))
        if key in self.values and not least <= value <= most:
            raise self.error(key, f"{self._called(key)} 应在 {least} 到 {most} 之间，不能是 {value}。")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of text."""
        return tuple(str(item) for item in self._items(key, str))

    def integers(self, key: str, least: int, most: int) -> tuple[int, ...]:
        """A list of whole numbers from ``least`` to ``most``."""
        items = self._items(key, int)
        for place, item in enumerate(items):
            if not least <= item <= most:
                message = f"{self._called(key)} 第 {place + 1} 个应在 {least} 到 {most} 之间，不能是 {item}。"
                raise self.document.error((*self.path, key, place), message)
        return tuple(items)

    def table(self, key: str) -> Table:
        """A table inside; an absent one is empty."""
        return Table(self.document, (*self.path, key), self.values.get(key, {}), self._called(key))

    def tables(self, key: str) -> tuple[Table, ...]:
        """The entries of an array of tables; an absent one is empty."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self.error(key, f"{key} 应写成 [[{written((*self.path, key))}]]（两层方括号，可有多个）。")
        path = (*self.path, key)
        name = f"[[{written(path)}]]"
        return tuple(Table(self.document, (*path, place), item, name) for place, item in enumerate(value))

    def amounts(self, key: str, *, whole: bool) -> dict[str, Any]:
        """A table of names and amounts of at least zero: integers when ``whole``, else integers or decimals."""
        inside = self.table(key)
        for name, value in inside.values.items():
            inside.require(name, value, int if whole else float)
            if not 0 <= value < float("inf"):
                raise inside.error(name, f"{inside._called(name)} 不能是 {value}。")
        return dict(inside.values)

    def require(self, key: str, value: Any, wanted: type) -> None:
        """Raises InputError unless ``value`` is of the type ``wanted``; a bool is no number."""
        fits = isinstance(value, int | float if wanted is float else wanted)
        if not fits or (isinstance(value, bool) and wanted is not bool):
            raise self.error(key, f"{self._called(key)} 应是{WORDS[wanted]}，不是{kind_of(value)}。")

    def _get(self, key: str, wanted: type, default: Any) -> Any:
        if key not in self.values:
            if default is REQUIRED:
                raise self.error("", f"{self.name} 缺少必填的键 {key}。")
            return default
        self.require(key, self.values[key], wanted)
        return self.values[key]

    def _items(self, key: str, wanted: type) -> list[Any]:
        items = self._get(key, list, [])
        for place, item in enumerate(items):
            if not isinstance(item, wanted) or (isinstance(item, bool) and wanted is not bool):
                message = f"{self._called(key)} 第 {place + 1} 个应是{WORDS[wanted]}，不是{kind_of(item)}。"
                raise self.document.error((*self.path, key, place), message)
        return list(items)

    def _called(self, key: str) -> str:
        return f"{self.name} 的 {key}" if self.name else key


def written(path: KeyPath) -> str:
    """A key path as it is written in the file, indices left out."""
    return ".".join(str(part) for part in path if isinstance(part, str))


def kind_of(value: Any) -> str:
    """The TOML type of a value in Chinese."""
    for kind in (bool, str, int, float, list, dict):
        if isinstance(value, kind):
            return WORDS[kind]
    return "日期或时间"
