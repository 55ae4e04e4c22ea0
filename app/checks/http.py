"""HTTP/1.1 as the checks speak it: one bounded request under one deadline, never more than asked for.

No redirect is followed, no proxy is taken from the environment, no certificate is accepted unverified. What a status or
a page means is each check's own judgement.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BufferedReader

from app.base.cancellation import Cancellation
from app.base.errors import CancelledError
from app.checks.addresses import Address, BadUrl, address_of
from app.checks.model import Failed, Undetermined
from app.checks.trust import trust_context, untrusted_reason
from app.checks.wire import Aborted, Unresolved, Wire

__all__ = [
    "BadUrl",
    "ConnectionRefused",
    "HttpAnswer",
    "HttpClient",
    "NoAnswer",
    "NotHttp",
    "Reached",
    "Unreachable",
    "Untrusted",
    "trust_context",
]

LONGEST_LINE = 65536  # bytes of a status, header or chunk line
MOST_HEADERS = 100
LONGEST_HEADERS = 256 * 1024  # bytes of all of them
YEARS = range(1970, 2200)  # of a clock that may be wrong, but is one
TRAILING = 2.0  # seconds that a greeting may take once it has begun
STATUS = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9]{2})(?:[ \t]+(.*?))?[ \t]*\r?\n\Z", re.DOTALL)
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:(.*)\n\Z", re.DOTALL)
CHUNK = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?\r?\n\Z", re.DOTALL)
FIREWALL = "请核对地址与端口；中间可能有防火墙，请网络管理员确认放行，或从应用服务器上复测。"


class ConnectionRefused(Failed):
    """Every address of the host refused the connection. Only a ``*.port`` check passes it on as FAIL."""


class NoAnswer(Undetermined):
    """Time-out, silence, reset, half an answer, an unknown name, or ``abort``."""


class Unreachable(NoAnswer):
    """There was no connection at all: time-out, no route, or an unknown name. Nothing else there will answer either."""


class NotHttp(Undetermined):
    """Something answered, but not in HTTP (or not in TLS)."""


class Untrusted(Undetermined):
    """The peer's certificate could not be verified; nothing was sent to it."""


class _Malformed(Exception):
    """The answer broke HTTP's rules; the text is Chinese."""


@dataclass(frozen=True)
class HttpAnswer:
    """``headers``: lower-case names, repeated ones joined by ``, ``. ``seconds``: from the look-up of the name to the
    last byte taken. ``truncated``: the body was longer than ``limit`` and only its beginning is here. ``date``: the
    aware time of the Date header, None without a readable one. ``tls``: the protocol agreed, ``""`` for http.
    """

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    truncated: bool = False
    date: datetime | None = None
    tls: str = ""


@dataclass(frozen=True)
class Reached:
    """A connection that was made and closed again: ``seconds`` it took, ``tls`` as in HttpAnswer."""

    seconds: float
    tls: str = ""


@dataclass
class _Call:
    """What a request has come to, so that its failure can be told."""

    address: Address
    seconds: float
    stage: str = "连接"
    tls: str = ""
    started: float = field(default_factory=time.monotonic)

    def elapsed(self) -> float:
        return time.monotonic() - self.started


class HttpClient:
    """Requests to any URL, from any thread, several at a time; it keeps no connection.

    ``abort`` (any thread) ends every running request at once with NoAnswer and makes every later one raise it too:
    **an aborted client stays aborted**. It costs nothing to make, so a session makes a new one for its next check;
    the gathering that was given up then cannot go on with its next request.
    A cancelled ``cancellation`` ends them with CancelledError.
    """

    def __init__(self, cancellation: Cancellation) -> None:
        self._cancellation = cancellation
        self._lock = threading.Lock()
        self._wires: set[Wire] = set()
        self._aborted = False

    def abort(self) -> None:
        with self._lock:
            self._aborted = True
            wires = tuple(self._wires)
        for wire in wires:
            wire.abort()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        seconds: float = 10.0,
        limit: int = 4 << 20,
        context: ssl.SSLContext | None = None,
    ) -> HttpAnswer:
        """The answer of ``url`` (http or https) within ``seconds`` over all: name, connect, TLS, request, answer.

        ``limit``: bytes of the body that are read at most. ``context`` verifies https; without one nothing is trusted.
        A redirect is returned as it is. Header values are Latin-1.
        Raises BadUrl, ConnectionRefused, NoAnswer (Unreachable: no connection at all), NotHttp, Untrusted,
        CancelledError.
        """
        address = address_of(url)
        call = _Call(address, seconds)
        message = _request(method, address, headers or {}, body)
        with self._connected(call, context) as wire:
            call.stage = "答复"
            # Who answers before it has read everything (413) may close on us; its answer is still to be read.
            with contextlib.suppress(ConnectionError):
                wire.send(message)
            return _answer(wire.reader(), method, limit, call)

    def reach(self, url: str, *, seconds: float = 10.0, context: ssl.SSLContext | None = None) -> Reached:
        """Connects to the host and port of ``url`` and closes again; with TLS where a ``context`` is given.

        ``url`` may be of any scheme with a port, e.g. ``tcp://bus:8088``. Raises as ``request`` does.
        """
        call = _Call(address_of(url, any_scheme=True), seconds)
        with self._connected(call, context, encrypt=context is not None):
            return Reached(call.elapsed(), call.tls)

    def exchange(
        self,
        url: str,
        message: bytes,
        end: bytes,
        *,
        seconds: float = 10.0,
        limit: int = 4096,
        context: ssl.SSLContext | None = None,
    ) -> bytes:
        """Sends ``message`` to the host and port of ``url`` and gives what comes back up to and with ``end``.

        For greetings of other protocols than HTTP. The answer ends without ``end`` where the peer closes or resets
        first, has sent ``limit`` bytes, or goes on longer than TRAILING seconds after its first byte; TLS where a
        ``context`` is given. Raises as ``request`` does.
        """
        call = _Call(address_of(url, any_scheme=True), seconds)
        with self._connected(call, context, encrypt=context is not None) as wire:
            call.stage = "答复"
            with contextlib.suppress(ConnectionError):
                wire.send(message)
            answer = bytearray()
            incoming = wire.reader()
            try:
                while end not in answer and len(answer) < limit and (piece := incoming.read1(limit - len(answer))):
                    answer += piece
                    wire.deadline = min(wire.deadline, time.monotonic() + TRAILING)
            except (TimeoutError, ConnectionError):
                if not answer:
                    raise
            return bytes(answer)

    @contextlib.contextmanager
    def _connected(self, call: _Call, context: ssl.SSLContext | None, encrypt: bool | None = None) -> Iterator[Wire]:
        """A connection for one call; whatever goes wrong on it comes out as one of ours."""
        self._cancellation.check()
        wire = Wire(call.started + call.seconds)
        forget = self._cancellation.on_cancel(wire.abort)
        try:
            self._enter(wire)
            with _told(call):
                wire.open(call.address.host, call.address.port)
                if call.address.secure if encrypt is None else encrypt:
                    call.stage = "TLS 握手"
                    call.tls = wire.encrypt(context or trust_context(()), call.address.host)
                yield wire
        except NoAnswer as error:
            if self._cancellation.cancelled:
                raise CancelledError() from error
            raise
        finally:
            forget()
            with self._lock:
                self._wires.discard(wire)
            wire.close()

    def _enter(self, wire: Wire) -> None:
        with self._lock:
            self._wires.add(wire)
            if self._aborted:
                wire.abort()


@contextlib.contextmanager
def _told(call: _Call) -> Iterator[None]:
    """Turns what sockets, TLS and the parser raise into our own, naming the address and the stage."""
    where = call.address.shown
    try:
        yield
    except Aborted:
        raise NoAnswer(f"对 {where} 的请求被中止：检查项的时限已到或已取消。") from None
    except Unresolved:
        advice = "请核对主机名，或在 hosts 文件、DNS 中补上。"
        raise Unreachable(f"主机名 {call.address.host} 在本机无法解析为地址。", advice) from None
    except TimeoutError:
        raise _timed_out(call) from None
    except ConnectionRefusedError:
        raise ConnectionRefused(f"{where} 拒绝连接。", "请确认服务已启动，端口与配置一致。", "接受连接") from None
    except ssl.SSLCertVerificationError as error:
        raise Untrusted(f"{where} 的证书未通过验证：{untrusted_reason(error)}。", CERTIFICATE_ADVICE) from None
    except ssl.SSLError as error:
        raise _tls_failed(call, error) from None
    except _Malformed as error:
        raise NotHttp(f"{where} 的答复不符合 HTTP：{error}。", "请核对端口与协议。") from None
    except OSError as error:
        raise _broken(call, error) from None


CERTIFICATE_ADVICE = "请核对 site.toml 的 trust（信任锚）与地址中的主机名，并做证书检查。"


def _timed_out(call: _Call) -> NoAnswer:
    within = f"{call.seconds:g} 秒内"
    if call.stage == "连接":
        return Unreachable(f"{call.address.shown} {within}未能连接。", FIREWALL)
    return NoAnswer(f"{call.address.shown} 已连接，但 {within}没有完成{call.stage}。", "请查看对方服务的状态与日志。")


def _broken(call: _Call, error: OSError) -> NoAnswer:
    reason = error.strerror or type(error).__name__
    if call.stage == "连接":
        return Unreachable(f"{call.address.shown} 无法连接：{reason}。", FIREWALL)
    return NoAnswer(f"{call.address.shown} 在{call.stage}中断开了连接：{reason}。", "请查看对方服务的日志。")


def _tls_failed(call: _Call, error: ssl.SSLError) -> Undetermined:
    where, reason = call.address.shown, error.reason or ""
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"):
        return NotHttp(f"{where} 没有以 TLS 答复。", "该端口可能是 http，请核对地址。")
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return NoAnswer(f"{where} 在{call.stage}中断开了连接。", "请查看对方服务的日志。")
    if "PROTOCOL" in reason or "HANDSHAKE_FAILURE" in reason or "NO_SHARED_CIPHER" in reason:
        return NoAnswer(f"{where} 与本机没有共同的 TLS 版本或密码套件（{reason}）。", "请做证书检查中的 TLS 项。")
    return NoAnswer(f"{where} 的 TLS 握手失败（{reason or error}）。", "请做证书检查中的 TLS 项。")


def _request(method: str, address: Address, headers: Mapping[str, str], body: bytes) -> bytes:
    """The request's bytes. Raises ValueError for a header that would break the message: that is the caller's bug."""
    lines = {"Host": address.authority, "Accept-Encoding": "identity", "Connection": "close"}
    if body or method in ("POST", "PUT", "PATCH"):
        lines["Content-Length"] = str(len(body))
    lines |= headers
    for name, value in lines.items():
        if re.search(r"[\x00-\x1f\x7f:\s]", name) or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise ValueError(f"not a header: {name!r}")
    if not re.fullmatch(r"[A-Z]+", method):
        raise ValueError(f"not a method: {method!r}")
    head = [f"{method} {address.request_target} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items())]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def _answer(incoming: BufferedReader, method: str, limit: int, call: _Call) -> HttpAnswer:
    status, reason = _status(incoming, call)
    headers = _headers(incoming, call)
    while status in (100, 102, 103):  # interim answers (RFC 9110, 15.2); the final one follows
        status, reason = _status(incoming, call)
        headers = _headers(incoming, call)
    empty = method == "HEAD" or status in (204, 304) or status < 200
    body, truncated = (b"", False) if empty else _body(incoming, headers, limit, call)
    return HttpAnswer(
        status, reason, headers, body, call.elapsed(), truncated, _date(headers.get("date", "")), call.tls
    )


def _status(incoming: BufferedReader, call: _Call) -> tuple[int, str]:
    line = incoming.readline(LONGEST_LINE + 1)
    if not line:
        raise NoAnswer(f"{call.address.shown} 没有答复就断开了连接。", "请查看对方服务的日志。")
    found = STATUS.match(line)
    if found:
        return int(found[1]), (found[2] or b"").decode("utf-8", "replace")
    if line.startswith(b"HTTP/") and not line.endswith(b"\n") and len(line) <= LONGEST_LINE:
        raise _half(call)
    if line.startswith(b"\x15\x03"):
        raise NotHttp(f"{call.address.shown} 只接受 TLS。", "请把地址改为 https。")
    shown = line[:40].decode("ascii", "replace").replace("\ufffd", "·").strip()
    raise NotHttp(f"{call.address.shown} 的答复不是 HTTP（开头为“{shown}”）。", "请核对端口与协议。")


def _headers(incoming: BufferedReader, call: _Call) -> dict[str, str]:
    """The header fields up to the empty line (RFC 9112, 5), folded ones (5.2) included."""
    headers: dict[str, str] = {}
    name, size = "", 0
    for _ in range(MOST_HEADERS + 1):
        line = incoming.readline(LONGEST_LINE + 1)
        if not line.endswith(b"\n"):
            raise _half(call) if len(line) <= LONGEST_LINE else _Malformed(f"有一行超过 {LONGEST_LINE} 字节")
        size += len(line)
        if size > LONGEST_HEADERS:
            raise _Malformed(f"标头超过 {LONGEST_HEADERS >> 10} KiB")
        if line in (b"\r\n", b"\n"):
            return headers
        if name and line[:1] in b" \t":
            headers[name] = f"{headers[name]} {_text(line)}"
            continue
        found = HEADER.match(line)
        if not found:
            raise _Malformed("标头中有不是标头的行")
        name, value = found[1].decode("ascii").lower(), _text(found[2])
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    raise _Malformed(f"标头超过 {MOST_HEADERS} 行")


def _text(value: bytes) -> str:
    """A header's value without control characters; those who write UTF-8 where Latin-1 is meant are understood."""
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()


def _body(incoming: BufferedReader, headers: Mapping[str, str], limit: int, call: _Call) -> tuple[bytes, bool]:
    coding = headers.get("transfer-encoding", "identity").lower()
    if coding == "chunked":
        return _chunked(incoming, limit, call)
    if coding != "identity":
        raise _Malformed(f"不支持的传输编码 {coding[:40]}")
    if "content-length" not in headers:
        body = incoming.read(limit + 1)
        return body[:limit], len(body) > limit
    length = _length(headers["content-length"])
    body = incoming.read(min(length, limit))
    if len(body) < min(length, limit):
        raise _half(call)
    return body, length > limit


def _length(text: str) -> int:
    values = {value.strip() for value in text.split(",")}
    value = values.pop()
    if values or not re.fullmatch(r"[0-9]{1,15}", value):
        raise _Malformed(f"Content-Length 为“{text[:40]}”")
    return int(value)


def _chunked(incoming: BufferedReader, limit: int, call: _Call) -> tuple[bytes, bool]:
    """A chunked body (RFC 9112, 7.1); trailers are left unread, as the connection is closed anyway."""
    body = bytearray()
    while size := _chunk_size(incoming, call):
        wanted = min(size, limit - len(body))
        piece = incoming.read(wanted)
        body += piece
        if len(piece) < wanted:
            raise _half(call)
        if wanted < size:
            return bytes(body), True
        end = incoming.readline(3)
        if not end.endswith(b"\n"):
            raise _half(call) if end in (b"", b"\r") else _Malformed("分块长度与内容不符")
    return bytes(body), False


def _chunk_size(incoming: BufferedReader, call: _Call) -> int:
    line = incoming.readline(LONGEST_LINE + 1)
    found = CHUNK.match(line)
    if found:
        return int(found[1], 16)
    if not line.endswith(b"\n") and len(line) <= LONGEST_LINE:
        raise _half(call)
    raise _Malformed("分块长度不是十六进制数")


def _half(call: _Call) -> NoAnswer:
    return NoAnswer(f"{call.address.shown} 的答复只到一半就断开了。", "请查看对方服务的日志，再试一次。")


def _date(text: str) -> datetime | None:
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        moment = parsedate_to_datetime(text)
        if moment.year in YEARS:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return None
