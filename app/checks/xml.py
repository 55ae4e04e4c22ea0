"""XML of strangers: parsed without DTD and entities, bounded by what the caller read; None where it is not XML."""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from app.checks.model import Undetermined

DECLARED = re.compile(rb"""\A(?:\xef\xbb\xbf)?<\?xml\b[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["'][^>]*\?>""")
MOST_ELEMENTS, DEEPEST = 50_000, 200  # of a document; what is larger or deeper is none that a server of ours writes
CHINESE = ("gbk", "gb2312", "gb18030", "cp936")  # expat reads no multi-byte encodings but UTF


def parsed(content: bytes) -> Element | None:
    """The root element; None when ``content`` is not well-formed XML.

    Raises Undetermined for a document type declaration: it may carry entities that grow without bound or read files;
    and for a document that is too large or too deep.
    """
    if b"<!DOCTYPE" in content.replace(b"\0", b""):  # in UTF-16 and UTF-32 as well
        raise Undetermined("答复的 XML 带有 DOCTYPE，出于安全不作解析。", "请联系对方去掉 DOCTYPE。")
    try:
        return ElementTree.fromstring(_readable(content), ElementTree.XMLParser(target=_Bounded()))
    except (ElementTree.ParseError, ValueError, LookupError):
        return None


class _Bounded(ElementTree.TreeBuilder):
    """Builds the tree; a few megabytes of ``<a>`` would otherwise become hundreds."""

    def __init__(self) -> None:
        super().__init__()
        self._count = self._depth = 0

    def start(self, tag: str, attributes: dict[str, str], /) -> Element:
        self._count += 1
        self._depth += 1
        if self._count > MOST_ELEMENTS or self._depth > DEEPEST:
            raise Undetermined("答复的 XML 过大或嵌套过深，没有解析。", "请核对地址，并查看对方服务的日志。")
        return super().start(tag, attributes)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def _readable(content: bytes) -> bytes | str:
    """``content`` as expat reads it: what declares a Chinese encoding is decoded here."""
    declared = DECLARED.match(content)
    if not declared or declared[1].decode("ascii").lower() not in CHINESE:
        return content
    return content[declared.end() :].decode("gb18030")
