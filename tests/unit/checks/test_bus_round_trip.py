"""bus.round_trip: the message and its id come back as they went, three times; anything else is named."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rehearsal_small_world import SmallWorld
from web_servers import CHECKS, Background, Raw, answer, judged, raw, refused_port, session, silent, site

from app.checks.bus import round_trip, soap
from app.checks.bus.differing import bytes_difference, text_difference
from app.checks.bus.soap import ADDRESSING, ECHO, SOAP, fresh_message
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


FAULT_BODY = FAULT.partition("<s:Body>")[2].partition("</s:Body>")[0]
NO_TEXT = (Outcome.FAIL, "没有带回的正文")
NOT_SOAP = (Outcome.UNKNOWN, "不是 SOAP")


@pytest.mark.parametrize(
    ("say", "outcome", "words"),
    [
        (lambda i, t: answer(envelope(None, t)), Outcome.FAIL, "没有带回关联号"),
        (lambda i, t: answer(envelope("", t)), Outcome.FAIL, "没有带回关联号"),
        (lambda i, t: answer(envelope(i, None)), Outcome.FAIL, "没有带回的正文"),
        (lambda i, t: answer(envelope(i, "")), Outcome.FAIL, "被截断：只回来前 0 个字符"),
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
        (lambda i, t: answer("nonsense"), Outcome.UNKNOWN, "不是 SOAP"),
        (lambda i, t: answer("<html>ok</html>"), Outcome.UNKNOWN, "不是 SOAP"),
        (lambda i, t: answer(envelope(i, t)[:-9]), Outcome.UNKNOWN, "不是 SOAP"),
        (lambda i, t: answer(b"<!DOCTYPE a>" + envelope(i, t)), Outcome.UNKNOWN, "DOCTYPE"),
        (lambda i, t: answer(envelope(i, t) + b" " * (1 << 20)), Outcome.UNKNOWN, "不是 SOAP"),
        (lambda i, t: b"", Outcome.UNKNOWN, "没有答复就断开"),
        (lambda i, t: answer(envelope(i, t))[:-20], Outcome.UNKNOWN, "只到一半"),
        (lambda i, t: b"RFB 003.008\n", Outcome.UNKNOWN, "不是 HTTP"),
        (lambda i, t: answer(envelope(i, t, FAULT_BODY)), Outcome.FAIL, "queue full"),
        (lambda i, t: answer(envelope(i, t, FAULT_BODY.replace("s:F", "e:F"))), Outcome.FAIL, "queue full"),
        (lambda i, t: answer(envelope(i, t, "<e:more/>")), Outcome.FAIL, "还有别的内容"),
        (lambda i, t: answer(envelope(i, t, f"<e:echoResponse><e:text>{t}</e:text></e:echoResponse>")), *NO_TEXT),
        (lambda i, t: answer(envelope(i, f"{t}</e:text><e:text>")), *NO_TEXT),
        (lambda i, t: answer(f"<!-- {i} --><html>{i} {html.escape(t)}</html>"), Outcome.UNKNOWN, "不是 SOAP"),
        (lambda i, t: answer(f"<html>{i}</html>", "500 Error"), Outcome.FAIL, "500"),
        (lambda i, t: answer(envelope(None, None, f"<!-- {i} {t} --><e:a>{i}</e:a>")), Outcome.FAIL, "没有带回关联号"),
        (lambda i, t: answer(envelope(i, t).replace(b"</s:Header>", b"</s:Header><s:Header/>")), *NOT_SOAP),
        (
            lambda i, t: answer(f'<?xml version="1.0" encoding="UTF-8"?>{envelope(i, t).decode()}'.encode("gb18030")),
            Outcome.FAIL,
            "以 GBK 编码，却没有声明",
        ),
    ],
    ids=range(34),
)
def test_what_does_not_come_back_as_it_went_is_named(
    say: Callable[[str, str], bytes], outcome: Outcome, words: str
) -> None:
    verdict, requests = against(say)
    assert verdict.outcome is outcome and words in verdict.reason and verdict.advice
    assert len(requests) == 1  # nothing further is left behind on a bus that is known to be wrong


@pytest.mark.parametrize(
    ("say", "outcome", "words"),
    [
        (
            lambda i, t: answer(envelope("urn:uuid:another", t)),
            Outcome.FAIL,
            "属于另一个报文：关联号是 urn:uuid:another",
        ),
        (lambda i, t: answer("", "202 Accepted"), Outcome.UNKNOWN, "没有带回内容"),
        (lambda i, t: answer(""), Outcome.UNKNOWN, "没有带回内容"),
    ],
)
def test_what_may_still_come_is_waited_for_with_the_next_messages(
    say: Callable[[str, str], bytes], outcome: Outcome, words: str
) -> None:
    verdict, requests = against(say)
    assert verdict.outcome is outcome and words in verdict.reason and len(requests) == 3


def order(*answers: int) -> tuple[Verdict, list[bytes]]:
    """A bus that answers its n-th message with the answer to the one named at that place; 0: with nothing."""
    seen: list[tuple[str, str]] = []

    def say(identity: str, text: str) -> bytes:
        seen.append((identity, text))
        wanted = answers[len(seen) - 1]
        return answer(envelope(*seen[wanted - 1])) if wanted else answer("", "202 Accepted")

    return against(say)


def test_a_late_answer_is_named() -> None:
    verdict, requests = order(0, 1, 2)
    assert verdict.outcome is Outcome.FAIL and len(requests) == 3
    assert "第 2 个报文：来的是第 1 个报文的答复，迟到" in verdict.reason
    assert "第 3 个报文：来的是第 2 个报文的答复，迟到" in verdict.reason


def test_a_double_answer_is_named() -> None:
    verdict, _ = order(1, 1, 3)
    assert verdict.outcome is Outcome.FAIL and "第 2 个报文：第 1 个报文的答复重复出现" in verdict.reason


def echo(number: int, messages: list[soap.Message], related: int, text: int = 0) -> soap.Echo:
    own = messages[number - 1]
    back = messages[(text or related) - 1].text
    return soap.Echo(own, "HTTP 200", 200, 0.1, envelope=True, related=messages[related - 1].id, text=back)


def test_swapped_answers_are_named() -> None:
    messages = [fresh_message(number) for number in (1, 2, 3)]
    echoes = [echo(1, messages, 2), echo(2, messages, 1), echo(3, messages, 3)]
    verdict = round_trip.compare(tuple(echoes), bus(1), site())
    assert verdict.outcome is Outcome.FAIL and "第 1 个报文：答复与第 2 个报文的互换" in verdict.reason
    assert round_trip.compare(tuple(echo(n, messages, n) for n in (1, 2, 3)), bus(1), site()).outcome is Outcome.PASS


def test_the_text_of_another_message_under_the_right_id_is_named() -> None:
    messages = [fresh_message(number) for number in (1, 2, 3)]
    echoes = (echo(1, messages, 1), echo(2, messages, 2, text=1))
    verdict = round_trip.compare(echoes, bus(1), site())
    assert verdict.outcome is Outcome.FAIL and "正文却是第 1 个报文的（串报）" in verdict.reason


def test_three_times_the_same_message_is_not_three() -> None:
    messages = [fresh_message(1)] * 3
    echoes = tuple(echo(number, messages, number) for number in (1, 2, 3))
    assert round_trip.compare(echoes, bus(1), site()).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_sound_messages_are_no_pass(count: int) -> None:
    messages = [fresh_message(number) for number in range(count)]
    echoes = [soap.Echo(one, "HTTP 200 OK", 200, 0.1, envelope=True, related=one.id, text=one.text) for one in messages]
    assert round_trip.compare(tuple(echoes), bus(1), site()).outcome is Outcome.UNKNOWN


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


SENT = fresh_message(1).text


@pytest.mark.parametrize(
    ("back", "words"),
    [
        (SENT, ""),
        (SENT[:40], "被截断：只回来前 40 个字符"),
        (f"{SENT}x", "末尾多出 1 个字符"),
        (SENT.replace("\r\n", "\n"), "换行符被改动"),
        (SENT.encode("gbk", "replace").decode("gbk"), "被转成 GBK，GBK 没有的字丢失"),
        (SENT.encode().decode("gb18030", "replace"), "被当成 GBK 解读"),
        (SENT.encode("gb18030").decode("utf-8", "replace"), "被转成 GBK 编码"),
        (f"?{SENT[1:]}", "第 1 个字符"),
    ],
    ids=map(str, itertools.count()),
)
def test_the_difference_of_texts_is_named(back: str, words: str) -> None:
    assert words in text_difference(SENT, back) and bool(words) == bool(text_difference(SENT, back))


@pytest.mark.parametrize(
    ("back", "words"),
    [
        (SENT.encode(), ""),
        (b"", "空的"),
        (SENT.encode()[:41], "被截断：只回来前 41 个字节"),
        (SENT.encode() + b"\0", "末尾多出 1 个字节"),
        (b"\xef\xbb\xbf" + SENT.encode(), "BOM"),
        (SENT.encode("gb18030"), "被改成 GBK 编码"),
        (SENT.encode("gbk", "replace"), "被改成 GBK 编码"),
        (SENT.encode("utf-16"), "被改成 UTF-16 编码"),
        (SENT.replace("\r\n", "\n").encode(), "换行符被改动"),
        (SENT.replace("\n", "\r\n").encode(), "换行符被改动"),
        (b"\xff" + SENT.encode()[1:], "第 1 个字节"),
    ],
    ids=map(str, itertools.count()),
)
def test_the_difference_of_bytes_is_named(back: bytes, words: str) -> None:
    assert words in bytes_difference(SENT.encode(), back) and bool(words) == bool(bytes_difference(SENT.encode(), back))


@given(st.binary(max_size=300))
def test_only_the_same_bytes_have_no_difference(back: bytes) -> None:
    assert (bytes_difference(SENT.encode(), back) == "") == (back == SENT.encode())


@given(st.text(max_size=80))
def test_only_the_same_text_has_no_difference(back: str) -> None:
    assert (text_difference("甲\r\n乙", back) == "") == (back == "甲\r\n乙")
