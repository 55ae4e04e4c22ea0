"""A template filled: every field has a value, nothing is lost to markup, and the same values give the same bytes."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.base.errors import InputError
from app.documents import mark

if TYPE_CHECKING:
    from jinja2 import TemplateError

ZIP_TIME = (2011, 1, 1, 0, 0, 0)  # fixed, so that bytes depend on content alone
SIZE_LIMIT = 32 << 20


def fill(name: str, template: bytes, values: Mapping[str, Any], code: str = "") -> bytes:
    """The document: ``template`` (a .docx's bytes) with ``values``; ``code`` becomes the QR mark in its footer.

    Raises InputError naming the template ``name`` and the field for a broken template, a missing value or a control
    character in a value.
    """
    refuse_control_characters(name, values)
    return finish(render(name, template, values), code)


def render(name: str, template: bytes, values: Mapping[str, Any]) -> bytes:
    """``template`` with its tags replaced; autoescaped, since ``&`` and ``<`` would break the document's XML."""
    from docxtpl import DocxTemplate
    from jinja2 import Environment, StrictUndefined, TemplateError

    require_docx(name, template)
    environment = Environment(undefined=StrictUndefined, autoescape=True)
    document = DocxTemplate(io.BytesIO(template))
    try:
        document.render(dict(values), environment)
    except TemplateError as error:
        raise InputError(f"模板 {name} 有误：{explain(error)}。请在 Word 中改正这个模板。") from error
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def require_docx(name: str, template: bytes) -> None:
    """Raises InputError when ``template`` is no Word document of a reasonable size."""
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as parts:
            whole = "word/document.xml" in parts.namelist()
            size = sum(part.file_size for part in parts.infolist())
    except zipfile.BadZipFile as error:
        raise InputError(f"模板 {name} 不是 Word 文件（.docx）。") from error
    if not whole or size > SIZE_LIMIT:
        raise InputError(f"模板 {name} 不是 Word 文件（.docx），或者过大。")


def explain(error: TemplateError) -> str:
    """A template's error in Chinese, naming the field or the tag."""
    text = str(error)
    if missing := re.search(r"'([^']+)' is undefined|has no attribute '([^']+)'", text):
        return f"字段 {missing.group(1) or missing.group(2)} 没有对应的值"
    if unknown := re.search(r"unknown tag '(\w+)'", text):
        return f"标记 {unknown.group(1)} 不成对或不认识"
    return f"标记没有写完整（{text}）"


def refuse_control_characters(name: str, values: Any, field: str = "") -> None:
    """Raises InputError naming the field whose text holds a control character; line breaks and tabs are fine."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            refuse_control_characters(name, value, f"{field}.{key}" if field else str(key))
    elif isinstance(values, list | tuple):
        for number, value in enumerate(values, 1):
            refuse_control_characters(name, value, f"{field} 第{number}行")
    elif isinstance(values, str):
        bad = next((c for c in values if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"), "")
        if bad or any(character in "\ufffe\uffff" for character in values):
            raise InputError(
                f"表单 {name} 的字段 {field} 含有不能打印的控制字符（U+{ord(bad or chr(0xFFFF)):04X}），请改正后重试。"
            )


def finish(document: bytes, code: str) -> bytes:
    """The package once more with the mark's picture in place and fixed times, so that equal input gives equal bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as source, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        pictures = mark.pictures(source)
        for part in source.infolist():
            body = mark.picture(code) if part.filename in pictures else source.read(part)
            if part.filename == "docProps/core.xml":
                body = without_dates(body)
            info = zipfile.ZipInfo(part.filename, ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            target.writestr(info, body)
    return content.getvalue()


def without_dates(core: bytes) -> bytes:
    """Core properties with the moments of saving taken out: they would make equal documents differ."""
    return re.sub(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>", b"", core)
