"""Whoever waits for an answer can be ended at once, wherever it stands, and nothing goes on behind."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from web_servers import Background, Hasty, Raw, answer, raw, silent

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError
from app.checks.http import HttpClient, NoAnswer, Unreachable
from app.checks.trust import trust_context

LONG = 60.0  # seconds that no test waits for


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port whose queue is full: connecting to it is neither accepted nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        clients = []
        for _ in range(8):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            clients.append(client)
        yield listener.getsockname()[1]
        for client in clients:
            client.close()


def start_of_an_answer(server: Raw, connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nab")
    silent(server, connection, request)


@pytest.mark.parametrize("talk", [silent, start_of_an_answer])
def test_abort_ends_a_request_that_waits_for_its_answer(talk: object) -> None:
    client = HttpClient(Cancellation())
    with raw(talk) as server:  # type: ignore[arg-type]
        waiting = Background(lambda: client.request("GET", server.url, seconds=LONG))
        assert server.asked.wait(5)
        client.abort()
        assert isinstance(waiting.outcome(), NoAnswer)


def test_abort_ends_a_request_that_waits_for_its_connection(black_hole: int) -> None:
    client = HttpClient(Cancellation())
    waiting = Background(lambda: client.request("GET", f"http://127.0.0.1:{black_hole}/", seconds=LONG))
    client.abort()
    assert isinstance(waiting.outcome(), NoAnswer)


def test_a_connection_that_nobody_accepts_ends_at_the_deadline(black_hole: int) -> None:
    started = time.monotonic()
    with pytest.raises(Unreachable, match=r"0\.3 秒内未能连接"):
        HttpClient(Cancellation()).request("GET", f"http://127.0.0.1:{black_hole}/", seconds=0.3)
    assert time.monotonic() - started < 5


def test_abort_ends_a_handshake_that_is_not_answered() -> None:
    client = HttpClient(Cancellation())
    with raw(silent, kind=Hasty) as server:
        waiting = Background(lambda: client.request("GET", f"https://127.0.0.1:{server.port}/", seconds=LONG))
        assert server.asked.wait(5)
        client.abort()
        assert isinstance(waiting.outcome(), NoAnswer)


def test_abort_ends_a_request_whose_body_is_not_taken() -> None:
    client = HttpClient(Cancellation())
    with raw(lambda server, connection, request: server.pause(LONG), kind=Hasty) as server:
        waiting = Background(lambda: client.request("POST", server.url, body=b"a" * 50_000_000, seconds=LONG))
        assert server.asked.wait(5)
        client.abort()
        assert isinstance(waiting.outcome(), NoAnswer)


def test_an_aborted_client_stays_aborted_so_that_no_further_request_goes_out() -> None:
    client = HttpClient(Cancellation())
    client.abort()
    with raw(answer(b"ok")) as server:
        with pytest.raises(NoAnswer, match="中止"):
            client.request("GET", server.url)
        assert server.requests == []


def test_cancel_ends_every_running_request_at_once_with_its_own_error() -> None:
    cancellation = Cancellation()
    client = HttpClient(cancellation)
    with raw(silent) as one, raw(silent) as other:
        waiting = [Background(partial(client.request, "GET", url, seconds=LONG)) for url in (one.url, other.url)]
        assert one.asked.wait(5) and other.asked.wait(5)
        cancellation.cancel()
        assert [type(each.outcome()) for each in waiting] == [CancelledError, CancelledError]
        with pytest.raises(CancelledError):
            client.request("GET", one.url)


def test_many_requests_at_once_get_each_its_own_answer() -> None:
    def talk(server: Raw, connection: socket.socket, request: bytes) -> None:
        connection.sendall(answer(request.split()[1]))

    client = HttpClient(Cancellation())
    with raw(talk) as server, ThreadPoolExecutor(8) as pool:
        bodies = pool.map(lambda n: client.request("GET", f"{server.url}{n}").body, range(60))
        assert list(bodies) == [f"/{n}".encode() for n in range(60)]


def test_no_socket_is_left_open(recwarn: pytest.WarningsRecorder) -> None:
    import gc

    client = HttpClient(Cancellation())
    with raw(answer(b"ok")) as server:
        client.request("GET", server.url)
    with pytest.raises(NoAnswer), raw(silent) as server:
        client.request("GET", server.url, seconds=0.1)
    gc.collect()
    assert [str(each.message) for each in recwarn if issubclass(each.category, ResourceWarning)] == []


def test_reach_connects_and_hangs_up_without_a_word() -> None:
    heard: list[bytes] = []
    with raw(lambda server, connection, request: heard.append(request), kind=Hasty) as server:
        reached = HttpClient(Cancellation()).reach(f"tcp://127.0.0.1:{server.port}")
        assert server.asked.wait(5)
    assert heard == [b""] and 0 < reached.seconds < 5 and reached.tls == ""


# In a process of its own it is faster than its reader, who then never has to wait for more.
FLOOD = """
import contextlib, socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
client = listener.accept()[0]
client.recv(65536)
print("begun", flush=True)
with contextlib.suppress(OSError):
    while True:
        client.sendall((b"\\x16\\x03\\x03\\x40\\x00" + bytes(16384)) * 64)
"""


@contextlib.contextmanager
def hello_requests_without_end() -> Iterator[tuple[int, Callable[[], str]]]:
    """A port that answers a TLS hello with requests for another one, for ever: OpenSSL reads them all in one call."""
    with subprocess.Popen([sys.executable, "-c", FLOOD], stdout=subprocess.PIPE, text=True) as flood:
        assert flood.stdout
        try:
            yield int(flood.stdout.readline()), flood.stdout.readline
        finally:
            flood.kill()


def test_the_deadline_ends_a_handshake_that_the_peer_never_does() -> None:
    with hello_requests_without_end() as (port, _), pytest.raises(NoAnswer):
        HttpClient(Cancellation()).reach(f"https://127.0.0.1:{port}/", seconds=0.5, context=trust_context(()))


def test_abort_ends_a_handshake_that_the_peer_never_does() -> None:
    client = HttpClient(Cancellation())
    with hello_requests_without_end() as (port, has_begun):
        url = f"https://127.0.0.1:{port}/"
        waiting = Background(lambda: client.reach(url, seconds=LONG, context=trust_context(())))
        assert has_begun()
        client.abort()
        assert isinstance(waiting.outcome(), NoAnswer)
