"""The description of a bus's service: where it is asked for, and the addresses that it names (WSDL 1.1 and 2.0)."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

WSDL = "http://schemas.xmlsoap.org/wsdl/"
WSDL2 = "http://www.w3.org/ns/wsdl"


def wsdl_url(url: str) -> str:
    """``url`` with ``?wsdl``, unless its query asks for it already."""
    base = url.partition("#")[0]
    _, mark, query = base.partition("?")
    if re.search(r"(^|&)wsdl\b", query, re.IGNORECASE):
        return base
    return f"{base}&wsdl" if query else f"{base.rstrip('?') if mark else base}?wsdl"


def is_description(root: Element) -> bool:
    return root.tag in (f"{{{WSDL}}}definitions", f"{{{WSDL2}}}description")


def addresses(root: Element) -> list[str]:
    """The address of each port or endpoint of its services, in the file's order; one without a scheme is a place left
    to be filled in, and none.
    """
    found = [
        extension.get("location", "")  # soap:address, soap12:address, http:address
        for port in root.iterfind(f"{{{WSDL}}}service/{{{WSDL}}}port")
        for extension in port
        if extension.tag.endswith("}address")
    ]
    found += [end.get("address", "") for end in root.iterfind(f"{{{WSDL2}}}service/{{{WSDL2}}}endpoint")]
    return [address.strip() for address in found if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S", address.strip())]
