"""The 异地总线: a SOAP 1.1 echo service that names the message it answers, and its WSDL.

One class serves the province's bus and the ministry's; what the ministry does with reports is in ``ministry``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from app.rehearsal.web import Answer, Request, WebServer, html

if TYPE_CHECKING:
    from app.rehearsal.world import World

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
ECHO = "urn:onsite:echo"
XML = "text/xml; charset=utf-8"
SLOW_SECONDS = 1.1  # a request for the WSDL under the fault "slow"


class Bus(WebServer):
    """POST an echo, GET ``?wsdl``. Faults: bus-silent, bus-corrupts, slow."""

    def __init__(self, world: World, port: int) -> None:
        super().__init__(port)
        self.world = world

    def silent(self) -> bool:
        return "bus-silent" in self.world.faults

    def answer(self, request: Request) -> Answer:
        if request.method == "POST":
            return self.echo(request.body)
        if request.method not in ("GET", "HEAD"):
            return html("405 Method Not Allowed", "Method Not Allowed", 405, Allow="GET, HEAD, POST")
        if request.query.lower() != "wsdl":
            return html("异地总线", "<h1>异地总线</h1><p>消息回送服务，见 ?wsdl。（演练现场）</p>")
        if "slow" in self.world.faults:
            self.pause(SLOW_SECONDS)
        return Answer(200, wsdl(f"http://127.0.0.1:{self.port}{request.path}").encode(), XML)

    def echo(self, body: bytes) -> Answer:
        """The text of the message, with its MessageID as RelatesTo; a SOAP fault when it is not such a message."""
        try:
            envelope = ElementTree.fromstring(body)
        except ElementTree.ParseError as error:
            return fault(f"not well-formed XML: {error}")
        message = envelope.findtext(f"{{{SOAP}}}Header/{{{ADDRESSING}}}MessageID")
        text = envelope.findtext(f"{{{SOAP}}}Body/{{{ECHO}}}echo/{{{ECHO}}}text")
        if message is None or text is None:
            return fault("an echo needs wsa:MessageID in its header and e:echo/e:text in its body")
        if "bus-corrupts" in self.world.faults:
            text = corrupted(text)
        return Answer(200, response(message.strip(), text).encode(), XML)


def corrupted(text: str) -> str:
    """The text with the character in its middle changed, as a wrong code page somewhere on the way would."""
    middle = len(text) // 2
    return text[:middle] + ("!" if text[middle : middle + 1] == "?" else "?") + text[middle + 1 :]


def response(message: str, text: str) -> str:
    """The answer's envelope; a carriage return is written as a reference, else XML would make a line feed of it."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<soapenv:Envelope xmlns:soapenv="{SOAP}" xmlns:wsa="{ADDRESSING}">'
        f"<soapenv:Header><wsa:MessageID>urn:uuid:{uuid4()}</wsa:MessageID>"
        f"<wsa:RelatesTo>{escape(message)}</wsa:RelatesTo></soapenv:Header>"
        f'<soapenv:Body><e:echoResponse xmlns:e="{ECHO}"><e:text>{escape(text, {chr(13): "&#13;"})}</e:text>'
        "</e:echoResponse></soapenv:Body></soapenv:Envelope>"
    )


def fault(reason: str) -> Answer:
    """A SOAP 1.1 fault (section 4.4); HTTP 500 as section 6.2 asks."""
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<soapenv:Envelope xmlns:soapenv="{SOAP}"><soapenv:Body><soapenv:Fault><faultcode>soapenv:Client</faultcode>'
        f"<faultstring>{escape(reason)}</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )
    return Answer(500, text.encode(), XML)


def wsdl(address: str) -> str:
    """A WSDL 1.1 of the echo service at ``address``."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions name="EchoService" targetNamespace="{ECHO}" xmlns:tns="{ECHO}"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <wsdl:types><xsd:schema targetNamespace="{ECHO}" elementFormDefault="qualified">
    <xsd:complexType name="Text">
      <xsd:sequence><xsd:element name="text" type="xsd:string"/></xsd:sequence>
    </xsd:complexType>
    <xsd:element name="echo" type="tns:Text"/><xsd:element name="echoResponse" type="tns:Text"/>
  </xsd:schema></wsdl:types>
  <wsdl:message name="echo"><wsdl:part name="parameters" element="tns:echo"/></wsdl:message>
  <wsdl:message name="echoResponse"><wsdl:part name="parameters" element="tns:echoResponse"/></wsdl:message>
  <wsdl:portType name="Echo"><wsdl:operation name="echo">
    <wsdl:input message="tns:echo"/><wsdl:output message="tns:echoResponse"/>
  </wsdl:operation></wsdl:portType>
  <wsdl:binding name="EchoSoap" type="tns:Echo">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="echo"><soap:operation soapAction="urn:echo"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="EchoService"><wsdl:port name="EchoSoap" binding="tns:EchoSoap">
    <soap:address location="{escape(address, {'"': "&quot;"})}"/>
  </wsdl:port></wsdl:service>
</wsdl:definitions>
"""
