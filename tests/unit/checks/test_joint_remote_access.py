"""joint.remote_access: only a remote user's own PC tells whether the application is reached; else evidence is named."""

from __future__ import annotations

import platform

import pytest
from web_servers import NoHostKeys, NoSecrets, answer, judged, raw, refused_port

from app.base.cancellation import Cancellation
from app.checks import catalogue
from app.checks.model import Outcome, Surroundings, Verdict
from app.checks.weblogic.facts import Page
from app.checks.weblogic.remote_access import Visited, compare
from app.checks.weblogic.session import WebLogicSession
from app.site.model import Client, Site, WebLogic

REMOTE = catalogue.check("joint.remote_access")
LOGIN = answer('<html><title>就业监测</title><form><input type="password"></form></html>')


def seen(url: str, *clients: Client) -> Verdict:
    target = WebLogic("wls1", url="http://127.0.0.1:1", user="monitor", application_urls=(url,))
    site = Site("演示", "510000", targets=(target, *clients))
    opened = WebLogicSession(target, Surroundings(site, NoSecrets(), NoHostKeys(), Cancellation()))
    return judged(REMOTE, target, opened)  # type: ignore[arg-type]


@pytest.mark.parametrize("client", [Client("pc1", "三楼就业处", this=True), Client("pc1", computer=platform.node())])
def test_on_a_users_own_pc_the_page_is_judged(client: Client) -> None:
    with raw(LOGIN) as server:
        verdict = seen(f"{server.url}jyjc", client)
        assert [request.split()[1] for request in server.requests] == [b"/jyjc"]
        assert f"GET {server.url}jyjc" in REMOTE.shows(WebLogic("w", application_urls=(f"{server.url}jyjc",)))[0]
    assert verdict.outcome is Outcome.PASS and f"在“{client.name}”上（本机）" in verdict.actual


@pytest.mark.parametrize("clients", [(), (Client("pc1"),), (Client("pc1", computer="another-pc"),)])
def test_from_anywhere_else_nothing_is_asked_and_the_evidence_is_named(clients: tuple[Client, ...]) -> None:
    with raw(LOGIN) as server:
        verdict = seen(server.url, *clients)
        assert server.requests == []
    assert verdict.outcome is Outcome.UNKNOWN and "等待证据" in verdict.reason
    assert "截图" in verdict.advice and "身份" in verdict.advice


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (answer("", "404 Not Found"), Outcome.FAIL),
        (answer("", "503 Busy"), Outcome.FAIL),
        (answer(""), Outcome.FAIL),
        (answer("", "302 Found", Location="http://proxy/login"), Outcome.UNKNOWN),
        (answer("<html><title>Error 403</title></html>"), Outcome.UNKNOWN),
        (answer("<html><title>代理登记</title></html>"), Outcome.UNKNOWN),
        (b"", Outcome.UNKNOWN),
    ],
)
def test_what_is_not_the_applications_log_in_page_never_passes(content: bytes, outcome: Outcome) -> None:
    with raw(content) as server:
        assert seen(server.url, Client("pc1", this=True)).outcome is outcome


def test_a_refusal_fails() -> None:
    assert seen(f"http://127.0.0.1:{refused_port()}/", Client("pc1", this=True)).outcome is Outcome.FAIL


@pytest.mark.parametrize(("seconds", "outcome"), [(2.999, Outcome.PASS), (3.0, Outcome.WARN)])
def test_a_slow_page_is_a_warning_at_its_bound(seconds: float, outcome: Outcome) -> None:
    visited = Visited((Page("http://a/", 200, "就业监测", seconds, True),), "pc1")
    assert compare(visited, WebLogic("w"), Site("演示", "510000")).outcome is outcome


def test_no_page_at_all_is_no_pass() -> None:
    assert compare(Visited((), "pc1"), WebLogic("w"), Site("演示", "510000")).outcome is Outcome.UNKNOWN
    assert REMOTE.applies(WebLogic("w"), Site("演示", "510000"))
