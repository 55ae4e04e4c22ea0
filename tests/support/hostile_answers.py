"""Servers that answer in the asker's own protocol and mean harm: one temper a port, whatever protocol is spoken."""

from __future__ import annotations

import contextlib
import gzip
import select
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

HTTP, SSH, TLS, TNS, T3, OTHER = "http", "ssh", "tls", "tns", "t3", "other"
WAIT = 0.3  # seconds after which a client that has said nothing waits for a greeting
NASTY = "\x1b]0;got\x07\x1b[2J\x9b31m<b>{{ 7*7 }}{% raw %}=cmd|'/c calc'!A1\u202egnp\u2028\x7f\x00合格"
PIECE = b"A" * 65536


@dataclass
class Hostile:
    """``behave`` answers one connection. ``most``: connections that were open at a time; ``asked``: by protocol."""

    behave: Callable[[Hostile, socket.socket, str, bytes], None]
    trap: int = 0  # a port that must never be connected to
    port: int = 0
    open: int = 0
    most: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    requests: list[bytes] = field(default_factory=list)
    rst: bool = False  # whether a line that breaks is reset instead of closed
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, connection: socket.socket) -> None:
        with self.lock:
            self.open += 1
            self.most = max(self.most, self.open)
        try:
            with connection, contextlib.suppress(OSError):
                ready, _, _ = select.select([connection], [], [], WAIT)
                request = connection.recv(1 << 16) if ready else b""
                if ready and not request:
                    return  # it only looked whether the port answers
                kind = protocol(request)
                with self.lock:
                    self.asked[kind] += 1
                    self.requests.append(request)
                self.behave(self, connection, kind, request)
        finally:
            with self.lock:
                self.open -= 1


def protocol(request: bytes) -> str:
    if request[:4] in (b"GET ", b"POST", b"HEAD"):
        return HTTP
    if request[:2] == b"\x16\x03" or (request[2:3] == b"\x01" and request[:1] == b"\x80"):
        return TLS
    if request[:3] in (b"t3 ", b"t3s"):
        return T3
    if request[4:5] == b"\x01" and int.from_bytes(request[:2], "big") <= len(request):
        return TNS
    return SSH if not request or request.startswith(b"SSH-") else OTHER


@contextlib.contextmanager
def hostile(behave: Callable[[Hostile, socket.socket, str, bytes], None], trap: int = 0) -> Iterator[Hostile]:
    """A server of that temper on loopback."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    server = Hostile(behave, trap, listener.getsockname()[1])

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=server.serve, args=(connection,), daemon=True).start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        server.over.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()


# What is said


def head(*lines: str, status: str = "200 OK", length: int | None = None) -> bytes:
    told = [f"HTTP/1.1 {status}", *lines, *([] if length is None else [f"Content-Length: {length}"])]
    return "\r\n".join([*told, "", ""]).encode("utf-8", "surrogatepass")


def http_answer(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    return head(*lines, status=status, length=len(body)) + body


def tns_packet(kind: int, body: bytes) -> bytes:
    """A packet of Oracle's listener: 2 accept, 4 refuse, 5 redirect, 6 data, 11 resend."""
    return (8 + len(body)).to_bytes(2, "big") + b"\x00\x00" + bytes([kind, 0, 0, 0]) + body


def refusal(text: bytes) -> bytes:
    return tns_packet(4, b"\x22\x00" + len(text).to_bytes(2, "big") + text)


def redirect(port: int) -> bytes:
    """The older form: the address, a zero, and what is to be said there."""
    address = b"(ADDRESS=(PROTOCOL=tcp)(HOST=127.0.0.1)(PORT=%d))" % port
    return tns_packet(5, len(address).to_bytes(2, "big") + address)


# Tempers


def dripping(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """One byte a second, the beginning of what was wanted, for ever."""
    wanted = {
        HTTP: b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9999\r\n\r\n<html><title>a</title>",
        T3: b"HELO:12.2.1.4.0.false\nAS:2048\n", SSH: b"SSH-2.0-OpenSSH_8.0\r\n",
        TLS: b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb\x03\x03", TNS: b"\x00\x20\x00\x00\x02\x00\x00\x00",
    }.get(kind, b".")  # fmt: skip
    at = 0
    while not server.over.wait(1.0):
        connection.sendall(wanted[at : at + 1] or b".")
        at += 1


def endless(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """A well-formed answer whose parts never end: headers, lines before a greeting, records, packets."""
    first, piece = {
        HTTP: (b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"a" * 60000 + b"\r\n"),
        T3: (b"HELO:", b"1" * 60000), SSH: (b"", b"welcome\r\n" * 6000),
        TLS: (b"", b"\x16\x03\x03\x40\x00" + b"\x00" * 16384), TNS: (b"", tns_packet(6, b"\x00" * 8000) * 8),
    }.get(kind, (b"", PIECE))  # fmt: skip
    connection.sendall(first)
    while not server.over.is_set():
        connection.sendall(piece)


def one_line(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """Ten megabytes without the end of a line."""
    connection.sendall({HTTP: b"HTTP/1.1 200 ", SSH: b"SSH-2.0-", T3: b"HELO:12.2.1.4.0.false"}.get(kind, b""))
    for _ in range(160):
        connection.sendall(PIECE)


def huge(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """Half a gigabyte is announced, in chunks, and comes as fast as it is taken."""
    if kind == TNS:
        connection.sendall(b"\xff\xff\x00\x00\x06\x00\x00\x00" + PIECE)
    if kind == HTTP:
        connection.sendall(head("Transfer-Encoding: chunked", "Content-Type: text/html") + b"1f400000\r\n")
    for _ in range(8000):
        connection.sendall(PIECE)


def zipped(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """A page of half a gigabyte in half a megabyte, though nobody asked for it packed."""
    body = ZIPPED if kind == HTTP else PIECE
    connection.sendall(http_answer(body, "Content-Encoding: gzip", "Content-Type: text/html"))


def deep(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """A hundred thousand levels of JSON, and a refusal of the listener nested as deeply."""
    if kind == TNS:
        connection.sendall(refusal(b"(DESCRIPTION=" * 2000))
    connection.sendall(http_answer(b'{"items":' + b"[" * 100_000, "Content-Type: application/json"))


def wide(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """A million empty objects: four megabytes that would be hundreds once they are read."""
    connection.sendall(http_answer(b'{"items":[' + b"{}," * 1_000_000 + b"{}]}", "Content-Type: application/json"))


def entities(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """Entities that grow a thousand million times, and one that is a file of this machine."""
    lines = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
    text = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "lol">{lines}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    wsdl = '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><documentation>&l9;&f;</documentation></definitions>'
    connection.sendall(http_answer((text + wsdl).encode(), "Content-Type: text/xml"))


def elements(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """A description of a service of a quarter of a million elements, each in the last."""
    connection.sendall(http_answer(b"<a>" * 250_000, "Content-Type: text/xml"))


def to_a_file(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    connection.sendall(http_answer(b"", "Location: file:///etc/passwd", status="302 Found"))


def to_another(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """To a port that nothing has to connect to."""
    if kind == TNS:
        connection.sendall(redirect(server.trap))
        return
    connection.sendall(http_answer(b"", f"Location: http://localhost:{server.trap}/", status="302 Found"))


def in_a_circle(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    if kind == TNS:
        connection.sendall(redirect(server.port))
        return
    path = request.split(b" ")[1].decode("ascii", "replace") if kind == HTTP else "/"
    connection.sendall(http_answer(b"", f"Location: {path}", status="302 Found"))


def nasty(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """What terminals, spreadsheets and browsers obey, in every place where words may stand."""
    words = NASTY.encode()
    reason = NASTY.replace("\x00", "").replace("\n", "")
    body = b"<html><title>" + words + b"</title><input type=password></html>"
    said = {
        SSH: b"SSH-2.0-" + words + b"\r\n", T3: b"HELO:12.2.1.4.0.false\n" + words + b"\n\n",
        TNS: refusal(b"(DESCRIPTION=(ERR=12514)(VSNNUM=" + words + b"))"),
        HTTP: http_answer(body, f"X-A: {reason}", f"Location: {reason}", status=f"200 {reason}"),
    }  # fmt: skip
    connection.sendall(said.get(kind, words))


def misencoded(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """UTF-16 said to be UTF-8, lone surrogates, zeros, GBK cut in the middle, a charset that is a trap."""
    body = "<html><title>监测".encode("utf-16") + b"\xed\xa0\x80\x00" + "就业".encode("gbk")[:-1] + b"a-" * 200_000
    connection.sendall(http_answer(body, "Content-Type: text/html; charset=punycode"))


def unclosed(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """Tags that are opened without end and never closed."""
    connection.sendall(http_answer(b"<title>" * 20_000 + b"<title " * 20_000 + b"<input " * 40_000, "Content-Type: a"))


def figures(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
    """JSON with numbers that are none, or too many for any machine."""
    digits = "9" * 5000
    text = f'{{"items":[{{"name":"AdminServer","state":"RUNNING","n":1e999,"m":NaN,"k":-1,"d":{digits}}}]}}'
    date = "Date: Fri, 31 Dec 9999 23:59:59 GMT"
    connection.sendall(http_answer(text.encode(), "Content-Type: application/json", date))


ZIPPED = gzip.compress(bytes(512 << 10), 9) * 1024
TEMPERS = (
    dripping, endless, one_line, huge, zipped, deep, wide, entities, elements, to_a_file, to_another, in_a_circle,
    nasty, misencoded, unclosed, figures,
)  # fmt: skip


# A line that breaks


@contextlib.contextmanager
def breaking(port: int, after: int) -> Iterator[Hostile]:
    """A relay to ``port`` that breaks each connection once ``after`` bytes have come back from there."""

    def relay(server: Hostile, connection: socket.socket, kind: str, request: bytes) -> None:
        with socket.create_connection(("127.0.0.1", port)) as onward:
            onward.sendall(request)
            left = after
            while left > 0:
                for ready in select.select([connection, onward], [], [], 20)[0]:
                    data = ready.recv(left if ready is onward else 1 << 16)
                    if not data:
                        return
                    (connection if ready is onward else onward).sendall(data)
                    left -= len(data) if ready is onward else 0
            if server.rst:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    with hostile(relay) as server:
        yield server
