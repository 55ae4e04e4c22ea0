"""certificate.tls: versions and suites asked with hellos of our own, of real servers and of every temper."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from certificate_making import Issued, issue, listening, rsa_key, run
from hello_servers import Hello, alert, record, s_server, scripted, server_hello, speaking, ssl2_hello
from hypothesis import given, settings
from hypothesis import strategies as st

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError
from app.checks.addresses import address_of
from app.checks.certificate import offers, tls
from app.checks.certificate.checks import CHECKS
from app.checks.certificate.hello import ask, client_hello
from app.checks.certificate.offers import Answer, Offers, Survey
from app.checks.certificate.suites import GOOD_12, NAMES, SSL2_KINDS, WEAK, Weakness, weakness, wide
from app.checks.model import Outcome, Result, Verdict
from app.checks.wire import Wire
from app.site.model import Certificate, Site, WebLogic, WebLogicExpect

PASS, WARN, FAIL, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.UNKNOWN
SITE = Site("演示", "510000")
SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, TLCP = 0x0002, 0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0101
GCM, CBC, RC4, EXPORT, ANONYMOUS, NULL = 0xC02F, 0x002F, 0x0005, 0x0003, 0x0034, 0x0002


@pytest.fixture(scope="module")
def own() -> Issued:
    return issue("根").issue("localhost", hosts=["localhost"], own=rsa_key(2048))


def tls_of(port: int, site: Site = SITE) -> Result:
    """The whole way, the handshake before it included."""
    return run(Certificate("c", source=f"tls://127.0.0.1:{port}"), "tls")["tls"]


def surveyed(port: int) -> Offers:
    """Only the probes."""
    return Survey(address_of(f"tls://127.0.0.1:{port}", any_scheme=True), "", Wire, lambda line: None).offers()


def judged(answer: Callable[[Hello, int], bytes | None], site: Site = SITE) -> Verdict:
    with scripted(answer) as (port, _):
        return tls.compare(surveyed(port), Certificate("c", source=f"tls://127.0.0.1:{port}"), site)


STRONG = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-SHA384"


@pytest.mark.parametrize(
    ("words", "outcome", "said"),
    [
        (("-cipher", STRONG), PASS, ""),
        (("-tls1_3",), PASS, ""),
        (("-tls1_2", "-cipher", STRONG), PASS, ""),
        (("-tls1_2", "-cipher", f"{STRONG}:ECDHE-RSA-AES128-SHA"), WARN, "CBC-SHA"),
        (("-cipher", "ALL:@SECLEVEL=0"), FAIL, "匿名"),
        (("-cipher", "ALL:!aNULL:@SECLEVEL=0"), WARN, "TLS 1.0"),
        (("-no_tls1", "-cipher", "ALL:!aNULL:@SECLEVEL=0"), WARN, "TLS 1.1"),
        (("-tls1_2", "-cipher", "NULL-SHA256:AES128-GCM-SHA256:@SECLEVEL=0"), FAIL, "NULL_SHA256"),
        (("-tls1_2", "-cipher", "eNULL:!aNULL:@SECLEVEL=0"), FAIL, "不加密"),
        (("-cipher", "ADH-AES256-GCM-SHA384:@SECLEVEL=0", "-tls1_2"), FAIL, "匿名"),
        ((), WARN, "CBC-SHA"),  # OpenSSL as it comes: TLS 1.0 and 1.1 end in an internal error
    ],
)
def test_real_servers(tmp_path: Path, own: Issued, words: tuple[str, ...], outcome: Outcome, said: str) -> None:
    with s_server(tmp_path, own, *words) as port:
        result = tls_of(port)
    assert result.outcome is outcome and said in result.reason, result
    assert "ClientHello" in result.transcript and result.observed["probes"] <= offers.MOST


def test_a_server_of_another_curve_and_with_tickets_off_is_understood(tmp_path: Path) -> None:
    """P-521 only: TLS 1.3 answers with a HelloRetryRequest."""
    ec = issue("根").issue("localhost", hosts=["localhost"])
    with s_server(tmp_path, ec, "-groups", "P-521", "-no_ticket", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256") as port:
        result = tls_of(port)
    assert result.outcome is PASS and "HelloRetryRequest" in result.transcript


def test_a_server_that_wants_a_client_certificate_is_asked_as_well(tmp_path: Path, own: Issued) -> None:
    with s_server(tmp_path, own, "-Verify", "1", "-tls1_2", "-cipher", STRONG) as port:
        assert tls_of(port).outcome is PASS


GOOD: dict[int, tuple[int, ...]] = {TLS12: (GCM,), TLS13: (0x1301,)}


@pytest.mark.parametrize(
    ("more", "outcome", "said"),
    [
        ({}, PASS, ""),
        ({TLS11: (CBC,)}, WARN, "TLS 1.1"),
        ({TLS10: (CBC,)}, WARN, "TLS 1.0"),
        ({SSL3: (CBC,)}, FAIL, "SSLv3"),
        ({SSL3: (EXPORT,)}, FAIL, "SSLv3"),
        ({SSL2: tuple(SSL2_KINDS)}, FAIL, "SSLv2"),
        ({TLS12: (GCM, CBC)}, WARN, "CBC-SHA"),
        ({TLS12: (GCM, RC4)}, WARN, "RC4"),
        ({TLS12: (GCM, 0x0009)}, WARN, "DES"),
        ({TLS12: (GCM, EXPORT)}, FAIL, "出口级"),
        ({TLS12: (GCM, ANONYMOUS)}, FAIL, "匿名"),
        ({TLS12: (GCM, NULL)}, FAIL, "不加密"),
        ({TLS13: (0x1301, 0xC0B4)}, FAIL, "不加密"),
        ({TLS10: (CBC, EXPORT)}, FAIL, "出口级"),
    ],
)
def test_each_offer_weighs_as_the_table_says(more: dict[int, tuple[int, ...]], outcome: Outcome, said: str) -> None:
    for refuse in (alert(70), alert(40), b"", alert(80)):
        verdict = judged(speaking({**GOOD, **more}, refuse))
        assert verdict.outcome is outcome and said in verdict.reason, (refuse, verdict)


def test_only_a_version_of_old_is_not_too_old_to_be_seen() -> None:
    for version, outcome in ((SSL2, FAIL), (SSL3, FAIL), (TLS10, WARN), (TLS11, WARN)):
        suites = tuple(SSL2_KINDS) if version == SSL2 else (CBC,)
        assert judged(speaking({version: suites})).outcome is outcome


def test_an_old_weblogic_may_have_ssl3(own: Issued) -> None:
    def site(version: str, url: str = "http://127.0.0.1:7001") -> Site:
        return Site("演示", "510000", targets=(WebLogic("w", url=url, expect=WebLogicExpect(version=version)),))

    answer = speaking({**GOOD, SSL3: (CBC,)})
    for version, outcome in (("10.3.6", WARN), ("8.1", WARN), ("12.1.1", FAIL), ("12.1", FAIL), ("", FAIL)):
        assert judged(answer, site(version)).outcome is outcome, version
    assert judged(answer, site("10.3.6", "http://10.9.9.9:7001")).outcome is FAIL
    assert judged(speaking({**GOOD, SSL2: tuple(SSL2_KINDS)}), site("10.3.6")).outcome is FAIL


def test_only_national_tlcp_is_undetermined() -> None:
    verdict = judged(speaking({}, national=(0xE013,)))
    assert verdict.outcome is UNKNOWN and "TLCP" in verdict.reason and "TLCP" in verdict.actual
    assert judged(speaking({}, refuse=b"", national=(0xE011,))).outcome is UNKNOWN


@pytest.mark.parametrize(
    "answer",
    [
        lambda hello, number: alert(40),
        lambda hello, number: b"",
        lambda hello, number: b"HTTP/1.1 400 Bad Request\r\n\r\n",
        lambda hello, number: b"\x16\x03\x03\xff\xff",
        lambda hello, number: b"\x16\x03\x03\x00\x04\x02\x00\x00\x00",
        lambda hello, number: record(0x16, b"\x00\x00\x00\x00") * 20000,
        lambda hello, number: alert(112, 1) * 20000,
        lambda hello, number: server_hello(TLS12, 0x1234),
        lambda hello, number: server_hello(0x0505, hello.suites[0] & 0xFFFF),
        lambda hello, number: server_hello(TLS13, 0x1301) if hello.version != TLS13 else alert(70),
        lambda hello, number: alert(80),
        lambda hello, number: alert(112),
    ],
)
def test_nonsense_and_refusal_of_everything_are_no_pass(answer: Callable[[Hello, int], bytes]) -> None:
    assert judged(answer).outcome is UNKNOWN


def test_a_server_that_refuses_long_hellos_is_asked_with_a_short_one() -> None:
    bad = speaking({**GOOD, SSL3: (CBC,)})

    def answer(hello: Hello, number: int) -> bytes | None:
        return alert(40) if len(hello.suites) > 60 and hello.version == SSL3 else bad(hello, number)

    assert judged(answer).outcome is FAIL


def test_a_server_that_wants_the_extended_master_secret_is_understood() -> None:
    good = speaking({TLS12: (GCM, CBC)})

    def answer(hello: Hello, number: int) -> bytes | None:
        return good(hello, number) if 23 in hello.extensions else alert(40)

    verdict = judged(answer)
    assert verdict.outcome is WARN and "CBC-SHA" in verdict.reason


def test_probes_that_contradict_the_handshake_are_not_believed() -> None:
    found = Offers({TLS12: Answer(False, "告警 40"), TLS13: Answer(True)})
    doubted = offers.agreed(found, "TLSv1.2")
    assert tls.compare(doubted, Certificate("c", source="tls://h:1"), SITE).outcome is UNKNOWN
    assert offers.agreed(found, "TLSv1.3") == found == offers.agreed(found, "TLS")


def test_a_warning_before_the_hello_does_not_count() -> None:
    def answer(hello: Hello, number: int) -> bytes | None:
        said = speaking(GOOD)(hello, number)
        assert said is not None
        return alert(112, 1) + said

    assert judged(answer).outcome is PASS


def test_a_hello_in_small_pieces_is_put_together() -> None:
    def answer(hello: Hello, number: int) -> bytes | None:
        said = speaking({**GOOD, SSL3: (CBC,)})(hello, number)
        assert said is not None
        if said[0] != 0x16:
            return said
        return b"".join(record(0x16, said[at : at + 1]) for at in range(5, len(said)))

    assert judged(answer).outcome is FAIL


def test_a_server_that_stops_answering_has_refused_nothing() -> None:
    """An intrusion guard that lets some connections through, then resets all."""

    def answer(hello: Hello, number: int) -> bytes | None:
        return speaking(GOOD)(hello, number) if number <= 3 else b""

    verdict = judged(answer)
    assert verdict.outcome is UNKNOWN and "不再应答" in verdict.reason


def test_a_server_that_drops_every_other_connection_is_asked_again() -> None:
    bad = speaking({**GOOD, SSL3: (CBC,), TLS10: (CBC,)})

    def answer(hello: Hello, number: int) -> bytes | None:
        return bad(hello, number) if number % 2 == 0 else b""

    assert judged(answer).outcome is FAIL


def test_silence_on_one_version_is_undetermined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "PATIENCE", 0.3)

    def answer(hello: Hello, number: int) -> bytes | None:
        return None if hello.version == SSL3 else speaking(GOOD)(hello, number)

    verdict = judged(answer)
    assert verdict.outcome is UNKNOWN and "SSLv3" in verdict.reason and "没有应答" in verdict.reason


def test_a_silent_server_is_given_up_after_a_few_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "PATIENCE", 0.2)
    with scripted(lambda hello, number: None) as (port, seen):
        verdict = tls.compare(surveyed(port), Certificate("c", source=f"tls://127.0.0.1:{port}"), SITE)
    assert verdict.outcome is UNKNOWN and len(seen) <= offers.MOST_SILENT + 2


def test_the_number_of_connections_is_bounded_and_none_are_open_together() -> None:
    most = open_now = 0
    lock = threading.Lock()
    answer = speaking({**GOOD, TLS10: (CBC,)}, b"")

    def counted(hello: Hello, number: int) -> bytes | None:
        nonlocal most, open_now
        with lock:
            open_now += 1
            most = max(most, open_now)
        said = answer(hello, number)
        with lock:
            open_now -= 1
        return said

    with scripted(counted) as (port, seen):
        found = surveyed(port)
    assert found.probes == len(seen) <= offers.MOST and most == 1


def test_a_dead_port_costs_the_check_nothing(own: Issued) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = tls_of(port)
    assert result.outcome is UNKNOWN and "拒绝连接" in result.reason


def test_a_plain_port_is_undetermined() -> None:
    def serve(client: socket.socket) -> None:
        client.recv(100)
        client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listening(serve) as port:
        assert tls_of(port).outcome is UNKNOWN


def test_cancelling_ends_the_probes_at_once() -> None:
    cancellation = Cancellation()

    def answer(hello: Hello, number: int) -> bytes | None:
        if hello.version == SSL3:
            cancellation.cancel()
            return None
        return speaking(GOOD)(hello, number)

    with scripted(answer) as (port, _), pytest.raises(CancelledError):
        run(Certificate("c", source=f"tls://127.0.0.1:{port}"), "tls", cancellation=cancellation)


def test_an_ssl2_hello_without_ciphers_offers_nothing() -> None:
    good = speaking(GOOD)

    def answer(hello: Hello, number: int) -> bytes | None:
        return ssl2_hello() if hello.version == SSL2 else good(hello, number)

    assert judged(answer).outcome is PASS


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([SSL2, SSL3, TLS12, TLS13]))
def test_no_answer_breaks_the_reader(said: bytes, version: int) -> None:
    with scripted(lambda hello, number: said) as (port, _):
        wire = Wire(time.monotonic() + 60)
        reply = ask(wire, "127.0.0.1", port, version, client_hello(version, wide(version), "a.cn"))
        wire.close()
    assert reply.kind in ("hello", "refused", "failed", "closed", "nonsense")


def test_every_suite_has_one_kind_and_a_name() -> None:
    kinds = [suite for suites in WEAK.values() for suite in suites]
    assert len(kinds) == len(set(kinds)) and not set(kinds) & set(GOOD_12)
    for kind, suites in WEAK.items():
        assert {weakness(suite) for suite in suites} == {kind}
        assert all(("anon" in name) == (kind is Weakness.ANONYMOUS) for name in suites.values())
        assert all(("EXPORT" in name) == (kind is Weakness.EXPORT) or "anon" in name for name in suites.values())
    assert all(name.endswith("CBC_SHA") for name in WEAK[Weakness.CBC_SHA].values())
    assert not [name for name in GOOD_12.values() if name.endswith("CBC_SHA") or "RC4" in name or "NULL" in name]
    assert len(NAMES) > 100


def test_what_could_not_be_asked_outweighs_a_warning_and_not_a_failure() -> None:
    target = Certificate("c", source="tls://h:1")
    base = {TLS12: Answer(True), TLS13: Answer(True), SSL3: Answer(None, "没有应答")}
    assert tls.compare(Offers({**base, TLS10: Answer(True)}), target, SITE).outcome is UNKNOWN
    assert tls.compare(Offers({**base, SSL2: Answer(True)}), target, SITE).outcome is FAIL
    assert tls.compare(Offers(), target, SITE).outcome is UNKNOWN


def test_it_is_planned_for_servers_only_and_shows_what_is_sent() -> None:
    assert tls.concerns(Certificate("c", source="tls://h:1"), SITE)
    assert not tls.concerns(Certificate("c", source="file:a.cer"), SITE)
    check = next(check for check in CHECKS if check.id == "certificate.tls")
    shown = check.shows(Certificate("c", source="tls://10.1.2.3:443"))
    assert "10.1.2.3:443" in shown[1] and str(offers.MOST) in shown[1] and "SSLv2" in shown[1]
