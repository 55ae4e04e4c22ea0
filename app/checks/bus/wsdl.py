"""The description of a service: where it is asked for, the addresses that it names (WSDL 1.1 and 2.0), its verdict."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from app.checks.http import HttpAnswer
from app.checks.model import Outcome, Verdict
from app.checks.pages import named_status
from app.checks.reading import refused_status
from app.checks.xml import parsed

WSDL = "http://schemas.xmlsoap.org/wsdl/"
WSDL2 = "http://www.w3.org/ns/wsdl"
LIMIT = 1 << 20  # bytes of a description


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


def judge_description(answer: HttpAnswer) -> Verdict:
    """Whether a WSDL was handed out in which a service has an address. Raises Undetermined for a DOCTYPE."""
    expected = "返回 WSDL，其中的服务写有地址"
    if not 200 <= answer.status < 300:
        return refused_status(answer, expected)
    actual = f"{named_status(answer)}，{len(answer.body)} 字节"
    if answer.truncated:
        return Verdict(Outcome.UNKNOWN, expected, actual, f"答复超过 {LIMIT} 字节，不像是服务描述", "请核对地址。")
    root = parsed(answer.body)
    if root is None or not is_description(root):
        reason = "答复是空的" if not answer.body.strip() else "答复不是 WSDL"
        return Verdict(Outcome.UNKNOWN, expected, actual, reason, "请核对 url 是否为总线的服务地址。")
    found = addresses(root)
    if not found:
        return Verdict(Outcome.FAIL, expected, actual, "WSDL 中没有写着地址的服务", "请检查总线上服务的部署。")
    return Verdict(Outcome.PASS, expected, f"{actual}，服务地址 {'、'.join(found[:5])}")
