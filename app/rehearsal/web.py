"""HTTP/1.1 on a port of the rehearsal site, with requests and answers as plain values.

What is answered belongs to each server.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from app.rehearsal import asked
from app.rehearsal.listening import Listening, hold

LARGEST_BODY = 64 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """One request; ``path`` is unquoted and without the query, ``headers`` are looked up without case."""

    method: str
    path: str
    query: str = ""
    headers: Message = field(default_factory=Message)
    body: bytes = b""

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter; None when it is not there."""
        return parse_qs(self.query, keep_blank_values=True).get(name, [None])[0]


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def html(title: str, body: str, status: int = 200, **headers: str) -> Answer:
    """A whole page in UTF-8; ``headers`` are names with _ for -."""
    head = f'<head><meta charset="utf-8"><title>{title}</title></head>'
    page = f"<!DOCTYPE html>\n<html>{head}\n<body>{body}</body></html>\n"
    return Answer(status, page.encode(), headers={name.replace("_", "-"): value for name, value in headers.items()})


def as_json(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False, indent=4).encode(), "application/json")


class WebServer(Listening):
    """Derive and write ``answer``. Keep-alive as HTTP/1.1 has it; the Date header is this machine's time."""

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def silent(self) -> bool:
        """Whether the port accepts and says nothing; asked before each request."""
        return False

    def greeting(self, first_line: bytes) -> bytes | None:  # noqa: ARG002 - for those who override it
        """The answer to a first line of another protocol on this port; None: it is HTTP."""
        return None

    def serve(self, connection: socket.socket) -> None:
        if self.silent():
            hold(connection)
        else:
            _Conversation(connection, self)


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body go in two writes: together they would wait 40 ms for an ACK
    raw_requestline: bytes

    def __init__(self, connection: socket.socket, site: WebServer) -> None:
        self.site = site
        super().__init__(connection, connection.getpeername(), site)  # type: ignore[arg-type]  # only kept, never called

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        self.close_connection = True
        if not self.raw_requestline:
            return
        if self.site.silent():
            hold(self.connection)
            return
        greeting = self.site.greeting(self.raw_requestline)
        if greeting is not None:
            self._greet(greeting)
        elif self.parse_request():
            self._respond()

    def _greet(self, greeting: bytes) -> None:
        while self.rfile.readline(4096).strip():
            pass
        self.wfile.write(greeting)

    def _respond(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self.send_error(413)
            self.close_connection = True
            return
        asked.note("request", self.site.port, f"{self.command} {self.path}")
        url = split(self.path)
        body = self.rfile.read(int(length))
        self._send(self.site.answer(Request(self.command, unquote(url.path), url.query, self.headers, body)))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.body:
            self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def send_response(self, code: int, message: str | None = None) -> None:
        """As the base class, without the Server header: neither WebLogic nor the bus names itself."""
        self.send_response_only(code, message)
        self.send_header("Date", self.date_time_string())

    def log_message(self, format: str, *args: Any) -> None:
        """The rehearsal site keeps no access log."""


def split(target: str) -> SplitResult:
    """A request target as its parts; ``//x`` is a path here, not a host."""
    return urlsplit("/" + target.lstrip("/")) if target.startswith("/") else urlsplit(target)
