"""Record files of the joint test: what one end says it sent or received, batch by batch. Their form, read and written.

JSON Lines (a head, then one object a batch) or CSV (lines of ``key,value``, then a table), in UTF-8 or GBK. The other
end's file is a stranger's: it is bounded, read by the letter, and what is not plain is refused in one sentence.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.base.clock import CHINA, stamp
from app.base.identity import mask

LARGEST = 8 << 20  # bytes of a file
MOST = 50_000  # batches in a file
LONGEST = 200  # characters of an id or of a name
FORMAT = "onsite-record"
TITLE = "联调记录"  # the first cell of a CSV
VERSION = 1
REPORT, DISPATCH = "report", "dispatch"
SENT, RECEIVED = "sent", "received"
HEAD_KEYS: Mapping[str, str] = {
    "版本": "version", "方向": "direction", "收发": "side", "本端": "end", "节点": "node", "身份": "role",
    "时钟偏差": "clock", "项目": "project", "批次数": "batches", "导出时间": "exported",
}  # fmt: skip
COLUMNS: Mapping[str, str] = {
    "批次号": "id", "批次": "id", "batch": "id", "id": "id", "条数": "count", "记录数": "count", "count": "count",
    "sha-256": "sha256", "sha256": "sha256", "摘要": "sha256", "digest": "sha256", "时间": "time", "time": "time",
    "发出时间": "time", "收到时间": "time",
}  # fmt: skip
VALUES: Mapping[str, str] = {
    "上报": REPORT, "下发": DISPATCH, "发出": SENT, "发送": SENT, "收到": RECEIVED, "接收": RECEIVED,
    "部端": "ministry", "省端": "province", "市端": "city",
}  # fmt: skip
ENDS = ("ministry", "province", "city")
FORMULA = ("=", "+", "-", "@", "\t")  # what a spreadsheet would run
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffd]")
QUOTED = re.compile(r'="([^"]*)"')  # how programs keep a spreadsheet from changing a text
SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?E\+[0-9]{2}")  # how a spreadsheet shows a long number
DIGEST = re.compile(r"[0-9a-f]{64}")
COUNT = re.compile(r"[0-9]{1,12}")
DAY = re.compile(r"\A([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})[ T]+([0-9]{1,2}):")
OFFSET = re.compile(r"([+-]?[0-9]{1,9}(?:\.[0-9]{1,6})?)(?:\s*(?:秒|s))?")


class Unreadable(Exception):
    """The file is no record that can be used; the text is one Chinese sentence."""


@dataclass(frozen=True)
class Item:
    """One batch as one end saw it. ``count`` None, ``sha256`` "" and ``time`` None: not said."""

    id: str
    count: int | None = None
    sha256: str = ""
    time: datetime | None = None


@dataclass(frozen=True)
class Head:
    """Whose record it is. ``side``: sent or received; ``end``: ministry, province or city; ``clock``: the seconds that
    this end's clock is ahead of the true time, None where nobody knows; what is not said is empty.
    """

    direction: str = ""
    side: str = ""
    end: str = ""
    node: str = ""
    role: str = ""
    clock: float | None = None
    project: str = ""


@dataclass(frozen=True)
class Record:
    """One record file. ``whole`` False: it says of itself how many batches it holds, and there are not so many."""

    head: Head
    items: tuple[Item, ...] = ()
    whole: bool = True
    name: str = field(default="", compare=False)


def looks_like_one(content: bytes) -> bool:
    """Whether a file gives itself out to be a record, by its beginning (64 KiB are enough)."""
    try:
        first = decoded(content[: 64 << 10], cut=True).lstrip().partition("\n")[0].strip()
    except Unreadable:
        return False
    if first.startswith("{"):
        return f'"{FORMAT}"' in first
    return re.split("[,;\t]", first)[0].strip().strip('"') == TITLE


def read(content: bytes, name: str = "") -> Record:
    """The record that a file holds. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(f"记录文件超过 {LARGEST >> 20} MiB，不像联调记录，没有读取")
    if not content.strip():
        raise Unreadable("记录文件是空的")
    text = decoded(content)
    if mask(text) != text:
        raise Unreadable("记录文件里有身份证号：联调记录只写批次号、条数、摘要和时间，请去掉个人信息后重新给出")
    head, items = _json_lines(text) if text.lstrip().startswith("{") else _table(text)
    batches = head.pop("batches", None)
    if batches is not None and not COUNT.fullmatch(str(batches)):
        raise Unreadable(f"记录文件的批次数“{_shown(batches)}”不是数")
    return Record(_head(head), items, batches is None or int(batches) == len(items), name)


def decoded(content: bytes, *, cut: bool = False) -> str:
    """UTF-8 (also with its mark), UTF-16 with its mark, else GB18030. ``cut``: the end may stop in a character."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _in(content, encoding, cut)
    if b"\0" in content:
        raise Unreadable("不是文本文件，不像联调记录")
    try:
        return _in(content, "utf-8", cut)
    except Unreadable:
        return _in(content, "gb18030", cut)


def _in(content: bytes, encoding: str, cut: bool) -> str:
    import codecs

    try:
        return codecs.getincrementaldecoder(encoding)().decode(content, not cut)
    except (UnicodeDecodeError, UnicodeError):
        raise Unreadable("记录文件的编码认不出（应为 UTF-8 或 GBK）") from None


# JSON Lines


def _json_lines(text: str) -> tuple[dict[str, Any], tuple[Item, ...]]:
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    head, *rest = (_object(number, line) for number, line in lines[: MOST + 2])
    own = head.get("format") == FORMAT
    if own and head.get("version") != VERSION:
        raise Unreadable(f"记录文件的版本是 {_shown(head.get('version'))}，本程序只认识 {VERSION}")
    items = rest if own else [head, *rest]
    return (head if own else {}), _items([(number, one) for (number, _), one in zip(lines[own:], items, strict=False)])


def _object(number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Unreadable(f"记录文件第 {number} 行不是 JSON") from None
    if not isinstance(value, dict):
        raise Unreadable(f"记录文件第 {number} 行不是 JSON 对象")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once each: of two values nobody could say which is meant."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _no_constant(name: str) -> float:
    raise ValueError(name)


# CSV


def _table(text: str) -> tuple[dict[str, Any], tuple[Item, ...]]:
    """Separated by commas, semicolons or tabs, as spreadsheets save it."""
    for separator in (",", ";", "\t"):
        rows = _rows(text, separator)
        at = next((place for place, (_, row) in enumerate(rows) if _columns(row)), None)
        if at is not None:
            columns = _columns(rows[at][1])
            taken = rows[at + 1 : at + MOST + 3]
            return _head_rows(rows[:at]), _items([(number, _row(number, row, columns)) for number, row in taken])
    raise Unreadable("记录文件里没有表头：要有“批次号”，以及“条数、SHA-256、时间”各列")


def _rows(text: str, separator: str) -> list[tuple[int, list[str]]]:
    try:
        lines = enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), 1)
        cells = [(number, [_cell(cell) for cell in row]) for number, row in lines]
    except csv.Error:
        raise Unreadable("记录文件不是 CSV：引号不成对，或一格太长") from None
    return [(number, row) for number, row in cells if any(row)]


def _cell(cell: str) -> str:
    cell = cell.strip()
    found = QUOTED.fullmatch(cell)
    return found[1].strip() if found else cell


def _columns(row: Sequence[str]) -> list[str]:
    """The meaning of each column of a table's head; empty where the row is none."""
    named = [COLUMNS.get(cell.strip().lower(), "") for cell in row]
    return named if "id" in named and ("count" in named or "sha256" in named) else []


def _head_rows(rows: Sequence[tuple[int, list[str]]]) -> dict[str, Any]:
    head: dict[str, Any] = {}
    for number, row in rows:
        key, value = row[0], row[1] if len(row) > 1 else ""
        if key == TITLE:
            if value not in ("", str(VERSION)):
                raise Unreadable(f"记录文件的版本是 {_shown(value)}，本程序只认识 {VERSION}")
            continue
        name = HEAD_KEYS.get(key, key)
        if name not in HEAD_KEYS.values() or name in head:
            raise Unreadable(f"记录文件第 {number} 行“{_shown(key)}”不认识，或写了两次")
        head[name] = value
    return head


def _row(number: int, row: Sequence[str], columns: Sequence[str]) -> dict[str, Any]:
    if len(row) > len(columns) and any(row[len(columns) :]):
        raise Unreadable(f"记录文件第 {number} 行比表头多出内容")
    named = [(name, cell) for name, cell in zip(columns, row, strict=False) if name]
    if len({name for name, _ in named}) != len(named):
        raise Unreadable("记录文件的表头里同一列写了两次")
    return dict(named)


# values


def _items(values: Sequence[tuple[int, Mapping[str, Any]]]) -> tuple[Item, ...]:
    if len(values) > MOST:
        raise Unreadable(f"记录文件超过 {MOST} 个批次，请只导出这次联调的")
    return tuple(_item(number, value) for number, value in values)


def _item(number: int, value: Mapping[str, Any]) -> Item:
    batch = value.get("id")
    if not isinstance(batch, str) or not batch.strip():
        raise Unreadable(f"记录文件第 {number} 行没有批次号")
    batch = batch.strip()
    if len(batch) > LONGEST or CONTROLS.search(batch) or batch.startswith(FORMULA):
        raise Unreadable(f"记录文件第 {number} 行的批次号“{_shown(batch)}”不能用：过长、有控制字符，或像电子表格公式")
    if SCIENTIFIC.fullmatch(batch):
        raise Unreadable(f"记录文件第 {number} 行的批次号“{batch}”被电子表格改成了科学计数法，请按文本重新导出")
    return Item(batch, _count(number, value), _digest(number, value), _time(number, value.get("time")))


def _count(number: int, value: Mapping[str, Any]) -> int | None:
    count = value.get("count")
    if count is None or count == "":
        return None
    whole = isinstance(count, int) and not isinstance(count, bool) and 0 <= count < 10**12
    if not whole and not (isinstance(count, str) and COUNT.fullmatch(count.strip())):
        raise Unreadable(f"记录文件第 {number} 行的条数“{_shown(count)}”不是数")
    return int(count)


def _digest(number: int, value: Mapping[str, Any]) -> str:
    digest = value.get("sha256")
    if digest is None or digest == "":
        return ""
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest.strip().lower()):
        raise Unreadable(f"记录文件第 {number} 行的摘要“{_shown(digest)}”不是 SHA-256（64 位十六进制）")
    return digest.strip().lower()


def _time(number: int, value: Any) -> datetime | None:
    """RFC 3339; without an offset it is China's time, as on paper."""
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(DAY.sub(_padded, str(value).strip()))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
        moment.astimezone(CHINA)
        return moment
    except (ValueError, OverflowError):
        raise Unreadable(f"记录文件第 {number} 行的时间“{_shown(value)}”看不懂，应如 2026-01-05 14:00:00") from None


def _padded(day: re.Match[str]) -> str:
    """A day and hour as a spreadsheet writes them, ``2026/1/5 9:``, as ISO 8601 does."""
    year, month, date, hour = (int(part) for part in day.groups())
    return f"{year:04}-{month:02}-{date:02}T{hour:02}:"


def _head(values: Mapping[str, Any]) -> Head:
    told = {name: _word(name, values.get(name)) for name in ("direction", "side", "end", "node", "role", "project")}
    for name, allowed in (("direction", (REPORT, DISPATCH)), ("side", (SENT, RECEIVED)), ("end", ENDS)):
        if told[name] and told[name] not in allowed:
            raise Unreadable(f"记录文件的{_called(name)}“{_shown(told[name])}”不认识")
    return Head(**told, clock=_clock(values.get("clock")))


def _word(name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) > LONGEST or CONTROLS.search(value) or value.startswith(FORMULA):
        raise Unreadable(f"记录文件的{_called(name)}“{_shown(value)}”不能用")
    return VALUES.get(value.strip(), value.strip())


def _called(name: str) -> str:
    return next((word for word, key in HEAD_KEYS.items() if key == name), name)


def _clock(value: Any) -> float | None:
    if value is None or value == "":
        return None
    found = OFFSET.fullmatch(str(value).strip())
    if not found or isinstance(value, bool):
        raise Unreadable(f"记录文件的时钟偏差“{_shown(value)}”看不懂，应如 +2.5 秒")
    return float(found[1])


def _shown(value: Any) -> str:
    return CONTROLS.sub("�", str(value))[:40]


# writing


def written(record: Record, exported: datetime) -> bytes:
    """The record as JSON Lines in UTF-8, as ``read`` takes it."""
    head = record.head
    first = {
        "format": FORMAT, "version": VERSION, "direction": head.direction, "side": head.side, "end": head.end,
        "node": head.node, "role": head.role, "clock": "" if head.clock is None else f"{head.clock:+.3f}",
        "project": head.project, "batches": len(record.items), "exported": stamp(exported),
    }  # fmt: skip
    lines = [first, *(_line(item) for item in record.items)]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _line(item: Item) -> dict[str, Any]:
    line: dict[str, Any] = {"id": item.id, "count": item.count, "sha256": item.sha256}
    return line | {"time": stamp(item.time) if item.time else ""}
