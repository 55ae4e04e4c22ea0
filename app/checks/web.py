"""The session of targets that are asked over HTTP or a bare connection and know no log-in: bus, service, client."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from app.base.identity import mask
from app.checks.addresses import address_of
from app.checks.http import ConnectionRefused, HttpAnswer, HttpClient, NoAnswer, Reached, Unreachable
from app.checks.model import Failed, Surroundings, Transcript, Undetermined
from app.checks.trust import trust_context

PATIENCE = 10.0  # seconds for one request
IMPATIENCE = 3.0  # seconds for a further one where the last was left without an answer
KEPT = 2048  # bytes of a body that the transcript keeps


class WebSession:
    """It keeps no connection. A host and port that could not be reached is remembered: every later request to it raises
    the same at once. ``patience``: seconds for one request, where none are given. ``route`` stays empty;
    ``offset_seconds`` is of the last Date header since ``begin``.
    """

    def __init__(self, surroundings: Surroundings, patience: float = PATIENCE) -> None:
        self.transcript = Transcript()
        self.route = ""
        self.offset_seconds: float | None = None
        self._surroundings = surroundings
        self._patience = patience
        self._client = HttpClient(surroundings.cancellation)
        self._dead: dict[tuple[str, int], Failed | Undetermined] = {}
        self._silent: set[tuple[str, int]] = set()
        self._context: ssl.SSLContext | None = None

    def begin(self) -> None:
        """Each gathering begins with this; what an earlier one left running or aborted does not touch it."""
        self._client = HttpClient(self._surroundings.cancellation)
        self.offset_seconds = None

    def abort(self) -> None:
        self._client.abort()

    def close(self) -> None:
        self._client.abort()

    def context(self) -> ssl.SSLContext:
        """What verifies TLS here: the site's anchors and nothing else. Raises Undetermined naming a bad anchor file."""
        if self._context is None:
            self._context = trust_context(self._surroundings.site.trust)
        return self._context

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        seconds: float | None = None,
        limit: int = 4 << 20,
        kept: int = KEPT,
    ) -> HttpAnswer:
        """One request; ``kept`` bytes of the answer go into the transcript. Raises as HttpClient.request does."""
        key = self._require_alive(url)
        context = self.context() if address_of(url).secure else None
        self.note(f"→ {method} {url}" + (f"（{len(body)} 字节）" if body else ""))
        try:
            answer = self._client.request(
                method,
                url,
                headers=headers,
                body=body,
                seconds=self._given(key, seconds),
                limit=limit,
                context=context,
            )
        except (Failed, Undetermined) as error:
            raise self._remembered(key, error) from None
        self._silent.discard(key)
        self._see(answer)
        self.note(_described(answer, kept))
        return answer

    def reach(self, url: str, *, encrypted: bool = False, seconds: float | None = None) -> Reached:
        """Connects to the URL's host and port, with verified TLS if ``encrypted``, and hangs up."""
        key = self._require_alive(url)
        context = self.context() if encrypted else None
        self.note(f"→ {'TLS' if encrypted else 'TCP'} {key[0]}:{key[1]}")
        try:
            reached = self._client.reach(url, seconds=self._given(key, seconds), context=context)
        except (Failed, Undetermined) as error:
            raise self._remembered(key, error) from None
        self.note(f"← 已连接 {reached.tls} {reached.seconds:.3f} 秒")
        return reached

    def exchange(self, url: str, message: bytes, end: bytes, *, encrypted: bool, seconds: float = PATIENCE) -> bytes:
        """A greeting in another protocol than HTTP and its answer, as HttpClient.exchange."""
        key = self._require_alive(url)
        context = self.context() if encrypted else None
        self.note(f"→ {key[0]}:{key[1]} {message!r}")
        try:
            answer = self._client.exchange(
                url, message, end, seconds=self._given(key, seconds), limit=4096, context=context
            )
        except (Failed, Undetermined) as error:
            raise self._remembered(key, error) from None
        self.note(f"← {answer[:KEPT]!r}")
        return answer

    def note(self, text: str) -> None:
        """Adds to the transcript, identity numbers masked."""
        self.transcript.note(mask(text))

    def _require_alive(self, url: str) -> tuple[str, int]:
        address = address_of(url, any_scheme=True)
        key = (address.host, address.port)
        if key in self._dead:
            raise self._dead[key]
        return key

    def _given(self, key: tuple[str, int], seconds: float | None) -> float:
        wanted = self._patience if seconds is None else seconds
        return min(wanted, IMPATIENCE) if key in self._silent else wanted

    def _remembered(self, key: tuple[str, int], error: Failed | Undetermined) -> Failed | Undetermined:
        if isinstance(error, ConnectionRefused | Unreachable):
            self._dead[key] = error
        elif isinstance(error, NoAnswer):
            self._silent.add(key)
        self.note(f"← {error}")
        return error

    def _see(self, answer: HttpAnswer) -> None:
        """The other end's clock: its Date header (cut to seconds, so half of one is added) in mid-request."""
        if answer.date is not None:
            middle = datetime.now(UTC) - timedelta(seconds=answer.seconds / 2)
            self.offset_seconds = (answer.date - middle).total_seconds() + 0.5


def seen_elsewhere(error: ConnectionRefused, check: str) -> Undetermined:
    """A refusal for every check but the one it is the answer to."""
    return Undetermined(f"连接被拒绝，见 {check}：{error.actual}", error.advice)


def _described(answer: HttpAnswer, kept: int) -> str:
    names = ("content-type", "content-length", "location", "www-authenticate", "date")
    headers = [f"{name}: {answer.headers[name]}" for name in names if name in answer.headers]
    first = f"← {answer.status} {answer.reason} {len(answer.body)} 字节 {answer.seconds:.3f} 秒"
    body = answer.body[:kept].decode("utf-8", "replace")
    return "\n".join([" ".join([first, *([answer.tls] if answer.tls else [])]), *headers, *([body] if body else [])])
