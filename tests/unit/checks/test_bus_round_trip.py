"""bus.round_trip: the message and its id come back as they went, three times; anything else is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import socket

import pytest
from rehearsal_small_world import SmallWorld
from web_servers import CHECKS, Background, Raw, answer, judged, raw, refused_port, session, silent, site

from app.checks.bus import probing, soap
from app.checks.bus.soap import ADDRESSING, ECHO, SOAP, difference, fresh_message
from app.checks.model import Outcome, Undetermined, Verdict
from app.rehearsal.bus import Bus as BusServer
from app.site.model import Bus

ROUND_TRIP = CHECKS["bus.round_trip"]


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    return SmallWorld(tmp_path)


@pytest.fixture
def server(world: SmallWorld) -> Iterator[BusServer]:
    running = BusServer(world, 0)  # type: ignore[arg-type]
    running.start()
    yield running
    running.stop()


def bus(port: int, probe: str = "soap-echo") -> Bus:
    return Bus("bus1", url=f"http://127.0.0.1:{port}/bus", probe=probe, send=True)


def test_a_healthy_bus_brings_three_messages_back(server: BusServer) -> None:
    verdict = judged(ROUND_TRIP, bus(server.port))
    assert verdict.outcome is Outcome.PASS and "3 个报文全部原样带回" in verdict.actual


def test_one_changed_character_fails_and_is_named(server: BusServer, world: SmallWorld) -> None:
    world.switch("bus-corrupts")
    verdict = judged(ROUND_TRIP, bus(server.port))
    assert verdict.outcome is Outcome.FAIL
    assert re.search(r"正文被改动：第 \d+ 个字符 .* 变成了", verdict.reason)
    world.switch()
    assert judged(ROUND_TRIP, bus(server.port)).outcome is Outcome.PASS


def test_a_message_is_never_sent_without_consent() -> None:
    assert ROUND_TRIP.sends


def test_messages_are_fresh_and_hold_what_breaks_easily() -> None:
    one, other = fresh_message(1), fresh_message(1)
    assert one.id != other.id and one.text != other.text
    for part in ("联通测试", "&", "<", ">", '"', "'", "𠮷", "\n", "\r\n", "\t"):
        assert part in one.text
    assert any(ord(character) > 0xFFFF for character in one.text)


@pytest.mark.parametrize("probe", ["tcp", "tls", "http"])
def test_where_no_echo_is_planned_it_does_not_apply(probe: str) -> None:
    assert "方案未规定" in ROUND_TRIP.applies(bus(1, probe), site())
    assert ROUND_TRIP.applies(bus(1), site()) == ""


def test_the_sftp_round_trip_is_said_not_to_exist_yet() -> None:
    assert ROUND_TRIP.applies(bus(1, "sftp-roundtrip"), site()) == ""
    verdict = judged(ROUND_TRIP, bus(1, "sftp-roundtrip"))
    assert verdict.outcome is Outcome.UNKNOWN and "本版本不提供" in verdict.reason


def envelope(related: str | None, text: str | None, body: str = "") -> bytes:
    header = f"<w:RelatesTo>{related}</w:RelatesTo>" if related is not None else ""
    echoed = f"<e:echoResponse><e:text>{text}</e:text></e:echoResponse>" if text is not None else ""
    return (
        f'<s:Envelope xmlns:s="{SOAP}" xmlns:w="{ADDRESSING}" xmlns:e="{ECHO}"><s:Header>{header}</s:Header>'
        f"<s:Body>{echoed}{body}</s:Body></s:Envelope>"
    ).encode()


def sent_of(request: bytes) -> tuple[str, str]:
    """The id and the text of a request, the text still escaped."""
    content = request.decode()
    identity, text = re.search("MessageID>(.*?)<", content), re.search("e:text>(.*?)</e:text", content, re.DOTALL)
    assert identity and text
    return identity[1], text[1]


def against(say: Callable[[str, str], bytes]) -> tuple[Verdict, list[bytes]]:
    """The verdict on a bus that answers each message with what ``say`` makes of its id and its escaped text."""

    def talk(server: Raw, connection: socket, request: bytes) -> None:
        connection.sendall(say(*sent_of(request)))

    with raw(talk) as server:
        return judged(ROUND_TRIP, bus(server.port)), server.requests


def test_the_same_bus_by_hand_passes() -> None:
    verdict, requests = against(lambda identity, text: answer(envelope(f" {identity}\n", text)))
    assert verdict.outcome is Outcome.PASS
    assert len({sent_of(request) for request in requests}) == 3
    assert all(b'SOAPAction: "urn:echo"' in request for request in requests)


FAULT = (
    f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><faultcode>s:Server</faultcode>'
    "<faultstring>queue full</faultstring></s:Fault></s:Body></s:Envelope>"
)


@pytest.mark.parametrize(
    ("say", "outcome", "words"),
    [
        (lambda i, t: answer(envelope("urn:uuid:another", t)), Outcome.FAIL, "urn:uuid:another"),
        (lambda i, t: answer(envelope(None, t)), Outcome.FAIL, "没有带回关联号"),
        (lambda i, t: answer(envelope("", t)), Outcome.FAIL, "没有带回关联号"),
        (lambda i, t: answer(envelope(i, None)), Outcome.FAIL, "没有带回的正文"),
        (lambda i, t: answer(envelope(i, "")), Outcome.FAIL, "只回来前 0 个字符"),
        (lambda i, t: answer(envelope(i, t.replace("&#13;", ""))), Outcome.FAIL, "换行符被改动"),
        (lambda i, t: answer(envelope(i, t[:-1])), Outcome.FAIL, "只回来前"),
        (lambda i, t: answer(envelope(i, f"{t}!")), Outcome.FAIL, "末尾多出 1 个字符"),
        (lambda i, t: answer(envelope(i, t.replace("𠮷", "??"))), Outcome.FAIL, "变成了"),
        (lambda i, t: answer(FAULT, "500 Internal Server Error"), Outcome.FAIL, "queue full"),
        (lambda i, t: answer(FAULT), Outcome.FAIL, "queue full"),
        (lambda i, t: answer("<html/>", "500 Error"), Outcome.FAIL, "500"),
        (lambda i, t: answer("", "404 Not Found"), Outcome.FAIL, "404"),
        (lambda i, t: answer(envelope(i, t), "503 Busy"), Outcome.FAIL, "503"),
        (lambda i, t: answer("", "401 Unauthorized"), Outcome.UNKNOWN, "401"),
        (lambda i, t: answer("", "403 Forbidden"), Outcome.UNKNOWN, "403"),
        (lambda i, t: answer("", "301 Moved", Location="http://other/"), Outcome.UNKNOWN, "http://other/"),
        (lambda i, t: answer("", "202 Accepted"), Outcome.UNKNOWN, "没有带回内容"),
        (lambda i, t: answer(""), Outcome.UNKNOWN, "没有带回内容"),
        (lambda i, t: answer("nonsense"), Outcome.UNKNOWN, "不是 SOAP"),
        (lambda i, t: answer("<html>ok</html>"), Outcome.UNKNOWN, "不是 SOAP"),
        (lambda i, t: answer(envelope(i, t)[:-9]), Outcome.UNKNOWN, "不是 SOAP"),
        (lambda i, t: answer(b"<!DOCTYPE a>" + envelope(i, t)), Outcome.UNKNOWN, "DOCTYPE"),
        (lambda i, t: answer(envelope(i, t) + b" " * (1 << 20)), Outcome.UNKNOWN, "不是 SOAP"),
        (lambda i, t: b"", Outcome.UNKNOWN, "没有答复就断开"),
        (lambda i, t: answer(envelope(i, t))[:-20], Outcome.UNKNOWN, "只到一半"),
        (lambda i, t: b"RFB 003.008\n", Outcome.UNKNOWN, "不是 HTTP"),
    ],
    ids=range(27),
)
def test_what_does_not_come_back_as_it_went_is_named(
    say: Callable[[str, str], bytes], outcome: Outcome, words: str
) -> None:
    verdict, requests = against(say)
    assert verdict.outcome is outcome and words in verdict.reason and verdict.advice
    assert len(requests) == 1  # nothing further is left behind on a bus that is known to be wrong


def test_the_answer_to_an_earlier_message_is_anothers() -> None:
    first: list[str] = []

    def say(identity: str, text: str) -> bytes:
        first.append(identity)
        return answer(envelope(first[0], text))

    verdict, requests = against(say)
    assert verdict.outcome is Outcome.FAIL and first[0] in verdict.reason and len(requests) == 2
    assert "第 2 个报文" in verdict.actual


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_sound_messages_are_no_pass(count: int) -> None:
    messages = [fresh_message(number) for number in range(count)]
    echoes = [soap.Echo(one, "HTTP 200 OK", 200, 0.1, envelope=True, related=one.id, text=one.text) for one in messages]
    assert probing.compare_round_trip(echoes, bus(1), site()).outcome is Outcome.UNKNOWN


def test_an_answer_in_another_encoding_is_the_same_answer() -> None:
    def say(identity: str, text: str) -> bytes:
        content = envelope(identity, text).decode()
        return answer(f'<?xml version="1.0" encoding="GB18030"?>{content}'.encode("gb18030"))

    assert against(say)[0].outcome is Outcome.PASS


def test_a_refused_bus_points_to_its_port() -> None:
    verdict = judged(ROUND_TRIP, bus(refused_port()))
    assert verdict.outcome is Outcome.UNKNOWN and "见 bus.port" in verdict.reason


def test_abort_keeps_the_next_message_from_being_sent() -> None:
    opened = session()
    with raw(silent) as server:
        running = Background(lambda: ROUND_TRIP.gather(opened, bus(server.port)))
        assert server.asked.wait(5)
        opened.abort()
        assert isinstance(running.outcome(), Undetermined)
        assert len(server.requests) == 1


def test_what_is_shown_names_the_url_and_the_whole_message() -> None:
    (shown,) = ROUND_TRIP.shows(bus(8088))
    assert "POST http://127.0.0.1:8088/bus" in shown and soap.FRAGILE in shown and "3 次" in shown


@pytest.mark.parametrize(("sent", "back"), [("a", "a"), ("", "")])
def test_the_same_text_has_no_difference(sent: str, back: str) -> None:
    assert difference(sent, back) == ""
