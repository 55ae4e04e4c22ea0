"""bus.port, bus.service and bus.latency: the rehearsal's bus on the healthy side, strangers on the other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from socket import socket

import pytest
from rehearsal_small_world import SmallWorld
from web_servers import (
    CHECKS,
    Authority,
    Background,
    Raw,
    answer,
    authority,
    judged,
    raw,
    refused_port,
    session,
    silent,
    site,
)

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError
from app.checks.bus import probing
from app.checks.bus.wsdl import wsdl_url
from app.checks.model import Check, Outcome, Undetermined
from app.rehearsal.bus import Bus as BusServer
from app.site.model import Bus, Exchange

PORT, SERVICE, LATENCY = (CHECKS[f"bus.{name}"] for name in ("port", "service", "latency"))
SITE = site()


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    return SmallWorld(tmp_path)


@pytest.fixture
def server(world: SmallWorld) -> Iterator[BusServer]:
    running = BusServer(world, 0)  # type: ignore[arg-type]
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


def bus(port: int, probe: str = "soap-echo", scheme: str = "http") -> Bus:
    return Bus("bus1", url=f"{scheme}://127.0.0.1:{port}/bus", probe=probe)


def test_a_healthy_bus_passes(server: BusServer) -> None:
    target, opened = bus(server.port), session()
    verdicts = [judged(check, target, opened) for check in (PORT, SERVICE, LATENCY)]
    assert [verdict.outcome for verdict in verdicts] == [Outcome.PASS] * 3
    assert verdicts[0].observed == {"host": "127.0.0.1", "port": server.port}
    assert f"http://127.0.0.1:{server.port}/bus" in verdicts[1].actual


def test_a_healthy_bus_passes_by_its_page_as_well(server: BusServer) -> None:
    for check in (SERVICE, LATENCY):
        assert judged(check, bus(server.port, "http")).outcome is Outcome.PASS


def test_where_only_tcp_is_planned_the_service_is_not_judged_but_its_latency_is(server: BusServer) -> None:
    target = bus(server.port, "tcp", "tcp")
    assert "方案未规定" in SERVICE.applies(target, SITE)
    assert SERVICE.applies(bus(server.port), SITE) == ""
    for check in (PORT, LATENCY):
        assert judged(check, target).outcome is Outcome.PASS


def test_tls_is_verified_by_the_sites_anchors(ca: Authority) -> None:
    with raw(answer(), ca.server()) as server:
        target = bus(server.port, "tls", "tls")
        for check in (SERVICE, LATENCY):
            assert judged(check, target, session([ca.anchor])).outcome is Outcome.PASS
            unknown = judged(check, target)
            assert unknown.outcome is Outcome.UNKNOWN and "信任锚" in unknown.reason


@pytest.mark.parametrize("probe", ["soap-echo", "http", "tls", "tcp"])
def test_a_refused_port_fails_and_the_others_point_to_it(probe: str) -> None:
    target, opened = bus(refused_port(), probe), session()
    assert judged(PORT, target, opened).outcome is Outcome.FAIL
    for check in (SERVICE, LATENCY):
        verdict = judged(check, target, opened)
        assert verdict.outcome is Outcome.UNKNOWN and "见 bus.port" in verdict.reason


def test_a_silent_bus_has_an_open_port_and_all_else_is_unknown(server: BusServer, world: SmallWorld) -> None:
    world.switch("bus-silent")
    target, opened = bus(server.port), session(patience=0.2)
    assert judged(PORT, target, opened).outcome is Outcome.PASS
    for check in (SERVICE, LATENCY):
        verdict = judged(check, target, opened)
        assert verdict.outcome is Outcome.UNKNOWN and "已连接" in verdict.reason


WSDL = (
    '<d:definitions xmlns:d="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/">'
    '<d:service name="a"><d:port name="b"><s:address location="{}"/></d:port></d:service></d:definitions>'
)
WSDL2 = (
    '<description xmlns="http://www.w3.org/ns/wsdl"><service><endpoint address="http://bus:8088/"/></service>'
    "</description>"
)


@pytest.mark.parametrize(
    ("content", "outcome", "words"),
    [
        (answer(WSDL.format("http://bus/a")), Outcome.PASS, ""),
        (answer(f'<?xml version="1.0" encoding="GBK"?>{WSDL.format("http://总线/a")}'.encode("gbk")), Outcome.PASS, ""),
        (answer(WSDL.format("http://bus/a").encode("utf-16")), Outcome.PASS, ""),
        (answer(WSDL2), Outcome.PASS, ""),
        (answer(WSDL.format("")), Outcome.FAIL, "没有写着地址的服务"),
        (answer(WSDL.format("REPLACE_WITH_ACTUAL_URL")), Outcome.FAIL, "没有写着地址的服务"),
        (answer('<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>'), Outcome.FAIL, "没有写着地址的服务"),
        (answer(""), Outcome.UNKNOWN, "空"),
        (answer(" \r\n"), Outcome.UNKNOWN, "空"),
        (answer("<html><title>总线</title></html>"), Outcome.UNKNOWN, "不是 WSDL"),
        (answer("<definitions/>"), Outcome.UNKNOWN, "不是 WSDL"),
        (answer(WSDL.format("http://bus/a")[:-5]), Outcome.UNKNOWN, "不是 WSDL"),
        (answer(b"\xff\x00\x01"), Outcome.UNKNOWN, "不是 WSDL"),
        (answer(f"<!DOCTYPE a>{WSDL.format('http://bus/a')}"), Outcome.UNKNOWN, "DOCTYPE"),
        (answer(f"<!DOCTYPE a>{WSDL.format('http://bus/a')}".encode("utf-16")), Outcome.UNKNOWN, "DOCTYPE"),
        (answer(WSDL.format("http://bus/a") + " " * (1 << 20)), Outcome.UNKNOWN, "1048576"),
        (answer("", "404 Not Found"), Outcome.FAIL, "404"),
        (answer("", "500 Error"), Outcome.FAIL, "500"),
        (answer("", "503 Busy"), Outcome.FAIL, "503"),
        (answer("", "401 Unauthorized"), Outcome.UNKNOWN, "登录"),
        (answer("", "403 Forbidden"), Outcome.UNKNOWN, "拒绝访问"),
        (answer("", "302 Found", Location="http://other/"), Outcome.UNKNOWN, "http://other/"),
        (b"HELO:12.1.3\n\n", Outcome.UNKNOWN, "不是 HTTP"),
        (b"", Outcome.UNKNOWN, "没有答复就断开"),
    ],
    ids=range(24),
)
def test_a_description_needs_a_service_with_an_address(content: bytes, outcome: Outcome, words: str) -> None:
    with raw(content) as server:
        verdict = judged(SERVICE, bus(server.port))
    assert verdict.outcome is outcome and words in verdict.reason
    assert outcome is Outcome.PASS or verdict.advice


BOMB = '<!DOCTYPE a [<!ENTITY a "{}">{}]><a>&z9;</a>'.format(
    "x" * 1000, "".join(f'<!ENTITY z{n} "{("&a;" if n == 0 else f"&z{n - 1};") * 50}">' for n in range(10))
)


def test_entities_are_not_expanded() -> None:
    with raw(answer(BOMB)) as server:
        assert "DOCTYPE" in judged(SERVICE, bus(server.port)).reason


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://a/bus", "http://a/bus?wsdl"),
        ("http://a/bus?", "http://a/bus?wsdl"),
        ("http://a/bus?WSDL", "http://a/bus?WSDL"),
        ("http://a/bus?wsdl=1", "http://a/bus?wsdl=1"),
        ("http://a/bus?id=1", "http://a/bus?id=1&wsdl"),
        ("http://a/bus?id=1&wsdl", "http://a/bus?id=1&wsdl"),
        ("http://a/bus#x", "http://a/bus?wsdl"),
    ],
)
def test_the_description_is_asked_for_by_its_usual_address(url: str, asked: str) -> None:
    assert wsdl_url(url) == asked


@pytest.mark.parametrize(
    ("middle", "outcome"),
    [(0.0, Outcome.PASS), (0.999, Outcome.PASS), (1.0, Outcome.WARN), (4.999, Outcome.WARN), (5.0, Outcome.FAIL)],
)
def test_latency_is_judged_by_the_median_at_its_bounds(middle: float, outcome: Outcome) -> None:
    samples = probing.Samples((0.0,) * 4 + (middle, middle) + (9.0,) * 4)
    assert probing.compare_latency(samples, bus(1), SITE).outcome is outcome


@pytest.mark.parametrize("count", [0, 1, 9])
def test_fewer_than_ten_answers_tell_nothing_however_fast(count: int) -> None:
    verdict = probing.compare_latency(probing.Samples((0.001,) * count, "断开"), bus(1), SITE)
    assert verdict.outcome is Outcome.UNKNOWN and f"只有 {count} 次" in verdict.reason and "断开" in verdict.reason


def test_latency_ends_with_the_first_answer_that_does_not_come() -> None:
    def talk(server: Raw, connection: socket, request: bytes) -> None:
        if len(server.requests) <= 3:
            connection.sendall(answer(WSDL.format("http://bus/a")))

    with raw(talk) as server:
        verdict = judged(LATENCY, bus(server.port))
        assert verdict.outcome is Outcome.UNKNOWN and "只有 3 次" in verdict.reason
        assert len(server.requests) == 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (answer("busy", "503 Service Unavailable"), "503"),
        (answer("", "302 Found", Location="/login"), "/login"),
        (answer("<html><title>出错</title></html>"), "不是 WSDL"),
        (answer(""), "空"),
    ],
)
def test_what_is_no_answer_of_the_bus_is_no_measure_of_its_latency(content: bytes, words: str) -> None:
    with raw(content) as server:
        verdict = judged(LATENCY, bus(server.port))
        assert verdict.outcome is Outcome.UNKNOWN and words in verdict.reason
        assert len(server.requests) == 1


def test_a_median_below_a_limit_does_not_read_as_having_reached_it() -> None:
    verdict = probing.compare_latency(probing.Samples((0.9999,) * 10), bus(1), SITE)
    assert verdict.outcome is Outcome.PASS and "0.999 秒" in verdict.actual


def test_a_slow_bus_is_a_warning(server: BusServer, world: SmallWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.checks.bus.probing.SAMPLES", 2)
    world.switch("slow")
    verdict = judged(LATENCY, bus(server.port))
    assert verdict.outcome is Outcome.WARN and "1 秒" in verdict.reason
    world.switch()
    assert judged(LATENCY, bus(server.port)).outcome is Outcome.PASS


def test_what_is_shown_for_approval_is_what_is_asked(server: BusServer) -> None:
    with raw(answer(WSDL.format("http://bus/a"))) as stranger:
        target = Bus("bus1", url=f"{stranger.url}bus")
        for check in (SERVICE, LATENCY):
            judged(check, target)
        assert {request.split()[1] for request in stranger.requests} == {b"/bus?wsdl"}
        assert SERVICE.shows(target) == (f"GET {stranger.url}bus?wsdl",)
        assert LATENCY.shows(target) == (f"GET {stranger.url}bus?wsdl，连续 10 次",)
    assert all(target.url in line for line in PORT.shows(target))


@pytest.mark.parametrize("check", [SERVICE, LATENCY])
def test_abort_ends_the_gathering_at_once_and_the_next_one_runs(check: Check) -> None:
    opened = session()
    with raw(silent) as server:
        running = Background(lambda: check.gather(opened, bus(server.port)))
        assert server.asked.wait(5)
        opened.abort()
        assert isinstance(running.outcome(), Undetermined)
    with raw(answer(WSDL.format("http://bus/a"))) as server:
        assert judged(SERVICE, bus(server.port), opened).outcome is Outcome.PASS


def test_cancel_ends_the_gathering_at_once() -> None:
    cancellation = Cancellation()
    opened = session(cancellation=cancellation)
    with raw(silent) as server:
        running = Background(lambda: SERVICE.gather(opened, bus(server.port)))
        assert server.asked.wait(5)
        cancellation.cancel()
        assert isinstance(running.outcome(), CancelledError)


def test_a_dead_bus_is_connected_to_once_a_run(server: BusServer) -> None:
    target, opened = bus(server.port), session()
    server.refuse(True)
    assert judged(PORT, target, opened).outcome is Outcome.FAIL
    server.refuse(False)
    assert judged(SERVICE, target, opened).outcome is Outcome.UNKNOWN
    assert judged(SERVICE, target, session()).outcome is Outcome.PASS


def test_the_clock_of_the_bus_is_noted_with_what_saw_it() -> None:
    opened = session()
    with raw(answer(WSDL.format("http://bus/a"), Date="Sun, 06 Nov 1994 08:49:37 GMT")) as server:
        judged(SERVICE, bus(server.port), opened)
        assert opened.offset_seconds is not None and opened.offset_seconds < -86400 * 365 * 30
        judged(PORT, bus(server.port), opened)
        assert opened.offset_seconds is None


def test_the_transcript_holds_what_was_asked_and_answered() -> None:
    opened = session()
    with raw(answer("<html>身份证 11010519491231002X</html>")) as server:
        judged(SERVICE, bus(server.port), opened)
    text = opened.transcript.text()
    assert f"GET http://127.0.0.1:{server.port}/bus?wsdl" in text and "200 OK" in text
    assert "110105***********X" in text and "19491231" not in text


TARGETS = [
    ("bus.service", Bus("b", url="{}bus")),
    ("bus.latency", Bus("b", url="{}bus")),
    ("bus.latency", Bus("b", url="{}bus", probe="http")),
    ("bus.round_trip", Bus("b", url="{}bus", send=True)),
    ("joint.report", Bus("b", url="{}bus", peer="ministry", send=True, exchange=Exchange(report="{}report"))),
    ("joint.dispatch", Bus("b", url="{}bus", peer="ministry", send=True, exchange=Exchange(dispatch="{}dispatch"))),
]


def at(target: Bus, url: str) -> Bus:
    exchange = Exchange(target.exchange.report.format(url), target.exchange.dispatch.format(url))
    return replace(target, url=target.url.format(url), exchange=exchange)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n"
LOOP = answer("", "302 Found", Location="/bus")
HOSTILE = {
    "silent": silent,
    "a byte at a time": lambda server, connection, request: server.drip(connection, HEAD + b"<a/>" * 50),
    "endless": lambda server, connection, request: (connection.sendall(HEAD), server.stream(connection, b"<a>" * 9999)),
    "endless head": lambda server, connection, request: server.stream(connection, b"X: y\r\n"),
    "redirected to itself": lambda server, connection, request: connection.sendall(LOOP),
    "a bomb": lambda server, connection, request: connection.sendall(answer(BOMB)),
    "empty": lambda server, connection, request: connection.sendall(answer("")),
    "noise": lambda server, connection, request: connection.sendall(bytes(range(256)) * 40),
    "what was asked": lambda server, connection, request: connection.sendall(answer(request)),
}


@pytest.mark.parametrize("temper", HOSTILE)
@pytest.mark.parametrize(("check", "target"), TARGETS, ids=[f"{one} {two.probe}" for one, two in TARGETS])
def test_hostile_answers_never_pass_and_cost_a_bounded_time(
    temper: str, check: str, target: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.checks.bus.joint.EXCHANGE_SECONDS", 0.4)
    with raw(HOSTILE[temper]) as server:
        began = time.monotonic()
        verdict = judged(CHECKS[check], at(target, server.url), session(patience=0.4))
        assert time.monotonic() - began < 8
    assert verdict.outcome in (Outcome.UNKNOWN, Outcome.FAIL) and verdict.reason, verdict
    if verdict.outcome is Outcome.FAIL:
        assert (check, temper) == ("joint.report", "empty"), "no receipt at all"
