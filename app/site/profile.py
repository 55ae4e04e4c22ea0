"""Reads a site profile, ``site.toml``, and copies it into a project. What its values mean is the checks' business."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from app.base import toml_lines
from app.base.errors import InputError
from app.base.toml_lines import Document, KeyPath
from app.base.toml_table import REQUIRED, Table
from app.site import copying, files, formats, tables
from app.site.model import KINDS, Site, Target

WHAT = "现场配置文件"
LARGEST = 2**63 - 1  # TOML 1.0.0, Integer
LONGEST = 600  # characters of a message


def load(path: Path) -> Site:
    """The site that ``path`` describes; the paths in it are absolute, its targets in the file's order.

    Raises InputError, one Chinese line naming file, line and key, for whatever is wrong. That a certificate file is not
    there yet is no mistake of the profile: its check says so.
    """
    path = files.absolute(str(path), Path.cwd())
    try:
        return read(toml_lines.load(path, WHAT))
    except InputError as error:
        raise InputError(one_line(str(error))) from error


def read(document: Document) -> Site:
    """The site that a document describes. Raises InputError."""
    _require_small_numbers(document)
    top = Table(document, (), document.values)
    top.only(("site", *(kind.kind for kind in KINDS)), "表")
    if "site" not in top:
        raise top.error("", "缺少必填的表 [site]。")
    site = top.table("site")
    site.only([field.name for field in fields(Site) if field.name not in ("targets", "path")])
    anchors = files.paths(site, "trust", document.path.parent)
    return Site(
        name=formats.text(site, "name", REQUIRED),
        node=formats.division(site, "node", REQUIRED),
        parent=formats.division(site, "parent", ""),
        mode=site.choice("mode", ("centralised", "distributed"), "centralised"),
        integrated=site.boolean("integrated", True),
        unit=formats.text(site, "unit"),
        unit_phone=formats.text(site, "unit_phone"),
        implementer=formats.text(site, "implementer"),
        implementer_phone=formats.text(site, "implementer_phone"),
        trust=anchors,
        targets=_targets(top, anchors),
        path=document.path,
    )


def _targets(top: Table, anchors: tuple[Path, ...]) -> tuple[Target, ...]:
    entries = [(kind.kind, table) for kind in KINDS for table in top.tables(kind.kind)]
    entries.sort(key=lambda entry: top.document.line(entry[1].path))
    read = [(table, _target(kind, table, anchors)) for kind, table in entries]
    tables.require_single(read)
    tables.require_hosts(read)
    tables.require_certificates(read)
    return tuple(target for _, target in read)


def _target(kind: str, table: Table, anchors: tuple[Path, ...]) -> Target:
    if kind == "certificate":
        return tables.certificate(table, table.document.path.parent, anchors)
    return tables.READERS[kind](table)


def _require_small_numbers(document: Document) -> None:
    """TOML's integers have 64 bits; Python would take a longer one, and then not even print it."""
    for key, value in _leaves((), document.values):
        if isinstance(value, int) and abs(value) > LARGEST:
            raise document.error(key, f"{key[-1]} 的整数太大。")


def _leaves(key: KeyPath, value: Any) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves((*key, name), item)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _leaves((*key, place), item)
    else:
        yield key, value


def one_line(message: str) -> str:
    """A message that quotes the file, made one line of bearable length."""
    plain = formats.CONTROLS.sub("�", message)
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}……"


def copy_into(site_toml: Path, folder: Path, copied: list[Path] | None = None) -> None:
    """Copies the profile and the public files it names into the project ``folder``; again, it brings them up to date.

    ``copied`` is told every file that was not there before, so that it can be taken back. Raises InputError for a
    mistake in the profile before anything is written, UnavailableError when it cannot be.
    """
    site = load(site_toml)
    copying.copy(
        toml_lines.load(site.path, WHAT), files.absolute(str(folder), Path.cwd()), [] if copied is None else copied
    )


def referenced_files(site: Site) -> tuple[Path, ...]:
    """The public files that the profile names and that are there, each once: never keys, JKS or PKCS#12."""
    there = ((file, files.read(file)) for file in files.named(site))
    return tuple(file for file, content in there if content is not None and files.is_public(file, content))
