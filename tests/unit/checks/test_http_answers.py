"""What comes back of a request: whole answers as they are, anything less or else named for what it is."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import pytest
from web_servers import Background, Hasty, Raw, answer, raw, refused_port, silent, whole_request

from app.base.cancellation import Cancellation
from app.checks.http import BadUrl, ConnectionRefused, HttpAnswer, HttpClient, NoAnswer, NotHttp, Unreachable


def get(url: str, seconds: float = 10.0, limit: int = 1000) -> HttpAnswer:
    return HttpClient(Cancellation()).request("GET", url, seconds=seconds, limit=limit)


def asked(content: bytes, method: str = "GET", limit: int = 1000) -> HttpAnswer:
    with raw(content) as server:
        return HttpClient(Cancellation()).request(method, server.url, limit=limit)


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (answer(b"abc"), b"abc"),
        (HEAD + b"\r\nto the end", b"to the end"),
        (b"HTTP/1.0 200\r\n\r\nold", b"old"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"ok"),
        (CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", b"abcde"),
        (HEAD + b"Content-Length: 0\r\n\r\n", b""),
        (HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + answer(b"last"), b"last"),
        (answer(b"only so much") + b"what follows is not of it", b"only so much"),
        (answer(b"multi", Content_Type="multipart/related; boundary=a"), b"multi"),
    ],
    ids=range(10),
)
def test_a_whole_answer_is_taken_as_it_is(content: bytes, body: bytes) -> None:
    got = asked(content)
    assert (got.status, got.body, got.truncated) == (200, body, False)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"HTTP/1.1 20",
        HEAD,
        HEAD + b"Content-Length: 3",
        HEAD + b"Content-Type: text/html\r\n",
        HEAD + b"Content-Length: 3\r\n\r\nab",
        CHUNKED,
        CHUNKED + b"3\r\nab",
        CHUNKED + b"3\r\nabc",
        CHUNKED + b"3\r\nabc\r\n",
        CHUNKED + b"3\r\nabc\r\n1",
    ],
)
def test_half_an_answer_is_none(content: bytes) -> None:
    with pytest.raises(NoAnswer):
        asked(content)


@pytest.mark.parametrize(
    "content",
    [
        b"HELO:12.2.1.4.0.false\nAS:2048\n\n",
        b"SSH-2.0-OpenSSH_8.0\r\n",
        b"\x00\x01\x02" * 100,
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 099 Low\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        HEAD + b"Content-Length: many\r\n\r\nab",
        HEAD + b"Content-Length: -1\r\n\r\nab",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nabc",
        HEAD + b"no colon here\r\n\r\n",
        HEAD + b" folded onto nothing: a\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\nab",
        CHUNKED + b"-3\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
        CHUNKED + b"3\r\nabcdef\r\n0\r\n\r\n",
        CHUNKED + b"f" * 16 + b"\r\nabc",
    ],
)
def test_what_breaks_the_rules_of_http_is_not_http(content: bytes) -> None:
    with pytest.raises(NotHttp):
        asked(content)


def test_a_port_that_speaks_tls_only_is_named() -> None:
    with pytest.raises(NotHttp, match="TLS"):
        asked(b"\x15\x03\x01\x00\x02\x02\x0a")


def test_garbage_is_quoted_so_that_a_person_recognises_it() -> None:
    with pytest.raises(NotHttp, match=r"SSH-2\.0"):
        asked(b"SSH-2.0-OpenSSH_8.0\r\n")


def test_a_header_line_without_end_is_bounded() -> None:
    def talk(server: Raw, connection: socket.socket, request: bytes) -> None:
        connection.sendall(HEAD + b"X-Long: ")
        server.stream(connection, b"a" * 65536)

    with raw(talk) as server, pytest.raises(NotHttp, match="65536"):
        get(server.url, seconds=30)


def test_headers_without_end_are_bounded() -> None:
    def talk(server: Raw, connection: socket.socket, request: bytes) -> None:
        connection.sendall(HEAD)
        server.stream(connection, b"X-More: a\r\n" * 1000)

    with raw(talk) as server, pytest.raises(NotHttp, match="100"):
        get(server.url, seconds=30)


@pytest.mark.parametrize("length", [b"Content-Length: 500000000\r\n", b"Transfer-Encoding: chunked\r\n", b""])
def test_of_a_huge_body_no_more_than_the_limit_is_read(length: bytes) -> None:
    def talk(server: Raw, connection: socket.socket, request: bytes) -> None:
        connection.sendall(HEAD + length + b"\r\n" + (b"10000000\r\n" if b"chunked" in length else b""))
        server.stream(connection, b"a" * 65536)

    with raw(talk) as server:
        got = get(server.url, limit=100_000, seconds=30)
        sent = server.sent
    assert got.truncated
    assert got.body == b"a" * 100_000
    assert sent < 32 << 20  # what socket buffers hold, not the body


@pytest.mark.parametrize("size", [999, 1000, 1001])
@pytest.mark.parametrize("chunked", [False, True])
def test_truncated_means_longer_than_the_limit(size: int, chunked: bool) -> None:
    body = b"a" * size
    content = CHUNKED + f"{size:x}\r\n".encode() + body + b"\r\n0\r\n\r\n" if chunked else HEAD + b"\r\n" + body
    got = asked(content)
    assert (len(got.body), got.truncated) == (min(size, 1000), size > 1000)


def test_a_redirect_is_returned_and_not_followed() -> None:
    with raw(answer(status="302 Moved", Location="http://127.0.0.1:1/登录")) as server:
        got = get(server.url)
        assert (got.status, got.headers["location"]) == (302, "http://127.0.0.1:1/登录")
        assert len(server.requests) == 1


def test_headers_have_lower_case_names_and_repeated_ones_are_joined() -> None:
    got = asked(HEAD + b"X-A: 1\r\nx-a: 2\r\nX-B: one\r\n  two\r\nContent-Length: 0\r\n\r\n")
    assert (got.headers["x-a"], got.headers["x-b"]) == ("1, 2", "one two")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
    ],
)
def test_the_date_is_read_where_it_can_be(text: str, moment: datetime | None) -> None:
    assert asked(answer(b"", Date=text)).date == moment


def test_a_head_answer_has_no_body_whatever_its_length_says() -> None:
    assert asked(HEAD + b"Content-Length: 50\r\n\r\n", "HEAD").body == b""
    assert asked(b"HTTP/1.1 204 No Content\r\nContent-Length: 50\r\n\r\n").body == b""


def test_a_refused_connection_says_so() -> None:
    port = refused_port()
    with pytest.raises(ConnectionRefused, match=f"127.0.0.1:{port} 拒绝连接"):
        get(f"http://127.0.0.1:{port}/")


def test_silence_ends_at_the_deadline() -> None:
    with raw(silent) as server, pytest.raises(NoAnswer, match=r"已连接，但 0\.3 秒内"):
        get(server.url, seconds=0.3)


@pytest.mark.parametrize("start", [b"", HEAD, HEAD + b"Content-Length: 99999\r\n\r\n", CHUNKED, HEAD + b"\r\n"])
def test_a_dripping_answer_does_not_outlive_the_deadline(start: bytes) -> None:
    def talk(server: Raw, connection: socket.socket, request: bytes) -> None:
        connection.sendall(start)
        server.drip(
            connection, b"HTTP/1.1 200 OK" if not start else b"1" if start == CHUNKED else b"X: aaaaaaaaaaaaa\r\n"
        )

    with raw(talk) as server, pytest.raises(NoAnswer, match="秒内"):
        get(server.url, seconds=0.4, limit=1_000_000)


def test_a_reset_in_the_middle_is_no_answer() -> None:
    def talk(server: Raw, connection: socket.socket, request: bytes) -> None:
        connection.sendall(HEAD + b"Content-Length: 50\r\n\r\nab")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    with raw(talk) as server, pytest.raises(NoAnswer):
        get(server.url)


def test_an_answer_that_comes_before_the_request_was_read_is_still_read() -> None:
    def talk(server: Raw, connection: socket.socket, request: bytes) -> None:
        connection.sendall(answer(b"too large", "413 Too Large"))
        silent(server, connection, request)

    with raw(talk, kind=Hasty) as server:
        got = HttpClient(Cancellation()).request("POST", server.url, body=b"a" * 3_000_000)
    assert (got.status, got.body) == (413, b"too large")


def test_the_request_is_as_asked_for_and_closes() -> None:
    with raw(answer()) as server:
        client = HttpClient(Cancellation())
        client.request("POST", f"{server.url}总线?名=值%20&x=a+b#part", headers={"X-A": "b"}, body="中".encode())
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /%E6%80%BB%E7%BA%BF?%E5%90%8D=%E5%80%BC%20&x=a+b HTTP/1.1"
    assert {f"Host: 127.0.0.1:{server.port}", "X-A: b", "Content-Length: 3", "Connection: close"} <= set(lines)
    assert body == "中".encode()


@pytest.mark.parametrize("headers", [{"X-A": "a\r\nX-B: c"}, {"X A": "a"}, {"X-A\n": "a"}, {"X:A": "a"}])
def test_a_header_that_would_break_the_message_is_a_bug(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="not a header"):
        HttpClient(Cancellation()).request("GET", "http://127.0.0.1:1/", headers=headers)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:80",
        "ftp://127.0.0.1/",
        "file:///etc/hostname",
        "http://",
        "http:///path",
        "http://a:99999/",
        "http://a:b/",
        "http://[::1/",
        "http://[fe80::xyz]/",
        "http://a b/",
        "http://a/\r\nX-A: b",
        "http://" + "a" * 70 + ".cn/",
    ],
)
def test_a_url_that_is_none_is_refused_before_anything_is_connected(url: str) -> None:
    with pytest.raises(BadUrl) as caught:
        get(url)
    assert caught.value.advice


@pytest.mark.parametrize(
    "url", ["http://monitor:Geheim1@127.0.0.1/", "http://monitor@127.0.0.1/", "http://:Geheim1@a/"]
)
def test_credentials_in_a_url_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(BadUrl) as caught:
        get(url)
    assert "Geheim1" not in str(caught.value) + caught.value.advice


def test_an_unknown_name_is_unreachable_and_named() -> None:
    with pytest.raises(Unreachable, match=r"nowhere\.invalid"):
        get("http://nowhere.invalid/", seconds=30)


def test_no_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw(answer(b"proxy")) as proxy, raw(answer(b"direct")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert get(server.url).body == b"direct"


def test_ipv6_is_asked_and_named_in_brackets() -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 loopback")
    heads: list[bytes] = []

    def once() -> None:
        connection, _ = listener.accept()
        with connection:
            heads.append(whole_request(connection))
            connection.sendall(answer(b"six"))

    port = listener.getsockname()[1]
    with listener:
        serving = Background(once)
        assert get(f"http://[::1]:{port}/").body == b"six"
        serving.outcome()
    assert f"Host: [::1]:{port}".encode() in heads[0]


def test_every_address_of_a_name_is_tried() -> None:
    with raw(answer(b"ok")) as server:  # on 127.0.0.1 only, while localhost may be ::1 first
        assert get(f"http://localhost:{server.port}/").body == b"ok"
