"""The mark of one version: a short code that survives a fax, as letters and as a small QR code in the footer."""

from __future__ import annotations

import io
import posixpath
import zipfile

PREFIX = "ON1:"
CODE_BITS = 80
DESCRIPTION = "版本标记"  # the alternative text of the footer's picture, by which a template names the place
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
MAIN = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
RELATIONSHIP = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def code_of(entry_hash: str) -> str:
    """The mark's text: ``ON1:`` and the first 80 bits of the issuing entry's hash in hex (24 characters in all)."""
    return PREFIX + entry_hash[: CODE_BITS // 4].upper()


def letters(code: str) -> str:
    """The same for a person to read: groups of four, e.g. ``A3F0-…``."""
    digits = code.removeprefix(PREFIX)
    return "-".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def picture(code: str) -> bytes:
    """The QR code as PNG; without a code an empty white picture, for forms that go out unmarked."""
    import segno

    content = io.BytesIO()
    if code:
        segno.make(code, error="m", micro=False).save(content, kind="png", scale=8, border=2)
        return content.getvalue()
    segno.make("-", micro=False).save(content, kind="png", scale=1, border=2, dark="white")
    return content.getvalue()


def pictures(document: zipfile.ZipFile) -> frozenset[str]:
    """The part names of the pictures that a template's headers and footers describe as the mark."""
    from lxml import etree

    found = set()
    for name in document.namelist():
        folder, base = posixpath.split(name)
        if folder != "word" or not base.startswith(("footer", "header")):
            continue
        relationships = f"{folder}/_rels/{base}.rels"
        if relationships not in document.namelist():
            continue
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        ids = _marked(etree.fromstring(document.read(name), parser))
        for relation in etree.fromstring(document.read(relationships), parser):
            if relation.get("Id") in ids:
                found.add(posixpath.normpath(posixpath.join(folder, relation.get("Target", ""))))
    return frozenset(found)


def _marked(root: object) -> set[str]:
    """The relationship ids of the pictures in ``root`` whose alternative text is DESCRIPTION."""
    ids = set()
    for inline in (*root.iter(f"{DRAWING}inline"), *root.iter(f"{DRAWING}anchor")):  # type: ignore[attr-defined]
        described = inline.find(f"{DRAWING}docPr")
        if described is not None and described.get("descr") == DESCRIPTION:
            ids |= {blip.get(f"{RELATIONSHIP}embed", "") for blip in inline.iter(f"{MAIN}blip")}
    return ids
