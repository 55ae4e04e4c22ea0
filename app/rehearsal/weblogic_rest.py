"""How WebLogic 12.2.1 says its beans over REST (``/management/weblogic/…``), read with GET; beans: ``weblogic_beans``.

Shapes follow "RESTful Domain Runtime Reference for Oracle WebLogic Server 12.2.1" (E64956) and what a 12.2.1.4 answers:
a bean is ``{"links", "identity", properties}``, a collection ``{"links", "items"}``; ``fields``, ``excludeFields``,
``links`` and ``excludeLinks`` name what is wanted, and unknown names are passed over. A refused log-in is answered in
HTML, the rest in JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.rehearsal.web import Answer, Request, as_json

ROOT = "/management/weblogic"
VERSIONS = ("12.2.1.4.0", "12.2.1.3.0", "12.2.1.2.0", "12.2.1.1.0", "12.2.1.0.0")
STATUS_TEXT = "http://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4."


@dataclass(frozen=True)
class Bean:
    """One management bean; a child is a bean or a collection of beans, told apart by their property ``name``."""

    properties: Mapping[str, Any]
    children: Mapping[str, Bean | tuple[Bean, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """What the query asks for. None means all."""

    fields: frozenset[str] | None
    without_fields: frozenset[str]
    links: frozenset[str] | None
    without_links: frozenset[str]

    @classmethod
    def of(cls, request: Request) -> Wanted:
        return cls(
            names(request.parameter("fields")),
            names(request.parameter("excludeFields")) or frozenset(),
            names(request.parameter("links")),
            names(request.parameter("excludeLinks")) or frozenset(),
        )

    def field(self, name: str) -> bool:
        return (self.fields is None or name in self.fields) and name not in self.without_fields

    def link(self, rel: str) -> bool:
        return (self.links is None or rel in self.links) and rel not in self.without_links


def names(parameter: str | None) -> frozenset[str] | None:
    return None if parameter is None else frozenset(name.strip() for name in parameter.split(",") if name.strip())


def answer(request: Request, trees: Mapping[str, Bean]) -> Answer:
    """The resource of a GET below ROOT; ``trees`` are the beans by their first path segment, such as domainRuntime."""
    base = "http://" + request.headers.get("Host", "127.0.0.1")
    segments = [segment for segment in request.path.removeprefix(ROOT).split("/") if segment]
    if request.method not in ("GET", "HEAD"):
        return error(403, "FAILURE", "Access not allowed: the role Monitor may only look.")
    if not segments:
        return as_json({"links": [], "items": [version(base, number) for number in VERSIONS]})
    if segments[0] not in ("latest", *VERSIONS):
        return not_found(segments[0])
    if len(segments) == 1:
        return as_json(
            {"links": [link(base, [segments[0], name], name) for name in trees], **version(base, VERSIONS[0])}
        )
    return resource(segments, trees, base, request)


def resource(segments: Sequence[str], trees: Mapping[str, Bean], base: str, request: Request) -> Answer:
    bean = trees.get(segments[1])
    if bean is None:
        return not_found(segments[1])
    found = walk(bean, segments[2:])
    if isinstance(found, str):
        return not_found(found)
    if gate_shut(segments, found, request):
        return error(400, "FAILURE", "Bad Request")
    wanted = Wanted.of(request)
    if isinstance(found, Bean):
        return as_json(shown(found, segments, base, wanted))
    items = [shown(item, [*segments, str(item.properties["name"])], base, wanted) for item in found]
    return as_json({**links(segments, (), base, wanted), "items": items})


def gate_shut(segments: Sequence[str], found: Bean | tuple[Bean, ...], request: Request) -> bool:
    """Whether X-Requested-By is missing where it is wanted even of a GET.

    Observed on 12.2.1.4 and 14.1.2 and documented nowhere: this one collection answers 400 without it, once a managed
    server runs beside the administration server.
    """
    wants = list(segments[1:]) == ["domainRuntime", "serverRuntimes"] and isinstance(found, tuple) and len(found) > 1
    return wants and not request.headers.get("X-Requested-By")


def walk(bean: Bean, segments: Sequence[str]) -> Bean | tuple[Bean, ...] | str:
    """The bean or collection at the path, or the first segment that does not exist."""
    found: Bean | tuple[Bean, ...] = bean
    for segment in segments:
        if isinstance(found, Bean):
            child = found.children.get(segment)
        else:
            child = next((item for item in found if item.properties["name"] == segment), None)
        if child is None:
            return segment
        found = child
    return found


def shown(bean: Bean, segments: Sequence[str], base: str, wanted: Wanted) -> dict[str, Any]:
    properties = {"identity": list(segments[2:]), **bean.properties}
    return {
        **links(segments, tuple(bean.children), base, wanted),
        **{name: value for name, value in properties.items() if wanted.field(name)},
    }


def links(segments: Sequence[str], children: Sequence[str], base: str, wanted: Wanted) -> dict[str, Any]:
    """The ``links`` property; left out when none are wanted."""
    fixed = [("parent", list(segments[:-1])), ("self", list(segments)), ("canonical", list(segments))]
    below = [(child, [*segments, child]) for child in children]
    found = [link(base, path, rel) for rel, path in (*fixed, *below) if wanted.link(rel)]
    return {"links": found} if found else {}


def link(base: str, segments: Sequence[str], rel: str) -> dict[str, str]:
    return {"rel": rel, "href": "/".join((base + ROOT, *segments))}


def version(base: str, number: str) -> dict[str, Any]:
    lifecycle = "active" if number == VERSIONS[0] else "deprecated"
    self_link = link(base, [number], "self")
    return {"version": number, "isLatest": number == VERSIONS[0], "lifecycle": lifecycle, "links": [self_link]}


def not_found(what: str) -> Answer:
    return error(404, "FAILURE", f"'{what}' was not found")


def error(status: int, title: str, detail: str) -> Answer:
    section = {400: 1, 403: 4, 404: 5}[status]
    return as_json({"status": status, "type": f"{STATUS_TEXT}{section}", "title": title, "detail": detail}, status)
