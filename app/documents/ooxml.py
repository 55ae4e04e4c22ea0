"""A Word file as a package of parts (ECMA-376 part 2): its parts, content types and relationships, read strictly."""

from __future__ import annotations

import hashlib
import io
import posixpath
import zipfile
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.base.errors import InputError

TYPES = "[Content_Types].xml"
TYPES_NS = "{http://schemas.openxmlformats.org/package/2006/content-types}"
RELATIONS_NS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
RELATIONS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
SIGNATURES = "_xmlsignatures/"
ORIGIN = SIGNATURES + "origin.sigs"
ORIGIN_RELATION = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin"
SIGNATURE_RELATION = "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/signature"
OUTSIDE = ("docProps/", SIGNATURES)  # what a signature leaves out: properties, and the signatures themselves
SIZE_LIMIT = 64 << 20

# Relationships of the package itself that point to what is left out.
OUTSIDE_RELATIONS = (
    "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties",
    "http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/extended-properties",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties",
    ORIGIN_RELATION,
)


def parse(content: bytes) -> Any:
    """An XML part's root; no entities, no network. Raises InputError when it is no XML or carries a DTD."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"文件内部的 XML 已损坏（{error.msg}）。") from error
    if getattr(root.getroottree().docinfo, "doctype", ""):
        raise InputError("文件内部的 XML 带有文档类型定义（DTD），不予处理。")
    return root


def canonical(element: Any) -> bytes:
    """Inclusive C14N 1.0 of ``element`` as its own document; parsed anew, since lxml adds empty ``xmlns`` otherwise."""
    from lxml import etree

    return bytes(etree.tostring(parse(etree.tostring(element, with_tail=False)), method="c14n"))


def digest(content: bytes) -> str:
    """SHA-256 in base64, as XML signatures write it."""
    return b64encode(hashlib.sha256(content).digest()).decode()


@dataclass(frozen=True)
class Package:
    """The parts by name, in the file's order."""

    parts: Mapping[str, bytes]

    @classmethod
    def read(cls, content: bytes) -> Package:
        """Raises InputError for anything but a whole, unambiguous Word package of a reasonable size."""
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                infos = archive.infolist()
                names = [info.filename for info in infos]
                if len({name.lower() for name in names}) != len(names):
                    raise InputError("文件里有重名的部件，不能确定哪一个算数。")
                if sum(info.file_size for info in infos) > SIZE_LIMIT:
                    raise InputError("文件展开后过大。")
                parts = {name: archive.read(name) for name in names if not name.endswith("/")}
        except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
            raise InputError("不是 Word 文件（.docx），或者已经损坏。") from error
        if TYPES not in parts or "word/document.xml" not in parts:
            raise InputError("不是 Word 文件（.docx）。")
        return cls(parts)

    def write(self, changed: Mapping[str, bytes]) -> bytes:
        """The package's bytes with ``changed`` parts in place or added; times are fixed."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, body in {**self.parts, **changed}.items():
                info = zipfile.ZipInfo(name, (2011, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                archive.writestr(info, body)
        return content.getvalue()

    def content_type(self, name: str) -> str:
        """The part's content type by ``[Content_Types].xml``, an Override before a Default; empty when it has none."""
        root = parse(self.parts[TYPES])
        for override in root.findall(f"{TYPES_NS}Override"):
            if override.get("PartName", "").lower() == f"/{name}".lower():
                return str(override.get("ContentType", ""))
        extension = posixpath.splitext(name)[1].lstrip(".").lower()
        for default in root.findall(f"{TYPES_NS}Default"):
            if default.get("Extension", "").lower() == extension:
                return str(default.get("ContentType", ""))
        return ""

    def covered(self) -> tuple[str, ...]:
        """The names of the parts that a signature must cover, sorted."""
        return tuple(sorted(name for name in self.parts if name != TYPES and not name.startswith(OUTSIDE)))

    def signatures(self) -> tuple[str, ...]:
        """The names of the signature parts, by the origin's relationships."""
        relations = self.parts.get(f"{SIGNATURES}_rels/origin.sigs.rels")
        if relations is None:
            return ()
        targets = [relation.get("Target", "") for relation in parse(relations)]
        return tuple(posixpath.normpath(posixpath.join(SIGNATURES, target)).lstrip("/") for target in targets)


def signed_relations(content: bytes) -> tuple[str, ...]:
    """The ids of a relationship part's relationships that a signature covers, in ordinal order."""
    relations = parse(content).findall(f"{RELATIONS_NS}Relationship")
    return tuple(sorted(r.get("Id", "") for r in relations if r.get("Type") not in OUTSIDE_RELATIONS))


def transformed_relations(content: bytes, ids: tuple[str, ...]) -> bytes:
    """The relationship transform (ECMA-376 part 2, 13.2.4.24), then C14N: only ``ids``, sorted, TargetMode explicit."""
    from lxml import etree

    root = etree.Element(f"{RELATIONS_NS}Relationships", nsmap={None: RELATIONS_NS.strip("{}")})  # type: ignore[dict-item]
    wanted = [r for r in parse(content).findall(f"{RELATIONS_NS}Relationship") if r.get("Id") in ids]
    for relation in sorted(wanted, key=lambda relation: relation.get("Id", "")):
        kept = {key: relation.get(key, "") for key in ("Id", "Type", "Target")}
        etree.SubElement(
            root, f"{RELATIONS_NS}Relationship", {**kept, "TargetMode": relation.get("TargetMode", "Internal")}
        )
    return canonical(root)
