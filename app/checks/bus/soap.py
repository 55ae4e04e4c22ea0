"""The echo as SOAP 1.1 with WS-Addressing: the message that is sent, and what came back of it. No network here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import uuid4
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from app.checks.http import HttpAnswer
from app.checks.xml import parsed

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
    """What came back of one message. ``envelope``: it was a SOAP 1.1 envelope; ``fault``: its faultstring or code."""

    message: Message
    status: str
    code: int
    seconds: float
    empty: bool = False
    envelope: bool = False
    fault: str | None = None
    related: str | None = None
    text: str | None = None

    @property
    def sound(self) -> bool:
        """The message came back as it went."""
        back = self.fault is None and self.related == self.message.id and self.text == self.message.text
        return 200 <= self.code < 300 and self.envelope and back


def fresh_message(number: int) -> Message:
    """The ``number``-th test message: recognisable as one, with what a wrong code page or escape breaks."""
    token = secrets.token_hex(8)
    return Message(f"urn:uuid:{uuid4()}", f"联通测试 {number} {token}（现场实施助手，可忽略）\n{FRAGILE}")


def read(message: Message, answer: HttpAnswer, status: str) -> Echo:
    """What ``answer`` brought back of ``message``. Raises Undetermined for a document type declaration."""
    root = None if answer.truncated else parsed(answer.body)
    empty = not answer.body.strip()
    if root is None or root.tag != f"{{{SOAP}}}Envelope":
        return Echo(message, status, answer.status, answer.seconds, empty)
    related = [one.text or "" for one in root.iterfind(f"{{{SOAP}}}Header/{{{ADDRESSING}}}RelatesTo")]
    texts = root.findall(f"{{{SOAP}}}Body/{{{ECHO}}}echoResponse/{{{ECHO}}}text")
    return Echo(
        message,
        status,
        answer.status,
        answer.seconds,
        envelope=len(root.findall(f"{{{SOAP}}}Body")) == 1,
        fault=_fault(root),
        related=" ".join(dict.fromkeys(one.strip() for one in related)) if related else None,
        text="".join(one.text or "" for one in texts) if texts and not any(map(len, texts)) else None,
    )


def _fault(root: Element) -> str | None:
    """The fault's words (SOAP 1.1, 4.4: its children have no namespace); None when there is no fault."""
    fault = root.find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    if fault is None:
        return None
    words = fault.findtext("faultstring") or fault.findtext("faultcode") or ""
    return " ".join(words.split())[:500] or "未说明原因"


def difference(sent: str, back: str) -> str:
    """Where ``back`` first differs from ``sent``, in words; empty when it does not."""
    if sent == back:
        return ""
    if sent.replace("\r\n", "\n") == back.replace("\r\n", "\n"):
        return "换行符被改动"
    at = next((n for n, (a, b) in enumerate(zip(sent, back, strict=False)) if a != b), min(len(sent), len(back)))
    if at == len(back):
        return f"只回来前 {at} 个字符（共 {len(sent)} 个）"
    if at == len(sent):
        return f"末尾多出 {len(back) - at} 个字符"
    return f"第 {at + 1} 个字符 {sent[at]!r} 变成了 {back[at]!r}"
