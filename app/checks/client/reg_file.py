"""Registry exports (.reg) read: version 5.00 (UTF-16 as regedit and ``reg export`` write it) and REGEDIT4 (ANSI).

Format: Microsoft, "How to add, modify, or delete registry subkeys and values by using a .reg file"; types by winnt.h.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from app.checks.client.registry import WHOLE, ExportedRegistry, Key, Value, normal
from app.checks.model import Undetermined

LARGEST = 32 << 20  # bytes of a file
FIVE, FOUR = "Windows Registry Editor Version 5.00", "REGEDIT4"
SZ, EXPAND_SZ, DWORD, DWORD_BIG, MULTI_SZ, QWORD = 1, 2, 4, 5, 7, 11
NAME = re.compile(r'\s*(?:@|"((?:[^"\\]|\\.)*)")\s*=', re.DOTALL)
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:;.*)?', re.DOTALL)
HEX = re.compile(r"hex(?:\(([0-9a-fA-F]{1,8})\))?:(.*)", re.DOTALL)
DWORD_TEXT = re.compile(r"dword:([0-9a-fA-F]{1,8})\s*(?:;.*)?")
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
ADVICE = "请用 regedit 或 reg export 重新导出，不要用别的程序打开后另存。"


def read(data: bytes) -> ExportedRegistry:
    """A whole export; complete below each key that stands in it without its parent. Raises Undetermined."""
    if len(data) > LARGEST:
        raise Undetermined(f"注册表导出文件超过 {LARGEST >> 20} MiB", ADVICE)
    text = decoded(data)
    head, _, body = text.lstrip("\ufeff \r\n").partition("\n")
    if head.strip() not in (FIVE, FOUR):
        raise Undetermined("不是注册表导出文件（第一行不对）", ADVICE)
    keys = parse(body, ansi=head.strip() == FOUR)
    return ExportedRegistry(keys, {path: WHOLE for path in keys if path.rpartition("\\")[0] not in keys})


def decoded(data: bytes) -> str:
    """UTF-16 or UTF-8 by their marks, else UTF-8, else GB18030. Raises Undetermined."""
    marks = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
    named = next((name for mark, name in marks if data.startswith(mark)), "")
    for encoding in (named,) if named else ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Undetermined("注册表导出文件的编码认不出", ADVICE)


def parse(body: str, *, ansi: bool = False) -> dict[str, Key]:
    """The keys of an export without its first line, by normal path; other roots than HKLM and HKCU are left out.

    ``ansi``: REGEDIT4, whose text in hex is not UTF-16. Raises Undetermined for anything that is no export.
    """
    values: dict[str, dict[str, Value]] = {}
    written: dict[str, str] = {}
    current: dict[str, Value] | None = None
    for line in _logical(body.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
        if line.startswith("["):
            if not line.rstrip().endswith("]") or line.startswith("[-"):
                raise _wrong(line)
            current = _key(line.strip()[1:-1], values, written)
        elif current is None:
            raise _wrong(line)
        else:
            name, value = _entry(line, ansi)
            current[name] = value
    return _joined(values, written)


def _key(path: str, values: dict[str, dict[str, Value]], written: dict[str, str]) -> dict[str, Value]:
    """Where the values of a key go; ``written`` keeps the names as they stand in the file."""
    try:
        wanted = normal(path)
    except ValueError:
        return {}
    own, parts = wanted.split("\\"), path.strip().rstrip("\\").split("\\")
    written |= {"\\".join(own[: count + 1]): part for count, part in enumerate(parts)}
    return values.setdefault(wanted, {})


def _joined(values: dict[str, dict[str, Value]], written: dict[str, str]) -> dict[str, Key]:
    """Keys with their keys below; one that is left out between two that stand in the file is there as well."""
    every: dict[str, dict[str, Value]] = dict(values)
    for path in values:
        above = path.split("\\")
        parents = ["\\".join(above[:count]) for count in range(1, len(above))]
        first = next((place for place, parent in enumerate(parents) if parent in values), len(parents))
        every |= {parent: every.get(parent, {}) for parent in parents[first:]}
    below: dict[str, dict[str, None]] = {path: {} for path in every}
    for path in every:
        parent = path.rpartition("\\")[0]
        if parent in below:
            below[parent][written[path]] = None
    return {path: Key(found, tuple(below[path])) for path, found in every.items()}


def _logical(lines: Sequence[str]) -> Iterator[str]:
    """Lines put together: hex goes on behind a backslash, text in quotes over a line's end."""
    held, between = "", ""
    for line in lines:
        if held and not between and not line.strip():
            raise _wrong(held)
        whole = f"{held}{between}{line if between else line.strip()}" if held else line
        held, between = "", ""
        if not whole.strip() or whole.lstrip().startswith(";"):
            continue
        if _open_text(whole):
            held, between = whole, "\n"
        elif whole.rstrip().endswith("\\") and not whole.lstrip().startswith("["):
            held = whole.rstrip()[:-1]
        else:
            yield whole
    if held:
        raise _wrong(held)


def _open_text(line: str) -> bool:
    """Whether a text's closing quote has not come yet."""
    name = NAME.match(line)
    rest = line[name.end() :].lstrip() if name else ""
    return rest.startswith('"') and TEXT.match(rest) is None


def _entry(line: str, ansi: bool) -> tuple[str, Value]:
    name = NAME.match(line)
    if not name:
        raise _wrong(line)
    return ESCAPED.sub(r"\1", name[1] or ""), _value(line[name.end() :].strip(), ansi)


def _value(text: str, ansi: bool) -> Value:
    if found := TEXT.fullmatch(text):
        return ESCAPED.sub(r"\1", found[1])
    if found := DWORD_TEXT.fullmatch(text):
        return int(found[1], 16)
    found = HEX.fullmatch(text)
    if not found:
        raise _wrong(text)
    try:
        data = bytes(int(part, 16) for part in found[2].partition(";")[0].split(",") if part.strip())
    except ValueError:
        raise _wrong(text) from None
    return _typed(int(found[1], 16) if found[1] else 3, data, ansi)


def _typed(kind: int, data: bytes, ansi: bool) -> Value:
    if kind in (SZ, EXPAND_SZ, MULTI_SZ):
        text = data.decode("gb18030" if ansi else "utf-16-le", "replace")
        parts = tuple(part for part in text.split("\0") if part)
        return parts if kind == MULTI_SZ else text.partition("\0")[0]
    if kind in (DWORD, QWORD) and data:
        return int.from_bytes(data, "little")
    return int.from_bytes(data, "big") if kind == DWORD_BIG and data else data


def _wrong(line: str) -> Undetermined:
    return Undetermined(f"注册表导出里有一行看不懂：“{' '.join(line.split())[:60]}”", ADVICE)
