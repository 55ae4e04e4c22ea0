"""What the WebLogic checks send, to whom, how often, and what they make of ports that behave badly."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from rehearsal_small_world import SmallWorld
from web_servers import Background, Hasty, Raw, authority, raw, saying, silent
from web_servers import answer as http
from weblogic_world import PASSWORD, PLAN, Held, Scripted, ask, modern, outcomes, target_of, tree

from app.base.cancellation import Cancellation
from app.checks import runner
from app.checks.model import Outcome, Planned, Result, Surroundings, Undetermined
from app.checks.weblogic import gathering
from app.checks.weblogic.checks import CHECKS
from app.checks.weblogic.session import WebLogicSession, open_session
from app.rehearsal.web import Answer, Request, html
from app.rehearsal.weblogic import WebLogicServer
from app.rehearsal.weblogic_domain import PORT_NAMES
from app.site.model import Site, WebLogic, WebLogicExpect

HELO = b"HELO:12.2.1.4.0.false\nAS:2048\nHL:19\nMS:10000000\nPN:DOMAIN\n\n"
REST = ("topology", "servers", "health", "heap", "threads", "datasources", "applications")
TWO = WebLogicExpect(("AdminServer", "jyjc1"), PLAN.applications, PLAN.datasources)
CHECK = {check.id.rpartition(".")[2]: check for check in CHECKS}


def site_of(target: WebLogic, *anchors: Path) -> Site:
    return Site("某省节点", "510000", trust=anchors, targets=(target,), path=Path("site.toml"))


def run(target: WebLogic, *names: str, seconds: float = 30.0, anchors: tuple[Path, ...] = ()) -> dict[str, Result]:
    """The results of these checks, each with so long a deadline."""
    held = Held({target.id: PASSWORD})
    around = Surroundings(site_of(target, *anchors), held, held, Cancellation())
    results: dict[str, Result] = {}
    planned = [Planned(replace(CHECK[name], seconds=seconds), target) for name in names]
    runner.run(planned, around, lambda result: results.update({result.check.rpartition(".")[2]: result}))
    return results


def port(talk: Callable[[Raw, socket, bytes], None] | bytes, seconds: float = 30.0) -> Result:
    with raw(talk, kind=Hasty) as server:
        return run(target_of(server.port), "port", seconds=seconds)["port"]


def test_a_refusal_of_the_filter_is_read_though_the_port_stays_open() -> None:
    def talk(server: Raw, connection: socket, request: bytes) -> None:
        connection.sendall(b"LGIN:Connection rejected, filter blocked Socket [Security:090220]")
        silent(server, connection, request)

    result = port(talk)
    assert result.outcome is Outcome.WARN and "090220" in result.actual


def test_a_port_that_says_back_whatever_version_it_is_told_names_none() -> None:
    class Parrot(Raw):
        def serve(self, connection: socket) -> None:
            version = connection.recv(200).partition(b"\n")[0].removeprefix(b"t3 ")
            connection.sendall(b"HELO:" + version + b".false\nAS:2048\nHL:19\n\n")

    with raw(silent, kind=Parrot) as server:
        result = run(target_of(server.port), "port")["port"]
    assert result.outcome is Outcome.WARN and "未报版本" in result.actual


def test_a_true_12_1_2_is_told_from_a_parrot_by_asking_again() -> None:
    result = port(b"HELO:12.1.2.0.0.false\nAS:2048\nHL:19\n\n")
    assert result.outcome is Outcome.PASS and "12.1.2.0.0" in result.actual
    result = port(b"HELO:12.1.2.false\nAS:2048\nHL:19\n\n")
    assert result.outcome is Outcome.PASS and "12.1.2" in result.actual


def test_an_endless_answer_to_the_greeting_is_cut_off() -> None:
    result = port(lambda server, connection, request: server.stream(connection, b"x" * 4096))
    assert result.outcome is Outcome.UNKNOWN


def test_a_silent_port_is_undetermined_at_the_deadline() -> None:
    assert port(silent, seconds=0.3).outcome is Outcome.UNKNOWN


def test_a_port_that_hangs_up_at_once_is_undetermined() -> None:
    assert port(b"").outcome is Outcome.UNKNOWN


class Encrypted(Raw):
    """T3 or HTTP inside TLS: a greeting line gets HELO, a request the tree of a healthy domain."""

    def serve(self, connection: socket) -> None:
        assert self.tls is not None
        try:
            inside = self.tls.wrap_socket(connection, server_side=True)
        except ssl.SSLError:
            return
        with inside:
            request = inside.recv(65536)
            if not request:
                return
            self.requests.append(request)
            line = request.partition(b"\r\n")[0].decode()
            if line.startswith("t3 "):
                inside.sendall(HELO)
                return
            path = line.split(" ")[1].partition("?")[0]
            value = modern().get(path)
            inside.sendall(http(json.dumps(value)) if value is not None else http("", "404 Not Found"))


def test_https_is_verified_against_the_anchors_of_the_site(tmp_path: Path) -> None:
    ours = authority(tmp_path)
    with raw(silent, ours.server(), Encrypted) as server:
        target = replace(target_of(0, TWO), url=f"https://127.0.0.1:{server.port}")
        results = run(target, "port", "servers", anchors=(ours.anchor,))
    assert outcomes(results) == {"port": "pass", "servers": "pass"}


def test_what_cannot_be_verified_gets_neither_greeting_nor_password(tmp_path: Path) -> None:
    stranger, ours = authority(tmp_path, "stranger"), authority(tmp_path)
    with raw(silent, stranger.server(), Encrypted) as server:
        target = replace(target_of(0, TWO), url=f"https://127.0.0.1:{server.port}")
        results = run(target, "port", "servers", anchors=(ours.anchor,))
    assert outcomes(results) == {"port": "unknown", "servers": "unknown"}
    assert all("证书" in result.reason for result in results.values())
    assert server.requests == []


@contextmanager
def scripted(reply: Callable[[Request], Answer], greeting: bytes | None = HELO) -> Iterator[Scripted]:
    server = Scripted(reply, greeting)
    server.start()
    try:
        yield server
    finally:
        server.stop()


UNPROVED = {
    "401": html("Error 401--Unauthorized", "", 401),
    "403": html("Error 403--Forbidden", "", 403),
    "500": html("Error 500", "", 500),
    "302": Answer(302, headers={"Location": "http://127.0.0.1:1/sso"}),
    "a log-in page": html("Login", '<form><input type="password"></form>'),
    "a list": Answer(200, b"[1]", "application/json"),
    "empty": Answer(200, b""),
}


@pytest.mark.parametrize("name", UNPROVED)
def test_a_password_that_was_not_answered_with_beans_is_sent_once_in_a_run(name: str) -> None:
    with scripted(lambda request: UNPROVED[name]) as server:
        results = run(target_of(server.port, TWO), *REST)
    assert set(outcomes(results).values()) == {"unknown"}
    assert len(server.logins) == 1
    assert len({result.reason for result in results.values()}) == 1


@pytest.mark.parametrize("talk", [saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), saying(b"")])
def test_half_an_answer_to_the_log_in_is_not_asked_for_again(talk: Callable[[Raw, socket, bytes], None]) -> None:
    with raw(talk) as server:
        results = run(target_of(server.port, TWO), *REST)
    assert set(outcomes(results).values()) == {"unknown"}
    assert len(server.requests) == 1


def test_a_log_in_given_up_at_its_deadline_is_not_tried_by_the_next_check() -> None:
    with raw(silent) as server:
        results = run(target_of(server.port, TWO), "servers", "health", seconds=0.3)
    assert set(outcomes(results).values()) == {"unknown"}
    assert len(server.requests) == 1


def test_after_a_404_a_refusal_by_the_older_interface_is_final_too() -> None:
    def reply(request: Request) -> Answer:
        return UNPROVED["401"] if request.path.startswith("/management/tenant") else html("404", "", 404)

    with scripted(reply) as server:
        results = run(target_of(server.port, TWO), *REST)
    assert all("登录被拒绝" in result.reason for result in results.values())
    assert [request.path for request in server.logins if "tenant" in request.path] == [
        "/management/tenant-monitoring/servers"
    ]


def test_an_endless_answer_is_cut_off_and_undetermined() -> None:
    def talk(server: Raw, connection: socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        server.stream(connection, b'{"items": [' + b" " * 65536)

    with raw(talk) as server:
        result = run(target_of(server.port, TWO), "servers")["servers"]
    assert result.outcome is Outcome.UNKNOWN and "太长" in result.reason


@pytest.mark.parametrize(("password", "user"), [("", "monitor"), (None, "monitor"), (PASSWORD, "")])
def test_without_user_or_password_no_request_is_made(password: str | None, user: str) -> None:
    with scripted(tree(modern())) as server:
        results = ask(replace(target_of(server.port, TWO), user=user), *REST, password=password)
    assert {result.reason for result in results.values()} == {"没有口令，没有登录 REST 管理接口"}
    assert server.requests == []


def test_403_says_whether_it_was_the_port() -> None:
    channel = html("403", "Console/Management requests can only be made through an Administration Channel", 403)
    reasons = []
    for answer in (channel, UNPROVED["403"]):
        with scripted(lambda request, given=answer: given) as server:  # type: ignore[misc]
            reasons.append(run(target_of(server.port, TWO), "servers")["servers"].reason)
    assert "端口不对" in reasons[0] and "端口不对" not in reasons[1]


def test_only_get_is_sent_with_the_header_that_some_resources_want_and_no_secret_is_kept() -> None:
    with scripted(tree(modern())) as server:
        results = run(target_of(server.port, TWO), *REST)
    assert {request.method for request in server.requests} == {"GET"}
    assert all(request.headers["X-Requested-By"] for request in server.requests)
    basic = server.requests[0].headers["Authorization"].partition(" ")[2]
    assert not any(PASSWORD in repr(result) or basic in repr(result) for result in results.values())


def test_the_clock_of_the_server_is_seen_with_each_result() -> None:
    with scripted(tree(modern())) as server:
        result = run(target_of(server.port, TWO), "servers")["servers"]
    assert result.offset_seconds is not None and abs(result.offset_seconds) < 5


def test_an_abort_ends_a_gathering_at_once() -> None:
    with raw(silent) as server:
        target = target_of(server.port, TWO)
        held = Held({target.id: PASSWORD})
        session = open_session(target, Surroundings(site_of(target), held, held, Cancellation()))
        gathered = Background(lambda: gathering.states(session, target))
        assert server.asked.wait(5)
        started = time.monotonic()
        session.abort()
        assert isinstance(gathered.outcome(), Undetermined)
        assert time.monotonic() - started < 2


def test_an_abort_ends_the_wait_for_a_server_that_is_starting() -> None:
    with scripted(tree(modern({"AdminServer": "RUNNING", "jyjc1": "STARTING"}))) as server:
        started = time.monotonic()
        result = run(target_of(server.port, TWO), "servers", seconds=0.5)["servers"]
    assert result.outcome is Outcome.UNKNOWN and time.monotonic() - started < 5


def requested(server: Scripted) -> set[str]:
    return {f"http://127.0.0.1:{server.port}{request.path}?{request.query}".rstrip("?") for request in server.requests}


@pytest.mark.parametrize("name", REST)
def test_every_request_is_shown_beforehand_word_for_word(name: str) -> None:
    with scripted(tree(modern())) as server:
        target = target_of(server.port, TWO)
        run(target, name)
        shown = {line.removeprefix("GET ").partition("（")[0] for line in CHECK[name].shows(target)}
        assert server.requests and requested(server) <= shown


class Recording(WebLogicServer):
    """Keeps the targets of the requests."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.seen: set[str] = set()

    def answer(self, request: Request) -> Answer:
        self.seen.add(f"http://127.0.0.1:{self.port}{request.path}?{request.query}".rstrip("?"))
        return super().answer(request)


@pytest.mark.parametrize("name", [*REST, "version"])
def test_the_requests_of_older_versions_are_shown_too(tmp_path: Path, name: str) -> None:
    world = SmallWorld(tmp_path)
    admin = Recording(world, 0, "AdminServer", "10.3.6.0")
    world.ports[PORT_NAMES["AdminServer"]] = admin.start()
    target = target_of(admin.port)
    run(target, name)
    admin.stop()
    assert admin.seen or name == "version"
    assert admin.seen <= {line.removeprefix("GET ").partition("（")[0] for line in CHECK[name].shows(target)}


def test_the_greeting_is_shown_word_for_word() -> None:
    shown = CHECK["port"].shows(target_of(7001))
    assert any(r"127.0.0.1:7001 发送 't3 12.1.2\nAS:2048\nHL:19\n\n'" in line for line in shown)
    assert all("t3s" in line for line in CHECK["port"].shows(replace(target_of(1), url="https://admin:9002")))


def test_a_session_connects_nothing_before_it_is_asked() -> None:
    target = target_of(1)
    held = Held({})
    session = open_session(target, Surroundings(site_of(target), held, held, Cancellation()))
    assert isinstance(session, WebLogicSession) and session.offset_seconds is None
    session.close()
