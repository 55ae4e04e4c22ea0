"""Servers on loopback that answer as strangers do, and what a session needs around it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket
from threading import Event, Thread
from typing import Any

from app.base.cancellation import Cancellation
from app.checks.bus.checks import CHECKS as BUS
from app.checks.bus.session import BusSession
from app.checks.client.checks import CHECKS as CLIENT
from app.checks.model import Check, Failed, Outcome, Surroundings, Undetermined, Verdict
from app.checks.service.checks import CHECKS as SERVICE
from app.rehearsal.listening import Listening, hold
from app.site.model import Site, Target

CHECKS = {check.id: check for check in (*BUS, *SERVICE, *CLIENT)}
Talk = Callable[["Raw", socket, bytes], None]


class Raw(Listening):
    """Reads each request whole, keeps it in ``requests``, and lets ``talk`` say what it wants on the connection."""

    def __init__(self, talk: Talk) -> None:
        super().__init__(0)
        self.talk = talk
        self.requests: list[bytes] = []
        self.asked = Event()
        self.sent = 0
        self.tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/"

    def serve(self, connection: socket) -> None:
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True)
        with connection:
            request = whole_request(connection)
            if not request:
                return
            self.requests.append(request)
            self.asked.set()
            self.talk(self, connection, request)

    def stream(self, connection: socket, piece: bytes) -> None:
        """Sends ``piece`` again and again, until the client has gone."""
        while not self.stopping.is_set():
            connection.sendall(piece)
            self.sent += len(piece)

    def drip(self, connection: socket, content: bytes) -> None:
        """One byte every twentieth of a second, for ever."""
        while not self.stopping.is_set():
            for byte in content:
                connection.sendall(bytes([byte]))
                self.pause(0.05)


def whole_request(connection: socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return b""
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def raw(talk: Talk | bytes, tls: ssl.SSLContext | None = None, kind: type[Raw] = Raw) -> Iterator[Raw]:
    """A running server; bytes are sent as they are, and the connection is closed."""
    server = kind(saying(talk) if isinstance(talk, bytes) else talk)
    server.tls = tls
    server.start()
    try:
        yield server
    finally:
        server.stop()


def saying(*answers: bytes) -> Talk:
    """Each request gets the next answer, the last one for ever."""

    def talk(server: Raw, connection: socket, request: bytes) -> None:
        connection.sendall(answers[min(len(server.requests), len(answers)) - 1])

    return talk


def silent(server: Raw, connection: socket, request: bytes) -> None:
    hold(connection)


def answer(body: bytes | str = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer; ``headers`` are names with _ for -."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def refused_port() -> int:
    """A port that nobody listens on. It may be taken by another program later, which loopback tests do not do."""
    listener = Raw(silent)
    port = listener.start()
    listener.stop()
    return port


class Hasty(Raw):
    """Takes no request: after the first bytes, whatever they are, it talks."""

    def serve(self, connection: socket) -> None:
        first = connection.recv(10)
        self.asked.set()
        self.talk(self, connection, first)


class NoSecrets:
    def get(self, target_id: str) -> str | None:
        return None


class NoHostKeys:
    def known(self, target_id: str) -> str:
        return ""


def site(*targets: Target, trust: Sequence[Path] = ()) -> Site:
    return Site("示例省就业监测节点", "510000", trust=tuple(trust), targets=targets)


def session(trust: Sequence[Path] = (), cancellation: Cancellation | None = None, patience: float = 10.0) -> BusSession:
    """That of a bus: a service's and a client's can do nothing that it cannot."""
    surroundings = Surroundings(site(trust=trust), NoSecrets(), NoHostKeys(), cancellation or Cancellation())
    return BusSession(surroundings, patience)


def judged(check: Check, target: Target, opened: BusSession | None = None) -> Verdict:
    """What the runner makes of one check: gather, compare, and what either raises."""
    try:
        facts = check.gather(opened or session(), target)
        return check.compare(facts, target, site(target))
    except Failed as error:
        return Verdict(Outcome.FAIL, error.expected, error.actual, error.actual, error.advice)
    except Undetermined as error:
        return Verdict(Outcome.UNKNOWN, "", "", error.reason, error.advice)


class Background:
    """Calls something on a thread; ``outcome`` waits for what it returned or raised."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._came: list[Any] = []
        self._call = call
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._came.append(self._call())
        except BaseException as error:  # noqa: BLE001 - handed to the test
            self._came.append(error)

    def outcome(self, seconds: float = 5.0) -> Any:
        self._thread.join(seconds)
        assert self._came, "it is still running"
        return self._came[0]


@dataclass(frozen=True)
class Authority:
    """A CA whose certificate stands in ``anchor`` (PEM)."""

    folder: Path
    anchor: Path
    key: Any
    certificate: Any

    def server(self, name: str = "127.0.0.1", days: tuple[int, int] = (-1, 30)) -> ssl.SSLContext:
        """A TLS server's context with a certificate for ``name`` valid from and to so many days from now."""
        certificate, key = issued("服务器", days, issuer=self, name=name)
        stem = self.folder / f"{name}-{days[1]}"
        write_pem(stem.with_suffix(".cer"), certificate)
        write_key(stem.with_suffix(".key"), key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(stem.with_suffix(".cer"), stem.with_suffix(".key"))
        return context


def authority(folder: Path, name: str = "ca") -> Authority:
    certificate, key = issued(f"测试根 {name}", (-10, 100))
    anchor = folder / f"{name}.cer"
    write_pem(anchor, certificate)
    return Authority(folder, anchor, key, certificate)


def issued(common: str, days: tuple[int, int], issuer: Authority | None = None, name: str = "") -> tuple[Any, Any]:
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if name:
        numeric = name.replace(".", "").isdecimal()
        general = x509.IPAddress(ipaddress.ip_address(name)) if numeric else x509.DNSName(name)
        builder = builder.add_extension(x509.SubjectAlternativeName([general]), critical=False)
    return builder.sign(issuer.key if issuer else key, hashes.SHA256()), key


def write_pem(path: Path, certificate: Any) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    path.write_bytes(certificate.public_bytes(Encoding.PEM))


def write_key(path: Path, key: Any) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
