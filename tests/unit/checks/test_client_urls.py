"""client.urls: every address is named with its status and time; one that fails fails it, one unknown leaves it open."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from socket import socket
from threading import Barrier, BrokenBarrierError, Lock

import pytest
from rehearsal_small_world import SmallWorld
from web_servers import CHECKS, Background, Raw, answer, judged, raw, refused_port, session, silent, site

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError
from app.checks.model import Outcome, Undetermined
from app.rehearsal.services import ServicePage
from app.site.model import Client

URLS = CHECKS["client.urls"]


def client(*urls: str) -> Client:
    return Client("pc1", urls=urls)


def test_addresses_that_answer_pass_and_are_all_named(tmp_path: Path) -> None:
    server = ServicePage(SmallWorld(tmp_path), 0, "auth")  # type: ignore[arg-type]
    server.start()
    try:
        with raw(answer("", "302 Found", Location="/login")) as other:
            urls = (f"http://127.0.0.1:{server.port}/", other.url)
            verdict = judged(URLS, client(*urls))
    finally:
        server.stop()
    assert verdict.outcome is Outcome.PASS
    assert all(url in verdict.actual for url in urls) and "302" in verdict.actual and "/login" in verdict.actual
    assert verdict.observed == {"urls": [{"url": urls[0], "status": 200}, {"url": urls[1], "status": 302}]}


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("200 OK", Outcome.PASS),
        ("204 No Content", Outcome.PASS),
        ("299 Odd", Outcome.PASS),
        ("301 Moved", Outcome.PASS),
        ("399 Odd", Outcome.PASS),
        ("400 Bad Request", Outcome.FAIL),
        ("401 Unauthorized", Outcome.FAIL),
        ("404 Not Found", Outcome.FAIL),
        ("500 Error", Outcome.FAIL),
        ("199 Odd", Outcome.FAIL),
    ],
)
def test_a_status_of_2xx_or_3xx_passes(status: str, outcome: Outcome) -> None:
    with raw(answer("", status)) as server:
        verdict = judged(URLS, client(server.url))
    assert verdict.outcome is outcome and status in verdict.actual


def test_one_refused_address_fails_and_is_named_beside_the_good_one() -> None:
    dead = f"http://127.0.0.1:{refused_port()}/"
    with raw(answer("ok")) as server:
        verdict = judged(URLS, client(server.url, dead))
        assert verdict.outcome is Outcome.FAIL
        assert dead in verdict.reason and server.url not in verdict.reason and server.url in verdict.actual


def test_one_silent_address_leaves_it_unknown_unless_another_failed() -> None:
    with raw(answer("ok")) as good, raw(silent) as mute, raw(answer("", "500 Error")) as bad:
        verdict = judged(URLS, client(good.url, mute.url), session(patience=0.2))
        assert verdict.outcome is Outcome.UNKNOWN and mute.url in verdict.reason
        verdict = judged(URLS, client(mute.url, bad.url), session(patience=0.2))
        assert verdict.outcome is Outcome.FAIL and mute.url in verdict.reason and bad.url in verdict.reason


@pytest.mark.parametrize("content", [b"", b"nonsense\n", answer("ok")[:-1]])
def test_nonsense_is_unknown(content: bytes) -> None:
    with raw(content) as server:
        assert judged(URLS, client(server.url)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("url", ["", "ftp://a/", "http://a:b@127.0.0.1/", "https://127.0.0.1:1/\n"])
def test_an_address_that_is_none_is_unknown(url: str) -> None:
    assert judged(URLS, client(url)).outcome is Outcome.UNKNOWN


def test_without_addresses_it_does_not_apply() -> None:
    assert "方案未规定" in URLS.applies(client(), site())
    assert URLS.applies(client("http://a/"), site()) == ""
    assert judged(URLS, client()).outcome is Outcome.NOT_APPLICABLE


def test_many_silent_addresses_wait_side_by_side() -> None:
    with raw(silent) as server:
        verdict = judged(URLS, client(*(f"{server.url}{n}" for n in range(8))), session(patience=0.3))
        assert len(server.requests) == 8
    assert verdict.outcome is Outcome.UNKNOWN


def test_abort_and_cancel_end_all_addresses_at_once() -> None:
    cancellation = Cancellation()
    opened = session(cancellation=cancellation)
    with raw(silent) as one:
        target = client(one.url, *(f"{one.url}{n}" for n in range(20)))
        running = Background(lambda: URLS.gather(opened, target))
        assert one.asked.wait(5)
        opened.abort()
        visits = running.outcome()
        assert {visit.status for visit in visits} == {0}
        one.asked.clear()
        running = Background(lambda: URLS.gather(opened, target))
        assert one.asked.wait(5)
        cancellation.cancel()
        assert isinstance(running.outcome(), CancelledError)


def test_a_dead_address_is_not_asked_again_in_the_run() -> None:
    opened = session()
    target = client(f"http://127.0.0.1:{refused_port()}/")
    assert [judged(URLS, target, opened).outcome for _ in range(2)] == [Outcome.FAIL, Outcome.FAIL]


def test_what_is_shown_is_every_address() -> None:
    assert URLS.shows(client("http://a/", "http://b/x")) == ("GET http://a/", "GET http://b/x")


def test_the_clocks_of_the_servers_are_not_taken_for_the_clients() -> None:
    opened = session()
    with raw(answer("ok", Date="Sun, 06 Nov 1994 08:49:37 GMT")) as server:
        judged(URLS, client(server.url), opened)
    assert opened.offset_seconds is None


def test_nothing_but_get_is_sent() -> None:
    with raw(answer("ok")) as server:
        judged(URLS, client(server.url))
        assert server.requests[0].startswith(b"GET / ")


def test_an_aborted_session_begins_anew() -> None:
    opened = session()
    opened.abort()
    with raw(answer("ok")) as server:
        assert judged(URLS, client(server.url), opened).outcome is Outcome.PASS
    with pytest.raises(Undetermined):
        opened.abort()
        opened.ask("GET", "http://127.0.0.1:1/")


@pytest.mark.parametrize(
    "place",
    [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://127.0.0.2/portal",
        "//10.1.1.1/auth",
        "",
        "http://[",
        "/here",
    ],
)
def test_a_redirect_that_leads_away_or_nowhere_leaves_it_unknown(place: str) -> None:
    with raw(answer("", "302 Found", Location=place)) as server:
        verdict = judged(URLS, client(f"{server.url}here"))
    expected = Outcome.PASS if place == "" else Outcome.UNKNOWN  # without a place there is nothing to follow
    assert verdict.outcome is expected
    assert verdict.outcome is Outcome.PASS or "转向" in verdict.reason


def test_a_redirect_to_itself_that_sets_a_cookie_is_a_log_in_page_of_the_field() -> None:
    with raw(answer("", "302 Found", Location="/here", Set_Cookie="JSESSIONID=1")) as server:
        assert judged(URLS, client(f"{server.url}here")).outcome is Outcome.PASS


def test_one_server_is_asked_for_two_addresses_at_a_time() -> None:
    opened, most, lock, both = 0, 0, Lock(), Barrier(2, timeout=5)

    def count(server: Raw, connection: socket, request: bytes) -> None:
        nonlocal opened, most
        with lock:
            opened += 1
            most = max(most, opened)
        with suppress(BrokenBarrierError):
            both.wait()
        with lock:
            opened -= 1
        connection.sendall(answer("ok"))

    with raw(count) as server:
        assert judged(URLS, client(*(f"{server.url}{n}" for n in range(8)))).outcome is Outcome.PASS
    assert most == 2
