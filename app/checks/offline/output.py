"""A script's output read: what it is, where it ran, and each answer that came through whole.

A file that was converted on its way (line ends, GBK, UTF-8, UTF-16) is put back if its checksums then agree. What is
cut off, changed or missing is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.base.errors import InputError
from app.checks.offline import marks

LARGEST = 32 << 20  # bytes of a file
MOST_BLOCKS = 5000
HEAD = re.compile(rb"^@@onsite ([0-9a-f]{16}) head (format=[^\r\n]*)", re.MULTILINE)
PAIR = re.compile(r"([a-z]+)=(\S*)")
STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:Z|([+-]\d\d:?\d\d))")
NUMBER = re.compile(r"[0-9]{1,12}")
AGAIN = "请客户把脚本的输出文件原样拷来（不要用编辑器或办公软件打开另存），再导入。"


@dataclass(frozen=True)
class Text:
    """One text of an answer, and whether its count or checksum agrees."""

    body: bytes
    whole: bool

    @property
    def text(self) -> str:
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError:
            return self.body.decode("gb18030", "replace")


@dataclass(frozen=True)
class Block:
    """One answer: its single words with what follows them, and its texts. ``whole``: to be relied on."""

    number: int
    words: Mapping[str, str]
    texts: Mapping[str, Text]
    closed: bool

    @property
    def whole(self) -> bool:
        return self.closed and all(text.whole for text in self.texts.values())


@dataclass(frozen=True)
class Output:
    """``head`` and ``facts`` unescaped. ``complete``: its end is there, and nothing in between is missing.

    ``converted``: how the file had to be put back, empty when it came as it was written.
    """

    nonce: str
    head: Mapping[str, str]
    facts: Mapping[str, str]
    blocks: tuple[Block, ...]
    complete: bool
    converted: str = ""

    @property
    def damaged(self) -> int:
        """How many of the answers cannot be relied on."""
        return sum(not block.whole for block in self.blocks)

    @property
    def time(self) -> datetime:
        """When the script ran, by the clock there. Raises InputError where it does not say."""
        return stamp(self.facts.get("time", ""))


@dataclass
class _Open:
    number: int
    words: dict[str, str] = field(default_factory=dict)
    texts: dict[str, Text] = field(default_factory=dict)
    closed: bool = False

    def block(self) -> Block:
        return Block(self.number, self.words, self.texts, self.closed)


def stamp(text: str) -> datetime:
    """An aware time as the scripts print it. Raises InputError."""
    found = STAMP.fullmatch(text.strip())
    if not found:
        raise InputError(f"输出里没有可读的运行时间（“{text[:40]}”）。{AGAIN}")
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}{_zone(found[3])}")
    except ValueError:
        raise InputError(f"输出里的运行时间“{text[:40]}”不对。{AGAIN}") from None


def _zone(written: str | None) -> str:
    return f"{written[:3]}:{written[-2:]}" if written else "+00:00"


def read(data: bytes) -> Output:
    """Raises InputError for what is no output of a script, or two of them one behind the other."""
    if len(data) > LARGEST:
        raise InputError(f"文件超过 {LARGEST >> 20} MiB，不会是脚本的输出。{AGAIN}")
    best: Output | None = None
    for how, candidate in _candidates(data):
        found = _read(candidate, how)
        if found and (best is None or _worth(found) > _worth(best)):
            best = found
        if best and not best.damaged and best.complete:
            break
    if best is None:
        raise InputError(f"这不是本程序脚本的输出：找不到开头的标记。{AGAIN}")
    return best


def _worth(found: Output) -> tuple[int, int]:
    return (sum(block.whole for block in found.blocks), found.complete)


def _candidates(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The file as it came, and as it may have been before somebody converted it."""
    for name, plain in _decoded(data):
        for how, content in ((name, plain), (f"{name}、换行符" if name else "换行符", plain.replace(b"\r\n", b"\n"))):
            if how == name or content != plain:
                yield how, content


def _decoded(data: bytes) -> Iterator[tuple[str, bytes]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = data.decode("utf-16")
        except UnicodeDecodeError:
            return
        yield "UTF-16", text.encode("utf-8", "replace")
        yield "UTF-16", text.encode("gb18030", "replace")
        return
    bare = data.removeprefix(b"\xef\xbb\xbf")
    yield "", bare
    for source, written in (("utf-8", "gb18030"), ("gb18030", "utf-8")):
        try:
            yield "转码", bare.decode(source).encode(written)
        except UnicodeError:
            continue


def _read(data: bytes, how: str) -> Output | None:
    heads = [(found[1], found[2]) for found in HEAD.finditer(data)]
    if not heads:
        return None
    if len(heads) > 1:
        raise InputError(f"文件里有 {len(heads)} 次运行的输出接在一起，请每次运行单独一个文件。")
    nonce, told = heads[0][0].decode(), heads[0][1].decode("ascii", "replace")
    head = {name: marks.unescaped(value) for name, value in PAIR.findall(told)}
    if head.get("format") != marks.FORMAT:
        raise InputError(
            f"输出的格式版本是 {head.get('format', '')[:8]}，本程序只认 {marks.FORMAT}，请用本程序重新写脚本。"
        )
    sections = _sections(data, nonce)
    blocks = _blocks(sections)
    facts = dict(_fact(rest) for word, rest, _ in sections if word == "fact")
    last = next((rest for word, rest, _ in sections if word == "last"), "")
    numbers = [block.number for block in blocks]
    complete = last.strip() == str(len(blocks)) and numbers == list(range(1, len(blocks) + 1))
    return Output(nonce, head, facts, tuple(blocks), complete, how)


def _fact(rest: str) -> tuple[str, str]:
    name, _, value = rest.strip().partition("=")
    return name, marks.unescaped(value)


def _sections(data: bytes, nonce: str) -> list[tuple[str, str, bytes]]:
    """Each marked line's word and rest, with what stands between it and the next, without the last line's end."""
    mark = re.compile(rb"^%s %s ([a-z]+)(?: ([^\r\n]*))?\r?$" % (marks.MARK.encode(), nonce.encode()), re.MULTILINE)
    found = list(mark.finditer(data))
    ends = [one.start() for one in found[1:]] + [len(data)]
    return [
        (
            one[1].decode(),
            (one[2] or b"").decode("utf-8", "replace"),
            data[min(one.end() + 1, end) : max(one.end() + 1, end - 1)],
        )
        for one, end in zip(found, ends, strict=True)
    ]


def _blocks(sections: Sequence[tuple[str, str, bytes]]) -> list[Block]:
    """The answers in order. Raises InputError for more than a script can ask."""
    blocks: list[Block] = []
    current: _Open | None = None
    for place, (word, rest, body) in enumerate(sections):
        if word == "ask":
            if current:
                blocks.append(current.block())
            current = _Open(int(rest)) if NUMBER.fullmatch(rest.strip()) else None
        elif word == "last" and current:
            blocks.append(current.block())
            current = None
        elif current and word in marks.TEXTS:
            following = sections[place + 1] if place + 1 < len(sections) else ("", "", b"")
            agrees = word not in current.texts and _agrees(body, following)
            current.texts[word] = Text(body, agrees)
        elif current and word == "done":
            current.closed = rest.strip() == str(current.number)
        elif current and word != marks.CHECKED:
            current.words[word] = rest
    if current:
        blocks.append(current.block())
    if len(blocks) > MOST_BLOCKS:
        raise InputError(f"输出里有 {len(blocks)} 段，脚本不会问这么多。{AGAIN}")
    return blocks


def _agrees(body: bytes, following: tuple[str, str, bytes]) -> bool:
    """Whether the check that closes a text fits it: ``cksum crc octets``, ``count lines signs``, ``sum sum units``."""
    word, rest, _ = following
    how, *numbers = rest.split() or [""]
    if word != marks.CHECKED or len(numbers) != 2 or not all(NUMBER.fullmatch(number) for number in numbers):
        return False
    first, second = (int(number) for number in numbers)
    if how == "cksum":
        return len(body) == second and marks.cksum(body) == first
    text = body.decode("utf-8", "replace").replace("\r\n", "\n")
    if how == "count":
        lines = text.split("\n") if text else []
        return len(lines) == first and sum(map(len, lines)) == second
    return how == "sum" and marks.unit_count(text) == second and marks.unit_sum(text) == first
