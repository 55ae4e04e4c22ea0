"""The echo as SOAP 1.1 with WS-Addressing: the message that is sent, and what came back of it. No network here."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from app.checks.http import HttpAnswer
from app.checks.xml import DECLARED, parsed

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"  # SOAP 1.1, section 3
ADDRESSING = "http://www.w3.org/2005/08/addressing"  # WS-Addressing 1.0, MessageID and RelatesTo
ECHO = "urn:onsite:echo"
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:echo"'}

FRAGILE = "生僻字 𠮷𣏾䶮㐂 & <甲> \"乙\" '丙' ]]\r\n\t第三行 ①Ω…—“”　。"


@dataclass(frozen=True)
class Message:
    """One echo: its correlation id and its text, both fresh."""

    id: str
    text: str

    def envelope(self, url: str) -> bytes:
        """The request. A carriage return goes as a reference, else XML makes a line feed of it (XML 1.0, 2.11)."""
        text = escape(self.text, {"\r": "&#13;"})
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<soapenv:Envelope xmlns:soapenv="{SOAP}" xmlns:wsa="{ADDRESSING}"><soapenv:Header>'
            f"<wsa:MessageID>{self.id}</wsa:MessageID><wsa:To>{escape(url)}</wsa:To><wsa:Action>urn:echo</wsa:Action>"
            f'</soapenv:Header><soapenv:Body><e:echo xmlns:e="{ECHO}"><e:text>{text}</e:text></e:echo>'
            "</soapenv:Body></soapenv:Envelope>"
        ).encode()


@dataclass(frozen=True)
class Echo:
    """What came back of one message. ``envelope``: it was a SOAP 1.1 envelope with one header at most and one body;
    ``fault``: its faultstring or code; ``alone``: the body holds the echo and nothing else; ``declared``: an encoding
    other than UTF-8 that it names; ``misdeclared``: one that it is in without saying so.
    """

    message: Message
    status: str
    code: int
    seconds: float
    empty: bool = False
    envelope: bool = False
    fault: str | None = None
    related: str | None = None
    text: str | None = None
    alone: bool = True
    declared: str = ""
    misdeclared: str = ""

    @property
    def sound(self) -> bool:
        """The message came back as it went."""
        back = self.fault is None and self.related == self.message.id and self.text == self.message.text
        return 200 <= self.code < 300 and self.envelope and self.alone and not self.misdeclared and back


def fresh_message(number: int) -> Message:
    """The ``number``-th test message: recognisable as one, with what a wrong code page or escape breaks."""
    token = secrets.token_hex(8)
    return Message(f"urn:uuid:{uuid4()}", f"联通测试 {number} {token}（现场实施助手，可忽略）\n{FRAGILE}")


def read(message: Message, answer: HttpAnswer, status: str) -> Echo:
    """What ``answer`` brought back of ``message``. Raises Undetermined for a document type declaration."""
    root = None if answer.truncated else parsed(answer.body)
    misdeclared = ""
    if root is None and not answer.truncated and (root := in_gbk(answer.body)) is not None:
        misdeclared = "GBK"
    empty = not answer.body.strip()
    if root is None or root.tag != f"{{{SOAP}}}Envelope":
        return Echo(message, status, answer.status, answer.seconds, empty)
    headers, bodies = root.findall(f"{{{SOAP}}}Header"), root.findall(f"{{{SOAP}}}Body")
    related = [one.text or "" for one in root.iterfind(f"{{{SOAP}}}Header/{{{ADDRESSING}}}RelatesTo")]
    texts = root.findall(f"{{{SOAP}}}Body/{{{ECHO}}}echoResponse/{{{ECHO}}}text")
    return Echo(
        message,
        status,
        answer.status,
        answer.seconds,
        envelope=len(bodies) == 1 and len(headers) <= 1,
        fault=_fault(root),
        related=" ".join(dict.fromkeys(one.strip() for one in related)) if related else None,
        text=(texts[0].text or "") if len(texts) == 1 and not len(texts[0]) else None,
        alone=len(bodies) == 1 and len(bodies[0]) == 1 and len(texts) == 1,
        declared=declared_encoding(answer.body),
        misdeclared=misdeclared,
    )


def in_gbk(content: bytes) -> Element | None:
    """The root of XML that is in GBK although it says UTF-8, or nothing; None where it is not that."""
    if declared_encoding(content):
        return None
    try:
        content.decode()
    except UnicodeDecodeError:
        with suppress(UnicodeDecodeError):
            return parsed(DECLARED.sub(b"", content.decode("gb18030").encode(), 1))
    return None


def declared_encoding(content: bytes) -> str:
    """The encoding that an XML declaration names; "" for UTF-8 or none."""
    found = DECLARED.match(content)
    name = found[1].decode("ascii") if found else ""
    return "" if name.lower() in ("", "utf-8", "utf8") else name


def _fault(root: Element) -> str | None:
    """The fault's words (SOAP 1.1, 4.4: its children have no namespace); None when there is no fault of any version."""
    children = (child for body in root.iterfind(f"{{{SOAP}}}Body") for child in body)
    fault = next((child for child in children if child.tag.rpartition("}")[2] == "Fault"), None)
    if fault is None:
        return None
    words = fault.findtext("faultstring") or fault.findtext("faultcode") or "".join(fault.itertext())
    return " ".join(words.split())[:500] or "未说明原因"
