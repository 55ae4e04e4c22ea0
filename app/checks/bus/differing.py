"""In what an answer differs from what was sent, named as the fault that makes such a difference. Pure."""

from __future__ import annotations

import re

MARK = b"\xef\xbb\xbf"
LINE_END = re.compile(r"\r+\n?")


def text_difference(sent: str, back: str) -> str:
    """What became of ``sent``, in words; empty when nothing did."""
    if sent == back:
        return ""
    if LINE_END.sub("\n", sent) == LINE_END.sub("\n", back):
        return "换行符被改动"
    if back == _misread(sent):
        return "UTF-8 的内容在途中被当成 GBK 解读（乱码）"
    if back == sent.encode("gb18030").decode("utf-8", "replace"):
        return "内容在途中被转成 GBK 编码，却按 UTF-8 解读（乱码）"
    at = next((n for n, (a, b) in enumerate(zip(sent, back, strict=False)) if a != b), min(len(sent), len(back)))
    if at == len(back):
        return f"被截断：只回来前 {at} 个字符（共 {len(sent)} 个）"
    if at == len(sent):
        return f"末尾多出 {len(back) - at} 个字符"
    changed = f"第 {at + 1} 个字符 {sent[at]!r} 变成了 {back[at]!r}"
    if back == sent.encode("gbk", "replace").decode("gbk"):
        return f"{changed}：在途中被转成 GBK，GBK 没有的字丢失"
    return changed


def _misread(text: str) -> str:
    return text.encode().decode("gb18030", "replace")


def bytes_difference(sent: bytes, back: bytes) -> str:
    """As ``text_difference``, for the bytes of a text in UTF-8."""
    if sent == back:
        return ""
    if not back:
        return "被截断：回来的内容是空的"
    if sent.startswith(back):
        return f"被截断：只回来前 {len(back)} 个字节（共 {len(sent)} 个）"
    if back.startswith(sent):
        return f"末尾多出 {len(back) - len(sent)} 个字节"
    if back == MARK + sent:
        return "开头被加上了 BOM"
    text = sent.decode()
    for encoding in ("gb18030", "gbk", "utf-16", "utf-16-le"):
        if back in (text.encode(encoding, "replace"), text.encode(encoding, "ignore")):
            return f"被改成 {'GBK' if encoding.startswith('gb') else 'UTF-16'} 编码，发出的是 UTF-8"
    try:
        return text_difference(text, back.decode())
    except UnicodeDecodeError:
        at = next(n for n, (a, b) in enumerate(zip(sent, back, strict=False)) if a != b)
        return f"第 {at + 1} 个字节 {sent[at]:#04x} 变成了 {back[at]:#04x}"
