"""The bus and the ministry's end by their wire formats, with urllib and sockets; each fault both ways."""

from __future__ import annotations

import hashlib
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from xml.etree import ElementTree

import pytest
from rehearsal_small_world import SmallWorld

from app.rehearsal.bus import Bus
from app.rehearsal.ministry import Ministry

TEXT = "就业监测 联调 <测试> & ASCII 123 中"
MESSAGE = "urn:uuid:9b2f3c54-6f0e-4ce9-9f57-0a8f3d2b1c00"
ENVELOPE = f"""<?xml version="1.0" encoding="utf-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wsa="http://www.w3.org/2005/08/addressing">
<s:Header><wsa:MessageID>{MESSAGE}</wsa:MessageID></s:Header>
<s:Body><e:echo xmlns:e="urn:onsite:echo"><e:text>TEXT</e:text></e:echo></s:Body></s:Envelope>"""


@pytest.fixture
def bus(world: SmallWorld) -> Iterator[Bus]:
    server = Bus(world, 0)  # type: ignore[arg-type]
    server.start()
    yield server
    server.stop()


@pytest.fixture
def ministry(world: SmallWorld) -> Iterator[Ministry]:
    server = Ministry(world, 0)  # type: ignore[arg-type]
    server.start()
    yield server
    server.stop()


def call(
    port: int, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes, Message]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


def echoed(bus: Bus, text: str) -> tuple[str | None, str | None]:
    body = ENVELOPE.replace("TEXT", text).encode()
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:echo"'}
    status, answer, _ = call(bus.port, "/bus", body, headers)
    assert status == 200
    envelope = ElementTree.fromstring(answer)
    related = envelope.findtext(".//{http://www.w3.org/2005/08/addressing}RelatesTo")
    return related, envelope.findtext(".//{urn:onsite:echo}echoResponse/{urn:onsite:echo}text")


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_an_echo_comes_back_unaltered_and_names_its_message(bus: Bus) -> None:
    assert echoed(bus, escaped(TEXT)) == (MESSAGE, TEXT)


def test_line_ends_and_blanks_survive_the_echo(bus: Bus) -> None:
    assert echoed(bus, " a&#13;&#10;b\t\n ")[1] == " a\r\nb\t\n "


def test_the_bus_corrupts_one_character_only_under_its_fault(bus: Bus, world: SmallWorld) -> None:
    world.switch("bus-corrupts")
    related, text = echoed(bus, escaped(TEXT))
    assert related == MESSAGE
    assert text is not None and len(text) == len(TEXT)
    assert sum(a != b for a, b in zip(text, TEXT, strict=True)) == 1
    assert echoed(bus, "?")[1] != "?"
    world.switch()
    assert echoed(bus, escaped(TEXT))[1] == TEXT


def test_what_is_no_echo_is_a_soap_fault(bus: Bus) -> None:
    for body in (b"nonsense", b"<a/>", ENVELOPE.replace("echo", "other").encode()):
        status, answer, _ = call(bus.port, "/bus", body)
        assert status == 500
        assert ElementTree.fromstring(answer).find(".//{http://schemas.xmlsoap.org/soap/envelope/}Fault") is not None


def test_the_wsdl_is_one_and_names_this_address(bus: Bus) -> None:
    status, answer, headers = call(bus.port, "/bus?wsdl")
    assert status == 200 and headers.get_content_type() == "text/xml"
    definitions = ElementTree.fromstring(answer)
    assert definitions.tag == "{http://schemas.xmlsoap.org/wsdl/}definitions"
    address = definitions.find(".//{http://schemas.xmlsoap.org/wsdl/soap/}address")
    assert address is not None and address.get("location") == f"http://127.0.0.1:{bus.port}/bus"


def test_slow_holds_up_the_wsdl_but_no_echo(bus: Bus, world: SmallWorld) -> None:
    world.switch("slow")
    started = time.monotonic()
    assert echoed(bus, "a")[1] == "a"
    assert time.monotonic() - started < 1
    started = time.monotonic()
    assert call(bus.port, "/bus?wsdl")[0] == 200
    assert time.monotonic() - started > 1.0
    world.switch()
    started = time.monotonic()
    call(bus.port, "/bus?wsdl")
    assert time.monotonic() - started < 1


def test_a_silent_bus_accepts_and_says_nothing_until_the_fault_is_gone(bus: Bus, world: SmallWorld) -> None:
    world.switch("bus-silent")
    with socket.create_connection(("127.0.0.1", bus.port), timeout=0.2) as client:
        client.sendall(b"GET /bus?wsdl HTTP/1.1\r\nHost: a\r\n\r\n")
        with pytest.raises(TimeoutError):
            client.recv(1)
    world.switch()
    assert call(bus.port, "/bus?wsdl")[0] == 200


def test_many_echoes_at_once(bus: Bus) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda n: echoed(bus, str(n))[1], range(40))) == [str(n) for n in range(40)]


BATCH = "510000|甲\n510000|乙\n510000|丙\n".encode()


def report(ministry: Ministry, body: bytes, sha256: str) -> tuple[int, bytes]:
    headers = {"X-Batch-Id": "SB-1", "X-Record-Count": "3", "X-Content-SHA256": sha256}
    return call(ministry.port, "/exchange/report", body, headers)[:2]


def test_a_report_gets_a_receipt_of_what_arrived_and_is_kept(ministry: Ministry, world: SmallWorld) -> None:
    digest = hashlib.sha256(BATCH).hexdigest()
    status, answer = report(ministry, BATCH, digest)
    receipt = json.loads(answer)
    assert status == 200
    assert (receipt["id"], receipt["count"], receipt["sha256"]) == ("SB-1", 3, digest)
    assert receipt["received_at"].endswith("+08:00")
    assert [path.read_bytes() for path in (world.folder / "ministry").glob("*.txt")] == [BATCH]


def test_an_altered_report_gets_the_receipt_of_what_really_arrived(ministry: Ministry) -> None:
    altered = BATCH.replace("乙".encode(), b"?").replace("510000|丙\n".encode(), b"")
    receipt = json.loads(report(ministry, altered, hashlib.sha256(BATCH).hexdigest())[1])
    assert receipt["count"] == 2
    assert receipt["sha256"] == hashlib.sha256(altered).hexdigest()


def test_no_receipt_under_its_fault_though_the_report_is_kept(ministry: Ministry, world: SmallWorld) -> None:
    world.switch("ministry-no-receipt")
    assert report(ministry, BATCH, "") == (202, b"")
    assert len(list((world.folder / "ministry").glob("*.txt"))) == 1
    world.switch()
    assert report(ministry, BATCH, "")[0] == 200


def test_a_report_without_a_batch_id_is_refused(ministry: Ministry) -> None:
    assert call(ministry.port, "/exchange/report", BATCH)[0] == 400


def test_a_senders_batch_id_names_no_file(ministry: Ministry, world: SmallWorld) -> None:
    call(ministry.port, "/exchange/report", BATCH, {"X-Batch-Id": "../../evil"})
    assert [path.name for path in (world.folder / "ministry").glob("*.txt")] == ["000001-report.txt"]


def test_a_dispatch_is_confirmed_when_it_arrived_whole(ministry: Ministry) -> None:
    status, body, headers = call(ministry.port, "/exchange/dispatch")
    assert status == 200
    assert headers["X-Content-SHA256"] == hashlib.sha256(body).hexdigest()
    assert int(headers["X-Record-Count"]) == len(body.decode().splitlines()) > 0
    confirmation = {"id": headers["X-Batch-Id"], "count": len(body.splitlines()), "sha256": headers["X-Content-SHA256"]}
    status, answer, _ = call(ministry.port, "/exchange/dispatch", json.dumps(confirmation).encode())
    assert (status, json.loads(answer)) == (200, {"id": headers["X-Batch-Id"], "accepted": True})


def test_a_confirmation_of_something_else_is_not_accepted(ministry: Ministry) -> None:
    headers = call(ministry.port, "/exchange/dispatch")[2]
    wrong = {"id": headers["X-Batch-Id"], "count": 1, "sha256": headers["X-Content-SHA256"]}
    answer = json.loads(call(ministry.port, "/exchange/dispatch", json.dumps(wrong).encode())[1])
    assert answer["accepted"] is False and "count" in answer["reason"]
    unknown = {**wrong, "id": "XF-unknown"}
    assert call(ministry.port, "/exchange/dispatch", json.dumps(unknown).encode())[0] == 404
    assert call(ministry.port, "/exchange/dispatch", b"nonsense")[0] == 400
