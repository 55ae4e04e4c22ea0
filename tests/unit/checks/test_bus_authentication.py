"""bus.authentication and bus.tls against real TLS servers: healthy, lax, strict, with other people's certificates."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from web_servers import (
    CHECKS,
    Authority,
    Background,
    Hasty,
    NoHostKeys,
    NoSecrets,
    Raw,
    answer,
    authority,
    issued,
    judged,
    raw,
    refused_port,
    silent,
    write_key,
    write_pem,
)

from app.base.cancellation import Cancellation
from app.checks.bus import authentication
from app.checks.bus.mutual import Attempt, Came
from app.checks.bus.session import BusSession
from app.checks.model import Outcome, Surroundings, Undetermined, Verdict
from app.site.model import Authentication, Bus, Certificate, Site

AUTHENTICATION, TLS = CHECKS["bus.authentication"], CHECKS["bus.tls"]
PAGE = answer("<html><title>总线</title></html>")


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("other"), "other")


def device(issuer: Authority, name: str = "device", days: tuple[int, int] = (-1, 30)) -> Certificate:
    """A device's certificate with its key beside it."""
    certificate, key = issued("设备", days, issuer=issuer)
    path = issuer.folder / f"{name}.cer"
    write_pem(path, certificate)
    write_key(path.with_suffix(".key"), key)
    return Certificate("device", source=f"file:{path}")


def asking(ca: Authority, mode: ssl.VerifyMode = ssl.CERT_REQUIRED, newest: str = "TLSv1_3") -> ssl.SSLContext:
    context = ca.server()
    context.maximum_version = ssl.TLSVersion[newest]
    context.verify_mode = mode
    context.load_verify_locations(ca.anchor)
    return context


def bus(server: Raw, wrong: bool = True, **more: Any) -> Bus:
    url = f"https://127.0.0.1:{server.port}/auth"
    return Bus("bus1", url=url, send=True, authentication=Authentication(url, "device", wrong), **more)


def session(own: Certificate | None, *trust: Path) -> BusSession:
    site = Site("演示", "510000", trust=trust, targets=(own,) if own else ())
    return BusSession(Surroundings(site, NoSecrets(), NoHostKeys(), Cancellation()))


def said(server: Raw, own: Certificate, ca: Authority, **more: Any) -> Verdict:
    return judged(AUTHENTICATION, bus(server, **more), session(own, ca.anchor))


@pytest.mark.parametrize("newest", ["TLSv1_2", "TLSv1_3"])
def test_the_devices_certificate_is_accepted_and_a_wrong_one_refused(ca: Authority, newest: str) -> None:
    with raw(PAGE, asking(ca, newest=newest)) as server:
        verdict = said(server, device(ca), ca)
        assert verdict.outcome is Outcome.PASS, verdict
        assert len(server.requests) == 1, "the wrong one got no further than the handshake"


@pytest.mark.parametrize("newest", ["TLSv1_2", "TLSv1_3"])
def test_without_written_consent_no_wrong_certificate_is_shown(ca: Authority, newest: str) -> None:
    connections: list[int] = []

    class Counting(Raw):
        def serve(self, connection: socket) -> None:
            connections.append(1)
            super().serve(connection)

    with raw(PAGE, asking(ca, newest=newest), Counting) as server:
        verdict = said(server, device(ca), ca, wrong=False)
    assert verdict.outcome is Outcome.WARN and "没有客户的书面同意" in verdict.reason
    assert len(connections) == 2, "the server's certificate, and the device's turn"


@pytest.mark.parametrize("newest", ["TLSv1_2", "TLSv1_3"])
def test_a_device_that_the_bus_does_not_know_fails(ca: Authority, other: Authority, newest: str) -> None:
    with raw(PAGE, asking(ca, newest=newest)) as server:
        verdict = said(server, device(other), ca)
        assert verdict.outcome is Outcome.FAIL and "没有被接受" in verdict.reason and server.requests == []


def test_an_expired_device_certificate_fails(ca: Authority) -> None:
    with raw(PAGE, asking(ca)) as server:
        assert said(server, device(ca, "old", (-30, -1)), ca).outcome is Outcome.FAIL


def test_a_bus_that_does_not_ask_is_no_authentication(ca: Authority) -> None:
    with raw(PAGE, ca.server()) as server:
        verdict = said(server, device(ca), ca)
    assert verdict.outcome is Outcome.UNKNOWN and "没有要求出示证书" in verdict.reason


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (answer("", "403 Forbidden"), Outcome.FAIL),
        (answer("", "401 Unauthorized"), Outcome.FAIL),
        (answer("", "404 Not Found"), Outcome.UNKNOWN),
        (answer("", "302 Found", Location="/login"), Outcome.UNKNOWN),
        (answer("", "500 Error"), Outcome.UNKNOWN),
        (b"", Outcome.UNKNOWN),
        (b"nonsense\n", Outcome.UNKNOWN),
    ],
)
def test_what_the_bus_then_answers_counts(ca: Authority, content: bytes, outcome: Outcome) -> None:
    with raw(content, asking(ca)) as server:
        assert said(server, device(ca), ca).outcome is outcome


def test_nothing_is_shown_to_a_server_that_is_not_trusted(ca: Authority, other: Authority) -> None:
    with raw(PAGE, asking(ca)) as server:
        verdict = judged(AUTHENTICATION, bus(server), session(device(ca), other.anchor))
        assert verdict.outcome is Outcome.UNKNOWN and "没有出示设备证书" in verdict.reason and server.requests == []


def test_without_leave_or_a_protocol_the_evidence_is_named(ca: Authority) -> None:
    verdict = judged(AUTHENTICATION, Bus("bus1", url="http://127.0.0.1:1/"), session(None))
    assert verdict.outcome is Outcome.UNKNOWN and "等待证据" in verdict.reason and "日志" in verdict.advice
    with raw(PAGE, asking(ca)) as server:
        verdict = judged(AUTHENTICATION, replace(bus(server), send=False), session(device(ca), ca.anchor))
        assert verdict.outcome is Outcome.UNKNOWN and "未获准发送" in verdict.reason and server.requests == []


def test_without_the_key_at_hand_nothing_is_tried(ca: Authority) -> None:
    own = device(ca, "keyless")
    Path(own.source.removeprefix("file:")).with_suffix(".key").unlink()
    with raw(PAGE, asking(ca)) as server:
        verdict = said(server, own, ca)
        assert verdict.outcome is Outcome.UNKNOWN and "没有配对的私钥" in verdict.reason and server.requests == []


def test_a_refused_or_silent_port_is_undetermined(ca: Authority) -> None:
    url = f"https://127.0.0.1:{refused_port()}/"
    target = Bus("bus1", url=url, send=True, authentication=Authentication(url, "device"))
    assert judged(AUTHENTICATION, target, session(device(ca), ca.anchor)).outcome is Outcome.UNKNOWN


def test_abort_ends_it_at_once(ca: Authority) -> None:
    opened = session(device(ca), ca.anchor)
    with raw(silent, asking(ca)) as server:
        running = Background(lambda: AUTHENTICATION.gather(opened, bus(server)))
        assert server.asked.wait(5)
        opened.abort()
        assert isinstance(running.outcome(), Undetermined)


@pytest.mark.parametrize(
    ("device_came", "wrong_came", "outcome"),
    [
        (Came.ACCEPTED, Came.REFUSED, Outcome.PASS),
        (Came.ACCEPTED, Came.ACCEPTED, Outcome.FAIL),
        (Came.ACCEPTED, Came.UNCLEAR, Outcome.UNKNOWN),
        (Came.ACCEPTED, Came.NOT_ASKED, Outcome.UNKNOWN),
        (Came.ACCEPTED, None, Outcome.WARN),
        (Came.REFUSED, None, Outcome.FAIL),
        (Came.NOT_ASKED, None, Outcome.UNKNOWN),
        (Came.UNCLEAR, None, Outcome.UNKNOWN),
    ],
)
def test_only_the_right_one_in_and_the_wrong_one_out_passes(
    device_came: Came, wrong_came: Came | None, outcome: Outcome
) -> None:
    wrong = Attempt(wrong_came) if wrong_came else None
    tried = authentication.Tried("设备", Attempt(device_came), wrong)
    assert authentication.compare(tried, Bus("bus1"), Site("演示", "510000")).outcome is outcome


def test_it_concerns_the_local_bus_and_whoever_has_a_plan() -> None:
    site = Site("演示", "510000")
    assert AUTHENTICATION.sends and AUTHENTICATION.concerns(Bus("a"), site)
    assert not AUTHENTICATION.concerns(Bus("a", peer="ministry"), site)
    assert AUTHENTICATION.concerns(Bus("a", peer="ministry", authentication=Authentication("https://a/", "b")), site)


# bus.tls


@pytest.fixture(params=["https", "tls"])
def scheme(request: pytest.FixtureRequest) -> Iterator[str]:
    yield request.param


def tls(server: Raw, scheme: str, ca: Authority | None) -> Verdict:
    target = Bus("bus1", url=f"{scheme}://127.0.0.1:{server.port}/bus", probe="tls" if scheme == "tls" else "http")
    return judged(TLS, target, session(None, *((ca.anchor,) if ca else ())))


def test_a_good_certificate_lacks_only_what_the_tests_authority_leaves_out(ca: Authority, scheme: str) -> None:
    with raw(PAGE, ca.server(days=(-1, 300))) as server:
        verdict = tls(server, scheme, ca)
        assert server.requests == []
    assert verdict.outcome is Outcome.WARN and "用途：没有扩展用途" in verdict.reason and "；" not in verdict.reason
    assert verdict.observed["protocol"] == "TLSv1.3"


@pytest.mark.parametrize(
    ("name", "days", "trusted", "outcome", "words"),
    [
        ("127.0.0.1", (-30, -1), True, Outcome.FAIL, "有效期：证书已过期"),
        ("localhost", (-1, 300), True, Outcome.FAIL, "主机名：证书不是发给 127.0.0.1"),
        ("127.0.0.1", (-1, 300), False, Outcome.UNKNOWN, "没有给出信任锚"),
    ],
)
def test_each_part_that_is_not_well_is_named(
    ca: Authority, name: str, days: tuple[int, int], trusted: bool, outcome: Outcome, words: str
) -> None:
    with raw(PAGE, ca.server(name, days)) as server:
        verdict = tls(server, "tls", ca if trusted else None)
    assert verdict.outcome is outcome and words in verdict.reason and verdict.advice


def test_another_authority_is_not_believed(ca: Authority, other: Authority) -> None:
    with raw(PAGE, ca.server()) as server:
        verdict = tls(server, "https", other)
    assert verdict.outcome is Outcome.FAIL and "证书链" in verdict.reason


def test_a_client_certificate_that_is_demanded_leaves_the_key_unproved(ca: Authority) -> None:
    with raw(PAGE, asking(ca, newest="TLSv1_2")) as server:
        verdict = tls(server, "tls", ca)
    assert verdict.outcome is Outcome.UNKNOWN and "私钥" in verdict.reason


def test_a_port_without_tls_is_undetermined(ca: Authority) -> None:
    with raw(PAGE, kind=Hasty) as server:
        assert tls(server, "tls", ca).outcome is Outcome.UNKNOWN
    target = Bus("bus1", url=f"tls://127.0.0.1:{refused_port()}", probe="tls")
    verdict = judged(TLS, target, session(None, ca.anchor))
    assert verdict.outcome is Outcome.UNKNOWN and "见 bus.port" in verdict.reason


def test_it_concerns_only_what_is_reached_over_tls() -> None:
    site = Site("演示", "510000")
    plans = [("http://a/", "http"), ("tcp://a:1", "tcp"), ("https://a/", "http"), ("tls://a:1", "tls")]
    assert [TLS.concerns(Bus("a", url=url, probe=probe), site) for url, probe in plans] == [False, False, True, True]
